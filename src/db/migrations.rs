//! Bringing a database up to the schema of this program, and refusing one that is newer.

use super::connection::{DbConnection, DbError, connect};
use super::database_url::DatabaseUrl;
use super::node_locks::lock_schema;
use super::unusable::Unusable;
use diesel::migration::{Migration, MigrationSource};
use diesel::prelude::*;
use diesel::{pg::Pg, sqlite::Sqlite};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use std::fs::File;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

diesel::table! {
    __diesel_schema_migrations (version) {
        version -> Text,
    }
}

/// What `migrate` did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Migrated {
    /// The version that the database had before; none where it was new.
    pub from: Option<String>,
    /// Versions that were run now, oldest first.
    pub run: Vec<String>,
    /// The copy made before an older SQLite database was changed.
    pub backup: Option<PathBuf>,
}

/// How far a database's schema is, seen from this program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaState {
    /// Versions that were run, oldest first; none where the database is new.
    pub applied: Vec<String>,
    /// Versions that are to be run, oldest first.
    pub missing: Vec<String>,
}

/// Looks at the schema. One that is newer than this program is an error.
pub fn schema_state(conn: &mut DbConnection) -> Result<SchemaState, DbError> {
    let known = known_versions(conn)?;
    let applied = applied_versions(conn)?;
    if let Some(newer) = applied.iter().find(|version| !known.contains(version)) {
        return Err(DbError::Unusable(Unusable::Newer(newer.clone())));
    }
    let missing = known.into_iter().filter(|version| !applied.contains(version)).collect();
    Ok(SchemaState { applied, missing })
}

/// Opens the database, and brings it up to date: wholly, or not at all. Nothing is changed where the schema is newer
/// than this program.
pub fn migrate(url: &DatabaseUrl) -> Result<Migrated, DbError> {
    let mut conn = connect(url)?;
    if schema_state(&mut conn)?.missing.is_empty() {
        return Ok(Migrated::default());
    }
    // Several processes may start at once: the first migrates, the others wait and find nothing left to do.
    let _lock = match (&mut conn, url) {
        (DbConnection::Postgres(inner), _) => {
            lock_postgres(inner)?;
            None
        }
        (DbConnection::Sqlite(_), DatabaseUrl::Sqlite(path)) => Some(lock_schema(path)?),
        (DbConnection::Sqlite(_), DatabaseUrl::Postgres(_)) => None,
    };
    let SchemaState { mut applied, missing: run } = schema_state(&mut conn)?;
    let Some(next) = run.first() else { return Ok(Migrated::default()) };
    let from = applied.pop();
    let backup = match (&mut conn, url) {
        (DbConnection::Sqlite(inner), DatabaseUrl::Sqlite(path)) if from.is_some() => {
            Some(keep_copy(inner, path, next)?)
        }
        _ => None,
    };
    if let Err(error) = run_all(&mut conn) {
        // The database is as it was, and a copy at each try would fill the disk.
        if let Some(Err(error)) = backup.as_ref().map(std::fs::remove_file) {
            log::debug!("the copy stays: {error}");
        }
        return Err(DbError::Unusable(Unusable::NotMigrated(error.to_string())));
    }
    Ok(Migrated { from, run, backup })
}

/// Brings a database up to date that nobody else knows of, such as a copy that is about to take another's place. Gives
/// back the versions that were run. One without a schema is an error: it is none of ours.
pub(super) fn bring_up(conn: &mut DbConnection) -> Result<Vec<String>, DbError> {
    let SchemaState { applied, missing } = schema_state(conn)?;
    if applied.is_empty() {
        return Err(DbError::Unusable(Unusable::NotOurs));
    }
    if !missing.is_empty() {
        run_all(conn).map_err(|error| DbError::Unusable(Unusable::CopyNotMigrated(error.to_string())))?;
    }
    Ok(missing)
}

/// The lock ends with the connection.
fn lock_postgres(conn: &mut PgConnection) -> Result<(), DbError> {
    const LOCK: i64 = 0x636f_6e74_656e_7468;
    diesel::sql_query(format!("SELECT pg_advisory_lock({LOCK})")).execute(conn)?;
    Ok(())
}

/// Each migration has a transaction of its own, inside the one of them all.
fn run_all(conn: &mut DbConnection) -> diesel::migration::Result<()> {
    match conn {
        DbConnection::Sqlite(inner) => {
            inner.immediate_transaction(|inner| inner.run_pending_migrations(SQLITE).map(drop))
        }
        DbConnection::Postgres(inner) => {
            inner.transaction(|inner| inner.run_pending_migrations(POSTGRES).map(drop))
        }
    }
}

fn known_versions(conn: &DbConnection) -> Result<Vec<String>, DbError> {
    let broken = |error| DbError::Unusable(Unusable::Migrations(format!("{error}")));
    let mut versions: Vec<String> = match conn {
        DbConnection::Sqlite(_) => {
            let found: Vec<Box<dyn Migration<Sqlite>>> = SQLITE.migrations().map_err(broken)?;
            found.iter().map(|migration| migration.name().version().to_string()).collect()
        }
        DbConnection::Postgres(_) => {
            let found: Vec<Box<dyn Migration<Pg>>> = POSTGRES.migrations().map_err(broken)?;
            found.iter().map(|migration| migration.name().version().to_string()).collect()
        }
    };
    versions.sort();
    Ok(versions)
}

/// Versions that were run on a database, oldest first; none where it is new.
pub(super) fn applied_versions(conn: &mut DbConnection) -> Result<Vec<String>, DbError> {
    let versions = __diesel_schema_migrations::table
        .select(__diesel_schema_migrations::version)
        .order(__diesel_schema_migrations::version)
        .load(conn);
    match versions {
        Ok(versions) => Ok(versions),
        // A database without the table is new.
        Err(diesel::result::Error::DatabaseError(_, info))
            if info.message().contains("no such table") || info.message().contains("does not exist") =>
        {
            Ok(Vec::new())
        }
        Err(error) => Err(error.into()),
    }
}

/// A consistent copy beside the database, made by SQLite itself. It has its name only once it is whole.
fn keep_copy(conn: &mut SqliteConnection, path: &Path, next: &str) -> Result<PathBuf, DbError> {
    let beside = |ending: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".before-{next}{ending}"));
        PathBuf::from(name)
    };
    // One that is there already is of another day.
    let free = |number: &u32| !beside(&format!(".{number}")).exists();
    let target = Some(beside("")).filter(|first| !first.exists());
    let target = target.or_else(|| (2..1000).find(free).map(|number| beside(&format!(".{number}"))));
    let target = target.ok_or_else(|| DbError::Unusable(Unusable::ThousandCopies))?;
    let unfinished = beside(".unfinished");
    copy_into(conn, &unfinished).and_then(|()| std::fs::rename(&unfinished, &target)).map_err(|error| {
        DbError::Unusable(Unusable::NoCopy { at: target.clone(), why: error.to_string() })
    })?;
    Ok(target)
}

/// A consistent copy, made by SQLite itself while others read and write, for its owner's eyes alone.
pub(super) fn copy_into(conn: &mut SqliteConnection, target: &Path) -> io::Result<()> {
    // What a process that died left: whoever is here has the lock.
    match std::fs::remove_file(target) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let text = target.to_str().ok_or_else(|| io::Error::other("its path is not UTF-8"))?;
    // SQLite fills a file that is there and empty, and makes one that all may read.
    File::options().write(true).create_new(true).mode(0o600).open(target)?;
    let copied = diesel::sql_query("VACUUM INTO ?").bind::<diesel::sql_types::Text, _>(text).execute(conn);
    copied.map_err(io::Error::other)?;
    // SQLite does not: without it a power cut could leave a changed database and an empty copy.
    File::open(target)?.sync_all()
}
