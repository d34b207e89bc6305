//! How publishing stands, read in milliseconds however much waits: each lane's first due entry is one step in an index,
//! and nothing is counted further than a person cares for.

use super::accounts;
use super::connection::{DbConnection, DbError};
use super::database_url::DatabaseUrl;
use super::lanes;
use super::node_locks;
use super::nodes::{self, NodeRow};
use super::schema::publish_pool::dsl as pool;
use super::statement::statement;
use super::tasks;
use super::{executions, leases};
use crate::domain::breaker::Health;
use crate::domain::clock::Timestamp;
use crate::domain::gates::{self, Rules, State};
use crate::domain::ids::*;
use crate::domain::lane_look::{self, BreakerState, ShutLane, Word};
use crate::domain::pause::Paused;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable};
use std::collections::{HashMap, HashSet};
use std::time::Duration;

/// Nothing is counted further. `publish-pool stats` has the exact numbers.
pub const COUNTED_MAX: i64 = 1000;
/// Possible duplicates are told for so long.
const LATELY: Duration = Duration::from_secs(24 * 3600);

/// How publishing stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    pub at: Timestamp,
    /// By the clock that nodes are seen by.
    seen_by: Timestamp,
    /// By the node that holds it, also of nodes that say nothing of themselves.
    pub on_the_wire: HashMap<NodeId, i64>,
    /// Of those, the ones whose lease is over.
    overdue: HashMap<NodeId, i64>,
    pub nodes: Vec<NodeStatus>,
    /// In order of their ids.
    pub lanes: Vec<LaneStatus>,
    pub open_executions: usize,
    /// No more than [`COUNTED_MAX`] are counted.
    pub uncertain: i64,
    pub possible_duplicates: i64,
    pub can_decrypt: bool,
    pub paused: Option<Paused>,
    /// Nobody can write (PostgreSQL).
    pub is_read_only: bool,
}

/// A node that runs, or has died within a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeStatus {
    pub row: NodeRow,
    /// On the wire, by what the database says.
    pub in_flight: i64,
    /// What it holds for longer than it has said.
    pub overdue: i64,
    pub alive: bool,
    /// For how long it has not written that it lives, where its lock says so (SQLite).
    pub silent_for: Option<Duration>,
}

/// A lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaneStatus {
    pub account: AccountId,
    pub name: String,
    pub platform: String,
    /// An enabled task takes what is due on it.
    pub has_task: bool,
    /// None where it is open.
    pub shut: Option<ShutLane>,
    pub in_flight: i32,
    pub concurrency: i32,
    /// No more than [`COUNTED_MAX`] are counted.
    pub due_now: i64,
    /// The first due instant, where that is past.
    pub oldest_due_at: Option<Timestamp>,
    pub breaker: BreakerState,
    pub health: Health,
    /// Posts today, and how many there may be.
    pub cap: Option<(i32, i32)>,
}

/// Of each lane: when its first entry is due, and how many are now.
const WAITING: &str = "SELECT a.id, \
      (SELECT min(p.due_at) FROM publish_pool AS p \
        WHERE p.account_id = a.id AND p.status = 'pending' AND NOT p.held), \
      (SELECT count(*) FROM (SELECT 1 FROM publish_pool AS p \
        WHERE p.account_id = a.id AND p.status = 'pending' AND NOT p.held AND p.due_at <= $1 \
        ORDER BY p.due_at LIMIT 1000) AS due) \
    FROM accounts AS a";
const UNCERTAIN: &str =
    "SELECT count(*) FROM (SELECT 1 FROM publish_pool AS p WHERE p.status = 'uncertain' LIMIT 1000) AS found";
const POSSIBLE_DUPLICATES: &str = "SELECT count(*) FROM (SELECT 1 FROM publish_logs AS l \
    WHERE l.error_code = 'possible_duplicate' AND l.finished_at >= $1 LIMIT 1000) AS found";

pub fn read(
    conn: &mut DbConnection,
    can_decrypt: bool,
    platform_pause: Duration,
    now: Timestamp,
) -> Result<Status, DbError> {
    let wire = on_the_wire(conn)?;
    let seen_by = leases::lease_clock(conn, now)?;
    let held = by_node(wire.iter());
    let overdue = by_node(wire.iter().filter(|claim| claim.until < seen_by));
    let nodes = nodes::list(conn)?.into_iter();
    let nodes = nodes.map(|row| NodeStatus::new(row, &held, &overdue)).collect();
    Ok(Status {
        at: now,
        seen_by,
        on_the_wire: held,
        overdue,
        nodes,
        lanes: lanes(conn, &wire, can_decrypt, platform_pause, now)?,
        open_executions: executions::open(conn)?.len(),
        uncertain: number(conn, UNCERTAIN, None)?,
        possible_duplicates: number(conn, POSSIBLE_DUPLICATES, Some(now - LATELY))?,
        can_decrypt,
        paused: super::pause::get(conn)?,
        is_read_only: is_read_only(conn)?,
    })
}

/// PostgreSQL takes no writes from anybody: it is a standby, or was told so. What SQLite takes only a write tells.
fn is_read_only(conn: &mut DbConnection) -> Result<bool, DbError> {
    const ASKED: &str =
        "SELECT pg_is_in_recovery() OR current_setting('default_transaction_read_only')::boolean";
    match conn {
        DbConnection::Sqlite(_) => Ok(false),
        DbConnection::Postgres(inner) => Ok(sql::<Bool>(ASKED).get_result(inner)?),
    }
}

impl NodeStatus {
    /// Taken to live until it is looked at.
    fn new(row: NodeRow, held: &HashMap<NodeId, i64>, overdue: &HashMap<NodeId, i64>) -> Self {
        let of = |counts: &HashMap<NodeId, i64>| counts.get(&row.id).copied().unwrap_or(0);
        NodeStatus { in_flight: of(held), overdue: of(overdue), row, alive: true, silent_for: None }
    }
}

impl Status {
    /// Finds out which nodes live. Blocks on the file system.
    pub fn find_the_living(mut self, database: &DatabaseUrl) -> Result<Self, DbError> {
        find_the_living(&mut self.nodes, self.at, self.seen_by, database)?;
        Ok(self)
    }

    /// The same with what a node knows of itself, which is newer than what it has told the database.
    pub fn with_own(mut self, row: NodeRow) -> Self {
        self.nodes.retain(|node| node.row.id != row.id);
        let row = NodeRow { seen_at: self.at, ..row };
        self.nodes.push(NodeStatus::new(row, &self.on_the_wire, &self.overdue));
        self.nodes.sort_by(|a, b| (a.row.started_at, &a.row.id).cmp(&(b.row.started_at, &b.row.id)));
        self
    }
}

/// The nodes that the database knows of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenNodes {
    /// Taken to live, until it is looked.
    pub nodes: Vec<NodeStatus>,
    at: Timestamp,
    /// By the clock that nodes are seen by.
    seen_by: Timestamp,
}

impl SeenNodes {
    pub fn read(conn: &mut DbConnection, now: Timestamp) -> Result<Self, DbError> {
        let seen = |row| NodeStatus { row, in_flight: 0, overdue: 0, alive: true, silent_for: None };
        let nodes = nodes::list(conn)?.into_iter().map(seen).collect();
        Ok(SeenNodes { nodes, at: now, seen_by: leases::lease_clock(conn, now)? })
    }

    /// Finds out which nodes live. Blocks on the file system.
    pub fn find_the_living(mut self, database: &DatabaseUrl) -> Result<Self, DbError> {
        find_the_living(&mut self.nodes, self.at, self.seen_by, database)?;
        Ok(self)
    }
}

/// Servers that run.
pub fn servers(nodes: &[NodeStatus]) -> impl Iterator<Item = &NodeStatus> {
    nodes.iter().filter(|node| node.alive && node.row.fires && !node.row.stopping)
}

/// What keeps the first of them from publishing, where each is kept.
pub fn hold_of_all(nodes: &[NodeStatus]) -> Option<&str> {
    let mut holds = servers(nodes).map(|node| node.row.held.as_deref());
    let first = holds.next()??;
    holds.all(|hold| hold.is_some()).then_some(first)
}

/// Finds out which nodes live: by their locks on SQLite, by when they were seen on PostgreSQL (`seen_by`: its clock).
/// Blocks on the file system.
pub fn find_the_living(
    nodes: &mut [NodeStatus],
    at: Timestamp,
    seen_by: Timestamp,
    database: &DatabaseUrl,
) -> Result<(), DbError> {
    match database {
        DatabaseUrl::Sqlite(path) => {
            let ids: Vec<NodeId> = nodes.iter().map(|node| node.row.id.clone()).collect();
            let gone: HashSet<NodeId> = node_locks::gone_beside(path, &ids)?.into_iter().collect();
            for node in nodes {
                node.alive = !gone.contains(&node.row.id);
                if node.alive {
                    node.silent_for = Some(at.since(node.row.seen_at));
                    node.row.seen_at = at;
                }
            }
        }
        DatabaseUrl::Postgres(_) => {
            for node in nodes {
                let lease = Duration::from_secs(u64::try_from(node.row.lease_seconds).unwrap_or(0));
                node.alive = seen_by.since(node.row.seen_at) <= lease;
            }
        }
    }
    Ok(())
}

/// An entry that a node holds.
struct OnTheWire {
    entry: EntryId,
    account: AccountId,
    node: NodeId,
    sends: bool,
    /// The end of its lease.
    until: Timestamp,
}

fn by_node<'a>(claims: impl Iterator<Item = &'a OnTheWire>) -> HashMap<NodeId, i64> {
    let mut counts: HashMap<NodeId, i64> = HashMap::new();
    claims.for_each(|claim| *counts.entry(claim.node.clone()).or_default() += 1);
    counts
}

fn on_the_wire(conn: &mut DbConnection) -> Result<Vec<OnTheWire>, DbError> {
    const HELD: &str = "publish_pool.status = 'publishing' AND publish_pool.claimed_by IS NOT NULL";
    const SENDS: &str = "publish_pool.look_up_at IS NULL AND publish_pool.check_at IS NULL";
    let (node, until) = (pool::claimed_by.assume_not_null(), pool::lease_expires_at.assume_not_null());
    let rows: Vec<(EntryId, AccountId, NodeId, bool, Timestamp)> = pool::publish_pool
        .filter(sql::<Bool>(HELD))
        .select((pool::id, pool::account_id, node, sql::<Bool>(SENDS), until))
        .load(conn)?;
    let claim = |(entry, account, node, sends, until)| OnTheWire { entry, account, node, sends, until };
    Ok(rows.into_iter().map(claim).collect())
}

fn number(conn: &mut DbConnection, sql: &'static str, bind: Option<Timestamp>) -> Result<i64, DbError> {
    let asked = statement::<BigInt>(sql);
    Ok(match (conn, bind) {
        (DbConnection::Sqlite(inner), None) => asked.get_result(inner)?,
        (DbConnection::Postgres(inner), None) => asked.get_result(inner)?,
        (DbConnection::Sqlite(inner), Some(at)) => asked.bind::<BigInt, _>(at.micros()).get_result(inner)?,
        (DbConnection::Postgres(inner), Some(at)) => {
            asked.bind::<BigInt, _>(at.micros()).get_result(inner)?
        }
    })
}

/// What waits on each lane.
pub fn waiting(
    conn: &mut DbConnection,
    now: Timestamp,
) -> Result<HashMap<AccountId, (Option<Timestamp>, i64)>, DbError> {
    let asked = statement::<(BigInt, Nullable<BigInt>, BigInt)>(WAITING).bind::<BigInt, _>(now.micros());
    let rows: Vec<(AccountId, Option<Timestamp>, i64)> = match conn {
        DbConnection::Sqlite(inner) => asked.load(inner)?,
        DbConnection::Postgres(inner) => asked.load(inner)?,
    };
    Ok(rows.into_iter().map(|(id, first, due)| (id, (first, due))).collect())
}

fn lanes(
    conn: &mut DbConnection,
    wire: &[OnTheWire],
    can_decrypt: bool,
    platform_pause: Duration,
    now: Timestamp,
) -> Result<Vec<LaneStatus>, DbError> {
    let mut known: HashMap<AccountId, (Rules, State)> = lanes::all(conn)?;
    let waiting = waiting(conn, now)?;
    let scopes = tasks::publishing_scopes(conn)?;
    let mut found = Vec::with_capacity(known.len());
    for account in accounts::list(conn)? {
        // One that was made just now has nothing to show yet.
        let Some((rules, mut state)) = known.remove(&account.id) else { continue };
        state.mend(now, platform_pause);
        let held = || wire.iter().filter(|claim| claim.account == account.id && claim.sends);
        let busy = i32::try_from(held().count()).unwrap_or(i32::MAX);
        let probed = state.health.tripped.and_then(|tripped| tripped.probed);
        let probe_is_out = held().any(|claim| Some(claim.entry) == probed);
        let word = Word {
            enabled: account.enabled,
            suspended_reason: account.suspended_reason.as_deref(),
            suspended_until: account.suspended_until,
            is_locked: !can_decrypt && account.credentials.is_some(),
        };
        let has_task = scopes.iter().any(|scope| scope.covers(account.id));
        let (first, due_now) = waiting.get(&account.id).copied().unwrap_or_default();
        found.push(LaneStatus {
            has_task,
            shut: lane_look::shut(word, &rules, &state, busy, now),
            in_flight: busy,
            concurrency: rules.concurrency,
            due_now,
            oldest_due_at: first.filter(|at| *at <= now),
            breaker: lane_look::breaker(&state, probe_is_out, now),
            health: state.health,
            cap: rules.daily_cap.map(|cap| (gates::posts_today(&rules, &state, busy, now), cap)),
            account: account.id,
            name: account.name,
            platform: account.platform,
        });
    }
    Ok(found)
}
