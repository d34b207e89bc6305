//! The sockets below the wires, and the end of those that nobody uses.
//!
//! awc looks at an idle connection only when the next request goes to the same receiver, which may be never: every
//! receiver that was busy once would keep its sockets for good. So they are swept here.

use super::KEPT_FOR;
use super::gate::Gate;
use super::record::Record;
use actix_tls::connect::rustls_0_23::reexports::AsyncTlsStream;
use std::cell::{Cell, RefCell, RefMut};
use std::io;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

pub(super) enum Socket {
    Plain(Gate),
    Secure(Box<AsyncTlsStream<Gate>>),
}

/// A socket, until it has been idle for too long.
pub(super) struct Line {
    /// None where it was closed.
    socket: RefCell<Option<Socket>>,
    is_secure: bool,
    /// The last request that was written here, or is being written.
    carries: RefCell<Option<Rc<Record>>>,
    /// Whether it was idle when it was last looked at, and has not been used since.
    was_idle: Cell<bool>,
}

thread_local! {
    static LINES: RefCell<Vec<Weak<Line>>> = const { RefCell::new(Vec::new()) };
    static IS_SWEPT: Cell<bool> = const { Cell::new(false) };
}

impl Line {
    /// Closed by itself when it is idle.
    pub fn open(socket: Socket) -> Rc<Self> {
        let line = Rc::new(Line {
            is_secure: matches!(socket, Socket::Secure(_)),
            socket: RefCell::new(Some(socket)),
            carries: RefCell::new(None),
            was_idle: Cell::new(false),
        });
        LINES.with_borrow_mut(|lines| lines.push(Rc::downgrade(&line)));
        if !IS_SWEPT.replace(true) {
            actix_rt::spawn(sweep());
        }
        line
    }

    pub fn is_secure(&self) -> bool {
        self.is_secure
    }

    /// Whether the last request here, if there was one, was another.
    pub fn carries_another_than(&self, record: &Rc<Record>) -> bool {
        self.carries.borrow().as_ref().is_none_or(|carried| !Rc::ptr_eq(carried, record))
    }

    pub fn carry(&self, record: Rc<Record>) {
        self.was_idle.set(false);
        self.carries.replace(Some(record));
    }

    /// Closes it where it is idle for the second time. True while it is open.
    fn stays_open(&self) -> bool {
        // A record lives as long as its request.
        let is_idle = self.carries.borrow().as_ref().is_some_and(|record| Rc::strong_count(record) == 1);
        let is_idle_still = self.was_idle.replace(is_idle) && is_idle;
        if is_idle_still {
            self.socket.take();
        }
        !is_idle_still
    }

    fn open_socket(&self) -> io::Result<RefMut<'_, Socket>> {
        let socket = RefMut::filter_map(self.socket.borrow_mut(), Option::as_mut);
        socket.map_err(|_| io::ErrorKind::NotConnected.into())
    }

    pub fn poll_read(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match &mut *self.open_socket()? {
            Socket::Plain(socket) => Pin::new(socket).poll_read(cx, buf),
            Socket::Secure(socket) => Pin::new(socket).poll_read(cx, buf),
        }
    }

    pub fn poll_write(&self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        match &mut *self.open_socket()? {
            Socket::Plain(socket) => Pin::new(socket).poll_write(cx, data),
            Socket::Secure(socket) => Pin::new(socket).poll_write(cx, data),
        }
    }

    pub fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self.open_socket()? {
            Socket::Plain(socket) => Pin::new(socket).poll_flush(cx),
            Socket::Secure(socket) => Pin::new(socket).poll_flush(cx),
        }
    }

    pub fn poll_shutdown(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self.open_socket()? {
            Socket::Plain(socket) => Pin::new(socket).poll_shutdown(cx),
            Socket::Secure(socket) => Pin::new(socket).poll_shutdown(cx),
        }
    }
}

/// Says that nobody sweeps any more, also where the thread's runtime is what ends.
struct Sweeping;

impl Drop for Sweeping {
    fn drop(&mut self) {
        IS_SWEPT.set(false);
    }
}

/// Closes what is idle, as long as there are connections.
async fn sweep() {
    let _sweeping = Sweeping;
    loop {
        actix_rt::time::sleep(KEPT_FOR).await;
        let is_over = LINES.with_borrow_mut(|lines| {
            lines.retain(|line| line.upgrade().is_some_and(|line| line.stays_open()));
            lines.is_empty()
        });
        if is_over {
            return;
        }
    }
}
