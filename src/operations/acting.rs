//! What somebody does: kept within the accounts that are theirs, and written into the audit in the same transaction.
//!
//! An operation that changes something for a person is a [`Change`], and knows neither of who asks nor of the audit:
//! [`As`] puts both around it.

mod changes;
mod order;
mod states;
mod told;
mod within;

pub use told::Told;

use super::{Access, Context, Operation, OperationError};
use crate::db::audit::{self, NewRow};
use crate::db::connection::{DbConnection, DbError};
use crate::db::contents;
use crate::db::entries::{self, Looked};
use crate::domain::actor::Actor;
use crate::domain::clock::Timestamp;
use crate::domain::ids::{AccountId, ContentId, EntryId};
use crate::domain::resource::{Resource, Subject};
use crate::domain::scope::Scope;
use crate::domain::thing::Thing;
use std::time::Duration;
use told::{Record, records};

/// Between two changes of one thing, at least.
const MOMENT: Duration = Duration::from_micros(1);
/// Longer than anybody waits for a row that another holds.
const WAITED_AT_MOST: Duration = Duration::from_secs(60);

/// A change, and who wants it.
#[derive(Debug, Clone)]
pub struct As<C> {
    pub actor: Actor,
    pub change: C,
}

impl<C: Change> Operation for As<C> {
    type Output = C::Output;
    const ACCESS: Access = C::ACCESS;
    const TOGETHER: bool = C::TOGETHER;

    fn run(self, conn: &mut DbConnection, cx: &Context, now: Timestamp) -> Result<C::Output, OperationError> {
        let As { actor, mut change } = self;
        if let Scope::Accounts(_) = actor.scope {
            change.keep_within(conn, &actor.scope)?;
        }
        change.act(&actor, conn, cx, now)
    }
}

/// An operation that changes something on somebody's behalf.
pub trait Change: Operation + Sized {
    /// What the audit calls it, such as `content.approve`.
    fn action(&self) -> &'static str;

    /// What it is about; what it makes has no id yet.
    fn subject(&self) -> Subject;

    /// What came of it.
    fn told(output: &Self::Output) -> Told;

    /// Refuses what concerns other accounts than those of `scope`, and gives up what would lead there by itself.
    fn keep_within(&mut self, conn: &mut DbConnection, scope: &Scope) -> Result<(), OperationError> {
        check(conn, scope, self.subject())
    }

    /// Locks what is to be locked before its subject: whoever locks several things keeps to one order.
    fn lock_first(&self, _: &mut DbConnection) -> Result<(), DbError> {
        Ok(())
    }

    /// Does it, and writes it down. Refused, it leaves no trace. Its subject is locked before the audit reads how it was:
    /// that is what the change replaces, whoever else changes it at the same moment.
    fn act(
        self,
        actor: &Actor,
        conn: &mut DbConnection,
        cx: &Context,
        now: Timestamp,
    ) -> Result<Self::Output, OperationError> {
        let (action, subject) = (self.action(), self.subject());
        self.lock_first(conn)?;
        let before = states::held(conn, subject)?;
        let output = self.run(conn, cx, now)?;
        for record in records(subject, before, Self::told(&output)) {
            write(conn, actor, action, &record, now)?;
        }
        Ok(output)
    }
}

/// Writes a row of the audit.
fn write(
    conn: &mut DbConnection,
    actor: &Actor,
    action: &str,
    record: &Record,
    now: Timestamp,
) -> Result<(), OperationError> {
    let row = NewRow {
        who: &actor.name,
        token: actor.token,
        place: &actor.place.to_string(),
        action,
        subject: record.subject,
        before: record.before.as_deref(),
        after: record.after.as_deref(),
    };
    let at = after_the_last(conn, record, now)?;
    Ok(audit::insert(conn, &row, at)?)
}

/// A change that waited for another of the same thing comes after it, also where it was asked for before: each shows as its
/// `before` what the one under it in the list has made. Where a clock was stepped back they are as far apart as it says.
fn after_the_last(conn: &mut DbConnection, record: &Record, now: Timestamp) -> Result<Timestamp, DbError> {
    if record.before.is_none() || record.subject.id.is_none() {
        return Ok(now);
    }
    let next = audit::last_change(conn, record.subject)?.map(|last| last + MOMENT);
    Ok(next.filter(|next| *next > now && *next < now + WAITED_AT_MOST).unwrap_or(now))
}

/// Whether somebody may touch this. What belongs to another account is not there for them; what is everybody's is
/// refused.
pub fn check(conn: &mut DbConnection, scope: &Scope, subject: Subject) -> Result<(), OperationError> {
    match (subject.kind, subject.id) {
        (Resource::Account, Some(id)) => see_account(scope, AccountId(id)),
        (Resource::Entry, Some(id)) => see_entry(conn, scope, EntryId(id)),
        (Resource::Content, Some(id)) => own_content(conn, scope, ContentId(id), Looked::Open),
        _ => Err(OperationError::OutOfScope { subject: Subject::all(subject.kind), scope: scope.clone() }),
    }
}

fn see_account(scope: &Scope, account: AccountId) -> Result<(), OperationError> {
    if scope.sees(account) { Ok(()) } else { Err(OperationError::not_found(Thing::Account, account)) }
}

fn see_entry(conn: &mut DbConnection, scope: &Scope, entry: EntryId) -> Result<(), OperationError> {
    match entries::account_of(conn, entry)? {
        Some(account) if scope.sees(account) => Ok(()),
        _ => Err(OperationError::not_found(Thing::Entry, entry)),
    }
}

/// Contents are everybody's to read. Whoever changes one changes what its accounts publish.
fn own_content(
    conn: &mut DbConnection,
    scope: &Scope,
    content: ContentId,
    looked: Looked,
) -> Result<(), OperationError> {
    let own = contents::account_of(conn, content)?;
    let own = own.ok_or_else(|| OperationError::not_found(Thing::Content, content))?;
    let mut accounts = entries::accounts_with_entries(conn, content, looked)?;
    accounts.extend(own);
    match accounts.iter().all(|account| scope.sees(*account)) {
        true => Ok(()),
        false => Err(OperationError::OutOfScope {
            subject: Subject::new(Resource::Content, content.0),
            scope: scope.clone(),
        }),
    }
}
