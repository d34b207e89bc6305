//! The executor's part that takes back what dead nodes held, and knows since when the database answers
//! (`engine/good_since.rs`).

use super::PublishingExecutorActor;
use crate::actors::db::{Changed, DbHandle};
use crate::db::node_locks::NodeLocks;
use crate::domain::ids::NodeId;
use crate::engine::dispatch::Event;
use crate::operations::OperationError;
use crate::operations::broken::Broken;
use crate::operations::recovery::{Dead, HearLeaseClock, LeaseClock, NodesWithClaims, Recover, Recovered};
use actix::prelude::*;
use std::sync::Arc;
use std::time::Duration;

type Answer<T> = Result<T, OperationError>;

impl PublishingExecutorActor {
    pub(super) fn database_answered(&mut self) {
        let now = self.clock.monotonic();
        self.good_since.answered(now, now);
    }

    pub(super) fn database_failed(&mut self) {
        self.good_since.failed();
    }

    /// Asks also while there is an outage, and where there is nothing to do: of a node without work nobody else learns
    /// that the database was away, nor that it is back.
    pub(super) fn recover(&mut self, ctx: &mut Context<Self>) {
        // One at a time: of those that wait an outage out together, the last would be told the latest time and answered
        // the soonest, and would not seem to have waited.
        if std::mem::replace(&mut self.is_looking, true) {
            return;
        }
        let (db, node) = (self.db.clone(), self.settings.node.clone());
        if let Some(locks) = self.locks.clone() {
            let answer = recover_gone(db, node, locks).into_actor(self);
            let asked = self.clock.monotonic();
            ctx.spawn(answer.map(move |result, me, ctx| me.has_recovered(asked, result, ctx)));
            return;
        }
        let asked = self.clock.monotonic();
        let answer = async move { db.perform(HearLeaseClock { by: node }).await }.into_actor(self);
        ctx.spawn(answer.map(move |result, me, ctx| match result {
            Ok(clock) => me.recover_by_clock(asked, clock, ctx),
            Err(error) => me.has_recovered(asked, Err(error), ctx),
        }));
    }

    /// What had run out at `judged_at`. Where the answer is long in coming, what ran out meanwhile is not judged.
    fn recover_by_clock(&mut self, asked: Duration, clock: LeaseClock, ctx: &mut Context<Self>) {
        let judged_at = clock.now;
        self.time.compare(asked, judged_at);
        let now = self.clock.monotonic();
        self.good_since.answered(asked, now);
        if let Some(ago) = clock.others_heard {
            self.good_since.others_were_answered(ago, now);
        }
        match self.good_since.left(now) {
            None => self.is_looking = false,
            Some(Duration::ZERO) => {
                let recover =
                    Recover { by: self.settings.node.clone(), dead: Dead::LeaseExpiredBy(judged_at) };
                let db = self.db.clone();
                let answer = async move { db.perform(recover).await }.into_actor(self);
                ctx.spawn(answer.map(move |result, me, ctx| me.has_recovered(now, result, ctx)));
            }
            Some(wait) => {
                self.is_looking = false;
                self.recover_in(wait, ctx);
            }
        }
    }

    fn has_recovered(&mut self, asked: Duration, result: Answer<Recovered>, ctx: &mut Context<Self>) {
        self.is_looking = false;
        let now = self.clock.monotonic();
        let recovered = match result {
            Ok(recovered) => recovered,
            Err(error) => {
                self.database_failed();
                log::warn!("entries of dead nodes could not be looked for: {error}");
                return;
            }
        };
        self.good_since.answered(asked, now);
        if let Some(wait) = recovered.look_again_in {
            self.recover_in(wait, ctx);
        }
        if recovered.entries == 0 {
            return;
        }
        self.in_flight.metrics.recovered.add(u64::try_from(recovered.entries).unwrap_or(u64::MAX));
        log::warn!("{} entries of dead nodes are back in work", recovered.entries);
        self.look_for_work(ctx);
    }

    /// Here, and where tasks are fired.
    pub(super) fn look_for_work(&mut self, ctx: &mut Context<Self>) {
        self.apply(Event::Woken, ctx);
        if let Some(scheduler) = &self.scheduler {
            // A full mailbox holds such a notice already.
            let _ = scheduler.try_send(Changed);
        }
    }

    fn recover_in(&mut self, wait: Duration, ctx: &mut Context<Self>) {
        let sleep = self.clock.sleep(wait).into_actor(self);
        let alarm = ctx.spawn(sleep.map(|(), me, ctx| {
            me.recovery_alarm = None;
            me.recover(ctx);
        }));
        if let Some(earlier) = self.recovery_alarm.replace(alarm) {
            ctx.cancel_future(earlier);
        }
    }
}

/// By locks, where no clock is needed.
async fn recover_gone(db: DbHandle, node: NodeId, locks: Arc<NodeLocks>) -> Answer<Recovered> {
    let holders = db.perform(NodesWithClaims { by: node.clone() }).await?;
    if holders.is_empty() {
        return Ok(Recovered::default());
    }
    let gone = actix_rt::task::spawn_blocking(move || locks.gone(holders)).await;
    let dead = Dead::Nodes(gone.map_err(|error| Broken::Said(error.to_string()))?);
    db.perform(Recover { by: node, dead }).await
}
