//! Why a database did not answer, or could not be used.

use super::super::{InChinese, chinese};
use crate::domain::kept::database::KeptDatabase;
use crate::words::{Sentence, Value};

/// Behind the words that tell of a database. What is not ours is told as it is.
pub fn of_database(why: &str) -> Value {
    match KeptDatabase::read(why) {
        Some(read) => read.value(),
        None => why.into(),
    }
}

impl InChinese for KeptDatabase {
    fn in_chinese(&self) -> Sentence {
        use KeptDatabase as K;
        match self {
            K::ThreadGone => chinese("away-thread-gone"),
            K::EarlierSession => chinese("away-earlier-session"),
            K::BareSlash => chinese("unusable-bare-slash"),
            K::TwoAts => chinese("unusable-two-ats"),
            K::Newer { version } => chinese("unusable-newer").with("version", version.as_str()),
            K::NotOurs => chinese("unusable-not-ours"),
            K::NotMigrated { why } => chinese("unusable-not-migrated").with("why", why.as_str()),
            K::CopyNotMigrated { why } => chinese("unusable-copy-not-migrated").with("why", why.as_str()),
            K::Migrations { why } => chinese("unusable-migrations").with("why", why.as_str()),
            K::ThousandCopies => chinese("unusable-thousand-copies"),
            K::NoCopy { path, why } => {
                chinese("unusable-no-copy").with("path", path.as_str()).with("why", why.as_str())
            }
            K::OtherServerOf { pid, path } => {
                chinese("unusable-other-server-of").with("pid", pid.to_string()).with("path", path.as_str())
            }
            K::OtherServer { path } => chinese("unusable-other-server").with("path", path.as_str()),
            K::RunParams { why, params } => {
                chinese("unusable-run-params").with("params", params.as_str()).with("why", why.as_str())
            }
            K::Report { why } => chinese("unusable-report").with("why", why.as_str()),
            K::Pause { why } => chinese("unusable-pause").with("why", why.as_str()),
            K::PauseNote { why, note } => {
                chinese("unusable-pause-note").with("note", note.as_str()).with("why", why.as_str())
            }
            K::NoNodeThread { why } => chinese("unusable-no-node-thread").with("why", why.as_str()),
            K::NodeThreadEnded => chinese("unusable-node-thread-ended"),
            K::NoPublisherThread { why } => chinese("unusable-no-publisher-thread").with("why", why.as_str()),
            K::EncryptedOnly { said } => chinese("unusable-encrypted-only").with("why", said.as_str()),
            K::NoTlsHere { said } => chinese("unusable-no-tls-here").with("why", said.as_str()),
            K::Mounted { path } => chinese("unusable-mounted").with("path", path.as_str()),
            K::ManyNames { path } => chinese("unusable-many-names").with("path", path.as_str()),
            K::MovedAway { path } => chinese("unusable-moved-away").with("path", path.as_str()),
            K::NotThere { path } => chinese("unusable-not-there").with("path", path.as_str()),
            K::NotUtf8 { path } => chinese("unusable-not-utf8").with("path", path.as_str()),
            K::NotSqlite { path } => chinese("unusable-not-sqlite").with("path", path.as_str()),
        }
    }
}
