//! What can go wrong between us and a database, and what passes by itself.

use super::unusable::{Away, Unusable};
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use std::path::PathBuf;

/// What can go wrong between us and a database.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// It cannot be reached now; asking again later may help.
    #[error("the database is not available: {0}")]
    Away(Away),
    /// It is there, but cannot be used as it is.
    #[error("the database cannot be used: {0}")]
    Unusable(Unusable),
    /// A SQLite file is not where it was when it was opened.
    #[error(
        "the database cannot be used: {} was deleted, moved or replaced while this program ran. Nothing is written or \
         published until that same file is back; to go on with another one, start this program anew",
        .0.display()
    )]
    Moved(PathBuf),
    /// A statement failed.
    #[error("the database refused: {0}")]
    Refused(#[source] DieselError),
}

impl From<DieselError> for DbError {
    fn from(error: DieselError) -> Self {
        use DatabaseErrorKind::{ClosedConnection, ReadOnlyTransaction, UnableToSendCommand, Unknown};
        match &error {
            // A server that takes no writes is a standby, or about to be one.
            DieselError::DatabaseError(
                ClosedConnection | UnableToSendCommand | ReadOnlyTransaction,
                info,
            ) => DbError::Away(Away::Said(one_line(info.message()))),
            DieselError::DatabaseError(Unknown, info) if is_passing(info.message()) => {
                DbError::Away(Away::Said(one_line(info.message())))
            }
            DieselError::BrokenTransactionManager => DbError::Away(Away::ConnectionLost),
            _ => DbError::Refused(error),
        }
    }
}

/// Why a database cannot be opened, where that shows what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Closed {
    /// The server has no database of this name.
    NoDatabase(String),
    /// Nobody listens there.
    Refused,
    /// Nobody answers to the name of the host.
    NoHost,
    /// The server does not take this user, or this password.
    User,
    /// The file is something else.
    NotSqlite,
    /// The file, or its folder, cannot be opened.
    NoFile,
    /// A newer program made it.
    Newer,
}

impl DbError {
    /// What keeps it closed, as the messages of SQLite, libpq and our own have it.
    pub fn closed(&self) -> Option<Closed> {
        let said = match self {
            DbError::Away(away) => away.to_string(),
            DbError::Unusable(unusable) => unusable.to_string(),
            DbError::Moved(_) | DbError::Refused(_) => return None,
        };
        let has = |signs: &[&str]| signs.iter().any(|sign| said.contains(sign));
        if let Some((before, _)) = said.split_once("\" does not exist") {
            let (what, name) = before.rsplit_once(" \"")?;
            return match what.ends_with("database") {
                true => Some(Closed::NoDatabase(name.to_owned())),
                false => what.ends_with("role").then_some(Closed::User),
            };
        }
        match () {
            () if has(&["Connection refused", "No such file or directory Is the server"]) => {
                Some(Closed::Refused)
            }
            () if has(&["could not translate host name"]) => Some(Closed::NoHost),
            () if has(&["authentication failed", "no password supplied", "no pg_hba.conf entry"]) => {
                Some(Closed::User)
            }
            () if has(&[
                "is not a SQLite database",
                "file is not a database",
                "no database of ContentHub",
            ]) =>
            {
                Some(Closed::NotSqlite)
            }
            () if has(&["nable to open database file", "cannot be written"]) => Some(Closed::NoFile),
            () if has(&["is newer than this program knows"]) => Some(Closed::Newer),
            () => None,
        }
    }

    /// Whether the row was refused because one of its kind is there already.
    pub fn is_duplicate(&self) -> bool {
        matches!(self, DbError::Refused(DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)))
    }

    /// Whether two transactions got in each other's way: this one was undone, and may be tried again.
    pub fn is_race(&self) -> bool {
        let DbError::Refused(DieselError::DatabaseError(kind, _)) = self else { return false };
        self.is_duplicate() || self.is_conflict() || matches!(kind, DatabaseErrorKind::ForeignKeyViolation)
    }

    /// The same where that is no matter of what it writes: the very same goes well a moment later.
    pub fn is_conflict(&self) -> bool {
        let DbError::Refused(DieselError::DatabaseError(kind, info)) = self else { return false };
        matches!(kind, DatabaseErrorKind::SerializationFailure)
            || info.message().contains("deadlock detected")
    }
}

/// A message as one line: libpq's have line ends and tabs, which a terminal would obey.
pub(super) fn one_line(message: &str) -> String {
    let words = message.split(|it: char| it.is_whitespace() || it.is_control());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Messages of SQLite and libpq that tell of a state which passes, not of a wrong statement.
fn is_passing(message: &str) -> bool {
    const PASSING: [&str; 21] = [
        "database is locked",
        "database table is locked",
        "disk I/O error",
        "database or disk is full",
        "unable to open database file",
        "attempt to write a readonly database",
        "server closed the connection",
        "no connection to the server",
        "terminating connection",
        "connection to server",
        "the database system is",
        "could not connect",
        "could not receive data",
        "could not send data",
        "SSL SYSCALL error",
        "canceling statement due to",
        // A full disk, or memory, of the server.
        "No space left on device",
        "could not extend file",
        "could not write",
        "out of memory",
        "out of shared memory",
    ];
    PASSING.iter().any(|sign| message.contains(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_keeps_a_database_closed_is_read_from_its_message() {
        let server = "connection to server at \"127.0.0.1\", port 5432 failed: ";
        for (said, closed) in [
            (
                format!("{server}FATAL: database \"no such db\" does not exist"),
                Some(Closed::NoDatabase("no such db".to_owned())),
            ),
            (format!("{server}FATAL: role \"x\" does not exist"), Some(Closed::User)),
            (format!("{server}FATAL: password authentication failed for user \"x\""), Some(Closed::User)),
            (
                format!("{server}Connection refused Is the server running on that host?"),
                Some(Closed::Refused),
            ),
            ("could not translate host name \"x\" to address".to_owned(), Some(Closed::NoHost)),
            ("x.db is not a SQLite database".to_owned(), Some(Closed::NotSqlite)),
            ("x.db: Unable to open database file".to_owned(), Some(Closed::NoFile)),
            ("its schema (9) is newer than this program knows.".to_owned(), Some(Closed::Newer)),
            ("the disk is on fire".to_owned(), None),
        ] {
            assert_eq!(DbError::Away(Away::Said(said.clone())).closed(), closed, "{said}");
        }
        assert_eq!(DbError::Refused(DieselError::NotFound).closed(), None);
    }

    #[test]
    fn a_message_is_one_line() {
        let libpq = "connection refused\n\tIs the server running?\n";
        assert_eq!(one_line(libpq), "connection refused Is the server running?");
    }

    #[test]
    fn what_passes_is_told_from_what_is_wrong() {
        use DatabaseErrorKind::*;
        let told = |kind, message: &str| {
            DbError::from(DieselError::DatabaseError(kind, Box::new(message.to_owned())))
        };
        for (kind, message) in [
            (Unknown, "database or disk is full"),
            (Unknown, "disk I/O error"),
            (Unknown, "could not extend file \"base/5/1\": No space left on device"),
            (Unknown, "canceling statement due to statement timeout"),
            (UnableToSendCommand, "no connection to the server\n"),
            (ReadOnlyTransaction, "cannot execute UPDATE in a read-only transaction"),
        ] {
            assert!(
                matches!(told(kind, message), DbError::Away(said) if said.to_string() == message.trim()),
                "{message}"
            );
        }
        for (kind, message) in [(Unknown, "no such table: x"), (UniqueViolation, "disk I/O error")] {
            assert!(matches!(told(kind, message), DbError::Refused(_)), "{message}");
        }
    }
}
