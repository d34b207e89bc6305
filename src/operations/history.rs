//! The publish log, looked at.

use super::{Access, Context, Operation, OperationError, Page, Paging};
use crate::db::connection::DbConnection;
use crate::db::publish_log::{self, Filter, LogRow};
use crate::domain::clock::Timestamp;
use crate::domain::ids::LogId;
use crate::domain::thing::Thing;

/// Attempts, newest first.
#[derive(Debug, Clone)]
pub struct ListHistory {
    pub filter: Filter,
    pub paging: Paging,
}

impl Operation for ListHistory {
    type Output = Page<LogRow>;
    const ACCESS: Access = Access::Read;

    fn run(self, conn: &mut DbConnection, _: &Context, _: Timestamp) -> Result<Page<LogRow>, OperationError> {
        Ok(self.paging.of(publish_log::list(conn, &self.filter, self.paging.limit(), self.paging.offset())?))
    }
}

/// One attempt.
#[derive(Debug, Clone, Copy)]
pub struct GetLog(pub LogId);

impl Operation for GetLog {
    type Output = LogRow;
    const ACCESS: Access = Access::Read;

    fn run(self, conn: &mut DbConnection, _: &Context, _: Timestamp) -> Result<LogRow, OperationError> {
        publish_log::get(conn, self.0)?.ok_or_else(|| OperationError::not_found(Thing::LogRow, self.0))
    }
}
