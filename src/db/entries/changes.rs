//! What people change of entries, but for their status.

use super::{EntryRow, SlotColumns, get, placing};
use crate::db::connection::{DbConnection, DbError};
use crate::db::extras;
use crate::db::lateness;
use crate::db::schema::extra_contents;
use crate::db::schema::publish_pool::dsl;
use crate::db::statement::statement;
use crate::domain::clock::Timestamp;
use crate::domain::entry::EntryStatus;
use crate::domain::ids::*;
use crate::domain::priority::Priority;
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel::sql_types::BigInt;

/// Looks at an entry that stays as it is until the caller's transaction ends: neither the engine nor anybody else changes
/// it meanwhile.
pub fn lock(conn: &mut DbConnection, id: EntryId) -> Result<Option<EntryRow>, DbError> {
    if let DbConnection::Postgres(inner) = conn {
        const LOCK: &str = "SELECT id FROM publish_pool WHERE id = $1 FOR NO KEY UPDATE";
        statement::<BigInt>(LOCK).bind::<BigInt, _>(id.0).load::<i64>(inner)?;
    }
    get(conn, id)
}

/// What a person may change of a pending entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    pub priority: Priority,
    pub scheduled_at: Option<Timestamp>,
    pub due_at: Timestamp,
    pub max_retries: i32,
    pub late_after_seconds: Option<i32>,
    /// Since when a person wants it anew.
    pub retried_at: Option<Timestamp>,
    pub slot: SlotColumns,
}

/// Changes an entry that is pending and proven; false where it is not (any more).
pub fn set_plan(conn: &mut DbConnection, id: EntryId, plan: Plan, now: Timestamp) -> Result<bool, DbError> {
    macro_rules! changeable {
        () => {
            dsl::publish_pool
                .filter(dsl::id.eq(id.0))
                .filter(dsl::status.eq(EntryStatus::Pending.as_str()))
                .filter(dsl::unproven.eq(false))
        };
    }
    // Its platform's next answer brings it back to where it was put off from; not where it has another time now.
    diesel::update(changeable!().filter(dsl::due_at.ne(plan.due_at.micros())))
        .set(dsl::pushed_from.eq(None::<i64>))
        .execute(conn)?;
    let changed = diesel::update(changeable!())
        .set((
            dsl::priority.eq(plan.priority.get()),
            dsl::scheduled_at.eq(plan.scheduled_at.map(|at| at.micros())),
            dsl::due_at.eq(plan.due_at.micros()),
            dsl::max_retries.eq(plan.max_retries),
            dsl::late_after_seconds.eq(plan.late_after_seconds),
            dsl::retried_at.eq(plan.retried_at.map(|at| at.micros())),
            dsl::slot_at.eq(plan.slot.0.map(|at| at.micros())),
            dsl::updated_at.eq(now.micros()),
        ))
        .execute(conn)?;
    if changed == 1 {
        lateness::recompute_late_of(conn, id)?;
        placing::watch(conn, id, plan.slot.1)?;
    }
    Ok(changed == 1)
}

/// A pending entry is due, and wanted anew since then; `number` is that of the log row which says so. False where it is not
/// pending (any more), or was tried meanwhile.
pub fn set_now(
    conn: &mut DbConnection,
    id: EntryId,
    (number, due_at): (i32, Timestamp),
    retried_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<bool, DbError> {
    let changed = diesel::update(
        dsl::publish_pool
            .filter(dsl::id.eq(id.0))
            .filter(dsl::status.eq(EntryStatus::Pending.as_str()))
            .filter(dsl::attempt.eq(number - 1)),
    )
    .set((
        dsl::attempt.eq(number),
        dsl::due_at.eq(due_at.micros()),
        dsl::pushed_from.eq(None::<i64>),
        dsl::retried_at.eq(retried_at.map(|at| at.micros())),
        dsl::updated_at.eq(now.micros()),
    ))
    .execute(conn)?;
    if changed == 1 {
        lateness::recompute_late_of(conn, id)?;
    }
    Ok(changed == 1)
}

/// Those that were added by a clock which was ahead, and never tried. All that wait are looked at: others may have been
/// added since, by a clock that was set right already.
const ADDED_AHEAD: &str = "UPDATE publish_pool SET due_at = CASE WHEN scheduled_at > $1 THEN scheduled_at ELSE $1 END \
    WHERE status = 'pending' AND attempt = 0 AND due_at > $1 AND added_at > $1 \
      AND coalesce(scheduled_at, 0) <= added_at";
/// Those that wait for their next try for as long as was computed by such a clock, from the end of the one before. What a
/// person, a slot or a date has them wait for stays. What a breaker put off, it brings back.
const TRIED_AHEAD: &str = "UPDATE publish_pool SET due_at = $1 + (due_at - updated_at), updated_at = $1 \
    WHERE status = 'pending' AND attempt > 0 AND look_up_at IS NULL AND updated_at > $1 AND due_at > updated_at \
      AND coalesce(scheduled_at, 0) < due_at AND coalesce(slot_at, 0) <> due_at";
/// The same of those that their platform is asked about.
const ASKED_AHEAD: &str = "UPDATE publish_pool SET look_up_at = look_up_at - (updated_at - $1), \
      check_at = check_at - (updated_at - $1), updated_at = $1, \
      submitted_at = CASE WHEN submitted_at > $1 THEN $1 ELSE submitted_at END \
    WHERE claimed_by IS NULL AND (look_up_at IS NOT NULL OR check_at IS NOT NULL) AND updated_at > $1";

/// What was to go out at once, and was added when the clock was ahead, is due now, or at the time that it was given. Pauses
/// that began by such a clock last as long as they were to.
pub fn due_by(conn: &mut DbConnection, now: Timestamp) -> Result<usize, DbError> {
    let mut changed = 0;
    for mends in [ADDED_AHEAD, TRIED_AHEAD, ASKED_AHEAD] {
        let due = statement::<()>(mends).bind::<BigInt, _>(now.micros());
        changed += match conn {
            DbConnection::Sqlite(inner) => due.execute(inner)?,
            DbConnection::Postgres(inner) => due.execute(inner)?,
        };
    }
    Ok(changed)
}

/// Holds back, or lets go, what waits for a content's approval: also what is on the wire, because it may come back
/// without having been published. What may be out is not held back, since it repeats the revision that was approved
/// then; while it waits for a look-up it is not let go either.
pub fn set_held(conn: &mut DbConnection, content: ContentId, held: bool) -> Result<(), DbError> {
    let is_alone = not(exists(extra_contents::table.filter(extra_contents::pool_id.eq(dsl::id))));
    diesel::update(
        dsl::publish_pool
            .filter(dsl::content_id.eq(content.0))
            .filter(dsl::status.ne(EntryStatus::Published.as_str()))
            .filter(dsl::unproven.eq(false))
            .filter(dsl::look_up_at.is_null())
            .filter(dsl::held.ne(held))
            .filter(is_alone),
    )
    .set(dsl::held.eq(held))
    .execute(conn)?;
    // Those with several contents wait for all of them.
    extras::set_held(conn, content)
}
