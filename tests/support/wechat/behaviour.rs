//! How the simulated WeChat behaves where the real one's ways differ, are not documented, or take long.

use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::time::Duration;

/// Spans are those of the simulator's clock, but for `latency`.
#[derive(Debug, Clone)]
pub struct Behaviour {
    /// How long new tokens live. WeChat's: 7200 s at most.
    pub token_lifetime: Duration,
    /// From a submission to its end: `publish_status` is 1 meanwhile.
    pub publication_takes: Duration,
    /// How much later than it is there a draft or an article is in the lists (`batchget`).
    pub listed_after: Duration,
    pub resubmission: Resubmission,
    pub draft_leaves: DraftLeaves,
    pub counted: Counted,
    /// Who may fetch tokens; anybody where there is none.
    pub whitelist: Option<Vec<IpAddr>>,
    /// Of real time, before each answer.
    pub latency: Duration,
}

/// What becomes of a draft that is submitted once more while it is being published. WeChat does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resubmission {
    /// Readers see it twice.
    PublishesAgain,
    Refused,
}

/// When a draft is no longer among the drafts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DraftLeaves {
    /// As documented. One whose publication failed stays.
    WhenPublished,
    /// It comes back where its publication fails.
    WhenSubmitted,
}

/// What the 20,000 characters of an article are counted in. The documents leave it open; WeChat's users were told that all
/// of the HTML counts, and then its other limit, 1 MB, is never met: 20,000 characters have 80 KB at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counted {
    Html,
    Text,
}

impl Default for Behaviour {
    fn default() -> Self {
        Behaviour {
            token_lifetime: Duration::from_secs(7200),
            publication_takes: Duration::from_secs(5),
            listed_after: Duration::ZERO,
            resubmission: Resubmission::PublishesAgain,
            draft_leaves: DraftLeaves::WhenPublished,
            counted: Counted::Html,
            whitelist: None,
            latency: Duration::ZERO,
        }
    }
}
