//! Bodies that are no JSON or not the right one, queries, and what is null.

use super::{Case, bytes};
use serde_json::json;

/// What is no JSON is a 400; JSON of the wrong kind is not.
pub fn not_json() -> Vec<Case> {
    let broken: Vec<Vec<u8>> = vec![
        b"nonsense".to_vec(),
        b"{\"content_id\":".to_vec(),
        b"{\"content_id\":3}}".to_vec(),
        b"{'content_id':3}".to_vec(),
        b"{\"content_id\":03}".to_vec(),
        b"\xff\xfe{\"content_id\":3}".to_vec(),
        b"{\"content_id\":3,\"scheduled_at\":\"\xe4\xbd\"}".to_vec(),
        b"{\"content_id\":3,\"scheduled_at\":\"a\x00b\"}".to_vec(),
        b"{\"scheduled_at\":\"\\ud800\"}".to_vec(),
        b"\x00".to_vec(),
    ];
    let deep: Vec<Vec<u8>> =
        vec![vec![b'['; 100_000], [vec![b'['; 200], vec![b']'; 200]].concat(), b"{\"a\":".repeat(5000)];
    let mut cases: Vec<Case> = broken
        .into_iter()
        .map(|body| ("POST", "/publish-pool/add", body, 400, "not_json", "", "the body is not "))
        .collect();
    cases.extend(
        deep.into_iter()
            .map(|body| ("POST", "/publish-pool/add", body, 400, "json_too_deep", "", "64 levels")),
    );
    // In characters, as an editor counts them.
    for (body, says) in [
        ("{\"标题\":\n\"中文\" 1}".as_bytes().to_vec(), "at line 2 column 6"),
        (b"{\"title\":\"a\xff\"}".to_vec(), "at line 1 column 12"),
    ] {
        cases.push(("POST", "/publish-pool/add", body, 400, "not_json", "", says));
    }
    for body in ["[]", "null", "5", "\"x\"", "[3, 1]"] {
        cases.push((
            "POST",
            "/publish-pool/add",
            body.into(),
            422,
            "invalid",
            "request",
            "must be an object",
        ));
    }
    let escaped = br#"{"content_id":3,"scheduled_at":"a\u0000b"}"#.to_vec();
    cases.push(("POST", "/publish-pool/add", escaped, 422, "invalid", "scheduled_at", "U+0000"));
    cases
}

/// Where a request has nothing to say, what it says all the same is not passed over.
pub fn not_wanted() -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    // Also of what says nothing there may be too much.
    let blank = bytes(&json!({"reason": "\u{c}".repeat(501)}));
    cases.push(("POST", "/scheduler/pause", blank, 422, "invalid", "reason", "500"));
    for path in [
        "/publish-pool/clear",
        "/publish-pool/1/cancel",
        "/publish-pool/1/retry",
        "/publish-pool/1/publish",
        "/contents/1/submit",
        "/contents/1/approve",
        "/contents/1/reject",
        "/accounts/1/test",
        "/accounts/1/resume",
        "/scheduler/resume",
        "/scheduler/tasks/1/enable",
        "/scheduler/tasks/1/disable",
        "/scheduler/tasks/1/trigger",
        "/scheduler/executions/1/cancel",
    ] {
        let says = bytes(&json!({"account_id": 1}));
        cases.push(("POST", path, says, 422, "invalid", "account_id", "is not known here"));
        cases.push(("POST", path, b"{not json".to_vec(), 400, "not_json", "", "the body is not JSON"));
    }
    cases
}

pub fn queries() -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let lists = [
        ["/publish-pool/list?page=0", "/publish-pool/list?page_size=201", "/publish-pool/list?page=x"],
        ["/contents?page=0", "/contents?page_size=201", "/contents?page=1.5"],
        ["/accounts?page=0", "/accounts?page_size=201", "/accounts?page=x"],
        ["/platforms?page=0", "/platforms?page_size=0", "/platforms?page=x"],
        ["/tokens?page=-1", "/tokens?page_size=201", "/tokens?page=x"],
        ["/scheduler/tasks?page=0", "/scheduler/tasks?page_size=201", "/scheduler/tasks?page=x"],
        [
            "/scheduler/executions?page=0",
            "/scheduler/executions?page_size=201",
            "/scheduler/executions?page=x",
        ],
        ["/publisher/history?page=0", "/publisher/history?page_size=201", "/publisher/history?page=%F0%9F"],
    ];
    for [page, size, text] in lists {
        cases.push(("GET", page, vec![], 422, "invalid", "page", "from 1 to 1000000000"));
        cases.push(("GET", size, vec![], 422, "invalid", "page_size", "1 to 200"));
        cases.push(("GET", text, vec![], 422, "invalid", "page", "whole number"));
    }
    for (path, field, says) in [
        ("/publish-pool/list?page=99999999999999999999", "page", "whole number"),
        ("/publish-pool/list?page=9223372036854775807", "page", "from 1 to 1000000000"),
        ("/publish-pool/list?status=open", "status", "pending"),
        ("/publish-pool/list?priority=11", "priority", "from 1 (first) to 10 (last), not 11"),
        ("/publish-pool/list?priority=x", "priority", "whole number"),
        ("/publish-pool/list?due=1", "due", "true or false"),
        ("/publish-pool/list?account_id=blog", "account_id", "whole number"),
        ("/publish-pool/list?q=%00", "q", "U+0000"),
        ("/publish-pool/list?q=a%00b", "q", "U+0000"),
        ("/publish-pool/list?%00=a", "", "U+0000"),
        ("/publish-pool/list?stauts=pending", "stauts", "status"),
        ("/publish-pool/list?page=1&page=2", "page", "twice"),
        ("/publish-pool/stats?x=1", "x", "account_id"),
        ("/contents?q=%00", "q", "U+0000"),
        ("/contents?title=a", "title", "q"),
        ("/accounts?name=blog", "name", "page"),
        ("/publisher/history?from=yesterday", "from", "“yesterday”"),
        ("/publisher/history?to=%00", "to", "U+0000"),
        ("/publisher/history?status=done", "status", "published"),
        ("/publisher/history?content_id=x", "content_id", "whole number"),
        ("/scheduler/tasks/1/executions?limit=5", "limit", "page_size"),
        ("/scheduler/tasks/1/executions?status=done", "status", "“done” is not one of queued, running, "),
        ("/scheduler/tasks/1/executions?task_id=1", "task_id", "is not known here"),
        ("/scheduler/executions?status=ended", "status", "succeeded, failed, cancelled, interrupted"),
        ("/scheduler/executions?trigger=cron", "trigger", "“cron” is not one of schedule, api, cli"),
        ("/scheduler/executions?task_id=blog", "task_id", "whole number"),
    ] {
        let field = if field.is_empty() { "request" } else { field };
        cases.push(("GET", path, vec![], 422, "invalid", field, says));
    }
    // Where nothing can be asked, a word that nobody reads may have been meant to change what is done.
    for (method, path, field) in [
        ("GET", "/contents/1?fields=title", "fields"),
        ("POST", "/publish-pool/add?content_id=3", "content_id"),
        ("PATCH", "/publish-pool/1?priority=2", "priority"),
        ("DELETE", "/publish-pool/1?force=true", "force"),
        ("POST", "/publish-pool/1/cancel?dry_run=true", "dry_run"),
        ("POST", "/publish-pool/clear?account_id=2", "account_id"),
        ("DELETE", "/contents/3?dry_run=true", "dry_run"),
        ("POST", "/accounts/1/suspend?until=tomorrow", "until"),
        ("GET", "/scheduler/executions/1?page=1", "page"),
    ] {
        cases.push((method, path, vec![], 422, "invalid", field, "is not known here"));
    }
    cases
}

/// A field that cannot be emptied is not passed over in silence.
pub fn nulls() -> Vec<Case> {
    let fields: [(&str, &[&str]); 4] = [
        ("/publish-pool/1", &["priority", "max_retries"]),
        ("/contents/1", &["title", "body", "tags"]),
        (
            "/accounts/1",
            &[
                "name",
                "settings",
                "credentials",
                "enabled",
                "timezone",
                "concurrency",
                "on_unknown",
                "on_similar",
                "give_up_after_seconds",
            ],
        ),
        (
            "/scheduler/tasks/1",
            &[
                "name",
                "schedule_type",
                "interval_seconds",
                "cron",
                "run_at",
                "timezone",
                "params",
                "enabled",
                "next_run",
            ],
        ),
    ];
    let of = |(path, names): (&'static str, &'static [&'static str])| {
        names.iter().map(move |&name| {
            ("PATCH", path, bytes(&json!({name: null})), 422, "invalid", name, ", not null")
        })
    };
    fields.into_iter().flat_map(of).collect()
}
