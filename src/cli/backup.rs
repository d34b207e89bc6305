//! `contenthub db backup` and `db restore`.

use super::output::Output;
use super::{Done, Failure};
use crate::actors::system_clock::SystemClock;
use crate::config::Settings;
use crate::db::backup::{Made, Place, Tools, back_up};
use crate::domain::clock::Clock;
use crate::platforms::registry::Registry;
use crate::restore::{self, Restored};
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
    let mut sentence = format!("The database was copied to {} ({bytes} bytes).", path.display());
    if !removed.is_empty() {
        sentence.push_str(&format!(" Older copies removed: {}.", removed.len()));
    }
    eprintln!(
        "note: the key is not in it; keep {} elsewhere",
        settings.data_dir.join("secret.key").display()
    );
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
    out.say(&told(&done, settings), &whole)
}

/// What was done, and what a person does next.
fn told(done: &Restored, settings: &Settings) -> String {
    let Restored { kept, migrated, guarded } = done;
    let mut lines =
        vec![format!("{} is restored. Nothing goes out by itself until you say so.", settings.database)];
    if let Some(kept) = kept {
        lines.push(format!("The database that was there is kept at {}.", kept.display()));
    }
    if !migrated.is_empty() {
        lines.push(format!("The copy's schema was brought up to date: {}.", migrated.join(", ")));
    }
    lines.push("What was added or changed after the copy was made is not in it.".to_owned());
    lines.push(format!(
        "Uncertain: {}. Look whether each is out, and say so: `publish-pool list --status uncertain`, \
         `publish-pool resolve ID`.",
        guarded.uncertain
    ));
    lines.push(format!(
        "Unproven: {}. They are sent again with the same key, or looked up before, once publishing goes on.",
        guarded.unproven
    ));
    lines.push(format!("Due later: {}. They go out in their time.", guarded.due_later));
    if !guarded.tasks_disabled.is_empty() {
        let names = guarded.tasks_disabled.iter().map(|task| format!("“{}” ({})", task.name, task.id));
        let names: Vec<String> = names.collect();
        let how = "`contenthub scheduler enable ID` lets them put posts into the pool again";
        lines.push(format!("Tasks that are disabled: {}; {how}.", names.join(", ")));
    }
    lines.push(
        "Publishing is paused. To go on, look first, start the server, and say `contenthub scheduler resume`."
            .to_owned(),
    );
    lines.join("\n")
}
