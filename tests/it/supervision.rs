//! What breaks is made anew, and costs nobody a post: actors, threads, platforms, connections.

mod database;
mod platforms;

use crate::support::app::*;
use crate::support::clock::SteppedClock;
use crate::support::command::Cli;
use crate::support::node::{PUBLISHERS, THREAD, TestNode};
use crate::support::on_both;
use crate::support::product::{Product, has_at_least, has_fields};
use crate::support::receiver::{Answer, Receiver};
use contenthub::actors::executor::Tick;
use contenthub::db::connection::{DbConnection, connect};
use contenthub::db::database_url::DatabaseUrl;
use contenthub::domain::execution::Trigger;
use contenthub::operations::account::UpdateAccount;
use contenthub::operations::execution::TriggerTask;
use contenthub::platforms::registry::Registry;
use contenthub::{App, EntryId, EntryStatus, LogStatus, Settings};
use diesel::connection::SimpleConnection;
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Leases are no matter here, and must not run out on a busy machine.
const LEASE: Duration = Duration::from_secs(20);

/// Attempts on the wire at once.
const SLOTS: usize = 8;

/// An app with a clock that breaks when it is told to, on which nothing is published but by hand.
fn breakable(url: &DatabaseUrl, dir: &Path, registry: Registry) -> (Arc<App>, Arc<SteppedClock>) {
    let clock = Arc::new(SteppedClock::new());
    let settings = Settings { lease_seconds: LEASE.as_secs(), concurrency: SLOTS, ..settings(url, dir) };
    let app = App::open_with(settings, registry, clock.clone()).expect("opened");
    app.disable_task(first_task(&app)).expect("disabled");
    (Arc::new(app), clock)
}

fn builtin(dir: &Path) -> Registry {
    Registry::builtin(&dir.join("data/sites"))
}

/// A run of its own, beside those that are on.
fn trigger(app: &App) {
    let name = format!("run {}", app.tasks().expect("tasks").len());
    app.run(TriggerTask { task: task(app, &name), by: Trigger::Api }).expect("triggered");
}

#[track_caller]
fn are_out(app: &App, ids: &[EntryId]) {
    for id in ids {
        eventually("it is out", || (entry(app, *id).status == EntryStatus::Published).then_some(()));
    }
}

/// Kills the node's executor, or its scheduler, whichever is asked first; gives back when it has a successor.
fn break_one(node: &TestNode, clock: &SteppedClock, poke: impl Fn()) {
    let before = node.restarts();
    clock.break_on(THREAD);
    poke();
    eventually("what broke has a successor", || (node.restarts() != before).then_some(()));
}

/// Holds up everybody who writes, but not those who read.
struct WriteLock(DbConnection);

impl WriteLock {
    fn take(url: &DatabaseUrl) -> Self {
        let mut conn = connect(url).expect("connected");
        let lock = match url {
            DatabaseUrl::Sqlite(_) => "BEGIN IMMEDIATE",
            DatabaseUrl::Postgres(_) => "BEGIN; LOCK TABLE publish_pool IN EXCLUSIVE MODE",
        };
        conn.batch_execute(lock).expect("locked");
        WriteLock(conn)
    }

    fn release(mut self) {
        self.0.batch_execute("ROLLBACK").expect("released");
    }
}

#[test]
fn an_executor_that_breaks_has_a_successor_that_knows_what_is_on_the_wire() {
    on_both(|url, dir| {
        let (app, clock) = breakable(url, dir, builtin(dir));
        let receiver = Receiver::start();
        receiver.on_any([Answer::status(200).held()]);
        let hook = webhook(&app, "hook", &receiver.url("/"));
        let node = TestNode::start(&app);
        let tick = || {
            let _ = node.crew.executor().try_send(Tick);
        };
        let kill = || {
            let before = node.restarts().executor;
            while node.restarts().executor == before {
                break_one(&node, &clock, tick);
            }
        };
        // It dies while they are out.
        let mut ids = ["a", "b", "c"].map(|title| add(&app, title, hook)).to_vec();
        trigger(&app);
        receiver.wait_for(3, SOON);
        kill();
        assert_eq!(node.status().in_flight, 3);
        receiver.release();
        are_out(&app, &ids);

        // It dies while what came back from them is not written.
        let more = ["d", "e", "f"].map(|title| add(&app, title, hook));
        trigger(&app);
        receiver.wait_for(6, SOON);
        let lock = WriteLock::take(url);
        receiver.release();
        eventually("they have come back", || (node.status().in_flight == 0).then_some(()));
        kill();
        lock.release();
        are_out(&app, &more);
        ids.extend(more);

        // It dies while the database is claiming for it.
        let last = add(&app, "g", hook);
        let clock_of_run = add_at(&app, "later", hook, app.now() + Duration::from_secs(3600));
        trigger(&app);
        receiver.wait_for(7, SOON);
        clock.forward(Duration::from_secs(3601));
        let lock = WriteLock::take(url);
        tick();
        kill();
        lock.release();
        receiver.on_any([Answer::status(200)]);
        receiver.release();
        trigger(&app);
        are_out(&app, &[last, clock_of_run]);
        eventually("nothing is stuck", || (app.stats().ok()?.publishing == 0).then_some(()));
        let keys = receiver.by_webhook_id();
        assert_eq!((keys.len(), keys.values().sum::<usize>()), (8, 8), "each was sent once");
        for id in ids {
            assert_eq!(attempts(&app, id).len(), 1, "nobody gave it back while it was out");
        }
    });
}

#[test]
fn a_scheduler_that_breaks_has_a_successor_that_hears_of_changes() {
    on_both(|url, dir| {
        let (app, clock) = breakable(url, dir, builtin(dir));
        let receiver = Receiver::start();
        let hook = webhook(&app, "hook", &receiver.url("/"));
        app.enable_task(first_task(&app)).expect("enabled");
        let node = TestNode::start(&app);
        for round in 1..=2 {
            let before = node.restarts().scheduler;
            while node.restarts().scheduler == before {
                // Any change made by this node is told to its scheduler.
                break_one(&node, &clock, || {
                    node.perform(UpdateAccount::new(hook)).expect("updated");
                });
            }
            // Another process would be heard the same way: through the change feed.
            add(&app, &format!("round {round}"), hook);
            receiver.wait_for(round, Duration::from_secs(5));
        }
    });
}

/// What nobody has begun with was not sent, whatever breaks around it.
#[test]
fn an_attempt_that_breaks_before_it_is_sent_goes_back_at_no_cost() {
    on_both(|url, dir| {
        let (app, clock) = breakable(url, dir, builtin(dir));
        let receiver = Receiver::start();
        let hook = webhook(&app, "hook", &receiver.url("/"));
        let id = add(&app, "x", hook);
        clock.break_on(PUBLISHERS);
        let report = report_of(&app, first_task(&app));
        assert_eq!((report.data.success_count, report.data.total_count), (1, 1), "{report:?}");
        assert!(
            report.duration < LEASE.as_secs_f64() / 2.0,
            "nobody waited until it was overdue: {report:?}"
        );
        let log = attempts(&app, id);
        let told: Vec<_> = log.iter().map(|attempt| attempt.status).collect();
        assert_eq!(told, [LogStatus::NotSent, LogStatus::Published]);
        assert_eq!((entry(&app, id).retry_count, receiver.posts().len()), (0, 1));
    });
}

#[test]
fn a_server_tells_what_it_is_at_and_what_broke() {
    on_both(|url, dir| {
        let product = Product::start_with(Cli::on(dir, url).env("CONTENTHUB_CONCURRENCY", "7"));
        product.receiver.on_any([Answer::status(200).held()]);
        let blog = product.account("blog");
        product.add(json!({"content_id": product.content("x"), "account_id": blog}));
        product.receiver.wait_for(1, SOON);
        let status = product.get("/scheduler/status");
        has_at_least(&status, "node, stopping, in_flight, concurrency, open_executions, restarts");
        has_fields(&status["restarts"], "publisher, executor, scheduler, job_runner, database");
        assert_eq!(
            (&status["stopping"], &status["in_flight"], &status["concurrency"], &status["open_executions"]),
            (&json!(false), &json!(1), &json!(7), &json!(1))
        );
        assert_eq!(status["restarts"]["executor"], 0);
        product.server.signal("TERM");
        product.until("/scheduler/status", |status| status["stopping"] == true);
        product.receiver.release();
    });
}
