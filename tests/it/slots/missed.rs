//! What missed its slot goes out late, or sits in the next free one, as its account says.

use super::*;
use crate::kept_chinese::{reader, tells};
use crate::support::app::{add_as, attempts, entry};
use crate::support::played::{Played, answers};
use crate::support::stage::{Stage, problem};
use contenthub::db::database_url::DatabaseUrl;
use contenthub::domain::delivery_class::DeliveryClass;
use contenthub::domain::outcome::{Receipt, Seen};
use contenthub::operations::account::{ResumeAccount, SuspendAccount};
use contenthub::{EntryStatus, LogStatus};
use std::path::Path;

const MINUTE: u64 = 60;

fn accepted() -> Seen {
    Seen::Accepted(Receipt::default())
}

/// A stage whose account has slots in 10, 60, 120 and 180 minutes, and a day after each of these.
fn stage(url: &DatabaseUrl, dir: &Path, missed: &str, all: impl Into<Vec<Seen>>) -> (Stage, Vec<Timestamp>) {
    let stage = Stage::open(url, dir, Played::new(DeliveryClass::Keyed, answers(all)));
    let now = stage.app.now().micros();
    let start = Timestamp::from_micros(now - now % 60_000_000);
    let at: Vec<Timestamp> =
        [10, 60, 120, 180].map(|minutes| start + Duration::from_secs(minutes * MINUTE)).to_vec();
    let times: Vec<String> = at.iter().map(|at| at.to_utc().format("%H:%M").to_string()).collect();
    set_slots(&stage.app, stage.account, &[&times.join(",")], missed);
    (stage, at)
}

fn suspend(stage: &Stage) {
    let suspend = SuspendAccount { id: stage.account, reason: "on leave".to_owned(), until: None };
    stage.app.run(suspend).expect("suspended");
}

/// The clock comes to this instant, and the node has swept then: what is too late by then shows it.
#[track_caller]
fn sweep_at(stage: &Stage, at: Timestamp) {
    let span = at.since(stage.app.now());
    let other = account(&stage.app, &format!("marks {at}"), "played", json!({}));
    let seconds = i64::try_from(span.as_secs()).expect("a span") + 1;
    let marker =
        add_as(&stage.app, "marker", other, |it| Addition { late_after_seconds: Some(seconds), ..it });
    stage.clock.forward(span);
    stage.later(0);
    stage.later(1);
    is_soon(&stage.app, marker, |it| it.status == EntryStatus::Failed);
}

#[test]
fn it_moves_to_the_next_free_slot_five_minutes_after_its_own() {
    on_both(|url, dir| {
        let (stage, at) = stage(url, dir, "next", [accepted()]);
        let app = &stage.app;
        suspend(&stage);
        let [first, second] = ["first", "second"].map(|title| in_next_slot(app, title, stage.account));
        assert_eq!([first, second].map(|id| slot(app, id)), [at[0], at[1]]);
        sweep_at(&stage, at[0] + Duration::from_secs(5 * MINUTE - 3));
        assert_eq!(slot_of(app, first), at[0], "its five minutes are not over");
        sweep_at(&stage, at[0] + Duration::from_secs(5 * MINUTE));
        let moved = is_soon(app, first, |it| it.slot_at == Some(at[2]));
        assert_eq!(slot(app, first), at[2]);
        assert_eq!(slot(app, second), at[1], "who waits keeps its slot");
        let waiting = moved.waiting_for.unwrap_or_default();
        assert_eq!(waiting, format!("its slot, {}; it missed the one of {}", at[2], at[0]));
        let row = attempts(app, first).pop().expect("a row");
        assert_eq!((row.status, row.error_code.as_deref()), (LogStatus::NotSent, Some("missed_slot")));
        assert_eq!((row.attempt, moved.attempt, moved.retry_count), (1, 1, 0));
        let said = row.error_message.unwrap_or_default();
        assert!(said.contains(&at[0].to_string()) && said.ends_with(&at[2].to_string()), "{said}");
        // It misses that too, and goes on from there; when the lane is open, it goes out in its slot.
        sweep_at(&stage, at[2] + Duration::from_secs(5 * MINUTE));
        is_soon(app, first, |it| it.slot_at == Some(at[3]) || it.slot_at == Some(at[0] + DAY));
        app.run(ResumeAccount(stage.account)).expect("resumed");
        let all = [first, second].map(|id| slot(app, id));
        let last = all.into_iter().max().expect("two");
        stage.clock.forward(last.since(app.now()));
        stage.run();
        for id in [first, second] {
            let out = entry(app, id);
            assert!(out.status == EntryStatus::Published || out.slot_at > Some(last), "{out:?}");
        }
    });
}

#[test]
fn whoever_reads_chinese_is_told_in_chinese_that_it_was_moved() {
    on_both(|url, dir| {
        let (stage, at) = stage(url, dir, "next", [accepted()]);
        suspend(&stage);
        let id = in_next_slot(&stage.app, "first", stage.account);
        sweep_at(&stage, at[0] + Duration::from_secs(5 * MINUTE));
        is_soon(&stage.app, id, |it| it.slot_at == Some(at[1]));
        let told = at[0].to_utc().format("在其时段 %Y-%m-%d %H:%M:%S").to_string();
        let next = at[1].to_utc().format("下一个空闲时段：%Y-%m-%d %H:%M:%S").to_string();
        let words = [&told, "之后的 300 秒内没有发出", &next];
        tells(&reader(url, dir), id, &words, "it was not sent within 300 s of its slot");
    });
}

/// Its slot, whether that has passed or not.
fn slot_of(app: &App, id: EntryId) -> Timestamp {
    entry(app, id).slot_at.expect("a slot")
}

#[test]
fn by_default_it_goes_out_late_and_keeps_its_slot() {
    on_both(|url, dir| {
        let (stage, at) = stage(url, dir, "late", [accepted()]);
        let app = &stage.app;
        suspend(&stage);
        let id = in_next_slot(app, "x", stage.account);
        sweep_at(&stage, at[0] + Duration::from_secs(20 * MINUTE));
        assert_eq!(slot(app, id), at[0]);
        app.run(ResumeAccount(stage.account)).expect("resumed");
        assert_eq!(stage.run().data.success_count, 1);
        let out = entry(app, id);
        assert_eq!(
            (out.status, out.scheduled_at, out.slot_at),
            (EntryStatus::Published, Some(at[0]), Some(at[0]))
        );
    });
}

/// The other wish holds for what waits already; one that missed its slot long ago is moved then.
#[test]
fn another_policy_holds_for_what_waits() {
    on_both(|url, dir| {
        let (stage, at) = stage(url, dir, "late", [accepted()]);
        let app = &stage.app;
        suspend(&stage);
        let [gone, waits] = ["gone", "waits"].map(|title| in_next_slot(app, title, stage.account));
        sweep_at(&stage, at[0] + Duration::from_secs(20 * MINUTE));
        assert_eq!(slot_of(app, gone), at[0]);
        let policy = |word: &str| {
            let lane =
                LaneChanges { missed_slot: Some(word.parse().expect("a word")), ..LaneChanges::default() };
            app.run(UpdateAccount { lane, ..UpdateAccount::new(stage.account) }).expect("changed");
        };
        policy("next");
        stage.later(0);
        is_soon(app, gone, |it| it.slot_at == Some(at[2]));
        policy("late");
        sweep_at(&stage, at[1] + Duration::from_secs(20 * MINUTE));
        assert_eq!(slot_of(app, waits), at[1]);
    });
}

/// A server that was down at the slot: the post does not go out when it is up again, though its lane is open.
#[test]
fn a_server_that_was_down_moves_it_before_it_publishes() {
    on_both(|url, dir| {
        let (stage, at) = stage(url, dir, "next", [accepted()]);
        let Stage { app, clock, calls, account, task, node } = stage;
        let [first, second] = ["first", "second"].map(|title| in_next_slot(&app, title, account));
        drop(node);
        clock.forward((at[0] + Duration::from_secs(5 * MINUTE)).since(app.now()));
        let node = crate::support::node::TestNode::start(&app);
        let stage = Stage { app, clock, calls, account, task, node };
        assert_eq!(stage.run().data.total_count, 0);
        assert_eq!([first, second].map(|id| slot(&stage.app, id)), [at[2], at[1]]);
        // In its slot, and four minutes late, it goes out.
        stage.clock.forward((at[1] + Duration::from_secs(4 * MINUTE)).since(stage.app.now()));
        assert_eq!(stage.run().data.success_count, 1);
        assert_eq!(entry(&stage.app, second).status, EntryStatus::Published);
    });
}

#[test]
fn what_was_tried_in_its_slot_or_may_be_out_is_not_moved() {
    on_both(|url, dir| {
        let failed = Seen::NothingLeft(problem("away"));
        let unseen = Seen::EndUnseen { problem: problem("cut"), retry_after: None };
        for (title, seen) in [("tried", failed), ("unproven", unseen)] {
            let dir = dir.join(title);
            let url = match url {
                DatabaseUrl::Sqlite(_) => DatabaseUrl::in_data_dir(&dir),
                DatabaseUrl::Postgres(_) => crate::support::postgres::fresh_database(),
            };
            std::fs::create_dir_all(&dir).expect("a folder");
            let (stage, at) = stage(&url, &dir, "next", [seen]);
            let app = &stage.app;
            let id = in_next_slot(app, title, stage.account);
            stage.clock.forward(at[0].since(app.now()));
            stage.run();
            assert_eq!(entry(app, id).attempt, 1, "{title}");
            suspend(&stage);
            sweep_at(&stage, at[0] + Duration::from_secs(30 * MINUTE));
            let waits = entry(app, id);
            assert_eq!((waits.status, waits.slot_at), (EntryStatus::Pending, Some(at[0])), "{title}");
            assert_eq!((waits.scheduled_at, attempts(app, id).len()), (Some(at[0]), 1), "{title}");
            assert_eq!(waits.unproven, title == "unproven");
        }
    });
}

/// Whichever comes first: too late, or moved; and then it is late from its new slot on.
#[test]
fn too_late_counts_from_the_slot_that_it_has() {
    on_both(|url, dir| {
        let (stage, at) = stage(url, dir, "next", [accepted()]);
        let app = &stage.app;
        suspend(&stage);
        let add = |title: &str, seconds: i64| {
            let late_after_seconds = Some(seconds);
            let addition =
                Addition { next_slot: true, late_after_seconds, ..addition(app, title, stage.account) };
            app.run(AddToPool(addition)).expect("added").row.id
        };
        let [fails, moves] = [add("fails", 300), add("moves", 301)];
        assert_eq!([fails, moves].map(|id| slot(app, id)), [at[0], at[1]]);
        // Both are long over when they are looked at.
        stage.clock.forward((at[1] + Duration::from_secs(30 * MINUTE)).since(app.now()));
        stage.later(0);
        let failed = is_soon(app, fails, |it| it.status == EntryStatus::Failed);
        assert_eq!(failed.slot_at, Some(at[0]));
        let moved = is_soon(app, moves, |it| it.slot_at == Some(at[2]));
        assert_eq!(moved.status, EntryStatus::Pending);
        assert_eq!(moved.late_at, Some(at[2] + Duration::from_secs(301)));
    });
}
