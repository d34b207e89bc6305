//! A request with an `Idempotency-Key` makes what it asks for once, however often and by however many it is sent.

use crate::support::app::*;
use crate::support::command::Response;
use crate::support::on_both;
use crate::support::product::*;
use contenthub::db::connection::connect;
use contenthub::domain::ids::TokenId;
use contenthub::domain::request_key::RequestKey;
use contenthub::operations::OperationError;
use contenthub::operations::content::CreateContent;
use contenthub::operations::once::{KeyedRequest, Once};
use contenthub::operations::prune::{History, Prune};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::collections::HashSet;
use std::thread;
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

fn keyed(product: &Product, path: &str, key: &str, body: &Value) -> Response {
    let headers = [("Idempotency-Key", key), ("Content-Type", "application/json")];
    product.server.send("POST", &format!("/api/v1{path}"), &headers, body.to_string().as_bytes())
}

fn total(product: &Product, path: &str) -> Value {
    product.get(path)["total"].clone()
}

/// What each route makes, from what, and where it is listed.
fn creating(product: &Product) -> Vec<(&'static str, Value, u16, &'static str)> {
    let (blog, other) = (product.account("blog"), product.account("other"));
    let contents: Vec<i64> = ["one", "two", "three"].iter().map(|title| product.content(title)).collect();
    let later = "2999-01-01T00:00:00Z";
    let url = product.receiver.url("/new");
    vec![
        ("/contents", json!({"title": "new", "body": "x"}), 201, "/contents"),
        (
            "/accounts",
            json!({"name": "new", "platform": "webhook", "settings": {"url": url}, "credentials": {"secret": SECRET}}),
            201,
            "/accounts",
        ),
        ("/tokens", json!({"name": "new", "role": "viewer"}), 201, "/tokens"),
        (
            "/scheduler/tasks",
            json!({"name": "new", "task_type": "publishing", "schedule_type": "interval", "interval_seconds": 3600}),
            201,
            "/scheduler/tasks",
        ),
        (
            "/publish-pool/add",
            json!({"content_id": contents[0], "account_id": blog, "scheduled_at": later}),
            201,
            "/publish-pool/list",
        ),
        (
            "/publish-pool/add",
            json!({"content_id": contents[1], "account_ids": [blog, other], "scheduled_at": later}),
            201,
            "/publish-pool/list",
        ),
        (
            "/publish-pool/batch-add",
            json!({"items": [{"content_id": contents[2], "account_id": blog, "scheduled_at": later}]}),
            201,
            "/publish-pool/list",
        ),
        ("/scheduler/tasks/1/trigger", json!({}), 202, "/scheduler/executions"),
    ]
}

/// Something else that could be made.
fn changed(body: &Value) -> Value {
    let mut other = body.clone();
    for field in ["title", "name"] {
        if other[field].is_string() {
            other[field] = "other".into();
        }
    }
    if let Some(item) = other.pointer_mut("/items/0") {
        item["priority"] = 2.into();
    }
    if other["content_id"].is_number() {
        other["priority"] = 2.into();
    }
    other
}

/// Another request of the same route: where there is nothing to say in its body, by its query.
fn another<'a>(path: &'a str, body: &Value) -> (Cow<'a, str>, Value) {
    let other = changed(body);
    let path: Cow<'a, str> =
        if *body == json!({}) { format!("{path}?wait=false").into() } else { path.into() };
    assert!(other != *body || path.contains('?'), "it is the same");
    (path, other)
}

const SECRET: &str = "whsec_c2VjcmV0LW9mLWEtcmVxdWVzdC13aXRoLWEta2V5";

#[test]
fn every_route_that_makes_something_makes_it_once() {
    on_both(|url, dir| {
        let product = Product::start(url, dir).by_hand();
        for (number, (path, body, status, list)) in creating(&product).into_iter().enumerate() {
            let key = format!("key {number}").replace(' ', "-");
            let first = keyed(&product, path, &key, &body).expect_status(status);
            assert_eq!(first.headers.get("idempotency-replayed"), None, "{path}");
            assert_eq!(first.headers["content-type"], "application/json", "{path}");
            let there = total(&product, list);
            let second = keyed(&product, path, &key, &body).expect_status(status);
            assert_eq!(second.text, first.text, "{path} is answered the same");
            assert_eq!(
                second.headers.get("idempotency-replayed").map(String::as_str),
                Some("true"),
                "{path}"
            );
            assert_eq!(total(&product, list), there, "{path} made it once");
            // Another request with it, or the same elsewhere, is a mistake.
            let (elsewhere, other) = another(path, &body);
            let refused = keyed(&product, &elsewhere, &key, &other).expect_status(422);
            assert_eq!(refused.body["code"], "idempotency_key_reused", "{path}: {}", refused.text);
            assert!(refused.body["hint"].as_str().is_some_and(|hint| hint.contains("24 hours")), "{path}");
            assert_eq!(total(&product, list), there, "{path}");
        }
        // A run that is waited for is waited for again, and is the same.
        let run = || {
            keyed(&product, "/scheduler/tasks/1/trigger?wait=true", "waits", &json!({})).expect_status(200)
        };
        let (first, second) = (run(), run());
        assert_eq!(first.body["metadata"]["execution_id"], second.body["metadata"]["execution_id"]);
        no_secret_is_kept(&product, url, dir);
    });
}

fn no_secret_is_kept(
    product: &Product,
    url: &contenthub::db::database_url::DatabaseUrl,
    dir: &std::path::Path,
) {
    let mut conn = connect(url).expect("connected");
    let kept: Vec<String> = contenthub::db::schema::idempotency_keys::table
        .select(contenthub::db::schema::idempotency_keys::sealed_answer)
        .load(&mut conn)
        .expect("read");
    assert!(kept.len() > 5 && kept.iter().all(|sealed| sealed.starts_with("v1.")), "{kept:?}");
    let token = keyed(product, "/tokens", "key-2", &json!({"name": "new", "role": "viewer"}));
    let token = token.body["token"].as_str().expect("a token").to_owned();
    for file in files_below(dir) {
        let bytes = crate::support::secrets::read_elsewhere(&file).unwrap_or_default();
        let holds = |secret: &str| bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
        assert!(!holds(SECRET) && !holds(&token), "{} holds a secret", file.display());
    }
}

fn files_below(dir: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(dir).expect("a folder").flatten();
    entries
        .flat_map(|entry| match entry.path() {
            path if path.is_dir() => files_below(&path),
            path => vec![path],
        })
        .collect()
}

#[test]
fn what_is_refused_is_not_remembered_and_a_key_is_its_callers_alone() {
    on_both(|url, dir| {
        let mut product = Product::start(url, dir).by_hand();
        product.account("blog");
        let ask = |product: &Product| keyed(product, "/publish-pool/add", "later", &json!({"content_id": 1}));
        assert_eq!(ask(&product).expect_status(404).body["code"], "not_found");
        product.content("one");
        let entry = id(&ask(&product).expect_status(201).body);
        assert_eq!(id(&ask(&product).expect_status(201).body), entry);
        let other = product.cli.token("editor");
        product.server.use_token(&other);
        assert_eq!(ask(&product).expect_status(409).body["code"], "already_in_pool");
        for (key, status) in [("", 400), ("a b", 400), (&*"k".repeat(256), 400), (&*"k".repeat(255), 201)] {
            let answer = keyed(&product, "/contents", key, &json!({"title": "x", "body": "x"}));
            let answer = answer.expect_status(status);
            assert!(status == 201 || answer.body["code"] == "bad_idempotency_key", "{}", answer.text);
        }
        assert_eq!(total(&product, "/contents"), 2);
    });
}

#[test]
fn a_hundred_requests_at_once_with_one_key_make_one_entry_and_get_one_answer() {
    on_both(|url, dir| {
        let product = Product::start(url, dir).by_hand();
        product.account("blog");
        product.content("one");
        // Published again whenever it is asked for: nothing but the key stands in the way.
        let body = json!({"content_id": 1, "scheduled_at": "2999-01-01T00:00:00Z"});
        let contents = json!({"title": "new", "body": "x"});
        let product = &product;
        let answers: Vec<[String; 2]> = thread::scope(|threads| {
            let asking: Vec<_> = (0..100)
                .map(|_| {
                    threads.spawn(|| {
                        let entry = keyed(product, "/publish-pool/add", "entry", &body).expect_status(201);
                        let content = keyed(product, "/contents", "content", &contents).expect_status(201);
                        [entry.text, content.text]
                    })
                })
                .collect();
            asking.into_iter().map(|one| one.join().expect("answered")).collect()
        });
        assert_eq!(answers.iter().collect::<HashSet<_>>().len(), 1, "{answers:?}");
        assert_eq!(total(product, "/publish-pool/list"), 1);
        assert_eq!(total(product, "/contents"), 2);
    });
}

/// What was answered can be answered again whatever becomes of the key that seals it.
#[test]
fn answers_outlive_another_secret_key() {
    on_both(|url, dir| {
        let product = Product::start(url, dir).by_hand();
        let ask =
            || keyed(&product, "/contents", "k", &json!({"title": "x", "body": "x"})).expect_status(201);
        let first = ask();
        product.cli.ok(&["key", "rotate"]);
        let second = ask();
        assert_eq!(second.headers.get("idempotency-replayed").map(String::as_str), Some("true"));
        assert_eq!(second.text, first.text);
        assert_eq!(total(&product, "/contents"), 1);
    });
}

fn once(app: &contenthub::App, key: &str) -> Result<bool, OperationError> {
    let request = KeyedRequest {
        token: TokenId(1),
        key: RequestKey::parse(key).expect("a key"),
        fingerprint: "same".to_owned(),
    };
    let operation = CreateContent::new("x", "x");
    let shape = Box::new(|row: contenthub::db::contents::ContentRow, _: &_, _| json!(row.id));
    Ok(app.run(Once { request: Some(request), operation, shape })?.is_repeated)
}

#[test]
fn answers_are_kept_for_a_day_and_then_go() {
    on_both(|url, dir| {
        let (app, clock) = by_hand(url, dir);
        let kept = || {
            let mut conn = connect(url).expect("connected");
            contenthub::db::schema::idempotency_keys::table
                .count()
                .get_result::<i64>(&mut conn)
                .expect("counted")
        };
        assert!(!once(&app, "a").expect("made"));
        clock.forward(24 * HOUR - MINUTE);
        assert!(once(&app, "a").expect("the same"), "for 24 hours");
        clock.forward(MINUTE);
        assert!(!once(&app, "a").expect("made anew"), "and no longer");
        assert_eq!(kept(), 1);
        // Whoever keeps an answer removes two that are over, so that they do not pile up.
        for key in ["b", "c", "d"] {
            once(&app, key).expect("made");
        }
        clock.forward(25 * HOUR);
        once(&app, "e").expect("made");
        assert_eq!(kept(), 3);
        // And `prune` removes them all, but those that count still.
        let prune = app.run(contenthub::operations::task::CreateTask {
            task_type: "prune".to_owned(),
            ..contenthub::CreateTask::every("prune", 3600)
        });
        let report = report_of(&app, prune.expect("a task").id);
        assert_eq!(report.data.details.expect("details")["idempotency_keys"], 2);
        assert_eq!(kept(), 1);
        assert!(once(&app, "e").expect("the same"));
        connect(url)
            .and_then(|mut conn| {
                conn.batch_execute("UPDATE idempotency_keys SET sealed_answer = 'v1.ffff.AAAA'")?;
                Ok(())
            })
            .expect("written");
        assert!(matches!(once(&app, "e"), Err(OperationError::WrongSecretKey)));
    });
}

/// A batch at a time, so that nobody waits for it.
#[test]
fn they_are_pruned_in_batches() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let mut conn = connect(url).expect("connected");
        let numbers: Vec<String> = (0..1201).map(|n| format!("(1, 'k{n}', 'x', 0)")).collect();
        conn.batch_execute(&format!(
            "INSERT INTO idempotency_keys (token_id, idempotency_key, sealed_answer, created_at) VALUES {}",
            numbers.join(", ")
        ))
        .expect("written");
        let batch = || {
            let prune = Prune { what: History::KeyedAnswers, before: app.now(), after: 0 };
            let (batch, _) = app.run(prune).expect("pruned");
            (batch.removed, batch.is_last)
        };
        assert_eq!([batch(), batch(), batch()], [(500, false), (500, false), (201, true)]);
    });
}
