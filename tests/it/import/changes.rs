//! Files that were changed after they were imported: what waits is brought up to date; what is out, or may be, goes out
//! again only when somebody wants that.

use super::{Blog, told};
use crate::support::on_both;
use crate::support::receiver::Answer;
use serde_json::Value;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(20);

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
