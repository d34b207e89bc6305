//! Scheduled tasks.

use super::connection::{DbConnection, DbError};
use super::schema::scheduled_tasks::dsl;
use crate::domain::clock::Timestamp;
use crate::domain::ids::TaskId;
use crate::domain::schedule::{ScheduleType, Written};
use diesel::prelude::*;

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
    pub misfire: String,
    pub anchor: Timestamp,
    pub next_run: Option<Timestamp>,
    pub last_run: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
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

pub fn list(conn: &mut DbConnection) -> Result<Vec<TaskRow>, DbError> {
    Ok(dsl::scheduled_tasks.order(dsl::id).load(conn)?)
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
            dsl::anchor.eq(task.anchor.micros()),
            dsl::next_run.eq(task.next_run.map(|at| at.micros())),
            dsl::updated_at.eq(now.micros()),
        ))
        .execute(conn)?;
    Ok(())
}

/// True where there was one. Its executions stay.
pub fn delete(conn: &mut DbConnection, id: TaskId) -> Result<bool, DbError> {
    Ok(diesel::delete(dsl::scheduled_tasks.filter(dsl::id.eq(id.0))).execute(conn)? == 1)
}

/// Enabled tasks whose time has come.
pub fn due(conn: &mut DbConnection, now: Timestamp) -> Result<Vec<TaskRow>, DbError> {
    Ok(dsl::scheduled_tasks
        .filter(dsl::enabled.eq(true))
        .filter(dsl::next_run.le(now.micros()))
        .order((dsl::next_run, dsl::id))
        .load(conn)?)
}

/// The earliest fire of any enabled task.
pub fn next_fire(conn: &mut DbConnection) -> Result<Option<Timestamp>, DbError> {
    Ok(dsl::scheduled_tasks
        .filter(dsl::enabled.eq(true))
        .filter(dsl::next_run.is_not_null())
        .select(dsl::next_run.assume_not_null())
        .order(dsl::next_run)
        .first(conn)
        .optional()?)
}

/// Enabled tasks that fire when an entry is due.
pub fn on_due(conn: &mut DbConnection) -> Result<Vec<TaskRow>, DbError> {
    Ok(dsl::scheduled_tasks
        .filter(dsl::enabled.eq(true))
        .filter(dsl::schedule_type.eq(ScheduleType::OnDue.as_str()))
        .order(dsl::id)
        .load(conn)?)
}

/// Moves a task from the fire that came to its next: true for the one node that got there first. A task that has no
/// next is switched off.
pub fn advance(
    conn: &mut DbConnection,
    id: TaskId,
    from: Timestamp,
    to: Option<Timestamp>,
    now: Timestamp,
) -> Result<bool, DbError> {
    let changed =
        diesel::update(dsl::scheduled_tasks.filter(dsl::id.eq(id.0)).filter(dsl::next_run.eq(from.micros())))
            .set((
                dsl::next_run.eq(to.map(|at| at.micros())),
                dsl::enabled.eq(to.is_some()),
                dsl::last_run.eq(now.micros()),
            ))
            .execute(conn)?;
    Ok(changed == 1)
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
