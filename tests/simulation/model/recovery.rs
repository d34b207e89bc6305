//! Taking back what a dead node held, and what this node was never told that it holds.

use super::settling::settle;
use super::{Entry, Model};
use crate::platform::problem;
use crate::sabotage::Sabotage;
use crate::store::{Step, node_id, node_number};
use contenthub::Timestamp;
use contenthub::db::leases::SUSPECT_AFTER;
use contenthub::db::transitions::{Ended, Written};
use contenthub::domain::ids::*;
use contenthub::domain::outcome::{Outcome, Scope, Seen, judge};
use contenthub::domain::retry::Jitter;
use contenthub::domain::settlement::{Settlement, settle as settled};
use contenthub::domain::steps::Reached;
use contenthub::operations::recovery::{Dead, Recovered};
use std::time::Duration;

/// How often an entry may be lost with its node before a person has to look at it.
const RECOVERIES_MAX: i32 = 5;

pub(super) fn run(model: &mut Model, by: &NodeId, dead: &Dead, now: Timestamp) -> Recovered {
    let own = node_number(&by.0);
    let judged_at = match dead {
        Dead::LeaseExpiredBy(at) => *at,
        Dead::LeaseExpired | Dead::Nodes(_) => model.now,
    };
    let of_others = |entry: &&Entry| entry.row.owner.is_some_and(|owner| owner != own);
    let is_dead = |entry: &Entry| match dead {
        Dead::LeaseExpired | Dead::LeaseExpiredBy(_) => entry.lease_ends < judged_at,
        Dead::Nodes(nodes) => nodes.iter().any(|node| Some(node_number(&node.0)) == entry.row.owner),
    };
    let (found, living): (Vec<&Entry>, Vec<&Entry>) =
        model.entries.iter().filter(of_others).partition(|entry| is_dead(entry));
    let next_end = living.iter().map(|entry| entry.lease_ends).min();
    let look_again_in = match dead {
        Dead::LeaseExpired | Dead::LeaseExpiredBy(_) => {
            next_end.map(|end| end.since(judged_at) + Duration::from_millis(1))
        }
        Dead::Nodes(_) => None,
    };
    let found: Vec<Entry> = found.into_iter().cloned().collect();
    let mut recovered = Recovered { entries: 0, look_again_in };
    for entry in &found {
        recovered.entries += usize::from(take_back(model, entry, &found, now));
    }
    recovered
}

fn take_back(model: &mut Model, entry: &Entry, all: &[Entry], now: Timestamp) -> bool {
    let is_suspect = |entry: &Entry| entry.row.recoveries >= SUSPECT_AFTER;
    let beside_a_suspect = all.iter().any(|other| other.row.owner == entry.row.owner && is_suspect(other));
    let is_accused = entry.question.is_none() && (is_suspect(entry) || !beside_a_suspect);
    let recoveries = entry.row.recoveries + i32::from(is_accused);
    let Some(owner) = entry.row.owner else { return false };
    let ended = lost(model, entry, recoveries, now);
    let [Written::Settled(_)] = settle(model, &node_id(owner), &[ended], now)[..] else { return false };
    model.entry(entry.row.entry).row.recoveries = recoveries;
    true
}

fn lost(model: &Model, entry: &Entry, recoveries: i32, now: Timestamp) -> Ended {
    if entry.question.is_some() {
        return not_sent(model, entry, now);
    }
    let account = model.lane(entry.row.lane).account;
    let of_revision = |of: i32| Some(of) == entry.row.revision;
    let irreversible = entry.steps.iter().filter(|(step, of, _)| *step != Step::Cover && of_revision(*of));
    let reached = match account.in_steps {
        true => Reached::of(irreversible.map(|(_, _, result)| result.is_some())),
        false => Reached::InDoubt,
    };
    let problem = problem("node_lost");
    let seen = match reached {
        Reached::InDoubt => Seen::EndUnseen { problem, retry_after: None },
        Reached::Nothing | Reached::Done => {
            Seen::StepFailed { problem, scope: Scope::Ours, retry_after: None }
        }
    };
    let standing = reached.standing(entry.standing(), &seen);
    let outcome = if recoveries >= RECOVERIES_MAX {
        Outcome::Uncertain(crate::platform::problem("recovered_too_often"))
    } else {
        judge(seen, account.rules)
    };
    let settlement = settled(outcome, standing, now, Jitter::from_random(0));
    let unmarked = model.sabotage == Some(Sabotage::UnprovenMark);
    let settlement = settlement.through_no_fault(now);
    let settlement = Settlement { unproven: settlement.unproven && !unmarked, ..settlement };
    ended(model, entry, settlement, now)
}

/// It goes back as it was.
pub(super) fn not_sent(model: &Model, entry: &Entry, now: Timestamp) -> Ended {
    let settlement = match entry.question {
        Some(question) => Settlement::asked_again(question.put_off_to(now), entry.standing()),
        None => settled(Outcome::NotSent, entry.standing(), now, Jitter::from_random(0)),
    };
    ended(model, entry, settlement, now)
}

fn ended(model: &Model, entry: &Entry, settlement: Settlement, now: Timestamp) -> Ended {
    Ended {
        attempt: AttemptId { entry: entry.row.entry, number: entry.row.attempt },
        content: entry.content,
        revision: entry.row.revision.unwrap_or(1),
        extras: Vec::new(),
        account: entry.row.lane,
        account_version: model.lane(entry.row.lane).account.version,
        counted: model.lane(entry.row.lane).counts(),
        execution: entry.row.execution,
        on_demand: entry.is_sending() && entry.row.execution.is_none(),
        started_at: entry.claimed_at,
        finished_at: now.max(entry.claimed_at),
        settlement,
        has_steps: false,
    }
}
