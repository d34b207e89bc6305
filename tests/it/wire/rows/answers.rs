//! Posts that were answered: in a strange way, with each status, and with when to come again.

use super::{Row, Scene, at};
use crate::support::peer::Peer;
use crate::wire::NOW;
use crate::wire::table::Becomes;
use std::io;
use std::io::Write;
use std::sync::mpsc::channel;
use std::time::Duration;

pub fn strange() -> Vec<Row> {
    let row = |what| Row::named(what, "", Becomes::Published);
    let ok = "HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n{\"media_id\":\"m1\"}";
    let m1 = |row| Row { media: Some("m1"), ..row };
    vec![
        m1(row("200, and the receiver says what it calls the post").answer(ok)),
        m1(row("“Go on” (100) and “hints” (103), then 200").answer(format!(
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n{ok}"
        ))),
        Row { posts: 2, media: Some("m2"), ..row("The same, and then a second post on that connection") }
            .peer(|mut visit| {
                visit.request()?;
                visit.say("HTTP/1.1 100 Continue\r\n\r\n")?;
                std::thread::sleep(Duration::from_millis(100));
                visit.say("HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n{\"media_id\":\"m1\"}")?;
                visit.request()?;
                visit.say("HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n{\"media_id\":\"m2\"}")?;
                visit.hold()
            }),
        Row {
            // Far more than the systems between keep, so that it is being written still.
            body_bytes: 4 << 20,
            ..Row::named(
                "413 when only the beginning of the post is there, and the connection is cut",
                "http_413",
                Becomes::Failed,
            )
            .peer(|mut visit| {
                visit.request_but(8 << 20)?; // the post holds its body twice
                visit.say(with_body("413 Content Too Large", "", ""))?;
                visit.reset()
            })
        },
        m1(row("200 without a length, to the end of the connection").peer(|mut visit| {
            visit.request()?;
            visit.say("HTTP/1.1 200 OK\r\n\r\n")?;
            visit.say("{\"media_id\":")?;
            visit.say("\"m1\"}")
        })),
        Row { posts: 2, ..row("200 by HTTP/1.0, and a second post at once") }.peer(|mut visit| {
            visit.request()?;
            visit.say("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}")?;
            // A server that means to close does not read any more.
            visit.request().map(drop)
        }),
        Row { posts: 2, ..row("200; a second post when the receiver has closed that connection") }.scene(
            || {
                let (tell, closed) = channel();
                let peer = Peer::start(move |mut visit| {
                    visit.request()?;
                    visit.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")?;
                    drop(visit);
                    tell.send(()).map_err(io::Error::other)
                });
                Scene { closed: Some(closed), ..at(peer.url()) }.keeping(peer)
            },
        ),
        row("200, and the rest of the answer is cut off").peer(|mut visit| {
            visit.request_but(1)?;
            visit.say("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")?;
            std::thread::sleep(Duration::from_millis(200));
            visit.reset()
        }),
        row("200, and the rest of the answer does not come").takes(5).peer(|mut visit| {
            visit.request()?;
            visit.say("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")?;
            visit.hold()
        }),
        row("200, and the rest comes a byte at a time").timeout(2).peer(|mut visit| {
            visit.request()?;
            visit.say("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")?;
            visit.drip(&" ".repeat(100), Duration::from_millis(300))
        }),
        row("200 and 100 MB").scene(|| {
            let (tell, taken) = channel();
            let peer = Peer::start(move |mut visit| {
                visit.request()?;
                visit.say("HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n")?;
                let block = vec![b' '; 1 << 16];
                let sent = (0..1600).take_while(|_| visit.say(&block).is_ok()).count();
                tell.send(sent * block.len()).map_err(io::Error::other)
            });
            Scene { taken: Some(taken), ..at(peer.url()) }.keeping(peer)
        }),
        row("200 and a gzip bomb").answer(bomb()),
        row("200 and an HTML page").answer(with_body("200 OK", "", "<!doctype html><title>Welcome</title>")),
        row("200 and JSON that is cut short").answer(with_body("200 OK", "", "{\"media_id\": ")),
        row("200 and JSON of another shape").answer(with_body("200 OK", "", "[{\"media_id\": [1]}]")),
    ]
}

/// A few KB that would be 10 MB of JSON which names the post.
fn bomb() -> Vec<u8> {
    let packed = include_bytes!("../../../support/bomb.json.gz");
    let head =
        format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", packed.len());
    let mut answer = Vec::new();
    answer.write_all(head.as_bytes()).and_then(|()| answer.write_all(packed)).expect("memory");
    answer
}

fn with_body(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
}

/// Rows of one kind of answer: the status line as it is printed, and the code in the log.
fn answers(becomes: Becomes, lines: &[(&'static str, &'static str)]) -> Vec<Row> {
    let row = |(what, code): &(&'static str, &'static str)| {
        Row::named(what, code, becomes).answer(with_body(what, "", ""))
    };
    lines.iter().map(row).collect()
}

pub fn statuses() -> Vec<Row> {
    let no_content = "HTTP/1.1 204 No Content\r\n\r\n";
    [
        answers(Becomes::Published, &[("200 OK", ""), ("201 Created", ""), ("202 Accepted", "")]),
        vec![Row::named("204 No Content", "", Becomes::Published).answer(no_content)],
        answers(
            Becomes::WrongAddress,
            &[
                ("301 Moved Permanently", "http_301"),
                ("302 Found", "http_302"),
                ("307 Temporary Redirect", "http_307"),
                ("308 Permanent Redirect", "http_308"),
                ("403 Forbidden", "http_403"),
                ("404 Not Found", "http_404"),
            ],
        ),
        answers(Becomes::AccountSuspended, &[("401 Unauthorized", "http_401"), ("410 Gone", "http_410")]),
        answers(
            Becomes::Failed,
            &[
                ("400 Bad Request", "http_400"),
                ("405 Method Not Allowed", "http_405"),
                ("409 Conflict", "http_409"),
                ("413 Content Too Large", "http_413"),
                ("422 Unprocessable Content", "http_422"),
            ],
        ),
        answers(
            Becomes::ServerFault,
            &[
                ("408 Request Timeout", "http_408"),
                ("425 Too Early", "http_425"),
                ("500 Internal Server Error", "http_500"),
                ("501 Not Implemented", "http_501"),
                ("520 Web Server Returned an Unknown Error", "http_520"),
                ("600 Nobody knows", "http_600"),
            ],
        ),
        answers(
            Becomes::EndUnseen,
            &[
                ("502 Bad Gateway", "http_502"),
                ("503 Service Unavailable", "http_503"),
                ("504 Gateway Timeout", "http_504"),
                ("101 Switching Protocols", "http_101"),
            ],
        ),
        answers(Becomes::AgainAtNoCost, &[("429 Too Many Requests", "http_429")]),
    ]
    .into_iter()
    .flatten()
    .collect()
}

pub fn waits() -> Vec<Row> {
    let row = |what, status: &str, values: &[&str], becomes| {
        let headers: String = values.iter().map(|value| format!("Retry-After: {value}\r\n")).collect();
        let code = match &status[..3] {
            "429" => "http_429",
            "500" => "http_500",
            "502" => "http_502",
            _ => "http_503",
        };
        Row::named(what, code, becomes).answer(with_body(status, &headers, ""))
    };
    let (busy, asked) = ("503 Service Unavailable", "429 Too Many Requests");
    // 70 seconds after `NOW`.
    const { assert!(NOW == 1_800_000_000) };
    vec![
        row("429 and `Retry-After: 70`", asked, &["70"], Becomes::AgainAfter(70)),
        row("503 and `Retry-After: 70`", busy, &["70"], Becomes::AgainAfter(70)),
        row("… and a date 70 s on", busy, &["Fri, 15 Jan 2027 08:01:10 GMT"], Becomes::AgainAfter(70)),
        row(
            "… and that date in its second form",
            busy,
            &["Friday, 15-Jan-27 08:01:10 GMT"],
            Becomes::AgainAfter(70),
        ),
        row(
            "… and that date in its third form",
            busy,
            &["Fri Jan 15 08:01:10 2027"],
            Becomes::AgainAfter(70),
        ),
        row("… and a date that is past", busy, &["Fri, 15 Jan 2027 07:00:00 GMT"], Becomes::AgainAfter(1)),
        row("… and 0", busy, &["0"], Becomes::AgainAfter(1)),
        row("… and far more than a day", busy, &["99999999999999999999999"], Becomes::AgainAfter(24 * 3600)),
        row(
            "… and a date in a year",
            busy,
            &["Sat, 15 Jan 2028 08:00:00 GMT"],
            Becomes::AgainAfter(24 * 3600),
        ),
        row("… and two values: the longer counts", busy, &["7", "70"], Becomes::AgainAfter(70)),
        row("429 and a negative number: as without", asked, &["-70"], Becomes::AgainAtNoCost),
        row("503 and a negative number: as without", busy, &["-70"], Becomes::EndUnseen),
        row("503 and a word: as without", busy, &["soon"], Becomes::EndUnseen),
        row("500 and `Retry-After: 70`", "500 Internal Server Error", &["70"], Becomes::ServerFaultAfter(70)),
        row("502 and `Retry-After: 70`", "502 Bad Gateway", &["70"], Becomes::EndUnseenAfter(70)),
    ]
}
