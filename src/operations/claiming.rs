//! The part of a cycle that claims: what is due, for the runs that take it, as much as there is room for.

use super::cycle::{Cycle, CycleDone};
use super::cycle_runs::reopen;
use super::execution::still_to_take;
use super::{Context, OperationError};
use crate::db::claim::{self, Chosen, Claim, Lane, Wanted};
use crate::db::connection::DbConnection;
use crate::db::executions::{self, OpenExecution};
use crate::db::lanes;
use crate::domain::clock::Timestamp;
use crate::domain::execution::RunRule;
use crate::domain::ids::*;
use crate::domain::run_scope::RunScope;
use crate::domain::turns::{self, Candidate, Room};
use std::borrow::Cow;
use std::collections::HashSet;

/// Claims what fits; true where shared slots were left over, which means that nothing more could be claimed now. `demanded`:
/// lanes of which something was claimed before, because a person wants it out now.
pub(super) fn claim_due(
    cycle: &Cycle,
    (lanes, demanded): (&[Lane], Vec<Lane>),
    open: &mut Vec<OpenExecution>,
    conn: &mut DbConnection,
    cx: &Context,
    now: Timestamp,
    done: &mut CycleDone,
) -> Result<bool, OperationError> {
    let turn = Turn { cycle, cx, now };
    let mut left = Left { room: Cow::Borrowed(&cycle.room), lanes: Cow::Borrowed(lanes) };
    left.take_away(&done.claims);
    let claiming: Vec<OpenExecution> = open.iter().filter(|execution| execution.claiming).copied().collect();
    let mut shared = cycle.room.shared.saturating_sub(done.claims.len());
    // Those that take whatever is due, one after another, share one look; each of the others has its own.
    for runs in claiming.chunk_by(|one, next| !one.in_part && !next.in_part) {
        let Some(taker) = Taker::of(runs, conn)? else { continue };
        let before = done.claims.len();
        turn.take(&taker, &left.lanes, &left.room, open, conn, done)?;
        let taken = &done.claims[before..];
        shared = shared.saturating_sub(taken.len());
        if runs.last() != claiming.last() {
            left.take_away(taken);
        }
    }
    if !done.claims.is_empty() {
        let lanes = with_demanded(lanes, demanded);
        lanes::claimed(conn, &lanes, &mut done.claims, now, cx.platform_pause)?;
        let used: HashSet<AccountId> = done.claims.iter().map(|claim| claim.account).collect();
        cx.ready.keep_only(&lanes);
        // A lane that cannot be made ready is shut, and the transaction is done over without it.
        done.accounts = cx.ready.of(&used, &lanes, conn, cx)?;
    }
    Ok(claiming.is_empty() || shared > 0)
}

/// What there is for those that come next.
struct Left<'a> {
    room: Cow<'a, Room>,
    lanes: Cow<'a, [Lane]>,
}

impl Left<'_> {
    fn take_away(&mut self, taken: &[Claim]) {
        if taken.is_empty() {
            return;
        }
        let accounts: Vec<AccountId> = taken.iter().map(|claim| claim.account).collect();
        let a_suspect = taken.iter().any(|claim| claim.suspect);
        self.room = Cow::Owned(self.room.less(&accounts, a_suspect));
        self.lanes = Cow::Owned(self.lanes.iter().filter_map(|lane| lane.less(&accounts)).collect());
    }
}

/// All lanes of which something may have been claimed, each as it was before: those that are open to all as they are to
/// all.
fn with_demanded(lanes: &[Lane], demanded: Vec<Lane>) -> Cow<'_, [Lane]> {
    if demanded.is_empty() {
        return Cow::Borrowed(lanes);
    }
    let is_open = |one: &Lane| lanes.iter().any(|lane| lane.account == one.account);
    Cow::Owned(lanes.iter().cloned().chain(demanded.into_iter().filter(|one| !is_open(one))).collect())
}

/// Runs that take the same: all that is due, or of one run the part that it takes.
struct Taker<'a> {
    runs: &'a [OpenExecution],
    scope: RunScope,
    /// How many entries more; none: any number.
    left: Option<usize>,
}

impl<'a> Taker<'a> {
    /// None where they take nothing more.
    fn of(runs: &'a [OpenExecution], conn: &mut DbConnection) -> Result<Option<Self>, OperationError> {
        let Some(first) = runs.first().filter(|run| run.in_part) else {
            return Ok(Some(Taker { runs, scope: RunScope::default(), left: None }));
        };
        let scope = executions::scope(conn, first)?;
        let left = still_to_take(conn, first.id, &scope)?;
        Ok((left != Some(0)).then_some(Taker { runs, scope, left }))
    }

    /// Of what was chosen, what it takes. Inside a lane and between lanes the most urgent come first: what is left out is
    /// what would have come last.
    fn keeps(&self, chosen: &mut Vec<Candidate>) {
        chosen.retain(|candidate| self.scope.takes(candidate.priority));
        chosen.truncate(self.left.unwrap_or(usize::MAX));
    }
}

struct Turn<'a> {
    cycle: &'a Cycle,
    cx: &'a Context,
    now: Timestamp,
}

impl Turn<'_> {
    /// Claims what there is `room` for.
    fn take(
        &self,
        taker: &Taker<'_>,
        lanes: &[Lane],
        room: &Room,
        open: &mut Vec<OpenExecution>,
        conn: &mut DbConnection,
        done: &mut CycleDone,
    ) -> Result<(), OperationError> {
        let Some(last) = taker.runs.last() else { return Ok(()) };
        let has_places = |lane: &&Lane| {
            taker.scope.covers(lane.account)
                && !room.fills(lane.account, lane.concurrency)
                && (room.shared > 0 || room.may_first(lane.account))
        };
        let with_places: Cow<'_, [Lane]> = if lanes.iter().all(|lane| has_places(&lane)) {
            Cow::Borrowed(lanes)
        } else {
            lanes.iter().filter(has_places).cloned().collect()
        };
        if with_places.is_empty() {
            return Ok(());
        }
        let on_due = taker.runs.iter().find(|run| run.rule == RunRule::OnDue).map(|run| run.id);
        let wanted = Wanted {
            now: self.now,
            slots: i64::try_from(room.shared.max(1)).unwrap_or(i64::MAX),
            not_tried_by: on_due.is_none().then_some(last.id),
            a_suspect: room.a_suspect,
            least_urgent: taker.scope.least_urgent(),
        };
        let mut chosen = choose(conn, &with_places, wanted, room)?;
        taker.keeps(&mut chosen);
        let mut assigned = claim::assign(conn, taker.runs, &chosen)?;
        if let Some(old) = on_due.filter(|_| assigned.contains(&None))
            && let Some(place) = open.iter().position(|run| run.id == old)
        {
            // Something that this run has tried is due again: it ends here, and a new one takes its place.
            let ending = open.remove(place);
            let new = reopen(ending, conn, self.cx, self.now, done)?;
            for execution in &mut assigned {
                *execution = execution.filter(|id| *id != old).or(new.map(|new| new.id));
            }
            open.extend(new);
        }
        let wanted: Vec<Chosen> = chosen
            .iter()
            .zip(assigned)
            .filter_map(|(candidate, execution)| Some((candidate.entry, Some(execution?))))
            .collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let mut claims = claim::take(conn, self.cycle.claimant(self.now), &wanted)?;
        for candidate in chosen.iter().filter(|candidate| candidate.suspect) {
            let taken = claims.iter_mut().filter(|claim| claim.attempt.entry == candidate.entry);
            taken.for_each(|claim| claim.suspect = true);
        }
        done.claims.extend(claims);
        Ok(())
    }
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
