//! A connection that is cut where its client takes too long: for the head of a request, or for an answer.
//!
//! actix times the first head of a connection and no other, and no answer. A client that has asked once could hold its
//! connection for good with half a head, and one that reads nothing could hold an answer. Nor does actix answer a request
//! whose chunks it cannot read, unless its handler asks for them at that very moment.

use super::answers;
use super::gate::Taken;
use super::marks::Marks;
use crate::config::Limits;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// What may come before it is a request: more than actix reads at once. Beyond it comes the rest of a body that was
/// refused, which nobody is to spend any work on.
const UNASKED_MAX_BYTES: usize = 256 * 1024;

pub struct Watched<S: AsyncWrite + Unpin> {
    io: S,
    marks: Rc<Marks>,
    /// Of [`Marks::begun`], those that were seen.
    seen: u64,
    head_time: Duration,
    head: Deadline,
    /// Bytes that came since the last request.
    unasked: usize,
    answer_stall: Duration,
    answer: Deadline,
    over_tls: bool,
    _place: Taken,
}

impl<S: AsyncWrite + Unpin> Watched<S> {
    /// The first head is timed from now on.
    pub fn new(io: S, over_tls: bool, place: Taken, marks: Rc<Marks>, limits: &Limits) -> Self {
        let mut watched = Watched {
            io,
            marks,
            seen: 0,
            head_time: limits.head_time,
            head: Deadline::default(),
            unasked: 0,
            answer_stall: limits.answer_stall,
            answer: Deadline::default(),
            over_tls,
            _place: place,
        };
        watched.head.set_unless_set(limits.head_time);
        watched
    }

    pub fn marks(&self) -> Rc<Marks> {
        self.marks.clone()
    }

    /// Whether a head is awaited, and not a body or an answer's end.
    fn awaits_head(&mut self) -> bool {
        if self.marks.begun() != self.seen || self.marks.is_busy() {
            self.seen = self.marks.begun();
            self.unasked = 0;
            self.head.clear();
        }
        !self.marks.is_busy() && !self.answer.is_set()
    }

    /// Whether something came that became no request: an answer now is none of a route's.
    fn has_unread_head(&self) -> bool {
        self.unasked > 0 && self.marks.begun() == self.seen && !self.marks.is_busy()
    }

    /// Says so where somebody has begun with a request, and ends the connection.
    fn cut(&mut self, cx: &mut Context<'_>) -> io::Error {
        if self.unasked > 0 {
            self.say_last(cx, &answers::slow_request(self.over_tls));
        }
        io::Error::new(io::ErrorKind::TimedOut, "the client took too long")
    }

    /// Nothing else is being written: no request is being answered. What does not fit now is not sent.
    fn say_last(&mut self, cx: &mut Context<'_>, answer: &str) {
        let _ = Pin::new(&mut self.io).poll_write(cx, answer.as_bytes());
        let _ = Pin::new(&mut self.io).poll_flush(cx);
        let _ = Pin::new(&mut self.io).poll_shutdown(cx);
    }
}

impl<S: AsyncWrite + Unpin> Drop for Watched<S> {
    fn drop(&mut self) {
        if self.marks.broke_off() {
            self.say_last(&mut Context::from_waker(Waker::noop()), &answers::broken_chunks(self.over_tls));
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Watched<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.awaits_head() {
            return Pin::new(&mut this.io).poll_read(cx, buf);
        }
        let before = buf.filled().len();
        // What is not read stays with its sender, until the connection ends.
        let is_too_much = this.unasked > UNASKED_MAX_BYTES;
        let read = if is_too_much { Poll::Pending } else { Pin::new(&mut this.io).poll_read(cx, buf) };
        if buf.filled().len() > before {
            this.unasked += buf.filled().len() - before;
            this.head.set_unless_set(this.head_time);
        }
        match read {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            _ if this.head.is_over(cx) => Poll::Ready(Err(this.cut(cx))),
            other => other,
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let instead = if this.has_unread_head() { answers::instead_of(bytes, this.over_tls) } else { None };
        let written = match instead {
            // Short, and the first that is written: it fits, and what would not fit is not sent.
            Some(answer) => Pin::new(&mut this.io).poll_write(cx, answer.as_bytes()).map_ok(|_| bytes.len()),
            None => Pin::new(&mut this.io).poll_write(cx, bytes),
        };
        this.timed(cx, written)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let flushed = Pin::new(&mut this.io).poll_flush(cx);
        this.timed(cx, flushed)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let shut = Pin::new(&mut this.io).poll_shutdown(cx);
        this.timed(cx, shut)
    }
}

impl<S: AsyncWrite + Unpin> Watched<S> {
    /// What is taken, however slowly, may go on.
    fn timed<T>(&mut self, cx: &mut Context<'_>, done: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if done.is_ready() {
            self.answer.clear();
            return done;
        }
        self.answer.set_unless_set(self.answer_stall);
        if self.answer.is_over(cx) {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client takes no answer")));
        }
        Poll::Pending
    }
}

/// A deadline that is set and cleared for each request, and costs a timer only for those that wait.
#[derive(Default)]
struct Deadline {
    at: Option<Instant>,
    /// May ring for a deadline that was cleared long ago, and is set anew then.
    timer: Option<Pin<Box<Sleep>>>,
}

impl Deadline {
    fn set_unless_set(&mut self, time: Duration) {
        if self.at.is_none() {
            self.at = Some(Instant::now() + time);
        }
    }

    fn clear(&mut self) {
        self.at = None;
    }

    fn is_set(&self) -> bool {
        self.at.is_some()
    }

    /// Where it is not over, whoever asks is woken when it is.
    fn is_over(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(at) = self.at else { return false };
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(at)));
        while timer.as_mut().poll(cx).is_ready() {
            if Instant::now() >= at {
                return true;
            }
            timer.as_mut().reset(at);
        }
        false
    }
}
