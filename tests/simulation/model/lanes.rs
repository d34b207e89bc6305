//! What is known of each lane, and its gates.

use super::{Entry, Lane, Model};
use crate::sabotage::Sabotage;
use crate::store::node_number;
use contenthub::db::transitions::Ended;
use contenthub::domain::breaker::{Heard, Sign, Verdict};
use contenthub::domain::gates::{self, Gate, PROBE_PATIENCE, Passage, Shut};
use contenthub::domain::ids::*;
use contenthub::domain::retry::PLATFORM_PAUSE;
use contenthub::{EntryStatus, LogStatus, Timestamp};
use std::borrow::Cow;
use std::time::Duration;

/// Two transactions that end within this of each other would have waited for each other's locks.
const AT_ONCE: Duration = Duration::from_millis(500);

/// What attempts that ended come to, once their lanes have heard of them.
pub(super) struct Told<'a> {
    pub ended: Cow<'a, [Ended]>,
    pub closed: Vec<AccountId>,
    pub heard: Vec<AccountId>,
}

/// Only of those that count: what is not the node's any more was heard of when it was taken from it.
pub(super) fn hear<'a>(model: &mut Model, ended: &'a [Ended], counts: &[bool]) -> Told<'a> {
    let mut told = Told { ended: Cow::Borrowed(ended), closed: Vec::new(), heard: Vec::new() };
    let matters = |one: &Ended| one.counted || matches!(one.settlement.sign, Sign::Failed { .. });
    let lanes: Vec<AccountId> = ended.iter().filter(|one| matters(one)).map(|one| one.account).collect();
    let mut order: Vec<usize> =
        (0..ended.len()).filter(|at| counts[*at] && lanes.contains(&ended[*at].account)).collect();
    order.sort_by_key(|at| ended[*at].finished_at);
    for at in order {
        let one = &ended[at];
        told.heard.push(one.account);
        let last_try = match one.settlement.sign {
            Sign::Failed { unseen: true, .. } => last_try_before(model, one.attempt),
            Sign::Failed { .. } | Sign::Answered | Sign::Silent => None,
        };
        let settlement = &one.settlement;
        let Lane { rules, state, .. } = &mut model.lanes[one.account.0 as usize - 1];
        if one.counted {
            let was_sent = settlement.log != LogStatus::NotSent;
            state.ended(rules, one.finished_at, was_sent, settlement.is_out_or_may_be());
        }
        let heard = Heard { entry: one.attempt.entry, sign: settlement.sign, at: one.finished_at, last_try };
        match state.health.hear(heard, PLATFORM_PAUSE) {
            Verdict::Entry => {
                if let Some(instead) = &settlement.if_others_get_through {
                    told.ended.to_mut()[at].settlement = (**instead).clone();
                }
            }
            Verdict::Closed => told.closed.push(one.account),
            Verdict::Nothing | Verdict::Platform => {}
        }
    }
    told
}

fn last_try_before(model: &Model, attempt: AttemptId) -> Option<Timestamp> {
    let entry = &model.entries[attempt.entry.0 as usize - 1];
    let rows = entry.logs.iter().map(|place| &model.logs[*place]);
    let tries = rows.filter(|row| row.attempt < attempt.number && row.status != LogStatus::NotSent);
    tries.max_by_key(|row| row.attempt).map(|row| row.finished_at)
}

/// Platforms answered; gives back the lanes whose breaker closed.
pub(super) fn answered(model: &mut Model, answered: &[AccountId], now: Timestamp) -> Vec<AccountId> {
    let mut closed = Vec::new();
    for id in answered {
        let health = &mut model.lanes[id.0 as usize - 1].state.health;
        let heard = Heard { entry: EntryId(0), sign: Sign::Answered, at: now, last_try: None };
        if health.awaits_answer && health.hear(heard, PLATFORM_PAUSE) == Verdict::Closed {
            closed.push(*id);
        }
    }
    closed
}

/// What a breaker had put off is due again as it was before.
pub(super) fn bring_back(model: &mut Model, closed: &[AccountId]) {
    for entry in &mut model.entries {
        if closed.contains(&entry.row.lane)
            && entry.row.status == EntryStatus::Pending
            && let Some(due_at) = entry.pushed_from.take()
        {
            entry.row.due_at = due_at;
        }
    }
}

impl Lane {
    /// Its gates count sends.
    pub(super) fn counts(&self) -> bool {
        !self.rules.spacing.is_zero() || self.rules.daily_cap.is_some()
    }

    /// When nobody keeps it suspended any more; none where somebody has to say so.
    pub(super) fn resumes(&self) -> Option<Timestamp> {
        self.suspended.unwrap_or(Some(Timestamp::MIN))
    }
}

/// How a lane may be passed by a cycle; none where it is shut. Without its lock, a cycle does not see what another one
/// claims at the same time.
pub(super) fn passage(model: &mut Model, id: AccountId, busy: usize, now: Timestamp) -> Option<Passage> {
    let Lane { rules, state, .. } = &mut model.lanes[id.0 as usize - 1];
    state.mend(now, PLATFORM_PAUSE);
    let busy = i32::try_from(busy).unwrap_or(i32::MAX);
    match gates::passage(rules, state, busy, now) {
        Passage::Shut(_) => None,
        Passage::Probe { .. } if probe_is_out(model, id) => None,
        passage => Some(passage),
    }
}

/// The same for what a person wants out now, over window and spacing.
pub(super) fn passage_on_demand(model: &mut Model, id: AccountId, busy: usize, now: Timestamp) -> Passage {
    let Lane { rules, state, .. } = &mut model.lanes[id.0 as usize - 1];
    state.mend(now, PLATFORM_PAUSE);
    let busy = i32::try_from(busy).unwrap_or(i32::MAX);
    match gates::passage_on_demand(rules, state, busy, now) {
        Passage::Probe { .. } if probe_is_out(model, id) => {
            let gate = Gate::Breaker { since: now };
            Passage::Shut(Shut { gate, until: Some(now + PROBE_PATIENCE) })
        }
        passage => passage,
    }
}

fn probe_is_out(model: &Model, id: AccountId) -> bool {
    let probed = model.lane(id).state.health.tripped.and_then(|tripped| tripped.probed);
    probed.is_some_and(|entry| model.entries[entry.0 as usize - 1].is_sending())
}

/// When a lane opens, for all of its entries, and for those that may be out already.
pub(super) struct Opens {
    pub all: Option<Timestamp>,
    pub unproven: Option<Timestamp>,
}

pub(super) fn opens(model: &Model, lane: &Lane, now: Timestamp) -> Opens {
    let busy = model.entries.iter().filter(|entry| entry.row.lane == lane.account.id && entry.is_sending());
    let busy = i32::try_from(busy.count()).unwrap_or(i32::MAX);
    let (all, unproven) = match gates::passage(&lane.rules, &lane.state, busy, now) {
        Passage::Open { .. } => (Some(Timestamp::MIN), None),
        Passage::Probe { .. } if probe_is_out(model, lane.account.id) => (Some(now + PROBE_PATIENCE), None),
        Passage::Probe { proven: true } => (Some(Timestamp::MIN), None),
        Passage::Probe { proven: false } | Passage::OnlyUnproven { .. } => (
            gates::shut_gate(&lane.rules, &lane.state, now).and_then(|shut| shut.until),
            Some(Timestamp::MIN),
        ),
        Passage::Shut(shut) => (shut.until, None),
    };
    let resumed = |at: Option<Timestamp>| Some(at?.max(lane.resumes()?));
    Opens { all: resumed(all), unproven: resumed(unproven) }
}

/// What a lane has on the wire, as the cycle of a node sees it.
pub(super) fn busy(model: &Model, id: AccountId, node: &NodeId) -> usize {
    let own = node_number(&node.0);
    let is_unseen = |entry: &Entry| {
        model.sabotage == Some(Sabotage::LaneLock)
            && entry.row.owner != Some(own)
            && model.now.since(entry.taken_at) < AT_ONCE
    };
    let sending = model.entries.iter().filter(|entry| entry.row.lane == id && entry.is_sending());
    sending.filter(|entry| !is_unseen(entry)).count()
}
