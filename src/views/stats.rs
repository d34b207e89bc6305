//! The pool in numbers.

use crate::domain::pool_stats::PoolStats;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

/// How many entries there are of each status, and how late they are.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Stats")]
pub struct StatsView {
    pub total: i64,
    pub pending: i64,
    pub publishing: i64,
    pub published: i64,
    pub failed: i64,
    pub uncertain: i64,
    pub cancelled: i64,
    pub due_now: i64,
    /// How long the oldest due entry has been due; null where none is.
    pub oldest_due_seconds: Option<f64>,
    /// Failed among those that came to an end, 0 to 1.
    pub failure_rate: f64,
}

impl From<&PoolStats> for StatsView {
    fn from(stats: &PoolStats) -> Self {
        StatsView {
            total: stats.total,
            pending: stats.pending,
            publishing: stats.publishing,
            published: stats.published,
            failed: stats.failed,
            uncertain: stats.uncertain,
            cancelled: stats.cancelled,
            due_now: stats.due_now,
            oldest_due_seconds: stats.oldest_due_seconds,
            failure_rate: stats.failure_rate,
        }
    }
}

/// The same as JSON.
pub fn stats(stats: &PoolStats) -> Value {
    json!(StatsView::from(stats))
}
