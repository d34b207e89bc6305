//! When things go out by themselves: the task that every database has, intervals, runs that follow runs, and instants.

use crate::support::app::*;
use crate::support::clock::SteppedClock;
use crate::support::command::Cli;
use crate::support::on_both;
use crate::support::receiver::{Answer, Receiver};
use contenthub::domain::clock::Clock;
use contenthub::domain::execution::Trigger;
use contenthub::operations::execution::{GetExecution, TriggerTask};
use contenthub::operations::task::{DeleteTask, FIRST_TASK_NAME, UpdateTask};
use contenthub::{
    App, CreateTask, EntryStatus, ExecutionId, ExecutionStatus, OperationError, TaskId, Timestamp,
};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

fn trigger(app: &App, task: TaskId) -> ExecutionId {
    app.run(TriggerTask { task, by: Trigger::Api }).expect("triggered")
}

fn status(app: &App, execution: ExecutionId) -> ExecutionStatus {
    app.run(GetExecution(execution)).expect("a run").status
}

/// The one run of a task, once it has ended well.
fn only_run(app: &App, task: TaskId) -> contenthub::ExecutionView {
    eventually("the task's run has ended", || {
        let run = runs(app, task).into_iter().next()?;
        (run.status == ExecutionStatus::Succeeded).then_some(run)
    });
    let mut all = runs(app, task);
    assert_eq!(all.len(), 1, "{all:#?}");
    all.remove(0)
}

#[test]
fn the_first_task_is_made_once_and_stays_as_a_person_left_it() {
    on_both(|url, dir| {
        let open = || App::open(settings(url, dir)).expect("opened");
        let tasks = open().tasks().expect("tasks");
        let [first] = &tasks[..] else { panic!("{tasks:?}") };
        assert_eq!((first.name.as_str(), first.enabled), (FIRST_TASK_NAME, true));
        open().disable_task(first.id).expect("disabled");
        let tasks = open().tasks().expect("tasks");
        assert_eq!(tasks.iter().map(|task| (task.id, task.enabled)).collect::<Vec<_>>(), [(first.id, false)]);
        open().run(DeleteTask(first.id)).expect("deleted");
        assert!(open().tasks().expect("tasks").is_empty(), "deleted, it stays deleted");
    });
}

#[test]
fn an_interval_fires_at_its_instant_and_leaves_a_report() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let receiver = Receiver::start();
        let id = add(&app, "x", webhook(&app, "hook", &receiver.url("/")));
        let at = app.now() + Duration::from_millis(200);
        let hourly = CreateTask { next_run: Some(at.into()), ..CreateTask::every("hourly", 3600) };
        let task = app.create_task(hourly).expect("a task");
        let node = app.start().expect("a node");
        let run = only_run(&app, task.id);
        let report = run.report.expect("a report");
        assert_eq!((run.trigger, report.data.success_count), (Trigger::Schedule, 1));
        assert_eq!(report.metadata.task_id, Some(task.id));
        assert_eq!(entry(&app, id).status, EntryStatus::Published);
        let started = run.started_at.expect("it has started");
        assert!(started >= at, "started at {started}, {at} was asked for");
        let task = app.tasks().expect("tasks").into_iter().find(|it| it.id == task.id).expect("the task");
        assert_eq!(task.next_run, Some(at + Duration::from_secs(3600)), "it keeps to its anchor");
        assert_eq!(task.last_run, Some(started));
        let _ = node.stop();
    });
}

#[test]
fn fires_that_were_missed_are_one_fire() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        // An hour without a node, and fifty seconds to the next fire.
        let anchor = app.now() - Duration::from_secs(3600 + 10);
        let minutely = CreateTask { next_run: Some(anchor.into()), ..CreateTask::every("minutely", 60) };
        let task = app.create_task(minutely).expect("a task").id;
        let node = app.start().expect("a node");
        let run = only_run(&app, task);
        assert_eq!(run.report.expect("a report").message, "No pending entries to publish");
        let next =
            app.tasks().expect("tasks").into_iter().find(|it| it.id == task).and_then(|it| it.next_run);
        assert_eq!(next, Some(anchor + Duration::from_secs(3660)));
        let _ = node.stop();
    });
}

fn task_of(app: &App, id: TaskId) -> contenthub::TaskView {
    app.tasks().expect("tasks").into_iter().find(|it| it.id == id).expect("the task")
}

#[test]
fn a_cron_expression_fires_at_the_local_time_that_it_names() {
    on_both(|url, dir| {
        let (app, clock) = by_hand(url, dir);
        let receiver = Receiver::start();
        let id = add(&app, "x", webhook(&app, "hook", &receiver.url("/")));
        // On the half hour in UTC, because this zone is five and a half hours ahead.
        let hourly =
            CreateTask { timezone: Some("Asia/Kolkata".into()), ..CreateTask::cron("hourly", "0 * * * *") };
        let task = app.create_task(hourly).expect("a task");
        let due = task.next_run.expect("a time");
        assert_eq!(due.micros() % 3_600_000_000, 1_800_000_000, "{due}");
        // To a moment before it, so that somebody has to wait for it.
        clock.forward(due.since(app.now()).saturating_sub(Duration::from_millis(300)));
        let node = app.start().expect("a node");
        let run = only_run(&app, task.id);
        let started = run.started_at.expect("it has started");
        assert!(started >= due && started.since(due) < SOON, "{started}, not {due}");
        assert_eq!((run.trigger, entry(&app, id).status), (Trigger::Schedule, EntryStatus::Published));
        let task = task_of(&app, task.id);
        assert_eq!((task.enabled, task.next_run), (true, Some(due + Duration::from_secs(3600))));
        let _ = node.stop();
    });
}

#[test]
fn a_task_that_runs_once_fires_once_and_disables_itself() {
    on_both(|url, dir| {
        let (app, clock) = by_hand(url, dir);
        let receiver = Receiver::start();
        receiver.on_any([Answer::status(200).held(), Answer::status(200)]);
        let account = one_by_one(&app, "hook", json!({"url": receiver.url("/")}));
        let ids = ["a", "b", "c"].map(|title| add(&app, title, account));
        let soon = app.now() + Duration::from_secs(600);
        let task = app.create_task(CreateTask::once("launch", soon)).expect("a task").id;
        let missed = app.create_task(CreateTask::once("missed", soon)).expect("a task").id;
        app.disable_task(missed).expect("disabled");
        clock.forward(soon.since(app.now()).saturating_sub(Duration::from_millis(300)));
        let node = app.start().expect("a node");
        receiver.wait_for(1, SOON);
        let fired = task_of(&app, task);
        assert_eq!((fired.enabled, fired.next_run, fired.run_at), (false, None, Some(soon)));
        // It was the task that ended, not its run.
        receiver.release();
        let run = only_run(&app, task);
        assert!(run.started_at.is_some_and(|started| started >= soon), "{run:?}");
        assert_eq!(run.report.expect("a report").data.success_count, 3);
        assert!(ids.iter().all(|id| entry(&app, *id).status == EntryStatus::Published));

        // It may be renamed, and run by hand, and be given another time, but not the one that is over.
        let rename = UpdateTask { name: Some("launched".into()), ..UpdateTask::new(task) };
        app.run(rename).expect("renamed");
        for over in [task, missed] {
            match app.enable_task(over) {
                Err(OperationError::Invalid(wrong)) => assert_eq!(wrong[0].field, "run_at", "{wrong:?}"),
                other => panic!("{other:?}"),
            }
        }
        let again = app.now() + Duration::from_secs(3600);
        let anew = UpdateTask { run_at: Some(again.into()), enabled: Some(true), ..UpdateTask::new(task) };
        assert_eq!(app.run(anew).expect("changed").next_run, Some(again));
        let _ = node.stop();

        // An hour without a node, and a change of its name when it is due: its fire is still to come.
        clock.forward(Duration::from_secs(3601));
        let rename = UpdateTask { name: Some("launched again".into()), ..UpdateTask::new(task) };
        assert_eq!(app.run(rename).expect("renamed").next_run, Some(again));
        let node = app.start().expect("a node");
        eventually("it has run again", || (runs(&app, task).len() == 2).then_some(()));
        assert!(!task_of(&app, task).enabled);
        let _ = node.stop();
    });
}

#[test]
fn triggers_during_a_run_become_the_one_that_follows() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let receiver = Receiver::start();
        receiver.on_any([Answer::status(200).held()]);
        add(&app, "x", webhook(&app, "hook", &receiver.url("/")));
        let task = task(&app, "by hand");
        let node = app.start().expect("a node");
        let first = trigger(&app, task);
        receiver.wait_for(1, SOON);
        let next = trigger(&app, task);
        assert_ne!(first, next);
        assert_eq!([trigger(&app, task), trigger(&app, task)], [next; 2], "however often it is asked for");
        assert_eq!(
            (status(&app, first), status(&app, next)),
            (ExecutionStatus::Running, ExecutionStatus::Queued)
        );
        receiver.release();
        eventually("both have ended", || (status(&app, next) == ExecutionStatus::Succeeded).then_some(()));
        let all = runs(&app, task);
        let totals: Vec<_> = all.iter().flat_map(|run| &run.report).map(|it| it.data.total_count).collect();
        assert_eq!(totals, [1, 0]);
        assert!(all[1].started_at >= all[0].finished_at, "they do not overlap: {all:#?}");
        let _ = node.stop();
    });
}

#[test]
fn disabling_a_task_ends_its_claiming() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let receiver = Receiver::start();
        receiver.on_any([Answer::status(200).held(), Answer::status(200)]);
        let account = one_by_one(&app, "hook", json!({"url": receiver.url("/")}));
        let ids = ["a", "b", "c"].map(|title| add(&app, title, account));
        let task = task(&app, "by hand");
        let node = app.start().expect("a node");
        let run = trigger(&app, task);
        receiver.wait_for(1, SOON);
        app.disable_task(task).expect("disabled");
        assert_eq!(status(&app, run), ExecutionStatus::Running, "it waits for what is on the wire");
        receiver.release();
        // The outcome and whatever is claimed after it are one transaction: seen together, nothing was claimed.
        let statuses = eventually("what was on the wire is recorded", || {
            let all = entries(&app);
            all.iter()
                .any(|entry| entry.status == EntryStatus::Published)
                .then(|| ids.map(|id| all.iter().find(|entry| entry.id == id).map(|entry| entry.status)))
        });
        use EntryStatus::{Pending, Published};
        assert_eq!(statuses, [Some(Published), Some(Pending), Some(Pending)]);
        assert_eq!(status(&app, run), ExecutionStatus::Cancelled);
        // Disabled, it still runs when a person asks.
        trigger(&app, task);
        eventually("the others are out", || (app.stats().ok()?.published == 3).then_some(()));
        assert_eq!(receiver.posts().len(), 3);
        let _ = node.stop();
    });
}

/// When each title arrived, by the clock that the engine goes by.
type Arrivals = Arc<Mutex<BTreeMap<String, Timestamp>>>;

fn note_arrivals(receiver: &Receiver, clock: Arc<SteppedClock>) -> Arrivals {
    let arrivals = Arrivals::default();
    let noted = arrivals.clone();
    receiver.rule(move |post, _| {
        let title = post.title().unwrap_or_default().to_owned();
        noted.lock().expect("no test panicked here").insert(title, clock.now());
        None
    });
    arrivals
}

#[test]
fn what_is_due_goes_out_at_its_instant_and_never_before() {
    on_both(|url, dir| {
        let (app, clock) = by_hand(url, dir);
        app.enable_task(first_task(&app)).expect("enabled");
        let receiver = Receiver::start();
        let arrivals = note_arrivals(&receiver, clock);
        let account = webhook(&app, "hook", &receiver.url("/"));
        let content =
            app.create_content(contenthub::CreateContent::new("by a command", "x")).expect("a content");
        let node = app.start().expect("a node");

        // Another process adds something. The next look without a notice would be 15 s from now.
        let began = Instant::now();
        Cli::on(dir, url).ok(&["publish-pool", "add", &content.id.to_string()]);
        receiver.wait_for(1, SOON);
        assert!(began.elapsed() < Duration::from_secs(10), "it was not the notice that brought it");

        // In the order of their instants, whatever was added first and whatever is more urgent.
        let first = app.now() + Duration::from_millis(250);
        let due: BTreeMap<String, Timestamp> =
            (0..8).rev().map(|n| (format!("Post {n}"), first + Duration::from_millis(30 * n))).collect();
        for (title, at) in due.iter().rev() {
            add_at(&app, title, account, *at);
        }
        receiver.wait_for(1 + due.len(), SOON);
        eventually("all are recorded", || (app.stats().ok()?.published == 9).then_some(()));
        let _ = node.stop();
        let arrivals = arrivals.lock().expect("no rule panicked");
        for (title, at) in &due {
            let arrived = arrivals[title];
            assert!(arrived >= *at, "{title} arrived at {arrived}, before {at}");
            let late = arrived.since(*at);
            assert!(late < Duration::from_secs(5), "{title} was {late:?} late");
        }
        assert_eq!(receiver.by_webhook_id().len(), 9);
    });
}
