//! The table of outcomes, row by row, and what is written of each, for every standing that an entry can have.

use super::*;
use crate::domain::entry::EntryStatus;
use crate::domain::question::Question;
use crate::domain::retry::Jitter;
use crate::domain::settlement::{LaneEffect, LogStatus, Settlement, Standing, settle};
use DeliveryClass::{Blind, Detects, Keyed};
use OnUnknownEnd::{AskAPerson, TryAgain};

const NOW: Timestamp = Timestamp::from_micros(1_000_000_000);

fn why() -> Problem {
    Problem::new("code", "what happened")
}

fn wait() -> Option<Duration> {
    Some(Duration::from_secs(7))
}

/// Everything that a platform can see, with a name for messages.
fn all_seen() -> Vec<(&'static str, Seen)> {
    let (problem, retry_after) = (why(), wait());
    vec![
        ("accepted", Seen::Accepted(Receipt { media_id: Some("m".into()), url: None })),
        ("accepted unread", Seen::AcceptedUnread(why())),
        ("nothing left", Seen::NothingLeft(why())),
        ("asked to wait", Seen::AskedToWait { problem: problem.clone(), retry_after }),
        ("server fault", Seen::ServerFault { problem: problem.clone(), retry_after }),
        ("end unseen", Seen::EndUnseen { problem: problem.clone(), retry_after }),
        ("refused", Seen::Refused(why())),
        ("wrong address", Seen::WrongAddress(why())),
        ("account broken", Seen::AccountBroken { problem: problem.clone(), until: Some(NOW) }),
        ("broke before", Seen::Broke { problem: problem.clone(), may_have_left: false }),
        ("broke perhaps after", Seen::Broke { problem: problem.clone(), may_have_left: true }),
        ("step failed", Seen::StepFailed { problem, scope: Scope::Entry, retry_after }),
        ("step not kept", Seen::NotKept { problem: why(), may_be_out: false }),
        ("end not kept", Seen::NotKept { problem: why(), may_be_out: true }),
        ("submitted", Seen::Submitted { ask_after: Duration::from_secs(5) }),
        ("not sent", Seen::NotSent),
    ]
}

fn rules(class: DeliveryClass, on_unknown: OnUnknownEnd) -> Rules {
    Rules {
        class,
        on_unknown,
        settle_time: Duration::from_secs(60),
        submitted_max: Duration::from_secs(86_400),
        platform_pause: crate::domain::retry::PLATFORM_PAUSE,
    }
}

fn doubted(doubt: Doubt) -> &'static str {
    match doubt {
        Doubt::None => "",
        Doubt::SendAgain => "unproven, ",
        Doubt::LookUp { .. } => "look up, ",
    }
}

/// An outcome in a few words.
fn words(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Published(_) => "published".to_owned(),
        Outcome::Retry { scope, doubt, retry_after, .. } => {
            let waits = if retry_after.is_some() { ", waits" } else { "" };
            format!("{}retry {scope:?}{waits}", doubted(*doubt)).to_lowercase()
        }
        Outcome::Uncertain(_) => "uncertain".to_owned(),
        Outcome::Rejected(_) => "rejected".to_owned(),
        Outcome::AccountBroken { .. } => "account broken".to_owned(),
        Outcome::WrongAddress(_) => "wrong address".to_owned(),
        Outcome::Broke { doubt, .. } => format!("{}broke", doubted(*doubt)),
        Outcome::Submitted { .. } => "submitted".to_owned(),
        Outcome::NotSent => "not sent".to_owned(),
    }
}

#[test]
fn the_table_is_the_one_of_the_design() {
    // What was seen, then: keyed, detects, blind, and blind where the account chose at-least-once.
    let table = [
        ("accepted", ["published"; 4]),
        ("accepted unread", ["published", "look up, retry entry", "published", "published"]),
        ("nothing left", ["retry platform"; 4]),
        ("asked to wait", ["retry platform, waits"; 4]),
        (
            "server fault",
            [
                "unproven, retry entry, waits",
                "look up, retry entry, waits",
                "uncertain",
                "unproven, retry entry, waits",
            ],
        ),
        (
            "end unseen",
            [
                "unproven, retry platform, waits",
                "look up, retry platform, waits",
                "uncertain",
                "unproven, retry platform, waits",
            ],
        ),
        ("refused", ["rejected"; 4]),
        ("wrong address", ["wrong address"; 4]),
        ("account broken", ["account broken"; 4]),
        ("broke before", ["broke"; 4]),
        ("broke perhaps after", ["unproven, broke", "look up, broke", "uncertain", "unproven, broke"]),
        ("step failed", ["retry entry, waits"; 4]),
        ("step not kept", ["retry ours"; 4]),
        (
            "end not kept",
            ["unproven, retry ours", "look up, retry ours", "uncertain", "unproven, retry ours"],
        ),
        ("submitted", ["submitted"; 4]),
        ("not sent", ["not sent"; 4]),
    ];
    let columns = [(Keyed, AskAPerson), (Detects, AskAPerson), (Blind, AskAPerson), (Blind, TryAgain)];
    let seen = all_seen();
    assert_eq!(seen.len(), table.len(), "each has its row");
    for ((name, seen), (row, expected)) in seen.into_iter().zip(table) {
        assert_eq!(name, row);
        for ((class, on_unknown), expected) in columns.into_iter().zip(expected) {
            let outcome = judge(seen.clone(), rules(class, on_unknown));
            assert_eq!(words(&outcome), expected, "{name} × {class:?}, {on_unknown:?}");
        }
    }
}

#[test]
fn only_a_blind_account_is_asked_what_it_wants() {
    for (name, seen) in all_seen() {
        for class in [Keyed, Detects] {
            let [one, other] = [AskAPerson, TryAgain].map(|wish| judge(seen.clone(), rules(class, wish)));
            assert_eq!(one, other, "{name} × {class:?}");
        }
    }
}

/// Every outcome of the table, in every standing: retries left or not, proven or not.
fn settlements() -> Vec<(String, Outcome, Standing, Settlement)> {
    let mut all = Vec::new();
    for (name, seen) in all_seen() {
        for class in DeliveryClass::ALL {
            for (retry_count, max_retries) in [(0, 3), (2, 3), (3, 3), (0, 0), (5, 3)] {
                for unproven in [false, true] {
                    let standing = Standing { retry_count, max_retries, unproven };
                    let outcome = judge(seen.clone(), rules(class, AskAPerson));
                    let settled = settle(outcome.clone(), standing, NOW, Jitter::from_random(u64::MAX));
                    all.push((format!("{name} × {class:?}, {standing:?}"), outcome, standing, settled));
                }
            }
        }
    }
    all
}

#[test]
fn what_may_be_out_is_never_called_failed_and_only_a_proof_clears_it() {
    for (name, outcome, standing, settled) in settlements() {
        let may_be_out = standing.unproven
            || matches!(
                outcome,
                Outcome::Retry { doubt: Doubt::SendAgain | Doubt::LookUp { .. }, .. }
                    | Outcome::Broke { doubt: Doubt::SendAgain | Doubt::LookUp { .. }, .. }
                    | Outcome::Uncertain(_)
            );
        if settled.status == EntryStatus::Published {
            assert!(!settled.unproven, "{name}");
        } else {
            assert_eq!(settled.unproven, may_be_out, "{name}");
        }
        if may_be_out {
            assert_ne!(settled.status, EntryStatus::Failed, "{name}");
        }
    }
}

#[test]
fn a_look_up_waits_as_long_as_was_asked_for() {
    let seen = |retry_after| Seen::EndUnseen { problem: why(), retry_after };
    let standing = Standing { retry_count: 0, max_retries: 3, unproven: false };
    for (asked, waits) in [(None, 60), (Some(7), 60), (Some(3600), 3600)] {
        let outcome = judge(seen(asked.map(Duration::from_secs)), rules(Detects, AskAPerson));
        let settled = settle(outcome, standing, NOW, Jitter::from_random(0));
        let at = settled.question.map(|question| question.due().since(NOW).as_secs());
        assert_eq!(at, Some(waits), "{asked:?}");
    }
}

#[test]
fn what_can_be_looked_up_is_and_only_that() {
    for (name, outcome, _, settled) in settlements() {
        let looks = matches!(
            outcome,
            Outcome::Retry { doubt: Doubt::LookUp { .. }, .. }
                | Outcome::Broke { doubt: Doubt::LookUp { .. }, .. }
        );
        let asked = matches!(settled.question, Some(Question::LookUp { .. }));
        assert_eq!(asked, looks, "{name}");
        if looks {
            let first = Question::LookUp { at: NOW + Duration::from_secs(60), found_nothing: 0 };
            assert_eq!(settled.question, Some(first), "{name}: not before what was sent has settled there");
            assert_eq!((settled.status, settled.unproven), (EntryStatus::Pending, true), "{name}");
        }
    }
}

#[test]
fn one_and_max_retries_tries_and_no_more() {
    for (name, outcome, standing, settled) in settlements() {
        let costs = matches!(
            outcome,
            Outcome::Retry { scope: Scope::Entry, .. } | Outcome::WrongAddress(_) | Outcome::Broke { .. }
        );
        let has_one_left = standing.retry_count < standing.max_retries;
        let used = settled.retry_count - standing.retry_count;
        if matches!(settled.question, Some(Question::LookUp { .. })) && costs && !has_one_left {
            assert_eq!(
                settled.retry_count,
                standing.max_retries + 1,
                "{name}: the look-up knows it was the last"
            );
            assert_eq!((settled.status, settled.due_at), (EntryStatus::Pending, None), "{name}");
            continue;
        }
        assert_eq!(used, i32::from(costs && has_one_left), "{name}");
        if costs && !has_one_left {
            assert!(matches!(settled.status, EntryStatus::Failed | EntryStatus::Uncertain), "{name}");
            assert_eq!(settled.due_at, None, "{name}: nothing comes after the last try");
        }
    }
}

#[test]
fn what_accuses_the_platform_or_the_account_costs_nothing() {
    for (name, outcome, standing, settled) in settlements() {
        if let Outcome::Submitted { .. } = outcome {
            let asked = Question::Ask { at: NOW + Duration::from_secs(5), since: NOW };
            assert_eq!(settled.question, Some(asked), "{name}");
            assert_eq!(settled.status, EntryStatus::Publishing, "{name}");
        }
        let free = matches!(
            outcome,
            Outcome::Retry { scope: Scope::Platform, .. } | Outcome::AccountBroken { .. } | Outcome::NotSent
        );
        if free {
            assert_eq!(settled.status, EntryStatus::Pending, "{name}");
            assert_eq!(settled.retry_count, standing.retry_count, "{name}");
        }
        let lane = match outcome {
            Outcome::AccountBroken { until, .. } => LaneEffect::Suspend { until },
            Outcome::WrongAddress(_) => LaneEffect::WrongAddress,
            _ => LaneEffect::None,
        };
        assert_eq!(settled.lane, lane, "{name}");
    }
}

#[test]
fn a_wait_that_was_asked_for_is_kept() {
    for (name, outcome, _, settled) in settlements() {
        let due = settled.due_at.map(|at| at.since(NOW).as_secs());
        match outcome {
            Outcome::Retry { scope: Scope::Platform, retry_after: Some(_), .. } => {
                assert_eq!(due, Some(7), "{name}");
            }
            Outcome::Retry { scope: Scope::Platform, retry_after: None, .. } => {
                assert_eq!(due, Some(30), "{name}");
            }
            _ if settled.status != EntryStatus::Pending => assert_eq!(due, None, "{name}"),
            _ => {}
        }
    }
}

#[test]
fn the_log_says_how_it_ended() {
    for (name, outcome, _, settled) in settlements() {
        let expected = match (&outcome, settled.status) {
            (_, EntryStatus::Published) => LogStatus::Published,
            (_, EntryStatus::Uncertain) => LogStatus::Uncertain,
            (Outcome::Broke { .. }, _) => LogStatus::Error,
            (Outcome::NotSent, _) => LogStatus::NotSent,
            (Outcome::Submitted { .. }, _) => LogStatus::Submitted,
            (_, _) => LogStatus::Failed,
        };
        assert_eq!(settled.log, expected, "{name}");
        let says_why =
            !matches!(outcome, Outcome::Published(_) | Outcome::NotSent | Outcome::Submitted { .. });
        assert_eq!(settled.problem.is_some(), says_why, "{name}");
    }
}

#[test]
fn an_end_that_cannot_be_recorded_as_it_was_is_told_without_the_platforms_words() {
    for (name, _, _, settled) in settlements() {
        let plain = settled.clone().unrecorded();
        assert_eq!(plain.problem.map(|problem| problem.code).as_deref(), Some("not_recorded"), "{name}");
        assert_eq!(plain.receipt, Receipt::default(), "{name}");
        match settled.status {
            EntryStatus::Published | EntryStatus::Uncertain => {
                assert_eq!((plain.status, plain.unproven), (EntryStatus::Uncertain, true), "{name}");
            }
            other => assert_eq!((plain.status, plain.unproven), (other, settled.unproven), "{name}"),
        }
    }
}
