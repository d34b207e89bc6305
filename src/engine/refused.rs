//! Outcomes that the database took nothing of. They stand in nobody's way, and are tried again, less and less often.

use crate::domain::clock::Timestamp;
use std::time::Duration;

/// How soon; then twice as long, and so on, as often as the second number says: to a minute.
const AGAIN_AFTER: Duration = Duration::from_secs(1);
const DOUBLINGS: u32 = 6;

/// What is to be written yet.
#[derive(Debug)]
pub(super) struct Refused<Ended> {
    outcomes: Vec<Ended>,
    again_at: Option<Timestamp>,
    /// How often in a row some were refused.
    times: u32,
}

impl<Ended> Default for Refused<Ended> {
    fn default() -> Self {
        Refused { outcomes: Vec::new(), again_at: None, times: 0 }
    }
}

impl<Ended> Refused<Ended> {
    /// What a cycle brought back.
    pub fn add(&mut self, more: Vec<Ended>, now: Timestamp) {
        if more.is_empty() {
            if self.outcomes.is_empty() {
                self.times = 0;
            }
            return;
        }
        self.outcomes.extend(more);
        self.again_at = Some(now + AGAIN_AFTER * 2_u32.pow(self.times.min(DOUBLINGS)));
        self.times += 1;
    }

    /// Those whose time has come. What lies further ahead than any pause was told by a clock that was set back since.
    pub fn due(&mut self, now: Timestamp) -> Vec<Ended> {
        let longest = AGAIN_AFTER * 2_u32.pow(DOUBLINGS);
        match self.again_at {
            Some(at) if at <= now || at > now + longest => {
                self.again_at = None;
                std::mem::take(&mut self.outcomes)
            }
            Some(_) | None => Vec::new(),
        }
    }

    /// When they are tried again.
    pub fn again_at(&self) -> Option<Timestamp> {
        self.again_at
    }

    pub fn outcomes(&self) -> &[Ended] {
        &self.outcomes
    }

    pub fn is_empty(&self) -> bool {
        self.outcomes.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_again_and_again_is_tried_less_and_less_often() {
        let mut refused = Refused::default();
        let mut now = Timestamp::from_micros(0);
        let mut pauses = Vec::new();
        for _ in 0..9 {
            refused.add(vec![1], now);
            let at = refused.again_at().expect("a time");
            pauses.push(at.since(now).as_secs());
            assert_eq!(refused.due(now), [0; 0], "not before");
            now = at;
            assert_eq!(refused.due(now), [1]);
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 64, 64]);
        refused.add(vec![], now);
        refused.add(vec![1], now);
        assert_eq!(refused.again_at(), Some(now + AGAIN_AFTER), "one that was written ends the row");
    }

    #[test]
    fn a_clock_that_is_set_back_makes_none_wait_for_it() {
        let mut refused = Refused::default();
        let now = Timestamp::from_micros(3_600_000_000);
        refused.add(vec![1], now);
        assert_eq!(refused.due(now), [0; 0]);
        assert_eq!(refused.due(Timestamp::from_micros(0)), [1]);
    }
}
