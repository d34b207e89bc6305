//! Why a run that does not publish failed, as its report says it. The errors have these words as their own; a test holds
//! them to it.

use super::template::kept_texts;
use crate::domain::clock::Timestamp;

kept_texts! {
    /// As the errors of jobs, backups, folders and the database say it.
    KeptFailure {
        UnknownType { name: String } = "this program knows no tasks of the type “{name}”",
        ParamsUnreadable { why: String } = "its parameters cannot be read: {why}",
        WorkBroke { panic: String } = "its work broke ({panic}); the log says more",
        EndUnreadable { why: String } = "params.until: {why}",
        NoTime { given: String, zone: String } =
            "“{given}” is no time; write it like 2026-02-06T12:00:00Z, or 2026-02-06 12:00:00 (in {zone})",
        TimeOutOfRange { given: String } = "“{given}” lies outside the years 1970 to 9999",

        NoFolder { path: String } = "there is no folder {path}; make it, or mount its disk",
        NotAFolder { path: String } = "{path} is not a folder",
        FolderEmpty { path: String } =
            "{path} holds no file whose name ends in .md (what begins with a dot is left out)",
        TooManyFiles { path: String, most: u64 } =
            "{path} holds more than {most} files whose names end in .md; import its folders one by one",
        FilesTooLarge { path: String, most: u64 } =
            "the files of {path} have more than {most} MiB together; import its folders one by one",

        CopyTaken { path: String } = "{path} is there already, and is not overwritten; name another file",
        CopyUnderWay { folder: String } = "another backup into {folder} is being made at this moment",
        NoRoom { needed: u64, folder: String, free: u64 } =
            "the copy needs about {needed} MB, and {folder} has {free} MB free; make room there, or have it made elsewhere",
        CopyOtherSchema =
            "the copy is not sound, and was thrown away: its schema is another than that of the database",
        CopyUnsound { why: String } = "the copy is not sound, and was thrown away: {why}",
        NoTool { tool: String } =
            "{tool} is not installed here, and a copy of a PostgreSQL database needs it: install the PostgreSQL client of the server's version (package postgresql-client), or back the database up by its server's own means",
        ToolNotStarted { tool: String, why: String } = "{tool} could not be started: {why}",
        ToolLivesOn { tool: String, seconds: u64, why: String } =
            "{tool} had not ended after {seconds} s, and could not be ended: {why}",
        ToolTooLong { tool: String, seconds: u64 } = "{tool} had not ended after {seconds} s",
        ToolLost { tool: String, why: String } = "{tool} was lost: {why}",
        ToolFailed { tool: String, code: i32, said: String } =
            "{tool} ended with exit status: {code}: {said}",
        ToolKilled { tool: String, signal: String, said: String } =
            "{tool} ended with signal: {signal}: {said}",

        DatabaseLost = "the database is not available: the connection was lost",
        DatabaseUnconnected = "the database is not available: there is no connection",
        DatabaseSilent { after: String } = "the database is not available: it has not answered for {after}",
        DatabaseAway { why: String } = "the database is not available: {why}",
        DatabaseMoved { path: String } =
            "the database cannot be used: {path} was deleted, moved or replaced while this program ran. Nothing is written or published until that same file is back; to go on with another one, start this program anew",
        DatabaseReadOnly { path: String } =
            "the database cannot be used: {path} cannot be written: check its owner and mode, and its folder's",
        DatabaseDamaged { why: String } = "the database cannot be used: it is damaged: {why}",
        DatabaseUnusable { why: String } = "the database cannot be used: {why}",
        DatabaseRefused { why: String } = "the database refused: {why}",
        OperationBroke = "an operation broke; the log says more",
        Raced = "somebody else changed the same thing at the same moment; nothing was done",
        Overloaded = "the server has too much to do at the moment",

        SealedOtherwise = "it was sealed with another key",
        SealDamaged = "what was sealed is damaged, or belongs elsewhere",

        /// Why a task that puts contents back has switched itself off.
        EndHasCome { until: Timestamp } = "its end, {until}, has come",
        EachPutBack { times: i64 } = "each content was put back {times} times on each account",
    }
}
