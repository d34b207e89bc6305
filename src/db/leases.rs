//! How long a claim holds. Renewal is one statement for all that a node has in flight.

use super::connection::{DbConnection, DbError};
use super::schema::{accounts, publish_pool::dsl};
use crate::domain::account::OnUnknown;
use crate::domain::clock::Timestamp;
use crate::domain::ids::*;
use crate::domain::question::Question;
use crate::domain::settlement::Standing;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};
use std::collections::HashSet;
use std::time::Duration;

/// After so many recoveries an entry is a suspect: a node has at most one of them in flight. Also in the partial index
/// `publish_pool_suspects`, and in the claim's statements.
pub const SUSPECT_AFTER: i32 = 3;

/// Written out, so that the partial index on claimed entries serves it.
const PUBLISHING: &str = "publish_pool.status = 'publishing'";

/// The clock that leases are judged by: the database's on PostgreSQL, ours on SQLite, where nodes share a machine.
pub fn lease_clock(conn: &mut DbConnection, now: Timestamp) -> Result<Timestamp, DbError> {
    match conn {
        DbConnection::Sqlite(_) => Ok(now),
        DbConnection::Postgres(inner) => {
            let clock = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint";
            Ok(diesel::select(diesel::dsl::sql::<BigInt>(clock)).get_result(inner)?)
        }
    }
}

/// Renews the leases of `entries` where `node` still holds them.
pub fn renew(
    conn: &mut DbConnection,
    node: &NodeId,
    entries: &[EntryId],
    lease: Duration,
    now: Timestamp,
) -> Result<usize, DbError> {
    let until = lease_clock(conn, now)? + lease;
    let ids: Vec<i64> = entries.iter().map(|entry| entry.0).collect();
    Ok(diesel::update(dsl::publish_pool.filter(dsl::id.eq_any(ids)).filter(dsl::claimed_by.eq(&node.0)))
        .set(dsl::lease_expires_at.eq(until.micros()))
        .execute(conn)?)
}

/// A claim, as whoever may have to take it back finds it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Held {
    pub entry: EntryId,
    pub number: i32,
    pub node: NodeId,
    pub claimed_at: Timestamp,
    pub lease_expires_at: Timestamp,
    pub content: ContentId,
    pub revision: i32,
    pub account: AccountId,
    pub account_version: i64,
    pub lane_is_gated: bool,
    pub platform: String,
    pub settings: String,
    pub on_unknown: OnUnknown,
    pub execution: Option<ExecutionId>,
    pub retry_count: i32,
    pub max_retries: i32,
    pub unproven: bool,
    pub recoveries: i32,
    look_up_at: Option<Timestamp>,
    looked_up: i32,
    check_at: Option<Timestamp>,
    submitted_at: Option<Timestamp>,
}

impl Held {
    pub fn attempt(&self) -> AttemptId {
        AttemptId { entry: self.entry, number: self.number }
    }

    /// What its claim asks the platform, if it publishes nothing.
    pub fn question(&self) -> Option<Question> {
        super::claim::question((self.look_up_at, self.looked_up, self.check_at, self.submitted_at))
    }

    /// Whether the entry outlived so many nodes that it may be what ended them.
    pub fn is_suspect(&self) -> bool {
        self.recoveries >= SUSPECT_AFTER
    }

    pub fn standing(&self) -> Standing {
        Standing { retry_count: self.retry_count, max_retries: self.max_retries, unproven: self.unproven }
    }
}

/// Everything that is claimed now, by whomever.
pub fn held(conn: &mut DbConnection) -> Result<Vec<Held>, DbError> {
    Ok(dsl::publish_pool
        .inner_join(accounts::table.on(accounts::id.eq(dsl::account_id)))
        .filter(sql::<Bool>(PUBLISHING))
        .filter(dsl::claimed_by.is_not_null())
        .select((
            dsl::id,
            dsl::attempt,
            dsl::claimed_by.assume_not_null(),
            dsl::claimed_at.assume_not_null(),
            dsl::lease_expires_at.assume_not_null(),
            dsl::content_id,
            dsl::revision.assume_not_null(),
            dsl::account_id,
            accounts::version,
            accounts::gated,
            accounts::platform,
            accounts::settings,
            accounts::on_unknown,
            dsl::execution_id,
            dsl::retry_count,
            dsl::max_retries,
            dsl::unproven,
            dsl::recoveries,
            dsl::look_up_at,
            dsl::looked_up,
            dsl::check_at,
            dsl::submitted_at,
        ))
        .order(dsl::id)
        .load(conn)?)
}

/// The nodes that hold claims, in the order of their ids.
pub fn nodes(conn: &mut DbConnection) -> Result<Vec<NodeId>, DbError> {
    Ok(dsl::publish_pool
        .filter(sql::<Bool>(PUBLISHING))
        .filter(dsl::claimed_by.is_not_null())
        .select(dsl::claimed_by.assume_not_null())
        .distinct()
        .order(dsl::claimed_by)
        .load(conn)?)
}

/// Counts one recovery more of each.
pub fn count_recoveries(conn: &mut DbConnection, entries: &[EntryId]) -> Result<(), DbError> {
    let ids: Vec<i64> = entries.iter().map(|entry| entry.0).collect();
    diesel::update(dsl::publish_pool.filter(dsl::id.eq_any(ids)))
        .set(dsl::recoveries.eq(dsl::recoveries + 1))
        .execute(conn)?;
    Ok(())
}

/// How many attempts of an execution are on the wire, on whatever node.
pub fn in_flight_of(conn: &mut DbConnection, execution: ExecutionId) -> Result<i64, DbError> {
    Ok(dsl::publish_pool
        .filter(sql::<Bool>(PUBLISHING))
        .filter(dsl::execution_id.eq(execution.0))
        .count()
        .get_result(conn)?)
}

/// The executions that have attempts on the wire, on whatever node.
pub fn executions_in_flight(conn: &mut DbConnection) -> Result<HashSet<ExecutionId>, DbError> {
    let found: Vec<Option<ExecutionId>> =
        dsl::publish_pool.filter(sql::<Bool>(PUBLISHING)).select(dsl::execution_id).distinct().load(conn)?;
    Ok(found.into_iter().flatten().collect())
}

/// The entries of an execution that are on the wire.
pub fn entries_of(
    conn: &mut DbConnection,
    execution: ExecutionId,
    limit: i64,
) -> Result<Vec<(EntryId, ContentId, AccountId)>, DbError> {
    Ok(dsl::publish_pool
        .filter(sql::<Bool>(PUBLISHING))
        .filter(dsl::execution_id.eq(execution.0))
        .select((dsl::id, dsl::content_id, dsl::account_id))
        .order(dsl::id)
        .limit(limit)
        .load(conn)?)
}
