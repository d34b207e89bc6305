//! From a content to its entries: which accounts it goes to, and what each of them makes of it.

use super::report::{Became, EntryNote, EntryReport};
use super::{Accounts, Checked, Choices};
use crate::db::connection::DbConnection;
use crate::db::entries::{self, EntryRow, Plan, SlotColumns};
use crate::db::publish_log;
use crate::domain::clock::Timestamp;
use crate::domain::entry::EntryStatus;
use crate::domain::ids::*;
use crate::operations::entry::wanted_anew;
use crate::operations::pool::{self, Addition};
use crate::operations::slots::SlotBook;
use crate::operations::{Context, OperationError};

/// A content as the file has left it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Placed {
    pub content: ContentId,
    pub revision: i32,
    /// This import made it: no entry can be there.
    pub is_new: bool,
    /// The file's bytes are not those of its last import.
    pub is_changed: bool,
    /// This import made the revision.
    pub is_revised: bool,
}

/// What is the same for all files of an import.
#[derive(Clone, Copy)]
pub(super) struct Frame<'a> {
    pub cx: &'a Context,
    pub accounts: &'a Accounts,
    pub choices: &'a Choices,
    pub now: Timestamp,
}

/// Adds what is to be added, and says how it stands with the rest.
pub(super) fn place(
    conn: &mut DbConnection,
    file: &Checked,
    placed: Placed,
    frame: Frame<'_>,
    book: &mut SlotBook,
) -> Result<Vec<EntryReport>, OperationError> {
    let Frame { cx, accounts, choices, now } = frame;
    let may_add = choices.wants_entries(file);
    let targets = if may_add {
        accounts.of(file, choices)?
    } else if placed.is_new || !(placed.is_changed || choices.again) {
        vec![]
    } else {
        let named = accounts.named(file, choices);
        let mut known = entries::accounts_of_content(conn, placed.content)?;
        known.retain(|id| accounts.is_there(*id) && (named.is_empty() || named.contains(id)));
        known
    };
    let mut reports = Vec::new();
    for account in targets {
        let step = Step { file, placed, account, choices, cx, now };
        if let Some(mut report) = step.run(conn, may_add, book)? {
            report.account = accounts.name(account);
            reports.push(report);
        }
    }
    Ok(reports)
}

/// Entries that wait for a content, though its file is not imported now.
pub(super) fn waiting(
    conn: &mut DbConnection,
    content: ContentId,
    accounts: &Accounts,
) -> Result<Vec<EntryReport>, OperationError> {
    let mut reports = Vec::new();
    for id in entries::open_of_content(conn, content)? {
        let row = pool::entry(conn, id)?;
        let report = report(row.account_id, Some(&row), Became::WaitingAlready);
        reports.push(EntryReport { account: accounts.name(row.account_id), ..report });
    }
    Ok(reports)
}

fn report(account_id: AccountId, row: Option<&EntryRow>, became: Became) -> EntryReport {
    EntryReport {
        account_id,
        account: String::new(),
        entry_id: row.map(|row| row.id),
        became,
        due_at: row.filter(|row| row.status == EntryStatus::Pending).map(|row| row.due_at),
        note: None,
        similar: None,
    }
}

/// What is wrong with a file's slot or text is told by the file.
pub(super) fn of_the_file(path: &str, error: OperationError) -> OperationError {
    match error {
        OperationError::Invalid(mut fields) => {
            for field in &mut fields {
                field.field = format!("{path}: {}", field.field);
            }
            OperationError::Invalid(fields)
        }
        other => other,
    }
}

/// One content on one account.
struct Step<'a> {
    file: &'a Checked,
    placed: Placed,
    account: AccountId,
    choices: &'a Choices,
    cx: &'a Context,
    now: Timestamp,
}

impl Step<'_> {
    /// None where there is nothing to tell.
    fn run(
        &self,
        conn: &mut DbConnection,
        may_add: bool,
        book: &mut SlotBook,
    ) -> Result<Option<EntryReport>, OperationError> {
        let Placed { content, revision, is_new, is_changed, .. } = self.placed;
        if is_new {
            return self.add(conn, book, None).map(Some);
        }
        if let Some((open, _)) = entries::open_entry(conn, content, self.account)? {
            return self.keep(conn, book, open).map(Some);
        }
        if entries::first_published(conn, content, self.account)?.is_some() {
            let out = publish_log::published_revision(conn, content, self.account)?;
            // A log that was pruned no longer knows which revision is out.
            let is_stale = out.map_or(is_changed, |out| out < revision);
            return match (is_stale, self.choices.again) {
                (true, true) => self.add(conn, book, Some(EntryNote::Again(revision))),
                (true, false) => Ok(report(self.account, None, Became::UpdatedNotRepublished)),
                (false, _) => Ok(report(self.account, None, Became::AlreadyPublished)),
            }
            .map(Some);
        }
        if !may_add {
            return Ok(None);
        }
        let last = entries::newest_of(conn, content, self.account)?;
        let Some(last) = last.filter(|_| !self.choices.again) else {
            return self.add(conn, book, None).map(Some);
        };
        let tried_this = last.revision.map_or(!is_changed, |tried| tried >= revision);
        match last.status {
            EntryStatus::Cancelled => Ok(Some(report(self.account, Some(&last), Became::CancelledBefore))),
            EntryStatus::Failed if tried_this => {
                Ok(Some(report(self.account, Some(&last), Became::FailedBefore)))
            }
            EntryStatus::Failed
            | EntryStatus::Pending
            | EntryStatus::Publishing
            | EntryStatus::Published
            | EntryStatus::Uncertain => self.add(conn, book, None).map(Some),
        }
    }

    fn add(
        &self,
        conn: &mut DbConnection,
        book: &mut SlotBook,
        note: Option<EntryNote>,
    ) -> Result<EntryReport, OperationError> {
        let addition = Addition {
            account: Some(self.account),
            priority: self.file.post.priority.or(self.choices.priority).unwrap_or_default(),
            scheduled_at: self.file.post.scheduled_at,
            next_slot: self.file.post.next_slot,
            again: self.choices.again,
            ..Addition::of(self.placed.content)
        };
        let added = match pool::add(conn, self.cx, &addition, book, self.now) {
            Ok(added) => added,
            Err(OperationError::SimilarText { similar, .. }) => {
                let report = report(self.account, None, Became::Refused);
                return Ok(EntryReport { similar: Some(similar), ..report });
            }
            Err(error) => return Err(self.told_of(error)),
        };
        let (entry_id, due_at, similar) = (Some(added.id), Some(added.due_at), added.similar);
        Ok(EntryReport { entry_id, due_at, note, similar, ..report(self.account, None, Became::Added) })
    }

    fn told_of(&self, error: OperationError) -> OperationError {
        of_the_file(&self.file.path, error)
    }

    /// The time that the file wants of an entry which is there, and its slot.
    fn wanted(
        &self,
        conn: &mut DbConnection,
        book: &mut SlotBook,
        row: &EntryRow,
    ) -> Result<(Option<Timestamp>, SlotColumns), OperationError> {
        match self.file.post.scheduled_at {
            // One that sits in a slot has what its file asks for.
            None if self.file.post.next_slot && row.slot.0.is_none() => {
                let slot = book.next(conn, self.account, self.now).map_err(|error| self.told_of(error))?;
                Ok((Some(slot), (Some(slot), None)))
            }
            None => Ok((None, row.slot)),
            Some(at) if row.scheduled_at == Some(at) => Ok((Some(at), row.slot)),
            Some(at) => {
                let is_free = book.is_free_slot(conn, self.account, at, self.now)?;
                Ok((Some(at), (is_free.then_some(at), None)))
            }
        }
    }

    /// An open entry takes the newest text by itself; here it takes a changed priority and time.
    fn keep(
        &self,
        conn: &mut DbConnection,
        book: &mut SlotBook,
        id: EntryId,
    ) -> Result<EntryReport, OperationError> {
        let row = pool::locked_entry(conn, id)?;
        // It waits beside another content, whose priority and time count.
        if row.content_id != self.placed.content {
            return Ok(report(self.account, Some(&row), Became::WaitingAlready));
        }
        let is_changeable = row.status == EntryStatus::Pending && !row.unproven;
        let (wanted, slot) = match self.placed.is_changed && is_changeable {
            true => self.wanted(conn, book, &row)?,
            false => (self.file.post.scheduled_at, row.slot),
        };
        let plan = Plan {
            priority: self.file.post.priority.unwrap_or(row.priority),
            scheduled_at: wanted.or(row.scheduled_at),
            // The same time once more is no reason to cut a wait between two attempts short.
            due_at: match wanted {
                Some(at) if row.scheduled_at != Some(at) => at.max(self.now),
                Some(_) | None => row.due_at,
            },
            max_retries: row.max_retries,
            late_after_seconds: row.late.0,
            retried_at: match wanted {
                Some(at) if row.scheduled_at != Some(at) => wanted_anew(Some(at), &row, self.now),
                Some(_) | None => row.late.2,
            },
            slot,
        };
        let is_as_planned = (plan.priority, plan.scheduled_at) == (row.priority, row.scheduled_at);
        // Refused where it is on the wire, or may be out.
        if self.placed.is_changed && !is_as_planned && entries::set_plan(conn, id, plan, self.now)? {
            let row = EntryRow { due_at: plan.due_at, ..row };
            return Ok(report(self.account, Some(&row), Became::Updated));
        }
        let keeps_its_revision = row.unproven || row.status != EntryStatus::Pending;
        let note = (self.placed.is_revised && keeps_its_revision)
            .then(|| EntryNote::Keeps { status: row.status, revision: row.revision.unwrap_or(1) });
        Ok(EntryReport { note, ..report(self.account, Some(&row), Became::WaitingAlready) })
    }
}
