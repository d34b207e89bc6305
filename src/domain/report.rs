//! What a run came to, in the form that the guide promises.

use super::clock::Timestamp;
use super::ids::{AccountId, ContentId, EntryId, ExecutionId, LogId, TaskId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The report of one execution. Its JSON is a contract with users.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// False only where the run itself could not be done.
    pub success: bool,
    pub message: String,
    pub data: ReportData,
    /// In seconds.
    pub duration: f64,
    pub metadata: ReportMetadata,
}

/// What a run that does not publish came to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct JobDone {
    /// One sentence.
    pub message: String,
    /// How many things were done, such as files imported; none where there was nothing to do.
    pub succeeded: i64,
    pub failed: i64,
    pub details: Option<Value>,
}

impl JobDone {
    /// Nothing but a sentence.
    pub fn of(message: impl Into<String>) -> Self {
        JobDone { message: message.into(), ..JobDone::default() }
    }
}

/// How a run that publishes ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// There was nothing to do.
    Nothing,
    Completed,
    Interrupted,
    Cancelled,
}

const NOTHING: &str = "No pending entries to publish";

impl Report {
    /// How it ended, as its message has it; none of a run that does not publish.
    pub fn ending(&self) -> Option<Ending> {
        if self.data.details.is_some() {
            return None;
        }
        let said = self.message.strip_prefix("Publishing ");
        match said.and_then(|said| said.split([':', ' ']).next()) {
            None => (self.message == NOTHING).then_some(Ending::Nothing),
            Some("completed") => Some(Ending::Completed),
            Some("interrupted") => Some(Ending::Interrupted),
            Some("cancelled") => Some(Ending::Cancelled),
            Some(_) => None,
        }
    }

    /// Of a run that does not publish, and took so many seconds.
    pub fn of_job(
        task: TaskId,
        execution: ExecutionId,
        success: bool,
        done: JobDone,
        seconds: f64,
    ) -> Report {
        let total = done.succeeded + done.failed;
        let data = ReportData {
            total_count: total,
            success_count: done.succeeded,
            failed_count: done.failed,
            details: Some(done.details.unwrap_or_else(|| serde_json::json!({}))),
            ..ReportData::default()
        };
        Report {
            success,
            message: done.message,
            data,
            duration: seconds,
            metadata: ReportMetadata {
                task_id: Some(task),
                execution_id: execution,
                average_time_per_item: average(seconds, total),
            },
        }
    }

    /// Whether it tells of attempts what is known of them now.
    pub fn tells(&self, known: &Tally) -> bool {
        let ReportData { success_count, failed_count, uncertain_count, in_progress_count, .. } = self.data;
        let told = (success_count, failed_count, uncertain_count, in_progress_count);
        told == (known.published, known.failed, known.uncertain, known.in_progress)
    }

    /// Whether the run did what it was to do, and that was nothing.
    pub fn found_nothing(&self) -> bool {
        self.success && self.data.total_count == 0
    }

    /// The same of a run that its nodes left before its end: what it had not tried waits for whoever comes next.
    pub fn interrupted(self) -> Report {
        Report { success: false, ..self.ended_as("interrupted") }
    }

    /// The same of a run that a person ended: what it had not tried waits for another.
    pub fn cancelled(self) -> Report {
        self.ended_as("cancelled")
    }

    fn ended_as(self, what: &str) -> Report {
        let message = match self.data.total_count {
            0 => format!("Publishing {what} before anything was tried"),
            _ => format!("Publishing {what}: {}", counted(&self.data)),
        };
        Report { message, ..self }
    }
}

/// Disjoint counts that sum to `total_count`, and the results behind them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReportData {
    pub total_count: i64,
    pub success_count: i64,
    pub failed_count: i64,
    pub uncertain_count: i64,
    pub in_progress_count: i64,
    pub skipped_count: i64,
    pub results: Vec<EntryResult>,
    pub skipped: Vec<Skipped>,
    /// What a run that does not publish has to tell beside the counts; none of one that publishes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Map<String, Value>")]
    pub details: Option<Value>,
    /// True where there are more results than are listed: the rest is in the publish log.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub results_truncated: bool,
}

super::text_enum! {
    ResultStatus {
        Published = "published",
        /// Final, or to be retried: then with `retry_at`.
        Failed = "failed",
        /// Our own processing broke.
        Error = "error",
        Uncertain = "uncertain",
        /// The platform works on it.
        Publishing = "publishing",
    }
}

/// What one entry came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EntryResult {
    pub pool_id: EntryId,
    pub content_id: ContentId,
    pub account_id: AccountId,
    pub status: ResultStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_id: Option<LogId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<Timestamp>,
}

/// Due entries of a lane that is shut.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Skipped {
    pub account_id: AccountId,
    pub reason: String,
    pub count: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReportMetadata {
    pub task_id: Option<TaskId>,
    pub execution_id: ExecutionId,
    /// In seconds; 0 where nothing was tried.
    pub average_time_per_item: f64,
}

/// How many attempts ended in which way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    pub published: i64,
    pub failed: i64,
    pub uncertain: i64,
    pub in_progress: i64,
}

impl Tally {
    /// How many entries were tried, or are being.
    pub fn tried(&self) -> i64 {
        self.published + self.failed + self.uncertain + self.in_progress
    }
}

/// Puts a report together. `seconds` is the run's duration; `results` may be cut short, `tally` never is.
pub fn report(
    task_id: Option<TaskId>,
    execution_id: ExecutionId,
    tally: Tally,
    results: Vec<EntryResult>,
    skipped: Vec<Skipped>,
    seconds: f64,
) -> Report {
    let skipped_count = skipped.iter().map(|lane| lane.count).sum();
    let tried = tally.tried();
    let data = ReportData {
        total_count: tried + skipped_count,
        success_count: tally.published,
        failed_count: tally.failed,
        uncertain_count: tally.uncertain,
        in_progress_count: tally.in_progress,
        skipped_count,
        results_truncated: i64::try_from(results.len()).is_ok_and(|listed| listed < tried),
        results,
        skipped,
        details: None,
    };
    Report {
        success: true,
        message: message(&data),
        data,
        duration: seconds,
        metadata: ReportMetadata { task_id, execution_id, average_time_per_item: average(seconds, tried) },
    }
}

/// In seconds; 0 where nothing was tried.
fn average(seconds: f64, items: i64) -> f64 {
    if items == 0 { 0.0 } else { seconds / items as f64 }
}

fn message(data: &ReportData) -> String {
    if data.total_count == 0 {
        return NOTHING.to_owned();
    }
    format!("Publishing completed: {}", counted(data))
}

fn counted(data: &ReportData) -> String {
    let mut words = format!("{} succeeded, {} failed", data.success_count, data.failed_count);
    for (count, word) in [
        (data.uncertain_count, "uncertain"),
        (data.in_progress_count, "in progress"),
        (data.skipped_count, "skipped"),
    ] {
        if count > 0 {
            words.push_str(&format!(", {count} {word}"));
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(tally: Tally, skipped: Vec<Skipped>) -> Report {
        report(Some(TaskId(1)), ExecutionId(9), tally, Vec::new(), skipped, 12.34)
    }

    #[test]
    fn the_message_names_what_is_not_zero() {
        assert_eq!(made(Tally::default(), vec![]).message, "No pending entries to publish");
        let tally = Tally { published: 5, failed: 2, ..Tally::default() };
        assert_eq!(made(tally, vec![]).message, "Publishing completed: 5 succeeded, 2 failed");
        let skipped = vec![Skipped { account_id: AccountId(3), reason: "disabled".into(), count: 12 }];
        let tally = Tally { published: 0, failed: 0, uncertain: 1, in_progress: 0 };
        assert_eq!(
            made(tally, skipped).message,
            "Publishing completed: 0 succeeded, 0 failed, 1 uncertain, 12 skipped"
        );
    }

    #[test]
    fn an_interrupted_run_says_so_and_is_no_success() {
        let nothing = made(Tally::default(), vec![]).interrupted();
        assert_eq!(
            (nothing.success, nothing.message.as_str()),
            (false, "Publishing interrupted before anything was tried")
        );
        let tally = Tally { published: 5, in_progress: 2, ..Tally::default() };
        let some = made(tally, vec![]).interrupted();
        assert_eq!(some.message, "Publishing interrupted: 5 succeeded, 0 failed, 2 in progress");
        assert_eq!(some.data, made(tally, vec![]).data);
    }

    #[test]
    fn a_cancelled_run_says_so() {
        let nothing = made(Tally::default(), vec![]).cancelled();
        assert_eq!(
            (nothing.success, nothing.message.as_str()),
            (true, "Publishing cancelled before anything was tried")
        );
        let some = made(Tally { published: 5, ..Tally::default() }, vec![]).cancelled();
        assert_eq!(some.message, "Publishing cancelled: 5 succeeded, 0 failed");
    }

    #[test]
    fn the_counts_sum_to_the_total() {
        let skipped = vec![Skipped { account_id: AccountId(3), reason: "disabled".into(), count: 4 }];
        let report = made(Tally { published: 1, failed: 2, uncertain: 3, in_progress: 5 }, skipped);
        assert_eq!(report.data.total_count, 15);
        assert!((report.metadata.average_time_per_item - 12.34 / 11.0).abs() < 1e-9);
        assert!(report.data.results_truncated, "eleven were tried and none is listed");
    }

    #[test]
    fn the_json_has_the_fields_of_the_guide() {
        let json = serde_json::to_value(made(Tally::default(), vec![])).expect("a report is JSON");
        for pointer in [
            "/success",
            "/message",
            "/data/total_count",
            "/data/success_count",
            "/data/failed_count",
            "/data/skipped_count",
            "/data/results",
            "/duration",
            "/metadata/task_id",
            "/metadata/average_time_per_item",
        ] {
            assert!(json.pointer(pointer).is_some(), "{pointer} is missing");
        }
    }
}
