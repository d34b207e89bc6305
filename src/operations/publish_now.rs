//! A person wants entries out now: over their schedule, and over window and spacing of their account, but never over
//! anything else that keeps them.

use super::entry::{saying, wanted_anew};
use super::pool::{AddToPool, AddedEntry, Addition, entry, locked_entry};
use super::unready::Unready;
use super::wrong_state::{Needed, State};
use super::{Access, Context, Operation, OperationError};
use crate::db::connection::DbConnection;
use crate::db::entries::{self, EntryRow};
use crate::db::{demands, pause, publish_log};
use crate::domain::account::shut_reason;
use crate::domain::clock::Timestamp;
use crate::domain::entry::EntryStatus;
use crate::domain::fault::PoolFault;
use crate::domain::gates;
use crate::domain::ids::EntryId;
use crate::domain::kept::message::KeptMessage;
use crate::domain::settlement::LogStatus;
use crate::domain::thing::Thing;

/// The most that may be wanted in one go.
pub const AT_ONCE_MAX: usize = 1000;

/// Puts pending entries first, all of them or none. What keeps one of them for longer than the others on the wire is an
/// error; a platform that is down, or a lane that is full, is waited for.
#[derive(Debug, Clone)]
pub struct PublishNow {
    pub ids: Vec<EntryId>,
    pub by: String,
}

impl Operation for PublishNow {
    type Output = Vec<EntryRow>;
    const ACCESS: Access = Access::Write;

    fn run(
        self,
        conn: &mut DbConnection,
        cx: &Context,
        now: Timestamp,
    ) -> Result<Vec<EntryRow>, OperationError> {
        if self.ids.is_empty() || self.ids.len() > AT_ONCE_MAX {
            return Err(OperationError::invalid("ids", PoolFault::EntriesAtOnce { most: AT_ONCE_MAX }));
        }
        let mut ids = self.ids;
        // In one order, so that two requests do not wait for each other.
        ids.sort_unstable();
        ids.dedup();
        ids.into_iter().map(|id| want(conn, cx, id, &self.by, now)).collect()
    }
}

/// Entries as they are now, in the order in which they are asked for; those that are gone are left out.
#[derive(Debug, Clone)]
pub struct GetEntries(pub Vec<EntryId>);

impl Operation for GetEntries {
    type Output = Vec<EntryRow>;
    const ACCESS: Access = Access::Read;

    fn run(
        self,
        conn: &mut DbConnection,
        _: &Context,
        _: Timestamp,
    ) -> Result<Vec<EntryRow>, OperationError> {
        let rows = self.0.into_iter().map(|id| entries::get(conn, id));
        Ok(rows.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    }
}

/// Whether what [`PublishNow`] gave back as `asked` has been tried since then, or needs no try any more.
pub fn was_tried(asked: &EntryRow, row: &EntryRow) -> bool {
    match row.status {
        EntryStatus::Pending => row.attempt > asked.attempt,
        // Its platform works on it, and is asked later.
        EntryStatus::Publishing => row.question().is_some(),
        EntryStatus::Published | EntryStatus::Failed | EntryStatus::Uncertain | EntryStatus::Cancelled => {
            true
        }
    }
}

/// Adds a content to the pool, and wants it out now.
#[derive(Debug, Clone)]
pub struct PublishContent {
    pub addition: Addition,
    pub by: String,
}

impl Operation for PublishContent {
    type Output = AddedEntry;
    const ACCESS: Access = Access::Write;

    fn run(
        self,
        conn: &mut DbConnection,
        cx: &Context,
        now: Timestamp,
    ) -> Result<AddedEntry, OperationError> {
        let AddedEntry { row, similar } = AddToPool(self.addition).run(conn, cx, now)?;
        Ok(AddedEntry { row: want(conn, cx, row.id, &self.by, now)?, similar })
    }
}

fn want(
    conn: &mut DbConnection,
    cx: &Context,
    id: EntryId,
    by: &str,
    now: Timestamp,
) -> Result<EntryRow, OperationError> {
    let row = locked_entry(conn, id)?;
    check(conn, cx, &row, now)?;
    if row.due_at <= now && demands::is_noted(conn, id)? {
        // Somebody wants it already, and it is not tried yet: there is nothing to add, and who waits for that try waits on.
        return Ok(row);
    }
    // Beside the attempts: it says who had it published outside its schedule.
    let problem = Some(("publish_now", KeptMessage::WantedNow));
    let said = saying(&row, LogStatus::NotSent, problem, by);
    let due_at = row.due_at.min(now);
    if !entries::set_now(conn, id, (said.attempt, due_at), wanted_anew(None, &row, now), now)? {
        return Err(OperationError::Raced);
    }
    publish_log::insert_saying(conn, &said, now)?;
    demands::note(conn, id, by, now)?;
    entry(conn, id)
}

/// What keeps an entry whoever wants it out.
fn check(
    conn: &mut DbConnection,
    cx: &Context,
    row: &EntryRow,
    now: Timestamp,
) -> Result<(), OperationError> {
    let refused =
        |state, wanted| Err(OperationError::WrongState { thing: Thing::Entry, id: row.id.0, state, wanted });
    match row.status {
        EntryStatus::Pending if row.question().is_some() => {
            return Err(OperationError::MaybePublished { entry: row.id, status: row.status });
        }
        EntryStatus::Pending => {}
        EntryStatus::Uncertain => {
            return Err(OperationError::MaybePublished { entry: row.id, status: row.status });
        }
        EntryStatus::Failed | EntryStatus::Cancelled => {
            return refused(State::Entry(row.status), Needed::RetriedFirst);
        }
        EntryStatus::Published | EntryStatus::Publishing => {
            return refused(State::Entry(row.status), Needed::PendingToPublishNow);
        }
    }
    if row.held {
        return refused(State::Held, Needed::Approval);
    }
    if let Some(paused) = pause::get(conn)? {
        return refused(State::Paused { since: paused.since, by: paused.by }, Needed::Resumption);
    }
    if row.lane_has_credentials && !cx.can_decrypt() {
        return Err(OperationError::WrongSecretKey);
    }
    let unready = |reason| Err(OperationError::LaneUnready { account: row.account_id, reason });
    let reason = row.lane_suspended_reason.as_deref();
    if let Some(reason) = shut_reason(row.lane_enabled, reason, row.lane_suspended_until, now) {
        return unready(Unready::Shut(reason));
    }
    let (rules, state) = crate::db::lanes::read(row.lane.clone());
    match gates::shut_on_demand(&rules, &state, now) {
        Some(shut) if matches!(shut.gate, gates::Gate::DailyCap(_)) && !row.unproven => {
            unready(Unready::Gate(shut))
        }
        Some(_) | None => Ok(()),
    }
}
