//! Bringing a database up to the schema of this program, and refusing one that is newer.

use super::connection::{DbConnection, DbError, connect};
use super::database_url::DatabaseUrl;
use super::node_locks::lock_schema;
use diesel::migration::{Migration, MigrationSource};
use diesel::prelude::*;
use diesel::{pg::Pg, sqlite::Sqlite};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
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
        return Err(DbError::Unusable(format!(
            "its schema ({newer}) is newer than this program knows. Run the newer ContentHub, or restore an older \
             backup; nothing was changed"
        )));
    }
    let missing = known.into_iter().filter(|version| !applied.contains(version)).collect();
    Ok(SchemaState { applied, missing })
}

/// Opens the database, and brings it up to date. Nothing is changed where the schema is newer than this program.
pub fn migrate(url: &DatabaseUrl) -> Result<Migrated, DbError> {
    let mut conn = connect(url)?;
    if schema_state(&mut conn)?.missing.is_empty() {
        return Ok(Migrated::default());
    }
    // Several processes may start at once: the first migrates, the others wait and find nothing left to do.
    let _lock = match url {
        DatabaseUrl::Sqlite(path) => Some(lock_schema(path)?),
        DatabaseUrl::Postgres(_) => None, // it has a lock of its own, see below
    };
    let SchemaState { applied, missing: run } = schema_state(&mut conn)?;
    if run.is_empty() {
        return Ok(Migrated::default());
    }
    let backup = match url {
        DatabaseUrl::Sqlite(path) if !applied.is_empty() => Some(copy(&mut conn, path, &run)?),
        _ => None,
    };
    let done = match &mut conn {
        DbConnection::Sqlite(inner) => inner.run_pending_migrations(SQLITE).map(drop),
        DbConnection::Postgres(inner) => run_on_postgres(inner),
    };
    done.map_err(|error| DbError::Unusable(format!("its schema could not be brought up to date: {error}")))?;
    Ok(Migrated { run, backup })
}

/// The lock ends with the connection.
fn run_on_postgres(conn: &mut PgConnection) -> diesel::migration::Result<()> {
    const LOCK: i64 = 0x636f_6e74_656e_7468;
    diesel::sql_query(format!("SELECT pg_advisory_lock({LOCK})")).execute(conn)?;
    let done = conn.run_pending_migrations(POSTGRES).map(drop);
    diesel::sql_query(format!("SELECT pg_advisory_unlock({LOCK})")).execute(conn)?;
    done
}

fn known_versions(conn: &DbConnection) -> Result<Vec<String>, DbError> {
    let broken = |error| DbError::Unusable(format!("this program's own migrations cannot be read: {error}"));
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

fn applied_versions(conn: &mut DbConnection) -> Result<Vec<String>, DbError> {
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

/// A consistent copy beside the database, made by SQLite itself.
fn copy(conn: &mut DbConnection, path: &Path, run: &[String]) -> Result<PathBuf, DbError> {
    let next = run.first().map_or("", String::as_str);
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".before-{next}"));
    let target = PathBuf::from(name);
    if target.exists() {
        return Ok(target); // an earlier try of the same step left it; the older copy is the truer one
    }
    let text = target.to_str().ok_or_else(|| DbError::Unusable("its path is not UTF-8".to_owned()))?;
    diesel::sql_query("VACUUM INTO ?").bind::<diesel::sql_types::Text, _>(text).execute(match conn {
        DbConnection::Sqlite(inner) => inner,
        DbConnection::Postgres(_) => return Err(DbError::Unusable("only SQLite is copied".to_owned())),
    })?;
    Ok(target)
}
