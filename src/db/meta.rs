//! A few facts about the database itself, by name.

use super::connection::{DbConnection, DbError};
use super::schema::meta::dsl;
use diesel::prelude::*;

/// The fingerprint of the key that credentials are sealed with; set with the first credential.
pub const SECRET_KEY_FINGERPRINT: &str = "secret_key_fingerprint";
/// Set once the task that every database starts with was made, so that it stays deleted when it was deleted.
pub const FIRST_TASK_MADE: &str = "first_task_made";

pub fn get(conn: &mut DbConnection, key: &str) -> Result<Option<String>, DbError> {
    Ok(dsl::meta.filter(dsl::key.eq(key)).select(dsl::value).first(conn).optional()?)
}

/// Sets what is not set yet; what is there stays.
pub fn set_first(conn: &mut DbConnection, key: &str, value: &str) -> Result<(), DbError> {
    if get(conn, key)?.is_none() {
        diesel::insert_into(dsl::meta).values((dsl::key.eq(key), dsl::value.eq(value))).execute(conn)?;
    }
    Ok(())
}
