//! `contenthub content`: what is published.

use super::output::Output;
use super::usage::UsageError;
use super::{Done, Failure, content_preview, import};
use crate::app::App;
use crate::db::contents::{Filter, Text};
use crate::domain::content::{BODY_MAX_BYTES, ReviewStatus};
use crate::domain::ids::ContentId;
use crate::operations::Paging;
use crate::operations::account::FindAccount;
use crate::operations::content::*;
use crate::views::ContentView;
use crate::words::{Sentence, message};
use serde_json::json;
use std::io::Read;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List contents, newest first
    #[command(
        after_help = "Examples:\n  contenthub content list --title Hello\n  contenthub content list --account blog --review approved"
    )]
    List(ListArguments),
    /// Create a content
    #[command(
        after_help = "Examples:\n  contenthub content create --title \"Hello\" --body-file a.md --account blog\n  contenthub content create --title \"Short\" --body \"One line\" --tag news"
    )]
    Create(CreateArguments),
    /// Import a folder of Markdown files
    Import(import::Arguments),
    /// Show one content
    #[command(after_help = "Examples:\n  contenthub content show 1")]
    Show { id: ContentId },
    /// Show as HTML how a content looks on a platform
    #[command(after_help = content_preview::EXAMPLES)]
    Preview(content_preview::Arguments),
    /// Change a content, which makes a revision
    #[command(after_help = "Examples:\n  contenthub content update 1 --title \"Hello again\"")]
    Update(UpdateArguments),
    /// Approve a content for publication
    #[command(after_help = "Examples:\n  contenthub content approve 5")]
    Approve { id: ContentId },
    /// Reject a content
    #[command(after_help = "Examples:\n  contenthub content reject 5")]
    Reject { id: ContentId },
    /// Remove a content that nothing waits for
    #[command(after_help = "Examples:\n  contenthub content delete 4")]
    Delete { id: ContentId },
}

#[derive(Debug, clap::Args)]
pub struct ListArguments {
    /// Part of the title
    #[arg(long)]
    title: Option<String>,
    /// Only those whose own account it is (name or id)
    #[arg(long)]
    account: Option<String>,
    /// Only those of which the review says draft, pending_review, approved or rejected
    #[arg(long, value_name = "STATUS")]
    review: Option<ReviewStatus>,
    #[arg(long)]
    page: Option<i64>,
    #[arg(long)]
    page_size: Option<i64>,
}

#[derive(Debug, clap::Args)]
pub struct CreateArguments {
    #[arg(long)]
    title: String,
    /// Markdown
    #[arg(long, conflicts_with = "body_file", required_unless_present = "body_file")]
    body: Option<String>,
    /// A Markdown file; - reads standard input
    #[arg(long, value_name = "FILE")]
    body_file: Option<PathBuf>,
    /// Where it is published unless an entry says otherwise (name or id)
    #[arg(long)]
    account: Option<String>,
    #[arg(long)]
    digest: Option<String>,
    #[arg(long)]
    author: Option<String>,
    #[arg(long)]
    cover: Option<String>,
    /// May be given several times
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    #[arg(long, value_name = "URL")]
    source_url: Option<String>,
}

#[derive(Debug, clap::Args)]
pub struct UpdateArguments {
    id: ContentId,
    #[arg(long)]
    title: Option<String>,
    #[arg(long, conflicts_with = "body_file")]
    body: Option<String>,
    /// A Markdown file; - reads standard input
    #[arg(long, value_name = "FILE")]
    body_file: Option<PathBuf>,
}

pub fn run(command: Command, app: &App, out: &Output) -> Result<Done, Failure> {
    match command {
        Command::List(arguments) => list(arguments, app, out),
        Command::Create(arguments) => create(arguments, app, out),
        Command::Import(arguments) => import::run(arguments, app, out),
        Command::Show { id } => show(app.run(GetContent(id))?, out),
        Command::Preview(arguments) => content_preview::run(arguments, app, out),
        Command::Update(arguments) => {
            let body = read_body(arguments.body, arguments.body_file.as_deref())?;
            let update = UpdateContent { title: arguments.title, body, ..UpdateContent::new(arguments.id) };
            show(app.change(update)?, out)
        }
        Command::Approve { id } => show(app.change(ReviewContent { id, step: ReviewStep::Approve })?, out),
        Command::Reject { id } => show(app.change(ReviewContent { id, step: ReviewStep::Reject })?, out),
        Command::Delete { id } => {
            app.change(DeleteContent(id))?;
            let said = Sentence::new(message("done-content-gone")).with("content", id.to_string());
            out.tell(&said, &json!({"deleted": id}))
        }
    }
}

fn show(row: crate::db::contents::ContentRow, out: &Output) -> Result<Done, Failure> {
    out.one(&json!(ContentView::from(row)))
}

fn list(arguments: ListArguments, app: &App, out: &Output) -> Result<Done, Failure> {
    let paging = Paging::new(arguments.page, arguments.page_size)?;
    let account = arguments.account.map(|name| app.run(FindAccount(name))).transpose()?.map(|row| row.id);
    let filter = Filter { title: arguments.title, account, review_status: arguments.review };
    let page = app.run(ListContents { filter, paging })?.map(|row| json!(ContentView::from(row)));
    let columns = [
        ("ID", "id"),
        ("TITLE", "title"),
        ("ACCOUNT", "account_id"),
        ("REVISION", "revision"),
        ("REVIEW", "review_status"),
        ("UPDATED", "updated_at"),
    ];
    out.page(&columns, &page.items, &page)
}

fn create(arguments: CreateArguments, app: &App, out: &Output) -> Result<Done, Failure> {
    let account = arguments.account.map(|name| app.run(FindAccount(name))).transpose()?.map(|row| row.id);
    let body = read_body(arguments.body, arguments.body_file.as_deref())?.unwrap_or_default();
    let text = Text {
        title: arguments.title,
        body,
        digest: arguments.digest,
        author: arguments.author,
        cover: arguments.cover,
        tags: arguments.tags,
        source_url: arguments.source_url,
    };
    let view = ContentView::from(app.change(CreateContent { text, account })?);
    let said = Sentence::new(message("done-content-made"))
        .with("content", view.id.to_string())
        .with("title", view.title.as_str());
    out.tell(&said, &json!(view))
}

fn read_body(text: Option<String>, file: Option<&Path>) -> Result<Option<String>, Failure> {
    let Some(path) = file else { return Ok(text) };
    let mut bytes = Vec::new();
    let limit = u64::try_from(BODY_MAX_BYTES + 1).unwrap_or(u64::MAX);
    let read = if path == Path::new("-") {
        std::io::stdin().take(limit).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes))
    };
    read.map_err(|source| UsageError::File { path: path.to_owned(), source })?;
    if bytes.len() > BODY_MAX_BYTES {
        return Err(UsageError::TooLarge(path.to_owned()).into());
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..good].iter().filter(|byte| **byte == b'\n').count() + 1;
        UsageError::NotUtf8 { path: path.to_owned(), line }
    })?;
    Ok(Some(text))
}
