//! A database that an earlier version of the program left: brought up to date with all that is in it, or left alone.

use crate::support::command::{Cli, Server};
use crate::support::on_both;
use crate::support::product::SOON;
use crate::support::receiver::Receiver;
use contenthub::db::connection::{DbConnection, connect};
use contenthub::db::database_url::DatabaseUrl;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_migrations::{FileBasedMigrations, MigrationHarness};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::thread;

const VERSION_1: &str = "20261124000000";

/// The versions since, oldest first.
fn later() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/sqlite");
    let all = std::fs::read_dir(folder).expect("migrations").flatten();
    let version = |name: &str| name.split('_').next().unwrap_or_default().replace('-', "");
    let mut found: Vec<String> = all.map(|it| version(&it.file_name().to_string_lossy())).collect();
    found.sort();
    assert_eq!(found.remove(0), VERSION_1);
    found
}

fn all_versions() -> Vec<String> {
    [vec![VERSION_1.to_owned()], later()].concat()
}

/// What the program had in it at version 1, once it was used.
const TABLES: [&str; 9] = [
    "meta",
    "accounts",
    "contents",
    "content_revisions",
    "publish_pool",
    "published_contents",
    "publish_logs",
    "scheduled_tasks",
    "executions",
];

fn migrations(of: &str) -> FileBasedMigrations {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(of);
    FileBasedMigrations::from_path(folder).expect("migrations")
}

/// A database with the first migration alone, and rows of an account that publishes to `hook`.
fn version_1(url: &DatabaseUrl, hook: &str) -> DbConnection {
    if let DatabaseUrl::Sqlite(path) = url {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    }
    let mut conn = connect(url).expect("connected");
    let run = match &mut conn {
        DbConnection::Sqlite(inner) => inner.run_next_migration(migrations("sqlite")).map(drop),
        DbConnection::Postgres(inner) => inner.run_next_migration(migrations("postgres")).map(drop),
    };
    run.expect("the first migration");
    let settings = json!({"url": hook, "deduplicates": true});
    conn.batch_execute(&format!(
        "INSERT INTO meta (key, value) VALUES ('first_task_made', 'yes'); \
         INSERT INTO accounts (name, platform, settings, timezone, concurrency, created_at, updated_at) \
           VALUES ('blog', 'webhook', '{settings}', 'UTC', 64, 5, 6); \
         INSERT INTO contents (revision, review_status, account_id, created_at, updated_at) \
           VALUES (1, 'approved', 1, 7, 8), (2, 'approved', 1, 7, 8), (1, 'approved', 1, 7, 8); \
         INSERT INTO content_revisions (content_id, revision, title, body, created_at) VALUES \
           (1, 1, 'Grüße, 你好', 'a', 7), (2, 1, 'old', 'b', 7), (2, 2, 'it''s new', 'c', 8), (3, 1, 'later', 'd', 7); \
         INSERT INTO publish_pool (content_id, account_id, status, priority, scheduled_at, due_at, retry_count, \
             max_retries, attempt, idempotency_key, log_id, published_at, added_at, updated_at) VALUES \
           (1, 1, 'published', 5, NULL, 9, 0, 3, 1, 'key-1', 1, 11, 9, 11), \
           (2, 1, 'pending', 1, NULL, 9, 1, 3, 1, 'key-2', 2, NULL, 9, 12), \
           (3, 1, 'pending', 10, 32000000000000000, 32000000000000000, 0, 0, 0, 'key-3', NULL, NULL, 9, 9); \
         INSERT INTO published_contents (content_id, account_id, first_published_at) VALUES (1, 1, 11); \
         INSERT INTO publish_logs (pool_id, content_id, revision, account_id, execution_id, attempt, status, \
             error_code, error_message, media_id, started_at, finished_at) VALUES \
           (1, 1, 1, 1, 1, 1, 'published', NULL, NULL, 'm-1', 10, 11), \
           (2, 2, 1, 1, 1, 1, 'error', 'server_error', 'it answered 500', NULL, 10, 12); \
         INSERT INTO scheduled_tasks (name, task_type, schedule_type, timezone, anchor, created_at, updated_at) \
           VALUES ('publish when due', 'publishing', 'on_due', 'UTC', 5, 5, 5); \
         INSERT INTO executions (task_id, rule, triggered_by, status, created_at, started_at, finished_at, report) \
           VALUES (1, 'on_due', 'schedule', 'succeeded', 9, 10, 12, NULL);"
    ))
    .expect("rows of version 1");
    conn
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

fn lines(conn: &mut DbConnection, sql: String) -> Vec<String> {
    let found: Result<Vec<Line>, _> = match conn {
        DbConnection::Sqlite(inner) => diesel::sql_query(&sql).load(inner),
        DbConnection::Postgres(inner) => diesel::sql_query(&sql).load(inner),
    };
    found.unwrap_or_else(|error| panic!("{sql}: {error}")).into_iter().map(|row| row.line).collect()
}

fn columns(conn: &mut DbConnection, table: &str) -> Vec<String> {
    let sql = match conn {
        DbConnection::Sqlite(_) => {
            format!("SELECT name AS line FROM pragma_table_info('{table}') ORDER BY cid")
        }
        DbConnection::Postgres(_) => format!(
            "SELECT column_name::text AS line FROM information_schema.columns \
             WHERE table_schema = 'public' AND table_name = '{table}' ORDER BY ordinal_position"
        ),
    };
    lines(conn, sql)
}

/// Each row of version 1's tables, in these columns.
fn rows(conn: &mut DbConnection, shape: &[(&str, Vec<String>)]) -> Vec<String> {
    let quote = match conn {
        DbConnection::Sqlite(_) => "quote",
        DbConnection::Postgres(_) => "quote_nullable",
    };
    let of_table = |(table, columns): &(&str, Vec<String>)| {
        let cells: Vec<String> = columns.iter().map(|column| format!("{quote}({column})")).collect();
        format!("SELECT '{table}: ' || {} AS line FROM {table} ORDER BY 1", cells.join(" || ', ' || "))
    };
    shape.iter().flat_map(|table| lines(conn, of_table(table))).collect()
}

fn shape(conn: &mut DbConnection) -> Vec<(&'static str, Vec<String>)> {
    TABLES.map(|table| (table, columns(conn, table))).to_vec()
}

fn versions(conn: &mut DbConnection) -> Vec<String> {
    lines(conn, "SELECT version AS line FROM __diesel_schema_migrations ORDER BY version".to_owned())
}

/// The copies beside a SQLite database.
fn copies(url: &DatabaseUrl) -> Vec<PathBuf> {
    let DatabaseUrl::Sqlite(path) = url else { return Vec::new() };
    let all = std::fs::read_dir(path.parent().expect("a folder")).expect("a folder").flatten();
    let mut found: Vec<PathBuf> = all.map(|entry| entry.path()).collect();
    found.retain(|path| path.to_string_lossy().contains(".before-"));
    found.sort();
    found
}

#[test]
fn it_is_brought_up_to_date_with_all_that_is_in_it() {
    on_both(|url, dir| {
        let receiver = Receiver::start();
        let mut conn = version_1(url, &receiver.url("/hook"));
        let shape = shape(&mut conn);
        let before = rows(&mut conn, &shape);
        assert_eq!(before.len(), 17, "{before:#?}");
        let cli = Cli::on(dir, url);
        let checked = cli.json(&["db", "check"]);
        assert_eq!(
            (&checked["schema_version"], &checked["migrations_missing"], &checked["faults"]),
            (&json!(VERSION_1), &json!(later()), &json!([]))
        );
        let said = cli.ok(&["db", "check"]);
        assert!(
            said.contains(&format!("({VERSION_1}) is behind by {}; the next command", later().len())),
            "{said}"
        );
        assert_eq!(versions(&mut conn), [VERSION_1], "a check changes nothing");

        // Of several that start together, one does it.
        let done: Vec<Value> = thread::scope(|threads| {
            let all: Vec<_> = (0..4).map(|_| threads.spawn(|| cli.json(&["db", "migrate"]))).collect();
            all.into_iter().map(|one| one.join().expect("it ends")).collect()
        });
        let (did, others): (Vec<&Value>, Vec<&Value>) = done.iter().partition(|one| one["run"] != json!([]));
        assert_eq!((did.len(), &did[0]["run"]), (1, &json!(later())), "{done:#?}");
        assert!(others.iter().all(|one| one["backup"].is_null()), "{done:#?}");
        assert_eq!(versions(&mut conn), all_versions());
        let mut after = rows(&mut conn, &shape);
        // What a later schema has from its first day on.
        after.retain(|row| row != "meta: 'paused', ''");
        assert_eq!(after, before);
        match url {
            DatabaseUrl::Postgres(_) => assert_eq!(did[0]["backup"], Value::Null),
            DatabaseUrl::Sqlite(_) => {
                let copies = copies(url);
                assert_eq!(
                    [did[0]["backup"].as_str().expect("a path")],
                    [copies[0].to_str().expect("UTF-8")]
                );
                assert_eq!(copies.len(), 1, "{copies:?}");
                let mut copy = connect(&DatabaseUrl::Sqlite(copies[0].clone())).expect("it can be opened");
                assert_eq!(versions(&mut copy), [VERSION_1]);
                assert_eq!(rows(&mut copy, &shape), before);
            }
        }

        // And it goes on where it was: what is due goes out with its key, what is out stays out, the rest waits.
        let server = Server::start_as_admin(&cli, &[]);
        receiver.wait_for(1, SOON);
        let posts = receiver.posts();
        assert_eq!((posts[0].title(), posts[0].webhook_id()), (Some("it's new"), Some("key-2")));
        let again = json!({"content_id": 1});
        let again = server.post("/api/v1/publish-pool/add", &again).expect_status(409);
        assert_eq!(again.body["code"], "already_published");
        let waiting = server.get("/api/v1/publish-pool/3").expect_status(200).body;
        assert_eq!((&waiting["status"], &waiting["attempt"]), (&json!("pending"), &json!(0)));
        assert_eq!(receiver.posts().len(), 1);
        assert!(!server.stderr().contains("copy"), "it was done before: {}", server.stderr());
    });
}

#[test]
fn what_cannot_be_brought_up_to_date_is_left_as_it_is() {
    on_both(|url, dir| {
        let mut conn = version_1(url, "http://127.0.0.1:9/hook");
        let shape = shape(&mut conn);
        let before = rows(&mut conn, &shape);
        let cli = Cli::on(dir, url);
        let list = ["publish-pool", "list"];
        let next = later().remove(0);
        let refused = |says: &[&str]| {
            let ended = cli.run(&list).expect_code(1);
            let told = says.iter().all(|says| ended.stderr.contains(says));
            assert!(told && ended.stderr.contains("nothing was changed"), "{}", ended.stderr);
            assert_eq!(ended.stdout, "");
        };
        // Half-way through the second migration there is something in its way.
        conn.batch_execute("CREATE TABLE publish_checkpoints (x INTEGER)").expect("a table");
        refused(&["publish_checkpoints", "exists"]);
        assert_eq!(versions(&mut conn), [VERSION_1]);
        assert_eq!(self::shape(&mut conn), shape, "no column of it came");
        assert_eq!(rows(&mut conn, &shape), before);
        assert!(copies(url).is_empty(), "a copy at each try would fill the disk: {:?}", copies(url));
        conn.batch_execute("DROP TABLE publish_checkpoints").expect("dropped");

        // There is no way to keep a copy.
        if let DatabaseUrl::Sqlite(path) = url {
            let in_its_way = PathBuf::from(format!("{}.before-{next}.unfinished", path.display()));
            std::fs::create_dir(&in_its_way).expect("a folder");
            refused(&["no copy of it could be made"]);
            assert_eq!(versions(&mut conn), [VERSION_1]);
            std::fs::remove_dir(&in_its_way).expect("removed");
            // A copy of another day is no copy of this one, and what a dead process left is none at all.
            std::fs::write(&in_its_way, "half a copy").expect("a file");
            std::fs::write(format!("{}.before-{next}", path.display()), "of another day").expect("a file");
        }
        // Whatever is run first on it does it, and says so.
        let ended = cli.run(&list).expect_code(0);
        let told = format!(
            "the database's schema was brought from {VERSION_1} to {}",
            later().pop().expect("a later one")
        );
        assert!(ended.stderr.contains(&told), "{}", ended.stderr);
        assert_eq!(versions(&mut conn), all_versions());
        if let DatabaseUrl::Sqlite(path) = url {
            let second = PathBuf::from(format!("{}.before-{next}.2", path.display()));
            assert_eq!(
                copies(url),
                [PathBuf::from(format!("{}.before-{next}", path.display())), second.clone()]
            );
            assert!(ended.stderr.contains(&second.display().to_string()), "{}", ended.stderr);
            let mut copy = connect(&DatabaseUrl::Sqlite(second)).expect("it can be opened");
            assert_eq!(rows(&mut copy, &shape), before);
        }
        assert_eq!(cli.run(&list).expect_code(0).stderr, "", "it is told once");
    });
}
