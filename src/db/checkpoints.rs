//! How far publishes of several steps have come. Written only by whoever holds the entry's claim.

use super::connection::{DbConnection, DbError};
use super::schema::publish_checkpoints::dsl;
use super::schema::publish_pool::dsl as pool;
use crate::domain::clock::Timestamp;
use crate::domain::entry::EntryStatus;
use crate::domain::ids::{AttemptId, EntryId, NodeId};
use diesel::prelude::*;

/// A step of a publish, as far as it came.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Checkpoint {
    pub entry: EntryId,
    pub step: String,
    /// Of the content; what another revision came to is of no use.
    pub revision: i32,
    /// JSON; none where it was begun, and its end was not seen.
    pub result: Option<String>,
}

/// Who writes: its claim must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fence {
    pub node: NodeId,
    pub attempt: AttemptId,
}

/// True where the claim holds; then it does to the end of the caller's transaction.
pub fn holds(conn: &mut DbConnection, fence: &Fence) -> Result<bool, DbError> {
    // An update is what locks the row on either database.
    let ours = diesel::update(
        pool::publish_pool
            .filter(pool::id.eq(fence.attempt.entry.0))
            .filter(pool::claimed_by.eq(&fence.node.0))
            .filter(pool::attempt.eq(fence.attempt.number))
            .filter(pool::status.eq(EntryStatus::Publishing.as_str())),
    )
    .set(pool::claimed_by.eq(&fence.node.0))
    .execute(conn)?;
    Ok(ours == 1)
}

/// Keeps what a step came to (JSON), or with `None` that it begins. A result ends the suspicion against the entry.
pub fn keep(
    conn: &mut DbConnection,
    entry: EntryId,
    step: &str,
    revision: i32,
    result: Option<&str>,
    now: Timestamp,
) -> Result<(), DbError> {
    withdraw(conn, entry, step)?;
    diesel::insert_into(dsl::publish_checkpoints)
        .values((
            dsl::pool_id.eq(entry.0),
            dsl::step.eq(step),
            dsl::revision.eq(revision),
            dsl::result.eq(result),
            dsl::reached_at.eq(now.micros()),
        ))
        .execute(conn)?;
    if result.is_some() {
        diesel::update(pool::publish_pool.filter(pool::id.eq(entry.0)))
            .set(pool::recoveries.eq(0))
            .execute(conn)?;
    }
    Ok(())
}

/// A step that certainly did not happen.
pub fn withdraw(conn: &mut DbConnection, entry: EntryId, step: &str) -> Result<(), DbError> {
    diesel::delete(dsl::publish_checkpoints.filter(dsl::pool_id.eq(entry.0)).filter(dsl::step.eq(step)))
        .execute(conn)?;
    Ok(())
}

/// It is proven that no step without a result happened.
pub fn withdraw_intents(conn: &mut DbConnection, entry: EntryId) -> Result<(), DbError> {
    diesel::delete(dsl::publish_checkpoints.filter(dsl::pool_id.eq(entry.0)).filter(dsl::result.is_null()))
        .execute(conn)?;
    Ok(())
}

/// Forgets all steps: it is published, or a person has settled it.
pub fn forget(conn: &mut DbConnection, entry: EntryId) -> Result<(), DbError> {
    diesel::delete(dsl::publish_checkpoints.filter(dsl::pool_id.eq(entry.0))).execute(conn)?;
    Ok(())
}

/// Whether a step was begun whose end was not seen.
pub fn has_open_intent(conn: &mut DbConnection, entry: EntryId) -> Result<bool, DbError> {
    let open = dsl::publish_checkpoints.filter(dsl::pool_id.eq(entry.0)).filter(dsl::result.is_null());
    Ok(open.count().get_result::<i64>(conn)? > 0)
}

/// The steps of these entries.
pub fn of(conn: &mut DbConnection, entries: &[EntryId]) -> Result<Vec<Checkpoint>, DbError> {
    let ids: Vec<i64> = entries.iter().map(|entry| entry.0).collect();
    Ok(dsl::publish_checkpoints
        .filter(dsl::pool_id.eq_any(ids))
        .select((dsl::pool_id, dsl::step, dsl::revision, dsl::result))
        .order((dsl::pool_id, dsl::step))
        .load(conn)?)
}
