//! What a revision of a content calls its pictures, in its own words, and which they are. The text itself is never
//! rewritten: see docs/decisions/0009.

use super::connection::{DbConnection, DbError};
use super::media::MediaRow;
use super::schema::content_media::dsl;
use super::schema::media::dsl as media;
use crate::domain::ids::{ContentId, MediaId};
use diesel::prelude::*;

/// A name that a text has for a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// As the text has it: a path beside it, an address on the web, or `media:…`.
    pub source: String,
    pub media: MediaId,
}

/// The pictures of a revision that are kept, by the names that its text has for them.
pub fn of_revision(
    conn: &mut DbConnection,
    content: ContentId,
    revision: i32,
) -> Result<Vec<(String, MediaRow)>, DbError> {
    Ok(dsl::content_media
        .inner_join(media::media)
        .filter(dsl::content_id.eq(content.0))
        .filter(dsl::revision.eq(revision))
        .order(dsl::source)
        .select((
            dsl::source,
            (
                media::id,
                media::sha256,
                media::kind,
                media::bytes,
                media::width,
                media::height,
                media::name,
                media::created_at,
                media::unused_since,
            ),
        ))
        .load(conn)?)
}

/// The picture that any revision of a content calls so; of several the newest revision's.
pub fn newest(conn: &mut DbConnection, content: ContentId, source: &str) -> Result<Option<MediaId>, DbError> {
    Ok(dsl::content_media
        .filter(dsl::content_id.eq(content.0))
        .filter(dsl::source.eq(source))
        .order(dsl::revision.desc())
        .select(dsl::media_id)
        .first(conn)
        .optional()?)
}

/// Notes which picture a revision calls so. What it was before is forgotten.
pub fn set(conn: &mut DbConnection, content: ContentId, revision: i32, link: &Link) -> Result<(), DbError> {
    let same = dsl::content_media
        .filter(dsl::content_id.eq(content.0))
        .filter(dsl::revision.eq(revision))
        .filter(dsl::source.eq(&link.source));
    let changed = diesel::update(same).set(dsl::media_id.eq(link.media.0)).execute(conn)?;
    if changed == 0 {
        diesel::insert_into(dsl::content_media)
            .values((
                dsl::content_id.eq(content.0),
                dsl::revision.eq(revision),
                dsl::source.eq(&link.source),
                dsl::media_id.eq(link.media.0),
            ))
            .execute(conn)?;
    }
    Ok(())
}
