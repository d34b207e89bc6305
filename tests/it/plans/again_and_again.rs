//! What runs again and again, whole: no statement of it goes through the pool, however much waits there.

use super::asking::{heard_of, plans};
use super::fill;
use crate::schema::migrated;
use crate::support::on_both;
use contenthub::db::connection::DbConnection;
use contenthub::domain::clock::Timestamp;
use contenthub::domain::ids::{AccountId, NodeId};
use contenthub::domain::turns::Room;
use contenthub::operations::cycle::{ClaimScope, Cycle};
use contenthub::operations::firing::FireDue;
use contenthub::operations::pool::{CountPool, GetStats};
use contenthub::operations::recovery::{NodesWithClaims, Renew};
use contenthub::operations::run_leases::RenewRuns;
use contenthub::operations::status::GetStatus;
use contenthub::operations::task::CreateTask;
use contenthub::operations::{Context, Operation};
use contenthub::platforms::registry::Registry;
use contenthub::secrets::SecretKey;
use diesel::connection::SimpleConnection;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Indexes that have only what is rare, or on the wire: those may be gone through.
const SMALL: &[&str] = &[
    "publish_pool_publishing",
    "publish_pool_questions",
    "publish_pool_late",
    "publish_pool_suspects",
    "publish_pool_uncertain",
    "publish_pool_pushed",
    "publish_pool_unproven",
];
const NOW: Timestamp = Timestamp::from_micros(1000);
const LEASE: Duration = Duration::from_secs(60);

fn context(dir: &Path) -> Context {
    let key = SecretKey::parse(&"ab".repeat(32)).expect("a key");
    Context::new(
        Registry::builtin(&dir.join("sites")),
        key,
        contenthub::tasks::builtin(),
        false,
        chrono_tz::UTC,
    )
}

fn cycle() -> Cycle {
    Cycle {
        node: NodeId("n".to_owned()),
        lease: LEASE,
        scope: ClaimScope::Everything,
        ended: Arc::default(),
        room: Room { shared: 8, firsts: true, a_suspect: true, questions: 8, ..Room::default() },
        read_back: None,
        clock_is_right: true,
    }
}

/// The steps of a plan that go through all rows of the pool, or through an index that has many.
fn walks(plan: &str) -> Vec<String> {
    let lines: Vec<&str> = plan.lines().collect();
    let is_keyed = |place: usize| {
        let below = lines[place + 1..].iter().take_while(|line| !line.contains("->"));
        lines[place].contains('(') && lines[place].starts_with("SEARCH")
            || below.into_iter().any(|line| line.contains("Index Cond"))
    };
    let is_of_the_pool = |line: &str| {
        let scans = line.starts_with("SCAN p") && !line.starts_with("SCAN pool_counts");
        let of_sqlite = scans || line.contains("INDEX publish_pool_");
        of_sqlite || line.contains(" on publish_pool")
    };
    let is_read = |line: &str| !["Update on", "Insert on", "Delete on"].iter().any(|it| line.contains(it));
    lines
        .iter()
        .enumerate()
        .filter(|(place, line)| is_of_the_pool(line) && is_read(line) && !is_keyed(*place))
        .filter(|(_, line)| !SMALL.iter().any(|small| line.contains(small)))
        .map(|(_, line)| (*line).to_owned())
        .collect()
}

/// What it asks of the pool.
fn asked(conn: &mut DbConnection, run: impl FnOnce(&mut DbConnection)) -> Vec<(String, Vec<String>)> {
    let reads = |sql: &str| sql.starts_with("SELECT") || sql.starts_with("WITH");
    heard_of(conn, |sql| sql.contains("publish_pool") && reads(sql), run)
}

#[test]
fn nothing_that_runs_again_and_again_goes_through_the_pool() {
    on_both(|url, dir| {
        let mut conn = migrated(url, dir);
        fill(&mut conn);
        conn.batch_execute(
            "UPDATE accounts SET settings = '{\"url\": \"http://127.0.0.1:9/\"}'; \
             INSERT INTO content_revisions (content_id, revision, title, body, created_at) \
               SELECT id, 1, 't', 'b', 0 FROM contents; \
             INSERT INTO publish_demands (pool_id, asked_at, asked_by) \
               SELECT min(id), 0, 'x' FROM publish_pool WHERE status = 'pending' AND due_at > 1000",
        )
        .expect("wanted");
        let cx = context(dir);
        let task = CreateTask::on_due("what is due").run(&mut conn, &cx, NOW).expect("a task").id;
        let by = NodeId("n".to_owned());
        let all = asked(&mut conn, |conn| {
            let fired = FireDue.run(conn, &cx, NOW).expect("looked");
            assert_eq!(fired.executions.len(), 1, "a run for what is due");
            FireDue.run(conn, &cx, NOW).expect("looked");
            let done = cycle().run(conn, &cx, NOW).expect("a cycle");
            assert_eq!(done.claims.len(), 8);
            cycle().run(conn, &cx, NOW).expect("a cycle");
            assert_eq!(NodesWithClaims { by }.run(conn, &cx, NOW).expect("looked"), []);
            let entries = done.claims.iter().map(|claim| claim.attempt.entry).collect();
            let renew = Renew { node: NodeId("n".to_owned()), entries, lease: LEASE };
            assert_eq!(renew.run(conn, &cx, NOW).expect("renewed"), 8);
            RenewRuns { scope: ClaimScope::Task(task), lease: LEASE }.run(conn, &cx, NOW).expect("renewed");
            GetStatus.run(conn, &cx, NOW).expect("told");
            let stats = GetStats { account: None }.run(conn, &cx, NOW).expect("numbers");
            assert_eq!((stats.total, stats.publishing, stats.due_now), (20_000, 16, 24));
            let of_one = GetStats { account: Some(AccountId(1)) }.run(conn, &cx, NOW).expect("numbers");
            assert_eq!(of_one, stats);
            CountPool.run(conn, &cx, NOW).expect("counted");
        });
        assert!(
            all.iter().any(|(sql, _)| sql.contains("publish_demands AS d")),
            "what is wanted is asked for"
        );
        assert!(all.len() > 10, "{} statements", all.len());
        for statement in all {
            for plan in plans(&mut conn, std::slice::from_ref(&statement)) {
                assert_eq!(walks(&plan), [""; 0], "{}\n{plan}", statement.0);
            }
        }
    });
}

#[test]
fn a_walk_is_told_from_a_look() {
    for walk in [
        "SCAN p\n",
        "SEARCH p USING INDEX publish_pool_due\nSEARCH d USING COVERING INDEX x (pool_id=?)\n",
        "Seq Scan on publish_pool p  (cost=0)\n  Filter: (NOT held)\n",
        "  ->  Index Scan using publish_pool_due on publish_pool p  (cost=0)\n        Filter: (a)\n  ->  Index Scan \
         using x on accounts a\n        Index Cond: (id = 1)\n",
    ] {
        assert_eq!(walks(walk).len(), 1, "{walk}");
    }
    for look in [
        "SEARCH p USING INDEX publish_pool_due (account_id=?)\n",
        "SEARCH p USING INTEGER PRIMARY KEY (rowid=?)\n",
        "SCAN publish_pool USING INDEX publish_pool_publishing\n",
        "  ->  Index Scan using publish_pool_pkey on publish_pool p  (cost=0)\n        Index Cond: (id = d.pool_id)\n",
    ] {
        assert_eq!(walks(look).len(), 0, "{look}");
    }
}
