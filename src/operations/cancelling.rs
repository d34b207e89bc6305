//! Ending runs before they are through: nothing more is claimed for them, and what is on the wire ends as it would.

use super::execution::{GetExecution, close, opened};
use super::wrong_state::{Needed, State};
use super::{Access, Context, Operation, OperationError};
use crate::db::connection::DbConnection;
use crate::db::executions::{self, ExecutionRow};
use crate::db::leases;
use crate::domain::clock::Timestamp;
use crate::domain::execution::ExecutionStatus;
use crate::domain::ids::{ExecutionId, TaskId};
use crate::domain::thing::Thing;

/// Ends a run's claiming. It is over at once, or with the last of what it has on the wire.
#[derive(Debug, Clone, Copy)]
pub struct CancelExecution(pub ExecutionId);

/// A run that a person has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelledExecution {
    /// Runs still where something of it is on the wire, and then [`ends_as`](ExecutionRow::ends_as) cancelled.
    pub row: ExecutionRow,
    /// How many attempts of it are.
    pub on_the_wire: i64,
}

impl Operation for CancelExecution {
    type Output = CancelledExecution;
    const ACCESS: Access = Access::Write;

    fn run(
        self,
        conn: &mut DbConnection,
        cx: &Context,
        now: Timestamp,
    ) -> Result<CancelledExecution, OperationError> {
        let row = executions::hold(conn, self.0)?;
        let row = row.ok_or_else(|| OperationError::not_found(Thing::Execution, self.0))?;
        let on_the_wire = match row.status {
            ExecutionStatus::Running => stop(conn, cx, &row, now)?,
            ExecutionStatus::Queued => {
                executions::cancel_queued(conn, row.task_id, now)?;
                0
            }
            ended => {
                return Err(OperationError::WrongState {
                    thing: Thing::Execution,
                    id: row.id.0,
                    state: State::Execution(ended),
                    wanted: Needed::OpenToCancel,
                });
            }
        };
        Ok(CancelledExecution { row: GetExecution(self.0).run(conn, cx, now)?, on_the_wire })
    }
}

/// Ends a run that the caller holds: at once where nothing of it is on the wire, else with the last that is. Gives how
/// many are.
fn stop(
    conn: &mut DbConnection,
    cx: &Context,
    run: &ExecutionRow,
    now: Timestamp,
) -> Result<i64, OperationError> {
    if run.is_job() {
        super::jobs::cancel(conn, run, now)?;
        return Ok(0);
    }
    let on_the_wire = leases::in_flight_of(conn, run.id)?;
    if on_the_wire == 0 {
        close(conn, cx, opened(run), ExecutionStatus::Cancelled, now)?;
    } else {
        executions::end_later(conn, run.id, ExecutionStatus::Cancelled)?;
    }
    Ok(on_the_wire)
}

/// Ends what a task is doing, because it is disabled or deleted, or all publishing is paused: see [`CancelExecution`].
pub(super) fn stop_task(
    conn: &mut DbConnection,
    cx: &Context,
    task: TaskId,
    now: Timestamp,
) -> Result<(), OperationError> {
    executions::cancel_queued(conn, task, now)?;
    if let Some(running) = executions::hold_running(conn, task)? {
        stop(conn, cx, &running, now)?;
    }
    Ok(())
}
