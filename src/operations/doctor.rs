//! What an installation is examined for that the database knows.

use super::{Access, Context, Operation, OperationError};
use crate::db::accounts::{self, AccountRow};
use crate::db::connection::DbConnection;
use crate::db::status::{self, Status};
use crate::db::tasks::{self, TaskRow};
use crate::db::{leases, meta, newest};
use crate::domain::clock::Timestamp;

/// Reads it, of one state of the database.
#[derive(Debug, Clone, Copy)]
pub struct Examine;

/// What was read.
#[derive(Debug, Clone)]
pub struct Examined {
    /// By our clock.
    pub at: Timestamp,
    /// By the database's; the same on SQLite, which has none.
    pub database_clock: Timestamp,
    /// When something last happened, by the clock of whoever wrote it.
    pub newest: Option<Timestamp>,
    /// Of our key: the one in use, where we have that.
    pub key: String,
    /// Of the key that the database's credentials were sealed with, if it has any.
    pub sealed_with: Option<String>,
    pub accounts: Vec<AccountRow>,
    pub tasks: Vec<TaskRow>,
    pub status: Status,
}

impl Operation for Examine {
    type Output = Examined;
    const ACCESS: Access = Access::Read;

    fn run(self, conn: &mut DbConnection, cx: &Context, now: Timestamp) -> Result<Examined, OperationError> {
        conn.snapshot(|conn| {
            let sealed_with = meta::get(conn, meta::SECRET_KEY_FINGERPRINT)?;
            Ok(Examined {
                at: now,
                database_clock: leases::lease_clock(conn, now)?,
                newest: newest::instant(conn)?,
                key: sealed_with
                    .as_ref()
                    .and_then(|kept| cx.keys.get(kept))
                    .unwrap_or_else(|| cx.keys.first())
                    .fingerprint()
                    .to_owned(),
                sealed_with,
                accounts: accounts::list(conn)?,
                tasks: tasks::list(conn)?,
                status: status::read(conn, cx.can_decrypt(), cx.platform_pause, now)?,
            })
        })
    }
}
