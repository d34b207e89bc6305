//! When a task fires.

use super::clock::Timestamp;
use std::time::Duration;

/// One second, in seconds.
pub const INTERVAL_MIN_SECONDS: i64 = 1;
/// 366 days, in seconds.
pub const INTERVAL_MAX_SECONDS: i64 = 366 * 24 * 3600;

/// How a task is repeated. `cron` and `once` take their places here when they come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schedule {
    /// Every so often, counted from its anchor: neither drift nor restarts shift it.
    Interval { every: Duration, anchor: Timestamp },
    /// Whenever an entry is due; not by the clock.
    OnDue,
}

impl Schedule {
    /// The first fire later than `now`; none where the clock does not decide.
    pub fn next_after(self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Schedule::OnDue => None,
            Schedule::Interval { anchor, .. } if now < anchor => Some(anchor),
            Schedule::Interval { every, anchor } => {
                let step = i64::try_from(every.as_micros()).unwrap_or(i64::MAX).max(1);
                let steps = (now.micros() - anchor.micros()) / step + 1;
                Some(Timestamp::from_micros(anchor.micros().saturating_add(steps.saturating_mul(step))))
            }
        }
    }
}

super::text_enum! {
    /// A schedule's kind, as it is written.
    ScheduleType {
        Interval = "interval",
        OnDue = "on_due",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn an_interval_keeps_to_its_anchor() {
        let schedule = Schedule::Interval { every: Duration::from_secs(300), anchor: at(1000) };
        for (now, next) in
            [(0, 1000), (999, 1000), (1000, 1300), (1299, 1300), (1300, 1600), (10_000, 10_300)]
        {
            assert_eq!(schedule.next_after(at(now)), Some(at(next)), "after {now}");
        }
    }

    #[test]
    fn the_next_fire_is_always_later_and_never_more_than_a_step_away() {
        for every in [1, 7, 60, INTERVAL_MAX_SECONDS] {
            let schedule =
                Schedule::Interval { every: Duration::from_secs(every.unsigned_abs()), anchor: at(50) };
            for now in (50..5000).step_by(37) {
                let next = schedule.next_after(at(now)).expect("an interval always fires again");
                assert!(next > at(now) && next <= at(now + every));
            }
        }
    }

    #[test]
    fn on_due_waits_for_entries_not_for_the_clock() {
        assert_eq!(Schedule::OnDue.next_after(at(0)), None);
    }
}
