//! Which indexes the database uses for what is asked again and again, and for lists.

mod again_and_again;
mod asking;
mod lists;
mod pool_lists;

use crate::schema::migrated;
use crate::support::on_both;
use asking::{heard, plans};
use contenthub::db::claim::{self, Lane, Wanted};
use contenthub::db::connection::DbConnection;
use contenthub::db::executions::{self, Filter};
use contenthub::db::fires::{self, Move};
use contenthub::db::lateness::{self, Away};
use contenthub::db::{audit, contents, due, pool_counts, publish_log, slots, tasks, transitions};
use contenthub::domain::content::ReviewStatus;
use contenthub::domain::execution::Trigger;
use contenthub::domain::ids::NodeId;
use contenthub::domain::resource::Resource;
use contenthub::domain::settlement::LogStatus;
use contenthub::{AccountId, ContentId, EntryId, ExecutionId, ExecutionStatus, TaskId, Timestamp};
use diesel::connection::SimpleConnection;
use std::time::Duration;

/// The future at every priority, a little that is due, and a history: what the indexes are for.
fn fill(conn: &mut DbConnection) {
    let numbers = match conn {
        DbConnection::Sqlite(_) => {
            "WITH RECURSIVE numbers (n) AS (SELECT 10 UNION ALL SELECT n + 1 FROM numbers WHERE n < 20009)"
        }
        DbConnection::Postgres(_) => "WITH numbers (n) AS (SELECT generate_series(10, 20009))",
    };
    let statements = [
        format!(
            "INSERT INTO contents (id, revision, review_status, created_at, updated_at) \
             {numbers} SELECT n, 1, 'approved', 0, 0 FROM numbers"
        ),
        format!(
            "INSERT INTO publish_pool (content_id, account_id, status, priority, due_at, max_retries, \
               idempotency_key, added_at, updated_at) \
             {numbers} SELECT n, 1, CASE WHEN n % 2 = 0 THEN 'pending' ELSE 'published' END, 1 + n % 10, \
               CASE WHEN n % 500 = 0 THEN 0 ELSE 1000000 + n END, 3, 'k', 0, 0 FROM numbers"
        ),
    ];
    for statement in statements {
        // PostgreSQL wants WITH before INSERT's SELECT just as SQLite does.
        conn.batch_execute(&statement).expect("rows");
    }
    pool_counts::correct(conn).expect("counted");
    if let DbConnection::Postgres(inner) = conn {
        inner.batch_execute("ANALYZE").expect("analysed");
    }
}

const LANES: [Lane; 1] =
    [Lane { account: AccountId(1), concurrency: 64, version: 1, is_gated: false, gated: None }];

fn wanted(now: Timestamp, not_tried_by: Option<ExecutionId>) -> Wanted {
    Wanted { now, slots: 64, not_tried_by, a_suspect: true, least_urgent: contenthub::Priority::LAST }
}

#[test]
fn the_hot_questions_use_their_indexes() {
    on_both(|url, dir| {
        let mut conn = migrated(url, dir);
        fill(&mut conn);
        let now = Timestamp::from_micros(1000);
        let candidates = heard(&mut conn, |conn| {
            let found = claim::candidates(conn, &LANES, wanted(now, None)).expect("found");
            assert_eq!(found.candidates.len(), 40);
        });
        let next = heard(&mut conn, |conn| {
            assert_eq!(
                due::next_due(conn, true, vec![AccountId(7)]).expect("found"),
                Some(Timestamp::from_micros(0))
            );
        });
        let questions = heard(&mut conn, |conn| {
            assert_eq!(claim::next_question(conn, true).expect("found"), None);
        });
        let ahead = heard(&mut conn, |conn| assert_eq!(lateness::next_late(conn).expect("found"), None));
        let taken = heard(&mut conn, |conn| {
            assert_eq!(slots::taken(conn, AccountId(1), now, now).expect("found"), []);
        });
        let missed = heard(&mut conn, |conn| assert_eq!(slots::next_missed(conn).expect("found"), None));
        let late = heard(&mut conn, |conn| {
            assert_eq!(lateness::late(conn, now, 500).expect("found"), []);
        });
        let lane = Away { account: AccountId(1), since: now, patience: Duration::from_secs(60) };
        let given_up = heard(&mut conn, |conn| {
            assert_eq!(lateness::given_up(conn, lane, now, 500).expect("found"), []);
            assert!(lateness::next_given_up(conn, lane, now).expect("found").is_some());
        });
        let look = transitions::Look { now, can_decrypt: true, platform_pause: Duration::from_secs(30) };
        let opening = heard(&mut conn, |conn| {
            transitions::open_cycle(conn, &NodeId("n".to_owned()), &[], look).expect("opened");
        });
        let suspects = candidates.clone();
        for (asked, word, index) in [
            (candidates, "recoveries < 3", "publish_pool_claim"),
            (suspects, "recoveries >= 3", "publish_pool_suspects"),
            (next, "due_at", "publish_pool_due"),
            (questions, "look_up_at", "publish_pool_questions"),
            (ahead, "late_at", "publish_pool_late"),
            (late, "late_at", "publish_pool_late"),
            (taken, "slot_at", "publish_pool_slot"),
            (missed, "miss_at", "slot_watches_miss"),
            (given_up, "retried_at", "publish_pool_due"),
            (opening, "p.late_at IS NOT NULL", "publish_pool_late"),
        ] {
            // What is on the wire is another question.
            let asked: Vec<_> = asked.into_iter().filter(|(sql, _)| sql.contains(word)).collect();
            assert!(!asked.is_empty(), "nothing was asked");
            for plan in plans(&mut conn, &asked) {
                assert!(plan.contains(index), "{index} is not used:\n{plan}");
                let scans = ["Seq Scan on publish_pool", "SCAN p"];
                assert!(!scans.iter().any(|scan| plan.contains(scan)), "the whole pool is read:\n{plan}");
            }
        }
    });
}

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

#[test]
fn a_look_at_how_publishing_stands_reads_no_more_than_it_shows() {
    on_both(|url, dir| {
        let mut conn = migrated(url, dir);
        fill(&mut conn);
        let now = Timestamp::from_micros(1000);
        let all = heard(&mut conn, |conn| {
            let pause = std::time::Duration::from_secs(30);
            let status = contenthub::db::status::read(conn, true, pause, now).expect("read");
            assert_eq!(status.lanes.iter().map(|lane| lane.due_now).collect::<Vec<_>>(), [40]);
        });
        for (word, indexes) in [
            ("min(p.due_at)", &["publish_pool_due"][..]),
            ("claimed_by", &["publish_pool_publishing"]),
            ("'uncertain'", &["publish_pool_uncertain"]),
            ("'possible_duplicate'", &["publish_logs_doubles"]),
        ] {
            let asked: Vec<_> = all.iter().filter(|(sql, _)| sql.contains(word)).cloned().collect();
            assert_eq!(asked.len(), 1, "{word}");
            for plan in plans(&mut conn, &asked) {
                assert!(indexes.iter().all(|index| plan.contains(index)), "{indexes:?}:\n{plan}");
                let stops_at_now = ["due_at<?", "(due_at <= "].iter().any(|sign| plan.contains(sign));
                assert!(word != "min(p.due_at)" || stops_at_now, "the future is read:\n{plan}");
                for wrong in ["SCAN p\n", "SCAN l\n", "SCAN publish_pool\n", "Seq Scan on publish_"] {
                    assert!(!plan.contains(wrong), "{wrong}:\n{plan}");
                }
            }
        }
    });
}

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
            for plan in plans(&mut conn, &asked) {
                assert!(indexes.iter().any(|index| plan.contains(index)), "{filter:?}: {indexes:?}\n{plan}");
                for wrong in ["SCAN executions", "Seq Scan", "TEMP B-TREE", "using executions_pkey"] {
                    assert!(!plan.contains(wrong), "{filter:?}: {wrong}\n{plan}");
                }
            }
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
            for plan in plans(&mut conn, &asked) {
                assert!(indexes.iter().any(|index| plan.contains(index)), "{filter:?}: {indexes:?}\n{plan}");
                for wrong in ["SCAN contents", "Seq Scan", "TEMP B-TREE", "using contents_pkey"] {
                    assert!(!plan.contains(wrong), "{filter:?}: {wrong}\n{plan}");
                }
            }
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
            for plan in plans(&mut conn, &asked) {
                assert!(indexes.iter().any(|index| plan.contains(index)), "{filter:?}: {indexes:?}\n{plan}");
                for wrong in ["SCAN publish_logs", "Seq Scan", "using publish_logs_pkey"] {
                    assert!(!plan.contains(wrong), "{filter:?}: {wrong}\n{plan}");
                }
            }
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
            for plan in plans(&mut conn, &asked) {
                assert!(indexes.iter().any(|index| plan.contains(index)), "{filter:?}: {indexes:?}\n{plan}");
                for wrong in ["SCAN audit", "Seq Scan", "TEMP B-TREE", "using audit_pkey"] {
                    assert!(!plan.contains(wrong), "{filter:?}: {wrong}\n{plan}");
                }
            }
        }
    });
}

#[test]
fn what_an_execution_has_tried_is_found_by_the_entry() {
    on_both(|url, dir| {
        let mut conn = migrated(url, dir);
        fill(&mut conn);
        let now = Timestamp::from_micros(1000);
        let candidates = heard(&mut conn, |conn| {
            claim::candidates(conn, &LANES, wanted(now, Some(ExecutionId(1)))).expect("found");
        });
        let left = heard(&mut conn, |conn| {
            assert!(due::is_left(conn, ExecutionId(1), now, now, true).expect("found"));
        });
        for plan in plans(&mut conn, &[candidates, left].concat()) {
            for wrong in ["publish_logs_by_execution", "SCAN p\n", "SCAN p USING", "Seq Scan on publish_pool"]
            {
                assert!(!plan.contains(wrong), "{wrong}:\n{plan}");
            }
        }
    });
}
