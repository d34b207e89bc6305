//! The guard after a restore: a copy knows nothing of what went out after it was made, so nothing of it goes out by
//! itself that may be out already.

use super::cancelling::stop_task;
use super::ready::rules_of;
use super::recovery::{Dead, NodesWithClaims, Recover};
use super::{Access, Context, Operation, OperationError};
use crate::db::accounts;
use crate::db::connection::DbConnection;
use crate::db::pool_counts;
use crate::db::publish_log::{self, Saying};
use crate::db::transitions::{self, InDoubt};
use crate::db::{demands, entries, nodes, tasks};
use crate::domain::clock::Timestamp;
use crate::domain::delivery_class::DeliveryClass;
use crate::domain::entry::EntryStatus;
use crate::domain::ids::{AccountId, NodeId, TaskId};
use crate::domain::kept::message::KeptMessage;
use crate::domain::outcome::Rules;
use crate::domain::pause::Paused;
use crate::domain::scope::Scope;
use crate::domain::settlement::LogStatus;
use serde::Serialize;
use std::collections::HashMap;

/// The code of a log row that the guard writes.
pub const RESTORED: &str = "restored";

/// Takes back what the copy says is on the wire. Its nodes are of another life: the caller has made sure that none runs.
#[derive(Debug, Clone, Copy)]
pub struct TakeBackAll;

impl Operation for TakeBackAll {
    type Output = usize;
    const ACCESS: Access = Access::Engine;

    fn run(self, conn: &mut DbConnection, cx: &Context, now: Timestamp) -> Result<usize, OperationError> {
        // No node has this id: theirs are random.
        let by = NodeId("restore".to_owned());
        let nodes = NodesWithClaims { by: by.clone() }.run(conn, cx, now)?;
        Ok(Recover { by, dead: Dead::Nodes(nodes) }.run(conn, cx, now)?.entries)
    }
}

/// Puts all that was due by now in doubt, pauses publishing, and stops what feeds the pool by itself: in one
/// transaction, before any node sees the database.
#[derive(Debug, Clone)]
pub struct GuardRestored {
    /// Who restores, for the log.
    pub by: String,
}

/// How the pool stands after a restore.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Guarded {
    /// Entries of which a person has to say whether they are out.
    pub uncertain: i64,
    /// Entries that are sent again with the same key, or looked up before.
    pub unproven: i64,
    /// Entries that were not due yet, and go out in their time.
    pub due_later: i64,
    /// Tasks that were enabled, and would have put posts into the pool.
    pub tasks_disabled: Vec<Stopped>,
}

/// A task that runs no more by itself until a person enables it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stopped {
    pub id: TaskId,
    pub name: String,
}

impl Operation for GuardRestored {
    type Output = Guarded;
    const ACCESS: Access = Access::Write;

    fn run(self, conn: &mut DbConnection, cx: &Context, now: Timestamp) -> Result<Guarded, OperationError> {
        let rules = rules_of_all(conn, cx)?;
        for one in transitions::due_by(conn, now)? {
            let (to, look_up_at) = becomes(&one, rules.get(&one.account), now);
            let log = publish_log::insert_saying(conn, &saying(&one, to, &self.by), now)?;
            if !transitions::restored(conn, &one, (to, look_up_at), log, now)? {
                return Err(OperationError::Raced);
            }
        }
        accounts::look_at_all(conn)?;
        // Whoever wanted something out now has seen what became of it.
        demands::withdraw_all(conn)?;
        let gone: Vec<NodeId> = nodes::list(conn)?.into_iter().map(|node| node.id).collect();
        nodes::remove(conn, &gone)?;
        let paused =
            Paused { since: now, by: self.by.clone(), reason: Some(KeptMessage::LookFirst.to_string()) };
        super::pause::begin(conn, cx, &paused, now)?;
        let tasks_disabled = disable_tasks(conn, cx, now)?;
        Ok(Guarded { tasks_disabled, ..count(conn, now)? })
    }
}

fn rules_of_all(conn: &mut DbConnection, cx: &Context) -> Result<HashMap<AccountId, Rules>, OperationError> {
    let rules = accounts::list(conn)?.into_iter().map(|account| {
        let settings = serde_json::from_str(&account.settings).unwrap_or_default();
        let rules = rules_of(cx.registry.get(&account.platform), &settings, account.on_unknown, cx);
        (account.id, rules)
    });
    Ok(rules.collect())
}

/// What becomes of an entry, and when its platform is asked whether it is there. Nobody asked for another send, so the
/// account's wish for attempts whose end is not seen (`on_unknown`) does not count here.
fn becomes(one: &InDoubt, rules: Option<&Rules>, now: Timestamp) -> (EntryStatus, Option<Timestamp>) {
    match rules.map(|rules| (rules.class, rules.settle_time)) {
        // Sent again it would be what nobody has approved, as far as this copy knows.
        _ if one.held => (EntryStatus::Uncertain, None),
        Some((DeliveryClass::Keyed, _)) => (EntryStatus::Pending, None),
        // The last node may have sent it a moment ago.
        Some((DeliveryClass::Detects, settle_time)) => (EntryStatus::Pending, Some(now + settle_time)),
        Some((DeliveryClass::Blind, _)) | None => (EntryStatus::Uncertain, None),
    }
}

fn saying<'a>(one: &InDoubt, to: EntryStatus, said_by: &'a str) -> Saying<'a> {
    let is_uncertain = to == EntryStatus::Uncertain;
    Saying {
        entry: one.entry,
        content: one.content,
        revision: one.revision,
        account: one.account,
        attempt: one.attempt + 1,
        status: if is_uncertain { LogStatus::Uncertain } else { LogStatus::NotSent },
        problem: Some((RESTORED, KeptMessage::FromACopy)),
        media_id: None,
        url: None,
        said_by,
    }
}

fn disable_tasks(
    conn: &mut DbConnection,
    cx: &Context,
    now: Timestamp,
) -> Result<Vec<Stopped>, OperationError> {
    let mut disabled = Vec::new();
    for task in tasks::list(conn)? {
        // Their memory of earlier runs is as old as the copy.
        let feeds_pool = cx.task_types.get(&task.task_type).is_none_or(|kind| kind.feeds_pool);
        if !task.enabled || !feeds_pool {
            continue;
        }
        let id = task.id;
        disabled.push(Stopped { id, name: task.name });
        tasks::switch_off(conn, id, now)?;
        stop_task(conn, cx, id, now)?;
    }
    Ok(disabled)
}

fn count(conn: &mut DbConnection, now: Timestamp) -> Result<Guarded, OperationError> {
    Ok(Guarded {
        uncertain: pool_counts::read(conn, &Scope::Everything)?.uncertain,
        unproven: entries::count_unproven(conn)?,
        due_later: entries::count_due_after(conn, now)?,
        tasks_disabled: Vec::new(),
    })
}
