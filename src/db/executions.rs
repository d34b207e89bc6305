//! Runs of tasks. A task has at most one that is running and one that follows it; partial unique indexes see to it.

use super::connection::{DbConnection, DbError};
use super::schema::executions::dsl;
use super::statement::statement;
use super::unusable::Unusable;
use crate::domain::clock::Timestamp;
use crate::domain::execution::{ExecutionStatus, RunRule, Trigger};
use crate::domain::ids::{ExecutionId, NodeId, TaskId};
use crate::domain::report::Report;
use crate::domain::run_scope::RunScope;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = super::schema::executions)]
pub struct ExecutionRow {
    pub id: ExecutionId,
    pub task_id: TaskId,
    pub rule: RunRule,
    pub triggered_by: Trigger,
    pub status: ExecutionStatus,
    pub fire_time: Option<Timestamp>,
    pub claiming: bool,
    pub created_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    /// The report as JSON, once it has ended.
    pub report: Option<String>,
    /// Until when its nodes are believed to work on it; none before one of them said so.
    pub lease_expires_at: Option<Timestamp>,
    /// What its task was when it was made, and with which parameters, as JSON.
    pub task_type: String,
    pub params: String,
    /// The node that does it, where the engine does not.
    pub owner: Option<NodeId>,
    pub found_nothing: bool,
    /// What it ends as with the last of what it has on the wire, where somebody ended it before: it claims nothing more.
    pub ends_as: Option<ExecutionStatus>,
}

/// The type of the tasks whose runs are the engine's; those of other types have one node that does them.
pub const PUBLISHING: &str = "publishing";

impl ExecutionRow {
    /// Whether one node does it, and not the engine.
    pub fn is_job(&self) -> bool {
        self.task_type != PUBLISHING
    }
}

/// A running execution, as far as claims need to know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenExecution {
    pub id: ExecutionId,
    pub task: TaskId,
    pub rule: RunRule,
    pub started_at: Timestamp,
    /// False once it only waits for what is on the wire.
    pub claiming: bool,
    /// It takes only a part of what is due: see [`scope`].
    pub in_part: bool,
}

/// Written out, as is `QUEUED`, so that the partial index on it serves a plan that is made once; by any other, all that a
/// task has ever run would be looked through.
pub(super) const RUNNING: &str = "executions.status = 'running'";
const QUEUED: &str = "executions.status = 'queued'";

const OPEN: &str = "SELECT id, task_id, rule, started_at, claiming, params <> '{}' FROM executions \
    WHERE status = 'running' AND task_type = 'publishing'";

/// The running executions that publish, those first that go first.
pub fn open(conn: &mut DbConnection) -> Result<Vec<OpenExecution>, DbError> {
    type Columns = (BigInt, BigInt, Text, BigInt, Bool, Bool);
    let rows: Vec<(ExecutionId, TaskId, RunRule, Timestamp, bool, bool)> = match conn {
        DbConnection::Sqlite(inner) => statement::<Columns>(OPEN).load(inner)?,
        DbConnection::Postgres(inner) => statement::<Columns>(OPEN).load(inner)?,
    };
    let mut open: Vec<OpenExecution> = rows
        .into_iter()
        .map(|(id, task, rule, started_at, claiming, in_part)| OpenExecution {
            id,
            task,
            rule,
            started_at,
            claiming,
            in_part,
        })
        .collect();
    open.sort_by_key(|execution| (execution.rule, execution.id));
    Ok(open)
}

/// What of the due entries an execution takes.
pub fn scope(conn: &mut DbConnection, execution: &OpenExecution) -> Result<RunScope, DbError> {
    if !execution.in_part {
        return Ok(RunScope::default());
    }
    let params: String =
        dsl::executions.filter(dsl::id.eq(execution.id.0)).select(dsl::params).first(conn)?;
    read_scope(&params)
}

/// The parameters of a publishing run, which were checked when its task was saved.
pub fn read_scope(params: &str) -> Result<RunScope, DbError> {
    serde_json::from_str(params).map_err(|error| {
        DbError::Unusable(Unusable::RunParams { why: error.to_string(), params: params.to_owned() })
    })
}

pub fn get(conn: &mut DbConnection, id: ExecutionId) -> Result<Option<ExecutionRow>, DbError> {
    Ok(dsl::executions.filter(dsl::id.eq(id.0)).first(conn).optional()?)
}

/// Which executions a list shows; what is none is not asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Filter {
    pub task: Option<TaskId>,
    pub status: Option<ExecutionStatus>,
    pub triggered_by: Option<Trigger>,
}

impl Filter {
    /// Whether what is asked for is read off an index of who started them: few are started by a person.
    fn goes_by_trigger(self) -> bool {
        self.status.is_none() || self.triggered_by.is_some_and(|trigger| trigger != Trigger::Schedule)
    }
}

/// Newest first, with how many there are.
///
/// What is asked for is read off the index that begins with it, however rare or old it is. PostgreSQL would rather go
/// through all that are newer until it has found enough: so there it is asked for as a span of one, and ordered by, too,
/// which only that index can do. What is beside it is a span everywhere, so that SQLite does not take its index instead.
pub fn list(
    conn: &mut DbConnection,
    filter: Filter,
    limit: i64,
    offset: i64,
) -> Result<(Vec<ExecutionRow>, i64), DbError> {
    let is_postgres = matches!(conn, DbConnection::Postgres(_));
    let mut items = dsl::executions.into_boxed();
    let mut total = dsl::executions.count().into_boxed();
    macro_rules! ask {
        ($column:expr, $value:expr, $is_beside:expr) => {
            items = match ($is_beside, is_postgres) {
                (true, _) => items.filter($column.between($value, $value)),
                (false, true) => items.filter($column.between($value, $value)).then_order_by($column.desc()),
                (false, false) => items.filter($column.eq($value)),
            };
            total = total.filter($column.eq($value));
        };
    }
    if let Some(task) = filter.task {
        ask!(dsl::task_id, task.0, false);
    }
    if let Some(status) = filter.status.map(ExecutionStatus::as_str) {
        ask!(dsl::status, status, filter.goes_by_trigger());
    }
    if let Some(trigger) = filter.triggered_by.map(Trigger::as_str) {
        ask!(dsl::triggered_by, trigger, !filter.goes_by_trigger());
    }
    Ok((items.then_order_by(dsl::id.desc()).limit(limit).offset(offset).load(conn)?, total.get_result(conn)?))
}

/// The running or the queued execution of a task.
pub fn of_task(
    conn: &mut DbConnection,
    task: TaskId,
    status: ExecutionStatus,
) -> Result<Option<ExecutionRow>, DbError> {
    let is_so = format!("executions.status = '{status}'");
    Ok(dsl::executions.filter(dsl::task_id.eq(task.0)).filter(sql::<Bool>(&is_so)).first(conn).optional()?)
}

/// The running execution of a task, if any, which stays so until the caller's transaction ends.
pub fn hold_running(conn: &mut DbConnection, task: TaskId) -> Result<Option<ExecutionRow>, DbError> {
    if let DbConnection::Postgres(inner) = conn {
        const LOCK: &str = "SELECT id FROM executions WHERE task_id = $1 AND status = 'running' FOR UPDATE";
        statement::<BigInt>(LOCK).bind::<BigInt, _>(task.0).load::<i64>(inner)?;
    }
    of_task(conn, task, ExecutionStatus::Running)
}

/// An execution, which stays as it is until the caller's transaction ends: neither begins nor ends, and nothing more is
/// claimed for it.
pub fn hold(conn: &mut DbConnection, id: ExecutionId) -> Result<Option<ExecutionRow>, DbError> {
    if let DbConnection::Postgres(inner) = conn {
        const LOCK: &str = "SELECT id FROM executions WHERE id = $1 FOR UPDATE";
        statement::<BigInt>(LOCK).bind::<BigInt, _>(id.0).load::<i64>(inner)?;
    }
    get(conn, id)
}

/// How a running execution stands, until the caller's transaction ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub claiming: bool,
    /// See [`ExecutionRow::ends_as`].
    pub ends_as: Option<ExecutionStatus>,
}

const SQLITE_STANDING: &str = "SELECT claiming, ends_as FROM executions WHERE id = $1 AND status = 'running'";
/// Claims for it may be made meanwhile, on other nodes.
const POSTGRES_STANDING: &str =
    "SELECT claiming, ends_as FROM executions WHERE id = $1 AND status = 'running' FOR NO KEY UPDATE";

/// None where it does not run any more.
pub fn standing(conn: &mut DbConnection, id: ExecutionId) -> Result<Option<Standing>, DbError> {
    macro_rules! ask {
        ($sql:expr, $inner:expr) => {
            statement::<(Bool, Nullable<Text>)>($sql)
                .bind::<BigInt, _>(id.0)
                .get_result::<(bool, Option<ExecutionStatus>)>($inner)
                .optional()?
        };
    }
    let found = match conn {
        DbConnection::Sqlite(inner) => ask!(SQLITE_STANDING, inner),
        DbConnection::Postgres(inner) => ask!(POSTGRES_STANDING, inner),
    };
    Ok(found.map(|(claiming, ends_as)| Standing { claiming, ends_as }))
}

/// An execution to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewExecution {
    pub task: TaskId,
    pub rule: RunRule,
    pub triggered_by: Trigger,
    pub fire_time: Option<Timestamp>,
    /// `Running`, or `Queued` behind the one that is; or what it is at once, where it has nothing to do.
    pub status: ExecutionStatus,
}

/// It does what its task does now.
pub fn insert(conn: &mut DbConnection, new: NewExecution, now: Timestamp) -> Result<ExecutionId, DbError> {
    use super::schema::scheduled_tasks::dsl as tasks;
    let started_at = (new.status != ExecutionStatus::Queued).then_some(now.micros());
    let (task_type, params): (String, String) = tasks::scheduled_tasks
        .filter(tasks::id.eq(new.task.0))
        .select((tasks::task_type, tasks::params))
        .first(conn)
        .optional()?
        .unwrap_or_else(|| (PUBLISHING.to_owned(), "{}".to_owned()));
    Ok(diesel::insert_into(dsl::executions)
        .values((
            dsl::task_id.eq(new.task.0),
            dsl::rule.eq(new.rule.as_str()),
            dsl::triggered_by.eq(new.triggered_by.as_str()),
            dsl::status.eq(new.status.as_str()),
            dsl::fire_time.eq(new.fire_time.map(|at| at.micros())),
            dsl::created_at.eq(now.micros()),
            dsl::started_at.eq(started_at),
            dsl::task_type.eq(task_type),
            dsl::params.eq(params),
        ))
        .returning(dsl::id)
        .get_result(conn)?)
}

/// Whether a task has fired for this time, by whatever clock.
pub fn has_fired(conn: &mut DbConnection, task: TaskId, fire_time: Timestamp) -> Result<bool, DbError> {
    let fired = dsl::executions.filter(dsl::task_id.eq(task.0)).filter(dsl::fire_time.eq(fire_time.micros()));
    Ok(diesel::select(diesel::dsl::exists(fired)).get_result(conn)?)
}

/// No running execution has begun later than now: its age, and what was due when it began, are counted from there.
pub fn begun_by(conn: &mut DbConnection, now: Timestamp) -> Result<usize, DbError> {
    let ahead = dsl::executions.filter(sql::<Bool>(RUNNING)).filter(dsl::started_at.gt(now.micros()));
    Ok(diesel::update(ahead).set(dsl::started_at.eq(now.micros())).execute(conn)?)
}

/// From now on it only waits for what is on the wire.
pub fn stop_claiming(conn: &mut DbConnection, id: ExecutionId) -> Result<(), DbError> {
    diesel::update(dsl::executions.filter(dsl::id.eq(id.0))).set(dsl::claiming.eq(false)).execute(conn)?;
    Ok(())
}

/// It has something to claim after all: what it had on the wire came back without having been sent. False where
/// somebody has ended it.
pub fn claim_again(conn: &mut DbConnection, id: ExecutionId) -> Result<bool, DbError> {
    let its_own = dsl::executions.filter(dsl::id.eq(id.0)).filter(dsl::ends_as.is_null());
    Ok(diesel::update(its_own).set(dsl::claiming.eq(true)).execute(conn)? == 1)
}

/// Somebody has ended it: it claims nothing more, and is closed as that with the last of what it has on the wire.
pub fn end_later(conn: &mut DbConnection, id: ExecutionId, ends_as: ExecutionStatus) -> Result<(), DbError> {
    diesel::update(dsl::executions.filter(dsl::id.eq(id.0)))
        .set((dsl::claiming.eq(false), dsl::ends_as.eq(ends_as.as_str())))
        .execute(conn)?;
    Ok(())
}

const SQLITE_RENEW: &str = "UPDATE executions SET lease_expires_at = ?1 \
    WHERE status = 'running' AND task_type = 'publishing' AND (?2 IS NULL OR task_id = ?2)";
/// One that is locked is worked on at this very moment, and there will be other renewals: nobody waits for it.
const POSTGRES_RENEW: &str = "UPDATE executions SET lease_expires_at = $1 WHERE id IN (SELECT id FROM executions \
    WHERE status = 'running' AND task_type = 'publishing' AND ($2::bigint IS NULL OR task_id = $2) \
    FOR NO KEY UPDATE SKIP LOCKED)";

/// Says of the running executions that publish, of a task or of all, that they are worked on until then.
pub fn renew(conn: &mut DbConnection, task: Option<TaskId>, until: Timestamp) -> Result<usize, DbError> {
    macro_rules! renew {
        ($sql:expr, $inner:expr) => {
            statement::<()>($sql)
                .bind::<BigInt, _>(until.micros())
                .bind::<Nullable<BigInt>, _>(task.map(|task| task.0))
                .execute($inner)?
        };
    }
    Ok(match conn {
        DbConnection::Sqlite(inner) => renew!(SQLITE_RENEW, inner),
        DbConnection::Postgres(inner) => renew!(POSTGRES_RENEW, inner),
    })
}

/// Ends a running execution: true for whoever got there first.
pub fn finish(
    conn: &mut DbConnection,
    id: ExecutionId,
    status: ExecutionStatus,
    report: &Report,
    now: Timestamp,
) -> Result<bool, DbError> {
    let json = written(report)?;
    let changed = diesel::update(
        dsl::executions.filter(dsl::id.eq(id.0)).filter(dsl::status.eq(ExecutionStatus::Running.as_str())),
    )
    .set((
        dsl::status.eq(status.as_str()),
        dsl::finished_at.eq(now.micros()),
        dsl::claiming.eq(false),
        dsl::report.eq(json),
        dsl::found_nothing.eq(report.found_nothing()),
    ))
    .execute(conn)?;
    Ok(changed == 1)
}

fn written(report: &Report) -> Result<String, DbError> {
    serde_json::to_string(report).map_err(|error| DbError::Unusable(Unusable::Report(error.to_string())))
}

/// Makes an execution that was over as it began, beside the one that is on.
pub fn insert_ended(
    conn: &mut DbConnection,
    new: NewExecution,
    report: impl FnOnce(ExecutionId) -> Report,
    now: Timestamp,
) -> Result<ExecutionId, DbError> {
    let id = insert(conn, new, now)?;
    let report = report(id);
    diesel::update(dsl::executions.filter(dsl::id.eq(id.0)))
        .set((
            dsl::finished_at.eq(now.micros()),
            dsl::claiming.eq(false),
            dsl::report.eq(written(&report)?),
            dsl::found_nothing.eq(report.found_nothing()),
        ))
        .execute(conn)?;
    Ok(id)
}

/// Starts the run that waited behind one that has ended, if any.
pub fn start_queued(
    conn: &mut DbConnection,
    task: TaskId,
    now: Timestamp,
) -> Result<Option<ExecutionId>, DbError> {
    Ok(diesel::update(dsl::executions.filter(dsl::task_id.eq(task.0)).filter(sql::<Bool>(QUEUED)))
        .set((dsl::status.eq(ExecutionStatus::Running.as_str()), dsl::started_at.eq(now.micros())))
        .returning(dsl::id)
        .get_result(conn)
        .optional()?)
}

/// Drops the run that waits behind another, when its task goes.
pub fn cancel_queued(conn: &mut DbConnection, task: TaskId, now: Timestamp) -> Result<(), DbError> {
    diesel::update(dsl::executions.filter(dsl::task_id.eq(task.0)).filter(sql::<Bool>(QUEUED)))
        .set((dsl::status.eq(ExecutionStatus::Cancelled.as_str()), dsl::finished_at.eq(now.micros())))
        .execute(conn)?;
    Ok(())
}

/// The same for all tasks of a type, and for those that are gone.
pub fn cancel_all_queued(conn: &mut DbConnection, task_type: &str, now: Timestamp) -> Result<(), DbError> {
    use super::schema::scheduled_tasks as tasks;
    let of_others = tasks::table.filter(tasks::task_type.ne(task_type)).select(tasks::id);
    diesel::update(
        dsl::executions.filter(sql::<Bool>(QUEUED)).filter(diesel::dsl::not(dsl::task_id.eq_any(of_others))),
    )
    .set((dsl::status.eq(ExecutionStatus::Cancelled.as_str()), dsl::finished_at.eq(now.micros())))
    .execute(conn)?;
    Ok(())
}
