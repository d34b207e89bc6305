//! What can happen on a wire, row by row, each with a peer that does exactly that.

use super::NOW;
use super::table::{Becomes, Group};
use crate::support::peer::{Nowhere, Peer, Visit, free_port};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection};
use std::any::Any;
use std::io;
use std::io::Write;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// Where a row's posts go, and what has to be there meanwhile.
pub struct Scene {
    pub url: String,
    /// Where the crowd goes.
    pub crowded_url: Option<String>,
    /// Tells that the peer has closed the connection, where the next post waits for that.
    pub closed: Option<Receiver<()>>,
    /// Tells how many bytes of its answer the peer could send, where that counts.
    pub taken: Option<Receiver<usize>>,
    _kept: Vec<Box<dyn Any>>,
}

pub struct Row {
    /// As the guide says it.
    pub what: &'static str,
    /// In the log; empty where nothing went wrong.
    pub code: &'static str,
    pub becomes: Becomes,
    /// What the receiver calls the post, where it is not our key.
    pub media: Option<&'static str>,
    pub timeout_seconds: u64,
    /// How long it may take, and must.
    pub takes: RangeInclusive<Duration>,
    pub body_bytes: usize,
    /// How often it is posted; what becomes of the last one counts, and the others go well.
    pub posts: usize,
    /// How many other posts are under way.
    pub crowd: usize,
    pub scene: Box<dyn Fn() -> Scene + Send + Sync>,
}

impl Default for Row {
    fn default() -> Self {
        Row {
            what: "",
            code: "",
            becomes: Becomes::Published,
            media: None,
            timeout_seconds: 20,
            takes: Duration::ZERO..=Duration::from_secs(19),
            body_bytes: 100,
            posts: 1,
            crowd: 0,
            scene: Box::new(|| at("http://127.0.0.1/".to_owned())),
        }
    }
}

impl Row {
    fn named(what: &'static str, code: &'static str, becomes: Becomes) -> Self {
        Row { what, code, becomes, ..Row::default() }
    }

    /// At a peer that does this with each connection.
    fn peer(self, script: impl Fn(Visit) -> io::Result<()> + Clone + Send + Sync + 'static) -> Self {
        self.scene(move || {
            let peer = Peer::start(script.clone());
            at(peer.url()).keeping(peer)
        })
    }

    /// At a peer that answers so.
    fn answer(self, answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        self.scene(move || {
            let peer = Peer::answering(answer.clone());
            at(peer.url()).keeping(peer)
        })
    }

    /// At a peer that does this with each connection, asked over TLS.
    fn tls(self, script: impl Fn(Visit) -> io::Result<()> + Clone + Send + Sync + 'static) -> Self {
        self.scene(move || {
            let peer = Peer::start(script.clone());
            at(format!("https://localhost:{}/hook", peer.port())).keeping(peer)
        })
    }

    fn scene(self, scene: impl Fn() -> Scene + Send + Sync + 'static) -> Self {
        Row { scene: Box::new(scene), ..self }
    }

    /// Is given up after this many seconds, and not much later.
    fn timeout(self, seconds: u64) -> Self {
        Row { timeout_seconds: seconds, ..self.takes(seconds) }
    }

    /// Ends after this many seconds, and not much later.
    fn takes(self, seconds: u64) -> Self {
        Row { takes: Duration::from_secs(seconds)..=Duration::from_secs(seconds + 4), ..self }
    }
}

fn at(url: String) -> Scene {
    Scene { url, crowded_url: None, closed: None, taken: None, _kept: Vec::new() }
}

impl Scene {
    fn keeping(mut self, what: impl Any) -> Self {
        self._kept.push(Box::new(what));
        self
    }
}

pub fn all() -> Vec<Group> {
    vec![
        Group { title: "Nothing of the post was sent", rows: nothing_left() },
        Group { title: "It was sent, and no answer was seen", rows: end_unseen() },
        Group { title: "An answer came, of a strange kind", rows: strange() },
        Group { title: "An answer came: what each status means", rows: statuses() },
        Group { title: "The receiver asks to wait", rows: waits() },
    ]
}

fn nothing_left() -> Vec<Row> {
    let row = |what, code| Row::named(what, code, Becomes::AgainAtNoCost);
    let refused = |what| Row::named(what, "address_refused", Becomes::AccountSuspended);
    vec![
        refused("The address is of a private network, and the setting `outbound_allow` does not name it")
            .scene(|| at("http://10.255.255.1/hook".to_owned())),
        refused("… written as a number").scene(|| at("http://184549121/hook".to_owned())),
        refused("… over TLS").scene(|| at("https://10.255.255.1/hook".to_owned())),
        row("The receiver's name is not known (DNS)", "dns")
            .scene(|| at("http://no-such-name.invalid/hook".to_owned())),
        row("Nobody listens there: the connection is refused", "refused")
            .scene(|| at(format!("http://127.0.0.1:{}/", free_port()))),
        row("No connection is made in its time (10 s of the whole)", "connect_timeout").takes(10).scene(
            || {
                let nowhere = Nowhere::new();
                at(nowhere.url()).keeping(nowhere)
            },
        ),
        row("No connection is made in the time of the whole", "connect_timeout").timeout(1).scene(|| {
            let nowhere = Nowhere::new();
            at(nowhere.url()).keeping(nowhere)
        }),
        row("All our connections are in use, and none gets free in time", "no_free_connection")
            .timeout(1)
            .crowded(2048),
        row("TLS: the receiver speaks plain text", "tls").tls(|mut visit| {
            visit.say("HTTP/1.1 400 Bad Request\r\n\r\n")?;
            visit.hold()
        }),
        row("TLS: nobody vouches for the receiver's certificate", "tls").tls(with_own_certificate),
        row("TLS: the receiver closes the connection", "tls").tls(|visit| visit.reset()),
        row("TLS: the receiver says nothing", "connect_timeout").timeout(1).tls(Visit::hold),
    ]
}

impl Row {
    fn crowded(self, crowd: usize) -> Self {
        let row = self.scene(|| {
            let nowhere = Nowhere::new();
            let peer = Peer::answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            Scene { crowded_url: Some(nowhere.url()), ..at(peer.url()) }.keeping(nowhere).keeping(peer)
        });
        Row { crowd, ..row }
    }
}

fn with_own_certificate(mut visit: Visit) -> io::Result<()> {
    let certificate = include_bytes!("../../support/tls/cert.pem");
    let certificate = CertificateDer::from_pem_slice(certificate).map_err(io::Error::other)?;
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("../../support/tls/key.pem"));
    let config = ServerConfig::builder().with_no_client_auth();
    let config = config.with_single_cert(vec![certificate], key.map_err(io::Error::other)?);
    let mut tls =
        ServerConnection::new(Arc::new(config.map_err(io::Error::other)?)).map_err(io::Error::other)?;
    tls.complete_io(&mut visit.stream)?;
    visit.hold()
}

fn end_unseen() -> Vec<Row> {
    let row = |what, code| Row::named(what, code, Becomes::EndUnseen);
    vec![
        row("The receiver cuts the connection before it has read anything", "connection_lost")
            .peer(Visit::reset),
        Row {
            body_bytes: 1 << 20,
            ..row("It cuts the connection when it has read half of the post", "connection_lost").peer(
                |mut visit| {
                    visit.request_but(512 << 10)?;
                    visit.reset()
                },
            )
        },
        row("It takes the whole post and closes the connection", "connection_lost")
            .peer(|mut visit| visit.request().map(drop)),
        row("It takes the whole post and says nothing", "timeout").timeout(1).peer(|mut visit| {
            visit.request()?;
            visit.hold()
        }),
        row("It cuts the connection while it answers", "connection_lost").peer(|mut visit| {
            visit.request_but(1)?;
            visit.say("HTTP/1.1 200 OK\r\nContent-")?;
            visit.reset()
        }),
        row("Its answer ends before the headers do", "connection_lost").peer(|mut visit| {
            visit.request()?;
            visit.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n")
        }),
        row("It says “go on” (100), and then nothing", "timeout").timeout(1).peer(|mut visit| {
            visit.request()?;
            visit.say("HTTP/1.1 100 Continue\r\n\r\n")?;
            visit.hold()
        }),
        row("Its answer comes a byte at a time, and not in time", "timeout").timeout(2).peer(|mut visit| {
            visit.request()?;
            visit.drip(
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-More: to come\r\n\r\nok",
                Duration::from_millis(300),
            )
        }),
        row("What it answers is no HTTP", "bad_answer").answer("220 mail.example ESMTP\r\n"),
        row("Its answer has headers without end", "bad_answer").peer(|mut visit| {
            visit.request()?;
            visit.say("HTTP/1.1 200 OK\r\n")?;
            loop {
                visit.say("X-More: and more\r\n".repeat(100))?;
            }
        }),
    ]
}

fn strange() -> Vec<Row> {
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
    let packed = include_bytes!("../../support/bomb.json.gz");
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

fn statuses() -> Vec<Row> {
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

fn waits() -> Vec<Row> {
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
