//! The engine's cycle: what ended goes in, what is due comes out, and runs that are through are closed, in one
//! transaction. A call to a platform starts only after its commit.

use super::cycle_runs::{close_finished, reopen, roll_over};
use super::ready::Ready;
use super::{Access, Context, Operation, OperationError};
use crate::db::claim::{self, Claim, Claimant, Lane, Wanted};
use crate::db::connection::{DbConnection, DbError};
use crate::db::executions::OpenExecution;
use crate::db::transitions::{self, Ended, Look, Opening, Written};
use crate::db::{accounts, due, lanes, leases};
use crate::domain::clock::Timestamp;
use crate::domain::execution::RunRule;
use crate::domain::ids::*;
use crate::domain::report::Report;
use crate::domain::turns::{self, Candidate, Room};
use fail::fail_point;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
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
}

impl ClaimScope {
    fn covers(self, task: TaskId) -> bool {
        match self {
            ClaimScope::Everything => true,
            ClaimScope::Task(own) => own == task,
        }
    }
}

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
        loop {
            match conn.write(|conn| turn(&self, conn, cx, now)) {
                // One outcome that the database refuses must not take the others with it.
                Err(OperationError::Db(DbError::Refused(error))) if !self.ended.is_empty() => {
                    log::error!("outcomes were refused as a batch ({error}); writing them one by one");
                    return one_by_one(&self, conn, cx, now);
                }
                // Each turn of this loop shuts a lane, so it ends.
                Err(OperationError::WrongSecretKey) if cx.can_decrypt() => cx.note_wrong_key(),
                Err(OperationError::LaneUnready { account, reason }) => {
                    conn.write(|conn| accounts::suspend_for_good(conn, account, &reason))?;
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
    let Opening { written, lanes, mut open, next_question, ahead } =
        transitions::open_cycle(conn, &cycle.node, &cycle.ended, look)?;
    let mut done = CycleDone {
        written,
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
    let unfilled = claim_due(cycle, &lanes, &mut open, conn, cx, now, &mut done)?;
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
        written.push(settle_alone(&cycle.node, one, conn, cx)?);
    }
    let rest = Cycle { ended: Arc::default(), ..cycle.clone() };
    let done = conn.write(|conn| turn(&rest, conn, cx, now))?;
    Ok(CycleDone { written, ..done })
}

/// Writes one outcome; where the database refuses it, then at least what became of the entry.
fn settle_alone(
    node: &NodeId,
    one: &Ended,
    conn: &mut DbConnection,
    cx: &Context,
) -> Result<Written, OperationError> {
    let mut settle = |one: &Ended| {
        conn.write(|conn| transitions::settle(conn, node, std::slice::from_ref(one), cx.platform_pause))
            .map(|written| written.first().copied().unwrap_or(Written::LeaseLost))
    };
    let refused = match settle(one) {
        Err(DbError::Refused(refused)) => refused,
        other => return Ok(other?),
    };
    log::error!("the outcome of {} cannot be written ({refused}); a plain one takes its place", one.attempt);
    let plain = Ended { settlement: one.settlement.clone().unrecorded(), ..one.clone() };
    match settle(&plain) {
        Err(DbError::Refused(refused)) => {
            log::error!("nothing can be written of {}: {refused}", one.attempt);
            Ok(Written::LeaseLost)
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

/// Claims what fits; true where shared slots were left over, which means that nothing more could be claimed now.
fn claim_due(
    cycle: &Cycle,
    lanes: &[Lane],
    open: &mut Vec<OpenExecution>,
    conn: &mut DbConnection,
    cx: &Context,
    now: Timestamp,
    done: &mut CycleDone,
) -> Result<bool, OperationError> {
    let claiming: Vec<OpenExecution> = open.iter().filter(|execution| execution.claiming).copied().collect();
    let Some(last) = claiming.last() else { return Ok(true) };
    let room = &cycle.room;
    let has_places = |lane: &&Lane| {
        !room.fills(lane.account, lane.concurrency) && (room.shared > 0 || room.may_first(lane.account))
    };
    let with_places: Cow<'_, [Lane]> = if lanes.iter().all(|lane| has_places(&lane)) {
        Cow::Borrowed(lanes)
    } else {
        lanes.iter().filter(has_places).cloned().collect()
    };
    if with_places.is_empty() {
        return Ok(room.shared > 0);
    }
    let on_due = open.iter().position(|execution| execution.rule == RunRule::OnDue && execution.claiming);
    let not_tried_by = on_due.is_none().then_some(last.id);
    let slots = i64::try_from(room.shared.max(1)).unwrap_or(i64::MAX);
    let wanted = Wanted { now, slots, not_tried_by, a_suspect: room.a_suspect };
    let chosen = choose(conn, &with_places, wanted, room)?;
    let mut assigned = claim::assign(conn, &claiming, &chosen)?;
    if let Some(place) = on_due
        && assigned.contains(&None)
    {
        // Something that this run has tried is due again: it ends here, and a new one takes its place.
        let old = open.remove(place);
        let new = reopen(old, conn, cx, now, done)?;
        for execution in &mut assigned {
            *execution = execution.filter(|id| *id != old.id).or(new.map(|new| new.id));
        }
        open.extend(new);
    }
    let wanted: Vec<(EntryId, ExecutionId)> = chosen
        .iter()
        .zip(assigned)
        .filter_map(|(candidate, execution)| Some((candidate.entry, execution?)))
        .collect();
    if wanted.is_empty() {
        return Ok(room.shared > 0);
    }
    done.claims = claim::take(conn, cycle.claimant(now), &wanted)?;
    for candidate in chosen.iter().filter(|candidate| candidate.suspect) {
        let taken = done.claims.iter_mut().filter(|claim| claim.attempt.entry == candidate.entry);
        taken.for_each(|claim| claim.suspect = true);
    }
    lanes::claimed(conn, lanes, &mut done.claims, now, cx.platform_pause)?;
    let used: HashSet<AccountId> = done.claims.iter().map(|claim| claim.account).collect();
    cx.ready.keep_only(lanes);
    // A lane that cannot be made ready is shut, and the transaction is done over without it.
    done.accounts = cx.ready.of(&used, lanes, conn, cx)?;
    Ok(wanted.len() < room.shared)
}

/// Looks at a part of what each lane has first: of many lanes, most are asked for much more than is chosen.
fn choose(
    conn: &mut DbConnection,
    lanes: &[Lane],
    wanted: Wanted,
    room: &Room,
) -> Result<Vec<Candidate>, OperationError> {
    let slots = usize::try_from(wanted.slots).unwrap_or(usize::MAX);
    let part = turns::first_look(slots, lanes.len());
    let first = Wanted { slots: i64::try_from(part).unwrap_or(i64::MAX), ..wanted };
    let found = claim::candidates(conn, lanes, first)?;
    let chosen = turns::choose(found.candidates.clone(), &found.in_flight, room);
    let used_up = turns::used_up(&chosen, part);
    if part == slots || used_up.is_empty() {
        return Ok(chosen);
    }
    let again: Vec<Lane> = lanes.iter().filter(|lane| used_up.contains(&lane.account)).cloned().collect();
    let (seen, kept): (Vec<Candidate>, Vec<Candidate>) =
        found.candidates.into_iter().partition(|one| used_up.contains(&one.account));
    // The one suspect stays the one suspect.
    let a_suspect = seen.iter().any(|one| one.suspect);
    let more = claim::candidates(conn, &again, Wanted { a_suspect, ..wanted })?;
    let all = kept.into_iter().chain(more.candidates).collect();
    Ok(turns::choose(all, &found.in_flight, room))
}
