//! What the ends of a lane's attempts say about its platform. Three failures in a row trip the breaker: the entries wait,
//! and one probe at a time goes out, until the platform answers anything definite.

use super::clock::Timestamp;
use super::ids::EntryId;
use super::outcome::Seen;
use super::retry;
use std::time::Duration;

/// Failures of the platform in a row, with no other answer between, that trip the breaker.
pub const TRIPS_AFTER: i32 = 3;
/// The pause between probes doubles up to so many times the first one: 30 s to 5 min.
const PAUSE_MAX_FACTOR: u32 = 10;

/// What the end of an attempt says about its platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// Nothing: it was not sent, our own processing or database broke, or its node died.
    Silent,
    /// It answered, whatever it said.
    Answered,
    /// It could not be reached, did not answer to the end, or asked to wait.
    Failed {
        /// The request may have left: such a failure may be the entry's own doing.
        unseen: bool,
        /// Nothing is sent before; the platform asked for it.
        wait_until: Option<Timestamp>,
    },
}

impl Sign {
    /// Of what an attempt saw that ended at `now`.
    pub fn of(seen: &Seen, now: Timestamp) -> Self {
        let until = |asked: &Option<Duration>| asked.map(|asked| now + retry::asked_pause(asked));
        match seen {
            Seen::NothingLeft(_) => Sign::Failed { unseen: false, wait_until: None },
            Seen::AskedToWait { retry_after, .. } => {
                Sign::Failed { unseen: false, wait_until: until(retry_after) }
            }
            Seen::EndUnseen { retry_after, .. } => {
                Sign::Failed { unseen: true, wait_until: until(retry_after) }
            }
            Seen::StepFailed { scope: super::outcome::Scope::Platform, retry_after, .. } => {
                Sign::Failed { unseen: true, wait_until: until(retry_after) }
            }
            Seen::Accepted(_)
            | Seen::AcceptedUnread(_)
            | Seen::ServerFault { .. }
            | Seen::Refused(_)
            | Seen::WrongAddress(_)
            | Seen::AccountBroken { .. }
            | Seen::StepFailed { .. }
            | Seen::Submitted { .. } => Sign::Answered,
            Seen::Broke { .. } | Seen::NotKept { .. } | Seen::NotRepeated(_) | Seen::NotSent => Sign::Silent,
        }
    }
}

/// Tripped: the platform is taken to be down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tripped {
    pub since: Timestamp,
    /// When the next probe may go out.
    pub probe_at: Timestamp,
    /// Probes that went out since.
    pub probes: i32,
    /// The entry that was sent last to see whether it is up again.
    pub probed: Option<EntryId>,
}

/// What is known of a lane's platform.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Health {
    pub failures: i32,
    /// It failed since it last answered.
    pub awaits_answer: bool,
    /// The first answer after the last failure that was followed by one.
    pub answered_at: Option<Timestamp>,
    pub wait_until: Option<Timestamp>,
    /// When the platform asked to wait until then.
    pub told_at: Option<Timestamp>,
    pub tripped: Option<Tripped>,
}

/// An attempt that ended, as the breaker hears of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heard {
    pub entry: EntryId,
    pub sign: Sign,
    pub at: Timestamp,
    /// When the entry's attempt before this one ended, if there was one.
    pub last_try: Option<Timestamp>,
}

/// Whom an attempt's end accuses, and what else comes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Nothing,
    /// The platform: it costs the entry no retry.
    Platform,
    /// The entry: since its last try another one of the lane got an answer.
    Entry,
    /// The breaker closes: what it put off is due again at once.
    Closed,
}

impl Health {
    /// Takes note of an end. `pause` is the first pause between probes.
    pub fn hear(&mut self, heard: Heard, pause: Duration) -> Verdict {
        match heard.sign {
            Sign::Silent => Verdict::Nothing,
            Sign::Answered => self.answered(heard.at),
            Sign::Failed { unseen: true, .. } if self.others_get_through(heard) => {
                self.awaits_answer = true;
                Verdict::Entry
            }
            Sign::Failed { wait_until, .. } => {
                self.failed(heard, wait_until, pause);
                Verdict::Platform
            }
        }
    }

    fn answered(&mut self, at: Timestamp) -> Verdict {
        if self.awaits_answer {
            self.awaits_answer = false;
            self.answered_at = Some(at);
        }
        self.failures = 0;
        if self.tripped.take().is_some() { Verdict::Closed } else { Verdict::Nothing }
    }

    fn others_get_through(&self, heard: Heard) -> bool {
        let since = |last: Timestamp| self.answered_at.is_some_and(|at| at > last);
        self.tripped.is_none() && heard.last_try.is_some_and(since)
    }

    fn failed(&mut self, heard: Heard, wait_until: Option<Timestamp>, pause: Duration) {
        // A burst that is told to wait is told once, or a platform that limits its rate would look as if it were down.
        let was_told = wait_until.is_some() && self.wait_until.is_some_and(|until| until > heard.at);
        if wait_until > self.wait_until {
            (self.wait_until, self.told_at) = (wait_until, Some(heard.at));
        }
        self.awaits_answer = true;
        match &mut self.tripped {
            Some(tripped) if tripped.probed == Some(heard.entry) => {
                tripped.probe_at = heard.at + probe_pause(pause, tripped.probes);
            }
            // It was on the wire when the breaker tripped.
            Some(_) => {}
            None => {
                self.failures += i32::from(!was_told);
                if self.failures >= TRIPS_AFTER {
                    let probe_at = heard.at + probe_pause(pause, 0);
                    self.tripped = Some(Tripped { since: heard.at, probe_at, probes: 0, probed: None });
                }
            }
        }
    }

    /// `entry` goes out as a probe. Should its end never be heard of, the next one goes out all the same.
    pub fn probing(&mut self, entry: EntryId, now: Timestamp, pause: Duration) {
        if let Some(tripped) = &mut self.tripped {
            tripped.probes = tripped.probes.saturating_add(1);
            tripped.probed = Some(entry);
            tripped.probe_at = now + probe_pause(pause, tripped.probes);
        }
    }

    /// Nothing is sent before, whatever else is open.
    pub fn shut_until(&self) -> Option<Timestamp> {
        self.wait_until.max(self.tripped.map(|tripped| tripped.probe_at))
    }

    /// Pauses that began later than now last from now on as long as they were to, and those that no clock could have given
    /// are cut: it was stepped back.
    pub fn mend(&mut self, now: Timestamp, pause: Duration) {
        if let (Some(until), Some(told)) = (self.wait_until, self.told_at.filter(|told| *told > now)) {
            (self.wait_until, self.told_at) = (Some(now + until.since(told)), Some(now));
        }
        self.wait_until = self.wait_until.map(|until| until.min(now + retry::RETRY_AFTER_MAX));
        if let Some(tripped) = &mut self.tripped {
            let longest = if tripped.since > now {
                probe_pause(pause, tripped.probes)
            } else {
                pause * PAUSE_MAX_FACTOR
            };
            tripped.probe_at = tripped.probe_at.min(now + longest);
            tripped.since = tripped.since.min(now);
        }
        self.answered_at = self.answered_at.map(|at| at.min(now));
    }
}

/// After so many probes: the first pause, doubled each time, at most ten times as long.
fn probe_pause(first: Duration, probes: i32) -> Duration {
    let doublings = u32::try_from(probes).unwrap_or(0).min(16);
    first * 2u32.pow(doublings).min(PAUSE_MAX_FACTOR)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::outcome::Problem;

    const PAUSE: Duration = retry::PLATFORM_PAUSE;
    const DOWN: Sign = Sign::Failed { unseen: false, wait_until: None };
    const RESET: Sign = Sign::Failed { unseen: true, wait_until: None };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn heard(entry: i64, sign: Sign, seconds: i64) -> Heard {
        Heard { entry: EntryId(entry), sign, at: at(seconds), last_try: None }
    }

    fn tripped() -> Health {
        let mut health = Health::default();
        for entry in 1..=3 {
            assert_eq!(health.hear(heard(entry, DOWN, 100), PAUSE), Verdict::Platform);
        }
        assert!(health.tripped.is_some());
        health
    }

    #[test]
    fn three_failures_in_a_row_trip_it_and_an_answer_between_begins_anew() {
        let mut health = Health::default();
        for sign in [DOWN, RESET, Sign::Answered, DOWN, DOWN, Sign::Silent] {
            health.hear(heard(1, sign, 1), PAUSE);
            assert_eq!(health.tripped, None);
        }
        health.hear(heard(1, RESET, 7), PAUSE);
        assert_eq!(health.tripped.map(|it| (it.since, it.probe_at)), Some((at(7), at(37))));
    }

    #[test]
    fn probes_come_after_thirty_seconds_and_then_ever_later_up_to_five_minutes() {
        let mut health = tripped();
        let mut pauses = vec![health.tripped.map_or(0, |it| it.probe_at.since(at(100)).as_secs())];
        for entry in 10..16 {
            let now = health.tripped.map_or(0, |it| it.probe_at.micros() / 1_000_000);
            health.probing(EntryId(entry), at(now), PAUSE);
            health.hear(heard(entry, DOWN, now), PAUSE);
            pauses.push(health.tripped.map_or(0, |it| it.probe_at.since(at(now)).as_secs()));
        }
        assert_eq!(pauses, [30, 60, 120, 240, 300, 300, 300]);
    }

    #[test]
    fn what_was_on_the_wire_when_it_tripped_puts_no_probe_off() {
        let mut health = tripped();
        health.hear(heard(9, RESET, 129), PAUSE);
        assert_eq!(health.shut_until(), Some(at(130)));
    }

    #[test]
    fn any_answer_closes_it() {
        let mut health = tripped();
        assert_eq!(health.hear(heard(9, Sign::Silent, 101), PAUSE), Verdict::Nothing);
        assert_eq!(health.hear(heard(9, Sign::Answered, 102), PAUSE), Verdict::Closed);
        assert_eq!((health.tripped, health.failures, health.awaits_answer), (None, 0, false));
        assert_eq!(health.hear(heard(9, Sign::Answered, 103), PAUSE), Verdict::Nothing);
    }

    #[test]
    fn a_burst_that_is_told_to_wait_counts_once() {
        let wait = |until| Sign::Failed { unseen: false, wait_until: Some(at(until)) };
        let mut health = Health::default();
        for (now, until) in [(1, 3), (1, 3), (2, 4), (2, 3)] {
            health.hear(heard(1, wait(until), now), PAUSE);
        }
        assert_eq!((health.failures, health.wait_until, health.tripped), (1, Some(at(4)), None));
        health.hear(heard(1, wait(6), 4), PAUSE);
        health.hear(heard(1, wait(9), 6), PAUSE);
        assert_eq!(health.tripped.map(|it| it.since), Some(at(6)), "three times, one after the other");
        assert_eq!(health.shut_until(), Some(at(36)));
    }

    #[test]
    fn a_poison_entry_is_found_out_by_what_others_get() {
        let mut health = Health::default();
        let again = |seconds, last| Heard { last_try: Some(at(last)), ..heard(1, RESET, seconds) };
        assert_eq!(health.hear(heard(1, RESET, 10), PAUSE), Verdict::Platform, "nobody can tell yet");
        assert_eq!(health.hear(again(40, 10), PAUSE), Verdict::Platform, "nobody else got an answer");
        health.hear(heard(2, Sign::Answered, 50), PAUSE);
        assert_eq!(health.hear(again(80, 40), PAUSE), Verdict::Entry);
        assert_eq!(health.failures, 0);
        assert_eq!(health.hear(again(90, 80), PAUSE), Verdict::Platform, "no answer since its last try");
        health.hear(heard(2, Sign::Answered, 95), PAUSE);
        assert_eq!(health.hear(again(99, 90), PAUSE), Verdict::Entry);
        health.hear(heard(2, Sign::Answered, 100), PAUSE);
        let unreached = Heard { sign: DOWN, ..again(120, 99) };
        assert_eq!(health.hear(unreached, PAUSE), Verdict::Platform, "nothing left: no entry's doing");
    }

    #[test]
    fn an_outage_accuses_no_entry() {
        let mut health = tripped();
        health.answered_at = Some(at(90));
        let probe = Heard { last_try: Some(at(50)), ..heard(9, RESET, 140) };
        assert_eq!(health.hear(probe, PAUSE), Verdict::Platform);
    }

    #[test]
    fn a_clock_that_was_stepped_back_shuts_no_lane_for_ever() {
        let mut health = tripped();
        health.wait_until = Some(at(1_000_000));
        health.mend(at(0), PAUSE);
        assert_eq!(health.shut_until(), Some(at(24 * 3600)));
        assert_eq!(health.tripped.map(|it| it.probe_at), Some(at(30)));
    }

    #[test]
    fn a_platform_that_asked_to_wait_gets_that_time_and_not_the_step_too() {
        let wait = Sign::Failed { unseen: false, wait_until: Some(at(4000 + 90)) };
        let mut health = Health::default();
        health.hear(heard(1, wait, 4000), PAUSE);
        health.mend(at(4010), PAUSE);
        assert_eq!(health.shut_until(), Some(at(4090)), "nothing was stepped");
        health.mend(at(400), PAUSE);
        assert_eq!(health.shut_until(), Some(at(490)));
        health.mend(at(410), PAUSE);
        assert_eq!(health.shut_until(), Some(at(490)), "once");
    }

    #[test]
    fn who_answers_is_up_whatever_is_answered() {
        let problem = || Problem::new("code", "message");
        let wait = Some(Duration::from_secs(7));
        let failed = |unseen, wait_until| Sign::Failed { unseen, wait_until };
        for (seen, sign) in [
            (Seen::NothingLeft(problem()), failed(false, None)),
            (Seen::AskedToWait { problem: problem(), retry_after: None }, failed(false, None)),
            (Seen::AskedToWait { problem: problem(), retry_after: wait }, failed(false, Some(at(107)))),
            (Seen::EndUnseen { problem: problem(), retry_after: None }, failed(true, None)),
            (Seen::ServerFault { problem: problem(), retry_after: None }, Sign::Answered),
            (Seen::Refused(problem()), Sign::Answered),
            (Seen::AccountBroken { problem: problem(), until: None }, Sign::Answered),
            (Seen::Broke { problem: problem(), may_have_left: true }, Sign::Silent),
            (Seen::NotKept { problem: problem(), may_be_out: false }, Sign::Silent),
            (Seen::NotKept { problem: problem(), may_be_out: true }, Sign::Silent),
            (Seen::NotSent, Sign::Silent),
        ] {
            assert_eq!(Sign::of(&seen, at(100)), sign, "{seen:?}");
        }
    }
}
