//! The stream of events. Its rows are those of the publish log and of the audit, which are written with what they tell
//! anyway, and those of a table for what has no row there; so a post that is published costs nothing for being told of.

use super::audit::AuditRow;
use super::connection::{DbConnection, DbError};
use super::publish_log::LogRow;
use super::schema::{audit, events, events::dsl, publish_logs, publish_pool};
use crate::domain::clock::Timestamp;
use crate::domain::event::{EventKind, Place};
use crate::domain::ids::*;
use diesel::dsl::max;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use std::collections::HashMap;
use std::time::Duration;

/// Events that have no row elsewhere are kept for so long.
pub const KEPT_FOR: Duration = Duration::from_secs(7 * 24 * 3600);
/// Rows that are older and go with each one that comes: more than come, so that they do not pile up.
const REMOVED_AT_ONCE: i64 = 2;

/// What happened by itself.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct EventRow {
    pub id: i64,
    pub at: Timestamp,
    pub kind: EventKind,
    pub account_id: Option<AccountId>,
    pub execution_id: Option<ExecutionId>,
    pub log_id: Option<LogId>,
    /// Why, or as what, in our words or in those of a platform.
    pub said: Option<String>,
}

/// A row to be added.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct About<'a> {
    pub account: Option<AccountId>,
    pub execution: Option<ExecutionId>,
    pub log: Option<LogId>,
    pub said: Option<&'a str>,
}

/// In the transaction of what it tells.
pub fn tell(
    conn: &mut DbConnection,
    kind: EventKind,
    about: About<'_>,
    now: Timestamp,
) -> Result<(), DbError> {
    diesel::insert_into(dsl::events)
        .values((
            dsl::at.eq(now.micros()),
            dsl::kind.eq(kind.as_str()),
            dsl::account_id.eq(about.account.map(|id| id.0)),
            dsl::execution_id.eq(about.execution.map(|id| id.0)),
            dsl::log_id.eq(about.log.map(|id| id.0)),
            dsl::said.eq(about.said),
        ))
        .execute(conn)?;
    forget(conn, now - KEPT_FOR)
}

/// Looks at the oldest rows alone.
fn forget(conn: &mut DbConnection, before: Timestamp) -> Result<(), DbError> {
    let oldest: Vec<(i64, Timestamp)> =
        dsl::events.order(dsl::id).limit(REMOVED_AT_ONCE).select((dsl::id, dsl::at)).load(conn)?;
    let old: Vec<i64> = oldest.into_iter().filter(|(_, at)| *at < before).map(|(id, _)| id).collect();
    if !old.is_empty() {
        diesel::delete(dsl::events.filter(dsl::id.eq_any(old))).execute(conn)?;
    }
    Ok(())
}

/// The newest rows that can be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Newest {
    pub place: Place,
    /// On PostgreSQL, where who took an id first may commit last.
    pub snapshot: Option<Snapshot>,
}

/// Which transactions were over, by their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Snapshot {
    /// All before this one.
    pub over_before: i64,
    /// None from this one on.
    pub open_from: i64,
}

pub fn newest(conn: &mut DbConnection) -> Result<Newest, DbError> {
    // First, so that whatever is seen below was there or came later.
    let snapshot = match conn {
        DbConnection::Sqlite(_) => None,
        DbConnection::Postgres(inner) => {
            const BOUNDS: &str = "pg_snapshot_xmin(pg_current_snapshot())::text::bigint, \
                                  pg_snapshot_xmax(pg_current_snapshot())::text::bigint";
            let bounds = diesel::dsl::sql::<(BigInt, BigInt)>(BOUNDS);
            let (over_before, open_from) = diesel::select(bounds).get_result(inner)?;
            Some(Snapshot { over_before, open_from })
        }
    };
    let log: Option<i64> = publish_logs::table.select(max(publish_logs::id)).first(conn)?;
    let change: Option<i64> = audit::table.select(max(audit::id)).first(conn)?;
    let other: Option<i64> = dsl::events.select(max(events::id)).first(conn)?;
    let [log, change, other] = [log, change, other].map(Option::unwrap_or_default);
    Ok(Newest { place: Place { log, change, other }, snapshot })
}

/// What is told of, in the order of its table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows {
    pub attempts: Vec<LogRow>,
    /// Each with the account that it is about, where it is about one that is there.
    pub changes: Vec<(AuditRow, Option<AccountId>)>,
    pub others: Vec<EventRow>,
}

/// Of each table at most `limit`.
pub fn between(conn: &mut DbConnection, after: Place, until: Place, limit: i64) -> Result<Rows, DbError> {
    let attempts = publish_logs::table
        .filter(publish_logs::id.gt(after.log).and(publish_logs::id.le(until.log)))
        .order(publish_logs::id)
        .limit(limit)
        .load(conn)?;
    let changes: Vec<AuditRow> = audit::table
        .filter(audit::id.gt(after.change).and(audit::id.le(until.change)))
        .order(audit::id)
        .limit(limit)
        .load(conn)?;
    let others = dsl::events
        .filter(dsl::id.gt(after.other).and(dsl::id.le(until.other)))
        .order(dsl::id)
        .limit(limit)
        .load(conn)?;
    Ok(Rows { attempts, changes: with_accounts(conn, changes)?, others })
}

fn with_accounts(
    conn: &mut DbConnection,
    changes: Vec<AuditRow>,
) -> Result<Vec<(AuditRow, Option<AccountId>)>, DbError> {
    use crate::domain::resource::Resource;
    let entries: Vec<i64> = changes
        .iter()
        .filter(|row| row.resource == Resource::Entry)
        .filter_map(|row| row.resource_id)
        .collect();
    let accounts: HashMap<i64, AccountId> = publish_pool::table
        .filter(publish_pool::id.eq_any(entries))
        .select((publish_pool::id, publish_pool::account_id))
        .load(conn)?
        .into_iter()
        .collect();
    let account_of = |row: &AuditRow| match row.resource {
        Resource::Account => row.resource_id.map(AccountId),
        Resource::Entry => accounts.get(&row.resource_id?).copied(),
        _ => None,
    };
    Ok(changes.into_iter().map(|row| (account_of(&row), row)).map(|(account, row)| (row, account)).collect())
}
