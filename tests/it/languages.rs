//! What the command line says in Chinese, whole; and what it says where something is nearly right.

use crate::support::app::account;
use crate::support::command::Cli;
use crate::support::postgres::fresh_database;
use crate::support::pty::{OnTerminal, Stderr};
use contenthub::db::database_url::DatabaseUrl;
use serde_json::{Value, json};
use std::path::Path;

pub const CHINESE: (&str, &str) = ("LANG", "zh_CN.UTF-8");

pub fn in_chinese(dir: &Path) -> Cli {
    Cli::in_dir(dir).env(CHINESE.0, CHINESE.1)
}

/// Whether a text has a sentence in English: words of Latin letters one after another that are no command.
pub fn english(text: &str) -> Option<String> {
    let mut row: Vec<&str> = Vec::new();
    for word in text.split_whitespace() {
        let is_word = word.len() > 1
            && word.bytes().any(|it| it.is_ascii_lowercase())
            && word.bytes().all(|it| it.is_ascii_alphabetic() || b",.;:".contains(&it));
        if !is_word {
            row.clear();
            continue;
        }
        row.push(word);
        if row.len() > 3 {
            return Some(row.join(" "));
        }
    }
    None
}

#[test]
fn what_commands_print_is_chinese_where_it_is_asked_for() {
    let dir = tempfile::tempdir().expect("a folder");
    let cli = in_chinese(dir.path());
    std::fs::create_dir(dir.path().join("posts")).expect("a folder");
    std::fs::write(dir.path().join("posts/a.md"), "---\ndate: 2020-01-01\n---\n# 你好\n").expect("written");
    cli.ok(&["account", "create", "blog", "--platform", "folder"]);
    let paused = "发布自 ";
    let cases: [(&[&str], &str); 16] = [
        (&["scheduler", "trigger", "1"], "没有待发布的条目"),
        (&["scheduler", "pause"], paused),
        (&["scheduler", "pause", "--reason", "午饭"], paused),
        (&["scheduler", "resume"], "发布已恢复；此前自 "),
        (&["scheduler", "resume"], "发布并未暂停。"),
        (&["scheduler", "task-types"], "按优先级发布到期的内容"),
        (&["db", "migrate"], "数据库结构已是最新，无需更新。"),
        (&["db", "check"], "存在。其结构（"),
        (&["db", "backup", "--to", "copy.db"], "数据库已复制到 copy.db（"),
        (&["content", "import", "posts", "--dry-run"], "试运行，未作任何更改：新建 1，更新 0"),
        (&["content", "import", "posts", "--pool"], "新建 1，更新 0，未变 0，跳过 0；新增条目 1"),
        (&["account", "test", "blog"], "data/sites/site 可以写入。"),
        (&["account", "slots", "blog"], "没有发布时段"),
        (&["scheduler", "trigger", "1"], "发布完成：成功 1，失败 0"),
        (&["publish-pool", "clear"], "已移除 1 个已发布的条目"),
        (&["db", "restore", "copy.db"], "不会自动发布任何内容。"),
    ];
    for (args, says) in cases {
        let ran = cli.run(args).expect_code(0);
        let said = ran.stdout + &ran.stderr;
        assert!(said.contains(says), "{args:?}: {said}");
        assert_eq!(english(&said), None, "{args:?}: {said}");
    }
    // What programs read is as it is elsewhere.
    let report = cli.json(&["scheduler", "trigger", "1"]);
    assert!(report["message"].as_str().is_some_and(str::is_ascii), "{report}");
    let tested = cli.json(&["account", "test", "blog"]);
    assert_eq!(tested["message"], json!("data/sites/site can be written"));
}

#[test]
fn whoever_pauses_is_named_as_the_audit_names_them_and_reads_no_log() {
    let dir = tempfile::tempdir().expect("a folder");
    let cli = Cli::in_dir(dir.path()).env("USER", "somebody else");
    let paused = cli.run(&["scheduler", "pause", "--output", "json"]).expect_code(0);
    let who = &cli.json(&["audit", "--resource", "publishing"])["items"][0]["who"];
    let by = &paused.json()["paused"]["by"];
    assert_eq!(*by, json!(format!("cli:{}", who.as_str().expect("a name"))));
    let resumed = cli.run(&["scheduler", "resume"]).expect_code(0);
    assert_eq!((paused.stderr.as_str(), resumed.stderr.as_str()), ("", ""));
}

#[test]
fn what_is_nearly_right_is_told_what_was_meant() {
    let dir = tempfile::tempdir().expect("a folder");
    let cli = Cli::in_dir(dir.path());
    let every = ["scheduler", "create", "--name", "x", "--type", "backup", "--interval", "60"];
    let hook = ["account", "create", "x", "--platform", "webhook", "--setting"];
    let cases: [(&[&str], &str); 8] = [
        (&["scheduler", "list", "--timezone", "Europe/Berln"], "did you mean “Europe/Berlin”?"),
        (&["account", "create", "x", "--platform", "folder", "--zone", "Shangai"], "“Asia/Shanghai”?"),
        (&["publish-pool", "list", "--status", "pendng"], "did you mean “pending”?"),
        (&["token", "create", "--name", "x", "--role", "admn"], "did you mean “admin”?"),
        (&[&every[..], &["--param", "kep=3"]].concat(), "params.kep: is not known here; there are keep"),
        (&[&hook[..], &["ur=http://127.0.0.1:9/"]].concat(), "settings.ur: is not known here; there are url"),
        (
            &["scheduler", "create", "--name", "x", "--cron", "0 -1 * * *"],
            "hour (column 3 of “0 -1 * * *”): -1 is not from 0 to 23",
        ),
        (&["scheduler", "update", "1"], "say what to change: --name NAME"),
    ];
    for (args, says) in cases {
        let ran = cli.run(args).expect_code(2);
        assert!(ran.stderr.contains(says), "{args:?}: {}", ran.stderr);
    }
    for (args, says) in [(&every, "kep=3"), (&every, "keep=3")] {
        let ran = cli.run(&[&args[..], &["--param", says, "--disabled"]].concat());
        assert_eq!(ran.stderr.contains("did you mean “keep”?"), ran.code == Some(2), "{}", ran.stderr);
    }
    std::fs::write(dir.path().join("contenthub.toml"), "listn = \"127.0.0.1:0\"\n").expect("written");
    let told = cli.run(&["scheduler", "list"]).expect_code(2).stderr;
    assert!(told.contains("contenthub.toml line 1") && told.contains("did you mean “listen”?"), "{told}");
}

#[test]
fn a_name_is_one_line() {
    let dir = tempfile::tempdir().expect("a folder");
    let cli = Cli::in_dir(dir.path());
    for name in ["two\nlines", "a\u{1b}[31m", "a\tb"] {
        for args in [
            &["account", "create", name, "--platform", "folder"][..],
            &["scheduler", "create", "--name", name, "--on-due"],
            &["scheduler", "update", "1", "--name", name],
        ] {
            let told = cli.run(args).expect_code(2).stderr;
            assert!(told.contains("name: must be one line"), "{args:?}: {told}");
            assert!(!told.contains(['\u{1b}', '\t']), "{told:?}");
        }
    }
    cli.ok(&["account", "create", "a name", "--platform", "folder"]);
    let taken = cli.run(&["account", "create", "a name", "--platform", "folder"]).expect_code(1).stderr;
    assert!(taken.contains("there is an account named “a name” already"), "{taken}");
}

#[test]
fn a_database_that_cannot_be_opened_says_what_to_do() {
    let dir = tempfile::tempdir().expect("a folder");
    let cli = Cli::in_dir(dir.path());
    let DatabaseUrl::Postgres(url) = fresh_database() else { panic!("a server") };
    let (server, _) = url.rsplit_once('/').expect("a name");
    let missing = format!("{server}/nosuchdb");
    std::fs::write(dir.path().join("notes.db"), "these are no pages of a database, but notes")
        .expect("written");
    let nobody = "postgres://x@127.0.0.1:1/x";
    for (url, says) in [
        (missing.as_str(), "createdb nosuchdb"),
        (nobody, "hint: Start PostgreSQL there"),
        ("notes.db", "hint: Name another file"),
        ("nowhere/at/all.db", "hint: Look whether its folder is there"),
    ] {
        let told = cli.run(&["account", "list", "--database-url", url]).expect_code(1).stderr;
        assert!(told.contains(says), "{url}: {told}");
        assert!(!told.contains(['\u{fffd}', '\t']), "{url}: {told}");
    }
}

/// Whether a line has the day of an instant with less than the whole time after it, or a part of one alone.
fn is_cut(line: &str) -> bool {
    let has = |text: &str, form: &str| {
        text.len() >= form.len()
            && text.chars().zip(form.chars()).all(|(is, wanted)| match wanted {
                '0' => is.is_ascii_digit(),
                other => is == other,
            })
    };
    let after_a_day = |(at, _): (usize, char)| {
        let after = has(&line[at..], "0000-00-00").then(|| line[at + 10..].trim_start())?;
        Some(!after.is_empty() && !has(after, "00:00"))
    };
    line.char_indices().filter_map(after_a_day).any(|is_cut| is_cut)
}

/// What is seen of a part of a text that begins behind an escape.
fn without_style(part: &str) -> &str {
    if part.starts_with('[') { part.split_once('m').map_or("", |(_, after)| after) } else { part }
}

/// Tables and paragraphs at several widths: nothing is wider, and no time is cut in two.
#[test]
fn what_is_wide_is_broken_where_it_may_be() {
    let dir = tempfile::tempdir().expect("a folder");
    let app = contenthub::App::open(contenthub::Settings::in_dir(dir.path().join("data")).expect("settings"));
    account(&app.expect("opened"), "blog", "folder", json!({}));
    let cli = Cli::in_dir(dir.path());
    for (name, cron) in [("nightly copies of it all", "0 3 * * *"), ("mornings", "0 9 1 1 1-5")] {
        cli.ok(&["scheduler", "create", "--name", name, "--cron", cron, "--timezone", "Asia/Shanghai"]);
    }
    cli.ok(&["account", "update", "blog", "--daily-cap", "8", "--spacing-seconds", "900"]);
    let widths = [60, 72, 80, 100];
    for args in [&["scheduler", "list"][..], &["scheduler", "task-types"], &["audit"]] {
        for columns in widths {
            let start = |variables: &[(&str, &str)]| {
                OnTerminal::start(dir.path(), variables, columns, Stderr::ToAPipe, args).end()
            };
            let (code, text, _) = start(&[("NO_COLOR", "1")]);
            assert_eq!(code, Some(0), "{text}");
            let coloured = start(&[]).1;
            let seen: String = coloured.split('\u{1b}').map(without_style).collect();
            for line in text.lines().chain(seen.lines()) {
                let wide = line.chars().count();
                assert!(wide <= usize::from(columns), "{args:?} at {columns}: {wide}\n{line}\n{text}");
                assert!(!is_cut(line), "{args:?} at {columns}: a time is cut\n{text}");
            }
        }
    }
    for columns in widths {
        let args = ["audit"];
        let (_, text, _) =
            OnTerminal::start(dir.path(), &[("NO_COLOR", "1")], columns, Stderr::ToAPipe, &args).end();
        assert!(text.contains("\n      spacing_seconds: 0 → 900\n"), "{text}");
        assert!(text.contains("\n      name: mornings\n"), "{text}");
    }
    let rows = cli.ok(&["audit", "--output", "csv"]);
    assert!(rows.starts_with("id,at,who,from,action,resource,resource_id,before,after\n"), "{rows}");
}

#[test]
fn the_first_fire_of_an_interval_that_the_clocks_skip_is_marked() {
    let dir = tempfile::tempdir().expect("a folder");
    let cli = Cli::in_dir(dir.path());
    let preview = cli.json(&[
        "scheduler",
        "preview",
        "--interval",
        "86400",
        "--next-run",
        "2027-03-28 02:30",
        "--timezone",
        "Europe/Berlin",
        "--from",
        "2027-03-27 12:00",
    ]);
    let shifted: Vec<&Value> =
        preview["details"].as_array().expect("fires").iter().map(|it| &it["shifted"]).collect();
    assert_eq!(shifted, [true, false, false, false, false], "{preview}");
    assert_eq!(preview["details"][0]["local"], "2027-03-28T03:00:00+02:00");
}
