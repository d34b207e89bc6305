//! How a failure is told: what failed, and what to do next.

use super::output::harmless;
use super::{Before, Failure};
use crate::app::OpenError;
use crate::db::backup::BackupError;
use crate::db::connection::{Closed, DbError};
use crate::demo::DemoError;
use crate::domain::entry::EntryStatus;
use crate::domain::thing::Thing;
use crate::key_rotation::RotateError;
use crate::operations::OperationError;
use crate::restore::Refused;
use crate::server::ServeError;
use crate::words::errors::InChinese;
use crate::words::{Language, Message, Sentence, message};

/// To stderr.
pub fn complain(failure: &Failure, language: Language) {
    let said = Sentence::new(message("failure")).with("what", harmless(&failure.told(language)));
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
        Failure::Stopped { before: Before::EachTried, .. } => told(message("hint-stopped")),
        Failure::Stopped { before: Before::Ended(execution), .. } => {
            let said = Sentence::new(message("hint-stopped-run")).with("execution", execution.to_string());
            Some(said.say(language))
        }
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
        OperationError::NotFound { thing, .. } => where_to_look(*thing).and_then(told),
        OperationError::AlreadyInPool { .. } => told(message("hint-already-in-pool")),
        OperationError::AlreadyPublished { .. } => told(message("hint-already-published")),
        OperationError::SimilarText { .. } | OperationError::SimilarItem { .. } => {
            told(message("hint-similar-text"))
        }
        OperationError::MaybePublished { status: EntryStatus::Uncertain, .. } => {
            told(message("hint-uncertain"))
        }
        OperationError::MaybePublished { .. } => told(message("hint-maybe-published")),
        OperationError::WrongSecretKey => told(message("hint-wrong-secret-key")),
        OperationError::InUse { .. } => told(message("hint-in-use")),
        OperationError::KeyReused => told(message("hint-key-reused")),
        OperationError::Changed { .. } => told(message("hint-changed")),
        OperationError::Raced | OperationError::Overloaded | OperationError::Db(DbError::Away(_)) => {
            told(message("hint-in-a-moment"))
        }
        OperationError::Invalid(_)
        | OperationError::WrongState { .. }
        | OperationError::NameTaken { .. }
        | OperationError::LaneUnready { .. }
        | OperationError::OutOfScope { .. }
        | OperationError::Internal(_)
        | OperationError::Db(DbError::Unusable(_) | DbError::Moved(_) | DbError::Refused(_)) => None,
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
fn where_to_look(thing: Thing) -> Option<Message> {
    match thing {
        Thing::Account => Some(message("hint-no-account")),
        Thing::Content => Some(message("hint-no-content")),
        Thing::Entry => Some(message("hint-no-entry")),
        Thing::Task => Some(message("hint-no-task")),
        Thing::LogRow => Some(message("hint-no-log-row")),
        Thing::Token => Some(message("hint-no-token")),
        Thing::Media => Some(message("hint-no-media")),
        Thing::Execution => None,
    }
}
