//! What people decide of an entry: to take it back, to try it again, or what has become of it.

use super::change;
use crate::db::connection::{DbConnection, DbError};
use crate::db::extras::unapproved_extra;
use crate::db::schema::publish_checkpoints::dsl as checkpoints;
use crate::db::schema::publish_pool::dsl;
use crate::db::{entries, lateness, pool_counts};
use crate::domain::clock::Timestamp;
use crate::domain::entry::{Cause, EntryStatus};
use crate::domain::ids::*;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

/// Takes a pending entry out of the pool's work. True where it was pending and proven.
pub fn cancel(conn: &mut DbConnection, entry: EntryId, now: Timestamp) -> Result<bool, DbError> {
    let (from, to) = change(Cause::Cancel, EntryStatus::Pending, EntryStatus::Cancelled);
    let changed = diesel::update(
        dsl::publish_pool
            .filter(dsl::id.eq(entry.0))
            .filter(dsl::status.eq(from.as_str()))
            .filter(dsl::unproven.eq(false)),
    )
    .set((dsl::status.eq(to.as_str()), dsl::updated_at.eq(now.micros())))
    .execute(conn)?;
    note_moved(conn, changed, entry, (from, to))
}

/// Brings a failed or cancelled entry back, due at `due_at`, with all its retries; `number` is that of the log row which
/// says so. True where it was one of the two, and no other attempt has come between.
pub fn retry(
    conn: &mut DbConnection,
    entry: EntryId,
    due_at: Timestamp,
    number: i32,
    now: Timestamp,
) -> Result<bool, DbError> {
    for from in [EntryStatus::Failed, EntryStatus::Cancelled] {
        if retry_from(conn, from, entry, due_at, (number, now))? {
            lateness::recompute_late_of(conn, entry)?;
            return Ok(true);
        }
    }
    Ok(false)
}

fn retry_from(
    conn: &mut DbConnection,
    from: EntryStatus,
    entry: EntryId,
    due_at: Timestamp,
    (number, now): (i32, Timestamp),
) -> Result<bool, DbError> {
    let (from, to) = change(Cause::RetryByHand, from, EntryStatus::Pending);
    let changed = diesel::update(
        dsl::publish_pool
            .filter(dsl::id.eq(entry.0))
            .filter(dsl::attempt.eq(number - 1))
            .filter(dsl::status.eq(from.as_str())),
    )
    .set((
        dsl::status.eq(to.as_str()),
        dsl::due_at.eq(due_at.micros()),
        dsl::retry_count.eq(0),
        dsl::recoveries.eq(0),
        dsl::attempt.eq(number),
        (dsl::retried_at.eq(now.micros()), dsl::pushed_from.eq(None::<i64>)),
        dsl::updated_at.eq(now.micros()),
    ))
    .execute(conn)?;
    note_moved(conn, changed, entry, (from, to))
}

/// Counts an entry as what it has become, if it has.
fn note_moved(
    conn: &mut DbConnection,
    changed: usize,
    entry: EntryId,
    change: (EntryStatus, EntryStatus),
) -> Result<bool, DbError> {
    if changed == 1
        && let Some(account) = entries::account_of(conn, entry)?
    {
        pool_counts::moved(conn, account, change)?;
    }
    Ok(changed == 1)
}

/// What a person's word is a proof for: nobody can tell, or the next attempt would repeat what may be out, or the
/// platform works on it. Never what a node has on the wire.
const UNSETTLED: &str = "(publish_pool.status = 'uncertain' \
    OR (publish_pool.status = 'pending' AND publish_pool.unproven) \
    OR (publish_pool.status = 'publishing' AND publish_pool.claimed_by IS NULL))";
/// It may have been sent back while it was nobody's business, because it repeated an older revision.
const HELD: &str = concat!(
    "(EXISTS (SELECT 1 FROM contents WHERE contents.id = publish_pool.content_id \
      AND contents.review_status <> 'approved') OR ",
    unapproved_extra!("publish_pool.id"),
    ")"
);

/// A person's word on an entry: what it becomes. The caller has its content locked, and has written the log row, whose
/// number is the fence: what comes late of an earlier attempt is not this one's. True where a word was wanted.
pub fn resolve(
    conn: &mut DbConnection,
    entry: EntryId,
    (from, to): (EntryStatus, EntryStatus),
    number: i32,
    log: LogId,
    now: Timestamp,
) -> Result<bool, DbError> {
    let to = if from == to { to } else { change(Cause::Resolve, from, to).1 };
    let anew = to == EntryStatus::Pending;
    let changed = diesel::update(
        dsl::publish_pool
            .filter(dsl::id.eq(entry.0))
            .filter(dsl::status.eq(from.as_str()))
            .filter(dsl::attempt.eq(number - 1))
            .filter(sql::<Bool>(UNSETTLED)),
    )
    .set((
        dsl::status.eq(to.as_str()),
        dsl::unproven.eq(false),
        dsl::held.eq(sql::<Bool>(HELD)),
        dsl::due_at.eq(now.micros()),
        dsl::attempt.eq(number),
        dsl::log_id.eq(log.0),
        dsl::published_at.eq((to == EntryStatus::Published).then_some(now.micros())),
        anew.then_some((dsl::retry_count.eq(0), dsl::recoveries.eq(0), dsl::retried_at.eq(now.micros()))),
        dsl::pushed_from.eq(None::<i64>),
        (dsl::look_up_at.eq(None::<i64>), dsl::looked_up.eq(0)),
        (dsl::check_at.eq(None::<i64>), dsl::submitted_at.eq(None::<i64>)),
        dsl::updated_at.eq(now.micros()),
    ))
    .execute(conn)?;
    if changed == 1 {
        diesel::delete(checkpoints::publish_checkpoints.filter(checkpoints::pool_id.eq(entry.0)))
            .execute(conn)?;
        lateness::recompute_late_of(conn, entry)?;
    }
    note_moved(conn, changed, entry, (from, to))
}
