//! A program of PostgreSQL's client, run for a backup: the password goes by its environment alone, and it has an end.

use super::BackupError;
use std::ffi::OsStr;
use std::io::{self, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// A dump that takes longer hangs.
const LIMIT_DEFAULT: Duration = Duration::from_secs(4 * 3600);
/// So much of what a program says of its failure is kept.
const SAID_MAX_BYTES: u64 = 64 * 1024;

/// How PostgreSQL's programs are called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tools {
    pub pg_dump: String,
    pub pg_restore: String,
    /// For how long one of them may run.
    pub limit: Duration,
}

impl Default for Tools {
    /// Those that the PATH names.
    fn default() -> Self {
        let [pg_dump, pg_restore] = ["pg_dump", "pg_restore"].map(str::to_owned);
        Tools { pg_dump, pg_restore, limit: LIMIT_DEFAULT }
    }
}

/// How a program ended that did not do its work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ToolEnd {
    #[error("could not be started: {0}")]
    NotStarted(String),
    #[error("had not ended after {seconds} s{}", and_lives(lives_on))]
    TooLong {
        seconds: u64,
        /// Why it could not be ended either.
        lives_on: Option<String>,
    },
    #[error("was lost: {0}")]
    Lost(String),
    /// With what it said itself.
    #[error("ended with {status}: {said}")]
    Failed { status: String, said: String },
}

fn and_lives(lives_on: &Option<String>) -> String {
    lives_on.as_ref().map(|error| format!(", and could not be ended: {error}")).unwrap_or_default()
}

/// One call of a program.
pub(super) struct Call<'a> {
    /// As messages name it.
    pub tool: &'static str,
    pub program: &'a str,
    pub args: &'a [&'a OsStr],
    pub password: Option<&'a str>,
    pub limit: Duration,
}

impl Call<'_> {
    /// Runs it to its end, or ends it when its time is over.
    pub(super) fn run(&self) -> Result<(), BackupError> {
        let failed = |how: ToolEnd| BackupError::ToolFailed { tool: self.tool, how };
        let mut command = Command::new(self.program);
        command.args(self.args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        if let Some(password) = self.password {
            command.env("PGPASSWORD", password);
        }
        let mut child = command.spawn().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => BackupError::NoTool { tool: self.tool },
            _ => failed(ToolEnd::NotStarted(error.to_string())),
        })?;
        let Some(said) = self.words_of(&mut child) else {
            let ended = child.kill().and_then(|()| child.wait());
            let lives_on = ended.err().map(|error| error.to_string());
            return Err(failed(ToolEnd::TooLong { seconds: self.limit.as_secs(), lives_on }));
        };
        let status = child.wait().map_err(|error| failed(ToolEnd::Lost(error.to_string())))?;
        if status.success() {
            return Ok(());
        }
        let said = match self.password.filter(|password| !password.is_empty()) {
            Some(password) => said.replace(password, "(password)"),
            None => said,
        };
        Err(failed(ToolEnd::Failed { status: status.to_string(), said: said.trim().to_owned() }))
    }

    /// All that it says until its end; none where that does not come in time.
    fn words_of(&self, child: &mut Child) -> Option<String> {
        let mut pipe = child.stderr.take()?;
        let (tell, told) = mpsc::channel();
        thread::spawn(move || {
            let mut said = Vec::new();
            // Read to its end, so that it is never kept waiting for a reader.
            let read = pipe.by_ref().take(SAID_MAX_BYTES).read_to_end(&mut said);
            let rest = read.and_then(|_| io::copy(&mut pipe, &mut io::sink()));
            if let Err(error) = rest {
                log::debug!("what a program says cannot be read: {error}");
            }
            // Nobody listens any more where its time was over.
            tell.send(String::from_utf8_lossy(&said).into_owned()).ok();
        });
        match told.recv_timeout(self.limit) {
            Ok(said) => Some(said),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(String::new()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(script: &str, limit: Duration) -> Result<(), BackupError> {
        let args = ["-c", script].map(OsStr::new);
        Call { tool: "pg_dump", program: "sh", args: &args, password: Some("hush"), limit }.run()
    }

    #[test]
    fn a_program_ends_well_or_says_why_or_is_ended() {
        let long = Duration::from_secs(60);
        call("test \"$PGPASSWORD\" = hush", long).expect("it has the password");
        let told = call("echo \"no $PGPASSWORD here\" >&2; exit 3", long).expect_err("failed").to_string();
        assert_eq!(told, "pg_dump ended with exit status: 3: no (password) here");
        let told = call("exec sleep 60", Duration::from_millis(50)).expect_err("ended").to_string();
        assert_eq!(told, "pg_dump had not ended after 0 s");
        call("head -c 300000 /dev/zero >&2", long).expect("it may say a lot");
        let none =
            Call { tool: "pg_dump", program: "/nowhere", args: &[], password: None, limit: long }.run();
        assert!(matches!(none, Err(BackupError::NoTool { tool: "pg_dump" })));
    }
}
