//! Old history is removed, a small batch in each transaction.

use super::{Access, Context, Operation, OperationError};
use crate::db::connection::DbConnection;
use crate::db::prune::{self, Batch};
use crate::domain::clock::Timestamp;
use crate::domain::ids::{ExecutionId, LogId};

/// Removes runs that found nothing to do and ended before then.
#[derive(Debug, Clone, Copy)]
pub struct PruneEmptyRuns {
    pub before: Timestamp,
}

impl Operation for PruneEmptyRuns {
    type Output = Batch;
    const ACCESS: Access = Access::Engine;

    fn run(self, conn: &mut DbConnection, _: &Context, _: Timestamp) -> Result<Batch, OperationError> {
        conn.write(|conn| Ok(prune::empty_runs(conn, self.before)?))
    }
}

/// Removes runs that ended before then, from the one after `after` on. Gives back where the next batch goes on.
#[derive(Debug, Clone, Copy)]
pub struct PruneRuns {
    pub after: ExecutionId,
    pub before: Timestamp,
}

impl Operation for PruneRuns {
    type Output = (Batch, ExecutionId);
    const ACCESS: Access = Access::Engine;

    fn run(
        self,
        conn: &mut DbConnection,
        _: &Context,
        _: Timestamp,
    ) -> Result<(Batch, ExecutionId), OperationError> {
        conn.write(|conn| Ok(prune::runs(conn, self.after, self.before)?))
    }
}

/// The same of rows of the publish log, but of entries that are open.
#[derive(Debug, Clone, Copy)]
pub struct PruneLogs {
    pub after: LogId,
    pub before: Timestamp,
}

impl Operation for PruneLogs {
    type Output = (Batch, LogId);
    const ACCESS: Access = Access::Engine;

    fn run(
        self,
        conn: &mut DbConnection,
        _: &Context,
        _: Timestamp,
    ) -> Result<(Batch, LogId), OperationError> {
        conn.write(|conn| Ok(prune::logs(conn, self.after, self.before)?))
    }
}
