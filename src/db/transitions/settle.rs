//! The statements behind `transitions::settle`: a row in the log, the entry's new state, and the memory of what is out,
//! only where node and attempt are still the claim's.

use super::{Ended, Look};
use crate::db::claim::Lane;
use crate::db::executions::OpenExecution;
use crate::db::extras::unapproved_extra;
use crate::db::lateness::{Ahead, Away, late_from};
use crate::db::pool_counts;
use crate::db::statement::statement;
use crate::domain::breaker::Sign;
use crate::domain::clock::Timestamp;
use crate::domain::entry::EntryStatus;
use crate::domain::execution::RunRule;
use crate::domain::ids::*;
use crate::domain::outcome::Problem;
use crate::domain::question::Question;
use crate::domain::settlement::Settlement;
use diesel::pg::sql_types::Array;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The log row of each attempt that was still ours.
pub(super) type Logged = HashMap<AttemptId, LogId>;

/// AUTOINCREMENT keeps the highest id that it ever gave. Read once for a batch, which nobody else writes into.
const SQLITE_LAST_LOG: &str =
    "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'publish_logs'), 0)";
/// The fence: it changes nothing where the claim is no longer ours. What may be out repeats the revision that was approved
/// when it was claimed, and waits for no other approval.
const SQLITE_MOVE: &str = concat!(
    "UPDATE publish_pool SET status = ?1, due_at = coalesce(?2, due_at), retry_count = ?3, \
    unproven = ?4, published_at = ?5, log_id = ?6, updated_at = ?7, \
    pushed_from = CASE WHEN ?15 THEN coalesce(pushed_from, due_at) END, \
    late_at = CASE WHEN ?1 = 'pending' THEN ",
    late_from!("max", "publish_pool"),
    " ELSE late_at END, \
    claimed_by = NULL, claimed_at = NULL, lease_expires_at = NULL, execution_id = NULL, \
    held = CASE WHEN ?11 IS NOT NULL THEN TRUE WHEN ?4 THEN FALSE WHEN look_up_at IS NULL THEN held \
      ELSE ((SELECT c.review_status <> 'approved' FROM contents AS c WHERE c.id = content_id) OR ",
    unapproved_extra!("publish_pool.id"),
    ") END, \
    look_up_at = ?11, looked_up = ?12, check_at = ?13, submitted_at = ?14 \
    WHERE id = ?8 AND claimed_by = ?9 AND attempt = ?10 AND status = 'publishing'"
);
/// The same for what was simply published, which is nearly all: it leaves alone what other indexes are made of.
const SQLITE_PUBLISHED: &str = "UPDATE publish_pool SET status = 'published', retry_count = ?1, unproven = FALSE, \
    published_at = ?2, log_id = ?3, updated_at = ?2, claimed_by = NULL, claimed_at = NULL, lease_expires_at = NULL, \
    execution_id = NULL, looked_up = 0 \
    WHERE id = ?4 AND claimed_by = ?5 AND attempt = ?6 AND status = 'publishing' \
      AND look_up_at IS NULL AND check_at IS NULL AND submitted_at IS NULL AND pushed_from IS NULL";
const SQLITE_LOG: &str = "INSERT INTO publish_logs (id, pool_id, content_id, revision, account_id, execution_id, \
    attempt, status, error_code, error_message, media_id, url, retry_at, started_at, finished_at, on_demand) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";
/// Something got through to this account: its address is right.
const SQLITE_REACHED: &str = "UPDATE accounts SET wrong_address_entry = NULL \
    WHERE id = ?1 AND wrong_address_entry IS NOT NULL";
/// Its platform answered, and had failed before.
const SQLITE_ANSWERED: &str = "SELECT count(*) FROM accounts WHERE id = ?1 AND awaits_answer";
const SQLITE_REMEMBER: &str = "INSERT INTO published_contents (content_id, account_id, first_published_at) \
    VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";

pub(super) fn on_sqlite(conn: &mut SqliteConnection, node: &NodeId, ended: &[Ended]) -> QueryResult<Opened> {
    let mut logged = Logged::with_capacity(ended.len());
    let (mut reached, mut answered) = (BTreeSet::new(), BTreeSet::new());
    let mut counts = BTreeMap::new();
    if ended.is_empty() {
        return Ok(Opened::default());
    }
    let mut last: i64 = statement::<BigInt>(SQLITE_LAST_LOG).get_result(conn)?;
    for one in ended {
        let log = LogId(last + 1);
        if !move_entry(conn, node, one, log)? {
            continue;
        }
        last = log.0;
        write_log(conn, one, log)?;
        let counted = [EntryStatus::Publishing, one.settlement.status].map(pool_counts::counted_as);
        for (counted, entries) in counted.into_iter().zip([-1, 1]) {
            *counts.entry((one.account, counted)).or_insert(0) += entries;
        }
        if one.settlement.status == EntryStatus::Published {
            statement::<()>(SQLITE_REMEMBER)
                .bind::<BigInt, _>(one.content.0)
                .bind::<BigInt, _>(one.account.0)
                .bind::<BigInt, _>(one.finished_at.micros())
                .execute(conn)?;
            reached.insert(one.account);
        }
        if one.settlement.sign == Sign::Answered {
            answered.insert(one.account);
        }
        logged.insert(one.attempt, log);
    }
    for ((account, counted), entries) in counts.into_iter().filter(|(_, entries)| *entries != 0) {
        pool_counts::more_on_sqlite(conn, account, counted, entries)?;
    }
    for account in reached {
        statement::<()>(SQLITE_REACHED).bind::<BigInt, _>(account.0).execute(conn)?;
    }
    let mut waited_for = Vec::new();
    for account in answered {
        let waited: i64 =
            statement::<BigInt>(SQLITE_ANSWERED).bind::<BigInt, _>(account.0).get_result(conn)?;
        waited_for.extend((waited > 0).then_some(account));
    }
    Ok(Opened { logged, answered: waited_for, ..Opened::default() })
}

/// A question as the entry's row keeps it. While a look-up is to come, the entry is held: no claim sees it.
#[derive(Debug, Clone, Copy, Default)]
struct QuestionColumns {
    look_up_at: Option<i64>,
    looked_up: i32,
    check_at: Option<i64>,
    submitted_at: Option<i64>,
}

impl QuestionColumns {
    fn of(question: Option<Question>) -> Self {
        match question {
            None => QuestionColumns::default(),
            Some(Question::LookUp { at, found_nothing }) => QuestionColumns {
                look_up_at: Some(at.micros()),
                looked_up: found_nothing,
                ..QuestionColumns::default()
            },
            Some(Question::Ask { at, since }) => QuestionColumns {
                check_at: Some(at.micros()),
                submitted_at: Some(since.micros()),
                ..QuestionColumns::default()
            },
        }
    }
}

fn move_entry(conn: &mut SqliteConnection, node: &NodeId, one: &Ended, log: LogId) -> QueryResult<bool> {
    let what = &one.settlement;
    if is_plain(what) && publish_plainly(conn, node, one, log)? {
        return Ok(true);
    }
    let asked = QuestionColumns::of(what.question);
    let finished_at = one.finished_at.micros();
    let moved = statement::<()>(SQLITE_MOVE)
        .bind::<Text, _>(what.status.as_str())
        .bind::<Nullable<BigInt>, _>(what.due_at.map(|at| at.micros()))
        .bind::<Integer, _>(what.retry_count)
        .bind::<Bool, _>(what.unproven)
        .bind::<Nullable<BigInt>, _>((what.status == EntryStatus::Published).then_some(finished_at))
        .bind::<BigInt, _>(log.0)
        .bind::<BigInt, _>(finished_at)
        .bind::<BigInt, _>(one.attempt.entry.0)
        .bind::<Text, _>(node.0.as_str())
        .bind::<Integer, _>(one.attempt.number)
        .bind::<Nullable<BigInt>, _>(asked.look_up_at)
        .bind::<Integer, _>(asked.looked_up)
        .bind::<Nullable<BigInt>, _>(asked.check_at)
        .bind::<Nullable<BigInt>, _>(asked.submitted_at)
        .bind::<Bool, _>(what.put_off)
        .execute(conn)?;
    Ok(moved == 1)
}

/// It is out, and nothing is left to be asked or done.
fn is_plain(what: &Settlement) -> bool {
    what.status == EntryStatus::Published
        && what.due_at.is_none()
        && what.question.is_none()
        && !what.unproven
        && !what.put_off
}

/// False where it is not ours, or where there is more to undo.
fn publish_plainly(conn: &mut SqliteConnection, node: &NodeId, one: &Ended, log: LogId) -> QueryResult<bool> {
    let moved = statement::<()>(SQLITE_PUBLISHED)
        .bind::<Integer, _>(one.settlement.retry_count)
        .bind::<BigInt, _>(one.finished_at.micros())
        .bind::<BigInt, _>(log.0)
        .bind::<BigInt, _>(one.attempt.entry.0)
        .bind::<Text, _>(node.0.as_str())
        .bind::<Integer, _>(one.attempt.number)
        .execute(conn)?;
    Ok(moved == 1)
}

fn write_log(conn: &mut SqliteConnection, one: &Ended, log: LogId) -> QueryResult<()> {
    let what = &one.settlement;
    statement::<()>(SQLITE_LOG)
        .bind::<BigInt, _>(log.0)
        .bind::<BigInt, _>(one.attempt.entry.0)
        .bind::<BigInt, _>(one.content.0)
        .bind::<Integer, _>(one.revision)
        .bind::<BigInt, _>(one.account.0)
        .bind::<Nullable<BigInt>, _>(one.execution.map(|id| id.0))
        .bind::<Integer, _>(one.attempt.number)
        .bind::<Text, _>(what.log.as_str())
        .bind::<Nullable<Text>, _>(what.problem.as_ref().map(|problem| problem.code.as_str()))
        .bind::<Nullable<Text>, _>(what.error_message())
        .bind::<Nullable<Text>, _>(what.receipt.media_id.as_deref())
        .bind::<Nullable<Text>, _>(what.receipt.url.as_deref())
        .bind::<Nullable<BigInt>, _>(what.retry_at().map(|at| at.micros()))
        .bind::<BigInt, _>(one.started_at.micros())
        .bind::<BigInt, _>(one.finished_at.micros())
        .bind::<Bool, _>(one.on_demand)
        .execute(conn)?;
    Ok(())
}

/// One statement for all that a cycle begins with, because each round trip costs as much as a dozen rows. Moving the
/// entries is the fence, and what it moved is logged and remembered; the lanes with something due are locked, and with
/// them, the open runs, the next question and what time will do the cycle goes on (kind: 1 moved, 2 lane, 3 run,
/// 4 question, 5 a lane whose platform answered and had failed before, 6 the next too late or past its slot, also of those
/// that were just moved, 7 a lane whose platform is away, 8 a run of a part, 9 somebody wants something out now).
const POSTGRES_OPENING: &str = concat!(
    "WITH moved AS ( \
      UPDATE publish_pool AS p SET status = e.status, due_at = coalesce(e.due_at, p.due_at), \
        retry_count = e.retry_count, unproven = e.unproven, \
        published_at = CASE e.status WHEN 'published' THEN e.finished_at END, \
        pushed_from = CASE WHEN e.put_off THEN coalesce(p.pushed_from, p.due_at) END, \
        late_at = CASE WHEN e.status = 'pending' THEN ",
    late_from!("greatest", "p"),
    " ELSE p.late_at END, \
        log_id = nextval('publish_logs_id_seq'), updated_at = e.finished_at, \
        claimed_by = NULL, claimed_at = NULL, lease_expires_at = NULL, execution_id = NULL, \
        held = CASE WHEN e.look_up_at IS NOT NULL THEN TRUE WHEN e.unproven THEN FALSE \
          WHEN p.look_up_at IS NULL THEN p.held \
          ELSE ((SELECT c.review_status <> 'approved' FROM contents AS c WHERE c.id = p.content_id) OR ",
    unapproved_extra!("p.id"),
    ") END, \
        look_up_at = e.look_up_at, looked_up = e.looked_up, check_at = e.check_at, submitted_at = e.submitted_at \
      FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $19, $20, $21, $22, $23, $24, $25, $26) \
        AS e (pool_id, number, status, due_at, retry_count, unproven, execution_id, log_status, error_code, \
              error_message, media_id, url, started_at, finished_at, retry_at, look_up_at, looked_up, check_at, \
              submitted_at, put_off, answered, on_demand) \
      WHERE p.id = e.pool_id AND p.claimed_by = $1 AND p.attempt = e.number \
        AND CASE p.status WHEN 'publishing' THEN TRUE ELSE FALSE END \
      RETURNING p.content_id, p.revision, p.account_id, p.log_id, p.late_at, e.*), \
    logged AS ( \
      INSERT INTO publish_logs (id, pool_id, content_id, revision, account_id, execution_id, attempt, status, \
        error_code, error_message, media_id, url, retry_at, started_at, finished_at, on_demand) \
      SELECT log_id, pool_id, content_id, revision, account_id, execution_id, number, log_status, error_code, \
        error_message, media_id, url, retry_at, started_at, finished_at, on_demand \
      FROM moved), \
    remembered AS ( \
      INSERT INTO published_contents (content_id, account_id, first_published_at) \
      SELECT content_id, account_id, finished_at FROM moved WHERE status = 'published' ON CONFLICT DO NOTHING), \
    counted AS ( \
      INSERT INTO pool_counts (account_id, status, entries) SELECT m.account_id, c.counted, sum(c.entries) \
      FROM moved AS m CROSS JOIN LATERAL (VALUES ('open', -1), (m.status, 1)) AS c (counted, entries) \
      WHERE m.status <> 'pending' AND m.status <> 'publishing' GROUP BY 1, 2), \
    reached AS ( \
      UPDATE accounts SET wrong_address_entry = NULL WHERE wrong_address_entry IS NOT NULL \
        AND id IN (SELECT account_id FROM moved WHERE status = 'published')), \
    with_work AS MATERIALIZED ( \
      SELECT a.id, a.concurrency, a.version, a.gated FROM accounts AS a \
      WHERE $16 AND a.enabled AND a.opens_at <= $17 AND (a.suspended_reason IS NULL OR a.suspended_until <= $17) \
        AND ($18 OR a.credentials IS NULL) \
        AND (SELECT 1 FROM publish_pool AS p WHERE p.account_id = a.id AND p.status = 'pending' AND NOT p.held \
          AND p.due_at <= $17 LIMIT 1) = 1 \
      ORDER BY a.id FOR NO KEY UPDATE OF a) \
    SELECT 1, pool_id, number::bigint, log_id, NULL::text, NULL::boolean FROM moved \
    UNION ALL SELECT 2, id, concurrency::bigint, version, NULL, gated FROM with_work \
    UNION ALL SELECT CASE params WHEN '{}' THEN 3 ELSE 8 END, id, task_id, started_at, rule, claiming FROM executions \
      WHERE $16 AND status = 'running' AND task_type = 'publishing' \
    UNION ALL SELECT 4, 0::bigint, 0::bigint, at, NULL, NULL FROM ( \
      SELECT min(greatest(coalesce(p.look_up_at, p.check_at), coalesce(a.suspended_until, 0))) AS at \
      FROM publish_pool AS p JOIN accounts AS a ON a.id = p.account_id \
      WHERE (p.look_up_at IS NOT NULL OR p.check_at IS NOT NULL) AND p.claimed_by IS NULL AND a.enabled \
        AND (a.suspended_reason IS NULL OR a.suspended_until IS NOT NULL) AND ($18 OR a.credentials IS NULL) \
      ) AS next WHERE $16 AND at IS NOT NULL \
    UNION ALL SELECT DISTINCT 5, a.id, 0::bigint, 0::bigint, NULL, NULL::boolean FROM moved \
      JOIN accounts AS a ON a.id = moved.account_id WHERE moved.answered AND a.awaits_answer \
    UNION ALL SELECT 6, 0::bigint, 0::bigint, at, NULL, NULL FROM (SELECT least( \
      (SELECT min(late_at) FROM moved WHERE status = 'pending' AND look_up_at IS NULL), \
      (SELECT p.late_at FROM publish_pool AS p WHERE p.status = 'pending' AND p.late_at IS NOT NULL \
        AND p.look_up_at IS NULL ORDER BY p.late_at LIMIT 1), \
      (SELECT min(miss_at) FROM slot_watches WHERE miss_at IS NOT NULL)) AS at) AS late WHERE $16 AND at IS NOT NULL \
    UNION ALL SELECT 9, 0::bigint, 0::bigint, 0::bigint, NULL, NULL \
      WHERE $16 AND EXISTS (SELECT 1 FROM publish_demands) \
    UNION ALL SELECT 7, l.account_id, a.give_up_after_seconds::bigint, l.tripped_at, NULL, NULL \
      FROM lanes AS l JOIN accounts AS a ON a.id = l.account_id WHERE $16 AND l.tripped_at IS NOT NULL"
);

type OpeningColumns = (Integer, BigInt, BigInt, BigInt, Nullable<Text>, Nullable<Bool>);
type OpeningRow = (i32, i64, i64, i64, Option<RunRule>, Option<bool>);

/// What came of the opening.
#[derive(Default)]
pub(super) struct Opened {
    pub logged: Logged,
    pub lanes: Vec<Lane>,
    pub open: Vec<OpenExecution>,
    /// When a platform is to be asked something next; without what this very statement has written.
    pub next_question: Option<Timestamp>,
    /// Lanes whose platform answered, and had failed before.
    pub answered: Vec<AccountId>,
    pub ahead: Ahead,
    /// There are entries that a person wants out now.
    pub has_demands: bool,
}

/// Settles, and where `look` says for when and with which key, looks for lanes and runs.
pub(super) fn on_postgres(
    conn: &mut PgConnection,
    node: &NodeId,
    ended: &[Ended],
    look: Option<Look>,
) -> QueryResult<Opened> {
    fn column<'a, T>(ended: &'a [Ended], field: impl Fn(&'a Ended) -> T) -> Vec<T> {
        ended.iter().map(field).collect()
    }
    fn problem(one: &Ended) -> Option<&Problem> {
        one.settlement.problem.as_ref()
    }
    fn asked(one: &Ended) -> QuestionColumns {
        QuestionColumns::of(one.settlement.question)
    }
    let now = look.map_or(Timestamp::MIN, |look| look.now);
    let can_decrypt = look.is_some_and(|look| look.can_decrypt);
    let rows: Vec<OpeningRow> = statement::<OpeningColumns>(POSTGRES_OPENING)
        .bind::<Text, _>(node.0.as_str())
        .bind::<Array<BigInt>, _>(column(ended, |one| one.attempt.entry.0))
        .bind::<Array<Integer>, _>(column(ended, |one| one.attempt.number))
        .bind::<Array<Text>, _>(column(ended, |one| one.settlement.status.as_str()))
        .bind::<Array<Nullable<BigInt>>, _>(column(ended, |one| one.settlement.due_at.map(|at| at.micros())))
        .bind::<Array<Integer>, _>(column(ended, |one| one.settlement.retry_count))
        .bind::<Array<Bool>, _>(column(ended, |one| one.settlement.unproven))
        .bind::<Array<Nullable<BigInt>>, _>(column(ended, |one| one.execution.map(|id| id.0)))
        .bind::<Array<Text>, _>(column(ended, |one| one.settlement.log.as_str()))
        .bind::<Array<Nullable<Text>>, _>(column(ended, |one| Some(problem(one)?.code.as_str())))
        .bind::<Array<Nullable<Text>>, _>(column(ended, |one| one.settlement.error_message()))
        .bind::<Array<Nullable<Text>>, _>(column(ended, |one| one.settlement.receipt.media_id.as_deref()))
        .bind::<Array<Nullable<Text>>, _>(column(ended, |one| one.settlement.receipt.url.as_deref()))
        .bind::<Array<BigInt>, _>(column(ended, |one| one.started_at.micros()))
        .bind::<Array<BigInt>, _>(column(ended, |one| one.finished_at.micros()))
        .bind::<Bool, _>(look.is_some())
        .bind::<BigInt, _>(now.micros())
        .bind::<Bool, _>(can_decrypt)
        .bind::<Array<Nullable<BigInt>>, _>(column(ended, |one| Some(one.settlement.retry_at()?.micros())))
        .bind::<Array<Nullable<BigInt>>, _>(column(ended, |one| asked(one).look_up_at))
        .bind::<Array<Integer>, _>(column(ended, |one| asked(one).looked_up))
        .bind::<Array<Nullable<BigInt>>, _>(column(ended, |one| asked(one).check_at))
        .bind::<Array<Nullable<BigInt>>, _>(column(ended, |one| asked(one).submitted_at))
        .bind::<Array<Bool>, _>(column(ended, |one| one.settlement.put_off))
        .bind::<Array<Bool>, _>(column(ended, |one| one.settlement.sign == Sign::Answered))
        .bind::<Array<Bool>, _>(column(ended, |one| one.on_demand))
        .load(conn)?;
    let Opened {
        mut logged,
        mut lanes,
        mut open,
        mut next_question,
        mut answered,
        mut ahead,
        mut has_demands,
    } = Opened::default();
    for row in rows {
        match row {
            (1, entry, number, log, ..) => {
                let number = i32::try_from(number).unwrap_or(0);
                logged.insert(AttemptId { entry: EntryId(entry), number }, LogId(log));
            }
            (2, id, concurrency, version, _, is_gated) => lanes.push(Lane {
                account: AccountId(id),
                concurrency: i32::try_from(concurrency).unwrap_or(0),
                version,
                is_gated: is_gated.unwrap_or(false),
                gated: None,
            }),
            (9, ..) => has_demands = true,
            (5, id, ..) => answered.push(AccountId(id)),
            (4, _, _, at, ..) => next_question = Some(Timestamp::from_micros(at)),
            (6, _, _, at, ..) => ahead.next_late = Some(Timestamp::from_micros(at)),
            (7, id, patience, since, ..) => ahead.away.push(Away::of(id, since, patience)),
            (kind, id, task, started_at, Some(rule), Some(claiming)) => open.push(OpenExecution {
                id: ExecutionId(id),
                task: TaskId(task),
                rule,
                started_at: Timestamp::from_micros(started_at),
                claiming,
                in_part: kind == 8,
            }),
            (_, _, _, _, _, _) => {}
        }
    }
    open.sort_by_key(|execution| (execution.rule, execution.id));
    Ok(Opened { logged, lanes, open, next_question, answered, ahead, has_demands })
}
