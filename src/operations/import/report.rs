//! What an import did, or would do, file by file.

use crate::domain::clock::Timestamp;
use crate::domain::entry::EntryStatus;
use crate::domain::ids::*;
use crate::domain::similar_text::{Similar, as_warnings};
use crate::domain::text_enum;
use crate::import::Problem;
use serde::{Serialize, Serializer};
use std::collections::{HashMap, HashSet};
use std::path::Path;

text_enum! {
    /// What became of a file.
    Action {
        Created = "created",
        /// A new revision, or another account of its own.
        Updated = "updated",
        Unchanged = "unchanged",
        /// Not imported: it is bad, a draft, or an old copy.
        Skipped = "skipped",
    }
}

text_enum! {
    /// What became of a content's entry on an account.
    Became {
        Added = "added",
        /// It waited already, and has a new priority or time.
        Updated = "updated",
        WaitingAlready = "waiting already",
        AlreadyPublished = "already published",
        /// The text has changed since it went out; `again` publishes it once more.
        UpdatedNotRepublished = "updated, not republished",
        /// Its account takes no text again that it had lately.
        Refused = "same text, not added",
        FailedBefore = "failed before, not added",
        CancelledBefore = "cancelled before, not added",
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImportReport {
    /// Nothing was written, whatever is said here.
    pub dry_run: bool,
    /// False where bad files kept the whole folder out; only those are listed then.
    pub imported: bool,
    pub created: usize,
    pub updated: usize,
    pub unchanged: usize,
    pub skipped: usize,
    pub bad: usize,
    pub entries_added: usize,
    pub entries_updated: usize,
    pub files: Vec<FileReport>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileReport {
    pub path: String,
    pub action: Action,
    /// None where nothing was imported, and in a dry run where it would be a new one.
    pub content_id: Option<ContentId>,
    pub revision: Option<i32>,
    pub entries: Vec<EntryReport>,
    /// What is wrong with it; empty unless it is bad.
    pub errors: Vec<Problem>,
    /// What else there is to know.
    pub note: Option<FileNote>,
    /// Keys of other programs that were not used.
    pub passed_over: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EntryReport {
    pub account_id: AccountId,
    pub account: String,
    pub entry_id: Option<EntryId>,
    pub became: Became,
    /// When an entry that waits may go out.
    pub due_at: Option<Timestamp>,
    pub note: Option<EntryNote>,
    /// Another entry of the account with the same text.
    #[serde(rename = "warnings", serialize_with = "as_warnings", skip_serializing_if = "Option::is_none")]
    pub similar: Option<Similar>,
}

/// What else there is to know of a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileNote {
    #[error("it is a draft")]
    Draft,
    #[error("its content was deleted; `content import` brings it back")]
    Deleted,
    #[error("it is what {0} was before that changed; change it, and it is a content of its own")]
    OldCopy(String),
    #[error("it was at {0} before")]
    Moved(String),
    #[error("it is the same as {0}")]
    SameAs(String),
}

/// What else there is to know of an entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryNote {
    #[error("again, now with revision {0}")]
    Again(i32),
    #[error("it is {status}, or may be out, with revision {revision}, and keeps that")]
    Keeps { status: EntryStatus, revision: i32 },
    /// In a dry run, where the other has no entry yet.
    #[error("it has the same text as {0}")]
    SameText(String),
}

/// As it is told in English.
macro_rules! as_told {
    ($($note:ty),+) => {$(
        impl Serialize for $note {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    )+};
}
as_told!(FileNote, EntryNote);

impl FileReport {
    pub(super) fn skipped(path: String) -> Self {
        FileReport {
            path,
            action: Action::Skipped,
            content_id: None,
            revision: None,
            entries: vec![],
            errors: vec![],
            note: None,
            passed_over: vec![],
        }
    }

    pub(super) fn bad(path: String, errors: Vec<Problem>) -> Self {
        FileReport { errors, ..FileReport::skipped(path) }
    }

    pub fn is_bad(&self) -> bool {
        !self.errors.is_empty()
    }
}

impl ImportReport {
    pub(super) fn new(imported: bool, mut files: Vec<FileReport>) -> Self {
        files.sort_by(|a, b| Path::new(&a.path).cmp(Path::new(&b.path)));
        let count = |action: Action| files.iter().filter(|file| file.action == action).count();
        let entries = |became: Became| {
            files.iter().flat_map(|file| &file.entries).filter(|entry| entry.became == became).count()
        };
        ImportReport {
            dry_run: false,
            imported,
            created: count(Action::Created),
            updated: count(Action::Updated),
            unchanged: count(Action::Unchanged),
            skipped: count(Action::Skipped),
            bad: files.iter().filter(|file| file.is_bad()).count(),
            entries_added: entries(Became::Added),
            entries_updated: entries(Became::Updated),
            files,
        }
    }

    /// The same without the names of what was rolled back.
    pub(super) fn of_a_dry_run(mut self) -> Self {
        let created = |file: &&FileReport| file.action == Action::Created;
        let gone: HashSet<ContentId> =
            self.files.iter().filter(created).filter_map(|file| file.content_id).collect();
        let mut paths = HashMap::new();
        for file in &self.files {
            for entry in file.entries.iter().filter(|entry| entry.became == Became::Added) {
                paths.extend(entry.entry_id.map(|id| (id, file.path.clone())));
            }
        }
        for file in &mut self.files {
            file.content_id = file.content_id.filter(|id| !gone.contains(id));
            for entry in &mut file.entries {
                if let Some(path) = entry.similar.and_then(|similar| paths.get(&similar.entry)) {
                    entry.similar = None;
                    entry.note.get_or_insert_with(|| EntryNote::SameText(path.clone()));
                }
                if entry.became == Became::Added {
                    entry.entry_id = None;
                }
            }
        }
        ImportReport { dry_run: true, ..self }
    }
}
