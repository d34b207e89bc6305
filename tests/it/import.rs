//! `content import`: a folder of Markdown files becomes contents and entries, once.

use crate::support::command::{Cli, Output};
use crate::support::on_both;
use crate::support::receiver::{Answer, Receiver};
use contenthub::db::database_url::DatabaseUrl;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(20);

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
fn a_changed_file_is_a_new_revision_which_goes_out_once() {
    on_both(|database, dir| {
        let blog = Blog::new(dir, database);
        blog.write("a.md", "---\ntitle: A\n---\none");
        assert_eq!(blog.lines(&["--pool"]), ["a.md created 1 [blog added]"]);
        blog.write("a.md", "---\ntitle: A\npriority: 2\n---\ntwo");
        assert_eq!(blog.lines(&["--pool"]), ["a.md updated 2 [blog updated]"]);
        assert_eq!(blog.entries()[0]["priority"], 2, "a changed plan goes to the entry that waits");
        blog.write("a.md", "---\ntitle: A\npriority: 2\n---\nthree");
        assert_eq!(blog.lines(&[]), ["a.md updated 3 [blog waiting already]"]);
        assert_eq!(blog.publish(0), [("A".to_owned(), "three".to_owned())]);

        blog.write("a.md", "---\ntitle: A\npriority: 3\n---\nthree");
        assert_eq!(
            blog.lines(&["--pool"]),
            ["a.md unchanged 3 [blog already published]"],
            "only its plan changed"
        );
        blog.write("a.md", "---\ntitle: A\n---\nfour");
        let stale = "[blog updated, not republished]";
        assert_eq!(blog.lines(&[]), [format!("a.md updated 4 {stale}")]);
        assert_eq!(
            blog.lines(&["--pool"]),
            [format!("a.md unchanged 4 {stale}")],
            "it is said until it is out"
        );
        assert_eq!(blog.publish(1), []);
        assert_eq!(blog.lines(&["--again"]), ["a.md unchanged 4 [blog added]"]);
        assert_eq!(blog.lines(&["--again", "--pool"]), ["a.md unchanged 4 [blog waiting already]"]);
        assert_eq!(blog.publish(1), [("A".to_owned(), "four".to_owned())]);
        assert_eq!(blog.lines(&["--again", "--pool"]), ["a.md unchanged 4 [blog already published]"]);
        assert_eq!(blog.receiver.by_webhook_id().len(), 2, "one publication of each");
    });
}

#[test]
fn what_may_be_out_keeps_its_text_and_its_plan() {
    on_both(|database, dir| {
        let blog = Blog::new(dir, database);
        blog.receiver.on_title("Held", [Answer::status(200).held()]);
        blog.receiver.on_title("Lost", [Answer::close()]);
        blog.write("held.md", "---\ntitle: Held\n---\none");
        blog.write("lost.md", "---\ntitle: Lost\n---\none");
        blog.lines(&["--pool"]);
        std::thread::scope(|threads| {
            let run = threads.spawn(|| blog.cli.run(&["scheduler", "trigger", "1"]));
            blog.receiver.wait_for(2, SOON);
            wait_until_unproven(&blog);
            blog.write("held.md", "---\ntitle: Held\npriority: 1\n---\ntwo");
            blog.write("lost.md", "---\ntitle: Lost\npriority: 1\n---\ntwo");
            let report = blog.report(0, &["--pool"]);
            blog.receiver.release();
            let waits =
                ["held.md updated 2 [blog waiting already]", "lost.md updated 2 [blog waiting already]"];
            assert_eq!(told(&report), waits);
            for file in report["files"].as_array().expect("files") {
                let note = file["entries"][0]["note"].as_str().unwrap_or_default();
                assert!(note.contains("revision 1, and keeps that"), "{file}");
            }
            run.join().expect("the run ends");
        });
        let entries = blog.entries();
        let plan = |entry: &Value| (entry["priority"].clone(), entry["unproven"].clone());
        assert_eq!(plan(&entries[1]), (5.into(), true.into()));
        assert_eq!(entries[0]["status"], "published");
        let after = ["held.md unchanged 2 [blog updated, not republished]"];
        assert_eq!(blog.lines(&["--pool"])[..1], after);
        let bodies: Vec<_> =
            blog.receiver.posts().iter().map(|post| post.body["data"]["body"].clone()).collect();
        assert_eq!(bodies, ["one", "one"]);
    });
}

fn wait_until_unproven(blog: &Blog) {
    let deadline = std::time::Instant::now() + SOON;
    while !blog.entries().iter().any(|entry| entry["unproven"] == true && entry["status"] == "pending") {
        assert!(std::time::Instant::now() < deadline, "{:?}", blog.entries());
    }
}

#[test]
fn a_moved_file_is_the_same_content_and_so_is_a_copy() {
    on_both(|database, dir| {
        let blog = Blog::new(dir, database);
        let content = |report: &Value, at: usize| report["files"][at]["content_id"].as_i64();
        blog.write("a.md", "---\ntitle: A\n---\none");
        blog.write("twin.md", "---\ntitle: A\n---\none");
        let first = blog.report(0, &["--pool"]);
        let twins = ["a.md created 1 [blog added]", "twin.md unchanged 1 [blog waiting already]"];
        assert_eq!(told(&first), twins, "the same bytes are one content");
        fs::remove_file(blog.posts.join("twin.md")).expect("removed");
        blog.publish(0);

        fs::create_dir(blog.posts.join("2026")).expect("made");
        fs::rename(blog.posts.join("a.md"), blog.posts.join("2026/b.md")).expect("moved");
        let moved = blog.report(0, &["--pool"]);
        assert_eq!(told(&moved), ["2026/b.md unchanged 1 [blog already published]"]);
        assert_eq!(content(&moved, 0), content(&first, 0));
        assert!(
            moved["files"][0]["note"].as_str().is_some_and(|note| note.contains("posts/a.md")),
            "{moved}"
        );

        // A copy elsewhere is the same content too, but the file that is still there remains its source.
        fs::create_dir(dir.join("copies")).expect("made");
        fs::copy(blog.posts.join("2026/b.md"), dir.join("copies/c.md")).expect("copied");
        let copied = blog.cli.json(&["content", "import", "copies", "--pool"]);
        assert_eq!(told(&copied), ["copies/c.md unchanged 1 [blog already published]"]);
        assert_eq!(content(&copied, 0), content(&first, 0));

        // Where the path is known, the path decides; what it was before is no content of its own.
        fs::copy(blog.posts.join("2026/b.md"), blog.posts.join("old.md")).expect("copied");
        blog.write("2026/b.md", "---\ntitle: A\n---\ntwo");
        let changed = blog.report(0, &["--pool"]);
        let expected = ["2026/b.md updated 2 [blog updated, not republished]", "old.md skipped null []"];
        assert_eq!(told(&changed), expected);
        assert_eq!(content(&changed, 0), content(&first, 0));
        assert_eq!(blog.cli.json(&["content", "list"])["total"], 1);
        assert_eq!(blog.publish(1), []);
    });
}

/// What was imported before is known for good: not only what each file was last.
#[test]
fn copies_that_are_imported_apart_stay_one_content_whatever_becomes_of_the_first() {
    on_both(|database, dir| {
        let blog = Blog::new(dir, database);
        let import = |folder: &str| told(&blog.cli.json(&["content", "import", folder, "--pool"]));
        let contents = || blog.cli.json(&["content", "list"])["total"].as_i64();
        blog.write("a.md", "one");
        blog.write("../copies/b.md", "one");
        assert_eq!(import("posts"), ["a.md created 1 [blog added]"]);
        assert_eq!(blog.publish(0).len(), 1);
        assert_eq!(import("copies"), ["copies/b.md unchanged 1 [blog already published]"]);
        blog.write("a.md", "two");
        assert_eq!(import("posts"), ["a.md updated 2 [blog updated, not republished]"]);
        assert_eq!(import("copies"), ["copies/b.md skipped null []"], "a known path");
        blog.write("../late/c.md", "one");
        assert_eq!(import("late"), ["late/c.md skipped null []"], "known bytes");
        assert_eq!((contents(), blog.publish(1).len()), (Some(1), 0), "nothing goes out twice");

        // A copy that is changed is a post of its own, and its own from then on.
        blog.write("../copies/b.md", "three");
        assert_eq!(import("copies"), ["copies/b.md created 1 [blog added]"]);
        blog.write("../copies/b.md", "four");
        assert_eq!(import("copies"), ["copies/b.md updated 2 [blog waiting already]"]);
        assert_eq!(import("posts"), ["a.md unchanged 2 [blog updated, not republished]"]);

        // Where the first is gone, its copy stands in for it, also if it was changed since.
        blog.write("../late/c.md", "two");
        assert_eq!(import("late"), ["late/c.md unchanged 2 [blog updated, not republished]"]);
        fs::remove_file(blog.posts.join("a.md")).expect("removed");
        blog.write("../late/c.md", "five");
        assert_eq!(import("late"), ["late/c.md updated 3 [blog updated, not republished]"]);
        // Another file at its old place is another content.
        blog.write("a.md", "six");
        assert_eq!(import("posts"), ["a.md created 1 [blog added]"]);

        // Changed and copied at once: one content still, whichever is read first.
        blog.write("a.md", "seven");
        blog.write("0.md", "seven");
        let both = ["0.md unchanged 2 [blog waiting already]", "a.md updated 2 [blog waiting already]"];
        assert_eq!(import("posts"), both);
        assert_eq!(contents(), Some(3));

        // What is deleted is forgotten.
        blog.write("../gone/d.md", "eight");
        let made = blog.cli.json(&["content", "import", "gone"]);
        blog.cli.ok(&["content", "delete", &made["files"][0]["content_id"].to_string()]);
        assert_eq!(import("gone"), ["gone/d.md created 1 [blog added]"]);
    });
}

#[test]
fn two_imports_at_once_make_each_content_once() {
    on_both(|database, dir| {
        let blog = Blog::new(dir, database);
        for number in 0..60 {
            blog.write(&format!("{number}.md"), format!("post {number}"));
        }
        let created: i64 = std::thread::scope(|threads| {
            let imports: Vec<_> = (0..3).map(|_| threads.spawn(|| blog.report(0, &["--pool"]))).collect();
            let reports = imports.into_iter().map(|import| import.join().expect("it ends"));
            reports.map(|report| report["created"].as_i64().expect("a number")).sum()
        });
        assert_eq!(created, 60);
        assert_eq!(blog.everything().0["total"], 60);
    });
}

#[test]
fn every_bad_file_is_named_with_its_line_and_nothing_is_imported() {
    on_both(|database, dir| {
        let blog = Blog::new(dir, database);
        blog.write("good.md", "---\ntitle: Good\nscheduled_at: 2030-01-01 08:00\n---\nText");
        let bad: [(&str, Vec<u8>, &str); 12] = [
            (
                "account.md",
                b"---\naccounts:\n - blog\n - blgo\n---\nx".into(),
                "4: there is no account \u{201c}blgo\u{201d}",
            ),
            ("binary.md", b"one\n\xfe\xff".into(), "2: is not UTF-8"),
            ("colon.md", b"---\ntitle: a: b\n---\nx".into(), "2: front matter: "),
            ("empty.md", b"\n".into(), " is empty"),
            ("key.md", b"---\npriorty: 1\n---\nx".into(), "2: there is no key \u{201c}priorty\u{201d}"),
            ("large.md", vec![b'x'; 10_000_000], " is larger than 2097152 bytes"),
            ("long.md", [b"x\n\n# ".as_slice(), &[b'y'; 301]].concat(), "3: title has 301 characters"),
            ("nul.md", b"a\nb\n\0".into(), "3: holds the character U+0000"),
            ("open.md", b"---\ntitle: x\n".into(), "1: the front matter that begins here has no end"),
            (
                "priority.md",
                b"---\ntitle: x\n\npriority: 0\n---\nx".into(),
                "4: priority must be from 1 (first) to 10",
            ),
            (
                "tag.md",
                b"---\nauthor: \"a\\0\"\ntags: [x]\n---\nx".into(),
                "2: author holds the character U+0000",
            ),
            (
                "time.md",
                b"---\nscheduled_at: soon\n---\nx".into(),
                "2: scheduled_at: \u{201c}soon\u{201d} is no time",
            ),
        ];
        for (name, bytes, _) in &bad {
            blog.write(name, bytes);
        }
        let output = blog.import(&["--pool"]).expect_code(2);
        assert_eq!(output.stdout, "");
        let lines: Vec<&str> = output.stderr.lines().collect();
        assert_eq!(lines.len(), bad.len() + 1, "{}", output.stderr);
        for ((name, _, says), line) in bad.iter().zip(&lines) {
            assert!(line.starts_with(&format!("posts/{name}:{says}")), "{line}");
        }
        assert!(
            lines[12].starts_with("error: 12 of 13 files cannot be imported, so none was"),
            "{}",
            lines[12]
        );
        let report = blog.report(2, &["--pool", "--dry-run"]);
        assert_eq!((&report["imported"], &report["bad"]), (&false.into(), &12.into()));
        assert_eq!(report["files"][9]["errors"][0]["line"], 4);
        assert_eq!(blog.everything().0["total"], 0);

        let partly = blog.report(3, &["--skip-bad"]);
        assert_eq!(
            (&partly["created"], &partly["skipped"], &partly["bad"]),
            (&1.into(), &12.into(), &12.into())
        );
        assert_eq!(blog.everything().0["total"], 1);
        assert_eq!(blog.entries()[0]["scheduled_at"], "2030-01-01T00:00:00.000000Z");
    });
}

#[test]
fn a_folder_that_cannot_be_imported_is_told() {
    let dir = tempfile::tempdir().expect("a folder");
    let blog = Blog::new(dir.path(), &DatabaseUrl::in_data_dir(&dir.path().join("data")));
    blog.write("a.txt", "no post");
    for (path, says) in [
        ("posts", "posts holds no file whose name ends in .md"),
        ("posts/a.txt", "posts/a.txt is not a folder"),
        ("nowhere", "nowhere: No such file or directory"),
    ] {
        let output = blog.cli.run(&["content", "import", path]).expect_code(2);
        assert!(output.stderr.starts_with(&format!("error: {says}")), "{}", output.stderr);
    }
    blog.write("a.md", "post");
    let unknown = blog.import(&["--account", "blgo"]).expect_code(1);
    assert!(unknown.stderr.contains("there is no account blgo"), "{}", unknown.stderr);
    blog.import(&["--priority", "11"]).expect_code(2);
    blog.account("news");
    let output = blog.import(&["--pool"]).expect_code(2);
    assert!(output.stderr.contains("say which account: 1 (blog), 2 (news)"), "{}", output.stderr);
    assert_eq!(blog.everything().0["total"], 0, "nothing is half done");
    let help = blog.cli.ok(&["content", "import", "--help"]);
    assert!(help.contains("scheduled_at: 2026-02-06 12:00:00"), "{help}");
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

#[test]
fn what_failed_is_added_again_only_when_its_file_has_changed() {
    on_both(|database, dir| {
        let blog = Blog::new(dir, database);
        blog.receiver.on_title("Bad", [Answer::status(400)]);
        blog.write("a.md", "---\ntitle: Bad\n---\nText");
        blog.lines(&["--pool"]);
        assert_eq!(blog.publish(0).len(), 1);
        assert_eq!(blog.lines(&["--pool"]), ["a.md unchanged 1 [blog failed before, not added]"]);
        blog.write("a.md", "---\ntitle: Better\n---\nText");
        assert_eq!(blog.lines(&["--pool"]), ["a.md updated 2 [blog added]"]);
        assert_eq!(blog.publish(1), [("Better".to_owned(), "Text".to_owned())]);
    });
}
