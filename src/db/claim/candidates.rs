//! What could be claimed now: per lane the most urgent entries, as many as it has places, and of all suspects one. Of a
//! lane whose platform is taken to be down it is one entry, another each time.

use super::Lane;
use crate::db::connection::{DbConnection, DbError};
use crate::db::leases::SUSPECT_AFTER;
use crate::db::schema::publish_logs::dsl as logs;
use crate::db::schema::publish_pool::dsl as pool;
use crate::db::statement::statement;
use crate::domain::clock::Timestamp;
use crate::domain::gates::Passage;
use crate::domain::ids::*;
use crate::domain::priority::Priority;
use crate::domain::settlement::LogStatus;
use crate::domain::turns::Candidate;
use diesel::dsl::{exists, not, sql};
use diesel::pg::sql_types::Array;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer};
use std::collections::HashMap;

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    pub now: Timestamp,
    pub slots: i64,
    /// Entries that this execution has tried already are left out; a claim of which nothing was sent was no try.
    pub not_tried_by: Option<ExecutionId>,
    /// Whether a suspect may be among them.
    pub a_suspect: bool,
    /// Whoever asks takes nothing that is less urgent. Of a lane's candidates these come last, so that only a probe has to
    /// be looked for among the others.
    pub least_urgent: Priority,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Most urgent first inside a lane, at most as many as the lane has places.
    pub candidates: Vec<Candidate>,
    /// What the lanes have on the wire, on whatever node.
    pub in_flight: HashMap<AccountId, usize>,
}

type Columns = (BigInt, BigInt, Integer, BigInt, Integer, BigInt, Bool);
type Row = (EntryId, AccountId, Priority, Timestamp, i32, i64, bool);

/// A question needs no place.
const SQLITE_BUSY: &str = "SELECT count(*) FROM publish_pool \
    WHERE account_id = ?1 AND status = 'publishing' AND claimed_by IS NOT NULL \
      AND look_up_at IS NULL AND check_at IS NULL";
/// The list of priorities keeps the scan in order and off entries of the future (docs/decisions/0003); coalesce sends
/// the planner to the few attempts of the entry, not to the many of the run.
const SQLITE_CANDIDATES: &str = "SELECT id, account_id, priority, due_at, attempt, ?5, FALSE FROM publish_pool AS p \
    WHERE account_id = ?1 AND status = 'pending' AND NOT held AND recoveries < 3 \
      AND priority IN (1, 2, 3, 4, 5, 6, 7, 8, 9, 10) AND due_at <= ?2 \
      AND (late_at IS NULL OR late_at > ?2) AND (?6 OR unproven) \
      AND (p.attempt = 0 OR (SELECT 1 FROM publish_logs AS l \
        WHERE l.pool_id = p.id AND coalesce(l.execution_id, 0) = ?3 AND l.status <> 'not_sent' \
        LIMIT 1) IS NULL) \
    ORDER BY priority, due_at, id LIMIT ?4";
const SQLITE_SUSPECT: &str = "SELECT id, account_id, priority, due_at, attempt, ?4, TRUE FROM publish_pool AS p \
      INDEXED BY publish_pool_suspects WHERE account_id = ?1 AND status = 'pending' AND NOT held AND recoveries >= 3 AND due_at <= ?2 \
      AND (late_at IS NULL OR late_at > ?2) AND (?5 OR unproven) \
      AND (SELECT 1 FROM publish_logs AS l \
        WHERE l.pool_id = p.id AND coalesce(l.execution_id, 0) = ?3 AND l.status <> 'not_sent' \
        LIMIT 1) IS NULL \
    ORDER BY priority, due_at, id LIMIT 1";
const POSTGRES_CANDIDATES: &str = "WITH lane AS MATERIALIZED ( \
      SELECT l.account_id, l.concurrency, l.more, l.proven, (SELECT count(*) FROM publish_pool AS p \
        WHERE p.account_id = l.account_id AND p.status = 'publishing' AND p.claimed_by IS NOT NULL \
          AND p.look_up_at IS NULL AND p.check_at IS NULL) AS busy \
      FROM unnest($1, $2, $7, $8) AS l (account_id, concurrency, more, proven)) \
    SELECT c.id, lane.account_id, c.priority, c.due_at, c.attempt, lane.busy, FALSE \
    FROM lane CROSS JOIN LATERAL ( \
      SELECT least(greatest(lane.concurrency - lane.busy, 0), lane.more, $3) AS count) AS places \
    CROSS JOIN LATERAL ( \
      SELECT ranked.* FROM generate_series(1, 10) AS level (priority) CROSS JOIN LATERAL ( \
        SELECT p.id, p.priority, p.due_at, p.attempt FROM publish_pool AS p \
        WHERE p.account_id = lane.account_id AND p.status = 'pending' AND NOT p.held AND p.recoveries < 3 \
          AND p.priority = level.priority AND p.due_at <= $4 \
          AND (p.late_at IS NULL OR p.late_at > $4) AND (lane.proven OR p.unproven) \
          AND (p.attempt = 0 OR (SELECT 1 FROM publish_logs AS l \
            WHERE l.pool_id = p.id AND coalesce(l.execution_id, 0) = $5 AND l.status <> 'not_sent' \
            LIMIT 1) IS NULL) \
        ORDER BY p.due_at, p.id LIMIT places.count) AS ranked \
      ORDER BY ranked.priority, ranked.due_at, ranked.id LIMIT places.count) AS c \
    UNION ALL \
    (SELECT s.id, lane.account_id, s.priority, s.due_at, s.attempt, lane.busy, TRUE \
    FROM lane CROSS JOIN LATERAL ( \
      SELECT p.id, p.priority, p.due_at, p.attempt FROM publish_pool AS p \
      WHERE p.account_id = lane.account_id AND p.status = 'pending' AND NOT p.held AND p.recoveries >= 3 \
        AND p.due_at <= $4 AND (p.late_at IS NULL OR p.late_at > $4) AND (lane.proven OR p.unproven) \
        AND (SELECT 1 FROM publish_logs AS l \
          WHERE l.pool_id = p.id AND coalesce(l.execution_id, 0) = $5 AND l.status <> 'not_sent' \
          LIMIT 1) IS NULL \
      ORDER BY p.priority, p.due_at, p.id LIMIT 1) AS s \
    WHERE $6 AND lane.busy < lane.concurrency ORDER BY s.priority, s.due_at, s.id LIMIT 1)";

/// Due entries of `lanes`.
pub fn candidates(conn: &mut DbConnection, lanes: &[Lane], wanted: Wanted) -> Result<Found, DbError> {
    // No run has this number: 0 stands for what was tried without one.
    let tried_by = wanted.not_tried_by.map_or(-1, |execution| execution.0);
    let usual: Vec<Places> = lanes.iter().filter_map(Places::of).collect();
    let mut rows = match conn {
        DbConnection::Sqlite(inner) => on_sqlite(inner, &usual, wanted, tried_by)?,
        DbConnection::Postgres(inner) => {
            let column = |field: fn(&Places) -> i64| usual.iter().map(field).collect::<Vec<i64>>();
            let accounts = column(|lane| lane.account.0);
            let (concurrency, more) = (column(|lane| lane.concurrency), column(|lane| lane.more));
            let proven: Vec<bool> = usual.iter().map(|lane| lane.proven).collect();
            statement::<Columns>(POSTGRES_CANDIDATES)
                .bind::<Array<BigInt>, _>(accounts)
                .bind::<Array<BigInt>, _>(concurrency)
                .bind::<BigInt, _>(wanted.slots)
                .bind::<BigInt, _>(wanted.now.micros())
                .bind::<BigInt, _>(tried_by)
                .bind::<Bool, _>(wanted.a_suspect)
                .bind::<Array<BigInt>, _>(more)
                .bind::<Array<Bool>, _>(proven)
                .load(inner)?
        }
    };
    for lane in lanes {
        if let Passage::Probe { proven } = lane.passage() {
            rows.extend(probe(conn, lane.account, proven, wanted, tried_by)?);
        }
    }
    let mut found = Found::default();
    for (entry, account, priority, due_at, attempt, busy, suspect) in rows {
        found.candidates.push(Candidate { entry, account, priority, due_at, attempt, suspect });
        found.in_flight.insert(account, usize::try_from(busy).unwrap_or(0));
    }
    keep_to_places(&mut found, &usual);
    Ok(found)
}

/// How many more a lane may take, and of what kind.
#[derive(Debug, Clone, Copy)]
struct Places {
    account: AccountId,
    /// Attempts that it may have in flight.
    concurrency: i64,
    /// Beside those that it has.
    more: i64,
    /// Also of what no attempt may have published.
    proven: bool,
}

impl Places {
    fn of(lane: &Lane) -> Option<Self> {
        let account = lane.account;
        match lane.passage() {
            Passage::Open { concurrency, more } => Some(Places {
                account,
                concurrency: i64::from(concurrency),
                more: i64::from(more),
                proven: true,
            }),
            Passage::OnlyUnproven { concurrency } => {
                Some(Places { account, concurrency: i64::from(concurrency), more: i64::MAX, proven: false })
            }
            Passage::Probe { .. } | Passage::Shut(_) => None,
        }
    }
}

/// The entry that shows whether the platform is up again: the most urgent that its failure has not put off yet, else the
/// one that was tried longest ago. So none that fails whatever the platform does keeps its lane shut.
fn probe(
    conn: &mut DbConnection,
    account: AccountId,
    proven: bool,
    wanted: Wanted,
    tried_by: i64,
) -> Result<Option<Row>, DbError> {
    const CLAIMABLE: &str = "publish_pool.status = 'pending' AND NOT publish_pool.held";
    macro_rules! due {
        () => {
            pool::publish_pool
                .filter(pool::account_id.eq(account.0))
                .filter(sql::<Bool>(CLAIMABLE))
                .filter(pool::due_at.le(wanted.now.micros()))
                .filter(pool::priority.le(wanted.least_urgent.get()))
                .filter(pool::unproven.or(proven.into_sql::<Bool>()))
                .filter(pool::late_at.is_null().or(pool::late_at.assume_not_null().gt(wanted.now.micros())))
                .filter(pool::recoveries.lt(SUSPECT_AFTER).or(wanted.a_suspect.into_sql::<Bool>()))
                .filter(not(exists(
                    logs::publish_logs
                        .filter(logs::pool_id.eq(pool::id))
                        .filter(logs::execution_id.eq(tried_by))
                        .filter(logs::status.ne(LogStatus::NotSent.as_str())),
                )))
                .select((
                    pool::id,
                    pool::account_id,
                    pool::priority,
                    pool::due_at,
                    pool::attempt,
                    0.into_sql::<BigInt>(),
                    pool::recoveries.ge(SUSPECT_AFTER),
                ))
        };
    }
    let untried = due!()
        .filter(pool::pushed_from.is_null())
        .order((pool::priority, pool::due_at, pool::id))
        .first(conn)
        .optional()?;
    match untried {
        Some(row) => Ok(Some(row)),
        None => Ok(due!()
            .filter(pool::pushed_from.is_not_null())
            .order((pool::due_at, pool::id))
            .first(conn)
            .optional()?),
    }
}

/// A suspect comes beside those that fill its lane: the least urgent of them gives way.
fn keep_to_places(found: &mut Found, lanes: &[Places]) {
    let Some(account) = found.candidates.iter().find(|one| one.suspect).map(|one| one.account) else {
        return;
    };
    // A probe, which may be a suspect, has the one place that its lane has.
    let Some(lane) = lanes.iter().find(|lane| lane.account == account) else { return };
    let busy = found.in_flight.get(&account).copied().unwrap_or(0);
    let more = usize::try_from(lane.more).unwrap_or(0);
    let places = usize::try_from(lane.concurrency).unwrap_or(0).saturating_sub(busy).min(more);
    let mut of_lane: Vec<Candidate> =
        found.candidates.iter().filter(|one| one.account == account).copied().collect();
    of_lane.sort_by_key(Candidate::urgency);
    let dropped: Vec<EntryId> = of_lane.into_iter().skip(places).map(|one| one.entry).collect();
    found.candidates.retain(|one| !dropped.contains(&one.entry));
}

fn on_sqlite(
    conn: &mut SqliteConnection,
    lanes: &[Places],
    wanted: Wanted,
    tried_by: i64,
) -> QueryResult<Vec<Row>> {
    let mut rows: Vec<Row> = Vec::new();
    let mut suspects: Vec<Row> = Vec::new();
    for lane in lanes {
        let busy: i64 =
            statement::<BigInt>(SQLITE_BUSY).bind::<BigInt, _>(lane.account.0).get_result(conn)?;
        let places = (lane.concurrency - busy).min(lane.more).min(wanted.slots);
        if places <= 0 {
            continue;
        }
        let of_lane: Vec<Row> = statement::<Columns>(SQLITE_CANDIDATES)
            .bind::<BigInt, _>(lane.account.0)
            .bind::<BigInt, _>(wanted.now.micros())
            .bind::<BigInt, _>(tried_by)
            .bind::<BigInt, _>(places)
            .bind::<BigInt, _>(busy)
            .bind::<Bool, _>(lane.proven)
            .load(conn)?;
        rows.extend(of_lane);
        if wanted.a_suspect {
            let of_lane: Vec<Row> = statement::<Columns>(SQLITE_SUSPECT)
                .bind::<BigInt, _>(lane.account.0)
                .bind::<BigInt, _>(wanted.now.micros())
                .bind::<BigInt, _>(tried_by)
                .bind::<BigInt, _>(busy)
                .bind::<Bool, _>(lane.proven)
                .load(conn)?;
            suspects.extend(of_lane);
        }
    }
    rows.extend(suspects.into_iter().min_by_key(|row| (row.2, row.3, row.0)));
    Ok(rows)
}
