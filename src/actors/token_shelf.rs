//! Keeps the token of an account in the database, where all nodes find it.

use super::db::DbHandle;
use crate::domain::ids::{AccountId, AttemptId, NodeId};
use crate::operations::platform_tokens::{GiveTokenTurnBack, KeepToken, TakeTokenTurn};
use crate::platforms::tokens::{Fetched, Shelf, Turn, Wanted};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;

/// The shelf of one attempt.
pub struct TokenShelf {
    db: DbHandle,
    account: AccountId,
    by: String,
}

impl TokenShelf {
    pub fn new(db: DbHandle, node: &NodeId, account: AccountId, attempt: AttemptId) -> Self {
        TokenShelf { db, account, by: format!("{} {}.{}", node.0, attempt.entry, attempt.number) }
    }
}

impl Shelf for TokenShelf {
    fn turn(&self, wanted: Wanted) -> LocalBoxFuture<'static, Result<Turn, String>> {
        let take = TakeTokenTurn { account: self.account, by: self.by.clone(), wanted };
        let db = self.db.clone();
        async move { db.perform(take).await.map_err(|error| error.to_string()) }.boxed_local()
    }

    fn keep(&self, purpose: String, fetched: Fetched) -> LocalBoxFuture<'static, Result<(), String>> {
        let keep = KeepToken { account: self.account, by: self.by.clone(), purpose, fetched };
        let db = self.db.clone();
        async move { db.perform(keep).await.map(drop).map_err(|error| error.to_string()) }.boxed_local()
    }

    fn give_back(&self) -> LocalBoxFuture<'static, Result<(), String>> {
        let give = GiveTokenTurnBack { account: self.account, by: self.by.clone() };
        let db = self.db.clone();
        async move { db.perform(give).await.map_err(|error| error.to_string()) }.boxed_local()
    }
}
