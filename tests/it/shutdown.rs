//! How a node ends: in order at the first signal, at once at the second, and never with a word that is not true.

use crate::support::app::*;
use crate::support::command::{Cli, Server};
use crate::support::node::TestNode;
use crate::support::on_both;
use crate::support::played::Played;
use crate::support::process::Running;
use crate::support::product::{Product, instant, now};
use crate::support::receiver::{Answer, Receiver};
use contenthub::db::database_url::DatabaseUrl;
use contenthub::domain::delivery_class::DeliveryClass;
use contenthub::domain::execution::Trigger;
use contenthub::domain::outcome::{Receipt, Seen};
use contenthub::operations::execution::TriggerTask;
use contenthub::platforms::platform::PublishCall;
use contenthub::platforms::registry::Registry;
use contenthub::{App, Drained, EntryStatus, LogStatus, Settings};
use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, ready};
use serde_json::json;
use std::path::Path;
use std::sync::mpsc::{self, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const GRACE: Duration = Duration::from_secs(2);
/// What a busy machine may add to it.
const SLACK: Duration = Duration::from_secs(3);
/// As many as a node has on the wire.
const HANGING: usize = 64;

#[test]
fn a_node_whose_wire_is_full_of_hanging_requests_answers_and_is_gone_within_its_grace() {
    on_both(|url, dir| {
        let cli = Cli::on(dir, url).env("CONTENTHUB_GRACE_SECONDS", &GRACE.as_secs().to_string());
        let product = Product::start_with(cli);
        product.receiver.on_any([Answer::status(200).held()]);
        let keyed = product.account("keyed");
        let blind_url = json!({"url": product.receiver.url("/blind"), "deduplicates": false});
        let blind = product.account_with("blind", json!({"settings": blind_url}));
        let ids: Vec<i64> = (0..HANGING)
            .map(|number| {
                let place = if number % 2 == 0 { keyed } else { blind };
                let content = product.content(&format!("Post {number}"));
                product.add(json!({"content_id": content, "account_id": place}))
            })
            .collect();
        product.receiver.wait_for(HANGING, SOON);
        let began = Instant::now();
        for number in 0..20 {
            product.content(&format!("meanwhile {number}"));
            product.get("/publish-pool/stats");
        }
        assert!(began.elapsed() < Duration::from_secs(5), "the API took {:?}", began.elapsed());
        assert_eq!(product.get("/scheduler/status")["in_flight"], HANGING);

        let asked = Instant::now();
        product.server.signal("TERM");
        // It takes what it is given until it is gone.
        product.until("/scheduler/status", |status| status["stopping"] == true);
        let late = product.add(json!({"content_id": product.content("late"), "account_id": keyed}));
        let Product { cli, server, receiver } = product;
        let (status, stderr) = server.end(SOON);
        let took = asked.elapsed();
        assert_eq!(status.code(), Some(0), "{stderr}");
        assert!(took >= GRACE / 2, "the wire was given its time: {took:?}");
        assert!(took < GRACE + SLACK, "it was gone after {took:?}\n{stderr}");

        let listed = cli.json(&["publish-pool", "list", "--page-size", "200"]);
        let listed = listed["items"].as_array().expect("entries");
        let of = |id: i64| listed.iter().find(|entry| entry["id"] == id).expect("an entry");
        for (number, id) in ids.iter().enumerate() {
            let entry = of(*id);
            let expected = if number % 2 == 0 { "pending" } else { "uncertain" };
            assert_eq!((&entry["status"], &entry["unproven"]), (&json!(expected), &json!(true)), "{entry}");
            assert_eq!(entry["retry_count"], 0, "it cost nothing: {entry}");
            if number % 2 == 0 {
                assert!(instant(&entry["due_at"]) <= now(), "due at once: {entry}");
            }
        }
        assert_eq!(of(late)["attempt"], 0, "nothing new was sent");
        let log = cli.json(&["publisher", "history", "--page-size", "200"]);
        let codes = log["items"].as_array().expect("rows").iter().map(|row| row["error_code"].as_str());
        assert_eq!(codes.collect::<Vec<_>>(), vec![Some("stopped"); HANGING]);

        // The next one sends the keyed ones again, under the same keys, and no other.
        receiver.on_any([Answer::status(200)]);
        let mut server = Server::start(&cli, &[]);
        server.use_token(&cli.token("viewer"));
        eventually("all that may be sent is out", || {
            let published =
                server.get("/api/v1/publish-pool/stats").expect_status(200).body["published"].clone();
            (published == HANGING / 2 + 1).then_some(())
        });
        let mut counts: Vec<usize> = receiver.by_webhook_id().into_values().collect();
        counts.sort_unstable();
        let expected = [vec![1; HANGING / 2 + 1], vec![2; HANGING / 2]].concat();
        assert_eq!(counts, expected);
    });
}

#[test]
fn a_second_signal_ends_it_at_once_and_nothing_is_called_failed() {
    on_both(|url, dir| {
        let cases: &[(&str, &str, i32)] = match url {
            DatabaseUrl::Sqlite(_) => &[("TERM", "TERM", 143), ("INT", "INT", 130)],
            DatabaseUrl::Postgres(_) => &[("TERM", "INT", 130)],
        };
        for &(first, second, code) in cases {
            let cli =
                Cli::on(dir, url).env("CONTENTHUB_GRACE_SECONDS", "600").env("CONTENTHUB_LEASE_SECONDS", "2");
            let product = Product::start_with(cli);
            product.receiver.on_any([Answer::status(200).held()]);
            let name = format!("hook-{first}-{second}");
            let hook = product.account(&name);
            let entry = product.add(json!({"content_id": product.content("x"), "account_id": hook}));
            product.receiver.wait_for(1, SOON);
            product.server.signal(first);
            product.until("/scheduler/status", |status| status["stopping"] == true);
            let asked = Instant::now();
            let Product { cli, server, receiver } = product;
            let (status, stderr) = server.end_by(second, SOON);
            assert_eq!(status.code(), Some(code), "{stderr}");
            assert!(asked.elapsed() < SLACK, "it was gone after {:?}", asked.elapsed());
            assert!(stderr.contains("ended at once"), "{stderr}");
            let left = cli.json(&["publish-pool", "show", &entry.to_string()]);
            assert_eq!(left["status"], "publishing", "nothing is made up");

            receiver.on_any([Answer::status(200)]);
            let mut server = Server::start(&cli, &[]);
            server.use_token(&cli.token("viewer"));
            eventually("it is out", || {
                let path = format!("/api/v1/publish-pool/{entry}");
                (server.get(&path).body["status"] == "published").then_some(())
            });
            assert_eq!(receiver.by_webhook_id().into_values().collect::<Vec<_>>(), [2], "under the same key");
            let (status, stderr) = server.terminate(SOON);
            assert_eq!(status.code(), Some(0), "{stderr}");
        }
    });
}

/// It has said that it ends, and sends nothing from then on.
fn has_heard(command: &Running) {
    eventually("it says that it ends", || {
        command.stderr.text().contains("nothing new is sent").then_some(())
    });
}

/// What a command began it brings to an end; the rest of its run is left to the next.
#[test]
fn a_command_that_is_interrupted_ends_in_order_too() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let receiver = Receiver::start();
        receiver.on_any([Answer::status(200).held()]);
        let hook = one_by_one(&app, "hook", json!({"url": receiver.url("/")}));
        let ids = ["first", "second"].map(|title| add(&app, title, hook));
        let variables = match url {
            DatabaseUrl::Sqlite(path) => format!("sqlite:{}", path.display()),
            DatabaseUrl::Postgres(url) => url.clone(),
        };
        let variables = [
            ("CONTENTHUB_DATABASE_URL".to_owned(), variables),
            ("CONTENTHUB_LEASE_SECONDS".to_owned(), "20".to_owned()),
        ];
        let run = task(&app, "run").to_string();
        let trigger = || Running::spawn(dir, &variables, b"", &["scheduler", "trigger", &run]);
        let mut command = trigger();
        receiver.wait_for(1, SOON);
        command.signal("INT");
        has_heard(&command);
        receiver.release();
        let status = command.wait(SOON).expect("it ends");
        let stderr = command.stderr.text();
        assert_eq!(status.code(), Some(130), "{stderr}");
        assert!(stderr.contains("Ctrl-C") && stderr.contains("hint:"), "{stderr}");
        assert!(stderr.contains("takes what is left, which belongs to execution 1:"), "{stderr}");
        let entries = ids.map(|id| (entry(&app, id).status, entry(&app, id).attempt));
        assert_eq!(entries, [(EntryStatus::Published, 1), (EntryStatus::Pending, 0)]);

        let mut command = trigger();
        receiver.wait_for(2, SOON);
        command.signal("TERM");
        has_heard(&command);
        command.signal("TERM");
        let status = command.wait(SLACK).expect("it ends at once");
        assert_eq!(status.code(), Some(143), "{}", command.stderr.text());
        assert_eq!(entry(&app, ids[1]).status, EntryStatus::Publishing, "nothing is made up");
    });
}

/// An app whose platform holds its thread with the first entry, so that all others are claimed and not begun with; who
/// hears when it does; and how it is let go.
fn holding(url: &DatabaseUrl, dir: &Path) -> (Arc<App>, mpsc::Receiver<()>, impl Fn()) {
    let (unblock, heard) = channel::<()>();
    let (holds, held) = channel();
    let heard = Mutex::new(heard);
    let play = move |call: PublishCall| -> LocalBoxFuture<'static, Seen> {
        if call.article.title == "first" && call.attempt == 1 {
            holds.send(()).expect("the test listens");
            let _ = heard.lock().expect("one at a time").recv();
        }
        ready(Seen::Accepted(Receipt::default())).boxed_local()
    };
    let registry = Registry::default().with(Arc::new(Played::new(DeliveryClass::Blind, play)));
    let clock = Arc::new(crate::support::clock::SteppedClock::new());
    let settings = Settings { lease_seconds: 20, ..settings(url, dir) };
    let app = App::open_with(settings, registry, clock).expect("opened");
    app.disable_task(first_task(&app)).expect("disabled");
    let release = move || unblock.send(()).expect("it waits");
    (Arc::new(app), held, release)
}

#[test]
fn what_was_claimed_and_not_sent_goes_back_at_no_cost() {
    on_both(|url, dir| {
        let (app, held, release) = holding(url, dir);
        let place = account(&app, "played", "played", json!({}));
        let run = first_task(&app);
        let first = add(&app, "first", place);
        let mut node = TestNode::start(&app);
        app.run(TriggerTask { task: run, by: Trigger::Api }).expect("triggered");
        held.recv_timeout(SOON).expect("the thread is held");
        let ids = ["a", "b", "c"].map(|title| add(&app, title, place));
        app.run(TriggerTask { task: task(&app, "beside"), by: Trigger::Api }).expect("triggered");
        eventually("the others are claimed", || (node.status().in_flight == 4).then_some(()));
        node.ask_to_stop(SOON);
        eventually("it stops", || node.status().stopping.then_some(()));
        release();
        assert!(node.end(), "nothing is left");
        assert_eq!(entry(&app, first).status, EntryStatus::Published, "what was on the wire is recorded");
        for id in ids {
            let entry = entry(&app, id);
            let told = (entry.status, entry.attempt, entry.retry_count, entry.unproven);
            assert_eq!(told, (EntryStatus::Pending, 1, 0, false), "{entry:?}");
            assert!(entry.due_at <= app.now(), "{entry:?}");
        }
        // The numbers of those attempts are not given out again.
        report_of(&app, run);
        for id in ids {
            let log: Vec<_> = attempts(&app, id).iter().map(|row| (row.attempt, row.status)).collect();
            assert_eq!(log, [(1, LogStatus::NotSent), (2, LogStatus::Published)]);
        }
    });
}

#[test]
fn a_thread_that_does_not_hear_of_the_end_does_not_put_it_off() {
    on_both(|url, dir| {
        let (app, held, release) = holding(url, dir);
        let place = account(&app, "played", "played", json!({}));
        let first = add(&app, "first", place);
        let mut node = TestNode::start(&app);
        app.run(TriggerTask { task: first_task(&app), by: Trigger::Api }).expect("triggered");
        held.recv_timeout(SOON).expect("the thread is held");
        let asked = Instant::now();
        node.ask_to_stop(Duration::from_millis(500));
        assert!(!node.end(), "one was on the wire");
        assert!(asked.elapsed() < SLACK, "it took {:?}", asked.elapsed());
        let entry = entry(&app, first);
        assert_eq!((entry.status, entry.unproven), (EntryStatus::Uncertain, true), "{entry:?}");
        release();
    });
}

#[test]
fn a_node_in_the_background_says_what_it_left_and_leaves_it_in_order() {
    on_both(|url, dir| {
        let clock = Arc::new(crate::support::clock::SteppedClock::new());
        let registry = Registry::builtin(&dir.join("data/sites"));
        let settings = Settings { grace_seconds: 1, ..settings(url, dir) };
        let app = App::open_with(settings, registry, clock).expect("opened");
        let receiver = Receiver::start();
        receiver.on_any([Answer::status(200).held()]);
        let hook = webhook(&app, "hook", &receiver.url("/"));
        let node = app.start().expect("a node");
        let id = add(&app, "x", hook);
        receiver.wait_for(1, SOON);
        assert_eq!(node.stop(), Drained::LeftSome);
        let left = entry(&app, id);
        assert_eq!(
            (left.status, left.unproven, left.retry_count),
            (EntryStatus::Pending, true, 0),
            "{left:?}"
        );
        receiver.on_any([Answer::status(200)]);
        let node = app.start().expect("a node");
        eventually("it is out", || (entry(&app, id).status == EntryStatus::Published).then_some(()));
        assert_eq!(node.stop(), Drained::Whole);
        assert_eq!(receiver.by_webhook_id().into_values().collect::<Vec<_>>(), [2]);
    });
}
