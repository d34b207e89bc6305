//! The publish pool: adding and looking. What an addition is checked for is in `pool/adding.rs`, what changes an entry in
//! `entry.rs`.

mod adding;
mod extras;

use crate::domain::fault::PoolFault;
use crate::domain::thing::Thing;
pub use adding::Added;
pub(super) use adding::{SameText, add, add_as, late_after, only_enabled};
use adding::{fitting, hold_all};
pub(super) use extras::{change as change_extras, contents_of, hold_contents};

use super::slots::SlotBook;
use super::{Access, Context, Operation, OperationError, Page, Paging};
use crate::db::accounts;
use crate::db::connection::DbConnection;
use crate::db::entries::{self, EntryRow, Filter, Listed, Window};
use crate::db::pool_counts::{self, Counts};
use crate::domain::clock::Timestamp;
use crate::domain::ids::*;
use crate::domain::pool_stats::PoolStats;
use crate::domain::priority::Priority;
use crate::domain::retry::MAX_RETRIES_DEFAULT;
use crate::domain::scope::Scope;
use crate::domain::similar_text::Similar;
use std::collections::{BTreeMap, HashMap};

/// What a user asks for; what is none gets its default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addition {
    pub content: ContentId,
    /// Further contents that are published in the same post, after it.
    pub extras: Vec<ContentId>,
    /// None: the content's own account, else the only enabled one.
    pub account: Option<AccountId>,
    pub priority: Priority,
    /// None, or one in the past: now.
    pub scheduled_at: Option<Timestamp>,
    /// In the place of `scheduled_at`: the next free posting slot of the account.
    pub next_slot: bool,
    pub max_retries: i32,
    /// Publish it on the account although it was published there before.
    pub again: bool,
    /// What could not go out so long after its time is not published late. None: as the account says.
    pub late_after_seconds: Option<i64>,
}

impl Addition {
    pub fn of(content: ContentId) -> Self {
        Addition {
            content,
            extras: Vec::new(),
            account: None,
            priority: Priority::default(),
            scheduled_at: None,
            next_slot: false,
            max_retries: MAX_RETRIES_DEFAULT,
            again: false,
            late_after_seconds: None,
        }
    }
}

/// An entry that is to go out, as somebody has just asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddedEntry {
    pub row: EntryRow,
    /// Another one of its account with the same text, of which whoever asked should know.
    pub similar: Option<Similar>,
}

/// Adds one content for one account.
#[derive(Debug, Clone)]
pub struct AddToPool(pub Addition);

impl Operation for AddToPool {
    type Output = AddedEntry;
    const ACCESS: Access = Access::Write;
    const TOGETHER: bool = true;

    fn run(
        self,
        conn: &mut DbConnection,
        cx: &Context,
        now: Timestamp,
    ) -> Result<AddedEntry, OperationError> {
        let Added { id, similar, .. } = add(conn, cx, &self.0, &mut SlotBook::default(), now)?;
        Ok(AddedEntry { row: entry(conn, id)?, similar })
    }
}

/// Adds one content for several accounts: all or none.
#[derive(Debug, Clone)]
pub struct AddToAccounts {
    pub addition: Addition,
    pub accounts: Vec<AccountId>,
}

impl Operation for AddToAccounts {
    type Output = Vec<AddedEntry>;
    const ACCESS: Access = Access::Write;

    fn run(
        self,
        conn: &mut DbConnection,
        cx: &Context,
        now: Timestamp,
    ) -> Result<Vec<AddedEntry>, OperationError> {
        if self.accounts.is_empty() {
            return Err(OperationError::invalid("account_ids", PoolFault::NoAccounts));
        }
        let mut added = Vec::new();
        for (place, account) in self.accounts.iter().enumerate() {
            if self.accounts[..place].contains(account) {
                return Err(OperationError::invalid("account_ids", PoolFault::AccountTwice(*account)));
            }
        }
        let to = |&account| Addition { account: Some(account), ..self.addition.clone() };
        let items: Vec<Addition> = self.accounts.iter().map(to).collect();
        let mut book = hold_all(conn, &items, now)?;
        for item in &items {
            let Added { id, similar, .. } = add(conn, cx, item, &mut book, now)?;
            added.push(AddedEntry { row: entry(conn, id)?, similar });
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
    pub items: Vec<Result<Added, OperationError>>,
}

impl Operation for BatchAdd {
    type Output = BatchOutcome;
    const ACCESS: Access = Access::Write;

    /// With [`OnConflict::Fail`] the first error is given back, by index, and nothing is added. With either, so is that of
    /// an item which no pool could take: it is a mistake in what was asked, and no conflict.
    fn run(
        self,
        conn: &mut DbConnection,
        cx: &Context,
        now: Timestamp,
    ) -> Result<BatchOutcome, OperationError> {
        if self.items.len() > BATCH_MAX {
            return Err(OperationError::invalid("items", PoolFault::TooManyEntries { most: BATCH_MAX }));
        }
        let mut added = HashMap::new();
        for (index, item) in self.items.iter().enumerate() {
            fitting(item).map_err(|error| in_batch(index, error, &added))?;
        }
        let mut book = hold_all(conn, &self.items, now)?;
        let mut items = Vec::with_capacity(self.items.len());
        for (index, item) in self.items.iter().enumerate() {
            match add(conn, cx, item, &mut book, now) {
                Ok(one) => {
                    added.insert(one.id, index);
                    items.push(Ok(one));
                }
                Err(OperationError::Db(error)) => return Err(OperationError::Db(error)),
                Err(error) if self.on_conflict == OnConflict::Skip => items.push(Err(error)),
                Err(error) => return Err(in_batch(index, error, &added)),
            }
        }
        Ok(BatchOutcome { items })
    }
}

/// The entry that is in an item's way may be one of this batch, which is undone: then the item is named instead.
fn in_batch(index: usize, error: OperationError, added: &HashMap<EntryId, usize>) -> OperationError {
    match &error {
        OperationError::AlreadyInPool { entry, .. } if added.contains_key(entry) => {
            OperationError::invalid(format!("items[{index}]"), PoolFault::Repeats(added[entry]))
        }
        OperationError::SimilarText { similar, .. } if added.contains_key(&similar.entry) => {
            let error = Box::new(OperationError::SimilarItem { item: added[&similar.entry] });
            OperationError::InBatch { index, error }
        }
        _ => OperationError::InBatch { index, error: Box::new(error) },
    }
}

pub(super) fn entry(conn: &mut DbConnection, id: EntryId) -> Result<EntryRow, OperationError> {
    entries::get(conn, id)?.ok_or_else(|| OperationError::not_found(Thing::Entry, id))
}

/// The same, and it stays so until the caller's transaction ends.
pub(super) fn locked_entry(conn: &mut DbConnection, id: EntryId) -> Result<EntryRow, OperationError> {
    entries::lock(conn, id)?.ok_or_else(|| OperationError::not_found(Thing::Entry, id))
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
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ListEntries {
    pub filter: Filter,
    pub due: bool,
    pub paging: Paging,
    /// Only those that are older than this one: where a page before said that the list goes on.
    pub before: Option<EntryId>,
}

impl ListEntries {
    /// A page of those that a filter lets through.
    pub fn page(filter: Filter, paging: Paging) -> Self {
        ListEntries { filter, due: false, paging, before: None }
    }
}

/// A page of entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryPage {
    pub page: Page<EntryRow>,
    /// Whether the page's total is how many there are, and not only how many were found as far as the count went.
    pub is_whole: bool,
    /// Where the list goes on, if it may: also after a page that is not full.
    pub next: Option<EntryId>,
}

impl Operation for ListEntries {
    type Output = EntryPage;
    const ACCESS: Access = Access::Read;

    fn run(self, conn: &mut DbConnection, _: &Context, now: Timestamp) -> Result<EntryPage, OperationError> {
        let filter = Filter { due_at: self.due.then_some(now).or(self.filter.due_at), ..self.filter };
        let window = Window { limit: self.paging.limit(), offset: self.paging.offset(), before: self.before };
        let Listed { rows, total, is_whole, next } = entries::list(conn, &filter, window)?;
        Ok(EntryPage { page: self.paging.of((rows, total)), is_whole, next })
    }
}

/// Counts the entries of each account.
#[derive(Debug, Clone, Copy)]
pub struct CountPool;

impl Operation for CountPool {
    type Output = BTreeMap<AccountId, Counts>;
    const ACCESS: Access = Access::Read;

    fn run(self, conn: &mut DbConnection, _: &Context, _: Timestamp) -> Result<Self::Output, OperationError> {
        Ok(pool_counts::by_account(conn)?)
    }
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
            return Err(OperationError::not_found(Thing::Account, account));
        }
        count(conn, &Scope::of_account(self.account), now)
    }
}

/// Counts the entries of these accounts together.
#[derive(Debug, Clone)]
pub struct GetStatsWithin(pub Scope);

impl Operation for GetStatsWithin {
    type Output = PoolStats;
    const ACCESS: Access = Access::Read;

    fn run(self, conn: &mut DbConnection, _: &Context, now: Timestamp) -> Result<PoolStats, OperationError> {
        count(conn, &self.0, now)
    }
}

fn count(conn: &mut DbConnection, within: &Scope, now: Timestamp) -> Result<PoolStats, OperationError> {
    let counts = pool_counts::read(conn, within)?;
    let Counts { pending, publishing, published, failed, uncertain, cancelled } = counts;
    let (due_now, oldest) = pool_counts::due(conn, within, now)?;
    let ended = published + failed;
    Ok(PoolStats {
        total: counts.total(),
        pending,
        publishing,
        published,
        failed,
        uncertain,
        cancelled,
        due_now,
        oldest_due_seconds: oldest.map(|at| now.since(at).as_secs_f64()),
        failure_rate: if ended == 0 { 0.0 } else { failed as f64 / ended as f64 },
    })
}
