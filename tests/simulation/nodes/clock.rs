//! The clock of a node, and whether it may go by it, as `actors/timekeeper.rs` and `actors/executor/clock.rs` do it.

use super::{NodeEvent, Statement};
use crate::faults::Death;
use crate::invariants::{Verdict, Violation};
use crate::sabotage::Sabotage;
use crate::time::{MINUTE, NodeClock, SECOND};
use crate::world::World;
use contenthub::Timestamp;
use contenthub::domain::clock::Clock;
use contenthub::engine::clock_watch::{ClockWatch, Fact, Reading};
use contenthub::engine::dispatch;
use std::time::Duration;

/// So often a node looks at its clock.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// A leap forward by more than this has to stand for as long as [`STANDS`].
const LEAP: i64 = 5 * MINUTE as i64;
const STANDS: u64 = MINUTE;
/// No node that is further off than this publishes; what is less than a second is no step, and is not looked at again.
const OFF_MAX: i64 = 11 * SECOND as i64;

/// What the executor and the scheduler of a node know of its clock.
pub(super) struct Timekeeper {
    watch: ClockWatch,
    stepped: bool,
    stepped_back: bool,
    freed: bool,
    looks: bool,
    /// What really happened to it: when, from and to how far ahead.
    steps: Vec<(u64, i64, i64)>,
    /// The node has looked since the last one.
    seen: bool,
}

impl Timekeeper {
    pub(super) fn new(death: Death) -> Self {
        let watch = match death {
            Death::LockFreed => ClockWatch::alone(),
            Death::LeaseExpired => ClockWatch::beside_a_database(),
        };
        Timekeeper {
            watch,
            stepped: false,
            stepped_back: false,
            freed: false,
            looks: false,
            steps: Vec::new(),
            seen: true,
        }
    }

    fn heed(&mut self, fact: Option<Fact>) {
        let Some(fact) = fact else { return };
        let is_back = matches!(fact, Fact::SteppedBack { .. });
        self.stepped_back |= is_back;
        self.stepped |= is_back || matches!(fact, Fact::SteppedForward { .. });
        self.freed |= fact.frees();
    }

    fn wants_a_look(&self) -> bool {
        self.watch.hold().is_some() || self.stepped || self.stepped_back || self.freed
    }
}

fn read(clock: &NodeClock) -> Reading {
    Reading { wall: clock.now(), boot: clock.monotonic() }
}

impl World<'_> {
    /// Somebody sets it.
    pub fn set_clock(&mut self, n: usize, ahead: i64) {
        let now = self.now();
        let node = &mut self.nodes[n];
        let was = node.clock.ahead();
        node.clock.put_ahead(ahead);
        // Steps between two looks are one.
        let unseen = node.time.steps.pop_if(|_| !node.time.seen);
        let from = unseen.map_or(was, |(_, from, _)| from);
        node.time.steps.push((now, from, ahead));
        node.time.seen = false;
        self.note_of(n, || format!("its clock is set from {was} to {ahead} µs ahead"));
        self.look_soon(n);
    }

    /// Nobody looks where nothing has happened: that would change nothing.
    pub(super) fn look_soon(&mut self, n: usize) {
        if !std::mem::replace(&mut self.nodes[n].time.looks, true) {
            self.every(n, LOOK_EVERY, NodeEvent::LookAtClock);
        }
    }

    /// Whether it may not go by its clock now.
    pub(super) fn clock_holds(&mut self, n: usize) -> bool {
        let node = &mut self.nodes[n];
        let fact = node.time.watch.look(read(&node.clock));
        node.time.seen = true;
        node.time.heed(fact);
        let holds = node.time.watch.hold().is_some();
        if node.time.wants_a_look() {
            self.look_soon(n);
        }
        holds && self.sabotage != Some(Sabotage::ClockHold)
    }

    pub(super) fn look_at_clock(&mut self, n: usize) -> Verdict {
        self.nodes[n].time.looks = false;
        self.clock_holds(n);
        if std::mem::take(&mut self.nodes[n].time.stepped) {
            self.recover(n)?;
        }
        let time = &mut self.nodes[n].time;
        if time.watch.hold().is_none() && std::mem::take(&mut time.stepped_back) {
            self.state(n, Statement::MendTimes);
        }
        if std::mem::take(&mut self.nodes[n].time.freed) {
            self.look_for_work(n)?;
        }
        if self.nodes[n].time.wants_a_look() {
            self.look_soon(n);
        }
        Ok(())
    }

    pub(super) fn look_for_work(&mut self, n: usize) -> Verdict {
        self.dispatch(n, dispatch::Event::Woken)?;
        self.soon(n, NodeEvent::Changed);
        Ok(())
    }

    pub(super) fn times_mended(&mut self, n: usize, good: bool) -> Verdict {
        if good {
            return self.look_for_work(n);
        }
        self.nodes[n].time.stepped_back = true;
        self.look_soon(n);
        Ok(())
    }

    /// The database's clock said this.
    pub(super) fn compare_clock(&mut self, n: usize, asked: Duration, database: Timestamp) {
        let node = &mut self.nodes[n];
        let reading = read(&node.clock);
        let fact = node.time.watch.compared(reading, reading.boot.saturating_sub(asked), database);
        node.time.heed(fact);
        if node.time.wants_a_look() {
            self.look_soon(n);
        }
    }

    /// It goes by what it has claimed: nothing is sent by a clock that is far off, nor by one that has just leapt ahead.
    pub(super) fn clock_is_good_enough(&self, n: usize) -> Verdict {
        let (node, now) = (&self.nodes[n], self.time.micros());
        let ahead = node.clock.ahead();
        let is_off = self.plan.death == Death::LeaseExpired && ahead.abs() > OFF_MAX;
        let leapt =
            |(at, from, to): &(u64, i64, i64)| to - from > LEAP && ahead - from > LEAP && now - at < STANDS;
        if is_off || node.time.steps.iter().any(leapt) {
            let what = format!("node {} goes by a clock that is {ahead} µs ahead", node.number);
            return Err(Violation { invariant: 12, what });
        }
        Ok(())
    }
}
