//! Runs are found by what one asks for: task, status, and who started them; newest first, page by page.

use crate::support::command::Cli;
use crate::support::on_both;
use crate::support::product::{PAGE, Product, has_fields};
use contenthub::db::connection::connect;
use contenthub::db::database_url::DatabaseUrl;
use diesel::connection::SimpleConnection;
use serde_json::{Value, json};

/// Runs of task 1 and of one that is gone: id, task, status, trigger.
const RUNS: [(i64, i64, &str, &str); 8] = [
    (1, 1, "succeeded", "schedule"),
    (2, 1, "failed", "api"),
    (3, 99, "succeeded", "cli"),
    (4, 1, "interrupted", "cli"),
    (5, 99, "failed", "schedule"),
    (6, 1, "cancelled", "api"),
    (7, 1, "succeeded", "cli"),
    (8, 1, "failed", "schedule"),
];

fn make(url: &DatabaseUrl) {
    let row = |(id, task, status, trigger): (i64, i64, &str, &str)| {
        format!("({id}, {task}, 'by_hand', '{trigger}', '{status}', FALSE, {id}, {id}, {id})")
    };
    let sql = format!(
        "INSERT INTO executions (id, task_id, rule, triggered_by, status, claiming, created_at, started_at, \
           finished_at) VALUES {}",
        RUNS.map(row).join(", ")
    );
    connect(url).expect("connected").batch_execute(&sql).expect("runs");
}

fn ids(page: &Value) -> Vec<i64> {
    has_fields(page, PAGE);
    page["items"].as_array().expect("items").iter().map(|it| it["id"].as_i64().expect("an id")).collect()
}

#[test]
fn over_http_by_task_status_and_trigger() {
    on_both(|url, dir| {
        let product = Product::start(url, dir).by_hand();
        make(url);
        for (path, expected) in [
            ("/scheduler/executions", vec![8, 7, 6, 5, 4, 3, 2, 1]),
            ("/scheduler/executions?status=failed", vec![8, 5, 2]),
            ("/scheduler/executions?trigger=cli", vec![7, 4, 3]),
            ("/scheduler/executions?task_id=1", vec![8, 7, 6, 4, 2, 1]),
            ("/scheduler/executions?task_id=99", vec![5, 3]),
            ("/scheduler/executions?task_id=7", vec![]),
            ("/scheduler/executions?status=queued", vec![]),
            ("/scheduler/executions?task_id=1&status=failed", vec![8, 2]),
            ("/scheduler/executions?status=failed&trigger=schedule", vec![8, 5]),
            ("/scheduler/executions?task_id=1&trigger=cli", vec![7, 4]),
            ("/scheduler/executions?task_id=1&status=succeeded&trigger=cli", vec![7]),
            ("/scheduler/tasks/1/executions?status=failed", vec![8, 2]),
            ("/scheduler/tasks/1/executions?trigger=api", vec![6, 2]),
            ("/scheduler/tasks/1/executions?status=cancelled&trigger=api", vec![6]),
        ] {
            let page = product.get(path);
            assert_eq!((ids(&page), &page["total"]), (expected.clone(), &json!(expected.len())), "{path}");
        }
        let second = product.get("/scheduler/executions?status=failed&page_size=2&page=2");
        assert_eq!((ids(&second), &second["total"], &second["page"]), (vec![2], &json!(3), &json!(2)));
        // Of a task that there is not, its path says so; what it did stays to be found.
        product.server.get("/api/v1/scheduler/tasks/99/executions?status=failed").expect_status(404);
    });
}

#[test]
fn on_the_command_line_of_one_task_or_of_all() {
    on_both(|url, dir| {
        let cli = Cli::on(dir, url);
        cli.ok(&["scheduler", "disable", "1"]);
        make(url);
        let history = |args: &[&str]| ids(&cli.json(&[&["scheduler", "history"], args].concat()));
        assert_eq!(history(&[]), [8, 7, 6, 5, 4, 3, 2, 1]);
        assert_eq!(history(&["--status", "failed"]), [8, 5, 2]);
        assert_eq!(history(&["1", "--status", "failed"]), [8, 2]);
        assert_eq!(history(&["publish when due", "--trigger", "cli"]), [7, 4]);
        assert_eq!(history(&["--trigger", "cli", "--page-size", "2", "--page", "2"]), [3]);
        let heads = |args: &[&str]| {
            let text = cli.ok(&[&["scheduler", "history"], args].concat());
            text.lines().next().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(heads(&["1"]), "ID TRIGGER STATUS STARTED SECONDS MESSAGE");
        assert_eq!(heads(&[]), "ID TASK TRIGGER STATUS STARTED SECONDS MESSAGE");
        for (args, says) in [
            (
                ["--status", "done"],
                "“done” is not one of queued, running, succeeded, failed, cancelled, interrupted",
            ),
            (["--trigger", "cron"], "“cron” is not one of schedule, api, cli"),
        ] {
            let refused = cli.run(&[&["scheduler", "history"][..], &args].concat()).expect_code(2);
            assert!(refused.stderr.contains(says), "{}", refused.stderr);
        }
    });
}
