//! Entries that nobody waits for any longer: not out in time, or their platform was away for too long.

use super::settling::write_log;
use super::{Entry, Lane, Model};
use crate::sabotage::Sabotage;
use crate::store::{Code, Done, LogRow};
use contenthub::domain::ids::EntryId;
use contenthub::domain::question::Question;
use contenthub::{EntryStatus, LogStatus, Timestamp};

impl Entry {
    /// Something was changed that it depends on.
    pub(super) fn compute_late(&mut self) {
        self.row.late_at = self.late_after.map(|span| self.wanted_at() + span);
    }

    /// Every entry was added at the beginning.
    fn wanted_at(&self) -> Timestamp {
        let added_at = crate::time::at(0);
        added_at.max(self.row.scheduled_at.unwrap_or(added_at)).max(self.retried_at.unwrap_or(added_at))
    }

    /// When the sweep ends it. What waits for a look-up is left to that first: it may be out, in time.
    fn ends_late_at(&self) -> Option<Timestamp> {
        let waits = self.row.status == EntryStatus::Pending
            && !matches!(self.question, Some(Question::LookUp { .. }));
        self.row.late_at.filter(|_| waits)
    }

    /// When it has waited long enough for its platform.
    fn given_up_at(&self, lane: &Lane) -> Option<Timestamp> {
        let tripped = lane.state.health.tripped?;
        let waits = self.row.status == EntryStatus::Pending && !self.row.held;
        let waited = (tripped.since + lane.patience).max(self.wanted_at() + lane.patience);
        waits.then(|| waited.max(self.row.due_at))
    }

    /// A claim passes it over.
    pub(super) fn is_late(&self, now: Timestamp) -> bool {
        self.row.late_at.is_some_and(|at| at <= now)
    }
}

/// When the first of all ends; in the past where it is to end now.
pub(super) fn next(model: &Model) -> Option<Timestamp> {
    let late = model.entries.iter().filter_map(Entry::ends_late_at);
    let given_up = model.entries.iter().filter_map(|entry| entry.given_up_at(model.lane(entry.row.lane)));
    late.chain(given_up).min()
}

/// Ends those whose time has come.
pub(super) fn sweep(model: &mut Model, now: Timestamp, done: &mut Done) {
    if model.sabotage == Some(Sabotage::Sweep) {
        return;
    }
    let has_come = |at: Option<Timestamp>| at.is_some_and(|at| at <= now);
    let why = |entry: &Entry| match () {
        () if has_come(entry.ends_late_at()) => Some(Code::TooLate),
        () if has_come(entry.given_up_at(model.lane(entry.row.lane))) => Some(Code::GaveUp),
        () => None,
    };
    let over: Vec<(EntryId, Code)> =
        model.entries.iter().filter_map(|entry| Some((entry.row.entry, why(entry)?))).collect();
    for (id, code) in over {
        end(model, id, code, now);
        done.swept += 1;
    }
    done.look_again = [done.look_again, next(model)].into_iter().flatten().min();
}

/// What may be out is never called failed.
fn end(model: &mut Model, id: EntryId, code: Code, now: Timestamp) {
    let entry = model.entry(id);
    let (to, in_log) = match entry.row.unproven {
        true => (EntryStatus::Uncertain, LogStatus::Uncertain),
        false => (EntryStatus::Failed, LogStatus::Failed),
    };
    entry.row.status = to;
    entry.row.attempt += 1;
    entry.pushed_from = None;
    let row = LogRow {
        entry: id,
        attempt: entry.row.attempt,
        execution: None,
        on_demand: false,
        status: in_log,
        media: None,
        code,
        finished_at: now,
        said_by_a_person: false,
    };
    write_log(model, row);
}
