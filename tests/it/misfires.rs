//! Fires that passed while nobody could fire them, and fires that find their task running: what runs, and what is counted.

use crate::support::app::*;
use crate::support::clock::SteppedClock;
use crate::support::on_both;
use crate::support::product::{Product, id};
use contenthub::db::connection::connect;
use contenthub::db::database_url::DatabaseUrl;
use contenthub::domain::clock::Clock;
use contenthub::domain::execution::Trigger;
use contenthub::domain::misfire::Misfire;
use contenthub::operations::execution::TriggerTask;
use contenthub::operations::firing::FireDue;
use contenthub::operations::task::UpdateTask;
use contenthub::{App, CreateTask, ExecutionStatus, TaskId, TaskView, Timestamp};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable};
use serde_json::json;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

fn task_of(app: &App, id: TaskId) -> TaskView {
    app.tasks().expect("tasks").into_iter().find(|it| it.id == id).expect("the task")
}

/// A task every five minutes that is due now, and has missed three fires before.
fn late_by_fifteen(app: &App, misfire: Misfire, name: &str) -> (TaskId, Timestamp) {
    let first = app.now() - 15 * MINUTE;
    let every = CreateTask { next_run: Some(first.into()), misfire, ..CreateTask::every(name, 300) };
    (app.create_task(every).expect("a task").id, first)
}

/// Missed, skipped, and found running.
fn counts(app: &App, id: TaskId) -> (i64, i64, i64) {
    let task = task_of(app, id);
    (task.missed_count, task.skipped_count, task.queued_count)
}

#[derive(QueryableByName)]
struct FireTime {
    #[diesel(sql_type = Nullable<BigInt>)]
    fire_time: Option<i64>,
}

/// The times that a task's runs stand for, in the order in which they began.
fn fire_times(url: &DatabaseUrl, id: TaskId) -> Vec<Option<Timestamp>> {
    let sql = format!("SELECT fire_time FROM executions WHERE task_id = {id} ORDER BY id");
    let rows: Vec<FireTime> =
        diesel::sql_query(sql).load(&mut connect(url).expect("connected")).expect("runs");
    rows.into_iter().map(|row| row.fire_time.map(Timestamp::from_micros)).collect()
}

#[test]
fn each_setting_does_as_it_says_and_all_is_counted() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let [(once, due), (skip, of_skip), (all, first)] =
            [Misfire::FireOnce, Misfire::Skip, Misfire::FireAll]
                .map(|misfire| late_by_fifteen(&app, misfire, misfire.as_str()));
        let node = app.start().expect("a node");
        let over = |id: TaskId, count: usize| {
            eventually(&format!("{count} runs of task {id} have ended"), || {
                let runs = runs(&app, id);
                let ended = runs.iter().filter(|run| run.status == ExecutionStatus::Succeeded).count();
                (ended >= count && ended == runs.len()).then_some(runs.len())
            })
        };
        assert_eq!(over(once, 1), 1);
        // Three were missed; the fourth is on time.
        assert_eq!((fire_times(url, once), counts(&app, once)), (vec![Some(due)], (3, 2, 0)));
        let each: Vec<_> = (0..4).map(|number| Some(first + 5 * number * MINUTE)).collect();
        assert_eq!(over(all, 4), 4);
        assert_eq!((fire_times(url, all), counts(&app, all)), (each.clone(), (3, 0, 0)));
        assert_eq!(over(skip, 1), 1);
        let last = Some(of_skip + 15 * MINUTE);
        assert_eq!((fire_times(url, skip), counts(&app, skip)), (vec![last], (3, 3, 0)));
        for id in [once, skip, all] {
            let task = task_of(&app, id);
            assert!(
                task.next_run.is_some_and(|at| at > app.now()) && task.last_missed_at.is_some(),
                "{task:?}"
            );
        }
        let _ = node.stop();
    });
}

#[test]
fn a_single_time_that_is_to_be_skipped_is_switched_off_and_says_so() {
    on_both(|url, dir| {
        let (app, clock) = by_hand(url, dir);
        let at = app.now() + MINUTE;
        let once = |misfire| CreateTask { misfire, ..CreateTask::once(format!("{misfire}"), at) };
        let [skip, fire] =
            [Misfire::Skip, Misfire::FireOnce].map(|it| app.create_task(once(it)).expect("a task").id);
        clock.forward(3 * MINUTE);
        app.run(FireDue).expect("fired");
        let skipped = task_of(&app, skip);
        assert_eq!((skipped.enabled, skipped.next_run, skipped.last_run), (false, None, None));
        assert_eq!((skipped.missed_count, skipped.skipped_count, runs(&app, skip).len()), (1, 1, 0));
        assert_eq!((task_of(&app, fire).missed_count, runs(&app, fire).len()), (1, 1));
    });
}

#[test]
fn catching_up_outlives_a_restart_and_ends_when_somebody_changes_the_task() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let (id, first) = late_by_fifteen(&app, Misfire::FireAll, "all");
        let (changed, _) = late_by_fifteen(&app, Misfire::FireAll, "changed");
        // The first of them is begun, and whoever began it is gone.
        app.run(FireDue).expect("fired");
        assert_eq!((runs(&app, id).len(), runs(&app, changed).len()), (1, 1));
        app.run(UpdateTask { interval_seconds: Some(600), ..UpdateTask::new(changed) }).expect("changed");
        let node = App::open(settings(url, dir)).expect("opened").start().expect("a node");
        eventually("all four have run", || (runs(&app, id).len() == 4).then_some(()));
        assert_eq!(fire_times(url, id).last(), Some(&Some(first + 15 * MINUTE)));
        eventually("the other's run has ended", || {
            runs(&app, changed).iter().all(|run| run.finished_at.is_some()).then_some(())
        });
        assert_eq!(runs(&app, changed).len(), 1, "what was missed belonged to the task as it was");
        let _ = node.stop();
    });
}

/// By a clock that was stepped back: that one runs under no time of its own, and holds up none of the others.
#[test]
fn a_missed_fire_that_ran_before_does_not_end_the_catching_up() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let (id, first) = late_by_fifteen(&app, Misfire::FireAll, "all");
        let before = first + 5 * MINUTE;
        let ran = format!(
            "INSERT INTO executions (task_id, rule, triggered_by, status, fire_time, created_at, started_at, finished_at) \
             VALUES ({id}, 'scheduled', 'schedule', 'interrupted', {0}, {0}, {0}, {0})",
            before.micros()
        );
        connect(url).expect("connected").batch_execute(&ran).expect("written");
        let node = app.start().expect("a node");
        let all = [Some(before), Some(first), None, Some(first + 10 * MINUTE), Some(first + 15 * MINUTE)];
        eventually("all of them have run", || (fire_times(url, id) == all).then_some(()));
        let _ = node.stop();
    });
}

#[test]
fn fires_and_triggers_during_a_run_are_one_that_follows_and_are_counted() {
    on_both(|url, dir| {
        let (app, clock) = by_hand(url, dir);
        let id = app.create_task(CreateTask::every("minutely", 60)).expect("a task").id;
        let trigger = || app.run(TriggerTask { task: id, by: Trigger::Api }).expect("triggered");
        let first = trigger();
        let following = trigger();
        assert_ne!(first, following);
        for _ in 0..3 {
            clock.forward(MINUTE);
            app.run(FireDue).expect("fired");
        }
        assert_eq!(trigger(), following, "whoever asks is told of the same run");
        let statuses: Vec<_> = runs(&app, id).iter().map(|run| run.status).collect();
        assert_eq!(statuses, [ExecutionStatus::Running, ExecutionStatus::Queued]);
        assert_eq!(counts(&app, id), (0, 0, 5));
    });
}

/// Each looks when the other does, a thousand times.
#[test]
fn of_two_schedulers_that_race_each_fire_is_one_of_them() {
    const FIRES: usize = 1000;
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let start = app.now() - 2 * MINUTE;
        let at = |number: usize| start + Duration::from_micros(number as u64);
        let ids: Vec<TaskId> = (0..FIRES)
            .map(|number| {
                let task = CreateTask::every(format!("task {number}"), 3600);
                app.create_task(CreateTask { next_run: Some(at(number).into()), ..task }).expect("a task").id
            })
            .collect();
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
        assert_eq!(fired.iter().sum::<usize>(), FIRES, "{fired:?}");
        for (number, id) in ids.iter().enumerate() {
            assert_eq!(fire_times(url, *id), [Some(at(number))]);
        }
    });
}

/// Whatever a program does: the database itself keeps a task from a second run at once, a second that waits, and a second
/// for one fire time.
#[test]
fn the_database_refuses_what_no_scheduler_may_do() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let [one, other] = ["one", "other"].map(|name| task(&app, name));
        let mut conn = connect(url).expect("connected");
        let mut run = |task: TaskId, status: &str, fire_time: &str| {
            conn.batch_execute(&format!(
                "INSERT INTO executions (task_id, rule, triggered_by, status, fire_time, created_at) \
                 VALUES ({task}, 'scheduled', 'schedule', '{status}', {fire_time}, 1)"
            ))
        };
        for (status, fire_time) in [("running", "NULL"), ("queued", "NULL"), ("succeeded", "5")] {
            run(one, status, fire_time).expect("the first of them");
            let refused = run(one, status, fire_time).expect_err("a second").to_string().to_lowercase();
            assert!(refused.contains("unique"), "{status}: {refused}");
            run(other, status, fire_time).expect("of another task");
        }
        run(one, "succeeded", "NULL").expect("ended");
        run(one, "succeeded", "NULL").expect("as many as there are");
    });
}

/// The run is there with the fire, or neither: a scheduler that dies between loses none.
#[test]
fn a_run_that_nobody_was_told_of_is_run_by_the_next_start() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let id = add(&app, "x", webhook(&app, "hook", "http://127.0.0.1:9/"));
        let due = app.now() - Duration::from_secs(1);
        let hourly = CreateTask { next_run: Some(due.into()), ..CreateTask::every("hourly", 3600) };
        let task = app.create_task(hourly).expect("a task").id;
        app.run(FireDue).expect("fired");
        drop(app);
        let clock = SteppedClock::new();
        let app = App::open(settings(url, dir)).expect("opened");
        assert!(clock.now() >= due);
        let node = app.start().expect("a node");
        let run = eventually("the run has ended", || {
            runs(&app, task).into_iter().next().filter(|run| run.status == ExecutionStatus::Succeeded)
        });
        assert_eq!(run.report.expect("a report").data.total_count, 1, "entry {id} was tried");
        assert_eq!(fire_times(url, task), [Some(due)]);
        let _ = node.stop();
    });
}

#[test]
fn it_is_set_and_shown_over_http_and_on_the_command_line() {
    on_both(|url, dir| {
        let product = Product::start(url, dir);
        let body = json!({"name": "all", "task_type": "publishing", "schedule_type": "interval",
            "interval_seconds": 60, "misfire": "fire_all"});
        let task = product.post("/scheduler/tasks", &body, 201);
        assert_eq!(task["misfire"], "fire_all");
        let path = format!("/scheduler/tasks/{}", id(&task));
        let changed = product.patch(&path, &json!({"misfire": "skip"}), 200);
        assert_eq!((&changed["misfire"], &changed["missed_count"]), (&json!("skip"), &json!(0)));
        let wrong = product.patch(&path, &json!({"misfire": "later"}), 422);
        assert!(wrong["detail"].as_str().is_some_and(|it| it.contains("fire_once")), "{wrong}");
        let cli = &product.cli;
        let shown = cli.json(&["scheduler", "update", &id(&task).to_string(), "--misfire", "fire_once"]);
        assert_eq!(shown["misfire"], "fire_once");
        let made = cli.json(&["scheduler", "create", "--name", "x", "--interval", "60", "--misfire", "skip"]);
        assert_eq!(made["misfire"], "skip");
        let refused = cli.run(&["scheduler", "create", "--name", "y", "--interval", "60", "--misfire", "x"]);
        assert!(refused.expect_code(2).stderr.contains("fire_all"));
    });
}
