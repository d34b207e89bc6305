//! What is locked before what a change is about, as the change itself does: whoever locks several things keeps to one order.

use crate::db::connection::{DbConnection, DbError};
use crate::db::{entries, pause, slots};
use crate::domain::ids::EntryId;
use crate::operations::entry::{ResolveEntry, RetryEntry, UpdateEntry, hold_contents_of};
use crate::operations::execution::TriggerTask;
use crate::operations::pool::hold_contents;
use crate::operations::slots::{Move, MoveEntry};

/// Another time may be that of a slot, which is given away with the account locked; and whoever gives an entry contents locks
/// these before it.
pub fn account_and_contents_of_updated(it: &UpdateEntry, conn: &mut DbConnection) -> Result<(), DbError> {
    if let Some(Some(_)) = it.scheduled_at {
        lock_account_of(conn, it.id)?;
    }
    match (&it.extras, entries::get(conn, it.id)?) {
        (Some(extras), Some(row)) => hold_contents(conn, row.content_id, extras),
        (_, _) => Ok(()),
    }
}

/// Two that swap are locked in one order, too.
pub fn account_of_moved(it: &MoveEntry, conn: &mut DbConnection) -> Result<(), DbError> {
    lock_account_of(conn, it.id)?;
    if let Move::SwapWith(other) = it.to
        && other < it.id
    {
        entries::lock(conn, other)?;
    }
    Ok(())
}

fn lock_account_of(conn: &mut DbConnection, entry: EntryId) -> Result<(), DbError> {
    if let Some(account) = entries::account_of(conn, entry)? {
        slots::lock_account(conn, account)?;
    }
    Ok(())
}

/// Whoever changes an account or a content locks it before its entries.
pub fn places_of_resolved(it: &ResolveEntry, conn: &mut DbConnection) -> Result<(), DbError> {
    lock_account_of(conn, it.id)?;
    hold_contents_of(conn, it.id)
}

/// The same of contents alone: nobody adds one of them by itself meanwhile.
pub fn contents_of_retried(it: &RetryEntry, conn: &mut DbConnection) -> Result<(), DbError> {
    hold_contents_of(conn, it.id)
}

/// As whoever pauses does.
pub fn pause_of_triggered(_: &TriggerTask, conn: &mut DbConnection) -> Result<(), DbError> {
    pause::hold(conn).map(drop)
}
