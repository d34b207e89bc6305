//! Entries that are open, and keep what they are of from being deleted.

use super::open_statuses;
use crate::db::connection::{DbConnection, DbError};
use crate::db::schema::publish_pool::dsl;
use crate::db::schema::published_contents;
use crate::domain::ids::*;
use diesel::prelude::*;

/// How many open entries a content has, which keep it from being deleted.
pub fn open_of_content(conn: &mut DbConnection, content: ContentId) -> Result<Vec<EntryId>, DbError> {
    Ok(dsl::publish_pool
        .filter(dsl::content_id.eq(content.0))
        .filter(dsl::status.eq_any(open_statuses()))
        .select(dsl::id)
        .order(dsl::id)
        .load(conn)?)
}

/// The accounts on which a content has an open entry.
pub fn open_accounts_of_content(
    conn: &mut DbConnection,
    content: ContentId,
) -> Result<Vec<AccountId>, DbError> {
    Ok(dsl::publish_pool
        .filter(dsl::content_id.eq(content.0))
        .filter(dsl::status.eq_any(open_statuses()))
        .select(dsl::account_id)
        .order(dsl::account_id)
        .load(conn)?)
}

/// The accounts on which a content has an open entry, or was published.
pub fn accounts_of_content(conn: &mut DbConnection, content: ContentId) -> Result<Vec<AccountId>, DbError> {
    let mut accounts = open_accounts_of_content(conn, content)?;
    let published: Vec<AccountId> = published_contents::table
        .filter(published_contents::content_id.eq(content.0))
        .select(published_contents::account_id)
        .load(conn)?;
    accounts.extend(published);
    accounts.sort_unstable();
    accounts.dedup();
    Ok(accounts)
}

/// The first open entries of an account, which keep it from being deleted.
pub fn open_of_account(
    conn: &mut DbConnection,
    account: AccountId,
    limit: i64,
) -> Result<Vec<EntryId>, DbError> {
    Ok(dsl::publish_pool
        .filter(dsl::account_id.eq(account.0))
        .filter(dsl::status.eq_any(open_statuses()))
        .select(dsl::id)
        .order(dsl::id)
        .limit(limit)
        .load(conn)?)
}

/// Of which account an entry is.
pub fn account_of(conn: &mut DbConnection, entry: EntryId) -> Result<Option<AccountId>, DbError> {
    let account = dsl::publish_pool.filter(dsl::id.eq(entry.0)).select(dsl::account_id);
    Ok(account.first(conn).optional()?)
}

/// Which entries of a content are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Looked {
    /// Those that are to go out.
    Open,
    /// Those that have ended, too.
    All,
}

/// The accounts that a content has entries on.
pub fn accounts_with_entries(
    conn: &mut DbConnection,
    content: ContentId,
    looked: Looked,
) -> Result<Vec<AccountId>, DbError> {
    let of_content =
        dsl::publish_pool.filter(dsl::content_id.eq(content.0)).select(dsl::account_id).distinct();
    Ok(match looked {
        Looked::Open => of_content.filter(dsl::status.eq_any(open_statuses())).load(conn)?,
        Looked::All => of_content.load(conn)?,
    })
}
