//! What can go wrong between us and a database, and what passes by itself.

use diesel::result::{DatabaseErrorKind, Error as DieselError};
use std::path::PathBuf;

/// What can go wrong between us and a database.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// It cannot be reached now; asking again later may help.
    #[error("the database is not available: {0}")]
    Away(String),
    /// It is there, but cannot be used as it is.
    #[error("the database cannot be used: {0}")]
    Unusable(String),
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
            ) => DbError::Away(info.message().trim().to_owned()),
            DieselError::DatabaseError(Unknown, info) if is_passing(info.message()) => {
                DbError::Away(info.message().trim().to_owned())
            }
            DieselError::BrokenTransactionManager => DbError::Away("the connection was lost".to_owned()),
            _ => DbError::Refused(error),
        }
    }
}

impl DbError {
    /// Whether the row was refused because one of its kind is there already.
    pub fn is_duplicate(&self) -> bool {
        matches!(self, DbError::Refused(DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)))
    }

    /// Whether two transactions got in each other's way: this one was undone, and may be tried again.
    pub fn is_race(&self) -> bool {
        use DatabaseErrorKind::{ForeignKeyViolation, SerializationFailure};
        let DbError::Refused(DieselError::DatabaseError(kind, info)) = self else { return false };
        self.is_duplicate()
            || matches!(kind, ForeignKeyViolation | SerializationFailure)
            || info.message().contains("deadlock detected")
    }
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
                matches!(told(kind, message), DbError::Away(said) if said == message.trim()),
                "{message}"
            );
        }
        for (kind, message) in [(Unknown, "no such table: x"), (UniqueViolation, "disk I/O error")] {
            assert!(matches!(told(kind, message), DbError::Refused(_)), "{message}");
        }
    }
}
