//! What can be changed: kinds of things, and one of them.

use std::fmt;

super::text_enum! {
    /// A kind of thing.
    Resource {
        Account = "account",
        Content = "content",
        Entry = "entry",
        /// Many entries at once.
        Pool = "pool",
        Task = "task",
        Execution = "execution",
        /// All publishing, which can be paused.
        Publishing = "publishing",
        Token = "token",
        /// A picture that is kept.
        Media = "media",
        /// A folder of files.
        Import = "import",
        /// The database itself.
        Database = "database",
    }
}

/// One thing; without an id one that is still to be made, or the only one of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject {
    pub kind: Resource,
    pub id: Option<i64>,
}

impl Subject {
    pub const fn new(kind: Resource, id: i64) -> Self {
        Subject { kind, id: Some(id) }
    }

    pub const fn all(kind: Resource) -> Self {
        Subject { kind, id: None }
    }
}

/// `account 5`, or `publishing`.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.id {
            Some(id) => write!(f, "{} {id}", self.kind),
            None => write!(f, "{}", self.kind),
        }
    }
}
