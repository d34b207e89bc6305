//! Whether an entry's lane is open, and if not, which gate is shut and until when.

use super::{Answer, Topic};
use crate::db::explain::Facts;
use crate::domain::gates::{Gate, Rules, Shut, shut_gate};
use crate::words::errors::kept;
use crate::words::{Message, Sentence, message};

/// How the lane stands for this entry.
pub struct Look {
    pub answer: Answer,
    /// Attempts that it may have in flight.
    pub places: i32,
}

pub fn look(facts: &Facts) -> Look {
    // What may be out already keeps its place in the cap.
    let daily_cap = if facts.row.unproven { None } else { facts.rules.daily_cap };
    let rules = Rules { daily_cap, ..facts.rules.clone() };
    let places = if rules.spacing.is_zero() { rules.concurrency } else { 1 };
    let answer = word(facts)
        .or_else(|| shut_gate(&rules, &facts.state, facts.at).map(|shut| gate(facts, shut)))
        .or_else(|| tried(facts))
        .unwrap_or_else(|| places_left(facts, places));
    Look { answer, places }
}

fn sentence(facts: &Facts, id: Message) -> Sentence {
    Sentence::new(id).with("account", facts.account.name.as_str())
}

/// What a person, or the machine, has said of the account.
fn word(facts: &Facts) -> Option<Answer> {
    let account = &facts.account;
    if !account.enabled {
        let said = sentence(facts, message("explain-lane-disabled"));
        return Some(Answer::wants_a_person(Topic::Lane, "account_disabled", said));
    }
    let reason = || kept(account.suspended_reason.as_deref().unwrap_or_default());
    match (&account.suspended_reason, account.suspended_until) {
        (Some(_), Some(until)) if until > facts.at => {
            let said = sentence(facts, message("explain-lane-suspended-until"))
                .with("reason", reason())
                .with("until", until);
            return Some(Answer::holds(Topic::Lane, "account_suspended", Some(until), said));
        }
        (Some(_), None) => {
            let said = sentence(facts, message("explain-lane-suspended")).with("reason", reason());
            return Some(Answer::wants_a_person(Topic::Lane, "account_suspended", said));
        }
        (Some(_), Some(_)) | (None, _) => {}
    }
    (!facts.can_decrypt && account.credentials.is_some()).then(|| {
        Answer::wants_a_person(
            Topic::Lane,
            "wrong_secret_key",
            sentence(facts, message("explain-lane-wrong-key")),
        )
    })
}

fn gate(facts: &Facts, shut: Shut) -> Answer {
    let Some(until) = shut.until else {
        let said = sentence(facts, message("explain-lane-window-never"));
        return Answer::wants_a_person(Topic::Lane, "window", said);
    };
    let (code, said) = match shut.gate {
        Gate::AskedToWait => ("asked_to_wait", sentence(facts, message("explain-lane-asked-to-wait"))),
        Gate::Breaker { since } => {
            ("platform_down", sentence(facts, message("explain-lane-down")).with("since", since))
        }
        Gate::Window => ("window", sentence(facts, message("explain-lane-window"))),
        Gate::DailyCap(cap) => ("daily_cap", sentence(facts, message("explain-lane-cap")).with("cap", cap)),
        Gate::Spacing(spacing) => {
            let seconds = i64::try_from(spacing.as_secs()).unwrap_or(i64::MAX);
            ("spacing", sentence(facts, message("explain-lane-spacing")).with("seconds", seconds))
        }
    };
    Answer::holds(Topic::Lane, code, Some(until), said.with("until", until))
}

/// The platform is taken to be down, and one entry at a time tries it.
fn tried(facts: &Facts) -> Option<Answer> {
    let since = facts.state.health.tripped?.since;
    let said = sentence(facts, message("explain-lane-tried")).with("since", since);
    Some(Answer::holds(Topic::Lane, "platform_down", None, said))
}

fn places_left(facts: &Facts, places: i32) -> Answer {
    let of = |id| sentence(facts, id).with("busy", facts.busy).with("places", places);
    if facts.busy < places {
        return Answer::fine(Topic::Lane, "open", of(message("explain-lane-open")));
    }
    Answer::holds(Topic::Lane, "full", None, of(message("explain-lane-full")))
}
