//! Keeps the pool's counts, beside everything else: nobody waits for it.

use super::db::DbHandle;
use crate::domain::clock::Clock;
use crate::operations::OperationError;
use crate::operations::pool_counts::{CorrectCounts, FindMiscounts, FoldCounts};
use std::sync::Arc;
use std::time::Duration;

/// Whoever reads a count adds up what was told since this at the longest.
const FOLD_EVERY: Duration = Duration::from_secs(5);
/// Counts are told in the transactions of the changes, so that none can be wrong but by what somebody did to the tables by
/// hand. That is found within a day.
const RECOUNT_EVERY: u32 = 24 * 3600 / 5;

/// For as long as the current actix system runs. The first count comes soon after the start.
pub async fn keep(db: DbHandle, clock: Arc<dyn Clock>) {
    for round in 1_u32.. {
        clock.sleep(FOLD_EVERY).await;
        if let Err(error) = round_of(&db, round % RECOUNT_EVERY == 1).await {
            log::debug!("the pool's counts are kept later: {error}");
        }
    }
}

async fn round_of(db: &DbHandle, recounts: bool) -> Result<(), OperationError> {
    db.perform(FoldCounts).await?;
    if !recounts {
        return Ok(());
    }
    if db.perform(FindMiscounts).await?.is_empty() {
        return Ok(());
    }
    for miscount in db.perform(CorrectCounts).await? {
        log::warn!(
            "account {}: {} more entries are {} than was counted; it is set right",
            miscount.account,
            miscount.missing,
            miscount.counted
        );
    }
    Ok(())
}
