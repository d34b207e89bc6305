//! Entries of the publish pool as people see and change them. Their status is written elsewhere: `claim.rs`,
//! `transitions.rs`.

mod adding;
mod changes;
mod gathered;
mod holders;
mod listing;
mod placing;
mod removing;
mod similar;

pub use adding::*;
pub use changes::*;
pub use holders::{
    Looked, account_of, accounts_of_content, accounts_with_entries, open_accounts_of_content,
    open_of_account, open_of_content,
};
pub use listing::{COUNTED_MAX, EACH_MAX, EXAMINED_MAX, Listed, Window, list};
pub use placing::*;
pub use removing::*;
pub use similar::*;

use super::connection::{DbConnection, DbError};
use super::extras;
use super::lanes::lane_columns;
use super::matching;
use super::schema::{accounts, lanes, publish_logs, publish_pool::dsl, published_contents, slot_watches};
use super::statement::{PrepareOnce, statement};
use crate::domain::clock::Timestamp;
use crate::domain::entry::EntryStatus;
use crate::domain::extras::Extras;
use crate::domain::ids::*;
use crate::domain::priority::Priority;
use crate::domain::question::Question;
use crate::domain::scope::Scope;
use crate::domain::settlement::LogStatus;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};

/// An entry with what its last attempt said and what its lane's gates say.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct EntryRow {
    pub id: EntryId,
    pub content_id: ContentId,
    pub account_id: AccountId,
    pub status: EntryStatus,
    pub priority: Priority,
    pub scheduled_at: Option<Timestamp>,
    pub due_at: Timestamp,
    pub held: bool,
    pub unproven: bool,
    pub retry_count: i32,
    pub max_retries: i32,
    pub attempt: i32,
    pub revision: Option<i32>,
    pub log_id: Option<LogId>,
    pub published_at: Option<Timestamp>,
    pub added_at: Timestamp,
    pub updated_at: Timestamp,
    pub log_status: Option<LogStatus>,
    pub log_error: Option<String>,
    pub media_id: Option<String>,
    pub url: Option<String>,
    pub lane_enabled: bool,
    pub lane_suspended_reason: Option<String>,
    pub lane_suspended_until: Option<Timestamp>,
    pub lane_has_credentials: bool,
    /// What its platform is to be asked.
    pub asked: AskedColumns,
    /// See [`lanes::read`](super::lanes::read).
    pub lane: super::lanes::Columns,
    pub late: LateColumns,
    pub slot: SlotColumns,
    /// What its lane has on the wire; counted only where it matters: the entry could be claimed otherwise.
    pub lane_busy: i64,
    /// All publishing is.
    pub is_paused: bool,
    /// What it publishes beside its own content.
    pub extras: Extras,
}

/// How late it may be, if not as late as its account says; when it is too late; and since when a person wants it anew.
pub type LateColumns = (Option<i32>, Option<Timestamp>, Option<Timestamp>);

/// The slot that it sits in, and the one that it missed before.
pub type SlotColumns = (Option<Timestamp>, Option<Timestamp>);

/// The columns of a question: see `claim::question`.
pub type AskedColumns = (Option<Timestamp>, i32, Option<Timestamp>, Option<Timestamp>);

impl EntryRow {
    pub fn question(&self) -> Option<Question> {
        super::claim::question(self.asked)
    }
}

const LANE_BUSY: &str = "CASE WHEN publish_pool.status = 'pending' AND NOT publish_pool.held THEN ( \
    SELECT count(*) FROM publish_pool AS sent WHERE sent.account_id = publish_pool.account_id \
      AND sent.status = 'publishing' AND sent.claimed_by IS NOT NULL AND sent.look_up_at IS NULL \
      AND sent.check_at IS NULL) ELSE 0 END";

const IS_PAUSED: &str = "coalesce((SELECT meta.value <> '' FROM meta WHERE meta.key = 'paused'), FALSE)";

macro_rules! with_log_and_lane {
    () => {
        dsl::publish_pool
            .left_join(publish_logs::table.on(publish_logs::id.nullable().eq(dsl::log_id)))
            .inner_join(accounts::table.on(accounts::id.eq(dsl::account_id)))
            .left_join(lanes::table.on(lanes::account_id.eq(dsl::account_id)))
            .left_join(slot_watches::table.on(slot_watches::pool_id.eq(dsl::id)))
            .select((
                dsl::id,
                dsl::content_id,
                dsl::account_id,
                dsl::status,
                dsl::priority,
                dsl::scheduled_at,
                dsl::due_at,
                dsl::held,
                dsl::unproven,
                dsl::retry_count,
                dsl::max_retries,
                dsl::attempt,
                dsl::revision,
                dsl::log_id,
                dsl::published_at,
                dsl::added_at,
                dsl::updated_at,
                publish_logs::status.nullable(),
                publish_logs::error_message.nullable(),
                publish_logs::media_id.nullable(),
                publish_logs::url.nullable(),
                accounts::enabled,
                accounts::suspended_reason,
                accounts::suspended_until,
                accounts::credentials.is_not_null(),
                (dsl::look_up_at, dsl::looked_up, dsl::check_at, dsl::submitted_at),
                lane_columns!(),
                (dsl::late_after_seconds, dsl::late_at, dsl::retried_at),
                (dsl::slot_at, slot_watches::missed_slot_at.nullable()),
                diesel::dsl::sql::<BigInt>(LANE_BUSY),
                diesel::dsl::sql::<Bool>(IS_PAUSED),
                diesel::dsl::sql::<Text>(extras::LISTED),
            ))
    };
}

pub fn get(conn: &mut DbConnection, id: EntryId) -> Result<Option<EntryRow>, DbError> {
    Ok(with_log_and_lane!().filter(dsl::id.eq(id.0)).prepared().get_result(conn).optional()?)
}

/// Which entries a list shows; what is none is not asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    pub status: Option<EntryStatus>,
    pub account: Option<AccountId>,
    pub content: Option<ContentId>,
    pub priority: Option<Priority>,
    /// This priority, or a more urgent one.
    pub least_urgent: Option<Priority>,
    /// Pending and due at this instant.
    pub due_at: Option<Timestamp>,
    /// Part of the content's title.
    pub title: Option<String>,
    /// Of these accounts alone.
    pub within: Scope,
}

/// Written out, so that the partial indexes of the claim serve it.
const CLAIMABLE: &str = "publish_pool.status = 'pending' AND NOT publish_pool.held";

macro_rules! filtered {
    ($query:expr, $filter:expr) => {{
        let mut query = $query.into_boxed();
        if let Some(status) = $filter.status {
            query = query.filter(dsl::status.eq(status.as_str()));
        }
        if let Some(account) = $filter.account {
            query = query.filter(dsl::account_id.eq(account.0));
        }
        if let Some(accounts) = $filter.within.accounts() {
            query = query.filter(dsl::account_id.eq_any(accounts.iter().map(|it| it.0).collect::<Vec<_>>()));
        }
        if let Some(content) = $filter.content {
            query = query.filter(dsl::content_id.eq(content.0));
        }
        if let Some(priority) = $filter.priority {
            query = query.filter(dsl::priority.eq(priority.get()));
        }
        if let Some(least) = $filter.least_urgent {
            query = query.filter(dsl::priority.le(least.get()));
        }
        if let Some(now) = $filter.due_at {
            query = query.filter(diesel::dsl::sql::<Bool>(CLAIMABLE)).filter(dsl::due_at.le(now.micros()));
        }
        if let Some(title) = &$filter.title {
            use super::schema::{content_revisions as texts, contents};
            let pattern = matching::part(title);
            let matching = contents::table
                .inner_join(
                    texts::table
                        .on(texts::content_id.eq(contents::id).and(texts::revision.eq(contents::revision))),
                )
                .filter(texts::title.like(pattern).escape(matching::ESCAPE))
                .select(contents::id);
            query = query.filter(dsl::content_id.eq_any(matching));
        }
        query
    }};
}

/// The newest before an entry, however many there are.
fn newest(conn: &mut DbConnection, window: Window) -> Result<Vec<EntryRow>, DbError> {
    Ok(with_log_and_lane!()
        .filter(dsl::id.lt(window.end()))
        .order(dsl::id.desc())
        .limit(window.limit)
        .offset(window.offset)
        .prepared()
        .load(conn)?)
}

/// These, newest first.
fn by_ids(conn: &mut DbConnection, ids: &[EntryId]) -> Result<Vec<EntryRow>, DbError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<i64> = ids.iter().map(|entry| entry.0).collect();
    Ok(with_log_and_lane!().filter(dsl::id.eq_any(ids)).order(dsl::id.desc()).load(conn)?)
}

/// The newest entry of a content on an account, if any.
pub fn newest_of(
    conn: &mut DbConnection,
    content: ContentId,
    account: AccountId,
) -> Result<Option<EntryRow>, DbError> {
    let ids: Vec<EntryId> = dsl::publish_pool
        .filter(dsl::content_id.eq(content.0))
        .filter(dsl::account_id.eq(account.0))
        .select(dsl::id)
        .load(conn)?;
    Ok(match ids.into_iter().max() {
        Some(newest) => get(conn, newest)?,
        None => None,
    })
}

pub(super) fn open_statuses() -> Vec<&'static str> {
    EntryStatus::ALL.iter().filter(|status| status.is_open()).map(|it| it.as_str()).collect()
}

/// As the index of them has it.
macro_rules! open_of {
    ($content:literal, $account:literal) => {
        concat!(
            "SELECT p.id, p.status FROM publish_pool AS p WHERE p.content_id = ",
            $content,
            " AND p.account_id = ",
            $account,
            " AND (p.status = 'pending' OR p.status = 'publishing' OR p.status = 'uncertain') \
              UNION ALL SELECT p.id, p.status FROM extra_contents AS e JOIN publish_pool AS p ON p.id = e.pool_id \
              WHERE e.content_id = ",
            $content,
            " AND p.account_id = ",
            $account,
            " AND (p.status = 'pending' OR p.status = 'publishing' OR p.status = 'uncertain') LIMIT 1"
        )
    };
}
const SQLITE_OPEN: &str = open_of!("?1", "?2");
const POSTGRES_OPEN: &str = open_of!("$1", "$2");

/// The open entry on an account that publishes a content, by itself or beside another one; if any.
pub fn open_entry(
    conn: &mut DbConnection,
    content: ContentId,
    account: AccountId,
) -> Result<Option<(EntryId, EntryStatus)>, DbError> {
    macro_rules! open {
        ($inner:expr, $sql:expr) => {
            statement::<(BigInt, Text)>($sql)
                .bind::<BigInt, _>(content.0)
                .bind::<BigInt, _>(account.0)
                .get_result($inner)
                .optional()?
        };
    }
    Ok(match conn {
        DbConnection::Sqlite(inner) => open!(inner, SQLITE_OPEN),
        DbConnection::Postgres(inner) => open!(inner, POSTGRES_OPEN),
    })
}

/// When a content first went out on an account, if it did.
pub fn first_published(
    conn: &mut DbConnection,
    content: ContentId,
    account: AccountId,
) -> Result<Option<Timestamp>, DbError> {
    Ok(published_contents::table
        .filter(published_contents::content_id.eq(content.0))
        .filter(published_contents::account_id.eq(account.0))
        .select(published_contents::first_published_at)
        .first(conn)
        .optional()?)
}

const REMEMBER: &str = "INSERT INTO published_contents (content_id, account_id, first_published_at) \
    VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";

/// Remembers that a content is out, as `transitions::settle` does for an attempt.
pub fn remember_published(
    conn: &mut DbConnection,
    content: ContentId,
    account: AccountId,
    now: Timestamp,
) -> Result<(), DbError> {
    let remember = statement::<()>(REMEMBER)
        .bind::<BigInt, _>(content.0)
        .bind::<BigInt, _>(account.0)
        .bind::<BigInt, _>(now.micros());
    match conn {
        DbConnection::Sqlite(inner) => remember.execute(inner)?,
        DbConnection::Postgres(inner) => remember.execute(inner)?,
    };
    Ok(())
}

/// How many there are.
pub fn count(conn: &mut DbConnection, filter: &Filter) -> Result<i64, DbError> {
    Ok(filtered!(dsl::publish_pool.select(diesel::dsl::count_star()), filter).first(conn)?)
}

/// Entries that wait, and may be out.
pub fn count_unproven(conn: &mut DbConnection) -> Result<i64, DbError> {
    Ok(dsl::publish_pool
        .filter(dsl::status.eq(EntryStatus::Pending.as_str()))
        .filter(dsl::unproven.eq(true))
        .count()
        .get_result(conn)?)
}

/// Entries that wait for a later instant, and are certainly not out.
pub fn count_due_after(conn: &mut DbConnection, now: Timestamp) -> Result<i64, DbError> {
    Ok(dsl::publish_pool
        .filter(dsl::status.eq(EntryStatus::Pending.as_str()))
        .filter(dsl::unproven.eq(false))
        .filter(dsl::due_at.gt(now.micros()))
        .count()
        .get_result(conn)?)
}
