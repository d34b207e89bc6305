//! Who may do what, taken from the API's document: each route, with no token, with one of each role, and with one that is
//! for another account. (That each answer is one that the document tells of is looked at wherever a test gets one.)

use crate::roles::ROLES;
use crate::support::command::{Cli, Response};
use crate::support::on_both;
use crate::support::pictures::{png, upload};
use crate::support::product::*;
use serde_json::{Value, json};

/// Nothing has it.
const NO_ID: i64 = 999_999_999;
/// What is one account's own, by where its routes are.
const OF_AN_ACCOUNT: [&str; 3] = ["/accounts/{id}", "/publish-pool/{id}", "/publisher/history/{id}"];

/// A route as the document has it.
struct Route {
    method: String,
    path: String,
    least: usize,
    is_own: bool,
    body: Value,
}

impl Route {
    fn ask(&self, product: &Product, authorization: &str, id: i64, body: &Value) -> Response {
        let mut path = self.path.replace("{id}", &id.to_string());
        if path.ends_with("/events") {
            // A stream ends only where it is asked not to go on.
            path.push_str("?follow=false");
        }
        let body = if body.is_null() { String::new() } else { body.to_string() };
        product.server.send(&self.method, &path, &[("authorization", authorization)], body.as_bytes())
    }
}

fn routes(product: &Product) -> Vec<Route> {
    let document = product.server.get("/api/openapi.json").expect_status(200).body;
    let mut routes = Vec::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, told) in methods.as_object().expect("methods") {
            let Some(least) = told["x-required-role"].as_str() else { continue };
            routes.push(Route {
                method: method.to_uppercase(),
                path: path.clone(),
                least: ROLES.iter().position(|role| *role == least).expect("a role"),
                is_own: match told["x-account-scope"].as_str() {
                    Some("own") => true,
                    Some("all") => false,
                    other => panic!("{method} {path}: {other:?} is no scope"),
                },
                body: told["requestBody"]["content"]["application/json"]["example"].clone(),
            });
        }
    }
    assert!(routes.len() > 50, "{} routes", routes.len());
    routes
}

fn bearer(made: &Value) -> String {
    format!("Bearer {}", made["token"].as_str().expect("a token"))
}

fn product(url: &contenthub::db::database_url::DatabaseUrl, dir: &std::path::Path) -> Product {
    Product::start_with(Cli::on(dir, url).env("CONTENTHUB_WRONG_TOKENS_PER_MINUTE", "1000000")).by_hand()
}

#[test]
fn each_route_of_the_document_wants_the_role_that_it_tells() {
    on_both(|url, dir| {
        let product = product(url, dir);
        let tokens =
            ROLES.map(|role| bearer(&product.post("/tokens", &json!({"name": role, "role": role}), 201)));
        for route in routes(&product) {
            let told = format!("{} {}", route.method, route.path);
            for stranger in ["", "Bearer cht_0000"] {
                let answer = route.ask(&product, stranger, NO_ID, &route.body);
                assert_eq!((answer.status, &answer.body["code"]), (401, &json!("unauthorized")), "{told}");
            }
            for (place, token) in tokens.iter().enumerate() {
                let answer = route.ask(&product, token, NO_ID, &route.body);
                let as_whom = format!("{told} as {}: {}", ROLES[place], answer.text);
                if place < route.least {
                    assert_eq!(
                        (answer.status, &answer.body["code"]),
                        (403, &json!("forbidden")),
                        "{as_whom}"
                    );
                } else {
                    assert!(!matches!(answer.status, 401 | 403 | 405 | 500..), "{as_whom}");
                    assert_ne!(answer.body["code"], "unknown_route", "{as_whom}");
                }
            }
        }
    });
}

/// The same request about what is another account's.
fn about(body: &Value, account: i64, content: i64, entry: i64) -> Value {
    match body {
        Value::Object(fields) => {
            let of = |name: &str, value: &Value| match name {
                "account_id" => json!(account),
                "account_ids" => json!([account]),
                "content_id" => json!(content),
                "ids" => json!([entry]),
                _ => about(value, account, content, entry),
            };
            fields.iter().map(|(name, value)| (name.clone(), of(name, value))).collect()
        }
        Value::Array(items) => items.iter().map(|item| about(item, account, content, entry)).collect(),
        other => other.clone(),
    }
}

fn names_an_account(body: &Value) -> bool {
    body.to_string().contains("account_id") || body.get("ids").is_some()
}

#[test]
fn a_token_for_one_account_neither_sees_nor_changes_what_is_anothers() {
    on_both(|url, dir| {
        let product = product(url, dir);
        let (blog, other) = (product.account("blog"), product.account("other"));
        let out = product.content("out there");
        let out = product.add(json!({"content_id": out, "account_id": blog}));
        product.post(&format!("/publish-pool/{out}/publish?wait=true"), &Value::Null, 200);
        let log = product.get("/publisher/history")["items"][0]["id"].as_i64().expect("an attempt");
        let picture = upload(&product.server, "a.png", &png(2, 2), &[]).expect_status(201).body;
        let content = product.content("waits");
        let entry = product
            .add(json!({"content_id": content, "account_id": blog, "scheduled_at": "2999-01-01 00:00"}));
        let of_other = json!({"name": "other's", "role": "admin", "account_ids": [other]});
        let token = bearer(&product.post("/tokens", &of_other, 201));
        let things = || {
            let paths = ["/accounts", "/publish-pool/list", "/publisher/history"];
            paths.map(|path| {
                let of_blog = |it: &&Value| it["account_id"] == blog || it["id"] == blog;
                let all = product.get(path)["items"].as_array().expect("a list").clone();
                all.iter().filter(of_blog).cloned().collect::<Vec<Value>>()
            })
        };
        let (before, text) = (things(), product.get(&format!("/contents/{content}")));
        assert!(before.iter().all(|of_blog| !of_blog.is_empty()), "{before:?}");
        for route in routes(&product) {
            let below = route.path.trim_start_matches("/api/v1");
            let id = match below.split('/').nth(1) {
                Some("accounts") => blog,
                Some("publish-pool") => entry,
                Some("publisher") => log,
                Some("contents") => content,
                Some("media") => picture["id"].as_i64().expect("an id"),
                _ => NO_ID,
            };
            let body = about(&route.body, blog, content, entry);
            let answer = route.ask(&product, &token, id, &body);
            let told = format!("{} {}: {}", route.method, route.path, answer.text);
            let code = answer.body["code"].as_str().unwrap_or_default();
            let is_anothers =
                OF_AN_ACCOUNT.iter().any(|path| below.starts_with(path)) || names_an_account(&body);
            match (route.is_own, is_anothers) {
                (false, _) => assert_eq!((answer.status, code), (403, "out_of_scope"), "{told}"),
                (true, true) => {
                    assert!(
                        matches!((answer.status, code), (403, "out_of_scope") | (404, "not_found")),
                        "{told}"
                    );
                }
                (true, false) if route.method == "GET" => assert_eq!(answer.status, 200, "{told}"),
                (true, false) => assert!(answer.status != 401 && code != "forbidden", "{told}"),
            }
            let shown = answer.body["items"].as_array().cloned().unwrap_or_default();
            assert!(shown.iter().all(|it| it.get("account_id").is_none_or(|id| *id != blog)), "{told}");
        }
        assert_eq!(things(), before, "something of another account was changed");
        assert_eq!(product.get(&format!("/contents/{content}")), text, "it waits on another account");
    });
}
