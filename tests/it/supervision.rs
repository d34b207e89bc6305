//! What breaks is made anew, and costs nobody a post: actors, threads, platforms, connections.

use crate::support::app::*;
use crate::support::clock::SteppedClock;
use crate::support::command::Cli;
use crate::support::in_process::InProcess;
use crate::support::node::{PUBLISHERS, THREAD, TestNode};
use crate::support::on_both;
use crate::support::played::Played;
use crate::support::product::{Product, has_at_least, has_fields};
use crate::support::receiver::{Answer, Receiver};
use contenthub::actors::executor::Tick;
use contenthub::db::connection::{DbConnection, connect};
use contenthub::db::database_url::DatabaseUrl;
use contenthub::domain::clock::Timestamp;
use contenthub::domain::delivery_class::DeliveryClass;
use contenthub::domain::execution::Trigger;
use contenthub::domain::outcome::{Receipt, Seen};
use contenthub::domain::role::Role;
use contenthub::operations::account::{GetAccount, UpdateAccount};
use contenthub::operations::execution::TriggerTask;
use contenthub::operations::token::CreateToken;
use contenthub::operations::{Access, Context, Operation, OperationError};
use contenthub::platforms::platform::{Credentials, FieldError, Platform, PublishCall, SecretField};
use contenthub::platforms::registry::Registry;
use contenthub::{Addition, App, CreateAccount, EntryId, EntryStatus, LogStatus, Priority, Settings};
use diesel::connection::SimpleConnection;
use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, pending, ready};
use serde_json::{Value, json};
use std::panic::panic_any;
use std::path::Path;
use std::sync::mpsc::{Receiver as Heard, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

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

/// A platform that ends its thread, one that keeps it busy, and one that is well.
fn rude(unblock: Heard<()>) -> Registry {
    let unblock = Mutex::new(unblock);
    let play = move |call: PublishCall| -> LocalBoxFuture<'static, Seen> {
        match call.article.title.as_str() {
            "ends its thread" => {
                actix_rt::Arbiter::current().stop();
                pending().boxed_local()
            }
            "keeps its thread" => {
                let _ = unblock.lock().expect("one at a time").recv();
                ready(Seen::Accepted(Receipt::default())).boxed_local()
            }
            "hangs" => pending().boxed_local(),
            _ => ready(Seen::Accepted(Receipt::default())).boxed_local(),
        }
    };
    Registry::default().with(Arc::new(Played::new(DeliveryClass::Keyed, play)))
}

#[test]
fn a_thread_of_publishers_that_ends_takes_nobody_with_it() {
    on_both(|url, dir| {
        let (_unblock, heard) = channel();
        let (app, _) = breakable(url, dir, rude(heard));
        let place = account(&app, "played", "played", json!({}));
        let node = TestNode::start(&app);
        let beside: Vec<EntryId> = (1..SLOTS).map(|_| add(&app, "hangs", place)).collect();
        trigger(&app);
        eventually("they are on the wire", || (node.status().in_flight == SLOTS - 1).then_some(()));
        let killer =
            add_as(&app, "ends its thread", place, |it| Addition { priority: Priority::FIRST, ..it });
        let behind: Vec<EntryId> = (0..SLOTS).map(|_| add(&app, "well", place)).collect();
        trigger(&app);
        eventually("publishers were made anew", || (node.restarts().publisher > 0).then_some(()));
        for id in beside.into_iter().chain([killer]) {
            let entry = eventually("it has an end", || {
                Some(entry(&app, id)).filter(|entry| entry.status == EntryStatus::Pending)
            });
            assert_eq!((entry.unproven, entry.retry_count), (true, 1), "{entry:?}");
            let log = &attempts(&app, id)[0];
            assert_eq!((log.status, log.error_code.as_deref()), (LogStatus::Error, Some("lost")));
        }
        are_out(&app, &behind);
        // While there was no publisher, nothing was claimed only to be given back.
        let tries: usize = behind.iter().map(|id| attempts(&app, *id).len()).sum();
        assert!(tries <= 2 * behind.len(), "{tries} claims");
    });
}

#[test]
fn a_platform_that_keeps_its_thread_busy_holds_up_nobody_for_long() {
    let dir = tempfile::tempdir().expect("a folder");
    let url = DatabaseUrl::in_data_dir(dir.path());
    let (unblock, heard) = channel();
    let (app, clock) = breakable(&url, dir.path(), rude(heard));
    let place = account(&app, "played", "played", json!({}));
    let busy = add(&app, "keeps its thread", place);
    let node = TestNode::start(&app);
    trigger(&app);
    eventually("it is on the wire", || (node.status().in_flight == 1).then_some(()));
    let began = Instant::now();
    let behind = ["b", "c", "d", "e", "f", "g"].map(|title| add(&app, title, place));
    trigger(&app);
    eventually("others took the thread's place", || (node.restarts().publisher > 0).then_some(()));
    // The run that claimed them may be one that does not owe them another try.
    trigger(&app);
    are_out(&app, &behind);
    assert!(began.elapsed() < LEASE * 3 / 4, "nobody waited until they were overdue: {:?}", began.elapsed());
    let taken_back = behind.iter().flat_map(|id| attempts(&app, *id));
    let taken_back = taken_back.filter(|attempt| attempt.status == LogStatus::NotSent).count();
    assert!(taken_back >= 1, "nothing was taken back from the busy thread");
    assert_eq!(node.status().in_flight, 1, "nobody is given up before his time");
    clock.forward(LEASE + Duration::from_secs(1));
    let given_up = eventually("it is given up", || {
        Some(entry(&app, busy)).filter(|entry| entry.status == EntryStatus::Pending)
    });
    assert!(given_up.unproven, "{given_up:?}");
    let log = &attempts(&app, busy)[0];
    assert_eq!((log.status, log.error_code.as_deref()), (LogStatus::Error, Some("hung")));
    unblock.send(()).expect("it waits");
    eventually("nothing is on the wire", || (app.stats().ok()?.publishing == 0).then_some(()));
}

/// Panics in a way that even catching it does not survive: what it panicked with panics again when it is let go.
struct Bomb<const WRITES: bool>;

struct Shrapnel;

impl Drop for Shrapnel {
    fn drop(&mut self) {
        panic!("again, on purpose");
    }
}

impl<const WRITES: bool> Operation for Bomb<WRITES> {
    type Output = ();
    const ACCESS: Access = if WRITES { Access::Write } else { Access::Read };

    fn run(self, _: &mut DbConnection, _: &Context, _: Timestamp) -> Result<(), OperationError> {
        panic_any(Shrapnel)
    }
}

struct EngineBomb;

impl Operation for EngineBomb {
    type Output = ();
    const ACCESS: Access = Access::Engine;

    fn run(self, _: &mut DbConnection, _: &Context, _: Timestamp) -> Result<(), OperationError> {
        panic_any(Shrapnel)
    }
}

/// Panics as code does.
struct Stumble;

impl Operation for Stumble {
    type Output = ();
    const ACCESS: Access = Access::Write;

    fn run(self, _: &mut DbConnection, _: &Context, _: Timestamp) -> Result<(), OperationError> {
        panic!("on purpose")
    }
}

#[test]
fn a_thread_of_the_database_that_dies_has_a_successor() {
    on_both(|url, dir| {
        let (app, _) = breakable(url, dir, builtin(dir));
        let receiver = Receiver::start();
        let hook = webhook(&app, "hook", &receiver.url("/"));
        let node = TestNode::start(&app);
        for _ in 0..10 {
            let broke = node.perform(Stumble);
            assert!(matches!(broke, Err(OperationError::Internal(_))), "{broke:?}");
        }
        assert_eq!(node.restarts().database, 0, "a panic is caught");
        let bombs: [&dyn Fn() -> Result<(), OperationError>; 3] =
            [&|| node.perform(Bomb::<false>), &|| node.perform(Bomb::<true>), &|| node.perform(EngineBomb)];
        for (place, bomb) in bombs.into_iter().enumerate() {
            let broke = bomb().expect_err("it panics").code();
            assert_eq!(broke, "database_unavailable", "it may be asked again");
            eventually("the thread has a successor", || {
                (node.restarts().database == place as u64 + 1).then_some(())
            });
            node.perform(GetAccount(hook)).expect("read");
            node.perform(UpdateAccount::new(hook)).expect("written");
            let id = add(&app, &format!("after {place}"), hook);
            trigger(&app);
            are_out(&app, &[id]);
        }
    });
}

/// A platform whose every answer about itself is a panic, while it is told to.
struct Fragile;

static BREAKS: Mutex<bool> = Mutex::new(false);

fn break_if_told() {
    let breaks = *BREAKS.lock().expect("nobody panics with it");
    assert!(!breaks, "on purpose");
}

impl Platform for Fragile {
    fn name(&self) -> &'static str {
        "fragile"
    }

    fn about(&self) -> &'static str {
        "Breaks."
    }

    fn settings_schema(&self) -> Value {
        json!({})
    }

    fn secret_fields(&self) -> &'static [SecretField] {
        &[]
    }

    fn delivery_class(&self, _: &Value) -> DeliveryClass {
        break_if_told();
        DeliveryClass::Keyed
    }

    fn check(&self, _: &Value, _: &Credentials) -> Result<(), Vec<FieldError>> {
        break_if_told();
        Ok(())
    }

    fn publish(&self, _: PublishCall) -> LocalBoxFuture<'static, Seen> {
        ready(Seen::Accepted(Receipt::default())).boxed_local()
    }
}

/// Asked in the engine's cycle, it stopped every lane for good.
#[test]
fn a_platform_that_breaks_when_it_is_asked_about_itself_shuts_its_own_lane_alone() {
    on_both(|url, dir| {
        let registry = builtin(dir).with(Arc::new(Fragile));
        let (app, _) = breakable(url, dir, registry);
        let receiver = Receiver::start();
        let hook = webhook(&app, "hook", &receiver.url("/"));
        let fragile = account(&app, "fragile", "fragile", json!({}));
        *BREAKS.lock().expect("free") = true;
        let (lost, well) = (add(&app, "lost", fragile), add(&app, "well", hook));
        let report = report_of(&app, first_task(&app));
        assert_eq!((report.data.success_count, report.data.skipped_count), (1, 1), "{report:?}");
        assert_eq!(entry(&app, well).status, EntryStatus::Published);
        assert_eq!((entry(&app, lost).status, entry(&app, lost).retry_count), (EntryStatus::Pending, 0));
        let shut = app.run(GetAccount(fragile)).expect("an account").suspended_reason;
        assert!(shut.as_deref().is_some_and(|reason| reason.contains("own code broke")), "{shut:?}");
        let node = TestNode::start(&app);
        let refused = node.perform(CreateAccount::new("another", "fragile")).expect_err("it panics");
        assert_eq!(refused.code(), "internal_error");
        assert_eq!(node.restarts().database, 0);
        let (status, body) = asked_for_platforms(&app);
        assert_eq!((status, &body["code"]), (500, &json!("internal_error")), "{body}");
        *BREAKS.lock().expect("free") = false;
        assert_eq!(asked_for_platforms(&app).0, 200);
    });
}

/// `GET /platforms`, whose handler asks each platform about itself.
fn asked_for_platforms(app: &Arc<App>) -> (u16, Value) {
    let token = app.run(CreateToken::new("a", Role::Viewer)).expect("a token").1;
    let answered = InProcess::start(app, 1).get("/api/v1/platforms", &token, "127.0.0.1");
    (answered.status, answered.body)
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

/// The connection that listens is ended by the server; what other processes write is heard again soon.
#[test]
fn a_change_feed_that_breaks_listens_again() {
    let dir = tempfile::tempdir().expect("a folder");
    let url = crate::support::postgres::fresh_database();
    let product = Product::start(&url, dir.path());
    product.account("blog");
    product.content("x");
    let mut conn = connect(&url).expect("connected");
    const END_IT: &str = "DO $$ BEGIN ASSERT (SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
        WHERE datname = current_database() AND query LIKE 'LISTEN%') = 1; END $$";
    conn.batch_execute(END_IT).expect("ended");
    // Added while nobody listens, and after: neither waits for the slow poll.
    for number in 1..=3 {
        product.cli.ok(&["publish-pool", "add", "1", "--again"]);
        product.receiver.wait_for(number, Duration::from_secs(8));
        product.entry_is(i64::try_from(number).expect("a few"), "published");
    }
}
