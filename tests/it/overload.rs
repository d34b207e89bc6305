//! Too much to do, or a database that takes nothing: everybody is told soon to come again, and the rest goes on.

mod permits;

use crate::support::app::eventually;
use crate::support::command::{Response, Server};
use crate::support::on_both;
use crate::support::product::*;
use contenthub::db::connection::connect;
use contenthub::db::database_url::DatabaseUrl;
use diesel::connection::SimpleConnection;
use serde_json::json;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

/// More than there are permits.
const CROWD: usize = 320;
/// Whoever waits for a permit has at least as many before him as there are too many of the crowd, so that twice as many
/// of them are told before he is answered; whoever waits for nobody is answered before these, on a busy machine too.
const BEFORE_A_LOOK: usize = (CROWD - PERMITS) / 2;
const PERMITS: usize = 256;
/// PostgreSQL gives up a statement of ours by itself after 24 s.
const STUCK_MAX: Duration = Duration::from_secs(20);
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

/// What one of the crowd is told, and whether he comes again.
struct Told {
    is_last: bool,
    took: Duration,
    answer: Response,
}

/// Raised in any case, also by a panic.
struct Raised<'a>(&'a AtomicBool);

impl Drop for Raised<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
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
        let (count, is_over) = (AtomicUsize::new(0), AtomicBool::new(false));
        let (count, is_over) = (&count, &is_over);
        thread::scope(move |threads| {
            // Let go of where this panics, or nobody would hear of it until everybody has been answered.
            let (mut conn, _last) = (locking, Raised(is_over));
            let (told, answers) = channel();
            for write in crowd.iter().cycle().take(CROWD) {
                let told = told.clone();
                threads.spawn(move || {
                    loop {
                        let asked = Instant::now();
                        let answer = ask(server, *write);
                        count.fetch_add(1, Ordering::SeqCst);
                        let is_last = is_over.load(Ordering::SeqCst);
                        let _ = told.send(Told { is_last, took: asked.elapsed(), answer });
                        if is_last {
                            break;
                        }
                    }
                });
            }
            drop(told);
            let one_more_is_told = || {
                let told = answers.recv_timeout(SOON).expect("they are told");
                is_told_to_come_again(&told.answer);
                usize::from(told.is_last)
            };
            one_more_is_told();
            // All of this is answered while nothing can be written. Whoever only looks is answered as before.
            for path in ["/healthz", "/api/v1/publish-pool/stats", "/api/v1/scheduler/status", "/readyz"] {
                eventually(&format!("{path} is answered before the crowd"), || {
                    let before = count.load(Ordering::SeqCst);
                    server.get(path).expect_status(200);
                    (count.load(Ordering::SeqCst) - before < BEFORE_A_LOOK).then_some(())
                });
            }
            if stuck > 0 {
                receiver.wait_for(1, SOON);
            }
            is_over.store(true, Ordering::SeqCst);
            let mut gone = 0;
            while gone < CROWD - stuck {
                gone += one_more_is_told();
            }
            // And when it takes something again, all goes on by itself. What a thread had begun with was waited for,
            // because nobody else knows what becomes of it.
            conn.batch_execute("ROLLBACK").expect("released");
            for _ in 0..stuck {
                let told = answers.recv_timeout(SOON).expect("an answer");
                if told.took < STUCK_MAX {
                    told.answer.expect_status(201);
                } else {
                    is_told_to_come_again(&told.answer);
                }
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
