//! Files that were moved or copied, and imports at once: the same text stays one content.

use super::{Blog, told};
use crate::support::on_both;
use serde_json::Value;
use std::fs;

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
