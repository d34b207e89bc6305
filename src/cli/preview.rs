//! `contenthub scheduler preview`: when a task will run, or one that is not yet made would.

use super::output::Output;
use super::scheduler::TaskWord;
use super::task_form::ScheduleArguments;
use super::usage::UsageError;
use super::{Done, Failure};
use crate::app::App;
use crate::domain::time_input::AskedTime;
use crate::operations::preview::{Preview, PreviewSchedule, PreviewTask, Span};
use crate::views::PreviewView;
use crate::words::message;
use serde_json::{Value, json};

pub const EXAMPLES: &str = r#"Examples:
  The next five runs of task 1:
    contenthub scheduler preview 1
  What a schedule would do, before a task has it:
    contenthub scheduler preview --cron "30 2 * * *" --timezone Europe/Berlin --count 10
    contenthub scheduler preview --interval 5400 --next-run "2026-12-01 09:00"
    contenthub scheduler preview --at "2026-12-01 09:00" --timezone Asia/Shanghai

SHIFTED says that the clocks skip the time, so that it runs at the first instant after the change."#;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Name or id of a saved task; it may be disabled
    #[arg(conflicts_with_all = ["interval", "cron", "run_at", "on_due", "first_run"])]
    id: Option<TaskWord>,
    #[command(flatten)]
    schedule: ScheduleArguments,
    /// The first run of an interval (default: one interval after --from)
    #[arg(id = "first_run", long = "next-run", value_name = "TIME")]
    next_run: Option<String>,
    /// How many runs, 1 to 1000 (default: 5)
    #[arg(long, value_name = "N")]
    count: Option<i64>,
    /// Only runs later than this (default: now)
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
}

pub fn run(arguments: Arguments, app: &App, out: &Output) -> Result<Done, Failure> {
    let span = Span { from: arguments.from.map(AskedTime::Written), count: arguments.count };
    let schedule = arguments.schedule;
    let preview = match (arguments.id, schedule.schedule_type()) {
        (Some(task), _) => app.run(PreviewTask { task: task.find(app)?, span })?,
        (None, Some(schedule_type)) => app.run(PreviewSchedule {
            schedule_type,
            interval_seconds: schedule.interval,
            cron: schedule.cron,
            run_at: schedule.run_at.map(AskedTime::Written),
            timezone: None,
            next_run: arguments.next_run.map(AskedTime::Written),
            span,
        })?,
        (None, None) => {
            return Err(UsageError::NothingToPreview.into());
        }
    };
    show(&preview, out)
}

fn show(preview: &Preview, out: &Output) -> Result<Done, Failure> {
    let view = PreviewView::new(&preview.schedule, preview.zone, &preview.fires, super::language());
    if out.is_table() {
        super::output::write(&format!("{}\n", view.in_words))?;
    }
    let rows: Vec<Value> = view
        .details
        .iter()
        .map(|fire| {
            let shown = if out.is_table() {
                json!(if fire.shifted {
                    out.words(&message("preview-shifted").into())
                } else {
                    String::new()
                })
            } else {
                json!(fire.shifted)
            };
            // A table shows instants in the zone of whoever reads it; here both are what is asked for.
            let utc = fire.utc.to_utc().format("%Y-%m-%d %H:%M:%S").to_string();
            let utc = if out.is_table() { json!(utc) } else { json!(fire.utc) };
            json!({"utc": utc, "local": fire.local, "shifted": shown})
        })
        .collect();
    out.list(&[("UTC", "utc"), ("LOCAL", "local"), ("SHIFTED", "shifted")], &rows, &json!(view))
}
