//! Tokens: for which accounts, until when, when last used; and whoever tries wrong ones.

mod accounts;
mod wrong;

use crate::support::app::by_hand;
use crate::support::in_process::InProcess;
use crate::support::on_both;
use crate::support::product::*;
use contenthub::domain::role::Role;
use contenthub::operations::token::{CreateToken, Expiry, ListTokens, NoteTokenUses};
use serde_json::{Value, json};
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn a_token_is_made_with_accounts_and_an_end() {
    on_both(|url, dir| {
        let product = Product::start(url, dir);
        let (blog, site) = (product.account("blog"), product.account("site"));
        let wrong = [
            (json!({"account_ids": []}), 422, "account_ids"),
            (json!({"account_ids": [999]}), 404, "999"),
            (json!({"expires_at": "2020-01-01T00:00:00Z"}), 422, "future"),
            (json!({"expires_at": "soon"}), 422, "expires_at"),
            (json!({"expires_in": "30"}), 422, "like 30d"),
            (json!({"expires_in": "30d", "expires_at": "2099-01-01T00:00:00Z"}), 422, "expires_in"),
        ];
        for (mut body, status, says) in wrong {
            (body["name"], body["role"]) = (json!("x"), json!("viewer"));
            let answer = product.server.post("/api/v1/tokens", &body).expect_status(status);
            assert!(answer.text.contains(says), "{}", answer.text);
        }
        let before = now();
        let two_lines = product.post("/tokens", &json!({"name": "a\nb", "role": "viewer"}), 422);
        assert_eq!(two_lines["errors"][0]["field"], "name", "{two_lines}");
        let args = ["token", "create", "--name", "agency", "--role", "editor", "--account", "site"];
        let made = product.cli.json(&[&args[..], &["--account", "1", "--expires-in", "30d"]].concat());
        assert_eq!(made["account_ids"], json!([blog, site]));
        let ends_after = instant(&made["expires_at"]).since(before);
        assert!((30 * 1440 * MINUTE..30 * 1440 * MINUTE + SOON * 3).contains(&ends_after), "{made}");
        product.cli.ok(&[
            "token",
            "create",
            "--name",
            "b",
            "--role",
            "viewer",
            "--expires-at",
            "2099-01-01 00:00",
        ]);
        let listed = product.cli.json(&["token", "list"]);
        // But for when the admin's was last used, which may be written at any moment.
        let without_uses = |mut list: Value| {
            list["items"]
                .as_array_mut()
                .expect("items")
                .iter_mut()
                .for_each(|row| drop(row["last_used_at"].take()));
            [list["items"].take(), list["total"].take()]
        };
        assert_eq!(
            without_uses(listed.clone()),
            without_uses(product.get("/tokens")),
            "the API shows the same"
        );
        let of = |name: &str| {
            let items = listed["items"].as_array().expect("items");
            items.iter().find(|row| row["name"] == name).expect(name).clone()
        };
        assert_eq!(of("agency")["account_ids"], json!([blog, site]));
        assert_eq!(of("b")["expires_at"], "2099-01-01T00:00:00.000000Z");
        assert_eq!((&of("b")["account_ids"], &of("b")["last_used_at"]), (&Value::Null, &Value::Null));
        let csv = product.cli.ok(&["token", "list", "--output", "csv"]);
        let head = csv.lines().next().unwrap_or_default();
        assert_eq!(head, "id,name,role,created_at,account_ids,expires_at,last_used_at");
        for (args, says) in [
            (["--expires-in", "30"], "like 30d"),
            (["--account", "blgo"], "did you mean “blog”?"),
            (["--expires-at", "2020-01-01 00:00"], "future"),
        ] {
            let base = ["token", "create", "--name", "x", "--role", "viewer"];
            let output = product.cli.run(&[&base[..], &args].concat());
            assert!(output.code != Some(0) && output.stderr.contains(says), "{}", output.stderr);
        }
    });
}

#[test]
fn an_expired_token_is_told_so() {
    on_both(|url, dir| {
        let (app, clock) = by_hand(url, dir);
        let expiry = Expiry::In(60 * MINUTE);
        let token = CreateToken { expiry, ..CreateToken::new("short", Role::Viewer) };
        let token = app.run(token).expect("a token").1;
        let api = InProcess::start(&app, 1);
        let ask = || api.get("/api/v1/accounts", &token, "192.0.2.1");
        assert_eq!(ask().status, 200);
        clock.forward(60 * MINUTE);
        // More often than a wrong one might come.
        for _ in 0..3 {
            let refused = ask();
            assert_eq!((refused.status, &refused.body["code"]), (401, &json!("token_expired")));
            assert!(refused.headers.contains_key("www-authenticate"));
        }
    });
}

#[test]
fn when_a_token_was_last_used_is_written_once_a_minute_and_by_no_request() {
    on_both(|url, dir| {
        let (app, clock) = by_hand(url, dir);
        let token = app.run(CreateToken::new("a", Role::Viewer)).expect("a token").1;
        app.run(CreateToken::new("idle", Role::Viewer)).expect("a token");
        let api = InProcess::start(&app, 1);
        let used = || {
            let tokens = app.run(ListTokens).expect("tokens");
            assert_eq!(tokens[1].last_used_at, None, "nobody used it");
            tokens[0].last_used_at
        };
        let ask = || assert_eq!(api.get("/api/v1/accounts", &token, "192.0.2.1").status, 200);
        ask();
        assert_eq!(used(), None, "a request writes nothing");
        let before = app.now();
        api.write_uses();
        let first = used().expect("it is written now");
        assert!(first <= before, "when it was used, not when that was written");
        clock.forward(MINUTE / 2);
        ask();
        api.write_uses();
        assert_eq!(used(), Some(first), "not again within the minute");
        clock.forward(MINUTE);
        ask();
        ask();
        api.write_uses();
        let second = used().expect("written again");
        assert!(second.since(first) >= MINUTE, "{first} {second}");
        // Another node that heard of a use in the same minute changes nothing.
        let id = app.run(ListTokens).expect("tokens")[0].id;
        let note = |at| app.run(NoteTokenUses(vec![(id, at)])).expect("noted");
        assert_eq!((note(second + MINUTE / 2), used()), (0, Some(second)));
        assert_eq!((note(second + MINUTE), used()), (1, Some(second + MINUTE)));
    });
}

#[test]
fn a_server_that_ends_writes_when_tokens_were_used() {
    on_both(|url, dir| {
        let product = Product::start(url, dir);
        let before = now();
        product.get("/accounts");
        let Product { server, cli, .. } = product;
        server.terminate(SOON);
        let used = cli.json(&["token", "list"])["items"][0]["last_used_at"].clone();
        assert!(instant(&used) >= before, "{used}");
    });
}

/// Of several nodes, each looks at the database.
#[test]
fn a_revoked_token_is_refused_by_every_node() {
    let dir = tempfile::tempdir().expect("a folder");
    let url = crate::support::postgres::fresh_database();
    let first = Product::start(&url, dir.path());
    let second = crate::support::command::Server::start(&first.cli, &[]);
    let made = first.post("/tokens", &json!({"name": "a", "role": "viewer"}), 201);
    let token = format!("Bearer {}", made["token"].as_str().expect("a token"));
    let ask = || {
        [&first.server, &second].map(|server| {
            server.request("GET", "/api/v1/accounts", &[("authorization", &token)], None).status
        })
    };
    assert_eq!(ask(), [200, 200]);
    first.delete(&format!("/tokens/{}", id(&made)), 204);
    assert_eq!(ask(), [401, 401]);
}
