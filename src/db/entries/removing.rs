//! Removing entries: the only place that does, and tells how many there are less.

use crate::db::connection::{DbConnection, DbError};
use crate::db::pool_counts::counted;
use crate::db::statement::statement;
use crate::domain::ids::*;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

/// What is removed, in either database's words. On SQLite nobody writes between the two statements.
struct Removal {
    sqlite_tell: &'static str,
    sqlite_remove: &'static str,
    postgres: &'static str,
}

macro_rules! removal {
    ($which:literal) => {
        Removal {
            sqlite_tell: concat!(
                "INSERT INTO pool_counts (account_id, status, entries) SELECT account_id, ",
                counted!(),
                " AS counted, -count(*) FROM publish_pool WHERE ",
                $which,
                " GROUP BY account_id, counted \
                  ON CONFLICT (account_id, status) DO UPDATE SET entries = entries + excluded.entries"
            ),
            sqlite_remove: concat!("DELETE FROM publish_pool WHERE ", $which),
            postgres: concat!(
                "WITH gone AS (DELETE FROM publish_pool WHERE ",
                $which,
                " RETURNING account_id, status), \
                 told AS (INSERT INTO pool_counts (account_id, status, entries) SELECT account_id, ",
                counted!(),
                ", -count(*) FROM gone GROUP BY 1, 2) SELECT count(*) FROM gone"
            ),
        }
    };
}

const ENTRY: Removal =
    removal!("id = $1 AND NOT unproven AND NOT (status = 'publishing' OR status = 'uncertain')");
/// No entry has a lower id.
const ALL_PUBLISHED: Removal = removal!("status = 'published' AND id >= $1");
const OF_ACCOUNT: Removal = removal!(
    "account_id = $1 AND NOT unproven AND NOT (status = 'pending' OR status = 'publishing' OR status = 'uncertain')"
);
const OF_CONTENT: Removal = removal!(
    "content_id = $1 AND NOT unproven AND NOT (status = 'pending' OR status = 'publishing' OR status = 'uncertain')"
);

impl Removal {
    fn run(&self, conn: &mut DbConnection, id: i64) -> Result<usize, DbError> {
        Ok(match conn {
            DbConnection::Sqlite(inner) => {
                statement::<()>(self.sqlite_tell).bind::<BigInt, _>(id).execute(inner)?;
                statement::<()>(self.sqlite_remove).bind::<BigInt, _>(id).execute(inner)?
            }
            DbConnection::Postgres(inner) => {
                let gone: i64 = statement::<BigInt>(self.postgres).bind::<BigInt, _>(id).get_result(inner)?;
                usize::try_from(gone).unwrap_or(0)
            }
        })
    }
}

/// Removes an entry that nothing is known to depend on: not publishing, not uncertain, not unproven.
pub fn delete(conn: &mut DbConnection, id: EntryId) -> Result<bool, DbError> {
    Ok(ENTRY.run(conn, id.0)? == 1)
}

/// Removes what is published; log and memory stay. Gives back how many.
pub fn clear_published(conn: &mut DbConnection) -> Result<usize, DbError> {
    ALL_PUBLISHED.run(conn, 0)
}

/// Removes the closed entries of an account that goes. One that is open, or was made so meanwhile, stays, and with it
/// its account.
pub fn delete_of_account(conn: &mut DbConnection, account: AccountId) -> Result<(), DbError> {
    OF_ACCOUNT.run(conn, account.0)?;
    Ok(())
}

/// The same of a content that goes.
pub fn delete_of_content(conn: &mut DbConnection, content: ContentId) -> Result<(), DbError> {
    OF_CONTENT.run(conn, content.0)?;
    Ok(())
}
