//! Taking due entries: one of the two places that write an entry's status, and one that forks by database.
//!
//! A claim is fenced by node and attempt number; `transitions.rs` checks both before it believes an outcome.

use super::connection::{DbConnection, DbError};
use super::executions::OpenExecution;
use super::statement::statement;
use crate::domain::clock::Timestamp;
use crate::domain::content::Article;
use crate::domain::ids::*;
use crate::domain::outcome::Standing;
use crate::domain::priority::Priority;
use crate::domain::turns::Candidate;
use diesel::pg::sql_types::Array;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text};
use std::collections::HashMap;
use std::time::Duration;

/// A lane that may take entries now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lane {
    pub account: AccountId,
    /// Attempts that it may have in flight.
    pub concurrency: i32,
}

/// A claimed entry with everything that its attempt needs but the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    pub attempt: AttemptId,
    pub account: AccountId,
    pub execution: Option<ExecutionId>,
    pub key: IdempotencyKey,
    pub priority: Priority,
    pub due_at: Timestamp,
    pub standing: Standing,
    pub article: Article,
}

/// Who claims, and until when.
#[derive(Debug, Clone, Copy)]
pub struct Claimant<'a> {
    pub node: &'a NodeId,
    pub now: Timestamp,
    /// How long the claim holds unless it is renewed.
    pub lease: Duration,
}

const SQLITE_LANES: &str = "SELECT id, concurrency FROM accounts \
    WHERE enabled AND (suspended_reason IS NULL OR suspended_until <= $1) AND ($2 OR credentials IS NULL)";
/// The lanes' rows stay locked to the transaction's end, so that nodes claim one after another.
const POSTGRES_LANES: &str = "SELECT id, concurrency FROM accounts \
    WHERE enabled AND (suspended_reason IS NULL OR suspended_until <= $1) AND ($2 OR credentials IS NULL) \
    ORDER BY id FOR NO KEY UPDATE";

/// The lanes that are open at `now`. Without the right key, `can_decrypt` is false, and accounts with secrets are shut.
pub fn open_lanes(conn: &mut DbConnection, now: Timestamp, can_decrypt: bool) -> Result<Vec<Lane>, DbError> {
    type Columns = (BigInt, Integer);
    let rows: Vec<(AccountId, i32)> = match conn {
        DbConnection::Sqlite(inner) => statement::<Columns>(SQLITE_LANES)
            .bind::<BigInt, _>(now.micros())
            .bind::<Bool, _>(can_decrypt)
            .load(inner)?,
        DbConnection::Postgres(inner) => statement::<Columns>(POSTGRES_LANES)
            .bind::<BigInt, _>(now.micros())
            .bind::<Bool, _>(can_decrypt)
            .load(inner)?,
    };
    Ok(rows.into_iter().map(|(account, concurrency)| Lane { account, concurrency }).collect())
}

type CandidateColumns = (BigInt, BigInt, Integer, BigInt, Integer);
type CandidateRow = (EntryId, AccountId, Priority, Timestamp, i32);

/// The list of priorities keeps the scan in order and off entries of the future (see MEASURED in the decisions).
const SQLITE_CANDIDATES: &str = "SELECT id, account_id, priority, due_at, attempt FROM publish_pool AS p \
    WHERE account_id = $1 AND status = 'pending' AND NOT held \
      AND priority IN (1, 2, 3, 4, 5, 6, 7, 8, 9, 10) AND due_at <= $2 \
      AND (attempt = 0 OR NOT EXISTS \
        (SELECT 1 FROM publish_logs AS l WHERE l.pool_id = p.id AND l.execution_id = $3)) \
    ORDER BY priority, due_at, id LIMIT $4";
const POSTGRES_CANDIDATES: &str = "SELECT c.id, c.account_id, c.priority, c.due_at, c.attempt \
    FROM unnest($1, $2) AS lane (account_id, places) CROSS JOIN LATERAL ( \
      SELECT ranked.* FROM generate_series(1, 10) AS level (priority) CROSS JOIN LATERAL ( \
        SELECT p.id, p.account_id, p.priority, p.due_at, p.attempt FROM publish_pool AS p \
        WHERE p.account_id = lane.account_id AND p.status = 'pending' AND NOT p.held \
          AND p.priority = level.priority AND p.due_at <= $3 \
          AND (p.attempt = 0 OR NOT EXISTS \
            (SELECT 1 FROM publish_logs AS l WHERE l.pool_id = p.id AND l.execution_id = $4)) \
        ORDER BY p.due_at, p.id LIMIT lane.places) AS ranked \
      ORDER BY ranked.priority, ranked.due_at, ranked.id LIMIT lane.places) AS c";

/// Due entries of each lane, most urgent first, at most as many as the lane has places. Entries that the execution
/// `not_tried_by` has tried already are left out.
pub fn candidates(
    conn: &mut DbConnection,
    places: &[(AccountId, i64)],
    now: Timestamp,
    not_tried_by: Option<ExecutionId>,
) -> Result<Vec<Candidate>, DbError> {
    let tried_by = not_tried_by.map_or(0, |execution| execution.0);
    let mut rows: Vec<CandidateRow> = Vec::new();
    match conn {
        DbConnection::Sqlite(inner) => {
            for (account, limit) in places {
                let found: Vec<CandidateRow> = statement::<CandidateColumns>(SQLITE_CANDIDATES)
                    .bind::<BigInt, _>(account.0)
                    .bind::<BigInt, _>(now.micros())
                    .bind::<BigInt, _>(tried_by)
                    .bind::<BigInt, _>(*limit)
                    .load(inner)?;
                rows.extend(found);
            }
        }
        DbConnection::Postgres(inner) => {
            let (accounts, limits): (Vec<i64>, Vec<i64>) =
                places.iter().map(|(account, limit)| (account.0, *limit)).unzip();
            rows = statement::<CandidateColumns>(POSTGRES_CANDIDATES)
                .bind::<Array<BigInt>, _>(accounts)
                .bind::<Array<BigInt>, _>(limits)
                .bind::<BigInt, _>(now.micros())
                .bind::<BigInt, _>(tried_by)
                .load(inner)?;
        }
    }
    let candidate =
        |(entry, account, priority, due_at, attempt)| Candidate { entry, account, priority, due_at, attempt };
    Ok(rows.into_iter().map(candidate).collect())
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
            .select(dsl::execution_id)
            .load(conn)?;
        let fresh = open.iter().map(|execution| execution.id).find(|id| !tried.contains(&Some(id.0)));
        assigned.push(fresh);
    }
    Ok(assigned)
}

type ClaimedColumns = (
    BigInt,
    BigInt,
    BigInt,
    Integer,
    Integer,
    Text,
    Integer,
    Integer,
    Bool,
    Integer,
    BigInt,
    Nullable<BigInt>,
);
type ClaimedRow = (
    EntryId,
    ContentId,
    AccountId,
    i32,
    i32,
    IdempotencyKey,
    i32,
    i32,
    bool,
    Priority,
    Timestamp,
    Option<i64>,
);

/// An unproven entry repeats the revision of its last attempt; any other takes the newest.
const SQLITE_CLAIM: &str = "UPDATE publish_pool SET status = 'publishing', claimed_by = $1, claimed_at = $2, \
    lease_expires_at = $3, updated_at = $2, attempt = attempt + 1, execution_id = $4, \
    revision = CASE WHEN unproven THEN revision \
      ELSE (SELECT c.revision FROM contents AS c WHERE c.id = content_id) END \
    WHERE id = $5 AND status = 'pending' AND NOT held \
    RETURNING id, content_id, account_id, revision, attempt, idempotency_key, retry_count, max_retries, unproven, \
      priority, due_at, execution_id";
/// Here leases run by the database's clock, which all nodes share.
const POSTGRES_CLAIM: &str = "UPDATE publish_pool AS p SET status = 'publishing', claimed_by = $1, claimed_at = $2, \
    lease_expires_at = (extract(epoch FROM clock_timestamp()) * 1000000)::bigint + $3, updated_at = $2, \
    attempt = p.attempt + 1, execution_id = chosen.execution_id, \
    revision = CASE WHEN p.unproven THEN p.revision \
      ELSE (SELECT c.revision FROM contents AS c WHERE c.id = p.content_id) END \
    FROM unnest($4, $5) AS chosen (id, execution_id) \
    WHERE p.id = ANY($4) AND p.id = chosen.id AND p.status = 'pending' AND NOT p.held \
    RETURNING p.id, p.content_id, p.account_id, p.revision, p.attempt, p.idempotency_key, p.retry_count, \
      p.max_retries, p.unproven, p.priority, p.due_at, p.execution_id";

/// Marks the chosen entries as ours and gives back those that it got, in the order of `chosen`.
pub fn take(
    conn: &mut DbConnection,
    who: Claimant<'_>,
    chosen: &[(EntryId, Option<ExecutionId>)],
) -> Result<Vec<Claim>, DbError> {
    let rows = match conn {
        DbConnection::Sqlite(inner) => {
            let mut rows: Vec<ClaimedRow> = Vec::with_capacity(chosen.len());
            for (entry, execution) in chosen {
                let row: Vec<ClaimedRow> = statement::<ClaimedColumns>(SQLITE_CLAIM)
                    .bind::<Text, _>(who.node.0.as_str())
                    .bind::<BigInt, _>(who.now.micros())
                    .bind::<BigInt, _>((who.now + who.lease).micros())
                    .bind::<Nullable<BigInt>, _>(execution.map(|id| id.0))
                    .bind::<BigInt, _>(entry.0)
                    .load(inner)?;
                rows.extend(row);
            }
            rows
        }
        DbConnection::Postgres(inner) => {
            let (entries, executions): (Vec<i64>, Vec<Option<i64>>) =
                chosen.iter().map(|(entry, execution)| (entry.0, execution.map(|id| id.0))).unzip();
            let mut rows: Vec<ClaimedRow> = statement::<ClaimedColumns>(POSTGRES_CLAIM)
                .bind::<Text, _>(who.node.0.as_str())
                .bind::<BigInt, _>(who.now.micros())
                .bind::<BigInt, _>(i64::try_from(who.lease.as_micros()).unwrap_or(i64::MAX))
                .bind::<Array<BigInt>, _>(entries)
                .bind::<Array<Nullable<BigInt>>, _>(executions)
                .load(inner)?;
            let place: HashMap<EntryId, usize> =
                chosen.iter().enumerate().map(|(place, (entry, _))| (*entry, place)).collect();
            rows.sort_by_key(|row| place.get(&row.0).copied());
            rows
        }
    };
    let wanted: Vec<(ContentId, i32)> = rows.iter().map(|row| (row.1, row.3)).collect();
    let articles = articles(conn, &wanted)?;
    Ok(rows.into_iter().zip(articles).map(|(row, article)| claim(row, article)).collect())
}

fn claim(row: ClaimedRow, article: Article) -> Claim {
    let (entry, _, account, _, number, key, retry_count, max_retries, unproven, priority, due_at, execution) =
        row;
    Claim {
        attempt: AttemptId { entry, number },
        account,
        execution: execution.map(ExecutionId),
        key,
        priority,
        due_at,
        standing: Standing { retry_count, max_retries, unproven },
        article,
    }
}

type ArticleColumns =
    (BigInt, Integer, Text, Text, Nullable<Text>, Nullable<Text>, Nullable<Text>, Text, Nullable<Text>);
type ArticleRow =
    (ContentId, i32, String, String, Option<String>, Option<String>, Option<String>, String, Option<String>);

const SQLITE_ARTICLE: &str = "SELECT content_id, revision, title, body, digest, author, cover, tags, source_url \
    FROM content_revisions WHERE content_id = $1 AND revision = $2";
/// The inner limit keeps the planner on the primary key.
const POSTGRES_ARTICLES: &str = "SELECT r.* FROM unnest($1, $2) WITH ORDINALITY AS wanted (content_id, revision, place) \
    CROSS JOIN LATERAL (SELECT t.content_id, t.revision, t.title, t.body, t.digest, t.author, t.cover, t.tags, \
      t.source_url FROM content_revisions AS t \
      WHERE t.content_id = wanted.content_id AND t.revision = wanted.revision LIMIT 1) AS r ORDER BY wanted.place";

/// The named revisions, in order. Foreign keys see to it that each is there.
fn articles(conn: &mut DbConnection, wanted: &[(ContentId, i32)]) -> Result<Vec<Article>, DbError> {
    let mut rows: Vec<ArticleRow> = Vec::with_capacity(wanted.len());
    match conn {
        DbConnection::Sqlite(inner) => {
            for (content, revision) in wanted {
                rows.push(
                    statement::<ArticleColumns>(SQLITE_ARTICLE)
                        .bind::<BigInt, _>(content.0)
                        .bind::<Integer, _>(*revision)
                        .get_result(inner)?,
                );
            }
        }
        DbConnection::Postgres(inner) => {
            let (contents, revisions): (Vec<i64>, Vec<i32>) =
                wanted.iter().map(|(content, revision)| (content.0, *revision)).unzip();
            rows = statement::<ArticleColumns>(POSTGRES_ARTICLES)
                .bind::<Array<BigInt>, _>(contents)
                .bind::<Array<Integer>, _>(revisions)
                .load(inner)?;
        }
    }
    Ok(rows.into_iter().map(article).collect())
}

fn article(row: ArticleRow) -> Article {
    let (content_id, revision, title, body, digest, author, cover, tags, source_url) = row;
    Article {
        content_id,
        revision,
        title,
        body,
        digest,
        author,
        cover,
        tags: super::contents::read_tags(&tags),
        source_url,
    }
}
