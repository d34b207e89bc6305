//! What the scheduler asks of tasks and their runs.

use super::asking::{heard, plans};
use crate::schema::migrated;
use crate::support::on_both;
use contenthub::db::connection::DbConnection;
use contenthub::db::fires::{self, Move};
use contenthub::db::{executions, tasks};
use contenthub::{ExecutionStatus, TaskId, Timestamp};
use diesel::connection::SimpleConnection;

/// Tasks that wait and a few that are due, and a task with a long history.
fn fill_tasks(conn: &mut DbConnection) {
    let numbers = match conn {
        DbConnection::Sqlite(_) => {
            "WITH RECURSIVE numbers (n) AS (SELECT 10 UNION ALL SELECT n + 1 FROM numbers WHERE n < 20009)"
        }
        DbConnection::Postgres(_) => "WITH numbers (n) AS (SELECT generate_series(10, 20009))",
    };
    for statement in [
        format!(
            "INSERT INTO scheduled_tasks (name, task_type, schedule_type, interval_seconds, timezone, enabled, anchor, \
               next_run, created_at, updated_at) \
             {numbers} SELECT 'task ' || n, 'publishing', 'interval', 60, 'UTC', n % 3 <> 0, 0, 1000000 + n, 0, 0 \
             FROM numbers"
        ),
        format!(
            "INSERT INTO executions (task_id, rule, triggered_by, status, fire_time, created_at) \
             {numbers} SELECT 1, 'scheduled', 'schedule', 'succeeded', n, n FROM numbers"
        ),
    ] {
        conn.batch_execute(&statement).expect("rows");
    }
    if let DbConnection::Postgres(inner) = conn {
        inner.batch_execute("ANALYZE").expect("analysed");
    }
}

/// However many tasks there are, and however often one has run.
#[test]
fn the_scheduler_s_questions_use_their_indexes() {
    on_both(|url, dir| {
        let mut conn = migrated(url, dir);
        fill_tasks(&mut conn);
        let (now, task) = (Timestamp::from_micros(1000), TaskId(1));
        let goes = Move { task, from: now, to: None, for_time: now, missed: 0, skipped: 0 };
        let moves = [goes, Move { task: TaskId(2), ..goes }];
        let asked = heard(&mut conn, |conn| {
            assert_eq!(tasks::due(conn, Some("publishing"), now, Some(9)).expect("found"), []);
            let next = tasks::next_fire(conn, None, Some(now)).expect("found");
            assert_eq!(next, Some(Timestamp::from_micros(1_000_010)));
            assert_eq!(tasks::on_due(conn).expect("found"), []);
            assert_eq!(tasks::named(conn, "task 10").expect("found"), Some(TaskId(2)));
            assert!(executions::of_task(conn, task, ExecutionStatus::Running).expect("found").is_none());
            assert!(executions::of_task(conn, task, ExecutionStatus::Queued).expect("found").is_none());
            assert!(executions::has_fired(conn, task, now).expect("found"));
            assert!(fires::busy(conn, &moves).expect("found").contains(&task));
            fires::lock(conn, &[task]).expect("locked");
            assert!(fires::advance(conn, &moves, now).expect("none").is_empty());
        });
        let started = heard(&mut conn, |conn| {
            assert!(executions::start_queued(conn, task, now).expect("none").is_none());
        });
        let cancelled = heard(&mut conn, |conn| {
            executions::cancel_queued(conn, task, now).expect("none");
        });
        for plan in plans(&mut conn, &[started, cancelled].concat()) {
            let indexes = ["executions_queued", "executions_by_task_and_status"];
            assert!(
                indexes.iter().any(|index| plan.contains(index)),
                "all that it ever ran is read:\n{plan}"
            );
        }
        for (word, index) in [
            ("next_run <= ", &["scheduled_tasks_next"][..]),
            ("next_run > ", &["scheduled_tasks_next"]),
            ("'on_due'", &["scheduled_tasks_on_due"]),
            ("scheduled_tasks.name = ", &["scheduled_tasks_name_key", "sqlite_autoindex_scheduled_tasks_1"]),
            ("status = 'running'", &["executions_running", "executions_by_task_and_status"]),
            ("status = 'queued'", &["executions_queued", "executions_by_task_and_status"]),
            ("fire_time = ", &["executions_by_fire"]),
            ("fire_time >= ", &["executions_by_fire"]),
            ("FOR NO KEY UPDATE", &["scheduled_tasks_pkey"]),
            ("SET next_run", &["scheduled_tasks_pkey", "USING INTEGER PRIMARY KEY"]),
        ] {
            let has_word = |sql: &str| sql.replace(['`', '"'], "").contains(word);
            let of_word: Vec<_> = asked.iter().filter(|(sql, _)| has_word(sql)).cloned().collect();
            let is_locked_anyway = word.starts_with("FOR ") && matches!(conn, DbConnection::Sqlite(_));
            assert!(is_locked_anyway || !of_word.is_empty(), "nothing was asked with {word}");
            for plan in plans(&mut conn, &of_word) {
                assert!(index.iter().any(|index| plan.contains(index)), "{index:?} is not used:\n{plan}");
                let scans = ["Seq Scan on scheduled_tasks", "SCAN scheduled_tasks\n", "SCAN executions\n"];
                assert!(!scans.iter().any(|scan| plan.contains(scan)), "all are read:\n{plan}");
            }
        }
    });
}
