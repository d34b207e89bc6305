//! The jobs that a node does: each on a thread of its own, with a connection of its own, from its beginning until what
//! became of it is written. Outside the actors, so that none of them that breaks takes a job along.

use super::db::panic_text;
use crate::db::connection::Patience;
use crate::db::executions::ExecutionRow;
use crate::db::kept::Kept;
use crate::domain::clock::Clock;
use crate::domain::ids::ExecutionId;
use crate::operations::Context;
use crate::operations::error::ErrorKind;
use crate::operations::jobs::{Outcome, Worker};
use crate::operations::task_type::{Places, StopFlag};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

/// Jobs that a node does at once.
const AT_ONCE: usize = 4;
/// A database that does not take what became of a job is asked again after this.
const WRITE_AGAIN: Duration = Duration::from_secs(1);

/// The jobs of a node.
pub struct Jobs {
    cx: Arc<Context>,
    places: Places,
    clock: Arc<dyn Clock>,
    at_work: Mutex<HashMap<ExecutionId, StopFlag>>,
    closed: AtomicBool,
    ended: Notify,
}

impl Jobs {
    pub fn new(cx: Arc<Context>, places: Places, clock: Arc<dyn Clock>) -> Arc<Self> {
        let (at_work, closed, ended) = (Mutex::default(), AtomicBool::new(false), Notify::new());
        Arc::new(Jobs { cx, places, clock, at_work, closed, ended })
    }

    /// Whether another one may begin.
    pub fn has_room(&self) -> bool {
        !self.closed.load(Ordering::Acquire) && self.at_work.lock().len() < AT_ONCE
    }

    /// Begins with a job that this node has taken. `tell` hears of its end.
    pub fn begin(self: &Arc<Self>, row: ExecutionRow, tell: impl FnOnce() + Send + 'static) {
        let (id, stop) = (row.id, StopFlag::default());
        self.at_work.lock().insert(id, stop.clone());
        if self.closed.load(Ordering::Acquire) {
            // Told to end between our look and now.
            stop.set();
        }
        let jobs = self.clone();
        let work = move || {
            jobs.work_on(row, &stop);
            jobs.forget(id);
            tell();
        };
        if let Err(error) = std::thread::Builder::new().name(format!("job {id}")).spawn(work) {
            // Its lease runs out, and another node or a later start ends it.
            log::error!("there is no thread for execution {id}: {error}");
            self.forget(id);
        }
    }

    fn forget(&self, id: ExecutionId) {
        self.at_work.lock().remove(&id);
        self.ended.notify_waiters();
    }

    fn work_on(&self, row: ExecutionRow, stop: &StopFlag) {
        let (id, kind) = (row.id, row.task_type.clone());
        log::info!("execution {id} ({kind}) begins");
        let mut conn = Kept::new(&self.places.database, Patience::Command);
        let (places, cx, clock) = (&self.places, &*self.cx, &*self.clock);
        let mut worker = Worker { row, places, cx, clock, conn: &mut conn, stop };
        let outcome = catch_unwind(AssertUnwindSafe(|| worker.work())).unwrap_or_else(|panic| {
            log::error!("execution {id} ({kind}) panicked: {}", panic_text(&*panic));
            Outcome::broken(id, panic_text(&*panic))
        });
        loop {
            match worker.finish(&outcome) {
                Ok(true) => return log::info!("execution {id} ({kind}) ended: {}", outcome.message()),
                Ok(false) => {
                    return log::warn!(
                        "execution {id} ({kind}) was ended by somebody else before it came to: {}",
                        outcome.message()
                    );
                }
                // While it waits its lease is renewed, or runs out: then somebody else ends it.
                Err(error) if error.kind() == ErrorKind::Unavailable && !self.is_closed() => {
                    log::warn!("what became of execution {id} cannot be written yet: {error}");
                    std::thread::sleep(WRITE_AGAIN);
                }
                Err(error) => return log::error!("what became of execution {id} cannot be written: {error}"),
            }
        }
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Those that are not among `own` any more are told to end: somebody else has ended them.
    pub fn keep_only(&self, own: &[ExecutionId], taken_before: &[ExecutionId]) {
        let at_work = self.at_work.lock();
        for (id, stop) in at_work.iter().filter(|(id, _)| taken_before.contains(id) && !own.contains(id)) {
            if !stop.is_set() {
                log::info!("execution {id} was ended by somebody, and stops before its next step");
                stop.set();
            }
        }
    }

    /// Those that are at work.
    pub fn ids(&self) -> Vec<ExecutionId> {
        self.at_work.lock().keys().copied().collect()
    }

    /// No other one begins, and those at work are told to end before their next step.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Release);
        for stop in self.at_work.lock().values() {
            stop.set();
        }
    }

    /// Waits until none is at work; false where `end` comes first.
    pub async fn all_ended(&self, end: Instant) -> bool {
        loop {
            let ended = self.ended.notified();
            tokio::pin!(ended);
            // Before the look, so that none ends between the two.
            ended.as_mut().enable();
            if self.at_work.lock().is_empty() {
                return true;
            }
            if timeout_at(end, ended).await.is_err() {
                return false;
            }
        }
    }
}
