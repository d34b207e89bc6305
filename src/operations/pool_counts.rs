//! Keeping the pool's counts: what each change told is added up, and held against the pool itself now and then.

use super::{Access, Context, Operation, OperationError};
use crate::db::connection::DbConnection;
use crate::db::pool_counts::{self, Miscount};
use crate::domain::clock::Timestamp;

/// Adds up what was told since it was last done.
#[derive(Debug, Clone, Copy)]
pub struct FoldCounts;

impl Operation for FoldCounts {
    type Output = ();
    const ACCESS: Access = Access::Engine;

    fn run(self, conn: &mut DbConnection, _: &Context, _: Timestamp) -> Result<(), OperationError> {
        Ok(pool_counts::fold(conn)?)
    }
}

/// Goes through the pool, and gives back which counts are wrong. Nobody who writes waits for it.
#[derive(Debug, Clone, Copy)]
pub struct FindMiscounts;

impl Operation for FindMiscounts {
    type Output = Vec<Miscount>;
    const ACCESS: Access = Access::Read;

    fn run(
        self,
        conn: &mut DbConnection,
        _: &Context,
        _: Timestamp,
    ) -> Result<Vec<Miscount>, OperationError> {
        Ok(pool_counts::miscounts(conn)?)
    }
}

/// Sets wrong counts right, and gives back what was. Each is corrected by what was missing, so that what was told since
/// stands.
#[derive(Debug, Clone, Copy)]
pub struct CorrectCounts;

impl Operation for CorrectCounts {
    type Output = Vec<Miscount>;
    const ACCESS: Access = Access::Engine;

    fn run(
        self,
        conn: &mut DbConnection,
        _: &Context,
        _: Timestamp,
    ) -> Result<Vec<Miscount>, OperationError> {
        conn.write(|conn| Ok(pool_counts::correct(conn)?))
    }
}
