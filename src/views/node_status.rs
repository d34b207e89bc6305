//! What a node knows of itself.

use crate::domain::ids::NodeId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The node that a server runs; others on the same database have their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "NodeStatus")]
pub struct NodeStatusView {
    pub node: NodeId,
    /// It was asked to end: nothing new is sent.
    pub stopping: bool,
    /// Attempts on the wire, of the most that there may be.
    pub in_flight: usize,
    pub concurrency: usize,
    pub restarts: RestartsView,
}

/// How often parts of a node broke down and were started anew, since it started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Restarts")]
pub struct RestartsView {
    pub publisher: u64,
    pub executor: u64,
    pub scheduler: u64,
    /// Of those that take the jobs that the engine does not do.
    #[serde(default)]
    pub job_runner: u64,
    /// Threads that run what is asked of the database.
    pub database: u64,
}

impl RestartsView {
    pub fn add(&mut self, other: &RestartsView) {
        self.publisher += other.publisher;
        self.executor += other.executor;
        self.scheduler += other.scheduler;
        self.job_runner += other.job_runner;
        self.database += other.database;
    }

    pub fn total(&self) -> u64 {
        self.publisher + self.executor + self.scheduler + self.job_runner + self.database
    }
}
