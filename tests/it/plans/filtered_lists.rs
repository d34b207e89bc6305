//! Lists of runs, contents, attempts and rows of the audit: what is rare and old is found by an index, without going
//! through what is newer.

use super::asking::{are_answered_by, heard};
use crate::schema::migrated;
use crate::support::on_both;
use contenthub::db::connection::DbConnection;
use contenthub::db::executions::{self, Filter};
use contenthub::db::{audit, contents, publish_log};
use contenthub::domain::content::ReviewStatus;
use contenthub::domain::execution::Trigger;
use contenthub::domain::resource::Resource;
use contenthub::domain::settlement::LogStatus;
use contenthub::{AccountId, ContentId, EntryId, ExecutionId, ExecutionStatus, TaskId, Timestamp};
use diesel::connection::SimpleConnection;

/// Runs of a task that is busy, and before them those of one that was switched off long ago: the rarest and oldest are
/// found without going through the newer ones.
#[test]
fn runs_are_found_by_what_is_asked_for() {
    on_both(|url, dir| {
        let mut conn = migrated(url, dir);
        let numbers = match &conn {
            DbConnection::Sqlite(_) => {
                "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 20000)"
            }
            DbConnection::Postgres(_) => "WITH numbers (n) AS (SELECT generate_series(1, 20000))",
        };
        conn.batch_execute(&format!(
            "INSERT INTO executions (task_id, rule, triggered_by, status, claiming, created_at, report) {numbers} \
             SELECT CASE WHEN n < 10000 THEN 1 ELSE 2 END, 'scheduled', CASE WHEN n < 50 THEN 'cli' ELSE 'schedule' \
             END, CASE WHEN n < 50 THEN 'failed' ELSE 'succeeded' END, FALSE, n, '{{}}' FROM numbers"
        ))
        .expect("runs");
        if matches!(conn, DbConnection::Postgres(_)) {
            conn.batch_execute("ANALYZE").expect("analysed");
        }
        let (task, status) = (Some(TaskId(1)), Some(ExecutionStatus::Failed));
        let triggered_by = Some(Trigger::Cli);
        let any = Filter::default();
        // PostgreSQL knows how few have that status or trigger, and may sort those.
        for (filter, indexes) in [
            (Filter { task, ..any }, &["executions_by_task"][..]),
            (Filter { status, ..any }, &["executions_by_status"]),
            (Filter { triggered_by, ..any }, &["executions_by_trigger"]),
            (Filter { task, status, ..any }, &["executions_by_task_and_status", "executions_by_status"]),
            (
                Filter { task, triggered_by, ..any },
                &["executions_by_task_and_trigger", "executions_by_trigger"],
            ),
            (Filter { status, triggered_by, ..any }, &["executions_by_trigger", "executions_by_status"]),
        ] {
            let asked = heard(&mut conn, |conn| {
                let (found, total) = executions::list(conn, filter, 20, 0).expect("found");
                assert_eq!((found.len(), total > 40), (20, true), "{filter:?}");
            });
            assert_eq!(asked.len(), 2, "the page, and how many there are");
            let wrong = ["SCAN executions", "Seq Scan", "TEMP B-TREE", "using executions_pkey"];
            are_answered_by(&mut conn, &asked, indexes, &wrong, &filter);
        }
    });
}

/// Contents of a busy account, and before them those of one that is seldom written for, and a few that were never
/// approved: the rarest and oldest are found without going through the newer ones.
#[test]
fn contents_are_found_by_what_is_asked_for() {
    on_both(|url, dir| {
        let mut conn = migrated(url, dir);
        let numbers = match &conn {
            DbConnection::Sqlite(_) => {
                "WITH RECURSIVE numbers (n) AS (SELECT 1001 UNION ALL SELECT n + 1 FROM numbers WHERE n < 21000)"
            }
            DbConnection::Postgres(_) => "WITH numbers (n) AS (SELECT generate_series(1001, 21000))",
        };
        conn.batch_execute(&format!(
            "INSERT INTO accounts (id, name, platform, settings, timezone, concurrency, created_at, updated_at) \
               VALUES (101, 'seldom', 'folder', '{{}}', 'UTC', 1, 0, 0), (102, 'busy', 'folder', '{{}}', 'UTC', 1, 0, 0); \
             INSERT INTO contents (id, revision, review_status, account_id, created_at, updated_at) {numbers} \
               SELECT n, 1, CASE WHEN n < 1100 THEN 'draft' ELSE 'approved' END, \
               CASE WHEN n < 1200 THEN 101 ELSE 102 END, 0, 0 FROM numbers; \
             INSERT INTO content_revisions (content_id, revision, title, body, created_at) {numbers} \
               SELECT n, 1, 'post ' || n, '', 0 FROM numbers"
        ))
        .expect("contents");
        if matches!(conn, DbConnection::Postgres(_)) {
            conn.batch_execute("ANALYZE").expect("analysed");
        }
        let (account, review_status) = (Some(AccountId(101)), Some(ReviewStatus::Draft));
        let any = contents::Filter::default();
        for (filter, indexes) in [
            (contents::Filter { account, ..any.clone() }, &["contents_by_account"][..]),
            (contents::Filter { review_status, ..any.clone() }, &["contents_by_review"]),
            (
                contents::Filter { account, review_status, ..any.clone() },
                &["contents_by_account_and_review", "contents_by_review"],
            ),
        ] {
            let asked = heard(&mut conn, |conn| {
                let (found, total) = contents::list(conn, &filter, 20, 0).expect("found");
                assert_eq!((found.len(), total < 200), (20, true), "{filter:?}");
                assert!(found.is_sorted_by_key(|row| std::cmp::Reverse(row.id)), "{filter:?}");
            });
            assert_eq!(asked.len(), 2, "the page, and how many there are");
            let wrong = ["SCAN contents", "Seq Scan", "TEMP B-TREE", "using contents_pkey"];
            are_answered_by(&mut conn, &asked, indexes, &wrong, &filter);
        }
    });
}

/// A busy account that hardly ever fails, and before it a few attempts of another's, which did.
#[test]
fn attempts_are_found_by_what_is_asked_for() {
    on_both(|url, dir| {
        let mut conn = migrated(url, dir);
        let numbers = match &conn {
            DbConnection::Sqlite(_) => {
                "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 50000)"
            }
            DbConnection::Postgres(_) => "WITH numbers (n) AS (SELECT generate_series(1, 50000))",
        };
        conn.batch_execute(&format!(
            "INSERT INTO publish_logs (pool_id, content_id, revision, account_id, execution_id, attempt, status, \
               started_at, finished_at) {numbers} \
               SELECT n / 50, n / 60, 1, CASE WHEN n < 1000 THEN 8 ELSE 7 END, n / 40, n % 50, \
               CASE WHEN n < 500 THEN 'failed' ELSE 'published' END, n, n FROM numbers"
        ))
        .expect("attempts");
        if matches!(conn, DbConnection::Postgres(_)) {
            conn.batch_execute("ANALYZE").expect("analysed");
        }
        let (account, status) = (Some(AccountId(8)), Some(LogStatus::Failed));
        let (from, to) = (Some(Timestamp::from_micros(100)), Some(Timestamp::from_micros(400)));
        let any = publish_log::Filter::default();
        let entry = Some(EntryId(2));
        let content = Some(ContentId(2));
        let execution = Some(ExecutionId(2));
        for (filter, indexes) in [
            (publish_log::Filter { account, ..any.clone() }, &["publish_logs_by_account"][..]),
            (publish_log::Filter { status, ..any.clone() }, &["publish_logs_not_out "]),
            (
                publish_log::Filter { account, status, ..any.clone() },
                &["publish_logs_not_out_by_account", "publish_logs_not_out "],
            ),
            (publish_log::Filter { from, to, ..any.clone() }, &["publish_logs_by_time"]),
            // The page is read in the order of time; how many there are may be told by the account.
            (
                publish_log::Filter { account, from, to, ..any.clone() },
                &["publish_logs_by_time", "publish_logs_by_account"],
            ),
            (
                publish_log::Filter { status, from, to, ..any.clone() },
                &["publish_logs_by_time", "publish_logs_not_out "],
            ),
            (publish_log::Filter { entry, account, status, ..any.clone() }, &["publish_logs_by_attempt"]),
            (publish_log::Filter { content, account, ..any.clone() }, &["publish_logs_by_content"]),
            (publish_log::Filter { execution, status, ..any.clone() }, &["publish_logs_by_execution"]),
        ] {
            let asked = heard(&mut conn, |conn| {
                let (found, total) = publish_log::list(conn, &filter, 20, 0).expect("found");
                assert_eq!((found.len(), total < 1000), (20, true), "{filter:?}");
                assert!(found.is_sorted_by_key(|row| std::cmp::Reverse(row.id)), "{filter:?}");
            });
            assert_eq!(asked.len(), 2, "the page, and how many there are");
            let wrong = ["SCAN publish_logs", "Seq Scan", "using publish_logs_pkey"];
            are_answered_by(&mut conn, &asked, indexes, &wrong, &filter);
        }
    });
}

/// A busy year of one person, and before it a few rows of another's: the rarest and oldest are found without going
/// through the newer ones.
#[test]
fn rows_of_the_audit_are_found_by_what_is_asked_for() {
    on_both(|url, dir| {
        let mut conn = migrated(url, dir);
        let numbers = match &conn {
            DbConnection::Sqlite(_) => {
                "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 50000)"
            }
            DbConnection::Postgres(_) => "WITH numbers (n) AS (SELECT generate_series(1, 50000))",
        };
        conn.batch_execute(&format!(
            "INSERT INTO audit (at, who, place, action, resource, resource_id) {numbers} \
             SELECT n, CASE WHEN n < 50 THEN 'ann' ELSE 'bob' END, 'cli', 'x', \
               CASE WHEN n < 500 THEN 'task' ELSE 'entry' END, n % 1000 FROM numbers"
        ))
        .expect("rows");
        if matches!(conn, DbConnection::Postgres(_)) {
            conn.batch_execute("ANALYZE").expect("analysed");
        }
        let any = audit::Filter::default();
        let (who, resource) = (Some("ann".to_owned()), Some(Resource::Task));
        let (from, to) = (Some(Timestamp::from_micros(1)), Some(Timestamp::from_micros(40)));
        for (filter, indexes) in [
            (audit::Filter { who: who.clone(), ..any.clone() }, &["audit_by_who"][..]),
            (audit::Filter { resource, ..any.clone() }, &["audit_by_resource", "audit_by_subject"]),
            (
                audit::Filter { resource: Some(Resource::Entry), resource_id: Some(7), ..any.clone() },
                &["audit_by_subject"],
            ),
            (audit::Filter { from, to, ..any.clone() }, &["audit_by_time"]),
            (audit::Filter { who, from, to, ..any.clone() }, &["audit_by_who", "audit_by_time"]),
        ] {
            let asked = heard(&mut conn, |conn| {
                let (found, total) = audit::list(conn, &filter, 20, 0).expect("found");
                assert_eq!((found.len(), total > 30), (20, true), "{filter:?}");
                let order = |row: &audit::AuditRow| std::cmp::Reverse((row.at, row.id));
                assert!(found.is_sorted_by_key(order), "{filter:?}");
            });
            assert_eq!(asked.len(), 2, "the page, and how many there are");
            let wrong = ["SCAN audit", "Seq Scan", "TEMP B-TREE", "using audit_pkey"];
            are_answered_by(&mut conn, &asked, indexes, &wrong, &filter);
        }
    });
}
