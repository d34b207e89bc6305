//! What people see: each command's exit code, stdout and stderr, at 80 columns on a terminal and in a pipe, in English
//! and in Chinese, kept as files in `snapshots`. `UPDATE_SNAPSHOTS=1` writes them anew, to be read before they are kept.

use crate::support::app::{account, add_as};
use crate::support::command::Cli;
use crate::support::pty::{OnTerminal, Stderr};
use contenthub::db::connection::connect;
use contenthub::db::database_url::DatabaseUrl;
use contenthub::operations::account::SuspendAccount;
use contenthub::{Addition, App, CreateContent, Settings};
use diesel::connection::SimpleConnection;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::Duration;

const DAY: u64 = 86_400;
/// A key of its own, so that its fingerprint is the same at each run.
const KEY: (&str, &str) =
    ("CONTENTHUB_SECRET_KEY", "abababababababababababababababababababababababababababababababab");

/// Accounts, contents and entries as they were three hours ago, with times that are days away, so that what is said of
/// them does not change while the test runs.
fn scene(dir: &Path) {
    let url = DatabaseUrl::in_data_dir(&dir.join("data"));
    let settings =
        Settings { database: url.clone(), ..Settings::in_dir(dir.join("data")).expect("settings") };
    let settings =
        Settings { secret_key: Some(contenthub::config::HiddenText(KEY.1.to_owned())), ..settings };
    let app = App::open(settings).expect("opened");
    let blog = account(&app, "blog", "folder", json!({}));
    let news = account(&app, "我的新闻", "folder", json!({}));
    let days = |count| app.now() + Duration::from_secs(count * DAY + 3600);
    add_as(&app, "A post that waits for its time", blog, |it| Addition {
        scheduled_at: Some(days(10)),
        ..it
    });
    add_as(&app, "你好，世界：一个中文标题", news, |addition| addition);
    add_as(&app, "The next one", news, |addition| addition);
    app.create_content(CreateContent::new("Without an entry", "# x")).expect("a content");
    let until = Some(days(3));
    app.run(SuspendAccount { id: news, reason: "the quota of this month is used".to_owned(), until })
        .expect("suspended");
    let columns = [
        ("accounts", "created_at"),
        ("accounts", "updated_at"),
        ("contents", "created_at"),
        ("contents", "updated_at"),
        ("publish_pool", "added_at"),
        ("publish_pool", "updated_at"),
    ];
    let mut conn = connect(&url).expect("connected");
    for (table, column) in columns {
        conn.batch_execute(&format!("UPDATE {table} SET {column} = {column} - 10800000000"))
            .expect("written");
    }
    let due = "UPDATE publish_pool SET due_at = due_at - 10800000000 WHERE scheduled_at IS NULL";
    conn.batch_execute(due).expect("written");
}

/// Text without what is different at each run; each thing keeps its width.
fn normalised(text: &str) -> String {
    let mut said = String::new();
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        match the_runs_own(rest) {
            Some((length, instead)) => {
                said.push_str(&instead);
                rest = &rest[length..];
            }
            None => {
                said.push(next);
                rest = &rest[next.len_utf8()..];
            }
        }
    }
    said
}

/// An instant, or an amount of room, at the beginning of a text.
fn the_runs_own(text: &str) -> Option<(usize, String)> {
    let fits = |form: &str| {
        let same = text.chars().zip(form.chars()).all(|(is, wanted)| match wanted {
            '0' => is.is_ascii_digit(),
            other => is == other,
        });
        (same && text.chars().count() >= form.len()).then(|| (form.len(), form.replace('0', "_")))
    };
    let digits = text.len() - text.trim_start_matches(|it: char| it.is_ascii_digit()).len();
    let amount = (digits > 0 && text[digits..].starts_with(" MiB")).then(|| (digits, "N".to_owned()));
    let files = (digits > 3
        && (text[digits..].starts_with(" files") || text[digits..].starts_with(" 个文件")))
    .then(|| (digits, "N".to_owned()));
    let version = "20260000000000";
    fits("0000-00-00T00:00:00.000000Z")
        .or_else(|| fits("0000-00-00"))
        .or_else(|| fits("00:00:00"))
        .or_else(|| fits("00:00"))
        .or_else(|| fits(version).filter(|_| text.starts_with("2026")))
        .or(amount)
        .or(files)
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/snapshots").join(format!("{name}.txt"))
}

/// One case in both places and languages, as its file has it.
fn shown(dir: &Path, args: &[&str]) -> String {
    let mut text = format!("$ contenthub {}\n", args.join(" "));
    for (language, locale) in [("English", "en_US.UTF-8"), ("Chinese", "zh_CN.UTF-8")] {
        let variables = [KEY, ("LANG", locale), ("NO_COLOR", "1"), ("CONTENTHUB_TIMEZONE", "Asia/Shanghai")];
        let terminal = OnTerminal::start(dir, &variables, 80, Stderr::ToAPipe, args).end();
        let cli = variables.iter().fold(Cli::in_dir(dir), |cli, (name, value)| cli.env(name, value));
        let piped = cli.run(args);
        for (place, (code, stdout, stderr)) in
            [("at 80 columns", terminal), ("in a pipe", (piped.code, piped.stdout, piped.stderr))]
        {
            let code = code.map_or("none".to_owned(), |code| code.to_string());
            let part = format!("\n==== {language}, {place}: exit code {code}\n{stdout}---- stderr\n{stderr}");
            text.push_str(&normalised(&part));
        }
    }
    text
}

#[test]
fn commands_say_what_their_snapshots_say() {
    let dir = tempfile::tempdir().expect("a folder");
    scene(dir.path());
    let cases: [(&str, &[&str]); 22] = [
        ("account-list", &["account", "list"]),
        ("content-list", &["content", "list"]),
        ("pool-list", &["publish-pool", "list"]),
        ("pool-list-csv", &["publish-pool", "list", "--output", "csv"]),
        ("pool-show-scheduled", &["publish-pool", "show", "1"]),
        ("pool-show-suspended", &["publish-pool", "show", "3"]),
        ("pool-show-unknown", &["publish-pool", "show", "99"]),
        ("pool-add-twice", &["publish-pool", "add", "1", "--account", "blog"]),
        ("scheduler-list", &["scheduler", "list"]),
        ("scheduler-create-bare", &["scheduler", "create", "--name", "x"]),
        ("status", &["status"]),
        ("doctor", &["doctor", "--offline"]),
        ("account-near-miss", &["account", "show", "blgo"]),
        ("command-near-miss", &["publish-pol", "list"]),
        ("task-types", &["scheduler", "task-types"]),
        ("db-check", &["db", "check"]),
        ("account-test", &["account", "test", "blog"]),
        ("zone-near-miss", &["account", "list", "--timezone", "Europe/Berln"]),
        ("help", &["-h"]),
        ("pool-add-help", &["publish-pool", "add", "-h"]),
        ("scheduler-create-help", &["scheduler", "create", "--help"]),
        ("wrong-database", &["account", "list", "--database-url", "mysql://localhost/x"]),
    ];
    let is_update = std::env::var_os("UPDATE_SNAPSHOTS").is_some();
    let mut wrong = Vec::new();
    for (name, args) in cases {
        let shown = shown(dir.path(), args);
        if is_update {
            std::fs::write(file(name), &shown).expect("written");
        }
        let kept = std::fs::read_to_string(file(name)).unwrap_or_default();
        if kept != shown {
            wrong.push(format!("{}:\n{}", file(name).display(), difference(&kept, &shown)));
        }
    }
    assert!(wrong.is_empty(), "UPDATE_SNAPSHOTS=1 writes them anew\n{}", wrong.join("\n"));
}

/// The lines that only one of the two has.
fn difference(kept: &str, shown: &str) -> String {
    let only = |one: &str, other: &str, sign: &str| -> String {
        let lines = one.lines().filter(|line| !other.lines().any(|it| it == *line));
        lines.map(|line| format!("{sign} {line}\n")).collect()
    };
    only(kept, shown, "-") + &only(shown, kept, "+")
}

/// What `docs/cli.md` says of each list's columns.
#[test]
fn csv_has_the_columns_that_are_documented() {
    let dir = tempfile::tempdir().expect("a folder");
    scene(dir.path());
    let cli = Cli::in_dir(dir.path()).env(KEY.0, KEY.1);
    let (mut seen, mut wrong) = (0, Vec::new());
    for line in include_str!("../../docs/cli.md").lines() {
        let [_, command, _, columns, _] = line.split('`').collect::<Vec<_>>()[..] else { continue };
        if !line.starts_with("| `") || !columns.contains(',') || command.contains('|') {
            continue;
        }
        let more: &[&str] = match command {
            "scheduler history" => &["1"],
            "doctor" => &["--offline"],
            _ => &[],
        };
        let args = [&command.split(' ').collect::<Vec<_>>()[..], more, &["--output", "csv"]].concat();
        let head = cli.ok(&args).lines().next().unwrap_or_default().to_owned();
        seen += 1;
        if head != columns {
            wrong.push(format!("{command}: {head}, not {columns}"));
        }
    }
    assert!(wrong.is_empty() && seen == 11, "{seen} lists; {wrong:?}");
}

#[test]
fn tables_fit_the_terminal_whatever_its_width() {
    let dir = tempfile::tempdir().expect("a folder");
    scene(dir.path());
    for columns in [50, 80, 120] {
        for args in
            [&["publish-pool", "list"][..], &["content", "list"], &["publish-pool", "show", "3"], &["status"]]
        {
            let variables = [KEY, ("NO_COLOR", "1")];
            let (code, text, _) =
                OnTerminal::start(dir.path(), &variables, columns, Stderr::ToAPipe, args).end();
            assert_eq!(code, Some(0), "{text}");
            // What can be pasted, with what is said above it, is not broken.
            for line in text.lines().filter(|line| !line.starts_with("  ") || args[1..] != ["show", "3"]) {
                let wide = line
                    .chars()
                    .map(|it| if it.is_ascii() || "“”→…".contains(it) { 1 } else { 2 })
                    .sum::<usize>();
                assert!(
                    wide <= usize::from(columns),
                    "{args:?} at {columns}: {wide} columns\n{line}\n{text}"
                );
            }
        }
    }
}

#[test]
fn colours_are_for_terminals_that_want_them() {
    let dir = tempfile::tempdir().expect("a folder");
    scene(dir.path());
    let list = ["publish-pool", "list"];
    let on_terminal = |variables: &[(&str, &str)]| {
        let variables = [&[KEY], variables].concat();
        OnTerminal::start(dir.path(), &variables, 80, Stderr::ToAPipe, &list).end().1
    };
    assert!(on_terminal(&[]).contains("\u{1b}["), "bold heads");
    for plain in [("NO_COLOR", "1"), ("CLICOLOR", "0"), ("TERM", "dumb")] {
        assert!(!on_terminal(&[plain]).contains('\u{1b}'), "{plain:?}");
    }
    let piped = Cli::in_dir(dir.path()).env(KEY.0, KEY.1);
    assert!(!piped.ok(&list).contains('\u{1b}'));
    assert!(piped.env("CLICOLOR_FORCE", "1").ok(&list).contains('\u{1b}'));
}

#[test]
fn a_reader_that_has_enough_is_no_error() {
    let dir = tempfile::tempdir().expect("a folder");
    scene(dir.path());
    let program = env!("CARGO_BIN_EXE_contenthub");
    for args in ["publish-pool list --output json", "scheduler list", "completions bash", "--help", "status"]
    {
        // Its output is closed before it writes.
        let script = format!("( sleep 0.2; {program} {args}; echo \"ended $?\" >&2 ) | true");
        let ended = std::process::Command::new("sh")
            .args(["-c", &script])
            .current_dir(dir.path())
            .env(KEY.0, KEY.1)
            .output()
            .expect("ran");
        assert_eq!(String::from_utf8_lossy(&ended.stderr), "ended 0\n", "{args}");
    }
}

#[test]
fn what_is_not_given_is_asked_for_on_a_terminal() {
    let dir = tempfile::tempdir().expect("a folder");
    let start =
        |args: &[&str]| OnTerminal::start(dir.path(), &[("NO_COLOR", "1")], 100, Stderr::ToTheTerminal, args);
    let mut asks = start(&["account", "create"]);
    asks.answer("Name of the account", "my blog\r");
    // The second platform: a folder.
    asks.answer("folder: ", "\u{1b}[B\r");
    asks.answer("site (", "essays\r");
    asks.answer("title (", "My essays\r");
    let (code, shown, _) = asks.end();
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("Account 1 “my blog” was created."), "{shown}");
    let cli = Cli::in_dir(dir.path());
    let made = cli.json(&["account", "show", "my blog"]);
    assert_eq!((&made["platform"], &made["settings"]["site"]), (&json!("folder"), &json!("essays")));

    let mut asks = start(&["scheduler", "create"]);
    asks.answer("Name of the task", "hourly\r");
    asks.answer("What does it do?", "\r");
    asks.answer("When does it run?", "\u{1b}[B\r");
    asks.answer("Seconds between runs", "0\r");
    asks.answer("must be a whole number from 1 to", "3600\r");
    let (code, shown, _) = asks.end();
    assert_eq!(code, Some(0), "{shown}");
    assert_eq!(cli.json(&["scheduler", "show", "2"])["interval_seconds"], 3600);
}

/// An answer that cannot be used is told at once, and what must be answered is asked first.
#[test]
fn answers_are_checked_as_they_are_given() {
    let dir = tempfile::tempdir().expect("a folder");
    let cli = Cli::in_dir(dir.path());
    cli.ok(&["account", "create", "taken", "--platform", "folder"]);
    let start =
        |args: &[&str]| OnTerminal::start(dir.path(), &[("NO_COLOR", "1")], 200, Stderr::ToTheTerminal, args);
    let mut asks = start(&["account", "create"]);
    asks.answer("Name of the account", "taken\r");
    asks.answer("there is an account named “taken” already", "hook\r");
    asks.answer("webhook: ", "\r");
    asks.answer("url (", "nonsense\r");
    asks.answer("is no address", "http://127.0.0.1:9/hook\r");
    asks.answer("deduplicates (", "\r");
    asks.answer("timeout_seconds (", "0\r");
    asks.answer("must be from 1 to", "5\r");
    asks.answer("secret (", "short\r");
    asks.answer("must be whsec_", "\r");
    let (code, shown, _) = asks.end();
    assert_eq!(code, Some(0), "{shown}");
    assert_eq!(cli.json(&["account", "show", "hook"])["settings"]["timeout_seconds"], 5);

    let mut asks = start(&["scheduler", "create"]);
    asks.answer("Name of the task", "copies\r");
    // The fifth type: a backup.
    asks.answer("What does it do?", "\u{1b}[B\u{1b}[B\u{1b}[B\u{1b}[B\r");
    asks.answer("folder (", "\r");
    asks.answer("keep (", "0\r");
    asks.answer("must be from 1 to 1000, not 0", "3\r");
    // The second of those that a job has: a cron expression.
    asks.answer("When does it run?", "\u{1b}[B\r");
    asks.answer("Time zone", "Europe/Berln\r");
    asks.answer("did you mean “Europe/Berlin”?", "Europe/Berlin\r");
    asks.answer("Cron expression", "0 3 * * *\r");
    let (code, shown, _) = asks.end();
    assert_eq!(code, Some(0), "{shown}");
    let made = cli.json(&["scheduler", "show", "copies"]);
    assert_eq!((&made["timezone"], &made["params"]["keep"]), (&json!("Europe/Berlin"), &json!(3)));
}
