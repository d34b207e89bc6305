//! A pause of all publishing: nothing new is sent by anybody, it outlives restarts, and nothing is lost by it.

use crate::support::app::*;
use crate::support::on_both;
use crate::support::postgres::{fresh_database, waiting_for_locks};
use crate::support::product::Product;
use crate::support::receiver::{Answer, Receiver};
use contenthub::db;
use contenthub::db::connection::connect;
use contenthub::domain::execution::Trigger;
use contenthub::domain::ids::NodeId;
use contenthub::domain::misfire::Misfire;
use contenthub::domain::pause::Paused;
use contenthub::domain::turns::Room;
use contenthub::operations::Operation;
use contenthub::operations::cancelling::CancelExecution;
use contenthub::operations::cycle::{ClaimScope, Cycle};
use contenthub::operations::execution::TriggerTask;
use contenthub::operations::firing::FireDue;
use contenthub::operations::pause::{PausePublishing, ResumePublishing};
use contenthub::{App, CreateTask, EntryStatus, ExecutionStatus, OperationError, TaskId};
use diesel::connection::SimpleConnection;
use serde_json::{Value, json};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

fn pause(app: &App) {
    app.run(PausePublishing { by: "Ada".to_owned(), reason: Some("moving house".to_owned()) })
        .expect("paused");
}

fn resume(app: &App) {
    app.run(ResumePublishing { by: "Ada".to_owned() }).expect("resumed").expect("it was paused");
}

#[test]
fn what_is_on_the_wire_ends_nothing_new_is_sent_and_it_outlives_a_restart() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let receiver = Receiver::start();
        receiver.on_any([Answer::status(200).held()]);
        let account = one_by_one(&app, "hook", json!({"url": receiver.url("/")}));
        let ids = ["a", "b", "c"].map(|title| add(&app, title, account));
        let on_due = app.create_task(CreateTask::on_due("as it comes")).expect("a task").id;
        let node = app.start().expect("a node");
        receiver.wait_for(1, SOON);
        pause(&app);
        receiver.on_any([Answer::status(200)]);
        receiver.release();
        eventually("the one that was on the wire is published", || {
            (entry(&app, ids[0]).status == EntryStatus::Published).then_some(())
        });
        let waits = entry(&app, ids[1]).waiting_for.unwrap_or_default();
        assert!(waits.contains("paused"), "{waits}");
        let run = runs(&app, on_due).pop().expect("a run");
        assert_eq!(run.status, ExecutionStatus::Cancelled);
        let _ = node.stop();

        let app = App::open(settings(url, dir)).expect("opened");
        let node = app.start().expect("a node");
        let late = add(&app, "d", account);
        // A run by hand says what it would have done, and publishes nothing.
        let task = task(&app, "by hand");
        let report = report_of(&app, task);
        assert_eq!((report.success, report.data.success_count, report.data.skipped_count), (true, 0, 3));
        let reason = &report.data.skipped[0].reason;
        assert!(reason.contains("paused") && reason.contains("Ada: moving house"), "{reason}");
        assert_eq!(receiver.posts().len(), 1);
        resume(&app);
        for id in [ids[1], ids[2], late] {
            eventually("it goes out", || (entry(&app, id).status == EntryStatus::Published).then_some(()));
        }
        assert_eq!(receiver.posts().len(), 4);
        let _ = node.stop();
    });
}

#[test]
fn tasks_wait_and_fire_at_their_next_times_but_what_was_to_run_once_still_does() {
    on_both(|url, dir| {
        let (app, clock) = by_hand(url, dir);
        let minutely = app.create_task(CreateTask::every("minutely", 60)).expect("a task").id;
        let launch = app.now() + MINUTE;
        let once = app.create_task(CreateTask::once("launch", launch)).expect("a task").id;
        pause(&app);
        clock.forward(10 * MINUTE);
        let fired = app.run(FireDue).expect("looked");
        assert_eq!((fired.executions.len(), fired.next), (0, None), "nobody rings for what has to wait");
        resume(&app);
        let fired = app.run(FireDue).expect("looked");
        assert_eq!(fired.executions.len(), 1);
        let all = app.tasks().expect("tasks");
        let of = |id| all.iter().find(|task| task.id == id).expect("the task");
        assert!(of(minutely).next_run.is_some_and(|at| at > app.now()), "{:?}", of(minutely));
        assert_eq!((of(minutely).missed_count, runs(&app, minutely).len()), (0, 0));
        assert_eq!((of(once).enabled, runs(&app, once).len()), (false, 1));
        assert_eq!(app.run(ResumePublishing { by: "x".to_owned() }).expect("resumed"), None);
    });
}

/// Either the pause sees the run and ends it, or the run sees the pause.
#[test]
fn no_run_is_begun_that_a_pause_does_not_see() {
    on_both(|url, dir| {
        let apps = [by_hand(url, dir).0, by_hand(url, dir).0];
        add(&apps[0], "x", webhook(&apps[0], "hook", "http://127.0.0.1:9/"));
        for round in 0..30 {
            let task = task(&apps[0], &format!("task {round}"));
            let both = Barrier::new(2);
            thread::scope(|threads| {
                threads.spawn(|| {
                    both.wait();
                    pause(&apps[0]);
                });
                threads.spawn(|| {
                    both.wait();
                    match apps[1].run(TriggerTask { task, by: Trigger::Api }) {
                        Ok(_) | Err(OperationError::Raced) => {}
                        Err(error) => panic!("{error}"),
                    }
                });
            });
            let open = runs(&apps[0], task).into_iter().filter(|run| run.finished_at.is_none()).count();
            assert_eq!(open, 0, "round {round}");
            resume(&apps[0]);
        }
    });
}

/// The pause is on its way and has looked at the runs that there are, when another is made and a run of it begun:
/// whoever begins one waits for the pause, which could not see it.
#[test]
fn whoever_begins_a_run_waits_for_a_pause_that_is_on_its_way() {
    type New = fn(&App) -> CreateTask;
    type Begin = fn(&App, TaskId) -> Result<(), OperationError>;
    let trigger: Begin = |app, task| app.run(TriggerTask { task, by: Trigger::Api }).map(drop);
    let fire: Begin = |app, _| app.run(FireDue).map(drop);
    // Who asks for a run is told of one that did nothing; a fire waits, and is not lost.
    let ways: [(&str, usize, New, Begin); 3] = [
        ("by hand", 1, |_| CreateTask::every("by hand", 3600), trigger),
        (
            "by the clock",
            0,
            |app| CreateTask { next_run: Some(app.now().into()), ..CreateTask::every("due", 3600) },
            fire,
        ),
        ("when something is due", 0, |_| CreateTask::on_due("on due"), fire),
    ];
    for (what, told, new, begin) in ways {
        // SQLite has one writer at a time.
        let (url, dir) = (fresh_database(), tempfile::tempdir().expect("a folder"));
        let apps = [by_hand(&url, dir.path()).0, by_hand(&url, dir.path()).0];
        add(&apps[0], "x", webhook(&apps[0], "hook", "http://127.0.0.1:9/"));
        let mut holding = connect(&url).expect("connected");
        // A run that the pause is to end, once it has looked which there are.
        let held = task(&apps[0], "held");
        apps[0].run(TriggerTask { task: held, by: Trigger::Api }).expect("triggered");
        let hold = format!("BEGIN; SELECT 1 FROM executions WHERE task_id = {held} FOR UPDATE");
        holding.batch_execute(&hold).expect("held");
        let task = thread::scope(|threads| {
            let pausing = threads.spawn(|| pause(&apps[0]));
            eventually("the pause waits", || (waiting_for_locks(&url) == 1).then_some(()));
            let task = apps[1].create_task(new(&apps[1])).expect("a task").id;
            let app = &apps[1];
            let beginning = threads.spawn(move || begin(app, task));
            eventually("it waits for the pause, or has begun", || {
                (beginning.is_finished() || waiting_for_locks(&url) == 2).then_some(())
            });
            holding.batch_execute("COMMIT").expect("let go");
            pausing.join().expect("paused");
            beginning.join().expect("ended").expect(what);
            task
        });
        let runs = runs(&apps[0], task);
        let open = runs.iter().filter(|run| run.finished_at.is_none()).count();
        assert_eq!((open, runs.len()), (0, told), "{what}: {runs:?}");
    }
}

/// Whoever ends a run looks whether he may begin the one after it: the next missed fire, or the next of a task that
/// publishes what is due, which is not open for more than a minute.
#[test]
fn what_ends_during_a_pause_is_followed_by_nothing() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        add(&app, "x", webhook(&app, "hook", "http://127.0.0.1:9/"));
        let missed = CreateTask {
            next_run: Some((app.now() - 15 * MINUTE).into()),
            misfire: Misfire::FireAll,
            ..CreateTask::every("catches up", 300)
        };
        let catches_up = app.create_task(missed).expect("a task").id;
        let on_due = app.create_task(CreateTask::on_due("as it comes")).expect("a task").id;
        assert_eq!(app.run(FireDue).expect("fired").executions.len(), 2);
        let mut conn = connect(url).expect("connected");
        // The note alone, so that nothing else of a pause ends them.
        let paused = Paused { since: app.now(), by: "Ada".to_owned(), reason: None };
        db::pause::set(&mut conn, Some(&paused)).expect("noted");
        let cycle = Cycle {
            node: NodeId("n1".to_owned()),
            lease: MINUTE,
            scope: ClaimScope::Everything,
            ended: Arc::default(),
            room: Room::default(),
            read_back: None,
            clock_is_right: true,
        };
        cycle.run(&mut conn, app.context(), app.now() + 2 * MINUTE).expect("a cycle");
        let run = runs(&app, catches_up).pop().expect("a run").id;
        app.run(CancelExecution(run)).expect("cancelled");
        for task in [catches_up, on_due] {
            let runs = runs(&app, task);
            assert_eq!((runs.len(), runs[0].finished_at.is_some()), (1, true), "{runs:?}");
        }
    });
}

#[test]
fn over_http_and_on_the_command_line() {
    on_both(|url, dir| {
        let product = Product::start(url, dir);
        let long = json!({"reason": "x".repeat(501)});
        assert!(product.post("/scheduler/pause", &long, 422)["detail"].as_str().is_some());
        let paused = product.post("/scheduler/pause", &json!({"reason": "a recall"}), 200);
        assert_eq!(paused["paused"]["reason"], "a recall");
        let again = product.post("/scheduler/pause", &json!({"reason": "another"}), 200);
        assert_eq!(again, paused, "it stays as it was");
        let status = product.get("/scheduler/status");
        assert_eq!(
            (&status["paused"], &status["problems"][0]["code"]),
            (&paused["paused"], &json!("paused"))
        );
        let cli = &product.cli;
        let told = cli.run(&["status"]).expect_code(0);
        assert!(
            told.stdout.contains("publishing is paused") && told.stdout.contains("a recall"),
            "{}",
            told.stdout
        );
        let resumed = cli.run(&["scheduler", "resume"]).expect_code(0);
        assert!(resumed.stdout.starts_with("Publishing goes on"), "{}", resumed.stdout);
        assert_eq!(product.get("/scheduler/status")["paused"], Value::Null);
        assert!(cli.run(&["scheduler", "resume"]).expect_code(0).stdout.contains("was not paused"));
        let by_cli = cli.json(&["scheduler", "pause", "--reason", "lunch"]);
        assert!(by_cli["paused"]["by"].as_str().is_some_and(|by| by.starts_with("cli:")), "{by_cli}");
        let resumed = product.post("/scheduler/resume", &json!({}), 200);
        assert_eq!((&resumed["paused"], &resumed["was_paused"]["reason"]), (&Value::Null, &json!("lunch")));
    });
}
