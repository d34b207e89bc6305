//! Scheduled tasks: made, changed, switched.

use super::execution::stop_task;
use super::{Access, Context, Operation, OperationError};
use crate::db::connection::DbConnection;
use crate::db::meta;
use crate::db::tasks::{self, NewTask, TaskRow};
use crate::domain::clock::Timestamp;
use crate::domain::field_error::FieldError;
use crate::domain::ids::TaskId;
use crate::domain::schedule::{INTERVAL_MAX_SECONDS, INTERVAL_MIN_SECONDS, ScheduleType};
use serde_json::Value;
use std::time::Duration;

/// The kinds of work that a task can do.
pub const TASK_TYPES: [&str; 1] = ["publishing"];
/// The task that every new database has.
pub const FIRST_TASK_NAME: &str = "publish when due";

/// A task as a user describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateTask {
    pub name: String,
    pub task_type: String,
    pub schedule_type: ScheduleType,
    pub interval_seconds: Option<i64>,
    pub timezone: Option<String>,
    pub params: Value,
    pub enabled: bool,
    /// The first fire of an interval; none: one interval from now.
    pub next_run: Option<Timestamp>,
}

impl CreateTask {
    /// A publishing task that runs every so many seconds.
    pub fn every(name: impl Into<String>, seconds: i64) -> Self {
        CreateTask {
            name: name.into(),
            task_type: "publishing".to_owned(),
            schedule_type: ScheduleType::Interval,
            interval_seconds: Some(seconds),
            timezone: None,
            params: Value::Object(serde_json::Map::new()),
            enabled: true,
            next_run: None,
        }
    }
}

impl Operation for CreateTask {
    type Output = TaskRow;
    const ACCESS: Access = Access::Write;

    fn run(self, conn: &mut DbConnection, cx: &Context, now: Timestamp) -> Result<TaskRow, OperationError> {
        check_next_run(self.schedule_type, self.next_run)?;
        let timezone = self.timezone.unwrap_or_else(|| cx.timezone.to_string());
        let anchor = first_fire(self.interval_seconds, self.next_run, now);
        let new = NewTask {
            name: self.name,
            task_type: self.task_type,
            schedule_type: self.schedule_type,
            interval_seconds: self.interval_seconds,
            timezone,
            params: self.params.to_string(),
            enabled: self.enabled,
            anchor,
            next_run: (self.enabled && self.schedule_type == ScheduleType::Interval).then_some(anchor),
        };
        check(&new, &self.params)?;
        if tasks::list(conn)?.iter().any(|task| task.name == new.name) {
            return Err(OperationError::NameTaken { what: "task", name: new.name });
        }
        let id = tasks::insert(conn, &new, now)?;
        get(conn, id)
    }
}

fn first_fire(interval_seconds: Option<i64>, asked: Option<Timestamp>, now: Timestamp) -> Timestamp {
    let interval = Duration::from_secs(u64::try_from(interval_seconds.unwrap_or(0)).unwrap_or(0));
    asked.unwrap_or(now + interval.min(Duration::from_secs(INTERVAL_MAX_SECONDS.unsigned_abs())))
}

fn check_next_run(schedule: ScheduleType, asked: Option<Timestamp>) -> Result<(), OperationError> {
    match (schedule, asked) {
        (ScheduleType::OnDue, Some(_)) => Err(OperationError::invalid("next_run", "does not go with on_due")),
        (ScheduleType::OnDue, None) | (ScheduleType::Interval, _) => Ok(()),
    }
}

fn check(task: &NewTask, params: &Value) -> Result<(), OperationError> {
    let mut wrong = Vec::new();
    let mut tell = |field: &str, message: String| wrong.push(FieldError::new(field, message));
    if task.name.trim().is_empty() || task.name.chars().count() > 100 || task.name.contains('\0') {
        tell("name", "must have 1 to 100 characters".to_owned());
    }
    if !TASK_TYPES.contains(&task.task_type.as_str()) {
        tell("task_type", format!("“{}” is not one of {}", task.task_type, TASK_TYPES.join(", ")));
    }
    match (task.schedule_type, task.interval_seconds) {
        (ScheduleType::Interval, None) => tell("interval_seconds", "is needed for an interval".to_owned()),
        (ScheduleType::Interval, Some(seconds)) => {
            if !(INTERVAL_MIN_SECONDS..=INTERVAL_MAX_SECONDS).contains(&seconds) {
                tell("interval_seconds", format!("must be from 1 to {INTERVAL_MAX_SECONDS} (366 days)"));
            }
        }
        (ScheduleType::OnDue, Some(_)) => tell("interval_seconds", "does not go with on_due".to_owned()),
        (ScheduleType::OnDue, None) => {}
    }
    if task.timezone.parse::<chrono_tz::Tz>().is_err() {
        tell("timezone", format!("“{}” is no time zone; write it like Asia/Shanghai", task.timezone));
    }
    match params.as_object() {
        None => tell("params", "must be an object".to_owned()),
        Some(given) => {
            for name in given.keys() {
                tell(&format!("params.{name}"), "publishing tasks have no such parameter".to_owned());
            }
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(OperationError::Invalid(wrong)) }
}

fn get(conn: &mut DbConnection, id: TaskId) -> Result<TaskRow, OperationError> {
    tasks::get(conn, id)?.ok_or_else(|| OperationError::not_found("task", id))
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

#[derive(Debug, Clone, Copy)]
pub struct ListTasks;

impl Operation for ListTasks {
    type Output = Vec<TaskRow>;
    const ACCESS: Access = Access::Read;

    fn run(self, conn: &mut DbConnection, _: &Context, _: Timestamp) -> Result<Vec<TaskRow>, OperationError> {
        Ok(tasks::list(conn)?)
    }
}

/// Changes a task; what is none stays. Its next fire is computed from now.
#[derive(Debug, Clone)]
pub struct UpdateTask {
    pub id: TaskId,
    pub name: Option<String>,
    pub interval_seconds: Option<i64>,
    pub timezone: Option<String>,
    pub params: Option<Value>,
    pub enabled: Option<bool>,
    pub next_run: Option<Timestamp>,
}

impl UpdateTask {
    pub fn new(id: TaskId) -> Self {
        UpdateTask {
            id,
            name: None,
            interval_seconds: None,
            timezone: None,
            params: None,
            enabled: None,
            next_run: None,
        }
    }
}

impl Operation for UpdateTask {
    type Output = TaskRow;
    const ACCESS: Access = Access::Write;

    fn run(self, conn: &mut DbConnection, cx: &Context, now: Timestamp) -> Result<TaskRow, OperationError> {
        let mut row = get(conn, self.id)?;
        check_next_run(row.schedule_type, self.next_run)?;
        let was_enabled = row.enabled;
        if self.interval_seconds.is_some() {
            row.interval_seconds = self.interval_seconds;
            row.anchor = first_fire(row.interval_seconds, self.next_run, now);
        } else if let Some(at) = self.next_run {
            row.anchor = at;
        }
        row.name = self.name.unwrap_or(row.name);
        row.timezone = self.timezone.unwrap_or(row.timezone);
        row.enabled = self.enabled.unwrap_or(row.enabled);
        let params = self.params.unwrap_or_else(|| serde_json::from_str(&row.params).unwrap_or_default());
        row.params = params.to_string();
        row.next_run = row.enabled.then(|| row.schedule().next_after(now)).flatten();
        let as_new = NewTask {
            name: row.name.clone(),
            task_type: row.task_type.clone(),
            schedule_type: row.schedule_type,
            interval_seconds: row.interval_seconds,
            timezone: row.timezone.clone(),
            params: row.params.clone(),
            enabled: row.enabled,
            anchor: row.anchor,
            next_run: row.next_run,
        };
        check(&as_new, &params)?;
        if tasks::list(conn)?.iter().any(|task| task.name == row.name && task.id != row.id) {
            return Err(OperationError::NameTaken { what: "task", name: row.name });
        }
        tasks::update(conn, &row, now)?;
        if was_enabled && !row.enabled {
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
            let task = CreateTask {
                schedule_type: ScheduleType::OnDue,
                interval_seconds: None,
                ..CreateTask::every(FIRST_TASK_NAME, 1)
            };
            task.run(conn, cx, now).map(drop)
        })
    }
}
