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

use crate::db::connection::{DbConnection, DbError};
use crate::db::kept::{Pool, Pooled};
use crate::domain::clock::Clock;
use crate::operations::{Access, Context, Operation, OperationError, perform};
use crate::secrets;
use actix::prelude::*;
use parking_lot::{Mutex, MutexGuard};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How long a request waits for a permit before it is told that there is too much to do.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often it is then looked how far a thread has come with it. By looks and not by time: a process that stood still
/// has not waited.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// For how many looks whoever asks for a person waits for a thread to begin with it.
const TURN_LOOKS: u32 = 3;
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
        // A panic would end this thread for good. The connection is given up with it: its transaction rolls back.
        let result = catch_unwind(AssertUnwindSafe(|| self.run(command.operation)));
        let result = result.unwrap_or_else(|panic| {
            log::error!("an operation panicked: {}", panic_text(&*panic));
            Err(OperationError::Internal("an operation broke; the log says more".to_owned()))
        });
        if let (Err(OperationError::Db(_) | OperationError::Internal(_)), Some(place)) =
            (&result, &mut self.place)
        {
            place.give_up();
        }
        result
    }
}

impl DbActor {
    fn run<O: Operation>(&mut self, operation: O) -> Result<O::Output, OperationError> {
        let place = match &mut self.place {
            Some(place) => place,
            None => {
                let free = self.pool.get().map_err(|error| DbError::Away(error.to_string()))?;
                self.place.insert(free)
            }
        };
        let (work, answer_max) = (&self.work, self.answer_max);
        let conn = place.get(|fresh| work.set_up(fresh, answer_max))?;
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

/// Threads that do the same work, started anew where one of them has died.
struct Group {
    start: Box<dyn Fn(Arc<AtomicU64>) -> Addr<DbActor> + Send + Sync>,
    threads: Mutex<Threads>,
    permits: Arc<Semaphore>,
    answer_max: Duration,
    /// Whether a thread that does not answer is left behind. Not on SQLite: it may hold the gate, and nobody else is to
    /// have it.
    leaves_behind: bool,
}

#[derive(Clone)]
struct Threads {
    address: Addr<DbActor>,
    /// Or were left behind.
    died: Arc<AtomicU64>,
}

impl Group {
    fn new(
        permits: usize,
        answer_max: Duration,
        leaves_behind: bool,
        start: impl Fn(Arc<AtomicU64>) -> Addr<DbActor> + Send + Sync + 'static,
    ) -> Arc<Self> {
        let threads = Threads::start(&start);
        let permits = Arc::new(Semaphore::new(permits));
        Arc::new(Group {
            start: Box::new(start),
            threads: Mutex::new(threads),
            permits,
            answer_max,
            leaves_behind,
        })
    }

    /// Sends an operation to them, and waits for its end, for so long as there is hope.
    async fn perform<O: Operation>(&self, operation: O) -> Result<O::Output, OperationError> {
        let permit = tokio::time::timeout(PATIENCE, self.permits.clone().acquire_owned()).await;
        let Ok(Ok(permit)) = permit else { return Err(OperationError::Overloaded) };
        let turn = Arc::<Turn>::default();
        let command = Perform { operation, turn: turn.clone(), _permit: permit };
        let threads = self.threads.lock().clone();
        let mut answer = pin!(threads.address.send(command));
        let (mut waited, mut worked) = (0, Duration::ZERO);
        loop {
            if let Ok(answer) = tokio::time::timeout(LOOK_EVERY, &mut answer).await {
                return answer.map_err(|_| left_alone())?;
            }
            if turn.has_begun() {
                worked += LOOK_EVERY;
                if worked >= self.answer_max {
                    return Err(self.given_up(&threads));
                }
                continue;
            }
            waited += 1;
            let (is_over, why) = match O::ACCESS {
                Access::Engine => (threads.died.load(Ordering::Relaxed) > 0, left_alone()),
                Access::Read | Access::Write => (waited >= TURN_LOOKS, OperationError::Overloaded),
            };
            if is_over && turn.give_up() {
                return Err(why);
            }
        }
    }

    fn given_up(&self, threads: &Threads) -> OperationError {
        if self.leaves_behind {
            threads.died.fetch_add(1, Ordering::Relaxed);
        }
        OperationError::Db(DbError::Away(format!("it has not answered for {:?}", self.answer_max)))
    }

    /// How many threads have died.
    fn died(&self) -> u64 {
        self.threads.lock().died.load(Ordering::Relaxed)
    }

    /// Those that live finish what waits for them, and end.
    fn start_anew(&self) {
        *self.threads.lock() = Threads::start(&*self.start);
    }
}

fn left_alone() -> OperationError {
    OperationError::Db(DbError::Away("its thread is gone; another takes its place".to_owned()))
}

impl Threads {
    fn start(start: &dyn Fn(Arc<AtomicU64>) -> Addr<DbActor>) -> Self {
        let died = Arc::<AtomicU64>::default();
        Threads { address: start(died.clone()), died }
    }
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
            Group::new(permits, answer_max, !one_writer, move |died| {
                let (pool, cx, clock, gate) = (pool.clone(), cx.clone(), clock.clone(), gate.clone());
                let work = work.clone();
                SyncArbiter::start(threads, move || DbActor {
                    pool: pool.clone(),
                    place: None,
                    cx: cx.clone(),
                    clock: clock.clone(),
                    gate: gate.clone(),
                    work: work.clone(),
                    answer_max,
                    died: died.clone(),
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

    /// Who hears of changes made here.
    pub fn tell_changes_to(&self, recipient: Recipient<Changed>) {
        *self.on_change.lock() = Some(recipient);
    }

    /// Starts anew the groups in which a thread has died, on the current actix system. Gives back how many had.
    pub fn mend(&self) -> u64 {
        let [people, engine] = [self.readers.died() + self.writers.died(), self.engine.died()];
        if engine > 0 {
            self.engine.start_anew();
        }
        // Where one connection went silent, others may have, and nobody knows until he has waited for an answer. Not the
        // engine's, which is never idle: at work, it would be taken from under it.
        if people + engine > 0 {
            self.readers.start_anew();
            self.writers.start_anew();
        }
        people + engine
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
