//! `--help`, errors of usage, manual pages and heads of columns, where Chinese is asked for.

use crate::languages::{english, in_chinese};
use crate::support::app::{account, add};
use crate::support::command::Cli;
use crate::support::pty::{OnTerminal, Stderr};
use clap::Command;
use contenthub::cli::command;
use serde_json::json;
use std::path::Path;
use unicode_width::UnicodeWidthStr;

const WIDE: usize = 80;

/// Every command that is shown, as its arguments.
fn paths(command: &Command, path: &[String], into: &mut Vec<Vec<String>>) {
    into.push(path.to_vec());
    for inner in command.get_subcommands().filter(|it| !it.is_hide_set()) {
        paths(inner, &[path, &[inner.get_name().to_owned()]].concat(), into);
    }
}

fn all_paths() -> Vec<Vec<String>> {
    let mut all = Vec::new();
    paths(&command(), &[], &mut all);
    assert!(all.len() > 60, "{} commands", all.len());
    all
}

/// A line that can be copied, or of usage: neither is broken or translated.
fn is_of_commands(line: &str) -> bool {
    line.trim_start().starts_with("contenthub ") || line.starts_with("用法：")
}

fn prose(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !is_of_commands(line))
}

#[test]
fn help_is_chinese_and_no_wider_than_the_terminal() {
    let dir = tempfile::tempdir().expect("a folder");
    let cli = in_chinese(dir.path()).env("COLUMNS", &WIDE.to_string());
    for path in all_paths() {
        for flag in ["-h", "--help"] {
            let args: Vec<&str> = path.iter().map(String::as_str).chain([flag]).collect();
            let ran = cli.run(&args).expect_code(0);
            assert_eq!(ran.stderr, "", "{args:?}");
            assert!(
                ran.stdout.contains("\n用法：contenthub ") && ran.stdout.contains("显示帮助"),
                "{}",
                ran.stdout
            );
            let told: Vec<&str> = prose(&ran.stdout).collect();
            assert_eq!(english(&told.join("\n")), None, "{args:?}: {}", ran.stdout);
            for word in ["Usage", "Options", "Commands", "Arguments", "Examples", "[env", "[default", "Print"]
            {
                assert!(!told.iter().any(|line| line.contains(word)), "{args:?}: {word}: {}", ran.stdout);
            }
            let wide = told.iter().find(|line| line.width() > WIDE);
            assert_eq!(wide, None, "{args:?}");
        }
    }
}

/// Examples and usage are what they are in English.
#[test]
fn what_can_be_copied_is_the_same_in_both_languages() {
    let dir = tempfile::tempdir().expect("a folder");
    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for path in all_paths() {
        let args: Vec<&str> = path.iter().map(String::as_str).chain(["--help"]).collect();
        let (ours, theirs) = (in_chinese(dir.path()).ok(&args), Cli::in_dir(dir.path()).ok(&args));
        // English breaks a long line of an example.
        let theirs = flat(&theirs);
        for line in ours.lines().filter(|line| line.trim_start().starts_with("contenthub ")) {
            let line = flat(line.split("  # ").next().unwrap_or_default());
            assert!(theirs.contains(&line), "{args:?}: {line}");
        }
        let options = |text: &str| {
            let names = text
                .split(|it: char| !it.is_ascii_alphanumeric() && it != '-')
                .filter(|it| it.starts_with("--"));
            names.map(str::to_owned).collect::<std::collections::BTreeSet<_>>()
        };
        let missing: Vec<String> = options(&theirs).difference(&options(&ours)).cloned().collect();
        assert!(missing.is_empty(), "{args:?}: {missing:?}");
    }
}

#[test]
fn help_is_narrow_on_a_narrow_terminal_and_styled_on_one_with_colours() {
    let dir = tempfile::tempdir().expect("a folder");
    let locale = ("LC_ALL", "zh_CN.UTF-8");
    for args in [["publish-pool", "add", "--help"], ["scheduler", "create", "-h"]] {
        let start = |variables: &[(&str, &str)]| {
            OnTerminal::start(dir.path(), variables, 50, Stderr::ToAPipe, &args).end()
        };
        let (code, text, _) = start(&[locale, ("NO_COLOR", "1")]);
        assert_eq!(code, Some(0), "{text}");
        let wide: Vec<&str> = prose(&text).filter(|line| line.width() > 50).collect();
        assert!(wide.is_empty(), "{wide:#?}");
        assert!(!text.contains('\u{1b}') && start(&[locale]).1.contains('\u{1b}'), "{text}");
    }
}

#[test]
fn errors_of_usage_are_chinese_where_it_is_asked_for() {
    let dir = tempfile::tempdir().expect("a folder");
    let cli = in_chinese(dir.path());
    let cases: [(&[&str], &str); 23] = [
        (
            &["publish-pol", "list"],
            "错误：没有子命令“publish-pol”\n\n  提示：有相近的子命令：“publisher”、“publish-pool”\n\n\
             用法：contenthub [选项] <命令>\n\n更多信息见 --help。\n",
        ),
        (&["help", "nope"], "错误：没有子命令“nope”\n"),
        (
            &["publish-pool", "list", "--acount", "x"],
            "错误：没有参数“--acount”\n\n  提示：有相近的参数：“--account”\n\n\
             用法：contenthub publish-pool list --account <ACCOUNT>\n",
        ),
        (&["--offline", "doctor"], "提示：可以写“doctor --offline”\n"),
        (&["account", "show", "--foo"], "提示：若要把“--foo”作为值，请写“-- --foo”\n"),
        (&["db", "--", "check"], "提示：有子命令“check”；要使用它，请去掉前面的 --\n"),
        (&["publish-pool", "show", "1", "2"], "错误：没有参数“2”\n"),
        (
            &["publish-pool", "set-priority", "1"],
            "错误：缺少必需的参数：\n  <PRIORITY>\n\n用法：contenthub publish-pool set-priority <ID> <PRIORITY>\n",
        ),
        (&["publish-pool", "move", "1"], "缺少必需的参数：\n  <--to <ID>|--first|--up|--down>\n"),
        (
            &["status", "--output", "xml"],
            "错误：“--output <OUTPUT>”的值“xml”无效\n  [可选值：table、json、csv]\n",
        ),
        (&["status", "--output", "jsn"], "提示：有相近的值：“json”\n"),
        (
            &["status", "--output"],
            "错误：“--output <OUTPUT>”需要一个值，但没有给出\n  [可选值：table、json、csv]\n",
        ),
        (
            &["publish-pool", "add", "1", "--next-slot", "--scheduled-at", "x"],
            "错误：参数“--next-slot”不能与“--scheduled-at <TIME>”同时使用\n",
        ),
        (&["publish-pool", "move", "1", "--up", "--down"], "错误：参数“--up”不能与“--down”同时使用\n"),
        (&["status", "--output", "json", "--output", "csv"], "错误：参数“--output <OUTPUT>”不能多次使用\n"),
        (&["doctor", "--offline=yes"], "错误：“--offline”不再接受值，多出了“yes”\n"),
        (&["publish-pool", "show", "x"], "错误：“<ID>”的值“x”无效：不是整数\n"),
        (&["publish-pool", "show", "99999999999999999999"], "无效：数字太大\n"),
        (&["db", "backup", "--keep", "0"], "错误：“--keep <N>”的值“0”无效：不在 1..=1000 之内\n"),
        (
            &["publish-pool", "add", "1", "--priority", "x"],
            "错误：“--priority <PRIORITY>”的值“x”无效：“x”不是数字\n",
        ),
        (&["publish-pool", "add", "1", "--priority", "11"], "”的值“11”无效：优先级"),
        (&["publish-pool", "list", "--status", "pendng"], "”的值“pendng”无效：“pendng”不在可用的 pending、"),
        (&["account", "update", "blog", "--daily-cap", "x"], "”的值“x”无效：请写一个整数，或 none\n"),
    ];
    for (args, says) in cases {
        let ran = cli.run(args).expect_code(2);
        assert_eq!(ran.stdout, "", "{args:?}");
        assert!(ran.stderr.contains(says), "{args:?}: {}", ran.stderr);
        assert!(
            ran.stderr.starts_with("错误：") && ran.stderr.ends_with("更多信息见 --help。\n"),
            "{}",
            ran.stderr
        );
        assert_eq!(english(&ran.stderr), None, "{args:?}: {}", ran.stderr);
    }
}

#[test]
fn a_command_that_needs_another_shows_its_help_as_an_error() {
    let dir = tempfile::tempdir().expect("a folder");
    for args in [&[][..], &["publish-pool"]] {
        let ran = in_chinese(dir.path()).run(args).expect_code(2);
        assert_eq!(ran.stdout, "");
        assert!(
            ran.stderr.contains("\n命令：\n") && ran.stderr.contains("用法：contenthub"),
            "{}",
            ran.stderr
        );
    }
    let version = |cli: Cli| cli.ok(&["--version"]);
    assert_eq!(version(in_chinese(dir.path())), version(Cli::in_dir(dir.path())));
}

/// Accounts, contents, entries and what came of them.
fn scene(dir: &Path) {
    let settings = contenthub::Settings::in_dir(dir.join("data")).expect("settings");
    let app = contenthub::App::open(settings).expect("opened");
    let blog = account(&app, "blog", "folder", json!({}));
    add(&app, "A post", blog);
    let cli = Cli::in_dir(dir);
    cli.ok(&["scheduler", "trigger", "1"]);
    cli.ok(&["account", "update", "blog", "--slots", "09:00"]);
    cli.ok(&["token", "create", "--name", "laptop", "--role", "viewer"]);
}

#[test]
fn heads_of_columns_are_chinese_in_tables_and_names_of_fields_in_csv() {
    let dir = tempfile::tempdir().expect("a folder");
    scene(dir.path());
    let (ours, theirs) = (in_chinese(dir.path()), Cli::in_dir(dir.path()));
    let cases: [(&[&str], &str); 14] = [
        (&["scheduler", "list"], "编号 名称 类型 计划 启用 下次运行 上次运行"),
        (&["scheduler", "history"], "编号 任务 触发方式 状态 开始于 秒数 消息"),
        (&["scheduler", "history", "1"], "编号 触发方式 状态 开始于 秒数 消息"),
        (&["publish-pool", "list"], "编号 内容 账号 状态 优先级 到期 重试 最近的错误"),
        (&["publish-pool", "stats"], "字段 值"),
        (&["content", "list"], "编号 标题 账号 版本 审核 更新于"),
        (&["account", "list"], "编号 名称 平台 启用 暂停原因 同时发送 凭据"),
        (&["account", "slots", "blog"], "当地时间 时间 条目 内容 状态"),
        (&["publisher", "history"], "编号 条目 内容 账号 尝试 状态 结束于 由谁说明 错误"),
        (&["token", "list"], "编号 名称 角色 创建于 账号 到期于 上次使用"),
        (&["audit"], "编号 时间 谁 来源 操作 对象 对象编号"),
        (&["config", "show"], "设置 值 来源"),
        (&["doctor", "--offline"], "状态 检查项 结果"),
        (&["scheduler", "preview", "1"], "UTC 当地时间 顺延"),
    ];
    for (args, heads) in cases {
        let text = ours.ok(args);
        let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let wanted = words(heads);
        assert!(text.lines().any(|line| words(line) == wanted), "{args:?}: {heads}\n{text}");
        let csv = [args, &["--output", "csv"]].concat();
        let head = |cli: &Cli| cli.ok(&csv).lines().next().unwrap_or_default().to_owned();
        assert!(head(&ours).is_ascii(), "{args:?}");
        assert_eq!(head(&ours), head(&theirs), "{args:?}");
    }
}

/// A column begins where its head does, however wide the characters are.
#[test]
fn heads_stand_above_what_they_are_of() {
    let dir = tempfile::tempdir().expect("a folder");
    scene(dir.path());
    let text = in_chinese(dir.path()).ok(&["account", "list"]);
    let lines: Vec<&str> = text.lines().collect();
    let column = |line: &str, word: &str| line.find(word).map(|at| line[..at].width());
    for (head, cell) in
        [("编号", "1 "), ("名称", "blog"), ("平台", "folder"), ("启用", "true"), ("同时发送", "64")]
    {
        assert_eq!(column(lines[0], head), column(lines[1], cell), "{text}");
    }
}

#[test]
fn manual_pages_are_chinese_where_it_is_asked_for() {
    let dir = tempfile::tempdir().expect("a folder");
    in_chinese(dir.path()).ok(&["man", "man1"]);
    let page = |name: &str| std::fs::read_to_string(dir.path().join("man1").join(name)).expect(name);
    for entry in std::fs::read_dir(dir.path().join("man1")).expect("pages").flatten() {
        let text = std::fs::read_to_string(entry.path()).expect("a page");
        let plain = text.replace("\\-", "-").replace("\\fB", "").replace("\\fR", "").replace("\\fI", "");
        let told: Vec<&str> = prose(&plain).filter(|line| !line.starts_with(".TH")).collect();
        assert_eq!(english(&told.join("\n")), None, "{:?}", entry.path());
        let section = told.iter().find(|line| line.starts_with(".SH") && line.is_ascii());
        assert_eq!(section, None, "{:?}", entry.path());
    }
    let add = page("contenthub-publish-pool-add.1");
    for part in
        [".SH \"名称\"\n", "添加一篇内容，发布一次", ".SH \"示例\"\n示例：\n", "[默认：5]", ".SH \"设置\"\n"]
    {
        assert!(add.contains(part), "{part}: {add}");
    }
    let backup = page("contenthub-db-backup.1");
    assert!(
        backup.contains(".SH \"附注\"\n一份一致的数据库副本") && backup.contains("存入 DATA\\-DIR/backups"),
        "{backup}"
    );
    assert!(page("contenthub-scheduler-create.1").contains("可选值："));
}
