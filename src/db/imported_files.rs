//! Which files contents were imported from: what each was whenever it came with other bytes.

use super::connection::{DbConnection, DbError};
use super::schema::contents::dsl as contents;
use super::schema::deleted_imports::dsl as deleted;
use super::schema::imported_files::dsl;
use crate::domain::ids::*;
use diesel::prelude::*;

/// How many files one statement asks for.
const FILES_PER_QUESTION: usize = 500;

/// A file as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    pub path: String,
    pub sha256: String,
}

/// What a file once was, and how its content stands now.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct ImportedRow {
    pub id: i64,
    pub path: String,
    pub sha256: String,
    pub content: ContentId,
    pub revision: i32,
    pub account: Option<AccountId>,
}

/// All that is known of the contents that any of these files may be: by its path, or by its bytes. Oldest first.
pub fn known(conn: &mut DbConnection, sources: &[&Source]) -> Result<Vec<ImportedRow>, DbError> {
    let mut ids: Vec<i64> = Vec::new();
    for some in sources.chunks(FILES_PER_QUESTION) {
        let paths: Vec<&str> = some.iter().map(|source| source.path.as_str()).collect();
        let hashes: Vec<&str> = some.iter().map(|source| source.sha256.as_str()).collect();
        // Two questions, because each has an index of its own.
        let by_path = dsl::imported_files.filter(dsl::path.eq_any(paths)).select(dsl::content_id);
        ids.extend(by_path.load::<i64>(conn)?);
        let by_bytes = dsl::imported_files.filter(dsl::sha256.eq_any(hashes)).select(dsl::content_id);
        ids.extend(by_bytes.load::<i64>(conn)?);
    }
    ids.sort_unstable();
    ids.dedup();
    let mut rows = Vec::with_capacity(ids.len());
    for some in ids.chunks(FILES_PER_QUESTION) {
        let found = dsl::imported_files
            .inner_join(contents::contents)
            .filter(dsl::content_id.eq_any(some.to_vec()))
            .select((
                dsl::id,
                dsl::path,
                dsl::sha256,
                dsl::content_id,
                contents::revision,
                contents::account_id,
            ));
        rows.extend(found.load::<ImportedRow>(conn)?);
    }
    rows.sort_unstable_by_key(|row| row.id);
    Ok(rows)
}

/// Notes that a file came with these bytes.
pub fn note(conn: &mut DbConnection, source: &Source, content: ContentId) -> Result<(), DbError> {
    diesel::insert_into(dsl::imported_files)
        .values((dsl::path.eq(&source.path), dsl::sha256.eq(&source.sha256), dsl::content_id.eq(content.0)))
        .execute(conn)?;
    Ok(())
}

/// Notes that a file is elsewhere now: all that it was goes with it, so that another one may take its old place.
pub fn moved(conn: &mut DbConnection, from: &str, to: &str) -> Result<(), DbError> {
    diesel::update(dsl::imported_files.filter(dsl::path.eq(from))).set(dsl::path.eq(to)).execute(conn)?;
    Ok(())
}

/// A content goes: its files are remembered, so that no task brings them back by itself.
pub fn note_deleted(conn: &mut DbConnection, content: ContentId) -> Result<(), DbError> {
    let files: Vec<(String, String)> = dsl::imported_files
        .filter(dsl::content_id.eq(content.0))
        .select((dsl::path, dsl::sha256))
        .load(conn)?;
    for (path, sha256) in files {
        diesel::insert_into(deleted::deleted_imports)
            .values((deleted::path.eq(path), deleted::sha256.eq(sha256)))
            .execute(conn)?;
    }
    Ok(())
}

/// Whether the content of a file at this path, or with these bytes, was deleted.
pub fn is_deleted(conn: &mut DbConnection, source: &Source) -> Result<bool, DbError> {
    // Two questions, because each has an index of its own.
    let by_path = deleted::deleted_imports.filter(deleted::path.eq(&source.path)).select(deleted::id);
    if by_path.first::<i64>(conn).optional()?.is_some() {
        return Ok(true);
    }
    let by_bytes = deleted::deleted_imports.filter(deleted::sha256.eq(&source.sha256)).select(deleted::id);
    Ok(by_bytes.first::<i64>(conn).optional()?.is_some())
}

/// A file is a content again.
pub fn forget_deleted(conn: &mut DbConnection, source: &Source) -> Result<(), DbError> {
    diesel::delete(deleted::deleted_imports.filter(deleted::path.eq(&source.path))).execute(conn)?;
    diesel::delete(deleted::deleted_imports.filter(deleted::sha256.eq(&source.sha256))).execute(conn)?;
    Ok(())
}

/// Lets only one import at a time look for files that were imported before, to the end of the caller's transaction.
pub fn lock(conn: &mut DbConnection) -> Result<(), DbError> {
    const LOCK: i64 = 0x696d_706f_7274; // “import”
    // SQLite has one writer anyway.
    if let DbConnection::Postgres(inner) = conn {
        diesel::sql_query(format!("SELECT pg_advisory_xact_lock({LOCK})")).execute(inner)?;
    }
    Ok(())
}
