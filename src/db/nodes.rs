//! Nodes that run, as they say of themselves. Who may be robbed of a claim is judged by leases and locks; that any node was
//! seen says only that the database answered then.

use super::connection::{DbConnection, DbError};
use super::schema::nodes::dsl;
use crate::domain::clock::Timestamp;
use crate::domain::ids::NodeId;
use diesel::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct NodeRow {
    pub id: NodeId,
    pub host: String,
    pub pid: i64,
    pub version: String,
    /// False for a command.
    pub fires: bool,
    pub concurrency: i32,
    pub lease_seconds: i32,
    pub stopping: bool,
    /// JSON.
    pub restarts: String,
    pub started_at: Timestamp,
    pub seen_at: Timestamp,
    /// What keeps it from publishing, whatever is due.
    pub held: Option<String>,
}

pub fn list(conn: &mut DbConnection) -> Result<Vec<NodeRow>, DbError> {
    Ok(dsl::nodes.order((dsl::started_at, dsl::id)).load(conn)?)
}

/// Writes a node's row, seen at this instant.
pub fn put(conn: &mut DbConnection, node: &NodeRow, seen_at: Timestamp) -> Result<(), DbError> {
    let values = (
        dsl::host.eq(&node.host),
        dsl::pid.eq(node.pid),
        dsl::version.eq(&node.version),
        dsl::fires.eq(node.fires),
        dsl::concurrency.eq(node.concurrency),
        dsl::lease_seconds.eq(node.lease_seconds),
        dsl::stopping.eq(node.stopping),
        dsl::restarts.eq(&node.restarts),
        dsl::started_at.eq(node.started_at.micros()),
        dsl::seen_at.eq(seen_at.micros()),
        dsl::held.eq(&node.held),
    );
    let changed = diesel::update(dsl::nodes.filter(dsl::id.eq(&node.id.0))).set(values).execute(conn)?;
    if changed == 0 {
        diesel::insert_into(dsl::nodes).values((dsl::id.eq(&node.id.0), values)).execute(conn)?;
    }
    Ok(())
}

pub fn remove(conn: &mut DbConnection, nodes: &[NodeId]) -> Result<(), DbError> {
    let ids: Vec<&str> = nodes.iter().map(|node| &*node.0).collect();
    diesel::delete(dsl::nodes.filter(dsl::id.eq_any(ids))).execute(conn)?;
    Ok(())
}

/// When any node but this one was seen last.
pub fn last_seen(conn: &mut DbConnection, but: &NodeId) -> Result<Option<Timestamp>, DbError> {
    let others = dsl::nodes.filter(dsl::id.ne(&but.0));
    Ok(others.select(diesel::dsl::max(dsl::seen_at)).first(conn)?)
}

/// Removes those that were not seen since.
pub fn prune(conn: &mut DbConnection, since: Timestamp) -> Result<(), DbError> {
    diesel::delete(dsl::nodes.filter(dsl::seen_at.lt(since.micros()))).execute(conn)?;
    Ok(())
}
