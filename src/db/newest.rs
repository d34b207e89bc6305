//! The newest instant that the database knows of: what happened last, as whoever wrote it saw the time.

use super::connection::{DbConnection, DbError};
use super::schema::{executions, publish_logs, publish_pool, scheduled_tasks};
use crate::domain::clock::Timestamp;
use diesel::prelude::*;

/// Looks at the last row of each, not at all of them: rows are made in about the order of time.
pub fn instant(conn: &mut DbConnection) -> Result<Option<Timestamp>, DbError> {
    macro_rules! last {
        ($table:ident, $column:ident) => {
            $table::table
                .select($table::$column)
                .order($table::id.desc())
                .first::<Timestamp>(conn)
                .optional()?
        };
    }
    let last = [
        last!(publish_pool, added_at),
        last!(publish_logs, finished_at),
        last!(executions, created_at),
        scheduled_tasks::table.select(diesel::dsl::max(scheduled_tasks::updated_at)).first(conn)?,
        scheduled_tasks::table.select(diesel::dsl::max(scheduled_tasks::last_run)).first(conn)?,
    ];
    Ok(last.into_iter().flatten().max())
}
