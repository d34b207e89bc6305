//! Texts that an earlier version of this program wrote are read once, a few at a time, so that what is added is held
//! against them, too. Nobody waits for it.

use super::db::DbHandle;
use crate::domain::clock::Clock;
use crate::domain::ids::ContentId;
use crate::operations::OperationError;
use crate::operations::texts::{NoteTextHashes, ReadOldTexts};
use std::sync::Arc;
use std::time::Duration;

/// Between two parts: others write meanwhile.
const PAUSE: Duration = Duration::from_secs(1);
/// Before it goes on where the database is away.
const LATER: Duration = Duration::from_secs(60);

/// Reads them all, and ends.
pub async fn read_all(db: DbHandle, clock: Arc<dyn Clock>) {
    let mut after = ContentId(0);
    loop {
        match part(&db, after).await {
            Ok(None) => return,
            Ok(Some(last)) => {
                after = last;
                clock.sleep(PAUSE).await;
            }
            Err(error) => {
                log::debug!("older texts are read later: {error}");
                clock.sleep(LATER).await;
            }
        }
    }
}

/// Gives back the last that was read; none where there are no more.
async fn part(db: &DbHandle, after: ContentId) -> Result<Option<ContentId>, OperationError> {
    let read = db.perform(ReadOldTexts { after }).await?;
    let Some(last) = read.last().map(|text| text.content) else { return Ok(None) };
    db.perform(NoteTextHashes(read)).await?;
    Ok(Some(last))
}
