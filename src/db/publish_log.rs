//! The publish log: one row per attempt, never changed.

use super::connection::{DbConnection, DbError};
use super::schema::publish_logs::dsl;
use super::schema::publish_pool::dsl as pool;
use crate::domain::clock::Timestamp;
use crate::domain::entry::EntryStatus;
use crate::domain::ids::*;
use crate::domain::kept::message::KeptMessage;
use crate::domain::lateness::{GAVE_UP, TOO_LATE};
use crate::domain::report::{EntryResult, ResultStatus, Tally};
use crate::domain::scope::Scope;
use crate::domain::settlement::LogStatus;
use diesel::dsl::{exists, sql};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = super::schema::publish_logs)]
pub struct LogRow {
    pub id: LogId,
    pub pool_id: EntryId,
    pub content_id: ContentId,
    pub revision: i32,
    pub account_id: AccountId,
    pub execution_id: Option<ExecutionId>,
    pub attempt: i32,
    pub status: LogStatus,
    pub error_code: Option<String>,
    pub error_message: Option<String>,
    pub media_id: Option<String>,
    pub url: Option<String>,
    pub retry_at: Option<Timestamp>,
    /// Who said so, where a person did.
    pub said_by: Option<String>,
    pub started_at: Timestamp,
    pub finished_at: Timestamp,
    /// A try without a run, because a person wanted it out now.
    pub on_demand: bool,
}

/// Which rows a list shows; what is none is not asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    pub content: Option<ContentId>,
    pub account: Option<AccountId>,
    pub entry: Option<EntryId>,
    pub execution: Option<ExecutionId>,
    pub task: Option<TaskId>,
    pub status: Option<LogStatus>,
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
    /// Of these accounts alone.
    pub within: Scope,
}

impl Filter {
    /// Whether it asks for what there is little of: its index is taken, and nothing beside it.
    fn is_narrow(&self) -> bool {
        self.entry.is_some() || self.execution.is_some() || self.content.is_some()
    }

    fn has_a_time(&self) -> bool {
        self.from.is_some() || self.to.is_some()
    }
}

/// Written out, so that the partial indexes of what is not out serve it.
const NOT_OUT: &str = "publish_logs.status <> 'published'";

/// All but account and status, which [`list`] asks for in its own way.
macro_rules! filtered {
    ($query:expr, $filter:expr) => {{
        let mut query = $query.into_boxed();
        if let Some(content) = $filter.content {
            query = query.filter(dsl::content_id.eq(content.0));
        }
        if let Some(accounts) = $filter.within.accounts() {
            query = query.filter(dsl::account_id.eq_any(accounts.iter().map(|it| it.0).collect::<Vec<_>>()));
        }
        if let Some(entry) = $filter.entry {
            query = query.filter(dsl::pool_id.eq(entry.0));
        }
        if let Some(execution) = $filter.execution {
            query = query.filter(dsl::execution_id.eq(execution.0));
        }
        if let Some(task) = $filter.task {
            use super::schema::executions;
            let runs =
                executions::table.filter(executions::task_id.eq(task.0)).select(executions::id.nullable());
            query = query.filter(dsl::execution_id.eq_any(runs));
        }
        // Beside what is narrow the literal would only lead away from its index.
        if !$filter.is_narrow() && $filter.status.is_some_and(|status| status != LogStatus::Published) {
            query = query.filter(sql::<Bool>(NOT_OUT));
        }
        if let Some(from) = $filter.from {
            query = query.filter(dsl::finished_at.ge(from.micros()));
        }
        if let Some(to) = $filter.to {
            query = query.filter(dsl::finished_at.lt(to.micros()));
        }
        query
    }};
}

pub fn get(conn: &mut DbConnection, id: LogId) -> Result<Option<LogRow>, DbError> {
    Ok(dsl::publish_logs.filter(dsl::id.eq(id.0)).first(conn).optional()?)
}

/// Newest first, with how many there are in all: by when they ended where a time is asked for, else as they were written.
///
/// What is asked for is read off the index that begins with it, as in [`executions::list`](super::executions::list). What
/// is beside it is a span of one, so that SQLite does not take its index instead.
pub fn list(
    conn: &mut DbConnection,
    filter: &Filter,
    limit: i64,
    offset: i64,
) -> Result<(Vec<LogRow>, i64), DbError> {
    let is_postgres = matches!(conn, DbConnection::Postgres(_));
    let is_beside = filter.is_narrow() || filter.has_a_time();
    let mut items = filtered!(dsl::publish_logs, filter);
    let mut total = filtered!(dsl::publish_logs.count(), filter);
    macro_rules! ask {
        ($column:expr, $value:expr, $is_beside:expr) => {
            items = match ($is_beside, is_postgres) {
                (true, _) => items.filter($column.between($value, $value)),
                (false, true) => items.filter($column.between($value, $value)).then_order_by($column.desc()),
                (false, false) => items.filter($column.eq($value)),
            };
            total = match $is_beside {
                true => total.filter($column.between($value, $value)),
                false => total.filter($column.eq($value)),
            };
        };
    }
    if let Some(account) = filter.account {
        ask!(dsl::account_id, account.0, is_beside);
    }
    if let Some(status) = filter.status.filter(|_| filter.is_narrow()) {
        // PostgreSQL would find by itself that it is not out.
        const STATUS: &str = "coalesce(publish_logs.status, '')";
        items = items.filter(sql::<Text>(STATUS).eq(status.as_str()));
        total = total.filter(sql::<Text>(STATUS).eq(status.as_str()));
    } else if let Some(status) = filter.status {
        // What is out is most of all there is, and has no index.
        ask!(dsl::status, status.as_str(), is_beside || status == LogStatus::Published);
    }
    if filter.has_a_time() {
        items = items.then_order_by(dsl::finished_at.desc());
    }
    Ok((items.then_order_by(dsl::id.desc()).limit(limit).offset(offset).load(conn)?, total.get_result(conn)?))
}

/// The newest revision of a content that is known to be out on an account.
pub fn published_revision(
    conn: &mut DbConnection,
    content: ContentId,
    account: AccountId,
) -> Result<Option<i32>, DbError> {
    Ok(dsl::publish_logs
        .filter(dsl::content_id.eq(content.0))
        .filter(dsl::account_id.eq(account.0))
        .filter(dsl::status.eq(LogStatus::Published.as_str()))
        .select(diesel::dsl::max(dsl::revision))
        .first(conn)?)
}

/// What a person said of an entry: a row like an attempt's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saying<'a> {
    pub entry: EntryId,
    pub content: ContentId,
    pub revision: i32,
    pub account: AccountId,
    /// One more than the last attempt: numbers are never used twice.
    pub attempt: i32,
    pub status: LogStatus,
    /// A code and a sentence; none where it is out.
    pub problem: Option<(&'a str, KeptMessage)>,
    pub media_id: Option<&'a str>,
    pub url: Option<&'a str>,
    pub said_by: &'a str,
}

pub fn insert_saying(conn: &mut DbConnection, saying: &Saying<'_>, now: Timestamp) -> Result<LogId, DbError> {
    Ok(diesel::insert_into(dsl::publish_logs)
        .values((
            dsl::pool_id.eq(saying.entry.0),
            dsl::content_id.eq(saying.content.0),
            dsl::revision.eq(saying.revision),
            dsl::account_id.eq(saying.account.0),
            dsl::attempt.eq(saying.attempt),
            dsl::status.eq(saying.status.as_str()),
            dsl::error_code.eq(saying.problem.as_ref().map(|(code, _)| *code)),
            dsl::error_message.eq(saying.problem.as_ref().map(|(_, message)| message.to_string())),
            dsl::media_id.eq(saying.media_id),
            dsl::url.eq(saying.url),
            dsl::said_by.eq(saying.said_by),
            dsl::started_at.eq(now.micros()),
            dsl::finished_at.eq(now.micros()),
        ))
        .returning(dsl::id)
        .get_result(conn)?)
}

/// For the transaction that writes this row, and none after it: its attempt has shown something of the account, so that
/// there is more to say, and no time for the next try.
pub(super) fn reword(conn: &mut DbConnection, log: LogId, message: &str) -> Result<(), DbError> {
    diesel::update(dsl::publish_logs.filter(dsl::id.eq(log.0)))
        .set((dsl::error_message.eq(message), dsl::retry_at.eq(None::<i64>)))
        .execute(conn)?;
    Ok(())
}

/// When the attempt before this one ended that was sent, if there was one.
pub fn last_try_before(conn: &mut DbConnection, attempt: AttemptId) -> Result<Option<Timestamp>, DbError> {
    Ok(dsl::publish_logs
        .filter(dsl::pool_id.eq(attempt.entry.0))
        .filter(dsl::attempt.lt(attempt.number))
        .filter(dsl::status.ne(LogStatus::NotSent.as_str()))
        // What was not out in time ended without a try.
        .filter(dsl::error_code.is_null().or(dsl::error_code.assume_not_null().ne_all([TOO_LATE, GAVE_UP])))
        .order(dsl::attempt.desc())
        .select(dsl::finished_at)
        .first(conn)
        .optional()?)
}

/// How many entries of an account have gone out since, or may have and are on their way no more: uncertain ones, and those
/// that are to be repeated.
pub fn sent_since(conn: &mut DbConnection, account: AccountId, since: Timestamp) -> Result<i64, DbError> {
    const ENTRIES: &str = "count(DISTINCT pool_id)";
    let in_doubt = pool::publish_pool
        .filter(pool::id.eq(dsl::pool_id))
        .filter(pool::unproven)
        .filter(pool::status.ne(EntryStatus::Publishing.as_str()));
    let may_be_out = dsl::status.ne(LogStatus::NotSent.as_str()).and(exists(in_doubt));
    let rows = dsl::publish_logs
        .filter(dsl::account_id.eq(account.0))
        .filter(dsl::finished_at.ge(since.micros()))
        .filter(dsl::status.eq(LogStatus::Published.as_str()).or(may_be_out));
    Ok(rows.select(sql::<BigInt>(ENTRIES)).first(conn)?)
}

/// How many attempts of an entry were no word of a person's, and no claim that sent nothing.
pub fn tries_of(conn: &mut DbConnection, entry: EntryId) -> Result<i64, DbError> {
    Ok(dsl::publish_logs
        .filter(dsl::pool_id.eq(entry.0))
        .filter(dsl::status.ne(LogStatus::NotSent.as_str()))
        .filter(dsl::said_by.is_null())
        .count()
        .get_result(conn)?)
}

/// When the last attempt of an execution ended.
pub fn last_end_of(conn: &mut DbConnection, execution: ExecutionId) -> Result<Option<Timestamp>, DbError> {
    Ok(dsl::publish_logs
        .filter(dsl::execution_id.eq(execution.0))
        .select(dsl::finished_at)
        .order(dsl::id.desc())
        .first(conn)
        .optional()?)
}

/// How the attempts of an execution ended, and how many are on the wire still.
pub fn tally(conn: &mut DbConnection, execution: ExecutionId) -> Result<Tally, DbError> {
    let counts: Vec<(LogStatus, i64)> = dsl::publish_logs
        .filter(dsl::execution_id.eq(execution.0))
        .group_by(dsl::status)
        .select((dsl::status, diesel::dsl::count_star()))
        .load(conn)?;
    let mut tally = Tally::default();
    for (status, count) in counts {
        match status {
            LogStatus::Published => tally.published += count,
            LogStatus::Failed | LogStatus::Error => tally.failed += count,
            LogStatus::Uncertain => tally.uncertain += count,
            LogStatus::Submitted => tally.in_progress += count,
            LogStatus::NotSent => {}
        }
    }
    tally.in_progress += super::leases::in_flight_of(conn, execution)?;
    Ok(tally)
}

/// The results of an execution in the order in which they came, from `offset`.
pub fn results(
    conn: &mut DbConnection,
    execution: ExecutionId,
    limit: i64,
    offset: i64,
) -> Result<Vec<EntryResult>, DbError> {
    let rows: Vec<LogRow> = dsl::publish_logs
        .filter(dsl::execution_id.eq(execution.0))
        .filter(dsl::status.ne(LogStatus::NotSent.as_str()))
        .order(dsl::id)
        .limit(limit)
        .offset(offset)
        .load(conn)?;
    let ended = rows.len();
    let mut results: Vec<EntryResult> = rows.into_iter().filter_map(result).collect();
    let room = usize::try_from(limit).unwrap_or(0).saturating_sub(ended);
    if offset == 0 && room > 0 {
        results.extend(on_the_wire(conn, execution, i64::try_from(room).unwrap_or(0))?);
    }
    Ok(results)
}

/// How many entries of an account are due at `now` although this execution has tried them.
pub fn due_though_tried(
    conn: &mut DbConnection,
    account: AccountId,
    execution: ExecutionId,
    now: Timestamp,
) -> Result<i64, DbError> {
    use super::schema::publish_pool::dsl as pool;
    // From the run's own rows: there may be many more entries that wait behind the same lane.
    Ok(dsl::publish_logs
        .inner_join(pool::publish_pool.on(pool::id.eq(dsl::pool_id)))
        .filter(dsl::execution_id.eq(execution.0))
        .filter(dsl::account_id.eq(account.0))
        .filter(dsl::status.ne(LogStatus::NotSent.as_str()))
        .filter(pool::status.eq(EntryStatus::Pending.as_str()))
        .filter(pool::held.eq(false))
        .filter(pool::due_at.le(now.micros()))
        .count()
        .get_result(conn)?)
}

fn on_the_wire(
    conn: &mut DbConnection,
    execution: ExecutionId,
    limit: i64,
) -> Result<Vec<EntryResult>, DbError> {
    let rows = super::leases::entries_of(conn, execution, limit)?;
    let publishing = |(pool_id, content_id, account_id)| EntryResult {
        pool_id,
        content_id,
        account_id,
        status: ResultStatus::Publishing,
        log_id: None,
        media_id: None,
        url: None,
        error: None,
        retry_at: None,
    };
    Ok(rows.into_iter().map(publishing).collect())
}

fn result(row: LogRow) -> Option<EntryResult> {
    let status = match row.status {
        LogStatus::Published => ResultStatus::Published,
        LogStatus::Failed => ResultStatus::Failed,
        LogStatus::Error => ResultStatus::Error,
        LogStatus::Uncertain => ResultStatus::Uncertain,
        LogStatus::Submitted => ResultStatus::Publishing,
        LogStatus::NotSent => return None,
    };
    Some(EntryResult {
        pool_id: row.pool_id,
        content_id: row.content_id,
        account_id: row.account_id,
        status,
        log_id: Some(row.id),
        media_id: row.media_id,
        url: row.url,
        error: row.error_message,
        retry_at: row.retry_at,
    })
}
