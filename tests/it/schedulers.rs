//! Several schedulers as processes of their own, on one PostgreSQL, and commands beside them: each fire is one run.

use crate::support::app::*;
use crate::support::command::{Cli, Server};
use crate::support::postgres;
use contenthub::db::connection::connect;
use contenthub::db::database_url::DatabaseUrl;
use contenthub::{CreateTask, TaskId, Timestamp};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

/// In four bursts, each of which is due at one instant.
const BURSTS: u64 = 4;
const TICKS_A_BURST: usize = 250;
/// Tasks that fire each second, beside them.
const EACH_SECOND: usize = 10;
/// Tasks of the bursts that a person starts by hand at the same time.
const BY_HAND: usize = 8;
/// All is through by then, also on a machine that is busy with something else.
const PATIENCE: Duration = Duration::from_secs(90);

#[derive(QueryableByName)]
struct Run {
    #[diesel(sql_type = BigInt)]
    task_id: i64,
    #[diesel(sql_type = Text)]
    triggered_by: String,
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    fire_time: Option<i64>,
}

#[derive(QueryableByName)]
struct Due {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = BigInt)]
    next_run: i64,
}

/// All runs, those of each task by who started them.
fn all_runs(url: &DatabaseUrl) -> BTreeMap<(i64, String), Vec<Run>> {
    let sql = "SELECT task_id, triggered_by, status, fire_time FROM executions ORDER BY id";
    let rows: Vec<Run> = diesel::sql_query(sql).load(&mut connect(url).expect("connected")).expect("runs");
    let mut runs = BTreeMap::<_, Vec<Run>>::new();
    for row in rows {
        runs.entry((row.task_id, row.triggered_by.clone())).or_default().push(row);
    }
    runs
}

/// Made at once, because one by one they would be late for their own fires.
fn tasks_of_bursts(url: &DatabaseUrl, begin: Timestamp) -> Vec<(TaskId, Timestamp)> {
    let made = format!(
        "INSERT INTO scheduled_tasks (name, task_type, schedule_type, run_at, timezone, anchor, next_run, created_at, \
           updated_at) \
         SELECT 'burst ' || at || ', ' || n, 'publishing', 'once', at, 'UTC', at, at, 0, 0 \
         FROM generate_series(0, {}) AS b, generate_series(1, {TICKS_A_BURST}) AS n, \
           LATERAL (SELECT {} + b * 1000000::bigint AS at) AS due",
        BURSTS - 1,
        begin.micros()
    );
    let mut conn = connect(url).expect("connected");
    conn.batch_execute(&made).expect("tasks");
    let select = "SELECT id, next_run FROM scheduled_tasks WHERE schedule_type = 'once' ORDER BY id";
    let rows: Vec<Due> = diesel::sql_query(select).load(&mut conn).expect("tasks");
    rows.into_iter().map(|row| (TaskId(row.id), Timestamp::from_micros(row.next_run))).collect()
}

/// The servers' logs say which of them fired what.
fn fired_by(server: &Server) -> usize {
    server.stderr().matches(" was fired").count()
}

#[test]
fn two_servers_and_commands_race_for_a_thousand_ticks_and_each_is_one_run() {
    let dir = tempfile::tempdir().expect("a folder");
    let url = postgres::fresh_database();
    let cli = Cli::on(dir.path(), &url).env("RUST_LOG", "warn,contenthub::actors::scheduler=debug");
    let servers = [Server::start(&cli, &[]), Server::start(&cli, &[])];
    let (app, _) = by_hand(&url, dir.path());
    let begin = app.now() + Duration::from_secs(4);
    let bursts = tasks_of_bursts(&url, begin);
    assert_eq!(bursts.len() as u64, BURSTS * TICKS_A_BURST as u64);
    // The servers hear of these, and of those with them.
    let each_second: Vec<TaskId> = (0..EACH_SECOND)
        .map(|number| {
            let every = CreateTask::every(format!("each second {number}"), 1);
            app.create_task(CreateTask { next_run: Some(begin.into()), ..every }).expect("a task").id
        })
        .collect();
    assert!(app.now() < begin, "making the tasks took too long");

    let asked: Vec<TaskId> =
        bursts.iter().step_by(bursts.len() / BY_HAND).map(|it| it.0).take(BY_HAND).collect();
    thread::sleep(begin.since(app.now()));
    thread::scope(|threads| {
        for half in asked.chunks(BY_HAND / 2) {
            let cli = &cli;
            threads.spawn(move || {
                for task in half {
                    cli.run(&["scheduler", "trigger", &task.to_string()]).expect_code(0);
                }
            });
        }
    });
    let deadline = Instant::now() + PATIENCE;
    let by_schedule = |runs: &BTreeMap<(i64, String), Vec<Run>>, task: TaskId| {
        let own = runs.get(&(task.0, "schedule".to_owned()));
        own.map(|own| own.iter().filter(|run| run.status == "succeeded").count()).unwrap_or(0)
    };
    let runs = loop {
        let runs = all_runs(&url);
        if bursts.iter().all(|(task, _)| by_schedule(&runs, *task) > 0) || Instant::now() > deadline {
            break runs;
        }
        thread::sleep(Duration::from_millis(50));
    };

    for (task, at) in &bursts {
        let own = runs.get(&(task.0, "schedule".to_owned())).map(Vec::as_slice).unwrap_or_default();
        let told: Vec<_> = own.iter().map(|run| (run.fire_time, run.status.as_str())).collect();
        assert_eq!(told, [(Some(at.micros()), "succeeded")], "task {task} fired once, at its time");
    }
    for task in &asked {
        assert_eq!(runs[&(task.0, "cli".to_owned())].len(), 1, "task {task} was started by hand once");
    }
    // What is late by less than a minute is one fire with the next, so of these some may be missing on a slow machine.
    let mut seconds = 0;
    for task in &each_second {
        let own = &runs[&(task.0, "schedule".to_owned())];
        let mut times: Vec<i64> = own.iter().map(|run| run.fire_time.expect("a fire has a time")).collect();
        let on_time = |time: &i64| *time >= begin.micros() && (time - begin.micros()) % 1_000_000 == 0;
        assert!(times.iter().all(on_time), "{times:?}");
        let count = times.len();
        times.sort_unstable();
        times.dedup();
        assert_eq!(times.len(), count, "task {task} fired twice for a time");
        seconds += count;
    }
    let fired: Vec<usize> = servers.iter().map(fired_by).collect();
    assert!(seconds >= EACH_SECOND && fired.iter().all(|count| *count > 0), "each had a part: {fired:?}");
}
