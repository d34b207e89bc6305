//! The engine's cycle: what ended goes in, what is due comes out, and runs that are through are closed, at one blow.

use super::claims::{Offer, assign, candidates, count_claims, offers, take};
use super::recovery::not_sent;
use super::settling::settle;
use super::{Entry, Model, demands, lanes, lateness, runs};
use crate::store::{Done, Row, node_number};
use contenthub::db::transitions::Ended;
use contenthub::domain::execution::{ON_DUE_MAX, RUN_MAX, RunRule};
use contenthub::domain::ids::*;
use contenthub::domain::question::Question;
use contenthub::domain::turns::{self, Candidate, Room};
use contenthub::operations::cycle::Cycle;
use contenthub::{ExecutionStatus, Timestamp};
use std::collections::HashSet;

pub(super) fn run(model: &mut Model, cycle: &Cycle, now: Timestamp) -> Done {
    if let Some(known) = &cycle.read_back {
        give_back_unsent(model, cycle, known, now);
    }
    let written = settle(model, &cycle.node, &cycle.ended, now);
    let mut done = Done {
        written,
        claims: Vec::new(),
        closed: Vec::new(),
        open: 0,
        swept: 0,
        again: false,
        look_again: None,
        looked_at: now,
    };
    if cycle.clock_is_right {
        lateness::sweep(model, now, &mut done);
    }
    let mut open = open_runs(model, cycle);
    roll_over(model, &mut open, now, &mut done);
    let offers = offers(model, cycle, now);
    let demanded = if runs::covers_demands(cycle.scope) {
        demands::take_wanted(model, cycle, now, &mut done)
    } else {
        Vec::new()
    };
    let unfilled = claim_due(model, cycle, (offers, demanded), &mut open, now, &mut done);
    close_finished(model, &open, unfilled, now, &mut done);
    // Where all shared slots are held and nothing moves, only a lane without any attempt can be waited for.
    let firsts_only = !unfilled && cycle.room.firsts && cycle.ended.is_empty() && done.claims.is_empty();
    if done.open > 0 && (unfilled || firsts_only) {
        let passed_over: HashSet<_> = cycle.room.own.keys().copied().filter(|_| firsts_only).collect();
        done.look_again = earlier(done.look_again, runs::next_due(model, &passed_over, now));
    }
    take_questions(model, cycle, now, &mut done);
    done
}

fn earlier(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    [one, other].into_iter().flatten().min()
}

/// Claims whose commit was reported failed were never sent. An entry whose attempt has come back is known by that one
/// alone: the commit that wrote its end may have claimed it again.
fn give_back_unsent(model: &mut Model, cycle: &Cycle, known: &[AttemptId], now: Timestamp) {
    let owner = Some(node_number(&cycle.node.0));
    let attempt = |row: &Row| AttemptId { entry: row.entry, number: row.attempt };
    let is_unsent = |entry: &&Entry| entry.row.owner == owner && !known.contains(&attempt(&entry.row));
    let unsent: Vec<Entry> = model.entries.iter().filter(is_unsent).cloned().collect();
    let unsent: Vec<Ended> = unsent.iter().map(|entry| not_sent(model, entry, now)).collect();
    settle(model, &cycle.node, &unsent, now);
}

fn open_runs(model: &Model, cycle: &Cycle) -> Vec<ExecutionId> {
    let mut open: Vec<(RunRule, ExecutionId)> = model
        .running()
        .filter(|run| runs::covers(cycle.scope, run.row.task))
        .map(|run| (run.rule, run.row.id))
        .collect();
    open.sort_unstable();
    open.into_iter().map(|(_, id)| id).collect()
}

/// An `on_due` run is not kept open for ever, and any other claims no longer than it may.
fn roll_over(model: &mut Model, open: &mut Vec<ExecutionId>, now: Timestamp, done: &mut Done) {
    for id in std::mem::take(open) {
        let run = model.run(id);
        let age = now.since(run.started_at);
        let is_on_due = run.rule == RunRule::OnDue;
        if is_on_due && run.claiming && age >= ON_DUE_MAX {
            open.extend(reopen(model, id, now, done));
            continue;
        }
        if !is_on_due && age >= RUN_MAX {
            run.claiming = false;
        }
        open.push(id);
    }
}

fn reopen(model: &mut Model, old: ExecutionId, now: Timestamp, done: &mut Done) -> Option<ExecutionId> {
    let task = model.run(old).row.task;
    if runs::close(model, old, ExecutionStatus::Succeeded, now) {
        done.closed.push(old);
    }
    if runs::of_task(model, task, ExecutionStatus::Running).is_some() {
        done.again = true;
        return None;
    }
    Some(runs::insert(model, task, RunRule::OnDue, None, ExecutionStatus::Running, now))
}

/// Claims what is due beside what was claimed because a person wants it out now; true where slots were left over.
fn claim_due(
    model: &mut Model,
    cycle: &Cycle,
    (mut offers, demanded): (Vec<Offer>, Vec<Offer>),
    open: &mut Vec<ExecutionId>,
    now: Timestamp,
    done: &mut Done,
) -> bool {
    let room = demands::take_away(cycle, &mut offers, &done.claims);
    let unfilled = claim_for_runs(model, cycle, (&offers, &room), open, now, done);
    // Each lane as it was before: those that are open to all as they are to all.
    let only_demanded = demanded.into_iter().filter(|one| offers.iter().all(|offer| offer.lane != one.lane));
    let all: Vec<Offer> = only_demanded.collect();
    offers.iter().chain(&all).for_each(|offer| count_claims(model, offer, &mut done.claims, now));
    unfilled
}

/// True where slots were left over.
fn claim_for_runs(
    model: &mut Model,
    cycle: &Cycle,
    (offers, room): (&[Offer], &Room),
    open: &mut Vec<ExecutionId>,
    now: Timestamp,
    done: &mut Done,
) -> bool {
    let claiming: Vec<ExecutionId> = open.iter().copied().filter(|id| model.run(*id).claiming).collect();
    let Some(last) = claiming.last().copied() else { return true };
    let offers: Vec<Offer> = offers.iter().filter(|offer| room.places(offer.lane) > 0).cloned().collect();
    if room.shared == 0 && offers.is_empty() {
        return false;
    }
    let on_due = claiming.iter().copied().find(|id| model.run(*id).rule == RunRule::OnDue);
    let not_tried_by = on_due.is_none().then_some(last);
    let (candidates, in_flight) = candidates(model, &offers, room, not_tried_by, now);
    let chosen = turns::choose(candidates, &in_flight, room);
    let mut assigned: Vec<Option<ExecutionId>> =
        chosen.iter().map(|candidate| assign(model, &claiming, candidate)).collect();
    if let Some(old) = on_due
        && assigned.contains(&None)
    {
        // Something that this run has tried is due again.
        open.retain(|id| *id != old);
        let new = reopen(model, old, now, done);
        for execution in &mut assigned {
            *execution = execution.filter(|id| *id != old).or(new);
        }
        open.extend(new);
    }
    let wanted: Vec<(Candidate, ExecutionId)> = chosen
        .into_iter()
        .zip(assigned)
        .filter_map(|(candidate, execution)| Some((candidate, execution?)))
        .collect();
    for (candidate, execution) in &wanted {
        let claim = take(model, cycle, candidate.entry, Some(*execution), candidate.suspect, now);
        done.claims.push(claim);
    }
    wanted.len() < room.shared
}

fn close_finished(model: &mut Model, open: &[ExecutionId], unfilled: bool, now: Timestamp, done: &mut Done) {
    for id in open {
        let claimed_now = done.claims.iter().any(|(claim, _)| claim.execution == Some(*id));
        let run = model.run(*id).clone();
        if claimed_now || (run.claiming && !unfilled) {
            done.open += 1;
            continue;
        }
        let is_over = match run.rule {
            RunRule::OnDue => on_due_is_over(model, *id, now, done),
            RunRule::ByHand | RunRule::Scheduled => run_is_over(model, *id, now, done),
        };
        if !is_over {
            done.open += 1;
            continue;
        }
        if runs::close(model, *id, ExecutionStatus::Succeeded, now) {
            done.closed.push(*id);
        }
        if runs::of_task(model, run.row.task, ExecutionStatus::Running).is_some() {
            done.open += 1;
            done.again = true;
        }
    }
}

fn has_in_flight(model: &Model, run: ExecutionId) -> bool {
    model.entries.iter().any(|entry| entry.row.execution == Some(run))
}

fn run_is_over(model: &mut Model, id: ExecutionId, now: Timestamp, done: &mut Done) -> bool {
    let run = model.run(id).clone();
    let may_claim = run.claiming || now.since(run.started_at) < RUN_MAX;
    let is_left = |entry: &Entry| {
        let opens = || lanes::opens(model, model.lane(entry.row.lane), now);
        let is_open = || opens().all.is_some_and(|at| at <= now);
        entry.is_due(run.started_at) && !model.was_tried_by(entry, id) && is_open()
    };
    if may_claim && model.entries.iter().any(is_left) {
        if !run.claiming {
            model.run(id).claiming = true;
            done.again = true;
        }
        return false;
    }
    model.run(id).claiming = false;
    !has_in_flight(model, id)
}

fn on_due_is_over(model: &mut Model, id: ExecutionId, now: Timestamp, done: &mut Done) -> bool {
    let run = model.run(id);
    let idle_at = runs::idle_at(run);
    if run.claiming && now < idle_at {
        done.look_again = earlier(done.look_again, Some(idle_at));
        return false;
    }
    !has_in_flight(model, id)
}

fn take_questions(model: &mut Model, cycle: &Cycle, now: Timestamp, done: &mut Done) {
    let mut due: Vec<(Timestamp, EntryId)> = Vec::new();
    if cycle.room.questions > 0 {
        let asked = model.entries.iter().filter(|entry| entry.row.owner.is_none());
        let asked = asked.filter(|entry| model.lane(entry.row.lane).is_open(now));
        due.extend(asked.filter_map(|entry| Some((entry.question.map(Question::due)?, entry.row.entry))));
        due.retain(|(at, _)| *at <= now);
        due.sort_unstable();
        due.truncate(cycle.room.questions);
    }
    for (_, id) in due {
        let claim = take(model, cycle, id, None, false, now);
        done.claims.push(claim);
    }
    done.look_again = earlier(done.look_again, runs::next_question(model));
}
