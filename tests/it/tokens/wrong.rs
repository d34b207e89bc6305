//! Whoever tries wrong tokens is slowed down, and nobody with a right one is.

use super::MINUTE;
use crate::support::app::by_hand;
use crate::support::command::Cli;
use crate::support::in_process::InProcess;
use crate::support::on_both;
use crate::support::product::Product;
use contenthub::domain::role::Role;
use contenthub::operations::token::CreateToken;
use serde_json::json;

#[test]
fn wrong_tokens_are_slowed_down_by_address_and_right_ones_never() {
    on_both(|url, dir| {
        let (app, clock) = by_hand(url, dir);
        let token = app.run(CreateToken::new("a", Role::Viewer)).expect("a token").1;
        let api = InProcess::start(&app, 3);
        let guess = format!("cht_{}", "0".repeat(64));
        let ask = |token: &str, from: &str| api.get("/api/v1/accounts", token, from);
        for wrong in [guess.as_str(), "cht_0", "x"] {
            assert_eq!(ask(wrong, "192.0.2.1").status, 401);
        }
        let slowed = ask(&guess, "192.0.2.1");
        assert_eq!((slowed.status, &slowed.body["code"]), (429, &json!("too_many_wrong_tokens")));
        let wait = slowed.headers.get("retry-after").and_then(|it| it.to_str().ok()?.parse().ok());
        assert!(wait.is_some_and(|wait: u64| (1..=60).contains(&wait)), "{wait:?}");
        assert_eq!(ask(&token, "192.0.2.1").status, 200, "a right one from there");
        assert_eq!(ask(&guess, "192.0.2.2").status, 401, "another address");
        assert_eq!(ask("x", "192.0.2.1").status, 429, "what cannot be a token is a wrong one, too");
        clock.forward(MINUTE);
        assert_eq!(ask(&guess, "192.0.2.1").status, 401, "another minute");
    });
}

#[test]
fn how_many_wrong_tokens_are_free_is_a_setting() {
    on_both(|url, dir| {
        let cli = Cli::on(dir, url).env("CONTENTHUB_WRONG_TOKENS_PER_MINUTE", "2");
        let product = Product::start_with(cli);
        let ask = |token: &str| {
            let headers = [("authorization", token)];
            product.server.request("GET", "/api/v1/accounts", &headers, None).status
        };
        assert_eq!([ask("Bearer a"), ask("Bearer b"), ask("Bearer c")], [401, 401, 429]);
        product.get("/accounts");
        assert_eq!(ask(""), 401, "no token is no guess");
    });
}
