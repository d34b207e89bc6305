//! Contents by what their texts are told by: the same words have the same hash.

use crate::db::connection::{DbConnection, DbError};
use crate::db::schema::contents::dsl;
use crate::db::statement::statement;
use crate::domain::ids::ContentId;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

const SQLITE_WITH_TEXT: &str = "SELECT id FROM contents WHERE text_hash = ?1 ORDER BY id DESC LIMIT ?2";
/// As a span of one, and in the order of the index, so that no plan goes through the newest contents instead.
const POSTGRES_WITH_TEXT: &str = "SELECT id FROM contents WHERE text_hash BETWEEN $1 AND $1 \
    ORDER BY text_hash DESC, id DESC LIMIT $2";

/// The newest contents with a text, at most so many.
pub fn with_text(conn: &mut DbConnection, text_hash: &str, most: i64) -> Result<Vec<ContentId>, DbError> {
    macro_rules! ask {
        ($inner:expr, $sql:expr) => {
            statement::<BigInt>($sql)
                .bind::<Text, _>(text_hash)
                .bind::<BigInt, _>(most)
                .load::<ContentId>($inner)?
        };
    }
    Ok(match conn {
        DbConnection::Sqlite(inner) => ask!(inner, SQLITE_WITH_TEXT),
        DbConnection::Postgres(inner) => ask!(inner, POSTGRES_WITH_TEXT),
    })
}

/// What a content's text is told by; none where it is not known yet.
pub fn text_hash(conn: &mut DbConnection, id: ContentId) -> Result<Option<String>, DbError> {
    let hash: Option<Option<String>> =
        dsl::contents.filter(dsl::id.eq(id.0)).select(dsl::text_hash).first(conn).optional()?;
    Ok(hash.flatten())
}

/// Contents after this one that an earlier version of this program wrote, in order: it did not hash texts.
pub fn unread(conn: &mut DbConnection, after: ContentId, limit: i64) -> Result<Vec<ContentId>, DbError> {
    Ok(dsl::contents
        .filter(dsl::text_hash.is_null())
        .filter(dsl::id.gt(after.0))
        .order(dsl::id)
        .limit(limit)
        .select(dsl::id)
        .load(conn)?)
}

/// Notes the hash of a revision that has none, unless there is a newer one.
pub fn note_text_hash(
    conn: &mut DbConnection,
    id: ContentId,
    revision: i32,
    text_hash: &str,
) -> Result<(), DbError> {
    let as_read = dsl::contents
        .filter(dsl::id.eq(id.0))
        .filter(dsl::revision.eq(revision))
        .filter(dsl::text_hash.is_null());
    diesel::update(as_read).set(dsl::text_hash.eq(text_hash)).execute(conn)?;
    Ok(())
}
