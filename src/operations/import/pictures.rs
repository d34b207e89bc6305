//! The pictures of imported files: kept, and noted with the revision that shows them.

use super::{Checked, Run};
use crate::db::connection::DbConnection;
use crate::db::media_links::{self, Link};
use crate::domain::ids::ContentId;
use crate::domain::media::MediaHash;
use crate::operations::{OperationError, media};
use std::collections::HashMap;

/// How a file's pictures are, beside those that a revision of its content shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pictures {
    Same,
    /// Some of them were never noted, and none is another: the file came before there were pictures.
    Unnoted,
    /// Under a name of old there is another picture now, which is another post.
    Changed,
}

pub(super) fn compare(
    conn: &mut DbConnection,
    file: &Checked,
    content: ContentId,
    revision: i32,
) -> Result<Pictures, OperationError> {
    if file.pictures.is_empty() {
        return Ok(Pictures::Same);
    }
    let noted: HashMap<String, MediaHash> = media_links::of_revision(conn, content, revision)?
        .into_iter()
        .map(|(source, row)| (source, row.sha256))
        .collect();
    let mut all = Pictures::Same;
    for picture in &file.pictures {
        match noted.get(&picture.source) {
            Some(hash) if *hash == picture.received.facts.sha256 => {}
            Some(_) => return Ok(Pictures::Changed),
            None => all = Pictures::Unnoted,
        }
    }
    Ok(all)
}

impl Run<'_> {
    /// Keeps the pictures of a file, and notes them with a revision of its content. In a rehearsal, which is undone, the
    /// files stay where they are.
    pub(super) fn keep_pictures(
        &self,
        conn: &mut DbConnection,
        file: &Checked,
        content: ContentId,
        revision: i32,
    ) -> Result<(), OperationError> {
        for picture in &file.pictures {
            let added = match self.dry_run {
                true => media::write_row(conn, &picture.received, self.now)?,
                false => media::add(conn, self.cx, &picture.received, self.now)?,
            };
            let link = Link { source: picture.source.clone(), media: added.row.id };
            media_links::set(conn, content, revision, &link)?;
        }
        Ok(())
    }
}
