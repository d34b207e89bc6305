//! An account is tested: read here, and then asked by whoever wants to know. No thread of the database waits for a
//! platform.

use super::ready::{self, Ready};
use super::unready::Unready;
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
    ready: Result<Ready, NotReady>,
}

/// What keeps an account from being used at all.
#[derive(Debug, thiserror::Error)]
pub enum NotReady {
    #[error("it was deleted just now")]
    Gone,
    #[error(transparent)]
    Unready(Unready),
}

impl NotReady {
    fn code(&self) -> &'static str {
        match self {
            NotReady::Gone => "gone",
            NotReady::Unready(_) => "unready",
        }
    }
}

impl Operation for GetTestable {
    type Output = Testable;
    const ACCESS: Access = Access::Read;

    fn run(self, conn: &mut DbConnection, cx: &Context, _: Timestamp) -> Result<Testable, OperationError> {
        let account =
            accounts::get(conn, self.0)?.ok_or_else(|| OperationError::not_found(Thing::Account, self.0))?;
        let ready = match ready::read_anew(&HashSet::from([self.0]), conn, cx) {
            Ok(mut ready) => ready.remove(&self.0).ok_or(NotReady::Gone),
            Err(OperationError::LaneUnready { reason, .. }) => Err(NotReady::Unready(reason)),
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

    /// Why it cannot be used at all, where it cannot.
    pub fn not_ready(self) -> Option<NotReady> {
        self.ready.err()
    }

    /// Asks the platform. Bounded in time, whatever its code does.
    pub async fn test(&self) -> Tested {
        match &self.ready {
            Ok(ready) => guarded::test(ready.platform.clone(), ready.destination.clone()).await,
            Err(error) => {
                let problem = Problem::new(error.code(), error.to_string());
                Tested::AccountBroken { problem, until: None }
            }
        }
    }
}
