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
mod tests;
