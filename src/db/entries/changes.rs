//! What people change of entries, but for their status; and what they remove.

use crate::db::connection::{DbConnection, DbError};
use crate::db::schema::publish_pool::dsl;
use crate::domain::clock::Timestamp;
use crate::domain::entry::EntryStatus;
use crate::domain::ids::*;
use crate::domain::priority::Priority;
use diesel::prelude::*;

/// What a person may change of a pending entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    pub priority: Priority,
    pub scheduled_at: Option<Timestamp>,
    pub due_at: Timestamp,
    pub max_retries: i32,
}

/// Changes an entry that is pending and proven; false where it is not (any more).
pub fn set_plan(conn: &mut DbConnection, id: EntryId, plan: Plan, now: Timestamp) -> Result<bool, DbError> {
    let changed = diesel::update(
        dsl::publish_pool
            .filter(dsl::id.eq(id.0))
            .filter(dsl::status.eq(EntryStatus::Pending.as_str()))
            .filter(dsl::unproven.eq(false)),
    )
    .set((
        dsl::priority.eq(plan.priority.get()),
        dsl::scheduled_at.eq(plan.scheduled_at.map(|at| at.micros())),
        dsl::due_at.eq(plan.due_at.micros()),
        dsl::max_retries.eq(plan.max_retries),
        dsl::updated_at.eq(now.micros()),
    ))
    .execute(conn)?;
    Ok(changed == 1)
}

/// Holds back, or lets go, what waits for a content's approval.
pub fn set_held(conn: &mut DbConnection, content: ContentId, held: bool) -> Result<(), DbError> {
    diesel::update(
        dsl::publish_pool.filter(dsl::content_id.eq(content.0)).filter(dsl::held.ne(held)).filter(
            dsl::status.eq_any([
                EntryStatus::Pending.as_str(),
                EntryStatus::Failed.as_str(),
                EntryStatus::Cancelled.as_str(),
            ]),
        ),
    )
    .set(dsl::held.eq(held))
    .execute(conn)?;
    Ok(())
}

/// Removes an entry that nothing is known to depend on: not publishing, not uncertain, not unproven.
pub fn delete(conn: &mut DbConnection, id: EntryId) -> Result<bool, DbError> {
    let gone = diesel::delete(
        dsl::publish_pool
            .filter(dsl::id.eq(id.0))
            .filter(dsl::unproven.eq(false))
            .filter(dsl::status.ne_all([EntryStatus::Publishing.as_str(), EntryStatus::Uncertain.as_str()])),
    )
    .execute(conn)?;
    Ok(gone == 1)
}

/// Removes what is published; log and memory stay. Gives back how many.
pub fn clear_published(conn: &mut DbConnection) -> Result<usize, DbError> {
    Ok(diesel::delete(dsl::publish_pool.filter(dsl::status.eq(EntryStatus::Published.as_str())))
        .execute(conn)?)
}

/// Removes the closed entries of an account that goes.
pub fn delete_of_account(conn: &mut DbConnection, account: AccountId) -> Result<(), DbError> {
    diesel::delete(dsl::publish_pool.filter(dsl::account_id.eq(account.0))).execute(conn)?;
    Ok(())
}

/// Removes the closed entries of a content that goes.
pub fn delete_of_content(conn: &mut DbConnection, content: ContentId) -> Result<(), DbError> {
    diesel::delete(dsl::publish_pool.filter(dsl::content_id.eq(content.0))).execute(conn)?;
    Ok(())
}
