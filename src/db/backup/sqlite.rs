//! A copy of a SQLite database by `VACUUM INTO`: one moment of it, compact. Readers and writers go on meanwhile, as it
//! only reads; the write-ahead log grows for that time, and is written back afterwards.

use super::{BackupError, Unsound, folder_of, free_in};
use crate::db::check::faults_of;
use crate::db::connection::{DbConnection, DbError, connect, open_alone};
use crate::db::database_url::DatabaseUrl;
use crate::db::migrations::{applied_versions, copy_into};
use crate::db::unusable::Unusable;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use std::path::Path;

/// Beside what the copy needs, so much stays free.
const SPARE_BYTES: u64 = 1024 * 1024;

#[derive(QueryableByName)]
struct Size {
    #[diesel(sql_type = BigInt)]
    bytes: i64,
}

const SIZE: &str = "SELECT (page_count - freelist_count) * page_size AS bytes \
    FROM pragma_page_count(), pragma_freelist_count(), pragma_page_size()";

/// Copies, and reads the copy through. Gives back the version of its schema.
pub(super) fn copy(database: &Path, to: &Path) -> Result<Option<String>, BackupError> {
    if !database.exists() {
        return Err(DbError::Unusable(Unusable::NotThere(database.to_owned())).into());
    }
    let mut conn = connect(&DatabaseUrl::Sqlite(database.to_owned()))?;
    let needed = size_of(&mut conn)? + SPARE_BYTES;
    let folder = folder_of(to);
    let no_room = |free: u64| BackupError::NoRoom { folder: folder.to_owned(), needed, free };
    let free = free_in(folder)?;
    if free < needed {
        return Err(no_room(free));
    }
    if let DbConnection::Sqlite(inner) = &mut conn {
        copy_into(inner, to).map_err(|source| match source.to_string() {
            said if said.contains("disk is full") || said.contains("No space left") => {
                no_room(free_in(folder).unwrap_or(0))
            }
            _ => BackupError::File { path: to.to_owned(), source },
        })?;
    }
    let versions = applied_versions(&mut conn)?;
    check(to, &versions)?;
    Ok(versions.into_iter().next_back())
}

fn size_of(conn: &mut DbConnection) -> Result<u64, BackupError> {
    let DbConnection::Sqlite(inner) = conn else { return Ok(0) };
    let size: Size = diesel::sql_query(SIZE).get_result(inner).map_err(DbError::from)?;
    Ok(u64::try_from(size.bytes).unwrap_or(0))
}

/// Opens a copy, reads every page of it, and compares its schema with that of the database.
fn check(copy: &Path, versions: &[String]) -> Result<(), BackupError> {
    let unsound = |error: DbError| BackupError::Unsound(Unsound::Unreadable(error));
    let mut conn = open_alone(copy).map_err(unsound)?;
    let copied = applied_versions(&mut conn).map_err(unsound)?;
    if copied != versions {
        return Err(BackupError::Unsound(Unsound::OtherSchema));
    }
    let DbConnection::Sqlite(inner) = &mut conn else { return Ok(()) };
    let faults = faults_of(inner).map_err(unsound)?;
    if faults.is_empty() { Ok(()) } else { Err(BackupError::Unsound(Unsound::Faults(faults))) }
}
