//! Entries that are open, and keep what they are of from being deleted. Those of a content are also those in which it stands
//! beside another one.

use super::open_statuses;
use crate::db::connection::{DbConnection, DbError};
use crate::db::extras::entries_with;
use crate::db::schema::publish_pool::dsl;
use crate::db::schema::published_contents;
use crate::domain::ids::*;
use diesel::prelude::*;

/// Asks the same of the entries of a content, and of those in which it stands beside another one.
macro_rules! of_content {
    ($conn:expr, $content:expr, $query:expr => $of:ty) => {{
        let mut found: Vec<$of> = $query.filter(dsl::content_id.eq($content.0)).load($conn)?;
        let beside: Vec<i64> = entries_with($conn, $content)?.into_iter().map(|entry| entry.0).collect();
        if !beside.is_empty() {
            let more: Vec<$of> = $query.filter(dsl::id.eq_any(beside)).load($conn)?;
            found.extend(more);
            found.sort_unstable();
            found.dedup();
        }
        found
    }};
}

/// The open entries of a content, which keep it from being deleted.
pub fn open_of_content(conn: &mut DbConnection, content: ContentId) -> Result<Vec<EntryId>, DbError> {
    let open =
        || dsl::publish_pool.filter(dsl::status.eq_any(open_statuses())).order(dsl::id).select(dsl::id);
    Ok(of_content!(conn, content, open() => EntryId))
}

/// The accounts on which a content has an open entry.
pub fn open_accounts_of_content(
    conn: &mut DbConnection,
    content: ContentId,
) -> Result<Vec<AccountId>, DbError> {
    let open = || {
        let open = dsl::publish_pool.filter(dsl::status.eq_any(open_statuses()));
        open.order(dsl::account_id).select(dsl::account_id)
    };
    Ok(of_content!(conn, content, open() => AccountId))
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
    Ok(match looked {
        Looked::Open => open_accounts_of_content(conn, content)?,
        Looked::All => {
            let all = || dsl::publish_pool.select(dsl::account_id).distinct();
            of_content!(conn, content, all() => AccountId)
        }
    })
}
