//! Why an entry stands where it stands.

use super::{Access, Context, Operation, OperationError};
use crate::db::connection::DbConnection;
use crate::db::explain::{self, Facts};
use crate::domain::clock::Timestamp;
use crate::domain::ids::EntryId;
use crate::domain::thing::Thing;

/// Reads all that explains an entry, of one state of the database.
#[derive(Debug, Clone, Copy)]
pub struct ExplainEntry(pub EntryId);

impl Operation for ExplainEntry {
    type Output = Facts;
    const ACCESS: Access = Access::Read;

    fn run(self, conn: &mut DbConnection, cx: &Context, now: Timestamp) -> Result<Facts, OperationError> {
        let facts = conn.snapshot(|conn| {
            explain::read(conn, self.0, cx.can_decrypt(), cx.platform_pause, now)
                .map_err(OperationError::from)
        })?;
        facts.ok_or_else(|| OperationError::not_found(Thing::Entry, self.0))
    }
}
