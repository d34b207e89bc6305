//! What a person wants out now goes out now: over its schedule, and over window and spacing of its account, and without a
//! run; never over anything else.

use crate::support::app::*;
use crate::support::command::Cli;
use crate::support::on_both;
use crate::support::product::{self, Product, id, now};
use crate::support::receiver::{Answer, Receiver};
use contenthub::db::connection::connect;
use contenthub::domain::ids::NodeId;
use contenthub::domain::turns::Room;
use contenthub::operations::account::{SuspendAccount, UpdateAccount};
use contenthub::operations::cycle::{ClaimScope, Cycle};
use contenthub::operations::entry::{CancelEntry, RetryEntry, UpdateEntry};
use contenthub::operations::pause::{PausePublishing, ResumePublishing};
use contenthub::operations::publish_now::{PublishNow, was_tried};
use contenthub::{AccountId, Addition, App, EntryId, EntryStatus, LaneChanges, OperationError, TaskId};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const LATER: &str = "2999-01-01T00:00:00Z";
const HOUR: Duration = Duration::from_secs(3600);

/// Hours of a day that are not now, nor soon.
fn another_time() -> Value {
    let hour = (now().to_utc().format("%H").to_string().parse::<u32>().expect("an hour") + 12) % 24;
    json!([format!("{hour:02}:00-{hour:02}:30")])
}

fn later(app: &App, title: &str, account: AccountId) -> EntryId {
    add_as(app, title, account, |it| Addition { scheduled_at: Some(app.now() + 1000 * HOUR), ..it })
}

fn want(app: &App, ids: &[EntryId]) -> Result<(), OperationError> {
    app.run(PublishNow { ids: ids.to_vec(), by: "Ada".to_owned() }).map(drop)
}

#[track_caller]
fn refused(app: &App, id: EntryId, says: &str) {
    let told = want(app, &[id]).expect_err("refused");
    assert!(told.to_string().contains(says), "“{told}” says nothing of “{says}”");
}

#[test]
fn it_goes_out_over_schedule_window_and_spacing_without_a_run() {
    on_both(|url, dir| {
        let product = Product::start(url, dir).by_hand();
        let blog = product.account_with("blog", json!({"windows": another_time(), "spacing_seconds": 3600}));
        let entries: Vec<i64> = (0..3)
            .map(|number| {
                let content = product.content(&format!("{number}"));
                product.add(json!({"content_id": content, "account_id": blog, "scheduled_at": LATER}))
            })
            .collect();
        let one = product.post(&format!("/publish-pool/{}/publish?wait=true", entries[0]), &json!({}), 200);
        assert_eq!(one["status"], "published", "{one:#}");
        assert_eq!(one["scheduled_at"], "2999-01-01T00:00:00.000000Z", "what the user asked for stays");
        let body = json!({"ids": [entries[2], entries[1], entries[1]]});
        let more = product.post("/publish-pool/publish?wait=true", &body, 200);
        let statuses: Vec<&Value> =
            more["items"].as_array().expect("items").iter().map(|it| &it["status"]).collect();
        assert_eq!(statuses, ["published", "published"]);
        assert_eq!(product.receiver.by_webhook_id().values().collect::<Vec<_>>(), [&1, &1, &1]);
        // The log says who had it published, and that no run did.
        let log = product.get(&format!("/publisher/history?pool_id={}", entries[0]));
        let rows = log["items"].as_array().expect("rows");
        let said: Vec<_> =
            rows.iter().map(|row| (&row["status"], &row["error_code"], &row["execution_id"])).collect();
        let (none, now) = (json!(null), json!("publish_now"));
        assert_eq!(said, [(&json!("published"), &none, &none), (&json!("not_sent"), &now, &none)]);
        assert_eq!(rows[1]["said_by"], "test admin", "{log:#}");
        let again = product.post(&format!("/publish-pool/{}/publish", entries[0]), &json!({}), 409);
        assert_eq!((&again["code"], &again["state"]), (&json!("wrong_state"), &json!("published")));
    });
}

#[test]
fn never_over_what_else_keeps_it() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let receiver = Receiver::start();
        let blog = webhook(&app, "blog", &receiver.url("/blog"));
        let [one, two] = ["one", "two"].map(|title| later(&app, title, blog));
        let change = |change: UpdateAccount| app.run(change).expect("changed");
        change(UpdateAccount { enabled: Some(false), ..UpdateAccount::new(blog) });
        refused(&app, one, "account disabled");
        change(UpdateAccount { enabled: Some(true), ..UpdateAccount::new(blog) });
        app.run(SuspendAccount { id: blog, reason: "a quota".to_owned(), until: None }).expect("suspended");
        refused(&app, one, "account suspended: a quota");
        app.run(contenthub::operations::account::ResumeAccount(blog)).expect("resumed");
        app.run(PausePublishing { by: "Ada".to_owned(), reason: None }).expect("paused");
        refused(&app, one, "publishing is paused");
        app.run(ResumePublishing { by: "Ada".to_owned() }).expect("resumed");
        let sql = |sql: &str| connect(url).expect("connected").batch_execute(sql).expect("written");
        sql("UPDATE publish_pool SET held = TRUE");
        refused(&app, one, "its content has to be approved first");
        sql("UPDATE publish_pool SET held = FALSE");
        let cap = LaneChanges { daily_cap: Some(Some(1)), ..LaneChanges::default() };
        change(UpdateAccount { lane: cap, ..UpdateAccount::new(blog) });
        // All or none: what cannot be published keeps the others.
        app.run(CancelEntry(two)).expect("cancelled");
        let told = want(&app, &[one, two]).expect_err("refused").to_string();
        assert!(told.contains("is cancelled: bring it back with `retry` first"), "{told}");
        assert!(entry(&app, one).due_at > app.now() + HOUR, "it waits for its time still");
        app.run(RetryEntry { id: two, by: "Ada".to_owned() }).expect("back");
        let node = app.start().expect("a node");
        want(&app, &[one]).expect("wanted");
        eventually("one is out", || (entry(&app, one).status == EntryStatus::Published).then_some(()));
        refused(&app, two, "the account's daily cap of 1 is reached");
        refused(&app, one, "is published: only a pending entry");
        assert!(matches!(want(&app, &[EntryId(99)]), Err(OperationError::NotFound { .. })));
        assert!(matches!(want(&app, &[]), Err(OperationError::Invalid(_))));
        let _ = node.stop();
        assert_eq!(receiver.posts().len(), 1);
    });
}

/// Whoever dies between the wish and the claim loses nothing, and each try of it needs no run either.
#[test]
fn it_outlives_a_restart_and_is_tried_again_until_it_is_out() {
    on_both(|url, dir| {
        let (app, clock) = by_hand(url, dir);
        let receiver = Receiver::start();
        receiver.on_any([Answer::status(500), Answer::status(200)]);
        let blog = webhook(&app, "blog", &receiver.url("/blog"));
        let closed: Vec<String> = serde_json::from_value(another_time()).expect("windows");
        let windows = LaneChanges { windows: Some(closed), ..LaneChanges::default() };
        app.run(UpdateAccount { lane: windows, ..UpdateAccount::new(blog) }).expect("closed");
        let id = later(&app, "x", blog);
        let other = add(&app, "waits for its window", blog);
        want(&app, &[id]).expect("wanted");
        let node = app.start().expect("a node");
        let tried = eventually("its first try failed", || {
            Some(entry(&app, id)).filter(|it| it.status == EntryStatus::Pending && it.retry_count == 1)
        });
        assert!(tried.due_at > app.now(), "{tried:?}");
        clock.forward(HOUR);
        eventually("it is out", || (entry(&app, id).status == EntryStatus::Published).then_some(()));
        assert_eq!(entry(&app, other).status, EntryStatus::Pending);
        let _ = node.stop();
        assert_eq!(receiver.posts().len(), 2);
    });
}

/// What was wanted before a pause goes out after it, and is forgotten then.
#[test]
fn a_pause_keeps_it_until_publishing_goes_on() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let receiver = Receiver::start();
        let blog = webhook(&app, "blog", &receiver.url("/blog"));
        let id = later(&app, "x", blog);
        want(&app, &[id]).expect("wanted");
        app.run(PausePublishing { by: "Ada".to_owned(), reason: None }).expect("paused");
        let wanted = || {
            use contenthub::db::schema::publish_demands::table;
            table.count().get_result::<i64>(&mut connect(url).expect("connected")).expect("counted")
        };
        let cycle = Cycle {
            node: NodeId("n1".to_owned()),
            lease: HOUR,
            scope: ClaimScope::Everything,
            ended: Arc::default(),
            room: Room { shared: 8, firsts: true, ..Room::default() },
            read_back: None,
            clock_is_right: true,
        };
        assert_eq!(app.run(cycle).expect("a cycle").claims.len(), 0);
        assert_eq!((entry(&app, id).status, wanted()), (EntryStatus::Pending, 1));
        app.run(ResumePublishing { by: "Ada".to_owned() }).expect("resumed");
        let node = app.start().expect("a node");
        eventually("it is out", || (entry(&app, id).status == EntryStatus::Published).then_some(()));
        eventually("nobody wants it any more", || (wanted() == 0).then_some(()));
        let _ = node.stop();
        assert_eq!(receiver.posts().len(), 1);
    });
}

/// A person who changes his mind has the last word.
#[test]
fn another_time_or_a_cancel_takes_the_wish_back() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let receiver = Receiver::start();
        let blog = webhook(&app, "blog", &receiver.url("/blog"));
        let [moved, cancelled, kept] = ["moved", "cancelled", "kept"].map(|title| later(&app, title, blog));
        want(&app, &[moved, cancelled, kept]).expect("wanted");
        let at = app.now() + Duration::from_millis(1);
        app.run(UpdateEntry { scheduled_at: Some(Some(at)), ..UpdateEntry::of(moved) }).expect("moved");
        app.run(CancelEntry(cancelled)).expect("cancelled");
        app.run(RetryEntry { id: cancelled, by: "Ada".to_owned() }).expect("back");
        connect(url)
            .expect("connected")
            .batch_execute(&format!("UPDATE publish_pool SET due_at = 0 WHERE id = {cancelled}"))
            .expect("due");
        let node = app.start().expect("a node");
        eventually("the one is out", || (entry(&app, kept).status == EntryStatus::Published).then_some(()));
        // Both are due, and no task takes them.
        let waiting = [moved, cancelled].map(|id| entry(&app, id).status);
        assert_eq!(waiting, [EntryStatus::Pending; 2]);
        let _ = node.stop();
        assert_eq!(receiver.posts().len(), 1);
    });
}

/// Two who want the same at once want one try, and both hear of that.
#[test]
fn a_second_wish_waits_for_the_same_try() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let receiver = Receiver::start();
        let id = later(&app, "wanted", webhook(&app, "blog", &receiver.url("/blog")));
        let wanted =
            || app.run(PublishNow { ids: vec![id], by: "Ada".to_owned() }).expect("wanted").remove(0);
        let (first, second) = (wanted(), wanted());
        assert_eq!(first.attempt, second.attempt);
        assert!(!was_tried(&first, &second), "the second wish is no try");
        assert_eq!(attempts(&app, id).len(), 1, "nothing was added");
        let node = app.start().expect("a node");
        eventually("it is out", || (entry(&app, id).status == EntryStatus::Published).then_some(()));
        let _ = node.stop();
        assert_eq!(receiver.posts().len(), 1);
    });
}

/// It counts for the lane like any other: the cap, and the places in it.
#[test]
fn it_keeps_to_the_places_of_its_lane_and_uses_up_its_cap() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let receiver = Receiver::start();
        receiver.on_any([Answer::status(200).held(), Answer::status(200).held(), Answer::status(200)]);
        let blog = webhook(&app, "blog", &receiver.url("/blog"));
        let lane = LaneChanges { daily_cap: Some(Some(3)), ..LaneChanges::default() };
        app.run(UpdateAccount { concurrency: Some(2), lane, ..UpdateAccount::new(blog) }).expect("changed");
        let ids: Vec<EntryId> = (0..4).map(|number| later(&app, &format!("{number}"), blog)).collect();
        want(&app, &ids).expect("wanted");
        let node = app.start().expect("a node");
        receiver.wait_for(2, SOON);
        let on_the_wire = || entries(&app).iter().filter(|it| it.status == EntryStatus::Publishing).count();
        assert_eq!(on_the_wire(), 2);
        receiver.release();
        eventually("three are out", || {
            let out = entries(&app).iter().filter(|it| it.status == EntryStatus::Published).count();
            (out == 3).then_some(())
        });
        assert_eq!(receiver.most_at_once(), 2);
        let left: Vec<_> = entries(&app).into_iter().filter(|it| it.status == EntryStatus::Pending).collect();
        assert_eq!(left.len(), 1, "the cap keeps the fourth");
        assert!(left[0].waiting_for.as_ref().is_some_and(|why| why.contains("daily cap")), "{left:?}");
        let _ = node.stop();
        assert_eq!(receiver.posts().len(), 3);
    });
}

/// A node that a command runs for one task takes nothing that was wanted of others.
#[test]
fn a_node_of_a_task_leaves_it_to_others() {
    assert_eq!(ClaimScope::Demands.task(), Some(TaskId(0)), "it works on no task's runs");
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let receiver = Receiver::start();
        let blog = webhook(&app, "blog", &receiver.url("/blog"));
        let closed: Vec<String> = serde_json::from_value(another_time()).expect("windows");
        let lane = LaneChanges { windows: Some(closed), ..LaneChanges::default() };
        app.run(UpdateAccount { lane, ..UpdateAccount::new(blog) }).expect("closed");
        let id = later(&app, "x", blog);
        want(&app, &[id]).expect("wanted");
        let report = report_of(&app, task(&app, "by hand"));
        assert_eq!((report.data.skipped_count, entry(&app, id).status), (1, EntryStatus::Pending));
        assert_eq!(receiver.posts().len(), 0);
    });
}

#[test]
fn on_the_command_line_with_and_without_a_server() {
    on_both(|url, dir| {
        let cli = Cli::on(dir, url);
        let receiver = Receiver::start();
        receiver.on_title("refused", [Answer::status(422)]);
        let setting = format!("url={}", receiver.url("/blog"));
        cli.ok(&["account", "create", "blog", "--platform", "webhook", "--setting", &setting]);
        for title in ["one", "refused", "two", "three"] {
            cli.ok(&["content", "create", "--title", title, "--body", "x"]);
        }
        for content in ["1", "2", "3", "4"] {
            cli.ok(&["publish-pool", "add", content, "--scheduled-at", LATER]);
        }
        let partly =
            cli.run(&["publish-pool", "publish", "1", "2", "--output", "json"]).expect_code(3).json();
        let statuses: Vec<&Value> =
            partly["items"].as_array().expect("items").iter().map(|it| &it["status"]).collect();
        assert_eq!(statuses, ["published", "failed"]);
        let again = cli.run(&["publish-pool", "publish", "1"]).expect_code(1);
        assert!(again.stderr.contains("entry 1 is published"), "{}", again.stderr);
        let server = crate::support::command::Server::start(&cli, &[]);
        let shown = cli.run(&["publish-pool", "publish", "3", "4"]).expect_code(0).stdout;
        assert!(shown.contains("published"), "{shown}");
        drop(server);
        assert_eq!(receiver.by_webhook_id().values().max(), Some(&1));
        assert_eq!(receiver.posts().len(), 4);
    });
}

#[test]
fn a_content_is_published_at_once_and_once() {
    on_both(|url, dir| {
        let product = Product::start(url, dir).by_hand();
        product.account("blog");
        let content = product.content("x");
        let body = json!({"content_id": content});
        let publish = || {
            let headers = [("Idempotency-Key", "k1")];
            let path = "/api/v1/publisher/publish";
            product.server.send("POST", path, &headers, body.to_string().as_bytes()).expect_status(200)
        };
        let first = publish();
        assert_eq!(first.body["status"], "published", "{}", first.text);
        assert_eq!(first.headers.get("idempotency-replayed"), None);
        let second = publish();
        assert_eq!((id(&second.body), &second.body["status"]), (id(&first.body), &json!("published")));
        assert_eq!(second.headers.get("idempotency-replayed").map(String::as_str), Some("true"));
        assert_eq!(product.post("/publisher/publish", &body, 409)["code"], "already_published");
        assert_eq!(product.receiver.wait_for(1, product::SOON).len(), 1);
    });
}
