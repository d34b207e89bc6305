//! Why a database cannot be used as it is, and why one does not answer now.

use std::path::PathBuf;
use std::time::Duration;

/// It cannot be reached now; asking again later may help.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Away {
    #[error("the connection was lost")]
    ConnectionLost,
    #[error("there is no connection")]
    NoConnection,
    #[error("it has not answered for {0:?}")]
    NoAnswer(Duration),
    #[error("its thread is gone; another takes its place")]
    ThreadGone,
    #[error("an earlier session of this node does not end")]
    EarlierSession,
    /// In the words of the database, or of what stands between.
    #[error("{0}")]
    Said(String),
}

/// It is there, but cannot be used as it is. What is quoted at the end is in the words of the database, of the operating
/// system or of a library.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    #[error("{} is not there", .0.display())]
    NotThere(PathBuf),
    #[error(
        "{} is not there, and a server that has it open runs still: it was moved or deleted. Put the same file back, or end \
         that server", .0.display()
    )]
    MovedAway(PathBuf),
    #[error("{} is not a UTF-8 path", .0.display())]
    NotUtf8(PathBuf),
    #[error("{} is not a SQLite database", .0.display())]
    NotSqlite(PathBuf),
    #[error(
        "{} has another name, a hard link: SQLite keeps what was written last beside the name that a file is opened by, so \
         that programs which use different names lose each other's posts. Remove the other name; `contenthub db backup` makes a \
         copy", .0.display()
    )]
    ManyNames(PathBuf),
    #[error(
        "{} is mounted by itself: SQLite keeps what was written last beside the name that a file is opened by, and that stays \
         outside, where programs which use its other name do not see it. Mount the folder that it is in", .0.display()
    )]
    Mounted(PathBuf),
    #[error("{} cannot be written: check its owner and mode, and its folder's", .0.display())]
    ReadOnly(PathBuf),
    #[error("{}: {said}", path.display())]
    At { path: PathBuf, said: String },
    #[error("its address has a / before the @: write the one in the password as %2F")]
    BareSlash,
    #[error("its address has more than one @: write the one in the password as %40")]
    TwoAts,
    #[error("{said}. {HOW_TLS}")]
    NoTlsHere { said: String },
    #[error("{said}. It may take encrypted connections only. {HOW_TLS}")]
    EncryptedOnly { said: String },
    #[error(
        "its schema ({0}) is newer than this program knows. Run the newer ContentHub, or restore an older backup; nothing \
         was changed"
    )]
    Newer(String),
    #[error("it is no database of ContentHub")]
    NotOurs,
    #[error("its schema could not be brought up to date, and nothing was changed: {0}")]
    NotMigrated(String),
    #[error("its schema could not be brought up to date: {0}")]
    CopyNotMigrated(String),
    #[error("this program's own migrations cannot be read: {0}")]
    Migrations(String),
    #[error("there are a thousand copies of it")]
    ThousandCopies,
    #[error(
        "it is older than this program, and no copy of it could be made at {}, so nothing was changed: {why}",
        at.display()
    )]
    NoCopy { at: PathBuf, why: String },
    #[error("it is damaged: {}", .0.join("; "))]
    Damaged(Vec<String>),
    #[error("another `contenthub serve`{} runs on {} already; several nodes need PostgreSQL", with_pid(*pid), database.display())]
    OtherServer { pid: Option<u32>, database: PathBuf },
    #[error("a run's parameters cannot be read ({why}): {params}")]
    RunParams { why: String, params: String },
    #[error("a report cannot be written: {0}")]
    Report(String),
    #[error("a pause cannot be written: {0}")]
    Pause(String),
    #[error("the note that publishing is paused cannot be read ({why}): {note}")]
    PauseNote { why: String, note: String },
    #[error("there is no thread for a node: {0}")]
    NoNodeThread(String),
    #[error("the node's thread ended before it had started")]
    NodeThreadEnded,
    #[error("there is no thread for publishers: {0}")]
    NoPublisherThread(String),
    /// In the words of whatever kept it from being opened.
    #[error("{0}")]
    Said(String),
}

const HOW_TLS: &str = "Build ContentHub with `--features postgres-tls` to reach PostgreSQL over TLS";

/// ` (pid 7)`, or nothing where it is not known.
pub(super) fn with_pid(pid: Option<u32>) -> String {
    pid.map(|pid| format!(" (pid {pid})")).unwrap_or_default()
}
