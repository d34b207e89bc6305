//! Changes that are made only where a thing is still as somebody has read it: what another has changed meanwhile is not
//! overwritten unseen.
//!
//! The version of a thing is made of what people set of it and of when that was last written. It is looked at in the
//! transaction of the change, with the row locked, so that of several changes which expect the same version one is made.

use super::acting::{Change, Told};
use super::{Access, Context, Operation, OperationError};
use crate::db::accounts::AccountRow;
use crate::db::connection::{DbConnection, DbError};
use crate::db::contents::{self, ContentRow};
use crate::db::entries::{self, EntryRow};
use crate::db::slots;
use crate::db::tasks::{self, TaskRow};
use crate::domain::actor::Actor;
use crate::domain::clock::Timestamp;
use crate::domain::ids::{AccountId, ContentId, EntryId, TaskId};
use crate::domain::resource::Subject;
use crate::domain::scope::Scope;
use crate::domain::version::{Expected, Version};
use crate::operations::account::{DeleteAccount, ResumeAccount, SuspendAccount, UpdateAccount};
use crate::operations::content::{DeleteContent, ReviewContent, UpdateContent};
use crate::operations::entry::{CancelEntry, DeleteEntry, ResolveEntry, RetryEntry, UpdateEntry};
use crate::operations::publish_now::PublishNow;
use crate::operations::slots::MoveEntry;
use crate::operations::task::{DeleteTask, UpdateTask};
use crate::secrets;
use serde_json::{Value, json};

/// Enough that no two states of a thing have the same.
const DIGITS: usize = 20;

/// What has a version.
pub trait Versioned {
    fn version(&self) -> Version;
}

fn digest(state: &Value) -> Version {
    Version::new(secrets::sha256_hex(state.to_string().as_bytes()).chars().take(DIGITS).collect::<String>())
}

/// Credentials by the row's own count of changes: sealed anew with another key they are the same still.
impl Versioned for AccountRow {
    fn version(&self) -> Version {
        let AccountRow {
            id,
            name,
            platform,
            settings,
            credentials: _,
            credential_names,
            enabled,
            timezone,
            concurrency,
            on_unknown,
            suspended_reason,
            suspended_until,
            suspended_by_machine,
            wrong_address_entry: _,
            version,
            created_at: _,
            updated_at,
            spacing_seconds,
            daily_cap,
            windows,
            give_up_after_seconds,
            late_after_seconds,
            slots,
            missed_slot,
            on_similar,
        } = self;
        digest(&json!([
            [id, version, updated_at, name, platform, settings, credential_names, enabled, timezone],
            [concurrency, on_unknown, suspended_reason, suspended_until, suspended_by_machine],
            [spacing_seconds, daily_cap, windows, give_up_after_seconds, late_after_seconds],
            [slots, missed_slot, on_similar],
        ]))
    }
}

/// A revision is never changed: its text need not be read.
impl Versioned for ContentRow {
    fn version(&self) -> Version {
        digest(&json!([self.id, self.revision, self.review_status, self.account_id, self.updated_at]))
    }
}

/// Without what its lane, its platform or the clock say of it, which nobody can overwrite.
impl Versioned for EntryRow {
    fn version(&self) -> Version {
        let (late_after_seconds, retried_at) = (self.late.0, self.late.2);
        digest(&json!([
            [self.id, self.updated_at, self.status, self.unproven, self.attempt, self.retry_count],
            [self.priority, self.scheduled_at, self.max_retries, late_after_seconds, retried_at],
            [self.slot.0, self.log_id, self.published_at],
        ]))
    }
}

/// Without what its runs leave in it: a task that runs every second can be changed, too.
impl Versioned for TaskRow {
    fn version(&self) -> Version {
        let TaskRow {
            id,
            name,
            task_type,
            schedule_type,
            interval_seconds,
            cron,
            run_at,
            timezone,
            params,
            enabled,
            misfire,
            anchor: _,
            next_run: _,
            last_run: _,
            created_at: _,
            updated_at,
            missed_count: _,
            skipped_count: _,
            queued_count: _,
            last_missed_at: _,
            catch_up_next: _,
            catch_up_last: _,
        } = self;
        digest(&json!([
            [id, updated_at, name, task_type, schedule_type, interval_seconds, cron, run_at, timezone],
            [params, enabled, misfire],
        ]))
    }
}

/// A change of one thing that has a version.
pub trait ChangeOfOne: Change {
    /// The version of what it changes, which stays so until the caller's transaction ends; none where it is not there.
    fn hold(&self, conn: &mut DbConnection) -> Result<Option<Version>, DbError>;
}

macro_rules! held {
    ($($change:ty: $it:ident => $hold:ident($id:expr);)+) => {$(
        impl ChangeOfOne for $change {
            fn hold(&self, conn: &mut DbConnection) -> Result<Option<Version>, DbError> {
                let $it = self;
                $hold(conn, $it, $id)
            }
        }
    )+};
}

held! {
    UpdateAccount: it => account(it.id);
    SuspendAccount: it => account(it.id);
    ResumeAccount: it => account(it.0);
    DeleteAccount: it => account(it.0);
    UpdateContent: it => content(it.id);
    ReviewContent: it => content(Some(it.id));
    DeleteContent: it => content(Some(it.0));
    UpdateEntry: it => entry(it.id);
    CancelEntry: it => entry(it.0);
    RetryEntry: it => entry(it.id);
    ResolveEntry: it => entry(it.id);
    MoveEntry: it => entry(it.id);
    DeleteEntry: it => entry(it.0);
    PublishNow: it => only(&it.ids);
    UpdateTask: it => task(it.id);
    DeleteTask: it => task(it.0);
}

fn account(conn: &mut DbConnection, _: &impl Change, id: AccountId) -> Result<Option<Version>, DbError> {
    Ok(slots::lock_account(conn, id)?.map(|row| row.version()))
}

fn content(
    conn: &mut DbConnection,
    _: &impl Change,
    id: Option<ContentId>,
) -> Result<Option<Version>, DbError> {
    let row = id.map(|id| contents::lock(conn, id)).transpose()?.flatten();
    Ok(row.map(|row| row.version()))
}

fn entry(conn: &mut DbConnection, it: &impl Change, id: EntryId) -> Result<Option<Version>, DbError> {
    // Whoever locks an account and an entry of it begins with the account, and ends with the entry.
    if let Some(account) = entries::account_of(conn, id)? {
        slots::lock_account(conn, account)?;
    }
    it.lock_first(conn)?;
    Ok(entries::lock(conn, id)?.map(|row| row.version()))
}

/// Where it is one; several have no version in common.
fn only(conn: &mut DbConnection, it: &impl Change, ids: &[EntryId]) -> Result<Option<Version>, DbError> {
    match ids {
        [id] => entry(conn, it, *id),
        _ => Ok(None),
    }
}

fn task(conn: &mut DbConnection, _: &impl Change, id: TaskId) -> Result<Option<Version>, DbError> {
    Ok(tasks::lock(conn, id)?.map(|row| row.version()))
}

/// A change that is made only where what it changes is as expected, if anything is.
#[derive(Debug, Clone)]
pub struct IfStill<C> {
    pub expected: Option<Expected>,
    pub change: C,
}

impl<C: ChangeOfOne> IfStill<C> {
    const WRITES: () =
        assert!(matches!(C::ACCESS, Access::Write), "what is held is held to the end of a transaction");

    /// What is not there is not told here: the change says so itself.
    fn check(&self, conn: &mut DbConnection) -> Result<(), OperationError> {
        let () = Self::WRITES;
        let Some(expected) = &self.expected else { return Ok(()) };
        match self.change.hold(conn)? {
            Some(version) if !expected.fits(&version) => {
                Err(OperationError::Changed { subject: self.change.subject() })
            }
            Some(_) | None => Ok(()),
        }
    }
}

impl<C: ChangeOfOne> Operation for IfStill<C> {
    type Output = C::Output;
    const ACCESS: Access = C::ACCESS;

    fn run(self, conn: &mut DbConnection, cx: &Context, now: Timestamp) -> Result<C::Output, OperationError> {
        self.check(conn)?;
        self.change.run(conn, cx, now)
    }
}

impl<C: ChangeOfOne> Change for IfStill<C> {
    fn action(&self) -> &'static str {
        self.change.action()
    }

    fn subject(&self) -> Subject {
        self.change.subject()
    }

    fn told(output: &C::Output) -> Told {
        C::told(output)
    }

    fn keep_within(&mut self, conn: &mut DbConnection, scope: &Scope) -> Result<(), OperationError> {
        self.change.keep_within(conn, scope)
    }

    /// Held before the audit reads how it was.
    fn act(
        self,
        actor: &Actor,
        conn: &mut DbConnection,
        cx: &Context,
        now: Timestamp,
    ) -> Result<C::Output, OperationError> {
        self.check(conn)?;
        self.change.act(actor, conn, cx, now)
    }
}
