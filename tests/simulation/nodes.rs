//! A node: the engine's own machines, with what `actors/` is between them and the world. It decides nothing.

mod answers;
mod attempts;
mod clock;
mod statements;

pub use statements::Statement;

use crate::attempt::{Answer, Flight, Job};
use crate::invariants::Verdict;
use crate::store::{Account, Done, Fired, node_id};
use crate::time::{MINUTE, NodeClock, SECOND, micros};
use crate::world::{What, World};
use contenthub::Timestamp;
use contenthub::db::claim::Claim;
use contenthub::db::transitions::Ended;
use contenthub::domain::clock::Clock;
use contenthub::domain::ids::{AttemptId, NodeId, TaskId};
use contenthub::domain::trust::TrustWindow;
use contenthub::engine::dispatch::{self, Dispatch};
use contenthub::engine::good_since::GoodSince;
use contenthub::engine::ticking::{self, Ticking};
use contenthub::operations::cycle::ClaimScope;
use contenthub::operations::recovery::{LeaseClock, Recovered};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// No sleep of the executor is longer.
const LONGEST_SLEEP: Duration = Duration::from_secs(15);
/// Recovery looks at least so often.
const RECOVER_EVERY: Duration = Duration::from_secs(5);

/// What reaches a node.
pub enum NodeEvent {
    Changed,
    Woken,
    Alarm {
        number: u64,
        at: Timestamp,
    },
    Ring {
        number: u64,
    },
    RenewTick,
    RecoverTick,
    RecoverAlarm {
        number: u64,
    },
    CycleAnswer {
        ended: Arc<Vec<Ended>>,
        window: TrustWindow,
        done: Option<Done>,
    },
    FireAnswer(Option<Fired>),
    /// What the clock of leases showed, to a question of that monotonic time.
    ClockAnswer {
        asked: Duration,
        clock: Option<LeaseClock>,
    },
    RecoverAnswer(Option<Recovered>),
    RenewAnswer {
        good: bool,
    },
    LookAtClock,
    TimesMended {
        good: bool,
    },
    /// A publisher begins with it.
    Begin(AttemptId),
    Answer {
        attempt: AttemptId,
        number: u32,
        answer: Answer,
    },
    Drain,
    /// The grace of a node that stops is over.
    Cut,
}

impl NodeEvent {
    /// Whether it is worth while to die right here.
    fn is_a_moment(&self) -> bool {
        matches!(
            self,
            NodeEvent::CycleAnswer { .. }
                | NodeEvent::Begin(_)
                | NodeEvent::Answer { .. }
                | NodeEvent::FireAnswer(_)
        )
    }
}

/// An attempt, from its claim to its end.
pub(crate) struct Flying {
    claim: Claim,
    account: Account,
    /// By the node's clock.
    since: Timestamp,
    /// In true time: when its cycle was answered.
    claimed_at: u64,
    job: Option<Job>,
    flight: Option<Flight>,
}

pub struct Node {
    pub id: NodeId,
    pub number: u32,
    pub life: u32,
    alive: bool,
    command: Option<TaskId>,
    pub clock: Arc<NodeClock>,
    pub paused_until: u64,
    dispatch: Dispatch<Ended>,
    ticking: Ticking,
    flights: BTreeMap<AttemptId, Flying>,
    alarm: u64,
    ring: u64,
    recovery_alarm: u64,
    closing: bool,
    good_since: GoodSince,
    time: clock::Timekeeper,
}

impl Node {
    pub fn is_alive(&self) -> bool {
        self.alive
    }

    pub fn is_server(&self) -> bool {
        self.command.is_none()
    }

    fn scope(&self) -> ClaimScope {
        self.command.map_or(ClaimScope::Everything, ClaimScope::Task)
    }
}

impl World<'_> {
    pub fn add_server(&mut self) -> usize {
        self.add(None)
    }

    pub fn add_command(&mut self, task: TaskId) -> usize {
        self.add(Some(task))
    }

    fn add(&mut self, command: Option<TaskId>) -> usize {
        self.nodes.push(Node {
            id: node_id(0),
            number: 0,
            life: 0,
            alive: false,
            command,
            clock: NodeClock::new(self.time.clone()),
            paused_until: 0,
            dispatch: Dispatch::new(self.plan.slots),
            ticking: Ticking::default(),
            flights: BTreeMap::new(),
            alarm: 0,
            ring: 0,
            recovery_alarm: 0,
            closing: false,
            good_since: GoodSince::new(self.plan.lease),
            time: clock::Timekeeper::new(self.plan.death),
        });
        self.nodes.len() - 1
    }

    /// A process begins, under an id that is new.
    pub fn start(&mut self, n: usize) -> Verdict {
        if self.nodes[n].alive {
            return Ok(());
        }
        self.node_count += 1;
        let (number, slots) = (self.node_count, self.plan.slots);
        let (skew, death) = (self.a_skew(), self.plan.death);
        let node = &mut self.nodes[n];
        node.time = clock::Timekeeper::new(death);
        node.id = node_id(number);
        node.clock.put_ahead(skew);
        (node.number, node.alive, node.closing, node.paused_until) = (number, true, false, 0);
        node.life += 1;
        node.dispatch = Dispatch::resuming(slots, Vec::new(), Vec::new());
        node.ticking = Ticking::default();
        node.good_since = GoodSince::new(self.plan.lease);
        let (scope, now) = (node.scope(), node.clock.now());
        self.note(|| format!("n{number} starts, {skew} µs ahead"));
        self.store.take_over_runs(scope, self.plan.lease, now);
        self.look(crate::invariants::Cause::Engine)?;
        self.every(n, self.plan.lease / 3, NodeEvent::RenewTick);
        self.every(n, (self.plan.lease / 4).min(RECOVER_EVERY), NodeEvent::RecoverTick);
        self.clock_holds(n);
        self.recover(n)?;
        self.dispatch(n, dispatch::Event::Woken)?;
        if self.nodes[n].is_server() {
            self.ticking(n, ticking::Event::Rang);
        }
        Ok(())
    }

    fn a_skew(&mut self) -> i64 {
        let most = self.faults.skew;
        if most == 0 { 0 } else { self.chance.below(2 * most) as i64 - most as i64 }
    }

    fn every(&mut self, n: usize, span: Duration, event: NodeEvent) {
        let life = self.nodes[n].life;
        self.after(micros(span), What::Node { node: n, life, event });
    }

    /// Soon, by a message from one actor to another.
    fn soon(&mut self, n: usize, event: NodeEvent) {
        let life = self.nodes[n].life;
        let span = self.chance.between(1, 500);
        self.after(span, What::Node { node: n, life, event });
    }

    pub fn node_event(&mut self, n: usize, life: u32, event: NodeEvent) -> Verdict {
        let now = self.now();
        let node = &self.nodes[n];
        if !node.alive || node.life != life {
            return Ok(());
        }
        if node.paused_until > now {
            let left = node.paused_until - now;
            self.after(left, What::Node { node: n, life, event });
            return Ok(());
        }
        if event.is_a_moment() {
            if self.chance.happens(self.faults.crash) {
                return self.crash(n);
            }
            if self.chance.happens(self.faults.pause) {
                let longest = (2 * micros(self.plan.lease)).max(5 * MINUTE);
                let span = self.chance.delay(10 * SECOND, longest, 3);
                self.note_of(n, || format!("stands still for {} ms", span / 1000));
                self.nodes[n].paused_until = now + span;
                self.after(span, What::Node { node: n, life, event });
                return Ok(());
            }
            if self.chance.happens(self.faults.clock_step) {
                let skew = self.a_skew();
                self.set_clock(n, skew);
            }
            if self.chance.happens(self.faults.drain) {
                self.soon(n, NodeEvent::Drain);
            }
        }
        self.handle(n, event)
    }

    fn handle(&mut self, n: usize, event: NodeEvent) -> Verdict {
        match event {
            NodeEvent::Changed => self.ticking(n, ticking::Event::Changed),
            NodeEvent::Woken => return self.dispatch(n, dispatch::Event::Woken),
            NodeEvent::Alarm { number, at } if number == self.nodes[n].alarm => {
                // The wall clock decides, not the timer.
                if self.nodes[n].clock.now() >= at {
                    return self.dispatch(n, dispatch::Event::Woken);
                }
                self.wake_at(n, at);
            }
            NodeEvent::Ring { number } if number == self.nodes[n].ring => {
                self.ticking(n, ticking::Event::Rang)
            }
            NodeEvent::Alarm { .. } | NodeEvent::Ring { .. } => {}
            NodeEvent::RenewTick => {
                self.renew(n)?;
                self.every(n, self.plan.lease / 3, NodeEvent::RenewTick);
            }
            NodeEvent::RecoverTick => {
                self.recover(n)?;
                self.every(n, (self.plan.lease / 4).min(RECOVER_EVERY), NodeEvent::RecoverTick);
            }
            NodeEvent::RecoverAlarm { number } => {
                if number == self.nodes[n].recovery_alarm {
                    self.recover(n)?;
                }
            }
            NodeEvent::CycleAnswer { ended, window, done } => {
                return self.cycle_answer(n, &ended, window, done);
            }
            NodeEvent::FireAnswer(fired) => self.fire_answer(n, fired),
            NodeEvent::ClockAnswer { asked, clock } => return self.clock_answer(n, asked, clock),
            NodeEvent::RecoverAnswer(recovered) => return self.recover_answer(n, recovered),
            NodeEvent::RenewAnswer { good } => self.database_said(n, good),
            NodeEvent::LookAtClock => return self.look_at_clock(n),
            NodeEvent::TimesMended { good } => return self.times_mended(n, good),
            NodeEvent::Begin(attempt) => return self.begin(n, attempt),
            NodeEvent::Answer { attempt, number, answer } => {
                return self.answered(n, attempt, number, answer);
            }
            NodeEvent::Drain => return self.drain(n),
            NodeEvent::Cut => return self.cut(n),
        }
        Ok(())
    }

    /// Whatever it held is gone.
    fn crash(&mut self, n: usize) -> Verdict {
        self.note_of(n, || "dies".to_owned());
        self.stop(n);
        Ok(())
    }

    fn stop(&mut self, n: usize) {
        let node = &mut self.nodes[n];
        node.alive = false;
        node.flights.clear();
        if node.is_server() {
            let span = self.chance.delay(2 * SECOND, MINUTE, 3);
            self.after(span, What::Starts(n));
        }
    }

    fn dispatch(&mut self, n: usize, event: dispatch::Event<Ended>) -> Verdict {
        let now = self.nodes[n].clock.now();
        for effect in self.nodes[n].dispatch.on(event, now) {
            match effect {
                dispatch::Effect::RunCycle { ended, room, read_back } => {
                    self.run_cycle(n, ended, room, read_back)
                }
                dispatch::Effect::WakeAt(at) => self.wake_at(n, at),
                dispatch::Effect::Drained => {
                    self.note_of(n, || "has drained".to_owned());
                    self.stop(n);
                }
            }
        }
        Ok(())
    }

    fn wake_at(&mut self, n: usize, at: Timestamp) {
        let node = &mut self.nodes[n];
        node.alarm += 1;
        let (number, span) = (node.alarm, at.since(node.clock.now()).min(LONGEST_SLEEP));
        self.every(n, span + Duration::from_micros(100), NodeEvent::Alarm { number, at });
    }
}
