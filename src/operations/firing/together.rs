//! Fires of many tasks that are due at the same time, in one transaction: of those that run once now, and do not run yet.
//! All others are fired one by one, and so are these where anything comes between.

use super::{Fired, scheduled, tell_skipped};
use crate::db::connection::DbConnection;
use crate::db::executions::NewExecution;
use crate::db::fires::{self, Move};
use crate::db::pause;
use crate::db::tasks::TaskRow;
use crate::domain::clock::Timestamp;
use crate::domain::ids::{ExecutionId, TaskId};
use crate::domain::misfire;
use crate::domain::schedule::Schedule;
use crate::operations::OperationError;
use fail::fail_point;
use std::collections::HashSet;

/// A task that runs once now, for the fire that came and for all that were missed with it.
struct Usual<'a> {
    task: &'a TaskRow,
    goes: Move,
}

/// Fires what can be fired together; gives back the rest.
pub(super) fn fire<'a>(
    conn: &mut DbConnection,
    tasks: &'a [TaskRow],
    now: Timestamp,
    fired: &mut Fired,
) -> Result<Vec<&'a TaskRow>, OperationError> {
    let usual: Vec<Usual<'_>> = tasks.iter().filter_map(|task| usual(task, now)).collect();
    if usual.len() < 2 {
        return Ok(tasks.iter().collect());
    }
    let settled = match conn.write(|conn| fire_all(conn, &usual, now)) {
        Ok((settled, executions)) => {
            fail_point!("fired", !executions.is_empty(), |_| Err(OperationError::Overloaded));
            fired.executions.extend(executions);
            settled
        }
        Err(error) if super::is_of_the_database(&error) => return Err(error),
        Err(error) => {
            log::warn!("{} tasks could not be fired together ({error}); firing them one by one", usual.len());
            HashSet::new()
        }
    };
    for one in usual.iter().filter(|one| one.goes.skipped > 0 && settled.contains(&one.task.id)) {
        tell_skipped(one.task, (one.goes.missed, one.goes.skipped), one.goes.to);
    }
    Ok(tasks.iter().filter(|task| !settled.contains(&task.id)).collect())
}

fn usual(task: &TaskRow, now: Timestamp) -> Option<Usual<'_>> {
    let due = task.next_run?;
    let schedule = Schedule::read(task.written()).ok()?;
    let plan = misfire::plan(&schedule, task.misfire, due, now);
    let [fire_time] = plan.run[..] else { return None };
    let (missed, skipped) = (plan.missed, plan.skipped);
    let goes =
        Move { task: task.id, from: due, to: schedule.next_after(now), for_time: fire_time, missed, skipped };
    Some(Usual { task, goes })
}

/// Gives back the tasks of which nothing is left to do, and the runs that were begun.
fn fire_all(
    conn: &mut DbConnection,
    usual: &[Usual<'_>],
    now: Timestamp,
) -> Result<(HashSet<TaskId>, Vec<ExecutionId>), OperationError> {
    // Before the tasks, as whoever pauses does.
    if pause::hold(conn)?.is_some() {
        return Ok((HashSet::new(), Vec::new()));
    }
    let mut moves: Vec<Move> = usual.iter().map(|one| one.goes).collect();
    fires::lock(conn, &moves.iter().map(|one| one.task).collect::<Vec<_>>())?;
    let busy = fires::busy(conn, &moves)?;
    moves.retain(|one| !busy.contains(&one.task));
    let moved = fires::advance(conn, &moves, now)?;
    fail_point!("firing", !moved.is_empty(), |_| Err(OperationError::Overloaded));
    let begin = usual.iter().filter(|one| moved.contains(&one.task.id));
    let runs: Vec<NewExecution> = begin.map(|one| scheduled(one.task, Some(one.goes.for_time))).collect();
    let executions = fires::begin(conn, &runs, now)?;
    // Where somebody else was first, that was all.
    Ok((moves.iter().map(|one| one.task).collect(), executions))
}
