//! What a clock that was stepped back leaves behind: instants that were computed by the clock as it was, and would be
//! waited for until it is there again.

use super::{Access, Context, Operation, OperationError};
use crate::db::connection::DbConnection;
use crate::db::tasks::{self, TaskRow};
use crate::db::{entries, executions, lanes, newest};
use crate::domain::clock::Timestamp;
use crate::domain::schedule::{Schedule, ScheduleType};
use std::time::Duration;

/// The latest instant at which something is known to have happened, by whatever clock.
#[derive(Debug, Clone, Copy)]
pub struct NewestInstant;

impl Operation for NewestInstant {
    type Output = Option<Timestamp>;
    const ACCESS: Access = Access::Engine;

    fn run(
        self,
        conn: &mut DbConnection,
        _: &Context,
        _: Timestamp,
    ) -> Result<Option<Timestamp>, OperationError> {
        Ok(newest::instant(conn)?)
    }
}

/// Has tasks fire, lanes open and entries be due by the clock as it is now. Gives back how many tasks fire sooner than they would have.
#[derive(Debug, Clone, Copy)]
pub struct MendTimes;

impl Operation for MendTimes {
    type Output = usize;
    const ACCESS: Access = Access::Engine;

    fn run(self, conn: &mut DbConnection, cx: &Context, now: Timestamp) -> Result<usize, OperationError> {
        conn.write(|conn| {
            let mut sooner = 0;
            for task in tasks::list(conn)? {
                sooner += usize::from(mend(conn, &task, now)?);
            }
            executions::begun_by(conn, now)?;
            entries::due_by(conn, now)?;
            lanes::look_anew(conn, None)?;
            // From this instant, not from that of the next look, which may be a while off.
            lanes::count_from(conn, now, cx.platform_pause)?;
            Ok(sooner)
        })
    }
}

/// A task that would sleep for longer than its period fires at its next time from now.
fn mend(conn: &mut DbConnection, task: &TaskRow, now: Timestamp) -> Result<bool, OperationError> {
    let Some(next_run) = task.next_run.filter(|_| task.enabled) else { return Ok(false) };
    // One that cannot be read is told where it fires.
    let Ok(schedule) = Schedule::read(task.written()) else { return Ok(false) };
    let schedule = match counted_from(task, now) {
        Some(computed_at) => schedule.counted_from(computed_at),
        None => schedule,
    };
    let Some(sooner) = schedule.sooner(next_run, now) else { return Ok(false) };
    let anchor = if task.anchor > now { sooner } else { task.anchor };
    log::info!("task {} fires at {sooner}, not at {next_run}: the clock was stepped back", task.id);
    Ok(tasks::reschedule(conn, task, anchor, Some(sooner))?)
}

/// An interval counts from an instant that lies ahead, either because a person asked for it, which stands, or because the
/// clock was ahead when it was made or changed: then it counts from now.
fn counted_from(task: &TaskRow, now: Timestamp) -> Option<Timestamp> {
    let every = Duration::from_secs(u64::try_from(task.interval_seconds?).unwrap_or(0));
    let is_computed =
        [task.created_at, task.updated_at].iter().any(|at| *at > now && *at + every == task.anchor);
    (task.schedule_type == ScheduleType::Interval && is_computed).then_some(now)
}
