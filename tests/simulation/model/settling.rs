//! Writing what became of attempts: the fence, the log, what comes late, and what an end means for its lane.

use super::{Entry, Model, lanes};
use crate::sabotage::Sabotage;
use crate::store::{Code, KeepStep, LogRow, Step, node_number, post_number};
use contenthub::db::transitions::{Ended, Written};
use contenthub::domain::breaker::Sign;
use contenthub::domain::ids::*;
use contenthub::domain::settlement::LaneEffect;
use contenthub::platforms::journal::Mark;
use contenthub::{EntryStatus, LogStatus, Timestamp};

/// Writes what became of attempts of a node, once their lanes have heard of them.
pub(super) fn settle(model: &mut Model, node: &NodeId, ended: &[Ended], now: Timestamp) -> Vec<Written> {
    // What came late, or was written before, was heard of then.
    let is_ours: Vec<bool> = ended.iter().map(|one| holds(model, node, one.attempt)).collect();
    let lanes::Told { ended, mut closed, heard } = lanes::hear(model, ended, &is_ours);
    let mut answered: Vec<AccountId> = Vec::new();
    let mut written = Vec::with_capacity(ended.len());
    for one in ended.iter() {
        let verdict = settle_one(model, node, one);
        let is_told = matches!(verdict, Written::Settled(_)) && one.settlement.sign == Sign::Answered;
        answered.extend(is_told.then_some(one.account));
        written.push(verdict);
    }
    // Who was told of an answer before a failure must not be told of it again after that.
    answered.retain(|lane| !heard.contains(lane));
    closed.extend(lanes::answered(model, &answered, now));
    lanes::bring_back(model, &closed);
    written
}

fn settle_one(model: &mut Model, node: &NodeId, one: &Ended) -> Written {
    if !holds(model, node, one.attempt) {
        return late(model, one);
    }
    let approved = model.content(one.attempt.entry).approved;
    move_entry(model.entry(one.attempt.entry), one, approved);
    let log = log(model, one);
    if let Some(run) = one.execution {
        let run = model.run(run);
        run.last_work = run.last_work.max(Some(one.finished_at));
    }
    if one.settlement.status == EntryStatus::Published {
        model.lanes[one.account.0 as usize - 1].wrong_address = None;
    }
    apply_lane_effect(model, one);
    if one.has_steps {
        tidy_steps(model.entry(one.attempt.entry), one);
    }
    Written::Settled(log)
}

/// The fence.
fn holds(model: &Model, node: &NodeId, attempt: AttemptId) -> bool {
    let row = &model.entries[attempt.entry.0 as usize - 1].row;
    let holds = row.owner == Some(node_number(&node.0))
        && row.attempt == attempt.number
        && row.status == EntryStatus::Publishing;
    holds || model.sabotage == Some(Sabotage::Fence)
}

fn move_entry(entry: &mut Entry, one: &Ended, approved: bool) {
    let what = &one.settlement;
    entry.row.status = what.status;
    entry.pushed_from = what.put_off.then(|| entry.pushed_from.unwrap_or(entry.row.due_at));
    entry.row.due_at = what.due_at.unwrap_or(entry.row.due_at);
    entry.row.retry_count = what.retry_count;
    entry.row.unproven = what.unproven;
    entry.row.owner = None;
    entry.row.execution = None;
    entry.ask(what.question, approved);
}

fn log(model: &mut Model, one: &Ended) -> LogId {
    let what = &one.settlement;
    let row = LogRow {
        entry: one.attempt.entry,
        attempt: one.attempt.number,
        execution: one.execution,
        on_demand: one.on_demand,
        status: what.log,
        media: what.receipt.media_id.as_deref().map(post_number),
        code: Code::read(what.problem.as_ref().map(|problem| problem.code.as_str())),
        finished_at: one.finished_at,
        said_by_a_person: false,
    };
    write_log(model, row)
}

pub(super) fn write_log(model: &mut Model, row: LogRow) -> LogId {
    let place = model.logs.len();
    model.logs.push(row);
    model.entry(row.entry).logs.push(place);
    LogId(place as i64 + 1)
}

fn tidy_steps(entry: &mut Entry, one: &Ended) {
    if one.settlement.forgets_steps {
        entry.steps.clear();
    } else if !one.settlement.unproven || one.settlement.withdraws_intents {
        entry.steps.retain(|(_, _, result)| result.is_some());
    }
}

fn apply_lane_effect(model: &mut Model, one: &Ended) {
    match one.settlement.lane {
        LaneEffect::None => {}
        LaneEffect::Suspend { until } => suspend(model, one, until),
        LaneEffect::WrongAddress => second_wrong_address(model, one),
    }
}

fn suspend(model: &mut Model, one: &Ended, until: Option<Timestamp>) {
    let lane = &mut model.lanes[one.account.0 as usize - 1];
    if lane.account.version == one.account_version && lane.is_open(one.finished_at) {
        lane.suspended = Some(until);
        lane.wrong_address = None;
    }
}

fn second_wrong_address(model: &mut Model, one: &Ended) {
    let entry = one.attempt.entry;
    let lane = &mut model.lanes[one.account.0 as usize - 1];
    let Some(first) = lane.wrong_address.filter(|first| *first != entry) else {
        lane.wrong_address.get_or_insert(entry);
        return;
    };
    suspend(model, one, None);
    for id in [first, entry] {
        let found_nobody = found_nobody_at_last(model, id);
        let entry = model.entry(id);
        let due_at = entry.row.scheduled_at.map_or(one.finished_at, |at| at.max(one.finished_at));
        let row = &mut entry.row;
        if row.status == EntryStatus::Pending && row.retry_count > 0 {
            row.retry_count -= 1;
            row.due_at = due_at;
        }
        if row.status == EntryStatus::Failed && found_nobody && !entry.deleted {
            row.status = EntryStatus::Pending;
            row.due_at = due_at;
        }
    }
}

/// Not that it was refused since, or too late, or given up by a person.
fn found_nobody_at_last(model: &Model, entry: EntryId) -> bool {
    let last = model.entries[entry.0 as usize - 1].logs.last();
    last.is_some_and(|place| model.logs[*place].code == Code::WrongAddress)
}

/// What was written for the attempt meanwhile was a guess; that a post is out is not.
fn late(model: &mut Model, one: &Ended) -> Written {
    let id = one.attempt.entry;
    let places = &model.entries[id.0 as usize - 1].logs;
    let Some(place) = places.iter().copied().find(|place| model.logs[*place].attempt == one.attempt.number)
    else {
        return Written::LeaseLost;
    };
    let log = LogId(place as i64 + 1);
    let row = model.logs[place];
    if row.status == one.settlement.log && row.finished_at == one.finished_at {
        return Written::Already(log);
    }
    if one.settlement.status != EntryStatus::Published || row.status == LogStatus::Published {
        return Written::LeaseLost;
    }
    let sent_again = was_sent_since(model, one);
    let entry = model.entry(id);
    let settles = matches!(entry.row.status, EntryStatus::Uncertain | EntryStatus::Pending) && !sent_again;
    if settles {
        entry.row.status = EntryStatus::Published;
        entry.row.unproven = false;
        entry.ask(None, true);
        entry.steps.clear();
    }
    let written = &mut model.logs[place];
    written.status = LogStatus::Published;
    written.code = if sent_again { Code::Other } else { Code::None };
    written.media = one.settlement.receipt.media_id.as_deref().map(post_number);
    written.finished_at = one.finished_at;
    if sent_again { Written::PossibleDuplicate(log) } else { Written::Late(log) }
}

fn was_sent_since(model: &Model, one: &Ended) -> bool {
    let entry = &model.entries[one.attempt.entry.0 as usize - 1];
    let was_sent = |row: &LogRow| {
        row.attempt > one.attempt.number
            && row.status != LogStatus::NotSent
            && !row.said_by_a_person
            && (row.execution.is_some() || row.on_demand)
    };
    let is_sent = entry.row.status == EntryStatus::Publishing
        && entry.row.attempt > one.attempt.number
        && entry.question.is_none();
    is_sent || entry.logs.iter().any(|place| was_sent(&model.logs[*place]))
}

/// Only where the claim holds.
pub(super) fn keep_step(model: &mut Model, kept: &KeepStep) -> bool {
    if !holds(model, &kept.node, kept.attempt) {
        return false;
    }
    let entry = model.entry(kept.attempt.entry);
    let step = Step::read(kept.step);
    entry.steps.retain(|(other, _, _)| *other != step);
    match &kept.mark {
        Mark::Intent => entry.steps.push((step, kept.revision, None)),
        Mark::Result(result) => {
            entry.steps.push((step, kept.revision, Some(result.to_string())));
            entry.row.recoveries = 0;
        }
        Mark::Withdrawn => {}
    }
    entry.steps.sort();
    true
}
