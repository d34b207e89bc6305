//! In Chinese, what can go wrong between us and a database, and why one was not restored.

use crate::db::connection::DbError;
use crate::db::database_url::UnknownDatabase;
use crate::db::restore::{RestoreError, Unfit, User};
use crate::db::unusable::{Away, Unusable};
use crate::restore::Refused;
use crate::words::Sentence;
use crate::words::errors::{InChinese, chinese, quoted};

impl InChinese for UnknownDatabase {
    fn in_chinese(&self) -> Sentence {
        chinese("database-unknown").with("given", self.given())
    }
}

impl InChinese for DbError {
    fn in_chinese(&self) -> Sentence {
        match self {
            DbError::Away(away) => chinese("database-away").with("why", away.in_chinese()),
            DbError::Unusable(reason) => chinese("database-unusable").with("why", reason.in_chinese()),
            DbError::Moved(path) => chinese("database-moved").with("path", path.as_path()),
            DbError::Refused(error) => chinese("database-refused").with("why", error.to_string()),
        }
    }
}

impl InChinese for Away {
    fn in_chinese(&self) -> Sentence {
        match self {
            Away::ConnectionLost => chinese("away-connection-lost"),
            Away::NoConnection => chinese("away-no-connection"),
            Away::NoAnswer(span) => chinese("away-no-answer").with("span", *span),
            Away::ThreadGone => chinese("away-thread-gone"),
            Away::EarlierSession => chinese("away-earlier-session"),
            Away::Said(said) => quoted(said),
        }
    }
}

impl InChinese for Unusable {
    fn in_chinese(&self) -> Sentence {
        match self {
            Unusable::NotThere(path) => chinese("unusable-not-there").with("path", path.as_path()),
            Unusable::NotUtf8(path) => chinese("unusable-not-utf8").with("path", path.as_path()),
            Unusable::MovedAway(path) => chinese("unusable-moved-away").with("path", path.as_path()),
            Unusable::Mounted(path) => chinese("unusable-mounted").with("path", path.as_path()),
            Unusable::ManyNames(path) => chinese("unusable-many-names").with("path", path.as_path()),
            Unusable::NotSqlite(path) => chinese("unusable-not-sqlite").with("path", path.as_path()),
            Unusable::ReadOnly(path) => chinese("unusable-read-only").with("path", path.as_path()),
            Unusable::BareSlash => chinese("unusable-bare-slash"),
            Unusable::TwoAts => chinese("unusable-two-ats"),
            Unusable::NoTlsHere { said } => chinese("unusable-no-tls-here").with("why", said.as_str()),
            Unusable::EncryptedOnly { said } => chinese("unusable-encrypted-only").with("why", said.as_str()),
            Unusable::Newer(version) => chinese("unusable-newer").with("version", version.as_str()),
            Unusable::NotOurs => chinese("unusable-not-ours"),
            Unusable::NotMigrated(said) => chinese("unusable-not-migrated").with("why", said.as_str()),
            Unusable::CopyNotMigrated(said) => {
                chinese("unusable-copy-not-migrated").with("why", said.as_str())
            }
            Unusable::Migrations(said) => chinese("unusable-migrations").with("why", said.as_str()),
            Unusable::ThousandCopies => chinese("unusable-thousand-copies"),
            Unusable::NoCopy { at: path, why: said } => {
                chinese("unusable-no-copy").with("path", path.as_path()).with("why", said.as_str())
            }
            Unusable::Damaged(faults) => chinese("unusable-damaged").with("why", faults.join("；")),
            Unusable::OtherServer { pid: Some(pid), database } => chinese("unusable-other-server-of")
                .with("pid", pid.to_string())
                .with("path", database.as_path()),
            Unusable::OtherServer { pid: None, database } => {
                chinese("unusable-other-server").with("path", database.as_path())
            }
            Unusable::RunParams { why: said, params } => {
                chinese("unusable-run-params").with("params", params.as_str()).with("why", said.as_str())
            }
            Unusable::Report(said) => chinese("unusable-report").with("why", said.as_str()),
            Unusable::Pause(said) => chinese("unusable-pause").with("why", said.as_str()),
            Unusable::PauseNote { why: said, note } => {
                chinese("unusable-pause-note").with("note", note.as_str()).with("why", said.as_str())
            }
            Unusable::NoNodeThread(said) => chinese("unusable-no-node-thread").with("why", said.as_str()),
            Unusable::NodeThreadEnded => chinese("unusable-node-thread-ended"),
            Unusable::NoPublisherThread(said) => {
                chinese("unusable-no-publisher-thread").with("why", said.as_str())
            }
            Unusable::At { .. } | Unusable::Said(_) => quoted(self),
        }
    }
}

impl InChinese for RestoreError {
    fn in_chinese(&self) -> Sentence {
        match self {
            RestoreError::InUse { database, by } => {
                chinese("restore-in-use").with("by", by.in_chinese()).with("path", database.as_path())
            }
            RestoreError::Copy { copy, reason } => {
                chinese("restore-unfit").with("reason", reason.in_chinese()).with("path", copy.as_path())
            }
            RestoreError::File { path, source } => {
                chinese("failure-file").with("why", source.to_string()).with("path", path.as_path())
            }
            RestoreError::Db(error) => error.in_chinese(),
        }
    }
}

impl InChinese for User {
    fn in_chinese(&self) -> Sentence {
        match self {
            User::Server { pid: Some(pid) } => chinese("user-server-of").with("pid", pid.to_string()),
            User::Server { pid: None } => chinese("user-server"),
            User::Commands(count) => chinese("user-commands").with("count", count.to_string()),
            User::Another => chinese("user-another"),
        }
    }
}

impl InChinese for Unfit {
    fn in_chinese(&self) -> Sentence {
        match self {
            Unfit::Itself => chinese("unfit-itself"),
            Unfit::NotSqlite => chinese("unfit-not-sqlite"),
            Unfit::File(error) => quoted(error),
            Unfit::Unusable(reason) => reason.in_chinese(),
            Unfit::Db(error) => error.in_chinese(),
        }
    }
}

impl InChinese for Refused {
    fn in_chinese(&self) -> Sentence {
        match self {
            Refused::Open(error) => error.in_chinese(),
            Refused::Restore(error) => error.in_chinese(),
            Refused::Operation(error) => error.in_chinese(),
            Refused::NoKey(folder) => chinese("restore-no-key").with("path", folder.as_path()),
            Refused::OtherKey { theirs, ours } => {
                chinese("restore-other-key").with("theirs", theirs.as_str()).with("ours", ours.as_str())
            }
            Refused::ByPgRestore => chinese("restore-by-pg-restore"),
            Refused::NodeAlive { id, pid, host, seconds } => chinese("restore-node-alive")
                .with("id", id.as_str())
                .with("pid", *pid)
                .with("host", host.as_str())
                .with("seconds", seconds.to_string()),
        }
    }
}
