//! What answers to switching publishing off and on, and to starting a run.

use crate::domain::ids::ExecutionId;
use crate::domain::pause::Paused;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// All publishing is paused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "PausedAnswer")]
pub struct PausedView {
    pub paused: Paused,
}

/// No publishing is paused any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "ResumedAnswer")]
pub struct ResumedView {
    /// Null.
    pub paused: Option<Paused>,
    /// The pause that is over; null where there was none.
    pub was_paused: Option<Paused>,
}

/// A run that was begun, or follows the one that is on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Triggered")]
pub struct TriggeredView {
    pub execution_id: ExecutionId,
}
