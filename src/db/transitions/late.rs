//! Outcomes that come when the claim is lost. What was written for the attempt meanwhile was a guess; that a post is out
//! is not.

use super::{Ended, Written, change};
use crate::db::connection::{DbConnection, DbError};
use crate::db::events::{self, About};
use crate::db::pool_counts;
use crate::db::schema::publish_logs::dsl as logs;
use crate::db::schema::publish_pool::dsl;
use crate::domain::entry::{Cause, EntryStatus};
use crate::domain::event::EventKind;
use crate::domain::ids::LogId;
use crate::domain::kept::message::KeptMessage;
use crate::domain::settlement::LogStatus;
use diesel::prelude::*;

/// What becomes of an outcome whose entry is no longer the node's.
pub(super) fn verdict(conn: &mut DbConnection, one: &Ended) -> Result<Written, DbError> {
    let row: Option<(LogId, LogStatus, i64)> = logs::publish_logs
        .filter(logs::pool_id.eq(one.attempt.entry.0))
        .filter(logs::attempt.eq(one.attempt.number))
        .select((logs::id, logs::status, logs::finished_at))
        .first(conn)
        .optional()?;
    let Some((log, status, finished_at)) = row else { return Ok(Written::LeaseLost) };
    if status == one.settlement.log && finished_at == one.finished_at.micros() {
        return Ok(Written::Already(log));
    }
    if one.settlement.status != EntryStatus::Published || status == LogStatus::Published {
        return Ok(Written::LeaseLost);
    }
    prove(conn, one, log)
}

/// The post is out after all: its attempt's row says so, and the entry is settled, unless something was sent since.
fn prove(conn: &mut DbConnection, one: &Ended, log: LogId) -> Result<Written, DbError> {
    let entry = one.attempt.entry;
    hold(conn, one)?;
    let sent_again = was_sent_since(conn, one)?;
    let settled = !sent_again && settle(conn, one, log)?;
    diesel::update(logs::publish_logs.filter(logs::id.eq(log.0)))
        .set((
            logs::status.eq(LogStatus::Published.as_str()),
            logs::error_code.eq(sent_again.then_some("possible_duplicate")),
            logs::error_message.eq(sent_again.then(|| KeptMessage::PossibleDuplicate.to_string())),
            logs::media_id.eq(one.settlement.receipt.media_id.as_deref()),
            logs::url.eq(one.settlement.receipt.url.as_deref()),
            logs::retry_at.eq(None::<i64>),
            logs::finished_at.eq(one.finished_at.micros()),
        ))
        .execute(conn)?;
    let about = About { account: Some(one.account), log: Some(log), ..About::default() };
    events::tell(conn, EventKind::AttemptProven, about, one.finished_at)?;
    crate::db::entries::remember_published(conn, one.content, one.account, one.finished_at)?;
    super::remember_extras(conn, one)?;
    if settled {
        crate::db::checkpoints::forget(conn, entry)?;
    }
    Ok(if sent_again { Written::PossibleDuplicate(log) } else { Written::Late(log) })
}

/// Nobody claims the entry until the caller's transaction ends.
fn hold(conn: &mut DbConnection, one: &Ended) -> Result<(), DbError> {
    diesel::update(dsl::publish_pool.filter(dsl::id.eq(one.attempt.entry.0)))
        .set(dsl::updated_at.eq(dsl::updated_at))
        .execute(conn)?;
    Ok(())
}

/// True where the entry is uncertain, or waits. Nothing was sent since, so that it is this very attempt of which nobody
/// could tell; or a person, or look-ups, told wrongly.
fn settle(conn: &mut DbConnection, one: &Ended, log: LogId) -> Result<bool, DbError> {
    for from in [EntryStatus::Uncertain, EntryStatus::Pending] {
        if settle_from(conn, from, one, log)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn settle_from(conn: &mut DbConnection, from: EntryStatus, one: &Ended, log: LogId) -> Result<bool, DbError> {
    let (from, published) = change(Cause::Resolve, from, EntryStatus::Published);
    let moved = diesel::update(
        dsl::publish_pool.filter(dsl::id.eq(one.attempt.entry.0)).filter(dsl::status.eq(from.as_str())),
    )
    .set((
        dsl::status.eq(published.as_str()),
        dsl::unproven.eq(false),
        dsl::published_at.eq(one.finished_at.micros()),
        dsl::log_id.eq(log.0),
        dsl::look_up_at.eq(None::<i64>),
        dsl::looked_up.eq(0),
        dsl::updated_at.eq(one.finished_at.micros()),
    ))
    .execute(conn)?;
    if moved == 1 {
        pool_counts::moved(conn, one.account, (from, published))?;
    }
    Ok(moved == 1)
}

/// Whether a later attempt sent the same post, or may be about to. What a person said since sent nothing, and what a
/// platform was asked neither.
fn was_sent_since(conn: &mut DbConnection, one: &Ended) -> Result<bool, DbError> {
    let later: i64 = logs::publish_logs
        .filter(logs::pool_id.eq(one.attempt.entry.0))
        .filter(logs::attempt.gt(one.attempt.number))
        .filter(logs::status.ne(LogStatus::NotSent.as_str()))
        .filter(logs::said_by.is_null())
        .filter(logs::execution_id.is_not_null().or(logs::on_demand))
        .count()
        .get_result(conn)?;
    if later > 0 {
        return Ok(true);
    }
    let sending: i64 = dsl::publish_pool
        .filter(dsl::id.eq(one.attempt.entry.0))
        .filter(dsl::status.eq(EntryStatus::Publishing.as_str()))
        .filter(dsl::attempt.gt(one.attempt.number))
        .filter(dsl::look_up_at.is_null().and(dsl::check_at.is_null()))
        .count()
        .get_result(conn)?;
    Ok(sending > 0)
}
