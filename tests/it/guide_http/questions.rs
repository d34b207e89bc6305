//! Section 7's questions of somebody whose post is not where it should be.

use super::FAR_AWAY;
use crate::support::command::Cli;
use crate::support::on_both;
use crate::support::product::*;
use crate::support::receiver::Answer;
use serde_json::{Value, json};

/// Section 7: why was it not published, and what became of it?
#[test]
fn the_guides_questions_have_answers() {
    on_both(|url, dir| {
        let cli = Cli::on(dir, url).env("CONTENTHUB_REVIEW_REQUIRED", "true");
        let product = Product::start_with(cli).by_hand();
        let (blog, off, shut) = (product.account("blog"), product.account("off"), product.account("shut"));
        product.patch(&format!("/accounts/{off}"), &json!({"enabled": false}), 200);
        product.post(&format!("/accounts/{shut}/suspend"), &json!({"reason": "quota used up"}), 200);
        let add = |title: &str, account: i64, at: Value| {
            let content = product.content(title);
            product.post(&format!("/contents/{content}/approve"), &json!({}), 200);
            product.add(
                json!({"content_id": content, "account_id": account, "scheduled_at": at, "max_retries": 2}),
            )
        };
        let waits_for = |entry: i64, reason: &str| {
            let entry = product.entry(entry);
            assert_eq!(entry["status"], "pending");
            let told = entry["waiting_for"].as_str().unwrap_or_else(|| panic!("no reason: {entry}"));
            assert!(told.contains(reason), "{told} does not say {reason}");
        };
        // Question 1: it is in the pool, is pending, and this is why it waits.
        let draft = product.content("draft");
        let held = product.add(json!({"content_id": draft, "account_id": blog}));
        waits_for(held, "approval");
        let later = add("later", blog, json!(FAR_AWAY));
        waits_for(later, "2999-02-06T12:00:00.000000Z");
        let (disabled, suspended) = (add("disabled", off, Value::Null), add("suspended", shut, Value::Null));
        waits_for(disabled, "account disabled");
        waits_for(suspended, "quota used up");
        let (breaks, refused) = (add("breaks", blog, Value::Null), add("refused", blog, Value::Null));
        waits_for(breaks, "no enabled task");
        assert_eq!(product.get(&format!("/publish-pool/list?content_id={draft}"))["items"][0]["id"], held);

        // Question 2: it failed; is it tried again?
        product.receiver.on_title("breaks", [Answer::status(500).body("boom")]);
        product.receiver.on_title("refused", [Answer::status(400).body("title too long")]);
        let report = product.post("/scheduler/tasks/1/trigger?wait=true", &json!({}), 200);
        assert_eq!(report["data"]["failed_count"], 2, "{report:#}");
        let entry = product.entry(breaks);
        assert_eq!(
            (&entry["status"], &entry["retry_count"], &entry["max_retries"]),
            (&json!("pending"), &json!(1), &json!(2))
        );
        let due = instant(&entry["due_at"]);
        assert!(due > now(), "it waits before it is tried again");
        waits_for(breaks, &format!("the next attempt, {due}"));
        assert!(entry["last_error"].as_str().is_some_and(|error| error.contains("500")), "{entry}");
        let entry = product.entry(refused);
        assert_eq!(
            (&entry["status"], &entry["retry_count"]),
            (&json!("failed"), &json!(0)),
            "refused for good"
        );
        assert_eq!(entry["waiting_for"], Value::Null);

        // Question 3: results, log and the reason in words.
        let log = product.get(&format!("/publisher/history?pool_id={refused}"));
        let row = &log["items"][0];
        assert_eq!((&row["status"], &row["error_code"]), (&json!("failed"), &json!("http_400")));
        assert!(
            row["error_message"].as_str().is_some_and(|message| message.contains("title too long")),
            "{row}"
        );
        assert_eq!(row["media_id"], Value::Null);

        // What a person can do about it.
        product.receiver.on_title("refused", [Answer::status(204)]);
        let again = product.post(&format!("/publish-pool/{refused}/retry"), &json!({}), 200);
        assert_eq!((&again["status"], &again["retry_count"]), (&json!("pending"), &json!(0)));
        product.post(&format!("/accounts/{shut}/resume"), &json!({}), 200);
        product.patch(&format!("/publish-pool/{later}"), &json!({"scheduled_at": null, "priority": 1}), 200);
        product.post(&format!("/contents/{draft}/approve"), &json!({}), 200);
        let report = product.post("/scheduler/tasks/1/trigger?wait=true", &json!({}), 200);
        assert_eq!(report["data"]["success_count"], 4, "{report:#}");
        for entry in [refused, suspended, later, held] {
            assert_eq!(product.entry(entry)["status"], "published");
        }
        let cancelled = product.post(&format!("/publish-pool/{disabled}/cancel"), &json!({}), 200);
        assert_eq!((&cancelled["status"], &cancelled["waiting_for"]), (&json!("cancelled"), &Value::Null));
    });
}
