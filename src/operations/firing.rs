//! What the scheduler does when time has passed: each fire and its execution are one transaction, which it may share with
//! other fires, and each fire happens once, whoever gets there first.

mod together;

use super::execution::request;
use super::{Access, Context, Operation, OperationError, credentials};
use crate::db::claim;
use crate::db::connection::{DbConnection, DbError};
use crate::db::demands;
use crate::db::due;
use crate::db::executions::{self, NewExecution, PUBLISHING};
use crate::db::jobs;
use crate::db::pause;
use crate::db::tasks::{self, TaskRow};
use crate::domain::clock::Timestamp;
use crate::domain::execution::{ExecutionStatus, RunRule, Trigger};
use crate::domain::ids::ExecutionId;
use crate::domain::misfire::{self, Plan};
use crate::domain::run_scope::RunScope;
use crate::domain::schedule::Schedule;
use fail::fail_point;
use std::time::Duration;

/// Fires whatever is due, and says when to look again.
#[derive(Debug, Clone, Copy)]
pub struct FireDue;

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fired {
    pub executions: Vec<ExecutionId>,
    /// The next instant at which something fires; none while only a change can bring work.
    pub next: Option<Timestamp>,
    /// The executor has to be told of each change: a run is open, of an `on_due` task or one that somebody asked for, here
    /// or in another process; or a platform is to be asked something now, or an entry is too late.
    pub executor_is_wanted: bool,
    /// There is a run that a node has to take, because the engine does not do it.
    pub jobs_wait: bool,
}

impl Fired {
    /// Nobody else wakes the executor for what needs no run, where no task is enabled and no run open.
    fn wants_executor_at(&mut self, at: Option<Timestamp>, now: Timestamp) {
        match at {
            Some(at) if at <= now => self.executor_is_wanted = true,
            // One of the future only: one that is due and cannot be done yet must not ring again and again.
            Some(at) => self.next = Some(self.next.map_or(at, |other| other.min(at))),
            None => {}
        }
    }
}

/// Tasks that one look fires: few enough that whoever else needs the database does not wait for long. Where more are due,
/// it looks again at once.
const AT_ONCE: usize = 1000;
/// Of those, the ones that fire in one transaction.
const TOGETHER: usize = 100;
/// A task whose fire failed is tried again after this long.
const AGAIN_AFTER_FAILURE: Duration = Duration::from_secs(1);

impl Operation for FireDue {
    type Output = Fired;
    const ACCESS: Access = Access::Engine;

    fn run(self, conn: &mut DbConnection, cx: &Context, now: Timestamp) -> Result<Fired, OperationError> {
        credentials::look_for_key(conn, cx)?;
        let mut fired = Fired::default();
        let waiting = pause::get(conn)?.map(|_| PUBLISHING);
        let due = tasks::due(conn, waiting, now, Some(AT_ONCE))?;
        let mut has_failed = false;
        for tasks in due.chunks(TOGETHER) {
            let rest = together::fire(conn, tasks, now, &mut fired)?;
            has_failed |= !one_by_one(conn, cx, &rest, now, &mut fired)?;
        }
        // What failed is due still, and would ring at once for ever, unless there are others to be fired meanwhile.
        let goes_on = due.len() >= AT_ONCE && !fired.executions.is_empty();
        let after = (has_failed && !goes_on).then_some(now);
        fired.next = tasks::next_fire(conn, waiting, after)?;
        fired.next = has_failed.then_some(now + AGAIN_AFTER_FAILURE).into_iter().chain(fired.next).min();
        fire_on_due(conn, cx, waiting, now, &mut fired)?;
        fired.wants_executor_at(claim::next_question(conn, cx.can_decrypt())?, now);
        fired.wants_executor_at(demands::next(conn, cx.can_decrypt())?, now);
        fired.wants_executor_at(super::sweeps::next(conn, cx, now)?, now);
        fired.jobs_wait = !jobs::waiting(conn, None)?.is_empty();
        Ok(fired)
    }
}

/// Each fire in a transaction of its own. One that the database refuses does not keep the others from theirs: false where
/// there was one.
fn one_by_one(
    conn: &mut DbConnection,
    cx: &Context,
    tasks: &[&TaskRow],
    now: Timestamp,
    fired: &mut Fired,
) -> Result<bool, OperationError> {
    let mut all_well = true;
    for task in tasks {
        match conn.write(|conn| fire(conn, cx, task, now)) {
            Ok(execution) => {
                fail_point!("fired", execution.is_some(), |_| Err(OperationError::Overloaded));
                fired.executions.extend(execution);
            }
            Err(error) if is_of_the_database(&error) => return Err(error),
            Err(error) => {
                log::error!(
                    "task {} “{}” could not be fired, and is tried again: {error}",
                    task.id,
                    task.name
                );
                all_well = false;
            }
        }
    }
    Ok(all_well)
}

/// Whatever is asked next would fail too.
fn is_of_the_database(error: &OperationError) -> bool {
    matches!(error, OperationError::Db(DbError::Away(_) | DbError::Unusable(_) | DbError::Moved(_)))
}

/// One fire of a task by the clock. None where another node was first. Fires that were missed are this one.
fn fire(
    conn: &mut DbConnection,
    cx: &Context,
    task: &TaskRow,
    now: Timestamp,
) -> Result<Option<ExecutionId>, OperationError> {
    let Some(due) = task.next_run else { return Ok(None) };
    let (next, plan) = match Schedule::read(task.written()) {
        Ok(schedule) => (schedule.next_after(now), misfire::plan(&schedule, task.misfire, due, now)),
        Err(wrong) => {
            let wrong = OperationError::Invalid(wrong);
            log::error!(
                "task {} is switched off after this run: its schedule cannot be read: {wrong}",
                task.id
            );
            (None, Plan { run: vec![due], ..Plan::default() })
        }
    };
    if pause::hold(conn)?.is_some() && task.task_type == PUBLISHING {
        return Ok(None);
    }
    let Some(&first) = plan.run.first() else {
        tell_skipped(task, (plan.missed, plan.skipped), next);
        tasks::advance(conn, task.id, due, next, &plan, now)?;
        return Ok(None);
    };
    if plan.skipped > 0 {
        tell_skipped(task, (plan.missed, plan.skipped), next);
    }
    let fire_time = match again(conn, task, due, next)? {
        Again::First => Some(first),
        Again::GoesOn => None,
        Again::Over => {
            tasks::reschedule(conn, task, task.anchor, next)?;
            return Ok(None);
        }
    };
    if !tasks::advance(conn, task.id, due, next, &plan, now)? {
        return Ok(None);
    }
    fail_point!("firing", |_| Err(OperationError::Overloaded));
    request(conn, cx, scheduled(task, fire_time), now).map(Some)
}

/// The run of a task by the clock.
fn scheduled(task: &TaskRow, fire_time: Option<Timestamp>) -> NewExecution {
    NewExecution {
        task: task.id,
        rule: RunRule::Scheduled,
        triggered_by: Trigger::Schedule,
        fire_time,
        status: ExecutionStatus::Running,
    }
}

fn tell_skipped(task: &TaskRow, (missed, skipped): (usize, usize), next: Option<Timestamp>) {
    let next = next.map_or("never again".to_owned(), |at| at.to_string());
    let fires = if missed == 1 { "fire" } else { "fires" };
    log::warn!(
        "task {} “{}” missed {missed} {fires}, {skipped} without a run of their own ({}); it fires next: {next}",
        task.id,
        task.name,
        task.misfire,
    );
}

/// A fire time that comes around once more, because the clock was stepped back.
enum Again {
    /// It does not: it is the first.
    First,
    /// The task has fired for the time after it too: it is one that recurs within the hours that are lived through again,
    /// and follows real time through both halves, as where summer time ends. This fire has no time of its own.
    GoesOn,
    /// What it was for is done.
    Over,
}

fn again(
    conn: &mut DbConnection,
    task: &TaskRow,
    due: Timestamp,
    next: Option<Timestamp>,
) -> Result<Again, OperationError> {
    if !executions::has_fired(conn, task.id, due)? {
        return Ok(Again::First);
    }
    Ok(match next {
        Some(next) if !executions::has_fired(conn, task.id, next)? => Again::Over,
        // Without a next one, a person has asked for this time once more.
        Some(_) | None => Again::GoesOn,
    })
}

fn fire_on_due(
    conn: &mut DbConnection,
    cx: &Context,
    waiting_type: Option<&str>,
    now: Timestamp,
    fired: &mut Fired,
) -> Result<(), OperationError> {
    let running = executions::open(conn)?;
    fired.executor_is_wanted = !running.is_empty();
    let mut waiting: Vec<TaskRow> = tasks::on_due(conn)?;
    waiting.retain(|task| waiting_type != Some(task.task_type.as_str()));
    let is_open = |task: &TaskRow| running.iter().any(|execution| execution.task == task.id);
    let scopes = waiting.iter().map(|task| executions::read_scope(&task.params));
    let scopes = scopes.collect::<Result<Vec<RunScope>, DbError>>()?;
    // One that takes all that is due leaves nothing for others.
    let mut whole_is_there = false;
    for (task, scope) in waiting.iter().zip(&scopes) {
        if scope.is_whole() && is_open(task) {
            return Ok(());
        }
    }
    for (task, scope) in waiting.iter().zip(&scopes) {
        if is_open(task) || (scope.is_whole() && std::mem::replace(&mut whole_is_there, true)) {
            continue;
        }
        let next = match scope.is_whole() {
            true => due::next_due(conn, cx.can_decrypt(), vec![])?,
            false => due::next_due_in_part(conn, scope, cx.can_decrypt())?,
        };
        match next {
            None => {}
            Some(next) if next > now => fired.next = Some(fired.next.map_or(next, |other| other.min(next))),
            Some(_) => open_first(conn, task, now, fired)?,
        }
    }
    Ok(())
}

/// Opens a run, unless another node was first.
fn open_first(
    conn: &mut DbConnection,
    task: &TaskRow,
    now: Timestamp,
    fired: &mut Fired,
) -> Result<(), OperationError> {
    match conn.write(|conn| open_on_due(conn, task, now)) {
        Ok(opened) => fired.executions.extend(opened),
        // Between our look and our insert.
        Err(OperationError::Db(error)) if error.is_duplicate() => {}
        Err(error) => return Err(error),
    }
    fired.executor_is_wanted = true;
    Ok(())
}

fn open_on_due(
    conn: &mut DbConnection,
    task: &TaskRow,
    now: Timestamp,
) -> Result<Option<ExecutionId>, OperationError> {
    if pause::hold(conn)?.is_some() {
        return Ok(None);
    }
    // Then this, because it locks the task: against a trigger that would open a run of it too, and against whoever
    // disables or deletes it.
    tasks::set_last_run(conn, task.id, now)?;
    let is_on = tasks::get(conn, task.id)?.is_some_and(|task| task.enabled);
    if !is_on
        || pause::hold(conn)?.is_some()
        || executions::of_task(conn, task.id, ExecutionStatus::Running)?.is_some()
    {
        return Ok(None);
    }
    let new = NewExecution {
        task: task.id,
        rule: RunRule::OnDue,
        triggered_by: Trigger::Schedule,
        fire_time: None,
        status: ExecutionStatus::Running,
    };
    executions::insert(conn, new, now).map(Some).map_err(OperationError::from)
}
