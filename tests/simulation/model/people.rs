//! What people do.

use super::settling::write_log;
use super::{Model, demands, runs};
use crate::sabotage::Sabotage;
use crate::store::{Act, Code, ContentRow, LogRow};
use contenthub::domain::execution::RunRule;
use contenthub::domain::ids::{ContentId, EntryId};
use contenthub::domain::question::Question;
use contenthub::{EntryStatus, LogStatus, Timestamp};

pub(super) fn act(model: &mut Model, act: Act, now: Timestamp) -> bool {
    match act {
        Act::Cancel(entry) => {
            let row = &mut model.entry(entry).row;
            let may = row.status == EntryStatus::Pending && !row.unproven;
            if may {
                row.status = EntryStatus::Cancelled;
            }
            may
        }
        Act::Retry(entry) => retry(model, entry, now),
        Act::PublishNow(entry) => demands::want(model, entry, now),
        Act::SayPublished(entry, post) => say(model, entry, EntryStatus::Published, Some(post), now),
        Act::SayTryAgain(entry) => say(model, entry, EntryStatus::Pending, None, now),
        Act::SayGiveUp(entry) => say(model, entry, EntryStatus::Failed, None, now),
        Act::Edit(content) => {
            let row = &mut model.contents[content.0 as usize - 1];
            *row = ContentRow { revision: row.revision + 1, approved: !model.review };
            hold(model, content, model.review);
            true
        }
        Act::Approve(content) => {
            let row = &mut model.contents[content.0 as usize - 1];
            let may = !row.approved;
            row.approved = true;
            if may {
                hold(model, content, false);
            }
            may
        }
        Act::Reschedule(entry, at) => reschedule(model, entry, at, now),
        Act::Delete(entry) => {
            let entry = model.entry(entry);
            let is_kept = matches!(entry.row.status, EntryStatus::Publishing | EntryStatus::Uncertain);
            let may = !entry.deleted && !entry.row.unproven && !is_kept;
            if may {
                entry.deleted = true;
                if entry.row.status == EntryStatus::Pending {
                    entry.row.status = EntryStatus::Cancelled;
                }
            }
            may
        }
        Act::Trigger(task) => {
            runs::request(model, task, RunRule::ByHand, None, now);
            true
        }
        Act::Resume(lane) => {
            let lane = &mut model.lanes[lane.0 as usize - 1];
            (lane.suspended, lane.wrong_address) = (None, None);
            true
        }
        Act::Suspend(lane) => {
            let lane = &mut model.lanes[lane.0 as usize - 1];
            (lane.suspended, lane.wrong_address) = (Some(None), None);
            true
        }
    }
}

/// Holds back what waits for an approval, or lets it go: not what may be out, nor what waits for a look-up.
fn hold(model: &mut Model, content: ContentId, held: bool) {
    let is_off = model.sabotage == Some(Sabotage::Hold);
    let entry = model.entry(EntryId(content.0));
    let is_looked_up = matches!(entry.question, Some(Question::LookUp { .. }));
    if entry.row.status != EntryStatus::Published && !entry.row.unproven && !is_looked_up && !is_off {
        entry.row.held = held;
    }
}

fn reschedule(model: &mut Model, id: EntryId, at: Option<Timestamp>, now: Timestamp) -> bool {
    let entry = model.entry(id);
    if entry.row.status != EntryStatus::Pending || entry.row.unproven {
        return false;
    }
    let due_at = at.unwrap_or(now).max(now);
    if due_at != entry.row.due_at {
        entry.pushed_from = None;
    }
    entry.wanted_now = false;
    (entry.row.scheduled_at, entry.row.due_at) = (at, due_at);
    if at.is_none_or(|at| at <= now) {
        entry.retried_at = Some(now);
    }
    entry.compute_late();
    true
}

fn retry(model: &mut Model, id: EntryId, now: Timestamp) -> bool {
    let entry = model.entry(id);
    if entry.deleted || !matches!(entry.row.status, EntryStatus::Failed | EntryStatus::Cancelled) {
        return false;
    }
    entry.row.status = EntryStatus::Pending;
    entry.wanted_now = false;
    entry.row.due_at = entry.row.scheduled_at.unwrap_or(now).max(now);
    (entry.row.retry_count, entry.row.recoveries) = (0, 0);
    entry.row.attempt += 1;
    (entry.retried_at, entry.pushed_from) = (Some(now), None);
    entry.compute_late();
    said(model, id, LogStatus::NotSent, None, now);
    true
}

fn say(model: &mut Model, id: EntryId, to: EntryStatus, post: Option<u32>, now: Timestamp) -> bool {
    let approved = model.content(id).approved;
    let entry = model.entry(id);
    let is_wanted = match entry.row.status {
        EntryStatus::Uncertain => true,
        EntryStatus::Pending => entry.row.unproven,
        EntryStatus::Publishing => entry.row.owner.is_none(),
        EntryStatus::Published | EntryStatus::Failed | EntryStatus::Cancelled => false,
    };
    if !is_wanted {
        return false;
    }
    entry.row.status = to;
    entry.row.unproven = false;
    entry.row.due_at = now;
    entry.row.attempt += 1;
    if to == EntryStatus::Pending {
        (entry.row.retry_count, entry.row.recoveries) = (0, 0);
        entry.retried_at = Some(now);
    }
    entry.ask(None, approved);
    (entry.row.held, entry.pushed_from) = (!approved, None);
    entry.compute_late();
    entry.steps.clear();
    let status = if to == EntryStatus::Published { LogStatus::Published } else { LogStatus::Failed };
    said(model, id, status, post, now);
    true
}

pub(super) fn said(model: &mut Model, entry: EntryId, status: LogStatus, media: Option<u32>, now: Timestamp) {
    let attempt = model.entry(entry).row.attempt;
    let row = LogRow {
        entry,
        attempt,
        execution: None,
        on_demand: false,
        status,
        media,
        code: Code::Other,
        finished_at: now,
        said_by_a_person: true,
    };
    write_log(model, row);
}
