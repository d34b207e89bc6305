//! Entries of years to come, which a claim has to pass over: so many that they are written by the database itself.

use crate::db::connection::{DbConnection, DbError, connect};
use crate::db::database_url::DatabaseUrl;
use crate::db::entries;
use crate::db::statement::statement;
use crate::domain::clock::Timestamp;
use crate::domain::ids::{AccountId, ContentId};
use crate::operations::{Access, Context, Operation, OperationError};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

/// Contents, their revisions and their entries on `account`, due at `due_at`; in one transaction.
pub struct AddWaiting {
    pub count: usize,
    pub account: AccountId,
    pub due_at: Timestamp,
}

const CONTENTS: &str = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1) \
    INSERT INTO contents (revision, review_status, created_at, updated_at) SELECT 1, 'approved', $2, $2 FROM n";
const REVISIONS: &str = "INSERT INTO content_revisions (content_id, revision, title, body, created_at) \
    SELECT id, 1, 'Post ' || id, 'All work and no play makes a dull post. ', $1 FROM contents WHERE id > $2";

impl Operation for AddWaiting {
    type Output = ();
    const ACCESS: Access = Access::Write;

    fn run(self, conn: &mut DbConnection, _: &Context, now: Timestamp) -> Result<(), OperationError> {
        use crate::db::schema::contents::dsl;
        let newest: Option<i64> = dsl::contents.select(diesel::dsl::max(dsl::id)).first(conn)?;
        let after = newest.unwrap_or(0);
        let count = i64::try_from(self.count).unwrap_or(i64::MAX);
        macro_rules! write {
            ($conn:expr) => {{
                statement::<()>(CONTENTS)
                    .bind::<BigInt, _>(count)
                    .bind::<BigInt, _>(now.micros())
                    .execute($conn)?;
                statement::<()>(REVISIONS)
                    .bind::<BigInt, _>(now.micros())
                    .bind::<BigInt, _>(after)
                    .execute($conn)?;
            }};
        }
        match conn {
            DbConnection::Sqlite(inner) => write!(inner),
            DbConnection::Postgres(inner) => write!(inner),
        }
        entries::insert_for_all_after(conn, ContentId(after), self.account, self.due_at, now)?;
        Ok(())
    }
}

const POSTGRES_SETTLED: &str = "VACUUM (ANALYZE) publish_pool, contents, content_revisions";
const SQLITE_SETTLED: &str = "PRAGMA wal_checkpoint(TRUNCATE)";

/// A pool in which so much waits was not written a moment ago: what its database does after writing, in its own time, is done
/// now, and not beside what is measured.
pub fn settle(url: &DatabaseUrl) -> Result<(), DbError> {
    match &mut connect(url)? {
        DbConnection::Sqlite(inner) => inner.batch_execute(SQLITE_SETTLED)?,
        DbConnection::Postgres(inner) => {
            inner.batch_execute(POSTGRES_SETTLED)?;
            // A user who may not have it done measures beside it.
            if let Err(error) = inner.batch_execute("CHECKPOINT") {
                log::debug!("no checkpoint before the measurement: {error}");
            }
        }
    }
    Ok(())
}
