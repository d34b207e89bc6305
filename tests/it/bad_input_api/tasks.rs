//! Tasks, the history and tokens.

use super::{Case, bytes};
use serde_json::{Value, json};

pub fn tasks() -> Vec<Case> {
    let with = |field: &str, value: Value| {
        let mut task = json!({"name": "new", "task_type": "publishing", "schedule_type": "interval",
            "interval_seconds": 60});
        task[field] = value;
        bytes(&task)
    };
    let invalid = |field: &'static str, body: Vec<u8>, says: &'static str| {
        ("POST", "/scheduler/tasks", body, 422, "invalid", field, says)
    };
    let on_due = |field: &str, value: Value| {
        bytes(&json!({"name": "new", "task_type": "publishing", "schedule_type": "on_due", field: value}))
    };
    let cron = |expression: Value| {
        bytes(&json!({"name": "new", "task_type": "publishing", "schedule_type": "cron", "cron": expression}))
    };
    let once = |run_at: Value| {
        bytes(&json!({"name": "new", "task_type": "publishing", "schedule_type": "once", "run_at": run_at}))
    };
    vec![
        invalid("name", vec![], "is missing"),
        invalid("name", with("name", json!("")), "1 to 100"),
        invalid("name", with("name", json!("\0")), "U+0000"),
        invalid("task_type", with("task_type", json!("dancing")), "publishing"),
        invalid("schedule_type", with("schedule_type", json!("weekly")), "interval"),
        invalid("interval_seconds", with("interval_seconds", Value::Null), "needed"),
        invalid("interval_seconds", with("interval_seconds", json!(0)), "from 1 to"),
        invalid("interval_seconds", with("interval_seconds", json!(31_622_401)), "366 days"),
        invalid("interval_seconds", with("interval_seconds", json!("5m")), "whole number"),
        invalid("interval_seconds", with("interval_seconds", json!(i64::MAX)), "366 days"),
        invalid("timezone", with("timezone", json!("Mars")), "Asia/Shanghai"),
        invalid("params.x", with("params", json!({"x": 1})), "is not known here"),
        invalid("params", with("params", json!([])), "an object"),
        invalid("next_run", with("next_run", json!("later")), "“later”"),
        invalid("interval_seconds", on_due("interval_seconds", json!(60)), "on_due"),
        invalid("next_run", on_due("next_run", json!("2999-01-01T00:00:00Z")), "on_due"),
        invalid("cron", on_due("cron", json!("0 9 * * *")), "on_due"),
        invalid("run_at", with("run_at", json!("2999-01-01T00:00:00Z")), "interval"),
        invalid("cron", cron(Value::Null), "needed"),
        invalid("cron", cron(json!("")), "0 9 * * 1-5"),
        invalid("cron", cron(json!("61 * * * *")), "minute (column 1"),
        invalid("cron", cron(json!("* * * *")), "it has 4 fields"),
        invalid("cron", cron(json!("0 9 * * FUN")), "did you mean 0 9 * * sun?"),
        invalid("cron", cron(json!("0 0 30 2 *")), "never fires"),
        invalid("cron", cron(json!("1,".repeat(101))), "200 characters"),
        invalid("cron", cron(json!("0 9 * * *\0")), "U+0000"),
        invalid("cron", cron(json!(5)), "must be text"),
        invalid("run_at", once(Value::Null), "needed"),
        invalid("run_at", once(json!("soon")), "“soon”"),
        invalid("run_at", once(json!("2020-01-01T00:00:00Z")), "future"),
        invalid("run_at", once(json!("2020-01-01T00:00:00Z")), "2020-01-01T00:00:00.000000Z"),
        (
            "POST",
            "/scheduler/tasks",
            with("name", json!("publish when due")),
            409,
            "name_taken",
            "",
            "publish when due",
        ),
        (
            "PATCH",
            "/scheduler/tasks/1",
            bytes(&json!({"interval_seconds": 5})),
            422,
            "invalid",
            "interval_seconds",
            "on_due",
        ),
        (
            "PATCH",
            "/scheduler/tasks/1",
            bytes(&json!({"cron": "0 9 * * *"})),
            422,
            "invalid",
            "cron",
            "on_due",
        ),
        (
            "PATCH",
            "/scheduler/tasks/1",
            bytes(&json!({"schedule_type": "cron", "cron": "0 0 31 6 *"})),
            422,
            "invalid",
            "cron",
            "never fires",
        ),
        ("PATCH", "/scheduler/tasks/999", bytes(&json!({})), 404, "not_found", "", "task 999"),
        ("DELETE", "/scheduler/tasks/999", vec![], 404, "not_found", "", "task 999"),
        ("POST", "/scheduler/tasks/999/trigger", vec![], 404, "not_found", "", "task 999"),
        ("POST", "/scheduler/tasks/999/trigger?wait=true", vec![], 404, "not_found", "", "task 999"),
        ("POST", "/scheduler/tasks/999/enable", vec![], 404, "not_found", "", "task 999"),
        ("POST", "/scheduler/tasks/1/trigger?wait=maybe", vec![], 422, "invalid", "wait", "true or false"),
        ("POST", "/scheduler/tasks/1/trigger?wiat=true", vec![], 422, "invalid", "wiat", "wait"),
        ("POST", "/scheduler/executions/1/cancel", vec![], 409, "wrong_state", "", "\"state\":\"succeeded\""),
        ("POST", "/scheduler/executions/999/cancel", vec![], 404, "not_found", "", "execution 999"),
    ]
}

pub fn history_and_tokens() -> Vec<Case> {
    let token = |field: &'static str, body: Value, says: &'static str| {
        ("POST", "/tokens", bytes(&body), 422, "invalid", field, says)
    };
    vec![
        token("name", json!({}), "is missing"),
        token("role", json!({"name": "x"}), "is missing"),
        token("role", json!({"name": "x", "role": "boss"}), "viewer, editor, operator, admin"),
        token("role", json!({"name": "x", "role": 5}), "text"),
        token("role", json!({"name": "x", "role": {"admin": 1}}), "must be text"),
        token("role", json!({"name": "x", "role": {"admin": null}}), "must be text"),
        token("name", json!({"name": "", "role": "viewer"}), "1 to 100"),
        token("name", json!({"name": "\0", "role": "viewer"}), "U+0000"),
        ("POST", "/tokens", bytes(&json!(["x", "viewer"])), 422, "invalid", "request", "an object"),
        ("DELETE", "/tokens/999", vec![], 404, "not_found", "", "token 999"),
    ]
}
