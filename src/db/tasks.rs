//! Scheduled tasks.

mod listing;

pub use listing::{Filter, page};

use super::connection::{DbConnection, DbError};
use super::executions::{PUBLISHING, read_scope};
use super::schema::scheduled_tasks::dsl;
use crate::domain::clock::Timestamp;
use crate::domain::ids::{AccountId, TaskId};
use crate::domain::misfire::{Misfire, Plan};
use crate::domain::run_scope::RunScope;
use crate::domain::schedule::{ScheduleType, Written};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use serde_json::Value;

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = super::schema::scheduled_tasks)]
pub struct TaskRow {
    pub id: TaskId,
    pub name: String,
    pub task_type: String,
    pub schedule_type: ScheduleType,
    pub interval_seconds: Option<i64>,
    pub cron: Option<String>,
    pub run_at: Option<Timestamp>,
    pub timezone: String,
    pub params: String,
    pub enabled: bool,
    pub misfire: Misfire,
    pub anchor: Timestamp,
    pub next_run: Option<Timestamp>,
    pub last_run: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// Fires that passed more than a minute before anybody could fire them.
    pub missed_count: i64,
    /// Of those, the ones without a run of their own.
    pub skipped_count: i64,
    /// Fires and triggers that found the task running: all that come during one run are one that follows it.
    pub queued_count: i64,
    pub last_missed_at: Option<Timestamp>,
    /// Missed fires that run one after another: the next of them, and the last.
    pub catch_up_next: Option<Timestamp>,
    pub catch_up_last: Option<Timestamp>,
}

impl TaskRow {
    /// Its schedule, to be read as a rule.
    pub fn written(&self) -> Written<'_> {
        Written {
            schedule_type: self.schedule_type,
            interval_seconds: self.interval_seconds,
            cron: self.cron.as_deref(),
            run_at: self.run_at,
            timezone: &self.timezone,
            anchor: self.anchor,
        }
    }
}

pub fn get(conn: &mut DbConnection, id: TaskId) -> Result<Option<TaskRow>, DbError> {
    Ok(dsl::scheduled_tasks.filter(dsl::id.eq(id.0)).first(conn).optional()?)
}

/// The same, and nobody changes, fires or triggers it until the caller's transaction ends.
pub fn lock(conn: &mut DbConnection, id: TaskId) -> Result<Option<TaskRow>, DbError> {
    super::fires::lock(conn, &[id])?;
    get(conn, id)
}

pub fn list(conn: &mut DbConnection) -> Result<Vec<TaskRow>, DbError> {
    Ok(dsl::scheduled_tasks.order(dsl::id).load(conn)?)
}

/// The task of this name, which no two have.
pub fn named(conn: &mut DbConnection, name: &str) -> Result<Option<TaskId>, DbError> {
    Ok(dsl::scheduled_tasks.filter(dsl::name.eq(name)).select(dsl::id).first(conn).optional()?)
}

/// A task to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTask {
    pub name: String,
    pub task_type: String,
    pub schedule_type: ScheduleType,
    pub interval_seconds: Option<i64>,
    pub cron: Option<String>,
    pub run_at: Option<Timestamp>,
    pub timezone: String,
    pub params: String,
    pub enabled: bool,
    pub misfire: Misfire,
    pub anchor: Timestamp,
    pub next_run: Option<Timestamp>,
}

impl NewTask {
    /// The same as a row has it.
    pub fn written(&self) -> Written<'_> {
        Written {
            schedule_type: self.schedule_type,
            interval_seconds: self.interval_seconds,
            cron: self.cron.as_deref(),
            run_at: self.run_at,
            timezone: &self.timezone,
            anchor: self.anchor,
        }
    }
}

pub fn insert(conn: &mut DbConnection, new: &NewTask, now: Timestamp) -> Result<TaskId, DbError> {
    Ok(diesel::insert_into(dsl::scheduled_tasks)
        .values((
            dsl::name.eq(&new.name),
            dsl::task_type.eq(&new.task_type),
            dsl::schedule_type.eq(new.schedule_type.as_str()),
            dsl::interval_seconds.eq(new.interval_seconds),
            dsl::cron.eq(&new.cron),
            dsl::run_at.eq(new.run_at.map(|at| at.micros())),
            dsl::timezone.eq(&new.timezone),
            dsl::params.eq(&new.params),
            dsl::enabled.eq(new.enabled),
            dsl::misfire.eq(new.misfire.as_str()),
            dsl::anchor.eq(new.anchor.micros()),
            dsl::next_run.eq(new.next_run.map(|at| at.micros())),
            dsl::created_at.eq(now.micros()),
            dsl::updated_at.eq(now.micros()),
        ))
        .returning(dsl::id)
        .get_result(conn)?)
}

/// Writes a changed task whole.
pub fn update(conn: &mut DbConnection, task: &TaskRow, now: Timestamp) -> Result<(), DbError> {
    diesel::update(dsl::scheduled_tasks.filter(dsl::id.eq(task.id.0)))
        .set((
            dsl::name.eq(&task.name),
            dsl::schedule_type.eq(task.schedule_type.as_str()),
            dsl::interval_seconds.eq(task.interval_seconds),
            dsl::cron.eq(&task.cron),
            dsl::run_at.eq(task.run_at.map(|at| at.micros())),
            dsl::timezone.eq(&task.timezone),
            dsl::params.eq(&task.params),
            dsl::enabled.eq(task.enabled),
            dsl::misfire.eq(task.misfire.as_str()),
            dsl::anchor.eq(task.anchor.micros()),
            dsl::next_run.eq(task.next_run.map(|at| at.micros())),
            dsl::catch_up_next.eq(task.catch_up_next.map(|at| at.micros())),
            dsl::catch_up_last.eq(task.catch_up_last.map(|at| at.micros())),
            dsl::updated_at.eq(now.micros()),
        ))
        .execute(conn)?;
    Ok(())
}

/// True where there was one. Its executions stay.
pub fn delete(conn: &mut DbConnection, id: TaskId) -> Result<bool, DbError> {
    Ok(diesel::delete(dsl::scheduled_tasks.filter(dsl::id.eq(id.0))).execute(conn)? == 1)
}

// What these three ask has a partial index each, which serves a plan only where its condition is written out.

/// Enabled tasks whose time has come, but those of the type that waits: so many, or all, first those that were due first.
pub fn due(
    conn: &mut DbConnection,
    waiting: Option<&str>,
    now: Timestamp,
    most: Option<usize>,
) -> Result<Vec<TaskRow>, DbError> {
    let most = most.and_then(|most| i64::try_from(most).ok()).unwrap_or(i64::MAX);
    Ok(dsl::scheduled_tasks
        .filter(dsl::enabled)
        .filter(dsl::next_run.le(now.micros()))
        .filter(dsl::task_type.ne(waiting.unwrap_or_default()))
        .order((dsl::next_run, dsl::id))
        .limit(most)
        .load(conn)?)
}

/// What the enabled tasks that publish take; one that cannot be read takes nothing.
pub fn publishing_scopes(conn: &mut DbConnection) -> Result<Vec<RunScope>, DbError> {
    let params: Vec<String> = dsl::scheduled_tasks
        .filter(dsl::enabled)
        .filter(dsl::task_type.eq(PUBLISHING))
        .select(dsl::params)
        .distinct()
        .load(conn)?;
    Ok(params.iter().filter_map(|params| read_scope(params).ok()).collect())
}

/// Tasks, enabled or not, whose parameters name an account, as people call them.
pub fn naming_account(conn: &mut DbConnection, account: AccountId) -> Result<Vec<(TaskId, String)>, DbError> {
    let rows: Vec<(TaskId, String, String)> = dsl::scheduled_tasks
        .filter(dsl::params.like("%account_ids%"))
        .order(dsl::id)
        .select((dsl::id, dsl::name, dsl::params))
        .load(conn)?;
    let names_it = |params: &str| {
        let params: Value = serde_json::from_str(params).unwrap_or_default();
        params["account_ids"].as_array().is_some_and(|ids| ids.contains(&account.0.into()))
    };
    let naming = rows.into_iter().filter(|(.., params)| names_it(params));
    Ok(naming.map(|(id, name, _)| (id, name)).collect())
}

/// The earliest fire of any enabled task after an instant, or of all time, but of those of the type that waits.
pub fn next_fire(
    conn: &mut DbConnection,
    waiting: Option<&str>,
    after: Option<Timestamp>,
) -> Result<Option<Timestamp>, DbError> {
    Ok(dsl::scheduled_tasks
        .filter(dsl::enabled)
        .filter(dsl::next_run.gt(after.map_or(i64::MIN, Timestamp::micros)))
        .filter(dsl::task_type.ne(waiting.unwrap_or_default()))
        .select(dsl::next_run.assume_not_null())
        .order(dsl::next_run)
        .first(conn)
        .optional()?)
}

/// Enabled tasks that fire when an entry is due.
pub fn on_due(conn: &mut DbConnection) -> Result<Vec<TaskRow>, DbError> {
    Ok(dsl::scheduled_tasks
        .filter(dsl::enabled)
        .filter(sql::<Bool>("scheduled_tasks.schedule_type = 'on_due'"))
        .order(dsl::id)
        .load(conn)?)
}

/// A task that is done switches itself off.
pub fn switch_off(conn: &mut DbConnection, id: TaskId, now: Timestamp) -> Result<(), DbError> {
    diesel::update(dsl::scheduled_tasks.filter(dsl::id.eq(id.0)))
        .set((dsl::enabled.eq(false), dsl::next_run.eq(None::<i64>), dsl::updated_at.eq(now.micros())))
        .execute(conn)?;
    Ok(())
}

/// Moves a task from the fire that came to its next: true for the one node that got there first. A task that has no
/// next is switched off. `plan`: what becomes of the fires until now.
pub fn advance(
    conn: &mut DbConnection,
    id: TaskId,
    from: Timestamp,
    to: Option<Timestamp>,
    plan: &Plan,
    now: Timestamp,
) -> Result<bool, DbError> {
    let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let runs = !plan.run.is_empty();
    let changed =
        diesel::update(dsl::scheduled_tasks.filter(dsl::id.eq(id.0)).filter(dsl::next_run.eq(from.micros())))
            .set((
                dsl::next_run.eq(to.map(|at| at.micros())),
                to.is_none().then_some(dsl::enabled.eq(false)),
                runs.then_some(dsl::last_run.eq(now.micros())),
                dsl::missed_count.eq(dsl::missed_count + count(plan.missed)),
                dsl::skipped_count.eq(dsl::skipped_count + count(plan.skipped)),
                (plan.missed > 0).then_some(dsl::last_missed_at.eq(now.micros())),
                // The first of them runs now.
                plan.run.get(1).map(|next| {
                    let last = plan.run.last().unwrap_or(next);
                    (dsl::catch_up_next.eq(next.micros()), dsl::catch_up_last.eq(last.micros()))
                }),
            ))
            .execute(conn)?;
    Ok(changed == 1)
}

/// From one missed fire to the next that is to run: true for whoever got there first.
pub fn catch_up(
    conn: &mut DbConnection,
    id: TaskId,
    from: Timestamp,
    to: Option<Timestamp>,
) -> Result<bool, DbError> {
    let changed = diesel::update(
        dsl::scheduled_tasks.filter(dsl::id.eq(id.0)).filter(dsl::catch_up_next.eq(from.micros())),
    )
    .set((
        dsl::catch_up_next.eq(to.map(|at| at.micros())),
        to.is_none().then_some(dsl::catch_up_last.eq(None::<i64>)),
    ))
    .execute(conn)?;
    Ok(changed == 1)
}

/// Missed fires that were still to run are let go, of all tasks of a type.
pub fn forget_all_catching_up(conn: &mut DbConnection, task_type: &str) -> Result<(), DbError> {
    diesel::update(
        dsl::scheduled_tasks
            .filter(dsl::task_type.eq(task_type))
            .filter(dsl::catch_up_next.is_not_null().or(dsl::catch_up_last.is_not_null())),
    )
    .set((dsl::catch_up_next.eq(None::<i64>), dsl::catch_up_last.eq(None::<i64>)))
    .execute(conn)?;
    Ok(())
}

/// A fire or a trigger found the task running.
pub fn count_queued(conn: &mut DbConnection, id: TaskId) -> Result<(), DbError> {
    diesel::update(dsl::scheduled_tasks.filter(dsl::id.eq(id.0)))
        .set(dsl::queued_count.eq(dsl::queued_count + 1))
        .execute(conn)?;
    Ok(())
}

/// Has a task fire at another time than it would have, without a run now; `anchor` is what its interval counts from.
/// Without a time it is switched off. True unless somebody else was first.
pub fn reschedule(
    conn: &mut DbConnection,
    task: &TaskRow,
    anchor: Timestamp,
    to: Option<Timestamp>,
) -> Result<bool, DbError> {
    let same = dsl::scheduled_tasks
        .filter(dsl::id.eq(task.id.0))
        .filter(dsl::next_run.eq(task.next_run.map(Timestamp::micros)));
    let changed = diesel::update(same)
        .set((
            dsl::anchor.eq(anchor.micros()),
            dsl::next_run.eq(to.map(Timestamp::micros)),
            dsl::enabled.eq(to.is_some()),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

pub fn set_last_run(conn: &mut DbConnection, id: TaskId, now: Timestamp) -> Result<(), DbError> {
    diesel::update(dsl::scheduled_tasks.filter(dsl::id.eq(id.0)))
        .set(dsl::last_run.eq(now.micros()))
        .execute(conn)?;
    Ok(())
}
