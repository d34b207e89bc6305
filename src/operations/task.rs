//! Scheduled tasks: made, changed, switched.

mod listing;

pub use listing::*;

use super::cancelling::stop_task;
use super::{Access, Context, Operation, OperationError};
use crate::db::connection::DbConnection;
use crate::db::meta;
use crate::db::tasks::{self, NewTask, TaskRow};
use crate::domain::clock::Timestamp;
use crate::domain::fault::{Fault, TaskFault};
use crate::domain::field_error::FieldError;
use crate::domain::ids::TaskId;
use crate::domain::misfire::Misfire;
use crate::domain::naming::{self, is_no_number};
use crate::domain::schedule::{INTERVAL_MAX_SECONDS, Schedule, ScheduleType, Written};
use crate::domain::thing::Thing;
use crate::domain::time_input::AskedTime;
use chrono_tz::Tz;
use serde_json::Value;
use std::time::Duration;

/// The task that every new database has.
pub const FIRST_TASK_NAME: &str = "publish when due";

/// A task as a user describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateTask {
    pub name: String,
    pub task_type: String,
    pub schedule_type: ScheduleType,
    pub interval_seconds: Option<i64>,
    pub cron: Option<String>,
    /// When a task that runs once does.
    pub run_at: Option<AskedTime>,
    /// The zone of its cron expression, and of times that are written without an offset; none: that of the settings.
    pub timezone: Option<String>,
    pub params: Value,
    pub enabled: bool,
    pub misfire: Misfire,
    /// The first fire of an interval; none: one interval from now.
    pub next_run: Option<AskedTime>,
}

impl CreateTask {
    /// A publishing task that runs every so many seconds.
    pub fn every(name: impl Into<String>, seconds: i64) -> Self {
        CreateTask { interval_seconds: Some(seconds), ..CreateTask::publishing(name, ScheduleType::Interval) }
    }

    /// A publishing task that runs at the times that a cron expression names, such as `0 9 * * 1-5`.
    pub fn cron(name: impl Into<String>, expression: impl Into<String>) -> Self {
        CreateTask { cron: Some(expression.into()), ..CreateTask::publishing(name, ScheduleType::Cron) }
    }

    /// A publishing task that runs at one instant, and is disabled then.
    pub fn once(name: impl Into<String>, at: Timestamp) -> Self {
        CreateTask { run_at: Some(at.into()), ..CreateTask::publishing(name, ScheduleType::Once) }
    }

    /// A publishing task that runs whenever something is due.
    pub fn on_due(name: impl Into<String>) -> Self {
        CreateTask::publishing(name, ScheduleType::OnDue)
    }

    fn publishing(name: impl Into<String>, schedule_type: ScheduleType) -> Self {
        CreateTask {
            name: name.into(),
            task_type: "publishing".to_owned(),
            schedule_type,
            interval_seconds: None,
            cron: None,
            run_at: None,
            timezone: None,
            params: Value::Object(serde_json::Map::new()),
            enabled: true,
            misfire: Misfire::FireOnce,
            next_run: None,
        }
    }
}

impl Operation for CreateTask {
    type Output = TaskRow;
    const ACCESS: Access = Access::Write;

    fn run(self, conn: &mut DbConnection, cx: &Context, now: Timestamp) -> Result<TaskRow, OperationError> {
        let timezone = self.timezone.unwrap_or_else(|| cx.timezone.to_string());
        let asked = instant("next_run", self.next_run.as_ref(), &timezone)?;
        check_next_run(self.schedule_type, asked)?;
        let mut new = NewTask {
            name: self.name,
            task_type: self.task_type,
            schedule_type: self.schedule_type,
            interval_seconds: self.interval_seconds,
            cron: self.cron,
            run_at: instant("run_at", self.run_at.as_ref(), &timezone)?,
            timezone,
            params: NO_PARAMS.to_owned(),
            enabled: self.enabled,
            misfire: self.misfire,
            anchor: anchor(self.interval_seconds, asked, now),
            next_run: None,
        };
        unprintable(Some(&new.name))?;
        let given = Given { name: &new.name, task_type: &new.task_type, params: Some(self.params) };
        let (schedule, params) = given.check(new.written(), conn, cx)?;
        new.params = params.map_or_else(|| NO_PARAMS.to_owned(), |params| params.to_string());
        let next = match &schedule {
            // Its first fire may have been asked for in the past: then it is due.
            Schedule::Interval { anchor, .. } => Some(*anchor),
            Schedule::Cron { .. } | Schedule::Once { .. } | Schedule::OnDue => next_fire(&schedule, now)?,
        };
        new.next_run = next.filter(|_| new.enabled);
        if tasks::named(conn, &new.name)?.is_some() {
            return Err(OperationError::NameTaken { thing: Thing::Task, name: new.name });
        }
        let id = tasks::insert(conn, &new, now)?;
        get(conn, id)
    }
}

/// A time that was asked for, in the task's zone where it has none of its own. A zone that is none is told elsewhere.
pub(super) fn instant(
    field: &str,
    asked: Option<&AskedTime>,
    timezone: &str,
) -> Result<Option<Timestamp>, OperationError> {
    let zone = timezone.parse().unwrap_or(Tz::UTC);
    let read = asked.map(|asked| asked.read(zone)).transpose();
    read.map_err(|error| OperationError::invalid(field, error))
}

/// What an interval counts from.
pub(super) fn anchor(interval_seconds: Option<i64>, asked: Option<Timestamp>, now: Timestamp) -> Timestamp {
    let interval = Duration::from_secs(u64::try_from(interval_seconds.unwrap_or(0)).unwrap_or(0));
    asked.unwrap_or(now + interval.min(Duration::from_secs(INTERVAL_MAX_SECONDS.unsigned_abs())))
}

pub(super) fn check_next_run(schedule: ScheduleType, asked: Option<Timestamp>) -> Result<(), OperationError> {
    if asked.is_some() && schedule != ScheduleType::Interval {
        return Err(OperationError::invalid("next_run", TaskFault::NotFor(schedule)));
    }
    Ok(())
}

/// The next fire, of a schedule that must have one unless the clock does not decide.
pub(super) fn next_fire(schedule: &Schedule, now: Timestamp) -> Result<Option<Timestamp>, OperationError> {
    match (schedule, schedule.next_after(now)) {
        (Schedule::Cron { .. }, None) => Err(OperationError::invalid("cron", TaskFault::NeverFires)),
        (Schedule::Once { at }, None) => Err(OperationError::invalid("run_at", Fault::Past(*at))),
        (Schedule::OnDue | Schedule::Interval { .. }, None) => Ok(None),
        (_, next) => Ok(next),
    }
}

/// Refuses a name that is not one line; one that was kept before stays.
fn unprintable(name: Option<&str>) -> Result<(), OperationError> {
    match name.and_then(naming::unprintable) {
        Some(wrong) => Err(OperationError::Invalid(vec![wrong])),
        None => Ok(()),
    }
}

const NO_PARAMS: &str = "{}";
const NAME_MAX_CHARS: usize = 100;

/// What is checked of a task beside its schedule.
struct Given<'a> {
    name: &'a str,
    task_type: &'a str,
    /// None where they stay as they are.
    params: Option<Value>,
}

impl Given<'_> {
    /// Checks all of a task. Gives back its schedule, and its parameters as they are to be kept.
    fn check(
        self,
        written: Written<'_>,
        conn: &mut DbConnection,
        cx: &Context,
    ) -> Result<(Schedule, Option<Value>), OperationError> {
        let mut wrong = Vec::new();
        if self.name.trim().is_empty()
            || self.name.chars().count() > NAME_MAX_CHARS
            || self.name.contains('\0')
        {
            wrong.push(FieldError::new("name", Fault::Length { most: NAME_MAX_CHARS }));
        }
        wrong.extend(is_no_number(self.name).err());
        let mut params = None;
        match cx.task_types.find(self.task_type) {
            Err(unknown) => wrong.push(unknown),
            Ok(kind) => {
                if kind.work.is_some() && written.schedule_type == ScheduleType::OnDue {
                    let fault = TaskFault::OnDueOnlyPublishes { kind: kind.name.to_owned() };
                    wrong.push(FieldError::new("schedule_type", fault));
                }
                match self.params.map(|params| (kind.check)(params, conn, cx)).transpose() {
                    Ok(kept) => params = kept,
                    Err(OperationError::Invalid(fields)) => wrong.extend(fields),
                    Err(other) => return Err(other),
                }
            }
        }
        match Schedule::read(written) {
            Ok(schedule) if wrong.is_empty() => Ok((schedule, params)),
            Ok(_) => Err(OperationError::Invalid(wrong)),
            Err(of_schedule) => {
                wrong.extend(of_schedule);
                Err(OperationError::Invalid(wrong))
            }
        }
    }
}

pub(super) fn get(conn: &mut DbConnection, id: TaskId) -> Result<TaskRow, OperationError> {
    tasks::get(conn, id)?.ok_or_else(|| OperationError::not_found(Thing::Task, id))
}

/// The same, and it stays so until the caller's transaction ends: what is not changed is written back as it was read.
fn locked(conn: &mut DbConnection, id: TaskId) -> Result<TaskRow, OperationError> {
    tasks::lock(conn, id)?.ok_or_else(|| OperationError::not_found(Thing::Task, id))
}

#[derive(Debug, Clone, Copy)]
pub struct GetTask(pub TaskId);

impl Operation for GetTask {
    type Output = TaskRow;
    const ACCESS: Access = Access::Read;

    fn run(self, conn: &mut DbConnection, _: &Context, _: Timestamp) -> Result<TaskRow, OperationError> {
        get(conn, self.0)
    }
}

/// Changes a task; what is none stays. Its next fire is computed from now.
#[derive(Debug, Clone, PartialEq)]
pub struct UpdateTask {
    pub id: TaskId,
    pub name: Option<String>,
    /// Another type drops the parts of the one before.
    pub schedule_type: Option<ScheduleType>,
    pub interval_seconds: Option<i64>,
    pub cron: Option<String>,
    pub run_at: Option<AskedTime>,
    pub timezone: Option<String>,
    pub params: Option<Value>,
    pub enabled: Option<bool>,
    pub misfire: Option<Misfire>,
    pub next_run: Option<AskedTime>,
}

impl UpdateTask {
    pub fn new(id: TaskId) -> Self {
        UpdateTask {
            id,
            name: None,
            schedule_type: None,
            interval_seconds: None,
            cron: None,
            run_at: None,
            timezone: None,
            params: None,
            enabled: None,
            misfire: None,
            next_run: None,
        }
    }

    /// The row as it is to be, but for its next fire.
    fn applied(&self, was: &TaskRow, now: Timestamp) -> Result<TaskRow, OperationError> {
        let mut row = was.clone();
        row.schedule_type = self.schedule_type.unwrap_or(was.schedule_type);
        if row.schedule_type != was.schedule_type {
            (row.interval_seconds, row.cron, row.run_at) = (None, None, None);
        }
        row.timezone = self.timezone.clone().unwrap_or(row.timezone);
        let asked = instant("next_run", self.next_run.as_ref(), &row.timezone)?;
        check_next_run(row.schedule_type, asked)?;
        if self.interval_seconds.is_some() {
            row.interval_seconds = self.interval_seconds;
            row.anchor = anchor(row.interval_seconds, asked, now);
        } else if let Some(at) = asked {
            row.anchor = at;
        }
        row.cron = self.cron.clone().or(row.cron);
        row.run_at = instant("run_at", self.run_at.as_ref(), &row.timezone)?.or(row.run_at);
        row.name = self.name.clone().unwrap_or(row.name);
        row.enabled = self.enabled.unwrap_or(row.enabled);
        row.misfire = self.misfire.unwrap_or(row.misfire);
        // What was missed belonged to the task as it was.
        (row.catch_up_next, row.catch_up_last) = (None, None);
        Ok(row)
    }
}

impl Operation for UpdateTask {
    type Output = TaskRow;
    const ACCESS: Access = Access::Write;

    fn run(self, conn: &mut DbConnection, cx: &Context, now: Timestamp) -> Result<TaskRow, OperationError> {
        let was = locked(conn, self.id)?;
        unprintable(self.name.as_deref())?;
        let mut row = self.applied(&was, now)?;
        // What stays as it was is not checked anew: an account of it may be gone, and that must not keep a person from
        // disabling the task.
        let given = Given { name: &row.name, task_type: &row.task_type, params: self.params.clone() };
        let (schedule, params) = given.check(row.written(), conn, cx)?;
        if let Some(params) = params {
            row.params = params.to_string();
        }
        let is_waiting = was.enabled && row.schedule_type == was.schedule_type && row.run_at == was.run_at;
        row.next_run = match &schedule {
            // Due or not, its one fire is still to come, whatever else is changed.
            Schedule::Once { .. } if row.enabled && is_waiting => was.next_run,
            _ if row.enabled => next_fire(&schedule, now)?,
            // What it is given must be of use once it is enabled.
            _ if self.cron.is_some() || self.run_at.is_some() => next_fire(&schedule, now)?.and(None),
            _ => None,
        };
        if tasks::named(conn, &row.name)?.is_some_and(|id| id != row.id) {
            return Err(OperationError::NameTaken { thing: Thing::Task, name: row.name });
        }
        tasks::update(conn, &row, now)?;
        if was.enabled && !row.enabled {
            stop_task(conn, cx, row.id, now)?;
        }
        get(conn, self.id)
    }
}

/// Removes a task; what it has done stays on record.
#[derive(Debug, Clone, Copy)]
pub struct DeleteTask(pub TaskId);

impl Operation for DeleteTask {
    type Output = ();
    const ACCESS: Access = Access::Write;

    fn run(self, conn: &mut DbConnection, cx: &Context, now: Timestamp) -> Result<(), OperationError> {
        get(conn, self.0)?;
        // Before its runs are stopped, so that nobody opens one between.
        tasks::delete(conn, self.0)?;
        stop_task(conn, cx, self.0, now)
    }
}

/// Makes the task that publishes what is due, once in a database's life: deleted, it stays deleted.
#[derive(Debug, Clone, Copy)]
pub struct MakeFirstTask;

impl Operation for MakeFirstTask {
    type Output = ();
    const ACCESS: Access = Access::Engine;

    fn run(self, conn: &mut DbConnection, cx: &Context, now: Timestamp) -> Result<(), OperationError> {
        if meta::get(conn, meta::FIRST_TASK_MADE)?.is_some() {
            return Ok(());
        }
        conn.write(|conn| {
            if !meta::set_first(conn, meta::FIRST_TASK_MADE, "yes")? {
                return Ok(()); // another process, which started at the same time
            }
            CreateTask::on_due(FIRST_TASK_NAME).run(conn, cx, now).map(drop)
        })
    }
}
