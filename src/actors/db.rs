//! The DbActor: threads that run operations on pooled connections. Load is bounded by permits, because a mailbox bound
//! is no back-pressure in actix.
//!
//! Three groups of threads, so that readers never wait for writers, and API load never starves the engine. On SQLite,
//! which has one writer, the two writing groups take turns at a gate of their own instead of at the file's lock.

use crate::db::connection::{Pool, Pooled};
use crate::domain::clock::Clock;
use crate::operations::{Access, Context, Operation, OperationError, perform};
use actix::prelude::*;
use parking_lot::{Mutex, MutexGuard};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How long a request waits for a permit before it is told that there is too much to do.
const PATIENCE: Duration = Duration::from_secs(2);
/// Operations of the API that may wait or run at once.
const API_PERMITS: usize = 512;
/// The engine's own, which the API cannot take.
const ENGINE_PERMITS: usize = 64;

/// Only one thread of this process writes at a time (SQLite).
type WriteGate = Arc<Mutex<()>>;

/// A thread that runs operations.
pub struct DbActor {
    pool: Pool,
    conn: Option<Pooled>,
    cx: Arc<Context>,
    clock: Arc<dyn Clock>,
    gate: Option<WriteGate>,
    work: Work,
}

/// Whom a thread works for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    People,
    Engine,
}

impl Actor for DbActor {
    type Context = SyncContext<Self>;
}

/// Command: run an operation and answer with its result.
pub struct Perform<O: Operation> {
    operation: O,
    /// Freed when the operation has run, not when its caller has gone.
    _permit: OwnedSemaphorePermit,
}

impl<O: Operation> Message for Perform<O> {
    type Result = Result<O::Output, OperationError>;
}

impl<O: Operation> Handler<Perform<O>> for DbActor {
    type Result = Result<O::Output, OperationError>;

    fn handle(&mut self, command: Perform<O>, _: &mut Self::Context) -> Self::Result {
        // A panic would end this thread for good. The connection is given up with it: its transaction rolls back.
        let result = catch_unwind(AssertUnwindSafe(|| self.run(command.operation)));
        let result = result.unwrap_or_else(|panic| {
            log::error!("an operation panicked: {}", panic_text(&*panic));
            Err(OperationError::Internal("an operation broke; the log says more".to_owned()))
        });
        if let Err(OperationError::Db(_) | OperationError::Internal(_)) = &result {
            self.conn = None;
        }
        result
    }
}

impl DbActor {
    fn run<O: Operation>(&mut self, operation: O) -> Result<O::Output, OperationError> {
        let conn = match &mut self.conn {
            Some(conn) => conn,
            None => {
                let fresh = self.pool.get().map_err(|error| {
                    OperationError::Db(crate::db::connection::DbError::Away(error.to_string()))
                })?;
                let fresh = self.conn.insert(fresh);
                if self.work == Work::Engine {
                    fresh.plan_by_key()?;
                }
                fresh
            }
        };
        let guard: Option<MutexGuard<'_, ()>> = match O::ACCESS {
            Access::Read => None,
            Access::Write | Access::Engine => self.gate.as_ref().map(|gate| gate.lock()),
        };
        let result = perform(operation, conn, &self.cx, self.clock.now());
        if let Some(guard) = guard {
            MutexGuard::unlock_fair(guard);
        }
        result
    }
}

/// What a panic said.
pub fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message")
}

/// Fact: somebody changed what the scheduler may have to act on.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Changed;

/// Where operations are sent. Cheap to clone.
#[derive(Clone)]
pub struct DbHandle {
    readers: Addr<DbActor>,
    writers: Addr<DbActor>,
    engine: Addr<DbActor>,
    api_permits: Arc<Semaphore>,
    engine_permits: Arc<Semaphore>,
    on_change: Arc<Mutex<Option<Recipient<Changed>>>>,
}

impl DbHandle {
    /// Starts the threads. `one_writer` for SQLite.
    pub fn start(pool: Pool, cx: Arc<Context>, clock: Arc<dyn Clock>, one_writer: bool) -> Self {
        let gate = one_writer.then(WriteGate::default);
        let group = |threads: usize, work: Work| {
            let (pool, cx, clock, gate) = (pool.clone(), cx.clone(), clock.clone(), gate.clone());
            SyncArbiter::start(threads, move || DbActor {
                pool: pool.clone(),
                conn: None,
                cx: cx.clone(),
                clock: clock.clone(),
                gate: gate.clone(),
                work,
            })
        };
        DbHandle {
            readers: group(2, Work::People),
            writers: group(if one_writer { 1 } else { 4 }, Work::People),
            engine: group(1, Work::Engine),
            api_permits: Arc::new(Semaphore::new(API_PERMITS)),
            engine_permits: Arc::new(Semaphore::new(ENGINE_PERMITS)),
            on_change: Arc::default(),
        }
    }

    /// Connections that the threads of [`DbHandle::start`] use.
    pub const CONNECTIONS: u32 = 8;

    /// Who hears of changes made here.
    pub fn tell_changes_to(&self, recipient: Recipient<Changed>) {
        *self.on_change.lock() = Some(recipient);
    }

    /// Runs an operation. Overload is an error, not a queue without end.
    pub async fn perform<O: Operation>(&self, operation: O) -> Result<O::Output, OperationError> {
        let (group, permits) = match O::ACCESS {
            Access::Read => (&self.readers, &self.api_permits),
            Access::Write => (&self.writers, &self.api_permits),
            Access::Engine => (&self.engine, &self.engine_permits),
        };
        let permit = tokio::time::timeout(PATIENCE, permits.clone().acquire_owned()).await;
        let Ok(Ok(permit)) = permit else { return Err(OperationError::Overloaded) };
        let answer = group.send(Perform { operation, _permit: permit }).await;
        let result =
            answer.map_err(|_| OperationError::Internal("the database threads have ended".to_owned()))?;
        if O::ACCESS == Access::Write && result.is_ok() {
            self.announce();
        }
        result
    }

    fn announce(&self) {
        if let Some(recipient) = &*self.on_change.lock() {
            // A full mailbox holds such a notice already.
            let _ = recipient.try_send(Changed);
        }
    }
}
