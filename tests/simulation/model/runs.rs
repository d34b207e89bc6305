//! Runs of tasks: fired, followed, closed.

use super::{Entry, Model, Run, Task, demands, lanes, lateness};
use crate::store::{Fired, RunRow};
use contenthub::domain::execution::{ON_DUE_IDLE, RunRule};
use contenthub::domain::ids::*;
use contenthub::domain::schedule::Schedule;
use contenthub::operations::cycle::ClaimScope;
use contenthub::{EntryStatus, ExecutionStatus, Timestamp};
use std::collections::HashSet;
use std::time::Duration;

pub(super) fn covers(scope: ClaimScope, task: TaskId) -> bool {
    match scope {
        ClaimScope::Everything => true,
        ClaimScope::Task(own) => own == task,
        ClaimScope::Demands => false,
    }
}

pub(super) fn covers_demands(scope: ClaimScope) -> bool {
    match scope {
        ClaimScope::Everything | ClaimScope::Demands => true,
        ClaimScope::Task(_) => false,
    }
}

pub(super) fn insert(
    model: &mut Model,
    task: TaskId,
    rule: RunRule,
    fire_time: Option<Timestamp>,
    status: ExecutionStatus,
    now: Timestamp,
) -> ExecutionId {
    let id = ExecutionId(model.runs.len() as i64 + 1);
    model.runs.push(Run {
        row: RunRow { id, task, on_due: rule == RunRule::OnDue, status, fire_time },
        rule,
        started_at: now,
        claiming: true,
        lease_ends: None,
        last_work: None,
    });
    id
}

pub(super) fn of_task(model: &Model, task: TaskId, status: ExecutionStatus) -> Option<ExecutionId> {
    model
        .runs
        .iter()
        .map(|run| run.row)
        .find(|run| run.task == task && run.status == status)
        .map(|run| run.id)
}

/// False where somebody else ended it first. The one that waited behind it starts.
pub(super) fn close(model: &mut Model, id: ExecutionId, status: ExecutionStatus, now: Timestamp) -> bool {
    let run = model.run(id);
    if run.row.status != ExecutionStatus::Running {
        return false;
    }
    run.row.status = status;
    run.claiming = false;
    let task = run.row.task;
    if let Some(queued) = of_task(model, task, ExecutionStatus::Queued) {
        let queued = model.run(queued);
        queued.row.status = ExecutionStatus::Running;
        queued.started_at = now;
    }
    true
}

/// At once, or right behind the one that is on.
pub(super) fn request(
    model: &mut Model,
    task: TaskId,
    rule: RunRule,
    fire_time: Option<Timestamp>,
    now: Timestamp,
) {
    let mut running = of_task(model, task, ExecutionStatus::Running);
    if let Some(open) = running.filter(|open| model.runs[open.0 as usize - 1].rule == RunRule::OnDue) {
        close(model, open, ExecutionStatus::Succeeded, now);
        running = of_task(model, task, ExecutionStatus::Running);
    }
    let status = if running.is_some() { ExecutionStatus::Queued } else { ExecutionStatus::Running };
    if status == ExecutionStatus::Running || of_task(model, task, ExecutionStatus::Queued).is_none() {
        insert(model, task, rule, fire_time, status, now);
    }
}

pub(super) fn renew(model: &mut Model, scope: ClaimScope, lease: Duration) {
    let until = model.now + lease;
    for run in &mut model.runs {
        if run.row.status == ExecutionStatus::Running && covers(scope, run.row.task) {
            run.lease_ends = Some(until);
        }
    }
}

pub(super) fn take_over(model: &mut Model, scope: ClaimScope, lease: Duration, now: Timestamp) {
    let judged_at = model.now;
    let has_run_out = |run: &&Run| match run.lease_ends {
        Some(end) => end < judged_at,
        None => run.started_at + lease < now,
    };
    let gone: Vec<ExecutionId> = model
        .running()
        .filter(|run| covers(scope, run.row.task))
        .filter(has_run_out)
        .map(|run| run.row.id)
        .collect();
    for id in gone {
        close(model, id, ExecutionStatus::Interrupted, now);
    }
    renew(model, scope, lease);
}

/// Nothing waits for an instant that was computed by a clock which was ahead.
pub(super) fn mend_times(model: &mut Model, now: Timestamp) {
    for task in model.tasks.iter_mut().filter(|task| task.enabled) {
        let sooner = task.next_run.and_then(|next| task.schedule.sooner(next, now));
        task.next_run = sooner.or(task.next_run);
    }
    for run in model.runs.iter_mut().filter(|run| run.row.status == ExecutionStatus::Running) {
        run.started_at = run.started_at.min(now);
    }
}

pub(super) fn fire(model: &mut Model, now: Timestamp) -> Fired {
    let mut any = false;
    let due: Vec<Task> = model
        .tasks
        .iter()
        .filter(|task| task.enabled && task.next_run.is_some_and(|at| at <= now))
        .cloned()
        .collect();
    for task in due {
        let next = task.schedule.next_after(now);
        let has_fired = |at| model.runs.iter().any(|run| run.row.task == task.id && run.row.fire_time == at);
        // A time that comes around once more, because a clock was stepped back.
        let comes_again = has_fired(task.next_run);
        let is_over = comes_again && next.is_some_and(|next| !has_fired(Some(next)));
        let row = &mut model.tasks[task.id.0 as usize - 1];
        row.next_run = next;
        row.enabled = next.is_some();
        if is_over {
            continue;
        }
        let fire_time = task.next_run.filter(|_| !comes_again);
        request(model, task.id, RunRule::Scheduled, fire_time, now);
        any = true;
    }
    let mut next = model.tasks.iter().filter(|task| task.enabled).filter_map(|task| task.next_run).min();
    let mut executor_is_wanted = model.running().next().is_some();
    let on_due = model.tasks.iter().find(|task| task.enabled && task.schedule == Schedule::OnDue);
    if let Some(task) = on_due.map(|task| task.id)
        && of_task(model, task, ExecutionStatus::Running).is_none()
        && let Some(at) = next_due(model, &HashSet::new(), now)
    {
        if at <= now {
            insert(model, task, RunRule::OnDue, None, ExecutionStatus::Running, now);
            (any, executor_is_wanted) = (true, true);
        } else {
            next = Some(next.map_or(at, |other| other.min(at)));
        }
    }
    for at in [next_question(model), demands::next(model), lateness::next(model)].into_iter().flatten() {
        if at <= now {
            executor_is_wanted = true;
        } else {
            next = Some(next.map_or(at, |other| other.min(at)));
        }
    }
    Fired { any, executor_is_wanted, next }
}

/// When an entry may be claimed next, by its time and its lane's, but on the lanes of `passed_over`.
pub(super) fn next_due(model: &Model, passed_over: &HashSet<AccountId>, now: Timestamp) -> Option<Timestamp> {
    let lanes = model.lanes.iter().filter(|lane| !passed_over.contains(&lane.account.id));
    let opens = lanes.map(|lane| (lane, lanes::opens(model, lane, now)));
    let first = |lane: AccountId, is_wanted: &dyn Fn(&Entry) -> bool| {
        let waiting = model.entries.iter().filter(|entry| entry.row.lane == lane && is_wanted(entry));
        waiting.map(|entry| entry.row.due_at).min()
    };
    let waits = |entry: &Entry| entry.row.status == EntryStatus::Pending && !entry.row.held;
    opens
        .filter_map(|(lane, opens)| {
            let id = lane.account.id;
            let all = opens.all.and_then(|at| Some(at.max(first(id, &waits)?)));
            let unproven = |entry: &Entry| waits(entry) && entry.row.unproven;
            let unproven = opens.unproven.and_then(|at| Some(at.max(first(id, &unproven)?)));
            [all, unproven].into_iter().flatten().min()
        })
        .min()
}

pub(super) fn next_question(model: &Model) -> Option<Timestamp> {
    let asked = model.entries.iter().filter(|entry| entry.row.owner.is_none());
    asked.filter_map(|entry| Some(entry.question?.due().max(model.lane(entry.row.lane).resumes()?))).min()
}

/// When a run of `on_due` that finds nothing more ends.
pub(super) fn idle_at(run: &Run) -> Timestamp {
    run.last_work.unwrap_or(run.started_at).max(run.started_at) + ON_DUE_IDLE
}
