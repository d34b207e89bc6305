//! Runs of tasks that the engine does not do: a node takes one, says that it works on it, and ends it.

use super::execution::{GetExecution, end_with};
use super::task_type::{Job, JobError, Places, StopFlag};
use super::{Access, Context, Operation, OperationError};
use crate::db::connection::DbConnection;
use crate::db::executions::{self, ExecutionRow};
use crate::db::kept::Kept;
use crate::db::{jobs, leases};
use crate::domain::clock::{Clock, Timestamp};
use crate::domain::execution::ExecutionStatus;
use crate::domain::ids::{ExecutionId, NodeId, TaskId};
use crate::domain::kept::failure::KeptFailure;
use crate::domain::report::{JobDone, Report};
use serde_json::Value;
use std::time::Duration;

/// Takes the oldest job that nobody does yet.
#[derive(Debug, Clone)]
pub struct TakeJob {
    pub node: NodeId,
    /// Only of this task.
    pub task: Option<TaskId>,
    pub lease: Duration,
}

impl Operation for TakeJob {
    type Output = Option<ExecutionRow>;
    const ACCESS: Access = Access::Engine;

    fn run(
        self,
        conn: &mut DbConnection,
        _: &Context,
        now: Timestamp,
    ) -> Result<Option<ExecutionRow>, OperationError> {
        for job in jobs::waiting(conn, self.task)? {
            let taken = conn.write(|conn| {
                let until = leases::lease_clock(conn, now)? + self.lease;
                jobs::take(conn, job.id, &self.node, until)
            })?;
            if taken {
                return Ok(Some(job));
            }
        }
        Ok(None)
    }
}

/// Says that a node works on its jobs; ends those of nodes that are gone, which starts what waited behind them.
#[derive(Debug, Clone)]
pub struct RenewJobs {
    pub node: NodeId,
    pub lease: Duration,
}

/// How the jobs are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Renewed {
    /// Those of the node. What it does beside them was ended by somebody else.
    pub own: Vec<ExecutionId>,
    /// Those that were ended because their nodes are gone.
    pub interrupted: Vec<ExecutionId>,
}

impl Operation for RenewJobs {
    type Output = Renewed;
    const ACCESS: Access = Access::Engine;

    fn run(self, conn: &mut DbConnection, _: &Context, now: Timestamp) -> Result<Renewed, OperationError> {
        conn.write(|conn| {
            let at = leases::lease_clock(conn, now)?;
            // First its own, so that it ends none of them, however late it is.
            let own = jobs::renew(conn, &self.node, at + self.lease)?;
            let mut interrupted = Vec::new();
            for job in jobs::abandoned(conn, at)? {
                let message =
                    "Interrupted: the process that did it is gone; what it had done until then stays done";
                if end(conn, &job, Ended::interrupted(message), now)? {
                    interrupted.push(job.id);
                }
            }
            Ok(Renewed { own, interrupted })
        })
    }
}

/// What became of a job.
#[derive(Debug, Clone)]
struct Ended {
    status: ExecutionStatus,
    done: JobDone,
}

impl Ended {
    fn interrupted(message: &str) -> Self {
        Ended { status: ExecutionStatus::Interrupted, done: JobDone::of(message) }
    }

    /// By the server's end, or by a person: then the row says so.
    fn stopped(done: JobDone) -> Self {
        let message = match done.message.as_str() {
            "" => "Interrupted before its end; what it had done until then stays done".to_owned(),
            what => format!("Interrupted before its end: {what}"),
        };
        Ended { status: ExecutionStatus::Interrupted, done: JobDone { message, ..done } }
    }

    /// As a person wanted it to end.
    fn cancelled(self) -> Self {
        let message = self.done.message.replacen("Interrupted", "Cancelled", 1);
        Ended { status: ExecutionStatus::Cancelled, done: JobDone { message, ..self.done } }
    }

    fn failed(why: &str) -> Self {
        Ended { status: ExecutionStatus::Failed, done: JobDone::of(format!("Failed: {why}")) }
    }
}

/// True for whoever ended it.
fn end(
    conn: &mut DbConnection,
    job: &ExecutionRow,
    ended: Ended,
    now: Timestamp,
) -> Result<bool, OperationError> {
    let seconds = now.since(job.started_at.unwrap_or(job.created_at)).as_secs_f64();
    let success = ended.status == ExecutionStatus::Succeeded;
    let report = Report::of_job(job.task_id, job.id, success, ended.done, seconds);
    Ok(end_with(conn, job.task_id, job.id, ended.status, report, now)?.is_some())
}

/// A person ends a job, or its task is disabled or deleted: at once where nobody does it yet; else it stops before its next
/// step, and says then what it had done.
pub(super) fn cancel(
    conn: &mut DbConnection,
    job: &ExecutionRow,
    now: Timestamp,
) -> Result<(), OperationError> {
    if job.owner.is_some() {
        return Ok(executions::end_later(conn, job.id, ExecutionStatus::Cancelled)?);
    }
    let done = JobDone::of("Cancelled before anything was done");
    end(conn, job, Ended { status: ExecutionStatus::Cancelled, done }, now)?;
    Ok(())
}

/// Writes what became of a job.
#[derive(Debug, Clone)]
struct FinishJob {
    job: ExecutionId,
    ended: Ended,
}

impl Operation for FinishJob {
    /// False where somebody else had ended it: then that stands.
    type Output = bool;
    const ACCESS: Access = Access::Write;

    fn run(self, conn: &mut DbConnection, cx: &Context, now: Timestamp) -> Result<bool, OperationError> {
        let row = GetExecution(self.job).run(conn, cx, now)?;
        let was_stopped = self.ended.status == ExecutionStatus::Interrupted;
        let ended = match row.ends_as {
            // One that was through before it heard of it is what it is.
            Some(ExecutionStatus::Cancelled) if was_stopped => self.ended.cancelled(),
            _ => self.ended,
        };
        end(conn, &row, ended, now)
    }
}

/// A job at work on a thread of its own, with a connection of its own.
pub struct Worker<'a> {
    pub row: ExecutionRow,
    pub places: &'a Places,
    pub cx: &'a Context,
    pub clock: &'a dyn Clock,
    pub conn: &'a mut Kept,
    pub stop: &'a StopFlag,
}

impl Worker<'_> {
    /// Does the work. It blocks for as long as that takes.
    pub fn work(&mut self) -> Outcome {
        let ended = match self.done() {
            Ok(done) => Ended { status: ExecutionStatus::Succeeded, done },
            Err(JobError::Stopped(done)) => Ended::stopped(*done),
            Err(error) => Ended::failed(&error.to_string()),
        };
        Outcome(FinishJob { job: self.row.id, ended })
    }

    fn done(&mut self) -> Result<JobDone, JobError> {
        let name = &self.row.task_type;
        let unknown = || JobError::Failed(KeptFailure::UnknownType { name: name.clone() }.to_string());
        let work = self.cx.task_types.get(name).and_then(|it| it.work).ok_or_else(unknown)?;
        let unreadable = |error: serde_json::Error| {
            JobError::Failed(KeptFailure::ParamsUnreadable { why: error.to_string() }.to_string())
        };
        let params: Value = serde_json::from_str(&self.row.params).map_err(unreadable)?;
        work(&mut Job {
            execution: self.row.id,
            task: self.row.task_id,
            params: &params,
            places: self.places,
            cx: self.cx,
            clock: self.clock,
            conn: self.conn,
            stop: self.stop,
        })
    }

    /// Writes what became of it; false where somebody else had ended it.
    pub fn finish(&mut self, outcome: &Outcome) -> Result<bool, OperationError> {
        let result = super::perform(outcome.0.clone(), self.conn.get(|_| Ok(()))?, self.cx, self.clock.now());
        if let Err(OperationError::Db(_) | OperationError::Internal(_)) = &result {
            self.conn.give_up();
        }
        result
    }
}

/// What a job came to, before it is written.
#[derive(Debug, Clone)]
pub struct Outcome(FinishJob);

impl Outcome {
    /// Of a job whose work broke.
    pub fn broken(job: ExecutionId, panic: &str) -> Self {
        let failure = KeptFailure::WorkBroke { panic: panic.to_owned() };
        Outcome(FinishJob { job, ended: Ended::failed(&failure.to_string()) })
    }

    pub fn message(&self) -> &str {
        &self.0.ended.done.message
    }
}
