//! What cannot be used is refused: with the right status, a stable code, the field that is wrong, and words for a
//! person; and nothing is half done.

use crate::support::command::{Cli, Response, Server};
use crate::support::on_both;
use crate::support::product::*;
use serde_json::{Value, json};

/// What the cases are tried on: content 1 waits on account 1 (entry 1), content 2 is out there (entry 2), content 3
/// has never been in the pool, and there are two accounts.
fn world(product: &Product) {
    let (blog, other) = (product.account("blog"), product.account("other"));
    assert_eq!((blog, other), (1, 2));
    for title in ["waits", "is out", "free"] {
        product.content(title);
    }
    let far = json!({"content_id": 1, "account_id": 1, "scheduled_at": "2999-01-01T00:00:00Z"});
    assert_eq!(product.add(far), 1);
    assert_eq!(product.add(json!({"content_id": 2, "account_id": 1})), 2);
    product.post("/scheduler/tasks/1/trigger?wait=true", &json!({}), 200);
    assert_eq!(product.entry(2)["status"], "published");
}

/// Everything that a refused request might have left behind.
fn counts(product: &Product) -> Vec<(&'static str, Value)> {
    let lists = [
        "/publish-pool/list",
        "/contents",
        "/accounts",
        "/scheduler/tasks",
        "/scheduler/executions",
        "/publisher/history",
        "/tokens",
    ];
    let mut counts: Vec<_> = lists.map(|path| (path, product.get(path)["total"].clone())).to_vec();
    counts.push(("entry 1", product.entry(1)));
    counts.push(("entry 2", product.entry(2)));
    counts.push(("account 1", product.get("/accounts/1")));
    counts.push(("content 1", product.get("/contents/1")));
    counts
}

/// What an error must be, whatever it is about.
#[track_caller]
fn is_a_problem(answer: &Response, asked: &str) {
    assert_eq!(
        answer.headers.get("content-type").map(String::as_str),
        Some("application/problem+json"),
        "{asked}"
    );
    assert_eq!(answer.body["status"], answer.status, "{asked}: {}", answer.text);
    for field in ["type", "title", "code", "detail"] {
        assert!(
            answer.body[field].as_str().is_some_and(|text| !text.is_empty()),
            "{asked}: {field} in {}",
            answer.text
        );
    }
    let text = answer.text.to_lowercase();
    for leak in [
        "select ",
        "insert into",
        " where ",
        "sqlite",
        "postgres",
        "diesel",
        "serde",
        "struct ",
        "enum ",
        "option<",
        "::",
        ".rs",
        "/tmp",
        "panicked",
        "i32",
        "i64",
        "u64",
        "usize",
        "actix",
    ] {
        assert!(!text.contains(leak), "{asked} shows “{leak}”: {}", answer.text);
    }
}

/// Method, path below `/api/v1`, body, status, code, field named (or none), something that is said.
type Case = (&'static str, &'static str, Vec<u8>, u16, &'static str, &'static str, &'static str);

fn check(server: &Server, case: &Case) {
    let (method, path, body, status, code, field, says) = case;
    let shown = String::from_utf8_lossy(&body[..body.len().min(100)]).into_owned();
    let asked = format!("{method} {path} {shown}");
    let answer = server.send(method, &format!("/api/v1{path}"), &[], body);
    assert_eq!(answer.status, *status, "{asked}: {}", answer.text);
    is_a_problem(&answer, &asked);
    assert_eq!(answer.body["code"], *code, "{asked}: {}", answer.text);
    let named: Vec<&str> = answer.body["errors"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|it| it["field"].as_str())
        .collect();
    let expected: Vec<&str> = if field.is_empty() { Vec::new() } else { vec![field] };
    assert_eq!(named, expected, "{asked}: {}", answer.text);
    assert!(answer.text.contains(says), "{asked} does not say “{says}”: {}", answer.text);
}

fn bytes(body: &Value) -> Vec<u8> {
    body.to_string().into_bytes()
}

/// `{"content_id": 3, "account_id": 1}` and one field more.
fn add_with(field: &str, value: Value) -> Vec<u8> {
    bytes(&json!({"content_id": 3, "account_id": 1, field: value}))
}

#[test]
fn what_cannot_be_used_is_refused_and_leaves_nothing_behind() {
    on_both(|url, dir| {
        let product = Product::start(url, dir).by_hand();
        world(&product);
        let before = counts(&product);
        let groups = [
            additions(),
            batches(),
            entries(),
            contents(),
            accounts(),
            tasks(),
            history_and_tokens(),
            not_json(),
            queries(),
            nulls(),
        ];
        for case in groups.iter().flatten() {
            check(&product.server, case);
        }
        assert_eq!(counts(&product), before, "something was half done");

        // The refusals name what to do, and the other way is open.
        let waiting =
            product.server.post("/api/v1/publish-pool/add", &json!({"content_id": 1, "account_id": 1}));
        assert_eq!((waiting.status, &waiting.body["entry_id"]), (409, &json!(1)), "{}", waiting.text);
        assert!(waiting.body["hint"].is_string());
        let again = json!({"content_id": 2, "account_id": 1, "again": true});
        assert_eq!(product.post("/publish-pool/add", &again, 201)["status"], "pending");
        let free = json!({"content_id": 3, "account_id": 1}).to_string();
        let untyped = product.server.send("POST", "/api/v1/publish-pool/add", &[], free.as_bytes());
        assert_eq!(untyped.status, 201, "no Content-Type is fine: {}", untyped.text);
        skipping_in_a_batch(&product);
    });
}

/// With `skip`, what cannot be added is told item by item, and the rest is added.
fn skipping_in_a_batch(product: &Product) {
    let new = product.content("new");
    let item = |content: i64| json!({"content_id": content, "account_id": 2});
    let items = json!([item(new), item(999), item(new), item(3)]);
    let body = json!({"items": items, "on_conflict": "skip"});
    let added = product.post("/publish-pool/batch-add", &body, 201)["items"].clone();
    let told: Vec<(&Value, &Value)> =
        added.as_array().expect("a list").iter().map(|item| (&item["status"], &item["code"])).collect();
    let (pending, skipped) = (&json!("pending"), &json!("skipped"));
    let (missing, there) = (&json!("not_found"), &json!("already_in_pool"));
    assert_eq!(
        told,
        [(pending, &Value::Null), (skipped, missing), (skipped, there), (pending, &Value::Null)]
    );
    let both = json!({"content_id": product.content("both"), "account_ids": [1, 2]});
    let both = product.post("/publish-pool/add", &both, 201);
    let accounts: Vec<&Value> =
        both["items"].as_array().expect("a list").iter().map(|it| &it["account_id"]).collect();
    assert_eq!(accounts, [1, 2]);
}

fn additions() -> Vec<Case> {
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

fn batches() -> Vec<Case> {
    const BATCH: &str = "/publish-pool/batch-add";
    let with = |second: Value| bytes(&json!({"items": [{"content_id": 3, "account_id": 1}, second]}));
    let invalid = |field: &'static str, body: Vec<u8>, says: &'static str| {
        ("POST", BATCH, body, 422, "invalid", field, says)
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

fn entries() -> Vec<Case> {
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

fn contents() -> Vec<Case> {
    let with = |field: &str, value: Value| {
        let mut content = json!({"title": "T", "body": "B"});
        content[field] = value;
        bytes(&content)
    };
    let invalid = |field: &'static str, body: Vec<u8>, says: &'static str| {
        ("POST", "/contents", body, 422, "invalid", field, says)
    };
    vec![
        invalid("title", vec![], "is missing"),
        invalid("body", bytes(&json!({"title": "T"})), "is missing"),
        invalid("title", with("title", json!("")), "must not be empty"),
        invalid("title", with("title", json!(" \n")), "must not be empty"),
        invalid("title", with("title", json!("题".repeat(301))), "301 characters"),
        invalid("title", with("title", json!("a\0b")), "U+0000"),
        invalid("body", with("body", json!("a\0b")), "U+0000"),
        invalid("body", with("body", json!("x".repeat(2 * 1024 * 1024 + 1))), "2097152"),
        invalid("digest", with("digest", json!("\0")), "U+0000"),
        invalid("author", with("author", json!("\0")), "U+0000"),
        invalid("cover", with("cover", json!("\0")), "U+0000"),
        invalid("source_url", with("source_url", json!("\0")), "U+0000"),
        invalid("digest", with("digest", json!("x".repeat(2001))), "2000"),
        invalid("tags[1]", with("tags", json!(["a", "\0"])), "U+0000"),
        invalid("tags", with("tags", json!(["a", ""])), "1 to 100"),
        invalid("tags", with("tags", json!(vec!["t"; 51])), "51"),
        invalid("tags", with("tags", json!("a, b")), "a list"),
        invalid("review_status", with("review_status", json!("approved")), "not known"),
        ("POST", "/contents", with("account_id", json!(999)), 404, "not_found", "", "account 999"),
        ("PATCH", "/contents/1", bytes(&json!({"title": ""})), 422, "invalid", "title", "must not be empty"),
        ("PATCH", "/contents/1", bytes(&json!({"account_id": 999})), 404, "not_found", "", "account 999"),
        ("PATCH", "/contents/1", bytes(&json!({"titel": ""})), 422, "invalid", "titel", "title"),
        ("PATCH", "/contents/999", bytes(&json!({"title": "x"})), 404, "not_found", "", "content 999"),
        ("DELETE", "/contents/1", vec![], 409, "in_use", "", "\"entry_ids\":[1]"),
        ("DELETE", "/contents/999", vec![], 404, "not_found", "", "content 999"),
        ("POST", "/contents/1/submit", vec![], 409, "wrong_state", "", "\"state\":\"approved\""),
        ("POST", "/contents/999/approve", vec![], 404, "not_found", "", "content 999"),
    ]
}

fn accounts() -> Vec<Case> {
    let with = |field: &str, value: Value| {
        let mut account =
            json!({"name": "new", "platform": "webhook", "settings": {"url": "http://127.0.0.1:1/"}});
        account[field] = value;
        bytes(&account)
    };
    let invalid = |field: &'static str, body: Vec<u8>, says: &'static str| {
        ("POST", "/accounts", body, 422, "invalid", field, says)
    };
    let mut cases = vec![
        invalid("name", vec![], "is missing"),
        invalid("name", with("name", json!("")), "1 to 100"),
        invalid("name", with("name", json!("n".repeat(101))), "1 to 100"),
        invalid("name", with("name", json!("a\0")), "U+0000"),
        invalid("platform", with("platform", json!("myspace")), "webhook, folder"),
        invalid("settings.url", with("settings", json!({})), "is missing"),
        invalid("settings", with("settings", json!([])), "an object"),
        invalid("settings.color", with("settings", json!({"url": "http://a/", "color": 1})), "not known"),
        invalid("settings.url", with("settings", json!({"url": 5})), "must be text"),
        invalid("settings.url", with("settings", json!({"url": "http://a/\0"})), "U+0000"),
        invalid(
            "settings.timeout_seconds",
            with("settings", json!({"url": "http://a/", "timeout_seconds": 0})),
            "1 to 120",
        ),
        invalid("credentials.nope", with("credentials", json!({"nope": "x"})), "no such secret"),
        invalid("credentials.secret", with("credentials", json!({"secret": "guess"})), "whsec_"),
        invalid("credentials.secret", with("credentials", json!({"secret": 5})), "must be text"),
        invalid("timezone", with("timezone", json!("Mars/Olympus")), "Asia/Shanghai"),
        invalid("concurrency", with("concurrency", json!(0)), "1 to 1024"),
        invalid("concurrency", with("concurrency", json!(1025)), "1 to 1024"),
        invalid("spacing_seconds", with("spacing_seconds", json!(-1)), "from 0 to 31622400 (366 days)"),
        invalid("spacing_seconds", with("spacing_seconds", json!(31_622_401)), "366 days"),
        invalid("spacing_seconds", with("spacing_seconds", json!("5m")), "whole number"),
        invalid("daily_cap", with("daily_cap", json!(0)), "from 1 to 1000000"),
        invalid("daily_cap", with("daily_cap", json!(1i64 << 40)), "from 1 to 1000000"),
        invalid("daily_cap", with("daily_cap", json!(1.5)), "whole number"),
        invalid("windows", with("windows", json!("08:00-23:00")), "a list"),
        invalid("windows[1]", with("windows", json!(["08:00-23:00", 8])), "must be text"),
        invalid("windows[1]", with("windows", json!(["08:00-23:00", "soon"])), "mon-fri 08:00-23:00"),
        invalid("windows[0]", with("windows", json!(["09:00-09:00"])), "no window at all"),
        invalid(
            "windows[0]",
            with("windows", json!(["monday 09:00-10:00"])),
            "“monday” is none of the weekdays",
        ),
        invalid("windows[0]", with("windows", json!(["09:00-10:00\0"])), "U+0000"),
        invalid("windows", with("windows", json!(vec!["09:00-10:00"; 65])), "64 at most"),
        invalid("give_up_after_seconds", with("give_up_after_seconds", json!(59)), "from 60 to 31622400"),
        invalid("late_after_seconds", with("late_after_seconds", json!(0)), "from 1 to 31622400"),
        invalid("late_after_seconds", with("late_after_seconds", json!(i64::MAX)), "366 days"),
        (
            "PATCH",
            "/accounts/1",
            bytes(&json!({"windows": ["25:00-26:00"]})),
            422,
            "invalid",
            "windows[0]",
            "“25:00” is no time",
        ),
        ("PATCH", "/accounts/1", bytes(&json!({"daily_cap": -5})), 422, "invalid", "daily_cap", "from 1"),
        invalid("on_unknown", with("on_unknown", json!("maybe")), "ask, retry"),
        invalid("on_unknown", with("on_unknown", json!(5)), "text"),
        invalid("enabled", with("enabled", json!("true")), "true or false"),
        ("POST", "/accounts", with("name", json!("blog")), 409, "name_taken", "", "“blog”"),
        ("PATCH", "/accounts/2", bytes(&json!({"name": "blog"})), 409, "name_taken", "", "“blog”"),
        (
            "PATCH",
            "/accounts/2",
            bytes(&json!({"settings": {"url": "x"}})),
            422,
            "invalid",
            "settings.url",
            "“x”",
        ),
        (
            "PATCH",
            "/accounts/2",
            bytes(&json!({"platform": "folder"})),
            422,
            "invalid",
            "platform",
            "not known",
        ),
        ("PATCH", "/accounts/999", bytes(&json!({})), 404, "not_found", "", "account 999"),
        ("DELETE", "/accounts/1", vec![], 409, "in_use", "", "\"entry_ids\":[1]"),
        ("DELETE", "/accounts/999", vec![], 404, "not_found", "", "account 999"),
        ("POST", "/accounts/1/suspend", vec![], 422, "invalid", "reason", "is missing"),
        ("POST", "/accounts/1/suspend", bytes(&json!({"reason": " "})), 422, "invalid", "reason", "say why"),
        (
            "POST",
            "/accounts/1/suspend",
            bytes(&json!({"reason": "x", "until": "y"})),
            422,
            "invalid",
            "until",
            "“y”",
        ),
        (
            "POST",
            "/accounts/999/suspend",
            bytes(&json!({"reason": "x"})),
            404,
            "not_found",
            "",
            "account 999",
        ),
        ("POST", "/accounts/999/resume", vec![], 404, "not_found", "", "account 999"),
    ];
    for url in ["", "a.example", "http://", "ftp://a.example/", "/hook", "http://user:pw@a/", "http://["] {
        let settings = json!({"url": url});
        cases.push(invalid("settings.url", with("settings", settings), "\"message\":\""));
    }
    cases
}

fn tasks() -> Vec<Case> {
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

fn history_and_tokens() -> Vec<Case> {
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

/// What is no JSON is a 400; JSON of the wrong kind is not.
fn not_json() -> Vec<Case> {
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

fn queries() -> Vec<Case> {
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
        cases.push(("GET", page, vec![], 422, "invalid", "page", "1 or more"));
        cases.push(("GET", size, vec![], 422, "invalid", "page_size", "1 to 200"));
        cases.push(("GET", text, vec![], 422, "invalid", "page", "whole number"));
    }
    for (path, field, says) in [
        ("/publish-pool/list?page=99999999999999999999", "page", "whole number"),
        ("/publish-pool/list?page=9223372036854775807", "page", "1 or more"),
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
fn nulls() -> Vec<Case> {
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

/// What is there is told from what is not, and a wrong method from a wrong path.
#[test]
fn wrong_paths_and_methods_are_told_apart() {
    on_both(|url, dir| {
        let product = Product::start(url, dir);
        for path in [
            "/",
            "/api",
            "/api/v1",
            "/api/v1/",
            "/api/v1/nothing",
            "/api/v1/publish-pool",
            "/api/v2/accounts",
        ] {
            for method in ["GET", "POST", "DELETE"] {
                let answer = product.server.send(method, path, &[], b"");
                assert_eq!(
                    (answer.status, &answer.body["code"]),
                    (404, &json!("unknown_route")),
                    "{method} {path}"
                );
                is_a_problem(&answer, path);
            }
        }
        for (method, path, allowed) in [
            ("DELETE", "/api/v1/publish-pool/list", "GET"),
            ("POST", "/api/v1/publish-pool/stats", "GET"),
            ("GET", "/api/v1/publish-pool/add", "POST"),
            ("PUT", "/api/v1/publish-pool/1", "DELETE, GET, PATCH"),
            ("POST", "/api/v1/publish-pool/1", "DELETE, GET, PATCH"),
            ("GET", "/api/v1/publish-pool/1/retry", "POST"),
            ("DELETE", "/api/v1/contents", "GET, POST"),
            ("GET", "/api/v1/scheduler/tasks/1/trigger", "POST"),
            ("PATCH", "/api/v1/publisher/history/1", "GET"),
            ("POST", "/healthz", "GET, HEAD"),
            ("DELETE", "/demo/site/", "GET"),
        ] {
            let answer = product.server.send(method, path, &[], b"");
            assert_eq!(
                (answer.status, &answer.body["code"]),
                (405, &json!("wrong_method")),
                "{method} {path}"
            );
            is_a_problem(&answer, path);
            let allow = answer.headers.get("allow").cloned().unwrap_or_default();
            let mut methods: Vec<&str> = allow.split(", ").collect();
            methods.sort_unstable();
            assert_eq!(methods.join(", "), allowed, "{method} {path}");
        }
        for path in
            ["/demo/../secret.key", "/demo/%2e%2e/secret.key", "/demo/.lock", "/demo/nothing/", "/demo/%00"]
        {
            let answer = product.server.send("GET", path, &[], b"");
            assert_eq!(answer.status, 404, "{path}: {}", answer.text);
            is_a_problem(&answer, path);
        }
    });
}

/// A body that is too large is refused before it is read into memory; how large that is can be set.
#[test]
fn large_bodies_are_refused() {
    on_both(|url, dir| {
        let cli = Cli::on(dir, url);
        let product = Product::start_with(cli.clone());
        let large = json!({"title": "T", "body": "x".repeat(10_000_000)}).to_string();
        let answer = product.server.send("POST", "/api/v1/contents", &[], large.as_bytes());
        assert_eq!((answer.status, &answer.body["code"]), (413, &json!("body_too_large")));
        is_a_problem(&answer, "10 MB");
        assert!(answer.text.contains("8388608"), "{}", answer.text);
        assert_eq!(product.get("/contents")["total"], 0);
        let (status, _) = product.server.terminate(SOON);
        assert!(status.success());

        let product = Product::start_with(cli.env("CONTENTHUB_BODY_MAX_BYTES", "1000"));
        let of_size = |size: usize| {
            let frame = json!({"title": "T", "body": ""}).to_string().len();
            json!({"title": "T", "body": "x".repeat(size - frame)}).to_string()
        };
        for (size, status) in [(1000, 201), (1001, 413)] {
            let answer = product.server.send("POST", "/api/v1/contents", &[], of_size(size).as_bytes());
            assert_eq!(answer.status, status, "{size} bytes: {}", answer.text);
        }
    });
}

/// Whoever comes at the same moment gets the same answers as whoever comes later.
#[test]
fn of_many_at_once_one_wins_and_the_others_are_told() {
    on_both(|url, dir| {
        let product = Product::start(url, dir).by_hand();
        let (blog, server) = (product.account("blog"), &product.server);
        let all_at_once = |path: &str, body: &Value| -> Vec<Response> {
            std::thread::scope(|threads| {
                let asking: Vec<_> = (0..12).map(|_| threads.spawn(|| server.post(path, body))).collect();
                asking.into_iter().map(|thread| thread.join().expect("answered")).collect()
            })
        };
        for round in 0..5 {
            let content = product.content(&format!("round {round}"));
            let body =
                json!({"content_id": content, "account_id": blog, "scheduled_at": "2999-01-01T00:00:00Z"});
            let answers = all_at_once("/api/v1/publish-pool/add", &body);
            let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 201);
            assert_eq!(won.len(), 1, "round {round}");
            for answer in lost {
                assert_eq!(
                    (answer.status, &answer.body["code"]),
                    (409, &json!("already_in_pool")),
                    "{}",
                    answer.text
                );
                assert_eq!(answer.body["entry_id"], won[0].body["id"]);
            }
            let name = format!("new {round}");
            let account = json!({"name": name, "platform": "folder", "settings": {}});
            let task = json!({"name": name, "task_type": "publishing", "schedule_type": "interval", "interval_seconds": 60});
            for (path, body) in [("/api/v1/accounts", account), ("/api/v1/scheduler/tasks", task)] {
                let answers = all_at_once(path, &body);
                assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1, "{path}");
                for answer in answers.iter().filter(|answer| answer.status != 201) {
                    assert_eq!(answer.status, 409, "{}", answer.text);
                    is_a_problem(answer, path);
                }
            }
        }
    });
}
