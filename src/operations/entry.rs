//! People change their minds about an entry: each change is one fenced transition, refused while it is on the wire.

use super::pool::entry;
use super::{Access, Context, Operation, OperationError};
use crate::db::connection::DbConnection;
use crate::db::entries::{self, EntryRow, Plan};
use crate::db::{publish_log, transitions};
use crate::domain::clock::Timestamp;
use crate::domain::entry::EntryStatus;
use crate::domain::ids::*;
use crate::domain::priority::Priority;
use crate::domain::retry::MAX_RETRIES_LIMIT;
use crate::domain::settlement::LogStatus;

/// Changes an entry's plan; what is none stays. `scheduled_at: Some(None)` means: now.
#[derive(Debug, Clone, Copy)]
pub struct UpdateEntry {
    pub id: EntryId,
    pub priority: Option<Priority>,
    pub scheduled_at: Option<Option<Timestamp>>,
    pub max_retries: Option<i32>,
}

impl Operation for UpdateEntry {
    type Output = EntryRow;
    const ACCESS: Access = Access::Write;

    fn run(self, conn: &mut DbConnection, _: &Context, now: Timestamp) -> Result<EntryRow, OperationError> {
        let row = entry(conn, self.id)?;
        let max_retries = self.max_retries.unwrap_or(row.max_retries);
        if !(0..=MAX_RETRIES_LIMIT).contains(&max_retries) {
            return Err(OperationError::invalid(
                "max_retries",
                format!("must be from 0 to {MAX_RETRIES_LIMIT}"),
            ));
        }
        let plan = Plan {
            priority: self.priority.unwrap_or(row.priority),
            scheduled_at: self.scheduled_at.unwrap_or(row.scheduled_at),
            due_at: self.scheduled_at.map_or(row.due_at, |at| at.unwrap_or(now).max(now)),
            max_retries,
        };
        if !entries::set_plan(conn, self.id, plan, now)? {
            return Err(refusal(conn, self.id, "only a pending entry can be changed"));
        }
        entry(conn, self.id)
    }
}

/// Why a change of an entry was refused.
fn refusal(conn: &mut DbConnection, id: EntryId, wanted: &'static str) -> OperationError {
    match entry(conn, id) {
        Ok(row) if row.unproven && row.status != EntryStatus::Uncertain => {
            OperationError::MaybePublished { entry: id }
        }
        Ok(row) => {
            OperationError::WrongState { what: format!("entry {id}"), state: row.status.to_string(), wanted }
        }
        Err(error) => error,
    }
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
            return Err(refusal(conn, self.0, "only a pending entry can be cancelled"));
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
    type Output = EntryRow;
    const ACCESS: Access = Access::Write;

    fn run(self, conn: &mut DbConnection, _: &Context, now: Timestamp) -> Result<EntryRow, OperationError> {
        let row = entry(conn, self.id)?;
        if let Some((open, status)) = entries::open_entry(conn, row.content_id, row.account_id)?
            && open != self.id
        {
            let (content, account) = (row.content_id, row.account_id);
            return Err(OperationError::AlreadyInPool { content, account, entry: open, status });
        }
        // An entry that was added after that is one that was meant to publish it again.
        if let Some(at) = entries::first_published(conn, row.content_id, row.account_id)?
            && at >= row.added_at
            && row.status != EntryStatus::Published
        {
            let (content, account) = (row.content_id, row.account_id);
            return Err(OperationError::AlreadyPublished { content, account, at });
        }
        let due_at = row.scheduled_at.unwrap_or(now).max(now);
        if !transitions::retry(conn, self.id, due_at, now)? {
            return Err(refusal(conn, self.id, "only a failed or cancelled entry can be tried again"));
        }
        log::info!("entry {} is tried again, says {}", self.id, self.by);
        entry(conn, self.id)
    }
}

/// A person's word on what became of an uncertain entry.
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
        let row = entry(conn, self.id)?;
        if row.status != EntryStatus::Uncertain {
            return Err(refusal(conn, self.id, "only an uncertain entry needs a person's word"));
        }
        let (to, status, code, message) = match self.resolution {
            Resolution::Published { .. } => (
                EntryStatus::Published,
                LogStatus::Published,
                "resolved_published",
                "a person says that it is out",
            ),
            Resolution::TryAgain => (
                EntryStatus::Pending,
                LogStatus::Failed,
                "resolved_retry",
                "a person says that it is not out: try again",
            ),
            Resolution::GiveUp => (
                EntryStatus::Failed,
                LogStatus::Failed,
                "resolved_failed",
                "a person says that it is not out",
            ),
        };
        let (media_id, url) = match &self.resolution {
            Resolution::Published { url, media_id } => (media_id.as_deref(), url.as_deref()),
            Resolution::TryAgain | Resolution::GiveUp => (None, None),
        };
        let attempt = row.attempt + 1;
        let saying = publish_log::Saying {
            entry: self.id,
            content: row.content_id,
            revision: row.revision.unwrap_or(1),
            account: row.account_id,
            attempt,
            status,
            code,
            message,
            media_id,
            url,
            said_by: &self.by,
        };
        let log = publish_log::insert_saying(conn, &saying, now)?;
        if !transitions::resolve(conn, self.id, to, attempt, log, now)? {
            return Err(refusal(conn, self.id, "only an uncertain entry needs a person's word"));
        }
        if to == EntryStatus::Published {
            entries::remember_published(conn, row.content_id, row.account_id, now)?;
        }
        entry(conn, self.id)
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
            return Err(refusal(conn, self.0, "it cannot be removed now"));
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
