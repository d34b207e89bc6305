//! What becomes of a run whose nodes are gone: closed as interrupted where nobody was left, gone on with where somebody
//! was, and either way the one that waited behind it has its turn.

use crate::support::app::*;
use crate::support::command::{Cli, Server};
use crate::support::on_both;
use crate::support::process::Running;
use crate::support::receiver::{Answer, Receiver};
use contenthub::actors::system_clock::SystemClock;
use contenthub::db::connection::connect;
use contenthub::db::database_url::DatabaseUrl;
use contenthub::db::executions::ExecutionRow;
use contenthub::db::transitions::Ended;
use contenthub::domain::clock::Clock;
use contenthub::domain::execution::Trigger;
use contenthub::domain::ids::NodeId;
use contenthub::domain::outcome::{Outcome, Receipt};
use contenthub::domain::retry::Jitter;
use contenthub::domain::settlement::settle;
use contenthub::domain::turns::Room;
use contenthub::operations::cancelling::CancelExecution;
use contenthub::operations::cycle::{ClaimScope, Cycle};
use contenthub::operations::execution::{GetExecution, TriggerTask};
use contenthub::operations::run_leases::{RenewRuns, TakeOverRuns};
use contenthub::platforms::registry::Registry;
use contenthub::{App, EntryId, EntryStatus, ExecutionId, ExecutionStatus, ResultStatus, TaskId, Timestamp};
use diesel::connection::SimpleConnection;
use serde_json::json;
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

const LEASE: Duration = Duration::from_secs(60);

fn sql(url: &DatabaseUrl, text: &str) {
    connect(url).expect("connected").batch_execute(text).expect(text);
}

fn run(app: &App, id: ExecutionId) -> ExecutionRow {
    app.run(GetExecution(id)).expect("a run")
}

fn trigger(app: &App, task: TaskId) -> ExecutionId {
    app.run(TriggerTask { task, by: Trigger::Api }).expect("triggered")
}

/// A run that a node has left: one entry out, one on the wire, one not tried; and another run that waits behind it.
struct Left {
    app: App,
    task: TaskId,
    first: ExecutionId,
    next: ExecutionId,
    entries: [EntryId; 3],
}

fn left(url: &DatabaseUrl, dir: &Path, receiver: &Receiver) -> Left {
    let (app, _) = by_hand(url, dir);
    let hook = one_by_one(&app, "hook", json!({"url": receiver.url("/")}));
    let entries = ["out", "on the wire", "not tried"].map(|title| add(&app, title, hook));
    let task = task(&app, "run");
    let first = trigger(&app, task);
    let turn = |ended: Vec<Ended>| {
        let cycle = Cycle {
            node: NodeId("n1".to_owned()),
            lease: Duration::from_millis(1),
            scope: ClaimScope::Task(task),
            ended: Arc::new(ended),
            room: Room { shared: 1, ..Room::default() },
            read_back: None,
            clock_is_right: true,
        };
        app.run(cycle).expect("a cycle")
    };
    let claim = turn(vec![]).claims.remove(0);
    let ended = Ended {
        attempt: claim.attempt,
        content: claim.article.content_id,
        revision: claim.article.revision,
        extras: Vec::new(),
        account: claim.account,
        account_version: 1,
        counted: false,
        execution: claim.execution,
        on_demand: claim.is_on_demand(),
        started_at: app.now(),
        finished_at: app.now(),
        settlement: settle(
            Outcome::Published(Receipt::default()),
            claim.standing,
            app.now(),
            Jitter::from_random(0),
        ),
        has_steps: false,
    };
    turn(vec![ended]);
    let next = trigger(&app, task);
    assert_eq!(run(&app, next).status, ExecutionStatus::Queued);
    assert_eq!(
        entries.map(|id| entry(&app, id).status),
        [EntryStatus::Published, EntryStatus::Publishing, EntryStatus::Pending]
    );
    Left { app, task, first, next, entries }
}

/// What the run that was left is when a node has started and all is done.
#[track_caller]
fn after_a_start(left: &Left) -> ExecutionStatus {
    let app = &left.app;
    let node = app.start().expect("a node");
    eventually("the run that waited has ended", || run(app, left.next).finished_at);
    eventually("all is out", || {
        (app.stats().ok()?.published == 3).then_some(()).or_else(|| {
            // What was lost came back after the runs had looked: whoever comes next.
            (run(app, left.next).finished_at.is_some() && app.stats().ok()?.pending > 0)
                .then(|| trigger(app, left.task));
            None
        })
    });
    let _ = node.stop();
    let [first, next] = [left.first, left.next].map(|id| run(app, id));
    assert_eq!(next.status, ExecutionStatus::Succeeded);
    assert!(next.started_at >= first.finished_at, "they do not overlap: {first:?} {next:?}");
    nothing_is_publishing(app);
    first.status
}

#[test]
fn a_run_whose_node_is_gone_is_interrupted_and_its_task_goes_on() {
    // Its lease ran out, or nobody ever renewed it and it began long ago.
    for gone in ["lease_expires_at = 1", "lease_expires_at = NULL, started_at = 1000000"] {
        on_both(|url, dir| {
            let receiver = Receiver::start();
            let left = left(url, dir, &receiver);
            sql(url, &format!("UPDATE executions SET {gone} WHERE id = {}", left.first));
            assert_eq!(after_a_start(&left), ExecutionStatus::Interrupted);
            let told = &runs(&left.app, left.task)[0];
            let report = told.report.as_ref().expect("a report");
            assert_eq!((told.status, report.success), (ExecutionStatus::Interrupted, false));
            assert_eq!(report.message, "Publishing interrupted: 1 succeeded, 0 failed, 1 in progress");
            let data = &report.data;
            assert_eq!((data.total_count, data.success_count, data.in_progress_count), (2, 1, 1));
            let results: Vec<_> = data.results.iter().map(|it| (it.pool_id, it.status)).collect();
            let [out, on_the_wire, not_tried] = left.entries;
            assert_eq!(
                results,
                [(out, ResultStatus::Published), (on_the_wire, ResultStatus::Publishing)],
                "what it had not tried is not its own"
            );
            let tries = attempts(&left.app, not_tried);
            assert_eq!(tries.len(), 1, "{tries:?}");
            assert!(tries[0].execution_id >= Some(left.next), "whoever came next tried it: {tries:?}");
            // Its own part of the second try is on record still.
            assert_eq!(attempts(&left.app, on_the_wire)[0].execution_id, Some(left.first));
        });
    }
}

#[test]
fn a_start_within_the_lease_goes_on_with_the_run() {
    on_both(|url, dir| {
        let receiver = Receiver::start();
        let left = left(url, dir, &receiver);
        assert_eq!(run(&left.app, left.first).lease_expires_at, None, "a minute from its start");
        assert_eq!(after_a_start(&left), ExecutionStatus::Succeeded);
        let report = runs(&left.app, left.task).remove(0).report.expect("a report");
        assert_eq!((report.success, report.data.total_count), (true, 3), "{report:?}");
        assert_eq!(attempts(&left.app, left.entries[2])[0].execution_id, Some(left.first));
    });
}

/// Whoever is there brings it to its end; where nobody was, it is one that was left.
#[test]
fn a_run_that_was_cancelled_before_its_node_died_is_over_with_what_it_held() {
    for (gone, status) in [(false, ExecutionStatus::Cancelled), (true, ExecutionStatus::Interrupted)] {
        on_both(|url, dir| {
            let receiver = Receiver::start();
            let left = left(url, dir, &receiver);
            assert_eq!(left.app.run(CancelExecution(left.first)).expect("cancelled").on_the_wire, 1);
            assert_eq!(run(&left.app, left.first).status, ExecutionStatus::Running);
            if gone {
                sql(url, &format!("UPDATE executions SET lease_expires_at = 1 WHERE id = {}", left.first));
            }
            assert_eq!(after_a_start(&left), status);
            let report = runs(&left.app, left.task).remove(0).report.expect("a report");
            assert_eq!(report.data.results[0].pool_id, left.entries[0], "{report:?}");
            assert!(attempts(&left.app, left.entries[2])[0].execution_id >= Some(left.next));
        });
    }
}

/// A clock that is two leases behind that of the database, and goes on like it.
struct Behind(SystemClock);

impl Clock for Behind {
    fn now(&self) -> Timestamp {
        self.0.now() - 2 * LEASE
    }

    fn monotonic(&self) -> Duration {
        self.0.monotonic()
    }

    fn sleep(&self, span: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.0.sleep(span)
    }
}

/// Clocks never quite agree. A run that was asked for just now is not taken for an old one, whatever the database's clock
/// says of that instant.
#[test]
fn a_run_that_began_just_now_is_nobodys_left_over() {
    on_both(|url, dir| {
        let clock = Arc::new(Behind(SystemClock::new()));
        let app = App::open_with(settings(url, dir), Registry::default(), clock).expect("opened");
        let task = task(&app, "run");
        let id = trigger(&app, task);
        let take_over = || app.run(TakeOverRuns { scope: ClaimScope::Task(task), lease: LEASE });
        for _ in 0..2 {
            assert_eq!(take_over().expect("looked at"), [], "once before it is renewed, and once after");
            assert!(run(&app, id).lease_expires_at.is_some());
        }
    });
}

/// Whose runs a node speaks for, and by which clock.
#[test]
fn a_node_speaks_for_the_runs_that_it_covers() {
    on_both(|url, dir| {
        let (app, clock) = by_hand(url, dir);
        let [own, other] = ["own", "other"].map(|name| task(&app, name));
        let ids = [own, other].map(|task| trigger(&app, task));
        let leases = || ids.map(|id| run(&app, id).lease_expires_at);
        let renew = |scope| app.run(RenewRuns { scope, lease: LEASE }).expect("renewed");
        let take_over = |scope| {
            let closed = app.run(TakeOverRuns { scope, lease: LEASE }).expect("looked at");
            closed.into_iter().map(|(id, _)| id).collect::<Vec<_>>()
        };
        assert_eq!(renew(ClaimScope::Task(own)), 1);
        let [Some(first), None] = leases() else { panic!("{:?}", leases()) };
        assert_eq!(renew(ClaimScope::Everything), 2);
        assert!(leases().iter().all(|lease| *lease >= Some(first)), "{:?}", leases());
        assert_eq!(take_over(ClaimScope::Everything), []);
        assert_eq!(take_over(ClaimScope::Task(own)), []);

        // One node's clock is no measure for what other nodes renew; on SQLite all share the machine's.
        clock.forward(2 * LEASE);
        let by_our_clock = matches!(url, DatabaseUrl::Sqlite(_));
        let closed = take_over(ClaimScope::Task(own));
        assert_eq!(closed, if by_our_clock { vec![ids[0]] } else { vec![] });
        assert_eq!(run(&app, ids[1]).status, ExecutionStatus::Running, "it is not this node's");
        sql(url, "UPDATE executions SET lease_expires_at = 1 WHERE status = 'running'");
        let closed = take_over(ClaimScope::Everything);
        assert_eq!(closed, ids[usize::from(by_our_clock)..]);
        let report = runs(&app, other).remove(0).report.expect("a report");
        assert_eq!(report.message, "Publishing interrupted before anything was tried");
        assert_eq!(take_over(ClaimScope::Everything), [], "once");
        // A task whose run was interrupted has its next one at once.
        assert_eq!(run(&app, trigger(&app, own)).status, ExecutionStatus::Running);
    });
}

/// It may hang as long as it likes: as long as its node is alive, it is not interrupted.
#[test]
fn a_run_is_renewed_for_as_long_as_somebody_works_on_it() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        app.enable_task(first_task(&app)).expect("enabled");
        let receiver = Receiver::start();
        add(&app, "x", webhook(&app, "hook", &receiver.url("/")));
        let node = app.start().expect("a node");
        receiver.wait_for(1, SOON);
        // Such a run stays open for a while after its last entry.
        let id = runs(&app, first_task(&app))[0].id;
        let renewed_after = |earlier: Option<Timestamp>| {
            eventually("it was renewed", || run(&app, id).lease_expires_at.filter(|at| Some(*at) > earlier))
        };
        let first = renewed_after(None);
        renewed_after(Some(first));
        let closed =
            app.run(TakeOverRuns { scope: ClaimScope::Everything, lease: LEASE }).expect("looked at");
        assert!(closed.is_empty() && run(&app, id).status == ExecutionStatus::Running);
        let _ = node.stop();
    });
}

/// A command that is killed with attempts on the wire: alone, and then beside a server.
#[test]
fn a_command_that_is_killed_is_followed_by_whoever_is_there() {
    on_both(|url, dir| {
        let receiver = Receiver::start();
        receiver.on_any([Answer::status(200).held()]);
        let (app, _) = by_hand(url, dir);
        let hook = wide(&app, "hook", &receiver.url("/"));
        app.run(AddMany { count: 5, account: hook, at: None }).expect("added");
        let task = task(&app, "run");
        let trigger = ["scheduler", "trigger", &task.to_string()].map(str::to_owned);
        let trigger: Vec<&str> = trigger.iter().map(String::as_str).collect();
        let database = match url {
            DatabaseUrl::Sqlite(path) => format!("sqlite:{}", path.display()),
            DatabaseUrl::Postgres(url) => url.clone(),
        };
        let start = |more: &[(&str, &str)]| {
            let all = [&[("CONTENTHUB_DATABASE_URL", database.as_str())], more].concat();
            let all: Vec<_> =
                all.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            Running::spawn(dir, &all, b"", &trigger)
        };
        let mut command = start(&[("CONTENTHUB_CONCURRENCY", "2")]);
        receiver.wait_for(2, SOON);
        command.kill();
        let_go(&receiver);
        // Nobody was there for a lease.
        sql(
            url,
            "UPDATE executions SET lease_expires_at = 1; UPDATE publish_pool SET lease_expires_at = 1 \
                  WHERE status = 'publishing'",
        );
        let cli = Cli::on(dir, url).env("CONTENTHUB_LEASE_SECONDS", "8");
        let report = cli.run(&[&trigger[..], &["--output", "json"]].concat()).json();
        assert!(report["data"]["total_count"].as_i64().is_some_and(|count| count >= 3), "{report:#}");
        let history = cli.ok(&["scheduler", "history", &task.to_string()]);
        let line = history.lines().find(|line| line.contains("interrupted")).unwrap_or(&history);
        assert!(line.contains("Publishing interrupted: 0 succeeded, 0 failed, 2 in progress"), "{history}");

        let server = Server::start_as_admin(&cli, &[]);
        let executions =
            || server.get("/api/v1/scheduler/executions").expect_status(200).body["items"].clone();
        let first = executions()[1].clone();
        assert_eq!((&first["status"], &first["report"]["success"]), (&json!("interrupted"), &json!(false)));
        let again = format!("/api/v1/scheduler/tasks/{task}/trigger?wait=true");
        let all_are_out = |count: i64| {
            eventually("all are out", || {
                let stats = app.stats().expect("numbers");
                // What was on the wire is lost, found, and tried by the next run.
                if stats.published < count && stats.publishing == 0 {
                    server.post(&again, &json!({})).expect_status(200);
                }
                (stats.published == count).then_some(())
            });
        };
        all_are_out(5);

        // The server cannot have them all on the wire, so the command has some.
        receiver.on_any([Answer::status(200).held()]);
        app.run(AddMany { count: 100, account: hook, at: None }).expect("added");
        let before = receiver.posts().len();
        let mut command = start(&[("CONTENTHUB_LEASE_SECONDS", "2")]);
        receiver.wait_for(before + 65, SOON);
        let execution = executions()[0].clone();
        command.kill();
        let_go(&receiver);
        let path = format!("/api/v1/scheduler/executions/{}", execution["id"]);
        let run = eventually("the server has brought the run to its end", || {
            let run = server.get(&path).expect_status(200).body;
            (run["status"] != "running").then_some(run)
        });
        assert_eq!((&run["status"], &run["trigger"]), (&json!("succeeded"), &json!("cli")), "{run:#}");
        assert_eq!(run["report"]["data"]["total_count"], 100, "each was tried by it");
        all_are_out(105);
        assert_eq!(receiver.by_webhook_id().len(), 105, "each under one key");
    });
}

fn let_go(receiver: &Receiver) {
    receiver.on_any([Answer::status(200)]);
    receiver.release();
}
