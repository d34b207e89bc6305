//! In Chinese, why there is no new copy of a database.

use crate::db::backup::{BackupError, MB, ToolEnd, Unsound};
use crate::words::Sentence;
use crate::words::errors::{InChinese, chinese, quoted};

impl InChinese for BackupError {
    fn in_chinese(&self) -> Sentence {
        match self {
            BackupError::Db(error) => error.in_chinese(),
            BackupError::File { path, source } => {
                chinese("failure-file").with("path", path.as_path()).with("why", source.to_string())
            }
            BackupError::Taken(path) => chinese("backup-taken").with("path", path.as_path()),
            BackupError::Busy(folder) => chinese("backup-busy").with("folder", folder.as_path()),
            BackupError::NoRoom { folder, needed, free } => chinese("backup-no-room")
                .with("folder", folder.as_path())
                .with("needed", needed.div_ceil(MB).to_string())
                .with("free", (free / MB).to_string()),
            BackupError::Unsound(why) => chinese("backup-unsound").with("why", why.in_chinese()),
            BackupError::NoTool { tool } => chinese("backup-no-tool").with("tool", *tool),
            BackupError::ToolFailed { tool, how } => {
                chinese("backup-tool-failed").with("tool", *tool).with("how", how.in_chinese())
            }
        }
    }
}

impl InChinese for Unsound {
    fn in_chinese(&self) -> Sentence {
        match self {
            Unsound::Unreadable(error) => error.in_chinese(),
            Unsound::OtherSchema => chinese("unsound-other-schema"),
            Unsound::Faults(faults) => quoted(faults.join("；")),
            Unsound::Rejected(how) => {
                chinese("backup-tool-failed").with("tool", "pg_restore").with("how", how.in_chinese())
            }
        }
    }
}

impl InChinese for ToolEnd {
    fn in_chinese(&self) -> Sentence {
        match self {
            ToolEnd::NotStarted(why) => chinese("tool-not-started").with("why", why.as_str()),
            ToolEnd::TooLong { seconds, lives_on: None } => {
                chinese("tool-too-long").with("seconds", seconds.to_string())
            }
            ToolEnd::TooLong { seconds, lives_on: Some(why) } => {
                chinese("tool-lives-on").with("seconds", seconds.to_string()).with("why", why.as_str())
            }
            ToolEnd::Lost(why) => chinese("tool-lost").with("why", why.as_str()),
            ToolEnd::Failed { status, said } => {
                chinese("tool-failed").with("status", status.as_str()).with("said", said.as_str())
            }
        }
    }
}
