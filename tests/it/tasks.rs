//! Tasks of each kind of schedule, made, shown and changed over HTTP and over the command line.

use crate::support::command::Cli;
use crate::support::on_both;
use crate::support::product::*;
use contenthub::Timestamp;
use serde_json::{Value, json};

/// What all tasks have, whatever their schedule.
const COMMON: &str = "id, name, task_type, schedule_type, timezone, in_words, params, enabled, misfire, next_run, last_run, missed_count, skipped_count, queued_count, last_missed_at, created_at, updated_at";

fn at(text: &str) -> Timestamp {
    serde_json::from_value(json!(text)).expect("RFC 3339")
}

/// A time in years to come, which a test may name.
const LATER: &str = "2999-12-01T01:00:00.000000Z";

#[test]
fn cron_and_once_over_http() {
    on_both(|url, dir| {
        let product = Product::start(url, dir);
        let made = |name: &str, more: Value| {
            let mut body = json!({"name": name, "task_type": "publishing"});
            body.as_object_mut().expect("an object").extend(more.as_object().expect("fields").clone());
            product.post("/scheduler/tasks", &body, 201)
        };
        let before = now();
        let cron = made(
            "mornings",
            json!({"schedule_type": "cron", "cron": "0 9 * * *", "timezone": "Asia/Shanghai"}),
        );
        has_fields(&cron, &format!("{COMMON}, cron"));
        assert_eq!((&cron["cron"], &cron["timezone"]), (&json!("0 9 * * *"), &json!("Asia/Shanghai")));
        let next = instant(&cron["next_run"]);
        assert!(next.to_string().ends_with("T01:00:00.000000Z"), "09:00 in Shanghai, not {next}");
        assert!(next > before && next.since(before).as_secs() <= 24 * 3600, "{next} after {before}");

        // A time without an offset is one of the task's zone.
        let once = made(
            "launch",
            json!({"schedule_type": "once", "run_at": "2999-12-01 09:00", "timezone": "Asia/Shanghai"}),
        );
        has_fields(&once, &format!("{COMMON}, run_at"));
        assert_eq!((&once["run_at"], &once["next_run"]), (&json!(LATER), &json!(LATER)));
        let plain = made("plain", json!({"schedule_type": "once", "run_at": "2999-12-01 01:00"}));
        assert_eq!((&plain["run_at"], &plain["timezone"]), (&json!(LATER), &json!("UTC")));
        let off = made("off", json!({"schedule_type": "cron", "cron": "*/5 * * * * *", "enabled": false}));
        assert_eq!((&off["next_run"], &off["enabled"]), (&Value::Null, &json!(false)));

        for task in [&cron, &once, &plain, &off] {
            assert_eq!(&product.get(&format!("/scheduler/tasks/{}", id(task))), task);
        }
        let listed = product.get("/scheduler/tasks")["items"].as_array().expect("a list").clone();
        assert_eq!(listed[1..], [cron.clone(), once.clone(), plain, off]);
        changed(&product, id(&cron), id(&once));
    });
}

fn changed(product: &Product, cron: i64, once: i64) {
    let patch =
        |task: i64, body: Value, status| product.patch(&format!("/scheduler/tasks/{task}"), &body, status);
    let next = |task: &Value| instant(&task["next_run"]).to_string();
    assert!(next(&patch(cron, json!({"timezone": "Asia/Kolkata"}), 200)).ends_with("T03:30:00.000000Z"));
    assert!(next(&patch(cron, json!({"cron": "45 10 * * *"}), 200)).ends_with("T05:15:00.000000Z"));
    let renamed = patch(cron, json!({"name": "late mornings"}), 200);
    assert_eq!((&renamed["name"], &renamed["cron"]), (&json!("late mornings"), &json!("45 10 * * *")));

    // In the zone that the task has, unless the change says otherwise.
    let moved = patch(once, json!({"run_at": "2999-12-02 09:00"}), 200);
    assert_eq!(moved["next_run"], "2999-12-02T01:00:00.000000Z");
    let moved = patch(once, json!({"run_at": "2999-12-02 09:00", "timezone": "UTC"}), 200);
    assert_eq!(moved["next_run"], "2999-12-02T09:00:00.000000Z");
    let refused = patch(once, json!({"run_at": "2020-01-01 00:00"}), 422);
    assert_eq!(refused["errors"][0]["field"], "run_at");
    assert_eq!(product.get(&format!("/scheduler/tasks/{once}")), moved, "nothing was changed");
    let path = format!("/scheduler/tasks/{once}");
    assert_eq!(product.post(&format!("{path}/disable"), &json!({}), 200)["next_run"], Value::Null);
    assert_eq!(product.post(&format!("{path}/enable"), &json!({}), 200)["next_run"], moved["next_run"]);

    // Another kind of schedule takes the place of the one before.
    let ticking = patch(once, json!({"schedule_type": "interval", "interval_seconds": 60}), 200);
    has_fields(&ticking, &format!("{COMMON}, interval_seconds"));
    let daily = patch(once, json!({"schedule_type": "cron", "cron": "@daily"}), 200);
    has_fields(&daily, &format!("{COMMON}, cron"));
    assert!(next(&daily).ends_with("T00:00:00.000000Z"), "{daily}");
    let on_due = patch(once, json!({"schedule_type": "on_due"}), 200);
    has_fields(&on_due, COMMON);
    assert_eq!(on_due["next_run"], Value::Null);
    let refused = patch(once, json!({"schedule_type": "interval"}), 422);
    assert_eq!(refused["errors"][0]["field"], "interval_seconds");
}

/// The words of a command line as a shell reads them.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut is_quoted = false;
    for letter in line.trim().chars() {
        match letter {
            '"' => is_quoted = !is_quoted,
            ' ' if !is_quoted => words.push(String::new()),
            _ => words.last_mut().expect("one word").push(letter),
        }
    }
    words
}

#[test]
fn the_help_of_scheduler_has_examples_that_work() {
    on_both(|url, dir| {
        let cli = Cli::on(dir, url);
        let examples_of = |command: &str| -> Vec<Vec<String>> {
            let help = cli.ok(&["scheduler", command, "--help"]);
            let lines = help.lines().filter(|line| line.trim().starts_with("contenthub scheduler"));
            // Its dates are near, so that they say something; here they must not pass.
            lines.map(|line| words(&line.replace("2026-", "2999-")).split_off(1)).collect()
        };
        for command in ["create", "update"] {
            let examples = examples_of(command);
            assert!(examples.len() >= 3, "{command}: {examples:?}");
            for example in examples {
                let args: Vec<&str> = example.iter().map(String::as_str).collect();
                cli.ok(&args);
            }
        }
        let tasks = cli.json(&["scheduler", "list"]);
        let shown = |name: &str| {
            let all = tasks["items"].as_array().expect("a list");
            all.iter()
                .find(|task| task["name"] == name)
                .cloned()
                .unwrap_or_else(|| panic!("no {name}: {tasks}"))
        };
        let mornings = shown("mornings");
        assert_eq!(
            (&mornings["cron"], &mornings["timezone"]),
            (&json!("0 9 * * 1-5"), &json!("Asia/Shanghai"))
        );
        assert!(instant(&mornings["next_run"]).to_string().ends_with("T01:00:00.000000Z"), "{mornings}");
        assert_eq!(shown("launch")["run_at"], LATER);
        assert_eq!(shown("as it comes")["schedule_type"], "on_due");
        assert_eq!(shown("auto publish")["schedule_type"], "once", "as the last example of update left it");
        assert_eq!(cli.json(&["scheduler", "show", &mornings["id"].to_string()]), mornings);
        let table = cli.ok(&["scheduler", "list", "--output", "csv"]);
        for cell in [
            ",whenever an entry is due,",
            ",at 09:00 on weekdays (Asia/Shanghai),",
            "once, on 2999-12-01 at ",
        ] {
            assert!(table.contains(cell), "no “{cell}” in\n{table}");
        }
    });
}

#[test]
fn a_task_keeps_its_zone_unless_it_is_given_another() {
    on_both(|url, dir| {
        let at_home = Cli::on(dir, url).env("CONTENTHUB_TIMEZONE", "America/New_York");
        let create = ["scheduler", "create", "--name", "noon", "--run-at", "2999-01-01 12:00"];
        let made = at_home.json(&create);
        assert_eq!(
            (&made["timezone"], &made["run_at"]),
            (&json!("America/New_York"), &json!("2999-01-01T17:00:00.000000Z"))
        );
        let elsewhere = Cli::on(dir, url).env("CONTENTHUB_TIMEZONE", "Asia/Tokyo");
        let moved = elsewhere.json(&["scheduler", "update", "2", "--run-at", "2999-01-02 12:00"]);
        assert_eq!(
            (&moved["timezone"], &moved["run_at"]),
            (&json!("America/New_York"), &json!("2999-01-02T17:00:00.000000Z"))
        );
        let moved = elsewhere.json(&[
            "scheduler",
            "update",
            "2",
            "--timezone",
            "UTC",
            "--run-at",
            "2999-01-02 12:00",
        ]);
        assert_eq!(
            (&moved["timezone"], instant(&moved["run_at"])),
            (&json!("UTC"), at("2999-01-02T12:00:00Z"))
        );
    });
}
