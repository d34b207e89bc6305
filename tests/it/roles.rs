//! Who may do what: every route, every role, no token and a wrong one.

use crate::support::command::Cli;
use crate::support::on_both;
use crate::support::product::*;
use serde_json::json;

pub const ROLES: [&str; 4] = ["viewer", "editor", "operator", "admin"];

/// Whether a route keeps within the accounts that its caller's token is for, or is about all of them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Concern {
    Own,
    All,
}

const OWN: Concern = Concern::Own;
const ALL: Concern = Concern::All;

/// A route that is added without a row here is a route that nobody has thought about: `openapi.rs` holds the API's document
/// to it.
///
/// Method, path ([`whole`] has all of it), body, the least role that may, whether it is about all accounts, and what it is
/// answered. Nothing is there with the id 999, so that nothing is done.
pub const ROUTES: &[(&str, &str, &str, &str, Concern, u16)] = &[
    ("GET", "/platforms", "", "viewer", OWN, 200),
    ("GET", "/accounts", "", "viewer", OWN, 200),
    ("POST", "/accounts", "{}", "admin", ALL, 422),
    ("GET", "/accounts/999", "", "viewer", OWN, 404),
    ("PATCH", "/accounts/999", "{}", "admin", OWN, 404),
    ("DELETE", "/accounts/999", "", "admin", OWN, 404),
    ("GET", "/accounts/999/slots", "", "viewer", OWN, 404),
    ("POST", "/accounts/999/test", "", "operator", OWN, 404),
    ("POST", "/accounts/999/suspend", "{\"reason\":\"x\"}", "operator", OWN, 404),
    ("POST", "/accounts/999/resume", "", "operator", OWN, 404),
    ("GET", "/contents", "", "viewer", OWN, 200),
    ("POST", "/contents", "{}", "editor", OWN, 422),
    ("GET", "/contents/999", "", "viewer", OWN, 404),
    ("PATCH", "/contents/999", "{}", "editor", OWN, 404),
    ("DELETE", "/contents/999", "", "editor", OWN, 404),
    ("POST", "/contents/999/submit", "", "editor", OWN, 404),
    ("POST", "/contents/999/approve", "", "operator", OWN, 404),
    ("POST", "/contents/999/reject", "", "operator", OWN, 404),
    ("GET", "/media", "", "viewer", OWN, 200),
    ("POST", "/media", "", "editor", OWN, 400),
    ("GET", "/media/999", "", "viewer", OWN, 404),
    ("GET", "/media/999/file", "", "viewer", OWN, 404),
    ("DELETE", "/media/999", "", "editor", ALL, 404),
    ("POST", "/publish-pool/add", "{}", "editor", OWN, 422),
    ("POST", "/publish-pool/batch-add", "{}", "editor", OWN, 422),
    ("GET", "/publish-pool/list", "", "viewer", OWN, 200),
    ("GET", "/publish-pool/stats", "", "viewer", OWN, 200),
    ("POST", "/publish-pool/clear", "", "editor", ALL, 200),
    ("POST", "/publish-pool/publish", "{}", "operator", OWN, 422),
    ("POST", "/publish-pool/999/publish", "", "operator", OWN, 404),
    ("POST", "/publisher/publish", "{}", "operator", OWN, 422),
    ("GET", "/publish-pool/999", "", "viewer", OWN, 404),
    ("PATCH", "/publish-pool/999", "{}", "editor", OWN, 404),
    ("DELETE", "/publish-pool/999", "", "editor", OWN, 404),
    ("POST", "/publish-pool/999/cancel", "", "editor", OWN, 404),
    ("POST", "/publish-pool/999/move", "{\"to\":\"up\"}", "editor", OWN, 404),
    ("POST", "/publish-pool/999/retry", "", "operator", OWN, 404),
    ("POST", "/publish-pool/999/resolve", "{\"published\":true}", "operator", OWN, 404),
    ("GET", "/scheduler/status", "", "viewer", ALL, 200),
    ("GET", "/scheduler/task-types", "", "viewer", OWN, 200),
    ("GET", "/scheduler/tasks", "", "viewer", ALL, 200),
    ("POST", "/scheduler/tasks", "{}", "admin", ALL, 422),
    ("GET", "/scheduler/tasks/999", "", "viewer", ALL, 404),
    ("PATCH", "/scheduler/tasks/999", "{}", "admin", ALL, 404),
    ("DELETE", "/scheduler/tasks/999", "", "admin", ALL, 404),
    ("POST", "/scheduler/tasks/999/trigger", "", "operator", ALL, 404),
    ("POST", "/scheduler/tasks/999/enable", "", "admin", ALL, 404),
    ("POST", "/scheduler/tasks/999/disable", "", "admin", ALL, 404),
    ("GET", "/scheduler/tasks/999/executions", "", "viewer", ALL, 404),
    ("GET", "/scheduler/tasks/999/preview", "", "viewer", ALL, 404),
    ("POST", "/scheduler/preview", "{}", "viewer", OWN, 422),
    ("GET", "/scheduler/executions", "", "viewer", ALL, 200),
    ("GET", "/scheduler/executions/999", "", "viewer", ALL, 404),
    ("GET", "/scheduler/executions/999/results", "", "viewer", ALL, 404),
    ("POST", "/scheduler/executions/999/cancel", "", "operator", ALL, 404),
    ("POST", "/scheduler/pause", "", "operator", ALL, 200),
    ("POST", "/scheduler/resume", "", "operator", ALL, 200),
    ("GET", "/publisher/history", "", "viewer", OWN, 200),
    ("GET", "/publisher/history/999", "", "viewer", OWN, 404),
    ("GET", "/tokens", "", "admin", ALL, 200),
    ("POST", "/tokens", "{}", "admin", ALL, 422),
    ("DELETE", "/tokens/999", "", "admin", ALL, 404),
    ("GET", "/audit", "", "admin", ALL, 200),
    ("GET", "/events?follow=false", "", "viewer", OWN, 200),
    ("GET", "/metrics", "", "viewer", ALL, 200),
];

/// Beside `/api/v1`, where all the others are.
const BESIDE: &str = "/metrics";

/// The whole path of a route.
pub fn whole(path: &str) -> String {
    if path == BESIDE { path.to_owned() } else { format!("/api/v1{path}") }
}

#[test]
fn each_role_may_do_what_the_design_says_and_no_more() {
    on_both(|url, dir| {
        let many = Cli::on(dir, url).env("CONTENTHUB_WRONG_TOKENS_PER_MINUTE", "1000000");
        let product = Product::start_with(many);
        let blog = product.account("blog");
        let of_blog = json!({"name": "blog's", "role": "admin", "account_ids": [blog]});
        let of_blog = product.post("/tokens", &of_blog, 201);
        let of_blog = format!("Bearer {}", of_blog["token"].as_str().expect("a token"));
        let tokens = ROLES.map(|role| {
            let made = product.post("/tokens", &json!({"name": role, "role": role}), 201);
            has_fields(&made, "id, name, role, account_ids, expires_at, last_used_at, created_at, token");
            format!("Bearer {}", made["token"].as_str().expect("a token"))
        });
        let strangers = ["", "Bearer", "Bearer ", "Bearer cht_0000", "Basic YTpi", "cht_0000"];
        for (method, path, body, least, concern, status) in ROUTES {
            let least = ROLES.iter().position(|role| role == least).expect("a role");
            let ask = |authorization: &str| {
                let headers = [("authorization", authorization)];
                product.server.send(method, &whole(path), &headers, body.as_bytes())
            };
            for stranger in strangers {
                let answer = ask(stranger);
                assert_eq!(answer.status, 401, "{method} {path} as “{stranger}”: {}", answer.text);
                assert_eq!(answer.body["code"], "unauthorized");
                assert_eq!(answer.headers.get("www-authenticate").map(String::as_str), Some("Bearer"));
            }
            let (scoped, refused) = (ask(&of_blog), *concern == ALL);
            assert_eq!(
                scoped.status,
                if refused { 403 } else { *status },
                "{method} {path}: {}",
                scoped.text
            );
            assert_eq!(scoped.body["code"] == "out_of_scope", refused, "{method} {path}: {}", scoped.text);
            for (place, token) in tokens.iter().enumerate() {
                let answer = ask(token);
                let expected = if place < least { 403 } else { *status };
                assert_eq!(answer.status, expected, "{method} {path} as {}: {}", ROLES[place], answer.text);
                if place < least {
                    assert_eq!(answer.body["code"], "forbidden");
                    assert!(
                        answer.text.contains(ROLES[least]) && answer.text.contains(ROLES[place]),
                        "{}",
                        answer.text
                    );
                }
            }
        }
        // The list of tokens shows none of them.
        let listed = product.server.get("/api/v1/tokens").expect_status(200);
        assert!(!listed.text.contains("cht_"), "{}", listed.text);
        assert_eq!(listed.body["total"], 6);
        let small = tokens[0].replace("Bearer", "bearer");
        let answer = product.server.send("GET", "/api/v1/accounts", &[("authorization", &small)], b"");
        assert_eq!(answer.status, 200, "the scheme's name has no case");
    });
}

#[test]
fn a_revoked_token_is_refused_at_once() {
    on_both(|url, dir| {
        let product = Product::start(url, dir);
        let status = |token: &str| {
            let headers = [("authorization", format!("Bearer {token}"))];
            let headers: Vec<(&str, &str)> =
                headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            product.server.send("GET", "/api/v1/publish-pool/list", &headers, b"").status
        };
        let by_api = product.post("/tokens", &json!({"name": "a", "role": "viewer"}), 201);
        let by_cli = product.cli.token("viewer");
        let token = by_api["token"].as_str().expect("a token");
        assert_eq!((status(token), status(&by_cli)), (200, 200));
        product.delete(&format!("/tokens/{}", by_api["id"]), 204);
        assert_eq!((status(token), status(&by_cli)), (401, 200));
        let tokens = product.cli.json(&["token", "list"]);
        let last = tokens["items"].as_array().and_then(|all| all.last()).expect("a token");
        product.cli.ok(&["token", "revoke", &last["id"].to_string()]);
        assert_eq!(status(&by_cli), 401);
    });
}

/// What needs no token, and shows nothing that would need one.
#[test]
fn health_and_sites_are_open_to_all() {
    on_both(|url, dir| {
        let product = Product::start(url, dir);
        for (path, status) in [("/healthz", 200), ("/readyz", 200), ("/demo/site/", 404)] {
            let answer = product.server.send("GET", path, &[("authorization", "")], b"");
            assert_eq!(answer.status, status, "{path}: {}", answer.text);
        }
    });
}
