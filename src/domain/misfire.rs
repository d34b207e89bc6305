//! What becomes of fires whose time passed while nobody could fire them: the server was down, say.

use super::clock::Timestamp;
use super::schedule::Schedule;
use std::time::Duration;

/// A fire that is later than this is missed. Those that are not are one fire, whatever the setting.
pub const ON_TIME: Duration = Duration::from_secs(60);
/// `fire_all` runs the newest of so many; older ones are skipped.
pub const CATCH_UP_MAX: usize = 100;
/// Missed fires are counted no further.
pub const COUNTED_MAX: usize = 10_000;

super::text_enum! {
    /// What a task does about fires that it missed.
    Misfire {
        /// All of them are one run.
        FireOnce = "fire_once",
        /// They are let go.
        Skip = "skip",
        /// Each has a run, one after another.
        FireAll = "fire_all",
    }
}

/// What is to be done at a look that finds a task due.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// The fires that have a run of their own, first the oldest.
    pub run: Vec<Timestamp>,
    /// Fires that passed more than a minute ago; at most [`COUNTED_MAX`].
    pub missed: usize,
    /// Of those, the ones without a run of their own.
    pub skipped: usize,
}

/// What to do at `now` about a task that was to fire at `due`.
pub fn plan(schedule: &Schedule, misfire: Misfire, due: Timestamp, now: Timestamp) -> Plan {
    if now.since(due) <= ON_TIME {
        return Plan { run: vec![due], ..Plan::default() };
    }
    let missed = count(schedule, due, last_missed(now));
    let run = match misfire {
        Misfire::FireOnce => vec![due],
        // One that is on time stands for itself, and for those within a minute of it.
        Misfire::Skip => newest(schedule, last_missed(now), now, 1),
        Misfire::FireAll => all(schedule, due, now),
    };
    let of_missed = run.iter().filter(|at| now.since(**at) > ON_TIME).count();
    Plan { run, missed, skipped: missed.saturating_sub(of_missed) }
}

/// The newest fires from `due` on, of which those that are on time are one.
fn all(schedule: &Schedule, due: Timestamp, now: Timestamp) -> Vec<Timestamp> {
    // The first of them, so that no other fire lies between two that run: see `next_to_catch_up`.
    let on_time = schedule.next_after(last_missed(now)).filter(|at| *at <= now);
    let mut run = vec![];
    let mut span = ON_TIME;
    // Ever longer ago, because a schedule knows only what comes after an instant.
    while run.len() < CATCH_UP_MAX {
        span = span.saturating_mul(2);
        let from = (now - span).max(due - Duration::from_micros(1));
        run = newest(schedule, from, last_missed(now), CATCH_UP_MAX);
        if from < due {
            break;
        }
    }
    // What it was due for, should its schedule not name that any more.
    if run.is_empty() || (run.len() < CATCH_UP_MAX && run[0] != due) {
        run.insert(0, due);
    }
    run.extend(on_time);
    run.drain(..run.len().saturating_sub(CATCH_UP_MAX));
    run
}

/// The newest `most` fires after `from` and up to `to`, first the oldest.
fn newest(schedule: &Schedule, from: Timestamp, to: Timestamp, most: usize) -> Vec<Timestamp> {
    let mut found = std::collections::VecDeque::new();
    for at in fires(schedule, from, to) {
        if found.len() == most {
            found.pop_front();
        }
        found.push_back(at);
    }
    found.into()
}

/// The last instant at which a fire is missed.
fn last_missed(now: Timestamp) -> Timestamp {
    now - ON_TIME - Duration::from_micros(1)
}

/// Fires from `due` on and up to `to`.
fn count(schedule: &Schedule, due: Timestamp, to: Timestamp) -> usize {
    1 + fires(schedule, due, to).take(COUNTED_MAX - 1).count()
}

fn fires(schedule: &Schedule, from: Timestamp, to: Timestamp) -> impl Iterator<Item = Timestamp> + '_ {
    let next = move |after: Timestamp| schedule.next_after(after).filter(|at| *at <= to);
    std::iter::successors(next(from), move |at| next(*at))
}

/// The missed fire that runs after the one of `at`, up to `last`.
pub fn next_to_catch_up(schedule: &Schedule, at: Timestamp, last: Timestamp) -> Option<Timestamp> {
    schedule.next_after(at).filter(|next| *next <= last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn every(seconds: u64) -> Schedule {
        Schedule::Interval { every: Duration::from_secs(seconds), anchor: at(0) }
    }

    /// Which fires run, by their seconds; how many were missed and how many skipped.
    fn planned(schedule: &Schedule, misfire: Misfire, due: i64, now: i64) -> (Vec<i64>, usize, usize) {
        let plan = plan(schedule, misfire, at(due), at(now));
        (plan.run.iter().map(|at| at.micros() / 1_000_000).collect(), plan.missed, plan.skipped)
    }

    #[test]
    fn up_to_a_minute_late_all_are_one_fire() {
        for misfire in Misfire::ALL {
            for now in [300, 301, 360] {
                assert_eq!(planned(&every(10), *misfire, 300, now), (vec![300], 0, 0), "{misfire} at {now}");
            }
        }
    }

    #[test]
    fn what_is_later_is_missed_and_each_setting_does_as_it_says() {
        let five_minutes = every(300);
        for (misfire, now, expected) in [
            (Misfire::FireOnce, 361, (vec![300], 1, 0)),
            (Misfire::FireOnce, 1300, (vec![300], 4, 3)),
            (Misfire::Skip, 361, (vec![], 1, 1)),
            (Misfire::Skip, 1300, (vec![], 4, 4)),
            // The last one was a minute ago at the most.
            (Misfire::Skip, 1260, (vec![1200], 3, 3)),
            (Misfire::FireAll, 361, (vec![300], 1, 0)),
            (Misfire::FireAll, 1300, (vec![300, 600, 900, 1200], 4, 0)),
            (Misfire::FireAll, 1260, (vec![300, 600, 900, 1200], 3, 0)),
        ] {
            assert_eq!(planned(&five_minutes, misfire, 300, now), expected, "{misfire} at {now}");
        }
    }

    #[test]
    fn those_that_are_on_time_are_one_also_behind_missed_ones() {
        // Of 130, 140 … 180 the first stands for all.
        assert_eq!(planned(&every(10), Misfire::FireAll, 100, 185).0, [100, 110, 120, 130]);
    }

    #[test]
    fn the_newest_are_caught_up_with_and_counting_ends() {
        let (run, missed, skipped) = planned(&every(10), Misfire::FireAll, 10, 100_000);
        assert_eq!((run.len(), run.first(), run.last()), (100, Some(&98_950), Some(&99_940)));
        assert_eq!((missed, skipped), (9993, 9894));
        assert_eq!(planned(&every(1), Misfire::FireOnce, 10, 10_000_000), (vec![10], 10_000, 9999));
    }

    #[test]
    fn a_single_time_that_was_missed_fires_unless_it_is_to_be_skipped() {
        let once = Schedule::Once { at: at(300) };
        assert_eq!(planned(&once, Misfire::FireOnce, 300, 9000), (vec![300], 1, 0));
        assert_eq!(planned(&once, Misfire::FireAll, 300, 9000), (vec![300], 1, 0));
        assert_eq!(planned(&once, Misfire::Skip, 300, 9000), (vec![], 1, 1));
    }

    #[test]
    fn catching_up_goes_from_one_to_the_next() {
        assert_eq!(next_to_catch_up(&every(300), at(300), at(900)), Some(at(600)));
        assert_eq!(next_to_catch_up(&every(300), at(600), at(900)), Some(at(900)));
        assert_eq!(next_to_catch_up(&every(300), at(900), at(900)), None);
    }

    /// What runs one after another is found from one fire to the next: so no fire that has no run of its own lies between.
    #[test]
    fn what_catches_up_is_what_was_planned() {
        let start = Timestamp::from_micros(1_800_000_000_000_000);
        for (every, late) in [(10, 77), (10, 61), (30, 3600), (1, 500), (45, 200)] {
            let schedule = Schedule::Interval { every: Duration::from_secs(every), anchor: start };
            let now = start + Duration::from_secs(late);
            let plan = plan(&schedule, Misfire::FireAll, start, now);
            let last = *plan.run.last().expect("something runs");
            let mut caught = vec![plan.run[0]];
            let mut at = plan.run.get(1).copied();
            while let Some(fire) = at {
                caught.push(fire);
                at = next_to_catch_up(&schedule, fire, last);
            }
            assert_eq!(caught, plan.run, "every {every} s, {late} s late");
            let on_time = plan.run.iter().filter(|at| now.since(**at) <= ON_TIME).count();
            assert!(on_time <= 1, "those within a minute are one: {on_time}");
        }
    }
}
