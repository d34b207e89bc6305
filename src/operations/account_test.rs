//! An account is tested: read here, and then asked by whoever wants to know. No thread of the database waits for a
//! platform.

use super::ready::{self, Ready};
use super::{Access, Context, Operation, OperationError};
use crate::db::accounts::{self, AccountRow};
use crate::db::connection::DbConnection;
use crate::domain::clock::Timestamp;
use crate::domain::ids::AccountId;
use crate::domain::outcome::Problem;
use crate::domain::tested::Tested;
use crate::domain::thing::Thing;
use crate::platforms::guarded;
use crate::platforms::platform::Destination;
use std::collections::HashSet;
use std::sync::Arc;

/// Reads an account to be tested, disabled or suspended as it may be.
#[derive(Debug, Clone, Copy)]
pub struct GetTestable(pub AccountId);

/// An account as a test needs it.
pub struct Testable {
    pub account: AccountRow,
    /// Or what keeps it from being used at all.
    ready: Result<Ready, Problem>,
}

impl Operation for GetTestable {
    type Output = Testable;
    const ACCESS: Access = Access::Read;

    fn run(self, conn: &mut DbConnection, cx: &Context, _: Timestamp) -> Result<Testable, OperationError> {
        let account =
            accounts::get(conn, self.0)?.ok_or_else(|| OperationError::not_found(Thing::Account, self.0))?;
        let ready = match ready::read_anew(&HashSet::from([self.0]), conn, cx) {
            Ok(mut ready) => {
                ready.remove(&self.0).ok_or_else(|| Problem::new("gone", "it was deleted just now"))
            }
            Err(OperationError::LaneUnready { reason, .. }) => {
                Err(Problem::new("unready", reason.to_string()))
            }
            Err(other) => return Err(other),
        };
        Ok(Testable { account, ready })
    }
}

impl Testable {
    /// Where it would publish, with its credentials in the clear; none where it cannot be used at all.
    pub fn destination(&self) -> Option<Arc<Destination>> {
        self.ready.as_ref().ok().map(|ready| ready.destination.clone())
    }

    /// Asks the platform. Bounded in time, whatever its code does.
    pub async fn test(&self) -> Tested {
        match &self.ready {
            Ok(ready) => guarded::test(ready.platform.clone(), ready.destination.clone()).await,
            Err(problem) => Tested::AccountBroken { problem: problem.clone(), until: None },
        }
    }
}
