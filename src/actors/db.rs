//! The DbActor: threads that run operations on pooled connections. Load is bounded by permits, because a mailbox bound
//! is no back-pressure in actix.
//!
//! Three groups of threads, so that readers never wait for writers, and API load never starves the engine. On SQLite,
//! which has one writer, the two writing groups take turns at a gate of their own instead of at the file's lock.
//!
//! Whoever asks for a person waits a moment for a permit and a moment for its turn, and is then told that there is too
//! much to do; what a thread has begun with is waited for, because nobody else knows what becomes of it. But not for
//! ever: PostgreSQL gives up a statement before we do, so a thread that hears nothing for longer has a connection that
//! went silent. It is left behind, and others take the place of its group.

mod group;
mod together;

use crate::db::connection::{DbConnection, DbError};
use crate::db::kept::{Pool, Pooled};
use crate::db::unusable::Away;
use crate::domain::clock::{Clock, Timestamp};
use crate::metrics::DatabaseLoad;
use crate::operations::broken::Broken;
use crate::operations::{Access, Context, Operation, OperationError, perform};
use crate::secrets;
use actix::prelude::*;
use group::{Group, Limits};
use parking_lot::{Mutex, MutexGuard};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Duration;
use together::Waiting;
use tokio::sync::OwnedSemaphorePermit;

/// Questions of the API that may wait or run at once, and as many commands: a database that cannot be written can be
/// read.
const API_PERMITS: usize = 256;
/// The engine's own, which the API cannot take.
const ENGINE_PERMITS: usize = 64;

/// How long what a thread has begun with may take, in times of what a connection may take: a question, or a turn of the
/// engine, whose leases run meanwhile.
const ANSWER_SPANS: u32 = 2;
/// The same for a command, which may write thousands of rows.
const WRITE_SPANS: u32 = 6;

/// Only one thread of this process writes at a time (SQLite).
type WriteGate = Arc<Mutex<()>>;

/// A thread that runs operations.
pub struct DbActor {
    pool: Pool,
    /// Taken for good when it is first needed.
    place: Option<Pooled>,
    cx: Arc<Context>,
    clock: Arc<dyn Clock>,
    gate: Option<WriteGate>,
    work: Work,
    answer_max: Duration,
    /// Threads of the group that have died.
    died: Arc<AtomicU64>,
    /// Of the group, what may share a transaction.
    waiting: Arc<Waiting>,
    load: Arc<DatabaseLoad>,
}

impl Drop for DbActor {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.died.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Whom a thread works for.
#[derive(Debug, Clone)]
enum Work {
    People,
    /// In sessions of this name, one after another.
    Engine(Arc<str>),
}

impl Work {
    fn set_up(&self, conn: &mut DbConnection, answer_max: Duration) -> Result<(), DbError> {
        // Less, so that a server that lives answers before it is taken for dead.
        conn.limit_statements(answer_max * 4 / 5)?;
        match self {
            Work::People => Ok(()),
            Work::Engine(session) => {
                conn.plan_by_key()?;
                conn.succeed_session(session)
            }
        }
    }
}

impl Actor for DbActor {
    type Context = SyncContext<Self>;
}

/// Command: run an operation and answer with its result.
pub struct Perform<O: Operation> {
    operation: O,
    turn: Arc<Turn>,
    /// Freed when the operation has run, not when its caller has gone.
    _permit: OwnedSemaphorePermit,
}

/// Whether an operation has begun, or whoever asked for it has given up: one of the two, whatever comes first.
#[derive(Default)]
struct Turn(AtomicU8);

impl Turn {
    const BEGUN: u8 = 1;
    const GIVEN_UP: u8 = 2;

    fn begin(&self) -> bool {
        self.take(Turn::BEGUN)
    }

    fn give_up(&self) -> bool {
        self.take(Turn::GIVEN_UP)
    }

    fn has_begun(&self) -> bool {
        self.0.load(Ordering::Acquire) == Turn::BEGUN
    }

    fn take(&self, state: u8) -> bool {
        self.0.compare_exchange(0, state, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

impl<O: Operation> Message for Perform<O> {
    type Result = Result<O::Output, OperationError>;
}

impl<O: Operation> Handler<Perform<O>> for DbActor {
    type Result = Result<O::Output, OperationError>;

    fn handle(&mut self, command: Perform<O>, _: &mut Self::Context) -> Self::Result {
        if !command.turn.begin() {
            return Err(OperationError::Overloaded);
        }
        // One that was left behind and comes back: another does its work by now, in a session that is its successor.
        if matches!(self.work, Work::Engine(_)) && self.died.load(Ordering::Relaxed) > 0 {
            return Err(left_alone());
        }
        let began = self.clock.monotonic();
        // A panic would end this thread for good. The connection is given up with it: its transaction rolls back.
        let result = catch_unwind(AssertUnwindSafe(|| self.run(command.operation)));
        self.load.turns.note(self.clock.monotonic().saturating_sub(began));
        let result = result.unwrap_or_else(|panic| {
            log::error!("an operation panicked: {}", panic_text(&*panic));
            Err(Broken::Operation.into())
        });
        if let (Err(OperationError::Db(_) | OperationError::Internal(_)), Some(place)) =
            (&result, &mut self.place)
        {
            place.give_up();
        }
        result
    }
}

/// Command: run what waits to share a transaction. One is sent for each that waits.
#[derive(Message)]
#[rtype(result = "()")]
pub struct RunTogether;

impl Handler<RunTogether> for DbActor {
    type Result = ();

    fn handle(&mut self, _: RunTogether, _: &mut Self::Context) {
        let mut jobs = self.waiting.clone().begin();
        if jobs.is_empty() {
            return;
        }
        let began = self.clock.monotonic();
        let done = self.with_connection(true, |conn, cx, now| together::run(&mut jobs, conn, cx, now));
        self.load.turns.note(self.clock.monotonic().saturating_sub(began));
        let broke = done.is_err() || jobs.iter().any(|job| job.broke());
        if let Some(place) = self.place.as_mut().filter(|_| broke) {
            place.give_up();
        }
        jobs.into_iter().for_each(|job| job.tell(done.as_ref().copied()));
    }
}

impl DbActor {
    fn run<O: Operation>(&mut self, operation: O) -> Result<O::Output, OperationError> {
        let writes = matches!(O::ACCESS, Access::Write | Access::Engine);
        self.with_connection(writes, |conn, cx, now| perform(operation, conn, cx, now))
    }

    fn with_connection<T>(
        &mut self,
        writes: bool,
        work: impl FnOnce(&mut DbConnection, &Context, Timestamp) -> Result<T, OperationError>,
    ) -> Result<T, OperationError> {
        let place = match &mut self.place {
            Some(place) => place,
            None => {
                let free = self.pool.get().map_err(|error| DbError::Away(Away::Said(error.to_string())))?;
                self.place.insert(free)
            }
        };
        let (of_whom, answer_max) = (&self.work, self.answer_max);
        let conn = place.get(|fresh| of_whom.set_up(fresh, answer_max))?;
        let gate = self.gate.as_ref().filter(|_| writes);
        let guard: Option<MutexGuard<'_, ()>> = gate.map(|gate| gate.lock());
        let result = work(conn, &self.cx, self.clock.now());
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

fn left_alone() -> OperationError {
    OperationError::Db(DbError::Away(Away::ThreadGone))
}

/// Where operations are sent. Cheap to clone.
#[derive(Clone)]
pub struct DbHandle {
    readers: Arc<Group>,
    writers: Arc<Group>,
    engine: Arc<Group>,
    on_change: Arc<Mutex<Option<Recipient<Changed>>>>,
}

impl DbHandle {
    /// Starts the threads. `one_writer` for SQLite.
    pub fn start(pool: Pool, cx: Arc<Context>, clock: Arc<dyn Clock>, one_writer: bool) -> Self {
        let gate = one_writer.then(WriteGate::default);
        let span = pool.connection_timeout();
        let group = |threads: usize, permits: usize, spans: u32, work: Work| {
            let (pool, cx, clock, gate) = (pool.clone(), cx.clone(), clock.clone(), gate.clone());
            let answer_max = span * spans;
            let limits = Limits { answer_max, suspect_max: span * ANSWER_SPANS, leaves_behind: !one_writer };
            let load = Arc::<DatabaseLoad>::default();
            Group::new(permits, limits, load.clone(), one_writer, move |died, waiting| {
                let (pool, cx, clock, gate) = (pool.clone(), cx.clone(), clock.clone(), gate.clone());
                let (work, load) = (work.clone(), load.clone());
                SyncArbiter::start(threads, move || DbActor {
                    pool: pool.clone(),
                    place: None,
                    cx: cx.clone(),
                    clock: clock.clone(),
                    gate: gate.clone(),
                    work: work.clone(),
                    answer_max,
                    died: died.clone(),
                    waiting: waiting.clone(),
                    load: load.clone(),
                })
            })
        };
        let engine = Work::Engine(format!("contenthub engine {}", secrets::random_hex(8)).into());
        DbHandle {
            readers: group(2, API_PERMITS, ANSWER_SPANS, Work::People),
            writers: group(if one_writer { 1 } else { 4 }, API_PERMITS, WRITE_SPANS, Work::People),
            engine: group(1, ENGINE_PERMITS, ANSWER_SPANS, engine),
            on_change: Arc::default(),
        }
    }

    /// Connections that the threads of [`DbHandle::start`] use, also while threads that take the place of others start,
    /// and those of threads that were left behind and do not end.
    pub const CONNECTIONS: u32 = 64;

    /// What each group of threads has done, by its name.
    pub fn loads(&self) -> [(&'static str, &Arc<DatabaseLoad>); 3] {
        [("readers", self.readers.load()), ("writers", self.writers.load()), ("engine", self.engine.load())]
    }

    /// Who hears of changes made here.
    pub fn tell_changes_to(&self, recipient: Recipient<Changed>) {
        *self.on_change.lock() = Some(recipient);
    }

    /// Starts anew the groups in which a thread has died, on the current actix system. Gives back how many had.
    pub fn mend(&self) -> u64 {
        let groups = [&self.readers, &self.writers, &self.engine];
        let died = groups.map(|group| group.died());
        for (group, _) in groups.iter().zip(died).filter(|(_, died)| *died > 0) {
            group.start_anew();
        }
        let left_behind: u64 = groups.map(|group| group.left_behind()).iter().sum();
        // Where one connection went silent, others may have, and nobody knows until he has waited for an answer. Not the
        // engine's, which is never idle: at work, it would be taken from under it.
        if left_behind > 0 {
            self.readers.suspect();
            self.writers.suspect();
        }
        died.iter().sum::<u64>() + left_behind
    }

    /// Runs an operation. Overload is an error, not a queue without end.
    pub async fn perform<O: Operation>(&self, operation: O) -> Result<O::Output, OperationError> {
        let group = match O::ACCESS {
            Access::Read => &self.readers,
            Access::Write => &self.writers,
            Access::Engine => &self.engine,
        };
        let result = group.perform(operation).await;
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
