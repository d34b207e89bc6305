//! Runs for which nobody has spoken for a lease.

use super::connection::{DbConnection, DbError};
use super::executions::{OpenExecution, RUNNING, open};
use super::schema::executions::dsl;
use crate::domain::clock::Timestamp;
use crate::domain::ids::{ExecutionId, TaskId};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use std::collections::HashMap;
use std::time::Duration;

/// The running executions of a task, or of all, whose lease has run out, with when it did. One for which nobody has
/// spoken yet has `lease` from its start on, by the clock of nodes, which wrote that; the others are judged by the clock
/// that leases go by.
pub fn run_out(
    conn: &mut DbConnection,
    task: Option<TaskId>,
    lease: Duration,
    now: Timestamp,
    lease_now: Timestamp,
) -> Result<Vec<(OpenExecution, Timestamp)>, DbError> {
    let spoken_for: Vec<(ExecutionId, Option<Timestamp>)> =
        dsl::executions.filter(sql::<Bool>(RUNNING)).select((dsl::id, dsl::lease_expires_at)).load(conn)?;
    let spoken_for: HashMap<ExecutionId, Option<Timestamp>> = spoken_for.into_iter().collect();
    let mut found = Vec::new();
    for run in open(conn)? {
        let renewed = spoken_for.get(&run.id).copied().flatten();
        let (lease_end, at) = renewed.map_or((run.started_at + lease, now), |until| (until, lease_now));
        if lease_end < at && task.is_none_or(|task| task == run.task) {
            found.push((run, lease_end));
        }
    }
    Ok(found)
}
