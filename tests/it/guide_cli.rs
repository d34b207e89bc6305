//! The guide, sections 2 to 7, over the command line: it works on the database itself, with and without a server.

use crate::support::command::{Cli, Server};
use crate::support::on_both;
use crate::support::product::*;
use crate::support::receiver::{Answer, Receiver};
use serde_json::{Value, json};
use std::path::Path;

/// Without a server: from an account to the log. The examples of DESIGN's section 7 are used as they are written.
#[test]
fn the_guide_from_account_to_log() {
    on_both(|url, dir| {
        let (cli, receiver) = (Cli::on(dir, url), Receiver::start());
        making_an_account_and_contents(&cli, &receiver, dir);
        let mixed = adding(&cli, &receiver);
        looking_at_the_pool(&cli, &mixed);
        making_a_task(&cli);
        let report = triggering(&cli, &mixed);
        looking_back(&cli, &mixed, &report);
    });
}

fn making_an_account_and_contents(cli: &Cli, receiver: &Receiver, dir: &Path) {
    let secret = "secret=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let url = format!("url={}", receiver.url("/blog"));
    let create =
        ["account", "create", "blog", "--platform", "webhook", "--setting", &url, "--credential", secret];
    let made = cli.run(&create).expect_code(0);
    assert_eq!(made.stdout, "Account 1 “blog” was created.\n");
    assert!(made.stderr.contains("deduplicates"), "it points out what the receiver must do: {}", made.stderr);
    std::fs::write(dir.join("secret.txt"), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n").expect("written");
    let blind = ["account", "create", "blind", "--platform", "webhook", "--setting", "deduplicates=false"];
    let url = format!("url={}", receiver.url("/blind"));
    let blind = cli.json(&[&blind[..], &["--setting", &url, "--credential", "secret=@secret.txt"]].concat());
    has_at_least(&blind, ACCOUNT);
    assert_eq!(
        (&blind["settings"]["deduplicates"], &blind["credentials_set"]),
        (&json!(false), &json!(["secret"]))
    );
    let from_stdin = cli.clone().stdin("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n");
    let url = format!("url={}", receiver.url("/shut"));
    let shut =
        ["account", "create", "shut", "--platform", "webhook", "--setting", &url, "--credential", "secret=-"];
    assert_eq!(from_stdin.json(&shut)["credentials_set"], json!(["secret"]));
    let until = ["account", "suspend", "shut", "--reason", "on holiday", "--until", "2999-02-06 12:00:00"];
    assert_eq!(cli.json(&until)["suspended_until"], "2999-02-06T12:00:00.000000Z");
    // A title may look like a number: the setting's own type says what it is.
    let folder =
        ["account", "create", "site", "--platform", "folder", "--setting", "title=2026", "--disabled"];
    let folder = cli.json(&[&folder[..], &["--zone", "Asia/Tokyo", "--at-once", "3"]].concat());
    assert_eq!((&folder["settings"]["title"], &folder["enabled"]), (&json!("2026"), &json!(false)));
    assert_eq!((&folder["timezone"], &folder["concurrency"]), (&json!("Asia/Tokyo"), &json!(3)));

    std::fs::write(dir.join("a.md"), "# 你好\n").expect("written");
    let create = ["content", "create", "--title", "好文章", "--body-file", "a.md", "--account", "blog"];
    assert_eq!(cli.ok(&create), "Content 1 “好文章” was created.\n");
    let content = cli.json(&["content", "show", "1"]);
    has_fields(&content, CONTENT);
    assert_eq!((&content["body"], &content["account_id"]), (&json!("# 你好\n"), &json!(1)));
    for title in ["rejected", "breaks", "who knows", "shut 1", "shut 2", "later"] {
        cli.ok(&["content", "create", "--title", title, "--body", "text"]);
    }
    // What a title holds is no order to the terminal that shows it.
    let said = cli.ok(&["content", "create", "--title", "\u{1b}[2Jx", "--body", "x"]);
    assert_eq!(said, "Content 8 “\u{fffd}[2Jx” was created.\n");
    assert!(!cli.ok(&["content", "list"]).contains('\u{1b}'));
    assert_eq!(cli.json(&["content", "show", "8"])["title"], "\u{1b}[2Jx");
}

/// Section 3.
fn adding(cli: &Cli, receiver: &Receiver) -> Mixed {
    let script = |title: &str, answer: Answer| receiver.on_title(title, [answer]);
    script("好文章", Answer::published("m-1", "https://blog.example/1"));
    script("rejected", Answer::status(422).body("no such category"));
    script("breaks", Answer::status(500));
    script("who knows", Answer::status(502));
    cli.ok(&["scheduler", "disable", "1"]);
    let add = ["publish-pool", "add", "1", "--priority", "1", "--scheduled-at", "2020-02-06 12:00:00"];
    let said = cli.ok(&add);
    assert_eq!(said, "Entry 1: content 1 goes out on account 1 now with priority 1.\n");
    let entry = cli.json(&["publish-pool", "show", "1"]);
    has_fields(&entry, &format!("{ENTRY}, explanation"));
    assert_eq!(entry["scheduled_at"], "2020-02-06T12:00:00.000000Z", "UTC unless told otherwise");
    let add = |content: &str, account: &str, more: &[&str]| {
        let entry = cli.json(&[&["publish-pool", "add", content, "--account", account], more].concat());
        id(&entry)
    };
    let mixed = Mixed {
        published: 1,
        rejected: add("2", "blog", &[]),
        to_retry: add("3", "1", &["--scheduled-at", "2020-02-06T20:00:00+08:00"]),
        uncertain: add("4", "blind", &["--max-retries", "7"]),
        shut: vec![add("5", "shut", &[]), add("6", "shut", &[])],
        shut_account: 3,
    };
    // A time without an offset is one of the configured zone, and is told in it.
    let shanghai = cli.clone().env("CONTENTHUB_TIMEZONE", "Asia/Shanghai");
    let later = ["publish-pool", "add", "7", "--account", "blog", "--scheduled-at", "2999-02-06 20:00:00"];
    let said = shanghai.ok(&later);
    assert!(said.contains(" at 2999-02-06T20:00:00+08:00 "), "{said}");
    assert_eq!(cli.json(&["publish-pool", "show", "7"])["scheduled_at"], "2999-02-06T12:00:00.000000Z");
    mixed
}

/// Section 4.
fn looking_at_the_pool(cli: &Cli, mixed: &Mixed) {
    let list = cli.json(&["publish-pool", "list"]);
    has_fields(&list, PAGE);
    assert_eq!(list["total"], 7);
    for (filter, expected) in [
        (&["--status", "pending"][..], 7),
        (&["--account", "shut"], 2),
        (&["--priority", "1"], 1),
        (&["--due"], 6),
        (&["--content", "3"], 1),
        (&["--page", "2", "--page-size", "5"], 7),
    ] {
        let list = cli.json(&[&["publish-pool", "list"], filter].concat());
        assert_eq!(list["total"], expected, "{filter:?}");
    }
    let table = cli.ok(&["publish-pool", "list"]);
    let head = table.lines().next().unwrap_or_default();
    assert!(head.contains("ID") && head.contains("STATUS") && head.contains("PRIO"), "{table}");
    assert!(table.lines().count() >= 8, "a line an entry, at least: {table}");
    let csv = cli.ok(&["publish-pool", "list", "--output", "csv"]);
    assert!(csv.starts_with("id,content_id,account_id,status,priority,due_at,"), "{csv}");
    assert_eq!(csv.lines().count(), 8);
    let stats = cli.json(&["publish-pool", "stats"]);
    has_fields(&stats, STATS);
    let counted = ["total", "pending", "due_now", "published"].map(|name| stats[name].as_i64());
    assert_eq!(counted, [7, 7, 6, 0].map(Some));
    assert_eq!(cli.json(&["publish-pool", "stats", "--account", "shut"])["total"], 2);
    // Changing one's mind.
    let third = mixed.to_retry.to_string();
    assert_eq!(cli.json(&["publish-pool", "set-priority", &third, "3"])["priority"], 3);
    let moved = cli.json(&["publish-pool", "schedule", "7", "2998-01-01T00:00:00Z"]);
    assert_eq!(moved["due_at"], "2998-01-01T00:00:00.000000Z");
    assert!(moved["waiting_for"].as_str().is_some_and(|why| why.contains("2998-01-01")), "{moved}");
    let shut = cli.json(&["publish-pool", "show", &mixed.shut[0].to_string()]);
    assert!(shut["waiting_for"].as_str().is_some_and(|why| why.contains("on holiday")), "{shut}");
    assert_eq!(cli.json(&["publish-pool", "cancel", "7"])["status"], "cancelled");
    cli.ok(&["publish-pool", "remove", "7"]);
}

/// Section 2.
fn making_a_task(cli: &Cli) {
    let create =
        ["scheduler", "create", "--name", "auto publish", "--type", "publishing", "--interval", "300"];
    let said = cli.ok(&create);
    assert!(said.starts_with("Task 2 “auto publish” was created: every 5 minutes; next run: 2"), "{said}");
    has_fields(&cli.json(&["scheduler", "show", "2"]), INTERVAL_TASK);
    let tasks = cli.json(&["scheduler", "list"]);
    has_fields(&tasks, PAGE);
    let shown: Vec<(&Value, &Value)> =
        tasks["items"].as_array().expect("a list").iter().map(|it| (&it["name"], &it["enabled"])).collect();
    assert_eq!(shown, [(&json!("publish when due"), &json!(false)), (&json!("auto publish"), &json!(true))]);
    assert!(cli.ok(&["scheduler", "list"]).contains("auto publish"));
    assert_eq!(cli.json(&["scheduler", "update", "2", "--interval", "600"])["interval_seconds"], 600);
    cli.ok(&["scheduler", "disable", "2"]);
    assert_eq!(cli.json(&["scheduler", "show", "2"])["next_run"], Value::Null);
    cli.ok(&["scheduler", "enable", "2"]);
    assert_ne!(cli.json(&["scheduler", "show", "2"])["next_run"], Value::Null);
}

/// Section 5: the report, and what the exit code says of it.
fn triggering(cli: &Cli, mixed: &Mixed) -> Value {
    let ran = cli.run(&["scheduler", "trigger", "2", "--output", "json"]).expect_code(3);
    let report = ran.json();
    is_the_mixed_report(&report, 2, mixed);
    for entry in &mixed.shut {
        cli.ok(&["publish-pool", "remove", &entry.to_string()]);
    }
    let ran = cli.run(&["scheduler", "trigger", "2"]).expect_code(0);
    assert!(ran.stdout.starts_with("No pending entries to publish\n"), "{}", ran.stdout);
    cli.ok(&["account", "resume", "shut"]);
    cli.ok(&["publish-pool", "add", "5", "--account", "shut"]);
    let ran = cli.run(&["scheduler", "trigger", "1"]).expect_code(0);
    assert!(ran.stdout.starts_with("Publishing completed: 1 succeeded, 0 failed\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains("published"), "{}", ran.stdout);
    report
}

/// Sections 2 and 7.
fn looking_back(cli: &Cli, mixed: &Mixed, report: &Value) {
    let history = cli.json(&["scheduler", "history", "2"]);
    has_fields(&history, PAGE);
    assert_eq!(history["total"], 2);
    let first = &history["items"][1];
    has_fields(first, EXECUTION);
    assert_eq!((&first["report"], &first["trigger"]), (report, &json!("cli")));
    assert!(cli.ok(&["scheduler", "history", "2"]).contains("1 succeeded"));
    let log = cli.json(&["publisher", "history", "--content", "1"]);
    has_fields(&log, PAGE);
    let row = &log["items"][0];
    has_at_least(row, LOG);
    assert_eq!((&row["status"], &row["media_id"]), (&json!("published"), &json!("m-1")));
    assert_eq!(&cli.json(&["publisher", "show", &row["id"].to_string()]), row);
    for (filter, expected) in [
        (["--account", "blog"], 3),
        (["--status", "failed"], 2),
        (["--entry", &mixed.uncertain.to_string()], 1),
        (["--execution", &first["id"].to_string()], 4),
    ] {
        let log = cli.json(&[&["publisher", "history"], &filter[..]].concat());
        assert_eq!(log["total"], expected, "{filter:?}");
    }
    // An entry that nobody can tell about is for a person; each of the three answers.
    let uncertain = mixed.uncertain.to_string();
    let out = ["publish-pool", "resolve", &uncertain, "--published", "--url", "https://blog.example/9"];
    let resolved = cli.json(&out);
    assert_eq!(
        (&resolved["status"], &resolved["url"]),
        (&json!("published"), &json!("https://blog.example/9"))
    );
    cli.run(&["publish-pool", "resolve", &uncertain, "--retry"]).expect_code(1);
    cli.run(&["publish-pool", "resolve", &uncertain, "--failed"]).expect_code(1);
    let rejected = mixed.rejected.to_string();
    assert_eq!(cli.json(&["publish-pool", "retry", &rejected])["status"], "pending");
    assert_eq!(cli.json(&["publish-pool", "clear"])["removed"], 3);
    let refused = cli.run(&["publish-pool", "add", "1"]).expect_code(1);
    assert!(
        refused.stderr.contains("already published") && refused.stderr.contains("again"),
        "{}",
        refused.stderr
    );
    assert_eq!(refused.stdout, "", "errors go to stderr");
    cli.ok(&["publish-pool", "add", "1", "--again"]);
}

/// A server runs, and the command line says what it is to publish: it goes out at once, and at its interval.
#[test]
fn a_running_server_publishes_what_commands_add() {
    on_both(|url, dir| {
        let (cli, receiver) = (Cli::on(dir, url), Receiver::start());
        let mut server = Server::start(&cli, &[]);
        let token = cli.ok(&["token", "create", "--name", "laptop", "--role", "admin"]);
        assert!(token.trim().starts_with("cht_") && token.lines().count() == 1, "the token alone: {token}");
        server.use_token(token.trim());
        let url = format!("url={}", receiver.url("/blog"));
        cli.ok(&["account", "create", "blog", "--platform", "webhook", "--setting", &url]);
        cli.ok(&["content", "create", "--title", "one", "--body", "1", "--account", "blog"]);
        cli.ok(&["publish-pool", "add", "1"]);
        receiver.wait_for(1, SOON);
        cli.ok(&["scheduler", "disable", "1"]);
        cli.ok(&["scheduler", "create", "--name", "定时发布", "--interval", "1"]);
        cli.ok(&["content", "create", "--title", "two", "--body", "2"]);
        cli.ok(&["publish-pool", "add", "2"]);
        assert_eq!(receiver.wait_for(2, SOON)[1].title(), Some("two"));
        // A task that the server is running is triggered by hand beside it: nothing goes out twice.
        cli.ok(&["content", "create", "--title", "three", "--body", "3"]);
        cli.ok(&["publish-pool", "add", "3"]);
        cli.run(&["scheduler", "trigger", "2"]).expect_code(0);
        receiver.wait_for(3, SOON);
        let answer = server.get("/api/v1/publish-pool/3").expect_status(200);
        assert_eq!(answer.body["status"], "published");
        assert_eq!(receiver.by_webhook_id().into_values().collect::<Vec<_>>(), [1, 1, 1]);
    });
}
