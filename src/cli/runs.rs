//! `contenthub scheduler history` and `cancel`: the runs of tasks.

use super::output::{Columns, Output};
use super::run_words::told;
use super::scheduler::TaskWord;
use super::{Done, Failure};
use crate::app::App;
use crate::db::executions::Filter;
use crate::domain::execution::{ExecutionStatus, Trigger};
use crate::domain::ids::ExecutionId;
use crate::domain::report::Report;
use crate::operations::Paging;
use crate::operations::cancelling::CancelExecution;
use crate::operations::execution::ListExecutions;
use crate::views::{CancelledExecutionView, ExecutionView};
use crate::words::{Sentence, message};
use serde_json::{Value, json};

/// Which runs.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Only this task's (name or id)
    task: Option<TaskWord>,
    /// Only those that are queued, running, succeeded, failed, cancelled or interrupted
    #[arg(long)]
    status: Option<ExecutionStatus>,
    /// Only those that were started by schedule, api or cli
    #[arg(long)]
    trigger: Option<Trigger>,
    #[arg(long)]
    page: Option<i64>,
    #[arg(long)]
    page_size: Option<i64>,
}

const OF_ONE: &Columns = &[
    ("ID", "id"),
    ("TRIGGER", "trigger"),
    ("STATUS", "status"),
    ("STARTED", "started_at"),
    ("SECONDS", "duration"),
    ("MESSAGE", "message"),
];
const OF_ALL: &Columns = &[
    ("ID", "id"),
    ("TASK", "task_id"),
    ("TRIGGER", "trigger"),
    ("STATUS", "status"),
    ("STARTED", "started_at"),
    ("SECONDS", "duration"),
    ("MESSAGE", "message"),
];
/// Only ever longer.
const CSV: &Columns = &[
    ("ID", "id"),
    ("TRIGGER", "trigger"),
    ("STATUS", "status"),
    ("STARTED", "started_at"),
    ("SECONDS", "duration"),
    ("MESSAGE", "message"),
    ("TASK", "task_id"),
];

/// Lists runs, newest first.
pub fn list(arguments: Arguments, app: &App, out: &Output) -> Result<Done, Failure> {
    let of = arguments.task.map(|task| task.find(app)).transpose()?;
    let columns = match of {
        _ if !out.is_table() => CSV,
        Some(_) => OF_ONE,
        None => OF_ALL,
    };
    let filter = Filter { task: None, status: arguments.status, triggered_by: arguments.trigger };
    let paging = Paging::new(arguments.page, arguments.page_size)?;
    let page = app.run(ListExecutions { of, filter, paging })?;
    let (total, number, size) = (page.total, page.page, page.page_size);
    let items: Vec<Value> = page.items.into_iter().map(|row| json!(ExecutionView::from(row))).collect();
    let rows: Vec<Value> = items.iter().map(|item| row(item, out)).collect();
    out.list(columns, &rows, &json!({"items": items, "total": total, "page": number, "page_size": size}))
}

fn row(item: &Value, out: &Output) -> Value {
    let mut row = item.clone();
    row["message"] = item["report"]["message"].clone();
    if out.is_table()
        && let Ok(report) = serde_json::from_value::<Report>(item["report"].clone())
    {
        row["message"] = json!(told(&report, out));
    }
    row["duration"] = item["report"]["duration"].clone();
    if out.is_table() && item.get("ends_as").is_some() {
        row["status"] = json!("ending");
    }
    row
}

/// Ends a run, and says how much of it is on the wire.
pub fn cancel(execution: ExecutionId, app: &App, out: &Output) -> Result<Done, Failure> {
    let cancelled = app.change(CancelExecution(execution))?;
    let (execution, on_the_wire) = (ExecutionView::from(cancelled.row), cancelled.on_the_wire);
    let said = match on_the_wire {
        0 => Sentence::new(message("done-run-cancelled")),
        some => Sentence::new(message("done-run-stopped"))
            .with("count", some)
            .with("task", execution.task_id.to_string()),
    };
    let said = said.with("execution", execution.id.to_string());
    out.tell(&said, &json!(CancelledExecutionView { execution, on_the_wire }))
}
