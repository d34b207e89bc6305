//! What people want: what they delete is gone, what they have not approved is not sent, and what is of no use to them any
//! more is not sent either.

use super::tables::is_sending;
use super::{Act, Cause, Judge, Verdict, must};
use crate::store::{Asks, Code, ContentRow, LogRow, Row};
use contenthub::domain::ids::{AttemptId, EntryId};
use contenthub::{EntryStatus, Timestamp};

impl Judge {
    /// What they say, and have not approved yet, by the numbers of entries.
    pub fn contents(&self) -> &[ContentRow] {
        &self.contents
    }

    /// Deleted entries stay in sight, as nobody may touch them any more.
    pub(super) fn put_back_deleted(&mut self, after: &mut Vec<Row>, cause: Cause) -> Verdict {
        if after.len() == self.rows.len() && !self.known.iter().any(|known| known.deleted) {
            return Ok(());
        }
        let mut found = std::mem::take(after).into_iter().peekable();
        for was in &self.rows {
            let known = &mut self.known[was.entry.0 as usize - 1];
            if let Some(is) = found.next_if(|is| is.entry == was.entry) {
                must(3, !known.deleted, || format!("deleted, and here again: {is:?}"))?;
                after.push(is);
                continue;
            }
            let may =
                !matches!(was.status, EntryStatus::Publishing | EntryStatus::Uncertain) && !was.unproven;
            let is_wanted = cause == Cause::Person(Act::Delete(was.entry)) && may;
            must(3, known.deleted || is_wanted, || format!("gone by {cause:?}: {was:?}"))?;
            known.deleted = true;
            let was_open = was.status == EntryStatus::Pending;
            let status = if was_open { EntryStatus::Cancelled } else { was.status };
            after.push(Row { status, ..*was });
        }
        Ok(())
    }

    /// An entry was claimed to be sent: only what is approved, and what may be out as it was.
    pub(super) fn is_approved(&self, claimed: &Row) -> Verdict {
        let was = &self.rows[claimed.entry.0 as usize - 1];
        must(10, !claimed.held, || format!("claimed, and held: {claimed:?}"))?;
        if claimed.unproven {
            return must(10, claimed.revision == was.revision, || {
                format!("it may be out, and another revision is claimed: {was:?} became {claimed:?}")
            });
        }
        let content = self.contents[claimed.entry.0 as usize - 1];
        must(10, content.approved && claimed.revision == Some(content.revision), || {
            format!(
                "claimed as revision {:?}, and {content:?} is what there is: {claimed:?}",
                claimed.revision
            )
        })
    }

    /// A request leaves: it is of the revision that was claimed.
    pub fn sends_revision(&self, attempt: AttemptId, revision: i32) -> Verdict {
        let row = &self.rows[attempt.entry.0 as usize - 1];
        let is_so = row.attempt != attempt.number || row.revision == Some(revision);
        must(10, is_so, || format!("{attempt} sends revision {revision}: {row:?}"))
    }

    /// A person wants an entry out now, or at another time, or not at all.
    pub(super) fn hear_wish(&mut self, cause: Cause) {
        let (entry, wanted_now) = match cause {
            Cause::Person(Act::PublishNow(entry)) => (entry, true),
            Cause::Person(Act::Reschedule(entry, _) | Act::Retry(entry)) => (entry, false),
            Cause::Person(_) | Cause::Cycle { .. } | Cause::Engine => return,
        };
        self.known(entry).wanted_now = wanted_now;
    }

    /// It may go out over its schedule, and over window and spacing of its lane, for no run.
    pub(super) fn is_wanted_now(&self, entry: EntryId) -> bool {
        self.known[entry.0 as usize - 1].wanted_now
    }

    /// Whether nobody but a person can let it go.
    pub(super) fn is_not_approved(&self, row: &Row) -> bool {
        row.held && row.asks == Asks::Nothing && !self.contents[row.entry.0 as usize - 1].approved
    }

    /// Whether the next cycle has to end something.
    pub fn is_anything_late(&self, at: Timestamp) -> bool {
        self.rows.iter().any(|row| waits_in_vain(row, at))
    }

    /// After a cycle at `at` by its node's clock.
    pub(super) fn nobody_waits_in_vain(
        &self,
        after: &[Row],
        at: Timestamp,
        sweeps: bool,
        now: u64,
    ) -> Verdict {
        for row in after.iter().filter(|row| sweeps && waits_in_vain(row, at)) {
            must(11, false, || format!("it is too late at {at}, and waits: {row:?}"))?;
        }
        for log in &self.new_logs {
            let row = &after[log.entry.0 as usize - 1];
            match log.code {
                Code::TooLate => {
                    must(11, sweeps && row.late_at.is_some_and(|late_at| late_at <= at), || {
                        format!("called too late at {at}: {row:?}")
                    })?
                }
                Code::GaveUp => self.platform_was_away(row, now)?,
                Code::None
                | Code::AccountBroken
                | Code::WrongAddress
                | Code::Unreached
                | Code::Wait(_)
                | Code::Unseen
                | Code::Silent
                | Code::Other => {}
            }
        }
        Ok(())
    }

    /// Whether its end is that nobody waits for it any longer.
    pub(super) fn was_given_up(&self, row: &Row) -> bool {
        let says_so = |entry: EntryId, attempt: i32, code: Code| {
            (entry, attempt) == (row.entry, row.attempt) && matches!(code, Code::TooLate | Code::GaveUp)
        };
        self.new_logs.iter().any(|log| says_so(log.entry, log.attempt, log.code))
    }

    /// Whether another entry of its lane has just found nobody at the account's address, and it had been the first: then its
    /// failure was the account's, and it is pending again.
    pub(super) fn was_revived(&self, row: &Row) -> bool {
        let last = self.logs.iter().rev().find(|log| log.entry == row.entry && log.attempt < row.attempt);
        let was_first = last.is_some_and(|log| log.code == Code::WrongAddress);
        let lane_of = |entry: EntryId| self.rows[entry.0 as usize - 1].lane;
        let is_second = |log: &LogRow| {
            log.code == Code::WrongAddress && log.entry != row.entry && lane_of(log.entry) == row.lane
        };
        was_first && self.new_logs.iter().any(is_second)
    }
}

/// What waits for a look-up may be out in time.
fn waits_in_vain(row: &Row, at: Timestamp) -> bool {
    let is_late = row.late_at.is_some_and(|late_at| late_at <= at);
    row.status == EntryStatus::Pending && is_late && !matches!(row.asks, Asks::LookUp(_))
}

/// Whether it may go out at `at`, by its own time.
pub(super) fn is_in_time(row: &Row, at: Timestamp) -> bool {
    debug_assert!(row.status == EntryStatus::Pending || is_sending(row));
    row.due_at <= at && row.late_at.is_none_or(|late_at| at < late_at)
}
