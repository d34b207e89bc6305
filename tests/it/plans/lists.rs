//! Lists of accounts and of tasks: what is asked for is found by an index, however rare it is; and the look at what has the
//! same text.

use super::asking::{are_answered_by, heard, plans_as_it_is};
use crate::schema::migrated;
use crate::support::on_both;
use contenthub::db::connection::DbConnection;
use contenthub::db::{accounts, contents, entries, pool_counts, tasks};
use contenthub::{AccountId, ContentId, TaskId, Timestamp};
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
            let wrong = ["SCAN accounts", "Seq Scan", "TEMP B-TREE", "using accounts_pkey"];
            are_answered_by(&mut conn, &lists, &[index], &wrong, &filter);
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
            let wrong = ["SCAN scheduled_tasks", "Seq Scan", "TEMP B-TREE", "using scheduled_tasks_pkey"];
            are_answered_by(&mut conn, &asked, indexes, &wrong, &filter);
        }
    });
}

/// By the index, whether there are statistics or not.
#[test]
fn contents_with_the_same_text_are_found_by_one_look() {
    on_both(|url, dir| {
        let mut conn = migrated(url, dir);
        let sql = format!(
            "INSERT INTO contents (id, revision, review_status, created_at, updated_at, text_hash) {} \
             SELECT n, 1, 'approved', 0, 0, CASE WHEN n > 12 THEN 'hash ' || (n / 2) END FROM numbers",
            numbers(&conn)
        );
        conn.batch_execute(&sql).expect("contents");
        for analysed in [false, true] {
            if analysed {
                run(&mut conn, "SELECT 1");
            }
            let looked = heard(&mut conn, |conn| {
                let found = contents::with_text(conn, "hash 500", 50).expect("found");
                assert_eq!(found, [ContentId(1001), ContentId(1000)]);
            });
            let unread = heard(&mut conn, |conn| {
                assert_eq!(contents::unread(conn, ContentId(3), 2).expect("found"), [10, 11].map(ContentId));
            });
            assert_eq!(looked.len(), 1);
            for (asked, index) in [(looked, "contents_by_text"), (unread, "contents_unread")] {
                for plan in plans_as_it_is(&mut conn, &asked, "EXPLAIN") {
                    assert!(plan.contains(index), "analysed: {analysed}: {index}\n{plan}");
                    // Without statistics PostgreSQL thinks that very many have the same text.
                    let may_sort = !analysed && plan.contains("Bitmap Index Scan on contents_by_text");
                    let sorts = plan.contains("TEMP B-TREE") || plan.contains("Sort");
                    assert!(may_sort || !sorts, "{plan}");
                }
            }
        }
    });
}

/// What was published long ago: the pool and the log are both looked at.
#[test]
fn entries_with_the_same_text_are_found_by_their_contents() {
    on_both(|url, dir| {
        let mut conn = migrated(url, dir);
        let contents = "INSERT INTO contents (id, revision, review_status, created_at, updated_at)";
        let pool = "INSERT INTO publish_pool (content_id, account_id, status, priority, due_at, max_retries, \
             idempotency_key, added_at, updated_at, published_at)";
        let logs = "INSERT INTO publish_logs (pool_id, content_id, revision, account_id, execution_id, attempt, status, \
             started_at, finished_at)";
        for (into, columns) in [
            (contents, "n, 1, 'approved', 0, 0"),
            (pool, "n, 1, 'published', 5, 0, 3, 'k', 0, 0, n"),
            (logs, "n, n, 1, 1, 1, 1, 'published', n, n"),
        ] {
            let sql = format!("{into} {} SELECT {columns} FROM numbers", numbers(&conn));
            run(&mut conn, &sql);
        }
        let beside = "INSERT INTO extra_contents (pool_id, place, content_id) \
            SELECT id, 1, content_id FROM publish_pool WHERE content_id > 100";
        run(&mut conn, beside);
        pool_counts::correct(&mut conn).expect("counted");
        let asked = heard(&mut conn, |conn| {
            let same = [77, 78].map(ContentId);
            let since = Timestamp::from_micros(1_000_000);
            assert_eq!(entries::similar(conn, &same, AccountId(1), None, since).expect("none"), None);
        });
        assert_eq!(asked.len(), 3, "the pool, what stands beside others, and the log");
        let indexes = ["publish_pool_by_content", "extra_contents_by_content", "publish_logs_by_content"];
        for (asked, index) in asked.chunks(1).zip(indexes) {
            for plan in plans_as_it_is(&mut conn, asked, "EXPLAIN") {
                assert!(plan.contains(index), "{index}\n{plan}");
                assert!(!plan.contains("SCAN") && !plan.contains("Seq Scan"), "{plan}");
            }
        }
    });
}
