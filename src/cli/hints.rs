//! How a failure is told: what failed, and what to do next.

use super::Failure;
use super::output::harmless;
use crate::app::OpenError;
use crate::db::backup::BackupError;
use crate::db::connection::Closed;
use crate::demo::DemoError;
use crate::domain::entry::EntryStatus;
use crate::key_rotation::RotateError;
use crate::operations::OperationError;
use crate::restore::Refused;
use crate::server::ServeError;
use crate::words::{Language, Message, Sentence, message};

/// To stderr.
pub fn complain(failure: &Failure, language: Language) {
    let said = Sentence::new(message("failure")).with("what", harmless(&failure.to_string()));
    eprintln!("{}", said.say(language));
    if let Some(hint) = hint(failure, language) {
        eprintln!("{}", Sentence::new(message("hint")).with("what", hint).say(language));
    }
}

fn hint(failure: &Failure, language: Language) -> Option<String> {
    let told = |id| Some(Sentence::new(id).say(language));
    match failure {
        Failure::Operation(error) | Failure::Rotate(RotateError::Operation(error)) => {
            of_operation(error, language)
        }
        Failure::Stopped { .. } => told(message("hint-stopped")),
        Failure::NoDatabase(_) => told(message("hint-no-database")),
        Failure::Unsound(_) => told(message("hint-unsound")),
        Failure::Restore(Refused::ByPgRestore) => told(message("hint-by-pg-restore")),
        Failure::Restore(Refused::NodeAlive { .. }) => told(message("hint-node-alive")),
        Failure::Serve(ServeError::Listen { source, .. })
        | Failure::Demo(DemoError::Serve(ServeError::Listen { source, .. }))
            if source.kind() == std::io::ErrorKind::AddrInUse =>
        {
            told(message("hint-port"))
        }
        Failure::Open(OpenError::Database { source, .. })
        | Failure::Serve(ServeError::Db(source))
        | Failure::Demo(DemoError::Open(OpenError::Database { source, .. }))
        | Failure::Backup(BackupError::Db(source))
            if source.closed().is_some() =>
        {
            source.closed().map(|closed| of_closed(&closed).say(language))
        }
        Failure::Config(_)
        | Failure::Open(_)
        | Failure::Serve(_)
        | Failure::Demo(_)
        | Failure::Bench(_)
        | Failure::Usage(_)
        | Failure::TestFailed { .. }
        | Failure::Unhealthy(_)
        | Failure::EndedAtOnce(_)
        | Failure::Backup(_)
        | Failure::Restore(_)
        | Failure::Rotate(_)
        | Failure::Io(_) => None,
    }
}

fn of_operation(error: &OperationError, language: Language) -> Option<String> {
    let told = |id| Some(Sentence::new(id).say(language));
    match error {
        OperationError::InBatch { error, .. } => of_operation(error, language),
        OperationError::NotFound { what, .. } => told(where_to_look(what)?),
        OperationError::AlreadyInPool { .. } => told(message("hint-already-in-pool")),
        OperationError::AlreadyPublished { .. } => told(message("hint-already-published")),
        OperationError::MaybePublished { status: EntryStatus::Uncertain, .. } => {
            told(message("hint-uncertain"))
        }
        OperationError::MaybePublished { .. } => told(message("hint-maybe-published")),
        OperationError::WrongSecretKey => told(message("hint-wrong-secret-key")),
        OperationError::InUse { .. } => told(message("hint-in-use")),
        // What has no words of its own here is told as the API tells it.
        other => match (other.hint(), other.code()) {
            (Some(_), "changed_meanwhile" | "overloaded" | "database_unavailable") => {
                told(message("hint-in-a-moment"))
            }
            (hint, _) => hint.map(str::to_owned),
        },
    }
}

/// What opens a database.
fn of_closed(closed: &Closed) -> Sentence {
    match closed {
        Closed::NoDatabase(name) => {
            Sentence::new(message("hint-make-database")).with("name", as_a_shell_word(name))
        }
        Closed::Refused => message("hint-database-refused").into(),
        Closed::NoHost => message("hint-database-host").into(),
        Closed::User => message("hint-database-user").into(),
        Closed::NotSqlite => message("hint-not-sqlite").into(),
        Closed::NoFile => message("hint-database-file").into(),
        Closed::Newer => message("hint-database-newer").into(),
    }
}

fn as_a_shell_word(name: &str) -> String {
    let is_plain = name.chars().all(|it| it.is_alphanumeric() || "_-.".contains(it));
    if is_plain { name.to_owned() } else { format!("'{}'", harmless(&name.replace('\'', "'\\''"))) }
}

/// Which command shows what there is.
fn where_to_look(what: &str) -> Option<Message> {
    match what {
        "account" => Some(message("hint-no-account")),
        "content" => Some(message("hint-no-content")),
        "entry" => Some(message("hint-no-entry")),
        "task" => Some(message("hint-no-task")),
        "log row" => Some(message("hint-no-log-row")),
        "token" => Some(message("hint-no-token")),
        _ => None,
    }
}
