//! `account test`, from outside: it says whether an account works, and no receiver gets anything that it could take for
//! a post.

use crate::support::on_both;
use crate::support::peer::{Nowhere, Peer, free_port};
use crate::support::product::*;
use crate::support::receiver::Answer;
use serde_json::{Value, json};

const FIELDS: &str = "account_id, name, platform, ok, code, message, warning, until";

#[test]
fn an_account_says_whether_it_works_and_nobody_gets_a_post() {
    on_both(|url, dir| {
        let product = Product::start(url, dir);
        // What each receiver answers; whether the account works then, the code, and that of the warning.
        let cases: [(Option<u16>, bool, Value, Value); 6] = [
            (Some(204), true, Value::Null, Value::Null),
            (Some(405), true, Value::Null, Value::Null),
            (Some(404), true, Value::Null, json!("http_404")),
            (Some(401), true, Value::Null, json!("http_401")),
            (Some(503), false, json!("http_503"), Value::Null),
            (None, false, json!("connection_lost"), Value::Null),
        ];
        for (number, (status, ok, code, warning)) in (1..).zip(cases) {
            let answer = status.map_or_else(Answer::close, Answer::status);
            product.receiver.on_any([answer]);
            // Also a part of the address, which is to be written with %20.
            let name = format!("hook {number}");
            let secret = json!({"credentials": {"secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}});
            let account = product.account_with(&name, secret);
            let told = product.post(&format!("/accounts/{account}/test"), &json!({}), 200);
            has_fields(&told, FIELDS);
            assert_eq!((&told["ok"], &told["code"], &told["warning"]["code"]), (&json!(ok), &code, &warning));
            // The command says the same, and ends by it.
            let said = product.cli.run(&["account", "test", &name, "--output", "json"]);
            let said = said.expect_code(i32::from(!ok)).json();
            assert_eq!(said, told);
        }
        let posts = product.receiver.posts();
        assert_eq!(posts.len(), 12);
        for post in posts {
            assert_eq!((&*post.method, post.webhook_id(), post.raw_body.len()), ("OPTIONS", None, 0));
            assert!(!post.headers.contains_key("webhook-signature"), "{:?}", post.headers);
        }
        a_lane_that_is_shut_is_tested_and_stays_shut(&product);
        who_cannot_be_reached_is_told_why(&product);
        a_folder_is_written_to(&product, &dir.join("data/sites"));
    });
}

fn a_lane_that_is_shut_is_tested_and_stays_shut(product: &Product) {
    product.receiver.on_any([Answer::status(200)]);
    let shut = product.account_with("shut", json!({"enabled": false}));
    product.post(&format!("/accounts/{shut}/suspend"), &json!({"reason": "on holiday"}), 200);
    assert_eq!(product.post(&format!("/accounts/{shut}/test"), &json!({}), 200)["ok"], true);
    let after = product.get(&format!("/accounts/{shut}"));
    assert_eq!((&after["enabled"], &after["suspended_reason"]), (&json!(false), &json!("on holiday")));
}

fn who_cannot_be_reached_is_told_why(product: &Product) {
    let (nowhere, babbling) = (Nowhere::new(), Peer::answering("no http\r\n\r\n"));
    let refused = format!("http://127.0.0.1:{}/secret-path", free_port());
    let speaks_no_tls = Peer::start(|mut visit| {
        visit.say("no TLS\r\n")?;
        visit.hold()
    });
    let no_tls = speaks_no_tls.url().replace("http", "https");
    for (url, code) in [
        (refused, "refused"),
        ("http://nobody.invalid/secret-path".to_owned(), "dns"),
        (nowhere.url(), "connect_timeout"),
        (babbling.url(), "bad_answer"),
        (no_tls, "tls"),
    ] {
        let settings = json!({"settings": {"url": url, "timeout_seconds": 1}});
        let account = product.account_with(code, settings);
        let told = product.post(&format!("/accounts/{account}/test"), &json!({}), 200);
        assert_eq!((&told["ok"], &told["code"]), (&json!(false), &json!(code)), "{told}");
        assert!(!told.to_string().contains("secret-path"), "{told}");
    }
    let said = product.cli.run(&["account", "test", "refused"]).expect_code(1);
    assert_eq!(said.stdout, "");
    assert!(said.stderr.contains("error: account “refused” does not work: "), "{}", said.stderr);
}

fn a_folder_is_written_to(product: &Product, sites: &std::path::Path) {
    let made = json!({"name": "site", "platform": "folder", "settings": {"site": "a"}});
    let site = id(&product.post("/accounts", &made, 201));
    let test = || product.post(&format!("/accounts/{site}/test"), &json!({}), 200);
    assert_eq!(test()["ok"], true);
    let left: Vec<_> = std::fs::read_dir(sites.join("a")).expect("the site").collect();
    assert!(left.is_empty(), "{left:?}");
    // Nobody, not even root, writes a file into what is none.
    std::fs::remove_dir(sites.join("a")).expect("removed");
    std::fs::write(sites.join("a"), "no folder").expect("written");
    let told = test();
    assert_eq!((&told["ok"], &told["code"]), (&json!(false), &json!("folder")), "{told}");
}
