//! An entry of the publish pool, and why it still waits.

use crate::db::entries::EntryRow;
use crate::domain::account::shut_reason;
use crate::domain::clock::Timestamp;
use crate::domain::entry::EntryStatus;
use crate::domain::gates::shut_gate;
use crate::domain::ids::*;
use crate::domain::priority::Priority;
use crate::domain::question::Question;
use serde::Serialize;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EntryView {
    pub id: EntryId,
    pub content_id: ContentId,
    pub account_id: AccountId,
    pub status: EntryStatus,
    pub unproven: bool,
    pub priority: Priority,
    pub scheduled_at: Option<Timestamp>,
    pub due_at: Timestamp,
    pub retry_count: i32,
    pub max_retries: i32,
    pub attempt: i32,
    pub last_error: Option<String>,
    /// Why a due entry still waits, or what its platform is asked next.
    pub waiting_for: Option<String>,
    pub published_at: Option<Timestamp>,
    pub log_id: Option<LogId>,
    pub media_id: Option<String>,
    pub url: Option<String>,
    /// Its own; none: as its account says.
    pub late_after_seconds: Option<i32>,
    /// What is not out by then fails; none: it is published late.
    pub late_at: Option<Timestamp>,
    pub added_at: Timestamp,
    pub updated_at: Timestamp,
}

impl EntryView {
    /// `can_decrypt`: whether this process has the key of the database's credentials.
    pub fn new(row: EntryRow, now: Timestamp, can_decrypt: bool) -> Self {
        let waiting_for = waiting_for(&row, now, can_decrypt);
        EntryView {
            id: row.id,
            content_id: row.content_id,
            account_id: row.account_id,
            status: row.status,
            unproven: row.unproven,
            priority: row.priority,
            scheduled_at: row.scheduled_at,
            due_at: row.due_at,
            // One more is the look-up's note that there is no try left.
            retry_count: row.retry_count.min(row.max_retries),
            max_retries: row.max_retries,
            attempt: row.attempt,
            last_error: row.log_error,
            waiting_for,
            published_at: row.published_at,
            log_id: row.log_id,
            media_id: row.media_id,
            url: row.url,
            late_after_seconds: row.late.0,
            late_at: row.late.1.map(|at| at.min(Timestamp::MAX)),
            added_at: row.added_at,
            updated_at: row.updated_at,
        }
    }
}

fn waiting_for(row: &EntryRow, now: Timestamp, can_decrypt: bool) -> Option<String> {
    let reason = row.lane_suspended_reason.as_deref();
    let shut = shut_reason(row.lane_enabled, reason, row.lane_suspended_until, now);
    let wrong_key = || {
        (row.lane_has_credentials && !can_decrypt)
            .then(|| "the right secret key: its account's credentials were sealed with another".to_owned())
    };
    if let Some(question) = row.question() {
        return Some(waiting_for_answer(question, shut.or_else(wrong_key)));
    }
    if row.status != EntryStatus::Pending {
        return None;
    }
    if row.held {
        return Some("approval of its content".to_owned());
    }
    if row.due_at > now {
        let what = if row.retry_count > 0 || row.unproven { "the next attempt" } else { "its time" };
        return Some(format!("{what}, {}", row.due_at));
    }
    let paused = || {
        row.is_paused
            .then(|| "the end of a pause: all publishing is paused, until somebody resumes it".to_owned())
    };
    paused()
        .or(shut)
        .or_else(wrong_key)
        .or_else(|| gate(row, now))
        .or_else(|| Some("a run: its turn has not come, or no enabled task publishes what is due".to_owned()))
}

/// The gate of its lane that is shut for longest. What may be out already keeps its place in the cap.
fn gate(row: &EntryRow, now: Timestamp) -> Option<String> {
    let (mut rules, state) = crate::db::lanes::read(row.lane.clone());
    if row.unproven {
        rules.daily_cap = None;
    }
    let shut = shut_gate(&rules, &state, now).map(|shut| shut.to_string());
    let places = if rules.spacing.is_zero() { rules.concurrency } else { 1 };
    let is_full = row.lane_busy >= i64::from(places);
    shut.or_else(|| {
        is_full.then(|| format!("a place in its lane: {} of {places} are on the wire", row.lane_busy))
    })
}

/// What its platform is asked about it, and when; `shut` says why that cannot be now.
fn waiting_for_answer(question: Question, shut: Option<String>) -> String {
    let asked = match question {
        Question::LookUp { at, found_nothing: 0 } => {
            format!("a look-up, {at}: whether an earlier attempt has published it")
        }
        Question::LookUp { at, .. } => format!(
            "a second look-up, {at}: whether an earlier attempt has published it; the first did not find it"
        ),
        Question::Ask { at, since } => {
            format!("its platform, which accepted it {since} and works on it; it is asked {at}")
        }
    };
    shut.map_or_else(|| asked.clone(), |shut| format!("{asked} ({shut})"))
}
