//! Keeps the steps of a long publish in the database, for as long as its claim holds.

use super::db::DbHandle;
use crate::db::checkpoints::Fence;
use crate::db::claim::Claim;
use crate::domain::ids::NodeId;
use crate::operations::checkpoint::KeepStep;
use crate::platforms::journal::{Keeper, Mark, NotKept};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;

/// The keeper of one attempt.
pub struct Checkpoints {
    db: DbHandle,
    fence: Fence,
    revision: i32,
}

impl Checkpoints {
    pub fn new(db: DbHandle, node: NodeId, claim: &Claim) -> Self {
        Checkpoints { db, fence: Fence { node, attempt: claim.attempt }, revision: claim.article.revision }
    }
}

impl Keeper for Checkpoints {
    fn keep(&self, step: &'static str, mark: Mark) -> LocalBoxFuture<'static, Result<(), NotKept>> {
        let keep = KeepStep { fence: self.fence.clone(), revision: self.revision, step, mark };
        let db = self.db.clone();
        async move {
            match db.perform(keep).await {
                Ok(true) => Ok(()),
                Ok(false) => Err(NotKept::ClaimLost),
                Err(error) => Err(NotKept::Failed(error.to_string())),
            }
        }
        .boxed_local()
    }
}
