//! Which pictures a revision shows: noted beside its text, which stays as its author wrote it.
//!
//! A text names a picture by an address of ours (`media:…`), by a path beside the file that it was imported from, or by an
//! address on the web. The first must be there when the text is written; the others are noted by whoever has them: the
//! import, and the first publication.

use crate::db::connection::DbConnection;
use crate::db::contents::Text;
use crate::db::media;
use crate::db::media_links::{self, Link};
use crate::domain::fault::MediaFault;
use crate::domain::field_error::FieldError;
use crate::domain::ids::{ContentId, MediaId};
use crate::domain::media::{MediaAddress, MediaFacts, SOURCE_MAX_BYTES};
use crate::operations::OperationError;
use crate::render::wechat::{self, ImageSource};
use std::collections::HashMap;

/// Pictures by the names that a text has for them.
pub type Kept = HashMap<String, MediaFacts>;

/// Those of a revision.
pub fn kept(conn: &mut DbConnection, content: ContentId, revision: i32) -> Result<Kept, OperationError> {
    let noted = media_links::of_revision(conn, content, revision)?;
    Ok(noted.into_iter().map(|(source, row)| (source, row.facts())).collect())
}

/// Notes the pictures of a revision that was written now: those that its text names by an address of ours, and those that
/// it goes on to name as the revision before it did. What is noted of it already stays.
///
/// # Errors
/// [`OperationError::Invalid`] with each address that is no picture's, by the field that names it.
pub fn note(
    conn: &mut DbConnection,
    content: ContentId,
    revision: i32,
    text: &Text,
) -> Result<(), OperationError> {
    let before: HashMap<String, MediaId> = match revision {
        ..=1 => HashMap::new(),
        _ => {
            let noted = media_links::of_revision(conn, content, revision - 1)?;
            noted.into_iter().map(|(source, row)| (source, row.id)).collect()
        }
    };
    // Most texts show no picture of ours, and are not parsed for it.
    if before.is_empty() && !may_hold_addresses(text) {
        return Ok(());
    }
    let own = kept(conn, content, revision)?;
    let mut wrong = Vec::new();
    for (field, source) in named(text).into_iter().filter(|(_, source)| !own.contains_key(source)) {
        let found = match before.get(&source) {
            Some(known) => Ok(Some(*known)),
            None => addressed(conn, &source)?,
        };
        let media = found.unwrap_or_else(|fault| {
            wrong.push(FieldError::new(field, fault));
            None
        });
        if let Some(media) = media {
            media_links::set(conn, content, revision, &Link { source, media })?;
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(OperationError::Invalid(wrong)) }
}

fn may_hold_addresses(text: &Text) -> bool {
    let has = |part: &str| part.contains(MediaAddress::SCHEME);
    has(&text.body) || text.cover.as_deref().is_some_and(has)
}

/// The picture of an address of ours; none where `source` names something else. The inner error is what is wrong with it.
pub fn addressed(
    conn: &mut DbConnection,
    source: &str,
) -> Result<Result<Option<MediaId>, MediaFault>, OperationError> {
    let address = match MediaAddress::read(source) {
        None => return Ok(Ok(None)),
        Some(Err(fault)) => return Ok(Err(fault)),
        Some(Ok(address)) => address,
    };
    let picture = || source.to_owned();
    Ok(match &media::by_address(conn, &address)?[..] {
        [] => Err(MediaFault::Missing { picture: picture() }),
        [only] => Ok(Some(only.id)),
        [_, _, ..] => Err(MediaFault::Ambiguous { picture: picture() }),
    })
}

/// What a text calls its pictures, each once for a field, with the field that does: `wechat::images` names each once.
pub fn named(text: &Text) -> Vec<(&'static str, String)> {
    let has_pictures = text.body.contains("![") || text.body.contains('<');
    let images = if has_pictures { wechat::images(&text.body) } else { Vec::new() };
    let body = images.into_iter().map(|ImageSource(source)| ("body", source));
    let cover = text.cover.iter().map(|cover| ("cover", cover.trim().to_owned()));
    body.chain(cover).filter(|(_, source)| (1..=SOURCE_MAX_BYTES).contains(&source.len())).collect()
}
