//! Tasks, looked at.

use crate::db::connection::DbConnection;
use crate::db::tasks::{self, Filter, TaskRow};
use crate::domain::clock::Timestamp;
use crate::operations::{Access, Context, Operation, OperationError, Page, Paging};

/// A page of the tasks, in the order in which they were made.
#[derive(Debug, Clone)]
pub struct ListTaskPage {
    pub filter: Filter,
    pub paging: Paging,
}

impl Operation for ListTaskPage {
    type Output = Page<TaskRow>;
    const ACCESS: Access = Access::Read;

    fn run(
        self,
        conn: &mut DbConnection,
        _: &Context,
        _: Timestamp,
    ) -> Result<Page<TaskRow>, OperationError> {
        let (limit, offset) = (self.paging.limit(), self.paging.offset());
        Ok(self.paging.of(tasks::page(conn, &self.filter, limit, offset)?))
    }
}

/// All tasks, however many.
#[derive(Debug, Clone, Copy)]
pub struct ListTasks;

impl Operation for ListTasks {
    type Output = Vec<TaskRow>;
    const ACCESS: Access = Access::Read;

    fn run(self, conn: &mut DbConnection, _: &Context, _: Timestamp) -> Result<Vec<TaskRow>, OperationError> {
        Ok(tasks::list(conn)?)
    }
}
