//! The statements behind `transitions::settle`: a row in the log, the entry's new state, and the memory of what is out,
//! only where node and attempt are still the claim's.

use super::Ended;
use crate::db::statement::statement;
use crate::domain::entry::EntryStatus;
use crate::domain::ids::*;
use diesel::pg::sql_types::Array;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text};
use std::collections::HashMap;

/// The log row of each attempt that was still ours.
pub(super) type Logged = HashMap<AttemptId, LogId>;

const SQLITE_LOG: &str = "INSERT INTO publish_logs (pool_id, content_id, revision, account_id, execution_id, attempt, \
    status, error_code, error_message, media_id, url, retry_at, started_at, finished_at) \
    SELECT id, content_id, revision, account_id, execution_id, attempt, $1, $2, $3, $4, $5, $6, $7, $8 \
    FROM publish_pool WHERE id = $9 AND claimed_by = $10 AND attempt = $11 AND status = 'publishing' RETURNING id";
const SQLITE_MOVE: &str = "UPDATE publish_pool SET status = $1, due_at = coalesce($2, due_at), retry_count = $3, \
    unproven = $4, published_at = $5, log_id = $6, updated_at = $7, \
    claimed_by = NULL, claimed_at = NULL, lease_expires_at = NULL, execution_id = NULL WHERE id = $8";
const SQLITE_REMEMBER: &str = "INSERT INTO published_contents (content_id, account_id, first_published_at) \
    VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";

pub(super) fn on_sqlite(conn: &mut SqliteConnection, node: &NodeId, ended: &[Ended]) -> QueryResult<Logged> {
    let mut logged = Logged::with_capacity(ended.len());
    for one in ended {
        let what = &one.settlement;
        let finished_at = one.finished_at.micros();
        let log: Option<LogId> = statement::<BigInt>(SQLITE_LOG)
            .bind::<Text, _>(what.log.as_str())
            .bind::<Nullable<Text>, _>(what.problem.as_ref().map(|problem| problem.code.as_str()))
            .bind::<Nullable<Text>, _>(what.problem.as_ref().map(|problem| problem.message.as_str()))
            .bind::<Nullable<Text>, _>(what.receipt.media_id.as_deref())
            .bind::<Nullable<Text>, _>(what.receipt.url.as_deref())
            .bind::<Nullable<BigInt>, _>(retry_at(one))
            .bind::<BigInt, _>(one.started_at.micros())
            .bind::<BigInt, _>(finished_at)
            .bind::<BigInt, _>(one.attempt.entry.0)
            .bind::<Text, _>(node.0.as_str())
            .bind::<Integer, _>(one.attempt.number)
            .get_result(conn)
            .optional()?;
        let Some(log) = log else { continue };
        let is_out = what.status == EntryStatus::Published;
        statement::<()>(SQLITE_MOVE)
            .bind::<Text, _>(what.status.as_str())
            .bind::<Nullable<BigInt>, _>(what.due_at.map(|at| at.micros()))
            .bind::<Integer, _>(what.retry_count)
            .bind::<Bool, _>(what.unproven)
            .bind::<Nullable<BigInt>, _>(is_out.then_some(finished_at))
            .bind::<BigInt, _>(log.0)
            .bind::<BigInt, _>(finished_at)
            .bind::<BigInt, _>(one.attempt.entry.0)
            .execute(conn)?;
        if is_out {
            statement::<()>(SQLITE_REMEMBER)
                .bind::<BigInt, _>(one.content.0)
                .bind::<BigInt, _>(one.account.0)
                .bind::<BigInt, _>(finished_at)
                .execute(conn)?;
        }
        logged.insert(one.attempt, log);
    }
    Ok(logged)
}

/// One statement for the whole batch; `ours` locks the entries and is the fence. The lists of ids keep the planner on
/// the primary key, whatever it believes of a table that has just grown.
const POSTGRES_SETTLE: &str = "WITH ended AS ( \
      SELECT * FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) \
        AS e (pool_id, attempt, status, due_at, retry_count, unproven, log_status, error_code, error_message, \
              media_id, url, started_at, finished_at)), \
    ours AS MATERIALIZED ( \
      SELECT p.id, p.content_id, p.revision, p.account_id, p.execution_id, e.* \
      FROM ended AS e JOIN publish_pool AS p ON p.id = e.pool_id \
      WHERE p.id = ANY($2) AND p.claimed_by = $1 AND p.attempt = e.attempt AND p.status = 'publishing' \
      FOR UPDATE OF p), \
    logged AS ( \
      INSERT INTO publish_logs (pool_id, content_id, revision, account_id, execution_id, attempt, status, \
        error_code, error_message, media_id, url, retry_at, started_at, finished_at) \
      SELECT pool_id, content_id, revision, account_id, execution_id, attempt, log_status, error_code, \
        error_message, media_id, url, CASE WHEN status = 'pending' THEN due_at END, started_at, finished_at \
      FROM ours RETURNING id, pool_id, attempt), \
    remembered AS ( \
      INSERT INTO published_contents (content_id, account_id, first_published_at) \
      SELECT content_id, account_id, finished_at FROM ours WHERE status = 'published' ON CONFLICT DO NOTHING), \
    moved AS ( \
      UPDATE publish_pool AS p SET status = o.status, due_at = coalesce(o.due_at, p.due_at), \
        retry_count = o.retry_count, unproven = o.unproven, \
        published_at = CASE WHEN o.status = 'published' THEN o.finished_at END, log_id = l.id, \
        updated_at = o.finished_at, claimed_by = NULL, claimed_at = NULL, lease_expires_at = NULL, \
        execution_id = NULL \
      FROM ours AS o JOIN logged AS l ON l.pool_id = o.pool_id WHERE p.id = ANY($2) AND p.id = o.pool_id) \
    SELECT pool_id, attempt, id FROM logged";

pub(super) fn on_postgres(conn: &mut PgConnection, node: &NodeId, ended: &[Ended]) -> QueryResult<Logged> {
    if ended.is_empty() {
        return Ok(Logged::new());
    }
    fn column<T>(ended: &[Ended], field: impl Fn(&Ended) -> T) -> Vec<T> {
        ended.iter().map(field).collect()
    }
    let settlement = |one: &Ended| one.settlement.clone();
    let rows: Vec<(EntryId, i32, LogId)> = statement::<(BigInt, Integer, BigInt)>(POSTGRES_SETTLE)
        .bind::<Text, _>(node.0.as_str())
        .bind::<Array<BigInt>, _>(column(ended, |one| one.attempt.entry.0))
        .bind::<Array<Integer>, _>(column(ended, |one| one.attempt.number))
        .bind::<Array<Text>, _>(column(ended, |one| one.settlement.status.as_str()))
        .bind::<Array<Nullable<BigInt>>, _>(column(ended, |one| one.settlement.due_at.map(|at| at.micros())))
        .bind::<Array<Integer>, _>(column(ended, |one| one.settlement.retry_count))
        .bind::<Array<Bool>, _>(column(ended, |one| one.settlement.unproven))
        .bind::<Array<Text>, _>(column(ended, |one| one.settlement.log.as_str()))
        .bind::<Array<Nullable<Text>>, _>(column(ended, |one| settlement(one).problem.map(|it| it.code)))
        .bind::<Array<Nullable<Text>>, _>(column(ended, |one| settlement(one).problem.map(|it| it.message)))
        .bind::<Array<Nullable<Text>>, _>(column(ended, |one| settlement(one).receipt.media_id))
        .bind::<Array<Nullable<Text>>, _>(column(ended, |one| settlement(one).receipt.url))
        .bind::<Array<BigInt>, _>(column(ended, |one| one.started_at.micros()))
        .bind::<Array<BigInt>, _>(column(ended, |one| one.finished_at.micros()))
        .load(conn)?;
    Ok(rows.into_iter().map(|(entry, number, log)| (AttemptId { entry, number }, log)).collect())
}

fn retry_at(one: &Ended) -> Option<i64> {
    if one.settlement.status != EntryStatus::Pending {
        return None;
    }
    one.settlement.due_at.map(|at| at.micros())
}
