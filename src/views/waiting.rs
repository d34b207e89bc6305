//! Why an entry still waits, in words for a person.

use crate::db::entries::EntryRow;
use crate::db::status::{self, NodeStatus};
use crate::domain::account::shut_reason;
use crate::domain::clock::Timestamp;
use crate::domain::entry::EntryStatus;
use crate::domain::gates::shut_gate;
use crate::domain::kept::waiting::Waiting;
use crate::domain::question::Question;

/// Of what nothing else keeps, though nobody may be there for a run.
pub(super) const WAIT_FOR_A_RUN: [Waiting; 2] = [Waiting::Run, Waiting::Server];

/// Where it is asked why an entry waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Here {
    /// This process has the key of the database's credentials.
    pub can_decrypt: bool,
    pub publishing: Publishing,
}

/// Whether anybody publishes what is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Publishing {
    AtWork,
    /// A clock keeps everybody who would, for this reason.
    Held(String),
    /// No server runs.
    Nobody,
}

impl Here {
    /// Beside nodes of which it is known which ones live.
    pub fn beside(nodes: &[NodeStatus], can_decrypt: bool) -> Self {
        let publishing = match status::hold_of_all(nodes) {
            Some(why) => Publishing::Held(why.to_owned()),
            None if status::servers(nodes).next().is_none() => Publishing::Nobody,
            None => Publishing::AtWork,
        };
        Here { can_decrypt, publishing }
    }

    /// In a server, which may be kept from publishing by this.
    pub fn server(can_decrypt: bool, hold: Option<String>) -> Self {
        Here { can_decrypt, publishing: hold.map_or(Publishing::AtWork, Publishing::Held) }
    }
}

/// None where it does not wait.
pub(super) fn waiting_for(row: &EntryRow, now: Timestamp, here: &Here) -> Option<String> {
    let reason = row.lane_suspended_reason.as_deref();
    let shut = shut_reason(row.lane_enabled, reason, row.lane_suspended_until, now);
    let shut = shut.map(|closed| closed.to_string());
    let wrong_key = || (row.lane_has_credentials && !here.can_decrypt).then(|| Waiting::RightKey.to_string());
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
    let (clock, run) = match &here.publishing {
        Publishing::AtWork => (None, Waiting::Run),
        Publishing::Held(why) => (Some(Waiting::Clock { why: why.clone() }.to_string()), Waiting::Run),
        Publishing::Nobody => (None, Waiting::Server),
    };
    paused()
        .or(clock)
        .or(shut)
        .or_else(wrong_key)
        .or_else(|| gate(row, now))
        .or_else(|| Some(run.to_string()))
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
