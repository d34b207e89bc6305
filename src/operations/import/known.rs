//! Which content a file is: by its path, or else by its bytes.
//!
//! One file stands for a content: the first that it was imported from. Others with its bytes are copies. A copy that was
//! changed is a post of its own, but where the file that stood for the content is gone, its copy stands in for it.

use super::Checked;
use crate::db::connection::DbConnection;
use crate::db::imported_files::{self, ImportedRow};
use crate::domain::ids::{AccountId, ContentId};
use crate::import;
use crate::operations::OperationError;
use std::collections::HashMap;

/// Which content each file was before, all looked up before any of them is written.
pub(super) struct Known {
    found: Vec<Option<Imported>>,
    /// The file that stands for a content now. Others that have its bytes are copies.
    owners: HashMap<ContentId, usize>,
}

/// A content that came from a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Imported {
    pub content: ContentId,
    pub revision: i32,
    pub account: Option<AccountId>,
    /// The file that stands for it, and what that was when it was imported last.
    pub path: String,
    pub sha256: String,
    /// Whether the file that was asked for was imported with these very bytes, at this path.
    pub is_noted: bool,
}

/// What a file was before.
pub(super) enum Before {
    Nothing,
    /// It stands for this content.
    Itself(Imported),
    /// It has bytes that this content had once, which another file stands for: the one of this import, if it is there.
    CopyOf(Imported, Option<usize>),
}

impl Known {
    pub(super) fn look_up(conn: &mut DbConnection, files: &[Checked]) -> Result<Self, OperationError> {
        let sources: Vec<_> = files.iter().map(|file| &file.source).collect();
        let rows = imported_files::known(conn, &sources)?;
        let history = History::of(&rows);
        let (mut found, mut owners, mut moved) = (Vec::new(), HashMap::new(), Vec::new());
        for (index, file) in files.iter().enumerate() {
            let known = history.find(file);
            match &known {
                Some((known, Role::StandsForIt)) => {
                    owners.insert(known.content, index);
                }
                Some((known, Role::MayStandIn)) => moved.push((known.content, index)),
                Some((_, Role::Copy)) | None => {}
            }
            found.push(known.map(|(known, _)| known));
        }
        for (content, index) in moved {
            owners.entry(content).or_insert(index);
        }
        Ok(Known { found, owners })
    }

    /// Whether entries that wait may have to change too.
    pub(super) fn has_changes(&self, files: &[Checked]) -> bool {
        let mut both = self.found.iter().zip(files);
        both.any(|(known, file)| known.as_ref().is_some_and(|it| it.sha256 != file.source.sha256))
    }

    pub(super) fn of(&self, index: usize) -> Before {
        let Some(known) = self.found.get(index).cloned().flatten() else { return Before::Nothing };
        match self.owners.get(&known.content) {
            Some(owner) if *owner == index => Before::Itself(known),
            owner => Before::CopyOf(known, owner.copied()),
        }
    }

    /// Those that stand for a content come first: what becomes of a copy depends on them.
    pub(super) fn in_order(&self) -> Vec<usize> {
        let stands = |index: &usize| matches!(self.of(*index), Before::Itself(_));
        let (mut first, others): (Vec<usize>, Vec<usize>) = (0..self.found.len()).partition(stands);
        first.extend(others);
        first
    }
}

/// What a file is to its content.
enum Role {
    StandsForIt,
    /// The file that stood for it is gone, and this one is what that was.
    MayStandIn,
    Copy,
}

/// What was imported before, by each of the questions.
struct History<'a> {
    /// What a file was when it was imported last.
    by_path: HashMap<&'a str, &'a ImportedRow>,
    by_bytes: HashMap<&'a str, ContentId>,
    /// The path that stands for a content, and the newest of its rows.
    contents: HashMap<ContentId, &'a ImportedRow>,
}

impl<'a> History<'a> {
    fn of(rows: &'a [ImportedRow]) -> Self {
        let mut history =
            History { by_path: HashMap::new(), by_bytes: HashMap::new(), contents: HashMap::new() };
        for row in rows {
            history.by_path.insert(&row.path, row);
            history.by_bytes.insert(&row.sha256, row.content);
            let newest = history.contents.entry(row.content).or_insert(row);
            if newest.path == row.path {
                *newest = row;
            }
        }
        history
    }

    fn find(&self, file: &Checked) -> Option<(Imported, Role)> {
        let source = &file.source;
        if let Some(own) = self.by_path.get(source.path.as_str())
            && let Some(known) = self.content(own.content, own.sha256 == source.sha256)
        {
            let role = role(&known, &source.path, &own.sha256);
            if known.is_noted || !matches!(role, Role::Copy) {
                return Some((known, role));
            }
        }
        let known = self.content(*self.by_bytes.get(source.sha256.as_str())?, false)?;
        let role = role(&known, &source.path, &source.sha256);
        Some((known, role))
    }

    fn content(&self, id: ContentId, is_noted: bool) -> Option<Imported> {
        let row = self.contents.get(&id)?;
        Some(Imported {
            content: id,
            revision: row.revision,
            account: row.account,
            path: row.path.clone(),
            sha256: row.sha256.clone(),
            is_noted,
        })
    }
}

/// `sha256`: what the file was, before it was changed.
fn role(known: &Imported, path: &str, sha256: &str) -> Role {
    if known.path == path {
        Role::StandsForIt
    } else if known.sha256 == sha256 && !import::is_there(&known.path) {
        Role::MayStandIn
    } else {
        Role::Copy
    }
}
