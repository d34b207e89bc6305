//! `import_folder`: a folder of Markdown files becomes contents and entries; what is new is added, what changed is
//! updated, and nothing that is out goes out again.

use super::params;
use crate::db::connection::DbConnection;
use crate::domain::ids::AccountId;
use crate::domain::priority::Priority;
use crate::domain::report::JobDone;
use crate::import::{self, Reading};
use crate::operations::import::{Action, Choices, Deleted, FileReport, ImportFolder, ImportReport};
use crate::operations::task_type::{Job, JobError, TaskType};
use crate::operations::{Context, OperationError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::path::Path;

/// Files that are listed by name in a report; the counts are of all.
const LISTED_MAX: usize = 100;

pub const TYPE: TaskType = TaskType {
    name: "import_folder",
    about: "Reads a folder of Markdown files: what is new goes into the pool, what changed is updated, nothing goes out twice.",
    params_schema: || schemars::schema_for!(Params).to_value(),
    check,
    feeds_pool: true,
    work: Some(work),
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Params {
    /// The folder: an absolute path on the server.
    folder: String,
    /// Also the folders in it.
    #[serde(default = "yes")]
    recursive: bool,
    /// Where files go that name no account themselves. By default the only enabled account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Vec<i64>>", length(min = 1))]
    account_ids: Option<Vec<AccountId>>,
    /// Of entries whose file has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<i32>", range(min = 1, max = 10))]
    priority: Option<Priority>,
}

fn yes() -> bool {
    true
}

fn check(params: Value, conn: &mut DbConnection, _: &Context) -> Result<Value, OperationError> {
    let mut params: Params = params::read(params)?;
    let mut wrong: Vec<_> = params::check_folder("folder", &params.folder).into_iter().collect();
    if let Some(ids) = &mut params.account_ids {
        params::check_accounts(conn, ids, &mut wrong)?;
    }
    params::unless(wrong, &params)
}

fn work(job: &mut Job<'_>) -> Result<JobDone, JobError> {
    let params: Params = params::kept(job.params)?;
    // What is being written at this moment is left for the next time.
    let reading = Reading { zone: job.cx.timezone, recursive: params.recursive, settled_at: Some(job.now()) };
    let folder = import::read_as(Path::new(&params.folder), reading, &mut |_, _| {});
    let folder = folder.map_err(|error| JobError::Failed(error.to_string()))?;
    job.go_on()?;
    let choices = Choices {
        accounts: params.account_ids.unwrap_or_default(),
        pool: true,
        priority: params.priority,
        again: false,
        deleted: Deleted::LeaveOut,
    };
    let import = ImportFolder { files: folder.files, choices, skip_bad: true, dry_run: false };
    let report = job.perform(import)?;
    Ok(done(&params.folder, &report, &folder.unsettled))
}

fn done(folder: &str, report: &ImportReport, unsettled: &[String]) -> JobDone {
    let ImportReport { created, updated, unchanged, skipped, bad, entries_added, entries_updated, .. } =
        *report;
    let mut message = format!(
        "Imported {folder}: {created} created, {updated} updated, {unchanged} unchanged; {entries_added} entries added"
    );
    if bad > 0 {
        message.push_str(&format!("; {bad} files cannot be imported"));
    }
    if !unsettled.is_empty() {
        message.push_str(&format!("; {} are being written, and left for the next run", unsettled.len()));
    }
    let is_news = |file: &&FileReport| file.is_bad() || file.action != Action::Unchanged;
    let files: Vec<&FileReport> = report.files.iter().filter(is_news).take(LISTED_MAX).collect();
    let whole = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    JobDone {
        message,
        succeeded: whole(created + updated),
        failed: whole(bad),
        details: Some(json!({
            "created": created,
            "updated": updated,
            "unchanged": unchanged,
            "skipped": skipped - bad.min(skipped),
            "bad": bad,
            "entries_added": entries_added,
            "entries_updated": entries_updated,
            "unsettled": unsettled,
            "files": files,
        })),
    }
}
