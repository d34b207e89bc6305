//! Whether a database is sound. Changes nothing.

use super::connection::{DbConnection, DbError, connect};
use super::database_url::DatabaseUrl;
use super::migrations::{SchemaState, schema_state};
use super::unusable::Unusable;
use diesel::prelude::*;
use diesel::sql_types::Text;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    pub schema: SchemaState,
    /// What is wrong, in the database's words; none where all is well.
    pub faults: Vec<String>,
}

#[derive(QueryableByName)]
struct Finding {
    #[diesel(sql_type = Text)]
    finding: String,
}

const SQLITE_INTEGRITY: &str = "SELECT integrity_check AS finding FROM pragma_integrity_check";
const SQLITE_REFERENCES: &str = "SELECT 'a row of ' || \"table\" || ' refers to a row of ' || parent || ' that is gone' \
    AS finding FROM pragma_foreign_key_check";

const SQLITE_QUICK: &str = "SELECT quick_check AS finding FROM pragma_quick_check";

/// How a database is, without reading every page of it twice.
#[derive(Debug)]
pub struct Looked {
    pub schema: SchemaState,
    pub faults: Vec<String>,
    /// Why nothing can be written; none where it can.
    pub read_only: Option<DbError>,
}

/// The same as [`check`], in less time: indexes are not compared with their tables. Tries whether it can be written, and
/// undoes that.
pub fn look(url: &DatabaseUrl) -> Result<Looked, DbError> {
    let mut conn = connect(url)?;
    let schema = schema_state(&mut conn)?;
    let faults = match &mut conn {
        DbConnection::Sqlite(inner) => {
            let found: Vec<Finding> = diesel::sql_query(SQLITE_QUICK).load(inner)?;
            found.into_iter().map(|row| row.finding).filter(|finding| finding != "ok").collect()
        }
        DbConnection::Postgres(_) => Vec::new(),
    };
    let read_only = if schema.missing.is_empty() { try_to_write(&mut conn) } else { None };
    Ok(Looked { schema, faults, read_only })
}

fn try_to_write(conn: &mut DbConnection) -> Option<DbError> {
    /// Undoes what was written.
    enum Ended {
        Undone,
        Failed(DbError),
    }
    impl From<DbError> for Ended {
        fn from(error: DbError) -> Self {
            Ended::Failed(error)
        }
    }
    let tried = conn.write(|conn| -> Result<(), Ended> {
        super::meta::set_first(conn, "written_by_doctor", "1")?;
        Err(Ended::Undone)
    });
    match tried {
        Ok(()) | Err(Ended::Undone) => None,
        Err(Ended::Failed(error)) => Some(error),
    }
}

/// Reaches the database, reads how far its schema is, and on SQLite reads every page. PostgreSQL looks after its own.
pub fn check(url: &DatabaseUrl) -> Result<Checked, DbError> {
    if let DatabaseUrl::Sqlite(path) = url
        && !path.exists()
    {
        return Err(DbError::Unusable(Unusable::NotThere(path.clone())));
    }
    let mut conn = connect(url)?;
    let faults = match &mut conn {
        DbConnection::Sqlite(inner) => faults_of(inner)?,
        DbConnection::Postgres(_) => Vec::new(),
    };
    Ok(Checked { schema: schema_state(&mut conn)?, faults })
}

/// Reads every page of a SQLite file, and gives back what is wrong with it.
pub(super) fn faults_of(conn: &mut SqliteConnection) -> Result<Vec<String>, DbError> {
    let mut found: Vec<Finding> = diesel::sql_query(SQLITE_INTEGRITY).load(conn)?;
    found.extend(diesel::sql_query(SQLITE_REFERENCES).load::<Finding>(conn)?);
    Ok(found.into_iter().map(|row| row.finding).filter(|finding| finding != "ok").collect())
}
