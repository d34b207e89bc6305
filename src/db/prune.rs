//! What is removed of the history. Rows are looked at in the order in which they were made, which is that of time but for
//! a little: a batch in which nothing is old is the last.

use super::connection::{DbConnection, DbError};
use super::entries::open_statuses;
use super::request_keys;
use super::schema::executions::dsl as executions;
use super::schema::publish_logs::dsl as logs;
use super::schema::publish_pool::dsl as pool;
use crate::domain::clock::Timestamp;
use crate::domain::ids::{EntryId, ExecutionId, LogId};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use std::collections::HashSet;

/// Rows that one batch looks at.
pub const BATCH: i64 = 500;

/// What came of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Batch {
    pub removed: usize,
    pub is_last: bool,
}

/// Removes runs that found nothing to do and ended before then.
pub fn empty_runs(conn: &mut DbConnection, before: Timestamp) -> Result<Batch, DbError> {
    let ids: Vec<ExecutionId> = executions::executions
        .filter(sql::<Bool>("found_nothing"))
        .filter(executions::finished_at.lt(before.micros()))
        .order(executions::finished_at)
        .limit(BATCH)
        .select(executions::id)
        .load(conn)?;
    let removed = remove_runs(conn, &ids)?;
    Ok(Batch { removed, is_last: is_short(ids.len()) })
}

/// Removes runs after `after` that ended before then. Gives back the last one that it looked at.
pub fn runs(
    conn: &mut DbConnection,
    after: ExecutionId,
    before: Timestamp,
) -> Result<(Batch, ExecutionId), DbError> {
    let rows: Vec<(ExecutionId, Option<Timestamp>)> = executions::executions
        .filter(executions::id.gt(after.0))
        .order(executions::id)
        .limit(BATCH)
        .select((executions::id, executions::finished_at))
        .load(conn)?;
    let last = rows.last().map_or(after, |(id, _)| *id);
    let old: Vec<ExecutionId> =
        rows.iter().filter(|(_, ended)| ended.is_some_and(|at| at < before)).map(|(id, _)| *id).collect();
    let removed = remove_runs(conn, &old)?;
    Ok((Batch { removed, is_last: is_short(rows.len()) || old.is_empty() }, last))
}

fn remove_runs(conn: &mut DbConnection, ids: &[ExecutionId]) -> Result<usize, DbError> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    Ok(diesel::delete(executions::executions.filter(executions::id.eq_any(ids))).execute(conn)?)
}

/// Removes rows of the publish log after `after` that ended before then, but of entries that are open. Gives back the last
/// one that it looked at.
pub fn logs(conn: &mut DbConnection, after: LogId, before: Timestamp) -> Result<(Batch, LogId), DbError> {
    let rows: Vec<(LogId, EntryId, Timestamp)> = logs::publish_logs
        .filter(logs::id.gt(after.0))
        .order(logs::id)
        .limit(BATCH)
        .select((logs::id, logs::pool_id, logs::finished_at))
        .load(conn)?;
    let last = rows.last().map_or(after, |(id, ..)| *id);
    let old: Vec<(LogId, EntryId)> =
        rows.iter().filter(|(_, _, ended)| *ended < before).map(|(id, entry, _)| (*id, *entry)).collect();
    let entries: Vec<i64> = old.iter().map(|(_, entry)| entry.0).collect();
    let open: Vec<EntryId> = pool::publish_pool
        .filter(pool::id.eq_any(entries))
        .filter(pool::status.eq_any(open_statuses()))
        .select(pool::id)
        .load(conn)?;
    let open: HashSet<EntryId> = open.into_iter().collect();
    let ids: Vec<i64> = old.iter().filter(|(_, entry)| !open.contains(entry)).map(|(id, _)| id.0).collect();
    let removed = diesel::delete(logs::publish_logs.filter(logs::id.eq_any(ids))).execute(conn)?;
    Ok((Batch { removed, is_last: is_short(rows.len()) || old.is_empty() }, last))
}

/// Removes answers to requests with a key that were given before then.
pub fn keyed_answers(conn: &mut DbConnection, before: Timestamp) -> Result<Batch, DbError> {
    let removed = request_keys::forget(conn, before, BATCH)?;
    Ok(Batch { removed, is_last: is_short(removed) })
}

pub(super) fn is_short(rows: usize) -> bool {
    i64::try_from(rows).is_ok_and(|rows| rows < BATCH)
}
