//! Keeps the wire full: who is in flight, when the database is asked, what is published next.
//!
//! One cycle is with the database at a time. Whatever happens meanwhile waits for the next one, so bursts become one.

use super::refused::Refused;
use super::slots::{AttemptKind, Slots, Taken};
use crate::domain::clock::Timestamp;
use crate::domain::ids::AttemptId;
use crate::domain::turns::Room;
use std::time::Duration;

/// After a cycle that failed, the database is asked again this much later.
pub const RETRY_AFTER_FAILURE: Duration = Duration::from_millis(500);
/// A due entry that could not be claimed is looked at again after this long, should no event come first.
const PATIENCE: Duration = Duration::from_secs(1);
/// Where all shared slots are held, and nothing was heard for this long, it is asked what may go out beside them, and
/// when. While something moves, each cycle sees that anyway.
const LULL: Duration = Duration::from_millis(10);

/// Facts that reach the executor.
#[derive(Debug)]
pub enum Event<Ended> {
    /// There may be work: a tick, a change, a timer.
    Woken,
    /// An attempt came to its end.
    AttemptEnded(Ended),
    /// The cycle was committed.
    CycleDone {
        claimed: Vec<Taken>,
        /// More was claimed than that, which nobody can send: it is to go back.
        left_out: bool,
        /// Runs that are open.
        open: usize,
        /// A run began in this very cycle, and wants to be looked at.
        again: bool,
        /// When something may be claimed next, as far as was known at `looked_at`.
        look_again: Option<Timestamp>,
        looked_at: Timestamp,
        /// Outcomes that the database took nothing of.
        refused: Vec<Ended>,
    },
    /// The cycle failed, or its end is not known. What it carried comes back.
    CycleFailed { ended: Vec<Ended> },
    /// No more claims: the node stops.
    Drain,
}

/// What the executor is to do.
#[derive(Debug, PartialEq, Eq)]
pub enum Effect<Ended> {
    /// Ask the database: write `ended`, claim what there is room for.
    RunCycle { ended: Vec<Ended>, room: Room, read_back: Option<Vec<AttemptId>> },
    /// Wake up then, unless something comes first. Replaces any earlier alarm.
    WakeAt(Timestamp),
    /// Everything is written and nothing is on the wire.
    Drained,
}

/// An outcome that knows its attempt.
pub trait HasAttempt {
    fn attempt(&self) -> AttemptId;
}

/// The machine.
#[derive(Debug)]
pub struct Dispatch<Ended> {
    slots: Slots,
    ended: Vec<Ended>,
    refused: Refused<Ended>,
    out: Option<CycleOut>,
    look_again: bool,
    read_back: bool,
    has_open_runs: bool,
    draining: bool,
}

/// What the cycle that is with the database was given.
#[derive(Debug, Clone, Copy)]
struct CycleOut {
    shared: usize,
    brings_ends: bool,
}

impl<Ended: HasAttempt> Dispatch<Ended> {
    /// `slots`: shared ones.
    pub fn new(slots: usize) -> Self {
        Dispatch {
            slots: Slots::new(slots),
            ended: Vec::new(),
            refused: Refused::default(),
            out: None,
            look_again: false,
            read_back: false,
            has_open_runs: false,
            draining: false,
        }
    }

    /// In the place of one that is gone: with what is on the wire, and what has come back and may not be written. Its
    /// first cycle compares that with what the database says this node holds.
    pub fn resuming(slots: usize, on_the_wire: Vec<(Taken, Timestamp)>, ended: Vec<Ended>) -> Self {
        let mut dispatch = Dispatch { ended, look_again: true, read_back: true, ..Dispatch::new(slots) };
        for (taken, since) in on_the_wire {
            dispatch.slots.add(taken, since);
        }
        dispatch
    }

    pub fn on(&mut self, event: Event<Ended>, now: Timestamp) -> Vec<Effect<Ended>> {
        let mut alarm = None;
        match event {
            Event::Woken => self.look_again = true,
            Event::AttemptEnded(ended) => self.ended.push(ended),
            Event::CycleDone { claimed, left_out, open, again, look_again, looked_at, refused } => {
                let out = self.out.take();
                self.refused.add(refused, now);
                self.read_back = left_out;
                self.has_open_runs = open > 0;
                self.look_again |= again;
                let got_some = !claimed.is_empty();
                let sends = claimed.iter().filter(|taken| taken.kind != AttemptKind::Question).count();
                claimed.into_iter().for_each(|taken| self.slots.add(taken, now));
                // What was due when it was looked at, and yet not claimed, waits for something else than its time.
                let waits = |at| at <= looked_at && !got_some;
                alarm = look_again.map(|at| if waits(at) { now + PATIENCE } else { at });
                // Not at once: the same may be claimed again.
                let retry = left_out.then(|| now + RETRY_AFTER_FAILURE);
                let is_full = out.is_some_and(|out| sends >= out.shared) && self.has_open_runs;
                if is_full && !self.draining {
                    // Slots that age has freed meanwhile are for a cycle that knows of them.
                    self.look_again |= self.slots.shared_left(now) > 0;
                    let has_moved = got_some || out.is_some_and(|out| out.brings_ends);
                    let lull = has_moved.then(|| now + LULL);
                    alarm = [alarm, self.slots.frees_at(now), lull].into_iter().flatten().min();
                }
                alarm = [alarm, retry, self.refused.again_at()].into_iter().flatten().min();
            }
            Event::CycleFailed { ended } => {
                self.out = None;
                self.read_back = true;
                self.look_again = true;
                // They were taken out of flight when they went in; here they wait for the next cycle.
                self.ended.splice(0..0, ended);
                return vec![Effect::WakeAt(now + RETRY_AFTER_FAILURE)];
            }
            Event::Drain => self.draining = true,
        }
        let mut effects: Vec<Effect<Ended>> = alarm.map(Effect::WakeAt).into_iter().collect();
        effects.extend(self.next_cycle(now));
        effects
    }

    fn next_cycle(&mut self, now: Timestamp) -> Option<Effect<Ended>> {
        if self.out.is_some() {
            return None;
        }
        self.ended.extend(self.refused.due(now));
        let is_written = self.ended.is_empty() && self.refused.is_empty();
        if self.draining && self.slots.is_empty() && is_written && !self.read_back {
            return Some(Effect::Drained);
        }
        if self.ended.is_empty() && !self.look_again {
            return None;
        }
        // Before what ended is taken out: its claims are in the database still.
        let read_back = self.read_back.then(|| self.attempts());
        let ended = std::mem::take(&mut self.ended);
        for one in &ended {
            self.slots.remove(&one.attempt());
        }
        self.look_again = false;
        let room = if self.draining { Room::default() } else { self.slots.room(now) };
        self.out = Some(CycleOut { shared: room.shared, brings_ends: !ended.is_empty() });
        Some(Effect::RunCycle { ended, room, read_back })
    }

    /// What is on the wire, or has come back from it and is not written yet. By attempt: of an entry that came back, another
    /// one may have been claimed in a cycle whose end nobody knows.
    pub fn attempts(&self) -> Vec<AttemptId> {
        let waiting = self.ended.iter().chain(self.refused.outcomes()).map(HasAttempt::attempt);
        let waiting = waiting.filter(|it| !self.slots.contains(it));
        self.slots.attempts().chain(waiting).collect()
    }

    /// How many attempts are on the wire.
    pub fn in_flight(&self) -> usize {
        self.slots.len()
    }

    /// Whether a run was open when the database was last asked.
    pub fn has_open_runs(&self) -> bool {
        self.has_open_runs
    }
}

#[cfg(test)]
mod tests {
    use super::super::slots::OLD_AFTER;
    use super::*;
    use crate::domain::ids::{AccountId, EntryId};

    #[derive(Debug, PartialEq, Eq)]
    struct Done(i64);

    impl HasAttempt for Done {
        fn attempt(&self) -> AttemptId {
            id(self.0)
        }
    }

    fn id(entry: i64) -> AttemptId {
        AttemptId { entry: EntryId(entry), number: 1 }
    }

    fn taken(entry: i64, account: i64) -> Taken {
        Taken { attempt: id(entry), account: AccountId(account), kind: AttemptKind::Send }
    }

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros)
    }

    fn claimed(entries: &[i64]) -> Event<Done> {
        Event::CycleDone {
            claimed: entries.iter().map(|entry| taken(*entry, 1)).collect(),
            left_out: false,
            open: 1,
            again: false,
            look_again: None,
            looked_at: at(0),
            refused: vec![],
        }
    }

    fn nothing(again: bool, next_due: i64, looked_at: i64) -> Event<Done> {
        let (look_again, looked_at) = (Some(at(next_due)), at(looked_at));
        Event::CycleDone {
            claimed: vec![],
            left_out: false,
            open: 1,
            again,
            look_again,
            looked_at,
            refused: vec![],
        }
    }

    fn cycle(effects: Vec<Effect<Done>>) -> (Vec<Done>, usize) {
        match effects.into_iter().next() {
            Some(Effect::RunCycle { ended, room, .. }) => (ended, room.shared),
            other => panic!("expected a cycle, got {other:?}"),
        }
    }

    #[test]
    fn one_cycle_is_out_at_a_time_and_what_comes_meanwhile_is_gathered() {
        let mut dispatch = Dispatch::new(4);
        assert_eq!(cycle(dispatch.on(Event::Woken, at(0))), (vec![], 4));
        assert_eq!(dispatch.on(Event::Woken, at(0)), vec![]);
        assert_eq!(cycle(dispatch.on(claimed(&[1, 2, 3]), at(1))), (vec![], 1));
        assert_eq!(dispatch.on(Event::AttemptEnded(Done(1)), at(2)), vec![]);
        assert_eq!(dispatch.on(Event::AttemptEnded(Done(2)), at(2)), vec![]);
        assert_eq!(cycle(dispatch.on(claimed(&[]), at(3))), (vec![Done(1), Done(2)], 3));
    }

    #[test]
    fn outcomes_survive_a_failed_cycle_in_order() {
        let mut dispatch = Dispatch::new(2);
        dispatch.on(Event::Woken, at(0));
        dispatch.on(claimed(&[1, 2]), at(0));
        let (ended, _) = cycle(dispatch.on(Event::AttemptEnded(Done(1)), at(1)));
        dispatch.on(Event::AttemptEnded(Done(2)), at(2));
        assert_eq!(
            dispatch.on(Event::CycleFailed { ended }, at(3)),
            vec![Effect::WakeAt(at(3) + RETRY_AFTER_FAILURE)]
        );
        match dispatch.on(Event::Woken, at(9)).pop() {
            Some(Effect::RunCycle { ended, read_back, .. }) => {
                assert_eq!(ended, vec![Done(1), Done(2)]);
                let mut known = read_back.expect("what an unknown commit may have claimed is read back");
                known.sort_unstable();
                assert_eq!(known, [id(1), id(2)], "what came back from the wire was sent");
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_the_database_took_nothing_of_is_known_and_written_again_and_stands_in_nobodys_way() {
        let mut dispatch = Dispatch::new(2);
        dispatch.on(Event::Woken, at(0));
        dispatch.on(claimed(&[1, 2]), at(0));
        let (refused, _) = cycle(dispatch.on(Event::AttemptEnded(Done(1)), at(1)));
        let done = Event::CycleDone {
            claimed: vec![],
            left_out: false,
            open: 0,
            again: false,
            look_again: None,
            looked_at: at(1),
            refused,
        };
        let again_at = at(1) + Duration::from_secs(1);
        assert_eq!(dispatch.on(done, at(1)), [Effect::WakeAt(again_at)], "not at once");
        let mut known = dispatch.attempts();
        known.sort_unstable();
        assert_eq!(known, [id(1), id(2)], "it was sent, and is ours");
        dispatch.on(Event::Drain, at(2));
        let (others, _) = cycle(dispatch.on(Event::AttemptEnded(Done(2)), at(3)));
        assert_eq!(others, [Done(2)]);
        assert_eq!(dispatch.on(claimed(&[]), at(4)), [Effect::WakeAt(again_at)], "not all is written");
        assert_eq!(cycle(dispatch.on(Event::Woken, again_at)).0, [Done(1)]);
        assert_eq!(dispatch.on(claimed(&[]), again_at), [Effect::Drained]);
    }

    #[test]
    fn what_was_claimed_and_cannot_be_sent_is_read_back() {
        let mut dispatch = Dispatch::new(4);
        dispatch.on(Event::Woken, at(0));
        let done = |left_out| match claimed(&[1]) {
            Event::CycleDone { claimed, open, again, look_again, looked_at, .. } => {
                Event::CycleDone { claimed, left_out, open, again, look_again, looked_at, refused: vec![] }
            }
            other => other,
        };
        assert_eq!(dispatch.on(done(true), at(1)), [Effect::WakeAt(at(1) + RETRY_AFTER_FAILURE)]);
        match dispatch.on(Event::Woken, at(9)).pop() {
            Some(Effect::RunCycle { read_back, .. }) => assert_eq!(read_back, Some(vec![id(1)])),
            other => panic!("{other:?}"),
        }
        assert_eq!(dispatch.on(done(false), at(9)), []);
    }

    #[test]
    fn a_due_entry_that_cannot_be_claimed_never_makes_it_spin() {
        let mut dispatch: Dispatch<Done> = Dispatch::new(2);
        dispatch.on(Event::Woken, at(0));
        assert_eq!(dispatch.on(nothing(false, 5, 9), at(10)), vec![Effect::WakeAt(at(10) + PATIENCE)]);
    }

    #[test]
    fn what_falls_due_while_the_answer_is_under_way_is_not_made_to_wait() {
        let mut dispatch: Dispatch<Done> = Dispatch::new(2);
        dispatch.on(Event::Woken, at(0));
        assert_eq!(dispatch.on(nothing(false, 5, 4), at(10)), vec![Effect::WakeAt(at(5))]);
    }

    #[test]
    fn a_run_that_began_in_a_cycle_gets_the_next_one_at_once() {
        let mut dispatch: Dispatch<Done> = Dispatch::new(2);
        dispatch.on(Event::Woken, at(0));
        let effects = dispatch.on(nothing(true, 5, 9), at(10));
        assert!(matches!(effects.last(), Some(Effect::RunCycle { .. })), "{effects:?}");
    }

    #[test]
    fn one_that_takes_the_place_of_another_writes_what_came_back_and_knows_what_is_out() {
        let flights = vec![(taken(1, 1), at(0)), (taken(2, 1), at(0))];
        let mut dispatch = Dispatch::resuming(4, flights, vec![Done(1)]);
        match dispatch.on(Event::Drain, at(0)).pop() {
            Some(Effect::RunCycle { ended, read_back, room }) => {
                let mut known = read_back.expect("what the one before claimed last is read back");
                known.sort_unstable();
                assert_eq!((ended, known, room.shared), (vec![Done(1)], vec![id(1), id(2)], 0));
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(dispatch.attempts(), [id(2)]);
    }

    #[test]
    fn draining_claims_nothing_and_ends_when_all_is_written() {
        let mut dispatch = Dispatch::new(2);
        dispatch.on(Event::Woken, at(0));
        dispatch.on(claimed(&[1]), at(0));
        assert_eq!(dispatch.on(Event::Drain, at(1)), vec![]);
        assert_eq!(cycle(dispatch.on(Event::AttemptEnded(Done(1)), at(2))), (vec![Done(1)], 0));
        assert_eq!(dispatch.on(claimed(&[]), at(3)), vec![Effect::Drained]);
    }

    #[test]
    fn where_all_slots_are_held_it_looks_in_a_lull_and_when_the_oldest_turns_old() {
        let mut dispatch = Dispatch::new(2);
        dispatch.on(Event::Woken, at(0));
        assert_eq!(dispatch.on(claimed(&[1, 2]), at(5)), [Effect::WakeAt(at(5) + LULL)]);
        let in_lull = at(5) + LULL;
        match dispatch.on(Event::Woken, in_lull).pop() {
            Some(Effect::RunCycle { room, .. }) => {
                assert_eq!((room.shared, room.firsts), (0, true));
                assert!(room.may_first(AccountId(2)) && !room.may_first(AccountId(1)));
            }
            other => panic!("{other:?}"),
        }
        // Nothing moved: there is no second lull, and it sleeps until a slot is freed or another lane has work.
        let old = at(5) + OLD_AFTER;
        assert_eq!(dispatch.on(claimed(&[]), in_lull), [Effect::WakeAt(old)]);
        dispatch.on(Event::Woken, in_lull);
        assert_eq!(dispatch.on(nothing(false, 900_000, 0), in_lull), [Effect::WakeAt(at(900_000))]);
        assert_eq!(cycle(dispatch.on(Event::Woken, old)), (vec![], 2));
        assert_eq!(dispatch.on(claimed(&[]), old), [], "there was room, and nothing to claim");
    }

    #[test]
    fn slots_that_are_freed_while_a_cycle_is_out_are_for_the_next_one() {
        let mut dispatch: Dispatch<Done> = Dispatch::new(1);
        dispatch.on(Event::Woken, at(0));
        dispatch.on(claimed(&[1]), at(0));
        let old = at(0) + OLD_AFTER;
        assert_eq!(cycle(dispatch.on(Event::Woken, at(1))), (vec![], 0));
        assert_eq!(cycle(dispatch.on(claimed(&[]), old)), (vec![], 1));
        assert_eq!(dispatch.on(claimed(&[]), old), [], "once");
    }

    #[test]
    fn where_no_run_is_open_nobody_is_woken_for_a_slot() {
        let mut dispatch = Dispatch::resuming(1, vec![(taken(1, 1), at(0))], vec![]);
        dispatch.on(Event::Woken, at(0));
        let closed = |effect| match effect {
            Event::CycleDone { claimed, left_out, again, look_again, looked_at, .. } => {
                Event::CycleDone { claimed, left_out, open: 0, again, look_again, looked_at, refused: vec![] }
            }
            other => other,
        };
        assert_eq!(dispatch.on(closed(claimed(&[])), at(1)), []);
    }

    #[test]
    fn what_the_one_before_sent_long_ago_is_old_for_its_successor_too() {
        let flights = vec![(taken(1, 1), at(0)), (taken(2, 1), at(1_500_000))];
        let mut dispatch: Dispatch<Done> = Dispatch::resuming(2, flights, vec![]);
        assert_eq!(cycle(dispatch.on(Event::Woken, at(0) + OLD_AFTER)), (vec![], 1));
    }
}
