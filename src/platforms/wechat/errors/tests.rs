//! The table, row by row, and what each row comes to.

use super::*;
use crate::domain::delivery_class::DeliveryClass;
use crate::domain::outcome::{Doubt, OnUnknownEnd, Outcome, Rules, judge};
use std::collections::BTreeSet;

/// 2026-02-06, 20:00 in Beijing.
const NOW: Timestamp = Timestamp::from_micros(1_770_379_200_000_000);

/// What becomes of an entry, in a word: whom it costs what, and until when.
fn outcome(code: i32) -> String {
    let rules = Rules {
        class: DeliveryClass::Detects,
        on_unknown: OnUnknownEnd::AskAPerson,
        settle_time: Duration::from_secs(60),
        submitted_max: DAY,
        platform_pause: Duration::from_secs(30),
    };
    match judge(Refusal::new(code, "said").seen(Some(NOW)), rules) {
        Outcome::Retry { scope, doubt: Doubt::None, retry_after: None, .. } => format!("retry {scope:?}"),
        Outcome::Retry { scope, doubt: Doubt::None, retry_after: Some(wait), .. } => {
            format!("retry {scope:?} after {} s", wait.as_secs())
        }
        Outcome::Retry { scope, doubt: Doubt::LookUp { .. }, .. } => format!("look up {scope:?}"),
        Outcome::AccountBroken { until: None, .. } => "account".to_owned(),
        Outcome::AccountBroken { until: Some(until), .. } => format!("account until {until}"),
        Outcome::Rejected(_) => "refused".to_owned(),
        other => format!("{other:?}"),
    }
}

#[test]
fn every_code_has_its_outcome_and_its_words() {
    let midnight = "account until 2026-02-06T16:05:00.000000Z";
    let rows: &[(i32, &str, &str)] = &[
        (-1, "look up Platform", "busy"),
        (40001, "retry Platform", "stable_token"),
        (40014, "retry Platform", "stable_token"),
        (42001, "retry Platform", "stable_token"),
        (45011, "retry Platform after 60 s", "too many requests"),
        (45066, "retry Platform after 60 s", "too many requests"),
        (53501, "retry Platform after 300 s", "too often"),
        (45009, midnight, "midnight in China"),
        (45028, midnight, "midnight in China"),
        (40164, "account", "IP whitelist"),
        (40013, "account", "appid"),
        (40125, "account", "app_secret"),
        (40243, "account", "unfreeze"),
        (48001, "account", "mode to draft"),
        (48004, "account", "resume the account"),
        (50002, "account", "resume the account"),
        (50007, "account", "resume the account"),
        (53500, "account", "banned this account from publishing"),
        (89503, "account", "administrator"),
        (89506, "account until 2026-02-07T12:00:00.000000Z", "24 hours"),
        (89507, "account until 2026-02-06T13:00:00.000000Z", "an hour"),
        (40007, "refused", "deleted"),
        (40009, "refused", "picture"),
        (45002, "refused", "text is longer"),
        (45003, "refused", "title"),
        (45110, "refused", "author"),
        (45166, "refused", "rules"),
        (53503, "refused", "check before publication"),
        (53504, "refused", "publish it there"),
        (53505, "refused", "saved once by hand"),
        (40005, "refused", "JPEG or PNG"),
        (40137, "refused", "JPEG or PNG"),
        (44004, "refused", "no text"),
        (45004, "refused", "digest"),
        (45005, "refused", "source_url"),
        // None of the table's.
        (99999, "retry Entry", "does not know"),
    ];
    for (code, right, words) in rows {
        assert_eq!(outcome(*code), *right, "{code}");
        let problem = Refusal::new(*code, "said").problem();
        assert!(problem.message.contains(words), "{code}: {}", problem.message);
        assert!(problem.message.contains(&code.to_string()), "{code}: {}", problem.message);
        assert!(KeptMessage::read(&problem.message).is_some(), "{code} is told in Chinese, too");
    }
    let told: BTreeSet<i32> = rows.iter().map(|row| row.0).filter(|code| *code != 99999).collect();
    let known: BTreeSet<i32> = TABLE.iter().map(|row| row.0).collect();
    assert_eq!((told, TABLE.len()), (known.clone(), known.len()), "each once");
}

#[test]
fn who_is_not_on_the_whitelist_is_told_its_address() {
    let told = |said: &str| Refusal::new(40164, said).problem().message;
    let of = told("invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist rid: 1");
    assert!(of.contains("add this server's address 203.0.113.7 to the IP whitelist"), "{of}");
    let of = told("invalid ip 2001:db8::1, not in whitelist");
    assert!(of.contains("address 2001:db8::1 to the"), "{of}");
    let of = told("not in whitelist");
    assert!(of.contains("this server's public address"), "{of}");
}

#[test]
fn where_a_token_is_asked_for_an_invalid_credential_is_the_secret() {
    let Seen::AccountBroken { problem, until: None } = Refusal::new(40001, "x").seen_of_a_token(Some(NOW))
    else {
        panic!("the account")
    };
    assert!(problem.message.contains("app_secret"), "{}", problem.message);
    let other = Refusal::new(45009, "x");
    assert_eq!(other.seen_of_a_token(Some(NOW)), other.seen(Some(NOW)));
}

#[test]
fn wechats_days_begin_in_china() {
    let at = |text: &str| -> Timestamp { serde_json::from_str(&format!("\"{text}\"")).expect("an instant") };
    for (now, next) in [
        ("2026-02-06T12:00:00Z", "2026-02-06T16:05:00Z"),
        ("2026-02-06T15:59:59Z", "2026-02-06T16:05:00Z"),
        ("2026-02-06T16:00:00Z", "2026-02-07T16:05:00Z"),
        ("2026-12-31T23:00:00Z", "2027-01-01T16:05:00Z"),
    ] {
        assert_eq!(next_day_in_china(at(now)), at(next), "{now}");
    }
}

#[test]
fn wechats_words_are_bounded_and_without_control_characters() {
    let refusal = Refusal::new(1, &"长\n".repeat(1000));
    assert_eq!(refusal.said.chars().count(), SAID_MAX_CHARS);
}
