//! `contenthub content import`: a folder of Markdown files.

use super::output::Output;
use super::progress::Progress;
use super::usage::UsageError;
use super::{Done, Failure};
use crate::app::App;
use crate::domain::priority::Priority;
use crate::import::{self, Pictures, Problem, Reading};
use crate::operations::account::FindAccount;
use crate::operations::import::{Choices, Deleted, EntryReport, FileReport, ImportFolder, ImportReport};
use crate::words::errors::InChinese;
use crate::words::{Language, Message, Sentence, message};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;

const HELP: &str = "\
A file may begin with front matter between two lines of ---. All of its keys may be left out:

    ---
    title: Hello                 # else the first `# heading`, else the file's name
    author: Ada
    digest: One sentence about it
    cover: https://example.org/cover.png   # or a picture beside the file: cover.png
    tags: [rust, publishing]     # or: rust, publishing
    source_url: https://example.org/hello
    account: blog                # or `accounts: [blog, news]`; names or ids
    priority: 1                  # 1 (first) to 10 (last)
    scheduled_at: 2026-02-06 12:00:00   # in the configured zone, or with an offset
    ---

    The text, in Markdown.

A file with scheduled_at, and with --pool every file, goes into the publish pool: on the accounts that it names, \
else on --account, else on the only enabled account.

Pictures that a file names by a path, such as ![](photos/a.png), are kept with it: they lie beside the file, and never \
outside the folder, also not by a link. One that is not there, or that is no PNG, JPEG, GIF or WebP of at most 20 MiB, is \
an error of its file.

All *.md files in the folder and below are read; what begins with a dot is left out, and a link may not lead out of \
the folder. A file with `draft: true` is skipped. Keys that blogs write for themselves (date, layout, slug, …) are \
passed over with a note; any other unknown key is an error, as it may be a slip of the pen.

Importing again is safe. A file is the same when its path, or else its bytes, were imported before. A changed one \
becomes a new revision, which an entry that still waits takes by itself, as it takes a changed priority or \
scheduled_at. What is published already is not published again, unless you say --again.

It is all or nothing: every bad file is named with its line, and nothing is imported; with --skip-bad the others are. \
Exit codes: 0 done, 1 failed, 2 nothing was imported as something was wrong, 3 done but for bad files.

\
Examples:
  contenthub content import posts --account blog --pool
  contenthub content import posts --dry-run";

#[derive(Debug, clap::Args)]
#[command(after_long_help = HELP)]
pub struct Arguments {
    /// The folder
    dir: PathBuf,
    /// Where files go that name no account (name or id)
    #[arg(long)]
    account: Option<String>,
    /// Put every file into the publish pool, not only those with scheduled_at
    #[arg(long)]
    pool: bool,
    /// Of new entries whose file has none, 1 (first) to 10 (last) [default: 5]
    #[arg(long, value_name = "N", value_parser = super::pool::priority)]
    priority: Option<Priority>,
    /// Show what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Import the good files although there are bad ones
    #[arg(long)]
    skip_bad: bool,
    /// Publish once more what has changed since it was published; add what failed or was cancelled before
    #[arg(long)]
    again: bool,
}

pub fn run(arguments: Arguments, app: &App, out: &Output) -> Result<Done, Failure> {
    let account = arguments.account.map(|name| app.run(FindAccount(name))).transpose()?.map(|row| row.id);
    let mut progress = Progress::new(&message("progress-reading-files").into(), super::language());
    let reading = Reading { zone: app.settings().timezone, recursive: true, settled_at: None };
    // A rehearsal leaves nothing, also not for the moment.
    let pictures = if arguments.dry_run { Pictures::Looked } else { Pictures::Taken(&app.context().media) };
    let read = import::read_as(&arguments.dir, reading, pictures, &mut |done, total| {
        progress.set(u64::try_from(done).unwrap_or(0), u64::try_from(total).unwrap_or(0));
    });
    let files = read.map_err(UsageError::from)?.files;
    let total = files.len();
    progress.next(&message("progress-writing").into());
    let choices = Choices {
        accounts: account.into_iter().collect(),
        pool: arguments.pool,
        priority: arguments.priority,
        again: arguments.again,
        deleted: Deleted::BringBack,
    };
    let import = ImportFolder { files, choices, skip_bad: arguments.skip_bad, dry_run: arguments.dry_run };
    let report = app.change(import)?;
    drop(progress);
    for file in &report.files {
        for problem in &file.errors {
            eprintln!("{}", told_of(problem, &file.path, super::language()));
        }
    }
    if !report.imported {
        if out.is_json() {
            out.one(&json!(report))?;
        }
        return Err(UsageError::BadFiles { bad: report.bad, total }.into());
    }
    show(&report, out)?;
    Ok(if report.bad > 0 { Done::Partly } else { Done::Well })
}

fn show(report: &ImportReport, out: &Output) -> Result<Done, Failure> {
    // CSV is for programs.
    let language = if out.is_table() { super::language() } else { Language::En };
    let rows: Vec<Value> = report.files.iter().map(|file| row(file, language, out)).collect();
    let columns = [
        ("FILE", "path"),
        ("ACTION", "action"),
        ("CONTENT", "content_id"),
        ("REVISION", "revision"),
        ("ENTRIES", "entries"),
        ("NOTE", "note"),
    ];
    out.list(&columns, &rows, &json!(report))?;
    for line in remarks(report, out) {
        eprintln!("{line}");
    }
    Ok(Done::Well)
}

/// As [`Problem::told_of`], in the reader's language.
fn told_of(problem: &Problem, path: &str, language: Language) -> String {
    let place = match problem.line {
        Some(line) => format!("{path}:{line}"),
        None => path.to_owned(),
    };
    format!("{place}: {}", problem.fault.told(language))
}

fn row(file: &FileReport, language: Language, out: &Output) -> Value {
    let entries: Vec<String> = file.entries.iter().map(|it| entry(it, language)).collect();
    let entries = entries.join("; ");
    let entries = if out.is_table() { out.with_moments(&entries) } else { entries };
    let told = |problem: &Problem| match (problem.line, problem.fault.told(language)) {
        (Some(line), what) => Sentence::new(message("import-line"))
            .with("line", line.to_string())
            .with("what", what)
            .say(language),
        (None, what) => what,
    };
    let errors: Vec<String> = file.errors.iter().map(told).collect();
    let note = if errors.is_empty() {
        file.note.as_ref().map(|it| it.told(language))
    } else {
        Some(errors.join("; "))
    };
    json!({
        "path": file.path,
        "action": file.action,
        "content_id": file.content_id,
        "revision": file.revision,
        "entries": entries,
        "note": note,
    })
}

fn entry(entry: &EntryReport, language: Language) -> String {
    let said = Sentence::new(message("import-entry"))
        .with("account", entry.account.as_str())
        .with("became", entry.became.told(language));
    let mut text = said.say(language);
    if let Some(id) = entry.entry_id {
        text.push_str(&Sentence::new(message("import-entry-id")).with("entry", id.to_string()).say(language));
    }
    if let Some(due_at) = entry.due_at {
        text.push_str(&Sentence::new(message("import-entry-due")).with("at", due_at).say(language));
    }
    let similar = entry.similar.map(|similar| similar.told(language));
    for note in entry.note.iter().map(|note| note.told(language)).chain(similar) {
        let said = Sentence::new(message("import-entry-note")).with("note", note);
        text.push_str(&said.say(language));
    }
    text
}

/// What is to be said beside the table, for a person.
fn remarks(report: &ImportReport, out: &Output) -> Vec<String> {
    use crate::operations::import::Became;
    let mut lines = Vec::new();
    let mut passed_over: BTreeMap<&str, usize> = BTreeMap::new();
    for key in report.files.iter().flat_map(|file| &file.passed_over) {
        *passed_over.entry(key).or_default() += 1;
    }
    if !passed_over.is_empty() {
        let keys: Vec<String> = passed_over.iter().map(|(key, files)| format!("{key} ({files})")).collect();
        lines.push(out.words(&Sentence::new(message("import-passed-over")).with("keys", keys.join(", "))));
    }
    let entries = || report.files.iter().flat_map(|file| &file.entries);
    let similar = entries().filter(|entry| entry.similar.is_some()).count();
    if similar > 0 {
        let what = out.words(&Sentence::new(message("import-similar")).with("count", similar.to_string()));
        lines.push(out.words(&Sentence::new(message("warning")).with("what", what)));
    }
    let count = |is: fn(Became) -> bool| entries().filter(|entry| is(entry.became)).count();
    let hints: [(Message, usize); 2] = [
        (message("import-stale"), count(|it| it == Became::UpdatedNotRepublished)),
        (message("import-ended"), count(|it| matches!(it, Became::FailedBefore | Became::CancelledBefore))),
    ];
    for (id, count) in hints.into_iter().filter(|(_, count)| *count > 0) {
        let what = out.words(&Sentence::new(id).with("count", count.to_string()));
        lines.push(out.words(&Sentence::new(message("hint")).with("what", what)));
    }
    let ImportReport { created, updated, unchanged, skipped, entries_added, entries_updated, .. } = report;
    let sum = Sentence::new(message("import-sum"))
        .with("created", created.to_string())
        .with("updated", updated.to_string())
        .with("unchanged", unchanged.to_string())
        .with("skipped", skipped.to_string())
        .with("added", entries_added.to_string())
        .with("changed", entries_updated.to_string());
    let sum = out.words(&sum);
    lines.push(match report.dry_run {
        true => out.words(&Sentence::new(message("import-sum-dry")).with("sum", sum)),
        false => sum,
    });
    lines
}
