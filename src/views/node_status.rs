//! What a node is at.

use crate::domain::ids::NodeId;
use serde::Serialize;

/// The node that a server runs; others on the same database have their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NodeStatusView {
    pub node: NodeId,
    /// It was asked to end: nothing new is sent.
    pub stopping: bool,
    /// Attempts on the wire, of the most that there may be.
    pub in_flight: usize,
    pub concurrency: usize,
    /// Runs that are open, on whatever node.
    pub open_executions: usize,
    pub restarts: RestartsView,
}

/// How often parts of the node broke down and were started anew, since it started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RestartsView {
    pub publisher: u64,
    pub executor: u64,
    pub scheduler: u64,
    /// Threads that run what is asked of the database.
    pub database: u64,
}
