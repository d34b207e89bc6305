//! Below awc: the connections, and a note of what becomes of each request on them.
//!
//! awc says the same of a connection that never was and of an answer that never came, and its time-out may have passed
//! while the request waited for a connection. So every request has a [`Record`], current while the request's future is
//! polled, and [`Wire`] writes no byte without a note in it. What has no note has not left: that is known, not guessed.
//!
//! TLS is done here too, not by awc, so that a wire sees the request in the clear: what it calls written is the request
//! and nothing of the handshake. HTTP/2 is never offered: awc would write it from a task of its own.

use super::answer_head::{Heads, Next};
use super::gate::Gate;
use super::line::{Line, Socket};
use super::record::{Record, Stage};
use crate::platforms::outbound::{NoAddress, Outbound};
use actix_rt::net::{ActixStream, Ready};
use actix_tls::connect::rustls_0_23::reexports::ClientConfig;
use actix_tls::connect::rustls_0_23::{TlsConnector, TlsConnectorService};
use actix_tls::connect::tcp::TcpConnectorService;
use actix_tls::connect::{ConnectError, ConnectInfo, Connection};
use actix_web::dev::Service;
use awc::http::Uri;
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Makes connections for awc.
#[derive(Clone)]
pub(super) struct Dial {
    outbound: Arc<Outbound>,
    /// Dials what it is given, and looks nothing up.
    tcp: TcpConnectorService,
    tls: Option<TlsConnectorService>,
}

impl Dial {
    pub fn plain(outbound: Arc<Outbound>) -> Self {
        Dial { outbound, tcp: TcpConnectorService::default(), tls: None }
    }

    pub fn secure(outbound: Arc<Outbound>, config: ClientConfig) -> Self {
        let tls = TlsConnector::service(Arc::new(config));
        Dial { tls: Some(tls), ..Dial::plain(outbound) }
    }
}

impl Service<ConnectInfo<Uri>> for Dial {
    type Response = Connection<Uri, Wire>;
    type Error = ConnectError;
    type Future = LocalBoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&self, to: ConnectInfo<Uri>) -> Self::Future {
        let Dial { outbound, tcp, tls } = self.clone();
        async move {
            Record::is_at(Stage::Connecting);
            let addresses =
                outbound.addresses(to.hostname(), to.port()).await.map_err(|error| match error {
                    NoAddress::None => ConnectError::NoRecords,
                    other => ConnectError::Resolver(Box::new(other)),
                })?;
            let connection = tcp.call(to.set_addrs(addresses)).await?;
            // A long post is written in several parts; none of them is to wait for an acknowledgement.
            let _ = connection.io_ref().set_nodelay(true);
            let (socket, rest) = connection.replace_io(());
            let gate = Gate::new(socket);
            let wired = match tls {
                None => rest.replace_io(Wire::new(Socket::Plain(gate))).1,
                Some(tls) => {
                    Record::is_at(Stage::Securing);
                    let gated = rest.replace_io(gate).1;
                    let (socket, rest) = tls.call(gated).await.map_err(ConnectError::Io)?.replace_io(());
                    rest.replace_io(Wire::new(Socket::Secure(Box::new(socket)))).1
                }
            };
            Record::is_at(Stage::Ready);
            Ok(wired)
        }
        .boxed_local()
    }
}

/// A connection, for one request after another.
pub(super) struct Wire {
    line: Rc<Line>,
    /// The peer takes no more.
    is_cut: bool,
    heads: Heads,
}

impl std::fmt::Debug for Wire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Wire")
    }
}

impl Wire {
    pub fn new(socket: Socket) -> Self {
        Wire { line: Line::open(socket), is_cut: false, heads: Heads::default() }
    }

    fn begin(&mut self, record: &Rc<Record>) {
        if self.line.carries_another_than(record) {
            record.reaches(Stage::Ready);
            *self = Wire { line: self.line.clone(), is_cut: false, heads: Heads::default() };
            self.line.carry(record.clone());
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Wire { line, heads, .. } = &mut *self;
        // awc reads for a new request only to see whether the connection can be used once more.
        let is_asked_for_again = Record::current().is_some_and(|record| line.carries_another_than(&record));
        if is_asked_for_again && !heads.leave_it_open() {
            return Poll::Ready(Ok(())); // as closed
        }
        loop {
            match heads.next(buf) {
                Next::Given => return Poll::Ready(Ok(())),
                Next::Read => {
                    let before = buf.filled().len();
                    ready!(line.poll_read(cx, buf))?;
                    if heads.pass(buf, before) {
                        return Poll::Ready(Ok(()));
                    }
                }
            }
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let Some(record) = Record::current() else {
            return Poll::Ready(Err(io::Error::other("a write that belongs to no request")));
        };
        self.begin(&record);
        if self.line.is_secure() {
            // What TLS has taken may have left. Of what it has not taken, that is known.
            record.allows_a_write()?;
        }
        if self.is_cut {
            return Poll::Ready(Ok(data.len()));
        }
        let end = ready!(self.line.poll_write(cx, data));
        if end.is_err() && record.stage() == Stage::Left && !record.came_too_late() {
            // A receiver that has seen enough may have answered before it closed (413, say), and awc reads no answer
            // before the whole request is written. Where there is none, reading ends at once.
            self.is_cut = true;
            return Poll::Ready(Ok(data.len()));
        }
        // TLS may have sent a part of what it then failed with.
        if end.is_ok() || self.line.is_secure() {
            record.reaches(Stage::Left);
        }
        Poll::Ready(end)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_cut || !self.line.is_secure() {
            return Poll::Ready(Ok(()));
        }
        // What TLS has taken may wait in it until the socket has room.
        if let Some(record) = Record::current() {
            record.allows_a_write()?;
        }
        self.line.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.line.poll_shutdown(cx)
    }
}

/// awc wants it of a connection, and never asks.
impl ActixStream for Wire {
    fn poll_read_ready(&self, _: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        Poll::Ready(Ok(Ready::READABLE))
    }

    fn poll_write_ready(&self, _: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        Poll::Ready(Ok(Ready::WRITABLE))
    }
}
