//! Pictures that are kept: one row a file. The files are in `media::Store`; a row says that one is somebody's.

use super::connection::{DbConnection, DbError};
use super::prune::{BATCH, Batch, is_short};
use super::schema::content_media::dsl as links;
use super::schema::media::{self, dsl};
use crate::domain::clock::Timestamp;
use crate::domain::ids::{ContentId, MediaId};
use crate::domain::media::{MediaAddress, MediaFacts, MediaHash, MediaKind};
use diesel::prelude::*;
use std::collections::HashSet;

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = media)]
pub struct MediaRow {
    pub id: MediaId,
    pub sha256: MediaHash,
    pub kind: MediaKind,
    /// Of the file.
    pub bytes: i64,
    /// In pixels, as the file says.
    pub width: i32,
    pub height: i32,
    /// As the file was called where it came from first.
    pub name: Option<String>,
    pub created_at: Timestamp,
    /// Since when it is known that no content shows it.
    pub unused_since: Option<Timestamp>,
}

impl MediaRow {
    /// What the file is, as rules take it.
    pub fn facts(&self) -> MediaFacts {
        MediaFacts {
            sha256: self.sha256.clone(),
            kind: self.kind,
            bytes: u64::try_from(self.bytes).unwrap_or(0),
            width: u32::try_from(self.width).unwrap_or(0),
            height: u32::try_from(self.height).unwrap_or(0),
        }
    }
}

/// Lets nobody else take a file in, or remove one, to the end of the caller's transaction: a row and its file are looked at
/// together.
pub fn lock_files(conn: &mut DbConnection) -> Result<(), DbError> {
    const LOCK: i64 = 0x0070_6963_7475_7265; // “picture”
    // SQLite has one writer anyway.
    if let DbConnection::Postgres(inner) = conn {
        diesel::sql_query(format!("SELECT pg_advisory_xact_lock({LOCK})")).execute(inner)?;
    }
    Ok(())
}

pub fn get(conn: &mut DbConnection, id: MediaId) -> Result<Option<MediaRow>, DbError> {
    Ok(dsl::media.filter(dsl::id.eq(id.0)).select(MediaRow::as_select()).first(conn).optional()?)
}

/// The same, and it stays so until the caller's transaction ends: no content begins to show it meanwhile.
pub fn lock(conn: &mut DbConnection, id: MediaId) -> Result<Option<MediaRow>, DbError> {
    if let DbConnection::Postgres(inner) = conn {
        let row = dsl::media.filter(dsl::id.eq(id.0)).select(dsl::id).for_update();
        row.load::<MediaId>(inner)?;
    }
    get(conn, id)
}

pub fn by_hash(conn: &mut DbConnection, hash: &MediaHash) -> Result<Option<MediaRow>, DbError> {
    let found = dsl::media.filter(dsl::sha256.eq(hash.as_str())).select(MediaRow::as_select());
    Ok(found.first(conn).optional()?)
}

/// Those that an address may mean: at most two, of which the second says that it is not one's alone.
pub fn by_address(conn: &mut DbConnection, address: &MediaAddress) -> Result<Vec<MediaRow>, DbError> {
    let digits = address.digits().to_owned();
    // Read off the index: no digit comes after f.
    let end = format!("{digits}g");
    let found = dsl::media.filter(dsl::sha256.ge(digits)).filter(dsl::sha256.lt(end));
    Ok(found.order(dsl::sha256).limit(2).select(MediaRow::as_select()).load(conn)?)
}

/// Newest first, with how many there are.
pub fn list(conn: &mut DbConnection, limit: i64, offset: i64) -> Result<(Vec<MediaRow>, i64), DbError> {
    let page = dsl::media.order(dsl::id.desc()).limit(limit).offset(offset).select(MediaRow::as_select());
    Ok((page.load(conn)?, dsl::media.count().get_result(conn)?))
}

/// Writes the row of a file that has none. Its file has its place.
pub fn insert(
    conn: &mut DbConnection,
    facts: &MediaFacts,
    name: Option<&str>,
    now: Timestamp,
) -> Result<MediaId, DbError> {
    let number = |size: u32| i32::try_from(size).unwrap_or(i32::MAX);
    let id = diesel::insert_into(dsl::media)
        .values((
            dsl::sha256.eq(facts.sha256.as_str()),
            dsl::kind.eq(facts.kind.as_str()),
            dsl::bytes.eq(i64::try_from(facts.bytes).unwrap_or(i64::MAX)),
            dsl::width.eq(number(facts.width)),
            dsl::height.eq(number(facts.height)),
            dsl::name.eq(name),
            dsl::created_at.eq(now.micros()),
        ))
        .returning(dsl::id)
        .get_result(conn)?;
    Ok(id)
}

/// Somebody wants it: however long nothing has shown it, its grace begins anew.
pub fn is_wanted(conn: &mut DbConnection, id: MediaId) -> Result<(), DbError> {
    diesel::update(dsl::media.filter(dsl::id.eq(id.0)))
        .set(dsl::unused_since.eq(None::<i64>))
        .execute(conn)?;
    Ok(())
}

/// True where there was one. One that a content shows is refused by the database.
pub fn delete(conn: &mut DbConnection, id: MediaId) -> Result<bool, DbError> {
    Ok(diesel::delete(dsl::media.filter(dsl::id.eq(id.0))).execute(conn)? == 1)
}

/// Contents of which some revision shows it, a few of them.
pub fn shown_by(conn: &mut DbConnection, id: MediaId) -> Result<Vec<ContentId>, DbError> {
    const TOLD_MAX: i64 = 10;
    let contents = links::content_media.filter(links::media_id.eq(id.0)).select(links::content_id);
    Ok(contents.distinct().order(links::content_id).limit(TOLD_MAX).load(conn)?)
}

/// Of these, those that have no row.
pub fn without_row(conn: &mut DbConnection, hashes: &[MediaHash]) -> Result<Vec<MediaHash>, DbError> {
    const PER_QUESTION: usize = 500;
    let mut known: HashSet<MediaHash> = HashSet::new();
    for some in hashes.chunks(PER_QUESTION) {
        let some: Vec<&str> = some.iter().map(MediaHash::as_str).collect();
        let found = dsl::media.filter(dsl::sha256.eq_any(some)).select(dsl::sha256);
        known.extend(found.load::<MediaHash>(conn)?);
    }
    Ok(hashes.iter().filter(|hash| !known.contains(*hash)).cloned().collect())
}

/// What came of looking for pictures that nothing shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unused {
    /// Whose rows are gone: their files may go, too.
    pub gone: Vec<MediaHash>,
    pub batch: Batch,
    pub last: MediaId,
}

/// Looks at the pictures after `after`. One that nothing shows is noted as unused, and its row goes where that was noted
/// before then, so that a picture stays for a while after it was uploaded, and after its content has gone.
pub fn forget_unused(
    conn: &mut DbConnection,
    after: MediaId,
    before: Timestamp,
    now: Timestamp,
) -> Result<Unused, DbError> {
    let next = || dsl::media.filter(dsl::id.gt(after.0)).order(dsl::id).limit(BATCH);
    if let DbConnection::Postgres(inner) = conn {
        // Whoever begins to show one meanwhile waits, and whoever has begun is seen below.
        next().select(dsl::id).for_update().load::<MediaId>(inner)?;
    }
    let rows: Vec<MediaRow> = next().select(MediaRow::as_select()).load(conn)?;
    let last = rows.last().map_or(after, |row| row.id);
    let ids: Vec<i64> = rows.iter().map(|row| row.id.0).collect();
    let shown = links::content_media.filter(links::media_id.eq_any(ids)).select(links::media_id).distinct();
    let shown: HashSet<MediaId> = shown.load::<MediaId>(conn)?.into_iter().collect();
    let (mut gone, mut unused, mut used) = (Vec::new(), Vec::new(), Vec::new());
    for row in &rows {
        match (shown.contains(&row.id), row.unused_since) {
            (true, None) => {}
            (true, Some(_)) => used.push(row.id.0),
            (false, None) => unused.push(row.id.0),
            (false, Some(since)) if since < before => gone.push(row),
            (false, Some(_)) => {}
        }
    }
    let ids: Vec<i64> = gone.iter().map(|row| row.id.0).collect();
    let removed = diesel::delete(dsl::media.filter(dsl::id.eq_any(ids))).execute(conn)?;
    note_unused(conn, unused, Some(now))?;
    note_unused(conn, used, None)?;
    let gone = gone.into_iter().map(|row| row.sha256.clone()).collect();
    Ok(Unused { gone, batch: Batch { removed, is_last: is_short(rows.len()) }, last })
}

fn note_unused(conn: &mut DbConnection, ids: Vec<i64>, since: Option<Timestamp>) -> Result<(), DbError> {
    if !ids.is_empty() {
        diesel::update(dsl::media.filter(dsl::id.eq_any(ids)))
            .set(dsl::unused_since.eq(since.map(Timestamp::micros)))
            .execute(conn)?;
    }
    Ok(())
}
