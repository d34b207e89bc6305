//! What missed its slot, on accounts that want it in the next free one. It needs no run, and is done before anything is
//! claimed, so that such a post does not go out late instead.

use super::SlotBook;
use crate::db::connection::DbConnection;
use crate::db::entries::{self, Placing};
use crate::db::publish_log::{self, Saying};
use crate::db::slots::{self, MissedEntry};
use crate::domain::clock::Timestamp;
use crate::domain::ids::AccountId;
use crate::domain::kept::message::KeptMessage;
use crate::domain::posting_slots::{MISSED_AFTER, MissedSlot};
use crate::domain::settlement::LogStatus;
use crate::operations::OperationError;
use std::collections::{BTreeSet, HashMap};

/// Entries that one cycle moves; where there are more, another follows at once.
const BATCH: i64 = 10_000;
/// The code of the row in the log.
pub const MISSED_SLOT: &str = "missed_slot";

/// Moves what has missed its slot at `now`. True where there may be more.
pub(in crate::operations) fn sweep(conn: &mut DbConnection, now: Timestamp) -> Result<bool, OperationError> {
    let missed = slots::missed(conn, now, BATCH)?;
    if missed.is_empty() {
        return Ok(false);
    }
    let ids: BTreeSet<AccountId> = missed.iter().map(|one| one.account).collect();
    let ids: Vec<AccountId> = ids.into_iter().collect();
    // What somebody else has locked is nobody's to claim either, and is looked at in the next cycle.
    let held: HashMap<AccountId, MissedSlot> =
        slots::lock_free(conn, &ids)?.into_iter().map(|row| (row.id, row.missed_slot)).collect();
    let (mut book, mut late, mut moved) = (SlotBook::default(), Vec::new(), 0);
    for one in &missed {
        match held.get(&one.account) {
            None => {}
            Some(MissedSlot::Next) if one.has_missed && to_next(conn, one, &mut book, now)? => moved += 1,
            Some(MissedSlot::Next | MissedSlot::Late) => late.push(one.entry),
        }
    }
    entries::watch_no_more(conn, &late)?;
    if moved > 0 {
        log::warn!("{moved} posts missed their slots, and sit in the next free ones now");
    }
    Ok(i64::try_from(missed.len()).is_ok_and(|count| count >= BATCH))
}

/// False where there is no slot to move it to.
fn to_next(
    conn: &mut DbConnection,
    one: &MissedEntry,
    book: &mut SlotBook,
    now: Timestamp,
) -> Result<bool, OperationError> {
    let next = match book.next(conn, one.account, now) {
        Ok(next) => next,
        Err(OperationError::Invalid(_)) => return Ok(false),
        Err(error) => return Err(error),
    };
    let placing = Placing { entry: one.entry, at: next, missed: Some(one.slot), number: one.attempt + 1 };
    if !entries::put_in_slot(conn, placing, now)? {
        return Ok(false);
    }
    let message = KeptMessage::MissedSlot { within: MISSED_AFTER.as_secs(), slot: one.slot, next };
    let said = Saying {
        entry: one.entry,
        content: one.content,
        revision: one.revision,
        account: one.account,
        attempt: placing.number,
        status: LogStatus::NotSent,
        problem: Some((MISSED_SLOT, message)),
        media_id: None,
        url: None,
        said_by: "policy:missed_slot",
    };
    publish_log::insert_saying(conn, &said, now)?;
    Ok(true)
}
