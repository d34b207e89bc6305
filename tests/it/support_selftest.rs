//! What the other tests believe of their support, seen to be so.

use crate::support::on_both;
use crate::support::postgres::fresh_database;
use crate::support::receiver::{Answer, Receiver};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(10);

/// Sends a post on a connection of its own, and gives all that comes back.
fn post(receiver: &Receiver, path: &str, id: &str, title: &str) -> String {
    let body = format!("{{\"data\":{{\"title\":\"{title}\"}}}}");
    let mut stream = TcpStream::connect(("127.0.0.1", receiver.port())).expect("the receiver listens");
    stream.set_read_timeout(Some(SOON)).expect("a time-out");
    let length = body.len();
    let head =
        format!("POST {path} HTTP/1.1\r\nWebhook-Id: {id}\r\nConnection: close\r\nContent-Length: {length}");
    stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the connection is closed");
    answer
}

#[test]
fn the_receiver_counts_what_arrives() {
    let receiver = Receiver::start();
    assert!(post(&receiver, "/hook", "a", "One").starts_with("HTTP/1.1 200 "));
    post(&receiver, "/hook", "a", "One");
    post(&receiver, "/else", "b", "Two");
    let posts = receiver.wait_for(3, SOON);
    assert_eq!(
        (posts[2].path.as_str(), posts[2].title(), posts[2].status),
        ("/else", Some("Two"), Some(200))
    );
    assert_eq!(
        receiver.by_webhook_id().into_iter().collect::<Vec<_>>(),
        [("a".to_owned(), 2), ("b".to_owned(), 1)]
    );
}

#[test]
fn the_receiver_follows_its_script() {
    let receiver = Receiver::start();
    receiver.on_path(
        "/down",
        [Answer::status(503).header("Retry-After", "7"), Answer::published("m1", "http://x/")],
    );
    receiver.on_title("closes", [Answer::close()]);
    receiver.on_title("is cut", [Answer::status(200).body("half").cut()]);
    let first = post(&receiver, "/down", "a", "x");
    assert!(first.starts_with("HTTP/1.1 503 ") && first.contains("Retry-After: 7\r\n"), "{first}");
    assert!(post(&receiver, "/down", "a", "x").contains("\"m1\""));
    assert!(post(&receiver, "/down", "a", "x").contains("\"m1\""), "the last answer stays");
    assert_eq!(post(&receiver, "/down", "b", "closes"), "");
    let cut = post(&receiver, "/down", "c", "is cut");
    assert!(cut.contains("content-length: 68\r\n") && cut.ends_with("\r\n\r\nhalf"), "{cut}");
    assert_eq!(receiver.posts()[3].status, None);
}

#[test]
fn the_receiver_holds_many_requests_until_they_are_released() {
    let receiver = Receiver::start();
    receiver.on_path("/held", [Answer::status(200).held()]);
    std::thread::scope(|threads| {
        let waiting: Vec<_> = (0..200)
            .map(|n| {
                threads.spawn({
                    let r = &receiver;
                    move || post(r, "/held", &n.to_string(), "x")
                })
            })
            .collect();
        receiver.wait_for(200, SOON);
        assert_eq!(receiver.most_at_once(), 200);
        assert!(waiting.iter().all(|thread| !thread.is_finished()));
        receiver.release();
        assert!(waiting.into_iter().all(|thread| thread.join().is_ok_and(|answer| answer.contains(" 200 "))));
    });
}

#[test]
fn each_database_is_a_new_one() {
    assert_ne!(fresh_database(), fresh_database());
}

#[test]
#[should_panic(expected = "on both")]
fn a_test_that_fails_on_a_database_fails() {
    on_both(|_, _| panic!("on both"));
}
