//! What a node does with the database's answers, as `actors/executor.rs` and `actors/scheduler.rs` do it.

use super::attempts::job;
use super::{Flying, NodeEvent, Statement};
use crate::invariants::Verdict;
use crate::store::{Done, Fired};
use crate::world::World;
use contenthub::db::claim::Claim;
use contenthub::db::transitions::Ended;
use contenthub::domain::clock::Clock;
use contenthub::domain::trust::TrustWindow;
use contenthub::engine::dispatch;
use contenthub::engine::slots::{AttemptKind, Taken};
use contenthub::engine::ticking;
use contenthub::operations::recovery::Recovered;
use std::sync::Arc;
use std::time::Duration;

impl World<'_> {
    /// What the scheduler is to do.
    pub(super) fn ticking(&mut self, n: usize, event: ticking::Event) {
        if !self.nodes[n].is_server() {
            return;
        }
        let now = self.nodes[n].clock.now();
        for effect in self.nodes[n].ticking.on(event, now) {
            match effect {
                ticking::Effect::FireDue if self.clock_holds(n) => self.ticking(n, ticking::Event::Held),
                ticking::Effect::FireDue => self.state(n, Statement::Fire),
                ticking::Effect::Tick => {
                    self.soon(n, NodeEvent::Woken);
                    if self.chance.happens(self.faults.duplicate_tick) {
                        self.soon(n, NodeEvent::Woken);
                    }
                }
                ticking::Effect::RingAt(at) => {
                    let span = at.since(self.nodes[n].clock.now());
                    self.nodes[n].ring += 1;
                    let number = self.nodes[n].ring;
                    // Timers are a moment late.
                    self.every(n, span + Duration::from_millis(1), NodeEvent::Ring { number });
                }
            }
        }
    }

    pub(super) fn cycle_answer(
        &mut self,
        n: usize,
        ended: &Arc<Vec<Ended>>,
        window: TrustWindow,
        done: Option<Done>,
    ) -> Verdict {
        let Some(done) = done else {
            self.database_said(n, false);
            return self.dispatch(n, dispatch::Event::CycleFailed { ended: ended.to_vec() });
        };
        let answered_at = self.nodes[n].clock.monotonic();
        self.nodes[n].good_since.answered(answered_at, answered_at);
        let claimed_at = self.now();
        let mut claimed = Vec::with_capacity(done.claims.len());
        let left_out = !done.claims.is_empty() && self.clock_holds(n);
        if !left_out && !done.claims.is_empty() {
            self.clock_is_good_enough(n)?;
        }
        for (claim, account) in done.claims.into_iter().filter(|_| !left_out) {
            claimed.push(Taken { attempt: claim.attempt, account: claim.account, kind: kind(&claim) });
            let (attempt, since) = (claim.attempt, self.nodes[n].clock.now());
            let job = Some(job(self, n, &claim, account, window));
            let flying = Flying { claim, account, since, claimed_at, job, flight: None };
            self.nodes[n].flights.insert(attempt, flying);
            self.soon(n, NodeEvent::Begin(attempt));
        }
        if !done.closed.is_empty() {
            self.soon(n, NodeEvent::Changed);
        }
        let Done { open, again, look_again, looked_at, .. } = done;
        let refused = Vec::new();
        let event =
            dispatch::Event::CycleDone { claimed, left_out, open, again, look_again, looked_at, refused };
        self.dispatch(n, event)?;
        // A command is through with its run.
        if !self.nodes[n].is_server() && open == 0 && !again {
            self.soon(n, NodeEvent::Drain);
        }
        Ok(())
    }

    pub(super) fn fire_answer(&mut self, n: usize, fired: Option<Fired>) {
        self.ticking(
            n,
            match fired {
                None => ticking::Event::Failed,
                Some(Fired { any, executor_is_wanted, next }) => {
                    ticking::Event::Fired { any, executor_is_wanted, next }
                }
            },
        );
    }

    pub(super) fn recover_answer(&mut self, n: usize, recovered: Option<Recovered>) -> Verdict {
        let Some(recovered) = recovered else {
            self.database_said(n, false);
            return Ok(());
        };
        if let Some(wait) = recovered.look_again_in {
            self.recover_in(n, wait);
        }
        if recovered.entries > 0 {
            self.look_for_work(n)?;
        }
        Ok(())
    }
}

fn kind(claim: &Claim) -> AttemptKind {
    match (claim.question, claim.suspect) {
        (Some(_), _) => AttemptKind::Question,
        (None, true) => AttemptKind::Suspect,
        (None, false) => AttemptKind::Send,
    }
}
