//! The engine's cycle: what ended goes in, what is due comes out, and runs that are through are closed, at one blow.

use super::recovery::not_sent;
use super::settling::settle;
use super::{Entry, Model, lanes, runs};
use crate::store::{Account, Done, Row, Step, node_number};
use contenthub::db::checkpoints::Checkpoint;
use contenthub::db::claim::Claim;
use contenthub::db::transitions::Ended;
use contenthub::domain::content::Article;
use contenthub::domain::execution::{ON_DUE_MAX, RUN_MAX, RunRule};
use contenthub::domain::gates::Passage;
use contenthub::domain::ids::*;
use contenthub::domain::question::Question;
use contenthub::domain::retry::PLATFORM_PAUSE;
use contenthub::domain::turns::{self, Candidate};
use contenthub::operations::cycle::Cycle;
use contenthub::{EntryStatus, ExecutionStatus, Priority, Timestamp};
use std::collections::{HashMap, HashSet};

/// Entries that were lost with so many nodes go out one at a time on each node.
const SUSPECT_AFTER: i32 = contenthub::db::leases::SUSPECT_AFTER;

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
        again: false,
        look_again: None,
        looked_at: now,
    };
    let mut open = open_runs(model, cycle);
    roll_over(model, &mut open, now, &mut done);
    let unfilled = claim_due(model, cycle, &mut open, now, &mut done);
    close_finished(model, &open, unfilled, now, &mut done);
    // Where all shared slots are held and nothing moves, only a lane without any attempt can be waited for.
    let firsts_only =
        !unfilled && cycle.room.firsts && cycle.ended.is_empty() && done.claims.is_empty();
    if done.open > 0 && (unfilled || firsts_only) {
        let passed_over = if firsts_only { cycle.room.own.clone() } else { HashSet::new() };
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
fn give_back_unsent(model: &mut Model, cycle: &Cycle, known: &[EntryId], now: Timestamp) {
    let owner = Some(node_number(&cycle.node.0));
    let has_ended = |row: &Row| {
        cycle.ended.iter().any(|one| one.attempt.entry == row.entry && one.attempt.number < row.attempt)
    };
    let is_unsent = |entry: &&Entry| {
        entry.row.owner == owner && (!known.contains(&entry.row.entry) || has_ended(&entry.row))
    };
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

/// True where slots were left over.
fn claim_due(
    model: &mut Model,
    cycle: &Cycle,
    open: &mut Vec<ExecutionId>,
    now: Timestamp,
    done: &mut Done,
) -> bool {
    let claiming: Vec<ExecutionId> = open.iter().copied().filter(|id| model.run(*id).claiming).collect();
    let Some(last) = claiming.last().copied() else { return true };
    let room = &cycle.room;
    let offers: Vec<Offer> = offers(model, cycle, now);
    let offers: Vec<Offer> = offers.into_iter().filter(|offer| room.places(offer.lane) > 0).collect();
    if room.shared == 0 && offers.is_empty() {
        return false;
    }
    let on_due = claiming.iter().copied().find(|id| model.run(*id).rule == RunRule::OnDue);
    let not_tried_by = on_due.is_none().then_some(last);
    let (candidates, in_flight) = candidates(model, cycle, &offers, not_tried_by, now);
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
    offers.iter().for_each(|offer| count_claims(model, offer, &mut done.claims, now));
    wanted.len() < room.shared
}

/// A lane that may be passed, and how.
struct Offer {
    lane: AccountId,
    busy: usize,
    passage: Passage,
}

fn offers(model: &mut Model, cycle: &Cycle, now: Timestamp) -> Vec<Offer> {
    let open = model.lanes.iter().filter(|lane| lane.is_open(now));
    let open: Vec<AccountId> = open.map(|lane| lane.account.id).collect();
    let offer = |lane| {
        let busy = lanes::busy(model, lane, &cycle.node);
        Some(Offer { lane, busy, passage: lanes::passage(model, lane, busy, now)? })
    };
    open.into_iter().filter_map(offer).collect()
}

/// Gates count what goes through them.
fn count_claims(model: &mut Model, offer: &Offer, claims: &mut [(Claim, Account)], now: Timestamp) {
    let lane = &mut model.lanes[offer.lane.0 as usize - 1];
    let counted = lane.counts();
    let (mut sent, mut new) = (0, 0);
    for (claim, _) in claims.iter_mut().filter(|(claim, _)| claim.account == offer.lane) {
        claim.counted = counted;
        sent += 1;
        new += i32::from(!claim.standing.unproven);
        if offer.passage == Passage::Probe {
            lane.state.health.probing(claim.attempt.entry, now, PLATFORM_PAUSE);
            claim.is_probe = true;
        }
    }
    if sent > 0 {
        lane.state.sent(&lane.rules, new, i32::try_from(offer.busy).unwrap_or(i32::MAX), now);
    }
}

fn assign(model: &Model, claiming: &[ExecutionId], candidate: &Candidate) -> Option<ExecutionId> {
    let entry = &model.entries[candidate.entry.0 as usize - 1];
    claiming.iter().copied().find(|run| !model.was_tried_by(entry, *run))
}

/// Per lane the most urgent entries, as many as it has places, and of all suspects one.
fn candidates(
    model: &Model,
    cycle: &Cycle,
    offers: &[Offer],
    not_tried_by: Option<ExecutionId>,
    now: Timestamp,
) -> (Vec<Candidate>, HashMap<AccountId, usize>) {
    let mut found: Vec<Candidate> = Vec::new();
    let mut in_flight = HashMap::new();
    let mut suspects: Vec<Candidate> = Vec::new();
    for offer in offers {
        let id = offer.lane;
        let concurrency = usize::try_from(model.lane(id).rules.concurrency).unwrap_or(0);
        let (concurrency, more, only_unproven) = match offer.passage {
            Passage::Open { concurrency, more } => {
                (usize::try_from(concurrency).unwrap_or(0), usize::try_from(more).unwrap_or(0), false)
            }
            Passage::OnlyUnproven(_) if !model.lane(id).rules.spacing.is_zero() => (1, usize::MAX, true),
            Passage::OnlyUnproven(_) => (concurrency, usize::MAX, true),
            Passage::Probe => {
                found.extend(probe(model, cycle, id, not_tried_by, now));
                in_flight.insert(id, 0);
                continue;
            }
            Passage::Shut(_) => continue,
        };
        let places = concurrency.saturating_sub(offer.busy).min(more).min(cycle.room.shared.max(1));
        if places == 0 {
            continue;
        }
        let is_fresh = |entry: &&Entry| not_tried_by.is_none_or(|run| !model.was_tried_by(entry, run));
        let due = model.entries.iter().filter(|entry| entry.row.lane == id && entry.is_due(now));
        let due = due.filter(|entry| entry.row.unproven || !only_unproven);
        let (suspected, mut waiting): (Vec<Candidate>, Vec<Candidate>) =
            due.filter(is_fresh).map(candidate).partition(|candidate| candidate.suspect);
        waiting.sort_by_key(Candidate::urgency);
        waiting.truncate(places);
        in_flight.insert(id, offer.busy);
        found.extend(waiting);
        suspects.extend(suspected);
    }
    if cycle.room.a_suspect
        && let Some(suspect) = suspects.into_iter().min_by_key(Candidate::urgency)
    {
        add_suspect(model, &mut found, &in_flight, suspect);
    }
    (found, in_flight)
}

/// The most urgent that no failure of the platform has put off yet, else the one that was tried longest ago.
fn probe(
    model: &Model,
    cycle: &Cycle,
    lane: AccountId,
    not_tried_by: Option<ExecutionId>,
    now: Timestamp,
) -> Option<Candidate> {
    let due = model.entries.iter().filter(|entry| entry.row.lane == lane && entry.is_due(now));
    let due = due.filter(|entry| entry.row.recoveries < SUSPECT_AFTER || cycle.room.a_suspect);
    let due = due.filter(|entry| not_tried_by.is_none_or(|run| !model.was_tried_by(entry, run)));
    due.min_by_key(|entry| match entry.pushed_from {
        None => (0, entry.row.priority, entry.row.due_at, entry.row.entry),
        Some(_) => (1, 0, entry.row.due_at, entry.row.entry),
    })
    .map(candidate)
}

/// The least urgent of its lane gives way where that is full.
fn add_suspect(
    model: &Model,
    found: &mut Vec<Candidate>,
    in_flight: &HashMap<AccountId, usize>,
    suspect: Candidate,
) {
    found.push(suspect);
    let concurrency = usize::try_from(model.lane(suspect.account).rules.concurrency).unwrap_or(0);
    let places = concurrency.saturating_sub(in_flight.get(&suspect.account).copied().unwrap_or(0));
    let mut of_lane: Vec<Candidate> =
        found.iter().filter(|one| one.account == suspect.account).copied().collect();
    of_lane.sort_by_key(Candidate::urgency);
    let kept: Vec<EntryId> = of_lane.into_iter().take(places).map(|one| one.entry).collect();
    found.retain(|one| one.account != suspect.account || kept.contains(&one.entry));
}

fn candidate(entry: &Entry) -> Candidate {
    Candidate {
        entry: entry.row.entry,
        account: entry.row.lane,
        priority: Priority::try_from(entry.row.priority).expect("in range"),
        due_at: entry.row.due_at,
        attempt: entry.row.attempt,
        suspect: entry.row.recoveries >= SUSPECT_AFTER,
    }
}

/// Marks an entry as the node's.
fn take(
    model: &mut Model,
    cycle: &Cycle,
    id: EntryId,
    execution: Option<ExecutionId>,
    suspect: bool,
    now: Timestamp,
) -> (Claim, Account) {
    let account = model.lane(model.entries[id.0 as usize - 1].row.lane).account;
    let (lease_ends, taken_at) = (model.now + cycle.lease, model.now);
    let entry = model.entry(id);
    entry.row.status = EntryStatus::Publishing;
    entry.row.owner = Some(node_number(&cycle.node.0));
    entry.row.attempt += 1;
    entry.row.execution = execution;
    (entry.claimed_at, entry.lease_ends, entry.taken_at) = (now, lease_ends, taken_at);
    let number = entry.row.attempt;
    let checkpoint = |(step, result): &(Step, Option<String>)| Checkpoint {
        entry: id,
        step: step.name().to_owned(),
        revision: 1,
        result: result.clone(),
    };
    let claim = Claim {
        attempt: AttemptId { entry: id, number },
        account: account.id,
        execution,
        question: entry.question,
        suspect,
        is_probe: false,
        counted: false,
        key: IdempotencyKey(entry.key.clone()),
        priority: Priority::try_from(entry.row.priority).expect("in range"),
        due_at: entry.row.due_at,
        standing: entry.standing(),
        article: article(entry.content),
        steps: if account.in_steps && number > 1 { entry.steps.iter().map(checkpoint).collect() } else { Vec::new() },
    };
    (claim, account)
}

fn article(content_id: ContentId) -> Article {
    Article {
        content_id,
        revision: 1,
        title: String::new(),
        body: String::new(),
        digest: None,
        author: None,
        cover: None,
        tags: Vec::new(),
        source_url: None,
    }
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
