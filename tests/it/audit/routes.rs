//! Every route that changes something, in one story: each change leaves a row that says what it was, and one that is
//! refused leaves none.

use super::total;
use crate::roles::ROUTES;
use crate::support::command::{Cli, Response};
use crate::support::on_both;
use crate::support::pictures::{form, png};
use crate::support::product::*;
use crate::support::receiver::Answer;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Routes that want more than to read, and change nothing that is kept.
const CHANGES_NOTHING: [&str; 2] = ["POST /accounts/{id}/test", "POST /scheduler/preview"];

/// Does one thing after another over HTTP, and looks each time what the audit says of it.
struct Story {
    product: Product,
    /// Method and pattern of what was done.
    told: BTreeSet<String>,
    rows: i64,
}

impl Story {
    fn begin(product: Product) -> Self {
        let rows = total(&product);
        Story { product, told: BTreeSet::new(), rows }
    }

    /// Asks for something that changes one thing: one row more, which says so.
    #[track_caller]
    fn does(&mut self, request: &str, of: i64, body: Value, action: &str) -> (Value, Value) {
        let answer = self.asks(request, of, body);
        assert!((200..300).contains(&answer.status), "{request}: {}", answer.text);
        self.told.insert(request.to_owned());
        let page = self.product.get("/audit?page_size=1");
        let row = page["items"][0].clone();
        self.rows += 1;
        assert_eq!(page["total"], self.rows, "{request}: {row:#}");
        has_fields(&row, "id, at, who, token_id, from, action, resource, resource_id, before, after");
        assert_eq!(
            (&row["action"], &row["who"]),
            (&json!(action), &json!("test admin")),
            "{request}: {row:#}"
        );
        assert_eq!((&row["from"], &row["token_id"]), (&json!("127.0.0.1"), &json!(1)), "{row:#}");
        assert!(now().since(instant(&row["at"])) < SOON, "{row:#}");
        if !request.contains("/{id}") {
            return (answer.body, row);
        }
        assert_eq!(row["resource_id"], of, "{request}: {row:#}");
        (answer.body, row)
    }

    fn asks(&self, request: &str, of: i64, body: Value) -> Response {
        let (method, pattern) = request.split_once(' ').expect("a method");
        let path = format!("/api/v1{}", pattern.replace("{id}", &of.to_string()));
        let body = if body.is_null() { None } else { Some(&body) };
        self.product.server.request(method, &path, &[], body)
    }

    /// The same, refused: it leaves no row.
    #[track_caller]
    fn is_refused(&self, request: &str, of: i64, body: Value, status: u16) {
        self.asks(request, of, body).expect_status(status);
        assert_eq!(total(&self.product), self.rows, "{request} left a row");
    }
}

const SECRET: &str = "whsec_c2VjcmV0IHdvcmRzIG9mIGEgdGVzdA==";
const OTHER_SECRET: &str = "whsec_b3RoZXIgd29yZHMgb2YgYSB0ZXN0";

fn accounts(story: &mut Story) -> i64 {
    let url = story.product.receiver.url("/blog");
    let blog = json!({"name": "blog", "platform": "webhook", "settings": {"url": url},
        "credentials": {"secret": SECRET}, "slots": ["mon-sun 09:00"]});
    let (made, row) = story.does("POST /accounts", 0, blog.clone(), "account.create");
    let blog_id = id(&made);
    assert_eq!((&row["resource"], &row["resource_id"]), (&json!("account"), &made["id"]));
    assert_eq!((&row["before"], &row["after"]["settings"]["url"]), (&Value::Null, &json!(url)));
    assert_eq!(row["after"]["credentials"]["set"], json!(["secret"]));
    story.is_refused("POST /accounts", 0, blog, 409);
    let request = "PATCH /accounts/{id}";
    let (_, row) = story.does(request, blog_id, json!({"daily_cap": 30}), "account.update");
    assert_eq!((&row["before"], &row["after"]), (&json!({"daily_cap": null}), &json!({"daily_cap": 30})));
    let other = json!({"credentials": {"secret": OTHER_SECRET}});
    let (_, row) = story.does(request, blog_id, other, "account.update");
    assert_eq!(fields(&row["after"]), ["credentials"], "that they are others can be seen");
    story.is_refused(request, blog_id, json!({"concurrency": 0}), 422);
    let why = json!({"reason": "holiday"});
    let (_, row) = story.does("POST /accounts/{id}/suspend", blog_id, why, "account.suspend");
    assert_eq!(row["after"], json!({"suspended_reason": "holiday"}));
    story.does("POST /accounts/{id}/resume", blog_id, Value::Null, "account.resume");
    let spare = json!({"name": "spare", "platform": "folder", "enabled": false});
    let spare = id(&story.does("POST /accounts", 0, spare, "account.create").0);
    let (_, row) = story.does("DELETE /accounts/{id}", spare, Value::Null, "account.delete");
    assert_eq!((&row["before"]["name"], &row["after"]), (&json!("spare"), &Value::Null));
    blog_id
}

fn contents(story: &mut Story) -> i64 {
    let text = json!({"title": "Hello", "body": "你".repeat(5000)});
    let (made, row) = story.does("POST /contents", 0, text, "content.create");
    let content = id(&made);
    let body = row["after"]["body"].as_str().expect("a text");
    assert!(body.ends_with("… (5000 characters)") && body.chars().count() < 250, "{body}");
    story.is_refused("POST /contents", 0, json!({"title": "", "body": "x"}), 422);
    let (_, row) = story.does("PATCH /contents/{id}", content, json!({"title": "Hi"}), "content.update");
    assert_eq!(row["before"], json!({"title": "Hello", "revision": 1}));
    assert_eq!(row["after"], json!({"title": "Hi", "revision": 2}));
    story.does("POST /contents/{id}/submit", content, Value::Null, "content.submit");
    story.does("POST /contents/{id}/reject", content, Value::Null, "content.reject");
    let (_, row) = story.does("POST /contents/{id}/approve", content, Value::Null, "content.approve");
    assert_eq!(row["before"], json!({"review_status": "rejected"}));
    assert_eq!(row["after"], json!({"review_status": "approved"}));
    story.is_refused("POST /contents/{id}/approve", content, Value::Null, 409);
    let gone = json!({"title": "gone", "body": "x"});
    let gone = id(&story.does("POST /contents", 0, gone, "content.create").0);
    story.does("DELETE /contents/{id}", gone, Value::Null, "content.delete");
    content
}

/// A picture that is there already was not made, and leaves no row.
fn pictures(story: &mut Story) {
    let (kind, form) = form("file", "a.png", &png(2, 3));
    let upload = |story: &Story| {
        let headers = [("content-type", kind.as_str())];
        story.product.server.send("POST", "/api/v1/media", &headers, &form).expect_status(201)
    };
    let made = upload(story);
    story.rows += 1;
    story.told.insert("POST /media".to_owned());
    let row = story.product.get("/audit?page_size=1")["items"][0].clone();
    assert_eq!((&row["action"], &row["resource"]), (&json!("media.add"), &json!("media")));
    assert_eq!((&row["resource_id"], &row["after"]["sha256"]), (&made.body["id"], &made.body["sha256"]));
    upload(story);
    assert_eq!(total(&story.product), story.rows);
    let (_, row) = story.does("DELETE /media/{id}", id(&made.body), Value::Null, "media.delete");
    assert_eq!((&row["before"]["name"], &row["after"]), (&json!("a.png"), &Value::Null));
}

/// A content that may go out.
fn approved(story: &mut Story, title: &str) -> i64 {
    let text = json!({"title": title, "body": "x"});
    let content = id(&story.does("POST /contents", 0, text, "content.create").0);
    story.does("POST /contents/{id}/approve", content, Value::Null, "content.approve");
    content
}

fn entries(story: &mut Story, blog: i64, content: i64) -> i64 {
    let later = "2099-01-01T00:00:00Z";
    let add = json!({"content_id": content, "account_id": blog, "scheduled_at": later});
    let (made, row) = story.does("POST /publish-pool/add", 0, add.clone(), "entry.add");
    let entry = id(&made);
    assert_eq!((&row["resource"], &row["resource_id"]), (&json!("entry"), &json!(entry)));
    assert_eq!((&row["after"]["content_id"], &row["before"]), (&json!(content), &Value::Null));
    story.is_refused("POST /publish-pool/add", 0, add, 409);
    let (_, row) = story.does("PATCH /publish-pool/{id}", entry, json!({"priority": 1}), "entry.update");
    assert_eq!((&row["before"], &row["after"]), (&json!({"priority": 5}), &json!({"priority": 1})));
    let first = json!({"to": "first"});
    let (_, row) = story.does("POST /publish-pool/{id}/move", entry, first, "entry.move");
    assert!(row["after"]["slot_at"].is_string(), "{row:#}");
    let (_, row) = story.does("POST /publish-pool/{id}/cancel", entry, Value::Null, "entry.cancel");
    assert_eq!(row["after"]["status"], "cancelled");
    story.is_refused("POST /publish-pool/{id}/cancel", entry, Value::Null, 409);
    story.does("POST /publish-pool/{id}/retry", entry, Value::Null, "entry.retry");
    let (_, row) = story.does("POST /publish-pool/{id}/publish", entry, Value::Null, "entry.publish");
    assert_eq!((&row["before"], &row["after"]), (&Value::Null, &json!({"wanted_now": true})));
    story.product.entry_is(entry, "published");
    let second = approved(story, "second");
    let add = json!({"content_id": second, "account_id": blog, "scheduled_at": later});
    let second = id(&story.does("POST /publish-pool/add", 0, add, "entry.add").0);
    let (_, row) = story.does("POST /publish-pool/publish", 0, json!({"ids": [second]}), "entry.publish");
    assert_eq!(row["resource_id"], second);
    story.product.entry_is(second, "published");
    let third = approved(story, "third");
    let now = json!({"content_id": third, "account_id": blog});
    let (third, row) = story.does("POST /publisher/publish", 0, now, "entry.publish");
    assert_eq!((&row["resource_id"], &row["after"]["content_id"]), (&third["id"], &third["content_id"]));
    story.is_refused("POST /publish-pool/{id}/publish", entry, Value::Null, 409);
    let gone = approved(story, "gone");
    let add = json!({"content_id": gone, "account_id": blog, "scheduled_at": later});
    let gone = id(&story.does("POST /publish-pool/add", 0, add, "entry.add").0);
    story.does("DELETE /publish-pool/{id}", gone, Value::Null, "entry.delete");
    let items: Vec<Value> = (0..30)
        .map(|number| {
            let content = story.product.content(&format!("many {number}"));
            story.rows += 1;
            json!({"content_id": content, "account_id": blog, "scheduled_at": later})
        })
        .collect();
    let items = json!({"items": items});
    // One row for the whole, and one for each account.
    story.rows += 1;
    let (added, row) = story.does("POST /publish-pool/batch-add", 0, items.clone(), "pool.batch_add");
    let (first, last) = (&added["items"][0]["id"], &added["items"][29]["id"]);
    assert_eq!(row["after"], json!({"added": 30, "first_id": first, "last_id": last}));
    assert_eq!((&row["resource"], &row["resource_id"]), (&json!("account"), &json!(blog)));
    let row = story.product.get("/audit?page_size=2")["items"][1].clone();
    assert_eq!(row["after"], json!({"added": 30, "skipped": 0, "first_id": first, "last_id": last}));
    assert_eq!((&row["resource"], &row["resource_id"]), (&json!("pool"), &Value::Null));
    story.is_refused("POST /publish-pool/batch-add", 0, items, 409);
    let (_, row) = story.does("POST /publish-pool/clear", 0, Value::Null, "pool.clear");
    assert_eq!(row["after"], json!({"removed": 3}));
    entry
}

fn publishing(story: &mut Story) {
    let why = json!({"reason": "a look"});
    let (_, row) = story.does("POST /scheduler/pause", 0, why, "publishing.pause");
    assert_eq!(
        (&row["before"], &row["after"]["paused"]["reason"]),
        (&json!({"paused": null}), &json!("a look"))
    );
    let (_, row) = story.does("POST /scheduler/resume", 0, Value::Null, "publishing.resume");
    assert_eq!(
        (&row["before"]["paused"]["reason"], &row["after"]),
        (&json!("a look"), &json!({"paused": null}))
    );
}

/// Also what only a run brings about: one that is cancelled, an entry of which nobody can tell what became.
fn tasks(story: &mut Story) {
    let task = json!({"name": "hourly", "task_type": "publishing", "schedule_type": "interval",
        "interval_seconds": 3600});
    let (made, row) = story.does("POST /scheduler/tasks", 0, task.clone(), "task.create");
    let task_id = id(&made);
    assert_eq!((&row["resource_id"], &row["after"]["interval_seconds"]), (&made["id"], &json!(3600)));
    story.is_refused("POST /scheduler/tasks", 0, task, 409);
    let request = "PATCH /scheduler/tasks/{id}";
    let (_, row) = story.does(request, task_id, json!({"name": "now and then"}), "task.update");
    assert_eq!(row["after"]["name"], "now and then");
    story.does("POST /scheduler/tasks/{id}/disable", task_id, Value::Null, "task.update");
    story.does("POST /scheduler/tasks/{id}/enable", task_id, Value::Null, "task.update");
    let blind = story.product.account_with(
        "blind",
        json!({"settings":
        {"url": story.product.receiver.url("/blind"), "deduplicates": false}}),
    );
    story.rows += 1;
    let content = approved(story, "who knows");
    story.product.receiver.on_title("who knows", [Answer::status(502).held()]);
    let add = json!({"content_id": content, "account_id": blind});
    let entry = id(&story.does("POST /publish-pool/add", 0, add, "entry.add").0);
    let (begun, row) = story.does("POST /scheduler/tasks/{id}/trigger", task_id, Value::Null, "task.trigger");
    assert_eq!(row["after"], json!({"execution_id": begun["execution_id"]}));
    story.product.receiver.wait_for(4, SOON);
    let run = begun["execution_id"].as_i64().expect("an id");
    let (_, row) = story.does("POST /scheduler/executions/{id}/cancel", run, Value::Null, "execution.cancel");
    assert_eq!(row["after"], json!({"ends_as": "cancelled"}));
    story.product.receiver.release();
    story.product.entry_is(entry, "uncertain");
    let out = json!({"published": true, "url": "https://example.com/1"});
    let (_, row) = story.does("POST /publish-pool/{id}/resolve", entry, out, "entry.resolve");
    assert_eq!(
        (&row["before"]["status"], &row["after"]["status"]),
        (&json!("uncertain"), &json!("published"))
    );
    let (_, row) = story.does("DELETE /scheduler/tasks/{id}", task_id, Value::Null, "task.delete");
    assert_eq!(row["before"]["name"], "now and then");
}

fn tokens(story: &mut Story) -> String {
    let token = json!({"name": "a", "role": "viewer", "expires_in": "1d"});
    let (made, row) = story.does("POST /tokens", 0, token, "token.create");
    assert_eq!((&row["resource_id"], &row["after"]["role"]), (&made["id"], &json!("viewer")));
    story.is_refused("POST /tokens", 0, json!({"name": "", "role": "viewer"}), 422);
    story.does("DELETE /tokens/{id}", id(&made), Value::Null, "token.revoke");
    made["token"].as_str().expect("a token").to_owned()
}

#[test]
fn each_route_that_changes_something_leaves_a_row_and_a_refused_change_none() {
    on_both(|url, dir| {
        let reviewed = Cli::on(dir, url).env("CONTENTHUB_REVIEW_REQUIRED", "true");
        let product = Product::start_with(reviewed).by_hand();
        let mut story = Story::begin(product);
        let blog = accounts(&mut story);
        let content = contents(&mut story);
        pictures(&mut story);
        entries(&mut story, blog, content);
        publishing(&mut story);
        tasks(&mut story);
        let token = tokens(&mut story);
        let expected: BTreeSet<String> = ROUTES
            .iter()
            .filter(|route| route.0 != "GET")
            .map(|route| format!("{} {}", route.0, route.1.replace("999", "{id}")))
            .filter(|route| !CHANGES_NOTHING.contains(&route.as_str()))
            .collect();
        assert_eq!(story.told, expected, "a route that changes something has a part in this story");
        // What is not there cannot be changed.
        for (method, path, body, _, _, status) in
            ROUTES.iter().filter(|route| route.0 != "GET" && route.5 >= 400)
        {
            let path = format!("/api/v1{path}");
            let answer = story.product.server.send(method, &path, &[], body.as_bytes());
            assert_eq!(answer.status, *status, "{method} {path}");
        }
        assert_eq!(total(&story.product), story.rows, "what was refused left a row");
        let mut rows = String::new();
        for page in 1..=1 + story.rows / 200 {
            let page = story.product.server.get(&format!("/api/v1/audit?page_size=200&page={page}"));
            rows.push_str(&page.expect_status(200).text);
        }
        assert!(rows.contains("account.create") && rows.contains("test admin"));
        for secret in [SECRET, OTHER_SECRET, &SECRET[6..], "cht_", &token] {
            assert!(!rows.contains(secret), "{secret}");
        }
    });
}
