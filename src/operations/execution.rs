//! Runs of tasks: started, looked at, ended.

use super::run_reports::{report_of, up_to_date};
use super::wrong_state::{Needed, State};
use super::{Access, Context, Operation, OperationError, Page, Paging};
use crate::db::connection::DbConnection;
use crate::db::events::{self, About};
use crate::db::executions::{self, ExecutionRow, Filter, NewExecution, OpenExecution};
use crate::db::tasks::TaskRow;
use crate::db::{due, pause, publish_log, tasks};
use crate::domain::clock::Timestamp;
use crate::domain::event::EventKind;
use crate::domain::execution::{ExecutionStatus, RunRule, Trigger};
use crate::domain::ids::{ExecutionId, TaskId};
use crate::domain::misfire;
use crate::domain::pause::Paused;
use crate::domain::report::{self, EntryResult, Report, Skipped, Tally};
use crate::domain::run_scope::RunScope;
use crate::domain::schedule::Schedule;
use crate::domain::thing::Thing;

/// How often something is looked at again that changes all the time, before the last look has to do.
const LOOKS: usize = 3;

/// Ends a run with its report, and starts the one that waited behind it. None where somebody else ended it first.
pub(super) fn close(
    conn: &mut DbConnection,
    cx: &Context,
    execution: OpenExecution,
    status: ExecutionStatus,
    now: Timestamp,
) -> Result<Option<Report>, OperationError> {
    // Entries that wait behind a shut lane are news to whoever asked for a run, not to each fire of `on_due`.
    let skipped = match execution.rule {
        RunRule::OnDue => Vec::new(),
        RunRule::ByHand | RunRule::Scheduled => skipped(conn, cx, &execution, now)?,
    };
    let seconds = now.since(execution.started_at).as_secs_f64();
    end(conn, &execution, status, skipped, seconds, now)
}

/// Ends a run that took so many seconds as what it came to; one that a person ended before is over now. None where
/// somebody else ended it first.
pub(super) fn end(
    conn: &mut DbConnection,
    execution: &OpenExecution,
    status: ExecutionStatus,
    skipped: Vec<Skipped>,
    seconds: f64,
    now: Timestamp,
) -> Result<Option<Report>, OperationError> {
    let Some(standing) = executions::standing(conn, execution.id)? else { return Ok(None) };
    let status = match (status, standing.ends_as) {
        (ExecutionStatus::Interrupted, _) | (_, None) => status,
        (_, Some(ends_as)) => ends_as,
    };
    let report = report_of(conn, execution.task, execution.id, (skipped, seconds), status)?;
    end_with(conn, execution.task, execution.id, status, report, now)
}

/// Ends a run with this report, and starts the one that waited behind it. None where somebody else ended it first.
pub(super) fn end_with(
    conn: &mut DbConnection,
    task: TaskId,
    execution: ExecutionId,
    status: ExecutionStatus,
    report: Report,
    now: Timestamp,
) -> Result<Option<Report>, OperationError> {
    if !executions::finish(conn, execution, status, &report, now)? {
        return Ok(None);
    }
    if !report.found_nothing() {
        let about = About { execution: Some(execution), said: Some(status.as_str()), ..About::default() };
        events::tell(conn, EventKind::RunEnded, about, now)?;
    }
    if !catch_up(conn, task, now)? {
        executions::start_queued(conn, task, now)?;
    }
    Ok(Some(report))
}

/// Begins the run of the next missed fire, where a task has more of them. True where one began.
fn catch_up(conn: &mut DbConnection, id: TaskId, now: Timestamp) -> Result<bool, OperationError> {
    let Some(task) = tasks::get(conn, id)?.filter(|task| task.enabled) else { return Ok(false) };
    let (Some(at), Some(last)) = (task.catch_up_next, task.catch_up_last) else { return Ok(false) };
    let next = Schedule::read(task.written())
        .ok()
        .and_then(|schedule| misfire::next_to_catch_up(&schedule, at, last));
    if is_held(conn, &task)? || !tasks::catch_up(conn, id, at, next)? {
        return Ok(false);
    }
    // By a clock that was stepped back it may have fired for that time before.
    let fire_time = if executions::has_fired(conn, id, at)? { None } else { Some(at) };
    let new = NewExecution {
        task: id,
        rule: RunRule::Scheduled,
        triggered_by: Trigger::Schedule,
        fire_time,
        status: ExecutionStatus::Running,
    };
    executions::insert(conn, new, now)?;
    Ok(true)
}

/// Whether a pause keeps this task from running, to the end of the caller's transaction.
fn is_held(conn: &mut DbConnection, task: &TaskRow) -> Result<bool, OperationError> {
    Ok(task.task_type == executions::PUBLISHING && pause::hold(conn)?.is_some())
}

/// What waits behind shut lanes and was not tried by this run: an entry whose own attempt shut its lane is among the
/// results, and the counts are disjoint.
fn skipped(
    conn: &mut DbConnection,
    cx: &Context,
    execution: &OpenExecution,
    now: Timestamp,
) -> Result<Vec<Skipped>, OperationError> {
    let scope = executions::scope(conn, execution)?;
    let mut lanes = due::skipped(conn, &scope, now, cx.can_decrypt())?;
    for lane in &mut lanes {
        lane.count -= publish_log::due_though_tried(conn, lane.account_id, execution.id, now)?;
    }
    lanes.retain(|lane| lane.count > 0);
    Ok(lanes)
}

/// Asks for a run of a task: at once, or right behind the one that is on. A task never overlaps itself. The caller has
/// the task locked, so that of two who ask at once the second sees the first one's run.
pub(super) fn request(
    conn: &mut DbConnection,
    cx: &Context,
    new: NewExecution,
    now: Timestamp,
) -> Result<ExecutionId, OperationError> {
    let at_once = NewExecution { status: ExecutionStatus::Running, ..new };
    let task = tasks::get(conn, new.task)?.filter(|task| task.task_type == executions::PUBLISHING);
    if let Some(task) = task
        && let Some(paused) = pause::hold(conn)?
    {
        return skip_all(conn, cx, new, &task, &paused, now);
    }
    for _ in 0..LOOKS {
        // Held, so that it does not end without seeing the one that queues behind it.
        let Some(running) = executions::hold_running(conn, new.task)? else {
            return Ok(executions::insert(conn, at_once, now)?);
        };
        let is_by_hand_over_on_due = running.rule == RunRule::OnDue && new.rule != RunRule::OnDue;
        if !is_by_hand_over_on_due || running.ends_as.is_some() {
            return follow(conn, new, now);
        }
        // It stays open only while work keeps coming; whoever asks for a run gets one at once. The engine may have
        // closed it since we looked, and opened another: so look again.
        close(conn, cx, opened(&running), ExecutionStatus::Succeeded, now)?;
    }
    Err(OperationError::WrongState {
        thing: Thing::Task,
        id: new.task.0,
        state: State::Restless,
        wanted: Needed::AMoment,
    })
}

/// A run that somebody asks for while publishing is paused: it is over at once, and says why. Whatever the task was at
/// claims nothing any more, but may have something on the wire still.
fn skip_all(
    conn: &mut DbConnection,
    cx: &Context,
    new: NewExecution,
    task: &TaskRow,
    paused: &Paused,
    now: Timestamp,
) -> Result<ExecutionId, OperationError> {
    let scope = executions::read_scope(&task.params)?;
    let skipped = super::pause::skipped(conn, cx, &scope, paused, now)?;
    let over = NewExecution { status: ExecutionStatus::Succeeded, ..new };
    let report = |id| report::report(Some(new.task), id, Tally::default(), Vec::new(), skipped, 0.0);
    Ok(executions::insert_ended(conn, over, report, now)?)
}

/// The one run that follows the one that is on, whoever asks for it, and how often.
fn follow(conn: &mut DbConnection, new: NewExecution, now: Timestamp) -> Result<ExecutionId, OperationError> {
    tasks::count_queued(conn, new.task)?;
    if let Some(queued) = executions::of_task(conn, new.task, ExecutionStatus::Queued)? {
        return Ok(queued.id);
    }
    Ok(executions::insert(conn, NewExecution { status: ExecutionStatus::Queued, ..new }, now)?)
}

pub(super) fn opened(row: &ExecutionRow) -> OpenExecution {
    OpenExecution {
        id: row.id,
        task: row.task_id,
        rule: row.rule,
        started_at: row.started_at.unwrap_or(row.created_at),
        claiming: row.claiming,
        in_part: row.params != "{}",
    }
}

/// How many entries more a run may take, where it has a limit.
pub(super) fn still_to_take(
    conn: &mut DbConnection,
    execution: ExecutionId,
    scope: &RunScope,
) -> Result<Option<usize>, OperationError> {
    let Some(limit) = scope.limit else { return Ok(None) };
    let taken = publish_log::tally(conn, execution)?.tried();
    Ok(Some(usize::try_from(i64::from(limit) - taken).unwrap_or(0)))
}

/// A person starts a task, whether it is enabled or not. Gives the execution to watch.
#[derive(Debug, Clone, Copy)]
pub struct TriggerTask {
    pub task: TaskId,
    pub by: Trigger,
}

impl Operation for TriggerTask {
    type Output = ExecutionId;
    const ACCESS: Access = Access::Write;

    fn run(
        self,
        conn: &mut DbConnection,
        cx: &Context,
        now: Timestamp,
    ) -> Result<ExecutionId, OperationError> {
        // Before the task, as whoever pauses does.
        pause::hold(conn)?;
        // It locks the task.
        tasks::set_last_run(conn, self.task, now)?;
        if tasks::get(conn, self.task)?.is_none() {
            return Err(OperationError::not_found(Thing::Task, self.task));
        }
        let new = NewExecution {
            task: self.task,
            rule: RunRule::ByHand,
            triggered_by: self.by,
            fire_time: None,
            status: ExecutionStatus::Running,
        };
        request(conn, cx, new, now)
    }
}

/// Looks at one run.
#[derive(Debug, Clone, Copy)]
pub struct GetExecution(pub ExecutionId);

impl Operation for GetExecution {
    type Output = ExecutionRow;
    const ACCESS: Access = Access::Read;

    fn run(self, conn: &mut DbConnection, _: &Context, _: Timestamp) -> Result<ExecutionRow, OperationError> {
        let row = executions::get(conn, self.0)?
            .ok_or_else(|| OperationError::not_found(Thing::Execution, self.0))?;
        up_to_date(conn, row)
    }
}

/// How far a run is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RunProgress {
    /// Entries that it has tried.
    pub done: u64,
    /// The same with those on the wire, and those that are due and may go out; more may fall due.
    pub total: u64,
    /// Of those that it has tried; the others are failed, or uncertain.
    pub published: u64,
    pub failed: u64,
}

/// Counts what a run has done, and what it may still find.
#[derive(Debug, Clone, Copy)]
pub struct GetProgress(pub ExecutionId);

impl Operation for GetProgress {
    type Output = RunProgress;
    const ACCESS: Access = Access::Read;

    fn run(
        self,
        conn: &mut DbConnection,
        cx: &Context,
        now: Timestamp,
    ) -> Result<RunProgress, OperationError> {
        let mut tally = publish_log::tally(conn, self.0)?;
        let scope = match executions::get(conn, self.0)? {
            Some(row) if !row.is_job() => executions::read_scope(&row.params)?,
            Some(_) | None => return Ok(RunProgress::default()),
        };
        let mut left = 0;
        // What is claimed between two counts is in neither, or in both: so count until nothing was.
        for _ in 0..LOOKS {
            let shut = due::skipped(conn, &scope, now, cx.can_decrypt())?;
            let shut: i64 = shut.iter().map(|lane| lane.count).sum();
            let due: i64 = due::all_due(conn, &scope, now)?.iter().map(|(_, count)| count).sum();
            left = (due - shut).max(0);
            let before = std::mem::replace(&mut tally, publish_log::tally(conn, self.0)?);
            if before == tally {
                break;
            }
        }
        let done = tally.published + tally.failed + tally.uncertain;
        let most = scope.limit.map_or(i64::MAX, i64::from) - done - tally.in_progress;
        let left = left.min(most.max(0));
        let whole = |count: i64| u64::try_from(count).unwrap_or(0);
        Ok(RunProgress {
            done: whole(done),
            total: whole(done + tally.in_progress + left),
            published: whole(tally.published),
            failed: whole(tally.failed),
        })
    }
}

/// Runs, newest first: those of one task, which must be there, or of all, also of tasks that are gone.
#[derive(Debug, Clone, Copy)]
pub struct ListExecutions {
    pub of: Option<TaskId>,
    pub filter: Filter,
    pub paging: Paging,
}

impl Operation for ListExecutions {
    type Output = Page<ExecutionRow>;
    const ACCESS: Access = Access::Read;

    fn run(
        self,
        conn: &mut DbConnection,
        _: &Context,
        _: Timestamp,
    ) -> Result<Page<ExecutionRow>, OperationError> {
        if let Some(task) = self.of
            && tasks::get(conn, task)?.is_none()
        {
            return Err(OperationError::not_found(Thing::Task, task));
        }
        let filter = Filter { task: self.of.or(self.filter.task), ..self.filter };
        let (rows, total) = executions::list(conn, filter, self.paging.limit(), self.paging.offset())?;
        let rows: Result<Vec<_>, _> = rows.into_iter().map(|row| up_to_date(conn, row)).collect();
        Ok(self.paging.of((rows?, total)))
    }
}

/// All results of a run, page by page.
#[derive(Debug, Clone, Copy)]
pub struct ListResults {
    pub execution: ExecutionId,
    pub paging: Paging,
}

impl Operation for ListResults {
    type Output = Page<EntryResult>;
    const ACCESS: Access = Access::Read;

    fn run(
        self,
        conn: &mut DbConnection,
        _: &Context,
        _: Timestamp,
    ) -> Result<Page<EntryResult>, OperationError> {
        if executions::get(conn, self.execution)?.is_none() {
            return Err(OperationError::not_found(Thing::Execution, self.execution));
        }
        let tally = publish_log::tally(conn, self.execution)?;
        let total = tally.tried();
        let items = publish_log::results(conn, self.execution, self.paging.limit(), self.paging.offset())?;
        Ok(self.paging.of((items, total)))
    }
}
