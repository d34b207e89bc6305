//! What the command line says in Chinese of what it refuses: one sentence each, whole, and what to do.

use super::languages::{CHINESE, english};
use crate::support::command::Cli;
use crate::support::on_both;
use contenthub::db::connection::connect;
use contenthub::db::database_url::DatabaseUrl;
use diesel::connection::SimpleConnection;
use serde_json::{Value, json};
use std::fs;

/// What the operating system says stays as it is.
const OF_THE_SYSTEM: &str = "No such file or directory";

/// What is wrong with what a command says that is refused; none: it says this, in Chinese.
fn wrong(cli: &Cli, args: &[&str], code: i32, says: &str) -> Option<String> {
    let ended = cli.run(args);
    // The log is English.
    let told: Vec<&str> = ended.stderr.lines().filter(|line| !line.starts_with('[')).collect();
    let told = told.join("\n");
    let is_right = ended.code == Some(code)
        && told.starts_with("错误：")
        && told.contains(says)
        && english(&told.replace(OF_THE_SYSTEM, "")).is_none();
    (!is_right).then(|| format!("{args:?} ends with {:?}, and does not say “{says}”:\n{told}", ended.code))
}

#[track_caller]
fn refused(cli: &Cli, args: &[&str], code: i32, says: &str) {
    let wrong = wrong(cli, args, code, says);
    assert!(wrong.is_none(), "{}", wrong.unwrap_or_default());
}

fn in_chinese(cli: Cli) -> Cli {
    cli.env(CHINESE.0, CHINESE.1)
}

#[test]
fn what_is_refused_is_told_in_chinese() {
    on_both(|url, dir| {
        let cli = in_chinese(Cli::on(dir, url));
        for name in ["blog", "other"] {
            cli.ok(&["account", "create", name, "--platform", "folder", "--setting", "site=s"]);
        }
        for title in ["waits", "is out", "free"] {
            cli.ok(&["content", "create", "--title", title, "--body", "x"]);
        }
        cli.ok(&["publish-pool", "add", "1", "--account", "blog", "--scheduled-at", "2999-01-01T00:00:00Z"]);
        cli.ok(&["publish-pool", "add", "2", "--account", "blog"]);
        cli.ok(&["scheduler", "trigger", "1"]);
        cli.ok(&["scheduler", "create", "--name", "some", "--interval", "60", "--param", "account_ids=2"]);
        fs::write(dir.join("two.md"), b"one\ntw\xff\n").expect("written");
        fs::write(dir.join("large.md"), "x".repeat(2 * 1024 * 1024 + 1)).expect("written");
        let wrong = cases().into_iter().filter_map(|(args, code, says)| wrong(&cli, args, code, says));
        let wrong: Vec<String> = wrong.collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    });
}

/// Arguments, exit code, something that is said.
#[rustfmt::skip]
fn cases() -> Vec<(&'static [&'static str], i32, &'static str)> {
    vec![
        // What is not there, and what may have been meant.
        (&["account", "show", "blgo"], 1, "没有账号 blgo；您指的是“blog”吗？"),
        (&["account", "show", "nobody"], 1, "没有账号 nobody\n提示：contenthub account list 可列出所有账号。"),
        (&["content", "show", "999"], 1, "没有内容 999"),
        (&["publish-pool", "show", "999"], 1, "没有条目 999"),
        (&["scheduler", "trigger", "publish when deu"], 1, "没有任务 publish when deu；您指的是“publish when due”吗？"),
        (&["publisher", "show", "999"], 1, "没有记录 999"),
        (&["token", "revoke", "999"], 1, "没有令牌 999"),
        (&["scheduler", "cancel", "999"], 1, "没有执行 999"),
        // What is not possible now.
        (&["publish-pool", "add", "1", "--account", "blog"], 1, "内容 1 已在账号 1 的发布池中等待：条目 1（pending）"),
        (&["publish-pool", "add", "2", "--account", "blog"], 1, "内容 2 已于 "),
        (&["publish-pool", "add", "2", "--account", "blog"], 1, " 在账号 1 上发布\n提示：如果确实要"),
        (&["publish-pool", "cancel", "2"], 1, "条目 2 的状态为 published：只有 pending 的条目才能取消"),
        (&["publish-pool", "retry", "1"], 1, "条目 1 的状态为 pending：只有失败或已取消的条目才能重试"),
        (&["publish-pool", "resolve", "1", "--published"], 1, "条目 1 的状态为 pending：它尚未发出；只有可能已发出的才需要人工说明"),
        (&["publish-pool", "move", "1", "--first"], 2, "scheduled_at：账号 1“blog”没有发布时段；请用 `contenthub account update 1 --slots"),
        (&["content", "reject", "2"], 1, "内容 2 的状态为 approved：请提交草稿，然后批准或拒绝"),
        (&["content", "delete", "1"], 1, "内容 1 在发布池中还有条目：1\n提示：请先取消或移除这些条目。"),
        (&["account", "delete", "blog"], 1, "账号 1 在发布池中还有条目：1"),
        (&["account", "delete", "other"], 1, "账号 2 被任务 2“some”引用：请先将它从这些任务的 account_ids 中去掉，或删除这些任务"),
        (&["account", "create", "blog", "--platform", "folder"], 1, "已有名为“blog”的账号"),
        (&["scheduler", "create", "--name", "publish when due", "--interval", "5"], 1, "已有名为“publish when due”的任务"),
        // Fields of an entry and of a content.
        (&["publish-pool", "add", "3"], 2, "account_id：请说明是哪个账号：1（blog）、2（other）"),
        (&["publish-pool", "add", "3", "--account", "blog", "--scheduled-at", "soon"], 2, "“soon”不是时间；请写成 2026-02-06T12:00:00Z，或 2026-02-06 12:00:00（按 UTC）"),
        (&["publish-pool", "add", "3", "--account", "blog", "--scheduled-at", "1969-01-01T00:00:00Z"], 2, "不在 1970 至 9999 年之间"),
        (&["publish-pool", "add", "3", "--account", "blog", "--max-retries", "1001"], 2, "max_retries：须在 0 至 1000 之间"),
        (&["publish-pool", "add", "3", "--account", "blog", "--late-after-seconds", "0"], 2, "late_after_seconds：须在 1 至 31622400（366 天）之间"),
        (&["publish-pool", "list", "--page", "0"], 2, "page：须在 1 至 1000000000 之间"),
        (&["publish-pool", "list", "--page-size", "201"], 2, "page_size：须在 1 至 200 之间"),
        (&["content", "create", "--title", "", "--body", "x"], 2, "title：不能为空"),
        (&["content", "create", "--title", "x", "--body-file", "two.md"], 2, "two.md:2：不是 UTF-8"),
        (&["content", "create", "--title", "x", "--body-file", "large.md"], 2, "large.md 超过 2097152 字节"),
        (&["content", "create", "--title", "x", "--body-file", "missing.md"], 2, "missing.md：No such file"),
        // Fields of an account.
        (&["account", "create", "x", "--platform", "webhok"], 2, "platform：“webhok”不在可用的 webhook、folder、wechat 之中；您指的是“webhook”吗？"),
        (&["account", "create", "x", "--platform", "webhook"], 2, "settings.url：缺少此项"),
        (&["account", "create", "x", "--platform", "webhook", "--setting", "url=ftp://a/"], 2, "settings.url：须以 http:// 或 https:// 开头"),
        (&["account", "create", "x", "--platform", "webhook", "--setting", "url"], 2, "设置须写成 NAME=VALUE"),
        (&["account", "create", "x", "--platform", "webhook", "--setting", "ur=http://a/"], 2, "settings.ur：这里没有此项；可用的有 "),
        (&["account", "create", "x", "--platform", "webhook", "--setting", "url=http://a/", "--setting", "deduplicates=perhaps"], 2, "settings.deduplicates：须为 true 或 false，而不是“perhaps”"),
        (&["account", "create", "x", "--platform", "webhook", "--setting", "url=http://a/", "--credential", "secret=x"], 2, "credentials.secret：须为 whsec_ 加上 base64"),
        (&["account", "create", "x", "--platform", "webhook", "--setting", "url=http://169.254.169.254/"], 2, "settings.url：169.254.169.254 是云平台元数据的地址；除非设置中指明，否则不会向它发送。"),
        (&["account", "create", "x", "--platform", "folder", "--setting", "site=../up"], 2, "settings.site：须为 1 至 "),
        (&["account", "create", "x", "--platform", "folder", "--credential", "secret=x"], 2, "credentials.secret：folder 没有凭据"),
        (&["account", "create", "x", "--platform", "folder", "--zone", "Shangai"], 2, "timezone：“Shangai”不是时区；请写成 Asia/Shanghai 这样；您指的是“Asia/Shanghai”吗？"),
        (&["account", "create", "x", "--platform", "folder", "--at-once", "0"], 2, "concurrency：须在 1 至 1024 之间"),
        (&["account", "create", "x", "--platform", "folder", "--concurrency", "3"], 2, "--concurrency 是本程序的设置，不是账号的：请用 --at-once"),
        (&["account", "create", "12", "--platform", "folder"], 2, "name：不能是数字，因为命令会把数字当作 id"),
        (&["account", "create", "a\tb", "--platform", "folder"], 2, "name：须为一行，且不含控制字符；第 2 个字符是制表符"),
        (&["account", "create", "x", "--platform", "folder", "--window", "08:00-08:00"], 2, "windows[0]：“08:00-08:00”不是时间窗口：开始与结束相同。"),
        (&["account", "create", "x", "--platform", "folder", "--window", "foo 08:00-09:00"], 2, "“foo”不是星期 mon、tue、wed、thu、fri、sat、sun 之一"),
        (&["account", "update", "blog", "--slots", "24:00"], 2, "slots[0]：“24:00”不是发布时段：一天的最后一分钟是 23:59；请写第二天的 00:00。请写成 09:00、"),
        (&["account", "update", "blog", "--daily-cap", "0"], 2, "daily_cap：须在 1 至 1000000 之间"),
        (&["account", "suspend", "blog", "--reason", ""], 2, "reason：请说明原因"),
        (&["account", "create"], 2, "请给出 NAME 和 --platform"),
        // Fields of a task, its schedule and parameters.
        (&["scheduler", "create", "--name", "x", "--interval", "0"], 2, "interval_seconds：须在 1 至 31622400（366 天）之间"),
        (&["scheduler", "create", "--name", "x", "--interval", "5", "--type", "dancing"], 2, "task_type：“dancing”不在可用的 publishing、import_folder、"),
        (&["scheduler", "create", "--name", "x", "--on-due", "--type", "prune"], 2, "schedule_type：on_due 只用于发布任务，不能用于 prune"),
        (&["scheduler", "create", "--name", "x", "--on-due", "--next-run", "2999-01-01T00:00:00Z"], 2, "next_run：schedule_type 为 on_due 时不能有此项"),
        (&["scheduler", "create", "--name", "x", "--cron", "61 * * * *"], 2, "cron：分（“61 * * * *”的第 1 列）：61 不在 0 至 59 之间；您指的是 59 * * * * 吗？"),
        (&["scheduler", "create", "--name", "x", "--cron", "* *"], 2, "“* *”不是 cron 表达式：它有 2 个字段，而需要 5 个"),
        (&["scheduler", "create", "--name", "x", "--cron", "0 0 30 2 *"], 2, "永远不会触发：其中没有任何一个月有 30 日"),
        (&["scheduler", "create", "--name", "x", "--cron", "@dayly"], 2, "“@dayly”不是 cron 表达式的简称（第 1 列）；可用的有 "),
        (&["scheduler", "create", "--name", "x", "--run-at", "2020-01-01 09:00"], 2, "run_at：须为将来的时间，而 2020-01-01T09:00:00.000000Z 不是"),
        (&["scheduler", "create", "--name", "x", "--run-at", "tomorrow"], 2, "run_at：“tomorrow”不是时间"),
        (&["scheduler", "create", "--name", "x"], 2, "请说明何时运行：--interval SECONDS、"),
        (&["scheduler", "create"], 2, "请给出 --name 和运行时间"),
        (&["scheduler", "update", "1"], 2, "请说明改什么：--name NAME、"),
        (&["scheduler", "preview"], 2, "请说明预览什么：任务的 id、"),
        (&["scheduler", "preview", "1", "--count", "0"], 2, "count：须在 1 至 1000 之间，而不是 0"),
        (&["scheduler", "create", "--name", "x", "--interval", "5", "--param", "max_priority=11"], 2, "params.max_priority：优先级须为 1（最先）至 10（最后），而不是 11"),
        (&["scheduler", "create", "--name", "x", "--interval", "5", "--param", "account_ids=7"], 2, "params.account_ids：没有账号 7"),
        (&["scheduler", "create", "--name", "x", "--interval", "5", "--type", "recycle"], 2, "params.tag：请用 tag 或 content_ids 说明是哪些内容"),
        (&["scheduler", "create", "--name", "x", "--interval", "5", "--type", "backup", "--param", "keep=0"], 2, "params.keep：须在 1 至 1000 之间，而不是 0"),
        (&["scheduler", "create", "--name", "x", "--interval", "5", "--type", "backup", "--param", "folder=copies"], 2, "params.folder：须为服务器上的绝对路径，例如 /srv/posts"),
        (&["scheduler", "create", "--name", "x", "--interval", "5", "--type", "backup", "--param", "folder=/nowhere/at/all"], 2, "params.folder：没有文件夹 /nowhere/at/all；请创建它，或挂载其磁盘"),
        (&["scheduler", "pause", "--reason", LONG], 2, "reason：最多 "),
        // Several at once.
        (&["account", "create", "12", "--platform", "folder", "--zone", "Mars"], 2, "name：不能是数字，因为命令会把数字当作 id；timezone：“Mars”不是时区"),
        // Tokens.
        (&["token", "create", "--name", "", "--role", "viewer"], 2, "name：长度须为 1 至 100 个字符"),
        (&["token", "create", "--name", "x", "--role", "viewer", "--expires-in", "soon"], 2, "--expires-in：“soon”不是时长；请写成 30d 这样"),
        (&["token", "create", "--name", "x", "--role", "viewer", "--expires-at", "2020-01-01T00:00:00Z"], 2, "expires_at：须为将来的时间"),
        // Folders.
        (&["content", "import", "two.md"], 2, "two.md 不是文件夹"),
        (&["bench", "--entries", "0"], 2, "--entries、--accounts、--tasks、--connections 和 --seconds 须为 1 或更大"),
    ]
}

/// Longer than any reason.
const LONG: &str = "一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十\
    一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十\
    一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十\
    一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十\
    一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十\
    一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十\
    一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十\
    一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十\
    一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十\
    一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十\
    一二三四五六七八九十";

#[test]
fn what_is_wrong_with_settings_is_told_in_chinese() {
    let dir = tempfile::tempdir().expect("a folder");
    let cli = in_chinese(Cli::in_dir(dir.path()));
    let file = dir.path().join("contenthub.toml");
    for (text, says) in [
        ("listn = \"127.0.0.1:0\"\n", "contenthub.toml 第 1 行：listn：这里没有此项；可用的有 "),
        ("concurrency = 1025", "concurrency（contenthub.toml 第 1 行）：须在 1 至 1024 之间，而不是 1025"),
        ("lease_seconds = \"long\"", "lease_seconds：须为整数，而不是“long”"),
        ("timezone = \"Mars\"", "timezone（contenthub.toml 第 1 行）：“Mars”不是时区"),
        (
            "listen = \"here\"",
            "listen（contenthub.toml 第 1 行）：“here”不是地址；请写成 127.0.0.1:8080 这样",
        ),
        ("behind_proxy = \"X Forwarded\"", "“X Forwarded”不是标头的名称；请写成 X-Forwarded-For 这样"),
        ("public_url = \"hub.example\"", "“hub.example”不是访问服务器的网址"),
        ("cors_origins = \"*\"", "“*”不是来源；每个请写成 https://app.example 这样，用逗号隔开"),
        ("tls_key = \"key.pem\"", "密钥需要其证书：请同时设置 tls_cert"),
        ("outbound_allow = [\"10.0.0.1/8\"]", "“10.0.0.1/8”不是网络：它从 10.0.0.0 开始，请写成 10.0.0.0/8"),
        ("outbound_allow = \"::1\"", "outbound_allow：须为列表，而不是“::1”"),
        ("database_url = \"mysql://h/d\"", "“mysql://h/d”不是数据库；请用 postgres://USER@HOST/NAME"),
    ] {
        fs::write(&file, text).expect("written");
        refused(&cli, &["publish-pool", "list"], 2, says);
    }
    fs::remove_file(&file).expect("removed");
    for (name, value, says) in [
        ("CONTENTHUB_CONCURRENCY", "0", "concurrency（来自参数或环境变量）：须在 1 至 1024 之间，而不是 0"),
        ("CONTENTHUB_TLS_CERT", "cert.pem", "证书需要其密钥：请同时设置 tls_key"),
        ("CONTENTHUB_CONFIG", "missing.toml", "无法读取 missing.toml：No such file"),
        (
            "CONTENTHUB_SECRET_KEY",
            "hush",
            "CONTENTHUB_SECRET_KEY：密钥为 32 字节，写成 64 个十六进制数字或 base64",
        ),
    ] {
        refused(&cli.clone().env(name, value), &["publish-pool", "list"], 2, says);
    }
    let serve = ["serve", "--tls-cert", "cert.pem", "--tls-key", "key.pem"];
    refused(&cli, &serve, 2, "无法读取 tls_cert（cert.pem）：No such file");
    fs::write(dir.path().join("cert.pem"), "nothing").expect("written");
    fs::write(dir.path().join("key.pem"), "nothing").expect("written");
    refused(
        &cli,
        &serve,
        2,
        "tls_cert（cert.pem）中没有 PEM 格式的证书：它以 -----BEGIN CERTIFICATE----- 开头",
    );
}

#[test]
fn what_is_wrong_with_databases_copies_and_keys_is_told_in_chinese() {
    let dir = tempfile::tempdir().expect("a folder");
    let cli = in_chinese(Cli::in_dir(dir.path()));
    refused(
        &cli,
        &["status"],
        1,
        "data/contenthub.db 处没有数据库\n提示：请用 --data-dir 或 --database-url 指明位置",
    );
    fs::write(dir.path().join("notes.db"), "these are notes, and no database ".repeat(100)).expect("written");
    let notes = ["account", "list", "--database-url", "notes.db"];
    refused(&cli, &notes, 1, "无法使用数据库：notes.db 不是 SQLite 数据库\n提示：请用 --database-url");
    refused(&cli, &["db", "check", "--database-url", "none.db"], 1, "none.db 不存在");
    let bare = "postgres://me:p@ss@127.0.0.1/x";
    refused(&cli, &["db", "check", "--database-url", bare], 1, "其地址中有多个 @：请把密码中的 @ 写成 %40");
    refused(&cli, &["account", "list", "--data-dir", "notes.db/data"], 1, "无法使用数据目录 notes.db/data：");

    cli.ok(&[
        "account",
        "create",
        "blog",
        "--platform",
        "webhook",
        "--setting",
        "url=http://127.0.0.1:1/",
        "--credential",
        "secret=whsec_aGVsbG8=",
    ]);
    cli.ok(&["db", "backup", "--to", "copy.db"]);
    refused(&cli, &["db", "backup", "--to", "copy.db"], 2, "copy.db 已存在，不会覆盖；请另选一个文件名");
    let copy = |name: &'static str| ["db", "restore", name];
    let nothing = "未恢复，也未作任何更改：";
    let unfit = format!("{nothing}无法恢复 notes.db：它不是 SQLite 数据库");
    refused(&cli, &copy("notes.db"), 1, &unfit);
    let itself = format!("{nothing}无法恢复 data/contenthub.db：它就是该数据库本身");
    refused(&cli, &copy("data/contenthub.db"), 1, &itself);
    let of_server = ["db", "restore", "copy.db", "--database-url", "postgres://x@127.0.0.1/x"];
    refused(&cli, &of_server, 1, "PostgreSQL 数据库的副本须用 PostgreSQL 自己的 pg_restore 恢复\n提示：");
    let other = cli.clone().env("CONTENTHUB_SECRET_KEY", &"ab".repeat(32));
    refused(&other, &copy("copy.db"), 1, "其凭据是用另一个密钥（指纹 ");
    let set = ["account", "update", "blog", "--credential", "secret=whsec_aGVsbG8="];
    refused(
        &other,
        &set,
        1,
        "此数据库中的凭据是用另一个密钥加密的，本进程没有该密钥\n提示：请使用此数据库的密钥启动",
    );
    let unused = in_chinese(Cli::in_dir(dir.path())).env("CONTENTHUB_SECRET_KEY", &"cd".repeat(32));
    refused(
        &unused,
        &["key", "rotate", "--data-dir", "unused"],
        2,
        "未更换密钥：密钥在 CONTENTHUB_SECRET_KEY 中，只有您能更改它",
    );
    fs::write(dir.path().join("data/secret.key"), "nonsense").expect("written");
    refused(&cli, &["account", "list"], 1, "data/secret.key 中没有密钥：密钥为 32 字节");

    let checked = cli.run(&["doctor", "--offline"]).expect_code(1);
    let said = checked.stdout + &checked.stderr;
    assert!(said.contains("无法打开：data/secret.key 中没有密钥") && said.contains("项检查失败"), "{said}");
    assert_eq!(english(&said), None, "{said}");
    let findings = cli.run(&["doctor", "--offline", "--output", "json"]).expect_code(1).json();
    assert!(
        findings.to_string().contains("data/secret.key holds no secret key: a key is 32 bytes"),
        "{findings}"
    );
}

#[test]
fn what_is_wrong_with_files_is_told_in_chinese_and_in_json_as_it_was() {
    let dir = tempfile::tempdir().expect("a folder");
    let cli = in_chinese(Cli::in_dir(dir.path()));
    cli.ok(&["account", "create", "blog", "--platform", "folder"]);
    let posts = dir.path().join("posts");
    fs::create_dir(&posts).expect("made");
    for (name, text) in FILES {
        fs::write(posts.join(name), text).expect("written");
    }
    fs::write(posts.join("b.md"), b"one\ntw\xff\n").expect("written");
    let told = refused_import(&cli, &[]);
    for says in SAID {
        assert!(told.contains(says), "{says}: {told}");
    }
    let count = FILES.len() + 1;
    let all = format!("错误：{count} 个文件中有 {} 个无法导入，因此没有导入任何文件", count - 1);
    assert!(told.contains(&all), "{told}");
    assert_eq!(english(&told), None, "{told}");

    let report = cli.run(&["content", "import", "posts", "--output", "json"]).expect_code(2).json();
    let messages: Vec<&Value> =
        report["files"].as_array().expect("files").iter().map(|file| &file["errors"][0]["message"]).collect();
    assert!(messages.contains(&&json!("there is no account “nobody”")), "{report}");
    assert!(messages.contains(&&json!("is not UTF-8")), "{report}");
    let partly = cli.run(&["content", "import", "posts", "--skip-bad"]).expect_code(3);
    assert!(partly.stdout.contains("没有账号“nobody”"), "{}", partly.stdout);
    let rows =
        cli.run(&["content", "import", "posts", "--skip-bad", "--output", "csv"]).expect_code(3).stdout;
    assert!(rows.contains("line 2: there is no account “nobody”"), "CSV is for programs: {rows}");
}

const FILES: &[(&str, &str)] = &[
    ("a.md", "---\naccount: nobody\n---\n# A\n"),
    ("c.md", "---\nturtle: 1\n---\n# C\n"),
    ("d.md", "---\ndraft: perhaps\npriority: 11\n---\n# D\n"),
    ("e.md", "---\nscheduled_at: soon\n---\n# E\n"),
    ("f.md", ""),
    ("g.md", "---\ntitle: x\n"),
    ("h.md", "---\ntitle: a\ntitle: b\n---\n# H\n"),
    ("i.md", "# Good\n"),
    ("j.md", "---\naccount: blog\nscheduled_at: next_slot\n---\n# J\n"),
];

const SAID: &[&str] = &[
    "posts/a.md:2: 没有账号“nobody”\n",
    "posts/b.md:2: 不是 UTF-8\n",
    "posts/c.md:2: 没有“turtle”这个键；可用的键有 title、author、",
    "posts/d.md:2: draft 须为 true 或 false\n",
    "posts/d.md:3: 优先级须为 1（最先）至 10（最后），而不是“11”\n",
    "posts/e.md:2: scheduled_at：“soon”不是时间",
    "posts/f.md: 是空的\n",
    "posts/g.md:1: 从这里开始的 front matter 没有结尾",
    "posts/j.md:3: scheduled_at：账号“blog”没有发布时段；请用 `contenthub account update blog --slots",
    "posts/h.md:3: front matter：键“title”出现了两次\n",
];

fn refused_import(cli: &Cli, more: &[&str]) -> String {
    cli.run(&[&["content", "import", "posts"], more].concat()).expect_code(2).stderr
}

/// What was kept in our own words is told in the reader's; in JSON it is as it was kept.
#[test]
fn what_a_person_said_of_an_entry_is_told_in_chinese() {
    let dir = tempfile::tempdir().expect("a folder");
    let cli = in_chinese(Cli::in_dir(dir.path()));
    cli.ok(&["account", "create", "blog", "--platform", "folder"]);
    cli.ok(&["content", "create", "--title", "x", "--body", "x"]);
    cli.ok(&["publish-pool", "add", "1"]);
    cli.ok(&["publish-pool", "cancel", "1"]);
    cli.ok(&["publish-pool", "retry", "1"]);
    for args in [&["publish-pool", "show", "1"][..], &["publisher", "history"]] {
        let shown = cli.ok(args);
        assert!(shown.contains("有人要求重试"), "{shown}");
        assert_eq!(english(&shown), None, "{shown}");
        for format in ["json", "csv"] {
            let kept = cli.ok(&[args, &["--output", format]].concat());
            let is_kept = kept.contains("a person wants it tried again") || !kept.contains("retried");
            assert!(is_kept && !kept.contains("有人要求重试"), "{kept}");
        }
    }
}

/// Where nobody asks for Chinese, nothing is.
#[test]
fn errors_are_english_where_nobody_asks_for_chinese() {
    let dir = tempfile::tempdir().expect("a folder");
    let english = Cli::in_dir(dir.path()).env("LANG", "en_US.UTF-8");
    let told = english.run(&["account", "show", "nobody"]).expect_code(1).stderr;
    assert_eq!(
        told,
        "error: there is no account nobody\nhint: contenthub account list shows which there are.\n"
    );
}

#[test]
fn why_an_account_cannot_be_used_at_all_is_told_in_chinese() {
    let dir = tempfile::tempdir().expect("a folder");
    let cli = in_chinese(Cli::in_dir(dir.path()));
    cli.ok(&["account", "create", "blog", "--platform", "folder"]);
    let database = DatabaseUrl::Sqlite(dir.path().join("data/contenthub.db"));
    let mut conn = connect(&database).expect("connected");
    conn.batch_execute("UPDATE accounts SET platform = 'fax'").expect("changed");
    drop(conn);
    let why = "本程序没有名为 fax 的平台";
    refused(&cli, &["account", "test", "blog"], 1, &format!("账号“blog”不可用：{why}"));
    let found = cli.run(&["doctor"]).expect_code(1).stdout;
    assert!(found.contains(why), "{found}");
}
