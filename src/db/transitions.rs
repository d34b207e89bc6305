//! Where an entry goes after its claim: outcomes of attempts, and what people decide. With `claim.rs` the only writer
//! of an entry's status; `domain/entry.rs` has the table that both obey.

mod by_hand;
mod late;
mod late_posts;
mod restored;
mod settle;

pub use by_hand::{cancel, resolve, retry};
pub use late_posts::give_up;
pub use restored::{InDoubt, due_by, restored};

use super::claim::{self, Lane};
use super::connection::{DbConnection, DbError};
use super::demands;
use super::executions::{self, OpenExecution};
use super::lanes;
use super::lateness::{self, Ahead};
use super::pool_counts;
use super::schema::publish_logs::dsl as logs;
use super::schema::publish_pool::dsl;
use crate::domain::clock::Timestamp;
use crate::domain::entry::{Cause, EntryStatus, may_change};
use crate::domain::ids::*;
use crate::domain::kept::message::KeptMessage;
use crate::domain::settlement::{LaneEffect, Settlement};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use settle::Logged;
use std::time::Duration;

/// An attempt that ended, with what is to be written of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    pub attempt: AttemptId,
    pub content: ContentId,
    pub revision: i32,
    pub account: AccountId,
    /// The account's version when the entry was claimed.
    pub account_version: i64,
    /// Its lane's gates count sends: see [`lanes`](super::lanes).
    pub counted: bool,
    pub execution: Option<ExecutionId>,
    /// A try without a run, because a person wanted it out now.
    pub on_demand: bool,
    pub started_at: Timestamp,
    pub finished_at: Timestamp,
    pub settlement: Settlement,
    /// Its platform keeps checkpoints, which go once it is published.
    pub has_steps: bool,
}

impl Ended {
    /// The account, as it was when the entry was claimed.
    fn lane(&self) -> (AccountId, i64) {
        (self.account, self.account_version)
    }
}

/// What became of an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It is the entry's state now, with its row in the log.
    Settled(LogId),
    /// It was written before: a commit that was reported failed had been applied.
    Already(LogId),
    /// The entry is no longer ours; the outcome counts for nothing but the program's log.
    LeaseLost,
    /// The database took nothing of it: the entry is ours still, and its outcome is to be written yet.
    Refused,
    /// The lease was lost, but the post is out: its row in the log says so now, and the entry is settled where nothing
    /// was sent since.
    Late(LogId),
    /// The same, and another attempt was begun meanwhile: it may be out twice.
    PossibleDuplicate(LogId),
}

/// When a cycle looks at lanes, and whether it has the key of those with secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    pub now: Timestamp,
    pub can_decrypt: bool,
    /// See [`hear`](lanes::hear).
    pub platform_pause: Duration,
}

/// What a cycle begins with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Opening {
    /// For each attempt that ended, in order.
    pub written: Vec<Written>,
    /// Places of those whose failure was their entry's, and not its platform's.
    pub the_entrys_fault: Vec<usize>,
    /// Lanes with something due that may be passed.
    pub lanes: Vec<Lane>,
    /// Running executions, those first that go first.
    pub open: Vec<OpenExecution>,
    /// When a platform is to be asked something next.
    pub next_question: Option<Timestamp>,
    pub ahead: Ahead,
    /// There are entries that a person wants out now.
    pub has_demands: bool,
}

/// Writes what became of attempts of `node`, and looks at lanes and runs, all in the caller's transaction.
pub fn open_cycle(
    conn: &mut DbConnection,
    node: &NodeId,
    ended: &[Ended],
    look: Look,
) -> Result<Opening, DbError> {
    let told = lanes::hear(conn, node, ended, look.platform_pause)?;
    let (opened, was_read) = match conn {
        DbConnection::Sqlite(inner) => (settle::on_sqlite(inner, node, &told.ended)?, false),
        DbConnection::Postgres(inner) => (settle::on_postgres(inner, node, &told.ended, Some(look))?, true),
    };
    let written = verdicts(conn, &opened.logged, &told.ended)?;
    let has_closed =
        close_breakers(conn, (told.closed, &told.heard), opened.answered, look.now, look.platform_pause)?;
    // An outcome that shuts or opens a lane does so after these were read.
    let changes = has_closed || ended.iter().any(|one| one.settlement.lane != LaneEffect::None);
    let lanes = if was_read && !changes {
        opened.lanes
    } else {
        claim::open_lanes(conn, look.now, look.can_decrypt)?
    };
    let (open, next_question, mut ahead, has_demands) = if was_read {
        (opened.open, opened.next_question, opened.ahead, opened.has_demands)
    } else {
        let (open, next_question) = (executions::open(conn)?, claim::next_question(conn, look.can_decrypt)?);
        (open, next_question, lateness::ahead(conn)?, demands::are_any(conn)?)
    };
    if was_read && has_closed {
        ahead.away = lateness::away(conn)?;
    }
    // What had failed by the account's fault alone is brought back after these were read, and may be too late by now.
    if was_read && ended.iter().any(|one| one.settlement.lane == LaneEffect::WrongAddress) {
        ahead.next_late = lateness::next_in_time(conn)?;
    }
    let asked_now = ended.iter().filter_map(|one| Some(one.settlement.question?.due()));
    let next_question = asked_now.chain(next_question).min();
    let lanes = lanes::pass(conn, lanes, look.now, look.platform_pause)?;
    let the_entrys_fault = told.the_entrys_fault;
    Ok(Opening { written, the_entrys_fault, lanes, open, next_question, ahead, has_demands })
}

/// Writes what became of attempts of `node`, all in the caller's transaction. `platform_pause`: see [`lanes::hear`].
pub fn settle(
    conn: &mut DbConnection,
    node: &NodeId,
    ended: &[Ended],
    platform_pause: Duration,
) -> Result<Vec<Written>, DbError> {
    let told = lanes::hear(conn, node, ended, platform_pause)?;
    let opened = match conn {
        DbConnection::Sqlite(inner) => settle::on_sqlite(inner, node, &told.ended)?,
        DbConnection::Postgres(inner) => settle::on_postgres(inner, node, &told.ended, None)?,
    };
    let written = verdicts(conn, &opened.logged, &told.ended)?;
    let now = ended.iter().map(|one| one.finished_at).max().unwrap_or(Timestamp::MIN);
    close_breakers(conn, (told.closed, &told.heard), opened.answered, now, platform_pause)?;
    Ok(written)
}

/// Once the outcomes are written, what closed breakers had put off is due again. True where a platform answered that had
/// failed.
fn close_breakers(
    conn: &mut DbConnection,
    (mut closed, heard): (Vec<AccountId>, &[AccountId]),
    mut answered: Vec<AccountId>,
    now: Timestamp,
    platform_pause: Duration,
) -> Result<bool, DbError> {
    // Who was told of an answer before a failure must not be told of it again after that.
    answered.retain(|lane| !heard.contains(lane));
    if !answered.is_empty() {
        closed.extend(lanes::answered(conn, &answered, now, platform_pause)?);
    }
    lanes::bring_back(conn, &closed, now)?;
    Ok(!closed.is_empty() || !answered.is_empty())
}

fn verdicts(conn: &mut DbConnection, logged: &Logged, ended: &[Ended]) -> Result<Vec<Written>, DbError> {
    let mut written = Vec::with_capacity(ended.len());
    for one in ended {
        let verdict = match logged.get(&one.attempt) {
            Some(log) => {
                apply_lane_effect(conn, one, *log)?;
                if one.has_steps {
                    tidy_steps(conn, one)?;
                }
                Written::Settled(*log)
            }
            None => late::verdict(conn, one)?,
        };
        written.push(verdict);
    }
    Ok(written)
}

fn tidy_steps(conn: &mut DbConnection, one: &Ended) -> Result<(), DbError> {
    let entry = one.attempt.entry;
    if one.settlement.forgets_steps {
        return super::checkpoints::forget(conn, entry);
    }
    let keeps_intents = one.settlement.unproven && !one.settlement.withdraws_intents;
    if keeps_intents { Ok(()) } else { super::checkpoints::withdraw_intents(conn, entry) }
}

fn apply_lane_effect(conn: &mut DbConnection, ended: &Ended, log: LogId) -> Result<(), DbError> {
    let reason = ended.settlement.problem.as_ref().map_or("refused", |problem| problem.message.as_str());
    match ended.settlement.lane {
        LaneEffect::None => Ok(()),
        LaneEffect::Suspend { until } => {
            super::accounts::suspend_if_unchanged(conn, ended.lane(), reason, until, ended.finished_at)
        }
        LaneEffect::WrongAddress => second_wrong_address(conn, ended, log, reason),
    }
}

/// A second entry that finds nobody at the account's address suspends it, and both entries wait at no cost.
fn second_wrong_address(
    conn: &mut DbConnection,
    ended: &Ended,
    log: LogId,
    reason: &str,
) -> Result<(), DbError> {
    let entry = ended.attempt.entry;
    let first = super::accounts::note_wrong_address(conn, ended.account, entry)?;
    let Some(first) = first.filter(|first| *first != entry) else {
        // Its row is never changed, also where it turns out that this was not its end: so it says so now.
        if ended.settlement.status == EntryStatus::Failed {
            let said = KeptMessage::FinalUnlessNotAlone { said: reason.to_owned() };
            super::publish_log::reword(conn, log, &said.to_string())?;
        }
        return Ok(());
    };
    let first_failed_by_that = found_nobody_at_last(conn, first)?;
    super::accounts::suspend_if_unchanged(conn, ended.lane(), reason, None, ended.finished_at)?;
    // What may be out needs a person whatever becomes of the account.
    if ended.settlement.status != EntryStatus::Uncertain {
        let said = KeptMessage::WaitsForAccount { said: reason.to_owned() };
        super::publish_log::reword(conn, log, &said.to_string())?;
    }
    // At once, but for one that somebody has given a later time meanwhile.
    let due_at = || {
        let later = sql::<BigInt>("CASE WHEN scheduled_at > ").bind::<BigInt, _>(ended.finished_at.micros());
        later.sql(" THEN scheduled_at ELSE ").bind::<BigInt, _>(ended.finished_at.micros()).sql(" END")
    };
    for one in [first, entry] {
        diesel::update(
            dsl::publish_pool
                .filter(dsl::id.eq(one.0))
                .filter(dsl::status.eq(EntryStatus::Pending.as_str()))
                .filter(dsl::retry_count.gt(0)),
        )
        .set((dsl::retry_count.eq(dsl::retry_count - 1), dsl::due_at.eq(due_at())))
        .execute(conn)?;
    }
    // The last try of an entry without retries left had failed for what was the account's fault.
    let revived = change(Cause::RetryByHand, EntryStatus::Failed, EntryStatus::Pending);
    let first = Some(first).filter(|_| first_failed_by_that);
    for one in first.into_iter().chain([entry]) {
        let changed = diesel::update(
            dsl::publish_pool.filter(dsl::id.eq(one.0)).filter(dsl::status.eq(revived.0.as_str())),
        )
        .set((dsl::status.eq(revived.1.as_str()), dsl::due_at.eq(due_at())))
        .execute(conn)?;
        if changed == 1 {
            pool_counts::moved(conn, ended.account, revived)?;
        }
    }
    Ok(())
}

/// Whether the last that is known of an entry is that it was the first to find nobody: not that it was refused since, or
/// too late, or given up by a person.
fn found_nobody_at_last(conn: &mut DbConnection, entry: EntryId) -> Result<bool, DbError> {
    let last: Option<Option<LogId>> =
        dsl::publish_pool.filter(dsl::id.eq(entry.0)).select(dsl::log_id).first(conn).optional()?;
    let Some(last) = last.flatten() else { return Ok(false) };
    let said: Option<Option<String>> =
        logs::publish_logs.filter(logs::id.eq(last.0)).select(logs::error_message).first(conn).optional()?;
    let ending = KeptMessage::FinalUnlessNotAlone { said: String::new() }.to_string();
    Ok(said.flatten().is_some_and(|said| said.ends_with(&ending)))
}

/// The two statuses of a change, checked against the table while tests run.
fn change(cause: Cause, from: EntryStatus, to: EntryStatus) -> (EntryStatus, EntryStatus) {
    debug_assert!(may_change(from, cause, to), "{from} → {to} by {cause:?} is not in the table");
    (from, to)
}
