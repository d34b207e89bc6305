//! What one client may cost: each limit has its answer, and whoever keeps to it is served.

use crate::support::app::eventually;
use crate::support::command::{Cli, Server};
use crate::support::http_message::Message;
use crate::support::on_both;
use crate::support::product::SOON;
use crate::support::raw::{Raw, get, status};
use contenthub::db::connection::connect;
use contenthub::db::database_url::DatabaseUrl;
use diesel::connection::SimpleConnection;
use serde_json::{Value, json};
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

fn server(dir: &Path, settings: &[(&str, &str)]) -> Server {
    let cli = settings.iter().fold(Cli::in_dir(dir), |cli, (name, value)| {
        cli.env(&format!("CONTENTHUB_{}", name.to_uppercase()), value)
    });
    Server::start_as_admin(&cli, &[])
}

#[track_caller]
fn is_problem(answer: &Message, expected: u16, code: &str) -> Value {
    assert_eq!(status(answer), expected, "{}", String::from_utf8_lossy(&answer.body));
    assert_eq!(answer.headers.get("content-type").map(String::as_str), Some("application/problem+json"));
    let body: Value = serde_json::from_slice(&answer.body).expect("JSON");
    assert_eq!((&body["code"], &body["status"]), (&json!(code), &json!(expected)), "{body}");
    body
}

fn post(server: &Server, length: &str) -> String {
    let token = server.token();
    format!("POST /api/v1/contents HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n{length}\r\n\r\n")
}

/// The first head of a connection and every later one; a body; and nothing at all.
#[test]
fn whoever_does_not_come_to_an_end_is_cut_and_told() {
    let dir = tempfile::tempdir().expect("a folder");
    let server = server(dir.path(), &[("head_max_seconds", "3"), ("body_max_seconds", "1")]);
    let address = server.address();
    let half = "GET /healthz HTTP/1.1\r\nhost: x\r\nx-slow: ";

    let mut first = Raw::connect(address);
    first.say(half);
    let mut second = Raw::connect(address);
    second.say(get("/healthz", ""));
    assert_eq!(second.status(), 200);
    second.say(half);
    // A head whose beginning came together with the request before it.
    let mut third = Raw::connect(address);
    third.say(get("/healthz", "") + half);
    assert_eq!(third.status(), 200);
    third.say("x");
    let silent = Raw::connect(address);
    for mut slow in [first, second, third] {
        let answer = slow.answer().expect("told").expect("told before the end");
        is_problem(&answer, 408, "slow_request");
        assert_eq!(answer.headers.get("connection").map(String::as_str), Some("close"));
        slow.ends();
    }
    silent.ends();
    // As many bytes as it likes, one at a time, but they do not help.
    let mut dripping = Raw::connect(address);
    dripping.say(get("/healthz", ""));
    assert_eq!(dripping.status(), 200);
    dripping.say(half);
    eventually("it is cut", || {
        sleep(Duration::from_millis(20));
        dripping.try_say("x").err()
    });

    let mut body = Raw::connect(address);
    body.say(post(&server, "content-length: 100"));
    body.say("{\"title\":");
    is_problem(&body.answer().expect("told").expect("told"), 408, "slow_request");
    let mut chunks = Raw::connect(address);
    chunks.say(post(&server, "transfer-encoding: chunked"));
    chunks.say("5\r\n{\"tit\r\n");
    is_problem(&chunks.answer().expect("told").expect("told"), 408, "slow_request");
    // Whoever takes its time between requests, but not for one, is served.
    let mut calm = Raw::connect(address);
    for _ in 0..3 {
        calm.say(get("/healthz", ""));
        assert_eq!(calm.status(), 200);
        sleep(Duration::from_millis(700));
    }
}

/// Also where they come in one packet with the head, before anybody here has begun to read them.
#[test]
fn chunks_that_cannot_be_read_are_told_and_nothing_is_done() {
    let dir = tempfile::tempdir().expect("a folder");
    let server = server(dir.path(), &[]);
    let head = post(&server, "transfer-encoding: chunked");
    let whole = json!({"title": "x", "body": "x"}).to_string();
    let whole = format!("{:x}\r\n{whole}\r\n", whole.len());
    let rest = ["zz\r\n".to_owned(), whole.clone() + "zz\r\n"];
    let is_told = |mut asking: Raw| {
        is_problem(&asking.answer().expect("told").expect("told before the end"), 400, "bad_body");
        asking.ends();
    };
    for rest in &rest {
        let mut together = Raw::connect(server.address());
        together.say(head.clone() + rest);
        is_told(together);
        let mut one_by_one = Raw::connect(server.address());
        one_by_one.say(&head);
        one_by_one.say(rest);
        is_told(one_by_one);
    }
    // Whoever may not ask is told that, and nothing else.
    let mut stranger = Raw::connect(server.address());
    stranger.say(head.replace("Bearer cht_", "Bearer cht_0") + &rest[0]);
    assert_eq!(stranger.status(), 401);
    stranger.ends();
    assert_eq!(server.get("/api/v1/contents").expect_status(200).body["total"], 0);
    let mut right = Raw::connect(server.address());
    right.say(head + &whole + "0\r\n\r\n");
    assert_eq!(right.status(), 201);
}

/// What was done is not told to have been refused: the connection ends without a word on it.
#[test]
fn chunks_that_cannot_be_read_refuse_nothing_that_came_before_them() {
    let dir = tempfile::tempdir().expect("a folder");
    let server = server(dir.path(), &[]);
    let body = json!({"title": "x", "body": "x"}).to_string();
    let head = post(&server, "transfer-encoding: chunked");
    let database = DatabaseUrl::Sqlite(dir.path().join("data/contenthub.db"));
    let mut writer = connect(&database).expect("connected");
    writer.batch_execute("BEGIN IMMEDIATE").expect("nobody else writes");
    let mut pipelined = Raw::connect(server.address());
    pipelined.say(format!("{head}{:x}\r\n{body}\r\n0\r\n\r\n", body.len()));
    for _ in 0..20 {
        server.get("/api/v1/contents").expect_status(200);
    }
    pipelined.say(head + "zz\r\n");
    let answer = pipelined.answer().expect("the end");
    writer.batch_execute("ROLLBACK").expect("done");
    let total = || server.get("/api/v1/contents").expect_status(200).body["total"].clone();
    assert!(answer.is_none(), "it had begun to be written: {}", answer.expect("an answer").start);
    eventually("it is written all the same", || (total() == 1).then_some(()));
}

/// A client that reads nothing of what it asked for gives its connection back.
#[test]
fn whoever_takes_no_answer_is_cut() {
    let dir = tempfile::tempdir().expect("a folder");
    let settings = [("answer_stall_seconds", "1"), ("connections_max", "2")];
    let server = server(dir.path(), &settings);
    for number in 0..10 {
        let long = json!({"title": format!("{number}"), "body": "x".repeat(2_000_000)});
        server.post("/api/v1/contents", &long).expect_status(201);
    }
    let mut asking = Raw::connect(server.address());
    let token = format!("authorization: Bearer {}\r\n", server.token());
    // More than the buffers of both systems hold.
    asking.say(get("/api/v1/contents", &token));
    let mut other = Raw::connect(server.address());
    other.say(get("/healthz", ""));
    assert_eq!(other.status(), 200);
    eventually("its place is free", || {
        let mut third = Raw::connect(server.address());
        third.say(get("/healthz", ""));
        (third.status() == 200).then_some(())
    });
    assert!(asking.rest().len() < 20_000_000);
}

#[test]
fn a_head_is_as_large_as_it_may_be_and_no_larger() {
    let dir = tempfile::tempdir().expect("a folder");
    let server = server(dir.path(), &[("head_max_bytes", "2000"), ("head_max_fields", "10")]);
    let ask = |request: String| {
        let mut asking = Raw::connect(server.address());
        // It may answer before it has read it all.
        let _ = asking.try_say(request);
        asking.answer().expect("an answer").expect("an answer before the end")
    };
    let filler = |bytes: usize| format!("x-filler: {}\r\n", "x".repeat(bytes));
    assert_eq!(status(&ask(get("/healthz", &filler(1900)))), 200);
    let told = is_problem(&ask(get("/healthz", &filler(2000))), 431, "head_too_large");
    assert!(told["detail"].as_str().is_some_and(|detail| detail.contains("it may have 2000")), "{told}");
    is_problem(&ask(get(&format!("/healthz?{}", "x".repeat(2000)), "")), 431, "head_too_large");
    let fields = |count: usize| (0..count).map(|n| format!("x-{n}: y\r\n")).collect::<String>();
    assert_eq!(status(&ask(get("/healthz", &fields(9)))), 200);
    is_problem(&ask(get("/healthz", &fields(10))), 431, "head_too_large");
    // What is beyond all measure is not even read to its end.
    is_problem(&ask(get("/healthz", &fields(100))), 431, "head_too_large");
    is_problem(&ask(get("/healthz", &filler(140_000))), 431, "head_too_large");
    for nonsense in ["NONSENSE\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nhost: x\r\n: y\r\n\r\n"]
    {
        let answer = ask(nonsense.to_owned());
        is_problem(&answer, 400, "bad_request");
        assert_eq!(answer.headers.get("x-content-type-options").map(String::as_str), Some("nosniff"));
        let mut later = Raw::connect(server.address());
        later.say(get("/healthz", ""));
        assert_eq!(later.status(), 200);
        later.say(nonsense);
        is_problem(&later.answer().expect("told").expect("told"), 400, "bad_request");
    }
}

/// What is small and would be large in memory is refused before it is there.
#[test]
fn json_is_as_deep_and_as_manifold_as_it_may_be_and_no_more() {
    on_both(|url, dir| {
        let cli = Cli::on(dir, url).env("CONTENTHUB_JSON_VALUES_MAX", "1000");
        let server = Server::start_as_admin(&cli, &[]);
        let send =
            |headers: &[(&str, &str)], body: &[u8]| server.send("POST", "/api/v1/contents", headers, body);
        let deep =
            |levels: usize| format!("{{\"x\":\n{}1{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1));
        assert_eq!(send(&[], deep(64).as_bytes()).status, 422, "as deep as it may be");
        for levels in [65, 10_000, 1_000_000] {
            let answer = send(&[], deep(levels).as_bytes()).expect_status(400);
            assert_eq!(answer.body["code"], "json_too_deep", "{}", answer.text);
            assert_eq!((&answer.body["line"], &answer.body["column"]), (&json!(2), &json!(64)));
        }
        for many in [format!("[{}1]", "1,".repeat(1000)), format!("[{}{{}}]", "{\"\":0},".repeat(400_000))] {
            let answer = send(&[], many.as_bytes()).expect_status(413);
            assert_eq!(answer.body["code"], "json_too_large", "{}", answer.text);
        }
        let broken = send(&[], b"{\"title\": \"x\",\n  nonsense}").expect_status(400);
        assert_eq!((&broken.body["code"], &broken.body["line"]), (&json!("not_json"), &json!(2)));
        assert_eq!(broken.body["column"], 3, "{}", broken.text);
        // A bomb is never unpacked.
        let bomb = include_bytes!("../support/bomb.json.gz");
        let answer = send(&[("content-encoding", "gzip")], bomb).expect_status(415);
        assert_eq!(answer.body["code"], "unsupported_encoding", "{}", answer.text);
        let plain = json!({"title": "plain", "body": "x"}).to_string();
        assert_eq!(send(&[("content-encoding", "identity")], plain.as_bytes()).status, 201);
    });
}

#[test]
fn connections_beyond_the_most_are_told_so_and_have_a_place_when_others_leave() {
    let dir = tempfile::tempdir().expect("a folder");
    let settings = [("connections_max", "3"), ("head_max_seconds", "600"), ("keep_alive_seconds", "2")];
    let server = server(dir.path(), &settings);
    let idle: Vec<Raw> = (0..3)
        .map(|_| {
            let mut asking = Raw::connect(server.address());
            asking.say(get("/healthz", ""));
            assert_eq!(asking.status(), 200);
            asking.say("GET ");
            asking
        })
        .collect();
    for _ in 0..20 {
        let mut refused = Raw::connect(server.address());
        refused.say(get("/healthz", ""));
        let answer = refused.answer().expect("told").expect("told");
        is_problem(&answer, 503, "too_many_connections");
        assert_eq!(answer.headers.get("retry-after").map(String::as_str), Some("1"));
    }
    let told = server.stderr().matches("all 3 connections are taken").count();
    assert_eq!(told, 1, "the log is not filled by whoever comes in vain: {}", server.stderr());
    drop(idle);
    let mut kept = eventually("there is a place", || {
        let mut asking = Raw::connect(server.address());
        asking.say(get("/healthz", ""));
        (asking.status() == 200).then_some(asking)
    });
    // An idle one is used again, and ends by itself.
    kept.say(get("/healthz", ""));
    assert_eq!(kept.status(), 200);
    let since = Instant::now();
    kept.ends();
    assert!(since.elapsed() >= Duration::from_secs(1), "it was kept for a while: {:?}", since.elapsed());
}

/// Off, unless it is set; then each token has its own count, and learns when it may go on.
#[test]
fn a_token_that_asks_too_often_waits_and_the_others_do_not() {
    on_both(|url, dir| {
        let cli = Cli::on(dir, url);
        let unlimited = Server::start_as_admin(&cli, &[]);
        (0..100).for_each(|_| drop(unlimited.get("/api/v1/tokens").expect_status(200)));
        unlimited.terminate(SOON);

        let mut server =
            Server::start_as_admin(&cli.clone().env("CONTENTHUB_REQUESTS_PER_MINUTE", "30"), &[]);
        let answers: Vec<_> = (0..60).map(|_| server.get("/api/v1/tokens")).collect();
        let refused: Vec<_> = answers.iter().filter(|it| it.status == 429).collect();
        let served = answers.iter().filter(|it| it.status == 200).count();
        assert!((30..60).contains(&served) && served + refused.len() == 60, "{served} were served");
        let told = refused[0];
        assert_eq!(told.body["code"], "too_many_requests", "{}", told.text);
        let wait = told.headers.get("retry-after").and_then(|wait| wait.parse::<u64>().ok());
        assert!(wait.is_some_and(|wait| (1..=2).contains(&wait)), "{:?}", told.headers);
        assert_eq!(server.get("/healthz").status, 200);
        server.use_token(&cli.token("viewer"));
        server.get("/api/v1/accounts").expect_status(200);
        eventually("the count is forgiven with time", || {
            (server.get("/api/v1/accounts").status == 200).then_some(())
        });
    });
}
