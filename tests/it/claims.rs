//! Each entry is claimed once, however many nodes, processes and runs want it at the same time.
//!
//! The receiver holds its answers until both sides have something on the wire, so that they do overlap.

use crate::support::app::*;
use crate::support::command::{Cli, Server};
use crate::support::on_both;
use crate::support::receiver::{Answer, Receiver};
use contenthub::domain::execution::Trigger;
use contenthub::operations::execution::TriggerTask;
use contenthub::{App, CreateTask, ExecutionStatus, LogFilter, Paging, Report, TaskId};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

/// Attempts that a node has on the wire at once.
const SLOTS: usize = 64;

#[track_caller]
fn each_arrived_once(receiver: &Receiver, count: usize) {
    let counts = receiver.by_webhook_id();
    assert_eq!(counts.len(), count, "lost or unknown posts");
    let doubled: Vec<_> = counts.iter().filter(|(_, times)| **times != 1).collect();
    assert!(doubled.is_empty(), "came more than once: {doubled:?}");
    assert_eq!(receiver.posts().len(), count);
}

/// From now on it answers at once.
fn let_go(receiver: &Receiver) {
    receiver.on_any([Answer::status(200)]);
    receiver.release();
}

fn trigger(app: &App, task: TaskId) -> contenthub::ExecutionId {
    app.run(TriggerTask { task, by: Trigger::Api }).expect("triggered")
}

#[test]
fn two_triggers_at_once_share_the_entries() {
    const COUNT: usize = 100;
    on_both(|url, dir| {
        let (first, _) = by_hand(url, dir);
        let (second, _) = by_hand(url, dir);
        let tasks = [task(&first, "one"), task(&first, "other")];
        for (name, [mine, theirs]) in [("two tasks", tasks), ("one task", [tasks[0]; 2])] {
            let receiver = Receiver::start();
            receiver.on_any([Answer::status(200).held()]);
            let account = wide(&first, name, &receiver.url("/"));
            first.run(AddMany { count: COUNT, account, at: None }).expect("added");
            let reports: [Report; 2] = thread::scope(|threads| {
                let a = threads.spawn(|| report_of(&first, mine));
                let b = threads.spawn(|| report_of(&second, theirs));
                receiver.wait_for(COUNT, SOON);
                let_go(&receiver);
                [a, b].map(|thread| thread.join().expect("a run"))
            });
            each_arrived_once(&receiver, COUNT);
            let totals = reports.each_ref().map(|report| report.data.total_count);
            assert_eq!(totals.iter().sum::<i64>(), 100, "{name}: {totals:?}");
            assert!(reports.iter().all(|report| report.data.success_count == report.data.total_count));
            if name == "two tasks" {
                assert!(totals.iter().all(|total| *total > 0), "both had a part: {totals:?}");
            }
        }
        nothing_is_publishing(&first);
    });
}

#[test]
fn triggers_of_one_task_at_once_are_one_run_and_the_one_that_follows() {
    const CALLERS: usize = 6;
    on_both(|url, dir| {
        let apps: Vec<App> = (0..CALLERS).map(|_| by_hand(url, dir).0).collect();
        for round in 0..5 {
            let task = task(&apps[0], &format!("task {round}"));
            let start = Barrier::new(CALLERS);
            let ids: BTreeSet<_> = thread::scope(|threads| {
                let callers: Vec<_> = apps
                    .iter()
                    .map(|app| {
                        threads.spawn(|| {
                            start.wait();
                            trigger(app, task)
                        })
                    })
                    .collect();
                callers.into_iter().map(|caller| caller.join().expect("a trigger")).collect()
            });
            assert_eq!(ids.len(), 2, "{ids:?}");
            let statuses: Vec<_> = runs(&apps[0], task).iter().map(|run| run.status).collect();
            assert_eq!(statuses, [ExecutionStatus::Running, ExecutionStatus::Queued]);
        }
    });
}

#[test]
fn two_thousand_entries_go_out_once_from_a_server_and_a_command_beside_it() {
    const COUNT: usize = 2000;
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let receiver = Receiver::start();
        receiver.on_any([Answer::status(200).held()]);
        let tasks = [task(&app, "of the server"), task(&app, "of the command")];
        let account = wide(&app, "hook", &receiver.url("/"));
        app.run(AddMany { count: COUNT, account, at: None }).expect("added");
        let cli = Cli::on(dir, url);
        let server = Server::start_as_admin(&cli, &[]);

        let started = server.post(&format!("/api/v1/scheduler/tasks/{}/trigger", tasks[0]), &json!({}));
        let execution = started.expect_status(202).body["execution_id"].clone();
        receiver.wait_for(SLOTS, SOON);
        let command = thread::scope(|threads| {
            let command = threads.spawn(|| cli.json(&["scheduler", "trigger", &tasks[1].to_string()]));
            receiver.wait_for(SLOTS + 1, SOON);
            let_go(&receiver);
            command.join().expect("the command")
        });
        let path = format!("/api/v1/scheduler/executions/{execution}");
        let of_server = eventually("the server's run ends", || {
            let run = server.get(&path).expect_status(200).body;
            (run["status"] == "succeeded").then(|| run["report"].clone())
        });
        each_arrived_once(&receiver, COUNT);
        let count = |report: &serde_json::Value, what: &str| report["data"][what].as_u64().expect(what);
        for what in ["total_count", "success_count"] {
            let (of_server, of_command) = (count(&of_server, what), count(&command, what));
            assert_eq!(of_server + of_command, COUNT as u64, "{what}: {of_server} + {of_command}");
            assert!(of_server >= 64 && of_command >= 1, "both had a part: {of_server}, {of_command}");
        }
        let stats = app.stats().expect("numbers");
        assert_eq!((stats.published, stats.publishing), (COUNT as i64, 0));
    });
}

#[test]
fn ticks_beside_a_trigger_share_the_entries() {
    const COUNT: usize = 100;
    on_both(|url, dir| {
        let (server, _) = by_hand(url, dir);
        let (command, _) = by_hand(url, dir);
        let receiver = Receiver::start();
        receiver.on_any([Answer::status(200).held()]);
        let account = wide(&server, "hook", &receiver.url("/"));
        let due = server.now() + Duration::from_millis(300);
        server.run(AddMany { count: COUNT, account, at: Some(due) }).expect("added");
        // Three want them: the clock twice, and a person.
        server.enable_task(first_task(&server)).expect("enabled");
        let ticking = CreateTask { next_run: Some(due.into()), ..CreateTask::every("by the clock", 3600) };
        server.create_task(ticking).expect("a task");
        let by_hand = task(&server, "by hand");

        let node = server.start().expect("a node");
        receiver.wait_for(1, SOON);
        thread::scope(|threads| {
            let run = threads.spawn(|| report_of(&command, by_hand));
            receiver.wait_for(COUNT, SOON);
            let_go(&receiver);
            run.join().expect("a run")
        });
        eventually("all are published", || (server.stats().ok()?.published == 100).then_some(()));
        let _ = node.stop();
        each_arrived_once(&receiver, COUNT);
        let log = server.publish_log(LogFilter::default(), Paging::default()).expect("a log");
        assert_eq!(log.total, 100, "one attempt each");
    });
}
