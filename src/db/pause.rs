//! Whether all publishing is paused. Whoever begins a run holds the row that says so to the end of its transaction, and
//! whoever pauses waits for that: no run is begun that the pause does not see.

use super::connection::{DbConnection, DbError};
use super::meta;
use super::statement::statement;
use super::unusable::Unusable;
use crate::domain::pause::Paused;
use diesel::prelude::*;
use diesel::sql_types::Text;

const KEY: &str = "paused";

/// As it is now.
pub fn get(conn: &mut DbConnection) -> Result<Option<Paused>, DbError> {
    read(meta::get(conn, KEY)?)
}

/// As it stays to the end of the caller's transaction.
pub fn hold(conn: &mut DbConnection) -> Result<Option<Paused>, DbError> {
    lock(conn, "SELECT value FROM meta WHERE key = $1 FOR SHARE")
}

/// The same for whoever means to change it: waits for all who are just beginning a run.
pub fn hold_to_change(conn: &mut DbConnection) -> Result<Option<Paused>, DbError> {
    lock(conn, "SELECT value FROM meta WHERE key = $1 FOR UPDATE")
}

/// On SQLite nobody else writes meanwhile anyway.
fn lock(conn: &mut DbConnection, sql: &'static str) -> Result<Option<Paused>, DbError> {
    match conn {
        DbConnection::Sqlite(_) => get(conn),
        DbConnection::Postgres(inner) => {
            let value: Option<String> =
                statement::<Text>(sql).bind::<Text, _>(KEY).get_result(inner).optional()?;
            read(value)
        }
    }
}

pub fn set(conn: &mut DbConnection, paused: Option<&Paused>) -> Result<(), DbError> {
    let json = paused.map(serde_json::to_string).transpose();
    let json = json.map_err(|error| DbError::Unusable(Unusable::Pause(error.to_string())))?;
    meta::change(conn, KEY, json.as_deref().unwrap_or_default())
}

fn read(value: Option<String>) -> Result<Option<Paused>, DbError> {
    match value.as_deref() {
        None | Some("") => Ok(None),
        Some(json) => serde_json::from_str(json).map(Some).map_err(|error| {
            DbError::Unusable(Unusable::PauseNote { why: error.to_string(), note: json.to_owned() })
        }),
    }
}
