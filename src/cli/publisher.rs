//! `contenthub publisher`: what became of each attempt.

use super::output::Output;
use super::scheduler::TaskWord;
use super::{Done, Failure, time};
use crate::app::App;
use crate::db::publish_log::Filter;
use crate::domain::ids::*;
use crate::domain::settlement::LogStatus;
use crate::operations::Paging;
use crate::operations::account::FindAccount;
use crate::operations::history::{GetLog, ListHistory};
use crate::views::LogView;
use serde_json::json;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List attempts, newest first
    #[command(
        after_help = "Examples:\n  contenthub publisher history --entry 1\n  contenthub publisher history --status failed --account blog\n  contenthub publisher history --task \"publish when due\" --from \"2026-11-01 00:00\""
    )]
    History(HistoryArguments),
    /// Show one attempt
    #[command(after_help = "Examples:\n  contenthub publisher show 1")]
    Show { id: LogId },
}

#[derive(Debug, clap::Args)]
pub struct HistoryArguments {
    #[arg(long, value_name = "ID")]
    content: Option<ContentId>,
    /// Name or id
    #[arg(long)]
    account: Option<String>,
    #[arg(long, value_name = "ID")]
    entry: Option<EntryId>,
    #[arg(long, value_name = "ID")]
    execution: Option<ExecutionId>,
    /// Only those of runs of this task (name or id)
    #[arg(long)]
    task: Option<TaskWord>,
    #[arg(long)]
    status: Option<LogStatus>,
    /// Those that ended then or later
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Those that ended before
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    #[arg(long)]
    page: Option<i64>,
    #[arg(long)]
    page_size: Option<i64>,
}

pub fn run(command: Command, app: &App, out: &Output) -> Result<Done, Failure> {
    match command {
        Command::History(arguments) => history(arguments, app, out),
        Command::Show { id } => out.one(&json!(LogView::from(app.run(GetLog(id))?))),
    }
}

fn history(arguments: HistoryArguments, app: &App, out: &Output) -> Result<Done, Failure> {
    let account = arguments.account.map(|name| app.run(FindAccount(name))).transpose()?.map(|row| row.id);
    let filter = Filter {
        content: arguments.content,
        account,
        entry: arguments.entry,
        execution: arguments.execution,
        task: arguments.task.map(|task| task.find(app)).transpose()?,
        status: arguments.status,
        from: time(app, arguments.from.as_deref())?,
        to: time(app, arguments.to.as_deref())?,
        ..Filter::default()
    };
    let paging = Paging::new(arguments.page, arguments.page_size)?;
    let page = app.run(ListHistory { filter, paging })?.map(|row| json!(LogView::from(row)));
    let columns = [
        ("ID", "id"),
        ("ENTRY", "pool_id"),
        ("CONTENT", "content_id"),
        ("ACCOUNT", "account_id"),
        ("ATTEMPT", "attempt"),
        ("STATUS", "status"),
        ("FINISHED", "finished_at"),
        ("SAID BY", "said_by"),
        ("ERROR", "error_message"),
    ];
    out.page(&columns, &page.items, &page)
}
