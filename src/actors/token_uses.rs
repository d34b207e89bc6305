//! When tokens were last used: remembered in memory and written now and then, many together, so that no request waits
//! for it. A crash loses what was not written yet: the uses of some seconds.

use super::db::DbHandle;
use crate::db::tokens::TokenRow;
use crate::domain::clock::{Clock, Timestamp};
use crate::domain::ids::TokenId;
use crate::operations::token::{NoteTokenUses, USES_APART};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// How often it is written.
pub const WRITE_EVERY: Duration = Duration::from_secs(20);

/// Uses that are not written yet, each token's last. Cheap to clone.
#[derive(Clone, Default)]
pub struct TokenUses(Arc<Mutex<HashMap<TokenId, Timestamp>>>);

impl TokenUses {
    /// Notes that a token is used at `now`. One whose use was written less than a minute ago is not noted.
    pub fn note(&self, token: &TokenRow, now: Timestamp) {
        if token.last_used_at.is_none_or(|at| now.since(at) >= USES_APART) {
            self.0.lock().insert(token.id, now);
        }
    }

    /// Writes them now and then, as long as the current actix system runs.
    pub fn write_now_and_then(&self, db: DbHandle, clock: Arc<dyn Clock>) {
        let uses = self.clone();
        actix_rt::spawn(async move {
            loop {
                clock.sleep(WRITE_EVERY).await;
                uses.write(&db).await;
            }
        });
    }

    /// Writes what there is. What cannot be written is kept for the next time.
    pub async fn write(&self, db: &DbHandle) {
        let uses = std::mem::take(&mut *self.0.lock());
        if uses.is_empty() {
            return;
        }
        let list: Vec<(TokenId, Timestamp)> = uses.iter().map(|(id, at)| (*id, *at)).collect();
        if let Err(error) = db.perform(NoteTokenUses(list)).await {
            log::debug!("when tokens were last used is written later: {error}");
            let mut newer = self.0.lock();
            for (id, at) in uses {
                newer.entry(id).or_insert(at);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::role::Role;

    #[test]
    fn what_was_written_within_the_minute_is_not_gathered_again() {
        let now = Timestamp::from_micros(1_770_000_000_000_000);
        let token = |id: i64, last_used_at: Option<Timestamp>| TokenRow {
            id: TokenId(id),
            name: "a".to_owned(),
            role: Role::Viewer,
            created_at: Timestamp::MIN,
            account_ids: None,
            expires_at: None,
            last_used_at,
        };
        let uses = TokenUses::default();
        uses.note(&token(1, None), now);
        uses.note(&token(2, Some(now - USES_APART)), now);
        uses.note(&token(3, Some(now - USES_APART / 2)), now);
        let mut gathered: Vec<i64> = uses.0.lock().keys().map(|id| id.0).collect();
        gathered.sort_unstable();
        assert_eq!(gathered, [1, 2]);
    }
}
