//! Many tasks: those that are due at the same time are fired together, each once, and none is kept from it by another;
//! their many runs are ended a few at a time; lists are read by the page.

use crate::support::app::*;
use crate::support::command::Cli;
use crate::support::on_both;
use crate::support::postgres::{fresh_database, waiting_for_locks};
use crate::support::product::Product;
use contenthub::db::connection::{DbConnection, connect};
use contenthub::db::database_url::DatabaseUrl;
use contenthub::db::pause;
use contenthub::domain::execution::Trigger;
use contenthub::domain::ids::NodeId;
use contenthub::domain::pause::Paused;
use contenthub::domain::turns::Room;
use contenthub::operations::account::SuspendAccount;
use contenthub::operations::cycle::{ClaimScope, Cycle, CycleDone};
use contenthub::operations::execution::TriggerTask;
use contenthub::operations::firing::FireDue;
use contenthub::operations::{Access, Context, Operation, OperationError};
use contenthub::{App, CreateTask, ExecutionId, ExecutionStatus, TaskId, Timestamp};
use diesel::connection::SimpleConnection;
use serde_json::json;
use std::sync::Arc;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

/// Tasks in one transaction.
struct MakeTasks(Vec<CreateTask>);

impl Operation for MakeTasks {
    type Output = Vec<TaskId>;
    const ACCESS: Access = Access::Write;

    fn run(
        self,
        conn: &mut DbConnection,
        cx: &Context,
        now: Timestamp,
    ) -> Result<Vec<TaskId>, OperationError> {
        self.0.into_iter().map(|task| task.run(conn, cx, now).map(|row| row.id)).collect()
    }
}

/// Hourly tasks that fire at this instant first.
fn due(app: &App, count: usize, at: Timestamp) -> Vec<TaskId> {
    let task = |number| CreateTask {
        next_run: Some(at.into()),
        ..CreateTask::every(format!("due {number} at {at}"), 3600)
    };
    app.run(MakeTasks((0..count).map(task).collect())).expect("tasks")
}

/// The database lets no run of this task begin, until it does again.
fn refuse_runs(url: &DatabaseUrl, task: TaskId) {
    let refuse = match url {
        DatabaseUrl::Sqlite(_) => format!(
            "CREATE TRIGGER curse BEFORE INSERT ON executions WHEN NEW.task_id = {task} \
             BEGIN SELECT RAISE(ABORT, 'cursed'); END"
        ),
        DatabaseUrl::Postgres(_) => {
            format!("ALTER TABLE executions ADD CONSTRAINT curse CHECK (task_id <> {task})")
        }
    };
    connect(url).expect("connected").batch_execute(&refuse).expect("cursed");
}

fn allow_runs(url: &DatabaseUrl) {
    let allow = match url {
        DatabaseUrl::Sqlite(_) => "DROP TRIGGER curse",
        DatabaseUrl::Postgres(_) => "ALTER TABLE executions DROP CONSTRAINT curse",
    };
    connect(url).expect("connected").batch_execute(allow).expect("allowed");
}

/// How each of a task's runs stands.
fn statuses(app: &App, task: TaskId) -> Vec<ExecutionStatus> {
    runs(app, task).into_iter().map(|run| run.status).collect()
}

#[test]
fn one_that_cannot_be_fired_keeps_no_other_from_its_time() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let at = app.now() - SECOND;
        let usual = due(&app, 150, at);
        let [cursed, running, unreadable] = [usual[0], usual[1], usual[70]];
        let missed = due(&app, 1, at - 120 * SECOND)[0];
        app.run(TriggerTask { task: running, by: Trigger::Api }).expect("triggered");
        let sql = format!("UPDATE scheduled_tasks SET timezone = 'Mars' WHERE id = {unreadable}");
        connect(url).expect("connected").batch_execute(&sql).expect("written");
        refuse_runs(url, cursed);

        let before = app.now();
        let fired = app.run(FireDue).expect("looked");
        assert_eq!(fired.executions.len(), 150, "all but one");
        let again = fired.next.expect("it is tried again");
        assert!(again >= before + SECOND && again <= app.now() + SECOND, "neither at once nor late: {again}");
        let (runs_now, queued) = (ExecutionStatus::Running, ExecutionStatus::Queued);
        for task in usual.iter().chain([&missed]) {
            let expected = match *task {
                it if it == cursed => vec![],
                it if it == running => vec![runs_now, queued],
                _ => vec![runs_now],
            };
            assert_eq!(statuses(&app, *task), expected, "task {task}");
        }
        let of = |id| app.tasks().expect("tasks").into_iter().find(|task| task.id == id).expect("the task");
        assert_eq!((of(missed).missed_count, of(running).queued_count), (1, 1));
        assert!(!of(unreadable).enabled);
        assert_eq!(of(cursed).next_run, Some(at), "its fire is not lost");
        assert!(of(usual[149]).next_run.is_some_and(|next| next > app.now()));
        assert!(of(usual[149]).last_run.is_some());

        allow_runs(url);
        assert_eq!(app.run(FireDue).expect("looked").executions.len(), 1);
        assert_eq!(statuses(&app, cursed), [runs_now]);
    });
}

/// Both look at the same time, and each finds all of them.
#[test]
fn of_two_schedulers_that_fire_many_together_each_fire_is_one_of_them() {
    const FIRES: usize = 250;
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        for round in 0..4 {
            let tasks = due(&app, FIRES, app.now() - SECOND);
            let both = Barrier::new(2);
            let fired: Vec<usize> = thread::scope(|threads| {
                let schedulers: Vec<_> = (0..2)
                    .map(|_| {
                        threads.spawn(|| {
                            let own = App::open(settings(url, dir)).expect("opened");
                            both.wait();
                            own.run(FireDue).expect("fired").executions.len()
                        })
                    })
                    .collect();
                schedulers.into_iter().map(|it| it.join().expect("a scheduler")).collect()
            });
            assert_eq!(fired.iter().sum::<usize>(), FIRES, "round {round}: {fired:?}");
            for task in tasks {
                assert_eq!(statuses(&app, task), [ExecutionStatus::Running], "round {round}, task {task}");
            }
        }
    });
}

/// After a long night, say: others get at the database between two looks.
#[test]
fn what_is_due_in_thousands_is_fired_by_several_looks_that_follow_at_once() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let tasks = due(&app, 1010, app.now() - SECOND);
        let first = app.run(FireDue).expect("looked");
        assert_eq!(first.executions.len(), 1000);
        assert!(first.next.is_some_and(|at| at <= app.now()), "it looks again at once: {:?}", first.next);
        let second = app.run(FireDue).expect("looked");
        assert_eq!(second.executions.len(), 10);
        assert!(second.next.is_some_and(|at| at > app.now()));
        for task in [tasks[0], tasks[1009]] {
            assert_eq!(statuses(&app, task), [ExecutionStatus::Running]);
        }
    });
}

/// The scheduler has looked whether there is a pause, and found none; then somebody pauses, before it has fired.
#[test]
fn many_that_are_fired_together_see_a_pause() {
    let postgres = fresh_database();
    let dir = tempfile::tempdir().expect("a folder");
    let (app, _) = by_hand(&postgres, dir.path());
    let tasks = due(&app, 30, app.now() - SECOND);
    let mut conn = connect(&postgres).expect("connected");
    let own = App::open(settings(&postgres, dir.path())).expect("opened");
    let fired = thread::scope(|threads| {
        let scheduler = conn
            .write(|conn| {
                pause::hold_to_change(conn)?;
                let scheduler = threads.spawn(|| own.run(FireDue).expect("looked").executions.len());
                eventually("it waits for whoever pauses", || {
                    (waiting_for_locks(&postgres) > 0).then_some(())
                });
                let paused = Paused { since: app.now(), by: "x".to_owned(), reason: None };
                pause::set(conn, Some(&paused))?;
                Ok::<_, OperationError>(scheduler)
            })
            .expect("paused");
        scheduler.join().expect("a scheduler")
    });
    assert_eq!(fired, 0);
    for task in tasks {
        assert_eq!(statuses(&app, task), [], "task {task}");
    }
}

fn turn(app: &App, shared: usize) -> CycleDone {
    app.run(Cycle {
        node: NodeId("n1".to_owned()),
        lease: SOON,
        scope: ClaimScope::Everything,
        ended: Arc::new(vec![]),
        room: Room { shared, ..Room::default() },
        read_back: None,
        clock_is_right: true,
    })
    .expect("a cycle")
}

#[test]
fn many_runs_end_a_few_at_a_time_and_each_by_itself() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let hook = webhook(&app, "hook", "http://127.0.0.1:9/");
        let shut = webhook(&app, "shut", "http://127.0.0.1:9/");
        let (sent, held_up) = (add(&app, "is sent", hook), add(&app, "waits", shut));
        let (reason, until) = ("lunch".to_owned(), None);
        app.run(SuspendAccount { id: shut, reason, until }).expect("suspended");
        let tasks = due(&app, 50, app.now() - SECOND);
        let all = app.run(FireDue).expect("looked").executions;
        assert_eq!(all.len(), 50);

        let first = turn(&app, 4);
        let [claim] = &first.claims[..] else { panic!("one entry may go out") };
        assert_eq!((claim.attempt.entry, first.open), (sent, 30));
        let sender = claim.execution.expect("a run's");
        assert!(first.again, "the others do not wait for an event");
        let mut closed: Vec<ExecutionId> = first.closed.iter().map(|(id, _)| *id).collect();
        assert_eq!(closed.len(), 20, "a cycle is short");
        let mut last = first;
        while last.again {
            last = turn(&app, 4);
            closed.extend(last.closed.iter().map(|(id, _)| *id));
            for (id, report) in &last.closed {
                let skipped: Vec<_> = report.data.skipped.iter().map(|lane| lane.account_id).collect();
                assert_eq!((skipped, report.data.total_count), (vec![shut], 1), "execution {id}");
            }
        }
        assert_eq!((closed.len(), last.open), (49, 1), "one has a post on the wire");
        assert!(!closed.contains(&sender));
        closed.sort_unstable();
        closed.dedup();
        assert_eq!(closed.len(), 49, "each ended once");
        let open = tasks.iter().filter(|task| statuses(&app, **task) == [ExecutionStatus::Running]).count();
        assert_eq!((open, entry(&app, held_up).attempt), (1, 0));
    });
}

/// What one run has tried is left for another, and only for that.
#[test]
fn each_of_many_runs_takes_what_it_has_not_tried() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let hook = webhook(&app, "hook", "http://127.0.0.1:9/");
        let id = add(&app, "again and again", hook);
        let tasks: Vec<TaskId> = (0..3).map(|number| task(&app, &format!("task {number}"))).collect();
        let mut executions: Vec<ExecutionId> = Vec::new();
        for task in &tasks {
            executions.push(app.run(TriggerTask { task: *task, by: Trigger::Api }).expect("triggered"));
        }
        // Without a place on the wire none is over; with one, the first takes it, and nothing is left for the others.
        let without = turn(&app, 0);
        assert_eq!((without.closed.len(), without.open), (0, 3));
        let first = turn(&app, 1);
        assert_eq!(first.claims.len(), 1);
        let by = first.claims[0].execution;
        assert_eq!(by, executions.first().copied());
        let back = "UPDATE publish_pool SET status = 'pending', claimed_by = NULL, claimed_at = NULL, \
            lease_expires_at = NULL, execution_id = NULL, due_at = 0";
        let tried = format!(
            "INSERT INTO publish_logs (pool_id, content_id, revision, account_id, execution_id, attempt, status, \
               started_at, finished_at) SELECT id, content_id, 1, account_id, {}, 1, 'failed', 1, 1 FROM publish_pool",
            executions[0]
        );
        let mut conn = connect(url).expect("connected");
        for sql in [back, &tried] {
            conn.batch_execute(sql).expect("written");
        }
        let second = turn(&app, 2);
        let claimed: Vec<_> =
            second.claims.iter().map(|claim| (claim.attempt.entry, claim.execution)).collect();
        assert_eq!(claimed, [(id, executions.get(1).copied())]);
        let closed: Vec<_> = second.closed.iter().map(|(id, _)| *id).collect();
        assert_eq!(
            closed,
            [executions[0], executions[2]],
            "the one that is through, and the one with nothing"
        );

        // Of two entries that go out one after the other, the second is left for whoever has not tried it.
        let narrow = one_by_one(&app, "narrow", json!({"url": "http://127.0.0.1:9/"}));
        let [first, _second] = ["a", "b"].map(|title| add(&app, title, narrow));
        let by_hand = |task: TaskId| app.run(TriggerTask { task, by: Trigger::Api }).expect("triggered");
        let waiting = [by_hand(tasks[0]), by_hand(tasks[2])];
        let third = turn(&app, 4);
        let claimed: Vec<_> =
            third.claims.iter().map(|claim| (claim.attempt.entry, claim.execution)).collect();
        // The run that is open still goes first.
        assert_eq!(claimed, [(first, executions.get(1).copied())]);
        assert_eq!((third.closed.len(), third.open), (0, 3), "{waiting:?} wait for the second");
    });
}

#[test]
fn tasks_are_listed_by_the_page() {
    on_both(|url, dir| {
        let product = Product::start(url, dir).by_hand();
        let app = App::open(settings(url, dir)).expect("opened");
        due(&app, 44, app.now() + 3600 * SECOND);
        let cli = Cli::on(dir, url);
        let first = cli.run(&["scheduler", "list"]).expect_code(0);
        assert_eq!(first.stdout.lines().count(), 1 + 20, "{}", first.stdout);
        assert_eq!(first.stderr, "1 to 20 of 45; --page 2 shows the next.\n");
        let last = cli.run(&["scheduler", "list", "--page", "3"]).expect_code(0);
        assert_eq!((last.stdout.lines().count(), last.stderr.as_str()), (1 + 5, ""));
        let json = cli.json(&["scheduler", "list", "--page", "2", "--page-size", "22"]);
        assert_eq!(json["items"][0]["id"], 23);
        assert_eq!((&json["total"], &json["page"], &json["page_size"]), (&45.into(), &2.into(), &22.into()));
        assert_eq!(product.get("/scheduler/tasks?page=2&page_size=22"), json);
        assert!(
            cli.run(&["scheduler", "list", "--page-size", "201"]).expect_code(2).stderr.contains("page_size")
        );
        let csv = cli.ok(&["scheduler", "list", "--output", "csv", "--page-size", "200"]);
        assert_eq!(csv.lines().count(), 1 + 45);
    });
}
