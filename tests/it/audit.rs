//! The audit: every change that somebody makes leaves its row, in the transaction of the change, and nothing else does.

mod routes;

use crate::support::command::Cli;
use crate::support::on_both;
use crate::support::product::Product;
use contenthub::db::connection::{DbConnection, connect};
use contenthub::db::database_url::DatabaseUrl;
use diesel::connection::SimpleConnection;
use serde_json::{Value, json};
use std::path::Path;

#[track_caller]
fn total(product: &Product) -> i64 {
    product.get("/audit?page_size=1")["total"].as_i64().expect("a number")
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
        match conn {
            DbConnection::Sqlite(_) => tries.push(
                "REPLACE INTO audit SELECT id, at, 'nobody', token_id, place, action, resource, resource_id, state_before, \
                 state_after FROM audit",
            ),
            DbConnection::Postgres(_) => {
                tries.extend(["TRUNCATE audit", "SET session_replication_role = replica; DELETE FROM audit"]);
            }
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
