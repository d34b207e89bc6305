//! `publishing`: takes what is due and publishes it; the engine does that.

use super::params;
use crate::db::connection::DbConnection;
use crate::domain::run_scope::{LIMIT_MAX, RunScope};
use crate::operations::task_type::TaskType;
use crate::operations::{Context, OperationError};
use serde_json::Value;

pub const TYPE: TaskType = TaskType {
    name: "publishing",
    about: "Publishes what is due, in order of priority: all of it, or only some accounts, priorities, or so many entries.",
    params_schema: || schemars::schema_for!(RunScope).to_value(),
    check,
    feeds_pool: false,
    work: None,
};

fn check(params: Value, conn: &mut DbConnection, _: &Context) -> Result<Value, OperationError> {
    let mut scope: RunScope = params::read(params)?;
    let mut wrong = Vec::new();
    if let Some(ids) = &mut scope.account_ids {
        params::check_accounts(conn, ids, &mut wrong)?;
    }
    if let Some(limit) = scope.limit {
        wrong.extend(params::check_range("limit", limit.into(), 1, LIMIT_MAX.into()));
    }
    params::unless(wrong, &scope)
}
