//! All that says why an entry stands where it stands: read in milliseconds however much waits, because nothing is
//! counted further than a person cares for.

use super::accounts::{self, AccountRow};
use super::connection::{DbConnection, DbError};
use super::database_url::DatabaseUrl;
use super::entries::{self, EntryRow};
use super::publish_log::{self, LogRow};
use super::schema::{content_revisions, contents, publish_pool, scheduled_tasks};
use super::statement::statement;
use super::status::{self, SeenNodes};
use super::{extras, lanes};
use crate::domain::clock::Timestamp;
use crate::domain::content::ReviewStatus;
use crate::domain::gates::{Rules, State};
use crate::domain::ids::*;
use crate::domain::priority::Priority;
use crate::domain::schedule::ScheduleType;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Text};
use std::time::Duration;

/// No more entries are counted that stand before one.
pub const COUNTED_MAX: i64 = 1000;
/// No more attempts are read, the newest of them.
pub const ATTEMPTS_MAX: i64 = 20;
/// No more tasks are looked through for one that publishes an account.
const TASKS_MAX: i64 = 1000;

/// What was read of one entry, all of it of one state of the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    pub at: Timestamp,
    pub row: EntryRow,
    pub account: AccountRow,
    pub rules: Rules,
    pub state: State,
    /// What its lane has on the wire.
    pub busy: i32,
    pub title: String,
    /// The content's newest revision.
    pub revision: i32,
    pub review_status: ReviewStatus,
    /// The first of the contents beside it that is not approved.
    pub unapproved_extra: Option<(ContentId, i32, ReviewStatus)>,
    /// More urgent entries of its lane that are due, or will be when it is; none is counted beyond [`COUNTED_MAX`].
    pub before: i64,
    /// Newest first, no more than [`ATTEMPTS_MAX`].
    pub attempts: Vec<LogRow>,
    pub attempts_total: i64,
    /// How many of all of them were sent, or may have been, or asked its platform.
    pub tries: i64,
    /// Who holds it, and since when.
    pub claimed: (Option<NodeId>, Option<Timestamp>),
    /// Enabled tasks that publish its account: first those that fire when something is due, then by their next run.
    pub tasks: Vec<PublishingTask>,
    /// One that would publish it, and is disabled.
    pub disabled_task: Option<PublishingTask>,
    pub can_decrypt: bool,
    pub seen: SeenNodes,
}

/// A task, as far as it matters for publishing one entry.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct PublishingTask {
    pub id: TaskId,
    pub name: String,
    pub schedule_type: ScheduleType,
    pub next_run: Option<Timestamp>,
    params: String,
}

impl PublishingTask {
    /// Whether it publishes entries of this account and priority: its parameters may leave some out.
    fn covers(&self, account: AccountId, priority: Priority) -> bool {
        // One that cannot be read runs for nobody.
        let scope = super::executions::read_scope(&self.params);
        scope.is_ok_and(|scope| scope.covers(account) && scope.takes(priority))
    }
}

impl Facts {
    /// Finds out which nodes live. Blocks on the file system.
    pub fn find_the_living(mut self, database: &DatabaseUrl) -> Result<Self, DbError> {
        self.seen = self.seen.find_the_living(database)?;
        Ok(self)
    }

    /// The content that is to be approved first, where the entry is held back.
    pub fn unapproved_content(&self) -> ContentId {
        match (self.review_status, self.unapproved_extra) {
            (ReviewStatus::Approved, Some((extra, ..))) => extra,
            (_, _) => self.row.content_id,
        }
    }

    /// What keeps all servers from publishing whatever is due, where something does.
    pub fn hold(&self) -> Option<&str> {
        status::hold_of_all(&self.seen.nodes)
    }

    /// Whether a server runs that fires tasks.
    pub fn has_server(&self) -> bool {
        status::servers(&self.seen.nodes).next().is_some()
    }
}

/// None where there is no such entry. The caller reads in a snapshot.
pub fn read(
    conn: &mut DbConnection,
    id: EntryId,
    can_decrypt: bool,
    platform_pause: Duration,
    now: Timestamp,
) -> Result<Option<Facts>, DbError> {
    let Some(row) = entries::get(conn, id)? else { return Ok(None) };
    let Some(account) = accounts::get(conn, row.account_id)? else { return Ok(None) };
    let (title, revision, review_status) = content(conn, row.content_id)?;
    let (rules, mut state) = lanes::read(row.lane.clone());
    state.mend(now, platform_pause);
    let lane = lanes::in_flight(conn, &[row.account_id])?;
    let log = publish_log::Filter { entry: Some(id), ..publish_log::Filter::default() };
    let (attempts, attempts_total) = publish_log::list(conn, &log, ATTEMPTS_MAX, 0)?;
    let tries = publish_log::tries_of(conn, id)?;
    let claimed = publish_pool::table
        .filter(publish_pool::id.eq(id.0))
        .select((publish_pool::claimed_by, publish_pool::claimed_at))
        .first(conn)?;
    let covers = |task: &PublishingTask| task.covers(row.account_id, row.priority);
    Ok(Some(Facts {
        at: now,
        busy: lane.get(&row.account_id).copied().unwrap_or(0),
        before: before(conn, &row, now)?,
        tasks: tasks(conn, true)?.into_iter().filter(covers).collect(),
        disabled_task: tasks(conn, false)?.into_iter().find(covers),
        seen: SeenNodes::read(conn, now)?,
        row,
        account,
        rules,
        state,
        title,
        revision,
        review_status,
        unapproved_extra: extras::first_unapproved(conn, id)?,
        attempts,
        attempts_total,
        tries,
        claimed,
        can_decrypt,
    }))
}

fn content(conn: &mut DbConnection, id: ContentId) -> Result<(String, i32, ReviewStatus), DbError> {
    let newest = content_revisions::content_id
        .eq(contents::id)
        .and(content_revisions::revision.eq(contents::revision));
    Ok(contents::table
        .inner_join(content_revisions::table.on(newest))
        .filter(contents::id.eq(id.0))
        .select((content_revisions::title, contents::revision, contents::review_status))
        .first(conn)?)
}

/// Level by level, by the index of the claim: what lies in the future is not looked at, and each step ends at the limit.
const SQLITE_BEFORE: &str = "SELECT count(*) FROM (SELECT 1 FROM json_each(?1) AS level CROSS JOIN publish_pool AS p \
      WHERE p.account_id = ?2 AND p.priority = level.value AND p.status = 'pending' AND NOT p.held \
        AND p.due_at <= ?3 \
        AND (p.priority < ?4 OR p.due_at < ?5 OR (p.due_at = ?5 AND p.id < ?6)) LIMIT ?7) AS found";
const POSTGRES_BEFORE: &str = "SELECT count(*) FROM (SELECT 1 FROM \
      unnest(CAST(string_to_array(btrim($1, '[]'), ',') AS INTEGER[])) AS level (value) \
      CROSS JOIN LATERAL (SELECT 1 FROM publish_pool AS p \
        WHERE p.account_id = $2 AND p.priority = level.value AND p.status = 'pending' AND NOT p.held \
          AND p.due_at <= $3 \
          AND (p.priority < $4 OR p.due_at < $5 OR (p.due_at = $5 AND p.id < $6)) LIMIT $7) AS of_level \
      LIMIT $7) AS found";

/// How many of its lane go first, when it is due.
fn before(conn: &mut DbConnection, row: &EntryRow, now: Timestamp) -> Result<i64, DbError> {
    // Of its own level, only what is due before it.
    let levels: Vec<i32> = (Priority::FIRST.get()..=row.priority.get()).collect();
    let asked = statement::<BigInt>(match conn {
        DbConnection::Sqlite(_) => SQLITE_BEFORE,
        DbConnection::Postgres(_) => POSTGRES_BEFORE,
    })
    .bind::<Text, _>(format!("{levels:?}").replace(' ', ""))
    .bind::<BigInt, _>(row.account_id.0)
    .bind::<BigInt, _>(row.due_at.max(now).micros())
    .bind::<Integer, _>(row.priority.get())
    .bind::<BigInt, _>(row.due_at.micros())
    .bind::<BigInt, _>(row.id.0)
    .bind::<BigInt, _>(COUNTED_MAX);
    Ok(match conn {
        DbConnection::Sqlite(inner) => asked.get_result(inner)?,
        DbConnection::Postgres(inner) => asked.get_result(inner)?,
    })
}

/// Tasks that publish; first those that fire when something is due.
fn tasks(conn: &mut DbConnection, enabled: bool) -> Result<Vec<PublishingTask>, DbError> {
    use scheduled_tasks::dsl;
    const ON_DUE_FIRST: &str = "CASE schedule_type WHEN 'on_due' THEN 0 ELSE 1 END";
    Ok(dsl::scheduled_tasks
        .filter(dsl::enabled.eq(enabled))
        .filter(dsl::task_type.eq("publishing"))
        .order((sql::<Integer>(ON_DUE_FIRST), dsl::next_run, dsl::id))
        .limit(TASKS_MAX)
        .select((dsl::id, dsl::name, dsl::schedule_type, dsl::next_run, dsl::params))
        .load(conn)?)
}
