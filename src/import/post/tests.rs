//! Files and what they say, by table.

use super::*;
use chrono_tz::{Asia, UTC};

fn good(text: &str) -> Post {
    read(text, "file-name", UTC).unwrap_or_else(|problems| panic!("{problems:?} in {text:?}"))
}

/// Everything that is wrong, as it is told.
fn bad(text: &str) -> Vec<String> {
    let problems = read(text, "file-name", UTC).expect_err(text);
    problems.iter().map(|problem| problem.told_of("a.md")).collect()
}

fn with(front_matter: &str) -> String {
    format!("---\n{front_matter}\n---\n\n# Heading\n\nText\n")
}

#[test]
fn a_whole_file_says_all_it_can() {
    let post = good(
        "\u{feff}---\r\n# of the blog\r\ntitle: 'Ruby: 你好'\r\nauthor: A. B.\r\ndigest: >\r\n  In\r\n  short\r\n\
         cover: cover.png\r\ntags: [one, 2024]\r\nsource_url: https://example.org/x\r\naccounts:\r\n  - blog\r\n  - 7\r\n\
         priority: 2\r\nscheduled_at: 2026-02-06 12:00:00\r\n---\r\n\r\nText\r\nmore\r\n",
    );
    assert_eq!((post.title.as_str(), post.body.as_str()), ("Ruby: 你好", "Text\nmore\n"));
    assert_eq!((post.author.as_deref(), post.digest.as_deref()), (Some("A. B."), Some("In short")));
    assert_eq!(post.cover.as_deref(), Some("cover.png"));
    assert_eq!(post.source_url.as_deref(), Some("https://example.org/x"));
    assert_eq!(post.tags, ["one", "2024"]);
    let accounts: Vec<(&str, usize)> = post.accounts.iter().map(|it| (it.name.as_str(), it.line)).collect();
    assert_eq!(accounts, [("blog", 12), ("7", 13)]);
    assert_eq!(post.priority.map(Priority::get), Some(2));
    assert_eq!(post.scheduled_at.map(|at| at.to_string()).as_deref(), Some("2026-02-06T12:00:00.000000Z"));
    let lines: Vec<_> = ["title", "digest", "tags", "priority", "body"].map(|it| post.line_of(it)).into();
    assert_eq!(lines, [Some(3), Some(6), Some(9), Some(14), Some(18)]);
    assert!(!post.is_draft && post.passed_over.is_empty());
}

#[test]
fn a_title_is_the_front_matters_else_the_headings_else_the_files() {
    for (text, title, line) in [
        ("---\ntitle: Given\n---\n# Heading\n", "Given", 2),
        ("---\ntitle:\n---\n\n# Heading #\n", "Heading", 5),
        ("---\ntitle: ''\nauthor: x\n---\nText\n\n# The *first* `one`\n\n# Second\n", "The first one", 7),
        ("---\ntitle: 2026\n---\n", "2026", 2),
        ("---\ntitle: yes\n---\nx", "yes", 2),
        ("```\n# no heading\n```\n\n## Second level\n\nOver\n====\n", "Over", 7),
        ("#\n\n#tag\n\nText", "file-name", 1),
        ("Text", "file-name", 1),
    ] {
        let post = good(text);
        assert_eq!((post.title.as_str(), post.line_of("title")), (title, Some(line)), "{text:?}");
    }
    assert_eq!(good("# Heading\n\nText\n").body, "# Heading\n\nText\n", "the heading stays in the body");
}

#[test]
fn lists_may_be_written_in_every_usual_way() {
    for (tags, expected) in [
        ("tags: a, b c ,, d", vec!["a", "b c", "d"]),
        ("tags: 技术，生活", vec!["技术", "生活"]),
        ("tags: [a, \"b, c\", ~, '']", vec!["a", "b, c"]),
        ("tags:\n- a\n- 1.10", vec!["a", "1.10"]),
        ("tags:", vec![]),
        ("tags: []", vec![]),
    ] {
        assert_eq!(good(&with(tags)).tags, expected, "{tags}");
    }
    for (accounts, expected) in [
        ("account: blog", vec!["blog"]),
        ("account: 3", vec!["3"]),
        ("account: a, b", vec!["a, b"]),
        ("accounts: [x, y, x]", vec!["x", "y"]),
        ("account: x\naccounts: [x, y]", vec!["x", "y"]),
        ("accounts: ", vec![]),
    ] {
        let names: Vec<String> = good(&with(accounts)).accounts.into_iter().map(|it| it.name).collect();
        assert_eq!(names, expected, "{accounts}");
    }
}

#[test]
fn times_are_read_in_the_zone_that_is_set() {
    for (text, utc) in [
        ("2026-02-06 12:00:00", "2026-02-06T04:00:00.000000Z"),
        ("'2026-02-06 12:00'", "2026-02-06T04:00:00.000000Z"),
        ("2026-02-06T12:00:00Z", "2026-02-06T12:00:00.000000Z"),
        ("2026-02-06T12:00:00+09:00 # there", "2026-02-06T03:00:00.000000Z"),
    ] {
        let file = with(&format!("scheduled_at: {text}"));
        let post = read(&file, "x", Asia::Shanghai).expect(text);
        assert_eq!(post.scheduled_at.map(|at| at.to_string()).as_deref(), Some(utc), "{text}");
    }
    assert_eq!(good(&with("scheduled_at:")).scheduled_at, None);
}

#[test]
fn keys_of_other_programs_are_passed_over_and_drafts_known() {
    let post =
        good(&with("date: 2026-01-01\nlayout: post\nmenu: {main: {weight: 1}}\npublished: 2026-01-01"));
    assert_eq!(post.passed_over, ["date", "layout", "menu", "published"]);
    for (text, is_draft) in [
        ("draft: true", true),
        ("draft: yes", true),
        ("draft: false", false),
        ("published: false", true),
        ("published: true", false),
        ("draft: true\npublished: true", true),
    ] {
        assert_eq!(good(&with(text)).is_draft, is_draft, "{text}");
    }
}

#[test]
fn everything_that_is_wrong_is_told_with_its_line() {
    let priority = |given: &str| format!("priority must be from 1 (first) to 10 (last), not “{given}”");
    for (text, expected) in [
        (with("priority: 0"), vec![format!("a.md:2: {}", priority("0"))]),
        (with("title: x\npriority: 11"), vec![format!("a.md:3: {}", priority("11"))]),
        (with("priority: high"), vec![format!("a.md:2: {}", priority("high"))]),
        (with("priority: 1.5"), vec![format!("a.md:2: {}", priority("1.5"))]),
        (with("draft: perhaps"), vec!["a.md:2: draft must be true or false".to_owned()]),
        (
            with("title: [a]\nauthor: {b: c}"),
            vec!["a.md:2: title must be a text".to_owned(), "a.md:3: author must be a text".to_owned()],
        ),
        (
            with("tags:\n  - a\n  - [b]\naccount: {c: d}"),
            vec![
                "a.md:4: tags must be a text or a list of texts".to_owned(),
                "a.md:5: account must be a text or a list of texts".to_owned(),
            ],
        ),
        (
            "---\ntitle: x\n".to_owned(),
            vec!["a.md:1: the front matter that begins here has no end: a line of --- alone".to_owned()],
        ),
        (
            "a\nb\u{0}c".to_owned(),
            vec!["a.md:2: holds the character U+0000, which cannot be kept".to_owned()],
        ),
        (" \n\n".to_owned(), vec!["a.md: is empty".to_owned()]),
        (with("account: \"a\\tb\""), vec!["a.md:2: “a\u{fffd}b” is no name of an account".to_owned()]),
    ] {
        assert_eq!(bad(&text), expected, "{text:?}");
    }
    let many = bad(&with("priorty: 1\nscheduled_at: soon\n\npriority: 99"));
    assert_eq!(many.len(), 3, "{many:?}");
    assert!(many[0].starts_with("a.md:2: there is no key “priorty”; the keys are title, "), "{many:?}");
    assert!(many[1].starts_with("a.md:3: scheduled_at: “soon” is no time; write it like "), "{many:?}");
    assert!(many[2].starts_with("a.md:5: priority "), "{many:?}");
    let escape = bad(&with("scheduled_at: \"\\e[2J\\0\""));
    assert!(escape.iter().all(|told| !told.contains(char::is_control)), "{escape:?}");
    assert!(bad(&with(&format!("priority: {}", "9".repeat(5000))))[0].len() < 300);
}
