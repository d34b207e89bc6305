//! Why an entry still waits, in words for a person.

use crate::db::entries::EntryRow;
use crate::domain::account::shut_reason;
use crate::domain::clock::Timestamp;
use crate::domain::entry::EntryStatus;
use crate::domain::gates::shut_gate;
use crate::domain::question::Question;

/// Of what nothing else keeps.
pub(super) const WAITS_FOR_A_RUN: &str =
    "a run: its turn has not come, or no enabled task publishes what is due";

/// None where it does not wait. `can_decrypt`: whether this process has the key of the database's credentials.
pub(super) fn waiting_for(row: &EntryRow, now: Timestamp, can_decrypt: bool) -> Option<String> {
    let reason = row.lane_suspended_reason.as_deref();
    let shut = shut_reason(row.lane_enabled, reason, row.lane_suspended_until, now);
    let shut = shut.map(|closed| closed.to_string());
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
        return Some(waiting_for_its_time(row));
    }
    let paused = || {
        row.is_paused
            .then(|| "the end of a pause: all publishing is paused, until somebody resumes it".to_owned())
    };
    paused()
        .or(shut)
        .or_else(wrong_key)
        .or_else(|| gate(row, now))
        .or_else(|| Some(WAITS_FOR_A_RUN.to_owned()))
}

fn waiting_for_its_time(row: &EntryRow) -> String {
    let at = row.due_at;
    match row.slot {
        _ if row.retry_count > 0 || row.unproven => format!("the next attempt, {at}"),
        (Some(_), Some(missed)) => format!("its slot, {at}; it missed the one of {missed}"),
        (Some(slot), None) if slot == at => format!("its slot, {at}"),
        (Some(_) | None, None) | (None, Some(_)) => format!("its time, {at}"),
    }
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
