//! What users see: one shape per thing, shared by the API and the CLI's `--output json`.

mod audit;
mod calendar;
mod entry;
mod event;
mod explain;
mod kinds;
mod lists;
mod media;
mod node_status;
mod pool;
mod preview;
mod stats;
mod status;
mod switches;
mod test_view;
mod token;
mod waiting;

pub use audit::AuditView;
pub use calendar::{CalendarView, SlotView};
pub use entry::{EntryView, ExplainedEntryView};
pub use event::{EventView, told};
pub use explain::{Action, Answer, ExplanationView, Topic};
pub use kinds::{PlatformView, SecretFieldView};
pub use lists::{ItemsView, PageView};
pub use media::MediaView;
pub use node_status::{NodeStatusView, RestartsView};
pub use pool::{AddedView, BatchItemView, BatchStatus, EntryPageView, RemovedView};
pub use preview::{FireView, PreviewView};
pub use stats::{StatsView, stats};
pub use status::{AlarmView, BreakerView, CapView, LaneView, NodeView, StatusView, gate_in_words};
pub use switches::{PausedView, ResumedView, TriggeredView};
pub use test_view::{TestView, WarningView};
pub use token::TokenView;
pub use waiting::{Here, Publishing};

use crate::db::accounts::AccountRow;
use crate::db::contents::{ContentRow, read_tags};
use crate::db::executions::ExecutionRow;
use crate::db::publish_log::LogRow;
use crate::db::tasks::TaskRow;
use crate::domain::account::{OnSimilar, OnUnknown};
use crate::domain::clock::Timestamp;
use crate::domain::content::ReviewStatus;
use crate::domain::execution::{ExecutionStatus, Trigger};
use crate::domain::ids::*;
use crate::domain::misfire::Misfire;
use crate::domain::posting_slots::{MissedSlot, PostingSlots};
use crate::domain::report::Report;
use crate::domain::schedule::ScheduleType;
use crate::domain::settlement::LogStatus;
use crate::domain::windows::Windows;
use crate::words::{self, Language};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Content")]
pub struct ContentView {
    pub id: ContentId,
    pub title: String,
    pub body: String,
    pub digest: Option<String>,
    pub author: Option<String>,
    pub cover: Option<String>,
    pub tags: Vec<String>,
    pub source_url: Option<String>,
    pub account_id: Option<AccountId>,
    pub review_status: ReviewStatus,
    pub revision: i32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl From<ContentRow> for ContentView {
    fn from(row: ContentRow) -> Self {
        ContentView {
            tags: read_tags(&row.tags),
            id: row.id,
            title: row.title,
            body: row.body,
            digest: row.digest,
            author: row.author,
            cover: row.cover,
            source_url: row.source_url,
            account_id: row.account_id,
            review_status: row.review_status,
            revision: row.revision,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Account")]
pub struct AccountView {
    pub id: AccountId,
    pub name: String,
    pub platform: String,
    #[schemars(with = "Map<String, Value>")]
    pub settings: Value,
    /// Which secrets are set; never what they are.
    pub credentials_set: Vec<String>,
    pub enabled: bool,
    pub timezone: String,
    pub concurrency: i32,
    pub spacing_seconds: i32,
    pub daily_cap: Option<i32>,
    /// As in `08:00-23:00`; none: always.
    #[schemars(with = "Vec<String>")]
    pub windows: Windows,
    pub on_unknown: OnUnknown,
    pub give_up_after_seconds: i32,
    pub late_after_seconds: Option<i32>,
    /// As in `mon-fri 09:00,18:00`.
    #[schemars(with = "Vec<String>")]
    pub slots: PostingSlots,
    pub missed_slot: MissedSlot,
    pub on_similar: OnSimilar,
    pub suspended_reason: Option<String>,
    pub suspended_until: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl From<AccountRow> for AccountView {
    fn from(row: AccountRow) -> Self {
        let lane = row.lane_settings();
        AccountView {
            spacing_seconds: lane.spacing_seconds,
            daily_cap: lane.daily_cap,
            windows: lane.windows,
            give_up_after_seconds: lane.give_up_after_seconds,
            late_after_seconds: lane.late_after_seconds,
            slots: lane.slots,
            missed_slot: lane.missed_slot,
            settings: json(&row.settings),
            credentials_set: serde_json::from_str(&row.credential_names).unwrap_or_default(),
            id: row.id,
            name: row.name,
            platform: row.platform,
            enabled: row.enabled,
            timezone: row.timezone,
            concurrency: row.concurrency,
            on_unknown: row.on_unknown,
            on_similar: row.on_similar,
            suspended_reason: row.suspended_reason,
            suspended_until: row.suspended_until,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Task")]
pub struct TaskView {
    pub id: TaskId,
    pub name: String,
    pub task_type: String,
    pub schedule_type: ScheduleType,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval_seconds: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cron: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_at: Option<Timestamp>,
    pub timezone: String,
    /// What its schedule says, in the language of who reads it.
    pub in_words: String,
    #[schemars(with = "Map<String, Value>")]
    pub params: Value,
    pub enabled: bool,
    pub misfire: Misfire,
    pub next_run: Option<Timestamp>,
    pub last_run: Option<Timestamp>,
    /// Fires that passed more than a minute before anybody could fire them.
    pub missed_count: i64,
    /// Of those, the ones without a run of their own.
    pub skipped_count: i64,
    /// Fires and triggers that found the task running; all during one run are one that follows it.
    pub queued_count: i64,
    pub last_missed_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl TaskView {
    pub fn new(row: TaskRow, language: Language) -> Self {
        TaskView {
            in_words: words::schedule::of_written(row.written(), language),
            params: json(&row.params),
            id: row.id,
            name: row.name,
            task_type: row.task_type,
            schedule_type: row.schedule_type,
            interval_seconds: row.interval_seconds,
            cron: row.cron,
            run_at: row.run_at,
            timezone: row.timezone,
            enabled: row.enabled,
            misfire: row.misfire,
            next_run: row.next_run,
            last_run: row.last_run,
            missed_count: row.missed_count,
            skipped_count: row.skipped_count,
            queued_count: row.queued_count,
            last_missed_at: row.last_missed_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// In English.
impl From<TaskRow> for TaskView {
    fn from(row: TaskRow) -> Self {
        TaskView::new(row, Language::En)
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Execution")]
pub struct ExecutionView {
    pub id: ExecutionId,
    pub task_id: TaskId,
    pub task_type: String,
    pub trigger: Trigger,
    pub status: ExecutionStatus,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    /// In seconds, from its start to its end.
    pub duration: Option<f64>,
    /// Once it has ended.
    pub report: Option<Report>,
    /// What a running one ends as with the last of its posts, where somebody has ended it: it takes nothing new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_as: Option<ExecutionStatus>,
}

impl From<ExecutionRow> for ExecutionView {
    fn from(row: ExecutionRow) -> Self {
        ExecutionView {
            report: row.report.as_deref().and_then(|text| serde_json::from_str(text).ok()),
            ends_as: row.ends_as.filter(|_| row.status == ExecutionStatus::Running),
            id: row.id,
            task_id: row.task_id,
            task_type: row.task_type,
            trigger: row.triggered_by,
            status: row.status,
            duration: row.finished_at.zip(row.started_at).map(|(end, start)| end.since(start).as_secs_f64()),
            started_at: row.started_at,
            finished_at: row.finished_at,
        }
    }
}

/// A run that somebody has ended.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "CancelledExecution")]
pub struct CancelledExecutionView {
    #[serde(flatten)]
    pub execution: ExecutionView,
    /// How many of its posts are on the wire: it is over with the last of them.
    pub on_the_wire: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Log")]
pub struct LogView {
    pub id: LogId,
    pub pool_id: EntryId,
    pub content_id: ContentId,
    pub revision: i32,
    pub account_id: AccountId,
    pub execution_id: Option<ExecutionId>,
    pub attempt: i32,
    pub status: LogStatus,
    pub error_code: Option<String>,
    pub error_message: Option<String>,
    pub media_id: Option<String>,
    pub url: Option<String>,
    pub said_by: Option<String>,
    pub started_at: Timestamp,
    pub finished_at: Timestamp,
    pub duration_ms: f64,
}

impl From<LogRow> for LogView {
    fn from(row: LogRow) -> Self {
        LogView {
            duration_ms: row.finished_at.since(row.started_at).as_micros() as f64 / 1000.0,
            id: row.id,
            pool_id: row.pool_id,
            content_id: row.content_id,
            revision: row.revision,
            account_id: row.account_id,
            execution_id: row.execution_id,
            attempt: row.attempt,
            status: row.status,
            error_code: row.error_code,
            error_message: row.error_message,
            media_id: row.media_id,
            url: row.url,
            said_by: row.said_by,
            started_at: row.started_at,
            finished_at: row.finished_at,
        }
    }
}

/// JSON that only we wrote; what cannot be read is shown as null.
fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}
