//! `contenthub db backup` and `db restore`.

use super::output::Output;
use super::{Done, Failure};
use crate::actors::system_clock::SystemClock;
use crate::config::Settings;
use crate::db::backup::{Made, Place, Tools, back_up};
use crate::domain::clock::Clock;
use crate::platforms::registry::Registry;
use crate::restore::{self, Restored};
use crate::words::{Sentence, message};
use serde_json::json;
use std::path::PathBuf;

const BACKUP_HELP: &str = "\
A consistent copy of the database, made beside a running server, read through before it gets its name. On PostgreSQL it \
is made by pg_dump, which must be installed here.

The key is NOT in the copy: credentials are of no use without it. Keep DATA-DIR/secret.key (or CONTENTHUB_SECRET_KEY) \
elsewhere, as you keep a password.

Examples:
    contenthub db backup                      # into DATA-DIR/backups
    contenthub db backup --keep 14            # and remove all but the newest 14 there
    contenthub db backup --to copy.db";

const RESTORE_HELP: &str = "\
Puts a copy in the place of the database, which is kept beside it under another name. Stop the server first.

A copy knows nothing of what went out after it was made. So nothing goes out by itself afterwards, and whatever was due \
before now is in doubt: it is sent again only where its platform knows our key, looked up where the platform can be asked, and \
else a person has to say whether it is out.

Examples:
    contenthub db restore data/backups/contenthub-2026-11-28T03-00-00.000000Z.db

On PostgreSQL, put the copy back with pg_restore into an empty database while no server runs, and then, before the first \
one starts:

    contenthub db restore --after";

#[derive(Debug, clap::Args)]
#[command(after_long_help = BACKUP_HELP)]
pub struct BackupArguments {
    /// The copy's name; it must not be there yet [default: one with the time in it, in DATA-DIR/backups]
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    /// Remove all copies in DATA-DIR/backups but the newest N
    #[arg(long, value_name = "N", conflicts_with = "to", value_parser = clap::value_parser!(u16).range(1..=1000))]
    keep: Option<u16>,
}

#[derive(Debug, clap::Args)]
#[command(after_long_help = RESTORE_HELP)]
pub struct RestoreArguments {
    /// A copy that `db backup` has made, or any other whole copy of the file
    #[arg(required_unless_present = "after")]
    file: Option<PathBuf>,
    /// The database was put back by other means: do what is to be done after that
    #[arg(long, conflicts_with = "file")]
    after: bool,
}

pub fn back(arguments: BackupArguments, settings: &Settings, out: &Output) -> Result<Done, Failure> {
    let place = match arguments.to {
        Some(file) => Place::File(file),
        None => {
            Place::Folder { path: settings.data_dir.join("backups"), keep: arguments.keep.map(usize::from) }
        }
    };
    let Made { path, bytes, schema_version, removed } =
        back_up(&settings.database, &place, &Tools::default(), SystemClock::new().now())?;
    let removed: Vec<String> = removed.iter().map(|path| path.display().to_string()).collect();
    let copied = Sentence::new(message("backup-done")).with("path", path.display().to_string());
    let mut sentence = out.words(&copied.with("bytes", bytes.to_string()));
    if !removed.is_empty() {
        let more = Sentence::new(message("backup-removed")).with("count", removed.len().to_string());
        sentence = out.both(sentence, out.words(&more));
    }
    let key = settings.data_dir.join("secret.key").display().to_string();
    eprintln!("{}", out.words(&Sentence::new(message("note-key-not-in-it")).with("path", key)));
    let whole = json!({
        "path": path.display().to_string(),
        "bytes": bytes,
        "schema_version": schema_version,
        "removed": removed,
    });
    out.say(&sentence, &whole)
}

pub fn restore(arguments: RestoreArguments, settings: &Settings, out: &Output) -> Result<Done, Failure> {
    let registry = Registry::builtin(&settings.data_dir.join("sites"));
    let clock = SystemClock::new();
    let done = match &arguments.file {
        Some(file) => restore::from_file(settings, registry, &clock, file, super::user())?,
        None => restore::after_other_means(settings, registry, &clock, super::user())?,
    };
    let whole = json!({
        "database": settings.database.to_string(),
        "kept": done.kept.as_ref().map(|path| path.display().to_string()),
        "migrated": done.migrated,
        "entries": done.guarded,
    });
    out.say(&told(&done, settings, out), &whole)
}

/// What was done, and what a person does next.
fn told(done: &Restored, settings: &Settings, out: &Output) -> String {
    let Restored { kept, migrated, guarded } = done;
    let database = settings.database.to_string();
    let mut said = vec![Sentence::new(message("restore-done")).with("database", database)];
    if let Some(kept) = kept {
        said.push(Sentence::new(message("restore-kept")).with("path", kept.display().to_string()));
    }
    if !migrated.is_empty() {
        said.push(Sentence::new(message("restore-migrated")).with("run", migrated.join(", ")));
    }
    said.push(message("restore-after").into());
    for (id, count) in [
        (message("restore-uncertain"), guarded.uncertain.to_string()),
        (message("restore-unproven"), guarded.unproven.to_string()),
        (message("restore-due-later"), guarded.due_later.to_string()),
    ] {
        said.push(Sentence::new(id).with("count", count));
    }
    if !guarded.tasks_disabled.is_empty() {
        let names = guarded.tasks_disabled.iter().map(|task| format!("“{}” ({})", task.name, task.id));
        let names: Vec<String> = names.collect();
        said.push(Sentence::new(message("restore-tasks")).with("tasks", names.join(", ")));
    }
    said.push(message("restore-paused").into());
    said.iter().map(|sentence| out.words(sentence)).collect::<Vec<_>>().join("\n")
}
