//! Further contents that entries publish beside their own.
//!
//! A content waits in the pool, and is out, also where it is one of these: whoever asks whether it may be added, changed,
//! held back or deleted asks here, too. Whoever makes it one of these locks it ([`lock_contents`]), and whoever adds it by
//! itself looks at it locked as well (`contents::brief`): so that of two who add it at the same moment the second finds the
//! first.

use super::claim::Claim;
use super::connection::{DbConnection, DbError};
use super::contents::read_tags;
use super::schema::extra_contents::dsl;
use super::schema::{content_revisions, contents, publish_pool};
use super::statement::statement;
use super::{checkpoints, entries};
use crate::domain::content::{Article, ReviewStatus};
use crate::domain::entry::EntryStatus;
use crate::domain::extras::Extras;
use crate::domain::ids::*;
use diesel::pg::sql_types::Array;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

/// As a part of larger statements: whether the entry `$pool` has a further content that is not approved.
macro_rules! unapproved_extra {
    ($pool:literal) => {
        concat!(
            "EXISTS (SELECT 1 FROM extra_contents AS e JOIN contents AS x ON x.id = e.content_id WHERE e.pool_id = ",
            $pool,
            " AND x.review_status <> 'approved')"
        )
    };
}
pub(super) use unapproved_extra;

/// As a column of the pool's rows: a list that [`Extras::kept`] reads.
pub(super) const LISTED: &str = "coalesce((SELECT string_agg(CAST(listed.content_id AS TEXT), ',' ORDER BY listed.place) \
    FROM extra_contents AS listed WHERE listed.pool_id = publish_pool.id), '')";

/// Nobody adds one of these, or changes it, until the caller's transaction ends. All lock them in one order.
pub fn lock_contents(conn: &mut DbConnection, ids: &[ContentId]) -> Result<(), DbError> {
    // SQLite has one writer anyway.
    if let DbConnection::Postgres(inner) = conn {
        const LOCK: &str = "SELECT id FROM contents WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE";
        let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
        statement::<BigInt>(LOCK).bind::<Array<BigInt>, _>(ids).load::<i64>(inner)?;
    }
    Ok(())
}

/// Gives an entry these in the place of those that it had. What its steps came to with those is forgotten. The caller has
/// locked it.
pub fn set(conn: &mut DbConnection, entry: EntryId, extras: &Extras) -> Result<(), DbError> {
    diesel::delete(dsl::extra_contents.filter(dsl::pool_id.eq(entry.0))).execute(conn)?;
    for (place, content) in (1..).zip(extras.ids()) {
        diesel::insert_into(dsl::extra_contents)
            .values((dsl::pool_id.eq(entry.0), dsl::place.eq::<i32>(place), dsl::content_id.eq(content.0)))
            .execute(conn)?;
    }
    checkpoints::forget(conn, entry)
}

/// Entries that have this one beside their own, whatever became of them.
pub fn entries_with(conn: &mut DbConnection, content: ContentId) -> Result<Vec<EntryId>, DbError> {
    let with = dsl::extra_contents.filter(dsl::content_id.eq(content.0));
    Ok(with.select(dsl::pool_id).order(dsl::pool_id).load(conn)?)
}

/// Entries that have one of these beside their own, whatever became of them.
pub(super) fn entries_with_any(
    conn: &mut DbConnection,
    contents: &[ContentId],
) -> Result<Vec<EntryId>, DbError> {
    let ids: Vec<i64> = contents.iter().map(|content| content.0).collect();
    let with = dsl::extra_contents.filter(dsl::content_id.eq_any(ids));
    Ok(with.select(dsl::pool_id).distinct().load(conn)?)
}

/// The first of an entry's further contents that is not approved.
pub fn first_unapproved(
    conn: &mut DbConnection,
    entry: EntryId,
) -> Result<Option<(ContentId, i32, ReviewStatus)>, DbError> {
    Ok(dsl::extra_contents
        .inner_join(contents::table)
        .filter(dsl::pool_id.eq(entry.0))
        .filter(contents::review_status.ne(ReviewStatus::Approved.as_str()))
        .order(dsl::place)
        .select((contents::id, contents::revision, contents::review_status))
        .first(conn)
        .optional()?)
}

/// Holds back, or lets go, the entries in which a content stands beside others, or has others beside it: each waits until all
/// of its contents are approved. See [`entries::set_held`].
pub(super) fn set_held(conn: &mut DbConnection, content: ContentId) -> Result<(), DbError> {
    let mut ids = entries_with(conn, content)?;
    let own: Vec<EntryId> = publish_pool::table
        .filter(publish_pool::content_id.eq(content.0))
        .filter(diesel::dsl::exists(dsl::extra_contents.filter(dsl::pool_id.eq(publish_pool::id))))
        .select(publish_pool::id)
        .load(conn)?;
    ids.extend(own);
    ids.sort_unstable();
    for id in ids {
        // Locked first: of two whose contents are approved at the same moment the second sees what the first has approved.
        entries::lock(conn, id)?;
        hold_by_contents(conn, id)?;
    }
    Ok(())
}

macro_rules! hold {
    () => {
        concat!(
            "UPDATE publish_pool SET held = (",
            unapproved_extra!("publish_pool.id"),
            " OR EXISTS (SELECT 1 FROM contents AS c WHERE c.id = publish_pool.content_id AND c.review_status <> 'approved')) \
             WHERE id = $1 AND status <> 'published' AND NOT unproven AND look_up_at IS NULL"
        )
    };
}
const HOLD: &str = hold!();

/// Holds an entry back where one of its contents is not approved, and else lets it go.
pub fn hold_by_contents(conn: &mut DbConnection, entry: EntryId) -> Result<(), DbError> {
    let hold = statement::<()>(HOLD).bind::<BigInt, _>(entry.0);
    match conn {
        DbConnection::Sqlite(inner) => hold.execute(inner)?,
        DbConnection::Postgres(inner) => hold.execute(inner)?,
    };
    Ok(())
}

/// What one attempt publishes beside its own content.
type Row = (
    EntryId,
    i32,
    ContentId,
    Option<i32>,
    (i32, String, String, Option<String>, Option<String>, Option<String>, String, Option<String>),
);

/// Reads what these claims publish beside their own contents, and notes which revisions that are: an entry that may be out
/// repeats those of its last attempt, as it does with its own; any other takes the newest. Where one is another than that of
/// the last attempt, what the steps of that came to is of no use.
pub fn read(conn: &mut DbConnection, claims: &mut [&mut Claim]) -> Result<(), DbError> {
    let ids: Vec<i64> = claims.iter().map(|claim| claim.attempt.entry.0).collect();
    // Most entries have none.
    let having: Vec<EntryId> =
        dsl::extra_contents.filter(dsl::pool_id.eq_any(&ids)).select(dsl::pool_id).distinct().load(conn)?;
    for claim in claims.iter_mut().filter(|claim| having.contains(&claim.attempt.entry)) {
        let entry = claim.attempt.entry;
        let repeats = claim.standing.unproven || claim.question.is_some();
        let rows = revisions(conn, entry, repeats)?;
        let is_other = |row: &Row| row.3.is_some_and(|last| last != row.4.0);
        if !repeats && rows.iter().any(is_other) {
            checkpoints::forget(conn, entry)?;
        }
        for (_, place, _, _, (revision, ..)) in rows.iter().filter(|row| row.3 != Some(row.4.0)) {
            let row = dsl::extra_contents.filter(dsl::pool_id.eq(entry.0)).filter(dsl::place.eq(place));
            diesel::update(row).set(dsl::revision.eq(revision)).execute(conn)?;
        }
        claim.extras = rows.into_iter().map(article).collect();
    }
    Ok(())
}

/// `repeats`: those of the last attempt, where there was one.
fn revisions(conn: &mut DbConnection, entry: EntryId, repeats: bool) -> Result<Vec<Row>, DbError> {
    macro_rules! with_text {
        ($revision:expr) => {
            dsl::extra_contents
                .inner_join(contents::table)
                .inner_join(
                    content_revisions::table.on(content_revisions::content_id
                        .eq(dsl::content_id)
                        .and(content_revisions::revision.eq($revision))),
                )
                .filter(dsl::pool_id.eq(entry.0))
                .order(dsl::place)
                .select((
                    dsl::pool_id,
                    dsl::place,
                    dsl::content_id,
                    dsl::revision,
                    (
                        content_revisions::revision,
                        content_revisions::title,
                        content_revisions::body,
                        content_revisions::digest,
                        content_revisions::author,
                        content_revisions::cover,
                        content_revisions::tags,
                        content_revisions::source_url,
                    ),
                ))
                .load(conn)?
        };
    }
    Ok(match repeats {
        true => with_text!(diesel::dsl::sql::<diesel::sql_types::Integer>(
            "coalesce(extra_contents.revision, contents.revision)"
        )),
        false => with_text!(contents::revision),
    })
}

fn article((_, _, content_id, _, text): Row) -> Article {
    let (revision, title, body, digest, author, cover, tags, source_url) = text;
    let tags = read_tags(&tags);
    Article { content_id, revision, title, body, digest, author, cover, tags, source_url }
}

/// Notes that the newest revisions of an entry's further contents are those which may be out.
pub(super) fn note_newest(conn: &mut DbConnection, entry: EntryId) -> Result<(), DbError> {
    const NOTE: &str = "UPDATE extra_contents SET revision = (SELECT c.revision FROM contents AS c \
        WHERE c.id = extra_contents.content_id) WHERE pool_id = $1";
    let note = statement::<()>(NOTE).bind::<BigInt, _>(entry.0);
    match conn {
        DbConnection::Sqlite(inner) => note.execute(inner)?,
        DbConnection::Postgres(inner) => note.execute(inner)?,
    };
    Ok(())
}

/// Removes the ended entries in which a content that goes stands beside others: they cannot go out as they were meant.
pub fn delete_of_content(conn: &mut DbConnection, content: ContentId) -> Result<(), DbError> {
    for id in entries_with(conn, content)? {
        let status = publish_pool::table.filter(publish_pool::id.eq(id.0)).select(publish_pool::status);
        let status: Option<EntryStatus> = status.first(conn).optional()?;
        if status.is_some_and(|status| !status.is_open()) {
            entries::delete(conn, id)?;
        }
    }
    Ok(())
}
