//! Below awc: the sockets, and a record of what became of each request there.
//!
//! awc says the same of a connection that never was and of an answer that never came, and its time-out may have passed
//! while the request waited for a connection. So every request has a [`Record`], current while the request's future is
//! polled, and [`Wire`] writes no byte without a note in it. What has no note has not left: that is known, not guessed.
//!
//! TLS is done here too, not by awc, so that a wire sees the request in the clear: what it calls written is the request
//! and nothing of the handshake. HTTP/2 is never offered: awc would write it from a task of its own.

use super::answer_head::{Heads, Next};
use actix_rt::net::{ActixStream, Ready, TcpStream};
use actix_tls::connect::rustls_0_23::reexports::{AsyncTlsStream, ClientConfig};
use actix_tls::connect::rustls_0_23::{TlsConnector, TlsConnectorService};
use actix_tls::connect::{ConnectError, ConnectInfo, Connection, Connector, ConnectorService};
use actix_web::dev::Service;
use awc::http::Uri;
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Whether bytes of a request may still leave. Asked right before every write.
pub(in crate::platforms) type MaySend = Rc<dyn Fn() -> bool>;

/// How far a request has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// It waits for its turn to have a connection.
    Waiting,
    /// A name is looked up, or a connection is made.
    Connecting,
    /// The connection is there, TLS is not.
    Securing,
    /// It may be written, and nothing of it has been.
    Ready,
    /// Bytes of it have left, or may have.
    Left,
}

/// What is known of one request.
pub(super) struct Record {
    stage: Cell<Stage>,
    came_too_late: Cell<bool>,
    /// None where it may always be sent.
    may_send: Option<MaySend>,
}

thread_local! {
    /// The record of the request whose future is being polled.
    static CURRENT: RefCell<Option<Rc<Record>>> = const { RefCell::new(None) };
}

impl Record {
    pub fn new(may_send: Option<MaySend>) -> Rc<Self> {
        Rc::new(Record { stage: Cell::new(Stage::Waiting), came_too_late: Cell::new(false), may_send })
    }

    pub fn stage(&self) -> Stage {
        self.stage.get()
    }

    /// Whether a write was refused because nothing might be sent any more.
    pub fn came_too_late(&self) -> bool {
        self.came_too_late.get()
    }

    /// Runs a request's future as the one that this record is of.
    pub async fn watch<F: Future>(self: &Rc<Self>, future: F) -> F::Output {
        let mut future = pin!(future);
        poll_fn(|cx| {
            let _scope = Scope::of(self);
            future.as_mut().poll(cx)
        })
        .await
    }

    fn current() -> Option<Rc<Record>> {
        CURRENT.with_borrow(Clone::clone)
    }

    fn is_at(stage: Stage) {
        if let Some(record) = Record::current() {
            record.stage.set(stage);
        }
    }

    fn allows_a_write(&self) -> io::Result<()> {
        if self.may_send.as_ref().is_none_or(|may_send| may_send()) {
            return Ok(());
        }
        self.came_too_late.set(true);
        Err(io::Error::other("too late to send"))
    }
}

/// Makes a record the current one until it is dropped, also by a panic.
struct Scope(Option<Rc<Record>>);

impl Scope {
    fn of(record: &Rc<Record>) -> Self {
        Scope(CURRENT.replace(Some(record.clone())))
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        CURRENT.set(self.0.take());
    }
}

/// Makes connections for awc.
#[derive(Clone)]
pub(super) struct Dial {
    tcp: ConnectorService,
    tls: Option<TlsConnectorService>,
}

impl Dial {
    pub fn plain() -> Self {
        Dial { tcp: Connector::default().service(), tls: None }
    }

    pub fn secure(config: ClientConfig) -> Self {
        let tls = TlsConnector::service(Arc::new(config));
        Dial { tls: Some(tls), ..Dial::plain() }
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
        let Dial { tcp, tls } = self.clone();
        async move {
            Record::is_at(Stage::Connecting);
            let connection = tcp.call(to).await?;
            // A long post is written in several parts; none of them is to wait for an acknowledgement.
            let _ = connection.io_ref().set_nodelay(true);
            let wired = match tls {
                None => {
                    let (socket, rest) = connection.replace_io(());
                    rest.replace_io(Wire::new(Socket::Plain(socket))).1
                }
                Some(tls) => {
                    Record::is_at(Stage::Securing);
                    let (socket, rest) = tls.call(connection).await.map_err(ConnectError::Io)?.replace_io(());
                    rest.replace_io(Wire::new(Socket::Secure(Box::new(socket)))).1
                }
            };
            Record::is_at(Stage::Ready);
            Ok(wired)
        }
        .boxed_local()
    }
}

#[derive(Debug)]
pub(super) enum Socket {
    Plain(TcpStream),
    Secure(Box<AsyncTlsStream<TcpStream>>),
}

impl Socket {
    fn tcp(&self) -> &TcpStream {
        match self {
            Socket::Plain(socket) => socket,
            Socket::Secure(socket) => socket.get_ref().0,
        }
    }

    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self {
            Socket::Plain(socket) => Pin::new(socket).poll_read(cx, buf),
            Socket::Secure(socket) => Pin::new(socket).poll_read(cx, buf),
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        match self {
            Socket::Plain(socket) => Pin::new(socket).poll_write(cx, data),
            Socket::Secure(socket) => Pin::new(socket).poll_write(cx, data),
        }
    }
}

/// A connection, for one request after another.
pub(super) struct Wire {
    socket: Socket,
    /// The last request that was written here, or is being written.
    of: Option<Rc<Record>>,
    /// The peer takes no more.
    is_cut: bool,
    heads: Heads,
}

impl std::fmt::Debug for Wire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Wire({:?})", self.socket.tcp())
    }
}

impl Wire {
    pub fn new(socket: Socket) -> Self {
        Wire { socket, of: None, is_cut: false, heads: Heads::default() }
    }

    /// Whether awc asks on behalf of a new request if this connection can be used once more.
    fn is_asked_for_again(&self) -> bool {
        let of = self.of.as_ref();
        CURRENT.with_borrow(|current| match (current, of) {
            (Some(current), Some(of)) => !Rc::ptr_eq(current, of),
            (_, _) => false,
        })
    }

    fn begin(&mut self, record: &Rc<Record>) {
        if self.of.as_ref().is_none_or(|of| !Rc::ptr_eq(of, record)) {
            record.stage.set(Stage::Ready);
            self.is_cut = false;
            self.heads = Heads::default();
            self.of = Some(record.clone());
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.is_asked_for_again() && !self.heads.leave_it_open() {
            return Poll::Ready(Ok(())); // as closed
        }
        let Wire { socket, heads, .. } = &mut *self;
        loop {
            match heads.next(buf) {
                Next::Given => return Poll::Ready(Ok(())),
                Next::Read => {
                    let before = buf.filled().len();
                    ready!(socket.poll_read(cx, buf))?;
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
        record.allows_a_write()?;
        if self.is_cut {
            return Poll::Ready(Ok(data.len()));
        }
        let end = ready!(self.socket.poll_write(cx, data));
        if end.is_err() && record.stage() == Stage::Left {
            // A receiver that has seen enough may have answered before it closed (413, say), and awc reads no answer
            // before the whole request is written. Where there is none, reading ends at once.
            self.is_cut = true;
            return Poll::Ready(Ok(data.len()));
        }
        // TLS may have sent a part of what it then failed with.
        if end.is_ok() || matches!(self.socket, Socket::Secure(_)) {
            record.stage.set(Stage::Left);
        }
        Poll::Ready(end)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Wire { socket, is_cut, .. } = &mut *self;
        match socket {
            Socket::Plain(_) => Poll::Ready(Ok(())),
            Socket::Secure(_) if *is_cut => Poll::Ready(Ok(())),
            Socket::Secure(socket) => {
                // What TLS has taken may wait in it until the socket has room.
                if let Some(record) = Record::current() {
                    record.allows_a_write()?;
                }
                Pin::new(socket).poll_flush(cx)
            }
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.socket {
            Socket::Plain(socket) => Pin::new(socket).poll_shutdown(cx),
            Socket::Secure(socket) => Pin::new(socket).poll_shutdown(cx),
        }
    }
}

impl ActixStream for Wire {
    fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        self.socket.tcp().poll_read_ready(cx).map_ok(|()| Ready::READABLE)
    }

    fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        self.socket.tcp().poll_write_ready(cx).map_ok(|()| Ready::WRITABLE)
    }
}
