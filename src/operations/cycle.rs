//! The engine's cycle: what ended goes in, what is due comes out, and runs that are through are closed, in one
//! transaction. A call to a platform starts only after its commit.

use super::claiming;
use super::cycle_runs::{close_finished, roll_over};
use super::demands;
use super::ready::Ready;
use super::{Access, Context, Operation, OperationError};
use crate::db::claim::{Claim, Claimant};
use crate::db::connection::{DbConnection, DbError};
use crate::db::transitions::{self, Ended, Look, Opening, Written};
use crate::db::{accounts, due, leases, meta};
use crate::domain::clock::Timestamp;
use crate::domain::ids::*;
use crate::domain::lateness::Why;
use crate::domain::report::Report;
use crate::domain::turns::Room;
use fail::fail_point;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// What is due and could not be claimed is looked at again after this long, should no event come first.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// What a node claims for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimScope {
    /// Every open execution: a server.
    Everything,
    /// The executions of one task: a command that runs it.
    Task(TaskId),
    /// What people want out now, and no execution: a command that publishes entries.
    Demands,
}

impl ClaimScope {
    fn covers(self, task: TaskId) -> bool {
        match self {
            ClaimScope::Everything => true,
            ClaimScope::Task(own) => own == task,
            ClaimScope::Demands => false,
        }
    }

    /// The task whose runs and jobs it works on; none where it works on all.
    pub fn task(self) -> Option<TaskId> {
        /// Ids begin at 1.
        const NO_TASK: TaskId = TaskId(0);
        match self {
            ClaimScope::Everything => None,
            ClaimScope::Task(task) => Some(task),
            ClaimScope::Demands => Some(NO_TASK),
        }
    }

    fn covers_demands(self) -> bool {
        match self {
            ClaimScope::Everything | ClaimScope::Demands => true,
            ClaimScope::Task(_) => false,
        }
    }
}

/// How often in a row a cycle is tried at once that another transaction got in the way of.
const CONFLICTS_MAX: u32 = 4;

/// What is refused may be refused by chance, such as a deadlock, which not every server tells in words that are known
/// here. After this long it is not.
const PLAIN_AFTER: Duration = Duration::from_secs(5);

/// One turn of the engine.
#[derive(Debug, Clone)]
pub struct Cycle {
    pub node: NodeId,
    pub lease: Duration,
    pub scope: ClaimScope,
    /// Shared with whoever has to keep it until the commit is known.
    pub ended: Arc<Vec<Ended>>,
    /// How much more this node may have on the wire.
    pub room: Room,
    /// Set after a cycle whose end is not known: all that this node knows to be on the wire. What the database says
    /// it holds beyond that was never sent, and goes back.
    pub read_back: Option<Vec<AttemptId>>,
    /// What is too late by a clock that may be wrong is not ended.
    pub clock_is_right: bool,
}

impl Cycle {
    pub(super) fn claimant(&self, now: Timestamp) -> Claimant<'_> {
        Claimant { node: &self.node, now, lease: self.lease }
    }
}

/// What a cycle came to.
pub struct CycleDone {
    /// For each of `ended`, in order.
    pub written: Vec<Written>,
    /// Places in `ended` of those whose failure was their entry's, and not its platform's: see
    /// [`Settlement::if_others_get_through`](crate::domain::settlement::Settlement::if_others_get_through).
    pub the_entrys_fault: Vec<usize>,
    /// Entries that ended because nobody waits for them any longer.
    pub missed: Vec<(AccountId, Why)>,
    pub claims: Vec<Claim>,
    pub accounts: HashMap<AccountId, Ready>,
    /// Runs that were closed, with their reports.
    pub closed: Vec<(ExecutionId, Report)>,
    /// Runs that are open still.
    pub open: usize,
    /// A run was started in this cycle, and wants to be looked at.
    pub again: bool,
    /// When to look again, if nothing happens before.
    pub look_again: Option<Timestamp>,
    /// The instant that the cycle took for now.
    pub looked_at: Timestamp,
}

impl Operation for Cycle {
    type Output = CycleDone;
    const ACCESS: Access = Access::Engine;

    fn run(self, conn: &mut DbConnection, cx: &Context, now: Timestamp) -> Result<CycleDone, OperationError> {
        cx.look_for_key();
        let mut conflicts = 0;
        loop {
            match conn.write(|conn| turn(&self, conn, cx, now)) {
                Err(OperationError::Db(error)) if error.is_conflict() && conflicts < CONFLICTS_MAX => {
                    log::debug!("the engine's cycle is tried again at once: {error}");
                    conflicts += 1;
                }
                // One outcome that the database refuses must not take the others with it.
                Err(OperationError::Db(DbError::Refused(error))) if !self.ended.is_empty() => {
                    log::error!("outcomes were refused as a batch ({error}); writing them one by one");
                    return one_by_one(&self, conn, cx, now);
                }
                // Each turn of this loop shuts a lane, so it ends.
                Err(OperationError::WrongSecretKey) if cx.can_decrypt() => {
                    let kept = meta::get(conn, meta::SECRET_KEY_FINGERPRINT)?;
                    cx.note_wrong_key(&kept.unwrap_or_default());
                }
                Err(OperationError::LaneUnready { account, reason }) => {
                    conn.write(|conn| accounts::suspend_for_good(conn, account, &reason.to_string(), now))?;
                }
                Ok(done) => {
                    fail_point!("claimed", !done.claims.is_empty(), |_| Err(OperationError::Overloaded));
                    fail_point!("settled", !self.ended.is_empty(), |_| Err(OperationError::Overloaded));
                    return Ok(done);
                }
                other => return other,
            }
        }
    }
}

fn turn(
    cycle: &Cycle,
    conn: &mut DbConnection,
    cx: &Context,
    now: Timestamp,
) -> Result<CycleDone, OperationError> {
    if let Some(known) = &cycle.read_back {
        give_back_unsent(conn, cx, &cycle.node, known, now)?;
    }
    let look = Look { now, can_decrypt: cx.can_decrypt(), platform_pause: cx.platform_pause };
    let Opening { written, the_entrys_fault, lanes, mut open, next_question, ahead, has_demands } =
        transitions::open_cycle(conn, &cycle.node, &cycle.ended, look)?;
    let mut done = CycleDone {
        written,
        the_entrys_fault,
        missed: Vec::new(),
        claims: Vec::new(),
        accounts: HashMap::new(),
        closed: Vec::new(),
        open: 0,
        again: false,
        look_again: None,
        looked_at: now,
    };
    if cycle.clock_is_right {
        super::sweeps::sweep(cycle, ahead, conn, cx, now, &mut done)?;
    }
    open.retain(|execution| cycle.scope.covers(execution.task));
    roll_over(&mut open, conn, cx, now, &mut done)?;
    let demanded = match has_demands && cycle.scope.covers_demands() {
        true => demands::take(cycle, conn, cx, now, &mut done)?,
        false => Vec::new(),
    };
    let unfilled = claiming::claim_due(cycle, (&lanes, demanded), &mut open, conn, cx, now, &mut done)?;
    close_finished(&open, unfilled, conn, cx, now, &mut done)?;
    // Where all shared slots are held and nothing moves, only a lane without any attempt can be waited for.
    let firsts_only = !unfilled && cycle.room.firsts && cycle.ended.is_empty() && done.claims.is_empty();
    if done.open > 0 && (unfilled || firsts_only) {
        // A lane that this node fills is looked at when something of it ends.
        let passed_over = if firsts_only {
            cycle.room.own.keys().copied().collect()
        } else {
            let full = lanes.iter().filter(|lane| cycle.room.fills(lane.account, lane.concurrency));
            full.map(|lane| lane.account).collect()
        };
        let mut next = due::next_due(conn, cx.can_decrypt(), passed_over)?;
        if next.is_some_and(|at| at <= now) && done.claims.is_empty() {
            // Of a lane that is full, say: the others' time comes all the same.
            let later = due::next_due_after(conn, cx.can_decrypt(), now)?;
            next = later.into_iter().chain([now + LOOK_AGAIN_AFTER]).min();
        }
        done.look_again = [done.look_again, next].into_iter().flatten().min();
    }
    super::questions::take(cycle, next_question, conn, cx, now, &mut done)?;
    super::questions::read_steps(conn, &mut done)?;
    fail_point!("claiming", !done.claims.is_empty(), |_| Err(OperationError::Overloaded));
    fail_point!("settling", !cycle.ended.is_empty(), |_| Err(OperationError::Overloaded));
    Ok(done)
}

fn one_by_one(
    cycle: &Cycle,
    conn: &mut DbConnection,
    cx: &Context,
    now: Timestamp,
) -> Result<CycleDone, OperationError> {
    let mut written = Vec::with_capacity(cycle.ended.len());
    for one in cycle.ended.iter() {
        written.push(settle_alone(&cycle.node, one, conn, cx, now)?);
    }
    let rest = Cycle { ended: Arc::default(), ..cycle.clone() };
    let done = conn.write(|conn| turn(&rest, conn, cx, now))?;
    Ok(CycleDone { written, ..done })
}

/// Writes one outcome. Where the database goes on refusing it, then at least what became of the entry; and where it takes
/// nothing at all, it stays to be written: what was sent must never be taken for unsent.
fn settle_alone(
    node: &NodeId,
    one: &Ended,
    conn: &mut DbConnection,
    cx: &Context,
    now: Timestamp,
) -> Result<Written, OperationError> {
    let mut settle = |one: &Ended| {
        conn.write(|conn| transitions::settle(conn, node, std::slice::from_ref(one), cx.platform_pause))
            .map(|written| written.first().copied().unwrap_or(Written::LeaseLost))
    };
    let refused = match settle(one) {
        Err(DbError::Refused(refused)) => refused,
        other => return Ok(other?),
    };
    if now.since(one.finished_at) < PLAIN_AFTER {
        log::warn!("the outcome of {} was refused ({refused}); it is written again soon", one.attempt);
        return Ok(Written::Refused);
    }
    log::error!("the outcome of {} cannot be written ({refused}); a plain one takes its place", one.attempt);
    let plain = Ended { settlement: one.settlement.clone().unrecorded(), ..one.clone() };
    match settle(&plain) {
        Err(DbError::Refused(refused)) => {
            log::error!("nothing can be written of {} yet: {refused}", one.attempt);
            Ok(Written::Refused)
        }
        other => Ok(other?),
    }
}

/// Claims of ours whose commit was reported as failed were never sent: nobody may wait for them.
fn give_back_unsent(
    conn: &mut DbConnection,
    cx: &Context,
    node: &NodeId,
    known: &[AttemptId],
    now: Timestamp,
) -> Result<(), OperationError> {
    let unsent: Vec<Ended> = leases::held(conn)?
        .into_iter()
        .filter(|held| held.node == *node && !known.contains(&held.attempt()))
        .map(|held| super::recovery::not_sent(&held, now))
        .collect();
    transitions::settle(conn, node, &unsent, cx.platform_pause)?;
    Ok(())
}
