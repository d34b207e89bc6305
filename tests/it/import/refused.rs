//! What cannot be imported: each bad file is named with its line, and nothing is half done.

use super::Blog;
use crate::support::on_both;
use contenthub::db::database_url::DatabaseUrl;

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
