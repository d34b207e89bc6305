//! What is known of one request, noted below awc.

use crate::domain::trust::Trust;
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::rc::Rc;

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
    /// Asked right before every write whether anything may still leave. None of what is no post.
    trust: Option<Trust>,
}

thread_local! {
    /// The record of the request whose future is being polled.
    static CURRENT: RefCell<Option<Rc<Record>>> = const { RefCell::new(None) };
}

impl Record {
    pub fn new(trust: Trust) -> Rc<Self> {
        Record::within(Some(trust))
    }

    /// Of a request that is no post: nothing is lost where it leaves late.
    pub fn of_a_test() -> Rc<Self> {
        Record::within(None)
    }

    fn within(trust: Option<Trust>) -> Rc<Self> {
        Rc::new(Record { stage: Cell::new(Stage::Waiting), came_too_late: Cell::new(false), trust })
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

    /// The record of the request whose future is being polled.
    pub fn current() -> Option<Rc<Record>> {
        CURRENT.with_borrow(Clone::clone)
    }

    /// Notes how far the current request has come.
    pub fn is_at(stage: Stage) {
        CURRENT.with_borrow(|current| {
            if let Some(record) = current {
                record.reaches(stage);
            }
        });
    }

    pub fn reaches(&self, stage: Stage) {
        self.stage.set(stage);
    }

    /// An error where it is too late to send.
    pub fn allows_a_write(&self) -> io::Result<()> {
        if self.trust.as_ref().is_none_or(Trust::may_send) {
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
