//! `contenthub scheduler`: tasks and their runs.

use super::output::Output;
use super::progress::Progress;
use super::{Done, Failure, time};
use crate::app::App;
use crate::domain::ids::TaskId;
use crate::domain::report::Report;
use crate::domain::schedule::ScheduleType;
use crate::operations::Paging;
use crate::operations::execution::ListExecutions;
use crate::operations::task::*;
use crate::task_run::Ran;
use crate::views::{ExecutionView, TaskView};
use serde_json::{Value, json};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List all tasks
    List,
    /// Create a task: contenthub scheduler create --name "auto publish" --type publishing --interval 300
    Create(CreateArguments),
    /// Show one task
    Show { id: TaskId },
    /// Change a task; its next run is computed from now
    Update(UpdateArguments),
    /// Let a task run by itself
    Enable { id: TaskId },
    /// Stop a task: it runs only when triggered
    Disable { id: TaskId },
    /// Remove a task; its history stays
    Delete { id: TaskId },
    /// Run a task now, wait, and print the report
    Trigger { id: TaskId },
    /// Show the runs of a task, newest first
    History {
        id: TaskId,
        #[arg(long)]
        page: Option<i64>,
        #[arg(long)]
        page_size: Option<i64>,
    },
}

#[derive(Debug, clap::Args)]
pub struct CreateArguments {
    #[arg(long)]
    name: String,
    /// What the task does
    #[arg(long = "type", default_value = "publishing", value_name = "TYPE")]
    task_type: String,
    /// Seconds between runs, 1 to 31622400
    #[arg(long, value_name = "SECONDS", required_unless_present = "on_due", conflicts_with = "on_due")]
    interval: Option<i64>,
    /// Run whenever an entry is due
    #[arg(long)]
    on_due: bool,
    /// The first run of an interval (default: one interval from now)
    #[arg(long, value_name = "TIME")]
    next_run: Option<String>,
    /// Create it without letting it run
    #[arg(long)]
    disabled: bool,
}

#[derive(Debug, clap::Args)]
pub struct UpdateArguments {
    id: TaskId,
    #[arg(long)]
    name: Option<String>,
    #[arg(long, value_name = "SECONDS")]
    interval: Option<i64>,
    #[arg(long, value_name = "TIME")]
    next_run: Option<String>,
}

pub fn run(command: Command, app: &App, out: &Output) -> Result<Done, Failure> {
    match command {
        Command::List => list(app, out),
        Command::Create(arguments) => create(arguments, app, out),
        Command::Show { id } => out.one(&json!(TaskView::from(app.run(GetTask(id))?))),
        Command::Update(arguments) => update(arguments, app, out),
        Command::Enable { id } => switch(id, true, app, out),
        Command::Disable { id } => switch(id, false, app, out),
        Command::Delete { id } => {
            app.run(DeleteTask(id))?;
            out.say(&format!("Task {id} is gone; its history stays."), &json!({"deleted": id}))
        }
        Command::Trigger { id } => trigger(id, app, out),
        Command::History { id, page, page_size } => history(id, Paging::new(page, page_size)?, app, out),
    }
}

fn list(app: &App, out: &Output) -> Result<Done, Failure> {
    let rows: Vec<Value> = app.run(ListTasks)?.into_iter().map(|row| json!(TaskView::from(row))).collect();
    let columns = [
        ("ID", "id"),
        ("NAME", "name"),
        ("TYPE", "task_type"),
        ("SCHEDULE", "schedule_type"),
        ("SECONDS", "interval_seconds"),
        ("ENABLED", "enabled"),
        ("NEXT RUN", "next_run"),
        ("LAST RUN", "last_run"),
    ];
    let whole = json!({"items": rows, "total": rows.len(), "page": 1, "page_size": rows.len()});
    out.list(&columns, &rows, &whole)
}

fn create(arguments: CreateArguments, app: &App, out: &Output) -> Result<Done, Failure> {
    let task = CreateTask {
        name: arguments.name,
        task_type: arguments.task_type,
        schedule_type: if arguments.on_due { ScheduleType::OnDue } else { ScheduleType::Interval },
        interval_seconds: arguments.interval,
        timezone: None,
        params: json!({}),
        enabled: !arguments.disabled,
        next_run: time(app, arguments.next_run.as_deref())?,
    };
    let view = TaskView::from(app.run(task)?);
    let next = view.next_run.map_or("when triggered".to_owned(), |at| at.to_string());
    out.say(&format!("Task {} “{}” was created; next run: {next}.", view.id, view.name), &json!(view))
}

fn update(arguments: UpdateArguments, app: &App, out: &Output) -> Result<Done, Failure> {
    let update = UpdateTask {
        name: arguments.name,
        interval_seconds: arguments.interval,
        next_run: time(app, arguments.next_run.as_deref())?,
        ..UpdateTask::new(arguments.id)
    };
    out.one(&json!(TaskView::from(app.run(update)?)))
}

fn switch(id: TaskId, enabled: bool, app: &App, out: &Output) -> Result<Done, Failure> {
    let view = TaskView::from(app.run(UpdateTask { enabled: Some(enabled), ..UpdateTask::new(id) })?);
    let word = if enabled { "enabled" } else { "disabled" };
    out.say(&format!("Task {id} “{}” is {word}.", view.name), &json!(view))
}

fn trigger(id: TaskId, app: &App, out: &Output) -> Result<Done, Failure> {
    let mut progress = Progress::new("publishing", None);
    let ran = app.run_task_heeding_signals(id, |so_far| progress.set(so_far.done, so_far.total))?;
    // Off the terminal before there is a report on it.
    drop(progress);
    match ran {
        Ran::Whole(ended) => report(&ended, out),
        Ran::Stopped { signal, execution } => Err(Failure::Stopped { signal, execution }),
        Ran::EndedAtOnce(signal) => Err(Failure::EndedAtOnce(signal)),
    }
}

fn history(id: TaskId, paging: Paging, app: &App, out: &Output) -> Result<Done, Failure> {
    let page = app.run(ListExecutions { task: Some(id), paging })?;
    let (total, number, size) = (page.total, page.page, page.page_size);
    let items: Vec<Value> = page.items.into_iter().map(|row| json!(ExecutionView::from(row))).collect();
    let rows: Vec<Value> = items
        .iter()
        .map(|item| {
            let mut row = item.clone();
            row["message"] = item["report"]["message"].clone();
            row["duration"] = item["report"]["duration"].clone();
            row
        })
        .collect();
    let columns = [
        ("ID", "id"),
        ("TRIGGER", "trigger"),
        ("STATUS", "status"),
        ("STARTED", "started_at"),
        ("SECONDS", "duration"),
        ("MESSAGE", "message"),
    ];
    out.list(&columns, &rows, &json!({"items": items, "total": total, "page": number, "page_size": size}))
}

/// The report of a run; code 3 where not everything went out.
fn report(report: &Report, out: &Output) -> Result<Done, Failure> {
    let all = json!(report);
    if out.is_table() {
        let data = &report.data;
        let mut text = format!("{}\n", report.message);
        for result in &data.results {
            let what = result.error.as_deref().or(result.url.as_deref()).or(result.media_id.as_deref());
            text.push_str(&format!(
                "  entry {:<6} content {:<6} {:<10} {}\n",
                result.pool_id,
                result.content_id,
                result.status,
                what.unwrap_or("")
            ));
        }
        for lane in &data.skipped {
            text.push_str(&format!(
                "  account {}: {} skipped: {}\n",
                lane.account_id, lane.count, lane.reason
            ));
        }
        text.push_str(&format!(
            "Total {}, succeeded {}, failed {}, skipped {}; {:.2} s\n",
            data.total_count, data.success_count, data.failed_count, data.skipped_count, report.duration
        ));
        super::output::write(&super::output::harmless(&text))?;
    } else {
        out.one(&all)?;
    }
    let partly = report.data.failed_count + report.data.uncertain_count > 0;
    Ok(if partly { Done::Partly } else { Done::Well })
}
