//! A folder of Markdown files, read: which files there are, and what each says. It knows no database: what becomes of
//! the posts is decided in `operations/import.rs`.

mod fault;
mod folder;
mod front_matter;
mod pictures;
mod post;
mod settled;
mod yaml;

pub use fault::{ImportFault, YamlFault};
pub use folder::{FILES_MAX, Folder, FolderError, Reading, TOTAL_BYTES_MAX, is_there, read, read_as};
pub use pictures::{Picture, Pictures};
pub use post::{Named, Post};
pub use settled::UNSETTLED_FOR;

use serde::{Serialize, Serializer};

/// One file of the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// As a person would name it: the folder as it was given, and the way from there.
    pub path: String,
    /// What it holds, or everything that is wrong with it, by line.
    pub outcome: Result<Readable, Vec<Problem>>,
}

/// A file that can be imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readable {
    /// Absolute, without links: the same file is the same path from wherever it is named.
    pub canonical_path: String,
    /// Of its bytes, as they are on the disk.
    pub sha256: String,
    pub post: Post,
    /// Those that it names by paths beside it, by the names that it has for them.
    pub pictures: Vec<Picture>,
}

/// What is wrong with a file, and on which of its lines; none where it is the file as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    pub line: Option<usize>,
    #[serde(rename = "message", serialize_with = "as_message")]
    pub fault: ImportFault,
}

fn as_message<S: Serializer>(fault: &ImportFault, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(fault)
}

/// By line, and on one line by what they say.
pub fn in_order(problems: &mut [Problem]) {
    problems.sort_by_cached_key(|problem| (problem.line, problem.fault.to_string()));
}

impl Problem {
    pub fn at(line: usize, fault: impl Into<ImportFault>) -> Self {
        Problem { line: Some(line), fault: fault.into() }
    }

    pub fn of_the_file(fault: impl Into<ImportFault>) -> Self {
        Problem { line: None, fault: fault.into() }
    }

    /// `posts/a.md:7: what is wrong`, as compilers write it.
    pub fn told_of(&self, path: &str) -> String {
        match self.line {
            Some(line) => format!("{path}:{line}: {}", self.fault),
            None => format!("{path}: {}", self.fault),
        }
    }
}

/// Text of a file as a message may repeat it: short, and harmless to a terminal.
fn shortened(text: &str) -> String {
    const CHARS_MAX: usize = 60;
    let mut shown: String =
        text.chars().take(CHARS_MAX).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(CHARS_MAX).is_some() {
        shown.push('…');
    }
    shown
}
