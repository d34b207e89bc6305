//! `backup`: a consistent copy of the database, read through before it counts, and old ones removed.

use super::params;
use crate::db::backup::{Made, Place, Tools, back_up};
use crate::db::connection::DbConnection;
use crate::domain::report::JobDone;
use crate::operations::task_type::{Job, JobError, TaskType};
use crate::operations::{Context, OperationError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::path::PathBuf;

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
    wrong.extend(params.folder.as_deref().and_then(|folder| params::check_folder("folder", folder)));
    params::unless(wrong, &params)
}

fn work(job: &mut Job<'_>) -> Result<JobDone, JobError> {
    let params: Params = params::kept(job.params)?;
    let path = match params.folder.map(PathBuf::from) {
        // Not made: where a disk is not mounted, copies would fill another one, and be taken for safe.
        Some(path) if !path.is_dir() => {
            let message = format!("there is no folder {}; make it, or mount its disk", path.display());
            return Err(JobError::Failed(message));
        }
        Some(path) => path,
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
