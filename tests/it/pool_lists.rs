//! The list of the pool: each question, alone and beside others, finds what it should, page by page, and from one page on to
//! the next.

use crate::schema::migrated;
use crate::support::command::Cli;
use crate::support::on_both;
use crate::support::product::{PAGE, Product, has_fields, id};
use contenthub::db::connection::DbConnection;
use contenthub::db::entries::{self, Filter, Listed, Window};
use contenthub::db::pool_counts;
use contenthub::domain::scope::Scope;
use contenthub::{AccountId, ContentId, EntryStatus, Priority, Timestamp};
use diesel::connection::SimpleConnection;
use serde_json::{Value, json};

const ENTRIES: i64 = 240;
const NOW: Timestamp = Timestamp::from_micros(1000);

/// Of an entry, what can be asked for.
#[derive(Debug, Clone, Copy)]
struct Made {
    id: i64,
    content: i64,
    account: i64,
    status: EntryStatus,
    priority: i32,
    is_due: bool,
    held: bool,
}

impl Made {
    /// Each status meets each account, priority and time.
    fn nth(id: i64) -> Self {
        let pick = |of: i64, from: i64| (id / from) % of;
        Made {
            id,
            content: 1 + pick(80, 1),
            account: 1 + pick(3, 80),
            status: EntryStatus::ALL[usize::try_from(pick(6, 7)).expect("a place")],
            priority: 1 + i32::try_from(pick(10, 3)).expect("a priority"),
            is_due: pick(2, 2) == 0,
            held: pick(5, 1) == 0,
        }
    }

    fn is_asked(&self, filter: &Filter) -> bool {
        let titled = |title: &String| format!("post {}", self.content).contains(title.as_str());
        filter.status.is_none_or(|status| status == self.status)
            && filter.account.is_none_or(|account| account.0 == self.account)
            && filter.within.sees(AccountId(self.account))
            && filter.content.is_none_or(|content| content.0 == self.content)
            && filter.priority.is_none_or(|priority| priority.get() == self.priority)
            && filter.least_urgent.is_none_or(|least| self.priority <= least.get())
            && filter.due_at.is_none_or(|_| self.status == EntryStatus::Pending && self.is_due && !self.held)
            && filter.title.as_ref().is_none_or(titled)
    }
}

fn fill(conn: &mut DbConnection) -> Vec<Made> {
    let all: Vec<Made> = (1..=ENTRIES).map(Made::nth).collect();
    let mut sql =
        "INSERT INTO accounts (id, name, platform, settings, timezone, concurrency, created_at, updated_at) \
         VALUES (2, 'b', 'folder', '{}', 'UTC', 1, 0, 0), (3, 'c', 'folder', '{}', 'UTC', 1, 0, 0);"
            .to_owned();
    for content in 1..=80 {
        if content > 3 {
            sql += &format!(
                "INSERT INTO contents (id, revision, review_status, created_at, updated_at) \
                   VALUES ({content}, 1, 'approved', 0, 0);"
            );
        }
        sql += &format!(
            "INSERT INTO content_revisions (content_id, revision, title, body, created_at) \
               VALUES ({content}, 1, 'post {content}', '', 0);"
        );
    }
    for Made { id, content, account, status, priority, is_due, held } in &all {
        let claimed_by = if *status == EntryStatus::Publishing { "'n'" } else { "NULL" };
        let due_at = if *is_due { 0 } else { 5000 };
        let held = if *held { "TRUE" } else { "FALSE" };
        sql += &format!(
            "INSERT INTO publish_pool (id, content_id, account_id, status, priority, due_at, held, max_retries, \
               idempotency_key, added_at, updated_at, claimed_by) VALUES ({id}, {content}, {account}, '{status}', \
               {priority}, {due_at}, {held}, 3, 'k', 0, 0, {claimed_by});"
        );
    }
    conn.batch_execute(&sql).expect("rows");
    pool_counts::correct(conn).expect("counted");
    all
}

/// All questions there are, and each of them beside each other.
fn filters() -> Vec<Filter> {
    let any = Filter::default;
    let mut one: Vec<Filter> = vec![
        any(),
        Filter { account: Some(AccountId(2)), ..any() },
        Filter { account: Some(AccountId(9)), ..any() },
        Filter { within: Scope::of([AccountId(1), AccountId(3)]), ..any() },
        Filter { within: Scope::of([]), ..any() },
        Filter { content: Some(ContentId(7)), ..any() },
        Filter { priority: Priority::try_from(2).ok(), ..any() },
        Filter { least_urgent: Priority::try_from(4).ok(), ..any() },
        Filter { due_at: Some(NOW), ..any() },
        Filter { title: Some("post 1".to_owned()), ..any() },
    ];
    one.extend(EntryStatus::ALL.iter().map(|status| Filter { status: Some(*status), ..any() }));
    let beside = |one: &Filter, other: &Filter| Filter {
        status: one.status.or(other.status),
        account: one.account.or(other.account),
        content: one.content.or(other.content),
        priority: one.priority.or(other.priority),
        least_urgent: one.least_urgent.or(other.least_urgent),
        due_at: one.due_at.or(other.due_at),
        title: one.title.clone().or(other.title.clone()),
        within: if one.within == Scope::Everything { other.within.clone() } else { one.within.clone() },
    };
    let pairs = one.iter().flat_map(|first| one.iter().map(move |second| beside(first, second)));
    pairs.collect()
}

fn ids(found: &Listed) -> Vec<i64> {
    found.rows.iter().map(|row| row.id.0).collect()
}

#[test]
fn what_is_asked_is_found_page_by_page_and_from_page_to_page() {
    const SIZE: i64 = 40;
    on_both(|url, dir| {
        let mut conn = migrated(url, dir);
        let all = fill(&mut conn);
        for filter in filters() {
            let mut expected: Vec<i64> =
                all.iter().filter(|made| made.is_asked(&filter)).map(|made| made.id).collect();
            expected.reverse();
            let total = i64::try_from(expected.len()).expect("a count");
            let mut list = |window| {
                let found = entries::list(&mut conn, &filter, window).expect("found");
                assert_eq!((found.total, found.is_whole), (total, true), "{filter:?} {window:?}");
                found
            };
            let mut by_number = Vec::new();
            for page in 0..=total / SIZE {
                let window = Window { limit: SIZE, offset: page * SIZE, before: None };
                by_number.extend(ids(&list(window)));
            }
            assert_eq!(by_number, expected, "{filter:?}");
            let (mut by_cursor, mut before) = (Vec::new(), None);
            loop {
                let found = list(Window { limit: SIZE, offset: 0, before });
                by_cursor.extend(ids(&found));
                before = found.next;
                if before.is_none() {
                    break;
                }
            }
            assert_eq!(by_cursor, expected, "{filter:?}");
        }
    });
}

#[test]
fn whoever_asks_goes_on_from_a_page_by_its_cursor() {
    on_both(|url, dir| {
        let product = Product::start(url, dir).by_hand();
        let blog = product.account("blog");
        let mut entries: Vec<i64> = (0..5)
            .map(|number| {
                let content = product.content(&format!("Hello {number}"));
                let later = "2999-01-01T00:00:00Z";
                product.add(json!({"content_id": content, "account_id": blog, "scheduled_at": later}))
            })
            .collect();
        entries.reverse();
        let listed =
            |page: &Value| -> Vec<i64> { page["items"].as_array().expect("items").iter().map(id).collect() };
        for query in ["", "status=pending&", "priority=5&", "q=Hello&"] {
            let first = product.get(&format!("/publish-pool/list?{query}page_size=3"));
            has_fields(&first, &format!("{PAGE}, next_cursor"));
            let cursor = first["next_cursor"].as_i64().expect("it goes on");
            let second = product.get(&format!("/publish-pool/list?{query}page_size=3&cursor={cursor}"));
            has_fields(&second, PAGE);
            assert_eq!([listed(&first), listed(&second)].concat(), entries, "{query}");
            assert_eq!((&second["total"], &second["page"]), (&json!(5), &json!(1)));
        }
        let whole = product.get("/publish-pool/list");
        has_fields(&whole, PAGE);
        let refused = product.server.get("/api/v1/publish-pool/list?cursor=3&page=2").expect_status(422);
        assert_eq!(refused.body["errors"][0]["field"], "cursor");

        let cli = Cli::on(dir, url);
        let cursor = entries[1].to_string();
        let list = |args: &[&str]| cli.run(&[&["publish-pool", "list", "--page-size", "3"], args].concat());
        let rest = list(&["--cursor", &cursor, "--output", "json"]).expect_code(0).json();
        assert_eq!((listed(&rest), &rest["total"]), (entries[2..].to_vec(), &json!(5)));
        assert_eq!(rest["next_cursor"], entries[4], "a page that is full may not be the last");
        let told = list(&["--cursor", &cursor]).expect_code(0).stderr;
        assert_eq!(told, format!("There may be more: --cursor {} goes on from there.\n", entries[4]));
        assert_eq!(list(&[]).expect_code(0).stderr, "1 to 3 of 5; --page 2 shows the next.\n");
        let titled = list(&["--title", "Hello 2", "--output", "json"]).expect_code(0).json();
        assert_eq!(listed(&titled), [entries[2]]);
        list(&["--cursor", "3", "--page", "2"]).expect_code(2);
    });
}
