//! What a cycle may claim, and claiming it.

use super::{Entry, Model, lanes};
use crate::sabotage::Sabotage;
use crate::store::{Account, Step, node_number};
use contenthub::db::checkpoints::Checkpoint;
use contenthub::db::claim::Claim;
use contenthub::db::leases::SUSPECT_AFTER;
use contenthub::domain::content::Article;
use contenthub::domain::gates::Passage;
use contenthub::domain::ids::*;
use contenthub::domain::retry::PLATFORM_PAUSE;
use contenthub::domain::turns::{Candidate, Room};
use contenthub::operations::cycle::Cycle;
use contenthub::{EntryStatus, Priority, Timestamp};
use std::collections::HashMap;

/// A lane that may be passed, and how.
#[derive(Clone)]
pub(super) struct Offer {
    pub lane: AccountId,
    pub busy: usize,
    pub passage: Passage,
    /// What was claimed before, because a person wants it out now.
    pub taken: usize,
}

pub(super) fn offers(model: &mut Model, cycle: &Cycle, now: Timestamp) -> Vec<Offer> {
    let open = model.lanes.iter().filter(|lane| lane.is_open(now));
    let open: Vec<AccountId> = open.map(|lane| lane.account.id).collect();
    let offer = |lane| {
        let busy = lanes::busy(model, lane, &cycle.node);
        Some(Offer { lane, busy, passage: lanes::passage(model, lane, busy, now)?, taken: 0 })
    };
    open.into_iter().filter_map(offer).collect()
}

/// Gates count what goes through them.
pub(super) fn count_claims(
    model: &mut Model,
    offer: &Offer,
    claims: &mut [(Claim, Account)],
    now: Timestamp,
) {
    let lane = &mut model.lanes[offer.lane.0 as usize - 1];
    let counted = lane.counts();
    let (mut sent, mut new) = (0, 0);
    for (claim, _) in claims.iter_mut().filter(|(claim, _)| claim.account == offer.lane) {
        claim.counted = counted;
        sent += 1;
        new += i32::from(!claim.standing.unproven);
        if matches!(offer.passage, Passage::Probe { .. }) {
            lane.state.health.probing(claim.attempt.entry, now, PLATFORM_PAUSE);
            claim.is_probe = true;
        }
    }
    if sent > 0 {
        lane.state.sent(&lane.rules, new, i32::try_from(offer.busy).unwrap_or(i32::MAX), now);
    }
}

pub(super) fn assign(model: &Model, claiming: &[ExecutionId], candidate: &Candidate) -> Option<ExecutionId> {
    let entry = &model.entries[candidate.entry.0 as usize - 1];
    claiming.iter().copied().find(|run| !model.was_tried_by(entry, *run))
}

/// Per lane the most urgent entries, as many as it has places, and of all suspects one.
pub(super) fn candidates(
    model: &Model,
    offers: &[Offer],
    room: &Room,
    not_tried_by: Option<ExecutionId>,
    now: Timestamp,
) -> (Vec<Candidate>, HashMap<AccountId, usize>) {
    let mut found: Vec<Candidate> = Vec::new();
    let mut in_flight = HashMap::new();
    let mut suspects: Vec<Candidate> = Vec::new();
    for offer in offers {
        let id = offer.lane;
        let (concurrency, more, only_unproven) = match offer.passage {
            Passage::Open { concurrency, more } => {
                (usize::try_from(concurrency).unwrap_or(0), usize::try_from(more).unwrap_or(0), false)
            }
            Passage::OnlyUnproven { concurrency } => {
                (usize::try_from(concurrency).unwrap_or(0), usize::MAX, true)
            }
            Passage::Probe { .. } if offer.taken > 0 => continue,
            Passage::Probe { proven } => {
                found.extend(probe(model, room, id, proven, not_tried_by, now));
                in_flight.insert(id, 0);
                continue;
            }
            Passage::Shut(_) => continue,
        };
        let busy = offer.busy + offer.taken;
        let more = more.saturating_sub(offer.taken);
        let places = concurrency.saturating_sub(busy).min(more).min(room.shared.max(1));
        if places == 0 {
            continue;
        }
        let is_fresh = |entry: &&Entry| not_tried_by.is_none_or(|run| !model.was_tried_by(entry, run));
        let due = model.entries.iter().filter(|entry| entry.row.lane == id && entry.is_due(now));
        let due = due.filter(|entry| !entry.is_late(now) && (entry.row.unproven || !only_unproven));
        let (suspected, mut waiting): (Vec<Candidate>, Vec<Candidate>) =
            due.filter(is_fresh).map(candidate).partition(|candidate| candidate.suspect);
        waiting.sort_by_key(Candidate::urgency);
        waiting.truncate(places);
        in_flight.insert(id, busy);
        found.extend(waiting);
        suspects.extend(suspected);
    }
    if room.a_suspect
        && let Some(suspect) = suspects.into_iter().min_by_key(Candidate::urgency)
    {
        add_suspect(model, offers, &mut found, &in_flight, suspect);
    }
    (found, in_flight)
}

/// The most urgent that no failure of the platform has put off yet, else the one that was tried longest ago.
fn probe(
    model: &Model,
    room: &Room,
    lane: AccountId,
    proven: bool,
    not_tried_by: Option<ExecutionId>,
    now: Timestamp,
) -> Option<Candidate> {
    let due = model.entries.iter().filter(|entry| entry.row.lane == lane && entry.is_due(now));
    let due = due.filter(|entry| !entry.is_late(now) && (entry.row.unproven || proven));
    let due = due.filter(|entry| entry.row.recoveries < SUSPECT_AFTER || room.a_suspect);
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
    offers: &[Offer],
    found: &mut Vec<Candidate>,
    in_flight: &HashMap<AccountId, usize>,
    suspect: Candidate,
) {
    found.push(suspect);
    let lane = model.lane(suspect.account);
    let spaced = !lane.rules.spacing.is_zero();
    let concurrency = if spaced { 1 } else { usize::try_from(lane.rules.concurrency).unwrap_or(0) };
    let offer = offers.iter().find(|offer| offer.lane == suspect.account);
    let more = offer.map_or(usize::MAX, |offer| match offer.passage {
        Passage::Open { more, .. } => usize::try_from(more).unwrap_or(0).saturating_sub(offer.taken),
        Passage::Probe { .. } | Passage::OnlyUnproven { .. } | Passage::Shut(_) => usize::MAX,
    });
    let busy = in_flight.get(&suspect.account).copied().unwrap_or(0);
    let places = concurrency.saturating_sub(busy).min(more);
    let mut of_lane: Vec<Candidate> =
        found.iter().filter(|one| one.account == suspect.account).copied().collect();
    of_lane.sort_by_key(Candidate::urgency);
    let kept: Vec<EntryId> = of_lane.into_iter().take(places).map(|one| one.entry).collect();
    found.retain(|one| one.account != suspect.account || kept.contains(&one.entry));
}

pub(super) fn candidate(entry: &Entry) -> Candidate {
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
pub(super) fn take(
    model: &mut Model,
    cycle: &Cycle,
    id: EntryId,
    execution: Option<ExecutionId>,
    suspect: bool,
    now: Timestamp,
) -> (Claim, Account) {
    let account = model.lane(model.entries[id.0 as usize - 1].row.lane).account;
    let (lease_ends, taken_at) = (model.now + cycle.lease, model.now);
    let newest = model.content(id).revision;
    let repeats = model.sabotage != Some(Sabotage::Repeat);
    let entry = model.entry(id);
    entry.row.status = EntryStatus::Publishing;
    entry.row.owner = Some(node_number(&cycle.node.0));
    entry.row.attempt += 1;
    entry.row.execution = execution;
    (entry.claimed_at, entry.lease_ends, entry.taken_at) = (now, lease_ends, taken_at);
    // What may be out is repeated as it was; and a question is about what was sent.
    let kept = entry.row.revision.filter(|_| entry.question.is_some() || (entry.row.unproven && repeats));
    let revision = kept.unwrap_or(newest);
    entry.row.revision = Some(revision);
    let number = entry.row.attempt;
    let checkpoint = |(step, revision, result): &(Step, i32, Option<String>)| Checkpoint {
        entry: id,
        step: step.name().to_owned(),
        revision: *revision,
        irreversible: *step != Step::Cover,
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
        article: article(entry.content, revision),
        extras: Vec::new(),
        steps: if account.in_steps && number > 1 {
            entry.steps.iter().filter(|(_, of, _)| *of == revision).map(checkpoint).collect()
        } else {
            Vec::new()
        },
    };
    (claim, account)
}

fn article(content_id: ContentId, revision: i32) -> Article {
    Article {
        content_id,
        revision,
        title: String::new(),
        body: String::new(),
        digest: None,
        author: None,
        cover: None,
        tags: Vec::new(),
        source_url: None,
    }
}
