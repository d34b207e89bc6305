//! What cannot be used is refused: with the right status, a stable code, the field that is wrong, and words for a
//! person; and nothing is half done.

mod accounts;
mod bodies;
mod entries;
mod tasks;

use crate::support::command::{Cli, Response, Server};
use crate::support::on_both;
use crate::support::product::*;
use crate::support::raw::{Raw, status};
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
            entries::additions(),
            entries::batches(),
            entries::entries(),
            accounts::contents(),
            accounts::accounts(),
            tasks::tasks(),
            tasks::history_and_tokens(),
            bodies::not_json(),
            bodies::not_wanted(),
            bodies::queries(),
            bodies::nulls(),
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
        // Of no path at all.
        for line in ["OPTIONS *", "CONNECT x:80"] {
            let mut raw = Raw::connect(product.server.address());
            raw.say(format!("{line} HTTP/1.1\r\nhost: x\r\n\r\n"));
            let answer = raw.answer().expect("told").expect("told before the end");
            let body: Value = serde_json::from_slice(&answer.body).expect("JSON");
            assert_eq!((status(&answer), &body["code"]), (404, &json!("unknown_route")), "{line}");
            assert_eq!(body["detail"], format!("there is no {line}"));
            assert_eq!(answer.headers.get("x-content-type-options").map(String::as_str), Some("nosniff"));
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
