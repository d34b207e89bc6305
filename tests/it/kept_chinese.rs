//! What was kept of attempts and runs in our own words is told in Chinese to whoever reads Chinese, and stays English for
//! programs. What platforms said is told as it was said.

use super::languages::{CHINESE, english};
use crate::support::app::{add, add_as, entry, eventually};
use crate::support::command::{Cli, Server};
use crate::support::on_both;
use crate::support::played::Played;
use crate::support::stage::Stage;
use contenthub::db::database_url::DatabaseUrl;
use contenthub::domain::delivery_class::DeliveryClass;
use contenthub::domain::outcome::{Receipt, Seen};
use contenthub::operations::account::SuspendAccount;
use contenthub::platforms::platform::PublishCall;
use contenthub::{Addition, EntryId, EntryStatus};
use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, ready};
use std::fs;
use std::path::Path;
use std::time::Duration;

/// A command line whose reader reads Chinese.
pub fn reader(url: &DatabaseUrl, dir: &Path) -> Cli {
    Cli::on(dir, url).env(CHINESE.0, CHINESE.1)
}

/// What the entry and its attempts are told as holds all of these, in the answers and in the list of attempts.
#[track_caller]
pub fn tells(cli: &Cli, id: EntryId, words: &[&str], never: &str) {
    let id = id.to_string();
    for args in [&["publish-pool", "show", &id][..], &["publisher", "history", "--entry", &id]] {
        let told = cli.ok(args);
        for word in words {
            assert!(told.contains(word), "{args:?} lacks “{word}”:\n{told}");
        }
        assert!(!told.contains(never), "{args:?}:\n{told}");
    }
    let kept = cli.json(&["publisher", "history", "--entry", &id]);
    assert!(kept["items"].to_string().contains(never), "what programs read is English: {kept:#}");
}

fn play(call: PublishCall) -> LocalBoxFuture<'static, Seen> {
    match call.article.title.as_str() {
        "panics" => async { panic!("on purpose") }.boxed_local(),
        _ => ready(Seen::Accepted(Receipt::default())).boxed_local(),
    }
}

#[test]
fn a_panic_and_what_was_too_late_are_told_in_chinese() {
    on_both(|url, dir| {
        let stage = Stage::open(url, dir, Played::new(DeliveryClass::Blind, play));
        let cli = reader(url, dir);
        let panics = add(&stage.app, "panics", stage.account);
        stage.run();
        tells(&cli, panics, &["平台的代码崩溃：on purpose"], "the platform's code panicked: on purpose");
        let listed = cli.ok(&["publish-pool", "list"]);
        assert!(listed.contains("平台的代码崩溃：on purpose"), "{listed}");

        let suspend = SuspendAccount { id: stage.account, reason: "on leave".to_owned(), until: None };
        stage.app.run(suspend).expect("suspended");
        let soon = |it| Addition { late_after_seconds: Some(60), ..it };
        let late = add_as(&stage.app, "late", stage.account, soon);
        let added = entry(&stage.app, late).added_at;
        stage.later(61);
        eventually("it is too late", || {
            (entry(&stage.app, late).status == EntryStatus::Failed).then_some(())
        });
        let day = added.to_utc().format("应于 %Y-%m-%d %H:%M:%S").to_string();
        tells(&cli, late, &[&day, "仍未发出：账号已暂停：on leave"], "and not out by");
    });
}

#[test]
fn reports_of_earlier_runs_are_told_in_chinese() {
    on_both(|url, dir| {
        let cli = reader(url, dir);
        let (copies, posts) = (dir.join("copies"), dir.join("posts"));
        let make = |name: &str, kind: &str, folder: &Path| {
            fs::create_dir(folder).expect("a folder");
            let folder = format!("folder={}", folder.display());
            let every = ["scheduler", "create", "--name", name, "--type", kind, "--interval", "86400"];
            cli.ok(&[&every[..], &["--param", &folder, "--disabled"]].concat());
        };
        make("copies", "backup", &copies);
        make("reads", "import_folder", &posts);
        fs::remove_dir(&copies).expect("removed");
        let post = "---\ndraft: perhaps\ncolour: red\nscheduled_at: soon\n---\n# 你好\n";
        fs::write(posts.join("a.md"), post).expect("written");
        fs::write(posts.join("b.md"), "").expect("written");
        let why = format!("失败：没有文件夹 {}；请创建它，或挂载其磁盘", copies.display());
        let failed = cli.run(&["scheduler", "trigger", "copies"]).stdout;
        assert!(failed.contains(&why), "{failed}");

        let read = eventually("the files are old enough to be read", || {
            let read = cli.run(&["scheduler", "trigger", "reads"]).stdout;
            (!read.contains("正在写入")).then_some(read)
        });
        for what in ["a.md:2: draft 须为 true 或 false", "b.md: 是空的"] {
            assert!(read.contains(what), "{what}:\n{read}");
        }
        assert_eq!(english(&read), None, "{read}");

        for (task, told) in [("copies", why.as_str()), ("reads", "已导入 ")] {
            let earlier = cli.ok(&["scheduler", "history", task]);
            assert!(earlier.contains(told), "{told}:\n{earlier}");
        }
        let kept = cli.json(&["scheduler", "history", "copies"]);
        let message = kept["items"][0]["report"]["message"].as_str().expect("a message");
        assert!(message.starts_with("Failed: there is no folder "), "{message}");
    });
}

#[test]
fn what_a_server_says_first_is_chinese_and_its_log_is_not() {
    let dir = tempfile::tempdir().expect("a folder");
    let cli = Cli::in_dir(dir.path()).env(CHINESE.0, CHINESE.1);
    let server = Server::start(&cli, &[]);
    assert_eq!(server.printed("\n"), format!("ContentHub 正在监听 {}\n", server.url("")));
    drop(server);
    let demo = Server::start(&cli, &["--demo"]);
    let said = demo.printed("临时目录也随之删除。");
    for word in ["ContentHub 正在监听 http://", "网站：", "令牌：", "试一试：", "\"title\":\"我的文章\""]
    {
        assert!(said.contains(word), "{word}:\n{said}");
    }
    assert_eq!(english(&said), None, "{said}");
    drop(demo);
    let open = ["--listen", "0.0.0.0:0"];
    let mut silent = cli.clone().env("RUST_LOG", "contenthub=off").spawn(&[&["serve"], &open[..]].concat());
    let warned = silent.stderr.wait_until(Duration::from_secs(60), |text| {
        text.contains("docs/exposing.md").then(|| text.to_owned())
    });
    silent.kill();
    let warned = warned.unwrap_or_else(|| silent.stderr.text());
    assert!(warned.starts_with("警告：ContentHub 正在监听 0.0.0.0:"), "{warned}");
    assert_eq!(english(&warned), None, "{warned}");
}

#[test]
fn a_bench_says_in_chinese_what_it_is_at() {
    let dir = tempfile::tempdir().expect("a folder");
    let cli = Cli::in_dir(dir.path()).env(CHINESE.0, CHINESE.1);
    let ran = cli.run(&["bench", "--entries", "1000"]).expect_code(0);
    for part in ["正在填充发布池：1000/1000", "正在发布：1000/1000"] {
        assert!(ran.stderr.contains(part), "{part}:\n{}", ran.stderr);
    }
}
