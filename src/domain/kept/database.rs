//! Why a database did not answer, or could not be used, within what is kept of a job that failed by it.

use super::template::kept_texts;

kept_texts! {
    /// As the errors of the database say it; a test holds them to it. Several of these begin with a value, so they are
    /// looked for only behind the words that tell of a database.
    KeptDatabase {
        ThreadGone = "its thread is gone; another takes its place",
        EarlierSession = "an earlier session of this node does not end",
        BareSlash = "its address has a / before the @: write the one in the password as %2F",
        TwoAts = "its address has more than one @: write the one in the password as %40",
        Newer { version: String } =
            "its schema ({version}) is newer than this program knows. Run the newer ContentHub, or restore an older backup; nothing was changed",
        NotOurs = "it is no database of ContentHub",
        NotMigrated { why: String } =
            "its schema could not be brought up to date, and nothing was changed: {why}",
        CopyNotMigrated { why: String } = "its schema could not be brought up to date: {why}",
        Migrations { why: String } = "this program's own migrations cannot be read: {why}",
        ThousandCopies = "there are a thousand copies of it",
        NoCopy { path: String, why: String } =
            "it is older than this program, and no copy of it could be made at {path}, so nothing was changed: {why}",
        OtherServerOf { pid: u32, path: String } =
            "another `contenthub serve` (pid {pid}) runs on {path} already; several nodes need PostgreSQL",
        OtherServer { path: String } =
            "another `contenthub serve` runs on {path} already; several nodes need PostgreSQL",
        RunParams { why: String, params: String } = "a run's parameters cannot be read ({why}): {params}",
        Report { why: String } = "a report cannot be written: {why}",
        Pause { why: String } = "a pause cannot be written: {why}",
        PauseNote { why: String, note: String } =
            "the note that publishing is paused cannot be read ({why}): {note}",
        NoNodeThread { why: String } = "there is no thread for a node: {why}",
        NodeThreadEnded = "the node's thread ended before it had started",
        NoPublisherThread { why: String } = "there is no thread for publishers: {why}",
        EncryptedOnly { said: String } =
            "{said}. It may take encrypted connections only. Build ContentHub with `--features postgres-tls` to reach PostgreSQL over TLS",
        NoTlsHere { said: String } =
            "{said}. Build ContentHub with `--features postgres-tls` to reach PostgreSQL over TLS",
        ManyNames { path: String } =
            "{path} has another name, a hard link: SQLite keeps what was written last beside the name that a file is opened by, so that programs which use different names lose each other's posts. Remove the other name; `contenthub db backup` makes a copy",
        Mounted { path: String } =
            "{path} is mounted by itself: SQLite keeps what was written last beside the name that a file is opened by, and that stays outside, where programs which use its other name do not see it. Mount the folder that it is in",
        MovedAway { path: String } =
            "{path} is not there, and a server that has it open runs still: it was moved or deleted. Put the same file back, or end that server",
        NotThere { path: String } = "{path} is not there",
        NotUtf8 { path: String } = "{path} is not a UTF-8 path",
        NotSqlite { path: String } = "{path} is not a SQLite database",
    }
}
