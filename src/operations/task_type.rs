//! What a task can do: the kinds there are, and what the work of one is given. The kinds themselves are in `tasks`.

use super::{Context, Operation, OperationError, perform};
use crate::db::connection::DbConnection;
use crate::db::database_url::DatabaseUrl;
use crate::db::kept::Kept;
use crate::domain::clock::{Clock, Timestamp};
use crate::domain::fault::NoneOf;
use crate::domain::field_error::FieldError;
use crate::domain::ids::{ExecutionId, TaskId};
use crate::domain::report::JobDone;
use crate::domain::schedule::ScheduleType;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// One kind of work.
#[derive(Clone, Copy)]
pub struct TaskType {
    /// As users write it, e.g. `backup`.
    pub name: &'static str,
    /// One or two sentences for people who choose one.
    pub about: &'static str,
    /// JSON Schema of the parameters, with a description of each.
    pub params_schema: fn() -> Value,
    /// Checks parameters before they are saved, and gives them back as they are kept.
    pub check: fn(Value, &mut DbConnection, &Context) -> Result<Value, OperationError>,
    /// It puts posts into the pool by itself, by what it remembers of earlier runs.
    pub feeds_pool: bool,
    /// Does it, on a thread of its own, with a connection of its own; none: the engine does it.
    pub work: Option<Work>,
}

/// What a person needs to know to use a kind of task.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "TaskType")]
pub struct Description {
    pub name: &'static str,
    pub about: &'static str,
    /// How it may be repeated.
    pub schedule_types: Vec<ScheduleType>,
    /// The JSON Schema of a task's `params`.
    #[schemars(with = "Map<String, Value>")]
    pub params_schema: Value,
}

/// Does the work of one run. It blocks.
pub type Work = fn(&mut Job<'_>) -> Result<JobDone, JobError>;

impl fmt::Debug for TaskType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TaskType({})", self.name)
    }
}

impl TaskType {
    /// What a person needs to know to use it.
    pub fn description(&self) -> Description {
        let fires_when_due = self.work.is_none();
        let schedule_types = ScheduleType::ALL.iter().copied();
        Description {
            name: self.name,
            about: self.about,
            schedule_types: schedule_types
                .filter(|kind| fires_when_due || *kind != ScheduleType::OnDue)
                .collect(),
            params_schema: (self.params_schema)(),
        }
    }
}

/// The kinds there are.
#[derive(Debug, Clone, Default)]
pub struct TaskTypes(Vec<TaskType>);

impl TaskTypes {
    pub fn new(types: impl IntoIterator<Item = TaskType>) -> Self {
        TaskTypes(types.into_iter().collect())
    }

    pub fn get(&self, name: &str) -> Option<&TaskType> {
        self.0.iter().find(|one| one.name == name)
    }

    pub fn iter(&self) -> impl Iterator<Item = &TaskType> {
        self.0.iter()
    }

    /// The kind of this name, or what is wrong with it.
    pub(super) fn find(&self, name: &str) -> Result<&TaskType, FieldError> {
        self.get(name)
            .ok_or_else(|| FieldError::new("task_type", NoneOf::new(name, self.0.iter().map(|one| one.name))))
    }
}

/// Tells a job that it is to end.
#[derive(Debug, Clone, Default)]
pub struct StopFlag(Arc<AtomicBool>);

impl StopFlag {
    pub fn set(&self) {
        self.0.store(true, Ordering::Release);
    }

    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// Why a job did not do what it was to do. What it had done until then stays done.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// It was told to end, after it had done this.
    #[error("it was told to stop")]
    Stopped(Box<JobDone>),
    /// In words for whoever looks after the task.
    #[error("{0}")]
    Failed(String),
    #[error(transparent)]
    Operation(#[from] OperationError),
}

impl JobError {
    /// The same of a job that was told to stop after it had done this.
    pub fn after(self, done: JobDone) -> Self {
        match self {
            JobError::Stopped(_) => JobError::Stopped(Box::new(done)),
            other => other,
        }
    }
}

/// Where an installation has its things.
#[derive(Debug, Clone)]
pub struct Places {
    pub data_dir: PathBuf,
    pub database: DatabaseUrl,
}

/// One run of a task that is not the engine's.
pub struct Job<'a> {
    pub execution: ExecutionId,
    pub task: TaskId,
    /// As they were checked when the task was saved.
    pub params: &'a Value,
    pub places: &'a Places,
    pub cx: &'a Context,
    pub clock: &'a dyn Clock,
    pub(super) conn: &'a mut Kept,
    pub(super) stop: &'a StopFlag,
}

impl Job<'_> {
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Runs one operation, in a transaction of its own.
    pub fn perform<O: Operation>(&mut self, operation: O) -> Result<O::Output, OperationError> {
        let result = perform(operation, self.conn.get(|_| Ok(()))?, self.cx, self.clock.now());
        if let Err(OperationError::Db(_) | OperationError::Internal(_)) = &result {
            self.conn.give_up();
        }
        result
    }

    /// To be asked between two steps.
    pub fn go_on(&self) -> Result<(), JobError> {
        if self.stop.is_set() { Err(JobError::Stopped(Box::default())) } else { Ok(()) }
    }
}
