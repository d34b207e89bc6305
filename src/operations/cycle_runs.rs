//! The part of a cycle that is about runs: those that are through are closed, and one that is open for too long makes room
//! for the next.

use super::cycle::CycleDone;
use super::execution::{close, opened, still_to_take};
use super::{Context, OperationError};
use crate::db::connection::DbConnection;
use crate::db::executions::{self, OpenExecution};
use crate::db::{due, leases, pause};
use crate::domain::clock::Timestamp;
use crate::domain::execution::{ExecutionStatus, ON_DUE_IDLE, ON_DUE_MAX, RUN_MAX, RunRule, Trigger};

/// An `on_due` run is not kept open for ever: what it has not finished is `in progress` in its report.
pub(super) fn roll_over(
    open: &mut Vec<OpenExecution>,
    conn: &mut DbConnection,
    cx: &Context,
    now: Timestamp,
    done: &mut CycleDone,
) -> Result<(), OperationError> {
    let mut after = Vec::with_capacity(open.len());
    for mut execution in open.drain(..) {
        let age = now.since(execution.started_at);
        match execution.rule {
            RunRule::OnDue if execution.claiming && age >= ON_DUE_MAX => {
                after.extend(reopen(execution, conn, cx, now, done)?);
            }
            RunRule::ByHand | RunRule::Scheduled if execution.claiming && age >= RUN_MAX => {
                executions::stop_claiming(conn, execution.id)?;
                execution.claiming = false;
                after.push(execution);
            }
            RunRule::OnDue | RunRule::ByHand | RunRule::Scheduled => after.push(execution),
        }
    }
    *open = after;
    Ok(())
}

/// Ends a run and puts a new one in its place. None where somebody else ended it first: the next cycle sees what came
/// of that.
pub(super) fn reopen(
    old: OpenExecution,
    conn: &mut DbConnection,
    cx: &Context,
    now: Timestamp,
    done: &mut CycleDone,
) -> Result<Option<OpenExecution>, OperationError> {
    // Since this cycle looked, somebody may have ended it: then nothing takes its place.
    if !executions::standing(conn, old.id)?.is_some_and(|standing| standing.claiming) {
        done.again = true;
        return Ok(None);
    }
    let Some(report) = close(conn, cx, old, ExecutionStatus::Succeeded, now)? else {
        done.again = true;
        return Ok(None);
    };
    done.closed.push((old.id, report));
    if pause::hold(conn)?.is_some() {
        return Ok(None);
    }
    if executions::of_task(conn, old.task, ExecutionStatus::Running)?.is_some() {
        // The one that waited behind it has its place already.
        done.again = true;
        return Ok(None);
    }
    let new = executions::NewExecution {
        task: old.task,
        rule: RunRule::OnDue,
        triggered_by: Trigger::Schedule,
        fire_time: None,
        status: ExecutionStatus::Running,
    };
    let id = executions::insert(conn, new, now)?;
    // Its task may take another part by now.
    Ok(executions::get(conn, id)?.map(|row| opened(&row)))
}

pub(super) fn close_finished(
    open: &[OpenExecution],
    unfilled: bool,
    conn: &mut DbConnection,
    cx: &Context,
    now: Timestamp,
    done: &mut CycleDone,
) -> Result<(), OperationError> {
    for execution in open {
        let claimed_now = done.claims.iter().any(|claim| claim.execution == Some(execution.id));
        if claimed_now || (execution.claiming && !unfilled) {
            done.open += 1;
            continue;
        }
        let is_over = match execution.rule {
            RunRule::OnDue => on_due_is_over(execution, conn, now, done)?,
            RunRule::ByHand | RunRule::Scheduled => run_is_over(execution, conn, cx, now, done)?,
        };
        if is_over {
            let report = close(conn, cx, *execution, ExecutionStatus::Succeeded, now)?;
            done.closed.extend(report.map(|report| (execution.id, report)));
            // The one that waited behind it starts at once.
            if executions::of_task(conn, execution.task, ExecutionStatus::Running)?.is_some() {
                done.open += 1;
                done.again = true;
            }
        } else {
            done.open += 1;
        }
    }
    Ok(())
}

fn run_is_over(
    execution: &OpenExecution,
    conn: &mut DbConnection,
    cx: &Context,
    now: Timestamp,
    done: &mut CycleDone,
) -> Result<bool, OperationError> {
    if now < execution.started_at {
        // A cycle that waited for the database since before the run began, or on a node whose clock is behind, cannot see
        // what was due then.
        let began = execution.started_at;
        done.look_again = Some(done.look_again.map_or(began, |other| other.min(began)));
        return Ok(false);
    }
    // Asked also where it claims no more: what is on the wire may come back without having been sent.
    let may_claim = execution.claiming || now.since(execution.started_at) < RUN_MAX;
    if may_claim && is_left(execution, conn, cx, now)? {
        if execution.claiming {
            return Ok(false);
        }
        if executions::claim_again(conn, execution.id)? {
            done.again = true;
            return Ok(false);
        }
    }
    if execution.claiming {
        executions::stop_claiming(conn, execution.id)?;
    }
    Ok(leases::in_flight_of(conn, execution.id)? == 0)
}

/// Whether a run still has something to try that was due when it began.
fn is_left(
    execution: &OpenExecution,
    conn: &mut DbConnection,
    cx: &Context,
    now: Timestamp,
) -> Result<bool, OperationError> {
    let (id, began, can_decrypt) = (execution.id, execution.started_at, cx.can_decrypt());
    if !execution.in_part {
        return Ok(due::is_left(conn, id, began, now, can_decrypt)?);
    }
    let scope = executions::scope(conn, execution)?;
    Ok(still_to_take(conn, id, &scope)? != Some(0)
        && due::is_left_in_part(conn, id, &scope, began, now, can_decrypt)?)
}

fn on_due_is_over(
    execution: &OpenExecution,
    conn: &mut DbConnection,
    now: Timestamp,
    done: &mut CycleDone,
) -> Result<bool, OperationError> {
    if !execution.claiming {
        return Ok(leases::in_flight_of(conn, execution.id)? == 0);
    }
    let last_work = crate::db::publish_log::last_end_of(conn, execution.id)?.unwrap_or(execution.started_at);
    let idle_at = last_work.max(execution.started_at) + ON_DUE_IDLE;
    if now < idle_at {
        done.look_again = Some(done.look_again.map_or(idle_at, |other| other.min(idle_at)));
        return Ok(false);
    }
    Ok(leases::in_flight_of(conn, execution.id)? == 0)
}
