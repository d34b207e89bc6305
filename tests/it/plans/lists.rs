//! Lists of accounts and of tasks: what is asked for is found by an index, however rare it is.

use super::asking::{heard, plans};
use crate::schema::migrated;
use crate::support::on_both;
use contenthub::db::connection::DbConnection;
use contenthub::db::{accounts, tasks};
use contenthub::{AccountId, TaskId};
use diesel::connection::SimpleConnection;

fn numbers(conn: &DbConnection) -> &'static str {
    match conn {
        DbConnection::Sqlite(_) => {
            "WITH RECURSIVE numbers (n) AS (SELECT 10 UNION ALL SELECT n + 1 FROM numbers WHERE n < 20009)"
        }
        DbConnection::Postgres(_) => "WITH numbers (n) AS (SELECT generate_series(10, 20009))",
    }
}

fn run(conn: &mut DbConnection, sql: &str) {
    conn.batch_execute(sql).expect("rows");
    if let DbConnection::Postgres(inner) = conn {
        inner.batch_execute("ANALYZE").expect("analysed");
    }
}

/// Many that are alike, and the last few of another kind.
#[test]
fn accounts_are_found_by_what_is_asked_for() {
    on_both(|url, dir| {
        let mut conn = migrated(url, dir);
        let sql = format!(
            "INSERT INTO accounts (id, name, platform, settings, enabled, timezone, concurrency, created_at, updated_at) {} \
             SELECT n, 'account ' || n, CASE WHEN n > 19900 THEN 'folder' ELSE 'webhook' END, '{{}}', n <= 19950, 'UTC', \
               1, 0, 0 FROM numbers",
            numbers(&conn)
        );
        run(&mut conn, &sql);
        let any = accounts::Filter::default();
        let (platform, enabled) = (Some("folder".to_owned()), Some(false));
        for (filter, index, first) in [
            (accounts::Filter { platform: platform.clone(), ..any.clone() }, "accounts_by_platform", 19_901),
            (accounts::Filter { enabled, ..any.clone() }, "accounts_by_enabled", 19_951),
            (accounts::Filter { platform, enabled, ..any }, "accounts_by_enabled_and_platform", 19_951),
        ] {
            let asked = heard(&mut conn, |conn| {
                let (found, total) = accounts::page(conn, &filter, 20, 0).expect("found");
                assert_eq!(
                    (found[0].id, found.len(), total),
                    (AccountId(first), 20, 20_010 - first),
                    "{filter:?}"
                );
            });
            assert_eq!(asked.len(), 3, "which, what they are, and how many there are");
            let lists: Vec<_> = asked.into_iter().filter(|(sql, _)| !sql.contains("credentials")).collect();
            for plan in plans(&mut conn, &lists) {
                assert!(plan.contains(index), "{filter:?}: {index}\n{plan}");
                for wrong in ["SCAN accounts", "Seq Scan", "TEMP B-TREE", "using accounts_pkey"] {
                    assert!(!plan.contains(wrong), "{filter:?}: {wrong}\n{plan}");
                }
            }
        }
    });
}

#[test]
fn tasks_are_found_by_what_is_asked_for() {
    on_both(|url, dir| {
        let mut conn = migrated(url, dir);
        let sql = format!(
            "INSERT INTO scheduled_tasks (id, name, task_type, schedule_type, interval_seconds, timezone, enabled, anchor, \
               next_run, created_at, updated_at) {} \
             SELECT n, 'task ' || n, CASE WHEN n > 19900 THEN 'prune' ELSE 'publishing' END, 'interval', 60, 'UTC', \
               n <= 19950, 0, 1, 0, 0 FROM numbers",
            numbers(&conn)
        );
        run(&mut conn, &sql);
        let any = tasks::Filter::default();
        let (task_type, enabled) = (Some("prune".to_owned()), Some(false));
        for (filter, indexes, first, total) in [
            (
                tasks::Filter { task_type: task_type.clone(), ..any.clone() },
                &["scheduled_tasks_by_type"][..],
                19_901,
                109,
            ),
            (tasks::Filter { enabled, ..any.clone() }, &["scheduled_tasks_by_enabled"], 1, 60),
            (
                tasks::Filter { task_type, enabled, ..any },
                &["scheduled_tasks_by_type", "scheduled_tasks_by_enabled"],
                19_951,
                59,
            ),
        ] {
            let asked = heard(&mut conn, |conn| {
                let (found, all) = tasks::page(conn, &filter, 20, 0).expect("found");
                assert_eq!((found[0].id, found.len(), all), (TaskId(first), 20, total), "{filter:?}");
            });
            assert_eq!(asked.len(), 2, "the page, and how many there are");
            for plan in plans(&mut conn, &asked) {
                assert!(indexes.iter().any(|index| plan.contains(index)), "{filter:?}: {indexes:?}\n{plan}");
                for wrong in ["SCAN scheduled_tasks", "Seq Scan", "TEMP B-TREE", "using scheduled_tasks_pkey"]
                {
                    assert!(!plan.contains(wrong), "{filter:?}: {wrong}\n{plan}");
                }
            }
        }
    });
}
