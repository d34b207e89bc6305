//! `contenthub audit`: who changed what.

use super::output::Output;
use super::{Done, Failure};
use crate::app::App;
use crate::db::audit::Filter;
use crate::domain::resource::Resource;
use crate::operations::Paging;
use crate::operations::audit::ListAudit;
use crate::views::AuditView;
use serde_json::json;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  contenthub audit\n  contenthub audit --resource account --id 1\n  contenthub audit --who laptop --from \"2026-11-01 00:00\" --output csv"
)]
pub struct Arguments {
    /// The name of a token, or of a user of this machine
    #[arg(long, value_name = "NAME")]
    who: Option<String>,
    /// account, content, entry, pool, task, execution, publishing, token, import or database
    #[arg(long, value_name = "KIND")]
    resource: Option<Resource>,
    /// One of that kind
    #[arg(long, value_name = "ID", requires = "resource")]
    id: Option<i64>,
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Before this time
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    #[arg(long)]
    page: Option<i64>,
    #[arg(long)]
    page_size: Option<i64>,
}

pub fn run(arguments: Arguments, app: &App, out: &Output) -> Result<Done, Failure> {
    let filter = Filter {
        who: arguments.who,
        resource: arguments.resource,
        resource_id: arguments.id,
        from: super::time(app, arguments.from.as_deref())?,
        to: super::time(app, arguments.to.as_deref())?,
    };
    let paging = Paging::new(arguments.page, arguments.page_size)?;
    let page = app.run(ListAudit { filter, paging })?.map(|row| json!(AuditView::from(row)));
    let columns = [
        ("ID", "id"),
        ("AT", "at"),
        ("WHO", "who"),
        ("FROM", "from"),
        ("ACTION", "action"),
        ("RESOURCE", "resource"),
        ("OF", "resource_id"),
        ("BEFORE", "before"),
        ("AFTER", "after"),
    ];
    out.page(&columns, &page.items, &page)
}
