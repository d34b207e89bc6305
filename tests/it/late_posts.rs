//! What could not go out in time, or whose platform was away for too long, is not published late but ends visibly: by a
//! timer, whatever kept it, and needs no run for that.

mod changes;
mod outages;

use crate::support::app::*;
use crate::support::command::Cli;
use crate::support::played::What::{LookUp, Publish};
use crate::support::played::{Played, answers};
use crate::support::postgres::{fresh_database, waiting_for_locks};
use crate::support::product::{ENTRY, Product, has_fields, id, instant};
use crate::support::stage::{Stage, problem, state};
use crate::support::{knows_better, on_both};
use contenthub::actors::executor::Tick;
use contenthub::db::connection::connect;
use contenthub::db::database_url::DatabaseUrl;
use contenthub::db::lateness;
use contenthub::domain::breaker::TRIPS_AFTER;
use contenthub::domain::delivery_class::DeliveryClass;
use contenthub::domain::execution::Trigger;
use contenthub::domain::lane_settings::LaneChanges;
use contenthub::domain::outcome::{Receipt, Seen};
use contenthub::domain::question::LookedUp;
use contenthub::operations::account::{SuspendAccount, UpdateAccount};
use contenthub::operations::entry::*;
use contenthub::operations::execution::TriggerTask;
use contenthub::operations::firing::FireDue;
use contenthub::operations::pool::GetStats;
use contenthub::{AccountId, Addition, App, EntryId, EntryStatus, LogStatus, Settings, Timestamp};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use futures_util::FutureExt;
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

const MINUTE: i64 = 60;

fn seconds(seconds: i64) -> Duration {
    Duration::from_secs(u64::try_from(seconds).expect("a span"))
}

fn accepted() -> Seen {
    Seen::Accepted(Receipt::default())
}

fn away() -> Seen {
    Seen::NothingLeft(problem("away"))
}

fn unseen() -> Seen {
    Seen::EndUnseen { problem: problem("cut"), retry_after: None }
}

fn keyed(all: impl Into<Vec<Seen>>) -> Played {
    Played::new(DeliveryClass::Keyed, answers(all))
}

fn sql(url: &DatabaseUrl, text: &str) {
    knows_better(url, text);
}

/// Sets columns of an account, and what its entries have from it.
fn set(url: &DatabaseUrl, account: AccountId, columns: &str) {
    sql(url, &format!("UPDATE accounts SET {columns}, opens_at = 0, gated = TRUE WHERE id = {account}"));
    lateness::recompute_late(&mut connect(url).expect("connected"), account).expect("computed");
}

fn add_late(app: &App, title: &str, account: AccountId, late_after: i64) -> EntryId {
    add_as(app, title, account, |it| Addition { late_after_seconds: Some(late_after), ..it })
}

/// Waits until the entry has ended without a try, and gives back what the log says.
#[track_caller]
fn ended(app: &App, id: EntryId, status: EntryStatus, code: &str) -> String {
    eventually(&format!("entry {id} ends: {:?}", entry(app, id)), || {
        (entry(app, id).status == status).then_some(())
    });
    let row = attempts(app, id).pop().expect("a row says so");
    let shown = entry(app, id);
    assert_eq!(row.error_code.as_deref(), Some(code));
    assert_eq!((row.attempt, row.execution_id, row.said_by), (shown.attempt, None, None));
    let in_log = if status == EntryStatus::Failed { LogStatus::Failed } else { LogStatus::Uncertain };
    assert_eq!((row.status, shown.log_id, shown.waiting_for), (in_log, Some(row.id), None));
    assert_eq!(shown.last_error, row.error_message);
    row.error_message.expect("words")
}

#[track_caller]
fn are_pending(app: &App, ids: &[EntryId]) {
    for id in ids {
        assert_eq!(entry(app, *id).status, EntryStatus::Pending, "{id}: {:?}", attempts(app, *id));
    }
}

/// So much later the node sweeps: an entry that is too late at that very instant shows it.
#[track_caller]
fn sweep_after(stage: &Stage, span: i64) {
    let other = account(&stage.app, &format!("marks {}", stage.app.now()), "played", json!({}));
    let marker = add_late(&stage.app, "marker", other, span);
    stage.later(u64::try_from(span).expect("a span"));
    ended(&stage.app, marker, EntryStatus::Failed, "too_late");
}

#[test]
fn whatever_kept_it_it_fails_in_time_and_says_what_it_was() {
    on_both(|url, dir| {
        let stage = Stage::open(url, dir, keyed([accepted()]));
        let (app, now) = (&stage.app, stage.app.now());
        let lane = |name: &str| account(app, name, "played", json!({}));
        let names = ["open", "suspended", "disabled", "window", "waits", "breaker", "held"];
        let lanes = names.map(lane);
        let ids = lanes.map(|lane| add_late(app, "x", lane, MINUTE));
        let suspend = SuspendAccount { id: lanes[1], reason: "on leave".to_owned(), until: None };
        app.run(suspend).expect("suspended");
        app.run(UpdateAccount { enabled: Some(false), ..UpdateAccount::new(lanes[2]) }).expect("disabled");
        let hour = (now.micros() / 3_600_000_000 + 12) % 24;
        set(url, lanes[3], &format!("windows = '[\"{hour:02}:00-{hour:02}:30\"]'"));
        let (later, at) = ((now + seconds(7200)).micros(), now.micros());
        sql(url, &format!("INSERT INTO lanes (account_id, wait_until) VALUES ({}, {later})", lanes[4]));
        let tripped = format!("({}, {at}, {later})", lanes[5]);
        sql(url, &format!("INSERT INTO lanes (account_id, tripped_at, probe_at) VALUES {tripped}"));
        sql(url, "UPDATE accounts SET gated = TRUE");
        sql(url, &format!("UPDATE publish_pool SET held = TRUE WHERE id = {}", ids[6]));
        let shown = stage.entry(ids[0]);
        assert_eq!((shown.late_after_seconds, shown.late_at), (Some(60), Some(now + seconds(60))));

        sweep_after(&stage, MINUTE - 1);
        are_pending(app, &ids);
        stage.later(1);
        let kept = [
            "no enabled task publishes",
            "suspended: on leave",
            "account disabled",
            "outside the account's windows",
            "asks to wait",
            "has not answered since",
            "not approved",
        ];
        for (id, kept) in ids.into_iter().zip(kept) {
            let said = ended(app, id, EntryStatus::Failed, "too_late");
            assert!(said.contains(kept), "{said}");
            let by = format!("wanted {now}, and not out by {}", now + seconds(60));
            assert!(said.contains(&by), "{said}");
            assert_eq!(attempts(app, id).len(), 1);
        }
        // No run tried them; the numbers show them.
        let report = stage.run();
        assert_eq!((report.data.total_count, report.data.skipped.len()), (0, 0));
        assert_eq!(stage.calls.all(), []);
        assert_eq!(app.run(GetStats { account: Some(lanes[0]) }).expect("numbers").failed, 1);
        // A person may want it all the same, and then it has its time again.
        app.run(RetryEntry { id: ids[0], by: "ann".to_owned() }).expect("retried");
        let again = stage.entry(ids[0]);
        assert_eq!((again.status, again.attempt), (EntryStatus::Pending, 2));
        assert_eq!(again.late_at, Some(app.now() + seconds(60)));
        sweep_after(&stage, MINUTE - 1);
        assert_eq!(stage.run().data.success_count, 1);
        assert_eq!(stage.entry(ids[0]).status, EntryStatus::Published);
    });
}

/// A platform whose attempts end when a test says so.
fn held_up(seen: impl Fn(&str) -> Seen + Send + Sync + 'static) -> (Played, Arc<Notify>) {
    let told = Arc::new(Notify::new());
    let waited = told.clone();
    let (seen, told_too) = (Arc::new(seen), told.clone());
    let played = Played::new(DeliveryClass::Keyed, move |call| {
        let (waited, seen) = (waited.clone(), seen.clone());
        async move {
            waited.notified().await;
            seen(&call.article.title)
        }
        .boxed_local()
    });
    (played, told_too)
}

#[test]
fn what_is_on_the_wire_may_end_and_is_swept_only_if_it_fails() {
    on_both(|url, dir| {
        let (played, told) = held_up(|title| match title {
            "out" => accepted(),
            "unseen" => unseen(),
            _ => away(),
        });
        let stage = Stage::open(url, dir, played);
        let app = &stage.app;
        let [out, fails, unseen] = ["out", "fails", "unseen"].map(|title| {
            let id = add_late(app, title, stage.account, MINUTE);
            stage.node.perform(TriggerTask { task: stage.task, by: Trigger::Api }).expect("triggered");
            eventually("it is on the wire", || {
                let _ = stage.node.crew.executor().try_send(Tick);
                (stage.calls.of(id) == [Publish]).then_some(())
            });
            id
        });
        sweep_after(&stage, MINUTE + 1);
        for id in [out, fails, unseen] {
            assert_eq!(entry(app, id).status, EntryStatus::Publishing, "it was claimed in time");
        }
        for _ in 0..3 {
            told.notify_one();
        }
        told.notify_waiters();
        let said = ended(app, fails, EntryStatus::Failed, "too_late");
        assert!(said.contains("its last attempt: away, on purpose"), "{said}");
        // What may be out is never called failed.
        let said = ended(app, unseen, EntryStatus::Uncertain, "too_late");
        assert!(said.contains("may have published it"), "{said}");
        eventually("it is out", || (entry(app, out).status == EntryStatus::Published).then_some(()));
        assert_eq!(attempts(app, out).len(), 1);
        let rows: Vec<_> = attempts(app, fails).iter().map(|row| (row.attempt, row.status)).collect();
        assert_eq!(rows, [(1, LogStatus::Failed), (2, LogStatus::Failed)]);
        assert_eq!(stage.calls.count(Publish), 3);
        // The sweep was no try, so that it hides none.
        let resolve = ResolveEntry { id: unseen, resolution: Resolution::TryAgain, by: "ann".to_owned() };
        app.run(resolve).expect("a person's word works");
        assert_eq!(state(&stage.entry(unseen)), (EntryStatus::Pending, false, 0));
    });
}

#[test]
fn a_look_up_comes_first() {
    on_both(|url, dir| {
        let there = |title: &str| title == "there";
        let played = Played::new(DeliveryClass::Detects, answers([unseen()])).looked_up(move |call| {
            let found = there(&call.article.title);
            let receipt = Receipt::default();
            std::future::ready(if found { LookedUp::There(receipt) } else { LookedUp::NotThere })
                .boxed_local()
        });
        let stage = Stage::open(url, dir, played);
        let ids = ["there", "not there"].map(|title| {
            let id = add_late(&stage.app, title, stage.account, 30);
            stage.run();
            stage.asked(id, &[Publish]);
            id
        });
        sweep_after(&stage, 59);
        are_pending(&stage.app, &ids);
        // Nobody is woken for what is left to its look-up.
        let fired = stage.app.run(FireDue).expect("asked");
        assert!(!fired.executor_is_wanted && fired.next.is_some(), "{fired:?}");
        stage.later(1);
        assert_eq!(stage.asked(ids[0], &[Publish, LookUp]).status, EntryStatus::Published);
        let once = stage.asked(ids[1], &[Publish, LookUp]);
        assert_eq!(state(&once), (EntryStatus::Pending, true, 0), "once is no proof");
        stage.later(15);
        let said = ended(&stage.app, ids[1], EntryStatus::Failed, "too_late");
        assert!(!said.contains("may have published"), "{said}");
        let calls = [Publish, LookUp, LookUp];
        assert_eq!((stage.calls.of(ids[1]), attempts(&stage.app, ids[1]).len()), (calls.to_vec(), 4));
    });
}

#[test]
fn more_than_one_cycle_takes_end_too() {
    on_both(|url, dir| {
        const MANY: usize = 1201;
        let stage = Stage::open(url, dir, keyed([accepted()]));
        set(url, stage.account, "late_after_seconds = 60");
        stage.app.run(AddMany { count: MANY, account: stage.account, at: None }).expect("added");
        stage.later(60);
        let failed = || stage.app.run(GetStats { account: None }).expect("numbers").failed;
        eventually("all have ended", || (failed() == i64::try_from(MANY).expect("few")).then_some(()));
        assert_eq!(stage.calls.all(), []);
    });
}

#[test]
fn it_is_asked_for_and_shown_over_http_and_on_the_command_line() {
    on_both(|url, dir| {
        let product = Product::start_with(Cli::on(dir, url)).by_hand();
        let lane = product.account("lane");
        let content = product.content("x");
        let body = json!({"content_id": content, "account_id": lane, "late_after_seconds": 600});
        let added = product.post("/publish-pool/add", &body, 201);
        has_fields(&added, ENTRY);
        let late_at =
            |entry: &serde_json::Value| instant(&entry["late_at"]).since(instant(&entry["added_at"]));
        assert_eq!((added["late_after_seconds"].as_i64(), late_at(&added)), (Some(600), seconds(600)));
        let path = format!("/publish-pool/{}", id(&added));
        let longer = product.patch(&path, &json!({"late_after_seconds": 31_622_400}), 200);
        assert_eq!(late_at(&longer), seconds(31_622_400));
        let never = product.patch(&path, &json!({"late_after_seconds": null}), 200);
        assert!(never["late_after_seconds"].is_null() && never["late_at"].is_null(), "{never}");
        let item = json!({"content_id": product.content("y"), "account_id": lane, "late_after_seconds": 1});
        let batch = product.post("/publish-pool/batch-add", &json!({"items": [item]}), 201);
        let one = batch["items"][0]["id"].as_i64().expect("an id");
        let gone = eventually("it is too late", || {
            let entry = product.get(&format!("/publish-pool/{one}"));
            (entry["status"] == "failed").then_some(entry)
        });
        assert!(gone["last_error"].as_str().is_some_and(|said| said.contains("not out by")), "{gone}");
        let log = product.get(&format!("/publisher/history?pool_id={one}&status=failed"));
        assert_eq!(log["items"][0]["error_code"], "too_late");
        let cli = Cli::on(dir, url);
        let content = product.content("z").to_string();
        let add = ["publish-pool", "add", &content, "--account", "lane", "--late-after-seconds", "90"];
        let added = cli.json(&add);
        assert_eq!((added["late_after_seconds"].as_i64(), late_at(&added)), (Some(90), seconds(90)));
        let shown = cli.json(&["publish-pool", "show", &id(&added).to_string()]);
        assert_eq!(shown["late_at"], added["late_at"]);
        let _: Timestamp = instant(&shown["late_at"]);
    });
}
