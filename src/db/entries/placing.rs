//! Entries in posting slots: who is put into which, and when they have missed it. That nobody else sits there is held by
//! the index `publish_pool_slot`.

use super::open_statuses;
use crate::db::connection::{DbConnection, DbError};
use crate::db::lateness;
use crate::db::schema::publish_pool::dsl;
use crate::db::schema::slot_watches::dsl as watches;
use crate::db::statement::statement;
use crate::domain::clock::Timestamp;
use crate::domain::entry::EntryStatus;
use crate::domain::ids::*;
use crate::domain::posting_slots::MISSED_AFTER;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Nullable};

/// An entry and the slot that it gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placing {
    pub entry: EntryId,
    pub at: Timestamp,
    /// The one that it missed, if that is why.
    pub missed: Option<Timestamp>,
    /// Of the row in the log that says so; the fence.
    pub number: i32,
}

/// Takes pending, proven entries out of their slots, before they get others in the same transaction: an index keeps two
/// of them from one slot even for a moment. Gives back how many.
pub fn leave_slots(conn: &mut DbConnection, ids: &[EntryId]) -> Result<usize, DbError> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    Ok(diesel::update(
        dsl::publish_pool
            .filter(dsl::id.eq_any(ids))
            .filter(dsl::status.eq(EntryStatus::Pending.as_str()))
            .filter(dsl::unproven.eq(false)),
    )
    .set(dsl::slot_at.eq(None::<i64>))
    .execute(conn)?)
}

/// From a slot that has passed it is wanted from now on.
const PUT: &str = "UPDATE publish_pool SET slot_at = $1, scheduled_at = $1, due_at = $2, attempt = $3, updated_at = $4, \
    retried_at = CASE WHEN $1 <= $4 THEN $4 ELSE retried_at END, pushed_from = NULL \
    WHERE id = $5 AND status = 'pending' AND NOT unproven AND attempt = $3 - 1";

/// Puts a pending, proven entry into a slot: that is its time from now on. True where it was one.
pub fn put_in_slot(conn: &mut DbConnection, placing: Placing, now: Timestamp) -> Result<bool, DbError> {
    let put = statement::<()>(PUT)
        .bind::<BigInt, _>(placing.at.micros())
        .bind::<BigInt, _>(placing.at.max(now).micros())
        .bind::<Integer, _>(placing.number)
        .bind::<BigInt, _>(now.micros())
        .bind::<BigInt, _>(placing.entry.0);
    let changed = match conn {
        DbConnection::Sqlite(inner) => put.execute(inner)?,
        DbConnection::Postgres(inner) => put.execute(inner)?,
    };
    if changed == 1 {
        lateness::recompute_late_of(conn, placing.entry)?;
        watch(conn, placing.entry, placing.missed)?;
    }
    Ok(changed == 1)
}

const WATCH: &str = "INSERT INTO slot_watches (pool_id, miss_at, missed_slot_at) \
    SELECT p.id, CASE WHEN a.missed_slot = 'next' THEN p.slot_at + $1 END, $2 \
    FROM publish_pool AS p JOIN accounts AS a ON a.id = p.account_id \
    WHERE p.id = $3 AND p.slot_at IS NOT NULL AND (a.missed_slot = 'next' OR $2 IS NOT NULL)";

/// An entry has another slot, or none: says when it will have missed it, and which it missed before.
pub(super) fn watch(conn: &mut DbConnection, id: EntryId, missed: Option<Timestamp>) -> Result<(), DbError> {
    diesel::delete(watches::slot_watches.filter(watches::pool_id.eq(id.0))).execute(conn)?;
    let watch = statement::<()>(WATCH)
        .bind::<BigInt, _>(missed_after_micros())
        .bind::<Nullable<BigInt>, _>(missed.map(|at| at.micros()))
        .bind::<BigInt, _>(id.0);
    match conn {
        DbConnection::Sqlite(inner) => watch.execute(inner)?,
        DbConnection::Postgres(inner) => watch.execute(inner)?,
    };
    Ok(())
}

/// What a post may be late by before it has missed its slot.
fn missed_after_micros() -> i64 {
    i64::try_from(MISSED_AFTER.as_micros()).unwrap_or(i64::MAX)
}

const WATCH_ALL: &str = "INSERT INTO slot_watches (pool_id, miss_at) SELECT p.id, p.slot_at + $1 \
    FROM publish_pool AS p JOIN accounts AS a ON a.id = p.account_id \
    WHERE p.account_id = $2 AND p.slot_at IS NOT NULL \
      AND (p.status = 'pending' OR p.status = 'publishing' OR p.status = 'uncertain') \
      AND a.missed_slot = 'next' \
    ON CONFLICT (pool_id) DO UPDATE SET miss_at = excluded.miss_at";

/// An account's `missed_slot` was changed: says anew of what waits in its slots when it will have missed them.
pub fn watch_all(conn: &mut DbConnection, account: AccountId) -> Result<(), DbError> {
    let own = dsl::publish_pool
        .filter(dsl::account_id.eq(account.0))
        .filter(dsl::slot_at.is_not_null())
        .select(dsl::id);
    diesel::update(watches::slot_watches.filter(watches::pool_id.eq_any(own)))
        .set(watches::miss_at.eq(None::<i64>))
        .execute(conn)?;
    let watch =
        statement::<()>(WATCH_ALL).bind::<BigInt, _>(missed_after_micros()).bind::<BigInt, _>(account.0);
    match conn {
        DbConnection::Sqlite(inner) => watch.execute(inner)?,
        DbConnection::Postgres(inner) => watch.execute(inner)?,
    };
    Ok(())
}

/// These are not looked at any more: they are out, or were tried, or have no slot to move to. What waits goes out late.
pub fn watch_no_more(conn: &mut DbConnection, ids: &[EntryId]) -> Result<(), DbError> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    diesel::update(watches::slot_watches.filter(watches::pool_id.eq_any(ids)))
        .set(watches::miss_at.eq(None::<i64>))
        .execute(conn)?;
    Ok(())
}

const TAKEN: &str = "EXISTS (SELECT 1 FROM publish_pool AS other WHERE other.account_id = publish_pool.account_id \
    AND other.slot_at = publish_pool.slot_at AND other.id <> publish_pool.id \
    AND (other.status = 'pending' OR other.status = 'publishing' OR other.status = 'uncertain'))";

/// A closed entry that is to be tried again keeps its slot only where that is to come, and nobody sits in it.
pub fn leave_lost_slot(conn: &mut DbConnection, id: EntryId, now: Timestamp) -> Result<(), DbError> {
    let is_lost = dsl::slot_at.assume_not_null().le(now.micros()).or(sql::<Bool>(TAKEN));
    let left = diesel::update(
        dsl::publish_pool
            .filter(dsl::id.eq(id.0))
            .filter(dsl::status.ne_all(open_statuses()))
            .filter(dsl::slot_at.is_not_null().and(is_lost)),
    )
    .set(dsl::slot_at.eq(None::<i64>))
    .execute(conn)?;
    if left == 1 {
        diesel::delete(watches::slot_watches.filter(watches::pool_id.eq(id.0))).execute(conn)?;
    }
    Ok(())
}
