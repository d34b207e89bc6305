//! `contenthub scheduler list`.

use super::output::Output;
use super::{Done, Failure};
use crate::app::App;
use crate::operations::task::ListTasks;
use crate::views::TaskView;
use serde_json::{Value, json};

/// A list of thousands is read and shown at once, so no row is taken apart that is not shown.
pub fn run(app: &App, out: &Output) -> Result<Done, Failure> {
    let tasks: Vec<TaskView> =
        app.run(ListTasks)?.into_iter().map(|row| TaskView::new(row, super::language())).collect();
    if out.is_json() {
        return out.whole(&AllTasks { total: tasks.len(), page: 1, page_size: tasks.len(), items: tasks });
    }
    let row = |task: &TaskView| {
        json!({
            "id": task.id,
            "name": task.name,
            "task_type": task.task_type,
            "in_words": task.in_words,
            "enabled": task.enabled,
            "next_run": task.next_run,
            "last_run": task.last_run,
        })
    };
    let columns = [
        ("ID", "id"),
        ("NAME", "name"),
        ("TYPE", "task_type"),
        ("SCHEDULE", "in_words"),
        ("ENABLED", "enabled"),
        ("NEXT RUN", "next_run"),
        ("LAST RUN", "last_run"),
    ];
    out.list(&columns, &tasks.iter().map(row).collect::<Vec<_>>(), &Value::Null)
}

#[derive(serde::Serialize)]
struct AllTasks {
    items: Vec<TaskView>,
    total: usize,
    page: usize,
    page_size: usize,
}
