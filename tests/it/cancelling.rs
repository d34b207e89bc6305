//! Runs that a person ends: nothing more is claimed for them, what is on the wire ends as it would, and then they are
//! over, with a report of all that they have sent.

use crate::support::app::*;
use crate::support::command::Cli;
use crate::support::on_both;
use crate::support::product::{Product, id};
use crate::support::receiver::{Answer, Receiver};
use contenthub::db::claim::Claim;
use contenthub::db::connection::connect;
use contenthub::db::executions::ExecutionRow;
use contenthub::db::transitions::Ended;
use contenthub::domain::execution::Trigger;
use contenthub::domain::ids::NodeId;
use contenthub::domain::outcome::{Outcome, Receipt};
use contenthub::domain::retry::Jitter;
use contenthub::domain::settlement::settle;
use contenthub::domain::turns::Room;
use contenthub::operations::cancelling::CancelExecution;
use contenthub::operations::cycle::{ClaimScope, Cycle, CycleDone};
use contenthub::operations::execution::{GetExecution, TriggerTask};
use contenthub::operations::firing::FireDue;
use contenthub::operations::pause::{PausePublishing, ResumePublishing};
use contenthub::operations::task::DeleteTask;
use contenthub::{
    App, CreateTask, EntryStatus, ExecutionId, ExecutionStatus, OperationError, Report, TaskId,
};
use diesel::prelude::*;
use serde_json::{Value, json};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

fn trigger(app: &App, task: TaskId) -> ExecutionId {
    app.run(TriggerTask { task, by: Trigger::Api }).expect("triggered")
}

fn run(app: &App, id: ExecutionId) -> ExecutionRow {
    app.run(GetExecution(id)).expect("a run")
}

fn report(row: &ExecutionRow) -> Report {
    let json = row.report.as_deref().expect("a report");
    serde_json::from_str(json).expect("a report as JSON")
}

fn turn(app: &App, ended: Vec<Ended>) -> CycleDone {
    let cycle = Cycle {
        node: NodeId("n1".to_owned()),
        lease: SOON,
        scope: ClaimScope::Everything,
        ended: Arc::new(ended),
        room: Room { shared: 4, ..Room::default() },
        read_back: None,
        clock_is_right: true,
    };
    app.run(cycle).expect("a cycle")
}

fn ended(app: &App, claim: &Claim, outcome: Outcome) -> Ended {
    Ended {
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
        settlement: settle(outcome, claim.standing, app.now(), Jitter::from_random(0)),
        has_steps: false,
    }
}

fn let_go(receiver: &Receiver) {
    receiver.on_any([Answer::status(200)]);
    receiver.release();
}

#[test]
fn cancelled_it_lets_the_wire_finish_and_the_one_behind_it_starts() {
    on_both(|url, dir| {
        let product = Product::start(url, dir).by_hand();
        let receiver = &product.receiver;
        receiver.on_any([Answer::status(200).held()]);
        let hook = product.account_with("hook", json!({"concurrency": 1}));
        let [first, second] = ["a", "b"].map(|title| product.content(title));
        let on_the_wire = product.add(json!({"content_id": first, "account_id": hook}));
        let waits = product.add(json!({"content_id": second, "account_id": hook}));
        let body = json!({"name": "run", "task_type": "publishing", "schedule_type": "interval",
            "interval_seconds": 3600});
        let task = id(&product.post("/scheduler/tasks", &body, 201));
        let start = || product.post(&format!("/scheduler/tasks/{task}/trigger"), &json!({}), 202);
        let run = start()["execution_id"].clone();
        let path = format!("/scheduler/executions/{run}");
        receiver.wait_for(1, SOON);

        let told = product.post(&format!("{path}/cancel"), &json!({}), 200);
        let standing = |it: &Value| (it["status"].clone(), it["ends_as"].clone(), it["on_the_wire"].clone());
        assert_eq!(standing(&told), (json!("running"), json!("cancelled"), json!(1)), "{told:#}");
        assert_eq!(told["report"], Value::Null, "it is not over");
        assert_eq!(product.post(&format!("{path}/cancel"), &json!({}), 200), told, "once more is the same");
        let said = product.cli.ok(&["scheduler", "cancel", &run.to_string()]);
        assert!(said.contains("One post is on the wire still"), "{said}");
        let listed = product.cli.ok(&["scheduler", "history", &task.to_string()]);
        assert!(listed.contains(" ending "), "{listed}");
        // Whoever asks for a run meanwhile gets the one that follows.
        let next = start()["execution_id"].clone();
        let next_path = format!("/scheduler/executions/{next}");
        assert_eq!(product.get(&next_path)["status"], "queued");
        assert_eq!(product.get(&path)["status"], "running");

        let_go(receiver);
        let over = product.until(&path, |it| it["status"] != "running");
        assert_eq!((&over["status"], over.get("ends_as")), (&json!("cancelled"), None), "{over:#}");
        let report = &over["report"];
        assert_eq!(report["message"], "Publishing cancelled: 1 succeeded, 0 failed");
        let counts = (&report["data"]["total_count"], &report["data"]["in_progress_count"]);
        assert_eq!(counts, (&json!(1), &json!(0)));
        assert_eq!(report["data"]["results"][0]["pool_id"], on_the_wire);
        let followed = product.until(&next_path, |it| it["status"] == "succeeded");
        assert_eq!(followed["report"]["data"]["results"][0]["pool_id"], waits, "{followed:#}");
        assert!(followed["started_at"].as_str() >= over["finished_at"].as_str(), "they do not overlap");
        assert_eq!(receiver.posts().len(), 2);
        product.post(&format!("{path}/cancel"), &json!({}), 409);
    });
}

#[test]
fn with_nothing_on_the_wire_it_is_over_at_once() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        add(&app, "x", webhook(&app, "hook", "http://127.0.0.1:9/"));
        let task = task(&app, "run");
        let [first, next] = [trigger(&app, task), trigger(&app, task)];
        let cancelled = app.run(CancelExecution(first)).expect("cancelled");
        let told = (cancelled.on_the_wire, cancelled.row.status, report(&cancelled.row).message);
        let nothing = "Publishing cancelled before anything was tried".to_owned();
        assert_eq!(told, (0, ExecutionStatus::Cancelled, nothing));
        assert_eq!(run(&app, next).status, ExecutionStatus::Running, "the one behind it has started");
        let queued = trigger(&app, task);
        let cancelled = app.run(CancelExecution(queued)).expect("cancelled");
        assert_eq!((cancelled.on_the_wire, cancelled.row.status), (0, ExecutionStatus::Cancelled));
        assert_eq!(run(&app, next).status, ExecutionStatus::Running, "it is another one");
    });
}

/// A claim that was never sent goes back; the run that it was for wants it no more.
#[test]
fn what_comes_back_unsent_is_not_claimed_again() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let id = add(&app, "x", webhook(&app, "hook", "http://127.0.0.1:9/"));
        let task = task(&app, "run");
        let first = trigger(&app, task);
        let claim = turn(&app, vec![]).claims.remove(0);
        let other = add(&app, "y", webhook(&app, "other", "http://127.0.0.1:9/"));
        assert_eq!(app.run(CancelExecution(first)).expect("cancelled").on_the_wire, 1);
        for _ in 0..2 {
            let meanwhile = turn(&app, vec![]);
            assert_eq!((meanwhile.claims.len(), meanwhile.closed.len(), meanwhile.open), (0, 0, 1));
        }
        let over = turn(&app, vec![ended(&app, &claim, Outcome::NotSent)]);
        assert_eq!((over.claims.len(), over.open), (0, 0));
        assert_eq!(over.closed[0].1.message, "Publishing cancelled before anything was tried");
        assert_eq!(run(&app, first).status, ExecutionStatus::Cancelled);
        assert_eq!([id, other].map(|id| entry(&app, id).status), [EntryStatus::Pending; 2]);
    });
}

/// Disabled, deleted and paused alike.
#[test]
fn a_task_that_is_stopped_lets_the_wire_finish_and_forgets_what_waits_behind() {
    for how in ["disable", "delete", "pause"] {
        on_both(|url, dir| {
            let (app, _) = by_hand(url, dir);
            let receiver = Receiver::start();
            receiver.on_any([Answer::status(200).held()]);
            let account = one_by_one(&app, "hook", json!({"url": receiver.url("/")}));
            let ids = ["a", "b"].map(|title| add(&app, title, account));
            let task = task(&app, "run");
            let node = app.start().expect("a node");
            let first = trigger(&app, task);
            receiver.wait_for(1, SOON);
            let queued = trigger(&app, task);
            match how {
                "disable" => drop(app.disable_task(task).expect("disabled")),
                "delete" => app.run(DeleteTask(task)).expect("deleted"),
                _ => drop(app.run(PausePublishing { by: "x".to_owned(), reason: None }).expect("paused")),
            }
            let row = run(&app, first);
            let standing = (row.status, row.ends_as, row.claiming, row.finished_at);
            assert_eq!(
                standing,
                (ExecutionStatus::Running, Some(ExecutionStatus::Cancelled), false, None),
                "{how}"
            );
            assert_eq!(run(&app, queued).status, ExecutionStatus::Cancelled, "{how}");
            // Who asks for a run of it all the same.
            let asked = (how != "delete").then(|| trigger(&app, task));
            let asked = asked.map(|id| run(&app, id).status);
            let expected = match how {
                "disable" => Some(ExecutionStatus::Queued),
                "pause" => Some(ExecutionStatus::Succeeded),
                _ => None,
            };
            assert_eq!(asked, expected, "{how}");
            assert_eq!(run(&app, first).status, ExecutionStatus::Running, "{how}");
            let_go(&receiver);
            let over = eventually("the run is over", || {
                Some(run(&app, first)).filter(|row| row.status != ExecutionStatus::Running)
            });
            assert_eq!(over.status, ExecutionStatus::Cancelled, "{how}");
            let data = report(&over).data;
            let told = (data.total_count, data.success_count, data.in_progress_count);
            assert_eq!(told, (1, 1, 0), "{how}: {data:?}");
            assert_eq!(data.results[0].pool_id, ids[0], "{how}");
            if how == "disable" {
                eventually("the run that was asked for is through", || {
                    (entry(&app, ids[1]).status == EntryStatus::Published).then_some(())
                });
            } else {
                assert_eq!(entry(&app, ids[1]).status, EntryStatus::Pending, "{how}");
                assert_eq!(receiver.posts().len(), 1, "{how}");
            }
            let _ = node.stop();
        });
    }
}

/// The task of most installations: what falls due while its cancelled run ends waits for the next.
#[test]
fn a_run_by_what_is_due_is_followed_by_the_next_and_by_one_by_hand() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let receiver = Receiver::start();
        receiver.on_any([Answer::status(200).held()]);
        let account = one_by_one(&app, "hook", json!({"url": receiver.url("/")}));
        let ids = ["a", "b"].map(|title| add(&app, title, account));
        let on_due = app.create_task(CreateTask::on_due("as it comes")).expect("a task").id;
        let node = app.start().expect("a node");
        receiver.wait_for(1, SOON);
        let first = runs(&app, on_due)[0].id;
        assert_eq!(app.run(CancelExecution(first)).expect("cancelled").on_the_wire, 1);
        let by_hand = trigger(&app, on_due);
        assert_eq!(run(&app, by_hand).status, ExecutionStatus::Queued);
        app.run(CancelExecution(by_hand)).expect("cancelled");
        app.run(PausePublishing { by: "x".to_owned(), reason: None }).expect("paused");
        app.run(ResumePublishing { by: "x".to_owned() }).expect("resumed");
        assert_eq!(run(&app, first).status, ExecutionStatus::Running);
        let_go(&receiver);
        eventually("the other goes out", || {
            (entry(&app, ids[1]).status == EntryStatus::Published).then_some(())
        });
        let over = run(&app, first);
        assert_eq!((over.status, report(&over).data.total_count), (ExecutionStatus::Cancelled, 1));
        let next = runs(&app, on_due).pop().expect("a run");
        assert!(next.id > by_hand && next.started_at >= over.finished_at, "{next:?}");
        let _ = node.stop();
    });
}

/// A node that looked at the runs before one was ended, and claims after: either its claim is counted, or it gets none.
#[test]
fn a_run_that_is_over_has_nothing_on_the_wire() {
    on_both(|url, dir| {
        let apps = [by_hand(url, dir).0, by_hand(url, dir).0];
        let hook = wide(&apps[0], "hook", "http://127.0.0.1:9/");
        let task = task(&apps[0], "run");
        for round in 0..60 {
            add(&apps[0], &format!("post {round}"), hook);
            let first = trigger(&apps[0], task);
            let both = Barrier::new(2);
            let (claims, on_the_wire) = thread::scope(|threads| {
                let cycle = threads.spawn(|| {
                    both.wait();
                    turn(&apps[0], vec![]).claims
                });
                both.wait();
                // At another moment of the cycle each time.
                thread::sleep(Duration::from_micros(100 * (round % 30)));
                let cancelled = match apps[1].run(CancelExecution(first)) {
                    Ok(cancelled) => cancelled.on_the_wire,
                    Err(OperationError::Raced) => {
                        apps[1].run(CancelExecution(first)).expect("now").on_the_wire
                    }
                    Err(error) => panic!("{error}"),
                };
                (cycle.join().expect("a cycle"), cancelled)
            });
            assert_eq!(i64::try_from(claims.len()), Ok(on_the_wire), "round {round}: {claims:?}");
            let published = |claim| ended(&apps[0], claim, Outcome::Published(Receipt::default()));
            turn(&apps[0], claims.iter().map(published).collect());
            let over = run(&apps[0], first);
            assert_eq!(over.status, ExecutionStatus::Cancelled, "round {round}");
            assert_eq!(report(&over).data.in_progress_count, 0, "round {round}");
        }
    });
}

/// Not all was done that its caller asked for.
#[test]
fn a_command_whose_run_is_cancelled_ends_as_done_in_part() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let receiver = Receiver::start();
        receiver.on_any([Answer::status(200).held()]);
        let hook = one_by_one(&app, "hook", json!({"url": receiver.url("/")}));
        for title in ["first", "second"] {
            add(&app, title, hook);
        }
        let task = task(&app, "run");
        let mut command = Cli::on(dir, url).spawn(&["scheduler", "trigger", &task.to_string()]);
        receiver.wait_for(1, SOON);
        app.run(CancelExecution(runs(&app, task)[0].id)).expect("cancelled");
        receiver.release();
        let status = command.wait(SOON).expect("it ends");
        assert_eq!(status.code(), Some(3), "{}", command.stderr.text());
        assert!(command.stdout.text().contains("cancelled: 1 succeeded"), "{}", command.stdout.text());
    });
}

/// What a run that made room for the next still had on the wire is in its report once it has come out.
#[test]
fn the_report_of_a_run_that_made_room_tells_the_rest_of_it_too() {
    on_both(|url, dir| {
        let (app, clock) = by_hand(url, dir);
        let hook = wide(&app, "hook", "http://127.0.0.1:9/");
        let task = app.create_task(CreateTask::on_due("as it comes")).expect("a task").id;
        add(&app, "post", hook);
        let run = app.run(FireDue).expect("fired").executions[0];
        let claims = turn(&app, vec![]).claims;
        clock.forward(Duration::from_secs(61));
        turn(&app, vec![]);
        let told = || {
            let row = app.run(GetExecution(run)).expect("a run");
            let listed = runs(&app, task).into_iter().find(|it| it.id == run).expect("it is listed");
            let report: Report = serde_json::from_str(&row.report.expect("it has ended")).expect("a report");
            assert_eq!(json!(report), json!(listed.report), "both tell the same");
            let data = report.data;
            ((data.total_count, data.success_count, data.in_progress_count), report.message)
        };
        assert_eq!(
            told(),
            ((1, 0, 1), "Publishing completed: 0 succeeded, 0 failed, 1 in progress".to_owned())
        );
        let published = |claim| ended(&app, claim, Outcome::Published(Receipt::default()));
        turn(&app, claims.iter().map(published).collect());
        assert_eq!(told(), ((1, 1, 0), "Publishing completed: 1 succeeded, 0 failed".to_owned()));
        // What is pruned from the log stays in the report.
        let before = app.run(GetExecution(run)).expect("a run").report;
        diesel::delete(contenthub::db::schema::publish_logs::table)
            .execute(&mut connect(url).expect("connected"))
            .expect("deleted");
        assert!(before.is_some() && told().0 == (1, 0, 1), "as it was kept: nothing is known of the rest");
    });
}

/// A run by what is due makes room for the next after a minute: not any more once somebody has ended it, whichever of
/// the two looked first.
#[test]
fn nothing_takes_the_place_of_a_run_that_was_ended() {
    on_both(|url, dir| {
        let (app, clock) = by_hand(url, dir);
        let other = by_hand(url, dir).0;
        let hook = wide(&app, "hook", "http://127.0.0.1:9/");
        let task = app.create_task(CreateTask::on_due("as it comes")).expect("a task").id;
        for round in 0..60 {
            add(&app, &format!("post {round}"), hook);
            app.enable_task(task).expect("enabled");
            assert_eq!(app.run(FireDue).expect("fired").executions.len(), 1, "round {round}");
            let claims = turn(&app, vec![]).claims;
            assert_eq!(claims.len(), 1, "round {round}");
            clock.forward(Duration::from_secs(61));
            let both = Barrier::new(2);
            thread::scope(|threads| {
                threads.spawn(|| {
                    both.wait();
                    turn(&app, vec![]);
                });
                both.wait();
                // At another moment of the cycle each time.
                thread::sleep(Duration::from_micros(100 * (round % 30)));
                match other.disable_task(task) {
                    Err(OperationError::Raced) => drop(other.disable_task(task).expect("now")),
                    disabled => drop(disabled.expect("disabled")),
                }
            });
            let running = |run: &contenthub::ExecutionView| run.status == ExecutionStatus::Running;
            let open: Vec<_> = runs(&app, task).into_iter().filter(running).collect();
            assert!(open.iter().all(|run| run.ends_as.is_some()), "round {round}: {open:?}");
            let published = |claim| ended(&app, claim, Outcome::Published(Receipt::default()));
            turn(&app, claims.iter().map(published).collect());
            assert!(!runs(&app, task).iter().any(running), "round {round}");
        }
    });
}
