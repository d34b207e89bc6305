//! Entries that nobody waits for any longer: not out in time, or their platform was away for too long. They end without
//! an attempt, and a row in the log says so.

use super::change;
use crate::db::connection::{DbConnection, DbError};
use crate::db::lateness::Overdue;
use crate::db::pool_counts;
use crate::db::statement::statement;
use crate::domain::clock::Timestamp;
use crate::domain::entry::{Cause, EntryStatus};
use crate::domain::settlement::LogStatus;
use diesel::pg::sql_types::Array;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Text};

const SQLITE_LOG: &str = "INSERT INTO publish_logs (pool_id, content_id, revision, account_id, attempt, status, \
    error_code, error_message, started_at, finished_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9) RETURNING id";
/// Nobody else writes between this and the look that found the entry.
const SQLITE_END: &str = "UPDATE publish_pool SET status = ?1, attempt = ?2, log_id = ?3, pushed_from = NULL, \
    updated_at = ?4 WHERE id = ?5 AND status = 'pending'";
/// `CASE` hides from the planner what would lead it to scan a partial index: each row is found by its primary key.
const POSTGRES_END: &str = "WITH ended AS ( \
      UPDATE publish_pool AS p SET status = e.status, attempt = p.attempt + 1, pushed_from = NULL, \
        log_id = nextval('publish_logs_id_seq'), updated_at = $7 \
      FROM unnest($1, $2, $3, $4, $5, $6) AS e (pool_id, revision, status, log_status, error_code, error_message) \
      WHERE p.id = e.pool_id AND CASE p.status WHEN 'pending' THEN TRUE ELSE FALSE END \
      RETURNING p.log_id, p.content_id, p.account_id, p.attempt, e.pool_id, e.revision, e.status, e.log_status, \
        e.error_code, e.error_message), \
    counted AS ( \
      INSERT INTO pool_counts (account_id, status, entries) SELECT m.account_id, c.counted, sum(c.entries) \
      FROM ended AS m CROSS JOIN LATERAL (VALUES ('open', -1), (m.status, 1)) AS c (counted, entries) GROUP BY 1, 2) \
    INSERT INTO publish_logs (id, pool_id, content_id, revision, account_id, attempt, status, error_code, \
      error_message, started_at, finished_at) \
    SELECT log_id, pool_id, content_id, revision, account_id, attempt, log_status, error_code, error_message, $7, $7 \
    FROM ended";

/// Ends pending entries, each with what is said of it. The caller's transaction has found them, and holds them.
pub fn give_up(conn: &mut DbConnection, all: &[(Overdue, String)], now: Timestamp) -> Result<(), DbError> {
    match conn {
        DbConnection::Sqlite(inner) => {
            for (one, said) in all {
                on_sqlite(inner, one, said, now)?;
            }
            for (one, _) in all {
                pool_counts::moved(conn, one.account, (EntryStatus::Pending, ends(one).0))?;
            }
        }
        DbConnection::Postgres(inner) => on_postgres(inner, all, now)?,
    }
    Ok(())
}

/// What becomes of the entry, and what its row in the log says.
fn ends(one: &Overdue) -> (EntryStatus, LogStatus) {
    let (_, status) = change(Cause::GivenUp, EntryStatus::Pending, one.missed.becomes());
    (status, if status == EntryStatus::Uncertain { LogStatus::Uncertain } else { LogStatus::Failed })
}

fn on_sqlite(conn: &mut SqliteConnection, one: &Overdue, said: &str, now: Timestamp) -> QueryResult<()> {
    let (status, in_log) = ends(one);
    // Numbers are never used twice, also where nothing was sent.
    let number = one.attempt + 1;
    let log: i64 = statement::<BigInt>(SQLITE_LOG)
        .bind::<BigInt, _>(one.entry.0)
        .bind::<BigInt, _>(one.content.0)
        .bind::<Integer, _>(one.revision)
        .bind::<BigInt, _>(one.account.0)
        .bind::<Integer, _>(number)
        .bind::<Text, _>(in_log.as_str())
        .bind::<Text, _>(one.missed.why.code())
        .bind::<Text, _>(said)
        .bind::<BigInt, _>(now.micros())
        .get_result(conn)?;
    statement::<()>(SQLITE_END)
        .bind::<Text, _>(status.as_str())
        .bind::<Integer, _>(number)
        .bind::<BigInt, _>(log)
        .bind::<BigInt, _>(now.micros())
        .bind::<BigInt, _>(one.entry.0)
        .execute(conn)?;
    Ok(())
}

fn on_postgres(conn: &mut PgConnection, all: &[(Overdue, String)], now: Timestamp) -> QueryResult<()> {
    fn column<'a, T>(all: &'a [(Overdue, String)], field: impl Fn(&'a Overdue) -> T) -> Vec<T> {
        all.iter().map(|(one, _)| field(one)).collect()
    }
    let said: Vec<&str> = all.iter().map(|(_, said)| said.as_str()).collect();
    statement::<()>(POSTGRES_END)
        .bind::<Array<BigInt>, _>(column(all, |one| one.entry.0))
        .bind::<Array<Integer>, _>(column(all, |one| one.revision))
        .bind::<Array<Text>, _>(column(all, |one| ends(one).0.as_str()))
        .bind::<Array<Text>, _>(column(all, |one| ends(one).1.as_str()))
        .bind::<Array<Text>, _>(column(all, |one| one.missed.why.code()))
        .bind::<Array<Text>, _>(said)
        .bind::<BigInt, _>(now.micros())
        .execute(conn)?;
    Ok(())
}
