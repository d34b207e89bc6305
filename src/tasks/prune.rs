//! `prune`: what was kept long enough of the history goes, in small batches, so that nobody waits for it.

use super::{params, recycle};
use crate::db::connection::DbConnection;
use crate::db::prune::Batch;
use crate::domain::clock::Timestamp;
use crate::domain::report::JobDone;
use crate::domain::request_key::REMEMBERED_FOR;
use crate::operations::media::pruning::{PruneFiles, PruneMedia};
use crate::operations::prune::{History, Prune};
use crate::operations::task::ListTasks;
use crate::operations::task_type::{Job, JobError, TaskType};
use crate::operations::{Context, OperationError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;

/// Between two batches others may write.
const BREATH: Duration = Duration::from_millis(20);
const DAY: u64 = 86_400;

pub const TYPE: TaskType = TaskType {
    name: "prune",
    about: "Removes old runs, old rows of the publish log, idempotency keys that are over and pictures that no content shows, in small batches. What is in the pool stays, and so does the memory of what was published where.",
    params_schema: || schemars::schema_for!(Params).to_value(),
    check,
    feeds_pool: false,
    work: Some(work),
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Params {
    /// Runs that found nothing to do are kept for so many days.
    #[serde(default = "a_week")]
    #[schemars(range(min = 1, max = 36_600))]
    empty_runs_days: u32,
    /// All other runs are kept for so many days.
    #[serde(default = "a_year")]
    #[schemars(range(min = 7, max = 36_600))]
    runs_days: u32,
    /// The publish log is kept for so many days; of entries that are still open for good.
    #[serde(default = "a_year")]
    #[schemars(range(min = 7, max = 36_600))]
    logs_days: u32,
    /// A picture is kept for so many days after nothing shows it any more, or after it was uploaded and nothing has.
    #[serde(default = "a_week")]
    #[schemars(range(min = 1, max = 36_600))]
    media_days: u32,
}

fn a_week() -> u32 {
    7
}

fn a_year() -> u32 {
    400
}

fn check(params: Value, _: &mut DbConnection, _: &Context) -> Result<Value, OperationError> {
    let params: Params = params::read(params)?;
    let wrong = [
        params::check_range("empty_runs_days", params.empty_runs_days.into(), 1, 36_600),
        params::check_range("runs_days", params.runs_days.into(), 7, 36_600),
        params::check_range("logs_days", params.logs_days.into(), 7, 36_600),
        params::check_range("media_days", params.media_days.into(), 1, 36_600),
    ];
    params::unless(wrong.into_iter().flatten().collect(), &params)
}

fn days(count: u32) -> Duration {
    Duration::from_secs(u64::from(count) * DAY)
}

fn work(job: &mut Job<'_>) -> Result<JobDone, JobError> {
    let params: Params = params::kept(job.params)?;
    let now = job.now();
    let empty_runs = remove(job, History::EmptyRuns, now - days(params.empty_runs_days))?;
    let runs = empty_runs + remove(job, History::Runs, now - days(params.runs_days))?;
    // A task that recycles asks the log when a content was out last.
    let logs_days = params.logs_days.max(longest_pause(job)?);
    let logs = remove(job, History::Logs, now - days(logs_days))?;
    let keys = remove(job, History::KeyedAnswers, now - REMEMBERED_FOR)?;
    let unused = now - days(params.media_days);
    let media = batches(job, |job, after| Ok(job.perform(PruneMedia { before: unused, after })?))?;
    let files = batches(job, |job, after| Ok(job.perform(PruneFiles { before: unused, after })?))?;
    let total = runs + logs + keys + media + files;
    let removed = format!("Removed {runs} runs, {logs} rows of the publish log and {keys} idempotency keys");
    let message = match (total, media + files) {
        (0, _) => "Nothing is old enough to be removed".to_owned(),
        (_, 0) => removed,
        (_, pictures) => format!("{removed}, and {pictures} pictures that nothing shows"),
    };
    Ok(JobDone {
        message,
        succeeded: i64::try_from(total).unwrap_or(i64::MAX),
        failed: 0,
        details: Some(json!({
            "runs": runs, "logs": logs, "idempotency_keys": keys, "media": media, "files_without_row": files,
        })),
    })
}

/// Removes what ended before then, batch by batch. Gives back how much that was.
fn remove(job: &mut Job<'_>, what: History, before: Timestamp) -> Result<usize, JobError> {
    batches(job, |job, after| Ok(job.perform(Prune { what, before, after })?))
}

/// Has `next` do a batch after the other, each of which begins where the one before it ended.
fn batches(
    job: &mut Job<'_>,
    mut next: impl FnMut(&mut Job<'_>, i64) -> Result<(Batch, i64), JobError>,
) -> Result<usize, JobError> {
    let (mut after, mut removed) = (0, 0);
    loop {
        let (batch, last) = next(job, after)?;
        (removed, after) = (removed + batch.removed, last);
        if batch.is_last {
            return Ok(removed);
        }
        pause(job)?;
    }
}

fn pause(job: &Job<'_>) -> Result<(), JobError> {
    job.go_on()?;
    std::thread::sleep(BREATH);
    Ok(())
}

/// In days, of the tasks that recycle.
fn longest_pause(job: &mut Job<'_>) -> Result<u32, JobError> {
    let tasks = job.perform(ListTasks)?;
    let of_recycling = tasks.iter().filter(|task| task.task_type == recycle::TYPE.name);
    let pauses = of_recycling.map(|task| {
        let params: Value = serde_json::from_str(&task.params).unwrap_or_default();
        params::kept::<recycle::Params>(&params).map_or(0, |params| params.pause_days)
    });
    Ok(pauses.max().unwrap_or(0))
}
