//! `import_folder`: a folder of Markdown files becomes contents and entries; what is new is added, what changed is
//! updated, and nothing that is out goes out again.

use super::params;
use crate::db::connection::DbConnection;
use crate::domain::ids::AccountId;
use crate::domain::priority::Priority;
use crate::domain::report::JobDone;
use crate::import::{self, File, Pictures, Reading};
use crate::operations::import::{Action, Choices, Deleted, FileReport, ImportFolder, ImportReport};
use crate::operations::task_type::{Job, JobError, TaskType};
use crate::operations::{Context, OperationError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::HashMap;
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
    let folder =
        import::read_as(Path::new(&params.folder), reading, Pictures::Taken(&job.cx.media), &mut |_, _| {});
    let folder = folder.map_err(|error| JobError::Failed(error.to_string()))?;
    let choices = Choices {
        accounts: params.account_ids.unwrap_or_default(),
        pool: true,
        priority: params.priority,
        again: false,
        deleted: Deleted::LeaveOut,
    };
    let mut reports = Vec::new();
    for files in batches(folder.files) {
        if let Err(stop) = job.go_on() {
            return Err(stop.after(done(&params.folder, &reports, &folder.unsettled)));
        }
        let import = ImportFolder { files, choices: choices.clone(), skip_bad: true, dry_run: false };
        reports.push(job.perform(import)?);
    }
    Ok(done(&params.folder, &reports, &folder.unsettled))
}

/// Files that are one transaction: others write to the database between two of them, and a run that is told to stop does.
const BATCH: usize = 200;

/// In their order. Files with the same bytes are in the same batch, because which of them is the original is decided among
/// those that are seen together.
fn batches(files: Vec<File>) -> Vec<Vec<File>> {
    let mut batches: Vec<Vec<File>> = Vec::new();
    let mut batch_of: HashMap<String, usize> = HashMap::new();
    for file in files {
        let bytes = file.outcome.as_ref().ok().map(|readable| readable.sha256.clone());
        let known = bytes.as_ref().and_then(|bytes| batch_of.get(bytes)).copied();
        if known.is_none() && batches.last().is_none_or(|batch| batch.len() >= BATCH) {
            batches.push(Vec::with_capacity(BATCH));
        }
        let place = known.unwrap_or(batches.len() - 1);
        if let Some(bytes) = bytes {
            batch_of.insert(bytes, place);
        }
        batches[place].push(file);
    }
    batches
}

fn done(folder: &str, reports: &[ImportReport], unsettled: &[String]) -> JobDone {
    let sum = |count: fn(&ImportReport) -> usize| reports.iter().map(count).sum::<usize>();
    let (created, updated) = (sum(|it| it.created), sum(|it| it.updated));
    let (unchanged, skipped, bad) = (sum(|it| it.unchanged), sum(|it| it.skipped), sum(|it| it.bad));
    let (entries_added, entries_updated) = (sum(|it| it.entries_added), sum(|it| it.entries_updated));
    let mut message = format!(
        "Imported {folder}: {created} created, {updated} updated, {unchanged} unchanged; {entries_added} entries added"
    );
    if bad > 0 {
        let files = if bad == 1 { "one file".to_owned() } else { format!("{bad} files") };
        message.push_str(&format!("; {files} cannot be imported"));
    }
    if !unsettled.is_empty() {
        let are = if unsettled.len() == 1 { "one is".to_owned() } else { format!("{} are", unsettled.len()) };
        message.push_str(&format!("; {are} being written, and left for the next run"));
    }
    let is_news = |file: &&FileReport| file.is_bad() || file.action != Action::Unchanged;
    let all = reports.iter().flat_map(|report| &report.files);
    let files: Vec<&FileReport> = all.filter(is_news).take(LISTED_MAX).collect();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::{ImportFault, Post, Problem, Readable};

    fn file(path: &str, bytes: Option<&str>) -> File {
        let readable = |bytes: &str| Readable {
            canonical_path: format!("/{path}"),
            sha256: bytes.to_owned(),
            post: Post::default(),
            pictures: Vec::new(),
        };
        let outcome = bytes.map(readable).ok_or_else(|| vec![Problem::of_the_file(ImportFault::Empty)]);
        File { path: path.to_owned(), outcome }
    }

    #[test]
    fn batches_are_in_order_and_keep_the_same_bytes_together() {
        let mut files: Vec<File> =
            (0..450).map(|number| file(&format!("{number:03}"), Some(&number.to_string()))).collect();
        files.push(file("copy of 5", Some("5")));
        files.push(file("bad", None));
        let made = batches(files);
        assert_eq!(made.iter().map(Vec::len).collect::<Vec<_>>(), [201, 200, 51]);
        let paths: Vec<&str> = made.iter().flatten().map(|file| file.path.as_str()).collect();
        assert_eq!((paths[0], paths[200], paths[201], paths[450]), ("000", "copy of 5", "200", "449"));
        assert!(batches(Vec::new()).is_empty());
    }
}
