//! The audit: every change that somebody makes leaves its row, in the transaction of the change, and nothing else does.

use crate::roles::ROUTES;
use crate::support::command::{Cli, Response};
use crate::support::on_both;
use crate::support::product::*;
use crate::support::receiver::Answer;
use contenthub::db::connection::{DbConnection, connect};
use contenthub::db::database_url::DatabaseUrl;
use diesel::connection::SimpleConnection;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

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

#[track_caller]
fn total(product: &Product) -> i64 {
    product.get("/audit?page_size=1")["total"].as_i64().expect("a number")
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
    let (added, row) = story.does("POST /publish-pool/batch-add", 0, items.clone(), "pool.batch_add");
    let (first, last) = (&added["items"][0]["id"], &added["items"][29]["id"]);
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

/// A request that is sent again does nothing again.
#[test]
fn what_is_done_once_leaves_one_row() {
    on_both(|url, dir| {
        let product = Product::start(url, dir);
        let before = total(&product);
        let text = json!({"title": "x", "body": "x"});
        for _ in 0..3 {
            let headers = [("idempotency-key", "abc")];
            product.server.request("POST", "/api/v1/contents", &headers, Some(&text)).expect_status(201);
        }
        assert_eq!(total(&product), before + 1);
    });
}

/// The row and the change are one: where one cannot be, the other is not.
#[test]
fn a_change_that_cannot_be_written_down_is_not_made() {
    on_both(|url, dir| {
        let product = Product::start(url, dir);
        let blog = product.account("blog");
        let mut conn = connect(url).expect("connected");
        let refuse = match &conn {
            DbConnection::Sqlite(_) => {
                "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'full'); END"
            }
            DbConnection::Postgres(_) => {
                "CREATE FUNCTION full_() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'full'; END $$; \
                 CREATE TRIGGER full_ BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION full_()"
            }
        };
        conn.batch_execute(refuse).expect("a trigger");
        let broken = |method: &str, path: &str, body: Value| {
            product.server.request(method, &format!("/api/v1{path}"), &[], Some(&body)).expect_status(500);
        };
        broken("POST", "/contents", json!({"title": "x", "body": "x"}));
        broken("PATCH", &format!("/accounts/{blog}"), json!({"name": "other"}));
        broken("DELETE", &format!("/accounts/{blog}"), json!({}));
        broken("POST", "/scheduler/pause", json!({}));
        assert_eq!(product.get("/contents")["total"], 0);
        assert_eq!(product.get(&format!("/accounts/{blog}"))["name"], "blog");
        assert_eq!(product.get("/scheduler/status")["paused"], Value::Null);
        assert!(product.cli.run(&["content", "create", "--title", "x", "--body", "x"]).code != Some(0));
        assert_eq!(product.get("/contents")["total"], 0);
    });
}

#[test]
fn rows_are_never_changed_and_never_deleted() {
    on_both(|url, dir| {
        let cli = Cli::on(dir, url);
        cli.ok(&["content", "create", "--title", "x", "--body", "x"]);
        let rows = cli.json(&["audit"]);
        assert_eq!(rows["total"], 1);
        let mut conn = connect(url).expect("connected");
        let mut tries =
            vec!["UPDATE audit SET who = 'nobody'", "DELETE FROM audit", "DELETE FROM audit WHERE id = 1"];
        if let DbConnection::Postgres(_) = conn {
            tries.push("TRUNCATE audit");
        }
        for sql in tries {
            let refused = conn.batch_execute(sql).expect_err(sql).to_string();
            assert!(refused.contains("rows of the audit are never"), "{sql}: {refused}");
        }
        assert_eq!(cli.json(&["audit"]), rows);
    });
}

#[test]
fn the_command_line_leaves_rows_too_and_shows_them() {
    on_both(|url, dir| {
        let cli = Cli::on(dir, url);
        let mut done = Vec::new();
        let mut ok = |args: &[&str], action: &str| {
            cli.ok(args);
            done.insert(0, action.to_owned());
        };
        ok(&["scheduler", "disable", "1"], "task.update");
        ok(&["account", "create", "site", "--platform", "folder"], "account.create");
        ok(&["account", "suspend", "site", "--reason", "x"], "account.suspend");
        ok(&["account", "resume", "site"], "account.resume");
        ok(
            &["content", "create", "--title", "Hello, you", "--body", "x", "--account", "site"],
            "content.create",
        );
        ok(&["content", "update", "1", "--title", "Hi"], "content.update");
        ok(&["publish-pool", "add", "1"], "entry.add");
        ok(&["publish-pool", "set-priority", "1", "1"], "entry.update");
        ok(&["publish-pool", "cancel", "1"], "entry.cancel");
        ok(&["publish-pool", "retry", "1"], "entry.retry");
        ok(&["scheduler", "trigger", "1"], "task.trigger");
        ok(&["publish-pool", "add", "1", "--again", "--scheduled-at", "2999-01-01 00:00"], "entry.add");
        ok(&["publish-pool", "publish", "2"], "entry.publish");
        ok(&["publish-pool", "clear"], "pool.clear");
        ok(&["scheduler", "pause"], "publishing.pause");
        ok(&["scheduler", "resume"], "publishing.resume");
        ok(&["key", "rotate"], "key.rotate");
        std::fs::create_dir_all(dir.join("posts")).expect("a folder");
        std::fs::write(dir.join("posts/b.md"), "# From a file\n").expect("written");
        let posts = dir.join("posts").display().to_string();
        cli.ok(&["content", "import", &posts, "--dry-run"]);
        ok(&["content", "import", &posts], "import.run");
        ok(&["token", "create", "--name", "a", "--role", "viewer"], "token.create");
        ok(&["token", "revoke", "1"], "token.revoke");
        let page = cli.json(&["audit", "--page-size", "200"]);
        let rows = page["items"].as_array().expect("rows").clone();
        let actions: Vec<&str> = rows.iter().filter_map(|row| row["action"].as_str()).collect();
        assert_eq!(actions, done, "what a node does by itself is in the publish log, and nowhere here");
        let user = std::process::Command::new("id").arg("-un").output().expect("id").stdout;
        let user = String::from_utf8_lossy(&user).trim().to_owned();
        for row in &rows {
            assert_eq!((&row["who"], &row["from"]), (&json!(user), &json!("cli")), "{row:#}");
            assert_eq!(row["token_id"], Value::Null);
        }
        assert_eq!(rows[2]["after"]["created"], 1, "one row for a folder: {:#}", rows[2]);

        let of = |args: &[&str]| {
            let page = cli.json(&[&["audit"], args].concat());
            let items = page["items"].as_array().expect("rows").clone();
            assert_eq!(page["total"], items.len());
            items.iter().map(|row| row["action"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(of(&["--resource", "account"]), ["account.resume", "account.suspend", "account.create"]);
        assert_eq!(of(&["--resource", "content", "--id", "1"]), ["content.update", "content.create"]);
        assert_eq!(of(&["--resource", "content", "--id", "9"]), [""; 0]);
        assert_eq!(of(&["--who", "nobody"]), [""; 0]);
        assert_eq!(of(&["--who", &user, "--resource", "import"]), ["import.run"]);
        let at = |place: usize| rows[place]["at"].as_str().expect("a time").to_owned();
        assert_eq!(of(&["--from", &at(0)]), ["token.revoke"]);
        assert_eq!(of(&["--from", &at(1), "--to", &at(0)]), ["token.create"]);
        let last = cli.json(&["audit", "--page", &rows.len().to_string(), "--page-size", "1"]);
        assert_eq!(last["items"][0]["action"], "task.update", "{last:#}");
        cli.run(&["audit", "--id", "1"]).expect_code(2);
        let csv = cli.ok(&["audit", "--output", "csv", "--resource", "content", "--id", "1"]);
        let mut lines = csv.lines();
        assert_eq!(lines.next(), Some("id,at,who,from,action,resource,resource_id,before,after"));
        assert!(lines.next().is_some_and(|line| line.contains("content.update,content,1,")), "{csv}");
        assert!(csv.contains("\"\"title\"\":\"\"Hello, you\"\""), "{csv}");
        let table = cli.ok(&["audit"]);
        assert!(table.contains("WHO") && table.contains("token.revoke"), "{table}");
    });
}

#[test]
fn the_api_asks_the_same_of_it() {
    on_both(|url, dir| {
        let product = Product::start(url, dir);
        let blog = product.account("blog");
        product.content("x");
        assert_eq!(product.get("/audit"), product.cli.json(&["audit"]));
        let of = |query: &str| product.get(&format!("/audit?{query}"))["total"].as_i64();
        assert_eq!(of(&format!("resource=account&id={blog}")), Some(1));
        assert_eq!(of("who=test%20admin"), Some(2));
        assert_eq!(of("resource=token"), Some(1), "the token itself, made at the command line");
        assert_eq!(of("to=2020-01-01T00:00:00Z"), Some(0));
        assert_eq!(of("from=2020-01-01T00:00:00Z&page_size=1"), Some(3));
        for (query, field) in
            [("id=1", "id"), ("resource=post", "resource"), ("from=x", "from"), ("what=x", "what")]
        {
            let refused = product.server.get(&format!("/api/v1/audit?{query}")).expect_status(422);
            assert_eq!(refused.body["errors"][0]["field"], field, "{}", refused.text);
        }
    });
}

#[test]
fn a_restore_is_the_first_row_of_what_follows() {
    let dir = tempfile::tempdir().expect("a folder");
    let url = DatabaseUrl::in_data_dir(&dir.path().join("data"));
    let cli = Cli::on(dir.path(), &url);
    cli.ok(&["content", "create", "--title", "kept", "--body", "x"]);
    let copy = dir.path().join("copy.db");
    cli.ok(&["db", "backup", "--to", &copy.display().to_string()]);
    cli.ok(&["content", "create", "--title", "lost", "--body", "x"]);
    cli.ok(&["db", "restore", &copy.display().to_string()]);
    let rows = cli.json(&["audit"]);
    let actions = [0, 1].map(|place| rows["items"][place]["action"].clone());
    assert_eq!(
        (rows["total"].as_i64(), actions),
        (Some(2), [json!("database.restore"), json!("content.create")])
    );
}

/// Whoever uses the library is the user who runs the program.
#[test]
fn a_program_leaves_rows_like_anybody() {
    fn rows(url: &DatabaseUrl, dir: &Path) -> Value {
        Cli::on(dir, url).json(&["audit"])["items"].clone()
    }
    on_both(|url, dir| {
        let (app, _) = crate::support::app::by_hand(url, dir);
        let site = crate::support::app::account(&app, "site", "folder", json!({}));
        crate::support::app::add(&app, "x", site);
        let rows = rows(url, dir);
        let actions: Vec<&Value> = rows.as_array().expect("rows").iter().map(|row| &row["action"]).collect();
        assert_eq!(actions, ["entry.add", "content.create", "account.create", "task.update"]);
        assert_eq!(rows[0]["from"], "library");
    });
}
