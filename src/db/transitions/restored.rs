//! After a copy of the database was put back: what it calls pending may have gone out since it was made, so from now on
//! it counts as if an attempt had been made whose end nobody saw.

use super::change;
use crate::db::connection::{DbConnection, DbError};
use crate::db::schema::contents;
use crate::db::schema::publish_pool::dsl;
use crate::db::{extras, pool_counts};
use crate::domain::clock::Timestamp;
use crate::domain::content::ReviewStatus;
use crate::domain::entry::{Cause, EntryStatus};
use crate::domain::ids::*;
use diesel::prelude::*;

/// A pending entry that was due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InDoubt {
    pub entry: EntryId,
    pub content: ContentId,
    pub account: AccountId,
    /// The number of its last attempt.
    pub attempt: i32,
    /// What would have been sent: it is repeated if anything is.
    pub revision: i32,
    /// Its content was not approved when the copy was made; it may have been since.
    pub held: bool,
    /// Its last attempt may be out, and is what would be repeated.
    pub repeats: bool,
}

type Columns = (EntryId, ContentId, AccountId, i32, bool, Option<i32>, (i32, ReviewStatus));

/// Pending entries that were due by `now`, or would have been had their platform answered. On PostgreSQL nobody else may
/// run meanwhile: they are not locked.
pub fn due_by(conn: &mut DbConnection, now: Timestamp) -> Result<Vec<InDoubt>, DbError> {
    let rows: Vec<Columns> = dsl::publish_pool
        .inner_join(contents::table)
        .filter(dsl::status.eq(EntryStatus::Pending.as_str()))
        .filter(dsl::due_at.le(now.micros()).or(dsl::pushed_from.assume_not_null().le(now.micros())))
        .order(dsl::id)
        .select((
            dsl::id,
            dsl::content_id,
            dsl::account_id,
            dsl::attempt,
            dsl::unproven,
            dsl::revision,
            (contents::revision, contents::review_status),
        ))
        .load(conn)?;
    let mut rows: Vec<InDoubt> = rows
        .into_iter()
        .map(|(entry, content, account, attempt, unproven, sent, (newest, review))| InDoubt {
            entry,
            content,
            account,
            attempt,
            revision: sent.filter(|_| unproven).unwrap_or(newest),
            // What may be out already repeats a revision that was approved then.
            held: !unproven && review != ReviewStatus::Approved,
            repeats: unproven,
        })
        .collect();
    for one in rows.iter_mut().filter(|one| !one.repeats && !one.held) {
        one.held = extras::first_unapproved(conn, one.entry)?.is_some();
    }
    Ok(rows)
}

/// Puts an entry in doubt. `to`: `Pending`, where its platform knows our key or is asked at `look_up_at` before anything is
/// sent, or `Uncertain`. The caller has written the log row, whose number is one more than its last. True where it was
/// pending, and nobody else was first.
pub fn restored(
    conn: &mut DbConnection,
    one: &InDoubt,
    (to, look_up_at): (EntryStatus, Option<Timestamp>),
    log: LogId,
    now: Timestamp,
) -> Result<bool, DbError> {
    let from = EntryStatus::Pending;
    let to = if from == to { to } else { change(Cause::Restored, from, to).1 };
    let changed = diesel::update(
        dsl::publish_pool
            .filter(dsl::id.eq(one.entry.0))
            .filter(dsl::status.eq(from.as_str()))
            .filter(dsl::attempt.eq(one.attempt)),
    )
    .set((
        dsl::status.eq(to.as_str()),
        dsl::unproven.eq(true),
        // While a look-up is to come no claim sees it.
        dsl::held.eq(one.held || look_up_at.is_some()),
        dsl::revision.eq(Some(one.revision)),
        dsl::attempt.eq(one.attempt + 1),
        dsl::log_id.eq(log.0),
        dsl::pushed_from.eq(None::<i64>),
        (dsl::look_up_at.eq(look_up_at.map(Timestamp::micros)), dsl::looked_up.eq(0)),
        dsl::updated_at.eq(now.micros()),
    ))
    .execute(conn)?;
    if changed == 1 {
        if !one.repeats {
            extras::note_newest(conn, one.entry)?;
        }
        pool_counts::moved(conn, one.account, (from, to))?;
    }
    Ok(changed == 1)
}
