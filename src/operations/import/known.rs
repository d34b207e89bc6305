//! Which content a file is: by its path, or else by its bytes.

use super::Checked;
use crate::db::connection::DbConnection;
use crate::db::contents::{self, Imported};
use crate::domain::ids::ContentId;
use crate::import;
use crate::operations::OperationError;
use std::collections::HashMap;

/// Which content each file was before, all looked up before any of them is written.
pub(super) struct Known {
    found: Vec<Option<Imported>>,
    /// The file that stands for a content now. Others that have its bytes are copies.
    owners: HashMap<ContentId, usize>,
}

/// What a file was before.
pub(super) enum Before {
    Nothing,
    /// It stands for this content.
    Itself(Imported),
    /// It has the bytes of this content, which another file stands for: the one of this import, if it is there.
    CopyOf(Imported, Option<usize>),
}

impl Known {
    pub(super) fn look_up(conn: &mut DbConnection, files: &[Checked]) -> Result<Self, OperationError> {
        let (mut found, mut owners, mut moved) = (Vec::new(), HashMap::new(), Vec::new());
        for (index, file) in files.iter().enumerate() {
            let known = contents::imported(conn, &file.source)?;
            match &known {
                Some(known) if known.path == file.source.path => {
                    owners.insert(known.content, index);
                }
                Some(known) if !import::is_there(&known.path) => moved.push((known.content, index)),
                Some(_) | None => {}
            }
            found.push(known);
        }
        for (content, index) in moved {
            owners.entry(content).or_insert(index);
        }
        Ok(Known { found, owners })
    }

    /// Whether entries that wait may have to change too.
    pub(super) fn has_changes(&self, files: &[Checked]) -> bool {
        let both = self.found.iter().zip(files);
        both.into_iter().any(|(known, file)| known.as_ref().is_some_and(|it| it.sha256 != file.source.sha256))
    }

    pub(super) fn of(&self, index: usize) -> Before {
        let Some(known) = self.found.get(index).cloned().flatten() else { return Before::Nothing };
        match self.owners.get(&known.content) {
            Some(owner) if *owner == index => Before::Itself(known),
            owner => Before::CopyOf(known, owner.copied()),
        }
    }
}
