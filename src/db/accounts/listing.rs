//! Accounts, page by page, by what is asked for.

use super::{AccountRow, by_ids};
use crate::db::connection::{DbConnection, DbError};
use crate::db::matching;
use crate::db::schema::accounts::dsl;
use crate::domain::ids::AccountId;
use crate::domain::scope::Scope;
use diesel::prelude::*;

/// Which accounts a list shows; what is none is not asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Part of the name.
    pub name: Option<String>,
    pub platform: Option<String>,
    pub enabled: Option<bool>,
    /// Of these alone.
    pub within: Scope,
}

/// In the order in which they were made, with how many there are in all.
///
/// What is asked for is read off the index that begins with it: see [`executions::list`](crate::db::executions::list). A part
/// of a name has no index.
pub fn page(
    conn: &mut DbConnection,
    filter: &Filter,
    limit: i64,
    offset: i64,
) -> Result<(Vec<AccountRow>, i64), DbError> {
    let is_postgres = matches!(conn, DbConnection::Postgres(_));
    let mut items = dsl::accounts.select(dsl::id).into_boxed();
    let mut total = dsl::accounts.count().into_boxed();
    macro_rules! ask {
        ($column:expr, $value:expr) => {
            items = match is_postgres {
                true => items.filter($column.between($value, $value)).then_order_by($column.asc()),
                false => items.filter($column.eq($value)),
            };
            total = total.filter($column.eq($value));
        };
    }
    if let Some(enabled) = filter.enabled {
        ask!(dsl::enabled, enabled);
    }
    if let Some(platform) = filter.platform.as_deref() {
        ask!(dsl::platform, platform);
    }
    if let Some(accounts) = filter.within.accounts() {
        let ids: Vec<i64> = accounts.iter().map(|account| account.0).collect();
        items = items.filter(dsl::id.eq_any(ids.clone()));
        total = total.filter(dsl::id.eq_any(ids));
    }
    if let Some(name) = &filter.name {
        let is_called = || dsl::name.like(matching::part(name)).escape(matching::ESCAPE);
        items = items.filter(is_called());
        total = total.filter(is_called());
    }
    let ids: Vec<AccountId> = items.then_order_by(dsl::id).limit(limit).offset(offset).load(conn)?;
    let mut rows = by_ids(conn, &ids)?;
    rows.sort_by_key(|row| row.id);
    Ok((rows, total.get_result(conn)?))
}
