//! What a connection is doing, as far as its timing and its last word need to know: written by whoever handles requests,
//! read by [`Watched`](super::watched::Watched).

use std::cell::Cell;
use std::rc::Rc;

/// The marks of one connection.
#[derive(Debug, Default)]
pub struct Marks {
    being_handled: Cell<u32>,
    begun: Cell<u64>,
    awaits_chunks: Cell<bool>,
    broke_off: Cell<bool>,
}

impl Marks {
    /// A request's head was read; it is being handled until the answer is dropped. `in_chunks`: nothing is done for it
    /// before all of its body is here, which comes in chunks.
    pub fn begin(self: &Rc<Self>, in_chunks: bool) -> Busy {
        self.being_handled.set(self.being_handled.get() + 1);
        self.begun.set(self.begun.get() + 1);
        self.awaits_chunks.set(in_chunks);
        Busy(self.clone())
    }

    /// The body is here, and what the request asks for may be done from now on.
    pub fn has_body(&self) {
        self.awaits_chunks.set(false);
    }

    /// actix is done with the connection, whether or not a request was answered.
    pub(super) fn end(&self) {
        self.broke_off.set(self.is_busy() && self.awaits_chunks.get());
    }

    /// Whether the connection ended within chunks that cannot be read, before their request was answered.
    pub(super) fn broke_off(&self) -> bool {
        self.broke_off.get()
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
