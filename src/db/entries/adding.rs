//! Making entries: the only place that does.

use super::super::connection::{DbConnection, DbError};
use super::super::pool_counts;
use super::super::statement::statement;
use crate::domain::clock::Timestamp;
use crate::domain::entry::EntryStatus;
use crate::domain::ids::*;
use crate::domain::priority::Priority;
use crate::domain::retry::MAX_RETRIES_DEFAULT;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text};

/// An entry to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEntry {
    pub content: ContentId,
    pub account: AccountId,
    pub priority: Priority,
    pub scheduled_at: Option<Timestamp>,
    pub due_at: Timestamp,
    pub held: bool,
    pub max_retries: i32,
    pub key: IdempotencyKey,
    /// None: as late as its account says.
    pub late_after_seconds: Option<i32>,
    /// The slot that it is to sit in, if any.
    pub slot_at: Option<Timestamp>,
}

/// It is due when it is wanted: at its time, or now. How late it may be counts from there.
macro_rules! insert {
    ($returning:literal) => {
        concat!(
            "INSERT INTO publish_pool (content_id, account_id, priority, scheduled_at, due_at, held, \
               max_retries, idempotency_key, added_at, updated_at, late_after_seconds, late_at, slot_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10, \
               $5 + CAST(coalesce($10, (SELECT a.late_after_seconds FROM accounts AS a WHERE a.id = $2)) AS BIGINT) \
                 * 1000000, $11) \
             ON CONFLICT DO NOTHING RETURNING ",
            $returning
        )
    };
}
const SQLITE_INSERT: &str = insert!("id");
/// A round trip costs as much as the entry.
const POSTGRES_INSERT: &str = concat!(
    "WITH added AS (",
    insert!("id, account_id"),
    "), told AS (INSERT INTO pool_counts (account_id, status, entries) SELECT account_id, 'open', 1 FROM added) \
     SELECT id FROM added"
);

/// None where another transaction has added the same meanwhile, or sits in the slot; it is through, so that a new look
/// finds its entry.
pub fn insert(conn: &mut DbConnection, new: &NewEntry, now: Timestamp) -> Result<Option<EntryId>, DbError> {
    macro_rules! insert {
        ($inner:expr, $sql:expr) => {
            statement::<BigInt>($sql)
                .bind::<BigInt, _>(new.content.0)
                .bind::<BigInt, _>(new.account.0)
                .bind::<Integer, _>(new.priority.get())
                .bind::<Nullable<BigInt>, _>(new.scheduled_at.map(|at| at.micros()))
                .bind::<BigInt, _>(new.due_at.micros())
                .bind::<Bool, _>(new.held)
                .bind::<Integer, _>(new.max_retries)
                .bind::<Text, _>(new.key.0.as_str())
                .bind::<BigInt, _>(now.micros())
                .bind::<Nullable<Integer>, _>(new.late_after_seconds)
                .bind::<Nullable<BigInt>, _>(new.slot_at.map(|at| at.micros()))
                .get_result($inner)
                .optional()?
        };
    }
    let id: Option<EntryId> = match conn {
        DbConnection::Sqlite(inner) => {
            let id = insert!(inner, SQLITE_INSERT);
            if id.is_some() {
                let open = pool_counts::counted_as(EntryStatus::Pending);
                pool_counts::more_on_sqlite(inner, new.account, open, 1)?;
            }
            id
        }
        DbConnection::Postgres(inner) => insert!(inner, POSTGRES_INSERT),
    };
    if let (Some(id), Some(_)) = (id, new.slot_at) {
        super::placing::watch(conn, id, None)?;
    }
    Ok(id)
}

macro_rules! insert_for_all_after {
    ($key:literal) => {
        concat!(
            "INSERT INTO publish_pool (content_id, account_id, priority, scheduled_at, due_at, max_retries, \
               idempotency_key, added_at, updated_at) SELECT id, $1, $2, $3, $3, $4, ",
            $key,
            ", $5, $5 FROM contents WHERE id > $6"
        )
    };
}
const SQLITE_FOR_ALL_AFTER: &str = insert_for_all_after!("lower(hex(randomblob(16)))");
const POSTGRES_FOR_ALL_AFTER: &str = insert_for_all_after!("replace(gen_random_uuid()::text, '-', '')");

/// An entry for each content that is newer than this: for benches, which want more of them than can be added one by one.
pub fn insert_for_all_after(
    conn: &mut DbConnection,
    content: ContentId,
    account: AccountId,
    due_at: Timestamp,
    now: Timestamp,
) -> Result<(), DbError> {
    macro_rules! insert {
        ($inner:expr, $sql:expr) => {
            statement::<()>($sql)
                .bind::<BigInt, _>(account.0)
                .bind::<Integer, _>(Priority::default().get())
                .bind::<BigInt, _>(due_at.micros())
                .bind::<Integer, _>(MAX_RETRIES_DEFAULT)
                .bind::<BigInt, _>(now.micros())
                .bind::<BigInt, _>(content.0)
                .execute($inner)?
        };
    }
    let added = match conn {
        DbConnection::Sqlite(inner) => insert!(inner, SQLITE_FOR_ALL_AFTER),
        DbConnection::Postgres(inner) => insert!(inner, POSTGRES_FOR_ALL_AFTER),
    };
    pool_counts::added(conn, account, added)
}
