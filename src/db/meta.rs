//! A few facts about the database itself, by name.

use super::connection::{DbConnection, DbError};
use super::schema::meta::dsl;
use super::statement::statement;
use diesel::prelude::*;
use diesel::sql_types::Text;

/// The fingerprint of the key that credentials are sealed with; set with the first credential.
pub const SECRET_KEY_FINGERPRINT: &str = "secret_key_fingerprint";
/// Set once the task that every database starts with was made, so that it stays deleted when it was deleted.
pub const FIRST_TASK_MADE: &str = "first_task_made";

pub fn get(conn: &mut DbConnection, key: &str) -> Result<Option<String>, DbError> {
    Ok(dsl::meta.filter(dsl::key.eq(key)).select(dsl::value).first(conn).optional()?)
}

/// The same, as it stays to the end of the caller's transaction.
pub fn hold(conn: &mut DbConnection, key: &str) -> Result<Option<String>, DbError> {
    match conn {
        // Nobody else writes meanwhile anyway.
        DbConnection::Sqlite(_) => get(conn, key),
        DbConnection::Postgres(inner) => {
            let held = statement::<Text>("SELECT value FROM meta WHERE key = $1 FOR SHARE");
            Ok(held.bind::<Text, _>(key).get_result(inner).optional()?)
        }
    }
}

const SET: &str =
    "INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";

/// Sets it, whether or not it was there.
pub fn set(conn: &mut DbConnection, key: &str, value: &str) -> Result<(), DbError> {
    let set = statement::<()>(SET).bind::<Text, _>(key).bind::<Text, _>(value);
    match conn {
        DbConnection::Sqlite(inner) => set.execute(inner)?,
        DbConnection::Postgres(inner) => set.execute(inner)?,
    };
    Ok(())
}

/// Sets what is there from the first day on.
pub fn change(conn: &mut DbConnection, key: &str, value: &str) -> Result<(), DbError> {
    diesel::update(dsl::meta.filter(dsl::key.eq(key))).set(dsl::value.eq(value)).execute(conn)?;
    Ok(())
}

const SET_FIRST: &str = "INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT DO NOTHING";

/// Sets what is not set yet; what is there stays. True for the one who set it: several nodes may start at once.
pub fn set_first(conn: &mut DbConnection, key: &str, value: &str) -> Result<bool, DbError> {
    let set = statement::<()>(SET_FIRST).bind::<Text, _>(key).bind::<Text, _>(value);
    let rows = match conn {
        DbConnection::Sqlite(inner) => set.execute(inner)?,
        DbConnection::Postgres(inner) => set.execute(inner)?,
    };
    Ok(rows == 1)
}
