//! What PostgreSQL is told of a session before it is used: how to plan, how long a statement may take, and whose place it
//! takes.

use super::connection::{DbConnection, DbError};
use super::unusable::Away;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use std::time::Duration;

/// How often it is looked whether an earlier session has ended.
const LOOKS: u32 = 100;
const PAUSE: Duration = Duration::from_millis(20);

impl DbConnection {
    /// Sets a connection up for the engine, whose statements each touch a few rows by their keys, thousands of times.
    /// On PostgreSQL the planner would not always see that: a plan that was made while a table was small scans it when
    /// it is large. So it is told, and plans each statement once.
    pub fn plan_by_key(&mut self) -> Result<(), DbError> {
        if let DbConnection::Postgres(inner) = self {
            inner.batch_execute(
                "SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_hashjoin = off; \
                 SET enable_mergejoin = off; SET plan_cache_mode = force_generic_plan;",
            )?;
        }
        Ok(())
    }

    /// The server gives up a statement after this long: a connection on which one takes longer is dead.
    pub fn limit_statements(&mut self, limit: Duration) -> Result<(), DbError> {
        if let DbConnection::Postgres(inner) = self {
            inner.batch_execute(&format!("SET statement_timeout = {}", limit.as_millis()))?;
        }
        Ok(())
    }

    /// Ends the session that had this name before, and takes it. On a connection that went silent the server may have a
    /// commit still before it: whoever goes on with the work must not look before that is decided.
    pub fn succeed_session(&mut self, name: &str) -> Result<(), DbError> {
        let DbConnection::Postgres(inner) = self else { return Ok(()) };
        for _ in 0..LOOKS {
            let end =
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = ";
            let left: i64 = diesel::dsl::sql::<BigInt>(end).bind::<Text, _>(name).get_result(inner)?;
            if left == 0 {
                diesel::sql_query("SELECT set_config('application_name', $1, false)")
                    .bind::<Text, _>(name)
                    .execute(inner)?;
                return Ok(());
            }
            std::thread::sleep(PAUSE);
        }
        Err(DbError::Away(Away::EarlierSession))
    }
}
