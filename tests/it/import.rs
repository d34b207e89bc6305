//! `content import`: a folder of Markdown files becomes contents and entries, once.

mod changes;
mod copies;
mod refused;

use crate::support::command::{Cli, Output};
use crate::support::on_both;
use crate::support::receiver::Receiver;
use contenthub::db::database_url::DatabaseUrl;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// A folder of posts, the program, and where the account “blog” publishes.
struct Blog {
    posts: PathBuf,
    cli: Cli,
    receiver: Receiver,
}

impl Blog {
    fn new(dir: &Path, database: &DatabaseUrl) -> Self {
        let blog = Blog {
            posts: dir.join("posts"),
            cli: Cli::on(dir, database).env("CONTENTHUB_TIMEZONE", "Asia/Shanghai"),
            receiver: Receiver::start(),
        };
        blog.account("blog");
        blog
    }

    fn account(&self, name: &str) {
        let url = format!("url={}", self.receiver.url(&format!("/{name}")));
        self.cli.ok(&["account", "create", name, "--platform", "webhook", "--setting", &url]);
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.posts.join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        fs::write(path, bytes).expect("written");
    }

    fn import(&self, args: &[&str]) -> Output {
        self.cli.run(&[&["content", "import", "posts"], args].concat())
    }

    /// The report of an import that ends with this code.
    fn report(&self, code: i32, args: &[&str]) -> Value {
        self.import(&[args, &["--output", "json"]].concat()).expect_code(code).json()
    }

    /// An import that succeeds, a line a file.
    fn lines(&self, args: &[&str]) -> Vec<String> {
        told(&self.report(0, args))
    }

    /// Publishes what is due, and gives what arrived since `before`, as title and body.
    fn publish(&self, before: usize) -> Vec<(String, String)> {
        self.cli.run(&["scheduler", "trigger", "1"]);
        let text = |body: &Value, field: &str| body["data"][field].as_str().unwrap_or("?").to_owned();
        let posts = self.receiver.posts();
        let mut arrived: Vec<_> = posts[before..]
            .iter()
            .map(|post| (text(&post.body, "title"), text(&post.body, "body")))
            .collect();
        arrived.sort();
        arrived
    }

    fn entries(&self) -> Vec<Value> {
        let mut list = self.cli.json(&["publish-pool", "list"])["items"].take();
        let mut entries = list.as_array_mut().expect("a list").split_off(0);
        entries.reverse();
        entries
    }

    /// All that an import may change.
    fn everything(&self) -> (Value, Vec<Value>) {
        (self.cli.json(&["content", "list"]), self.entries())
    }
}

/// `a.md created 1 [blog added]`, and so on.
fn told(report: &Value) -> Vec<String> {
    let files = report["files"].as_array().expect("files");
    files
        .iter()
        .map(|file| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let entries = file["entries"].as_array().expect("entries");
            let entries: Vec<String> = entries
                .iter()
                .map(|it| format!("{} {}", text(&it["account"]), text(&it["became"])))
                .collect();
            let path = text(&file["path"]);
            let path = path.strip_prefix("posts/").unwrap_or(&path);
            format!("{path} {} {} [{}]", text(&file["action"]), file["revision"], entries.join(", "))
        })
        .collect()
}

#[test]
fn a_folder_is_published_once_and_a_second_import_changes_nothing() {
    on_both(|database, dir| {
        let blog = Blog::new(dir, database);
        blog.write("b/中文.md", "---\ntitle: 你好\ntags: 一，二\npriority: 1\n---\n\n正文\n");
        blog.write("a.md", "\u{feff}# Hello\r\n\r\nText\r\n");
        blog.write(".hidden.md", "not me");
        let report = blog.report(0, &["--account", "blog", "--pool", "--priority", "7"]);
        assert_eq!(told(&report), ["a.md created 1 [blog added]", "b/中文.md created 1 [blog added]"]);
        let priorities: Vec<_> = blog.entries().iter().map(|entry| entry["priority"].as_i64()).collect();
        assert_eq!(priorities, [Some(7), Some(1)]);
        let content = report["files"][1]["content_id"].to_string();
        let shown = blog.cli.json(&["content", "show", &content]);
        assert_eq!((&shown["tags"][1], &shown["account_id"]), (&"二".into(), &1.into()));

        let before = blog.everything();
        let again =
            ["a.md unchanged 1 [blog waiting already]", "b/中文.md unchanged 1 [blog waiting already]"];
        assert_eq!(blog.lines(&["--account", "blog", "--pool"]), again);
        assert_eq!(blog.everything(), before, "the second time changes nothing");

        let hello = ("Hello".to_owned(), "# Hello\n\nText\n".to_owned());
        assert_eq!(blog.publish(0), [hello, ("你好".to_owned(), "正文\n".to_owned())]);
        let before = blog.everything();
        let out =
            ["a.md unchanged 1 [blog already published]", "b/中文.md unchanged 1 [blog already published]"];
        assert_eq!(blog.lines(&["--pool"]), out);
        assert_eq!(blog.lines(&["--pool", "--again"]), out, "what has not changed does not go out again");
        assert_eq!(blog.everything(), before);
        assert_eq!(blog.publish(2), []);

        let table = blog.import(&["--pool"]).expect_code(0);
        assert!(table.stdout.starts_with("FILE") || table.stdout.contains(" FILE "), "{}", table.stdout);
        assert!(table.stderr.contains("0 created, 0 updated, 2 unchanged, 0 skipped"), "{}", table.stderr);
    });
}

#[test]
fn a_dry_run_says_what_the_import_then_does_and_leaves_no_trace() {
    on_both(|database, dir| {
        let blog = Blog::new(dir, database);
        blog.write("changed.md", "one");
        blog.write("same.md", "---\naccount: blog\n---\nsame");
        blog.lines(&["--pool"]);
        blog.write("changed.md", "---\nscheduled_at: 2030-01-01T00:00:00Z\npriority: 9\n---\ntwo");
        blog.write("new.md", "---\ntitle: New\ndate: 2020-01-01\n---\nText");
        let before = blog.everything();
        let would = blog.report(0, &["--pool", "--dry-run"]);
        assert_eq!(blog.everything(), before, "a dry run leaves no trace");
        let new = &would["files"][1];
        assert_eq!(
            (&would["dry_run"], &new["action"], &new["content_id"]),
            (&true.into(), &"created".into(), &Value::Null)
        );
        assert_eq!(
            (&new["entries"][0]["became"], &new["entries"][0]["entry_id"]),
            (&"added".into(), &Value::Null)
        );
        let said = blog.import(&["--pool", "--dry-run"]).expect_code(0).stderr;
        assert!(said.contains("dry run, nothing was changed: 1 created, 1 updated, 1 unchanged"), "{said}");
        assert!(said.contains("note: keys of other programs were passed over: date (1)"), "{said}");
        let did = blog.report(0, &["--pool"]);
        assert_eq!(told(&would), told(&did));
        assert_ne!(blog.everything(), before);
        assert_eq!(blog.entries()[0]["due_at"], "2030-01-01T00:00:00.000000Z");
    });
}

#[test]
fn files_say_where_and_when_they_go_out() {
    on_both(|database, dir| {
        let blog = Blog::new(dir, database);
        blog.account("news");
        blog.write("both.md", "---\naccounts: [blog, 2]\nscheduled_at: 2030-02-06 12:00:00\n---\nx");
        blog.write("draft.md", "---\nscheduled_at: 2030-02-06 12:00:00\ndraft: true\n---\nx y");
        blog.write("one.md", "---\naccount: news\nscheduled_at: '2030-02-06T12:00:00Z'\n---\nx y z");
        blog.write("plain.md", "only a content");
        let expected = [
            "both.md created 1 [blog added, news added]",
            "draft.md skipped null []",
            "one.md created 1 [news added]",
            "plain.md created 1 []",
        ];
        assert_eq!(blog.lines(&["--account", "blog"]), expected);
        let entries = blog.entries();
        let due: Vec<_> =
            entries.iter().map(|it| (it["account_id"].as_i64(), it["scheduled_at"].as_str())).collect();
        let (four, twelve) = (Some("2030-02-06T04:00:00.000000Z"), Some("2030-02-06T12:00:00.000000Z"));
        assert_eq!(due, [(Some(1), four), (Some(2), four), (Some(2), twelve)]);

        // A plan that a person has changed stays until the file changes.
        blog.cli.ok(&["publish-pool", "schedule", "3", "2031-01-01T00:00:00Z"]);
        blog.cli.ok(&["publish-pool", "cancel", "1"]);
        assert_eq!(blog.lines(&["--account", "blog"])[2], "one.md unchanged 1 [news waiting already]");
        assert_eq!(blog.entries()[2]["due_at"], "2031-01-01T00:00:00.000000Z");
        blog.write("both.md", "---\naccounts: [blog, 2]\nscheduled_at: 2030-02-07 12:00:00\n---\nx");
        blog.write("one.md", "---\ndraft: true\n---\nx y z");
        let changed = blog.lines(&["--account", "blog"]);
        let cancelled = "both.md unchanged 1 [blog cancelled before, not added, news updated]";
        assert_eq!(changed[0], cancelled, "what a person took back stays so");
        assert_eq!(changed[2], "one.md skipped null [news waiting already]", "a draft is told of its entry");
        assert_eq!(blog.entries()[1]["due_at"], "2030-02-07T04:00:00.000000Z");
        assert_eq!(blog.entries().len(), 3);
    });
}

#[test]
fn a_person_is_told_times_in_the_configured_zone() {
    on_both(|database, dir| {
        let blog = Blog::new(dir, database);
        blog.write("one.md", "---\nscheduled_at: '2030-02-06T12:00:00Z'\n---\nx");
        let shown = blog.import(&["--account", "blog"]).expect_code(0).stdout;
        assert!(shown.contains("due 2030-02-06 20:00:00 (in "), "{shown}");
    });
}
