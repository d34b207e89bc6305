//! What is dialled is what was judged: names that lead astray, also at the second look.

use super::*;
use crate::domain::tested::Tested;
use crate::platforms::outbound::Resolve;
use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, ready};
use std::io;
use std::net::SocketAddr;
use std::sync::Mutex;

/// Finds what it was told to find, the last of it for ever; counts how often it was asked.
struct Told {
    answers: Vec<Vec<SocketAddr>>,
    asked: Mutex<usize>,
}

impl Told {
    fn new(answers: &[&[&str]]) -> Arc<Self> {
        let read = |text: &&str| text.parse().expect("an address and a port");
        let answers = answers.iter().map(|answer| answer.iter().map(read).collect()).collect();
        Arc::new(Told { answers, asked: Mutex::new(0) })
    }

    fn asked(&self) -> usize {
        *self.asked.lock().expect("no panic")
    }
}

impl Resolve for Told {
    fn look_up(&self, _: &str, _: u16) -> LocalBoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        let mut asked = self.asked.lock().expect("no panic");
        let answer = self.answers.get(*asked).or(self.answers.last()).cloned().unwrap_or_default();
        *asked += 1;
        ready(Ok(answer)).boxed_local()
    }
}

/// A receiver at this address of the machine; each connection to it is told.
fn receiver(address: &str) -> (u16, Receiver<()>) {
    let listener = TcpListener::bind((address, 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let (told, heard) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let _ = told.send(());
            while request(&mut stream).is_some() {
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").expect("written");
            }
        }
    });
    (port, heard)
}

fn allowing(items: &[&str], resolver: Arc<dyn Resolve>) -> Arc<Outbound> {
    Outbound::resolving_by(OutboundAllow::parse(items).expect("items"), resolver)
}

/// Refused so that the account is suspended, with the line that would allow it.
#[track_caller]
fn is_refused(end: Result<Answer, Seen>, line: &str) {
    match end {
        Err(Seen::AccountBroken { problem, until: None }) => {
            assert_eq!(problem.code, "address_refused");
            assert!(problem.message.contains(line), "{}", problem.message);
        }
        other => panic!("not refused: {other:?}"),
    }
}

/// 127.0.0.2 stands for the Internet here: it is open, and the rest of the machine is not.
#[test]
fn a_name_that_leads_elsewhere_at_the_second_look_is_not_followed() {
    let (port, heard) = receiver("127.0.0.1");
    // Each look-up of a connection finds the good address first; whoever looked twice would go to the bad one.
    let (good, bad) = (format!("127.0.0.2:{port}"), format!("127.0.0.1:{port}"));
    let listener = TcpListener::bind(&*good).expect("the same port at another address");
    let arrives = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        request(&mut stream).expect("a post");
        let answer = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
        stream.write_all(answer.as_bytes()).expect("written");
    });
    let resolver = Told::new(&[&[&good], &[&bad]]);
    let outbound = allowing(&["127.0.0.2"], resolver.clone());
    let url = format!("http://rebinds.example:{port}/");
    run(async {
        let first = post(&outbound, a_post(&url, LONG)).await;
        assert_eq!(first.expect("an answer of the good one").status, 200);
        assert_eq!(resolver.asked(), 1, "one look for one connection");
        // A connection more, and so a look more: now it is refused.
        is_refused(
            post(&outbound, a_post(&url, LONG)).await,
            "outbound_allow = [\"127.0.0.2\", \"rebinds.example\"]",
        );
        assert_eq!(resolver.asked(), 2);
        let tested = options(&outbound, &url, LONG).await;
        assert!(
            matches!(&tested, Err(Tested::AccountBroken { problem, .. }) if problem.code == "address_refused")
        );
    });
    arrives.join().expect("it arrived at the good one");
    assert!(heard.try_recv().is_err(), "nobody called the bad one");
}

#[test]
fn of_several_addresses_only_those_are_dialled_that_may_be() {
    let found = ["10.0.0.1:80", "[::1]:80", "93.184.216.34:80", "[::ffff:127.0.0.1]:80", "[2606:4700::1]:80"];
    let outbound = allowing(&[], Told::new(&[&found]));
    let open = run(outbound.addresses("mixed.example", 80)).expect("some are open");
    let open: Vec<String> = open.iter().map(ToString::to_string).collect();
    assert_eq!(open, ["93.184.216.34:80", "[2606:4700::1]:80"]);
    let outbound = allowing(&[], Told::new(&[&found[..2]]));
    let told = run(outbound.addresses("inner.example", 80)).expect_err("none is open").to_string();
    assert!(told.starts_with("inner.example is at 10.0.0.1, a private address"), "{told}");
    let none = run(allowing(&[], Told::new(&[&[]])).addresses("none.example", 80));
    assert!(matches!(none, Err(NoAddress::None)), "{none:?}");
}

/// By the system's resolver, which reads more forms of an address than one would think; also over TLS.
#[test]
fn no_way_of_writing_it_leads_to_this_machine() {
    let (port, heard) = receiver("127.0.0.1");
    let outbound = Outbound::new(OutboundAllow::default());
    run(async {
        for host in [
            "127.0.0.1",
            "localhost",
            "LOCALHOST",
            "2130706433",
            "0x7f000001",
            "0x7f.1",
            "0177.0.0.1",
            "127.1",
            "0",
            "0.0.0.0",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[64:ff9b::127.0.0.1]",
            "[::]",
            "[::1]",
        ] {
            for scheme in ["http", "https"] {
                let url = format!("{scheme}://{host}:{port}/");
                is_refused(post(&outbound, a_post(&url, LONG)).await, "outbound_allow = [");
            }
        }
        let url = format!("http://127.0.0.1:{port}/");
        let nearby = post(&nearby(), a_post(&url, LONG)).await;
        assert_eq!(nearby.expect("an answer").status, 200, "other rules, other connections");
        is_refused(post(&outbound, a_post(&url, LONG)).await, "outbound_allow = [\"127.0.0.1\"]");
    });
    assert_eq!(heard.try_iter().count(), 1, "the one that was allowed");
}
