//! A token for some accounts shows and changes what is theirs, and nothing of the others.

use crate::support::command::Response;
use crate::support::on_both;
use crate::support::product::{Product, id};
use serde_json::{Value, json};

/// Somebody with a token of their own.
struct Guest<'a> {
    product: &'a Product,
    token: String,
}

impl<'a> Guest<'a> {
    fn of(product: &'a Product, role: &str, accounts: &[i64]) -> Self {
        let asked = json!({"name": format!("guest {role}"), "role": role, "account_ids": accounts});
        let made = product.post("/tokens", &asked, 201);
        assert_eq!(made["account_ids"], json!(accounts));
        Guest { product, token: format!("Bearer {}", made["token"].as_str().expect("a token")) }
    }

    fn ask(&self, method: &str, path: &str, body: Value) -> Response {
        let headers = [("authorization", self.token.as_str())];
        let body = if body.is_null() { None } else { Some(&body) };
        self.product.server.request(method, &format!("/api/v1{path}"), &headers, body)
    }

    #[track_caller]
    fn gets(&self, path: &str) -> Value {
        self.ask("GET", path, Value::Null).expect_status(200).body
    }

    /// The ids of all that a list shows.
    #[track_caller]
    fn ids(&self, path: &str) -> Vec<i64> {
        let page = self.gets(path);
        let ids: Vec<i64> = page["items"].as_array().expect("items").iter().map(id).collect();
        assert_eq!(page["total"], ids.len(), "{page:#}");
        ids
    }

    /// It is answered as if there were no such thing.
    #[track_caller]
    fn misses(&self, method: &str, path: &str, body: Value) {
        let answer = self.ask(method, path, body);
        assert_eq!((answer.status, &answer.body["code"]), (404, &json!("not_found")), "{}", answer.text);
    }

    #[track_caller]
    fn is_kept_from(&self, method: &str, path: &str, body: Value) {
        let answer = self.ask(method, path, body);
        assert_eq!((answer.status, &answer.body["code"]), (403, &json!("out_of_scope")), "{}", answer.text);
    }
}

/// Two accounts, each with a published entry and one that waits; and a content that is nobody's.
struct Scene {
    product: Product,
    mine: i64,
    theirs: i64,
    my_entry: i64,
    their_entry: i64,
    /// Waits for the other account, and for none.
    their_content: i64,
    free_content: i64,
}

fn scene(url: &contenthub::DatabaseUrl, dir: &std::path::Path) -> Scene {
    let product = Product::start(url, dir);
    let (mine, theirs) = (product.account("mine"), product.account("theirs"));
    for account in [mine, theirs] {
        let content = product.content("out");
        let entry = product.add(json!({"content_id": content, "account_id": account}));
        product.entry_is(entry, "published");
    }
    let later = "2099-01-01T00:00:00Z";
    let (my_content, their_content) = (product.content("my post"), product.content("their post"));
    let add = |content: i64, account: i64| {
        product.add(json!({"content_id": content, "account_id": account, "scheduled_at": later}))
    };
    let (my_entry, their_entry) = (add(my_content, mine), add(their_content, theirs));
    let free_content = product.content("free");
    Scene { product, mine, theirs, my_entry, their_entry, their_content, free_content }
}

#[test]
fn a_token_for_some_accounts_sees_theirs_alone() {
    on_both(|url, dir| {
        let scene = scene(url, dir);
        let (product, mine, theirs) = (&scene.product, scene.mine, scene.theirs);
        let guest = Guest::of(product, "viewer", &[mine]);
        assert_eq!(guest.ids("/accounts"), [mine]);
        assert_eq!(guest.ids("/publish-pool/list"), [scene.my_entry, 1]);
        assert_eq!(guest.ids("/publish-pool/list?status=published"), [1]);
        assert_eq!(guest.ids(&format!("/publish-pool/list?account_id={theirs}")), [0; 0]);
        assert_eq!(guest.ids("/publisher/history").len(), 1);
        assert_eq!(product.get("/publisher/history")["total"], 2);
        assert_eq!(guest.ids(&format!("/publisher/history?account_id={theirs}")), [0; 0]);
        let stats = guest.gets("/publish-pool/stats");
        assert_eq!(
            (&stats["total"], &stats["pending"], &stats["published"]),
            (&json!(2), &json!(1), &json!(1))
        );
        assert_eq!(product.get("/publish-pool/stats")["total"], 4);
        assert_eq!(guest.gets(&format!("/publish-pool/stats?account_id={mine}"))["total"], 2);
        // Contents are everybody's to read.
        assert_eq!(guest.ids("/contents").len(), 5);
        assert_eq!(guest.gets(&format!("/contents/{}", scene.their_content))["title"], "their post");
        for path in [format!("/accounts/{mine}"), format!("/accounts/{mine}/slots")] {
            guest.gets(&path);
        }
        guest.gets(&format!("/publish-pool/{}?explain=true", scene.my_entry));
        let log = guest.ids("/publisher/history")[0];
        guest.gets(&format!("/publisher/history/{log}"));
        let other_log = 3 - log;
        product.get(&format!("/publisher/history/{other_log}"));
        for path in [
            format!("/accounts/{theirs}"),
            format!("/accounts/{theirs}/slots"),
            format!("/publish-pool/{}", scene.their_entry),
            format!("/publish-pool/{}?explain=true", scene.their_entry),
            format!("/publish-pool/stats?account_id={theirs}"),
            format!("/publisher/history/{other_log}"),
        ] {
            guest.misses("GET", &path, Value::Null);
        }
        // In the very words in which it is told of what is not there at all.
        let answer = |path: String| guest.ask("GET", &path, Value::Null).text;
        let of_theirs = answer(format!("/accounts/{theirs}"));
        assert_eq!(of_theirs.replace(&theirs.to_string(), "999"), answer("/accounts/999".to_owned()));
    });
}

#[test]
fn a_token_for_some_accounts_changes_theirs_alone() {
    on_both(|url, dir| {
        let scene = scene(url, dir);
        let (product, mine, theirs) = (&scene.product, scene.mine, scene.theirs);
        let guest = Guest::of(product, "admin", &[mine]);
        let entry = scene.their_entry;
        let nothing = || json!({});
        for (method, path, body) in [
            ("PATCH", format!("/accounts/{theirs}"), json!({"enabled": false})),
            ("DELETE", format!("/accounts/{theirs}"), Value::Null),
            ("POST", format!("/accounts/{theirs}/test"), nothing()),
            ("POST", format!("/accounts/{theirs}/suspend"), json!({"reason": "x"})),
            ("POST", format!("/accounts/{theirs}/resume"), nothing()),
            ("PATCH", format!("/publish-pool/{entry}"), json!({"priority": 1})),
            ("DELETE", format!("/publish-pool/{entry}"), Value::Null),
            ("POST", format!("/publish-pool/{entry}/cancel"), nothing()),
            ("POST", format!("/publish-pool/{entry}/retry"), nothing()),
            ("POST", format!("/publish-pool/{entry}/publish"), nothing()),
            ("POST", "/publish-pool/publish".to_owned(), json!({"ids": [scene.my_entry, entry]})),
            ("POST", format!("/publish-pool/{entry}/resolve"), json!({"published": true})),
            ("POST", format!("/publish-pool/{entry}/move"), json!({"to": "first"})),
            ("POST", format!("/publish-pool/{}/move", scene.my_entry), json!({"swap_with": entry})),
            ("POST", "/contents".to_owned(), json!({"title": "x", "body": "x", "account_id": theirs})),
            ("PATCH", format!("/contents/{}", scene.free_content), json!({"account_id": theirs})),
        ] {
            guest.misses(method, &path, body);
        }
        let content = scene.free_content;
        let to = |account: i64| json!({"content_id": content, "account_id": account});
        let to_both = json!({"content_id": content, "account_ids": [mine, theirs]});
        guest.misses("POST", "/publish-pool/add", to(theirs));
        guest.misses("POST", "/publish-pool/add", to_both);
        guest.misses("POST", "/publisher/publish", to(theirs));
        let batch = json!({"items": [to(mine), to(theirs)], "on_conflict": "skip"});
        guest.misses("POST", "/publish-pool/batch-add", batch);
        assert_eq!(product.get("/publish-pool/list")["total"], 4, "nothing was added");
        // What another account publishes is not theirs to change.
        let path = format!("/contents/{}", scene.their_content);
        guest.is_kept_from("PATCH", &path, json!({"title": "x"}));
        guest.is_kept_from("DELETE", &path, Value::Null);
        guest.is_kept_from("POST", &format!("{path}/submit"), Value::Null);
        // It went out on the other account: deleted, its entry would go with it; changed, nothing that is out changes.
        guest.is_kept_from("DELETE", "/contents/2", Value::Null);
        guest.ask("PATCH", "/contents/2", json!({"title": "new"})).expect_status(200);
        assert_eq!(product.entry(entry)["status"], "pending");
        assert_eq!(product.get(&format!("/accounts/{theirs}"))["suspended_reason"], Value::Null);

        let path = format!("/accounts/{mine}");
        // Whether a name is taken is answered alike for one that is and one that is not.
        for name in ["theirs", "nobody's"] {
            guest.is_kept_from("PATCH", &path, json!({"name": name}));
        }
        guest.ask("PATCH", &path, json!({"name": "mine", "daily_cap": 3})).expect_status(200);
        guest.ask("POST", &format!("{path}/suspend"), json!({"reason": "x"})).expect_status(200);
        guest
            .ask("PATCH", &format!("/publish-pool/{}", scene.my_entry), json!({"priority": 1}))
            .expect_status(200);
        let written = guest.ask("POST", "/contents", json!({"title": "x", "body": "x"})).expect_status(201);
        let written = format!("/contents/{}", id(&written.body));
        guest.ask("PATCH", &written, json!({"account_id": mine})).expect_status(200);
        guest.ask("DELETE", &written, Value::Null).expect_status(204);
    });
}

/// Who may choose between some accounts only, chooses between those.
#[test]
fn an_addition_without_an_account_goes_to_one_of_theirs() {
    on_both(|url, dir| {
        let scene = scene(url, dir);
        let (product, mine, theirs) = (&scene.product, scene.mine, scene.theirs);
        let guest = Guest::of(product, "editor", &[mine]);
        let later = "2099-01-01T00:00:00Z";
        let wanted = json!({"content_id": scene.free_content, "scheduled_at": later});
        let answer = product.server.post("/api/v1/publish-pool/add", &wanted).expect_status(422);
        assert!(answer.text.contains("theirs"), "the admin is to say which: {}", answer.text);
        let added = guest.ask("POST", "/publish-pool/add", wanted).expect_status(201).body;
        assert_eq!(added["account_id"], mine);
        let of_theirs = json!({"title": "x", "body": "x", "account_id": theirs});
        let of_theirs = id(&product.post("/contents", &of_theirs, 201));
        let wanted = json!({"content_id": of_theirs, "scheduled_at": later});
        let refused = guest.ask("POST", "/publish-pool/add", wanted.clone()).expect_status(422);
        assert_eq!(refused.body["errors"][0]["field"], "account_id", "{}", refused.text);
        let refused =
            guest.ask("POST", "/publish-pool/batch-add", json!({"items": [wanted]})).expect_status(422);
        assert_eq!(refused.body["errors"][0]["field"], "items[0].account_id", "{}", refused.text);
        let none = Guest::of(product, "editor", &[mine]);
        product.patch(&format!("/accounts/{mine}"), &json!({"enabled": false}), 200);
        let wanted = json!({"content_id": product.content("y")});
        let refused = none.ask("POST", "/publish-pool/add", wanted).expect_status(422);
        assert!(refused.text.contains("no enabled account"), "not the other one: {}", refused.text);
    });
}
