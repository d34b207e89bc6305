//! Entries that a person wants out now: over schedule, window and spacing, and without a run, until they are.

use super::connection::{DbConnection, DbError};
use super::schema::publish_demands::dsl;
use super::statement::statement;
use crate::domain::clock::Timestamp;
use crate::domain::entry::EntryStatus;
use crate::domain::ids::*;
use crate::domain::priority::Priority;
use crate::domain::turns::Candidate;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Nullable};

/// Notes who wants it, in the place of whoever wanted it before.
pub fn note(conn: &mut DbConnection, entry: EntryId, by: &str, now: Timestamp) -> Result<(), DbError> {
    withdraw(conn, entry)?;
    diesel::insert_into(dsl::publish_demands)
        .values((dsl::pool_id.eq(entry.0), dsl::asked_at.eq(now.micros()), dsl::asked_by.eq(by)))
        .execute(conn)?;
    Ok(())
}

/// Whether somebody wants it.
pub fn is_noted(conn: &mut DbConnection, entry: EntryId) -> Result<bool, DbError> {
    let noted = dsl::publish_demands.filter(dsl::pool_id.eq(entry.0));
    Ok(diesel::select(diesel::dsl::exists(noted)).get_result(conn)?)
}

/// Nobody wants it now any more.
pub fn withdraw(conn: &mut DbConnection, entry: EntryId) -> Result<(), DbError> {
    diesel::delete(dsl::publish_demands.filter(dsl::pool_id.eq(entry.0))).execute(conn)?;
    Ok(())
}

/// The same of all.
pub fn withdraw_all(conn: &mut DbConnection) -> Result<(), DbError> {
    diesel::delete(dsl::publish_demands).execute(conn)?;
    Ok(())
}

/// Forgets those that came to an end.
pub fn forget_ended(conn: &mut DbConnection) -> Result<(), DbError> {
    use super::schema::publish_pool::dsl as pool;
    let under_way = [EntryStatus::Pending.as_str(), EntryStatus::Publishing.as_str()];
    let ended = pool::publish_pool.filter(pool::status.ne_all(under_way)).select(pool::id);
    let wanted = dsl::publish_demands.select(dsl::pool_id);
    let ids: Vec<i64> = ended.filter(pool::id.eq_any(wanted)).load(conn)?;
    diesel::delete(dsl::publish_demands.filter(dsl::pool_id.eq_any(ids))).execute(conn)?;
    Ok(())
}

/// Whether there are any, also of those that came to an end.
pub fn are_any(conn: &mut DbConnection) -> Result<bool, DbError> {
    let any = statement::<Bool>("SELECT EXISTS (SELECT 1 FROM publish_demands)");
    Ok(match conn {
        DbConnection::Sqlite(inner) => any.get_result(inner)?,
        DbConnection::Postgres(inner) => any.get_result(inner)?,
    })
}

/// An entry that is wanted and due, on an account that may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demanded {
    pub candidate: Candidate,
    /// It may be out already, and keeps its place in the cap.
    pub unproven: bool,
}

/// CROSS JOIN keeps SQLite's planner from going through the whole pool for the few that are wanted.
const SQLITE_DUE: &str = "SELECT p.id, p.account_id, p.priority, p.due_at, p.attempt, p.recoveries >= 3, p.unproven \
    FROM publish_demands AS d CROSS JOIN publish_pool AS p ON p.id = d.pool_id \
    JOIN accounts AS a ON a.id = p.account_id \
    WHERE p.status = 'pending' AND NOT p.held AND p.due_at <= ?1 AND (p.late_at IS NULL OR p.late_at > ?1) \
      AND a.enabled AND (a.suspended_reason IS NULL OR a.suspended_until <= ?1) AND (?2 OR a.credentials IS NULL) \
    ORDER BY p.priority, p.due_at, p.id LIMIT ?3";
const POSTGRES_DUE: &str = "SELECT p.id, p.account_id, p.priority, p.due_at, p.attempt, p.recoveries >= 3, p.unproven \
    FROM publish_demands AS d JOIN publish_pool AS p ON p.id = d.pool_id JOIN accounts AS a ON a.id = p.account_id \
    WHERE p.status = 'pending' AND NOT p.held AND p.due_at <= $1 AND (p.late_at IS NULL OR p.late_at > $1) \
      AND a.enabled AND (a.suspended_reason IS NULL OR a.suspended_until <= $1) AND ($2 OR a.credentials IS NULL) \
    ORDER BY p.priority, p.due_at, p.id LIMIT $3";

/// The most urgent that are due.
pub fn due(
    conn: &mut DbConnection,
    now: Timestamp,
    can_decrypt: bool,
    most: i64,
) -> Result<Vec<Demanded>, DbError> {
    type Columns = (BigInt, BigInt, Integer, BigInt, Integer, Bool, Bool);
    let rows: Vec<(EntryId, AccountId, Priority, Timestamp, i32, bool, bool)> = match conn {
        DbConnection::Sqlite(inner) => statement::<Columns>(SQLITE_DUE)
            .bind::<BigInt, _>(now.micros())
            .bind::<Bool, _>(can_decrypt)
            .bind::<BigInt, _>(most)
            .load(inner)?,
        DbConnection::Postgres(inner) => statement::<Columns>(POSTGRES_DUE)
            .bind::<BigInt, _>(now.micros())
            .bind::<Bool, _>(can_decrypt)
            .bind::<BigInt, _>(most)
            .load(inner)?,
    };
    let demanded = |(entry, account, priority, due_at, attempt, suspect, unproven)| Demanded {
        candidate: Candidate { entry, account, priority, due_at, attempt, suspect },
        unproven,
    };
    Ok(rows.into_iter().map(demanded).collect())
}

const SQLITE_NEXT: &str = "SELECT min(max(p.due_at, coalesce(a.suspended_until, 0))) \
    FROM publish_demands AS d CROSS JOIN publish_pool AS p ON p.id = d.pool_id \
    JOIN accounts AS a ON a.id = p.account_id \
    WHERE p.status = 'pending' AND NOT p.held AND a.enabled \
      AND (a.suspended_reason IS NULL OR a.suspended_until IS NOT NULL) AND (?1 OR a.credentials IS NULL)";
const POSTGRES_NEXT: &str = "SELECT min(greatest(p.due_at, coalesce(a.suspended_until, 0))) \
    FROM publish_demands AS d JOIN publish_pool AS p ON p.id = d.pool_id JOIN accounts AS a ON a.id = p.account_id \
    WHERE p.status = 'pending' AND NOT p.held AND a.enabled \
      AND (a.suspended_reason IS NULL OR a.suspended_until IS NOT NULL) AND ($1 OR a.credentials IS NULL)";

/// When the next of them is due; in the past where it is now.
pub fn next(conn: &mut DbConnection, can_decrypt: bool) -> Result<Option<Timestamp>, DbError> {
    type Columns = Nullable<BigInt>;
    Ok(match conn {
        DbConnection::Sqlite(inner) => {
            statement::<Columns>(SQLITE_NEXT).bind::<Bool, _>(can_decrypt).get_result(inner)?
        }
        DbConnection::Postgres(inner) => {
            statement::<Columns>(POSTGRES_NEXT).bind::<Bool, _>(can_decrypt).get_result(inner)?
        }
    })
}
