//! Why a run that does not publish failed.

use super::super::{InChinese, chinese};
use super::database::of_database;
use super::kept;
use crate::domain::kept::failure::KeptFailure;
use crate::words::Sentence;

impl InChinese for KeptFailure {
    fn in_chinese(&self) -> Sentence {
        use KeptFailure as K;
        let away = |why: Sentence| chinese("database-away").with("why", why);
        let unusable = |why: Sentence| chinese("database-unusable").with("why", why);
        let unsound = |why: Sentence| chinese("backup-unsound").with("why", why);
        match self {
            K::UnknownType { name } => chinese("kept-unknown-type").with("name", name.as_str()),
            K::ParamsUnreadable { why } => chinese("kept-params-unreadable").with("why", why.as_str()),
            K::WorkBroke { panic } => chinese("kept-work-broke").with("panic", panic.as_str()),
            K::EndUnreadable { why } => chinese("kept-end-unreadable").with("why", kept(why)),
            K::NoTime { given, zone } => {
                chinese("time-unreadable").with("given", given.as_str()).with("zone", zone.as_str())
            }
            K::TimeOutOfRange { given } => chinese("time-out-of-range").with("given", given.as_str()),
            K::NoFolder { path } => chinese("task-no-folder").with("path", path.as_str()),
            K::NotAFolder { path } => chinese("task-not-a-folder").with("path", path.as_str()),
            K::FolderEmpty { path } => chinese("import-no-files").with("path", path.as_str()),
            K::TooManyFiles { path, most } => {
                chinese("import-too-many").with("path", path.as_str()).with("most", most.to_string())
            }
            K::FilesTooLarge { path, most } => {
                chinese("import-too-large").with("path", path.as_str()).with("most", most.to_string())
            }
            K::CopyTaken { path } => chinese("backup-taken").with("path", path.as_str()),
            K::CopyUnderWay { folder } => chinese("backup-busy").with("folder", folder.as_str()),
            K::NoRoom { needed, folder, free } => chinese("backup-no-room")
                .with("folder", folder.as_str())
                .with("needed", needed.to_string())
                .with("free", free.to_string()),
            K::CopyOtherSchema => unsound(chinese("unsound-other-schema")),
            K::CopyUnsound { why } => chinese("backup-unsound").with("why", kept(why)),
            K::NoTool { tool } => chinese("backup-no-tool").with("tool", tool.as_str()),
            K::ToolNotStarted { tool, why } => {
                of_tool(tool, chinese("tool-not-started").with("why", why.as_str()))
            }
            K::ToolLivesOn { tool, seconds, why } => of_tool(
                tool,
                chinese("tool-lives-on").with("seconds", seconds.to_string()).with("why", why.as_str()),
            ),
            K::ToolTooLong { tool, seconds } => {
                of_tool(tool, chinese("tool-too-long").with("seconds", seconds.to_string()))
            }
            K::ToolLost { tool, why } => of_tool(tool, chinese("tool-lost").with("why", why.as_str())),
            // The status is in the words of the library.
            K::ToolFailed { tool, code, said } => {
                of_tool(tool, ended_with(format!("exit status: {code}"), said))
            }
            K::ToolKilled { tool, signal, said } => {
                of_tool(tool, ended_with(format!("signal: {signal}"), said))
            }
            K::DatabaseLost => away(chinese("away-connection-lost")),
            K::DatabaseUnconnected => away(chinese("away-no-connection")),
            K::DatabaseSilent { after } => away(chinese("away-no-answer").with("span", after.as_str())),
            K::DatabaseAway { why } => chinese("database-away").with("why", of_database(why)),
            K::DatabaseMoved { path } => chinese("database-moved").with("path", path.as_str()),
            K::DatabaseReadOnly { path } => {
                unusable(chinese("unusable-read-only").with("path", path.as_str()))
            }
            K::DatabaseDamaged { why } => unusable(chinese("unusable-damaged").with("why", why.as_str())),
            K::DatabaseUnusable { why } => chinese("database-unusable").with("why", of_database(why)),
            K::DatabaseRefused { why } => chinese("database-refused").with("why", why.as_str()),
            K::OperationBroke => chinese("broken-operation"),
            K::Raced => chinese("operation-raced"),
            K::Overloaded => chinese("operation-overloaded"),
            K::SealedOtherwise => chinese("secret-wrong-key"),
            K::SealDamaged => chinese("secret-damaged"),
            K::EndHasCome { until } => chinese("kept-end-has-come").with("until", *until),
            K::EachPutBack { times } => chinese("kept-each-put-back").with("times", times.to_string()),
        }
    }
}

fn ended_with(status: String, said: &str) -> Sentence {
    chinese("tool-failed").with("status", status).with("said", said)
}

fn of_tool(tool: &str, how: Sentence) -> Sentence {
    chinese("backup-tool-failed").with("tool", tool).with("how", how)
}
