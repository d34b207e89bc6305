//! Taking back what a dead node held. What its attempt did is not known, so the delivery class decides.

use super::ready::rules_of;
use super::{Access, Context, Operation, OperationError};
use crate::db::checkpoints;
use crate::db::connection::DbConnection;
use crate::db::leases::{self, Held};
use crate::db::nodes;
use crate::db::transitions::{self, Ended, Written};
use crate::domain::clock::Timestamp;
use crate::domain::ids::{AttemptId, EntryId, NodeId};
use crate::domain::kept::message::KeptMessage;
use crate::domain::outcome::{Outcome, Problem, Scope, Seen, judge};
use crate::domain::question::Question;
use crate::domain::retry::Jitter;
use crate::domain::settlement::{Settlement, settle};
use crate::domain::steps::Reached;
use crate::platforms::guarded;
use std::collections::BTreeMap;
use std::time::Duration;

/// Which claims count as dead.
#[derive(Debug, Clone)]
pub enum Dead {
    /// Those whose lease has run out by the database's clock (PostgreSQL).
    LeaseExpired,
    /// Those whose lease had run out when the database's clock was at this.
    LeaseExpiredBy(Timestamp),
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

/// What came of looking for them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recovered {
    /// How many entries are back in work.
    pub entries: usize,
    /// When the next lease of another node runs out, unless it is renewed.
    pub look_again_in: Option<Duration>,
}

/// A lease has run out when its last instant is over.
const LAST_INSTANT: Duration = Duration::from_millis(1);

impl Operation for Recover {
    type Output = Recovered;
    const ACCESS: Access = Access::Engine;

    fn run(self, conn: &mut DbConnection, cx: &Context, now: Timestamp) -> Result<Recovered, OperationError> {
        let judged_at = match self.dead {
            Dead::LeaseExpiredBy(at) => at,
            Dead::LeaseExpired | Dead::Nodes(_) => leases::lease_clock(conn, now)?,
        };
        let is_dead = |held: &Held| match &self.dead {
            Dead::LeaseExpired | Dead::LeaseExpiredBy(_) => held.lease_expires_at < judged_at,
            Dead::Nodes(nodes) => nodes.contains(&held.node),
        };
        let of_others = leases::held(conn)?.into_iter().filter(|held| held.node != self.by);
        let (found, living): (Vec<Held>, Vec<Held>) = of_others.partition(is_dead);
        let next_end = living.iter().map(|held| held.lease_expires_at).min();
        let look_again_in = match self.dead {
            Dead::LeaseExpired | Dead::LeaseExpiredBy(_) => {
                next_end.map(|end| end.since(judged_at) + LAST_INSTANT)
            }
            Dead::Nodes(_) => None,
        };
        let mut recovered = Recovered { entries: 0, look_again_in };
        if found.is_empty() {
            return Ok(recovered);
        }
        let mut of_nodes: BTreeMap<&NodeId, Vec<&Held>> = BTreeMap::new();
        for held in &found {
            of_nodes.entry(&held.node).or_default().push(held);
        }
        conn.write(|conn| {
            for (node, held) in of_nodes {
                recovered.entries += take_back(conn, cx, node, &held, now)?;
            }
            Ok(recovered)
        })
    }
}

/// All that a node held. Gives back how many entries are back in work.
fn take_back(
    conn: &mut DbConnection,
    cx: &Context,
    node: &NodeId,
    all: &[&Held],
    now: Timestamp,
) -> Result<usize, OperationError> {
    // Where a suspect was among what a node held, it is the one that is accused.
    let beside_a_suspect = all.iter().any(|held| held.is_suspect());
    let is_accused = |held: &Held| held.question().is_none() && (held.is_suspect() || !beside_a_suspect);
    let mut ended = Vec::with_capacity(all.len());
    for held in all {
        let recoveries = held.recoveries + i32::from(is_accused(held));
        ended.push(lost(held, recoveries, conn, cx, now)?);
    }
    let written = transitions::settle(conn, node, &ended, cx.platform_pause)?;
    let is_settled = |written: &Written| matches!(written, Written::Settled(_));
    let settled = || all.iter().zip(&ended).zip(&written).filter(|(_, written)| is_settled(written));
    let accused: Vec<EntryId> =
        settled().filter(|((held, _), _)| is_accused(held)).map(|((held, _), _)| held.entry).collect();
    leases::count_recoveries(conn, &accused)?;
    for ((_, ended), _) in settled() {
        log::warn!("{} was lost with node {node}: {}", ended.attempt, ended.settlement.status);
    }
    Ok(settled().count())
}

/// The time by the clock that leases are judged by.
#[derive(Debug, Clone, Copy)]
pub struct TellLeaseClock;

impl Operation for TellLeaseClock {
    type Output = Timestamp;
    const ACCESS: Access = Access::Engine;

    fn run(self, conn: &mut DbConnection, _: &Context, now: Timestamp) -> Result<Timestamp, OperationError> {
        Ok(leases::lease_clock(conn, now)?)
    }
}

/// What the clock says that leases are judged by, and when it last said so to another node.
#[derive(Debug, Clone)]
pub struct HearLeaseClock {
    pub by: NodeId,
}

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaseClock {
    pub now: Timestamp,
    /// None where no other node is known, or where the clock was set back since.
    pub others_heard: Option<Duration>,
}

impl Operation for HearLeaseClock {
    type Output = LeaseClock;
    const ACCESS: Access = Access::Engine;

    fn run(self, conn: &mut DbConnection, _: &Context, now: Timestamp) -> Result<LeaseClock, OperationError> {
        let now = leases::lease_clock(conn, now)?;
        let seen = nodes::last_seen(conn, &self.by)?.filter(|seen| *seen <= now);
        Ok(LeaseClock { now, others_heard: seen.map(|seen| now.since(seen)) })
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
        let mut nodes = leases::nodes(conn)?;
        nodes.retain(|node| *node != self.by);
        Ok(nodes)
    }
}

/// Renews what a node has in flight.
#[derive(Debug, Clone)]
pub struct Renew {
    pub node: NodeId,
    pub entries: Vec<EntryId>,
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
pub(super) fn not_sent(held: &Held, now: Timestamp) -> Ended {
    let settlement = match held.question() {
        Some(question) => not_asked(question, held, now),
        None => settle(Outcome::NotSent, held.standing(), now, Jitter::from_random(0)),
    };
    ended(held, settlement, now)
}

/// A question is asked anew: asking changes nothing over there.
fn not_asked(question: Question, held: &Held, now: Timestamp) -> Settlement {
    Settlement::asked_again(question.put_off_to(now), held.standing())
}

/// How often an entry may be lost with its node before a person has to look at it.
const RECOVERIES_MAX: i32 = 5;

/// A claim whose node is gone: due at once, at no cost, unless only a person can tell what became of it.
fn lost(
    held: &Held,
    recoveries: i32,
    conn: &mut DbConnection,
    cx: &Context,
    now: Timestamp,
) -> Result<Ended, OperationError> {
    if let Some(question) = held.question() {
        return Ok(ended(held, not_asked(question, held, now), now));
    }
    let settings = serde_json::from_str(&held.settings).unwrap_or_default();
    let platform = cx.registry.get(&held.platform);
    let rules = rules_of(platform, &settings, held.on_unknown, cx);
    let problem = Problem::new("node_lost", KeptMessage::NodeLost { node: held.node.to_string() });
    let in_steps = platform.is_some_and(|platform| guarded::has_steps(&**platform).unwrap_or(false));
    let says_when_it_sends = in_steps || checkpoints::is_tested(conn, held.attempt())?;
    let reached = if says_when_it_sends {
        checkpoints::reached(conn, held.entry, held.revision)?
    } else {
        Reached::InDoubt
    };
    let seen = match reached {
        Reached::InDoubt => Seen::EndUnseen { problem, retry_after: None },
        Reached::Nothing | Reached::Done => {
            Seen::StepFailed { problem, scope: Scope::Ours, retry_after: None }
        }
    };
    let standing = reached.standing(held.standing(), &seen);
    let outcome = if recoveries >= RECOVERIES_MAX { too_often(recoveries) } else { judge(seen, rules) };
    let settlement = settle(outcome, standing, now, Jitter::from_random(0));
    Ok(ended(held, settlement.through_no_fault(now), now))
}

fn too_often(recoveries: i32) -> Outcome {
    Outcome::Uncertain(Problem::new("recovered_too_often", KeptMessage::RecoveredTooOften { recoveries }))
}

fn ended(held: &Held, settlement: Settlement, now: Timestamp) -> Ended {
    Ended {
        attempt: AttemptId { entry: held.entry, number: held.number },
        content: held.content,
        revision: held.revision,
        extras: Vec::new(),
        account: held.account,
        account_version: held.account_version,
        // A question publishes nothing, and took no place.
        counted: held.lane_is_gated && held.question().is_none(),
        execution: held.execution,
        on_demand: held.execution.is_none() && held.question().is_none(),
        started_at: held.claimed_at,
        finished_at: now.max(held.claimed_at),
        settlement,
        // What it has reached is kept for the next attempt.
        has_steps: false,
    }
}
