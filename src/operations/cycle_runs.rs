//! The part of a cycle that is about runs: those that are through are closed, and one that is open for too long makes room
//! for the next.

use super::cycle::CycleDone;
use super::execution::{close, end, opened, still_to_take};
use super::{Context, OperationError};
use crate::db::connection::DbConnection;
use crate::db::executions::{self, OpenExecution};
use crate::db::{due, leases, pause};
use crate::domain::clock::Timestamp;
use crate::domain::execution::{ExecutionStatus, ON_DUE_IDLE, ON_DUE_MAX, RUN_MAX, RunRule, Trigger};
use crate::domain::ids::ExecutionId;
use crate::domain::report::Report;
use crate::domain::run_scope::RunScope;
use std::collections::HashSet;

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

/// Runs that one cycle ends. Each costs a few statements, and whoever else needs the database waits meanwhile; where there
/// are more, another cycle follows at once.
const CLOSED_AT_ONCE: usize = 20;

pub(super) fn close_finished(
    open: &[OpenExecution],
    unfilled: bool,
    conn: &mut DbConnection,
    cx: &Context,
    now: Timestamp,
    done: &mut CycleDone,
) -> Result<(), OperationError> {
    let claimed_now: HashSet<ExecutionId> = done.claims.iter().filter_map(|claim| claim.execution).collect();
    let mut seen = Seen::of(open);
    let before = done.closed.len();
    for execution in open {
        if claimed_now.contains(&execution.id) || (execution.claiming && !unfilled) {
            done.open += 1;
            continue;
        }
        if done.closed.len() - before >= CLOSED_AT_ONCE {
            (done.open, done.again) = (done.open + 1, true);
            continue;
        }
        let is_over = match execution.rule {
            RunRule::OnDue => on_due_is_over(execution, conn, now, done)?,
            RunRule::ByHand | RunRule::Scheduled => run_is_over(execution, &mut seen, conn, cx, now, done)?,
        };
        if is_over {
            let report = seen.close(conn, cx, *execution, now)?;
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
    seen: &mut Seen,
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
    if may_claim && seen.is_left(execution, conn, cx, now)? {
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
    // Once more of one that seems to be through: until just now, another node may have claimed for it.
    Ok(!seen.is_in_flight(execution, conn)? && leases::in_flight_of(conn, execution.id)? == 0)
}

/// What is asked once a cycle where many runs are open, and not once a run. Most often there is nothing to be found, and
/// then there is nothing for any of them.
struct Seen {
    are_many: bool,
    /// Since when the newest of them has been running.
    newest: Timestamp,
    is_any_left: Option<bool>,
    in_flight: Option<HashSet<ExecutionId>>,
    is_any_skipped: Option<bool>,
}

impl Seen {
    fn of(open: &[OpenExecution]) -> Self {
        Seen {
            are_many: open.len() > 1,
            newest: open.iter().map(|execution| execution.started_at).max().unwrap_or(Timestamp::MIN),
            is_any_left: None,
            in_flight: None,
            is_any_skipped: None,
        }
    }

    fn is_left(
        &mut self,
        execution: &OpenExecution,
        conn: &mut DbConnection,
        cx: &Context,
        now: Timestamp,
    ) -> Result<bool, OperationError> {
        if self.are_many {
            let is_any = match self.is_any_left {
                Some(known) => known,
                None => due::is_any_left(conn, self.newest, now, cx.can_decrypt())?,
            };
            self.is_any_left = Some(is_any);
            if !is_any {
                return Ok(false);
            }
        }
        is_left(execution, conn, cx, now)
    }

    fn is_in_flight(
        &mut self,
        execution: &OpenExecution,
        conn: &mut DbConnection,
    ) -> Result<bool, OperationError> {
        if !self.are_many {
            return Ok(leases::in_flight_of(conn, execution.id)? > 0);
        }
        let in_flight = match self.in_flight.take() {
            Some(known) => known,
            None => leases::executions_in_flight(conn)?,
        };
        Ok(self.in_flight.insert(in_flight).contains(&execution.id))
    }

    /// Ends a run that is through. None where somebody else ended it first.
    fn close(
        &mut self,
        conn: &mut DbConnection,
        cx: &Context,
        execution: OpenExecution,
        now: Timestamp,
    ) -> Result<Option<Report>, OperationError> {
        let status = ExecutionStatus::Succeeded;
        if self.are_many && execution.rule != RunRule::OnDue {
            let is_any = match self.is_any_skipped {
                Some(known) => known,
                None => !due::skipped(conn, &RunScope::default(), now, cx.can_decrypt())?.is_empty(),
            };
            self.is_any_skipped = Some(is_any);
            if !is_any {
                let seconds = now.since(execution.started_at).as_secs_f64();
                return end(conn, &execution, status, Vec::new(), seconds, now);
            }
        }
        close(conn, cx, execution, status, now)
    }
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
