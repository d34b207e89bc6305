//! Which indexes the database uses for what is asked again and again, and for lists.

mod again_and_again;
mod asking;
mod filtered_lists;
mod lists;
mod pool_lists;
mod scheduler;

use crate::schema::migrated;
use crate::support::on_both;
use asking::{heard, plans};
use contenthub::db::claim::{self, Lane, Wanted};
use contenthub::db::connection::DbConnection;
use contenthub::db::lateness::{self, Away};
use contenthub::db::{due, pool_counts, slots, transitions};
use contenthub::domain::ids::NodeId;
use contenthub::{AccountId, ExecutionId, Timestamp};
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
