//! The same over the command line: what went wrong goes to stderr, data goes to stdout, and the exit code says which
//! kind it was: 1 failed, 2 usage.

mod databases;
mod help;
mod settings;

use crate::support::command::{Cli, Output};
use crate::support::on_both;

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
        (&["publish-pool", "list", "--page", "0"], 2, "page: must be from 1 to 1000000000"),
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
