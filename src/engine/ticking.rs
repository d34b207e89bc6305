//! When the scheduler asks the database what to fire. It holds no tasks: the database knows them, and their number
//! costs nothing here.

use crate::domain::clock::Timestamp;
use std::time::Duration;

/// It looks at least this often, so that neither a lost notice nor a stepped clock stops a task for long.
pub const LONGEST_SLEEP: Duration = Duration::from_secs(15);
/// After a failure it looks again this much later.
pub const RETRY_AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Facts that reach the scheduler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The alarm rang.
    Rang,
    /// Somebody changed tasks, accounts or the pool.
    Changed,
    /// The database was asked: whether anything was fired, whether an `on_due` run is open, and what comes next.
    Fired { any: bool, executor_is_wanted: bool, next: Option<Timestamp> },
    /// The database could not be asked.
    Failed,
    /// It is not to be asked: nothing fires by a clock that may be wrong.
    Held,
}

/// What the scheduler is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Ask the database to fire what is due.
    FireDue,
    /// Tell the executor that there is a run to work on.
    Tick,
    /// Ring then; replaces any earlier alarm.
    RingAt(Timestamp),
}

/// The machine.
#[derive(Debug, Default)]
pub struct Ticking {
    asking: bool,
    ask_again: bool,
}

impl Ticking {
    pub fn on(&mut self, event: Event, now: Timestamp) -> Vec<Effect> {
        match event {
            Event::Rang | Event::Changed => self.ask().into_iter().collect(),
            Event::Fired { any, executor_is_wanted, next } => {
                self.asking = false;
                let mut effects = Vec::new();
                // An open run is told of each change: what changed may be due for it.
                if any || executor_is_wanted {
                    effects.push(Effect::Tick);
                }
                let latest = now + LONGEST_SLEEP;
                effects.push(Effect::RingAt(next.map_or(latest, |next| next.min(latest))));
                if std::mem::take(&mut self.ask_again) {
                    effects.extend(self.ask());
                }
                effects
            }
            Event::Failed | Event::Held => {
                self.asking = false;
                self.ask_again = false;
                vec![Effect::RingAt(now + RETRY_AFTER_FAILURE)]
            }
        }
    }

    fn ask(&mut self) -> Option<Effect> {
        if self.asking {
            self.ask_again = true;
            return None;
        }
        self.asking = true;
        Some(Effect::FireDue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn fired(any: bool, next: Option<Timestamp>) -> Event {
        Event::Fired { any, executor_is_wanted: false, next }
    }

    #[test]
    fn changes_during_a_question_become_one_more_question() {
        let mut ticking = Ticking::default();
        assert_eq!(ticking.on(Event::Changed, at(0)), [Effect::FireDue]);
        assert_eq!(ticking.on(Event::Changed, at(0)), []);
        assert_eq!(ticking.on(Event::Rang, at(0)), []);
        let effects = ticking.on(fired(false, Some(at(5))), at(1));
        assert_eq!(effects, [Effect::RingAt(at(5)), Effect::FireDue]);
        assert_eq!(ticking.on(fired(false, Some(at(5))), at(1)), [Effect::RingAt(at(5))]);
    }

    #[test]
    fn it_sleeps_to_the_next_fire_but_never_too_long() {
        let mut ticking = Ticking::default();
        ticking.on(Event::Rang, at(0));
        assert_eq!(ticking.on(fired(false, None), at(0)), [Effect::RingAt(at(15))]);
        ticking.on(Event::Rang, at(15));
        assert_eq!(ticking.on(fired(true, Some(at(1000))), at(15)), [Effect::Tick, Effect::RingAt(at(30))]);
    }

    #[test]
    fn a_failure_is_no_end() {
        let mut ticking = Ticking::default();
        ticking.on(Event::Rang, at(0));
        assert_eq!(ticking.on(Event::Failed, at(0)), [Effect::RingAt(at(1))]);
        assert_eq!(ticking.on(Event::Rang, at(1)), [Effect::FireDue]);
    }

    #[test]
    fn what_is_held_is_asked_for_again_and_again() {
        let mut ticking = Ticking::default();
        for second in 0..3 {
            assert_eq!(ticking.on(Event::Rang, at(second)), [Effect::FireDue]);
            assert_eq!(ticking.on(Event::Held, at(second)), [Effect::RingAt(at(second + 1))]);
        }
    }
}
