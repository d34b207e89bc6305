//! Additions that wait at the same moment, in one transaction. On SQLite a commit waits for the disk, and nobody else
//! writes meanwhile: one wait does for all of them. Each has an answer of its own, and what is refused is undone alone.

use super::{Turn, panic_text};
use crate::db::change_feed;
use crate::db::connection::{DbConnection, DbError};
use crate::db::unusable::Away;
use crate::domain::clock::Timestamp;
use crate::operations::broken::Broken;
use crate::operations::{Context, Operation, OperationError, raced};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

/// As many share a transaction: the engine waits meanwhile.
const MOST: usize = 64;

/// Those that nobody has begun with. Bounded by the permits that they hold.
#[derive(Default)]
pub(super) struct Waiting(Mutex<VecDeque<Box<dyn Job>>>);

impl Waiting {
    pub(super) fn push(&self, job: impl Job + 'static) {
        self.0.lock().push_back(Box::new(job));
    }

    /// The first of them. Those whose callers have gone take nobody's place: who comes behind them has asked but once.
    pub(super) fn begin(&self) -> Vec<Box<dyn Job>> {
        let (mut waiting, mut jobs) = (self.0.lock(), Vec::new());
        while jobs.len() < MOST
            && let Some(job) = waiting.pop_front()
        {
            if job.begin() {
                jobs.push(job);
            }
        }
        jobs
    }
}

/// An operation that shares a transaction with others.
pub(super) trait Job: Send {
    /// Not where its caller has given up.
    fn begin(&self) -> bool;

    /// Keeps what came of it.
    fn run(&mut self, conn: &mut DbConnection, cx: &Context, now: Timestamp) -> Result<(), Undo>;

    /// Whether it failed in a way that says nothing good of the connection.
    fn broke(&self) -> bool;

    /// Tells the caller, once it is known what became of the transaction.
    fn tell(self: Box<Self>, committed: Result<(), &OperationError>);
}

/// What is undone.
pub(super) enum Undo {
    /// This one.
    Alone,
    /// All that share its transaction: the database may have undone them already.
    All(OperationError),
}

/// Somebody's operation.
pub(super) struct Single<O: Operation> {
    operation: Option<O>,
    result: Option<Result<O::Output, OperationError>>,
    turn: Arc<Turn>,
    to: oneshot::Sender<Result<O::Output, OperationError>>,
    /// Freed when it has run, not when its caller has gone.
    _permit: OwnedSemaphorePermit,
}

impl<O: Operation> Single<O> {
    pub(super) fn new(
        operation: O,
        turn: Arc<Turn>,
        permit: OwnedSemaphorePermit,
        to: oneshot::Sender<Result<O::Output, OperationError>>,
    ) -> Self {
        Single { operation: Some(operation), result: None, turn, to, _permit: permit }
    }

    fn fails(&mut self, error: OperationError) -> Result<(), Undo> {
        self.result = Some(Err(error));
        Err(Undo::Alone)
    }
}

impl<O: Operation> Job for Single<O> {
    fn begin(&self) -> bool {
        self.turn.begin()
    }

    fn run(&mut self, conn: &mut DbConnection, cx: &Context, now: Timestamp) -> Result<(), Undo> {
        let Some(operation) = self.operation.take() else { return Ok(()) };
        let result = catch_unwind(AssertUnwindSafe(|| operation.run(conn, cx, now)));
        match result.unwrap_or_else(|panic| {
            log::error!("an operation panicked: {}", panic_text(&*panic));
            Err(Broken::Operation.into())
        }) {
            Ok(output) => {
                self.result = Some(Ok(output));
                Ok(())
            }
            Err(error) => match raced(error) {
                // One statement was refused, and undone: where more was, what follows is refused too.
                OperationError::Db(error @ DbError::Refused(_)) => self.fails(error.into()),
                error @ OperationError::Db(_) => Err(Undo::All(error)),
                error => self.fails(error),
            },
        }
    }

    fn broke(&self) -> bool {
        matches!(self.result, Some(Err(OperationError::Db(_) | OperationError::Internal(_))))
    }

    fn tell(self: Box<Self>, committed: Result<(), &OperationError>) {
        let result = match (self.result, committed) {
            // A refusal stands, whatever became of the others.
            (Some(Err(refused)), _) => Err(refused),
            (Some(Ok(output)), Ok(())) => Ok(output),
            (_, Err(error)) => Err(alike(error)),
            (None, Ok(())) => Err(Broken::Operation.into()),
        };
        // Whoever has gone is told nothing.
        let _ = self.to.send(result);
    }
}

/// Runs them all, and commits what was not refused. An error undoes them all.
pub(super) fn run(
    jobs: &mut [Box<dyn Job>],
    conn: &mut DbConnection,
    cx: &Context,
    now: Timestamp,
) -> Result<(), OperationError> {
    conn.write(|conn| {
        let mut done = 0;
        for job in jobs {
            let mut fault = None;
            let part = conn.part(|conn| {
                job.run(conn, cx, now).map_err(|undo| match undo {
                    Undo::Alone => (),
                    Undo::All(error) => fault = Some(error),
                })
            });
            // The first error is the one to tell.
            if let Some(error) = fault {
                return Err(error);
            }
            done += u32::from(part?.is_ok());
        }
        if done > 0 {
            change_feed::announce(conn)?;
        }
        Ok(())
    })
}

/// The same error, for one more of those who share it.
fn alike(error: &OperationError) -> OperationError {
    match error {
        OperationError::Db(DbError::Away(away)) => DbError::Away(away.clone()).into(),
        OperationError::Db(DbError::Unusable(reason)) => DbError::Unusable(reason.clone()).into(),
        OperationError::Db(DbError::Moved(path)) => DbError::Moved(path.clone()).into(),
        OperationError::Db(refused @ DbError::Refused(_)) => {
            DbError::Away(Away::Said(refused.to_string())).into()
        }
        _ => Broken::Operation.into(),
    }
}
