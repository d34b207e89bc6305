//! Threads that do the same work: how they are waited for, and how others take their place.

use super::together::{Single, Waiting};
use super::{DbActor, Perform, RunTogether, Turn, left_alone};
use crate::db::connection::DbError;
use crate::db::unusable::Away;
use crate::metrics::DatabaseLoad;
use crate::operations::{Access, Operation, OperationError};
use actix::prelude::*;
use parking_lot::Mutex;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{Semaphore, oneshot};

/// How long a request waits for a permit before it is told that there is too much to do.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often it is then looked how far a thread has come with it. By looks and not by time: a process that stood still
/// has not waited.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// For how many looks whoever asks for a person waits for a thread to begin with it.
const TURN_LOOKS: u32 = 3;

/// Threads that do the same work, started anew where one of them has died.
pub(super) struct Group {
    start: Start,
    threads: Mutex<Threads>,
    permits: Arc<Semaphore>,
    limits: Limits,
    /// Threads that were left behind, and others have taken their place.
    left_behind: AtomicU64,
    waiting: Arc<Waiting>,
    /// Whether what may share a transaction does. Only where one thread does all: several would each hold rows that
    /// another one waits for, and PostgreSQL lets those who commit at the same moment share the disk by itself.
    shares: bool,
    load: Arc<DatabaseLoad>,
}

type Start = Box<dyn Fn(Arc<AtomicU64>, Arc<Waiting>) -> Addr<DbActor> + Send + Sync>;

/// How long a group is waited for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// For what a thread has begun with.
    pub answer_max: Duration,
    /// The same where its connection is suspected.
    pub suspect_max: Duration,
    /// Whether a thread that does not answer is left behind. Not on SQLite: it may hold the gate, and nobody else is to
    /// have it.
    pub leaves_behind: bool,
}

impl Limits {
    fn of(&self, threads: &Threads) -> Duration {
        match threads.died.load(Ordering::Relaxed) {
            0 => self.answer_max,
            _ => self.answer_max.min(self.suspect_max),
        }
    }
}

#[derive(Clone)]
struct Threads {
    address: Addr<DbActor>,
    /// Or were left behind.
    died: Arc<AtomicU64>,
}

impl Group {
    pub(super) fn new(
        permits: usize,
        limits: Limits,
        load: Arc<DatabaseLoad>,
        shares: bool,
        start: impl Fn(Arc<AtomicU64>, Arc<Waiting>) -> Addr<DbActor> + Send + Sync + 'static,
    ) -> Arc<Self> {
        let waiting = Arc::<Waiting>::default();
        let threads = Threads::start(&start, &waiting);
        let permits = Arc::new(Semaphore::new(permits));
        Arc::new(Group {
            start: Box::new(start),
            threads: Mutex::new(threads),
            permits,
            limits,
            left_behind: AtomicU64::new(0),
            waiting,
            shares,
            load,
        })
    }

    /// Sends an operation to them, and waits for its end, for so long as there is hope.
    pub(super) async fn perform<O: Operation>(&self, operation: O) -> Result<O::Output, OperationError> {
        let permit = tokio::time::timeout(PATIENCE, self.permits.clone().acquire_owned()).await;
        let Ok(Ok(permit)) = permit else { return Err(self.refused(OperationError::Overloaded)) };
        let turn = Arc::<Turn>::default();
        let threads = self.threads.lock().clone();
        if O::TOGETHER && self.shares {
            let (to, mut answer) = oneshot::channel();
            self.waiting.push(Single::new(operation, turn.clone(), permit, to));
            let begun = threads.address.send(RunTogether);
            let answer = async {
                // Whoever is begun with may have been taken along before.
                tokio::select! {
                    biased;
                    answer = &mut answer => return answer,
                    begun = begun => if begun.is_err() && turn.give_up() { return Ok(Err(left_alone())) },
                }
                answer.await
            };
            return self.await_end(answer, &turn, &threads, O::ACCESS).await;
        }
        let command = Perform { operation, turn: turn.clone(), _permit: permit };
        self.await_end(threads.address.send(command), &turn, &threads, O::ACCESS).await
    }

    async fn await_end<T, E>(
        &self,
        answer: impl Future<Output = Result<Result<T, OperationError>, E>>,
        turn: &Turn,
        threads: &Threads,
        access: Access,
    ) -> Result<T, OperationError> {
        let mut answer = pin!(answer);
        let (mut waited, mut worked) = (0, Duration::ZERO);
        loop {
            if let Ok(answer) = tokio::time::timeout(LOOK_EVERY, &mut answer).await {
                return answer.map_err(|_| left_alone())?;
            }
            if turn.has_begun() {
                worked += LOOK_EVERY;
                if worked >= self.limits.of(threads) {
                    return Err(self.given_up(threads));
                }
                continue;
            }
            waited += 1;
            let (is_over, why) = match access {
                Access::Engine => (threads.died.load(Ordering::Relaxed) > 0, left_alone()),
                Access::Read | Access::Write => (waited >= TURN_LOOKS, OperationError::Overloaded),
            };
            if is_over && turn.give_up() {
                return Err(self.refused(why));
            }
        }
    }

    /// Nobody begins with it any more.
    fn refused(&self, why: OperationError) -> OperationError {
        if matches!(why, OperationError::Overloaded) {
            self.load.refused.add(1);
        }
        why
    }

    pub(super) fn load(&self) -> &Arc<DatabaseLoad> {
        &self.load
    }

    /// A thread of these does not answer any more. Whoever asks next meets others.
    fn given_up(&self, threads: &Threads) -> OperationError {
        if self.limits.leaves_behind {
            threads.died.fetch_add(1, Ordering::Relaxed);
            let mut at_work = self.threads.lock();
            if Arc::ptr_eq(&at_work.died, &threads.died) && System::try_current().is_some() {
                *at_work = Threads::start(&*self.start, &self.waiting);
                self.left_behind.fetch_add(1, Ordering::Relaxed);
            }
        }
        OperationError::Db(DbError::Away(Away::NoAnswer(self.limits.of(threads))))
    }

    /// How many threads have died, and nobody has taken their place.
    pub(super) fn died(&self) -> u64 {
        self.threads.lock().died.load(Ordering::Relaxed)
    }

    /// How many were left behind since this was last asked.
    pub(super) fn left_behind(&self) -> u64 {
        self.left_behind.swap(0, Ordering::Relaxed)
    }

    /// Others take their place, because their connections may have gone silent. Whoever waits for an answer learns so
    /// sooner.
    pub(super) fn suspect(&self) {
        self.threads.lock().died.fetch_add(1, Ordering::Relaxed);
        self.start_anew();
    }

    /// Those that live finish what waits for them, and end.
    pub(super) fn start_anew(&self) {
        *self.threads.lock() = Threads::start(&*self.start, &self.waiting);
    }
}

impl Threads {
    fn start(start: &dyn Fn(Arc<AtomicU64>, Arc<Waiting>) -> Addr<DbActor>, waiting: &Arc<Waiting>) -> Self {
        let died = Arc::<AtomicU64>::default();
        Threads { address: start(died.clone(), waiting.clone()), died }
    }
}
