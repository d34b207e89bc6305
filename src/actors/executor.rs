//! Keeps the wire full. Holds who is in flight; decides nothing (`engine/dispatch.rs`).

mod clock;
mod counting;
mod recovering;

pub use clock::MEND_AGAIN_AFTER;

use super::db::{Changed, DbHandle};
use super::in_flight::InFlight;
use super::publisher::{AttemptEnded, Publish};
use super::timekeeper::Timekeeper;
use crate::db::claim::Claim;
use crate::db::node_locks::NodeLocks;
use crate::db::transitions::{Ended, Written};
use crate::domain::clock::{Clock, Timestamp};
use crate::domain::ids::{AttemptId, NodeId};
use crate::domain::trust::{Trust, TrustWindow};
use crate::domain::turns::Room;
use crate::engine::dispatch::{Dispatch, Effect, Event, HasAttempt};
use crate::engine::good_since::GoodSince;
use crate::engine::slots::{AttemptKind, Taken};
use crate::operations::cycle::{ClaimScope, Cycle, CycleDone};
use crate::operations::recovery::Renew;
use crate::operations::run_leases::RenewRuns;
use actix::prelude::*;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// Facts and outcomes that may wait for the executor; slots bound them.
const MAILBOX: usize = 8192;
/// No sleep is longer, so that a stepped clock is noticed.
const LONGEST_SLEEP: Duration = Duration::from_secs(15);

/// How a node works.
#[derive(Debug, Clone)]
pub struct ExecutorSettings {
    pub node: NodeId,
    /// Shared ones; besides, each lane may always have one attempt on the wire.
    pub slots: usize,
    pub lease: Duration,
    pub scope: ClaimScope,
}

/// Command: there is a run to work on.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Tick;

/// Command: claim no more, and say when nothing is left on the wire.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Drain(pub oneshot::Sender<()>);

/// Takes what is due and hands it to the publishers.
pub struct PublishingExecutorActor {
    settings: ExecutorSettings,
    dispatch: Dispatch<Ended>,
    clock: Arc<dyn Clock>,
    time: Arc<Timekeeper>,
    db: DbHandle,
    in_flight: Arc<InFlight>,
    publishers: Vec<Recipient<Publish>>,
    next_publisher: usize,
    scheduler: Option<Recipient<Changed>>,
    /// None on PostgreSQL, where leases run out by the database's clock.
    locks: Option<Arc<NodeLocks>>,
    alarm: Option<SpawnHandle>,
    /// Rings when the next dead node's claim may be taken back.
    recovery_alarm: Option<SpawnHandle>,
    /// A look for dead nodes is under way; so are renewals.
    is_looking: bool,
    is_renewing: bool,
    is_renewing_runs: bool,
    drained: Option<oneshot::Sender<()>>,
    good_since: GoodSince,
}

impl HasAttempt for Ended {
    fn attempt(&self) -> AttemptId {
        self.attempt
    }
}

/// Command: who publishes, and who fires. Sent after all of them are started, and when one was started anew.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Wire {
    pub publishers: Vec<Recipient<Publish>>,
    pub scheduler: Option<Recipient<Changed>>,
}

impl PublishingExecutorActor {
    pub fn new(
        settings: ExecutorSettings,
        clock: Arc<dyn Clock>,
        time: Arc<Timekeeper>,
        db: DbHandle,
        in_flight: Arc<InFlight>,
        locks: Option<Arc<NodeLocks>>,
    ) -> Self {
        PublishingExecutorActor {
            dispatch: Dispatch::new(settings.slots),
            good_since: GoodSince::new(settings.lease),
            settings,
            clock,
            time,
            db,
            in_flight,
            publishers: Vec::new(),
            next_publisher: 0,
            scheduler: None,
            locks,
            alarm: None,
            recovery_alarm: None,
            is_looking: false,
            is_renewing: false,
            is_renewing_runs: false,
            drained: None,
        }
    }

    fn apply(&mut self, event: Event<Ended>, ctx: &mut Context<Self>) {
        for effect in self.dispatch.on(event, self.clock.now()) {
            match effect {
                Effect::RunCycle { ended, room, read_back } => {
                    // Nothing is claimed that nobody could send, nor by a clock that may be wrong.
                    let clock_is_right = self.time.look().is_none();
                    let may_claim = self.can_send() && clock_is_right;
                    let room = if may_claim { room } else { Room::default() };
                    let cycle = Cycle {
                        node: self.settings.node.clone(),
                        lease: self.settings.lease,
                        scope: self.settings.scope,
                        ended: Arc::new(ended),
                        room,
                        clock_is_right,
                        read_back,
                    };
                    self.run_cycle(cycle, ctx);
                }
                Effect::WakeAt(at) => self.wake_at(at, ctx),
                Effect::Drained => {
                    if let Some(waiting) = self.drained.take() {
                        // Nobody waits any more where the grace was over before.
                        let _ = waiting.send(());
                    }
                }
            }
        }
    }

    fn can_send(&self) -> bool {
        self.in_flight.is_open() && self.publishers.iter().any(Recipient::connected)
    }

    fn run_cycle(&mut self, cycle: Cycle, ctx: &mut Context<Self>) {
        let db = self.db.clone();
        let window = TrustWindow::begin(&*self.clock, cycle.lease);
        let kept = cycle.ended.clone();
        let answer = async move { db.perform(cycle).await };
        ctx.spawn(answer.into_actor(self).map(move |result, me, ctx| match result {
            Ok(done) => me.cycle_done(&kept, done, window, ctx),
            Err(error) => {
                me.database_failed();
                me.in_flight.has_written(Err(error.to_string()));
                log::warn!("the engine's cycle failed, and is tried again: {error}");
                // The threads let go of theirs before they answer; where they have not, a copy does.
                me.apply(Event::CycleFailed { ended: Arc::unwrap_or_clone(kept) }, ctx);
            }
        }));
    }

    fn cycle_done(&mut self, ended: &[Ended], done: CycleDone, window: TrustWindow, ctx: &mut Context<Self>) {
        self.database_answered();
        self.in_flight.has_written(Ok(()));
        for (one, written) in ended.iter().zip(&done.written) {
            tell_late(one, *written);
        }
        counting::count(&self.in_flight.metrics, ended, &done);
        let is_refused = |place: usize| done.written.get(place) == Some(&Written::Refused);
        let (refused, written): (Vec<_>, Vec<_>) =
            ended.iter().enumerate().partition(|(place, _)| is_refused(*place));
        self.in_flight.written(written.into_iter().map(|(_, one)| &one.attempt));
        let refused = refused.into_iter().map(|(_, one)| one.clone()).collect();
        for (execution, report) in &done.closed {
            log::info!("execution {execution} ended after {:.2} s: {}", report.duration, report.message);
        }
        let trust = Trust::new(window, self.clock.clone());
        let mut claimed = Vec::with_capacity(done.claims.len());
        let mut left_out = !done.claims.is_empty() && self.claimed_by_a_wrong_clock();
        let claims = if left_out { Vec::new() } else { done.claims };
        for claim in claims {
            let Some(ready) = done.accounts.get(&claim.account) else {
                log::error!(
                    "{} was claimed without its account {}: it goes back",
                    claim.attempt,
                    claim.account
                );
                left_out = true;
                continue;
            };
            let (attempt, account) = (claim.attempt, claim.account);
            claimed.push(Taken { attempt, account, kind: kind(&claim) });
            let flight = self.in_flight.add(&claim, kind(&claim), ready, &trust);
            self.publish(Publish { claim, ready: ready.clone(), trust: trust.clone(), flight });
        }
        if !done.closed.is_empty()
            && let Some(scheduler) = &self.scheduler
        {
            // A full mailbox holds such a notice already.
            let _ = scheduler.try_send(Changed);
        }
        let (open, again, look_again, looked_at) = (done.open, done.again, done.look_again, done.looked_at);
        let event = Event::CycleDone { claimed, left_out, open, again, look_again, looked_at, refused };
        self.apply(event, ctx);
    }

    /// Hands it to the next publisher that takes it. Where none does, it goes back unsent.
    fn publish(&mut self, mut command: Publish) {
        for _ in 0..self.publishers.len() {
            self.next_publisher = (self.next_publisher + 1) % self.publishers.len();
            match self.publishers[self.next_publisher].try_send(command) {
                Ok(()) => return,
                Err(refused) => command = refused.into_inner(),
            }
        }
        self.in_flight.metrics.refused_by_publishers.add(1);
        log::error!("no publisher takes {}", command.claim.attempt);
    }

    fn wake_at(&mut self, at: Timestamp, ctx: &mut Context<Self>) {
        let span = at.since(self.clock.now()).min(LONGEST_SLEEP);
        let sleep = self.clock.sleep(span).into_actor(self);
        let alarm = ctx.spawn(sleep.map(move |(), me, ctx| {
            me.alarm = None;
            // The wall clock decides, not the timer: it may have been stepped, and timers may be a moment early.
            if me.clock.now() < at { me.wake_at(at, ctx) } else { me.apply(Event::Woken, ctx) }
        }));
        if let Some(earlier) = self.alarm.replace(alarm) {
            ctx.cancel_future(earlier);
        }
    }

    fn renew_runs(&mut self, ctx: &mut Context<Self>) {
        // Of a database that is slower than this one after the other would come, and none of them in time.
        if std::mem::replace(&mut self.is_renewing_runs, true) {
            return;
        }
        let renew = RenewRuns { scope: self.settings.scope, lease: self.settings.lease };
        let db = self.db.clone();
        ctx.spawn(async move { db.perform(renew).await }.into_actor(self).map(|result, me, _| {
            me.is_renewing_runs = false;
            if let Err(error) = result {
                me.database_failed();
                log::warn!("the leases of runs could not be renewed: {error}");
            }
        }));
    }

    fn renew_leases(&mut self, ctx: &mut Context<Self>) {
        self.renew_runs(ctx);
        let entries: Vec<_> = self.dispatch.attempts().into_iter().map(|attempt| attempt.entry).collect();
        if entries.is_empty() || std::mem::replace(&mut self.is_renewing, true) {
            return;
        }
        let renew = Renew { node: self.settings.node.clone(), entries, lease: self.settings.lease };
        let db = self.db.clone();
        ctx.spawn(async move { db.perform(renew).await }.into_actor(self).map(|result, me, _| {
            me.is_renewing = false;
            if let Err(error) = result {
                me.database_failed();
                log::warn!("leases could not be renewed: {error}");
            }
        }));
    }
}

fn kind(claim: &Claim) -> AttemptKind {
    match (claim.question, claim.suspect) {
        (Some(_), _) => AttemptKind::Question,
        (None, true) => AttemptKind::Suspect,
        (None, false) => AttemptKind::Send,
    }
}

/// Says what the log alone would not tell anybody: outcomes of claims that were lost.
fn tell_late(one: &Ended, written: Written) {
    let (attempt, account) = (one.attempt, one.account);
    match written {
        Written::Settled(_) | Written::Already(_) | Written::Refused => {}
        Written::LeaseLost => log::warn!("{attempt} came too late: its lease was lost"),
        Written::Late(_) => {
            log::warn!("{attempt} came after its lease was lost, and proves that the post is out")
        }
        Written::PossibleDuplicate(log) => log::error!(
            "possible duplicate: {attempt} on account {account} was published after its lease was lost, and the entry \
             had been tried again by then (log row {log}). Look for a second post"
        ),
    }
}

impl Actor for PublishingExecutorActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(MAILBOX);
        let (on_the_wire, ended) = self.in_flight.take_over(ctx.address().recipient());
        self.dispatch = Dispatch::resuming(self.settings.slots, on_the_wire, ended);
        ctx.run_interval(self.settings.lease / 3, Self::renew_leases);
        ctx.run_interval(clock::LOOK_EVERY, Self::look_at_clock);
        ctx.run_interval((self.settings.lease / 4).min(Duration::from_secs(5)), Self::recover);
        self.recover(ctx);
    }
}

impl Supervised for PublishingExecutorActor {}

impl Handler<Wire> for PublishingExecutorActor {
    type Result = ();

    fn handle(&mut self, command: Wire, ctx: &mut Self::Context) {
        self.publishers = command.publishers;
        self.scheduler = command.scheduler;
        self.apply(Event::Woken, ctx);
    }
}

impl Handler<Tick> for PublishingExecutorActor {
    type Result = ();

    fn handle(&mut self, _: Tick, ctx: &mut Self::Context) {
        self.apply(Event::Woken, ctx);
    }
}

impl Handler<AttemptEnded> for PublishingExecutorActor {
    type Result = ();

    fn handle(&mut self, fact: AttemptEnded, ctx: &mut Self::Context) {
        self.apply(Event::AttemptEnded(fact.0), ctx);
    }
}

impl Handler<Drain> for PublishingExecutorActor {
    type Result = ();

    fn handle(&mut self, command: Drain, ctx: &mut Self::Context) {
        self.drained = Some(command.0);
        self.apply(Event::Drain, ctx);
    }
}
