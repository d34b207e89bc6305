//! `backup`: a consistent copy of the database, read through before it counts, and old ones removed.

use super::params;
use crate::db::backup::{Made, Place, Tools, back_up, try_out};
use crate::db::connection::DbConnection;
use crate::domain::fault::TaskFault;
use crate::domain::field_error::FieldError;
use crate::domain::report::JobDone;
use crate::operations::task_type::{Job, JobError, TaskType};
use crate::operations::{Context, OperationError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

pub const TYPE: TaskType = TaskType {
    name: "backup",
    about: "Copies the whole database while it is in use, checks the copy, and keeps the newest few. On PostgreSQL it needs pg_dump.",
    params_schema: || schemars::schema_for!(Params).to_value(),
    check,
    feeds_pool: false,
    work: Some(work),
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Params {
    /// How many copies are kept; older ones are removed once a new one is good.
    #[serde(default = "a_week_of_them")]
    #[schemars(range(min = 1, max = 1000))]
    keep: u32,
    /// Where they go: an absolute path on the server, of a folder that is there. By default the folder `backups` of the data directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    folder: Option<String>,
}

fn a_week_of_them() -> u32 {
    7
}

fn check(params: Value, _: &mut DbConnection, _: &Context) -> Result<Value, OperationError> {
    let params: Params = params::read(params)?;
    let mut wrong: Vec<_> = params::check_range("keep", params.keep.into(), 1, 1000).into_iter().collect();
    wrong.extend(params.folder.as_deref().and_then(wrong_folder));
    params::unless(wrong, &params)
}

/// A folder that no copy could go into is told when the task is saved, not by its first run in the night.
fn wrong_folder(folder: &str) -> Option<FieldError> {
    params::check_folder("folder", folder).or_else(|| {
        let fault = unfit(Path::new(folder)).or_else(|| {
            let why = try_out(Path::new(folder)).err()?;
            Some(TaskFault::FolderNotWritable { path: folder.to_owned(), why: why.to_string() })
        });
        fault.map(|fault| FieldError::new("params.folder", fault))
    })
}

/// It is not made: where a disk is not mounted, copies would fill another one, and be taken for safe.
fn unfit(folder: &Path) -> Option<TaskFault> {
    let path = folder.display().to_string();
    match (folder.is_dir(), folder.exists()) {
        (true, _) => None,
        (false, true) => Some(TaskFault::NotAFolder { path }),
        (false, false) => Some(TaskFault::NoFolder { path }),
    }
}

fn work(job: &mut Job<'_>) -> Result<JobDone, JobError> {
    let params: Params = params::kept(job.params)?;
    let path = match params.folder.map(PathBuf::from) {
        Some(path) => match unfit(&path) {
            Some(fault) => return Err(JobError::Failed(fault.to_string())),
            None => path,
        },
        None => job.places.data_dir.join("backups"),
    };
    let place = Place::Folder { path, keep: usize::try_from(params.keep).ok() };
    let made = back_up(&job.places.database, &place, &Tools::default(), job.now());
    let Made { path, bytes, schema_version, removed } =
        made.map_err(|error| JobError::Failed(error.to_string()))?;
    let removed: Vec<String> = removed.iter().map(|path| path.display().to_string()).collect();
    let path = path.display().to_string();
    Ok(JobDone {
        message: format!("Copied the database to {path} ({bytes} bytes); {} older removed", removed.len()),
        succeeded: 1,
        failed: 0,
        details: Some(json!({
            "path": path,
            "bytes": bytes,
            "schema_version": schema_version,
            "removed": removed,
        })),
    })
}
