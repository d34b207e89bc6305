//! The stream of events, looked at.

use super::{Access, Context, Operation, OperationError};
use crate::db::connection::DbConnection;
use crate::db::events::{self, Newest, Rows};
use crate::domain::clock::Timestamp;
use crate::domain::event::Place;

/// Rows of each kind that one look takes.
pub const AT_ONCE: i64 = 200;

/// How far the stream goes by now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NewestEvents;

impl Operation for NewestEvents {
    type Output = Newest;
    const ACCESS: Access = Access::Read;

    fn run(self, conn: &mut DbConnection, _: &Context, _: Timestamp) -> Result<Newest, OperationError> {
        Ok(events::newest(conn)?)
    }
}

/// What comes next, some of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReadEvents {
    pub after: Place,
    pub until: Place,
}

impl Operation for ReadEvents {
    type Output = Rows;
    const ACCESS: Access = Access::Read;

    fn run(self, conn: &mut DbConnection, _: &Context, _: Timestamp) -> Result<Rows, OperationError> {
        Ok(events::between(conn, self.after, self.until, AT_ONCE)?)
    }
}
