//! `contenthub content preview`: the article as WeChat would be given it.

use crate::languages::{CHINESE, english};
use crate::support::command::Cli;
use std::fs;

const BODY: &str = "# 小标题\n\n用Rust写[程序](https://a.example)，见 $x$。<script>alert(1)</script>\n\n![图](a.png)\n\n```rust\nfn main() {}\n```\n";

fn with_content(dir: &std::path::Path, title: &str) -> Cli {
    let cli = Cli::in_dir(dir);
    cli.ok(&["content", "create", "--title", title, "--body", BODY]);
    cli
}

#[test]
fn the_preview_is_a_page_with_the_article_and_tells_what_it_lacks() {
    let dir = tempfile::tempdir().expect("a folder");
    let cli = with_content(dir.path(), "标题 <1>");
    let page = cli.run(&["content", "preview", "1", "--platform", "wechat"]).expect_code(0);
    assert!(page.stdout.starts_with("<!doctype html>") && page.stdout.contains("<meta charset=\"utf-8\">"));
    assert!(page.stdout.contains("<title>标题 &lt;1&gt;</title>"), "{}", page.stdout);
    for foreign in ["<script", "<style", "<link", " class=", "alert(1)"] {
        assert!(!page.stdout.contains(foreign), "{foreign}: {}", page.stdout);
    }
    for here in [
        "用 Rust 写<span style=",
        ">[1]</sup>",
        "<img src=\"a.png\" alt=\"图\" style=\"",
        "<span style=\"color:",
    ] {
        assert!(page.stdout.contains(here), "{here}: {}", page.stdout);
    }
    let notes: Vec<&str> = page.stderr.lines().collect();
    assert_eq!(
        notes,
        [
            "note: <script> is left out: an article cannot hold it",
            "note: a formula stays as it was written: WeChat shows no mathematics",
        ]
    );
    let fragment = cli.run(&["content", "preview", "1", "--platform", "wechat", "--fragment"]).expect_code(0);
    assert!(fragment.stdout.starts_with("<section style=\"") && fragment.stdout.ends_with("</section>\n"));
    assert!(page.stdout.contains(fragment.stdout.trim_end()), "the page holds what is sent");
}

#[test]
fn theme_style_sheet_links_and_spacing_can_be_chosen() {
    let dir = tempfile::tempdir().expect("a folder");
    let cli = with_content(dir.path(), "a");
    let css = dir.path().join("own.css");
    fs::write(&css, "/* ours */ h1 { color: #0a0b0c } @import 'x.css';").expect("written");
    let with = |more: &[&str]| {
        let args = [&["content", "preview", "1", "--platform", "wechat", "--fragment"], more].concat();
        cli.run(&args).expect_code(0)
    };
    let themes = ["plain", "paper", "azure"].map(|theme| with(&["--theme", theme]).stdout);
    assert!(themes[0] != themes[1] && themes[1] != themes[2] && themes[0] == with(&[]).stdout);
    let own = with(&["--css", &css.display().to_string()]);
    assert!(own.stdout.contains("color:#0a0b0c"), "{}", own.stdout);
    assert!(own.stderr.contains("note: “@import 'x.css'” is not taken over"), "{}", own.stderr);
    assert!(with(&["--links", "kept"]).stdout.contains("<a href=\"https://a.example\""));
    assert!(with(&["--spacing", "as-written"]).stdout.contains("用Rust写"));
    let json = cli.json(&["content", "preview", "1", "--platform", "wechat", "--fragment"]);
    assert_eq!((&json["images"], json["characters"].as_u64()), (&serde_json::json!(["a.png"]), Some(63)));
    assert_eq!(json["bytes"].as_u64(), json["html"].as_str().map(|html| html.len() as u64 - 1));

    fs::write(&css, "p {").expect("written");
    let args = ["content", "preview", "1", "--platform", "wechat", "--css", &css.display().to_string()];
    let refused = cli.run(&args).expect_code(2);
    assert!(refused.stderr.contains("own.css: line 1 of the style sheet opens"), "{}", refused.stderr);
    cli.run(&["content", "preview", "2", "--platform", "wechat"]).expect_code(1);
    cli.run(&["content", "preview", "1"]).expect_code(2);
}

#[test]
fn what_wechat_would_refuse_is_told_in_the_readers_language() {
    let dir = tempfile::tempdir().expect("a folder");
    let cli = with_content(dir.path(), &"题".repeat(33)).env(CHINESE.0, CHINESE.1);
    let css = dir.path().join("own.css");
    fs::write(&css, "p { position: fixed } a::b { color: red }").expect("written");
    let args = ["content", "preview", "1", "--platform", "wechat", "--css", &css.display().to_string()];
    let told = cli.run(&args).expect_code(0).stderr;
    assert!(told.contains("注意：title：有 33 个字符，比 wechat 允许的多 1 个字符（最多 32）\n"), "{told}");
    assert_eq!(told.lines().count(), 5, "{told}");
    let ours: Vec<&str> = told.lines().map(|line| line.split('“').next().unwrap_or(line)).collect();
    assert_eq!(
        english(&ours.join("\n").replace("<script>", "").replace("wechat", "").replace("title", "")),
        None
    );
}
