//! Taking due entries: one of the two places that write an entry's status, and one that forks by database.
//!
//! A claim is fenced by node and attempt number; `transitions.rs` checks both before it believes an outcome.

mod candidates;
mod questions;

use super::checkpoints::Checkpoint;
use super::connection::{DbConnection, DbError};
use super::executions::OpenExecution;
use super::lanes::Gated;
use super::statement::statement;
use crate::domain::clock::Timestamp;
use crate::domain::content::Article;
use crate::domain::gates::Passage;
use crate::domain::ids::*;
use crate::domain::priority::Priority;
use crate::domain::question::Question;
use crate::domain::settlement::{LogStatus, Standing};
use crate::domain::turns::Candidate;
use diesel::pg::sql_types::Array;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text};
use std::collections::HashMap;
use std::time::Duration;

pub use candidates::{Found, Wanted, candidates};
pub(super) use questions::question;
pub use questions::{next_question, take_questions};

/// A lane with something due, neither disabled nor suspended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lane {
    pub account: AccountId,
    /// Attempts that it may have in flight.
    pub concurrency: i32,
    /// Of its settings and credentials.
    pub version: i64,
    /// It has gates to be looked at.
    pub is_gated: bool,
    /// What these say, once they were looked at.
    pub gated: Option<Box<Gated>>,
}

impl Lane {
    /// How it may be passed.
    fn passage(&self) -> Passage {
        let open = Passage::Open { concurrency: self.concurrency, more: i32::MAX };
        self.gated.as_ref().map_or(open, |gated| gated.passage)
    }

    /// The same once an entry was claimed for each time that the lane is among `taken`; none where it is shut by that.
    pub fn less(&self, taken: &[AccountId]) -> Option<Lane> {
        let count = taken.iter().filter(|account| **account == self.account).count();
        let mut left = self.clone();
        let Some(gated) = left.gated.as_mut().filter(|_| count > 0) else { return Some(left) };
        match &mut gated.passage {
            Passage::Open { more, .. } => *more -= i32::try_from(count).unwrap_or(i32::MAX),
            Passage::Probe { .. } | Passage::Shut(_) => return None,
            Passage::OnlyUnproven { .. } => {}
        }
        Some(left)
    }
}

/// A claimed entry with everything that its attempt needs but the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    pub attempt: AttemptId,
    pub account: AccountId,
    /// None where no run is needed: nothing new is sent, or a person wants it out now.
    pub execution: Option<ExecutionId>,
    /// What the platform is asked, in place of publishing.
    pub question: Option<Question>,
    /// It outlived several nodes, and may be what ended them.
    pub suspect: bool,
    /// It shows whether the platform is up again.
    pub is_probe: bool,
    /// The lane's gates count sends.
    pub counted: bool,
    pub key: IdempotencyKey,
    pub priority: Priority,
    pub due_at: Timestamp,
    pub standing: Standing,
    pub article: Article,
    /// What is published beside it, in the same post; read by whoever needs it.
    pub extras: Vec<Article>,
    /// What the steps of earlier attempts came to; read by whoever needs it.
    pub steps: Vec<Checkpoint>,
}

impl Claim {
    /// Whether it publishes without a run, because a person wants it out now.
    pub fn is_on_demand(&self) -> bool {
        self.execution.is_none() && self.question.is_none()
    }
}

/// Who claims, and until when.
#[derive(Debug, Clone, Copy)]
pub struct Claimant<'a> {
    pub node: &'a NodeId,
    pub now: Timestamp,
    /// How long the claim holds unless it is renewed.
    pub lease: Duration,
}

const SQLITE_LANES: &str = "SELECT a.id, a.concurrency, a.version, a.gated FROM accounts AS a \
    WHERE a.enabled AND a.opens_at <= ?1 AND (a.suspended_reason IS NULL OR a.suspended_until <= ?1) AND (?2 OR a.credentials IS NULL) \
      AND (SELECT 1 FROM publish_pool AS p WHERE p.account_id = a.id AND p.status = 'pending' AND NOT p.held \
        AND p.due_at <= ?1 LIMIT 1) = 1";
/// The lanes' rows stay locked to the transaction's end: claims on a lane come one after another, on whatever node.
const POSTGRES_LANES: &str = "SELECT a.id, a.concurrency, a.version, a.gated FROM accounts AS a \
    WHERE a.enabled AND a.opens_at <= $1 AND (a.suspended_reason IS NULL OR a.suspended_until <= $1) AND ($2 OR a.credentials IS NULL) \
      AND (SELECT 1 FROM publish_pool AS p WHERE p.account_id = a.id AND p.status = 'pending' AND NOT p.held \
        AND p.due_at <= $1 LIMIT 1) = 1 \
    ORDER BY a.id FOR NO KEY UPDATE OF a";

/// The lanes that have something due at `now`, and that nothing but the gates of [`lanes`](super::lanes) may shut. Without the right key, `can_decrypt` is false, and accounts
/// with secrets are shut.
pub fn open_lanes(conn: &mut DbConnection, now: Timestamp, can_decrypt: bool) -> Result<Vec<Lane>, DbError> {
    type Columns = (BigInt, Integer, BigInt, Bool);
    let rows: Vec<(AccountId, i32, i64, bool)> = match conn {
        DbConnection::Sqlite(inner) => statement::<Columns>(SQLITE_LANES)
            .bind::<BigInt, _>(now.micros())
            .bind::<Bool, _>(can_decrypt)
            .load(inner)?,
        DbConnection::Postgres(inner) => statement::<Columns>(POSTGRES_LANES)
            .bind::<BigInt, _>(now.micros())
            .bind::<Bool, _>(can_decrypt)
            .load(inner)?,
    };
    Ok(rows.into_iter().map(ungated).collect())
}

/// A lane whose gates were not looked at.
fn ungated((account, concurrency, version, is_gated): (AccountId, i32, i64, bool)) -> Lane {
    Lane { account, concurrency, version, is_gated, gated: None }
}

/// Lanes by their ids, whatever shuts them, locked to the end of the caller's transaction. On PostgreSQL only those that
/// nobody else has locked: a claim locks lanes in the order of their ids, and these come after others.
pub fn free_lanes(conn: &mut DbConnection, ids: &[AccountId]) -> Result<Vec<Lane>, DbError> {
    use super::schema::accounts::dsl;
    let mut ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    if let DbConnection::Postgres(inner) = conn {
        const LOCK: &str =
            "SELECT id FROM accounts WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED";
        ids = statement::<BigInt>(LOCK).bind::<Array<BigInt>, _>(&ids).load(inner)?;
    }
    let rows = dsl::accounts
        .filter(dsl::id.eq_any(ids))
        .order(dsl::id)
        .select((dsl::id, dsl::concurrency, dsl::version, dsl::gated))
        .load(conn)?;
    Ok(rows.into_iter().map(ungated).collect())
}

/// For each of `candidates`, the execution that its attempt belongs to: the first of `open`, in their order, that has
/// not tried it. None where each has.
pub fn assign(
    conn: &mut DbConnection,
    open: &[OpenExecution],
    candidates: &[Candidate],
) -> Result<Vec<Option<ExecutionId>>, DbError> {
    use super::schema::publish_logs::dsl;
    let first = open.first().map(|execution| execution.id);
    let mut assigned = Vec::with_capacity(candidates.len());
    for candidate in candidates {
        if candidate.attempt == 0 {
            assigned.push(first);
            continue;
        }
        let ids: Vec<i64> = open.iter().map(|execution| execution.id.0).collect();
        let tried: Vec<Option<i64>> = dsl::publish_logs
            .filter(dsl::pool_id.eq(candidate.entry.0))
            .filter(dsl::execution_id.eq_any(ids))
            .filter(dsl::status.ne(LogStatus::NotSent.as_str()))
            .select(dsl::execution_id)
            .load(conn)?;
        let fresh = open.iter().map(|execution| execution.id).find(|id| !tried.contains(&Some(id.0)));
        assigned.push(fresh);
    }
    Ok(assigned)
}

/// Of an entry and the revision that its next attempt publishes.
type ClaimedColumns = (
    (BigInt, BigInt, BigInt, Integer, Integer, Text, Integer, Integer, Bool, Integer, BigInt),
    (Text, Text, Nullable<Text>, Nullable<Text>, Nullable<Text>, Text, Nullable<Text>),
);
type ClaimedRow = (
    (EntryId, ContentId, AccountId, i32, i32, IdempotencyKey, i32, i32, bool, Priority, Timestamp),
    (String, String, Option<String>, Option<String>, Option<String>, String, Option<String>),
);

/// An unproven entry repeats the revision of its last attempt; any other takes the newest. Read first and marked
/// then: RETURNING would cost a table of its own each time, and here nobody writes between the two.
const SQLITE_READ: &str = "SELECT p.id, p.content_id, p.account_id, r.revision, p.attempt + 1, p.idempotency_key, \
      p.retry_count, p.max_retries, p.unproven, p.priority, p.due_at, \
      r.title, r.body, r.digest, r.author, r.cover, r.tags, r.source_url \
    FROM publish_pool AS p JOIN contents AS c ON c.id = p.content_id \
      JOIN content_revisions AS r ON r.content_id = p.content_id \
        AND r.revision = CASE WHEN p.unproven THEN p.revision ELSE c.revision END \
    WHERE p.id = ?1 AND p.status = 'pending' AND NOT p.held";
const SQLITE_MARK: &str = "UPDATE publish_pool SET status = 'publishing', claimed_by = ?1, claimed_at = ?2, \
    lease_expires_at = ?3, updated_at = ?2, attempt = ?4, execution_id = ?5, revision = ?6 WHERE id = ?7";
/// Here leases run by the database's clock, which all nodes share. `CASE` hides from the planner what would lead it to
/// scan a partial index: each row is found by its primary key. A run that was ended since it was looked at gets nothing,
/// and is held against its end (see `executions::hold`).
const POSTGRES_CLAIM: &str = "WITH runs AS MATERIALIZED ( \
      SELECT id FROM executions WHERE id = ANY ($5) AND status = 'running' AND claiming FOR KEY SHARE), \
    claimed AS ( \
      UPDATE publish_pool AS p SET status = 'publishing', claimed_by = $1, claimed_at = $2, \
        lease_expires_at = (extract(epoch FROM clock_timestamp()) * 1000000)::bigint + $3, updated_at = $2, \
        attempt = p.attempt + 1, execution_id = chosen.execution_id, \
        revision = CASE WHEN p.unproven THEN p.revision \
          ELSE (SELECT c.revision FROM contents AS c WHERE c.id = p.content_id) END \
      FROM unnest($4, $5) AS chosen (id, execution_id) \
      WHERE p.id = chosen.id \
        AND (chosen.execution_id IS NULL OR chosen.execution_id = ANY (ARRAY(SELECT id FROM runs))) \
        AND CASE p.status WHEN 'pending' THEN NOT p.held ELSE FALSE END \
      RETURNING p.id, p.content_id, p.account_id, p.revision, p.attempt, p.idempotency_key, p.retry_count, \
        p.max_retries, p.unproven, p.priority, p.due_at) \
    SELECT claimed.*, r.* FROM claimed CROSS JOIN LATERAL ( \
      SELECT t.title, t.body, t.digest, t.author, t.cover, t.tags, t.source_url FROM content_revisions AS t \
      WHERE t.content_id = claimed.content_id AND t.revision = claimed.revision LIMIT 1) AS r";

/// An entry, and the run that it is claimed for; none where a person wants it out now.
pub type Chosen = (EntryId, Option<ExecutionId>);

/// Marks the chosen entries as ours and gives back those that it got, in the order of `chosen`.
pub fn take(conn: &mut DbConnection, who: Claimant<'_>, chosen: &[Chosen]) -> Result<Vec<Claim>, DbError> {
    let rows = match conn {
        DbConnection::Sqlite(inner) => take_on_sqlite(inner, who, chosen)?,
        DbConnection::Postgres(inner) => take_on_postgres(inner, who, chosen)?,
    };
    let mut rows: HashMap<EntryId, ClaimedRow> = rows.into_iter().map(|row| (row.0.0, row)).collect();
    let in_order = chosen.iter().filter_map(|(entry, execution)| Some((rows.remove(entry)?, *execution)));
    Ok(in_order.map(|(row, execution)| claim(row, execution, None)).collect())
}

fn take_on_sqlite(
    conn: &mut SqliteConnection,
    who: Claimant<'_>,
    chosen: &[Chosen],
) -> QueryResult<Vec<ClaimedRow>> {
    let mut rows: Vec<ClaimedRow> = Vec::with_capacity(chosen.len());
    for (entry, execution) in chosen {
        let read = statement::<ClaimedColumns>(SQLITE_READ).bind::<BigInt, _>(entry.0);
        let Some(row) = read.get_result::<ClaimedRow>(conn).optional()? else { continue };
        statement::<()>(SQLITE_MARK)
            .bind::<Text, _>(who.node.0.as_str())
            .bind::<BigInt, _>(who.now.micros())
            .bind::<BigInt, _>((who.now + who.lease).micros())
            .bind::<Integer, _>(row.0.4)
            .bind::<Nullable<BigInt>, _>(execution.map(|id| id.0))
            .bind::<Integer, _>(row.0.3)
            .bind::<BigInt, _>(entry.0)
            .execute(conn)?;
        rows.push(row);
    }
    Ok(rows)
}

fn take_on_postgres(
    conn: &mut PgConnection,
    who: Claimant<'_>,
    chosen: &[Chosen],
) -> QueryResult<Vec<ClaimedRow>> {
    let (entries, executions): (Vec<i64>, Vec<Option<i64>>) =
        chosen.iter().map(|(entry, execution)| (entry.0, execution.map(|id| id.0))).unzip();
    statement::<ClaimedColumns>(POSTGRES_CLAIM)
        .bind::<Text, _>(who.node.0.as_str())
        .bind::<BigInt, _>(who.now.micros())
        .bind::<BigInt, _>(i64::try_from(who.lease.as_micros()).unwrap_or(i64::MAX))
        .bind::<Array<BigInt>, _>(entries)
        .bind::<Array<Nullable<BigInt>>, _>(executions)
        .load(conn)
}

fn claim((entry, text): ClaimedRow, execution: Option<ExecutionId>, question: Option<Question>) -> Claim {
    let (
        id,
        content_id,
        account,
        revision,
        number,
        key,
        retry_count,
        max_retries,
        unproven,
        priority,
        due_at,
    ) = entry;
    let (title, body, digest, author, cover, tags, source_url) = text;
    let tags = super::contents::read_tags(&tags);
    Claim {
        attempt: AttemptId { entry: id, number },
        account,
        execution,
        question,
        suspect: false,
        is_probe: false,
        counted: false,
        key,
        priority,
        due_at,
        standing: Standing { retry_count, max_retries, unproven },
        article: Article { content_id, revision, title, body, digest, author, cover, tags, source_url },
        extras: Vec::new(),
        steps: Vec::new(),
    }
}
