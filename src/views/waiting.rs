//! Why an entry still waits, in words for a person.

use crate::db::entries::EntryRow;
use crate::domain::account::shut_reason;
use crate::domain::clock::Timestamp;
use crate::domain::entry::EntryStatus;
use crate::domain::gates::shut_gate;
use crate::domain::kept::waiting::Waiting;
use crate::domain::question::Question;

/// Of what nothing else keeps.
pub(super) const WAITS_FOR_A_RUN: Waiting = Waiting::Run;

/// None where it does not wait. `can_decrypt`: whether this process has the key of the database's credentials.
pub(super) fn waiting_for(row: &EntryRow, now: Timestamp, can_decrypt: bool) -> Option<String> {
    let reason = row.lane_suspended_reason.as_deref();
    let shut = shut_reason(row.lane_enabled, reason, row.lane_suspended_until, now);
    let shut = shut.map(|closed| closed.to_string());
    let wrong_key = || (row.lane_has_credentials && !can_decrypt).then(|| Waiting::RightKey.to_string());
    if let Some(question) = row.question() {
        return Some(waiting_for_answer(question, shut.or_else(wrong_key)));
    }
    if row.status != EntryStatus::Pending {
        return None;
    }
    if row.held {
        return Some(Waiting::Approval.to_string());
    }
    if row.due_at > now {
        return Some(waiting_for_its_time(row).to_string());
    }
    let paused = || row.is_paused.then(|| Waiting::EndOfPause.to_string());
    paused()
        .or(shut)
        .or_else(wrong_key)
        .or_else(|| gate(row, now))
        .or_else(|| Some(WAITS_FOR_A_RUN.to_string()))
}

fn waiting_for_its_time(row: &EntryRow) -> Waiting {
    let at = row.due_at;
    match row.slot {
        _ if row.retry_count > 0 || row.unproven => Waiting::NextAttempt { at },
        (Some(_), Some(missed)) => Waiting::SlotAfterMissed { at, missed },
        (Some(slot), None) if slot == at => Waiting::Slot { at },
        (Some(_) | None, None) | (None, Some(_)) => Waiting::Time { at },
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
    shut.or_else(|| is_full.then(|| Waiting::Place { busy: row.lane_busy, places }.to_string()))
}

/// What its platform is asked about it, and when; `shut` says why that cannot be now.
fn waiting_for_answer(question: Question, shut: Option<String>) -> String {
    let asked = match (question, shut) {
        (Question::LookUp { at, found_nothing: 0 }, None) => Waiting::LookUp { at },
        (Question::LookUp { at, found_nothing: 0 }, Some(shut)) => Waiting::LookUpShut { at, shut },
        (Question::LookUp { at, .. }, None) => Waiting::SecondLookUp { at },
        (Question::LookUp { at, .. }, Some(shut)) => Waiting::SecondLookUpShut { at, shut },
        (Question::Ask { at, since }, None) => Waiting::Answer { since, at },
        (Question::Ask { at, since }, Some(shut)) => Waiting::AnswerShut { since, at, shut },
    };
    asked.to_string()
}
