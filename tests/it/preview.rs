//! What schedules will do, shown before they do it, and said in plain words.

use crate::support::command::Cli;
use crate::support::on_both;
use crate::support::product::*;
use contenthub::words::{Language, schedule};
use serde_json::{Value, json};

const BERLIN: &str = "Europe/Berlin";

fn fires(preview: &Value) -> Vec<&str> {
    preview["fires"]
        .as_array()
        .expect("fires")
        .iter()
        .map(|fire| fire.as_str().expect("an instant"))
        .collect()
}

#[test]
fn a_schedule_that_is_not_saved_is_previewed_over_http() {
    on_both(|url, dir| {
        let product = Product::start(url, dir);
        let preview = |body: Value| product.post("/scheduler/preview", &body, 200);
        let gap = preview(json!({
            "schedule_type": "cron", "cron": "30 2 * * *", "timezone": BERLIN, "count": 3,
            "from": "2026-03-28T12:00:00Z",
        }));
        let expected = json!({
            "in_words": "at 02:30 every day (Europe/Berlin)",
            "timezone": BERLIN,
            "fires": ["2026-03-29T01:00:00.000000Z", "2026-03-30T00:30:00.000000Z", "2026-03-31T00:30:00.000000Z"],
            "details": [
                {"utc": "2026-03-29T01:00:00.000000Z", "local": "2026-03-29T03:00:00+02:00", "shifted": true},
                {"utc": "2026-03-30T00:30:00.000000Z", "local": "2026-03-30T02:30:00+02:00", "shifted": false},
                {"utc": "2026-03-31T00:30:00.000000Z", "local": "2026-03-31T02:30:00+02:00", "shifted": false},
            ],
        });
        assert_eq!(gap, expected);
        // Strictly after `from`, which without an offset is a time of the zone.
        let from = "2026-06-01 09:00";
        let strictly = preview(json!({
            "schedule_type": "cron", "cron": "0 9 * * *", "timezone": "Asia/Shanghai", "from": from, "count": 1,
        }));
        assert_eq!(fires(&strictly), ["2026-06-02T01:00:00.000000Z"]);
        let interval = json!({
            "schedule_type": "interval", "interval_seconds": 5400, "next_run": "2026-01-01T00:00:00Z",
            "from": "2026-01-01T03:00:00Z",
        });
        let anchored = ["04:30", "06:00", "07:30", "09:00", "10:30"];
        let anchored = anchored.map(|time| format!("2026-01-01T{time}:00.000000Z"));
        assert_eq!(fires(&preview(interval)), anchored, "five, from the anchor");
        let unanchored = json!({
            "schedule_type": "interval", "interval_seconds": 60, "from": "2026-01-01T00:00:30Z", "count": 1,
        });
        assert_eq!(fires(&preview(unanchored)), ["2026-01-01T00:01:30.000000Z"]);
        let once = preview(json!({
            "schedule_type": "once", "run_at": "2999-03-31 02:30", "timezone": "Asia/Shanghai", "count": 1000,
        }));
        assert_eq!(once["in_words"], "once, on 2999-03-31 at 02:30 (Asia/Shanghai)");
        assert_eq!(fires(&once), ["2999-03-30T18:30:00.000000Z"]);
        let skipped = preview(json!({
            "schedule_type": "once", "run_at": "2027-03-28 02:30", "timezone": BERLIN, "from": "2026-01-01T00:00:00Z",
        }));
        assert_eq!(skipped["details"][0]["local"], "2027-03-28T03:00:00+02:00");
        assert_eq!(skipped["details"][0]["shifted"], true);
        let on_due = preview(json!({"schedule_type": "on_due"}));
        assert_eq!((&on_due["fires"], &on_due["in_words"]), (&json!([]), &json!("whenever an entry is due")));
        let many = preview(json!({"schedule_type": "cron", "cron": "* * * * *", "count": 1000}));
        assert_eq!(fires(&many).len(), 1000);
    });
}

#[test]
fn what_never_fires_or_cannot_be_read_is_refused_with_the_field() {
    on_both(|url, dir| {
        let product = Product::start(url, dir);
        let past = json!("2020-01-01T00:00:00Z");
        for (body, field, says) in [
            (json!({"schedule_type": "cron", "cron": "0 0 31 2 *"}), "cron", "never fires"),
            (json!({"schedule_type": "cron", "cron": "0 0 */30 * 1#3"}), "cron", "never fires"),
            (json!({"schedule_type": "once", "run_at": past}), "run_at", "future"),
            (json!({"schedule_type": "cron", "cron": "0 25 * * *"}), "cron", "did you mean 25 0 * * *"),
            (json!({"schedule_type": "cron", "cron": "0 9 * * *", "count": 0}), "count", "from 1 to 1000"),
            (json!({"schedule_type": "cron", "cron": "0 9 * * *", "count": 1001}), "count", "from 1 to 1000"),
            (json!({"schedule_type": "cron", "cron": "0 9 * * *", "from": "soon"}), "from", "“soon”"),
            (json!({"schedule_type": "cron", "cron": "0 9 * * *", "timezone": "Mars"}), "timezone", "Mars"),
            (
                json!({"schedule_type": "cron", "cron": "0 9 * * *", "next_run": past}),
                "next_run",
                "does not go",
            ),
            (json!({"schedule_type": "interval", "interval_seconds": 0}), "interval_seconds", "from 1 to"),
            (json!({"schedule_type": "interval"}), "interval_seconds", "needed"),
            (json!({"schedule_type": "on_due", "name": "x"}), "name", "is not known"),
        ] {
            let problem = product.post("/scheduler/preview", &body, 422);
            let error = &problem["errors"][0];
            assert_eq!(error["field"], field, "{body}: {problem}");
            assert!(error["message"].as_str().expect("a message").contains(says), "{body}: {problem}");
        }
        let saved = product.server.get("/api/v1/scheduler/tasks/1/preview?count=x").expect_status(422);
        assert_eq!(saved.body["errors"][0]["field"], "count");
    });
}

#[test]
fn a_saved_task_is_previewed_enabled_or_not() {
    on_both(|url, dir| {
        let product = Product::start(url, dir);
        let task = json!({
            "name": "nightly", "task_type": "publishing", "schedule_type": "cron", "cron": "30 2 * * *",
            "timezone": BERLIN, "enabled": false,
        });
        let task = product.post("/scheduler/tasks", &task, 201);
        let path = format!("/scheduler/tasks/{}/preview?from=2026-10-24T12:00:00Z&count=2", id(&task));
        let preview = product.get(&path);
        assert_eq!(fires(&preview), ["2026-10-25T00:30:00.000000Z", "2026-10-26T01:30:00.000000Z"]);
        let interval = json!({
            "name": "often", "task_type": "publishing", "schedule_type": "interval", "interval_seconds": 3600,
            "next_run": "2999-01-01T00:00:00Z",
        });
        let task = id(&product.post("/scheduler/tasks", &interval, 201));
        let preview = product.get(&format!("/scheduler/tasks/{task}/preview?count=2"));
        assert_eq!(fires(&preview), ["2999-01-01T00:00:00.000000Z", "2999-01-01T01:00:00.000000Z"]);
        assert_eq!(product.get("/scheduler/tasks/1/preview")["fires"], json!([]), "it waits for entries");
        assert!(
            product.get(&format!("/scheduler/tasks/{task}"))["enabled"] == json!(true),
            "nothing is changed"
        );
    });
}

#[test]
fn tasks_say_what_they_do_in_the_language_of_the_request() {
    on_both(|url, dir| {
        let product = Product::start(url, dir);
        let body = json!({
            "name": "mornings", "task_type": "publishing", "schedule_type": "cron", "cron": "0 9 * * 1-5",
            "timezone": "Asia/Shanghai",
        });
        let task = product.post("/scheduler/tasks", &body, 201);
        let english = "at 09:00 on weekdays (Asia/Shanghai)";
        let chinese = "周一至周五 09:00（Asia/Shanghai）";
        assert_eq!(task["in_words"], english);
        let path = format!("/scheduler/tasks/{}", id(&task));
        assert_eq!(product.get(&format!("{path}?lang=zh"))["in_words"], chinese);
        assert_eq!(product.get(&format!("{path}/preview?lang=zh-CN"))["in_words"], chinese);
        assert_eq!(product.get("/scheduler/tasks?lang=zh")["items"][1]["in_words"], chinese);
        let header = [("Accept-Language", "zh-CN,zh;q=0.9,en;q=0.8")];
        let asked = |query: &str, header: &[(&str, &str)]| {
            let path = format!("/api/v1{path}{query}");
            product.server.send("GET", &path, header, b"").expect_status(200).body["in_words"].clone()
        };
        assert_eq!(asked("", &header), chinese);
        assert_eq!(asked("?lang=en", &header), english, "what is asked for goes first");
        let other = product.server.get(&format!("/api/v1{path}?lang=xx")).expect_status(422);
        assert_eq!(other.body["errors"][0]["field"], "lang");
    });
}

#[test]
fn the_command_shows_a_table_json_or_csv() {
    on_both(|url, dir| {
        let cli = Cli::on(dir, url).env("LANG", "C");
        let gap =
            ["--cron", "30 2 * * *", "--timezone", BERLIN, "--from", "2026-03-28T12:00:00Z", "--count", "2"];
        let gap = [&["scheduler", "preview"][..], &gap].concat();
        assert_eq!(
            cli.ok(&gap),
            "at 02:30 every day (Europe/Berlin)\n \
             UTC                  LOCAL                      SHIFTED\n \
             2026-03-29 01:00:00  2026-03-29T03:00:00+02:00  shifted\n \
             2026-03-30 00:30:00  2026-03-30T02:30:00+02:00\n"
        );
        let csv = cli.ok(&[&gap[..], &["--output", "csv"]].concat());
        assert_eq!(
            csv,
            "utc,local,shifted\n2026-03-29T01:00:00.000000Z,2026-03-29T03:00:00+02:00,true\n\
             2026-03-30T00:30:00.000000Z,2026-03-30T02:30:00+02:00,false\n"
        );
        assert_eq!(cli.json(&gap)["details"][0]["shifted"], true);
        let zh = cli.clone().env("LC_ALL", "zh_CN.UTF-8");
        assert!(zh.ok(&gap).starts_with("每天 02:30（Europe/Berlin）\n"));

        let once = ["scheduler", "preview", "--at", "2999-12-01 09:00", "--timezone", "Asia/Shanghai"];
        assert!(cli.ok(&once).starts_with("once, on 2999-12-01 at 09:00 (Asia/Shanghai)\n"));
        let interval =
            ["scheduler", "preview", "--interval", "300", "--from", "2026-01-01T00:00:00Z", "--count", "1"];
        assert_eq!(cli.json(&interval)["fires"], json!(["2026-01-01T00:05:00.000000Z"]));

        let made = cli.ok(&["scheduler", "create", "--name", "mornings", "--cron", "0 9 * * 1-5"]);
        assert!(made.contains("was created: at 09:00 on weekdays (UTC); next run: "), "{made}");
        let saved = ["scheduler", "preview", "2", "--from", "2026-02-06 12:00", "--count", "1"];
        assert_eq!(cli.json(&saved)["fires"], json!(["2026-02-09T09:00:00.000000Z"]));
        assert!(cli.ok(&["scheduler", "list"]).contains("at 09:00 on weekdays"));
        assert!(zh.ok(&["scheduler", "list"]).contains("有条目到期时"));
        assert_eq!(zh.json(&["scheduler", "show", "2"])["in_words"], "周一至周五 09:00（UTC）");

        for (args, code, says) in [
            (&["scheduler", "preview"][..], 2, "--cron EXPRESSION"),
            (&["scheduler", "preview", "999"], 1, "there is no task 999"),
            (&["scheduler", "preview", "1", "--interval", "5"], 2, "cannot be used with"),
            (&["scheduler", "preview", "--cron", "60 * * * *"], 2, "did you mean 0 * * * *?"),
            (&["scheduler", "preview", "1", "--count", "0"], 2, "from 1 to 1000"),
        ] {
            let ended = cli.run(args).expect_code(code);
            assert!(ended.stderr.contains(says), "{args:?}: {}", ended.stderr);
        }
    });
}

/// The examples of `--help`, as they are written.
#[test]
fn the_examples_of_its_help_work() {
    on_both(|url, dir| {
        let cli = Cli::on(dir, url);
        // Its dates are near, so that they say something; here they must not pass.
        let help = cli.ok(&["scheduler", "preview", "--help"]).replace("2026-", "2999-");
        let examples: Vec<&str> =
            help.lines().filter_map(|it| it.trim().strip_prefix("contenthub ")).collect();
        assert_eq!(examples.len(), 4, "{help}");
        for example in examples {
            // Quotes hold spaces together, as in a shell.
            let parts = example.split('"').enumerate();
            let args: Vec<&str> = parts
                .flat_map(|(at, part)| match at % 2 {
                    0 => part.split_whitespace().collect::<Vec<_>>(),
                    _ => vec![part],
                })
                .collect();
            cli.ok(&args);
        }
    });
}

#[test]
fn an_interval_is_said_by_the_largest_unit_that_fits() {
    use contenthub::domain::schedule::{ScheduleType, Written};
    for (seconds, en, zh) in [
        (1, "every second", "每秒"),
        (45, "every 45 seconds", "每45秒"),
        (60, "every minute", "每分钟"),
        (90, "every 90 seconds", "每90秒"),
        (300, "every 5 minutes", "每5分钟"),
        (5400, "every 90 minutes", "每90分钟"),
        (3600, "every hour", "每小时"),
        (7200, "every 2 hours", "每2小时"),
        (86_400, "every 24 hours", "每24小时"),
        (172_800, "every 2 days", "每2天"),
        (604_800, "every 7 days", "每7天"),
    ] {
        let written = Written {
            schedule_type: ScheduleType::Interval,
            interval_seconds: Some(seconds),
            cron: None,
            run_at: None,
            timezone: "UTC",
            anchor: contenthub::Timestamp::MIN,
        };
        assert_eq!(schedule::of_written(written, Language::En), en);
        assert_eq!(schedule::of_written(written, Language::Zh), zh);
    }
}
