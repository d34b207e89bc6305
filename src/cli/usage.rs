//! What a user gave on the command line that cannot be used.

use super::task_form::CHANGES;
use crate::domain::content::BODY_MAX_BYTES;
use crate::domain::priority::PriorityOutOfRange;
use crate::domain::time_input::TimeInputError;
use crate::import::FolderError;
use crate::render::wechat::CssFault;
use std::fmt;
use std::io;
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum UsageError {
    #[error("--{flag} is a setting of this program, not of an account: say {instead}")]
    SettingFlag { flag: String, instead: &'static str },
    #[error(transparent)]
    Time(#[from] TimeInputError),
    #[error("--expires-in: {0}")]
    ExpiresIn(#[source] TimeInputError),
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("{} is larger than {BODY_MAX_BYTES} bytes", .0.display())]
    TooLarge(PathBuf),
    #[error("{}:{line}: not UTF-8", path.display())]
    NotUtf8 { path: PathBuf, line: usize },
    #[error("{}: {fault}", path.display())]
    Css { path: PathBuf, fault: CssFault },
    #[error("a {0} is written NAME=VALUE")]
    NoPair(Pair),
    #[error("--entries, --accounts, --tasks, --connections and --seconds must be 1 or more")]
    BenchNumbers,
    #[error(
        "say what to preview: a task's id, --cron EXPRESSION, --interval SECONDS or --at TIME; --help has an example of \
         each"
    )]
    NothingToPreview,
    #[error(
        "say its NAME and --platform; without both, on a terminal, account create asks; --help has examples"
    )]
    NoAccount,
    #[error(
        "say its --name, and when it runs; without both, on a terminal, scheduler create asks; --help has examples"
    )]
    NoTask,
    #[error(
        "say when it runs: --interval SECONDS, --cron EXPRESSION, --run-at TIME or --on-due; --help has an example of \
         each"
    )]
    NoSchedule,
    #[error("say what to change: {CHANGES}; --help has examples")]
    NoChange,
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error(
        "{bad} of {total} files cannot be imported, so none was; correct them, or leave them out with --skip-bad"
    )]
    BadFiles { bad: usize, total: usize },
}

/// What cannot be the value of an argument, where the reader of it is ours.
#[derive(Debug, thiserror::Error)]
pub enum WrongValue {
    #[error("“{0}” is no number")]
    NoNumber(String),
    #[error(transparent)]
    Priority(#[from] PriorityOutOfRange),
    #[error("write a whole number, or none")]
    NeitherNumberNorNone,
}

/// What is written `NAME=VALUE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pair {
    Setting,
    Credential,
    Parameter,
}

impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Pair::Setting => "setting",
            Pair::Credential => "credential",
            Pair::Parameter => "parameter",
        })
    }
}
