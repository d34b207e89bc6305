//! What a person wants out now: over schedule, window and spacing, and without a run.

use super::claims::{Offer, candidate, take};
use super::people::said;
use super::{Entry, Model, lanes};
use crate::sabotage::Sabotage;
use crate::store::{Account, Done};
use contenthub::db::claim::Claim;
use contenthub::domain::gates::{self, Gate, Passage};
use contenthub::domain::ids::*;
use contenthub::domain::turns::{Candidate, Room};
use contenthub::operations::cycle::Cycle;
use contenthub::{EntryStatus, LogStatus, Timestamp};
use std::time::Duration;

/// A lane that is full is looked at again after this long.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(200);

/// False where something keeps it for longer than the others on the wire.
pub(super) fn want(model: &mut Model, id: EntryId, now: Timestamp) -> bool {
    let entry = model.entry(id);
    let (lane, unproven) = (entry.row.lane, entry.row.unproven);
    let waits = entry.row.status == EntryStatus::Pending && entry.question.is_none() && !entry.row.held;
    let lane = model.lane(lane);
    let shut = gates::shut_on_demand(&lane.rules, &lane.state, now);
    let is_capped = shut.is_some_and(|shut| matches!(shut.gate, Gate::DailyCap(_)));
    if !waits || !lane.is_open(now) || (is_capped && !unproven) {
        return false;
    }
    let entry = model.entry(id);
    entry.row.attempt += 1;
    entry.row.due_at = entry.row.due_at.min(now);
    (entry.retried_at, entry.pushed_from, entry.wanted_now) = (Some(now), None, true);
    entry.compute_late();
    said(model, id, LogStatus::NotSent, None, now);
    true
}

fn waits(entry: &Entry) -> bool {
    entry.wanted_now && entry.row.status == EntryStatus::Pending && !entry.row.held
}

/// When something that is wanted may be claimed, as far as that is known; in the past where it may be now.
pub(super) fn next(model: &Model) -> Option<Timestamp> {
    let wanted = model.entries.iter().filter(|entry| waits(entry));
    wanted.filter_map(|entry| Some(entry.row.due_at.max(model.lane(entry.row.lane).resumes()?))).min()
}

/// Claims what is wanted and has a place. Gives back the lanes that it took something of, as they were before.
pub(super) fn take_wanted(model: &mut Model, cycle: &Cycle, now: Timestamp, done: &mut Done) -> Vec<Offer> {
    for entry in &mut model.entries {
        entry.wanted_now &= matches!(entry.row.status, EntryStatus::Pending | EntryStatus::Publishing);
    }
    if !model.entries.iter().any(|entry| entry.wanted_now) {
        return Vec::new();
    }
    let is_off = model.sabotage == Some(Sabotage::Demand);
    let is_open = |entry: &&Entry| model.lane(entry.row.lane).is_open(now) || is_off;
    let wanted =
        model.entries.iter().filter(|entry| waits(entry) && entry.is_due(now) && !entry.is_late(now));
    let mut wanted: Vec<(Candidate, bool)> =
        wanted.filter(is_open).map(|entry| (candidate(entry), entry.row.unproven)).collect();
    wanted.sort_by_key(|(candidate, _)| candidate.urgency());
    let (mut offers, mut room, mut some_wait) = (Vec::new(), cycle.room.clone(), false);
    for (candidate, unproven) in wanted {
        let place = match offers.iter().position(|offer: &Offer| offer.lane == candidate.account) {
            Some(place) => place,
            None => {
                offers.push(offer(model, candidate.account, &cycle.node, now));
                offers.len() - 1
            }
        };
        if !has_place(
            &offers[place],
            &room,
            model.lane(candidate.account).rules.concurrency,
            candidate,
            unproven,
        ) {
            some_wait = true;
            continue;
        }
        offers[place].taken += 1;
        room = room.less(&[candidate.account], candidate.suspect);
        let claim = take(model, cycle, candidate.entry, None, candidate.suspect, now);
        done.claims.push(claim);
    }
    let next = if some_wait { Some(now + LOOK_AGAIN_AFTER) } else { next(model).filter(|at| *at > now) };
    done.look_again = [done.look_again, next].into_iter().flatten().min();
    offers.retain(|offer| offer.taken > 0);
    offers.iter_mut().for_each(|offer| offer.taken = 0);
    offers
}

fn offer(model: &mut Model, lane: AccountId, node: &NodeId, now: Timestamp) -> Offer {
    let busy = lanes::busy(model, lane, node);
    Offer { lane, busy, passage: lanes::passage_on_demand(model, lane, busy, now), taken: 0 }
}

fn has_place(offer: &Offer, room: &Room, all: i32, candidate: Candidate, unproven: bool) -> bool {
    let number = |it: i32| usize::try_from(it).unwrap_or(0);
    let (concurrency, more, is_open) = match offer.passage {
        Passage::Open { concurrency, more } => (concurrency, number(more), true),
        Passage::OnlyUnproven { concurrency } => (concurrency, usize::MAX, unproven),
        Passage::Probe { proven } => (all, 1, proven || unproven),
        Passage::Shut(_) => (0, 0, false),
    };
    let is_probe = matches!(offer.passage, Passage::Probe { .. });
    is_open
        && offer.taken < more
        && (is_probe || offer.busy + offer.taken < number(concurrency))
        && !room.fills(offer.lane, concurrency)
        && room.places(offer.lane) > 0
        && (room.a_suspect || !candidate.suspect)
}

/// What the runs find after what was claimed before them.
pub(super) fn take_away(cycle: &Cycle, offers: &mut [Offer], claims: &[(Claim, Account)]) -> Room {
    let accounts: Vec<AccountId> = claims.iter().map(|(claim, _)| claim.account).collect();
    for offer in offers {
        offer.taken = accounts.iter().filter(|account| **account == offer.lane).count();
    }
    cycle.room.less(&accounts, claims.iter().any(|(claim, _)| claim.suspect))
}
