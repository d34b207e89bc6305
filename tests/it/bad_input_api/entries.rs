//! Entries of the pool, one by one and many at once.

use super::{Case, add_with, bytes};
use serde_json::{Value, json};

pub fn additions() -> Vec<Case> {
    const ADD: &str = "/publish-pool/add";
    let invalid = |field: &'static str, body: Vec<u8>, says: &'static str| {
        ("POST", ADD, body, 422, "invalid", field, says)
    };
    let missing = |body: Value, says: &'static str| ("POST", ADD, bytes(&body), 404, "not_found", "", says);
    let mut cases = vec![
        invalid("priority", add_with("priority", json!(0)), "from 1 (first) to 10 (last), not 0"),
        invalid("priority", add_with("priority", json!(11)), "from 1 (first) to 10 (last), not 11"),
        invalid("priority", add_with("priority", json!("x")), "not “x”"),
        invalid("priority", add_with("priority", json!(5.5)), "whole number"),
        invalid("priority", add_with("priority", json!(1i64 << 40)), "whole number"),
        invalid("scheduled_at", add_with("scheduled_at", json!(1_770_379_200)), "must be text"),
        invalid("max_retries", add_with("max_retries", json!(-1)), "from 0 to 1000"),
        invalid("max_retries", add_with("max_retries", json!(1001)), "from 0 to 1000"),
        invalid(
            "late_after_seconds",
            add_with("late_after_seconds", json!(0)),
            "from 1 to 31622400 (366 days)",
        ),
        invalid(
            "late_after_seconds",
            add_with("late_after_seconds", json!(1i64 << 40)),
            "from 1 to 31622400",
        ),
        invalid("late_after_seconds", add_with("late_after_seconds", json!("1h")), "whole number"),
        invalid("again", add_with("again", json!("yes")), "true or false"),
        invalid("content_ID", add_with("content_ID", json!(3)), "content_id"),
        invalid("content_id", bytes(&json!({})), "is missing"),
        invalid("content_id", Vec::new(), "is missing"),
        invalid("content_id", b"  \n".to_vec(), "is missing"),
        invalid("content_id", bytes(&json!({"content_id": "3"})), "whole number"),
        invalid("content_id", br#"{"content_id": 99999999999999999999}"#.to_vec(), "whole number"),
        invalid("account_id", bytes(&json!({"content_id": 3})), "1 (blog), 2 (other)"),
        invalid("account_ids", add_with("account_ids", json!([1])), "account_id"),
        invalid("account_ids", bytes(&json!({"content_id": 3, "account_ids": []})), "at least one"),
        invalid("account_ids", bytes(&json!({"content_id": 3, "account_ids": [2, 1, 2]})), "account 2 twice"),
        invalid("account_ids[1]", bytes(&json!({"content_id": 3, "account_ids": [1, "x"]})), "whole number"),
        missing(json!({"content_id": 999}), "content 999"),
        missing(json!({"content_id": 0, "account_id": 1}), "content 0"),
        missing(json!({"content_id": -1, "account_id": 1}), "content -1"),
        missing(json!({"content_id": i64::MAX, "account_id": 1}), "content 9223372036854775807"),
        missing(json!({"content_id": 3, "account_id": 999}), "account 999"),
        missing(json!({"content_id": 3, "account_ids": [1, 999]}), "account 999"),
        (
            "POST",
            ADD,
            bytes(&json!({"content_id": 1, "account_id": 1})),
            409,
            "already_in_pool",
            "",
            "entry 1",
        ),
        (
            "POST",
            ADD,
            bytes(&json!({"content_id": 2, "account_id": 1})),
            409,
            "already_published",
            "",
            "`again`",
        ),
        (
            "POST",
            ADD,
            bytes(&json!({"content_id": 1, "account_ids": [2, 1]})),
            409,
            "already_in_pool",
            "",
            "entry 1",
        ),
    ];
    for time in [
        "",
        "soon",
        "2026-02-06",
        "2026-02-30T00:00:00Z",
        "2026-13-01 00:00:00",
        "12:00",
        "2026-02-06T25:00:00Z",
        "1969-12-31T23:59:59Z",
        "10000-01-01T00:00:00Z",
        "2026-02-06T12:00:00+99:00",
    ] {
        cases.push(invalid("scheduled_at", add_with("scheduled_at", json!(time)), "“"));
    }
    cases.push(invalid("scheduled_at", add_with("scheduled_at", json!("soon")), "2026-02-06 12:00:00"));
    cases
}

pub fn batches() -> Vec<Case> {
    const BATCH: &str = "/publish-pool/batch-add";
    let with = |second: Value| bytes(&json!({"items": [{"content_id": 3, "account_id": 1}, second]}));
    let invalid = |field: &'static str, body: Vec<u8>, says: &'static str| {
        ("POST", BATCH, body, 422, "invalid", field, says)
    };
    // What could be added nowhere is no conflict that may be skipped.
    let skipping = |field: &'static str, value: Value, says: &'static str| {
        let mut wrong = json!({"content_id": 3, "account_id": 2});
        wrong[field] = value;
        let items = json!([{"content_id": 3, "account_id": 1}, wrong]);
        let body = bytes(&json!({"items": items, "on_conflict": "skip"}));
        ("POST", BATCH, body, 422, "invalid", format!("items[1].{field}").leak() as &str, says)
    };
    let many: Vec<Value> = (0..10_001).map(|_| json!({"content_id": 3})).collect();
    vec![
        invalid("items", bytes(&json!({})), "is missing"),
        invalid("items", bytes(&json!({"items": 5})), "a list"),
        invalid("items[0]", bytes(&json!({"items": [5]})), "an object"),
        invalid("items", bytes(&json!({"items": many})), "10000"),
        invalid("on_conflict", bytes(&json!({"items": [], "on_conflict": "maybe"})), "fail, skip"),
        invalid(
            "items[1].priority",
            with(json!({"content_id": 3, "account_id": 2, "priority": 0})),
            "from 1",
        ),
        invalid(
            "items[1].scheduled_at",
            with(json!({"content_id": 3, "account_id": 2, "scheduled_at": "x"})),
            "“x”",
        ),
        invalid(
            "items[1].max_retries",
            with(json!({"content_id": 3, "account_id": 2, "max_retries": 5000})),
            "1000",
        ),
        invalid("items[1].account_ids", with(json!({"content_id": 3, "account_ids": [2]})), "batch"),
        skipping("priority", json!(11), "not 11"),
        skipping("scheduled_at", json!("x"), "“x”"),
        skipping("max_retries", json!(-1), "from 0 to 1000"),
        skipping("late_after_seconds", json!(-1), "from 1 to 31622400"),
        skipping("account_ids", json!([2]), "batch"),
        invalid("items[1].account_id", with(json!({"content_id": 3})), "1 (blog), 2 (other)"),
        invalid("items[1].x", with(json!({"content_id": 3, "x": 1})), "is not known here"),
        invalid("items[1]", with(json!({"content_id": 3, "account_id": 1})), "items[0]"),
        (
            "POST",
            BATCH,
            with(json!({"content_id": 999, "account_id": 1})),
            404,
            "not_found",
            "items[1]",
            "content 999",
        ),
        (
            "POST",
            BATCH,
            with(json!({"content_id": 1, "account_id": 1})),
            409,
            "already_in_pool",
            "items[1]",
            "entry 1",
        ),
        (
            "POST",
            BATCH,
            with(json!({"content_id": 2, "account_id": 1})),
            409,
            "already_published",
            "items[1]",
            "again",
        ),
    ]
}

pub fn entries() -> Vec<Case> {
    let mut cases = vec![
        ("PATCH", "/publish-pool/1", bytes(&json!({"priority": 0})), 422, "invalid", "priority", "from 1"),
        (
            "PATCH",
            "/publish-pool/1",
            bytes(&json!({"scheduled_at": "x"})),
            422,
            "invalid",
            "scheduled_at",
            "“x”",
        ),
        (
            "PATCH",
            "/publish-pool/1",
            bytes(&json!({"max_retries": 1001})),
            422,
            "invalid",
            "max_retries",
            "1000",
        ),
        (
            "PATCH",
            "/publish-pool/1",
            bytes(&json!({"late_after_seconds": -1})),
            422,
            "invalid",
            "late_after_seconds",
            "from 1 to 31622400",
        ),
        (
            "PATCH",
            "/publish-pool/1",
            bytes(&json!({"status": "published"})),
            422,
            "invalid",
            "status",
            "not known",
        ),
        (
            "PATCH",
            "/publish-pool/2",
            bytes(&json!({"priority": 1})),
            409,
            "wrong_state",
            "",
            "\"state\":\"published\"",
        ),
        ("PATCH", "/publish-pool/999", bytes(&json!({"priority": 1})), 404, "not_found", "", "entry 999"),
        ("DELETE", "/publish-pool/999", vec![], 404, "not_found", "", "entry 999"),
        ("POST", "/publish-pool/2/cancel", vec![], 409, "wrong_state", "", "published"),
        ("POST", "/publish-pool/2/retry", vec![], 409, "wrong_state", "", "published"),
        ("POST", "/publish-pool/1/retry", vec![], 409, "wrong_state", "", "pending"),
        ("POST", "/publish-pool/1/resolve", vec![], 422, "invalid", "published", "is missing"),
        (
            "POST",
            "/publish-pool/1/resolve",
            bytes(&json!({"published": true})),
            409,
            "wrong_state",
            "",
            "pending",
        ),
        (
            "POST",
            "/publish-pool/1/resolve",
            bytes(&json!({"published": true, "retry": true})),
            422,
            "invalid",
            "retry",
            "published",
        ),
        (
            "POST",
            "/publish-pool/1/resolve",
            bytes(&json!({"published": true, "media_id": "a\0"})),
            422,
            "invalid",
            "media_id",
            "U+0000",
        ),
        (
            "POST",
            "/publish-pool/1/resolve",
            bytes(&json!({"published": false, "url": "http://a/"})),
            422,
            "invalid",
            "url",
            "published: true",
        ),
        ("POST", "/publish-pool/999/cancel", vec![], 404, "not_found", "", "entry 999"),
    ];
    for path in [
        "/publish-pool/0",
        "/publish-pool/-1",
        "/publish-pool/99999999999999999999",
        "/publish-pool/9223372036854775807",
        "/publish-pool/x",
        "/publish-pool/1.0",
        "/publish-pool/%00",
        "/publish-pool/%FF",
        "/publish-pool/1%00",
        "/contents/99999999999999999999",
        "/contents/%00",
        "/accounts/0",
        "/accounts/blog",
        "/scheduler/tasks/-5",
        "/scheduler/executions/999",
        "/scheduler/tasks/999/executions",
        "/scheduler/executions/999/results",
        "/publisher/history/999",
        "/publish-pool/stats?account_id=999",
    ] {
        cases.push(("GET", path, vec![], 404, "not_found", "", "there is no "));
    }
    cases
}
