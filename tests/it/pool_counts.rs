//! The pool in numbers that are kept, and not counted. That they are right after whatever happens to entries, each test of
//! `on_both` looks at its end.

use crate::schema::migrated;
use crate::support::app::*;
use crate::support::on_both;
use contenthub::db::connection::{DbConnection, connect};
use contenthub::db::pool_counts::{self, Counts, Miscount};
use contenthub::domain::scope::Scope;
use contenthub::operations::account::DeleteAccount;
use contenthub::operations::content::DeleteContent;
use contenthub::operations::entry::{CancelEntry, ClearPublished, DeleteEntry, RetryEntry};
use contenthub::operations::pool::{CountPool, GetStatsWithin};
use contenthub::operations::pool_counts::{CorrectCounts, FindMiscounts, FoldCounts};
use contenthub::{AccountId, App, EntryId, Timestamp};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use serde_json::json;
use std::sync::Barrier;
use std::thread;

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

fn number(conn: &mut DbConnection, sql: &str) -> i64 {
    let row: Number = match conn {
        DbConnection::Sqlite(inner) => diesel::sql_query(sql).get_result(inner).expect("a number"),
        DbConnection::Postgres(inner) => diesel::sql_query(sql).get_result(inner).expect("a number"),
    };
    row.n
}

fn counted(app: &App, account: AccountId) -> Counts {
    let all = app.run(CountPool).expect("counted");
    all.get(&account).copied().unwrap_or_default()
}

#[test]
fn each_status_of_each_account_is_counted_and_what_goes_is_no_more() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let site = account(&app, "site", "folder", json!({"site": "site"}));
        let idle = account(&app, "idle", "folder", json!({"site": "idle"}));
        let cancelled = add(&app, "a", site);
        app.run(CancelEntry(cancelled)).expect("cancelled");
        let task = task(&app, "by hand");
        let [first, _] = [add(&app, "a", site), add(&app, "a", site)];
        assert_eq!(counted(&app, site), Counts { pending: 2, cancelled: 1, ..Counts::default() });
        report_of(&app, task);
        app.disable_task(task).expect("disabled");
        let waits = add(&app, "a", idle);
        assert_eq!(counted(&app, site), Counts { published: 2, cancelled: 1, ..Counts::default() });
        assert_eq!(counted(&app, idle), Counts { pending: 1, ..Counts::default() });

        let stats = app.stats().expect("numbers");
        assert_eq!((stats.total, stats.pending, stats.published, stats.cancelled), (4, 1, 2, 1));
        let within = |ids: &[AccountId]| {
            let scope = Scope::Accounts(ids.iter().copied().collect());
            app.run(GetStatsWithin(scope)).expect("numbers").total
        };
        assert_eq!([within(&[site]), within(&[idle]), within(&[site, idle]), within(&[])], [3, 1, 4, 0]);

        app.run(RetryEntry { id: cancelled, by: "ann".to_owned() }).expect("it waits again");
        assert_eq!(counted(&app, site), Counts { pending: 1, published: 2, ..Counts::default() });
        app.run(CancelEntry(cancelled)).expect("cancelled");
        app.run(DeleteEntry(cancelled)).expect("deleted");
        app.run(DeleteEntry(first)).expect("deleted");
        assert_eq!(counted(&app, site), Counts { published: 1, ..Counts::default() });
        assert_eq!(app.run(ClearPublished).expect("cleared"), 1);
        assert_eq!(counted(&app, site), Counts::default());
        app.run(CancelEntry(waits)).expect("cancelled");
        app.run(DeleteAccount(idle)).expect("its closed entries go with it");
        assert_eq!(counted(&app, idle), Counts::default());
        let other = add(&app, "a", site);
        app.run(CancelEntry(other)).expect("cancelled");
        let content = app.entry(other).expect("there").content_id;
        app.run(DeleteContent(content)).expect("its closed entries go with it");
        assert_eq!(app.stats().expect("numbers").total, 0);
    });
}

/// Whichever is fewer is counted: those that are due, or those that are not. What is held is neither.
#[test]
fn what_is_due_is_told_exactly_however_much_it_is() {
    const DUE: Timestamp = Timestamp::from_micros(1000);
    on_both(|url, dir| {
        let mut conn = migrated(url, dir);
        let numbers = match &conn {
            DbConnection::Sqlite(_) => {
                "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 3000)"
            }
            DbConnection::Postgres(_) => "WITH numbers (n) AS (SELECT generate_series(1, 3000))",
        };
        for (account, due, later, held, publishing) in [
            (2, 3, 1400, 2, 1),
            (3, 1400, 4, 7, 2),
            (4, 1200, 1300, 5, 0),
            (5, 0, 2, 0, 0),
            (6, 1001, 0, 3, 3),
        ] {
            let (held_to, wire_to) = (due + later + held, due + later + held + publishing);
            let contents = format!(
                "INSERT INTO contents (id, revision, review_status, created_at, updated_at) {numbers} \
                 SELECT n + {account} * 10000, 1, 'approved', 0, 0 FROM numbers; \
                 INSERT INTO accounts (id, name, platform, settings, timezone, concurrency, created_at, updated_at) \
                 VALUES ({account}, 'account {account}', 'folder', '{{}}', 'UTC', 1, 0, 0)"
            );
            conn.batch_execute(&contents).expect("contents");
            let sql = format!(
                "INSERT INTO publish_pool (content_id, account_id, status, held, priority, due_at, max_retries, \
                   idempotency_key, added_at, updated_at, claimed_by) {numbers} SELECT n + {account} * 10000, {account}, \
                   CASE WHEN n <= {held_to} THEN 'pending' ELSE 'publishing' END, \
                   n > {due} + {later} AND n <= {held_to}, 5, \
                   CASE WHEN n > {due} AND n <= {due} + {later} THEN 1001 ELSE n % 1000 END, 3, 'k', 0, 0, \
                   CASE WHEN n > {held_to} THEN 'n' END \
                 FROM numbers WHERE n <= {wire_to}"
            );
            conn.batch_execute(&sql).expect("entries");
            let wrong = pool_counts::correct(&mut conn).expect("counted");
            assert_eq!(wrong, [miscount(account, "open", wire_to)]);
            let of_one = Scope::Accounts([AccountId(account)].into());
            let oldest = (due > 0).then_some(if due >= 1000 { 0 } else { 1 }).map(Timestamp::from_micros);
            let told = pool_counts::due(&mut conn, &of_one, DUE).expect("told");
            assert_eq!(told, (due, oldest), "account {account}");
        }
        let all = pool_counts::due(&mut conn, &Scope::Everything, DUE).expect("told");
        assert_eq!(all, (3 + 1400 + 1200 + 1001, Some(Timestamp::from_micros(0))));
        let some = Scope::Accounts([2, 5].map(AccountId).into());
        let told = pool_counts::due(&mut conn, &some, DUE).expect("told");
        assert_eq!(told, (3, Some(Timestamp::from_micros(1))));
    });
}

fn miscount(account: i64, counted: &str, missing: i64) -> Miscount {
    Miscount { account: AccountId(account), counted: counted.to_owned(), missing }
}

#[test]
fn what_was_told_one_by_one_is_added_up_while_others_tell() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let site = account(&app, "site", "folder", json!({"site": "site"}));
        let entries: Vec<EntryId> = (0..12).map(|_| add(&app, "a", site)).collect();
        for entry in &entries[..4] {
            app.run(CancelEntry(*entry)).expect("cancelled");
        }
        let wanted = Counts { pending: 8, cancelled: 4, ..Counts::default() };
        assert_eq!(counted(&app, site), wanted);
        let together = Barrier::new(3);
        thread::scope(|threads| {
            for _ in 0..2 {
                threads.spawn(|| {
                    together.wait();
                    (0..20).for_each(|_| app.run(FoldCounts).expect("added up"));
                });
            }
            together.wait();
            for _ in 0..20 {
                add(&app, "a", site);
            }
        });
        assert_eq!(counted(&app, site), Counts { pending: 28, ..wanted });
        app.run(FoldCounts).expect("added up");
        assert_eq!(counted(&app, site), Counts { pending: 28, ..wanted });
        let mut conn = connect(url).expect("connected");
        assert_eq!(number(&mut conn, "SELECT count(*) AS n FROM pool_counts"), 2, "one row for each");
    });
}

#[test]
fn a_count_that_somebody_made_wrong_is_found_and_corrected_once() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let site = account(&app, "site", "folder", json!({"site": "site"}));
        add(&app, "a", site);
        assert_eq!(app.run(FindMiscounts).expect("looked"), []);
        let mut conn = connect(url).expect("connected");
        conn.batch_execute(
            "UPDATE pool_counts SET entries = 5; UPDATE publish_pool SET status = 'cancelled'",
        )
        .expect("somebody knows better");
        let wrong = [miscount(site.0, "cancelled", 1), miscount(site.0, "open", -5)];
        assert_eq!(app.run(FindMiscounts).expect("looked"), wrong);
        let together = Barrier::new(2);
        let correct = || {
            together.wait();
            app.run(CorrectCounts).expect("corrected")
        };
        let (one, other) = thread::scope(|threads| {
            let one = threads.spawn(correct);
            let other = threads.spawn(correct);
            (one.join().expect("no panic"), other.join().expect("no panic"))
        });
        assert!(
            [(&one[..], &other[..]), (&other[..], &one[..])].contains(&(&wrong[..], &[])),
            "{one:?} {other:?}"
        );
        assert_eq!(counted(&app, site), Counts { cancelled: 1, ..Counts::default() });
    });
}
