//! Old history is removed, a small batch in each transaction.

use super::{Access, Context, Operation, OperationError};
use crate::db::connection::DbConnection;
use crate::db::prune::{self, Batch};
use crate::domain::clock::Timestamp;
use crate::domain::ids::{ExecutionId, LogId};

/// What there is too much of some day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum History {
    /// Runs that found nothing to do.
    EmptyRuns,
    Runs,
    /// The publish log, but of entries that are open.
    Logs,
    /// What was answered to requests that had an `Idempotency-Key`.
    KeyedAnswers,
}

/// Removes a batch of what ended before then.
#[derive(Debug, Clone, Copy)]
pub struct Prune {
    pub what: History,
    pub before: Timestamp,
    /// Where the batch before it ended; 0 at first.
    pub after: i64,
}

impl Operation for Prune {
    /// What was done, and where the next batch goes on.
    type Output = (Batch, i64);
    const ACCESS: Access = Access::Engine;

    fn run(self, conn: &mut DbConnection, _: &Context, _: Timestamp) -> Result<(Batch, i64), OperationError> {
        let Prune { what, before, after } = self;
        conn.write(|conn| {
            Ok(match what {
                History::EmptyRuns => (prune::empty_runs(conn, before)?, after),
                History::Runs => {
                    let (batch, last) = prune::runs(conn, ExecutionId(after), before)?;
                    (batch, last.0)
                }
                History::Logs => {
                    let (batch, last) = prune::logs(conn, LogId(after), before)?;
                    (batch, last.0)
                }
                History::KeyedAnswers => (prune::keyed_answers(conn, before)?, after),
            })
        })
    }
}
