//! What a node asks the database, and what may go wrong on the way there and back.

use super::NodeEvent;
use crate::attempt::Answer;
use crate::faults::Death;
use crate::invariants::{Cause, Verdict};
use crate::store::{Done, KeepStep};
use crate::time::{MILLISECOND, micros};
use crate::world::{What, World};
use contenthub::Timestamp;
use contenthub::db::transitions::{Ended, Written};
use contenthub::domain::clock::Clock;
use contenthub::domain::ids::{EntryId, NodeId};
use contenthub::domain::trust::TrustWindow;
use contenthub::domain::turns::Room;
use contenthub::operations::cycle::Cycle;
use contenthub::operations::recovery::{Dead, LeaseClock};
use std::sync::Arc;
use std::time::Duration;

/// One transaction.
pub enum Statement {
    Cycle {
        cycle: Cycle,
        window: TrustWindow,
    },
    Fire,
    TellClock {
        asked: Duration,
    },
    /// What had run out by then, where a clock says so.
    Recover(Option<Timestamp>),
    Renew {
        entries: Vec<EntryId>,
    },
    RenewRuns,
    MendTimes,
    Keep {
        number: u32,
        step: KeepStep,
    },
}

/// What becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Luck {
    Good,
    /// Nothing of it is done, and that is said.
    Refused,
    /// It is done, and said to have failed.
    Unseen,
}

impl World<'_> {
    pub(super) fn run_cycle(
        &mut self,
        n: usize,
        ended: Vec<Ended>,
        room: Room,
        read_back: Option<Vec<contenthub::domain::ids::AttemptId>>,
    ) {
        let clock_is_right = !self.clock_holds(n);
        let node = &self.nodes[n];
        let room = if node.closing || !clock_is_right { Room::default() } else { room };
        let cycle = Cycle {
            node: node.id.clone(),
            lease: self.plan.lease,
            scope: node.scope(),
            ended: Arc::new(ended),
            room,
            read_back,
            clock_is_right,
        };
        let window = TrustWindow::begin(&*node.clock, cycle.lease);
        self.state(n, Statement::Cycle { cycle, window });
    }

    /// A statement is sent.
    pub(super) fn state(&mut self, n: usize, statement: Statement) {
        let life = self.nodes[n].life;
        let slow = self.chance.happens(self.faults.slow_commit);
        let span = match slow {
            true => self.chance.between(MILLISECOND, micros(self.plan.lease) * 3 / 2),
            false => self.chance.between(100, 3 * MILLISECOND),
        };
        self.after(span, What::Database { node: n, life, statement });
    }

    /// One of which nobody waits for the answer; now and then it takes its time like any other.
    fn state_idly(&mut self, n: usize, statement: Statement) -> Verdict {
        if !self.calm_as_can_be() && self.chance.happens(200) {
            self.state(n, statement);
            return Ok(());
        }
        let (event, verdict) = self.perform(n, statement, Luck::Good);
        verdict?;
        self.handle(n, event)
    }

    fn calm_as_can_be(&self) -> bool {
        self.is_calm() && self.under_way == 0
    }

    /// A statement reaches the database.
    pub fn database(&mut self, n: usize, life: u32, statement: Statement) -> Verdict {
        let is_gone = !self.nodes[n].is_alive() || self.nodes[n].life != life;
        // A server that is told to commit does so, whether or not it can tell anybody. On SQLite the process itself is it.
        let goes_on_alone = self.plan.death == Death::LeaseExpired && self.chance.happens(500);
        if is_gone && !goes_on_alone {
            return Ok(());
        }
        let (now, paused_until) = (self.now(), self.nodes[n].paused_until);
        if !is_gone && paused_until > now && !goes_on_alone {
            self.after(paused_until - now, What::Database { node: n, life, statement });
            return Ok(());
        }
        let luck = match () {
            () if self.chance.happens(self.faults.refused) => Luck::Refused,
            () if self.chance.happens(self.faults.unseen) => Luck::Unseen,
            () => Luck::Good,
        };
        let (event, verdict) = self.perform(n, statement, luck);
        verdict?;
        if !is_gone {
            let back = self.chance.between(50, MILLISECOND);
            self.after(back, What::Node { node: n, life, event });
        }
        Ok(())
    }

    fn perform(&mut self, n: usize, statement: Statement, luck: Luck) -> (NodeEvent, Verdict) {
        let (id, now) = (self.nodes[n].id.clone(), self.nodes[n].clock.now());
        let (done, seen) = (luck != Luck::Refused, luck == Luck::Good);
        let mut cause = Cause::Engine;
        // Whether the tables may be others than before.
        let mut changed = done;
        let event = match statement {
            Statement::Cycle { cycle, window } => {
                let answer = done.then(|| self.store.cycle(&cycle, now));
                let is_settled = |written: &Written| matches!(written, Written::Settled(_));
                let late = answer.as_ref().is_some_and(|done| !done.written.iter().all(is_settled));
                cause = Cause::Cycle { at: now, late, sweeps: cycle.clock_is_right };
                let is_late = self.judge.is_anything_late(now);
                changed = answer.as_ref().is_some_and(|done| is_late || does_something(&cycle, done));
                self.note(|| note_of_cycle(&id, &cycle, answer.as_ref(), luck));
                NodeEvent::CycleAnswer { ended: cycle.ended, window, done: answer.filter(|_| seen) }
            }
            Statement::Fire => {
                let answer = done.then(|| self.store.fire(now));
                changed = answer.is_some_and(|fired| fired.any);
                self.note(|| format!("{id} fires: {answer:?} {luck:?}"));
                NodeEvent::FireAnswer(answer.filter(|_| seen))
            }
            Statement::TellClock { asked } => {
                changed = false;
                let clock = done.then(|| self.lease_clock(&id));
                NodeEvent::ClockAnswer { asked, clock: clock.filter(|_| seen) }
            }
            Statement::Recover(judged_at) => {
                let answer = done.then(|| {
                    let dead = self.dead(&id, judged_at);
                    self.store.recover(&id, dead, now)
                });
                changed = answer.is_some_and(|answer| answer.entries > 0);
                if changed {
                    self.note(|| format!("{id} recovers: {answer:?} {luck:?}"));
                }
                NodeEvent::RecoverAnswer(answer.filter(|_| seen))
            }
            Statement::Renew { entries } => {
                if done {
                    self.store.renew(&id, &entries, self.plan.lease, now);
                }
                changed = false;
                NodeEvent::RenewAnswer { good: seen }
            }
            Statement::MendTimes => {
                if done {
                    self.store.mend_times(now);
                }
                NodeEvent::TimesMended { good: seen }
            }
            Statement::RenewRuns => {
                let scope = self.nodes[n].scope();
                if done {
                    self.store.renew_runs(scope, self.plan.lease, now);
                    let heard = self.store.lease_clock();
                    self.heard.insert(id.clone(), heard);
                }
                changed = false;
                NodeEvent::RenewAnswer { good: seen }
            }
            Statement::Keep { number, step } => {
                let kept = done.then(|| self.store.keep_step(&step, now));
                self.note(|| {
                    format!("{id} keeps {:?} {} of {}: {kept:?} {luck:?}", step.mark, step.step, step.attempt)
                });
                let answer = Answer::Kept(kept.filter(|_| seen));
                NodeEvent::Answer { attempt: step.attempt, number, answer }
            }
        };
        let verdict = if changed { self.look(cause) } else { Ok(()) };
        (event, verdict)
    }

    fn lease_clock(&mut self, by: &NodeId) -> LeaseClock {
        let now = self.store.lease_clock();
        let others = self.heard.iter().filter(|(id, _)| *id != by).map(|(_, heard)| *heard);
        let heard = others.max().filter(|heard| *heard <= now);
        LeaseClock { now, others_heard: heard.map(|heard| now.since(heard)) }
    }

    /// Whom the node may take entries from.
    fn dead(&mut self, by: &NodeId, judged_at: Option<Timestamp>) -> Dead {
        match judged_at {
            Some(judged_at) => Dead::LeaseExpiredBy(judged_at),
            None => {
                let is_alive = |id: &NodeId| self.nodes.iter().any(|node| node.is_alive() && node.id == *id);
                Dead::Nodes(self.store.holders(by).into_iter().filter(|id| !is_alive(id)).collect())
            }
        }
    }

    pub(super) fn renew(&mut self, n: usize) -> Verdict {
        self.state_idly(n, Statement::RenewRuns)?;
        let entries: Vec<_> =
            self.nodes[n].dispatch.attempts().into_iter().map(|attempt| attempt.entry).collect();
        if !entries.is_empty() {
            self.state(n, Statement::Renew { entries });
        }
        Ok(())
    }

    /// By locks at once; by a clock only what it says to have run out, once the others have had a lease since an outage.
    pub(super) fn recover(&mut self, n: usize) -> Verdict {
        match self.plan.death {
            Death::LockFreed => self.state_idly(n, Statement::Recover(None)),
            Death::LeaseExpired => {
                let asked = self.nodes[n].clock.monotonic();
                self.state_idly(n, Statement::TellClock { asked })
            }
        }
    }

    pub(super) fn clock_answer(&mut self, n: usize, asked: Duration, clock: Option<LeaseClock>) -> Verdict {
        let Some(LeaseClock { now: judged_at, others_heard }) = clock else {
            self.database_said(n, false);
            return Ok(());
        };
        self.compare_clock(n, asked, judged_at);
        let node = &mut self.nodes[n];
        let now = node.clock.monotonic();
        node.good_since.answered(asked, now);
        if let Some(ago) = others_heard {
            node.good_since.others_were_answered(ago, now);
        }
        match node.good_since.left(now) {
            None => Ok(()),
            Some(Duration::ZERO) => self.state_idly(n, Statement::Recover(Some(judged_at))),
            Some(wait) => {
                self.recover_in(n, wait);
                Ok(())
            }
        }
    }

    pub(super) fn recover_in(&mut self, n: usize, wait: Duration) {
        self.nodes[n].recovery_alarm += 1;
        let number = self.nodes[n].recovery_alarm;
        self.every(n, wait, NodeEvent::RecoverAlarm { number });
    }

    pub(super) fn database_said(&mut self, n: usize, good: bool) {
        if !good {
            self.nodes[n].good_since.failed();
        }
    }
}

fn does_something(cycle: &Cycle, done: &Done) -> bool {
    let reads_back = cycle.read_back.is_some();
    reads_back
        || done.again
        || done.swept > 0
        || !(done.written.is_empty() && done.claims.is_empty() && done.closed.is_empty())
}

fn note_of_cycle(id: &NodeId, cycle: &Cycle, answer: Option<&Done>, luck: Luck) -> String {
    let ended: Vec<String> = cycle.ended.iter().map(|one| one.attempt.to_string()).collect();
    let (mut written, mut claims, mut rest) = (Vec::new(), Vec::new(), String::new());
    if let Some(done) = answer {
        written = done.written.clone();
        claims = done
            .claims
            .iter()
            .map(|(claim, _)| format!("{} for {:?}", claim.attempt, claim.execution))
            .collect();
        rest = format!("open {} again {} look again {:?}", done.open, done.again, done.look_again);
    }
    let room = &cycle.room;
    let mut read_back = cycle.read_back.clone();
    read_back.iter_mut().for_each(|known| known.sort_unstable());
    format!(
        "{id} cycle {luck:?}: {} slots, {} questions, read back {read_back:?}, ended {ended:?} {written:?}, claims \
         {claims:?} {rest}",
        room.shared, room.questions
    )
}
