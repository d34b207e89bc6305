//! Too much to do, or a database that takes nothing: everybody is told soon to come again, and the rest goes on.

mod permits;

use crate::support::command::{Response, Server};
use crate::support::on_both;
use crate::support::product::*;
use contenthub::db::connection::connect;
use contenthub::db::database_url::DatabaseUrl;
use diesel::connection::SimpleConnection;
use serde_json::json;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

/// More than there are permits.
const CROWD: usize = 320;
/// How long a look may take, at the soonest of a few: less than anybody waits who waits for a permit or a thread.
const PROMPT: Duration = Duration::from_secs(1);
/// Routes that write, each through another resource, and a body that gets as far as the database.
const WRITES: [(&str, &str, &str); 8] = [
    ("POST", "/tokens", "{\"name\":\"x\",\"role\":\"viewer\"}"),
    ("POST", "/contents", "{\"title\":\"x\",\"body\":\"x\"}"),
    ("PATCH", "/accounts/1", "{\"name\":\"other\"}"),
    ("POST", "/publish-pool/add", "{\"content_id\":2,\"account_id\":1}"),
    ("POST", "/publish-pool/clear", ""),
    ("POST", "/scheduler/tasks/1/enable", ""),
    ("POST", "/scheduler/tasks/1/trigger", ""),
    ("DELETE", "/contents/999", ""),
];

#[track_caller]
fn is_told_to_come_again(answer: &Response) {
    assert_eq!(answer.status, 503, "{}", answer.text);
    assert_eq!(answer.headers.get("content-type").map(String::as_str), Some("application/problem+json"));
    assert_eq!(answer.headers.get("retry-after").map(String::as_str), Some("1"));
    let code = answer.body["code"].as_str().unwrap_or_default();
    assert!(["overloaded", "database_unavailable"].contains(&code), "{}", answer.text);
    assert!(answer.body["hint"].is_string() || code == "database_unavailable", "{}", answer.text);
}

fn ask(server: &Server, (method, path, body): (&str, &str, &str)) -> Response {
    server.send(method, &format!("/api/v1{path}"), &[], body.as_bytes())
}

#[test]
fn a_crowd_before_a_database_that_takes_nothing_is_told_soon_and_holds_up_nobody_else() {
    on_both(|url, dir| {
        let product = Product::start(url, dir);
        let blog = product.account("blog");
        product.content("first");
        product.content("second");
        // Due while the crowd is there.
        let due = now() + Duration::from_secs(3);
        let entry =
            product.add(json!({"content_id": 1, "account_id": blog, "scheduled_at": due.to_string()}));
        let mut locking = connect(url).expect("connected");
        // On PostgreSQL only what the engine does not touch is locked: the crowd is stuck, and the engine is not.
        let (lock, stuck, crowd): (_, _, &[(&str, &str, &str)]) = match url {
            DatabaseUrl::Sqlite(_) => ("BEGIN IMMEDIATE", 0, &WRITES),
            DatabaseUrl::Postgres(_) => (
                "SET idle_in_transaction_session_timeout = 0; BEGIN; LOCK TABLE api_tokens IN EXCLUSIVE MODE",
                4,
                &WRITES[..1],
            ),
        };
        locking.batch_execute(lock).expect("locked");
        let (server, receiver) = (&product.server, &product.receiver);
        thread::scope(move |threads| {
            // Let go of where this panics, or nobody would hear of it until everybody has been answered.
            let mut conn = locking;
            let (told, answers) = channel();
            for number in 0..CROWD {
                let (told, write) = (told.clone(), crowd[number % crowd.len()]);
                threads.spawn(move || told.send(ask(server, write)));
            }
            let first = answers.recv_timeout(SOON).expect("the first is told");
            is_told_to_come_again(&first);
            // All of this is answered while nothing can be written. Whoever only looks is answered as before.
            for path in ["/healthz", "/api/v1/publish-pool/stats", "/api/v1/scheduler/status", "/readyz"] {
                // Well before anybody of the crowd is told, but for what a busy machine may do to one of them.
                let took = (0..3).map(|_| {
                    let asked = Instant::now();
                    server.get(path).expect_status(200);
                    asked.elapsed()
                });
                let least = took.min().expect("three");
                assert!(least < PROMPT, "{path} was answered after {least:?} at the soonest");
            }
            if stuck > 0 {
                receiver.wait_for(1, SOON);
            }
            for _ in 1..CROWD - stuck {
                is_told_to_come_again(&answers.recv_timeout(SOON).expect("everybody is told"));
            }
            // And when it takes something again, all goes on by itself. What a thread had begun with was waited for,
            // because nobody else knows what becomes of it.
            conn.batch_execute("ROLLBACK").expect("released");
            for _ in 0..stuck {
                answers.recv_timeout(SOON).expect("an answer").expect_status(201);
            }
        });
        product.entry_is(entry, "published");
        for write in WRITES {
            let answer = ask(server, write);
            assert!(answer.status < 500, "{write:?}: {}", answer.text);
        }
        assert_eq!(product.receiver.by_webhook_id().values().max(), Some(&1));
    });
}
