//! What each change is called, what it is about, and what came of it.

use super::order::{
    account_and_contents_of_updated, account_of_moved, contents_of_retried, pause_of_triggered,
    places_of_resolved,
};
use super::told::{Fields, Told, fields};
use super::within::*;
use super::{Change, check, states, write};
use crate::db::accounts::AccountRow;
use crate::db::connection::{DbConnection, DbError};
use crate::db::contents::ContentRow;
use crate::db::entries::EntryRow;
use crate::db::tasks::TaskRow;
use crate::db::tokens::TokenRow;
use crate::domain::actor::Actor;
use crate::domain::clock::Timestamp;
use crate::domain::ids::*;
use crate::domain::pause::Paused;
use crate::domain::resource::{Resource, Subject};
use crate::domain::scope::Scope;
use crate::operations::account::*;
use crate::operations::cancelling::{CancelExecution, CancelledExecution};
use crate::operations::content::*;
use crate::operations::credentials::{SealAnew, Sealed};
use crate::operations::entry::*;
use crate::operations::execution::TriggerTask;
use crate::operations::import::{ImportFolder, ImportReport};
use crate::operations::media::{AddMedia, AddedMedia, DeleteMedia, DeletedMedia};
use crate::operations::pause::{PausePublishing, ResumePublishing};
use crate::operations::pool::{AddToAccounts, AddToPool, AddedEntry, BatchAdd, BatchOutcome};
use crate::operations::publish_now::{PublishContent, PublishNow};
use crate::operations::restored::{GuardRestored, Guarded};
use crate::operations::slots::MoveEntry;
use crate::operations::task::*;
use crate::operations::token::{CreateToken, DeleteToken};
use crate::operations::{Context, OperationError};
use serde_json::json;
use std::collections::BTreeMap;

const PUBLISHING: Subject = Subject::all(Resource::Publishing);

/// What an output tells.
trait Tells {
    fn tells(&self) -> Told;
}

macro_rules! changes {
    ($($change:ty: $it:ident => $action:expr, $subject:expr $(, within $within:path)? $(, first $first:path)?;)+) => {$(
        impl Change for $change {
            fn action(&self) -> &'static str {
                let $it = self;
                let _ = $it;
                $action
            }

            fn subject(&self) -> Subject {
                let $it = self;
                let _ = $it;
                $subject
            }

            fn told(output: &Self::Output) -> Told {
                output.tells()
            }

            $(fn keep_within(&mut self, conn: &mut DbConnection, scope: &Scope) -> Result<(), OperationError> {
                $within(self, conn, scope)
            })?

            $(fn lock_first(&self, conn: &mut DbConnection) -> Result<(), DbError> {
                $first(self, conn)
            })?
        }
    )+};
}

const fn new(kind: Resource) -> Subject {
    Subject::all(kind)
}

changes! {
    CreateAccount: it => "account.create", new(Resource::Account);
    UpdateAccount: it => "account.update", Subject::new(Resource::Account, it.id.0), within account_updated;
    SuspendAccount: it => "account.suspend", Subject::new(Resource::Account, it.id.0);
    ResumeAccount: it => "account.resume", Subject::new(Resource::Account, it.0.0);
    DeleteAccount: it => "account.delete", Subject::new(Resource::Account, it.0.0);
    CreateContent: it => "content.create", new(Resource::Content), within created;
    UpdateContent: it => "content.update", Subject { kind: Resource::Content, id: it.id.map(|id| id.0) },
        within updated;
    ReviewContent: it => it.step.action(), Subject::new(Resource::Content, it.id.0);
    DeleteContent: it => "content.delete", Subject::new(Resource::Content, it.0.0), within deleted;
    AddToPool: it => "entry.add", new(Resource::Entry), within added;
    AddToAccounts: it => "entry.add", new(Resource::Entry), within added_to_several;
    BatchAdd: it => "pool.batch_add", new(Resource::Pool), within batch_added;
    UpdateEntry: it => "entry.update", Subject::new(Resource::Entry, it.id.0), first account_and_contents_of_updated;
    CancelEntry: it => "entry.cancel", Subject::new(Resource::Entry, it.0.0);
    RetryEntry: it => "entry.retry", Subject::new(Resource::Entry, it.id.0), first contents_of_retried;
    ResolveEntry: it => "entry.resolve", Subject::new(Resource::Entry, it.id.0), first places_of_resolved;
    MoveEntry: it => "entry.move", Subject::new(Resource::Entry, it.id.0), within moved, first account_of_moved;
    DeleteEntry: it => "entry.delete", Subject::new(Resource::Entry, it.0.0);
    ClearPublished: it => "pool.clear", new(Resource::Pool);
    PublishContent: it => "entry.publish", new(Resource::Entry), within added_now;
    CreateTask: it => "task.create", new(Resource::Task);
    UpdateTask: it => "task.update", Subject::new(Resource::Task, it.id.0);
    DeleteTask: it => "task.delete", Subject::new(Resource::Task, it.0.0);
    TriggerTask: it => "task.trigger", Subject::new(Resource::Task, it.task.0), first pause_of_triggered;
    CancelExecution: it => "execution.cancel", Subject::new(Resource::Execution, it.0.0);
    ResumePublishing: it => "publishing.resume", PUBLISHING;
    CreateToken: it => "token.create", new(Resource::Token);
    DeleteToken: it => "token.revoke", Subject::new(Resource::Token, it.0.0);
    AddMedia: it => "media.add", new(Resource::Media), within everybodys;
    DeleteMedia: it => "media.delete", Subject::new(Resource::Media, it.0.0);
    ImportFolder: it => "import.run", new(Resource::Import);
    SealAnew: it => "key.rotate", new(Resource::Database);
    GuardRestored: it => "database.restore", new(Resource::Database);
}

/// A row for each entry: who wanted it out matters more than how it stood.
impl Change for PublishNow {
    fn action(&self) -> &'static str {
        "entry.publish"
    }

    fn subject(&self) -> Subject {
        new(Resource::Entry)
    }

    fn told(rows: &Vec<EntryRow>) -> Told {
        let wanted =
            |row: &EntryRow| (Subject::new(Resource::Entry, row.id.0), fields(json!({"wanted_now": true})));
        Told::Now(rows.iter().map(wanted).collect())
    }

    fn keep_within(&mut self, conn: &mut DbConnection, scope: &Scope) -> Result<(), OperationError> {
        self.ids.iter().try_for_each(|id| check(conn, scope, Subject::new(Resource::Entry, id.0)))
    }
}

/// It opens transactions of its own, because it may have to try again: so it writes its row in the one that counts.
impl Change for PausePublishing {
    fn action(&self) -> &'static str {
        "publishing.pause"
    }

    fn subject(&self) -> Subject {
        PUBLISHING
    }

    fn told(paused: &Paused) -> Told {
        Told::Now(vec![(PUBLISHING, states::publishing(Some(paused)))])
    }

    fn act(
        self,
        actor: &Actor,
        conn: &mut DbConnection,
        cx: &Context,
        now: Timestamp,
    ) -> Result<Paused, OperationError> {
        let action = self.action();
        self.pause_and(conn, cx, now, |conn, paused_before, paused| {
            let before = Some(states::publishing(paused_before));
            for record in super::records(PUBLISHING, before, Self::told(paused)) {
                write(conn, actor, action, &record, now)?;
            }
            Ok(())
        })
    }
}

impl ReviewStep {
    fn action(self) -> &'static str {
        match self {
            ReviewStep::Submit => "content.submit",
            ReviewStep::Approve => "content.approve",
            ReviewStep::Reject => "content.reject",
        }
    }
}

macro_rules! states_of {
    ($($row:ty: $kind:ident, $fields:path;)+) => {$(
        impl Tells for $row {
            fn tells(&self) -> Told {
                Told::Now(vec![(Subject::new(Resource::$kind, self.id.0), $fields(self))])
            }
        }
    )+};
}

states_of! {
    AccountRow: Account, states::account;
    ContentRow: Content, states::content;
    EntryRow: Entry, states::entry;
    TaskRow: Task, states::task;
}

impl Tells for () {
    fn tells(&self) -> Told {
        Told::Gone
    }
}

impl Tells for Vec<EntryRow> {
    fn tells(&self) -> Told {
        let state = |row: &EntryRow| (Subject::new(Resource::Entry, row.id.0), states::entry(row));
        Told::Now(self.iter().map(state).collect::<Vec<(Subject, Fields)>>())
    }
}

impl Tells for AddedEntry {
    fn tells(&self) -> Told {
        self.row.tells()
    }
}

impl Tells for Vec<AddedEntry> {
    fn tells(&self) -> Told {
        let rows: Vec<EntryRow> = self.iter().map(|added| added.row.clone()).collect();
        rows.tells()
    }
}

impl Tells for BatchOutcome {
    fn tells(&self) -> Told {
        let mut by_account: BTreeMap<AccountId, Vec<EntryId>> = BTreeMap::new();
        for one in self.items.iter().flatten() {
            by_account.entry(one.account).or_default().push(one.id);
        }
        let of = |added: &[EntryId]| {
            let (first, last) = (added.iter().min(), added.iter().max());
            fields(json!({"added": added.len(), "first_id": first, "last_id": last}))
        };
        let all: Vec<EntryId> = by_account.values().flatten().copied().collect();
        let mut whole = of(&all);
        whole.insert("skipped".to_owned(), json!(self.items.len() - all.len()));
        // Whoever listens for one account hears of what was added there.
        let of_accounts =
            by_account.iter().map(|(id, added)| (Subject::new(Resource::Account, id.0), of(added)));
        Told::DidTo([(Subject::all(Resource::Pool), whole)].into_iter().chain(of_accounts).collect())
    }
}

/// How many entries were removed.
impl Tells for usize {
    fn tells(&self) -> Told {
        Told::did(json!({"removed": self}))
    }
}

/// The key by its fingerprint alone.
impl Tells for Sealed {
    fn tells(&self) -> Told {
        Told::did(json!({"accounts": self.accounts, "key": self.key}))
    }
}

impl Tells for ExecutionId {
    fn tells(&self) -> Told {
        Told::did(json!({"execution_id": self}))
    }
}

impl Tells for CancelledExecution {
    fn tells(&self) -> Told {
        let subject = Subject::new(Resource::Execution, self.row.id.0);
        Told::Now(vec![(subject, states::execution(&self.row))])
    }
}

/// The pause that has ended.
impl Tells for Option<Paused> {
    fn tells(&self) -> Told {
        Told::Now(vec![(PUBLISHING, states::publishing(None))])
    }
}

impl Tells for (TokenRow, String) {
    fn tells(&self) -> Told {
        Told::Now(vec![(Subject::new(Resource::Token, self.0.id.0), states::token(&self.0))])
    }
}

/// A picture that was there already was not made.
impl Tells for AddedMedia {
    fn tells(&self) -> Told {
        if !self.is_new {
            return Told::Nothing;
        }
        Told::Now(vec![(Subject::new(Resource::Media, self.row.id.0), states::picture(&self.row))])
    }
}

impl Tells for DeletedMedia {
    fn tells(&self) -> Told {
        Told::Gone
    }
}

impl Tells for ImportReport {
    fn tells(&self) -> Told {
        if self.dry_run || !self.imported {
            return Told::Nothing;
        }
        Told::did(json!({
            "files": self.files.len(), "created": self.created, "updated": self.updated,
            "unchanged": self.unchanged, "skipped": self.skipped, "bad": self.bad,
            "entries_added": self.entries_added, "entries_updated": self.entries_updated,
        }))
    }
}

impl Tells for Guarded {
    fn tells(&self) -> Told {
        Told::did(json!({
            "uncertain": self.uncertain, "unproven": self.unproven, "due_later": self.due_later,
            "tasks_disabled": self.tasks_disabled.len(),
        }))
    }
}
