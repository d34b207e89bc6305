//! Databases that are none, are not there, are broken, are newer than the program or have a server already: that is
//! told, and nothing is changed. And those that are new.

use super::refused;
use crate::support::command::Cli;
use crate::support::on_both;
use contenthub::db::connection::{DbConnection, connect};
use contenthub::db::database_url::DatabaseUrl;
use diesel::connection::SimpleConnection;
use std::net::TcpListener;

#[test]
fn what_cannot_be_opened_is_named() {
    let dir = tempfile::tempdir().expect("a folder");
    let cli = Cli::in_dir(dir.path());
    let file = dir.path().join("notes.txt");
    std::fs::write(&file, "these are notes, and no database, however long they are ".repeat(100))
        .expect("written");
    let before = std::fs::read(&file).expect("there");
    let list = |more: &[&'static str]| [&["publish-pool", "list"], more].concat();
    let told =
        refused(&cli, &list(&["--database-url", "notes.txt"]), 1, "notes.txt is not a SQLite database");
    assert_eq!(told.stderr.matches("notes.txt").count(), 1, "once is enough: {}", told.stderr);
    assert_eq!(std::fs::read(&file).expect("there"), before, "it is untouched");
    refused(&cli, &["db", "check", "--database-url", "notes.txt"], 1, "notes.txt is not a SQLite database");
    refused(&cli, &list(&["--database-url", "sqlite:nowhere/x.db"]), 1, "nowhere/x.db");
    refused(&cli, &list(&["--database-url", "."]), 1, ".: ");
    // Not even root can make a folder below a file, or in /proc.
    refused(
        &cli,
        &list(&["--data-dir", "notes.txt/data"]),
        1,
        "the data directory notes.txt/data cannot be used: ",
    );
    refused(
        &cli,
        &["serve", "--data-dir", "/proc/contenthub"],
        1,
        "the data directory /proc/contenthub cannot be used",
    );
    std::fs::create_dir(dir.path().join("other")).expect("made");
    std::fs::write(dir.path().join("other/secret.key"), "nonsense").expect("written");
    refused(&cli, &list(&["--data-dir", "other"]), 1, "other/secret.key holds no secret key");
}

#[test]
fn a_postgresql_that_is_not_there_is_named_without_its_password() {
    let dir = tempfile::tempdir().expect("a folder");
    let cli = Cli::in_dir(dir.path());
    let free = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
    for address in [
        format!("postgres://me:hush@127.0.0.1:{free}/d"),
        format!("postgres://127.0.0.1:{free}/d?user=me&password=hush"),
        "postgres://me:hush%zz@127.0.0.1/d".to_owned(),
        "postgres://me:hush@hush@127.0.0.1/d".to_owned(),
        "postgres://me:9/hush@127.0.0.1/d".to_owned(),
        format!("postgres://me:hush?hush@127.0.0.1:{free}/d"),
        format!("postgres://127.0.0.1:{free}/d?pasword=hush"),
        format!("postgres://127.0.0.1:{free}/d?p%61ssword=hush&sslpassword=hush"),
    ] {
        for args in [&["publish-pool", "list"][..], &["serve", "--listen", "127.0.0.1:0"], &["db", "check"]] {
            let told = refused(&cli, &[args, &["--database-url", &address]].concat(), 1, "127.0.0.1");
            assert!(!told.stderr.contains("hush"), "{}", told.stderr);
        }
    }
}

#[test]
fn a_port_in_use_is_named_and_a_database_has_one_server() {
    let dir = tempfile::tempdir().expect("a folder");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let cli = Cli::in_dir(dir.path()).env("TMPDIR", &dir.path().display().to_string());
    let told = refused(&cli, &["serve", "--listen", &address], 1, &format!("cannot listen on {address}"));
    assert!(told.stderr.contains("hint: Another program has this port"), "{}", told.stderr);
    refused(&cli, &["serve", "--demo", "--listen", &address], 1, &address);
    let left: Vec<_> =
        std::fs::read_dir(dir.path()).expect("a folder").flatten().map(|it| it.file_name()).collect();
    assert_eq!(left, ["data"], "the demo's directory went with it");

    let _server = crate::support::command::Server::start(&cli, &[]);
    refused(
        &cli,
        &["serve", "--listen", "127.0.0.1:0"],
        1,
        "runs on data/contenthub.db already; several nodes need PostgreSQL",
    );
    cli.ok(&["publish-pool", "list"]);
}

#[test]
fn a_newer_schema_is_refused_and_nothing_is_changed() {
    on_both(|url, dir| {
        let cli = Cli::on(dir, url);
        cli.ok(&["content", "create", "--title", "x", "--body", "x"]);
        let checked = cli.json(&["db", "check"]);
        assert_eq!(
            (&checked["faults"], &checked["migrations_missing"]),
            (&serde_json::json!([]), &serde_json::json!([]))
        );
        let said = cli.ok(&["db", "migrate"]);
        assert_eq!(said, "The schema is up to date; there was nothing to do.\n");

        let table = "__diesel_schema_migrations";
        execute(url, &format!("INSERT INTO {table} (version) VALUES ('29990101000000')"));
        let before = state(url);
        let commands: [&[&str]; 5] = [
            &["content", "list"],
            &["content", "create", "--title", "y", "--body", "y"],
            &["serve", "--listen", "127.0.0.1:0"],
            &["db", "migrate"],
            &["db", "check"],
        ];
        for args in commands {
            let told = refused(&cli, args, 1, "its schema (29990101000000) is newer than this program knows");
            assert!(told.stderr.contains("nothing was changed"), "{}", told.stderr);
        }
        assert_eq!(state(url), before);
        execute(url, &format!("DELETE FROM {table} WHERE version = '29990101000000'"));
        assert_eq!(cli.json(&["content", "list"])["total"], 1);
    });
}

fn execute(url: &DatabaseUrl, sql: &str) {
    connect(url).expect("connected").batch_execute(sql).expect(sql);
}

/// What the database holds, as far as the test can see: the file's bytes, or the rows that were counted.
fn state(url: &DatabaseUrl) -> Vec<u8> {
    use diesel::prelude::*;
    if let DatabaseUrl::Sqlite(path) = url {
        return std::fs::read(path).expect("there");
    }
    #[derive(QueryableByName)]
    struct Written {
        #[diesel(sql_type = diesel::sql_types::Text)]
        written: String,
    }
    // A row that is written anew has a new transaction's number.
    let tables = [
        "meta",
        "contents",
        "content_revisions",
        "scheduled_tasks",
        "executions",
        "__diesel_schema_migrations",
    ];
    let rows =
        tables.map(|table| format!("SELECT '{table}' || xmin::text AS row FROM {table}")).join(" UNION ALL ");
    let sql = format!("SELECT string_agg(row, ',' ORDER BY row) AS written FROM ({rows}) AS rows");
    let mut conn: DbConnection = connect(url).expect("connected");
    let found: Written = diesel::sql_query(sql).get_result(&mut conn).expect("read");
    found.written.into_bytes()
}

#[test]
fn a_database_that_is_broken_is_told() {
    let dir = tempfile::tempdir().expect("a folder");
    let cli = Cli::in_dir(dir.path());
    refused(&cli, &["db", "check"], 1, "data/contenthub.db is not there");
    assert!(!dir.path().join("data").exists(), "a check makes nothing");
    let said = cli.ok(&["db", "migrate"]);
    assert!(said.starts_with("The schema was brought up to date: 2"), "{said}");
    cli.ok(&["content", "create", "--title", "x", "--body", "x"]);
    assert!(cli.ok(&["db", "check"]).contains("is up to date. Faults found: 0."));
    let url = DatabaseUrl::in_data_dir(&dir.path().join("data"));
    execute(&url, "PRAGMA foreign_keys = OFF; DELETE FROM contents;");
    let told = cli.run(&["db", "check"]).expect_code(1);
    assert!(
        told.stdout.contains("content_revisions refers to a row of contents that is gone"),
        "{}",
        told.stdout
    );
    assert!(told.stderr.starts_with("error: the database has faults: 1\nhint: "), "{}", told.stderr);
}

/// Several processes may meet a new database at the same moment.
#[test]
fn commands_that_start_together_on_a_new_database_all_work() {
    on_both(|url, dir| {
        let cli = Cli::on(dir, url);
        std::thread::scope(|threads| {
            let running: Vec<_> = (0..4)
                .map(|number| {
                    let cli = cli.clone();
                    threads.spawn(move || {
                        cli.ok(&["content", "create", "--title", &format!("{number}"), "--body", "x"])
                    })
                })
                .collect();
            running.into_iter().for_each(|thread| drop(thread.join().expect("a command that works")));
        });
        assert_eq!(cli.json(&["content", "list"])["total"], 4);
        assert_eq!(cli.json(&["scheduler", "list"])["total"], 1);
    });
}
