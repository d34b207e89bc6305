//! Waiting for tries of entries, wherever they are made.

use super::db::DbHandle;
use crate::db::entries::EntryRow;
use crate::domain::clock::Clock;
use crate::operations::OperationError;
use crate::operations::error::ErrorKind;
use crate::operations::publish_now::{GetEntries, was_tried};
use std::time::Duration;

/// How often it is looked: often at first, then less.
const FIRST_LOOK: Duration = Duration::from_millis(2);
const LATER_LOOKS: Duration = Duration::from_millis(100);
/// For so long the database may be too busy to be asked.
const BUSY_MAX: Duration = Duration::from_secs(30);

/// Waits until each of the entries that were `asked` for was tried, wherever that is, or until `limit` is over. `looked`
/// hears at each look how many were.
pub async fn wait(
    db: &DbHandle,
    clock: &dyn Clock,
    asked: &[EntryRow],
    limit: Option<Duration>,
    mut looked: impl FnMut(usize),
) -> Result<Vec<EntryRow>, OperationError> {
    let began = clock.monotonic();
    let mut last_answer = began;
    let mut pause = FIRST_LOOK;
    loop {
        match db.perform(GetEntries(asked.iter().map(|row| row.id).collect())).await {
            Ok(rows) if are_tried(asked, &rows) => return Ok(rows),
            Ok(rows) if limit.is_some_and(|limit| clock.monotonic() - began >= limit) => return Ok(rows),
            Ok(rows) => {
                last_answer = clock.monotonic();
                looked(count(asked, &rows));
            }
            // Told at once, it would be taken for something that was not done, and be asked for again.
            Err(error)
                if error.kind() == ErrorKind::Unavailable && clock.monotonic() - last_answer < BUSY_MAX => {}
            Err(error) => return Err(error),
        }
        clock.sleep(pause).await;
        pause = (pause * 2).min(LATER_LOOKS);
    }
}

fn are_tried(asked: &[EntryRow], rows: &[EntryRow]) -> bool {
    count(asked, rows) == rows.len()
}

/// How many of `rows` have been tried since they were `asked` for.
pub fn count(asked: &[EntryRow], rows: &[EntryRow]) -> usize {
    let is_tried =
        |row: &&EntryRow| asked.iter().find(|one| one.id == row.id).is_none_or(|asked| was_tried(asked, row));
    rows.iter().filter(is_tried).count()
}
