//! How long a run is believed to be worked on. Each node renews the runs that it works on; one that starts closes those
//! for which nobody has spoken for a lease, and goes on with the others.
//!
//! Only a node that starts closes anything: one that was there all the time has renewed whatever it may work on, or was
//! itself kept from it (asleep, or without its database), and then its runs are not those of a dead node.

use super::cycle::ClaimScope;
use super::execution::end;
use super::{Access, Context, Operation, OperationError};
use crate::db::connection::DbConnection;
use crate::db::{executions, leases, run_leases};
use crate::domain::clock::Timestamp;
use crate::domain::execution::ExecutionStatus;
use crate::domain::ids::ExecutionId;
use crate::domain::report::Report;
use std::time::Duration;

/// Says that a node works on the running executions that it covers.
#[derive(Debug, Clone, Copy)]
pub struct RenewRuns {
    pub scope: ClaimScope,
    pub lease: Duration,
}

impl Operation for RenewRuns {
    type Output = usize;
    const ACCESS: Access = Access::Engine;

    fn run(self, conn: &mut DbConnection, _: &Context, now: Timestamp) -> Result<usize, OperationError> {
        conn.write(|conn| {
            let until = leases::lease_clock(conn, now)? + self.lease;
            Ok(executions::renew(conn, self.scope.task(), until)?)
        })
    }
}

/// What a node does first: of the runs that it covers, it closes those whose nodes are gone as interrupted, which
/// starts those that waited behind them, and renews the others.
#[derive(Debug, Clone, Copy)]
pub struct TakeOverRuns {
    pub scope: ClaimScope,
    pub lease: Duration,
}

impl Operation for TakeOverRuns {
    /// Runs that were closed, with what they had done until then.
    type Output = Vec<(ExecutionId, Report)>;
    const ACCESS: Access = Access::Engine;

    fn run(
        self,
        conn: &mut DbConnection,
        _: &Context,
        now: Timestamp,
    ) -> Result<Vec<(ExecutionId, Report)>, OperationError> {
        conn.write(|conn| {
            let at = leases::lease_clock(conn, now)?;
            let task = self.scope.task();
            let mut closed = Vec::new();
            for (run, lease_end) in run_leases::run_out(conn, task, self.lease, now, at)? {
                let status = ExecutionStatus::Interrupted;
                // What waits behind a shut lane is no news of a run that nobody finished.
                let seconds = lease_end.since(run.started_at).as_secs_f64();
                let report = end(conn, &run, status, Vec::new(), seconds, now)?;
                closed.extend(report.map(|report| (run.id, report)));
            }
            executions::renew(conn, task, at + self.lease)?;
            Ok(closed)
        })
    }
}
