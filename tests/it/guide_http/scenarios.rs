//! Section 6's scenarios: by itself at an interval, later, in the order of urgency, and many at one time.

use super::{FAR_AWAY, LONG_AGO};
use crate::support::on_both;
use crate::support::product::*;
use contenthub::domain::clock::Timestamp;
use serde_json::{Value, json};
use std::time::Duration;

/// Section 6, scenario 1: published at its interval, by itself.
#[test]
fn scenario_timed_automatic_publishing() {
    on_both(|url, dir| {
        let product = Product::start(url, dir).by_hand();
        let blog = product.account("blog");
        let body = json!({"name": "定时发布", "task_type": "publishing", "schedule_type": "interval",
            "interval_seconds": 1, "params": {}, "enabled": true});
        let task = product.post("/scheduler/tasks", &body, 201);
        let entry = product.add(json!({"content_id": product.content("timed"), "account_id": blog}));
        let published = product.entry_is(entry, "published");
        assert!(
            instant(&published["published_at"]) >= instant(&task["next_run"]),
            "not before the first fire"
        );
        let path = format!("/scheduler/tasks/{}/executions", id(&task));
        let ran = product.until(&path, |runs| {
            runs["items"]
                .as_array()
                .is_some_and(|runs| runs.iter().any(|run| run["report"]["data"]["success_count"] == 1))
        });
        assert!(ran["items"].as_array().expect("a list").iter().all(|run| run["trigger"] == "schedule"));
        assert_eq!(product.receiver.posts().len(), 1);
    });
}

/// Section 6, scenario 2: not before its time, and it says so.
#[test]
fn scenario_delayed_publishing() {
    on_both(|url, dir| {
        let product = Product::start(url, dir);
        let blog = product.account("blog");
        // A run by hand does not take what is not due.
        let far = product.content("far away");
        product.add(json!({"content_id": far, "account_id": blog, "scheduled_at": FAR_AWAY}));
        let report = product.post("/scheduler/tasks/1/trigger?wait=true", &json!({}), 200);
        assert_eq!(report["message"], "No pending entries to publish");

        let content = product.content("delayed");
        let at = now() + Duration::from_millis(1500);
        let entry = product.post(
            "/publish-pool/add",
            &json!({"content_id": content, "account_id": blog, "priority": 5, "scheduled_at": at}),
            201,
        );
        assert_eq!(instant(&entry["scheduled_at"]), at);
        assert_eq!(entry["status"], "pending");
        assert!(entry["waiting_for"].as_str().is_some_and(|why| why.contains(&at.to_string())), "{entry}");
        product.receiver.wait_for(1, SOON);
        let arrived = now();
        assert!(arrived >= at, "published before its time: {arrived}, not {at}");
        let published = product.entry_is(id(&entry), "published");
        let log = product.get(&format!("/publisher/history?pool_id={}", entry["id"]));
        assert!(instant(&log["items"][0]["started_at"]) >= at);
        assert_eq!(instant(&published["scheduled_at"]), at, "never rewritten");
    });
}

/// Section 6, scenario 3: what is urgent goes first.
#[test]
fn scenario_urgent_content_first() {
    on_both(|url, dir| {
        let product = Product::start(url, dir).by_hand();
        let blog = product.account_with("blog", json!({"concurrency": 1}));
        let order = [5, 9, 1, 3, 10, 1];
        let items: Vec<Value> = order
            .iter()
            .enumerate()
            .map(|(place, priority)| {
                let content = product.content(&format!("{priority} ({place})"));
                json!({"content_id": content, "account_id": blog, "priority": priority, "scheduled_at": LONG_AGO})
            })
            .collect();
        product.post("/publish-pool/batch-add", &json!({"items": items}), 201);
        let report = product.post("/scheduler/tasks/1/trigger?wait=true", &json!({}), 200);
        assert_eq!(report["data"]["success_count"], 6, "{report:#}");
        let posts = product.receiver.posts();
        let titles: Vec<&str> = posts.iter().filter_map(|post| post.title()).collect();
        assert_eq!(titles, ["1 (2)", "1 (5)", "3 (3)", "5 (0)", "9 (1)", "10 (4)"]);
        assert_eq!(product.receiver.most_at_once(), 1, "an account's concurrency holds");
    });
}

/// Section 6, scenario 4: five contents, all at one time.
#[test]
fn scenario_batch_publishing() {
    on_both(|url, dir| {
        let product = Product::start(url, dir);
        let blog = product.account("blog");
        let at: Timestamp = now() + Duration::from_secs(1);
        let item = |number: usize| {
            let content = product.content(&format!("batch {number}"));
            json!({"content_id": content, "account_id": blog, "priority": 5, "scheduled_at": at})
        };
        let items: Vec<Value> = (0..5).map(item).collect();
        let added = product.post("/publish-pool/batch-add", &json!({"items": items}), 201);
        let added = added["items"].as_array().expect("a list").clone();
        assert_eq!(added.len(), 5);
        for (index, item) in added.iter().enumerate() {
            has_fields(item, "index, id, status");
            assert_eq!((&item["index"], &item["status"]), (&json!(index), &json!("pending")));
        }
        for item in &added {
            let published = product.entry_is(id(item), "published");
            assert!(instant(&published["published_at"]) >= at, "{published:#}");
        }
        let mut counts = product.receiver.by_webhook_id();
        assert_eq!(counts.len(), 5);
        counts.retain(|_, count| *count != 1);
        assert!(counts.is_empty(), "sent more than once: {counts:?}");
    });
}
