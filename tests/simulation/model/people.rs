//! What people do.

use super::settling::write_log;
use super::{Model, runs};
use crate::store::{Act, Code, LogRow};
use contenthub::domain::execution::RunRule;
use contenthub::domain::ids::EntryId;
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
        Act::SayPublished(entry, post) => say(model, entry, EntryStatus::Published, Some(post), now),
        Act::SayTryAgain(entry) => say(model, entry, EntryStatus::Pending, None, now),
        Act::SayGiveUp(entry) => say(model, entry, EntryStatus::Failed, None, now),
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

fn retry(model: &mut Model, entry: EntryId, now: Timestamp) -> bool {
    let scheduled_at = model.entry(entry).scheduled_at;
    let row = &mut model.entry(entry).row;
    if !matches!(row.status, EntryStatus::Failed | EntryStatus::Cancelled) {
        return false;
    }
    row.status = EntryStatus::Pending;
    row.due_at = scheduled_at.max(now);
    (row.retry_count, row.recoveries) = (0, 0);
    row.attempt += 1;
    said(model, entry, LogStatus::NotSent, None, now);
    true
}

fn say(model: &mut Model, id: EntryId, to: EntryStatus, post: Option<u32>, now: Timestamp) -> bool {
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
    }
    entry.ask(None);
    entry.steps.clear();
    let status = if to == EntryStatus::Published { LogStatus::Published } else { LogStatus::Failed };
    said(model, id, status, post, now);
    true
}

fn said(model: &mut Model, entry: EntryId, status: LogStatus, media: Option<u32>, now: Timestamp) {
    let attempt = model.entry(entry).row.attempt;
    let row = LogRow {
        entry,
        attempt,
        execution: None,
        status,
        media,
        code: Code::Other,
        finished_at: now,
        said_by_a_person: true,
    };
    write_log(model, row);
}
