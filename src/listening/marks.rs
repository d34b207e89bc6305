//! What a connection is doing, as far as its timing needs to know: written by whoever handles requests, read by
//! [`Watched`](super::watched::Watched).

use std::cell::Cell;
use std::rc::Rc;

/// The marks of one connection.
#[derive(Debug, Default)]
pub struct Marks {
    being_handled: Cell<u32>,
    begun: Cell<u64>,
}

impl Marks {
    /// A request's head was read; it is being handled until the answer is dropped.
    pub fn begin(self: &Rc<Self>) -> Busy {
        self.being_handled.set(self.being_handled.get() + 1);
        self.begun.set(self.begun.get() + 1);
        Busy(self.clone())
    }

    pub(super) fn is_busy(&self) -> bool {
        self.being_handled.get() > 0
    }

    /// Requests whose head was read so far.
    pub(super) fn begun(&self) -> u64 {
        self.begun.get()
    }
}

/// A request is being handled while this is there.
#[derive(Debug)]
pub struct Busy(Rc<Marks>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.being_handled.set(self.0.being_handled.get().saturating_sub(1));
    }
}
