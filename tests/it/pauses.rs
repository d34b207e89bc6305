//! A pause of all publishing: nothing new is sent by anybody, it outlives restarts, and nothing is lost by it.

use crate::support::app::*;
use crate::support::on_both;
use crate::support::product::Product;
use crate::support::receiver::{Answer, Receiver};
use contenthub::domain::execution::Trigger;
use contenthub::operations::execution::TriggerTask;
use contenthub::operations::firing::FireDue;
use contenthub::operations::pause::{PausePublishing, ResumePublishing};
use contenthub::{App, CreateTask, EntryStatus, ExecutionStatus, OperationError};
use serde_json::{Value, json};
use std::sync::Barrier;
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
