//! Posts of which nothing was sent, and posts that were sent and whose answer was not seen.

use super::{Row, Scene, at};
use crate::support::peer::{Nowhere, Peer, Visit, free_port};
use crate::wire::table::Becomes;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection};
use std::io;
use std::sync::Arc;
use std::time::Duration;

pub fn nothing_left() -> Vec<Row> {
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
    let certificate = include_bytes!("../../../support/tls/cert.pem");
    let certificate = CertificateDer::from_pem_slice(certificate).map_err(io::Error::other)?;
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("../../../support/tls/key.pem"));
    let config = ServerConfig::builder().with_no_client_auth();
    let config = config.with_single_cert(vec![certificate], key.map_err(io::Error::other)?);
    let mut tls =
        ServerConnection::new(Arc::new(config.map_err(io::Error::other)?)).map_err(io::Error::other)?;
    tls.complete_io(&mut visit.stream)?;
    visit.hold()
}

pub fn end_unseen() -> Vec<Row> {
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
