//! `/metrics`: what a server did, what waits, and how it is; and the documents that stand on it.

mod counted;
mod documents;

use crate::support::app::{account, add, eventually, settings};
use crate::support::command::Cli;
use crate::support::metrics::{Told, promtool};
use crate::support::node::TestNode;
use crate::support::on_both;
use crate::support::postgres::fresh_database;
use crate::support::product::*;
use crate::support::receiver::Answer;
use contenthub::App;
use contenthub::api::METRICS;
use contenthub::db::connection::connect;
use contenthub::db::database_url::DatabaseUrl;
use contenthub::domain::role::Role;
use contenthub::operations::token::CreateToken;
use diesel::connection::SimpleConnection;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A name that has to be escaped.
const ODD: &str = "the \"old\" \\ blog, 博客 {x=\"1\"}";

fn told(product: &Product) -> Told {
    let answer = product.server.get("/metrics").expect_status(200);
    let kind = answer.headers.get("content-type").map(String::as_str);
    assert_eq!(kind, Some("text/plain; version=0.0.4; charset=utf-8"));
    Told::read(answer.text)
}

/// Of a node inside this process.
fn told_of(app: &App, node: &TestNode, token: &str) -> Told {
    let answer = node.get(app, "/metrics", token);
    assert_eq!(answer.status, 200, "{}", answer.text);
    Told::read(answer.text)
}

fn token(app: &App) -> String {
    app.run(CreateToken::new("prometheus", Role::Viewer)).expect("a token").1
}

/// Until a sample has this value.
#[track_caller]
fn until(product: &Product, name: &str, labels: &[(&str, &str)], value: f64) -> Told {
    eventually(&format!("{name} {labels:?} is {value}"), || {
        Some(told(product)).filter(|told| told.sum(name, labels) == Some(value))
    })
}

#[test]
fn a_server_shows_what_it_did_what_waits_and_how_it_is() {
    on_both(|url, dir| {
        let product = Product::start_with(Cli::on(dir, url).env("CONTENTHUB_CONCURRENCY", "7"));
        let began = now();
        let (blog, shut, odd) = (product.account("blog"), product.account("shut"), product.account("odd"));
        product.patch(&format!("/accounts/{odd}"), &json!({"name": ODD}), 200);
        product.receiver.on_path("/odd", [Answer::status(400)]);
        product.post(&format!("/accounts/{shut}/suspend"), &json!({"reason": "on holiday"}), 200);
        let add = |title: &str, account: i64| {
            product.add(json!({"content_id": product.content(title), "account_id": account}))
        };
        for title in ["a", "b"] {
            product.entry_is(add(title, blog), "published");
        }
        product.entry_is(add("refused", odd), "failed");
        product.receiver.on_any([Answer::status(200).held()]);
        add("held", blog);
        product.receiver.wait_for(4, SOON);
        add("waits", shut);
        add("waits, too", shut);

        // What is on the wire shows once it is; the posts before it once they are written.
        let told = until(&product, "contenthub_attempts_total", &[("outcome", "published")], 2.0);
        assert_eq!(promtool(dir, &["check", "metrics"], &told.text), Ok(()));
        let kinds: BTreeSet<(&str, &str)> =
            METRICS.iter().map(|metric| (metric.name, metric.kind.as_str())).collect();
        assert_eq!(told.kinds(), kinds);

        let blog_id = blog.to_string();
        for (name, labels, value) in [
            ("contenthub_build_info", &[("version", env!("CARGO_PKG_VERSION"))][..], 1.0),
            ("contenthub_attempts_total", &[("account", "blog"), ("outcome", "published")], 2.0),
            ("contenthub_attempts_total", &[("account_id", blog_id.as_str()), ("outcome", "failed")], 0.0),
            ("contenthub_attempts_total", &[("account", ODD), ("outcome", "failed")], 1.0),
            ("contenthub_attempts_total", &[("account", ODD)], 1.0),
            ("contenthub_attempts_total", &[("account", "shut")], 0.0),
            ("contenthub_publish_seconds_count", &[("account", "blog")], 2.0),
            ("contenthub_publish_seconds_bucket", &[("account", "blog"), ("le", "+Inf")], 2.0),
            ("contenthub_lateness_seconds_count", &[("account", "blog")], 3.0),
            ("contenthub_lateness_seconds_count", &[("account", ODD)], 1.0),
            ("contenthub_in_flight", &[], 1.0),
            ("contenthub_slots", &[], 7.0),
            ("contenthub_jobs", &[], 0.0),
            ("contenthub_recoveries_total", &[], 0.0),
            ("contenthub_restarts_total", &[("part", "executor")], 0.0),
            ("contenthub_restarts_total", &[], 0.0),
            ("contenthub_refusals_total", &[], 0.0),
            ("contenthub_possible_duplicates_total", &[], 0.0),
            ("contenthub_entries_missed_total", &[("account", "blog"), ("reason", "too_late")], 0.0),
            ("contenthub_database_up", &[], 1.0),
            ("contenthub_entries", &[("account", "blog"), ("status", "published")], 2.0),
            ("contenthub_entries", &[("account", "blog"), ("status", "publishing")], 1.0),
            ("contenthub_entries", &[("account", "shut"), ("status", "pending")], 2.0),
            ("contenthub_entries", &[("account", ODD), ("status", "failed")], 1.0),
            ("contenthub_entries", &[], 6.0),
            ("contenthub_due_entries", &[("account", "shut")], 2.0),
            ("contenthub_due_entries", &[("account", "blog")], 0.0),
            ("contenthub_oldest_due_seconds", &[("account", "blog")], 0.0),
            ("contenthub_lane_in_flight", &[("account", "blog")], 1.0),
            ("contenthub_lane_open", &[("account", "blog")], 1.0),
            ("contenthub_lane_open", &[("account", "shut")], 0.0),
            ("contenthub_lane_needs_person", &[("account", "shut")], 1.0),
            ("contenthub_lane_needs_person", &[("account", "blog")], 0.0),
            ("contenthub_breaker_state", &[], 0.0),
            ("contenthub_lanes", &[("state", "open")], 2.0),
            ("contenthub_lanes", &[("state", "suspended")], 1.0),
            ("contenthub_lanes", &[], 3.0),
            ("contenthub_publishing_entries", &[], 1.0),
            ("contenthub_uncertain_entries", &[], 0.0),
            ("contenthub_open_executions", &[], 1.0),
            ("contenthub_paused", &[], 0.0),
        ] {
            assert_eq!(told.of(name, labels), value, "{name} {labels:?}\n{}", told.text);
        }
        assert!(told.of("contenthub_oldest_due_seconds", &[("account", "shut")]) > 0.0);
        let (earliest, latest) = (began.micros() as f64 / 1e6, now().micros() as f64 / 1e6);
        let ticked = told.of("contenthub_last_tick_timestamp_seconds", &[]);
        assert!((earliest..=latest).contains(&ticked), "{ticked}");
        let started = told.of("contenthub_started_timestamp_seconds", &[]);
        assert!(started <= earliest && started > earliest - 60.0, "{started}");
        for group in ["readers", "writers", "engine"] {
            assert!(told.of("contenthub_database_turn_seconds_count", &[("group", group)]) > 0.0, "{group}");
        }
        product.post("/scheduler/pause", &json!({}), 200);
        until(&product, "contenthub_paused", &[], 1.0);
        product.receiver.release();
    });
}

/// A series for each account that there is, and none for those that there were.
#[test]
fn an_account_has_the_name_that_it_has_now_and_goes_with_it() {
    on_both(|url, dir| {
        let product = Product::start(url, dir);
        let (blog, gone) = (product.account("blog"), product.account("gone"));
        for account in [blog, gone] {
            let entry = product.add(json!({"content_id": product.content("x"), "account_id": account}));
            product.entry_is(entry, "published");
        }
        let published = |account: &'static str| [("account", account), ("outcome", "published")];
        let told = until(&product, "contenthub_attempts_total", &published("gone"), 1.0);
        assert_eq!(told.of("contenthub_attempts_total", &published("blog")), 1.0);
        product.patch(&format!("/accounts/{blog}"), &json!({"name": "renamed"}), 200);
        product.post("/publish-pool/clear", &json!({}), 200);
        product.delete(&format!("/accounts/{gone}"), 204);
        let told = self::told(&product);
        assert_eq!(told.of("contenthub_attempts_total", &published("renamed")), 1.0);
        for name in ["blog", "gone"] {
            assert!(!told.text.contains(&format!("\"{name}\"")), "{name} is no more:\n{}", told.text);
        }
        assert!(!told.text.contains(&format!("account_id=\"{gone}\"")), "{}", told.text);
    });
}

#[test]
fn whoever_watches_needs_a_token_that_may_read_all() {
    let dir = tempfile::tempdir().expect("a folder");
    let product = Product::start(&DatabaseUrl::in_data_dir(dir.path()), dir.path());
    let blog = product.account("blog");
    let ask = |authorization: &str| {
        product.server.send("GET", "/metrics", &[("authorization", authorization)], b"")
    };
    for stranger in ["", "Bearer cht_0000"] {
        let answer = ask(stranger);
        assert_eq!((answer.status, &answer.body["code"]), (401, &json!("unauthorized")));
        assert!(!answer.text.contains("contenthub_"), "{}", answer.text);
    }
    let made = product.post("/tokens", &json!({"name": "a", "role": "admin", "account_ids": [blog]}), 201);
    let answer = ask(&format!("Bearer {}", made["token"].as_str().expect("a token")));
    assert_eq!((answer.status, &answer.body["code"]), (403, &json!("out_of_scope")));
    assert_eq!(ask(&format!("Bearer {}", product.cli.token("viewer"))).status, 200);
    let told = product.server.get("/metrics?lang=en").expect_status(200);
    assert!(told.text.contains("contenthub_"));
    product.server.get("/metrics?name=x").expect_status(422);
    product.server.post("/metrics", &json!({})).expect_status(405);
}

/// What is on a server that dies is brought back by the next.
#[test]
fn recoveries_are_counted() {
    on_both(|url, dir| {
        let cli = || Cli::on(dir, url).env("CONTENTHUB_LEASE_SECONDS", "2");
        let Product { server, receiver, .. } = {
            let product = Product::start_with(cli());
            product.receiver.on_any([Answer::status(200).held()]);
            let blog = product.account("blog");
            for title in ["a", "b"] {
                product.add(json!({"content_id": product.content(title), "account_id": blog}));
            }
            product.receiver.wait_for(2, SOON);
            product
        };
        server.kill();
        receiver.on_any([Answer::status(200)]);
        receiver.release();
        let product = Product { receiver, ..Product::start_with(cli()) };
        until(&product, "contenthub_recoveries_total", &[], 2.0);
        until(&product, "contenthub_attempts_total", &[("outcome", "published")], 2.0);
    });
}

/// Somebody holds the accounts, so that how lanes stand cannot be read; whose token it is can be.
#[test]
fn what_is_in_memory_is_shown_where_the_database_does_not_answer() {
    let dir = tempfile::tempdir().expect("a folder");
    let url = fresh_database();
    let app = Arc::new(App::open(settings(&url, dir.path())).expect("opened"));
    let blog = account(&app, "blog", "folder", json!({}));
    let (node, token) = (TestNode::start(&app), token(&app));
    add(&app, "x", blog);
    let published = [("account", "blog"), ("outcome", "published")];
    eventually("it is out, and counted", || {
        let told = told_of(&app, &node, &token);
        (told.sum("contenthub_attempts_total", &published) == Some(1.0)).then_some(())
    });
    let mut conn = connect(&url).expect("connected");
    const LOCK: &str = "SET idle_in_transaction_session_timeout = 0; BEGIN; \
        LOCK TABLE accounts IN ACCESS EXCLUSIVE MODE";
    conn.batch_execute(LOCK).expect("locked");
    let asked = Instant::now();
    let told = told_of(&app, &node, &token);
    assert!(
        asked.elapsed() < Duration::from_secs(8),
        "Prometheus gives up after 10 s: {:?}",
        asked.elapsed()
    );
    assert_eq!(promtool(dir.path(), &["check", "metrics"], &told.text), Ok(()));
    assert_eq!(told.of("contenthub_database_up", &[]), 0.0);
    assert_eq!(told.of("contenthub_attempts_total", &published), 1.0);
    for name in ["contenthub_due_entries", "contenthub_lanes", "contenthub_paused"] {
        assert_eq!(told.sum(name, &[]), None, "{name} is not known");
    }
    conn.batch_execute("ROLLBACK").expect("let go");
    eventually("it answers again", || {
        (told_of(&app, &node, &token).sum("contenthub_database_up", &[]) == Some(1.0)).then_some(())
    });
}
