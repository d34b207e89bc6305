//! Lists of a pool with a million entries: whatever is asked, so many of them are looked at, and no more.

use super::asking::{heard, plans_as_it_is};
use crate::schema::migrated;
use crate::support::on_both;
use contenthub::db::connection::DbConnection;
use contenthub::db::entries::{self, COUNTED_MAX, EACH_MAX, EXAMINED_MAX, Filter, Listed, Window};
use contenthub::db::pool_counts;
use contenthub::domain::scope::Scope;
use contenthub::{AccountId, ContentId, EntryId, EntryStatus, Priority, Timestamp};
use diesel::connection::SimpleConnection;

const ENTRIES: i64 = 1_000_000;
/// They wait for account 1, and are the oldest but for the first hundred: more than are gathered.
const WAITING: i64 = 60_000;
const NOW: Timestamp = Timestamp::from_micros(1000);

/// Of account 2 some of each kind, a hundred in all; then what waits for account 1, which will for long; and on top of them
/// all that it has published, but one in a hundred that failed.
fn fill(conn: &mut DbConnection) {
    let numbers = |last: i64| match conn {
        DbConnection::Sqlite(_) => format!(
            "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {last})"
        ),
        DbConnection::Postgres(_) => format!("WITH numbers (n) AS (SELECT generate_series(1, {last}))"),
    };
    let contents = WAITING + 100;
    let statements = [
        "INSERT INTO accounts (id, name, platform, settings, timezone, concurrency, created_at, updated_at) \
           VALUES (2, 'b', 'folder', '{}', 'UTC', 64, 0, 0)"
            .to_owned(),
        format!(
            "INSERT INTO contents (id, revision, review_status, created_at, updated_at) {} \
               SELECT n, 1, 'approved', 0, 0 FROM numbers WHERE n > 3",
            numbers(contents)
        ),
        format!(
            "INSERT INTO content_revisions (content_id, revision, title, body, created_at) {} \
               SELECT n, 1, 'post ' || n, '', 0 FROM numbers",
            numbers(contents)
        ),
        format!(
            "INSERT INTO publish_pool (content_id, account_id, status, priority, due_at, max_retries, \
               idempotency_key, added_at, updated_at, held, claimed_by, published_at) {} \
             SELECT 1 + n % {contents}, CASE WHEN n <= 100 THEN 2 ELSE 1 END, \
               CASE WHEN n <= 20 THEN 'failed' WHEN n <= 40 THEN 'cancelled' WHEN n <= 70 THEN 'pending' \
                 WHEN n <= 80 THEN 'uncertain' WHEN n <= 90 THEN 'publishing' WHEN n <= 100 THEN 'published' \
                 WHEN n <= 100 + {WAITING} THEN 'pending' WHEN n % 100 = 0 THEN 'failed' ELSE 'published' END, \
               CASE WHEN n % 10 = 1 THEN 1 ELSE 5 END, \
               CASE WHEN n <= 100 THEN 0 ELSE 1000000 END, 3, 'k', 0, 0, n BETWEEN 61 AND 70, \
               CASE WHEN n BETWEEN 81 AND 90 THEN 'n' END, \
               CASE WHEN n BETWEEN 91 AND 100 OR n > 100 + {WAITING} AND n % 100 <> 0 THEN n END FROM numbers",
            numbers(ENTRIES)
        ),
    ];
    for statement in statements {
        conn.batch_execute(&statement).unwrap_or_else(|error| panic!("{error}: {statement}"));
    }
    pool_counts::correct(conn).expect("counted");
    if let DbConnection::Postgres(inner) = conn {
        // As autovacuum leaves it: where it does not yet know which rows all may see, it takes looks into an index for dear.
        inner.batch_execute("VACUUM ANALYZE").expect("analysed");
    }
}

fn asked(filter: Filter) -> Vec<Filter> {
    let of_two = Filter { account: Some(AccountId(2)), ..filter.clone() };
    let within = Filter { within: Scope::of([AccountId(2), AccountId(7)]), ..filter.clone() };
    let urgent = Filter { priority: Some(Priority::FIRST), ..filter.clone() };
    let both = Filter { priority: Some(Priority::FIRST), ..of_two.clone() };
    let titled = Filter { title: Some("post 77".to_owned()), ..filter.clone() };
    vec![filter, of_two, within, urgent, both, titled]
}

fn all_filters() -> Vec<Filter> {
    let any = Filter::default();
    let mut filters = asked(any.clone());
    for status in EntryStatus::ALL {
        filters.extend(asked(Filter { status: Some(*status), ..any.clone() }));
    }
    filters.extend(asked(Filter { due_at: Some(NOW), ..any.clone() }));
    filters.extend(asked(Filter { content: Some(ContentId(77)), ..any }));
    filters
}

/// How many rows a plan that was run has looked at.
fn examined(plan: &str) -> f64 {
    let number = |line: &str, word: &str| -> Option<f64> {
        let rest = line.split(word).nth(1)?;
        rest.split(|c: char| !c.is_ascii_digit() && c != '.').next()?.parse().ok()
    };
    let (mut all, mut loops) = (0.0, 1.0);
    for line in plan.lines() {
        if let Some(rows) = number(line, "actual rows=") {
            loops = number(line, "loops=").unwrap_or(1.0);
            all = f64::max(all, rows * loops);
        } else if let Some(removed) = number(line, "Rows Removed by Filter: ") {
            all = f64::max(all, removed * loops);
        }
    }
    all
}

fn looks_at_no_more(conn: &mut DbConnection, filter: &Filter, window: Window) -> Listed {
    let mut found = None;
    let statements = heard(conn, |conn| found = Some(entries::list(conn, filter, window).expect("found")));
    for statement in &statements {
        let sql = &statement.0;
        // Few rows for each account, and what is on the wire.
        let is_kept = sql.contains("FROM pool_counts");
        let explain = "EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF)";
        for plan in plans_as_it_is(conn, std::slice::from_ref(statement), explain) {
            let told = format!("{filter:?}: {sql}\n{plan}");
            let scans = ["SCAN publish_pool", "SCAN p\n", "SCAN p USING", "Seq Scan on publish_pool"];
            assert!(
                is_kept && plan.contains("publish_pool_publishing")
                    || !scans.iter().any(|scan| plan.contains(scan)),
                "{told}"
            );
            // What is gathered is sorted, and so are the entries of one content.
            let may_sort = sql.contains("AS found") || filter.content.is_some();
            let sorts = plan.contains("TEMP B-TREE") || plan.contains("Sort Key");
            // A page of rows by id, or few that are left of a walk.
            let is_page = sql.contains("publish_logs");
            assert!(may_sort || is_page || is_kept || !sorts, "{told}");
            // Where a step ran several times its rows are told as a mean, which is rounded.
            let most = COUNTED_MAX + 50;
            assert!(examined(&plan) <= most as f64, "{} rows: {told}", examined(&plan));
        }
    }
    found.expect("asked")
}

#[test]
fn no_list_goes_through_the_pool() {
    on_both(|url, dir| {
        let mut conn = migrated(url, dir);
        fill(&mut conn);
        let window = Window { limit: 20, offset: 0, before: None };
        for filter in all_filters() {
            let first = looks_at_no_more(&mut conn, &filter, window);
            assert!(first.rows.is_sorted_by_key(|row| std::cmp::Reverse(row.id)), "{filter:?}");
            let before = Some(EntryId(ENTRIES / 2));
            let middle = looks_at_no_more(&mut conn, &filter, Window { before, ..window });
            assert!(middle.rows.iter().all(|row| Some(row.id) < before), "{filter:?}");
            assert_eq!((middle.total, middle.is_whole), (first.total, first.is_whole), "{filter:?}");
        }
        let mut list = |filter: Filter| entries::list(&mut conn, &filter, window).expect("found");
        let ids = |found: &Listed| found.rows.iter().map(|row| row.id.0).collect::<Vec<_>>();
        let any = Filter::default();
        let of = |status: EntryStatus| Filter { status: Some(status), ..any.clone() };

        // All that there is of it, however old.
        let account = Some(AccountId(2));
        for (status, first, total) in [
            (EntryStatus::Pending, 70, 30),
            (EntryStatus::Uncertain, 80, 10),
            (EntryStatus::Publishing, 90, 10),
        ] {
            let found = list(Filter { account, ..of(status) });
            assert_eq!((ids(&found)[0], found.total, found.is_whole), (first, total, true), "{status}");
        }
        let due = list(Filter { due_at: Some(NOW), ..any.clone() });
        assert_eq!((ids(&due), due.total, due.is_whole), ((41..=60).rev().collect(), 20, true));
        assert_eq!(due.next, Some(EntryId(41)), "a page that is full may not be the last");
        let cancelled = list(of(EntryStatus::Cancelled));
        assert_eq!((ids(&cancelled), cancelled.total), ((21..=40).rev().collect(), 20));
        let failed = list(of(EntryStatus::Failed));
        assert_eq!(
            (ids(&failed)[0], failed.total, failed.is_whole),
            (ENTRIES, 20 + (ENTRIES - 100 - WAITING) / 100, true)
        );
        let content = list(Filter {
            content: Some(ContentId(77)),
            status: Some(EntryStatus::Uncertain),
            ..any.clone()
        });
        assert_eq!((ids(&content), content.is_whole), (vec![76], true));

        // More than a look may take: it ends, and says where it goes on.
        let everything = list(any.clone());
        assert_eq!((ids(&everything)[0], everything.total, everything.is_whole), (ENTRIES, ENTRIES, true));
        let published = list(of(EntryStatus::Published));
        let all_published = 10 + (ENTRIES - 100 - WAITING) * 99 / 100;
        assert_eq!((published.total, published.is_whole), (all_published, true));
        let urgent = list(Filter { priority: Priority::try_from(1).ok(), ..of(EntryStatus::Published) });
        assert_eq!((urgent.total, urgent.is_whole), (EXAMINED_MAX / 10, false));
        assert_eq!(published.next.map(|id| id.0), ids(&published).last().copied());
        let few = list(Filter { account, ..any.clone() });
        assert_eq!((ids(&few), few.total, few.is_whole), ((81..=100).rev().collect(), 100, true));
        assert_eq!(few.next, Some(EntryId(81)));
        let titled = list(Filter { title: Some("post 77".to_owned()), ..any.clone() });
        assert_eq!((titled.is_whole, titled.next), (false, Some(EntryId(ENTRIES - EACH_MAX + 1))));

        let waiting = of(EntryStatus::Pending);
        let (mut before, mut looks) = (None, 0);
        let first = loop {
            let window = Window { before, ..window };
            let found = entries::list(&mut conn, &waiting, window).expect("found");
            looks += 1;
            if let Some(first) = found.rows.first() {
                break first.id;
            }
            before = Some(found.next.expect("it goes on"));
        };
        assert_eq!(first, EntryId(100 + WAITING), "the newest of those that wait");
        assert_eq!(looks, 1 + (ENTRIES - 100 - WAITING) / EXAMINED_MAX);
    });
}
