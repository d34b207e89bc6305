//! What runs came to, as the log tells it.

use super::OperationError;
use crate::db::connection::DbConnection;
use crate::db::executions::ExecutionRow;
use crate::db::publish_log;
use crate::domain::execution::{ExecutionStatus, RESULTS_KEPT};
use crate::domain::ids::{ExecutionId, TaskId};
use crate::domain::report::{self, Report, Skipped};
use serde_json::json;

/// What the log says of a run.
pub(super) fn report_of(
    conn: &mut DbConnection,
    task: TaskId,
    execution: ExecutionId,
    (skipped, seconds): (Vec<Skipped>, f64),
    status: ExecutionStatus,
) -> Result<Report, OperationError> {
    let tally = publish_log::tally(conn, execution)?;
    let kept = i64::try_from(RESULTS_KEPT).unwrap_or(i64::MAX);
    let results = publish_log::results(conn, execution, kept, 0)?;
    let report = report::report(Some(task), execution, tally, results, skipped, seconds);
    Ok(match status {
        ExecutionStatus::Interrupted => report.interrupted(),
        ExecutionStatus::Cancelled => report.cancelled(),
        _ => report,
    })
}

/// A run that made room for the next while some of it was on the wire is told as it came out. One whose log is no longer
/// whole stays as it was.
pub(super) fn up_to_date(conn: &mut DbConnection, row: ExecutionRow) -> Result<ExecutionRow, OperationError> {
    if row.status != ExecutionStatus::Succeeded {
        return Ok(row);
    }
    let kept = row.report.as_deref().map(serde_json::from_str::<Report>);
    let Some(Ok(kept)) = kept.filter(|kept| matches!(kept, Ok(it) if it.data.in_progress_count > 0)) else {
        return Ok(row);
    };
    let tally = publish_log::tally(conn, row.id)?;
    if kept.tells(&tally) || tally.tried() + kept.data.skipped_count < kept.data.total_count {
        return Ok(row);
    }
    let report = report_of(conn, row.task_id, row.id, (kept.data.skipped, kept.duration), row.status)?;
    Ok(ExecutionRow { report: Some(json!(report).to_string()), ..row })
}
