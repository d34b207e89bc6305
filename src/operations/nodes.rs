//! Nodes tell that they run, for whoever looks.

use super::{Access, Context, Operation, OperationError};
use crate::db::connection::DbConnection;
use crate::db::leases;
use crate::db::nodes::{self, NodeRow};
use crate::db::status::SeenNodes;
use crate::domain::clock::Timestamp;
use crate::domain::ids::NodeId;
use std::time::Duration;

/// A node that died is shown for so long.
pub const SHOWN_WHEN_DEAD: Duration = Duration::from_secs(24 * 3600);

/// A node says that it is there, and how it is.
#[derive(Debug, Clone)]
pub struct TellNode(pub NodeRow);

impl Operation for TellNode {
    type Output = ();
    const ACCESS: Access = Access::Engine;

    fn run(self, conn: &mut DbConnection, _: &Context, now: Timestamp) -> Result<(), OperationError> {
        conn.write(|conn| {
            let at = leases::lease_clock(conn, now)?;
            nodes::put(conn, &self.0, at)?;
            // On SQLite a file's lock tells who lives, and the row is as old as what it says.
            if matches!(conn, DbConnection::Postgres(_)) {
                nodes::prune(conn, at - SHOWN_WHEN_DEAD)?;
            }
            Ok(())
        })
    }
}

/// The nodes that have said that they run, and that have not said since that they end.
#[derive(Debug, Clone, Copy)]
pub struct ListNodes;

impl Operation for ListNodes {
    type Output = Vec<NodeRow>;
    const ACCESS: Access = Access::Read;

    fn run(self, conn: &mut DbConnection, _: &Context, _: Timestamp) -> Result<Vec<NodeRow>, OperationError> {
        Ok(nodes::list(conn)?)
    }
}

/// The nodes, to be asked which of them live.
#[derive(Debug, Clone, Copy)]
pub struct SeeNodes;

impl Operation for SeeNodes {
    type Output = SeenNodes;
    const ACCESS: Access = Access::Read;

    fn run(self, conn: &mut DbConnection, _: &Context, now: Timestamp) -> Result<SeenNodes, OperationError> {
        Ok(SeenNodes::read(conn, now)?)
    }
}

/// These nodes run no more.
#[derive(Debug, Clone)]
pub struct ForgetNodes(pub Vec<NodeId>);

impl Operation for ForgetNodes {
    type Output = ();
    const ACCESS: Access = Access::Engine;

    fn run(self, conn: &mut DbConnection, _: &Context, _: Timestamp) -> Result<(), OperationError> {
        Ok(nodes::remove(conn, &self.0)?)
    }
}
