//! People change their minds about an entry: each change is one fenced transition, refused while it is on the wire.

use super::pool::{AddedEntry, change_extras, contents_of, entry, hold_contents, late_after, locked_entry};
use super::slots::SlotBook;
use super::texts::{self, Outgoing};
use super::wrong_state::{Needed, State};
use super::{Access, Context, Operation, OperationError};
use crate::db::connection::{DbConnection, DbError};
use crate::db::entries::{self, EntryRow, Plan};
use crate::db::publish_log::{self, Saying};
use crate::db::{contents, demands, lanes, slots, transitions};
use crate::domain::clock::Timestamp;
use crate::domain::entry::EntryStatus;
use crate::domain::fault::{Fault, PoolFault};
use crate::domain::ids::*;
use crate::domain::kept::message::KeptMessage;
use crate::domain::priority::Priority;
use crate::domain::retry::MAX_RETRIES_LIMIT;
use crate::domain::settlement::LogStatus;
use crate::domain::thing::Thing;
use url::Url;

/// Changes an entry's plan; what is none stays. `scheduled_at: Some(None)` means: now; `late_after_seconds: Some(None)`: as
/// its account says.
#[derive(Debug, Clone)]
pub struct UpdateEntry {
    pub id: EntryId,
    /// What it publishes beside its own content.
    pub extras: Option<Vec<ContentId>>,
    pub priority: Option<Priority>,
    pub scheduled_at: Option<Option<Timestamp>>,
    pub max_retries: Option<i32>,
    pub late_after_seconds: Option<Option<i64>>,
}

impl UpdateEntry {
    /// Changes nothing yet.
    pub fn of(id: EntryId) -> Self {
        UpdateEntry {
            id,
            extras: None,
            priority: None,
            scheduled_at: None,
            max_retries: None,
            late_after_seconds: None,
        }
    }
}

impl Operation for UpdateEntry {
    type Output = EntryRow;
    const ACCESS: Access = Access::Write;

    fn run(self, conn: &mut DbConnection, cx: &Context, now: Timestamp) -> Result<EntryRow, OperationError> {
        // Whoever locks an account and an entry of it begins with the account.
        let slot_at = match self.scheduled_at {
            Some(Some(at)) => {
                let row = entry(conn, self.id)?;
                let is_its_own = row.slot.0 == Some(at);
                let mut book = SlotBook::default();
                (is_its_own || book.is_free_slot(conn, row.account_id, at, now)?).then_some(at)
            }
            Some(None) | None => None,
        };
        if let Some(extras) = &self.extras {
            let own = entry(conn, self.id)?.content_id;
            hold_contents(conn, own, extras)?;
        }
        // Locked, because what is not changed is written back as it was read.
        let row = locked_entry(conn, self.id)?;
        let max_retries = self.max_retries.unwrap_or(row.max_retries);
        if !(0..=MAX_RETRIES_LIMIT).contains(&max_retries) {
            let fault = Fault::Range { least: 0, most: MAX_RETRIES_LIMIT.into() };
            return Err(OperationError::invalid("max_retries", fault));
        }
        let plan = Plan {
            priority: self.priority.unwrap_or(row.priority),
            scheduled_at: self.scheduled_at.unwrap_or(row.scheduled_at),
            due_at: self.scheduled_at.map_or(row.due_at, |at| at.unwrap_or(now).max(now)),
            max_retries,
            late_after_seconds: match self.late_after_seconds {
                Some(seconds) => late_after(seconds)?,
                None => row.late.0,
            },
            retried_at: match self.scheduled_at {
                Some(at) => wanted_anew(at, &row, now),
                None => row.late.2,
            },
            slot: if self.scheduled_at.is_none() || slot_at == row.slot.0 {
                row.slot
            } else {
                (slot_at, None)
            },
        };
        if !entries::set_plan(conn, self.id, plan, now)? {
            return Err(refusal(conn, self.id, Needed::PendingToChange));
        }
        if let Some(extras) = &self.extras {
            change_extras(conn, cx, &row, extras)?;
        }
        if self.scheduled_at.is_some() {
            demands::withdraw(conn, self.id)?;
        }
        entry(conn, self.id)
    }
}

/// Since when a person wants an entry that is given another time. Now is no time that it could miss, however long ago it
/// was added: it is wanted from now on, as with a retry.
pub(super) fn wanted_anew(at: Option<Timestamp>, row: &EntryRow, now: Timestamp) -> Option<Timestamp> {
    if at.is_none_or(|at| at <= now) { Some(now) } else { row.late.2 }
}

/// Why a change of an entry was refused. What may be out is nobody's to change until that is known.
pub(super) fn refusal(conn: &mut DbConnection, id: EntryId, wanted: Needed) -> OperationError {
    match entry(conn, id) {
        Ok(row) if row.unproven => OperationError::MaybePublished { entry: id, status: row.status },
        Ok(row) => wrong_state(&row, wanted),
        Err(error) => error,
    }
}

fn wrong_state(row: &EntryRow, wanted: Needed) -> OperationError {
    OperationError::WrongState { thing: Thing::Entry, id: row.id.0, state: State::Entry(row.status), wanted }
}

/// Takes an entry back before it goes out.
#[derive(Debug, Clone, Copy)]
pub struct CancelEntry(pub EntryId);

impl Operation for CancelEntry {
    type Output = EntryRow;
    const ACCESS: Access = Access::Write;

    fn run(self, conn: &mut DbConnection, _: &Context, now: Timestamp) -> Result<EntryRow, OperationError> {
        entry(conn, self.0)?;
        if !transitions::cancel(conn, self.0, now)? {
            return Err(refusal(conn, self.0, Needed::PendingToCancel));
        }
        entry(conn, self.0)
    }
}

/// Tries a failed or cancelled entry again, with all its retries. Not where its content went out on the account by
/// another entry meanwhile: that would be a second post.
#[derive(Debug, Clone)]
pub struct RetryEntry {
    pub id: EntryId,
    pub by: String,
}

impl Operation for RetryEntry {
    /// With another entry that has the same text, as where one is added. It is wanted on purpose, and never refused for it.
    type Output = AddedEntry;
    const ACCESS: Access = Access::Write;

    fn run(self, conn: &mut DbConnection, _: &Context, now: Timestamp) -> Result<AddedEntry, OperationError> {
        hold_contents_of(conn, self.id)?;
        let row = locked_entry(conn, self.id)?;
        let account = row.account_id;
        for content in contents_of(&row) {
            if let Some((open, status)) = entries::open_entry(conn, content, account)?
                && open != self.id
            {
                return Err(OperationError::AlreadyInPool { content, account, entry: open, status });
            }
            // An entry that was added after that is one that was meant to publish it again.
            if let Some(at) = entries::first_published(conn, content, account)?
                && at >= row.added_at
                && row.status != EntryStatus::Published
            {
                return Err(OperationError::AlreadyPublished { content, account, at });
            }
        }
        let due_at = row.scheduled_at.unwrap_or(now).max(now);
        let number = row.attempt + 1;
        entries::leave_lost_slot(conn, self.id, now)?;
        if !transitions::retry(conn, self.id, due_at, number, now)? {
            return Err(refusal(conn, self.id, Needed::EndedToRetry));
        }
        demands::withdraw(conn, self.id)?;
        // Beside the attempts, and not in the place of the last one: what that said is still why it failed.
        let problem = Some(("retried", KeptMessage::WantedAgain));
        publish_log::insert_saying(conn, &saying(&row, LogStatus::NotSent, problem, &self.by), now)?;
        let text_hash = contents::text_hash(conn, row.content_id)?;
        let it = Outgoing {
            content: row.content_id,
            text_hash: text_hash.as_deref(),
            account: row.account_id,
            entry: Some(self.id),
            itself: true,
        };
        Ok(AddedEntry { similar: texts::similar(conn, it, now)?, row: entry(conn, self.id)? })
    }
}

/// Holds the contents of an entry until the caller's transaction ends: nobody adds one of them, or changes it, meanwhile.
pub(super) fn hold_contents_of(conn: &mut DbConnection, id: EntryId) -> Result<(), DbError> {
    let Some(row) = entries::get(conn, id)? else { return Ok(()) };
    hold_contents(conn, row.content_id, row.extras.ids())?;
    for content in contents_of(&row) {
        contents::brief(conn, content)?;
    }
    Ok(())
}

/// A person's word on what became of an entry of which nobody else can tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolution {
    /// It is out.
    Published { url: Option<String>, media_id: Option<String> },
    /// It is not, and shall be tried again.
    TryAgain,
    /// It is not, and that is that.
    GiveUp,
}

#[derive(Debug, Clone)]
pub struct ResolveEntry {
    pub id: EntryId,
    pub resolution: Resolution,
    pub by: String,
}

impl Operation for ResolveEntry {
    type Output = EntryRow;
    const ACCESS: Access = Access::Write;

    fn run(self, conn: &mut DbConnection, _: &Context, now: Timestamp) -> Result<EntryRow, OperationError> {
        // Its account and its contents are locked before it, as where those are changed.
        let account = entry(conn, self.id)?.account_id;
        slots::lock_account(conn, account)?;
        hold_contents_of(conn, self.id)?;
        let row = locked_entry(conn, self.id)?;
        if let Some(wanted) = needs_no_word(&row) {
            return Err(wrong_state(&row, wanted));
        }
        let (to, status, problem) = match self.resolution {
            Resolution::Published { .. } => (EntryStatus::Published, LogStatus::Published, None),
            Resolution::TryAgain => {
                let problem = ("resolved_retry", KeptMessage::NotOutTryAgain);
                (EntryStatus::Pending, LogStatus::Failed, Some(problem))
            }
            Resolution::GiveUp => {
                let problem = ("resolved_failed", KeptMessage::NotOut);
                (EntryStatus::Failed, LogStatus::Failed, Some(problem))
            }
        };
        if let Resolution::Published { url: Some(url), .. } = &self.resolution
            && Url::parse(url).is_err()
        {
            return Err(OperationError::invalid("url", PoolFault::NoAddress));
        }
        let (media_id, url) = match &self.resolution {
            Resolution::Published { url, media_id } => (media_id.as_deref(), url.as_deref()),
            Resolution::TryAgain | Resolution::GiveUp => (None, None),
        };
        let said = Saying { media_id, url, ..saying(&row, status, problem, &self.by) };
        let log = publish_log::insert_saying(conn, &said, now)?;
        if !transitions::resolve(conn, self.id, (row.status, to), said.attempt, log, now)? {
            return Err(wrong_state(&row, Needed::ItsEnd));
        }
        match to {
            EntryStatus::Published => {
                for content in contents_of(&row) {
                    entries::remember_published(conn, content, row.account_id, now)?;
                }
            }
            // The place that it kept in its account's day is free.
            _ => lanes::count_today(conn, row.account_id, now)?,
        }
        entry(conn, self.id)
    }
}

/// Why nobody has to say what became of an entry; none where a word is wanted, or only its claim can tell.
fn needs_no_word(row: &EntryRow) -> Option<Needed> {
    match row.status {
        EntryStatus::Uncertain | EntryStatus::Publishing => None,
        EntryStatus::Pending if row.unproven => None,
        EntryStatus::Pending => Some(Needed::NoWordYet),
        EntryStatus::Published | EntryStatus::Failed | EntryStatus::Cancelled => Some(Needed::NoWordAnyMore),
    }
}

/// What a person says of an entry, as the row after that of its last attempt: numbers are never used twice.
pub(super) fn saying<'a>(
    row: &EntryRow,
    status: LogStatus,
    problem: Option<(&'a str, KeptMessage)>,
    said_by: &'a str,
) -> Saying<'a> {
    Saying {
        entry: row.id,
        content: row.content_id,
        revision: row.revision.unwrap_or(1),
        account: row.account_id,
        attempt: row.attempt + 1,
        status,
        problem,
        media_id: None,
        url: None,
        said_by,
    }
}

/// Removes an entry; its log stays.
#[derive(Debug, Clone, Copy)]
pub struct DeleteEntry(pub EntryId);

impl Operation for DeleteEntry {
    type Output = ();
    const ACCESS: Access = Access::Write;

    fn run(self, conn: &mut DbConnection, _: &Context, _: Timestamp) -> Result<(), OperationError> {
        entry(conn, self.0)?;
        if !entries::delete(conn, self.0)? {
            return Err(refusal(conn, self.0, Needed::Removable));
        }
        Ok(())
    }
}

/// Removes the published entries; the log, and the memory of what was published where, stay.
#[derive(Debug, Clone, Copy)]
pub struct ClearPublished;

impl Operation for ClearPublished {
    type Output = usize;
    const ACCESS: Access = Access::Write;

    fn run(self, conn: &mut DbConnection, _: &Context, _: Timestamp) -> Result<usize, OperationError> {
        Ok(entries::clear_published(conn)?)
    }
}
