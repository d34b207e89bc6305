//! The publish pool: adding, looking, changing one's mind.

use super::{Access, Context, Operation, OperationError, Page, Paging};
use crate::db::connection::DbConnection;
use crate::db::entries::{self, EntryRow, Filter, NewEntry, Plan};
use crate::db::{accounts, contents, publish_log, transitions};
use crate::domain::clock::Timestamp;
use crate::domain::content::ReviewStatus;
use crate::domain::entry::EntryStatus;
use crate::domain::ids::*;
use crate::domain::outcome::LogStatus;
use crate::domain::priority::Priority;
use crate::domain::retry::{MAX_RETRIES_DEFAULT, MAX_RETRIES_LIMIT};
use crate::secrets;

/// What a user asks for; what is none gets its default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addition {
    pub content: ContentId,
    /// None: the content's own account, else the only enabled one.
    pub account: Option<AccountId>,
    pub priority: Priority,
    /// None, or one in the past: now.
    pub scheduled_at: Option<Timestamp>,
    pub max_retries: i32,
    /// Publish it on the account although it was published there before.
    pub again: bool,
}

impl Addition {
    pub fn of(content: ContentId) -> Self {
        Addition {
            content,
            account: None,
            priority: Priority::default(),
            scheduled_at: None,
            max_retries: MAX_RETRIES_DEFAULT,
            again: false,
        }
    }
}

/// Adds one content for one account.
#[derive(Debug, Clone)]
pub struct AddToPool(pub Addition);

impl Operation for AddToPool {
    type Output = EntryRow;
    const ACCESS: Access = Access::Write;

    fn run(self, conn: &mut DbConnection, _: &Context, now: Timestamp) -> Result<EntryRow, OperationError> {
        let id = add(conn, &self.0, now)?;
        entry(conn, id)
    }
}

/// Adds one content for several accounts: all or none.
#[derive(Debug, Clone)]
pub struct AddToAccounts {
    pub addition: Addition,
    pub accounts: Vec<AccountId>,
}

impl Operation for AddToAccounts {
    type Output = Vec<EntryRow>;
    const ACCESS: Access = Access::Write;

    fn run(
        self,
        conn: &mut DbConnection,
        _: &Context,
        now: Timestamp,
    ) -> Result<Vec<EntryRow>, OperationError> {
        if self.accounts.is_empty() {
            return Err(OperationError::invalid("account_ids", "must name at least one account"));
        }
        let mut added = Vec::new();
        for account in self.accounts {
            let id = add(conn, &Addition { account: Some(account), ..self.addition.clone() }, now)?;
            added.push(entry(conn, id)?);
        }
        Ok(added)
    }
}

/// What to do with an addition that the pool cannot take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnConflict {
    /// Nothing is added at all.
    Fail,
    /// The others are added.
    Skip,
}

/// Adds many at once.
#[derive(Debug, Clone)]
pub struct BatchAdd {
    pub items: Vec<Addition>,
    pub on_conflict: OnConflict,
}

/// The most that one batch may hold.
pub const BATCH_MAX: usize = 10_000;

/// What became of each addition of a batch, in order.
#[derive(Debug)]
pub struct BatchOutcome {
    pub items: Vec<Result<(EntryId, EntryStatus), OperationError>>,
}

impl Operation for BatchAdd {
    type Output = BatchOutcome;
    const ACCESS: Access = Access::Write;

    /// With [`OnConflict::Fail`] the first errors are given back as one `Invalid`, by index, and nothing is added.
    fn run(
        self,
        conn: &mut DbConnection,
        _: &Context,
        now: Timestamp,
    ) -> Result<BatchOutcome, OperationError> {
        if self.items.len() > BATCH_MAX {
            return Err(OperationError::invalid("items", format!("holds more than {BATCH_MAX} entries")));
        }
        let mut items = Vec::with_capacity(self.items.len());
        for (index, item) in self.items.iter().enumerate() {
            match add(conn, item, now) {
                Ok(id) => items.push(Ok((id, EntryStatus::Pending))),
                Err(OperationError::Db(error)) => return Err(OperationError::Db(error)),
                Err(error) if self.on_conflict == OnConflict::Skip => items.push(Err(error)),
                Err(error) => return Err(OperationError::InBatch { index, error: Box::new(error) }),
            }
        }
        Ok(BatchOutcome { items })
    }
}

/// Adds after every check that a second post depends on. The indexes hold what the checks promise.
pub(super) fn add(
    conn: &mut DbConnection,
    item: &Addition,
    now: Timestamp,
) -> Result<EntryId, OperationError> {
    if !(0..=MAX_RETRIES_LIMIT).contains(&item.max_retries) {
        return Err(OperationError::invalid("max_retries", format!("must be from 0 to {MAX_RETRIES_LIMIT}")));
    }
    let content = contents::brief(conn, item.content)?
        .ok_or_else(|| OperationError::not_found("content", item.content))?;
    let account = destination(conn, item.account.or(content.account_id))?;
    if let Some((entry, status)) = entries::open_entry(conn, item.content, account)? {
        return Err(OperationError::AlreadyInPool { content: item.content, account, entry, status });
    }
    if !item.again
        && let Some(at) = entries::first_published(conn, item.content, account)?
    {
        return Err(OperationError::AlreadyPublished { content: item.content, account, at });
    }
    let new = NewEntry {
        content: item.content,
        account,
        priority: item.priority,
        scheduled_at: item.scheduled_at,
        due_at: item.scheduled_at.unwrap_or(now).max(now),
        held: content.review_status != ReviewStatus::Approved,
        max_retries: item.max_retries,
        key: IdempotencyKey(secrets::random_hex(16)),
    };
    match entries::insert(conn, &new, now) {
        Ok(id) => Ok(id),
        Err(error) if error.is_duplicate() => {
            // Another node added it since we looked; its transaction is through, so a new look would find it.
            Err(OperationError::WrongState {
                what: format!("content {}", item.content),
                state: "being added by somebody else".to_owned(),
                wanted: "look at the pool, then try again",
            })
        }
        Err(error) => Err(error.into()),
    }
}

fn destination(conn: &mut DbConnection, asked: Option<AccountId>) -> Result<AccountId, OperationError> {
    if let Some(asked) = asked {
        return match accounts::exists(conn, asked)? {
            true => Ok(asked),
            false => Err(OperationError::not_found("account", asked)),
        };
    }
    let all = accounts::list(conn)?;
    let enabled: Vec<_> = all.iter().filter(|account| account.enabled).collect();
    match enabled[..] {
        [only] => Ok(only.id),
        [] => Err(OperationError::invalid("account_id", "there is no enabled account; create one first")),
        _ => {
            let names: Vec<String> =
                enabled.iter().map(|account| format!("{} ({})", account.id, account.name)).collect();
            Err(OperationError::invalid("account_id", format!("say which account: {}", names.join(", "))))
        }
    }
}

fn entry(conn: &mut DbConnection, id: EntryId) -> Result<EntryRow, OperationError> {
    entries::get(conn, id)?.ok_or_else(|| OperationError::not_found("entry", id))
}

/// Looks at one entry.
#[derive(Debug, Clone, Copy)]
pub struct GetEntry(pub EntryId);

impl Operation for GetEntry {
    type Output = EntryRow;
    const ACCESS: Access = Access::Read;

    fn run(self, conn: &mut DbConnection, _: &Context, _: Timestamp) -> Result<EntryRow, OperationError> {
        entry(conn, self.0)
    }
}

/// Entries, newest first. With `due`, only those that are pending and due now.
#[derive(Debug, Clone)]
pub struct ListEntries {
    pub filter: Filter,
    pub due: bool,
    pub paging: Paging,
}

impl Operation for ListEntries {
    type Output = Page<EntryRow>;
    const ACCESS: Access = Access::Read;

    fn run(
        self,
        conn: &mut DbConnection,
        _: &Context,
        now: Timestamp,
    ) -> Result<Page<EntryRow>, OperationError> {
        let filter = Filter { due_at: self.due.then_some(now), ..self.filter };
        Ok(self.paging.of(entries::list(conn, &filter, self.paging.limit(), self.paging.offset())?))
    }
}

/// The pool in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct PoolStats {
    pub total: i64,
    pub pending: i64,
    pub publishing: i64,
    pub published: i64,
    pub failed: i64,
    pub uncertain: i64,
    pub cancelled: i64,
    pub due_now: i64,
    /// How long the oldest due entry has been due, in seconds.
    pub oldest_due_seconds: Option<f64>,
    /// Failed among those that came to an end, 0 to 1.
    pub failure_rate: f64,
}

/// Counts the pool, whole or one account's.
#[derive(Debug, Clone, Copy)]
pub struct GetStats {
    pub account: Option<AccountId>,
}

impl Operation for GetStats {
    type Output = PoolStats;
    const ACCESS: Access = Access::Read;

    fn run(self, conn: &mut DbConnection, _: &Context, now: Timestamp) -> Result<PoolStats, OperationError> {
        if let Some(account) = self.account
            && !accounts::exists(conn, account)?
        {
            return Err(OperationError::not_found("account", account));
        }
        let mut stats = PoolStats::default();
        for (status, count) in entries::count_by_status(conn, self.account)? {
            stats.total += count;
            match status {
                EntryStatus::Pending => stats.pending = count,
                EntryStatus::Publishing => stats.publishing = count,
                EntryStatus::Published => stats.published = count,
                EntryStatus::Failed => stats.failed = count,
                EntryStatus::Uncertain => stats.uncertain = count,
                EntryStatus::Cancelled => stats.cancelled = count,
            }
        }
        let (due_now, oldest) = entries::due_now(conn, self.account, now)?;
        stats.due_now = due_now;
        stats.oldest_due_seconds = oldest.map(|at| now.since(at).as_secs_f64());
        let ended = stats.published + stats.failed;
        stats.failure_rate = if ended == 0 { 0.0 } else { stats.failed as f64 / ended as f64 };
        Ok(stats)
    }
}

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

/// Tries a failed or cancelled entry again, with all its retries.
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
