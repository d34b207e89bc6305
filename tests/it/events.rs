//! The stream of events: told once they are committed, in order, and again from where a listener left off.

use crate::support::command::Server;
use crate::support::on_both;
use crate::support::postgres::fresh_database;
use crate::support::product::*;
use crate::support::receiver::Answer;
use contenthub::db::connection::{DbConnection, connect};
use contenthub::db::events::{About, KEPT_FOR, tell};
use contenthub::domain::clock::Timestamp;
use contenthub::domain::event::{EventKind, Place};
use contenthub::{App, Settings};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

const EVENTS: &str = "/api/v1/events";

/// What is kept, told at once.
#[track_caller]
fn kept(server: &Server, query: &str) -> Vec<Value> {
    let answer = server.get(&format!("{EVENTS}?follow=false&{query}")).expect_status(200);
    answer.text.lines().filter_map(|line| line.strip_prefix("data: ")).map(read).collect()
}

fn read(json: &str) -> Value {
    serde_json::from_str(json).expect("JSON")
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().expect("a type")).collect()
}

fn place(event: &Value) -> Place {
    event["id"].as_str().expect("an id").parse().expect("a place")
}

/// Somebody who listens.
struct Ear {
    heard: Receiver<Value>,
    /// The server has said that this is the end.
    is_told_the_end: Arc<AtomicBool>,
}

impl Ear {
    /// From now on, or after the event with this id.
    fn listen(server: &Server, token: &str, last: Option<&str>) -> Self {
        let mut stream = TcpStream::connect(server.address()).expect("connected");
        let last = last.map(|id| format!("last-event-id: {id}\r\n")).unwrap_or_default();
        let head = format!(
            "GET {EVENTS} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {token}\r\n{last}\r\n"
        );
        stream.write_all(head.as_bytes()).expect("sent");
        let (tell, heard) = channel();
        let is_told_the_end = Arc::<AtomicBool>::default();
        let ended = is_told_the_end.clone();
        let mut lines = BufReader::new(stream).lines();
        // What is told first comes once it is known where the stream begins.
        let greeted = lines.by_ref().map_while(Result::ok).any(|line| line.starts_with("retry: "));
        assert!(greeted, "no stream");
        thread::spawn(move || {
            // The last chunk has no bytes.
            let lines = lines.map_while(Result::ok).inspect(|line| {
                ended.fetch_or(line == "0", Ordering::SeqCst);
            });
            for event in lines.filter_map(|line| line.strip_prefix("data: ").map(read)) {
                if tell.send(event).is_err() {
                    return;
                }
            }
        });
        Ear { heard, is_told_the_end }
    }

    #[track_caller]
    fn next(&self) -> Value {
        self.heard.recv_timeout(SOON).expect("an event")
    }

    /// Of the kind; others are passed over.
    #[track_caller]
    fn next_of(&self, kind: &str) -> Value {
        loop {
            let event = self.next();
            if event["type"] == kind {
                return event;
            }
        }
    }

    #[track_caller]
    fn ends(&self) {
        loop {
            match self.heard.recv_timeout(SOON) {
                Ok(_) => {}
                Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => panic!("the stream goes on"),
            }
        }
    }
}

fn publish(product: &Product, entry: i64) {
    product.post(&format!("/publish-pool/{entry}/publish?wait=true"), &Value::Null, 200);
}

#[test]
fn what_happens_is_told_in_order_and_again_from_any_place() {
    on_both(|url, dir| {
        let product = Product::start(url, dir).by_hand();
        let blog = product.account("blog");
        let content = product.content("hello");
        let entry = product.add(json!({"content_id": content, "account_id": blog}));
        publish(&product, entry);
        let all = kept(&product.server, "after=0");
        let told = kinds(&all);
        let wanted = [
            "change.task.update",
            "change.account.create",
            "change.content.create",
            "change.entry.add",
            "attempt.published",
        ];
        let mut rest = told.iter();
        for kind in wanted {
            assert!(rest.any(|it| *it == kind), "{kind} is missing, or not in order: {told:?}");
        }
        for pair in all.windows(2) {
            assert!(place(&pair[0]).is_before(place(&pair[1])), "{pair:?}");
        }
        let attempt = all.iter().find(|event| event["type"] == "attempt.published").expect("it is out");
        assert_eq!((&attempt["account_id"], &attempt["data"]["pool_id"]), (&json!(blog), &json!(entry)));
        for (heard, event) in all.iter().enumerate() {
            let rest = kept(&product.server, &format!("after={}", event["id"].as_str().expect("an id")));
            assert_eq!(rest, all[heard + 1..], "after {event}");
        }
        assert_eq!(kept(&product.server, ""), [] as [Value; 0], "from now on");
        assert_eq!(
            kinds(&kept(&product.server, "after=0&types=attempt")),
            ["attempt.not_sent", "attempt.published"]
        );
        let of_blog = kept(&product.server, &format!("after=0&types=change&account_id={blog}"));
        assert_eq!(kinds(&of_blog), ["change.account.create", "change.entry.add", "change.entry.publish"]);
    });
}

#[test]
fn who_listens_hears_it_as_it_happens_and_misses_nothing_when_the_server_dies() {
    on_both(|url, dir| {
        let product = Product::start(url, dir).by_hand();
        let blog = product.account("blog");
        let content = product.content("first");
        let ear = Ear::listen(&product.server, product.server.token(), None);
        let entry = product.add(json!({"content_id": content, "account_id": blog}));
        publish(&product, entry);
        let out = ear.next_of("attempt.published");
        assert_eq!(out["data"]["pool_id"], entry);
        let Product { cli, server, receiver: _receiver } = product;
        let token = server.token().to_owned();
        server.kill();
        ear.ends();
        cli.ok(&["content", "create", "--title", "meanwhile", "--body", "x"]);
        let server = Server::start(&cli, &[]);
        let ear = Ear::listen(&server, &token, out["id"].as_str());
        ear.next_of("change.content.create");
    });
}

#[test]
fn each_hears_of_his_accounts_alone_and_nobody_who_did_it() {
    on_both(|url, dir| {
        let product = Product::start(url, dir).by_hand();
        let (blog, other) = (product.account("blog"), product.account("other"));
        for account in [blog, other] {
            let content = product.content("x");
            publish(&product, product.add(json!({"content_id": content, "account_id": account})));
        }
        let token =
            |body: Value| product.post("/tokens", &body, 201)["token"].as_str().expect("a token").to_owned();
        let heard = |token: &str| -> Vec<Value> {
            let head = [("authorization", &*format!("Bearer {token}"))];
            let answer = product.server.send("GET", &format!("{EVENTS}?after=0&follow=false"), &head, b"");
            let answer = answer.expect_status(200);
            assert!(!answer.text.contains("admin-"), "who did it is told: {}", answer.text);
            answer.text.lines().filter_map(|line| line.strip_prefix("data: ")).map(read).collect()
        };
        // On PostgreSQL nothing is told before what comes before it, also of others' databases, is over.
        let own_token = token(json!({"name": "own", "role": "viewer", "account_ids": [other]}));
        let own = crate::support::app::eventually("all is told", || {
            let own = heard(&own_token);
            own.iter().any(|event| event["type"] == "attempt.published").then_some(own)
        });
        let told = ["change.account.create", "change.entry.add", "attempt.not_sent", "change.entry.publish"];
        assert_eq!(
            kinds(&own),
            [&told[..], &["attempt.published"]].concat(),
            "the third is that a person wants it now"
        );
        assert!(own.iter().all(|event| event["account_id"] == other), "{own:?}");
        let all = heard(&token(json!({"name": "all", "role": "viewer"})));
        assert!(kinds(&all).contains(&"change.content.create") && all.len() > 2 * own.len(), "{all:?}");
    });
}

#[test]
fn a_stream_ends_when_its_token_is_revoked_or_the_server_stops() {
    let dir = tempfile::tempdir().expect("a folder");
    let url = contenthub::db::database_url::DatabaseUrl::in_data_dir(dir.path());
    let product = Product::start(&url, dir.path()).by_hand();
    let made = product.post("/tokens", &json!({"name": "short", "role": "viewer"}), 201);
    let ear = Ear::listen(&product.server, made["token"].as_str().expect("a token"), None);
    let stays = Ear::listen(&product.server, product.server.token(), None);
    product.delete(&format!("/tokens/{}", id(&made)), 204);
    ear.ends();
    stays.next_of("change.token.revoke");
    let (ended, printed) = product.server.terminate(Duration::from_secs(10));
    assert!(ended.success(), "{printed}");
    stays.ends();
    assert!(stays.is_told_the_end.load(Ordering::SeqCst), "it was cut off");
}

#[test]
fn what_happens_by_itself_is_told_too() {
    on_both(|url, dir| {
        let product = Product::start(url, dir);
        let [closed, down] = ["closed", "down"].map(|name| product.account(name));
        product.receiver.on_path("/closed", [Answer::status(401)]);
        let ear = Ear::listen(&product.server, product.server.token(), None);
        let content = product.content("x");
        product.add(json!({"content_id": content, "account_id": closed}));
        let suspended = ear.next_of("account.suspended");
        assert_eq!(suspended["account_id"], closed);
        assert!(suspended["data"]["reason"].as_str().is_some_and(|why| why.contains("401")), "{suspended}");
        product.receiver.on_path("/down", [Answer::status(503), Answer::status(503), Answer::status(503)]);
        for title in ["1", "2", "3"] {
            let content = product.content(title);
            product.add(json!({"content_id": content, "account_id": down}));
        }
        assert_eq!(ear.next_of("lane.down")["account_id"], down);
        assert!(ear.next_of("run.ended")["data"]["execution_id"].is_i64());
    });
}

#[test]
fn a_place_that_never_was_is_refused() {
    on_both(|url, dir| {
        let product = Product::start(url, dir).by_hand();
        for wrong in ["x", "1.2", "0.999999.0"] {
            let answer = product.server.get(&format!("{EVENTS}?after={wrong}")).expect_status(400);
            assert_eq!(answer.body["code"], "unknown_event_id", "{}", answer.text);
        }
    });
}

/// Who took an id first may commit last: nothing is told that something may still come before.
#[test]
fn on_postgresql_nothing_is_told_before_what_comes_before_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let url = fresh_database();
    let product = Product::start(&url, dir.path()).by_hand();
    let ear = Ear::listen(&product.server, product.server.token(), None);
    let add = |kind: &str| format!("INSERT INTO events (at, kind) VALUES (0, '{kind}')");
    let [mut slow, mut quick] = [(); 2].map(|()| connect(&url).expect("connected"));
    slow.batch_execute(&format!("SET idle_in_transaction_session_timeout = 0; BEGIN; {}", add("lane.down")))
        .expect("begun");
    quick.batch_execute(&add("lane.up")).expect("committed");
    // As long as several looks.
    let early = ear.heard.recv_timeout(Duration::from_secs(1));
    assert!(early.is_err(), "{early:?} is told before what comes before it");
    slow.batch_execute("COMMIT").expect("committed");
    assert_eq!([ear.next(), ear.next()].map(|event| event["type"].clone()), ["lane.down", "lane.up"]);
}

#[test]
fn what_is_older_than_a_week_goes_when_something_comes() {
    on_both(|url, dir| {
        App::open(Settings { database: url.clone(), ..Settings::in_dir(dir).expect("settings") })
            .expect("opened");
        let mut conn = connect(url).expect("connected");
        let now = Timestamp::from_micros(1_000_000_000_000_000);
        let at =
            |conn: &mut DbConnection, at| tell(conn, EventKind::LaneUp, About::default(), at).expect("told");
        let count = |conn: &mut DbConnection| -> i64 {
            use contenthub::db::schema::events::dsl;
            dsl::events.count().get_result(conn).expect("counted")
        };
        for age in [KEPT_FOR * 3, KEPT_FOR * 2, KEPT_FOR] {
            at(&mut conn, now - age);
        }
        assert_eq!(count(&mut conn), 2, "that of three weeks was a week older than the next one but one");
        at(&mut conn, now);
        assert_eq!(count(&mut conn), 2);
        at(&mut conn, now + Duration::from_secs(1));
        assert_eq!(count(&mut conn), 2, "a week is kept");
    });
}

/// Whoever listens for one account hears of what was added there with others.
#[test]
fn a_batch_is_told_of_each_account() {
    on_both(|url, dir| {
        let product = Product::start(url, dir).by_hand();
        let [blog, news] = ["blog", "news"].map(|name| product.account(name));
        let to =
            |account: i64, title: &str| json!({"content_id": product.content(title), "account_id": account});
        let items =
            json!([to(blog, "a"), to(news, "b"), to(blog, "c"), {"content_id": 999, "account_id": blog}]);
        let body = json!({"items": items, "on_conflict": "skip"});
        let added = product.post("/publish-pool/batch-add", &body, 201);
        let batches = |query: &str| -> Vec<Value> {
            let events = kept(&product.server, query);
            events.into_iter().filter(|event| event["type"] == "change.pool.batch_add").collect()
        };
        assert_eq!(batches("after=0").len(), 3, "the whole, and a row for each");
        for account in [blog, news] {
            let told = batches(&format!("after=0&account_id={account}"));
            let [only] = told.as_slice() else { panic!("{told:#?}") };
            assert_eq!(
                (&only["account_id"], &only["data"]["resource_id"]),
                (&json!(account), &json!(account))
            );
        }
        // Which they are is in the audit.
        let rows = product.get(&format!("/audit?resource=account&id={blog}"));
        let after = &rows["items"][0]["after"];
        assert_eq!(
            [&after["first_id"], &after["last_id"]],
            [&added["items"][0]["id"], &added["items"][2]["id"]]
        );
    });
}
