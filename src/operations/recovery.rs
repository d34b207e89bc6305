//! Taking back what a dead node held. What its attempt did is not known, so the delivery class decides.

use super::ready::on_unknown_end;
use super::{Access, Context, Operation, OperationError};
use crate::db::connection::DbConnection;
use crate::db::leases::{self, Held};
use crate::db::transitions::{self, Ended, Written};
use crate::domain::clock::Timestamp;
use crate::domain::delivery_class::DeliveryClass;
use crate::domain::ids::{AttemptId, NodeId};
use crate::domain::outcome::{Outcome, Problem, Seen, Settlement, judge, settle};
use crate::domain::retry::Jitter;
use crate::platforms::guarded::delivery_class;
use std::time::Duration;

/// Which claims count as dead.
#[derive(Debug, Clone)]
pub enum Dead {
    /// Those whose lease has run out by the database's clock (PostgreSQL).
    LeaseExpired,
    /// Those of nodes that are known to be gone: the kernel has freed their lock (SQLite).
    Nodes(Vec<NodeId>),
}

/// Brings dead nodes' entries back into work.
#[derive(Debug, Clone)]
pub struct Recover {
    /// The node that asks; its own claims are never touched.
    pub by: NodeId,
    pub dead: Dead,
}

impl Operation for Recover {
    type Output = usize;
    const ACCESS: Access = Access::Engine;

    fn run(self, conn: &mut DbConnection, cx: &Context, now: Timestamp) -> Result<usize, OperationError> {
        let judged_at = leases::lease_clock(conn, now)?;
        let is_dead = |held: &Held| match &self.dead {
            Dead::LeaseExpired => held.lease_expires_at < judged_at,
            Dead::Nodes(nodes) => nodes.contains(&held.node),
        };
        let found: Vec<Held> =
            leases::held(conn)?.into_iter().filter(|held| held.node != self.by && is_dead(held)).collect();
        if found.is_empty() {
            return Ok(0);
        }
        conn.write(|conn| {
            let mut recovered = 0;
            for held in found {
                let node = held.node.clone();
                let ended = lost(held, cx, now);
                if let [Written::Settled(_)] =
                    transitions::settle(conn, &node, std::slice::from_ref(&ended))?[..]
                {
                    leases::count_recovery(conn, ended.attempt.entry)?;
                    log::warn!("{} was lost with node {node}: {}", ended.attempt, ended.settlement.status);
                    recovered += 1;
                }
            }
            Ok(recovered)
        })
    }
}

/// Nodes other than `by` that hold claims now.
#[derive(Debug, Clone)]
pub struct NodesWithClaims {
    pub by: NodeId,
}

impl Operation for NodesWithClaims {
    type Output = Vec<NodeId>;
    const ACCESS: Access = Access::Engine;

    fn run(self, conn: &mut DbConnection, _: &Context, _: Timestamp) -> Result<Vec<NodeId>, OperationError> {
        let mut nodes: Vec<NodeId> =
            leases::held(conn)?.into_iter().map(|held| held.node).filter(|node| *node != self.by).collect();
        nodes.sort();
        nodes.dedup();
        Ok(nodes)
    }
}

/// Renews what a node has in flight.
#[derive(Debug, Clone)]
pub struct Renew {
    pub node: NodeId,
    pub entries: Vec<crate::domain::ids::EntryId>,
    pub lease: Duration,
}

impl Operation for Renew {
    type Output = usize;
    const ACCESS: Access = Access::Engine;

    fn run(self, conn: &mut DbConnection, _: &Context, now: Timestamp) -> Result<usize, OperationError> {
        conn.write(|conn| Ok(leases::renew(conn, &self.node, &self.entries, self.lease, now)?))
    }
}

/// A claim of which nothing was sent: it goes back as it was.
pub(super) fn not_sent(held: Held, now: Timestamp) -> Ended {
    let settlement = settle(Outcome::NotSent, held.standing(), now, Jitter::from_random(0));
    ended(held, settlement, now)
}

/// A claim whose node is gone: due at once, at no cost, unless only a person can tell what became of it.
fn lost(held: Held, cx: &Context, now: Timestamp) -> Ended {
    let settings = serde_json::from_str(&held.settings).unwrap_or_default();
    let class = cx
        .registry
        .get(&held.platform)
        .and_then(|platform| delivery_class(&**platform, &settings).ok())
        .unwrap_or(DeliveryClass::Blind);
    let on_unknown = on_unknown_end(held.on_unknown);
    let problem = Problem::new("node_lost", format!("node {} ended before this attempt did", held.node));
    let outcome = judge(Seen::EndUnseen { problem, retry_after: None }, class, on_unknown);
    let settlement = settle(outcome, held.standing(), now, Jitter::from_random(0));
    let due_at = settlement.due_at.map(|_| now);
    ended(held, Settlement { due_at, ..settlement }, now)
}

fn ended(held: Held, settlement: Settlement, now: Timestamp) -> Ended {
    Ended {
        attempt: AttemptId { entry: held.entry, number: held.number },
        content: held.content,
        revision: held.revision,
        account: held.account,
        account_version: held.account_version,
        execution: held.execution,
        started_at: held.claimed_at,
        finished_at: now.max(held.claimed_at),
        settlement,
    }
}
