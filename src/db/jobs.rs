//! Runs that one node does, and not the engine: taken by one of the nodes, kept by a lease, given up when it is gone.

use super::connection::{DbConnection, DbError};
use super::executions::{ExecutionRow, PUBLISHING};
use super::schema::executions::dsl;
use crate::domain::clock::Timestamp;
use crate::domain::execution::ExecutionStatus;
use crate::domain::ids::{ExecutionId, NodeId, TaskId};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

/// Written out, so that the partial index on it serves a plan that is made once.
const RUNNING: &str = "executions.status = 'running'";

macro_rules! running_jobs {
    () => {
        dsl::executions.filter(sql::<Bool>(RUNNING)).filter(dsl::task_type.ne(PUBLISHING))
    };
}

/// Jobs that have begun and that nobody does yet, of a task or of all, oldest first.
pub fn waiting(conn: &mut DbConnection, task: Option<TaskId>) -> Result<Vec<ExecutionRow>, DbError> {
    let mut found = running_jobs!().filter(dsl::owner.is_null()).into_boxed();
    if let Some(task) = task {
        found = found.filter(dsl::task_id.eq(task.0));
    }
    Ok(found.order(dsl::id).load(conn)?)
}

/// Makes a job a node's own: true for whoever got there first.
pub fn take(
    conn: &mut DbConnection,
    id: ExecutionId,
    node: &NodeId,
    until: Timestamp,
) -> Result<bool, DbError> {
    let free = running_jobs!().filter(dsl::id.eq(id.0)).filter(dsl::owner.is_null());
    let taken = diesel::update(free)
        .set((dsl::owner.eq(&node.0), dsl::lease_expires_at.eq(until.micros())))
        .execute(conn)?;
    Ok(taken == 1)
}

/// Says that a node works on its jobs, and gives back those that are to go on.
pub fn renew(conn: &mut DbConnection, node: &NodeId, until: Timestamp) -> Result<Vec<ExecutionId>, DbError> {
    let own = running_jobs!().filter(dsl::owner.eq(&node.0));
    let renewed: Vec<(ExecutionId, Option<ExecutionStatus>)> = diesel::update(own)
        .set(dsl::lease_expires_at.eq(until.micros()))
        .returning((dsl::id, dsl::ends_as))
        .load(conn)?;
    Ok(renewed.into_iter().filter(|(_, ends_as)| ends_as.is_none()).map(|(id, _)| id).collect())
}

/// Jobs whose nodes have not spoken for them for a lease.
pub fn abandoned(conn: &mut DbConnection, at: Timestamp) -> Result<Vec<ExecutionRow>, DbError> {
    Ok(running_jobs!()
        .filter(dsl::owner.is_not_null())
        .filter(dsl::lease_expires_at.lt(at.micros()))
        .load(conn)?)
}
