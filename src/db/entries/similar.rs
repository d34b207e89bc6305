//! Entries of an account with certain texts, that were published lately or wait.

use super::open_statuses;
use crate::db::connection::{DbConnection, DbError};
use crate::db::extras::entries_with_any;
use crate::db::schema::publish_logs::dsl as logs;
use crate::db::schema::publish_pool::dsl;
use crate::domain::clock::Timestamp;
use crate::domain::entry::EntryStatus;
use crate::domain::ids::*;
use crate::domain::settlement::LogStatus;
use crate::domain::similar_text::Similar;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Text};

/// Lets only one addition at a time to an account go on that refuses what it had lately, to the end of the caller's
/// transaction: of two with the same text the second finds the first.
pub fn hold_texts(conn: &mut DbConnection, account: AccountId) -> Result<(), DbError> {
    const CLASS: i32 = 0x7465_7874; // “text”
    // SQLite has one writer anyway. Not the account's row, which claims lock.
    if let DbConnection::Postgres(inner) = conn {
        diesel::sql_query("SELECT pg_advisory_xact_lock($1, hashtext($2))")
            .bind::<Integer, _>(CLASS)
            .bind::<Text, _>(account.to_string())
            .execute(inner)?;
    }
    Ok(())
}

/// An entry, when it is due, and since when it is out.
type Row = (EntryId, ContentId, EntryStatus, Timestamp, Option<Timestamp>);

/// In this form it leads to no index: those of one content are few, and those of an account are not.
const IN_POOL: &str = "coalesce(publish_pool.account_id, 0)";
const IN_LOG: &str = "coalesce(publish_logs.account_id, 0)";
const OF_LOG: &str = "publish_logs.finished_at + 0";

/// The newest entry of these contents on an account, but one, that is open or was published since then; also one that has
/// been removed from the pool, as long as the log knows of it.
pub fn similar(
    conn: &mut DbConnection,
    contents: &[ContentId],
    account: AccountId,
    but: Option<EntryId>,
    since: Timestamp,
) -> Result<Option<Similar>, DbError> {
    let ids: Vec<i64> = contents.iter().map(|content| content.0).collect();
    let but = but.map_or(0, |entry| entry.0);
    let counts = || {
        let is_out = dsl::published_at.assume_not_null().ge(since.micros());
        dsl::publish_pool
            .filter(sql::<BigInt>(IN_POOL).eq(account.0))
            .filter(dsl::id.ne(but))
            .filter(dsl::status.eq_any(open_statuses()).or(is_out))
            .select((dsl::id, dsl::content_id, dsl::status, dsl::due_at, dsl::published_at))
    };
    let mut rows: Vec<Row> = counts().filter(dsl::content_id.eq_any(&ids)).load(conn)?;
    // Few stand beside another one.
    let beside: Vec<i64> = entries_with_any(conn, contents)?.into_iter().map(|entry| entry.0).collect();
    if !beside.is_empty() {
        let more: Vec<Row> = counts().filter(dsl::id.eq_any(beside)).load(conn)?;
        rows.extend(more);
    }
    if let Some((entry, content, status, due_at, published_at)) = rows.into_iter().max_by_key(|row| row.0) {
        let at = published_at.unwrap_or(due_at);
        return Ok(Some(Similar { entry, content, account, status, at }));
    }
    let rows: Vec<(EntryId, ContentId, Timestamp)> = logs::publish_logs
        .filter(logs::content_id.eq_any(&ids))
        .filter(sql::<BigInt>(IN_LOG).eq(account.0))
        .filter(logs::pool_id.ne(but))
        .filter(logs::status.eq(LogStatus::Published.as_str()))
        .filter(sql::<BigInt>(OF_LOG).ge(since.micros()))
        .select((logs::pool_id, logs::content_id, logs::finished_at))
        .load(conn)?;
    let newest = rows.into_iter().max_by_key(|row| row.2);
    let status = EntryStatus::Published;
    Ok(newest.map(|(entry, content, at)| Similar { entry, content, account, status, at }))
}
