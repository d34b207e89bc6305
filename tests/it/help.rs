//! `--help`: every command has examples, and each of them works as it is written.

use crate::support::command::Cli;
use crate::support::pictures::png;
use crate::support::receiver::{Answer, Receiver};
use crate::support::wechat::WeChat;
use clap::Command;
use contenthub::cli::command;
use contenthub::db::database_url::DatabaseUrl;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Stdio;

/// An example, and the command whose help has it.
struct Example {
    of: String,
    line: String,
}

/// The examples of each command that does something; a line of help that begins with the program's name is one.
fn examples(command: &Command, path: &str, into: &mut Vec<Example>, without: &mut Vec<String>) {
    let text =
        |styled: Option<&clap::builder::StyledStr>| styled.map(ToString::to_string).unwrap_or_default();
    let help = [text(command.get_after_help()), text(command.get_after_long_help())].concat();
    let lines = help.lines().map(str::trim).filter(|line| line.starts_with("contenthub "));
    // Dates are near, so that they say something; here they must not pass.
    let later = |line: &str| line.replace("2026-", "2999-").replace("2027-", "2999-");
    let found: Vec<Example> = lines.map(|line| Example { of: path.to_owned(), line: later(line) }).collect();
    let is_a_leaf = command.get_subcommands().next().is_none();
    if is_a_leaf && (found.is_empty() || !help.contains("Examples:")) {
        without.push(path.to_owned());
    }
    into.extend(found);
    for inner in command.get_subcommands().filter(|it| !it.is_hide_set()) {
        examples(inner, format!("{path} {}", inner.get_name()).trim(), into, without);
    }
}

/// What the examples speak of: accounts, contents up to 125, an entry that is pending, one that failed, one that is
/// uncertain, two that sit in slots, tasks, a run, a token, a copy, and files.
fn scene(dir: &Path, receiver: &Receiver, wechat: &WeChat) {
    let cli = Cli::on(dir, &DatabaseUrl::in_data_dir(&dir.join("data")));
    std::fs::write(dir.join("a.md"), "# Hello\n").expect("written");
    std::fs::write(dir.join("own.css"), "p { margin: 0 }\n").expect("written");
    std::fs::create_dir(dir.join("posts")).expect("a folder");
    std::fs::write(dir.join("posts/b.md"), "# From a file\n").expect("written");
    std::fs::write(dir.join("cover.png"), png(2, 1)).expect("written");
    std::fs::write(dir.join("other.png"), png(3, 1)).expect("written");
    cli.ok(&["media", "add", "cover.png", "other.png"]);
    cli.ok(&["scheduler", "disable", "1"]);
    let url = |path: &str| format!("url={}", receiver.url(path));
    cli.ok(&["account", "create", "blog", "--platform", "webhook", "--setting", &url("/blog")]);
    cli.ok(&["account", "create", "spare", "--platform", "folder", "--disabled"]);
    let blind = ["account", "create", "blind", "--platform", "webhook", "--setting", "deduplicates=false"];
    cli.ok(&[&blind[..], &["--setting", &url("/blind")]].concat());
    cli.ok(&["account", "create", "site", "--platform", "folder"]);
    let gzh = ["account", "create", "gzh", "--platform", "wechat", "--setting", "appid=wx0123456789abcdef"];
    let secret = "app_secret=0123456789abcdef0123456789abcdef";
    let base = format!("api_base_url={}", wechat.url());
    cli.ok(&[&gzh[..], &["--setting", &base, "--credential", secret]].concat());
    let cover = ["--cover", "https://example.com/cover.png"];
    for title in ["waits", "rejected", "who knows", "Hello"] {
        let create = ["content", "create", "--title", title, "--body", "x", "--account", "blog"];
        cli.ok(&[&create[..], &cover].concat());
    }
    let add = |content: &str, account: &str, more: &[&str]| {
        cli.ok(&[&["publish-pool", "add", content, "--account", account], more].concat());
    };
    add("1", "blog", &["--scheduled-at", "2099-01-01 00:00"]);
    add("2", "blog", &[]);
    add("3", "blind", &[]);
    cli.run(&["scheduler", "trigger", "1"]).expect_code(3);
    cli.ok(&["scheduler", "create", "--name", "hourly", "--interval", "3600", "--disabled"]);
    cli.ok(&["token", "create", "--name", "old", "--role", "viewer"]);
    cli.ok(&["account", "update", "site", "--slots", "mon-sun 09:00"]);
    for content in ["1", "2"] {
        cli.ok(&["publish-pool", "add", content, "--account", "site", "--next-slot"]);
    }
    use diesel::connection::SimpleConnection;
    let mut conn =
        contenthub::db::connection::connect(&DatabaseUrl::in_data_dir(&dir.join("data"))).expect("connected");
    let run = "INSERT INTO executions (id, task_id, rule, triggered_by, status, created_at, started_at) \
        VALUES (7, 2, 'by_hand', 'api', 'running', 1, 1)";
    conn.batch_execute(run).expect("a run");
    let mut newest_becomes = |id: i64| {
        let newest = "(SELECT max(id) FROM contents)";
        let texts = format!("UPDATE content_revisions SET content_id = {id} WHERE content_id = {newest};");
        let sql =
            format!("PRAGMA foreign_keys = OFF; {texts} UPDATE contents SET id = {id} WHERE id = {newest};");
        conn.batch_execute(&sql).expect("written");
    };
    newest_becomes(123);
    cli.ok(&["content", "create", "--title", "unused", "--body", "x"]);
    newest_becomes(4);
    let reviewed = cli.clone().env("CONTENTHUB_REVIEW_REQUIRED", "true");
    reviewed.ok(&["content", "create", "--title", "a draft", "--body", "x"]);
    newest_becomes(5);
    for content in [124, 125] {
        let create = ["content", "create", "--title", "one of several", "--body", "x", "--account", "gzh"];
        cli.ok(&[&create[..], &cover].concat());
        newest_becomes(content);
    }
    add("1", "gzh", &["--scheduled-at", "2099-01-01 00:00"]);
    std::fs::create_dir_all(dir.join("data/backups")).expect("a folder");
    cli.ok(&["db", "backup", "--to", "data/backups/contenthub-2999-11-28T03-00-00.000000Z.db"]);
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder").flatten() {
        let target = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(std::fs::copy(entry.path(), target).expect("copied")),
        }
    }
}

/// Runs a line as a shell does. What serves is stopped once it says where.
fn run(example: &Example, dir: &Path) -> Result<(), String> {
    let program = Path::new(env!("CARGO_BIN_EXE_contenthub")).parent().expect("a folder");
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap_or_default());
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", &format!("exec {}", example.line)]).current_dir(dir).env("PATH", path);
    for name in ["LANG", "LC_ALL", "LC_MESSAGES"] {
        shell.env_remove(name);
    }
    shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let mut child = shell.spawn().map_err(|error| error.to_string())?;
    if example.of == "serve" {
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let said = lines.find(|line| line.as_ref().is_ok_and(|line| line.contains("http://")));
        let stopped = std::process::Command::new("kill").arg(child.id().to_string()).status();
        assert!(stopped.is_ok_and(|it| it.success()) && said.is_some(), "{}", example.line);
        lines.for_each(drop);
    }
    let ended = child.wait_with_output().map_err(|error| error.to_string())?;
    if ended.status.success() {
        return Ok(());
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Err(format!("{}: {}\n{}{}", example.line, ended.status, text(&ended.stdout), text(&ended.stderr)))
}

#[test]
fn every_command_has_examples_and_each_of_them_works() {
    let (mut all, mut without) = (Vec::new(), Vec::new());
    examples(&command(), "", &mut all, &mut without);
    assert!(without.is_empty(), "these commands have no “Examples:” in their help: {without:?}");
    assert!(all.len() > 50, "only {} examples", all.len());
    let receiver = Receiver::start();
    receiver.on_title("rejected", [Answer::status(422), Answer::status(200)]);
    receiver.on_title("who knows", [Answer::status(502), Answer::status(200)]);
    let folder = tempfile::tempdir().expect("a folder");
    let prepared = folder.path().join("scene");
    std::fs::create_dir(&prepared).expect("a folder");
    let wechat = WeChat::start();
    scene(&prepared, &receiver, &wechat);
    let mut wrong = Vec::new();
    for (number, example) in all.iter().enumerate() {
        let dir = folder.path().join(number.to_string());
        match example.of.as_str() {
            // They make what the others speak of.
            "account create" | "serve" | "bench" | "man" => std::fs::create_dir(&dir).expect("a folder"),
            _ => copy(&prepared, &dir),
        }
        wrong.extend(run(example, &dir).err());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn manual_pages_are_written_for_every_command() {
    let dir = tempfile::tempdir().expect("a folder");
    Cli::in_dir(dir.path()).ok(&["man", "man1"]);
    let page = |name: &str| std::fs::read_to_string(dir.path().join("man1").join(name)).expect(name);
    assert!(page("contenthub.1").contains("publish\\-pool"));
    let add = page("contenthub-publish-pool-add.1");
    assert!(add.contains("scheduled\\-at") && add.contains("Examples:"), "{add}");
    assert!(add.contains(".SH EXAMPLES\n") && !add.contains(".SH EXTRA"), "{add}");
    let backup = page("contenthub-db-backup.1");
    assert!(backup.contains(".SH NOTES\nA consistent copy") && backup.contains(".SH EXAMPLES\n"), "{backup}");
}
