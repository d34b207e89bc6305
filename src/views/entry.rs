//! An entry of the publish pool.

use super::ExplanationView;
use super::waiting::{Here, waiting_for};
use crate::db::entries::EntryRow;
use crate::domain::clock::Timestamp;
use crate::domain::entry::EntryStatus;
use crate::domain::ids::*;
use crate::domain::priority::Priority;
use crate::domain::similar_text::{AdditionWarning, Similar};
use schemars::JsonSchema;
use serde::Serialize;

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Entry")]
pub struct EntryView {
    pub id: EntryId,
    pub content_id: ContentId,
    /// Further contents that are published in the same post, after it.
    pub extra_content_ids: Vec<ContentId>,
    pub account_id: AccountId,
    pub status: EntryStatus,
    pub unproven: bool,
    pub priority: Priority,
    pub scheduled_at: Option<Timestamp>,
    pub due_at: Timestamp,
    pub retry_count: i32,
    pub max_retries: i32,
    pub attempt: i32,
    pub last_error: Option<String>,
    /// Why a due entry still waits, or what its platform is asked next.
    pub waiting_for: Option<String>,
    pub published_at: Option<Timestamp>,
    pub log_id: Option<LogId>,
    pub media_id: Option<String>,
    pub url: Option<String>,
    /// Its own; none: as its account says.
    pub late_after_seconds: Option<i32>,
    /// What is not out by then fails; none: it is published late.
    pub late_at: Option<Timestamp>,
    /// The posting slot that it sits in.
    pub slot_at: Option<Timestamp>,
    pub added_at: Timestamp,
    pub updated_at: Timestamp,
    /// Of an answer to who adds or retries it: what may be wrong with that. Left out where nothing is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<AdditionWarning>,
}

/// An entry, and where it was asked for, why it stands where it stands.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "ExplainedEntry")]
pub struct ExplainedEntryView {
    #[serde(flatten)]
    pub entry: EntryView,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<ExplanationView>,
}

impl EntryView {
    pub fn new(row: EntryRow, now: Timestamp, here: &Here) -> Self {
        let waiting_for = waiting_for(&row, now, here);
        EntryView {
            id: row.id,
            content_id: row.content_id,
            extra_content_ids: row.extras.ids().to_vec(),
            account_id: row.account_id,
            status: row.status,
            unproven: row.unproven,
            priority: row.priority,
            scheduled_at: row.scheduled_at,
            due_at: row.due_at,
            // One more is the look-up's note that there is no try left.
            retry_count: row.retry_count.min(row.max_retries),
            max_retries: row.max_retries,
            attempt: row.attempt,
            last_error: row.log_error,
            waiting_for,
            published_at: row.published_at,
            log_id: row.log_id,
            media_id: row.media_id,
            url: row.url,
            late_after_seconds: row.late.0,
            late_at: row.late.1.map(|at| at.min(Timestamp::MAX)),
            slot_at: row.slot.0,
            added_at: row.added_at,
            updated_at: row.updated_at,
            warnings: Vec::new(),
        }
    }

    /// The same for who has just asked for it, with another entry that has the same text, if any.
    pub fn beside(self, similar: Option<Similar>) -> Self {
        EntryView { warnings: similar.into_iter().map(AdditionWarning::from).collect(), ..self }
    }
}
