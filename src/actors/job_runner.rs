//! Takes the jobs that wait, and says of those that this node does that they are worked on.

use super::db::DbHandle;
use super::jobs::Jobs;
use crate::domain::ids::{NodeId, TaskId};
use crate::operations::jobs::{RenewJobs, TakeJob};
use actix::prelude::*;
use std::sync::Arc;
use std::time::Duration;

/// How soon a job hears that it was cancelled: a renewal tells.
const HEAR_EVERY: Duration = Duration::from_secs(1);

/// Command: there may be a job to take.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct LookForJobs;

/// Which jobs a node takes.
#[derive(Debug, Clone)]
pub struct RunnerSettings {
    pub node: NodeId,
    pub lease: Duration,
    /// Only those of this task: a command.
    pub task: Option<TaskId>,
}

/// Takes jobs.
pub struct JobRunnerActor {
    settings: RunnerSettings,
    db: DbHandle,
    jobs: Arc<Jobs>,
    is_looking: bool,
    /// Told to look while it looked.
    look_again: bool,
    is_renewing: bool,
}

impl JobRunnerActor {
    pub fn new(settings: RunnerSettings, db: DbHandle, jobs: Arc<Jobs>) -> Self {
        JobRunnerActor { settings, db, jobs, is_looking: false, look_again: false, is_renewing: false }
    }

    fn look(&mut self, ctx: &mut Context<Self>) {
        if self.is_looking {
            self.look_again = true;
            return;
        }
        if !self.jobs.has_room() {
            // Whichever ends says so.
            return;
        }
        self.is_looking = true;
        let RunnerSettings { node, lease, task } = self.settings.clone();
        let db = self.db.clone();
        let taking = async move { db.perform(TakeJob { node, task, lease }).await };
        ctx.spawn(taking.into_actor(self).map(|taken, me, ctx| {
            me.is_looking = false;
            let again = std::mem::take(&mut me.look_again);
            match taken {
                Ok(Some(row)) => {
                    let runner = ctx.address();
                    me.jobs.begin(row, move || {
                        // Whoever has gone by then has a successor, which looks at its start.
                        let _ = runner.try_send(LookForJobs);
                    });
                    me.look(ctx);
                }
                Ok(None) if again => me.look(ctx),
                Ok(None) => {}
                Err(error) => log::warn!("jobs could not be looked for, and are again: {error}"),
            }
        }));
    }

    fn renew(&mut self, ctx: &mut Context<Self>) {
        self.look(ctx);
        if std::mem::replace(&mut self.is_renewing, true) {
            return;
        }
        let RunnerSettings { node, lease, .. } = self.settings.clone();
        // What is taken while the answer is on its way is not in it.
        let taken_before = self.jobs.ids();
        let db = self.db.clone();
        let renewing = async move { db.perform(RenewJobs { node, lease }).await };
        ctx.spawn(renewing.into_actor(self).map(move |renewed, me, ctx| {
            me.is_renewing = false;
            match renewed {
                Ok(renewed) => {
                    me.jobs.keep_only(&renewed.own, &taken_before);
                    for id in &renewed.interrupted {
                        log::warn!("nobody works on execution {id} any more; it ends as interrupted");
                    }
                    if !renewed.interrupted.is_empty() {
                        me.look(ctx);
                    }
                }
                Err(error) => log::warn!("the leases of jobs could not be renewed: {error}"),
            }
        }));
    }
}

impl Actor for JobRunnerActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.run_interval(self.settings.lease / 3, Self::renew);
        ctx.run_interval(HEAR_EVERY, |me, ctx| {
            if !me.jobs.ids().is_empty() {
                me.renew(ctx);
            }
        });
        self.renew(ctx);
    }
}

impl Supervised for JobRunnerActor {}

impl Handler<LookForJobs> for JobRunnerActor {
    type Result = ();

    fn handle(&mut self, _: LookForJobs, ctx: &mut Self::Context) {
        self.look(ctx);
    }
}
