//! How publishing stands, whole.

use super::{Access, Context, Operation, OperationError};
use crate::db::connection::DbConnection;
use crate::db::status::{self, Status};
use crate::domain::clock::Timestamp;

/// Reads it; in milliseconds also where a million entries wait.
#[derive(Debug, Clone, Copy)]
pub struct GetStatus;

impl Operation for GetStatus {
    type Output = Status;
    const ACCESS: Access = Access::Read;

    fn run(self, conn: &mut DbConnection, cx: &Context, now: Timestamp) -> Result<Status, OperationError> {
        Ok(status::read(conn, cx.can_decrypt(), cx.platform_pause, now)?)
    }
}
