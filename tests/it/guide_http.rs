//! The guide, sections 2 to 7, over HTTP: what it shows works, and answers as it says.

mod questions;
mod scenarios;

use crate::support::on_both;
use crate::support::product::*;
use crate::support::receiver::Answer;
use serde_json::{Value, json};
use std::time::Duration;

const LONG_AGO: &str = "2020-02-06T12:00:00Z";
const FAR_AWAY: &str = "2999-02-06T12:00:00Z";

/// Sections 2 to 5: from an account to the log.
#[test]
fn the_guide_from_account_to_log() {
    on_both(|url, dir| {
        let product = Product::start(url, dir).by_hand();
        let blog = making_an_account(&product);
        let mixed = adding(&product, blog);
        looking_at_the_pool(&product, &mixed);
        let task = making_a_task(&product);
        let report = triggering(&product, task, &mixed);
        looking_back(&product, task, &mixed, &report);
    });
}

fn making_an_account(product: &Product) -> i64 {
    let platforms = product.get("/platforms");
    has_fields(&platforms, PAGE);
    let webhook = platforms["items"].as_array().expect("a list").iter().find(|it| it["name"] == "webhook");
    let webhook = webhook.expect("a webhook");
    assert_eq!(webhook["settings_schema"]["properties"]["url"]["type"], "string");
    let body = json!({
        "name": "blog", "platform": "webhook", "settings": {"url": product.receiver.url("/blog")},
        "credentials": {"secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
    });
    let made = product.server.post("/api/v1/accounts", &body).expect_status(201);
    assert!(!made.text.contains("whsec_"), "credentials are write-only: {}", made.text);
    has_at_least(&made.body, ACCOUNT);
    assert_eq!(made.body["credentials_set"], json!(["secret"]));
    assert_eq!((&made.body["timezone"], &made.body["enabled"]), (&json!("UTC"), &json!(true)));
    let read = product.get(&format!("/accounts/{}", made.body["id"]));
    assert_eq!(read, made.body);
    id(&made.body)
}

/// Section 3: priorities and times in all their forms.
fn adding(product: &Product, blog: i64) -> Mixed {
    let blind = product.account_with(
        "blind",
        json!({"settings": {"url": product.receiver.url("/blind"), "deduplicates": false}}),
    );
    let shut = product.account("shut");
    let suspended = json!({"reason": "on holiday", "until": FAR_AWAY});
    let account = product.post(&format!("/accounts/{shut}/suspend"), &suspended, 200);
    assert_eq!(instant(&account["suspended_until"]).to_string(), "2999-02-06T12:00:00.000000Z");

    let script = |title: &str, answer: Answer| product.receiver.on_title(title, [answer]);
    script("好文章", Answer::published("m-1", "https://blog.example/1"));
    script("rejected", Answer::status(422).body("no such category"));
    script("breaks", Answer::status(500));
    script("who knows", Answer::status(502));
    let body = json!({"title": "好文章", "body": "# 你好", "tags": ["a", "b"], "account_id": blog});
    let content = product.post("/contents", &body, 201);
    has_fields(&content, CONTENT);
    assert_eq!((&content["review_status"], &content["revision"]), (&json!("approved"), &json!(1)));

    let body = json!({"content_id": content["id"], "priority": 5, "scheduled_at": LONG_AGO});
    let entry = product.post("/publish-pool/add", &body, 201);
    has_fields(&entry, ENTRY);
    assert_eq!(entry["account_id"], blog, "the content's own account");
    assert_eq!(entry["scheduled_at"], "2020-02-06T12:00:00.000000Z", "what was asked is never rewritten");
    assert!(instant(&entry["due_at"]) > instant(&entry["scheduled_at"]), "one in the past means now");
    assert_eq!((&entry["priority"], &entry["max_retries"]), (&json!(5), &json!(3)));
    let add = |title: &str, account: i64, at: Value| {
        let content = product.content(title);
        product.add(json!({"content_id": content, "account_id": account, "scheduled_at": at}))
    };
    let mixed = Mixed {
        published: id(&entry),
        rejected: add("rejected", blog, json!("2020-02-06 12:00:00")),
        to_retry: add("breaks", blog, json!("2020-02-06T20:00:00+08:00")),
        uncertain: add("who knows", blind, Value::Null),
        shut: vec![add("shut 1", shut, Value::Null), add("shut 2", shut, json!("2020-02-06T12:00"))],
        shut_account: shut,
    };
    for entry in [mixed.rejected, mixed.to_retry, mixed.shut[1]] {
        assert_eq!(product.entry(entry)["scheduled_at"], "2020-02-06T12:00:00.000000Z");
    }
    assert_eq!(product.entry(mixed.uncertain)["scheduled_at"], Value::Null);
    mixed
}

/// Section 4: list and statistics.
fn looking_at_the_pool(product: &Product, mixed: &Mixed) {
    let future = product.add(json!({"content_id": product.content("later"), "account_id": 1, "priority": 9,
        "scheduled_at": FAR_AWAY}));
    let list = product.get("/publish-pool/list");
    has_fields(&list, PAGE);
    assert_eq!((&list["total"], &list["page"], &list["page_size"]), (&json!(7), &json!(1), &json!(20)));
    for (query, expected) in [
        ("status=pending", 7),
        ("status=published", 0),
        (&format!("account_id={}", mixed.shut_account), 2),
        ("priority=9", 1),
        ("due=true", 6),
        ("q=shut", 2),
        ("q=%E5%A5%BD", 1),
        ("content_id=1", 1),
        ("status=&account_id=&priority=&due=&q=&page=&page_size=", 7),
        ("page=2&page_size=5", 7),
    ] {
        let list = product.get(&format!("/publish-pool/list?{query}"));
        assert_eq!(list["total"], expected, "{query}");
    }
    let page = product.get("/publish-pool/list?page=2&page_size=5");
    assert_eq!((page["items"].as_array().map(Vec::len), &page["page_size"]), (Some(2), &json!(5)));
    let stats = product.get("/publish-pool/stats");
    has_fields(&stats, STATS);
    let rest = json!({"publishing": 0, "published": 0, "failed": 0, "uncertain": 0, "cancelled": 0});
    assert_eq!((&stats["total"], &stats["pending"], &stats["due_now"]), (&json!(7), &json!(7), &json!(6)));
    for (name, value) in rest.as_object().expect("an object") {
        assert_eq!(&stats[name], value, "{name}");
    }
    assert!(stats["oldest_due_seconds"].as_f64().is_some_and(|age| (0.0..300.0).contains(&age)), "{stats}");
    assert_eq!(stats["failure_rate"], 0.0);
    let of_one = product.get(&format!("/publish-pool/stats?account_id={}", mixed.shut_account));
    assert_eq!((&of_one["total"], &of_one["due_now"]), (&json!(2), &json!(2)));
    product.delete(&format!("/publish-pool/{future}"), 204);
}

/// Section 2: a task that runs every five minutes.
fn making_a_task(product: &Product) -> i64 {
    let before = now();
    let body = json!({"name": "自动发布任务", "task_type": "publishing", "schedule_type": "interval",
        "interval_seconds": 300, "params": {}, "enabled": true});
    let task = product.post("/scheduler/tasks", &body, 201);
    has_fields(&task, INTERVAL_TASK);
    let next = instant(&task["next_run"]);
    assert!(next >= before + Duration::from_secs(300) && next <= now() + Duration::from_secs(300), "{next}");
    assert_eq!((&task["misfire"], &task["timezone"]), (&json!("fire_once"), &json!("UTC")));
    let given = json!({"name": "mine", "task_type": "publishing", "schedule_type": "interval",
        "interval_seconds": 600, "next_run": "2999-01-01 00:00:00"});
    let with_start = product.post("/scheduler/tasks", &given, 201);
    assert_eq!(with_start["next_run"], "2999-01-01T00:00:00.000000Z");
    let tasks = product.get("/scheduler/tasks");
    has_fields(&tasks, PAGE);
    let names: Vec<&Value> =
        tasks["items"].as_array().expect("a list").iter().map(|task| &task["name"]).collect();
    assert_eq!(names, ["publish when due", "自动发布任务", "mine"]);
    assert_eq!(product.get(&format!("/scheduler/tasks/{}", id(&task))), task);
    let changed =
        product.patch(&format!("/scheduler/tasks/{}", id(&task)), &json!({"interval_seconds": 600}), 200);
    assert!(instant(&changed["next_run"]) > next, "a changed interval counts from now");
    id(&task)
}

/// Section 2 and 5: by hand, once with and once without waiting.
fn triggering(product: &Product, task: i64, mixed: &Mixed) -> Value {
    let report =
        product.server.post(&format!("/api/v1/scheduler/tasks/{task}/trigger?wait=true"), &json!({}));
    let report = report.expect_status(200).body;
    is_the_mixed_report(&report, task, mixed);
    let posts = product.receiver.posts();
    assert_eq!(posts.len(), 4, "one request an attempt");
    assert!(posts.iter().all(|post| post.path != "/shut"));
    // An action needs no body at all.
    let accepted = product
        .server
        .send("POST", &format!("/api/v1/scheduler/tasks/{task}/trigger"), &[], b"")
        .expect_status(202);
    has_fields(&accepted.body, "execution_id");
    let execution = accepted.body["execution_id"].as_i64().expect("an id");
    let path = format!("/scheduler/executions/{execution}");
    let second = product.until(&path, |it| it["status"] == "succeeded");
    has_fields(&second, EXECUTION);
    assert_eq!((&second["trigger"], &second["task_id"]), (&json!("api"), &json!(task)));
    assert_eq!(second["report"]["message"], "Publishing completed: 0 succeeded, 0 failed, 2 skipped");
    assert!(instant(&second["finished_at"]) >= instant(&second["started_at"]));
    product.delete(&format!("/publish-pool/{}", mixed.shut[0]), 204);
    product.delete(&format!("/publish-pool/{}", mixed.shut[1]), 204);
    let nothing =
        product.server.post(&format!("/api/v1/scheduler/tasks/{task}/trigger?wait=true"), &json!({}));
    let nothing = nothing.expect_status(200).body;
    assert_eq!(
        (&nothing["success"], &nothing["message"]),
        (&json!(true), &json!("No pending entries to publish"))
    );
    assert_eq!(
        (&nothing["data"]["total_count"], &nothing["metadata"]["average_time_per_item"]),
        (&json!(0), &json!(0.0))
    );
    report
}

/// Sections 2 and 7: runs, results and the log.
fn looking_back(product: &Product, task: i64, mixed: &Mixed, report: &Value) {
    let history = product.get(&format!("/scheduler/tasks/{task}/executions"));
    has_fields(&history, PAGE);
    assert_eq!(history["total"], 3);
    let first = &history["items"][2];
    assert_eq!(&first["report"], report, "the newest comes first, and a report does not change");
    assert!(product.get("/scheduler/executions")["total"].as_i64() >= Some(3));
    let results = product.get(&format!("/scheduler/executions/{}/results?page_size=3", first["id"]));
    assert_eq!((&results["total"], results["items"].as_array().map(Vec::len)), (&json!(4), Some(3)));
    assert_eq!(results["items"][0], report["data"]["results"][0]);

    let stats = product.get("/publish-pool/stats");
    let counted = ["pending", "published", "failed", "uncertain", "due_now"].map(|name| stats[name].as_i64());
    assert_eq!(counted, [1, 1, 1, 1, 0].map(Some), "{stats}");
    assert_eq!(stats["failure_rate"], 0.5, "one of the two that came to an end failed");

    let log = product.get("/publisher/history?content_id=1");
    has_fields(&log, PAGE);
    let row = &log["items"][0];
    has_at_least(row, LOG);
    assert_eq!(
        (&log["total"], &row["status"], &row["media_id"]),
        (&json!(1), &json!("published"), &json!("m-1"))
    );
    assert_eq!((&row["url"], &row["attempt"]), (&json!("https://blog.example/1"), &json!(1)));
    assert_eq!(&product.get(&format!("/publisher/history/{}", row["id"])), row);
    for (query, expected) in [
        (format!("pool_id={}", mixed.rejected), 1),
        ("account_id=1".to_owned(), 3),
        (format!("execution_id={}", first["id"]), 4),
        (format!("task_id={task}"), 4),
        ("task_id=1".to_owned(), 0),
        ("status=failed".to_owned(), 2),
        ("status=uncertain".to_owned(), 1),
        (format!("from={}", LONG_AGO), 4),
        (format!("to={}", LONG_AGO), 0),
        ("from=2020-02-06%2012:00:00&to=2999-01-01T00:00:00%2B08:00".to_owned(), 4),
    ] {
        assert_eq!(product.get(&format!("/publisher/history?{query}"))["total"], expected, "{query}");
    }
    let entry = product.entry(mixed.published);
    assert_eq!((&entry["status"], &entry["log_id"]), (&json!("published"), &row["id"]));
    assert_eq!(instant(&entry["published_at"]), instant(&row["finished_at"]));
    // Clearing removes what is published from the pool, not from the log.
    assert_eq!(product.post("/publish-pool/clear", &json!({}), 200)["removed"], 1);
    assert_eq!(product.get("/publisher/history?content_id=1")["total"], 1);
}
