//! Adding one entry: the checks that a second post depends on, and the slot that it is to sit in.

use super::Addition;
use super::extras::{Beside, beside, fits, hold_contents};
use crate::db;
use crate::db::accounts::{self, AccountRow};
use crate::db::connection::DbConnection;
use crate::db::contents::{self, ContentBrief};
use crate::db::entries::{self, NewEntry};
use crate::domain::account::OnSimilar;
use crate::domain::clock::Timestamp;
use crate::domain::content::ReviewStatus;
use crate::domain::fault::{Fault, PoolFault};
use crate::domain::ids::*;
use crate::domain::lateness;
use crate::domain::retry::MAX_RETRIES_LIMIT;
use crate::domain::similar_text::Similar;
use crate::domain::thing::Thing;
use crate::operations::slots::SlotBook;
use crate::operations::texts::{self, Outgoing};
use crate::operations::{Context, OperationError, fitting};
use crate::secrets;
use std::collections::BTreeSet;

/// An entry that was added, and is pending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Added {
    pub id: EntryId,
    pub account: AccountId,
    /// The one that it got, where it asked for the next slot.
    pub slot: Option<Timestamp>,
    pub due_at: Timestamp,
    /// Another one of its account with the same text, of which whoever added it should know.
    pub similar: Option<Similar>,
}

/// Whether somebody is to know of an addition that the same text was on the account lately.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::operations) enum SameText {
    /// Whoever adds it is told, or it is refused where the account wants that.
    Told,
    /// That is what it is for.
    Meant,
}

/// Adds after every check that a second post depends on. The indexes hold what the checks promise.
pub(in crate::operations) fn add(
    conn: &mut DbConnection,
    cx: &Context,
    item: &Addition,
    book: &mut SlotBook,
    now: Timestamp,
) -> Result<Added, OperationError> {
    add_as(conn, cx, item, SameText::Told, book, now)
}

/// The same for who may mean to post what was posted before.
pub(in crate::operations) fn add_as(
    conn: &mut DbConnection,
    cx: &Context,
    item: &Addition,
    same_text: SameText,
    book: &mut SlotBook,
    now: Timestamp,
) -> Result<Added, OperationError> {
    let late_after_seconds = fitting(item)?;
    // Whoever locks an account and a content begins with the account.
    let held = slot_account(conn, item, book, now)?;
    if let Some(account) = held {
        book.hold(conn, account, now)?;
    }
    let extras = beside(item)?;
    hold_contents(conn, item.content, extras.ids())?;
    let content = contents::brief(conn, item.content)?
        .ok_or_else(|| OperationError::not_found(Thing::Content, item.content))?;
    let (account, on_similar) = destination(conn, item.account.or(content.account_id))?;
    may_be_added(conn, item.content, account, item.again)?;
    fitting::check_content(conn, cx, item.content, &[account])?;
    fits(conn, cx, account, &extras)?;
    let beside =
        Beside { extras: extras.ids().iter().copied().enumerate().collect(), account, again: item.again };
    let are_approved = beside.check(conn, cx)?;
    // The content was given another account since.
    if held.is_some_and(|held| held != account) {
        return Err(OperationError::Raced);
    }
    let similar = match same_text {
        SameText::Told => {
            let own = similar(conn, item.content, item.again, &content, (account, on_similar), now)?;
            let of_extras = beside.similar(conn, on_similar, now)?;
            own.or(of_extras)
        }
        SameText::Meant => None,
    };
    let mut slot_at = match (held, item.scheduled_at) {
        (Some(_), None) => Some(book.next(conn, account, now)?),
        (Some(_), Some(at)) => book.is_free(conn, account, at)?.then_some(at),
        (None, _) => None,
    };
    loop {
        let scheduled_at = if item.next_slot { slot_at } else { item.scheduled_at };
        let new = NewEntry {
            content: item.content,
            account,
            priority: item.priority,
            scheduled_at,
            due_at: scheduled_at.unwrap_or(now).max(now),
            held: content.review_status != ReviewStatus::Approved || !are_approved,
            max_retries: item.max_retries,
            key: IdempotencyKey(secrets::random_hex(16)),
            late_after_seconds,
            slot_at,
        };
        if let Some(id) = entries::insert(conn, &new, now)? {
            if !extras.is_empty() {
                db::extras::set(conn, id, &extras)?;
            }
            let slot = slot_at.filter(|_| item.next_slot);
            return Ok(Added { id, account, slot, due_at: new.due_at, similar });
        }
        // Somebody else added it since we looked, or sits in the slot.
        if let Some((entry, status)) = entries::open_entry(conn, item.content, account)? {
            if let (true, Some(slot)) = (item.next_slot, slot_at) {
                book.give_back(account, slot);
            }
            return Err(OperationError::AlreadyInPool { content: item.content, account, entry, status });
        }
        slot_at = match slot_at {
            Some(_) if item.next_slot => Some(book.next(conn, account, now)?),
            Some(_) => None,
            None => return Err(OperationError::Raced),
        };
    }
}

/// Refuses what waits for the account already, or is out there and not said to be meant.
pub(super) fn may_be_added(
    conn: &mut DbConnection,
    content: ContentId,
    account: AccountId,
    again: bool,
) -> Result<(), OperationError> {
    if let Some((entry, status)) = entries::open_entry(conn, content, account)? {
        return Err(OperationError::AlreadyInPool { content, account, entry, status });
    }
    match entries::first_published(conn, content, account)? {
        Some(at) if !again => Err(OperationError::AlreadyPublished { content, account, at }),
        Some(_) | None => Ok(()),
    }
}

/// Refuses what no pool could take, whatever is in it. Gives how late the entry may be.
pub(super) fn fitting(item: &Addition) -> Result<Option<i32>, OperationError> {
    if !(0..=MAX_RETRIES_LIMIT).contains(&item.max_retries) {
        return Err(OperationError::invalid(
            "max_retries",
            Fault::Range { least: 0, most: MAX_RETRIES_LIMIT.into() },
        ));
    }
    if item.next_slot && item.scheduled_at.is_some() {
        return Err(OperationError::invalid("scheduled_at", PoolFault::TimeOrSlot));
    }
    beside(item)?;
    late_after(item.late_after_seconds)
}

/// Another entry with the text of an addition, which is refused for it where its account wants that and it is not said to
/// be meant.
pub(super) fn similar(
    conn: &mut DbConnection,
    id: ContentId,
    again: bool,
    content: &ContentBrief,
    (account, on_similar): (AccountId, OnSimilar),
    now: Timestamp,
) -> Result<Option<Similar>, OperationError> {
    let is_refused = on_similar == OnSimilar::Refuse && !again;
    if is_refused {
        entries::hold_texts(conn, account)?;
    }
    // It waits nowhere itself, and was published there before only where it is added again.
    let it = Outgoing { itself: again, ..Outgoing::new(id, content, account) };
    match texts::similar(conn, it, now)? {
        Some(similar) if is_refused => Err(OperationError::SimilarText { content: id, similar }),
        found => Ok(found),
    }
}

/// The account in whose slot an addition is to sit: in the next free one, or in the one whose time it was given.
fn slot_account(
    conn: &mut DbConnection,
    item: &Addition,
    book: &mut SlotBook,
    now: Timestamp,
) -> Result<Option<AccountId>, OperationError> {
    let at = item.scheduled_at.filter(|at| *at > now);
    if !item.next_slot && (at.is_none() || !book.has_any(conn)?) {
        return Ok(None);
    }
    let own = match item.account {
        Some(_) => None,
        None => contents::account_of(conn, item.content)?
            .ok_or_else(|| OperationError::not_found(Thing::Content, item.content))?,
    };
    let (account, _) = destination(conn, item.account.or(own))?;
    Ok(match at {
        Some(at) => book.is_slot(conn, account, at)?.then_some(account),
        None => Some(account),
    })
}

/// Holds the accounts in whose slots any of these is to sit, in the order that all keep to.
pub(super) fn hold_all(
    conn: &mut DbConnection,
    items: &[Addition],
    now: Timestamp,
) -> Result<SlotBook, OperationError> {
    let mut book = SlotBook::default();
    let mut accounts = BTreeSet::new();
    for item in items {
        match slot_account(conn, item, &mut book, now) {
            Ok(account) => accounts.extend(account),
            Err(OperationError::Db(error)) => return Err(OperationError::Db(error)),
            // It is told where it is added.
            Err(_) => {}
        }
    }
    for account in accounts {
        book.hold(conn, account, now)?;
    }
    Ok(book)
}

/// How late an entry may be, checked.
pub(in crate::operations) fn late_after(seconds: Option<i64>) -> Result<Option<i32>, OperationError> {
    let checked = seconds.map(lateness::late_after).transpose();
    checked.map_err(|wrong| OperationError::invalid("late_after_seconds", wrong))
}

/// Where something goes, and what is made there of texts that it had lately.
fn destination(
    conn: &mut DbConnection,
    asked: Option<AccountId>,
) -> Result<(AccountId, OnSimilar), OperationError> {
    let account = match asked {
        Some(asked) => asked,
        None => only_enabled(&accounts::list(conn)?)?,
    };
    let on_similar = accounts::on_similar(conn, account)?;
    on_similar
        .map(|on_similar| (account, on_similar))
        .ok_or_else(|| OperationError::not_found(Thing::Account, account))
}

/// Where things go that name no account.
pub(in crate::operations) fn only_enabled(all: &[AccountRow]) -> Result<AccountId, OperationError> {
    let enabled: Vec<_> = all.iter().filter(|account| account.enabled).collect();
    match enabled[..] {
        [only] => Ok(only.id),
        [] => Err(OperationError::invalid("account_id", PoolFault::NoEnabledAccount)),
        _ => {
            let names = enabled.iter().map(|account| (account.id, account.name.clone())).collect();
            Err(OperationError::invalid("account_id", PoolFault::WhichAccount(names)))
        }
    }
}
