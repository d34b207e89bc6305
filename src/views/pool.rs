//! What answers to adding to the pool, and to clearing it.

use super::{EntryView, ItemsView, PageView};
use crate::domain::clock::Timestamp;
use crate::domain::ids::EntryId;
use crate::domain::similar_text::AdditionWarning;
use crate::domain::text_enum;
use schemars::JsonSchema;
use serde::Serialize;

/// The entry that was added; of a request with `account_ids`, all of them.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Added")]
#[serde(untagged)]
pub enum AddedView {
    One(Box<EntryView>),
    Several(ItemsView<EntryView>),
}

/// A page of the pool.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "EntryPage")]
pub struct EntryPageView {
    #[serde(flatten)]
    pub page: PageView<EntryView>,
    /// There are more than `total`, which is as far as they were counted. Left out where there are not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub total_capped: bool,
    /// Where the list goes on, if it may, for `cursor`: also after a page that is not full, or has nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<EntryId>,
}

text_enum! {
    /// What became of an item of a batch.
    BatchStatus {
        /// It waits in the pool.
        Pending = "pending",
        /// It was refused, and the rest was added.
        Skipped = "skipped",
    }
}

/// What became of one item of a batch.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "BatchItem")]
pub struct BatchItemView {
    /// Its place in the request, from 0.
    pub index: usize,
    /// Null where it was skipped.
    pub id: Option<EntryId>,
    pub status: BatchStatus,
    /// The slot that it was given, where it asked for the next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheduled_at: Option<Timestamp>,
    /// Why it was skipped, stable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The same in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What may be wrong with it all the same. Left out where nothing is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<AdditionWarning>,
}

/// How many entries are gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Removed")]
pub struct RemovedView {
    pub removed: usize,
}
