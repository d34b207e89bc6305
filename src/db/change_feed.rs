//! Learning that another process wrote: a hint that work may have come. A slow poll finds what a lost hint missed.

use super::connection::{DbConnection, DbError, Patience, connect_with};
use super::database_url::DatabaseUrl;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

const CHANNEL: &str = "contenthub";

/// A connection of its own that only listens.
pub struct ChangeFeed {
    conn: DbConnection,
    seen: i64,
}

#[derive(QueryableByName)]
struct DataVersion {
    #[diesel(sql_type = BigInt)]
    data_version: i64,
}

impl ChangeFeed {
    pub fn open(url: &DatabaseUrl) -> Result<Self, DbError> {
        let mut conn = connect_with(url, Patience::Server)?;
        if let DbConnection::Postgres(inner) = &mut conn {
            inner.batch_execute(&format!("LISTEN {CHANNEL}"))?;
        }
        let mut feed = ChangeFeed { conn, seen: 0 };
        feed.changed()?;
        Ok(feed)
    }

    /// Asks the server for an answer, any at all: of a connection that went silent nobody hears otherwise. May wait for
    /// ever.
    pub fn probe(&mut self) -> Result<(), DbError> {
        if let DbConnection::Postgres(inner) = &mut self.conn {
            inner.batch_execute("SELECT 1")?;
        }
        Ok(())
    }

    /// Whether anybody committed since the last time it was asked. Cheap: a few microseconds.
    pub fn changed(&mut self) -> Result<bool, DbError> {
        match &mut self.conn {
            DbConnection::Sqlite(inner) => {
                let now: DataVersion = diesel::sql_query("PRAGMA data_version").get_result(inner)?;
                let changed = now.data_version != self.seen;
                self.seen = now.data_version;
                Ok(changed)
            }
            DbConnection::Postgres(inner) => {
                let mut changed = false;
                for notification in inner.notifications_iter() {
                    notification?;
                    changed = true;
                }
                Ok(changed)
            }
        }
    }
}

/// Tells the others, when the caller's transaction commits. On SQLite the commit itself does.
pub fn announce(conn: &mut DbConnection) -> Result<(), DbError> {
    if let DbConnection::Postgres(inner) = conn {
        inner.batch_execute(&format!("NOTIFY {CHANNEL}"))?;
    }
    Ok(())
}
