//! How far publishes of several steps have come. Written only by whoever holds the entry's claim.

use super::connection::{DbConnection, DbError};
use super::schema::publish_checkpoints::dsl;
use super::schema::publish_pool::dsl as pool;
use crate::domain::clock::Timestamp;
use crate::domain::entry::EntryStatus;
use crate::domain::ids::{AttemptId, EntryId, NodeId};
use crate::domain::steps::Reached;
use diesel::prelude::*;

/// A step of a publish, as far as it came.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Checkpoint {
    pub entry: EntryId,
    pub step: String,
    /// Of the content; what another revision came to is of no use.
    pub revision: i32,
    /// It must not be done twice.
    pub irreversible: bool,
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

/// Keeps that a step begins which must not be done twice.
pub fn begin(
    conn: &mut DbConnection,
    entry: EntryId,
    step: &str,
    revision: i32,
    now: Timestamp,
) -> Result<(), DbError> {
    put(conn, (entry, step, revision), true, None, now)
}

/// Keeps what a step came to (JSON). That ends the suspicion against the entry.
pub fn finish(
    conn: &mut DbConnection,
    entry: EntryId,
    step: &str,
    revision: i32,
    result: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    let begun = dsl::publish_checkpoints.filter(dsl::pool_id.eq(entry.0)).filter(dsl::step.eq(step));
    let irreversible = begun.select(dsl::irreversible).first(conn).optional()?.unwrap_or(false);
    put(conn, (entry, step, revision), irreversible, Some(result), now)?;
    diesel::update(pool::publish_pool.filter(pool::id.eq(entry.0)))
        .set(pool::recoveries.eq(0))
        .execute(conn)?;
    Ok(())
}

fn put(
    conn: &mut DbConnection,
    (entry, step, revision): (EntryId, &str, i32),
    irreversible: bool,
    result: Option<&str>,
    now: Timestamp,
) -> Result<(), DbError> {
    withdraw(conn, entry, step)?;
    diesel::insert_into(dsl::publish_checkpoints)
        .values((
            dsl::pool_id.eq(entry.0),
            dsl::step.eq(step),
            dsl::revision.eq(revision),
            dsl::irreversible.eq(irreversible),
            dsl::result.eq(result),
            dsl::reached_at.eq(now.micros()),
        ))
        .execute(conn)?;
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

/// What the steps of a revision say about what may be out.
pub fn reached(conn: &mut DbConnection, entry: EntryId, revision: i32) -> Result<Reached, DbError> {
    let done: Vec<bool> = dsl::publish_checkpoints
        .filter(dsl::pool_id.eq(entry.0))
        .filter(dsl::revision.eq(revision))
        .filter(dsl::irreversible)
        .select(dsl::result.is_not_null())
        .load(conn)?;
    Ok(Reached::of(done.into_iter()))
}

/// The step before a probe whose place is tested first; what it came to is the number of its attempt.
pub const TEST: &str = "test";

/// Whether this attempt began with a test of its place: then it says when the post itself is sent.
pub fn is_tested(conn: &mut DbConnection, attempt: AttemptId) -> Result<bool, DbError> {
    let tested: Option<Option<String>> = dsl::publish_checkpoints
        .filter(dsl::pool_id.eq(attempt.entry.0))
        .filter(dsl::step.eq(TEST))
        .select(dsl::result)
        .first(conn)
        .optional()?;
    Ok(tested.flatten().is_some_and(|number| number == attempt.number.to_string()))
}

/// The steps of these entries.
pub fn of(conn: &mut DbConnection, entries: &[EntryId]) -> Result<Vec<Checkpoint>, DbError> {
    let ids: Vec<i64> = entries.iter().map(|entry| entry.0).collect();
    Ok(dsl::publish_checkpoints
        .filter(dsl::pool_id.eq_any(ids))
        .select((dsl::pool_id, dsl::step, dsl::revision, dsl::irreversible, dsl::result))
        .order((dsl::pool_id, dsl::step))
        .load(conn)?)
}
