//! Which contents go out once more: those that have not for the longest time, never one within a set time of its last.

use super::clock::Timestamp;
use super::ids::ContentId;
use std::time::Duration;

/// What a task wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// So many for each account and run.
    pub count: usize,
    /// No content is on an account twice within it.
    pub pause: Duration,
    /// Each content goes back to an account so often; none: for ever.
    pub times_max: Option<i32>,
}

/// A chosen content that was published on the account before, and how it stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    pub content: ContentId,
    /// When it was published there last, or was put back there by the task, whichever is later.
    pub last: Timestamp,
    /// How often the task has put it back there.
    pub times: i32,
    /// It waits there, or may be out.
    pub is_open: bool,
}

impl Candidate {
    fn has_times_left(&self, rule: Rule) -> bool {
        rule.times_max.is_none_or(|most| self.times < most)
    }
}

/// Those that go back now, the one first that has waited for longest.
pub fn choose(candidates: &[Candidate], rule: Rule, now: Timestamp) -> Vec<ContentId> {
    let mut ready: Vec<&Candidate> = candidates
        .iter()
        .filter(|one| !one.is_open && one.has_times_left(rule) && one.last + rule.pause <= now)
        .collect();
    ready.sort_by_key(|one| (one.last, one.content));
    ready.into_iter().take(rule.count).map(|one| one.content).collect()
}

/// When the next one may go back, of those that do not wait there already; none where no more will.
pub fn next_at(candidates: &[Candidate], rule: Rule) -> Option<Timestamp> {
    let left = candidates.iter().filter(|one| !one.is_open && one.has_times_left(rule));
    left.map(|one| one.last + rule.pause).min()
}

/// Whether each has been put back as often as it is to be. Where there is none yet, there is still something to wait for.
pub fn is_over(candidates: &[Candidate], rule: Rule) -> bool {
    !candidates.is_empty() && candidates.iter().all(|one| !one.has_times_left(rule))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 3600);

    fn day(number: u32) -> Timestamp {
        Timestamp::from_micros(0) + number * DAY
    }

    fn candidate(content: i64, last: u32) -> Candidate {
        Candidate { content: ContentId(content), last: day(last), times: 0, is_open: false }
    }

    fn rule(count: usize) -> Rule {
        Rule { count, pause: 10 * DAY, times_max: Some(2) }
    }

    fn chosen(candidates: &[Candidate], count: usize, at: Timestamp) -> Vec<i64> {
        choose(candidates, rule(count), at).into_iter().map(|content| content.0).collect()
    }

    #[test]
    fn what_has_waited_longest_goes_first_and_nothing_within_its_pause() {
        let all = [candidate(1, 5), candidate(2, 3), candidate(3, 5), candidate(4, 8)];
        assert_eq!(chosen(&all, 9, day(15)), [2, 1, 3]);
        assert_eq!(chosen(&all, 1, day(15)), [2]);
        assert_eq!(chosen(&all, 9, Timestamp::from_micros(day(13).micros() - 1)), [0; 0]);
        assert_eq!(chosen(&all, 9, day(13)), [2]);
        assert_eq!(next_at(&all, rule(1)), Some(day(13)));
    }

    #[test]
    fn what_is_open_or_was_put_back_often_enough_stays_out() {
        let open = Candidate { is_open: true, ..candidate(1, 0) };
        let spent = Candidate { times: 2, ..candidate(2, 0) };
        let all = [open, spent, Candidate { times: 1, ..candidate(3, 1) }];
        assert_eq!(chosen(&all, 9, day(99)), [3]);
        assert_eq!(next_at(&all[..2], rule(1)), None);
        assert!(!is_over(&all, rule(1)) && is_over(&[spent, spent], rule(1)) && !is_over(&[], rule(1)));
        let for_ever = Rule { times_max: None, ..rule(9) };
        assert_eq!(choose(&[spent], for_ever, day(99)), [ContentId(2)]);
    }
}
