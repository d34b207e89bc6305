//! A process with another key than the one that sealed the database's credentials: it runs, touches nothing that needs
//! the key, and says so.

use crate::readiness::failed;
use crate::support::command::Cli;
use crate::support::metrics::Told;
use crate::support::on_both;
use crate::support::product::*;
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
