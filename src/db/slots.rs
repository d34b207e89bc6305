//! Posting slots as they stand: who sits in which, and who has missed theirs. They are given away with the account's row
//! locked; `entries/placing.rs` writes them.

use super::accounts::AccountRow;
use super::connection::{DbConnection, DbError};
use super::schema::{content_revisions as texts, contents, publish_pool::dsl};
use super::statement::statement;
use crate::domain::clock::Timestamp;
use crate::domain::entry::EntryStatus;
use crate::domain::ids::*;
use diesel::dsl::sql;
use diesel::pg::sql_types::Array;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Nullable};

/// The account as it is until the caller's transaction ends: nobody else gives its slots away meanwhile, and nothing is
/// claimed on it.
pub fn lock_account(conn: &mut DbConnection, id: AccountId) -> Result<Option<AccountRow>, DbError> {
    // SQLite has one writer anyway.
    if let DbConnection::Postgres(inner) = conn {
        const LOCK: &str = "SELECT id FROM accounts WHERE id = $1 FOR NO KEY UPDATE";
        statement::<BigInt>(LOCK).bind::<BigInt, _>(id.0).load::<i64>(inner)?;
    }
    super::accounts::get(conn, id)
}

/// Of these accounts, those that nobody else has locked, locked: for whoever holds some already, and must not wait.
pub fn lock_free(conn: &mut DbConnection, ids: &[AccountId]) -> Result<Vec<AccountRow>, DbError> {
    let DbConnection::Postgres(inner) = conn else { return super::accounts::by_ids(conn, ids) };
    const LOCK: &str =
        "SELECT id FROM accounts WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED";
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let locked: Vec<AccountId> =
        statement::<BigInt>(LOCK).bind::<Array<BigInt>, _>(ids).load::<AccountId>(inner)?;
    super::accounts::by_ids(conn, &locked)
}

/// Whether any account has slots.
pub fn are_there_any(conn: &mut DbConnection) -> Result<bool, DbError> {
    use super::schema::accounts::dsl as accounts;
    let first: Option<AccountId> =
        accounts::accounts.filter(accounts::slots.ne("[]")).select(accounts::id).first(conn).optional()?;
    Ok(first.is_some())
}

/// Written out, so that the index of the slots serves it.
const SITS: &str = "publish_pool.slot_at IS NOT NULL AND (publish_pool.status = 'pending' OR publish_pool.status = 'publishing' \
      OR publish_pool.status = 'uncertain')";

/// The slots from `first` to `last` that somebody sits in.
pub fn taken(
    conn: &mut DbConnection,
    account: AccountId,
    first: Timestamp,
    last: Timestamp,
) -> Result<Vec<Timestamp>, DbError> {
    Ok(dsl::publish_pool
        .filter(dsl::account_id.eq(account.0))
        .filter(sql::<Bool>(SITS))
        .filter(dsl::slot_at.assume_not_null().between(first.micros(), last.micros()))
        .select(dsl::slot_at.assume_not_null())
        .load(conn)?)
}

/// A slot that somebody sits in.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Seat {
    pub at: Timestamp,
    pub entry: EntryId,
    pub content: ContentId,
    pub title: String,
    pub status: EntryStatus,
    pub unproven: bool,
}

impl Seat {
    /// Whether a person may move who sits there.
    pub fn is_movable(&self) -> bool {
        self.status == EntryStatus::Pending && !self.unproven
    }
}

/// The taken slots of an account later than `after` and no later than `until`, in order.
pub fn seats(
    conn: &mut DbConnection,
    account: AccountId,
    after: Timestamp,
    until: Timestamp,
    limit: i64,
) -> Result<Vec<Seat>, DbError> {
    Ok(dsl::publish_pool
        .inner_join(contents::table.on(contents::id.eq(dsl::content_id)))
        .inner_join(
            texts::table.on(texts::content_id.eq(contents::id).and(texts::revision.eq(contents::revision))),
        )
        .filter(dsl::account_id.eq(account.0))
        .filter(sql::<Bool>(SITS))
        .filter(dsl::slot_at.assume_not_null().gt(after.micros()))
        .filter(dsl::slot_at.assume_not_null().le(until.micros()))
        .order(dsl::slot_at)
        .limit(limit)
        .select((
            dsl::slot_at.assume_not_null(),
            dsl::id,
            dsl::content_id,
            texts::title,
            dsl::status,
            dsl::unproven,
        ))
        .load(conn)?)
}

const NEXT_MISSED: &str = "SELECT min(miss_at) FROM slot_watches WHERE miss_at IS NOT NULL";

/// When it is to be looked next which entries have missed their slots; in the past where it is now.
pub fn next_missed(conn: &mut DbConnection) -> Result<Option<Timestamp>, DbError> {
    let next = statement::<Nullable<BigInt>>(NEXT_MISSED);
    Ok(match conn {
        DbConnection::Sqlite(inner) => next.get_result(inner)?,
        DbConnection::Postgres(inner) => next.get_result(inner)?,
    })
}

/// An entry that was to be out of its slot by now. On PostgreSQL it is locked to the end of the transaction that found
/// it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissedEntry {
    pub entry: EntryId,
    pub account: AccountId,
    pub content: ContentId,
    pub revision: i32,
    /// The number of its last attempt.
    pub attempt: i32,
    pub slot: Timestamp,
    /// It waits still, untried since its slot. Not what is out or on its way, and not what may be out; nor what is too
    /// late by then, which fails.
    pub has_missed: bool,
}

macro_rules! missed {
    ($now:literal, $limit:literal, $lock:literal) => {
        concat!(
            "SELECT p.id, p.account_id, p.content_id, c.revision, p.attempt, coalesce(p.slot_at, w.miss_at), \
               p.slot_at IS NOT NULL AND p.status = 'pending' AND NOT p.unproven AND p.look_up_at IS NULL \
               AND (p.late_at IS NULL OR p.late_at > w.miss_at) \
               AND NOT EXISTS (SELECT 1 FROM publish_logs AS l WHERE l.pool_id = p.id \
                 AND l.started_at >= p.slot_at AND l.status <> 'not_sent') \
             FROM slot_watches AS w JOIN publish_pool AS p ON p.id = w.pool_id \
               JOIN contents AS c ON c.id = p.content_id WHERE w.miss_at IS NOT NULL AND w.miss_at <= ",
            $now,
            " ORDER BY w.miss_at, p.id LIMIT ",
            $limit,
            $lock
        )
    };
}
const SQLITE_MISSED: &str = missed!("?1", "?2", "");
const POSTGRES_MISSED: &str = missed!("$1", "$2", " FOR NO KEY UPDATE OF p SKIP LOCKED");

/// Entries of which it is to be looked at `now` whether they have missed their slots, those of the first slot first. What
/// somebody else has locked is left out.
pub fn missed(conn: &mut DbConnection, now: Timestamp, limit: i64) -> Result<Vec<MissedEntry>, DbError> {
    type Columns = (BigInt, BigInt, BigInt, Integer, Integer, BigInt, Bool);
    type Row = (EntryId, AccountId, ContentId, i32, i32, Timestamp, bool);
    macro_rules! ask {
        ($inner:expr, $sql:expr) => {
            statement::<Columns>($sql)
                .bind::<BigInt, _>(now.micros())
                .bind::<BigInt, _>(limit)
                .load::<Row>($inner)?
        };
    }
    let rows = match conn {
        DbConnection::Sqlite(inner) => ask!(inner, SQLITE_MISSED),
        DbConnection::Postgres(inner) => ask!(inner, POSTGRES_MISSED),
    };
    let missed = |(entry, account, content, revision, attempt, slot, has_missed): Row| MissedEntry {
        entry,
        account,
        content,
        revision,
        attempt,
        slot,
        has_missed,
    };
    Ok(rows.into_iter().map(missed).collect())
}
