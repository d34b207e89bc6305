//! Many fires at once, of tasks that are due at the same time: a few statements for all of them, and each by its own
//! compare-and-set.

use super::connection::{DbConnection, DbError};
use super::executions::NewExecution;
use super::schema::executions;
use super::statement::statement;
use crate::domain::clock::Timestamp;
use crate::domain::ids::{ExecutionId, TaskId};
use diesel::dsl::sql;
use diesel::pg::sql_types::Array;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use std::collections::HashSet;

/// A task that goes from the fire that came to its next; without one it is switched off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Move {
    pub task: TaskId,
    pub from: Timestamp,
    pub to: Option<Timestamp>,
    /// What its run stands for.
    pub for_time: Timestamp,
    /// Fires that passed more than a minute ago, and those of them without a run of their own.
    pub missed: usize,
    pub skipped: usize,
}

/// Has nobody else fire, change or trigger these tasks until the caller's transaction ends. In the order of their ids, so
/// that of two who want the same tasks one waits for the other. On SQLite nobody else writes meanwhile anyway.
pub fn lock(conn: &mut DbConnection, tasks: &[TaskId]) -> Result<(), DbError> {
    if let DbConnection::Postgres(inner) = conn {
        const LOCK: &str = "SELECT id FROM scheduled_tasks WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE";
        statement::<BigInt>(LOCK)
            .bind::<Array<BigInt>, _>(column(tasks, |task| task.0))
            .load::<i64>(inner)?;
    }
    Ok(())
}

/// Those of the tasks that run, or that have fired at or after the earliest of their times.
pub fn busy(conn: &mut DbConnection, moves: &[Move]) -> Result<HashSet<TaskId>, DbError> {
    use executions::dsl;
    let tasks = column(moves, |one| one.task.0);
    let earliest = moves.iter().map(|one| one.from).min().unwrap_or(Timestamp::MIN);
    let mut found: HashSet<TaskId> = dsl::executions
        .filter(sql::<Bool>("executions.status = 'running'"))
        .filter(dsl::task_id.eq_any(&tasks))
        .select(dsl::task_id)
        .load::<TaskId>(conn)?
        .into_iter()
        .collect();
    let fired = dsl::executions
        .filter(dsl::task_id.eq_any(&tasks))
        .filter(dsl::fire_time.ge(earliest.micros()))
        .select(dsl::task_id)
        .distinct()
        .load::<TaskId>(conn)?;
    found.extend(fired);
    Ok(found)
}

macro_rules! sqlite_advance {
    ($also:literal) => {
        concat!(
            "UPDATE scheduled_tasks SET next_run = ?1, last_run = ?2, missed_count = missed_count + ?3, \
               skipped_count = skipped_count + ?4, \
               last_missed_at = CASE WHEN ?3 > 0 THEN ?2 ELSE last_missed_at END",
            $also,
            " WHERE id = ?5 AND next_run = ?6"
        )
    };
}
/// What has a next fire is enabled, and stays so: its place in the lists is not written anew.
const SQLITE_ADVANCE: &str = sqlite_advance!("");
const SQLITE_SWITCH_OFF: &str = sqlite_advance!(", enabled = FALSE");
const POSTGRES_ADVANCE: &str = "UPDATE scheduled_tasks AS t SET next_run = m.next, enabled = m.next IS NOT NULL, \
    last_run = $1, missed_count = t.missed_count + m.missed, skipped_count = t.skipped_count + m.skipped, \
    last_missed_at = CASE WHEN m.missed > 0 THEN $1 ELSE t.last_missed_at END \
    FROM unnest($2, $3, $4, $5, $6) AS m (id, due, next, missed, skipped) \
    WHERE t.id = m.id AND t.next_run = m.due RETURNING t.id";

/// Moves tasks on; gives back those where nobody else was first.
pub fn advance(conn: &mut DbConnection, moves: &[Move], now: Timestamp) -> Result<HashSet<TaskId>, DbError> {
    let next = |one: &Move| one.to.map(Timestamp::micros);
    let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    match conn {
        DbConnection::Sqlite(inner) => {
            let mut moved = HashSet::with_capacity(moves.len());
            for one in moves {
                let sql = if one.to.is_some() { SQLITE_ADVANCE } else { SQLITE_SWITCH_OFF };
                let changed = statement::<()>(sql)
                    .bind::<Nullable<BigInt>, _>(next(one))
                    .bind::<BigInt, _>(now.micros())
                    .bind::<BigInt, _>(count(one.missed))
                    .bind::<BigInt, _>(count(one.skipped))
                    .bind::<BigInt, _>(one.task.0)
                    .bind::<BigInt, _>(one.from.micros())
                    .execute(inner)?;
                moved.extend((changed == 1).then_some(one.task));
            }
            Ok(moved)
        }
        DbConnection::Postgres(inner) => {
            let moved: Vec<TaskId> = statement::<BigInt>(POSTGRES_ADVANCE)
                .bind::<BigInt, _>(now.micros())
                .bind::<Array<BigInt>, _>(column(moves, |one| one.task.0))
                .bind::<Array<BigInt>, _>(column(moves, |one| one.from.micros()))
                .bind::<Array<Nullable<BigInt>>, _>(column(moves, next))
                .bind::<Array<BigInt>, _>(column(moves, |one| count(one.missed)))
                .bind::<Array<BigInt>, _>(column(moves, |one| count(one.skipped)))
                .load(inner)?;
            Ok(moved.into_iter().collect())
        }
    }
}

fn column<'a, Row, Value>(rows: &'a [Row], field: impl Fn(&'a Row) -> Value) -> Vec<Value> {
    rows.iter().map(field).collect()
}

const SQLITE_BEGIN: &str = "INSERT INTO executions (task_id, rule, triggered_by, status, fire_time, created_at, \
    started_at, task_type, params) SELECT t.id, ?2, ?3, ?4, ?5, ?6, ?6, t.task_type, t.params \
    FROM scheduled_tasks AS t WHERE t.id = ?1 RETURNING id";
const POSTGRES_BEGIN: &str = "INSERT INTO executions (task_id, rule, triggered_by, status, fire_time, created_at, \
    started_at, task_type, params) \
    SELECT n.task, n.rule, n.triggered_by, n.status, n.fire_time, $1, $1, t.task_type, t.params \
    FROM unnest($2, $3, $4, $5, $6) AS n (task, rule, triggered_by, status, fire_time) \
    JOIN scheduled_tasks AS t ON t.id = n.task RETURNING id";

/// Begins runs, all of them now; each does what its task does now.
pub fn begin(
    conn: &mut DbConnection,
    runs: &[NewExecution],
    now: Timestamp,
) -> Result<Vec<ExecutionId>, DbError> {
    match conn {
        DbConnection::Sqlite(inner) => runs
            .iter()
            .map(|NewExecution { task, rule, triggered_by, fire_time, status }| {
                Ok(statement::<BigInt>(SQLITE_BEGIN)
                    .bind::<BigInt, _>(task.0)
                    .bind::<Text, _>(rule.as_str())
                    .bind::<Text, _>(triggered_by.as_str())
                    .bind::<Text, _>(status.as_str())
                    .bind::<Nullable<BigInt>, _>(fire_time.map(Timestamp::micros))
                    .bind::<BigInt, _>(now.micros())
                    .get_result(inner)?)
            })
            .collect(),
        DbConnection::Postgres(inner) => Ok(statement::<BigInt>(POSTGRES_BEGIN)
            .bind::<BigInt, _>(now.micros())
            .bind::<Array<BigInt>, _>(column(runs, |run| run.task.0))
            .bind::<Array<Text>, _>(column(runs, |run| run.rule.as_str()))
            .bind::<Array<Text>, _>(column(runs, |run| run.triggered_by.as_str()))
            .bind::<Array<Text>, _>(column(runs, |run| run.status.as_str()))
            .bind::<Array<Nullable<BigInt>>, _>(column(runs, |run| run.fire_time.map(Timestamp::micros)))
            .load(inner)?),
    }
}
