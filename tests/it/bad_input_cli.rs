//! The same over the command line: what went wrong goes to stderr, data goes to stdout, and the exit code says which
//! kind it was: 1 failed, 2 usage.

use crate::support::command::{Cli, Output};
use crate::support::on_both;
use contenthub::db::connection::{DbConnection, connect};
use contenthub::db::database_url::DatabaseUrl;
use diesel::connection::SimpleConnection;
use serde_json::json;
use std::net::TcpListener;
use std::path::Path;

#[track_caller]
fn refused(cli: &Cli, args: &[&str], code: i32, says: &str) -> Output {
    let ended = cli.run(args).expect_code(code);
    assert_eq!(ended.stdout, "", "{args:?}: errors go to stderr");
    assert!(ended.stderr.starts_with("error: "), "{args:?}: {}", ended.stderr);
    assert!(ended.stderr.contains(says), "{args:?} does not say “{says}”: {}", ended.stderr);
    for leak in ["SELECT ", "INSERT ", "panicked", "struct ", "diesel", "i32", "i64"] {
        assert!(!ended.stderr.contains(leak), "{args:?} shows “{leak}”: {}", ended.stderr);
    }
    ended
}

#[test]
fn what_cannot_be_used_is_refused_and_leaves_nothing_behind() {
    on_both(|url, dir| {
        let cli = Cli::on(dir, url);
        for name in ["blog", "other"] {
            cli.ok(&["account", "create", name, "--platform", "folder", "--setting", "site=s"]);
        }
        for title in ["waits", "is out", "free"] {
            cli.ok(&["content", "create", "--title", title, "--body", "x"]);
        }
        cli.ok(&["publish-pool", "add", "1", "--account", "blog", "--scheduled-at", "2999-01-01T00:00:00Z"]);
        cli.ok(&["publish-pool", "add", "2", "--account", "blog"]);
        cli.ok(&["scheduler", "trigger", "1"]);
        std::fs::write(dir.join("latin1.md"), b"# Caf\xe9\n").expect("written");
        std::fs::write(dir.join("two.md"), b"one\ntw\xff\n").expect("written");
        std::fs::write(dir.join("nul.md"), b"a\0b").expect("written");
        std::fs::write(dir.join("large.md"), "x".repeat(2 * 1024 * 1024 + 1)).expect("written");
        let lists = ["publish-pool", "content", "account", "scheduler", "token"];
        let counts = || lists.map(|group| cli.json(&[group, "list"])["total"].clone());
        let before = counts();
        for (args, code, says) in cases() {
            refused(&cli, args, code, says);
        }
        assert_eq!(counts(), before, "something was half done");
        let secret = ["account", "create", "x", "--platform", "webhook", "--credential"];
        for given in ["secret=hush-hush", "hush-hush", "secret=@hush-hush"] {
            let args = [&secret[..], &[given, "--setting", "url=http://a/"]].concat();
            let told = cli.run(&args).expect_code(2);
            let shown = told.stderr.contains("hush-hush") && !given.contains('@');
            assert!(!shown, "a secret is never repeated: {}", told.stderr);
        }
    });
}

/// Arguments, exit code, something that is said.
#[rustfmt::skip]
fn cases() -> Vec<(&'static [&'static str], i32, &'static str)> {
    vec![
        (&["publish-pool", "add", "3", "--account", "blog", "--priority", "0"], 2, "from 1 (first) to 10 (last), not 0"),
        (&["publish-pool", "add", "3", "--account", "blog", "--priority", "11"], 2, "from 1 (first) to 10 (last), not 11"),
        (&["publish-pool", "add", "3", "--account", "blog", "--priority", "x"], 2, "“x” is no number"),
        (&["publish-pool", "add", "3", "--account", "blog", "--scheduled-at", "soon"], 2, "2026-02-06 12:00:00"),
        (&["publish-pool", "add", "3", "--account", "blog", "--scheduled-at", "2026-02-30 12:00:00"], 2, "“2026-02-30 12:00:00”"),
        (&["publish-pool", "add", "3", "--account", "blog", "--scheduled-at", "1969-01-01T00:00:00Z"], 2, "1970"),
        (&["publish-pool", "add", "3", "--account", "blog", "--max-retries", "1001"], 2, "from 0 to 1000"),
        (&["publish-pool", "add", "3", "--account", "blog", "--max-retries=-1"], 2, "from 0 to 1000"),
        (&["publish-pool", "add", "3", "--account", "blog", "--late-after-seconds", "0"], 2, "from 1 to 31622400"),
        (&["publish-pool", "add", "3"], 2, "1 (blog), 2 (other)"),
        (&["publish-pool", "add", "3", "--account", "nobody"], 1, "there is no account nobody"),
        (&["account", "show", "blgo"], 1, "there is no account blgo; did you mean “blog”?"),
        (&["account", "show", "nobody"], 1, "hint: contenthub account list"),
        (&["account", "create", "x", "--platform", "webhok"], 2, "; did you mean “webhook”?"),
        (&["account", "create", "x"], 2, "--platform"),
        (&["account", "create"], 2, "on a terminal"),
        (&["scheduler", "create"], 2, "on a terminal"),
        (&["publish-pol", "list"], 2, "publish-pool"),
        (&["publish-pool", "add", "999"], 1, "there is no content 999"),
        (&["publish-pool", "add", "x"], 2, "'x'"),
        (&["publish-pool", "add", "99999999999999999999"], 2, "99999999999999999999"),
        (&["publish-pool", "add", "1", "--account", "blog"], 1, "entry 1"),
        (&["publish-pool", "add", "2", "--account", "blog"], 1, "already published"),
        (&["publish-pool", "add", "2", "--account", "blog"], 1, "hint: "),
        (&["publish-pool", "show", "999"], 1, "there is no entry 999"),
        (&["publish-pool", "schedule", "1", "whenever"], 2, "“whenever”"),
        (&["publish-pool", "set-priority", "1", "0"], 2, "from 1"),
        (&["publish-pool", "cancel", "2"], 1, "published"),
        (&["publish-pool", "retry", "1"], 1, "pending"),
        (&["publish-pool", "resolve", "1", "--published"], 1, "pending"),
        (&["publish-pool", "resolve", "1"], 2, "--published"),
        (&["publish-pool", "resolve", "1", "--published", "--retry"], 2, "--retry"),
        (&["publish-pool", "resolve", "1", "--retry", "--url", "http://a/"], 2, "--url"),
        (&["publish-pool", "resolve", "1", "--failed", "--media-id", "m"], 2, "--media-id"),
        (&["publish-pool", "list", "--status", "open"], 2, "pending"),
        (&["publish-pool", "list", "--page", "0"], 2, "page: must be 1 or more"),
        (&["publish-pool", "list", "--page-size", "201"], 2, "from 1 to 200"),
        (&["publish-pool", "stats", "--account", "nobody"], 1, "there is no account nobody"),
        (&["content", "create", "--title", "x"], 2, "--body"),
        (&["content", "create", "--title", "", "--body", "x"], 2, "title: must not be empty"),
        (&["content", "create", "--title", "x", "--body-file", "missing.md"], 2, "missing.md: "),
        (&["content", "create", "--title", "x", "--body-file", "."], 2, ".: "),
        (&["content", "create", "--title", "x", "--body-file", "latin1.md"], 2, "latin1.md:1: not UTF-8"),
        (&["content", "create", "--title", "x", "--body-file", "two.md"], 2, "two.md:2: not UTF-8"),
        (&["content", "create", "--title", "x", "--body-file", "nul.md"], 2, "body: holds the character U+0000"),
        (&["content", "create", "--title", "x", "--body-file", "large.md"], 2, "large.md is larger than 2097152 bytes"),
        (&["content", "create", "--title", "x", "--body", "x", "--account", "nobody"], 1, "there is no account nobody"),
        (&["content", "delete", "1"], 1, "1"),
        (&["content", "show", "999"], 1, "there is no content 999"),
        (&["account", "create", "x", "--platform", "myspace"], 2, "webhook, folder"),
        (&["account", "create", "x", "--platform", "webhook"], 2, "settings.url: is missing"),
        (&["account", "create", "x", "--platform", "webhook", "--setting", "url=nonsense"], 2, "settings.url: “nonsense” is no address"),
        (&["account", "create", "x", "--platform", "webhook", "--setting", "url"], 2, "NAME=VALUE"),
        (&["account", "create", "x", "--platform", "webhook", "--setting", "url=http://a/", "--setting", "color=1"], 2, "settings.color"),
        (&["account", "create", "x", "--platform", "webhook", "--setting", "url=http://a/", "--setting", "deduplicates=perhaps"], 2, "true or false"),
        (&["account", "create", "x", "--platform", "folder", "--setting", "site=../up"], 2, "settings.site"),
        (&["account", "create", "x", "--platform", "folder", "--zone", "Mars"], 2, "Asia/Shanghai"),
        (&["account", "create", "x", "--platform", "folder", "--at-once", "0"], 2, "from 1 to 1024"),
        (&["account", "create", "x", "--platform", "folder", "--window", "soon"], 2, "windows[0]: “soon” is no window"),
        (&["account", "create", "x", "--platform", "folder", "--spacing-seconds", "5m"], 2, "a whole number, or none"),
        (&["account", "update", "blog", "--window", "none", "--window", "08:00-23:00"], 2, "windows[0]: “none” is no window"),
        (&["account", "update", "blog", "--window", ""], 2, "windows[0]"),
        (&["account", "update", "blog", "--spacing-seconds=-1"], 2, "spacing_seconds: must be from 0 to 31622400"),
        (&["account", "update", "blog", "--daily-cap", "0"], 2, "daily_cap: must be from 1 to 1000000"),
        (&["account", "update", "blog", "--give-up-after-seconds", "none"], 2, "none"),
        (&["account", "update", "blog", "--give-up-after-seconds", "59"], 2, "from 60"),
        (&["account", "update", "blog", "--late-after-seconds", "0"], 2, "late_after_seconds: must be from 1"),
        (&["account", "create", "x", "--platform", "folder", "--on-unknown", "maybe"], 2, "ask"),
        (&["account", "create", "blog", "--platform", "folder"], 1, "named “blog” already"),
        (&["account", "create", "x", "--platform", "webhook", "--credential", "secret=@missing"], 2, "missing: "),
        (&["account", "delete", "blog"], 1, "still has entries"),
        (&["account", "suspend", "blog", "--reason", ""], 2, "reason"),
        (&["account", "suspend", "blog", "--reason", "x", "--until", "y"], 2, "“y”"),
        (&["account", "resume", "nobody"], 1, "there is no account nobody"),
        (&["scheduler", "create", "--name", "x"], 2, "--interval"),
        (&["scheduler", "create", "--name", "x", "--interval", "0"], 2, "from 1 to 31622400"),
        (&["scheduler", "create", "--name", "x", "--interval", "5m"], 2, "5m"),
        (&["scheduler", "create", "--name", "x", "--interval", "5", "--type", "dancing"], 2, "publishing"),
        (&["scheduler", "create", "--name", "x", "--on-due", "--next-run", "2999-01-01T00:00:00Z"], 2, "on_due"),
        (&["scheduler", "create", "--name", "x", "--interval", "5", "--cron", "0 9 * * *"], 2, "cannot be used with"),
        (&["scheduler", "create", "--name", "x", "--cron", "61 * * * *"], 2, "cron: minute (column 1 of “61 * * * *”): 61 is not from 0 to 59; did you mean 59 * * * *?"),
        (&["scheduler", "create", "--name", "x", "--cron", "0 0 30 2 *"], 2, "never fires: none of its months has a day 30"),
        (&["scheduler", "create", "--name", "x", "--cron", "0 9 * * *", "--timezone", "Mars"], 2, "Asia/Shanghai"),
        (&["scheduler", "create", "--name", "x", "--cron", "0 9 * * *", "--next-run", "2999-01-01T00:00:00Z"], 2, "next_run"),
        (&["scheduler", "create", "--name", "x", "--run-at", "2020-01-01 09:00"], 2, "run_at: must lie in the future"),
        (&["scheduler", "create", "--name", "x", "--run-at", "tomorrow"], 2, "run_at: “tomorrow”"),
        (&["scheduler", "update", "1", "--cron", "* *"], 2, "it has 2 fields"),
        (&["scheduler", "update", "1", "--interval", "5", "--on-due"], 2, "cannot be used with"),
        (&["scheduler", "update", "1", "--timezone", "Mars"], 2, "Asia/Shanghai"),
        (&["scheduler", "create", "--name", "publish when due", "--interval", "5"], 1, "already"),
        (&["scheduler", "trigger", "999"], 1, "there is no task 999"),
        (&["scheduler", "trigger", "publish when deu"], 1, "; did you mean “publish when due”?"),
        (&["scheduler", "history", "999"], 1, "there is no task 999"),
        (&["scheduler", "enable", "999"], 1, "there is no task 999"),
        (&["publisher", "show", "999"], 1, "there is no log row 999"),
        (&["publisher", "history", "--status", "done"], 2, "published"),
        (&["token", "create", "--name", "x", "--role", "boss"], 2, "viewer"),
        (&["token", "create", "--name", "", "--role", "viewer"], 2, "1 to 100"),
        (&["token", "revoke", "999"], 1, "there is no token 999"),
        (&["publish"], 2, "'publish'"),
        (&["publish-pool", "frobnicate"], 2, "'frobnicate'"),
        (&["publish-pool", "list", "--frobnicate"], 2, "'--frobnicate'"),
        (&["publish-pool", "list", "--output", "xml"], 2, "json"),
    ]
}

/// What is wrong with the settings is told with where it stands, before anything is started or made.
#[test]
fn broken_settings_start_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("contenthub.toml");
    let cli = Cli::in_dir(dir.path());
    let untouched = || !dir.path().join("data").exists();
    for (text, place, says) in [
        ("listen = ", "contenthub.toml line 1", "listen"),
        ("timezone = \"UTC\"\nconcurency = 3\n", "contenthub.toml line 2", "concurency: is not known here"),
        ("# mine\n\nlease_seconds = 1\n", "contenthub.toml line 3", "lease_seconds"),
        (
            "lease_seconds = \"long\"",
            "contenthub.toml line 1",
            "lease_seconds: must be a whole number, not “long”",
        ),
        ("concurrency = 1025", "contenthub.toml line 1", "from 1 to 1024, not 1025"),
        ("timezone = \"Mars\"", "contenthub.toml line 1", "“Mars” is no time zone"),
        ("listen = \"here\"", "contenthub.toml line 1", "“here” is no address"),
        ("\nreview_required = 1", "contenthub.toml line 2", "review_required: must be true or false"),
        ("body_max_bytes = 0", "contenthub.toml line 1", "body_max_bytes"),
        ("submitted_max_hours = 0", "contenthub.toml line 1", "submitted_max_hours"),
        ("behind_proxy = \"X Forwarded\"", "contenthub.toml line 1", "write it like X-Forwarded-For"),
        ("\npublic_url = \"hub.example\"", "contenthub.toml line 2", "write it like https://hub.example"),
        ("cors_origins = \"https://a.example, *\"", "contenthub.toml line 1", "“*” is no origin"),
        ("tls_key = \"key.pem\"", "contenthub.toml line 1", "set tls_cert too"),
        ("connections_max = 0", "contenthub.toml line 1", "from 1 to 1000000, not 0"),
        ("platform_pause_seconds = 301", "contenthub.toml line 1", "platform_pause_seconds"),
        ("\noutbound_allow = [\"10.0.0.1/8\"]", "contenthub.toml line 2", "write 10.0.0.0/8"),
        ("outbound_allow = [\"http://nas.lan\"]", "contenthub.toml line 1", "“http://nas.lan” is no address"),
        ("outbound_allow = \"::1\"", "contenthub.toml line 1", "outbound_allow: must be a list, not “::1”"),
        ("database_url = \"mysql://me:hush@h/d\"", "contenthub.toml line 1", "mysql://me@h/d"),
        (
            "database_url = \"host=h password=hush\"",
            "contenthub.toml line 1",
            "use postgres://USER@HOST/NAME",
        ),
        ("listen = \"127.0.0.1:1\"\nlisten = \"127.0.0.1:2\"", "contenthub.toml line 2", "listen"),
        ("[server]\nlisten = \"x\"", "contenthub.toml line 1", "server"),
    ] {
        std::fs::write(&file, text).expect("written");
        for args in [
            &["serve"][..],
            &["publish-pool", "list"],
            &["db", "migrate"],
            &["config", "show"],
            &["serve", "--demo"],
        ] {
            let told = refused(&cli, args, 2, place);
            assert!(told.stderr.contains(says), "{text}: {}", told.stderr);
            assert!(!told.stderr.contains("hush"), "{}", told.stderr);
        }
        assert!(untouched(), "{text}: something was started");
    }
    std::fs::write(&file, b"timezone = \"\xff\"").expect("written");
    refused(&cli, &["serve"], 2, "contenthub.toml");
    std::fs::remove_file(&file).expect("removed");
    for (name, value, says) in [
        ("CONTENTHUB_CONCURRENCY", "0", "concurrency"),
        ("CONTENTHUB_CONCURRENCY", "many", "many"),
        ("CONTENTHUB_TIMEZONE", "Mars", "“Mars”"),
        ("CONTENTHUB_LISTEN", "here", "“here”"),
        ("CONTENTHUB_LEASE_SECONDS", "1", "from 2 to 3600"),
        ("CONTENTHUB_GRACE_SECONDS", "601", "from 0 to 600"),
        ("CONTENTHUB_REVIEW_REQUIRED", "perhaps", "perhaps"),
        ("CONTENTHUB_BODY_MAX_BYTES", "0", "body_max_bytes"),
        ("CONTENTHUB_TLS_CERT", "cert.pem", "set tls_key too"),
        ("CONTENTHUB_BEHIND_PROXY", "", "X-Forwarded-For"),
        ("CONTENTHUB_REQUESTS_PER_MINUTE", "-1", "from 0 to 1000000"),
        ("CONTENTHUB_OUTBOUND_ALLOW", "::1,nas lan", "“nas lan” is no address"),
        ("CONTENTHUB_DATABASE_URL", "mysql://h/d", "mysql://h/d"),
        ("CONTENTHUB_DATABASE_URL", "host=h password=hush", "use postgres://USER@HOST/NAME"),
        ("CONTENTHUB_CONFIG", "missing.toml", "missing.toml"),
        ("CONTENTHUB_SECRET_KEY", "hush", "64 hex digits"),
        ("CONTENTHUB_SECRET_KEY", "", "CONTENTHUB_SECRET_KEY"),
    ] {
        let told = refused(&cli.clone().env(name, value), &["publish-pool", "list"], 2, says);
        assert!(!told.stderr.contains("hush"), "{}", told.stderr);
        assert!(untouched(), "{name}={value}: something was started");
    }
    refused(&cli, &["--lease-seconds", "0", "publish-pool", "list"], 2, "from 2 to 3600");
    refused(&cli, &["publish-pool", "list", "--timezone", "Mars"], 2, "“Mars”");
    assert!(untouched());
}

/// Flags go before variables, variables before the file, the file before defaults; and nothing secret is shown.
#[test]
fn settings_are_shown_with_their_origin() {
    let dir = tempfile::tempdir().expect("a folder");
    let text = "timezone = \"Asia/Shanghai\"\nconcurrency = 3\nlease_seconds = 30\nhead_max_seconds = 7\n";
    std::fs::write(dir.path().join("contenthub.toml"), text).expect("written");
    let cli = Cli::in_dir(dir.path())
        .env("CONTENTHUB_CONCURRENCY", "5")
        .env("CONTENTHUB_LEASE_SECONDS", "40")
        .env("CONTENTHUB_CORS_ORIGINS", "https://app.example")
        .env("CONTENTHUB_SECRET_KEY", "hush")
        .env("CONTENTHUB_DATABASE_URL", "postgres://me:hush@h/d?password=hush");
    let settings = cli.json(&["config", "show", "--lease-seconds", "50"]);
    let shown = |key: &str| {
        let setting = settings.as_array().expect("a list").iter().find(|setting| setting["key"] == key);
        let setting = setting.unwrap_or_else(|| panic!("no {key} in {settings}"));
        format!(
            "{} {}",
            setting["value"].as_str().unwrap_or_default(),
            setting["from"].as_str().unwrap_or_default()
        )
    };
    assert_eq!(shown("lease_seconds"), "50 flag or environment");
    assert_eq!(shown("concurrency"), "5 flag or environment");
    assert_eq!(shown("timezone"), "Asia/Shanghai contenthub.toml line 1");
    assert_eq!(shown("listen"), "127.0.0.1:8080 default");
    assert_eq!(shown("body_max_bytes"), "8388608 default");
    assert_eq!(shown("tls_cert"), "none default");
    assert_eq!(shown("cors_origins"), "https://app.example flag or environment");
    assert_eq!(shown("head_max_seconds"), "7 contenthub.toml line 4");
    assert_eq!(shown("requests_per_minute"), "0 default");
    assert_eq!(shown("submitted_max_hours"), "24 default");
    assert_eq!(shown("platform_pause_seconds"), "30 default");
    assert_eq!(shown("outbound_allow"), "127.0.0.0/8, ::1 default");
    assert_eq!(shown("database_url"), "postgres://me@h/d flag or environment");
    let table = cli.ok(&["config", "show"]);
    assert!(table.contains("timezone") && !table.contains("hush"), "{table}");
    assert!(!dir.path().join("data").exists(), "looking makes nothing");
}

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

/// Each command explains itself.
#[test]
fn every_command_has_help() {
    let dir = tempfile::tempdir().expect("a folder");
    let cli = Cli::in_dir(dir.path());
    let top = cli.ok(&["--help"]);
    assert_eq!(
        commands_in(&top).join(" "),
        "serve scheduler publish-pool content account publisher status doctor token audit key bench config db completions man help"
    );
    let mut waiting: Vec<Vec<String>> = vec![Vec::new()];
    let mut seen = 0;
    while let Some(path) = waiting.pop() {
        let args: Vec<&str> = path.iter().map(String::as_str).collect();
        let help = cli.ok(&[&args[..], &["--help"]].concat());
        let about = help.lines().next().unwrap_or_default();
        assert!(about.len() > 12 && !about.starts_with("Usage:"), "{path:?} explains nothing: {help}");
        assert!(help.contains("Usage: contenthub"), "{path:?}: {help}");
        seen += 1;
        let below = commands_in(&help).into_iter().filter(|name| name != "help");
        waiting.extend(below.map(|name| [&path[..], &[name]].concat()));
    }
    assert!(seen > 40, "only {seen} commands");
    for (shell, sign) in
        [("bash", "_contenthub()"), ("zsh", "#compdef contenthub"), ("fish", "complete -c contenthub")]
    {
        let script = cli.ok(&["completions", shell]);
        assert!(script.contains(sign) && script.contains("publish-pool"), "{shell}");
    }
    refused(&cli, &["completions", "tcsh"], 2, "bash");
    assert!(cli.ok(&["--version"]).starts_with("contenthub "));
    assert!(!Path::new(dir.path()).join("data").exists(), "help makes nothing");
}

/// The names under “Commands:”.
fn commands_in(help: &str) -> Vec<String> {
    let Some((_, rest)) = help.split_once("Commands:\n") else { return Vec::new() };
    let lines = rest.lines().take_while(|line| !line.trim().is_empty());
    // A description that is wrapped is indented further than the names are.
    let names = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names.filter_map(|line| line.split_whitespace().next().map(str::to_owned)).collect()
}

/// Both have a number of posts at once, and a zone.
#[test]
fn a_setting_of_the_program_is_not_taken_for_one_of_an_account() {
    let dir = tempfile::tempdir().expect("a folder");
    let cli = Cli::in_dir(dir.path());
    cli.ok(&["account", "create", "blog", "--platform", "folder"]);
    let before = cli.json(&["account", "show", "blog"]);
    refused(&cli, &["account", "update", "blog", "--concurrency", "10"], 2, "--at-once");
    refused(&cli, &["account", "update", "blog", "--timezone", "Asia/Shanghai"], 2, "--zone");
    refused(&cli, &["account", "create", "x", "--platform", "folder", "--concurrency", "9"], 2, "--at-once");
    assert_eq!(cli.json(&["account", "show", "blog"]), before);
    let changed = cli.json(&["account", "update", "blog", "--at-once", "10", "--zone", "Asia/Shanghai"]);
    assert_eq!((&changed["concurrency"], &changed["timezone"]), (&json!(10), &json!("Asia/Shanghai")));
}
