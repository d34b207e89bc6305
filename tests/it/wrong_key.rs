//! A process with another key than the one that sealed the database's credentials: it runs, touches nothing that needs
//! the key, and says so.

use crate::readiness::failed;
use crate::support::command::Cli;
use crate::support::metrics::Told;
use crate::support::on_both;
use crate::support::product::*;
use contenthub::db::connection::connect;
use contenthub::db::meta;
use diesel::connection::SimpleConnection;
use serde_json::{Value, json};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

#[test]
fn with_another_key_what_needs_no_key_goes_on() {
    on_both(|url, dir| {
        let with_key = |digits: &str| Cli::on(dir, url).env("CONTENTHUB_SECRET_KEY", &digits.repeat(32));
        let product = Product::start_with(with_key("ab"));
        let sealed = product.account_with("sealed", json!({"credentials": {"secret": SECRET}}));
        let open = product.account("open");
        let (status, _) = product.server.terminate(SOON);
        assert!(status.success());

        let product = Product { receiver: product.receiver, ..Product::start_with(with_key("cd")) };
        let ready = product.server.get("/readyz").expect_status(503);
        assert_eq!(ready.body["code"], "wrong_secret_key");
        assert_eq!(failed(&ready.body), ["secret_key"]);
        product.server.get("/healthz").expect_status(200);
        let metrics = Told::read(product.server.get("/metrics").expect_status(200).text);
        assert_eq!(metrics.of("contenthub_lanes", &[("state", "wrong_key")]), 1.0);
        let add = |title: &str, account: i64| {
            product.add(json!({"content_id": product.content(title), "account_id": account}))
        };
        let (shut, free) = (add("shut", sealed), add("free", open));
        product.entry_is(free, "published");
        let waits = product.entry(shut);
        assert_eq!((&waits["status"], &waits["attempt"]), (&json!("pending"), &json!(0)));
        assert!(waits["waiting_for"].as_str().is_some_and(|why| why.contains("secret key")), "{waits:#}");
        let report = product.post("/scheduler/tasks/1/trigger?wait=true", &json!({}), 200);
        assert_eq!(report["data"]["skipped_count"], 1, "{report:#}");
        let reason = &report["data"]["skipped"][0]["reason"];
        assert!(reason.as_str().is_some_and(|reason| reason.contains("another key")), "{report:#}");

        needs_the_key(&product, sealed);
        // What needs no key works.
        product.patch(&format!("/accounts/{sealed}"), &json!({"name": "renamed", "concurrency": 2}), 200);
        product.post("/accounts", &json!({"name": "site", "platform": "folder"}), 201);
        let told = with_key("cd")
            .run(&["account", "update", "renamed", "--setting", "timeout_seconds=5"])
            .expect_code(1);
        assert!(told.stderr.contains("another key") && told.stderr.contains("hint: "), "{}", told.stderr);
        assert_eq!(product.receiver.posts().len(), 1, "nothing was sent for the sealed account");
        let (status, stderr) = product.server.terminate(SOON);
        assert!(status.success());
        assert!(stderr.contains("sealed with another key"), "{stderr}");

        // With its own key again, what waited goes out, signed.
        let again = Product { receiver: product.receiver, ..Product::start_with(with_key("ab")) };
        again.entry_is(shut, "published");
        let posts = again.receiver.posts();
        assert_eq!(posts.len(), 2);
        assert!(posts[1].headers.contains_key("webhook-signature"));
        again.server.get("/readyz").expect_status(200);
    });
}

/// Each is refused whole.
fn needs_the_key(product: &Product, sealed: i64) {
    let before = product.get("/accounts");
    let settings = json!({"url": "http://127.0.0.1:1/"});
    let requests: [(&str, String, Value); 3] = [
        ("PATCH", format!("/api/v1/accounts/{sealed}"), json!({"settings": settings, "name": "half"})),
        ("PATCH", format!("/api/v1/accounts/{sealed}"), json!({"credentials": {"secret": SECRET}})),
        (
            "POST",
            "/api/v1/accounts".to_owned(),
            json!({"name": "new", "platform": "webhook", "settings": settings, "credentials": {"secret": SECRET}}),
        ),
    ];
    for (method, path, body) in requests {
        let answer = product.server.request(method, &path, &[], Some(&body));
        assert_eq!(
            (answer.status, &answer.body["code"]),
            (409, &json!("wrong_secret_key")),
            "{}",
            answer.text
        );
        assert!(
            answer.body["hint"].as_str().is_some_and(|hint| hint.contains("CONTENTHUB_SECRET_KEY")),
            "{}",
            answer.text
        );
    }
    assert_eq!(product.get("/accounts"), before);
}

/// Another node changes the key, and this one's machine has not got it yet: it finds out by itself, says so, and does nothing
/// that it could not answer for later.
#[test]
fn a_key_that_another_changes_is_missed() {
    on_both(|url, dir| {
        let product = Product::start(url, dir);
        product.account_with("sealed", json!({"credentials": {"secret": SECRET}}));
        let keyed = |key: &str| {
            let body = json!({"title": key, "body": "x"});
            product.server.request("POST", "/api/v1/contents", &[("Idempotency-Key", key)], Some(&body))
        };
        keyed("before").expect_status(201);
        product.server.get("/readyz").expect_status(200);
        let set = |value: &str| {
            let sql = format!("UPDATE meta SET value = '{value}' WHERE key = 'secret_key_fingerprint'");
            connect(url).expect("connected").batch_execute(&sql).expect("set");
        };
        let mut conn = connect(url).expect("connected");
        let own = meta::get(&mut conn, meta::SECRET_KEY_FINGERPRINT).expect("read").expect("a key");
        set("of another");

        let refused = keyed("meanwhile").expect_status(409);
        assert_eq!(refused.body["code"], "wrong_secret_key");
        assert_eq!(product.get("/contents")["total"], 1, "what cannot be answered again is not done");
        let ready = product.server.get("/readyz").expect_status(503);
        assert_eq!(failed(&ready.body), ["secret_key"]);
        let status = product.get("/scheduler/status");
        assert_eq!(status["problems"][0]["code"], "wrong_secret_key", "{status:#}");

        set(&own);
        keyed("meanwhile").expect_status(201);
        assert_eq!(keyed("before").expect_status(201).headers["idempotency-replayed"], "true");
        product.server.get("/readyz").expect_status(200);
    });
}

/// Also where nobody asks.
#[test]
fn a_missing_key_is_found_out_by_looking() {
    on_both(|url, dir| {
        let product = Product::start(url, dir);
        product.account_with("sealed", json!({"credentials": {"secret": SECRET}}));
        let sql = "UPDATE meta SET value = 'of another' WHERE key = 'secret_key_fingerprint'";
        connect(url).expect("connected").batch_execute(sql).expect("set");
        // Whatever makes the scheduler look.
        product.post("/scheduler/pause", &json!({}), 200);
        product.post("/scheduler/resume", &json!({}), 200);
        product.until("/scheduler/status", |status| {
            let problems = status["problems"].as_array().expect("a list");
            problems.iter().any(|problem| problem["code"] == "wrong_secret_key")
        });
    });
}
