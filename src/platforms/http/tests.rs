//! What only tests within the program can reach: a trusted receiver over TLS, the moment of the first byte, one
//! connection of a pool. What receivers do otherwise is in `tests/it/wire.rs`.

mod dialling;

use super::gate::Gate;
use super::line::Socket;
use super::wire::Wire;
use super::*;
use crate::domain::clock::{Clock, Timestamp};
use crate::domain::outbound::OutboundAllow;
use crate::domain::trust::TrustWindow;
use actix_rt::net::TcpStream;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use std::future::poll_fn;
use std::io::{Read, Write};
use std::net::{self, TcpListener};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Receiver};
use tokio::io::AsyncWrite;

const LONG: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(200);

/// A server; each connection is a call.
fn server(behaviour: impl Fn(net::TcpStream) + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            behaviour(stream.expect("a connection"));
        }
    });
    port
}

/// Reads one request to the word that ends it; none where the connection ends before.
fn request(stream: &mut impl Read) -> Option<String> {
    let (mut got, mut part) = (Vec::new(), [0; 4096]);
    while !got.ends_with(b"tail") {
        let read = stream.read(&mut part).ok().filter(|read| *read > 0)?;
        got.extend_from_slice(&part[..read]);
    }
    String::from_utf8(got).ok()
}

fn a_post(url: &str, time: Duration) -> Request<'_> {
    let headers = vec![("content-type", "application/json".to_owned())];
    let (body, trust) = (b"{} tail".to_vec(), Some(trusted_for(u32::MAX)));
    Request {
        url,
        headers,
        body: body.into(),
        time,
        trust,
        unix_seconds: 1_000,
        answer_max: ANSWER_MAX_BYTES,
    }
}

/// A clock that jumps far ahead when it has been asked so often.
struct Jumps {
    left: AtomicU32,
}

impl Clock for Jumps {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(0)
    }

    fn monotonic(&self) -> Duration {
        let left = self.left.load(Ordering::SeqCst);
        self.left.store(left.saturating_sub(1), Ordering::SeqCst);
        if left > 0 { Duration::ZERO } else { Duration::MAX }
    }

    fn sleep(&self, _: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(std::future::pending())
    }
}

/// A claim that is trusted so many times when it is asked for, and never again.
fn trusted_for(times: u32) -> Trust {
    let clock = Arc::new(Jumps { left: AtomicU32::new(times.saturating_add(1)) });
    Trust::new(TrustWindow::begin(&*clock, Duration::from_secs(60)), clock)
}

/// Receivers of tests are on this machine.
fn nearby() -> Arc<Outbound> {
    Outbound::new(OutboundAllow::loopback())
}

fn run<F: Future>(future: F) -> F::Output {
    install_crypto_provider();
    actix_rt::System::new().block_on(future)
}

/// What tests trust: the certificate of the receivers that tests make.
fn trusting() -> awc::Client {
    let certificate = include_bytes!("../../../tests/support/tls/cert.pem");
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(certificate).expect("PEM")).expect("a certificate");
    let mut config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = tls().alpn_protocols;
    client(Dial::secure(nearby(), config))
}

/// The protocol that was agreed on, and the request's number on its connection.
type Told = (Option<Vec<u8>>, usize);

/// Answers each request with its own head, and tells of it.
fn secure_server() -> (u16, Receiver<Told>) {
    let certificate = CertificateDer::from_pem_slice(include_bytes!("../../../tests/support/tls/cert.pem"));
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("../../../tests/support/tls/key.pem"));
    let (certificate, key) = (certificate.expect("a certificate"), key.expect("a key"));
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate], key);
    let mut config = config.expect("a server");
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let config = Arc::new(config);
    let (told, telling) = mpsc::channel();
    let port = server(move |stream| {
        let connection = ServerConnection::new(config.clone()).expect("a server");
        let mut stream = StreamOwned::new(connection, stream);
        let mut requests = 0;
        while let Some(request) = request(&mut stream) {
            requests += 1;
            let _ = told.send((stream.conn.alpn_protocol().map(<[u8]>::to_vec), requests));
            let head = request.split("\r\n\r\n").next().unwrap_or_default();
            let length = head.len();
            let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{head}");
            stream.write_all(answer.as_bytes()).expect("written");
        }
    });
    (port, telling)
}

#[test]
fn a_receiver_over_tls_is_asked_as_any_other_and_never_by_http_2() {
    let (port, told) = secure_server();
    let url = format!("https://localhost:{port}/hook?x=1");
    run(async {
        let client = trusting();
        for _ in 0..2 {
            let Ok(Scheme::Secure(address)) = address(&url) else { panic!("no TLS for {url}") };
            let answer = exchange(a_post(&url, LONG), client.post(&*address)).await.expect("an answer");
            let head = String::from_utf8(answer.body).expect("text");
            assert!(head.starts_with("POST /hook?x=1 HTTP/1.1\r\n"), "{head}");
            assert!(head.contains(&format!("host: localhost:{port}\r\n")), "{head}");
        }
    });
    let http_1 = Some(b"http/1.1".to_vec());
    assert_eq!(told.try_iter().collect::<Vec<_>>(), [(http_1.clone(), 1), (http_1, 2)], "one connection");
}

#[test]
fn an_address_keeps_its_host_path_and_port() {
    for (url, right, is_secure) in [
        ("http://a.example/x?y", "http://a.example/x?y", false),
        ("HTTP://a.example", "http://a.example/", false),
        ("http://a.example/my hook?ü", "http://a.example/my%20hook?%C3%BC", false),
        ("http://bücher.example/", "http://xn--bcher-kva.example/", false),
        ("https://a.example/x", "http://a.example:443/x", true),
        ("https://a.example:8443/", "http://a.example:8443/", true),
        ("https://a.example:80/", "http://a.example/", true),
        ("https://[::1]/", "http://[::1]:443/", true),
    ] {
        let (got, secure) = match address(url).expect("an address") {
            Scheme::Plain(address) => (address, false),
            Scheme::Secure(address) => (address, true),
        };
        assert_eq!((&*got, secure), (right, is_secure), "{url}");
    }
    assert!(matches!(run(post(&nearby(), a_post("https://", LONG))), Err(Seen::NothingLeft(_))));
}

#[test]
fn what_is_too_late_sends_nothing() {
    let (told, arrived) = mpsc::channel();
    let port = server(move |mut stream| {
        let mut got = Vec::new();
        let _ = stream.read_to_end(&mut got);
        let _ = told.send(got);
    });
    let url = format!("http://127.0.0.1:{port}/");
    let seen = run(post(&nearby(), Request { trust: Some(trusted_for(0)), ..a_post(&url, LONG) }));
    assert!(matches!(seen, Err(Seen::NotSent)), "{seen:?}");
    assert_eq!(arrived.recv_timeout(LONG).expect("a connection"), b"", "not one byte");
}

#[test]
fn what_becomes_too_late_on_the_way_ends_there_and_may_have_left() {
    let (seen_enough, is_over) = mpsc::channel::<()>();
    // It reads no further: else the system may take the whole at once.
    let port = server(move |mut stream| {
        let _ = stream.read(&mut [0; 4096]);
        let _ = is_over.recv();
    });
    let url = format!("http://127.0.0.1:{port}/");
    let body = vec![b'x'; 64 << 20];
    let late = Request { trust: Some(trusted_for(1)), body: body.into(), ..a_post(&url, LONG) };
    let seen = run(post(&nearby(), late));
    drop(seen_enough);
    assert!(
        matches!(&seen, Err(Seen::EndUnseen { problem, .. }) if problem.message.contains("too late")),
        "{seen:?}"
    );
}

/// Below TLS, too, which takes its time between the request and the system.
#[test]
fn whether_bytes_may_leave_is_asked_right_before_each_is_handed_over() {
    let (told, arrived) = mpsc::channel();
    let port = server(move |mut stream| {
        let mut got = Vec::new();
        let _ = stream.read_to_end(&mut got);
        let _ = told.send(got);
    });
    run(async {
        let socket = TcpStream::connect(("127.0.0.1", port)).await.expect("connected");
        let mut gate = Gate::new(socket);
        let record = Record::new(trusted_for(1));
        let mut write = async |data: &'static [u8]| {
            record.watch(poll_fn(|cx| Pin::new(&mut gate).poll_write(cx, data))).await
        };
        assert_eq!(write(b"in time").await.expect("written"), 7);
        assert!(write(b"too late").await.is_err() && record.came_too_late());
        // TLS says good-bye when nobody asks for anything any more.
        let end = poll_fn(|cx| Pin::new(&mut gate).poll_write(cx, b"; bye")).await;
        assert_eq!(end.expect("written"), 5);
    });
    assert_eq!(arrived.recv_timeout(LONG).expect("a connection"), b"in time; bye");
}

/// The peer is gone, and the system says so only when the first byte is written.
#[test]
fn a_dead_connection_that_takes_no_byte_took_nothing() {
    let port = server(|stream| {
        let _ = stream.peek(&mut [0]); // closed with something unread, it is reset
    });
    run(async {
        let socket = TcpStream::connect(("127.0.0.1", port)).await.expect("connected");
        socket.writable().await.expect("writable");
        socket.try_write(b"x").expect("written");
        socket.readable().await.expect("the end");
        let mut wire = Wire::new(Socket::Plain(Gate::new(socket)));
        let record = Record::new(trusted_for(1));
        let end = record.watch(poll_fn(|cx| Pin::new(&mut wire).poll_write(cx, b"request"))).await;
        assert_eq!(record.stage(), Stage::Ready, "{end:?}");
        let seen = seen_of(&SendRequestError::Send(end.expect_err("it is dead")), &record);
        assert!(matches!(&seen, Seen::NothingLeft(problem) if problem.code == "not_sent"), "{seen:?}");
    });
}

#[test]
fn a_request_that_waits_for_a_connection_has_sent_nothing() {
    let (told, arrived) = mpsc::channel();
    let port = server(move |mut stream| {
        let _ = told.send(request(&mut stream));
        let _ = stream.read(&mut [0]); // holds it
    });
    let url = format!("http://127.0.0.1:{port}/");
    run(async {
        let only_one = awc::Connector::new().connector(Dial::plain(nearby())).limit(1);
        let client = awc::Client::builder().disable_timeout().connector(only_one).finish();
        let first = exchange(a_post(&url, 3 * SHORT), client.post(&*url));
        let second = async {
            actix_rt::time::sleep(SHORT / 4).await;
            exchange(a_post(&url, SHORT), client.post(&*url)).await
        };
        let (first, second) = futures_util::future::join(first, second).await;
        assert!(matches!(first, Err(Seen::EndUnseen { .. })), "{first:?}");
        let waited = matches!(&second, Err(Seen::NothingLeft(it)) if it.code == "no_free_connection");
        assert!(waited, "{second:?}");
    });
    assert!(arrived.recv_timeout(LONG).expect("a connection").is_some());
    assert!(arrived.try_recv().is_err(), "one request arrived");
}

/// awc would keep it until the next request to the same receiver.
#[test]
fn a_connection_that_nobody_uses_is_closed() {
    let (told, ended) = mpsc::channel();
    let port = server(move |mut stream| {
        while request(&mut stream).is_some() {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").expect("written");
            told.send("answered").expect("somebody waits");
        }
        told.send("closed").expect("somebody waits");
    });
    let url = format!("http://127.0.0.1:{port}/");
    run(async {
        let outbound = nearby();
        post(&outbound, a_post(&url, LONG)).await.expect("an answer");
        let until = Instant::now() + LONG;
        let mut seen = Vec::new();
        while !seen.contains(&"closed") && Instant::now() < until {
            actix_rt::time::sleep(SHORT).await;
            seen.extend(ended.try_iter());
        }
        assert_eq!(seen, ["answered", "closed"]);
        post(&outbound, a_post(&url, LONG)).await.expect("an answer, on a new connection");
    });
}

#[test]
fn a_write_that_belongs_to_no_request_is_refused() {
    let port = server(|mut stream| {
        let _ = stream.read(&mut [0]);
    });
    run(async {
        let socket = TcpStream::connect(("127.0.0.1", port)).await.expect("connected");
        let mut wire = Wire::new(Socket::Plain(Gate::new(socket)));
        assert!(poll_fn(|cx| Pin::new(&mut wire).poll_write(cx, b"x")).await.is_err());
    });
}

#[test]
fn each_status_is_what_the_table_says() {
    for status in 100..=999 {
        let seen = common(status, None);
        let right = match status {
            429 => matches!(seen, Some(Seen::AskedToWait { .. })),
            100..=199 | 502..=504 => matches!(seen, Some(Seen::EndUnseen { .. })),
            408 | 425 | 500..=999 => matches!(seen, Some(Seen::ServerFault { .. })),
            _ => seen.is_none(),
        };
        assert!(right, "{status}");
    }
    let waits = common(503, Some(Duration::from_secs(3)));
    assert!(matches!(waits, Some(Seen::AskedToWait { .. })), "{waits:?}");
}
