//! Tasks that the engine does not do: taken by one node, kept by a lease, ended once, told to stop.

use crate::support::app::*;
use crate::support::clock::SteppedClock;
use crate::support::on_both;
use contenthub::db::connection::DbConnection;
use contenthub::domain::execution::Trigger;
use contenthub::domain::ids::NodeId;
use contenthub::domain::report::JobDone;
use contenthub::operations::cancelling::CancelExecution;
use contenthub::operations::execution::TriggerTask;
use contenthub::operations::jobs::{RenewJobs, TakeJob};
use contenthub::operations::pause::PausePublishing;
use contenthub::operations::task_type::{Job, JobError, TaskType, TaskTypes};
use contenthub::operations::{Context, OperationError};
use contenthub::platforms::registry::Registry;
use contenthub::{App, CreateTask, DatabaseUrl, ExecutionId, ExecutionStatus, ExecutionView, Paging, TaskId};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

/// Writes that it began, and waits in the folder of its parameters until it may end, or is told to stop.
const WAITS: TaskType = TaskType {
    name: "waits",
    about: "waits",
    params_schema: || json!({}),
    check: as_it_is,
    feeds_pool: false,
    work: Some(waits),
};
const BREAKS: TaskType = TaskType { name: "breaks", work: Some(|_| panic!("it broke")), ..WAITS };

fn as_it_is(params: Value, _: &mut DbConnection, _: &Context) -> Result<Value, OperationError> {
    Ok(params)
}

fn waits(job: &mut Job<'_>) -> Result<JobDone, JobError> {
    let dir = PathBuf::from(job.params["dir"].as_str().expect("a folder"));
    let note = |what: &str| fs::write(dir.join(format!("{what}-{}", job.execution)), "x").expect("written");
    note("began");
    while !dir.join("go").exists() {
        if let Err(stop) = job.go_on() {
            note("stopped");
            return Err(stop);
        }
        sleep(Duration::from_millis(2));
    }
    Ok(JobDone { message: "waited".to_owned(), succeeded: 1, ..JobDone::default() })
}

fn open(url: &DatabaseUrl, dir: &Path) -> (App, Arc<SteppedClock>) {
    let clock = Arc::new(SteppedClock::new());
    let types = TaskTypes::new(contenthub::tasks::builtin().iter().copied().chain([WAITS, BREAKS]));
    let registry = Registry::builtin(&dir.join("data/sites"));
    let app = App::open_for(settings(url, dir), registry, types, clock.clone()).expect("opened");
    (app, clock)
}

fn job(app: &App, kind: &TaskType, dir: &Path) -> TaskId {
    let (task_type, params) = (kind.name.to_owned(), json!({"dir": dir}));
    app.create_task(CreateTask { task_type, params, ..CreateTask::every(kind.name, 3600) })
        .expect("a task")
        .id
}

fn trigger(app: &App, task: TaskId) -> ExecutionId {
    app.run(TriggerTask { task, by: Trigger::Api }).expect("triggered")
}

fn run(app: &App, task: TaskId, id: ExecutionId) -> ExecutionView {
    let all = app.executions(task, Paging::default()).expect("runs").items;
    all.into_iter().find(|run| run.id == id).expect("the run")
}

fn ends(app: &App, task: TaskId, id: ExecutionId, status: ExecutionStatus) -> ExecutionView {
    eventually("it ends", || Some(run(app, task, id)).filter(|run| run.status == status))
}

fn note(dir: &Path, what: &str, id: ExecutionId) {
    let path = dir.join(format!("{what}-{id}"));
    eventually("its note is there", || path.exists().then_some(()));
}

#[test]
fn one_node_does_it_and_what_comes_meanwhile_is_one_run_that_follows() {
    on_both(|url, dir| {
        let (app, clock) = open(url, dir);
        let nodes = [app.start().expect("a node"), open(url, dir).0.start().expect("a node")];
        let task = job(&app, &WAITS, dir);
        clock.forward(Duration::from_secs(3600));
        let first = eventually("it fires", || runs(&app, task).first().map(|run| run.id));
        note(dir, "began", first);
        let following = trigger(&app, task);
        assert_eq!(trigger(&app, task), following, "all that come during one run are one that follows it");
        assert_eq!(run(&app, task, following).status, ExecutionStatus::Queued);
        fs::write(dir.join("go"), "x").expect("written");
        let report = ends(&app, task, first, ExecutionStatus::Succeeded).report.expect("a report");
        assert_eq!((report.message.as_str(), report.data.success_count), ("waited", 1));
        note(dir, "began", following);
        ends(&app, task, following, ExecutionStatus::Succeeded);
        assert_eq!(runs(&app, task).len(), 2);
        for node in nodes {
            let _ = node.stop();
        }
    });
}

#[test]
fn cancelled_it_is_told_to_stop_and_what_waits_follows() {
    on_both(|url, dir| {
        let (app, _) = open(url, dir);
        let node = app.start().expect("a node");
        let task = job(&app, &WAITS, dir);
        let first = trigger(&app, task);
        note(dir, "began", first);
        let following = trigger(&app, task);
        app.run(CancelExecution(first)).expect("cancelled");
        ends(&app, task, first, ExecutionStatus::Cancelled);
        note(dir, "stopped", first);
        note(dir, "began", following);
        // Disabled, it ends too, and nothing follows.
        app.disable_task(task).expect("disabled");
        note(dir, "stopped", following);
        let report = ends(&app, task, following, ExecutionStatus::Cancelled).report.expect("a report");
        assert!(!report.success && report.message.starts_with("Cancelled before its end"), "{report:?}");
        let _ = node.stop();
    });
}

#[test]
fn a_job_that_breaks_has_failed_and_says_so_and_others_go_on() {
    on_both(|url, dir| {
        let (app, _) = open(url, dir);
        let node = app.start().expect("a node");
        let (breaks, waits) = (job(&app, &BREAKS, dir), job(&app, &WAITS, dir));
        fs::write(dir.join("go"), "x").expect("written");
        for _ in 0..2 {
            let id = trigger(&app, breaks);
            let report = ends(&app, breaks, id, ExecutionStatus::Failed).report.expect("a report");
            assert!(!report.success && report.message.contains("it broke"), "{report:?}");
            let id = trigger(&app, waits);
            ends(&app, waits, id, ExecutionStatus::Succeeded);
        }
        let _ = node.stop();
    });
}

#[test]
fn a_pause_of_publishing_does_not_hold_it() {
    on_both(|url, dir| {
        let (app, _) = open(url, dir);
        let node = app.start().expect("a node");
        let task = job(&app, &WAITS, dir);
        fs::write(dir.join("go"), "x").expect("written");
        app.run(PausePublishing { by: "Ada".to_owned(), reason: None }).expect("paused");
        let id = trigger(&app, task);
        ends(&app, task, id, ExecutionStatus::Succeeded);
        let _ = node.stop();
    });
}

#[test]
fn one_that_nobody_did_waits_for_the_next_node_and_one_whose_node_is_gone_ends() {
    on_both(|url, dir| {
        let (app, _) = open(url, dir);
        let task = job(&app, &WAITS, dir);
        let first = trigger(&app, task);
        let ghost = NodeId("ghost".to_owned());
        let take = TakeJob { node: ghost.clone(), task: None, lease: Duration::from_millis(300) };
        let taken = app.run(take.clone()).expect("asked").expect("the job");
        assert_eq!(taken.id, first);
        assert_eq!(app.run(take).expect("asked"), None, "it is taken once");
        let following = trigger(&app, task);
        // A node is not robbed by itself, however late it is.
        sleep_until_lease_is_over(&app, &ghost);
        assert_eq!(run(&app, task, first).status, ExecutionStatus::Running);
        let node = app.start().expect("a node");
        let report = ends(&app, task, first, ExecutionStatus::Interrupted).report.expect("a report");
        assert!(!report.success && report.message.starts_with("Interrupted"), "{report:?}");
        note(dir, "began", following);
        fs::write(dir.join("go"), "x").expect("written");
        ends(&app, task, following, ExecutionStatus::Succeeded);
        let _ = node.stop();
    });
}

/// By whatever clock leases go; told by the node itself, which is not ended by that.
fn sleep_until_lease_is_over(app: &App, node: &NodeId) {
    let mut conn = contenthub::db::connection::connect(&app.settings().database).expect("connected");
    eventually("the lease is over", || {
        let now = contenthub::db::leases::lease_clock(&mut conn, app.now()).expect("a clock");
        let abandoned = contenthub::db::jobs::abandoned(&mut conn, now).expect("asked");
        (!abandoned.is_empty()).then_some(())
    });
    let own = app.run(RenewJobs { node: node.clone(), lease: Duration::ZERO }).expect("renewed");
    assert_eq!((own.own.len(), own.interrupted.len()), (1, 0));
}

#[test]
fn a_node_that_stops_tells_its_jobs_and_waits_for_them() {
    on_both(|url, dir| {
        let (app, _) = open(url, dir);
        let node = app.start().expect("a node");
        let task = job(&app, &WAITS, dir);
        let id = trigger(&app, task);
        note(dir, "began", id);
        let _ = node.stop();
        let ended = run(&app, task, id);
        assert_eq!(ended.status, ExecutionStatus::Interrupted, "{ended:?}");
        assert!(ended.report.expect("a report").message.contains("Interrupted before its end"));
        assert!(dir.join(format!("stopped-{id}")).exists());
    });
}

#[test]
fn a_command_does_its_own_job_where_no_server_runs() {
    on_both(|url, dir| {
        let (app, _) = open(url, dir);
        let (mine, other) = (job(&app, &WAITS, dir), job(&app, &BREAKS, dir));
        let waiting = trigger(&app, other);
        fs::write(dir.join("go"), "x").expect("written");
        assert_eq!(app.run_task(mine).expect("done").message, "waited");
        assert_eq!(run(&app, other, waiting).status, ExecutionStatus::Running, "not what it was not told to");
    });
}

#[test]
fn jobs_do_not_fire_on_due_and_no_unknown_kind_is_taken() {
    on_both(|url, dir| {
        let (app, _) = open(url, dir);
        let task_type = "backup".to_owned();
        let on_due = app.create_task(CreateTask { task_type, ..CreateTask::on_due("x") });
        let Err(OperationError::Invalid(fields)) = on_due else { panic!("taken") };
        assert_eq!(fields[0].field, "schedule_type");
        let task_type = "bakup".to_owned();
        let unknown = app.create_task(CreateTask { task_type, ..CreateTask::every("x", 60) });
        let Err(OperationError::Invalid(fields)) = unknown else { panic!("taken") };
        assert_eq!(fields[0].field, "task_type");
        assert!(fields[0].message().contains("did you mean “backup”?"), "{fields:?}");
    });
}
