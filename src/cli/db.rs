//! `contenthub db`: the database itself.

use super::backup::{self, BackupArguments, RestoreArguments};
use super::output::Output;
use super::{Done, Failure};
use crate::app::{OpenError, make_data_dir};
use crate::config::Settings;
use crate::db::check::check;
use crate::db::connection::DbError;
use crate::db::database_url::DatabaseUrl;
use crate::db::migrations::migrate;
use crate::words::{Sentence, message};
use serde_json::json;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Bring the schema up to date, as every command does; an older SQLite file is copied before
    #[command(after_help = "Examples:\n  contenthub db migrate")]
    Migrate,
    /// Say whether the database can be reached, is up to date and sound; changes nothing
    #[command(after_help = "Examples:\n  contenthub db check")]
    Check,
    /// Copy the database while it is in use
    Backup(BackupArguments),
    /// Put a copy in the place of the database; nothing of it goes out twice unasked
    Restore(RestoreArguments),
}

pub fn run(command: Command, settings: &Settings, out: &Output) -> Result<Done, Failure> {
    match command {
        Command::Migrate => run_migrations(settings, out),
        Command::Check => run_check(settings, out),
        Command::Backup(arguments) => backup::back(arguments, settings, out),
        Command::Restore(arguments) => backup::restore(arguments, settings, out),
    }
}

fn failed(settings: &Settings) -> impl Fn(DbError) -> Failure {
    let url = settings.database.clone();
    move |source| OpenError::Database { url: url.clone(), source }.into()
}

fn run_migrations(settings: &Settings, out: &Output) -> Result<Done, Failure> {
    make_data_dir(settings)?;
    let done = migrate(&settings.database).map_err(failed(settings))?;
    let mut sentence = match &done.run[..] {
        [] => out.words(&message("migrate-nothing").into()),
        run => out.words(&Sentence::new(message("migrate-done")).with("run", run.join(", "))),
    };
    let backup = done.backup.as_ref().map(|path| path.display().to_string());
    if let Some(path) = &backup {
        let copy = Sentence::new(message("migrate-copy")).with("path", path.as_str());
        sentence = out.both(sentence, out.words(&copy));
    }
    let whole = json!({"database": settings.database.to_string(), "run": done.run, "backup": backup});
    out.say(&sentence, &whole)
}

fn run_check(settings: &Settings, out: &Output) -> Result<Done, Failure> {
    let found = check(&settings.database).map_err(failed(settings))?;
    let (missing, faults) = (found.schema.missing.len(), found.faults.len());
    let schema = match (found.schema.applied.last(), missing) {
        (None, _) => message("check-new").into(),
        (Some(version), 0) => Sentence::new(message("check-current")).with("version", version.to_string()),
        (Some(version), _) => {
            let id = match settings.database {
                DatabaseUrl::Sqlite(_) => message("check-behind-file"),
                DatabaseUrl::Postgres(_) => message("check-behind-server"),
            };
            Sentence::new(id).with("version", version.to_string()).with("missing", missing.to_string())
        }
    };
    let said = Sentence::new(message("check-done"))
        .with("database", settings.database.to_string())
        .with("schema", out.words(&schema))
        .with("count", faults.to_string());
    let mut sentence = out.words(&said);
    found.faults.iter().for_each(|fault| sentence.push_str(&format!("\n  {fault}")));
    let whole = json!({
        "database": settings.database.to_string(),
        "schema_version": found.schema.applied.last(),
        "migrations_missing": found.schema.missing,
        "faults": found.faults,
    });
    out.say(&sentence, &whole)?;
    if faults == 0 { Ok(Done::Well) } else { Err(Failure::Unsound(faults)) }
}
