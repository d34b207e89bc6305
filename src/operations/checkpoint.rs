//! Keeping what a step of a long publish came to.

use super::{Access, Context, Operation, OperationError};
use crate::db::checkpoints::{self, Fence};
use crate::db::connection::DbConnection;
use crate::domain::clock::Timestamp;
use crate::platforms::journal::Mark;

/// Writes a mark where the claim holds. False where it is lost: nothing is written, and nothing may be sent.
#[derive(Debug, Clone)]
pub struct KeepStep {
    pub fence: Fence,
    pub revision: i32,
    pub step: &'static str,
    pub mark: Mark,
}

impl Operation for KeepStep {
    type Output = bool;
    const ACCESS: Access = Access::Engine;

    fn run(self, conn: &mut DbConnection, _: &Context, now: Timestamp) -> Result<bool, OperationError> {
        let entry = self.fence.attempt.entry;
        conn.write(|conn| {
            if !checkpoints::holds(conn, &self.fence)? {
                return Ok(false);
            }
            match &self.mark {
                Mark::Intent => checkpoints::begin(conn, entry, self.step, self.revision, now)?,
                Mark::Result(result) => {
                    let result = result.to_string();
                    checkpoints::finish(conn, entry, self.step, self.revision, &result, now)?;
                }
                Mark::Withdrawn => checkpoints::withdraw(conn, entry, self.step)?,
            }
            Ok(true)
        })
    }
}
