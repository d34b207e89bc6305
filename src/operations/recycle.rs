//! Evergreen contents go back into the pool: those that were published on an account before, and have not been for the
//! longest time.

use super::pool::{self, Addition, SameText};
use super::slots::SlotBook;
use super::{Access, Context, Operation, OperationError};
use crate::db::accounts::{self, AccountRow};
use crate::db::connection::DbConnection;
use crate::db::{recycled, tasks};
use crate::domain::clock::Timestamp;
use crate::domain::content::ReviewStatus;
use crate::domain::ids::*;
use crate::domain::kept::failure::KeptFailure;
use crate::domain::recycling::{self, Candidate, Rule};
use std::collections::HashSet;

/// Which contents a task recycles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    Contents(Vec<ContentId>),
    /// Those that have it now.
    Tag(String),
}

/// One run of a recycling task.
#[derive(Debug, Clone)]
pub struct Recycle {
    pub task: TaskId,
    pub chosen: Chosen,
    /// None named: all that are enabled.
    pub accounts: Vec<AccountId>,
    pub rule: Rule,
    /// From then on nothing is put back any more.
    pub until: Option<Timestamp>,
}

/// An entry that was added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PutBack {
    pub content: ContentId,
    pub account: AccountId,
    pub entry: EntryId,
}

/// What a run came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recycled {
    pub added: Vec<PutBack>,
    /// What was left out, and why, in words.
    pub notes: Vec<String>,
    /// When there is something to put back again, where none was put back now.
    pub next_at: Option<Timestamp>,
    /// Why the task is done, and has switched itself off.
    pub over: Option<String>,
}

impl Operation for Recycle {
    type Output = Recycled;
    const ACCESS: Access = Access::Write;

    fn run(self, conn: &mut DbConnection, cx: &Context, now: Timestamp) -> Result<Recycled, OperationError> {
        recycled::lock(conn)?;
        let mut done = Recycled::default();
        if let Some(until) = self.until.filter(|until| *until <= now) {
            done.over = Some(KeptFailure::EndHasCome { until }.to_string());
        } else {
            self.put_back(conn, cx, now, &mut done)?;
        }
        if done.over.is_some() {
            tasks::switch_off(conn, self.task, now)?;
        }
        Ok(done)
    }
}

impl Recycle {
    fn put_back(
        &self,
        conn: &mut DbConnection,
        cx: &Context,
        now: Timestamp,
        done: &mut Recycled,
    ) -> Result<(), OperationError> {
        let contents = self.contents(conn, done)?;
        let (mut next_at, mut all) = (Vec::new(), Vec::new());
        for account in self.accounts(conn, done)? {
            let candidates = recycled::candidates(conn, self.task, account, &contents)?;
            for content in recycling::choose(&candidates, self.rule, now) {
                let addition = Addition { account: Some(account), again: true, ..Addition::of(content) };
                match pool::add_as(conn, cx, &addition, SameText::Meant, &mut SlotBook::default(), now) {
                    Ok(added) => {
                        recycled::note(conn, self.task, content, account, now)?;
                        done.added.push(PutBack { content, account, entry: added.id });
                    }
                    // Somebody else has added it since we looked.
                    Err(OperationError::AlreadyInPool { .. }) => {}
                    // The others go on.
                    Err(unfit @ OperationError::Invalid(_)) => {
                        done.notes
                            .push(format!("content {content} is left out on account {account}: {unfit}"));
                    }
                    Err(error) => return Err(error),
                }
            }
            let left: Vec<Candidate> = recycled::candidates(conn, self.task, account, &contents)?;
            next_at.extend(recycling::next_at(&left, self.rule));
            all.extend(left);
        }
        if done.added.is_empty() {
            done.next_at = next_at.into_iter().min();
        }
        if recycling::is_over(&all, self.rule) {
            let times = self.rule.times_max.unwrap_or(0);
            done.over = Some(KeptFailure::EachPutBack { times: times.into() }.to_string());
        }
        Ok(())
    }

    /// The chosen ones that are approved.
    fn contents(
        &self,
        conn: &mut DbConnection,
        done: &mut Recycled,
    ) -> Result<Vec<ContentId>, OperationError> {
        let ids = match &self.chosen {
            Chosen::Contents(ids) => ids.clone(),
            Chosen::Tag(tag) => recycled::tagged(conn, tag)?,
        };
        let reviewed = recycled::reviewed(conn, &ids)?;
        let (mut approved, mut seen) = (Vec::with_capacity(ids.len()), HashSet::new());
        for id in ids.into_iter().filter(|id| seen.insert(*id)) {
            match reviewed.get(&id) {
                Some(ReviewStatus::Approved) => approved.push(id),
                Some(other) => done.notes.push(format!("content {id} is left out: it is {other}")),
                None => done.notes.push(format!("there is no content {id} any more")),
            }
        }
        Ok(approved)
    }

    /// The named ones that are enabled, or else all that are.
    fn accounts(
        &self,
        conn: &mut DbConnection,
        done: &mut Recycled,
    ) -> Result<Vec<AccountId>, OperationError> {
        let all: Vec<AccountRow> = accounts::list(conn)?;
        if self.accounts.is_empty() {
            return Ok(all.into_iter().filter(|account| account.enabled).map(|account| account.id).collect());
        }
        let mut found = Vec::new();
        for id in &self.accounts {
            match all.iter().find(|account| account.id == *id) {
                Some(account) if !account.enabled => {
                    done.notes.push(format!("account “{}” is left out: it is disabled", account.name));
                }
                Some(_) if found.contains(id) => {}
                Some(_) => found.push(*id),
                None => done.notes.push(format!("there is no account {id} any more")),
            }
        }
        Ok(found)
    }
}
