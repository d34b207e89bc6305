//! The audit, looked at. It is written by what is done: see [`acting`](super::acting).

use super::{Access, Context, Operation, OperationError, Page, Paging};
use crate::db::audit::{self, AuditRow, Filter};
use crate::db::connection::DbConnection;
use crate::domain::clock::Timestamp;
use crate::domain::fault::AccountFault;

/// What people have changed, newest first.
#[derive(Debug, Clone)]
pub struct ListAudit {
    pub filter: Filter,
    pub paging: Paging,
}

impl Operation for ListAudit {
    type Output = Page<AuditRow>;
    const ACCESS: Access = Access::Read;

    fn run(
        self,
        conn: &mut DbConnection,
        _: &Context,
        _: Timestamp,
    ) -> Result<Page<AuditRow>, OperationError> {
        if self.filter.resource_id.is_some() && self.filter.resource.is_none() {
            return Err(OperationError::invalid("id", AccountFault::IdWithoutResource));
        }
        Ok(self.paging.of(audit::list(conn, &self.filter, self.paging.limit(), self.paging.offset())?))
    }
}
