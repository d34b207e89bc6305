//! `contenthub publish-pool`: what waits, and what became of it.

use super::output::Output;
use super::usage::WrongValue;
use super::{Done, Failure, time, user};
use crate::app::App;
use crate::db::entries::{EntryRow, Filter};
use crate::domain::entry::EntryStatus;
use crate::domain::ids::{ContentId, EntryId};
use crate::domain::priority::Priority;
use crate::domain::retry::MAX_RETRIES_DEFAULT;
use crate::domain::similar_text::Similar;
use crate::domain::time_input::in_zone;
use crate::operations::account::FindAccount;
use crate::operations::entry::*;
use crate::operations::explain::ExplainEntry;
use crate::operations::pool::*;
use crate::operations::slots::{Move, MoveEntry};
use crate::operations::{Page, Paging};
use crate::views::{self, EntryPageView, EntryView, ExplanationView, PageView};
use crate::words::errors::InChinese;
use crate::words::{Sentence, message};
use serde_json::{Value, json};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List entries, newest first
    #[command(
        after_help = "Examples:\n  contenthub publish-pool list\n  contenthub publish-pool list --status pending --due --account blog\n  contenthub publish-pool list --output csv"
    )]
    List(ListArguments),
    /// Add a content, to be published once
    #[command(
        after_help = "Examples:\n  contenthub publish-pool add 123 --priority 1 --scheduled-at \"2026-02-06 12:00:00\"\n  contenthub publish-pool add 123 --account blog\n  contenthub publish-pool add 123 --extra 124,125 --account gzh"
    )]
    Add(AddArguments),
    /// Count entries by status
    #[command(
        after_help = "Examples:\n  contenthub publish-pool stats\n  contenthub publish-pool stats --account blog"
    )]
    Stats {
        /// Only this account's (name or id)
        #[arg(long)]
        account: Option<String>,
    },
    /// Explain an entry: where it stands and why, what its attempts said, when it is tried next, and what you can do
    #[command(
        after_help = "Examples:\n  contenthub publish-pool show 1\n  contenthub publish-pool show 1 --output json"
    )]
    Show { id: EntryId },
    /// Set an entry's priority, 1 (first) to 10 (last)
    #[command(after_help = "Examples:\n  contenthub publish-pool set-priority 1 1")]
    SetPriority {
        id: EntryId,
        #[arg(value_parser = priority)]
        priority: Priority,
    },
    /// Set which further contents an entry publishes in the same post; none: it publishes its own alone
    #[command(
        after_help = "Examples:\n  contenthub publish-pool set-extras 6 124 125\n  contenthub publish-pool set-extras 6"
    )]
    SetExtras { id: EntryId, contents: Vec<ContentId> },
    /// Set when an entry goes out
    #[command(after_help = "Examples:\n  contenthub publish-pool schedule 1 \"2027-02-06 12:00:00\"")]
    Schedule { id: EntryId, time: String },
    /// Remove an entry; its log stays
    #[command(after_help = "Examples:\n  contenthub publish-pool remove 1")]
    Remove { id: EntryId },
    /// Publish entries now, whatever their time, and wait for what becomes of them
    ///
    /// Over schedule, window and spacing, but not where the account is disabled, suspended, or at its daily cap, nor
    /// without approval. Exit code 3 where some did not go out.
    #[command(
        after_help = "Examples:\n  contenthub publish-pool publish 4\n  contenthub publish-pool publish 4 5"
    )]
    Publish {
        #[arg(required = true)]
        ids: Vec<EntryId>,
    },
    /// Try a failed or cancelled entry again
    #[command(after_help = "Examples:\n  contenthub publish-pool retry 2")]
    Retry { id: EntryId },
    /// Say what became of an entry that may be out
    #[command(
        after_help = "Examples:\n  contenthub publish-pool resolve 3 --published --url https://example.org/post\n  contenthub publish-pool resolve 3 --retry"
    )]
    Resolve(ResolveArguments),
    /// Take an entry back before it goes out
    #[command(after_help = "Examples:\n  contenthub publish-pool cancel 1")]
    Cancel { id: EntryId },
    /// Change the places of entries in posting slots
    ///
    /// Those that make room move by one slot. Nothing that is on its way, or may be out, is moved.
    #[command(
        after_help = "Examples:\n  contenthub publish-pool move 5 --first\n  contenthub publish-pool move 5 --to 4"
    )]
    Move(MoveArguments),
    /// Remove the published entries; their log stays
    #[command(after_help = "Examples:\n  contenthub publish-pool clear")]
    Clear,
}

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("where").required(true).args(["to", "first", "up", "down"]))]
pub struct MoveArguments {
    id: EntryId,
    /// Swap slots with this entry of the same account
    #[arg(long, value_name = "ID")]
    to: Option<EntryId>,
    /// Into the very next slot; those before it move back by one, up to the first free slot
    #[arg(long)]
    first: bool,
    /// Into the slot before its own
    #[arg(long)]
    up: bool,
    /// Into the slot after its own
    #[arg(long)]
    down: bool,
}

#[derive(Debug, clap::Args)]
pub struct ListArguments {
    #[arg(long)]
    status: Option<EntryStatus>,
    /// Only this account's (name or id)
    #[arg(long)]
    account: Option<String>,
    #[arg(long, value_name = "ID")]
    content: Option<ContentId>,
    #[arg(long, value_parser = priority)]
    priority: Option<Priority>,
    /// Only what is pending and due
    #[arg(long)]
    due: bool,
    /// Only those of contents with this in their titles
    #[arg(long)]
    title: Option<String>,
    /// From where an earlier page said that the list goes on
    #[arg(long, value_name = "ID", conflicts_with = "page")]
    cursor: Option<EntryId>,
    #[arg(long)]
    page: Option<i64>,
    #[arg(long)]
    page_size: Option<i64>,
}

#[derive(Debug, clap::Args)]
pub struct AddArguments {
    content: ContentId,
    /// Further contents of the same post, up to 7, where the platform takes several: one draft of several articles in WeChat
    #[arg(long = "extra", value_name = "CONTENT", value_delimiter = ',')]
    extras: Vec<ContentId>,
    /// 1 (first) to 10 (last)
    #[arg(long, default_value = "5", value_parser = priority)]
    priority: Priority,
    /// When it goes out, e.g. "2026-02-06 12:00:00" or 2026-02-06T12:00:00Z (default: now)
    #[arg(long, value_name = "TIME")]
    scheduled_at: Option<String>,
    /// It goes out in the next free posting slot of its account
    #[arg(long, conflicts_with = "scheduled_at")]
    next_slot: bool,
    /// The account, by name or id (default: the content's own, else the only one)
    #[arg(long)]
    account: Option<String>,
    #[arg(long, default_value_t = MAX_RETRIES_DEFAULT)]
    max_retries: i32,
    /// Publish it although it was published on this account before, or a post with the same text
    #[arg(long)]
    again: bool,
    /// If it cannot go out within so many seconds of its time it fails, and is not published late (default: as its
    /// account says)
    #[arg(long, value_name = "SECONDS")]
    late_after_seconds: Option<i64>,
}

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["published", "retry", "failed"]))]
pub struct ResolveArguments {
    id: EntryId,
    /// It is out
    #[arg(long)]
    published: bool,
    /// It is not out: try again
    #[arg(long)]
    retry: bool,
    /// It is not out, and that is that
    #[arg(long)]
    failed: bool,
    /// Where it is
    #[arg(long, requires = "published", conflicts_with_all = ["retry", "failed"])]
    url: Option<String>,
    /// What the platform calls it
    #[arg(long, value_name = "ID", requires = "published", conflicts_with_all = ["retry", "failed"])]
    media_id: Option<String>,
}

pub(super) fn priority(text: &str) -> Result<Priority, WrongValue> {
    let number: i32 = text.parse().map_err(|_| WrongValue::NoNumber(text.to_owned()))?;
    Ok(Priority::try_from(number)?)
}

pub fn run(command: Command, app: &App, out: &Output) -> Result<Done, Failure> {
    match command {
        Command::List(arguments) => list(arguments, app, out),
        Command::Add(arguments) => add(arguments, app, out),
        Command::Stats { account } => {
            let account = account.map(|name| app.run(FindAccount(name))).transpose()?.map(|row| row.id);
            out.one(&views::stats(&app.run(GetStats { account })?))
        }
        Command::Show { id } => super::explain::run(id, app, out),
        Command::SetPriority { id, priority } => {
            let update = UpdateEntry { priority: Some(priority), ..UpdateEntry::of(id) };
            show(app.change(update)?, app, out)
        }
        Command::SetExtras { id, contents } => {
            let update = UpdateEntry { extras: Some(contents), ..UpdateEntry::of(id) };
            show(app.change(update)?, app, out)
        }
        Command::Schedule { id, time: text } => {
            let at = time(app, Some(&text))?;
            let update = UpdateEntry { scheduled_at: Some(at), ..UpdateEntry::of(id) };
            show(app.change(update)?, app, out)
        }
        Command::Remove { id } => {
            app.change(DeleteEntry(id))?;
            let said = Sentence::new(message("done-entry-gone")).with("entry", id.to_string());
            out.tell(&said, &json!({"deleted": id}))
        }
        Command::Publish { ids } => super::publish_now::run(ids, app, out),
        Command::Retry { id } => {
            let AddedEntry { row, similar } = app.change(RetryEntry { id, by: user() })?;
            warn(similar, out);
            out.one(&json!(entry_view(row, app).beside(similar)))
        }
        Command::Resolve(arguments) => resolve(arguments, app, out),
        Command::Cancel { id } => show(app.change(CancelEntry(id))?, app, out),
        Command::Move(arguments) => move_it(&arguments, app, out),
        Command::Clear => {
            let removed = app.change(ClearPublished)?;
            let said = Sentence::new(message("done-cleared")).with("count", removed.to_string());
            out.tell(&said, &json!({"removed": removed}))
        }
    }
}

fn entry_view(row: EntryRow, app: &App) -> EntryView {
    EntryView::new(row, app.clock().now(), &app.here())
}

/// Tells of another entry with the same text, which need not be wrong.
fn warn(similar: Option<Similar>, out: &Output) {
    if let Some(similar) = similar {
        let said = out.words(&Sentence::new(message("warning")).with("what", similar.value()));
        eprintln!("{}", out.with_moments(&said));
    }
}

fn show(row: EntryRow, app: &App, out: &Output) -> Result<Done, Failure> {
    out.one(&json!(entry_view(row, app)))
}

fn list(arguments: ListArguments, app: &App, out: &Output) -> Result<Done, Failure> {
    let account = arguments.account.map(|name| app.run(FindAccount(name))).transpose()?.map(|row| row.id);
    let filter = Filter {
        status: arguments.status,
        account,
        content: arguments.content,
        priority: arguments.priority,
        title: arguments.title,
        ..Filter::default()
    };
    let paging = Paging::new(arguments.page, arguments.page_size)?;
    let (due, before) = (arguments.due, arguments.cursor);
    let found = app.run(ListEntries { filter, due, paging, before })?;
    let (here, now) = (app.here(), app.clock().now());
    let page = found.page.each().map(|row| EntryView::new(row.clone(), now, &here));
    let Page { items, total, page, page_size } = page;
    let whole = EntryPageView {
        page: PageView { items, total, page, page_size },
        total_capped: !found.is_whole,
        next_cursor: found.next,
    };
    let whole = json!(whole);
    let rows = whole["items"].as_array().cloned().unwrap_or_default();
    let columns = [
        ("ID", "id"),
        ("CONTENT", "content_id"),
        ("ACCOUNT", "account_id"),
        ("STATUS", "status"),
        ("PRIO", "priority"),
        ("DUE", "due_at"),
        ("RETRY", "retry_count"),
        ("LAST ERROR", "last_error"),
    ];
    let done = out.list(&columns, &rows, &whole)?;
    let is_short = i64::try_from(rows.len()).is_ok_and(|rows| rows < found.page.page_size);
    match found.next {
        _ if !out.is_table() => {}
        Some(next) if before.is_some() || !found.is_whole || is_short => {
            let said = Sentence::new(message("list-goes-on")).with("next", next.to_string());
            eprintln!("{}", out.words(&said));
        }
        Some(_) | None => out.tell_more(&found.page.map(|row| json!(EntryView::new(row, now, &here)))),
    }
    Ok(done)
}

fn add(arguments: AddArguments, app: &App, out: &Output) -> Result<Done, Failure> {
    let account = arguments.account.map(|name| app.run(FindAccount(name))).transpose()?.map(|row| row.id);
    let addition = Addition {
        content: arguments.content,
        extras: arguments.extras,
        account,
        priority: arguments.priority,
        scheduled_at: time(app, arguments.scheduled_at.as_deref())?,
        next_slot: arguments.next_slot,
        max_retries: arguments.max_retries,
        again: arguments.again,
        late_after_seconds: arguments.late_after_seconds,
    };
    let AddedEntry { row, similar } = app.change(AddToPool(addition))?;
    warn(similar, out);
    let is_now = row.due_at <= app.clock().now();
    let keeps = if is_now { keeps(&row, app)? } else { None };
    let said = match (&keeps, is_now) {
        (Some(why), _) => Sentence::new(message("done-added-waits")).with("why", out.words(why)),
        (None, true) => Sentence::new(message("done-added-now")),
        (None, false) => Sentence::new(message("done-added")),
    };
    let said = said
        .with("entry", row.id.to_string())
        .with("content", row.content_id.to_string())
        .with("account", row.account_id.to_string())
        .with("priority", row.priority.get())
        // As it was read, with its offset: whoever gave none sees which was meant.
        .with("at", in_zone(row.due_at, app.settings().timezone));
    out.tell(&said, &json!(entry_view(row, app).beside(similar)))
}

/// What keeps an entry that is due, where that does not pass with a turn of its lane.
fn keeps(row: &EntryRow, app: &App) -> Result<Option<Sentence>, Failure> {
    const KEEP: [&str; 6] =
        ["not_approved", "account_disabled", "account_suspended", "wrong_secret_key", "window", "daily_cap"];
    let view = ExplanationView::new(&app.run(ExplainEntry(row.id))?, None);
    let answers = view.answers.into_iter().filter(|answer| !answer.ok);
    Ok(answers.into_iter().find(|answer| KEEP.contains(&answer.code)).map(|answer| answer.sentence))
}

fn move_it(arguments: &MoveArguments, app: &App, out: &Output) -> Result<Done, Failure> {
    let to = match (arguments.to, arguments.first, arguments.up) {
        (Some(other), ..) => Move::SwapWith(other),
        (None, true, _) => Move::First,
        (None, false, true) => Move::Up,
        (None, false, false) => Move::Down,
    };
    let moved = app.change(MoveEntry { id: arguments.id, to, by: user() })?;
    let rows: Vec<Value> = moved.into_iter().map(|row| json!(entry_view(row, app))).collect();
    let columns = [("ID", "id"), ("CONTENT", "content_id"), ("ACCOUNT", "account_id"), ("SLOT", "slot_at")];
    out.list(&columns, &rows, &json!({"items": rows}))
}

fn resolve(arguments: ResolveArguments, app: &App, out: &Output) -> Result<Done, Failure> {
    let resolution = match (arguments.published, arguments.retry) {
        (true, _) => Resolution::Published { url: arguments.url, media_id: arguments.media_id },
        (false, true) => Resolution::TryAgain,
        (false, false) => Resolution::GiveUp,
    };
    show(app.change(ResolveEntry { id: arguments.id, resolution, by: user() })?, app, out)
}
