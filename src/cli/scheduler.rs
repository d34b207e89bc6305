//! `contenthub scheduler`: tasks and their runs.

use super::output::Output;
use super::progress::Progress;
use super::task_form;
use super::{Before, Done, Failure};
use crate::app::App;
use crate::db::tasks::TaskRow;
use crate::domain::ids::{ExecutionId, TaskId};
use crate::domain::report::Report;
use crate::operations::execution::RunProgress;
use crate::operations::find::FindTask;
use crate::operations::pause::{PausePublishing, ResumePublishing};
use crate::operations::task::*;
use crate::task_run::Ran;
use crate::views::TaskView;
use crate::words::errors::kept_of_a_file;
use crate::words::{Sentence, message};
use serde_json::json;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List tasks, a page at a time
    #[command(after_help = super::task_list::EXAMPLES)]
    List(super::task_list::Arguments),
    /// Create a task; without arguments, on a terminal, it asks
    #[command(after_help = task_form::CREATE_EXAMPLES)]
    Create(task_form::CreateArguments),
    /// Show one task
    #[command(after_help = "Examples:\n  contenthub scheduler show 1")]
    Show {
        /// Name or id
        id: TaskWord,
    },
    /// Change a task; its next run is computed from now
    #[command(after_help = task_form::UPDATE_EXAMPLES)]
    Update(task_form::UpdateArguments),
    /// Let a task run by itself
    #[command(after_help = "Examples:\n  contenthub scheduler enable 2")]
    Enable {
        /// Name or id
        id: TaskWord,
    },
    /// Stop a task: it runs only when triggered
    #[command(after_help = "Examples:\n  contenthub scheduler disable 1")]
    Disable {
        /// Name or id
        id: TaskWord,
    },
    /// Remove a task; its history stays
    #[command(after_help = "Examples:\n  contenthub scheduler delete 2")]
    Delete {
        /// Name or id
        id: TaskWord,
    },
    /// Show what a task can do, and what it is told by --param
    TaskTypes(super::type_words::Arguments),
    /// Show when a task will run, or would
    #[command(after_help = super::preview::EXAMPLES)]
    Preview(super::preview::Arguments),
    /// Run a task now, wait, and print the report
    #[command(
        after_help = "Examples:\n  contenthub scheduler trigger 1\n  contenthub scheduler trigger \"publish when due\" --output json"
    )]
    Trigger {
        /// Name or id
        id: TaskWord,
    },
    /// Stop all publishing, on all nodes, until it is resumed
    ///
    /// No run begins and none sends anything new; what is being sent ends as it would. What falls due meanwhile waits, and
    /// so do tasks; one that is triggered says what it would have published. It outlives restarts.
    #[command(after_help = "Examples:\n  contenthub scheduler pause --reason \"the site is being moved\"")]
    Pause {
        /// Why, for whoever wonders
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// Let publishing go on: what fell due meanwhile goes out, and tasks fire at their next times from now
    #[command(after_help = "Examples:\n  contenthub scheduler resume")]
    Resume,
    /// End a run: it takes nothing new, and what is being sent ends as it would
    ///
    /// It answers at once, and says how many posts are on the wire; with the last of them the run is cancelled, and its
    /// report says what became of each.
    #[command(after_help = "Examples:\n  contenthub scheduler cancel 7")]
    Cancel { execution: ExecutionId },
    /// Show the runs of a task, or of all, newest first
    #[command(
        after_help = "Examples:\n  contenthub scheduler history 1 --page-size 5\n  contenthub scheduler history --status failed\n  contenthub scheduler history --status running --trigger cli"
    )]
    History(super::runs::Arguments),
}

/// A task as a person names it: by its name, or by its number.
#[derive(Debug, Clone)]
pub struct TaskWord(String);

impl From<&str> for TaskWord {
    fn from(word: &str) -> Self {
        TaskWord(word.to_owned())
    }
}

impl TaskWord {
    pub(super) fn find(self, app: &App) -> Result<TaskId, Failure> {
        Ok(app.run(FindTask(self.0))?)
    }
}

pub fn run(command: Command, app: &App, out: &Output) -> Result<Done, Failure> {
    match command {
        Command::List(arguments) => super::task_list::run(arguments, app, out),
        Command::Create(arguments) => task_form::create(arguments, app, out),
        Command::TaskTypes(_) => super::type_words::run(app, out),
        Command::Show { id } => out.one(&json!(view(app.run(GetTask(id.find(app)?))?))),
        Command::Update(arguments) => task_form::update(arguments, app, out),
        Command::Enable { id } => switch(id.find(app)?, true, app, out),
        Command::Disable { id } => switch(id.find(app)?, false, app, out),
        Command::Delete { id } => {
            let id = id.find(app)?;
            app.change(DeleteTask(id))?;
            let said = Sentence::new(message("done-task-gone")).with("task", id.to_string());
            out.tell(&said, &json!({"deleted": id}))
        }
        Command::Trigger { id } => trigger(id.find(app)?, app, out),
        Command::History(arguments) => super::runs::list(arguments, app, out),
        Command::Preview(arguments) => super::preview::run(arguments, app, out),
        Command::Pause { reason } => pause(reason, app, out),
        Command::Resume => resume(app, out),
        Command::Cancel { execution } => super::runs::cancel(execution, app, out),
    }
}

/// A task as whoever is at the terminal reads it.
pub(super) fn view(row: TaskRow) -> TaskView {
    TaskView::new(row, super::language())
}

fn switch(id: TaskId, enabled: bool, app: &App, out: &Output) -> Result<Done, Failure> {
    let view = view(app.change(UpdateTask { enabled: Some(enabled), ..UpdateTask::new(id) })?);
    let said =
        Sentence::new(if enabled { message("done-task-enabled") } else { message("done-task-disabled") });
    out.tell(&said.with("task", id.to_string()).with("name", view.name.as_str()), &json!(view))
}

fn trigger(id: TaskId, app: &App, out: &Output) -> Result<Done, Failure> {
    let mut progress = Progress::new(&message("progress-running").into(), super::language());
    let ran = app.run_task_heeding_signals(id, |so_far| {
        let RunProgress { done, total, published, failed } = so_far;
        let uncertain = done - published - failed;
        let note = match uncertain {
            0 => Sentence::new(message("progress-counts")),
            _ => Sentence::new(message("progress-counts-uncertain")).with("uncertain", uncertain.to_string()),
        };
        let note = note.with("published", published.to_string()).with("failed", failed.to_string());
        // Of a task that does something else nothing is counted.
        if total > 0 {
            progress.next(&message("progress-publishing").into());
            progress.set_noting(done, total, &note);
        }
    })?;
    // Off the terminal before there is a report on it.
    drop(progress);
    match ran {
        Ran::Whole { report: ended, was_cancelled } => match report(&ended, out)? {
            Done::Well if was_cancelled => Ok(Done::Partly),
            done => Ok(done),
        },
        Ran::Stopped { signal, execution } => {
            Err(Failure::Stopped { signal, before: Before::Ended(execution) })
        }
        Ran::EndedAtOnce(signal) => Err(Failure::EndedAtOnce(signal)),
    }
}

fn pause(reason: Option<String>, app: &App, out: &Output) -> Result<Done, Failure> {
    let paused = app.change(PausePublishing { by: super::user(), reason })?;
    let said = match &paused.reason {
        None => Sentence::new(message("pause-done")),
        Some(reason) => Sentence::new(message("pause-done-because")).with("reason", reason.as_str()),
    };
    out.tell(&said.with("since", paused.since).with("by", paused.by.as_str()), &json!({"paused": paused}))
}

fn resume(app: &App, out: &Output) -> Result<Done, Failure> {
    let was = app.change(ResumePublishing { by: super::user() })?;
    let said = match &was {
        Some(was) => {
            Sentence::new(message("pause-over")).with("since", was.since).with("by", was.by.as_str())
        }
        None => message("pause-none").into(),
    };
    out.tell(&said, &json!({"paused": null, "was_paused": was}))
}

/// The files that an import could not read, each with what is wrong where.
fn bad_files(details: &Option<serde_json::Value>, out: &Output) -> Vec<String> {
    let files = details.as_ref().and_then(|details| details["files"].as_array());
    let mut lines = Vec::new();
    for file in files.into_iter().flatten() {
        let path = file["path"].as_str().unwrap_or_default();
        for error in file["errors"].as_array().into_iter().flatten() {
            let line = error["line"].as_u64().map_or(String::new(), |line| format!(":{line}"));
            let message = error["message"].as_str().unwrap_or_default();
            let told = kept_of_a_file(message, out.language()).map(|said| out.words(&said));
            lines.push(format!("{path}{line}: {}", told.as_deref().unwrap_or(message)));
        }
    }
    lines
}

/// The report of a run; code 3 where not everything went out, or nobody brought it to its end.
fn report(report: &Report, out: &Output) -> Result<Done, Failure> {
    let all = json!(report);
    if out.is_table() {
        let data = &report.data;
        let mut text = format!("{}\n", super::run_words::told(report, out));
        let [entry, content] =
            [message("report-entry"), message("report-content")].map(|id| out.words(&id.into()));
        for result in &data.results {
            let error = result.error.as_deref().map(|text| out.kept(text));
            let what = error.as_deref().or(result.url.as_deref()).or(result.media_id.as_deref());
            text.push_str(&format!(
                "  {entry} {:<6} {content} {:<6} {:<10} {}\n",
                result.pool_id,
                result.content_id,
                result.status,
                what.unwrap_or("")
            ));
        }
        for line in bad_files(&data.details, out) {
            text.push_str(&format!("  {line}\n"));
        }
        for lane in &data.skipped {
            let said = Sentence::new(message("report-skipped"))
                .with("account", lane.account_id.to_string())
                .with("count", lane.count)
                .with("reason", out.kept_with_moments(&lane.reason));
            text.push_str(&format!("  {}\n", out.words(&said)));
        }
        let said = Sentence::new(message("report-total"))
            .with("total", data.total_count.to_string())
            .with("succeeded", data.success_count.to_string())
            .with("failed", data.failed_count.to_string())
            .with("skipped", data.skipped_count.to_string())
            .with("seconds", format!("{:.2}", report.duration));
        text.push_str(&format!("{}\n", out.words(&said)));
        super::output::write(&super::output::harmless(&text))?;
    } else {
        out.one(&all)?;
    }
    let partly = report.data.failed_count + report.data.uncertain_count > 0;
    Ok(match report.success {
        // What publishes may have been interrupted half-way; another kind of run did not do what it was to do.
        false if report.data.details.is_some() => Done::Failed,
        false => Done::Partly,
        true if partly => Done::Partly,
        true => Done::Well,
    })
}
