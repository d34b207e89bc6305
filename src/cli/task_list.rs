//! `contenthub scheduler list`.

use super::output::Output;
use super::{Done, Failure};
use crate::app::App;
use crate::db::tasks::Filter;
use crate::operations::Paging;
use crate::operations::task::ListTaskPage;
use crate::views::TaskView;
use serde_json::json;

pub const EXAMPLES: &str = "Examples:\n  contenthub scheduler list\n  contenthub scheduler list --type backup --enabled true\n  \
    contenthub scheduler list --page-size 100 --page 2\n  contenthub scheduler list --output json";

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Part of the name
    #[arg(long)]
    name: Option<String>,
    /// Only those of this type, such as publishing
    #[arg(long = "type", value_name = "TYPE")]
    task_type: Option<String>,
    /// Only those that are enabled, or that are not
    #[arg(long, value_name = "true|false")]
    enabled: Option<bool>,
    #[arg(long)]
    page: Option<i64>,
    #[arg(long)]
    page_size: Option<i64>,
}

pub fn run(arguments: Arguments, app: &App, out: &Output) -> Result<Done, Failure> {
    let Arguments { name, task_type, enabled, page, page_size } = arguments;
    let paging = Paging::new(page, page_size)?;
    let filter = Filter { name, task_type, enabled };
    let page =
        app.run(ListTaskPage { filter, paging })?.map(|row| json!(TaskView::new(row, super::language())));
    let columns = [
        ("ID", "id"),
        ("NAME", "name"),
        ("TYPE", "task_type"),
        ("SCHEDULE", "in_words"),
        ("ENABLED", "enabled"),
        ("NEXT RUN", "next_run"),
        ("LAST RUN", "last_run"),
    ];
    out.page(&columns, &page.items, &page)
}
