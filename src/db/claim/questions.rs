//! Claims for a question: nothing new is sent, so they need no run, no place in the lane, and no due time; only an
//! account that may be used.

use super::{Claim, Claimant, ClaimedColumns, ClaimedRow, claim};
use crate::db::connection::{DbConnection, DbError};
use crate::db::statement::statement;
use crate::domain::clock::Timestamp;
use crate::domain::ids::EntryId;
use crate::domain::question::Question;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text};

const SQLITE_NEXT: &str = "SELECT min(max(coalesce(p.look_up_at, p.check_at), coalesce(a.suspended_until, 0))) \
    FROM publish_pool AS p JOIN accounts AS a ON a.id = p.account_id \
    WHERE (p.look_up_at IS NOT NULL OR p.check_at IS NOT NULL) AND p.claimed_by IS NULL AND a.enabled \
      AND (a.suspended_reason IS NULL OR a.suspended_until IS NOT NULL) AND (?1 OR a.credentials IS NULL)";
const POSTGRES_NEXT: &str = "SELECT min(greatest(coalesce(p.look_up_at, p.check_at), coalesce(a.suspended_until, 0))) \
    FROM publish_pool AS p JOIN accounts AS a ON a.id = p.account_id \
    WHERE (p.look_up_at IS NOT NULL OR p.check_at IS NOT NULL) AND p.claimed_by IS NULL AND a.enabled \
      AND (a.suspended_reason IS NULL OR a.suspended_until IS NOT NULL) AND ($1 OR a.credentials IS NULL)";

/// When a platform is to be asked something next; in the past where it is to be asked now.
pub fn next_question(conn: &mut DbConnection, can_decrypt: bool) -> Result<Option<Timestamp>, DbError> {
    type Columns = Nullable<BigInt>;
    Ok(match conn {
        DbConnection::Sqlite(inner) => {
            statement::<Columns>(SQLITE_NEXT).bind::<Bool, _>(can_decrypt).get_result(inner)?
        }
        DbConnection::Postgres(inner) => {
            statement::<Columns>(POSTGRES_NEXT).bind::<Bool, _>(can_decrypt).get_result(inner)?
        }
    })
}

const SQLITE_DUE: &str = "SELECT p.id FROM publish_pool AS p JOIN accounts AS a ON a.id = p.account_id \
    WHERE (p.look_up_at IS NOT NULL OR p.check_at IS NOT NULL) AND coalesce(p.look_up_at, p.check_at) <= ?1 \
      AND p.claimed_by IS NULL AND p.status IN ('pending', 'publishing') AND a.enabled \
      AND (a.suspended_reason IS NULL OR a.suspended_until <= ?1) AND (?2 OR a.credentials IS NULL) \
    ORDER BY coalesce(p.look_up_at, p.check_at) LIMIT ?3";
const SQLITE_MARK: &str = "UPDATE publish_pool SET status = 'publishing', claimed_by = ?1, claimed_at = ?2, \
    lease_expires_at = ?3, updated_at = ?2, attempt = attempt + 1, execution_id = NULL WHERE id = ?4";
const SQLITE_READ: &str = "SELECT p.id, p.content_id, p.account_id, r.revision, p.attempt, p.idempotency_key, \
      p.retry_count, p.max_retries, p.unproven, p.priority, p.due_at, \
      r.title, r.body, r.digest, r.author, r.cover, r.tags, r.source_url, \
      p.look_up_at, p.looked_up, p.check_at, p.submitted_at \
    FROM publish_pool AS p JOIN content_revisions AS r ON r.content_id = p.content_id AND r.revision = p.revision \
    WHERE p.id = ?1";
const POSTGRES_TAKE: &str = "WITH due AS ( \
      SELECT p.id FROM publish_pool AS p JOIN accounts AS a ON a.id = p.account_id \
      WHERE (p.look_up_at IS NOT NULL OR p.check_at IS NOT NULL) AND coalesce(p.look_up_at, p.check_at) <= $2 \
        AND p.claimed_by IS NULL AND p.status IN ('pending', 'publishing') AND a.enabled \
        AND (a.suspended_reason IS NULL OR a.suspended_until <= $2) AND ($4 OR a.credentials IS NULL) \
      ORDER BY coalesce(p.look_up_at, p.check_at) LIMIT $5 FOR UPDATE OF p SKIP LOCKED), \
    claimed AS ( \
      UPDATE publish_pool AS p SET status = 'publishing', claimed_by = $1, claimed_at = $2, \
        lease_expires_at = (extract(epoch FROM clock_timestamp()) * 1000000)::bigint + $3, updated_at = $2, \
        attempt = p.attempt + 1, execution_id = NULL \
      FROM due WHERE p.id = due.id \
      RETURNING p.*) \
    SELECT p.id, p.content_id, p.account_id, r.revision, p.attempt, p.idempotency_key, p.retry_count, p.max_retries, \
      p.unproven, p.priority, p.due_at, r.title, r.body, r.digest, r.author, r.cover, r.tags, r.source_url, \
      p.look_up_at, p.looked_up, p.check_at, p.submitted_at \
    FROM claimed AS p JOIN content_revisions AS r ON r.content_id = p.content_id AND r.revision = p.revision";

type QuestionColumns = (Nullable<BigInt>, Integer, Nullable<BigInt>, Nullable<BigInt>);
type Columns = (ClaimedColumns, QuestionColumns);
type Row = (ClaimedRow, (Option<Timestamp>, i32, Option<Timestamp>, Option<Timestamp>));

/// Takes at most `limit` entries about which a platform is to be asked now.
pub fn take_questions(
    conn: &mut DbConnection,
    who: Claimant<'_>,
    can_decrypt: bool,
    limit: i64,
) -> Result<Vec<Claim>, DbError> {
    let rows: Vec<Row> = match conn {
        DbConnection::Sqlite(inner) => on_sqlite(inner, who, can_decrypt, limit)?,
        DbConnection::Postgres(inner) => statement::<Columns>(POSTGRES_TAKE)
            .bind::<Text, _>(who.node.0.as_str())
            .bind::<BigInt, _>(who.now.micros())
            .bind::<BigInt, _>(i64::try_from(who.lease.as_micros()).unwrap_or(i64::MAX))
            .bind::<Bool, _>(can_decrypt)
            .bind::<BigInt, _>(limit)
            .load(inner)?,
    };
    Ok(rows
        .into_iter()
        .filter_map(|(entry, asked)| Some(claim(entry, None, Some(question(asked)?))))
        .collect())
}

fn on_sqlite(
    conn: &mut SqliteConnection,
    who: Claimant<'_>,
    can_decrypt: bool,
    limit: i64,
) -> QueryResult<Vec<Row>> {
    let due: Vec<EntryId> = statement::<BigInt>(SQLITE_DUE)
        .bind::<BigInt, _>(who.now.micros())
        .bind::<Bool, _>(can_decrypt)
        .bind::<BigInt, _>(limit)
        .load(conn)?;
    let mut rows = Vec::with_capacity(due.len());
    for entry in due {
        statement::<()>(SQLITE_MARK)
            .bind::<Text, _>(who.node.0.as_str())
            .bind::<BigInt, _>(who.now.micros())
            .bind::<BigInt, _>((who.now + who.lease).micros())
            .bind::<BigInt, _>(entry.0)
            .execute(conn)?;
        rows.push(statement::<Columns>(SQLITE_READ).bind::<BigInt, _>(entry.0).get_result(conn)?);
    }
    Ok(rows)
}

/// What the columns `look_up_at`, `looked_up`, `check_at` and `submitted_at` ask, claimed or not.
pub(in crate::db) fn question(
    (look_up_at, found_nothing, check_at, since): (
        Option<Timestamp>,
        i32,
        Option<Timestamp>,
        Option<Timestamp>,
    ),
) -> Option<Question> {
    match (look_up_at, check_at) {
        (Some(at), _) => Some(Question::LookUp { at, found_nothing }),
        (None, Some(at)) => Some(Question::Ask { at, since: since.unwrap_or(at) }),
        (None, None) => None,
    }
}
