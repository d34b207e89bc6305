//! When a failed attempt is followed by another, to the microsecond; and what a person's retry does.

use crate::support::app::*;
use crate::support::on_both;
use crate::support::receiver::{Answer, Receiver};
use contenthub::domain::retry::{BACKOFF_MAX, JitterSource, backoff};
use contenthub::operations::entry::RetryEntry;
use contenthub::{Addition, EntryStatus, LogStatus};
use serde_json::json;
use std::time::Duration;

const SEED: u64 = 20_261_124;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A test that gives the seed knows each instant.
#[test]
fn each_try_comes_after_its_backoff() {
    // What the receiver asks for, and the longest wait of 30 s × 4ⁿ that follows; its jitter is 50 to 100 %.
    let tries = [
        (None, seconds(30)),
        (Some("100"), seconds(120)),
        (Some("4000"), seconds(480)),
        (Some("1"), seconds(1920)),
        (None, BACKOFF_MAX),
    ];
    on_both(|url, dir| {
        let (app, clock) = by_hand(url, dir);
        app.context().jitter.reseed(SEED);
        let source = JitterSource::seeded(SEED);
        let receiver = Receiver::start();
        let answer = |asked: Option<&str>| match asked {
            Some(asked) => Answer::status(500).header("retry-after", asked),
            None => Answer::status(500),
        };
        let answers: Vec<_> = tries.iter().map(|(asked, _)| answer(*asked)).chain([answer(None)]).collect();
        receiver.on_any(answers);
        let hook = webhook(&app, "hook", &receiver.url("/"));
        let many = i32::try_from(tries.len()).expect("a few");
        let id = add_as(&app, "x", hook, |addition| Addition { max_retries: many, ..addition });
        let task = task(&app, "run");
        for (number, (asked, longest)) in tries.iter().enumerate() {
            let result = report_of(&app, task).data.results.remove(0);
            let told = entry(&app, id);
            let number = i32::try_from(number).expect("a few");
            assert_eq!((told.status, told.retry_count), (EntryStatus::Pending, number + 1));
            let last = attempts(&app, id).pop().expect("an attempt");
            let asked = asked.map(|asked| seconds(asked.parse().expect("a number")));
            let wait = backoff(number, asked, source.draw());
            assert_eq!(told.due_at, last.finished_at + wait, "try {number}");
            assert_eq!(result.retry_at, Some(told.due_at));
            let (least, most) = (*longest / 2, (*longest).max(asked.unwrap_or_default()));
            assert!((least..=most).contains(&wait), "try {number}: {wait:?}");
            assert!(asked.is_none_or(|asked| wait >= asked), "try {number}: {wait:?}");
            // Not a moment before.
            clock.forward(told.due_at.since(app.now()).saturating_sub(seconds(5)));
            assert_eq!(report_of(&app, task).data.total_count, 0, "try {number}");
            clock.forward(seconds(5));
        }
        report_of(&app, task);
        let end = entry(&app, id);
        // 500 says that it may be out, so it is not called failed when its retries are used up.
        assert_eq!((end.status, end.retry_count, end.unproven), (EntryStatus::Uncertain, many, true));
        assert_eq!(receiver.by_webhook_id().into_values().collect::<Vec<_>>(), [tries.len() + 1]);
    });
}

#[test]
fn a_retry_by_hand_gives_all_retries_again_and_says_who() {
    on_both(|url, dir| {
        let (app, clock) = by_hand(url, dir);
        let receiver = Receiver::start();
        receiver.on_any([Answer::status(404)]);
        let task = task(&app, "run");
        let use_up = |id| {
            while entry(&app, id).status == EntryStatus::Pending {
                report_of(&app, task);
                clock.forward(seconds(3600));
            }
            assert_eq!(entry(&app, id).status, EntryStatus::Failed, "nothing of it is out");
        };
        for (max_retries, tries) in [(0, 1), (1, 2)] {
            let before = receiver.posts().len();
            let hook = one_by_one(&app, &format!("hook {max_retries}"), json!({"url": receiver.url("/")}));
            let id = add_as(&app, "x", hook, |addition| Addition { max_retries, ..addition });
            use_up(id);
            assert_eq!(receiver.posts().len() - before, tries, "1 + max_retries");
            let failed = entry(&app, id);
            assert_eq!(failed.retry_count, max_retries);
            let row = app.run(RetryEntry { id, by: "ann".to_owned() }).expect("tried again").row;
            assert_eq!(
                (row.status, row.retry_count, row.due_at <= app.now()),
                (EntryStatus::Pending, 0, true)
            );
            assert_eq!(row.log_error, failed.last_error, "why it failed is still what it says");
            let said = attempts(&app, id).pop().expect("a row");
            assert_eq!((said.said_by.as_deref(), said.status), (Some("ann"), LogStatus::NotSent));
            assert_eq!((said.error_code.as_deref(), said.attempt), (Some("retried"), failed.attempt + 1));
            use_up(id);
            assert_eq!(receiver.posts().len() - before, 2 * tries);
            let numbers: Vec<_> = attempts(&app, id).iter().map(|row| row.attempt).collect();
            assert_eq!(numbers, (1..=row_count(tries)).collect::<Vec<_>>(), "no number twice");
        }
        let keys = receiver.by_webhook_id();
        assert_eq!(keys.len(), 2, "an entry keeps its key: {keys:?}");
    });
}

/// Each try, twice, and what a person said between.
fn row_count(tries: usize) -> i32 {
    i32::try_from(2 * tries + 1).expect("a few")
}
