//! `contenthub media`: pictures that contents show.

use super::output::{Output, harmless};
use super::usage::UsageError;
use super::{Done, Failure};
use crate::app::App;
use crate::domain::ids::MediaId;
use crate::operations::Paging;
use crate::operations::media::{AddMedia, DeleteMedia, GetMedia, ListMedia, RemoveFile};
use crate::views::MediaView;
use crate::words::{Sentence, message};
use serde_json::{Value, json};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Keep pictures, and print what a text calls them
    ///
    /// PNG, JPEG, GIF and WebP by what they hold, at most 20 MiB and 50 million pixels each. The same file again is the same
    /// picture. A text shows one by its address, as in ![a cat](media:9f86d081884c7d65), and so does a cover.
    #[command(
        after_help = "Examples:\n  contenthub media add cover.png\n  contenthub media add cover.png --output json"
    )]
    Add {
        /// The files
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// List pictures, newest first
    #[command(after_help = "Examples:\n  contenthub media list\n  contenthub media list --page-size 100")]
    List {
        #[arg(long)]
        page: Option<i64>,
        #[arg(long)]
        page_size: Option<i64>,
    },
    /// Show what is known of a picture
    #[command(after_help = "Examples:\n  contenthub media show 1")]
    Show { id: MediaId },
    /// Remove a picture that no content shows
    #[command(after_help = "Examples:\n  contenthub media delete 2")]
    Delete { id: MediaId },
}

pub fn run(command: Command, app: &App, out: &Output) -> Result<Done, Failure> {
    match command {
        Command::Add { files } => add(&files, app, out),
        Command::List { page, page_size } => list(Paging::new(page, page_size)?, app, out),
        Command::Show { id } => out.one(&json!(MediaView::from(app.run(GetMedia(id))?))),
        Command::Delete { id } => {
            let gone = app.change(DeleteMedia(id))?;
            app.run(RemoveFile(gone.0))?;
            let said = Sentence::new(message("done-media-gone")).with("media", id.to_string());
            out.tell(&said, &json!({"deleted": id}))
        }
    }
}

/// One after another: what was kept before one that is wrong stays, and is the same when it is added again.
fn add(files: &[PathBuf], app: &App, out: &Output) -> Result<Done, Failure> {
    let mut views = Vec::with_capacity(files.len());
    for path in files {
        let received = app.context().media.receive(&path.display().to_string(), open(path)?);
        let added = app.change(AddMedia(received.map_err(crate::operations::OperationError::from)?))?;
        let view = MediaView::from(added.row);
        if out.is_table() {
            let id = if added.is_new { message("done-media-added") } else { message("done-media-known") };
            let said = Sentence::new(id)
                .with("media", view.id.to_string())
                .with("file", path.as_path())
                .with("kind", view.kind.as_str())
                .with("width", view.width.to_string())
                .with("height", view.height.to_string());
            eprintln!("{}", harmless(&out.words(&said)));
        }
        views.push(view);
    }
    if out.is_table() {
        // What a text is to call them, for a person or a shell.
        let addresses: Vec<&str> = views.iter().map(|view| view.address.as_str()).collect();
        return super::output::write(&format!("{}\n", addresses.join("\n")));
    }
    let rows: Vec<Value> = views.iter().map(|view| json!(view)).collect();
    out.list(&COLUMNS, &rows, &json!({"items": rows}))
}

const COLUMNS: [(&str, &str); 8] = [
    ("ID", "id"),
    ("ADDRESS", "address"),
    ("KIND", "kind"),
    ("WIDTH", "width"),
    ("HEIGHT", "height"),
    ("BYTES", "bytes"),
    ("NAME", "name"),
    ("CREATED", "created_at"),
];

fn list(paging: Paging, app: &App, out: &Output) -> Result<Done, Failure> {
    let page = app.run(ListMedia(paging))?.map(|row| json!(MediaView::from(row)));
    out.page(&COLUMNS, &page.items, &page)
}

fn open(path: &Path) -> Result<File, Failure> {
    let opened = File::open(path).and_then(|file| match file.metadata()?.is_dir() {
        true => Err(io::ErrorKind::IsADirectory.into()),
        false => Ok(file),
    });
    Ok(opened.map_err(|source| UsageError::File { path: path.to_owned(), source })?)
}
