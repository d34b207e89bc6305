//! What the tables may become, from one step to the next.

use super::people::is_in_time;
use super::{Act, Cause, Judge, Verdict, must};
use crate::platform::Platforms;
use crate::store::{Asks, Code, LogRow, Row};
use crate::time::SECOND;
use contenthub::db::leases::SUSPECT_AFTER;
use contenthub::domain::entry::may_follow;
use contenthub::{EntryStatus, ExecutionStatus, LogStatus, Timestamp};

impl Judge {
    pub(super) fn look_at_rows(&mut self, after: &[Row], cause: Cause, now: u64) -> Verdict {
        self.breakers_hold(after)?;
        for (place, is) in after.iter().copied().enumerate() {
            let was = self.rows[place];
            if was == is {
                continue;
            }
            self.known[place].changed_at = now;
            if is_sending(&is) && is.attempt > was.attempt {
                (self.known[place].claimed_in, self.known[place].claimed_at) = (self.looks, now);
                self.gates[is.lane.0 as usize - 1].claims += 1;
            }
            let given_up = self.was_given_up(&is);
            let revived = given_up && was.status == EntryStatus::Failed && self.was_revived(&is);
            must(3, follows(&was, &is, cause, given_up, revived), || {
                format!("not in the table: {was:?} became {is:?}")
            })?;
            let numbers_missing =
                (was.attempt.max(1)..is.attempt).find(|number| !self.known[place].logged.contains(number));
            must(3, numbers_missing.is_none(), || format!("attempt {numbers_missing:?} has no row: {is:?}"))?;
            // The last try of all, of which a look-up is to say whether it failed, counts as one more, and whatever
            // settles the entry then leaves that number as it is.
            let is_to_be_looked_up = matches!(is.asks, Asks::LookUp(_));
            let most = (is.max_retries + i32::from(is_to_be_looked_up)).max(was.retry_count);
            must(6, (0..=most).contains(&is.retry_count), || format!("too many retries: {is:?}"))?;
            let costs = is.retry_count > was.retry_count;
            let last = self.logs_of_this_step(place);
            let is_free = |log: &LogRow| {
                matches!(log.code, Code::AccountBroken | Code::Unreached | Code::Wait(_))
                    || log.status == LogStatus::NotSent
            };
            must(6, !(costs && !last.is_empty() && last.iter().all(is_free)), || {
                format!("it cost a retry, and should not: {was:?} became {is:?}")
            })?;
        }
        Ok(())
    }

    /// The log is looked at before the entries.
    fn logs_of_this_step(&self, place: usize) -> Vec<LogRow> {
        self.new_logs.iter().filter(|log| log.entry.0 as usize == place + 1).copied().collect()
    }

    pub(super) fn look_at_log(&mut self, logs: &[LogRow], after: &[Row], platforms: &Platforms) -> Verdict {
        for (was, is) in self.logs.iter().zip(logs) {
            let is_proof = is.status == LogStatus::Published
                && (was.entry, was.attempt, was.execution) == (is.entry, is.attempt, is.execution)
                && platforms.of(is.entry).next().is_some();
            must(3, was == is || is_proof, || {
                format!("a row of the log was changed: {was:?} became {is:?}")
            })?;
        }
        must(3, logs.len() >= self.logs.len(), || "rows of the log are gone".to_owned())?;
        self.new_logs.clear();
        for log in &logs[self.logs.len()..] {
            let row = &after[log.entry.0 as usize - 1];
            let known = &mut self.known[log.entry.0 as usize - 1];
            must(3, !known.logged.contains(&log.attempt), || format!("an attempt with two rows: {log:?}"))?;
            must(3, log.attempt <= row.attempt, || format!("a row of no attempt: {log:?}"))?;
            known.logged.push(log.attempt);
            self.new_logs.push(*log);
        }
        Ok(())
    }

    pub(super) fn look_at_lanes(&mut self, after: &[Row], now: u64) -> Verdict {
        let mut of_lane = vec![0; self.lanes.len()];
        let mut wanted_of_lane = vec![false; self.lanes.len()];
        let mut young_of_node: Vec<(u32, usize)> = Vec::new();
        for (row, known) in after.iter().zip(&self.known).filter(|(row, _)| is_sending(row)) {
            of_lane[row.lane.0 as usize - 1] += 1;
            wanted_of_lane[row.lane.0 as usize - 1] |= known.wanted_now;
            let Some(owner) = row.owner.filter(|_| now - known.claimed_at < OLD_AFTER) else { continue };
            match young_of_node.iter_mut().find(|(node, _)| *node == owner) {
                Some((_, count)) => *count += 1,
                None => young_of_node.push((owner, 1)),
            }
        }
        for ((lane, count), wanted_now) in self.plan.lanes.iter().zip(of_lane).zip(wanted_of_lane) {
            let places = if lane.spacing > 0 && !wanted_now { 1 } else { lane.concurrency };
            must(4, count <= places, || format!("{count} on the wire of {lane:?}"))?;
        }
        // A node whose clock is stepped thinks attempts older than they are.
        if self.plan.faults.clock_step == 0 {
            let slots = self.plan.slots + self.plan.lanes.len();
            for (node, count) in young_of_node {
                must(4, count <= slots, || format!("node {node} has {count} young ones on the wire"))?;
            }
        }
        Ok(())
    }

    pub(super) fn look_at_runs(&self) -> Verdict {
        for (place, run) in self.runs.iter().enumerate() {
            for other in &self.runs[..place] {
                let both = |status| run.status == status && other.status == status && run.task == other.task;
                must(7, !both(ExecutionStatus::Running), || {
                    format!("a task overlaps itself: {run:?} {other:?}")
                })?;
                must(7, !both(ExecutionStatus::Queued), || format!("two wait: {run:?} {other:?}"))?;
                let same_fire =
                    run.fire_time.is_some() && (run.task, run.fire_time) == (other.task, other.fire_time);
                must(7, !same_fire, || format!("one fire, two runs: {run:?} {other:?}"))?;
            }
        }
        Ok(())
    }

    /// What a cycle claimed, at `at` by its node's clock.
    pub(super) fn look_at_claims(&self, after: &[Row], at: Timestamp) -> Verdict {
        let is_new = |was: &Row, is: &Row| is_sending(is) && is.attempt > was.attempt;
        for (_, claimed) in self.rows.iter().zip(after).filter(|(was, is)| is_new(was, is)) {
            must(4, is_in_time(claimed, at), || {
                format!("claimed at {at}, too early or too late: {claimed:?}")
            })?;
            let wanted_now = self.is_wanted_now(claimed.entry);
            let is_wanted =
                wanted_now || claimed.scheduled_at.is_none_or(|wanted| wanted <= at) || !self.is_on_time();
            must(4, is_wanted, || format!("claimed at {at}, before its time: {claimed:?}"))?;
            self.is_approved(claimed)?;
            let lane = &self.lanes[claimed.lane.0 as usize - 1];
            let is_open = lane.suspended.is_none_or(|until| until.is_some_and(|until| until <= at));
            must(4, is_open, || format!("claimed at {at} on a lane that is shut: {claimed:?}"))?;
            self.pass_gates(claimed, at)?;
            let run = self.ran(claimed.execution);
            let is_on_demand = wanted_now && claimed.execution.is_none();
            must(7, run.is_some() || is_on_demand, || format!("claimed for no run: {claimed:?}"))?;
            // A probe is another entry each time; what may be out already passes the cap.
            let is_in_order =
                !is_on_demand && !self.may_be_probed(claimed) && self.lane_of(claimed).cap.is_none();
            for other in after.iter().filter(|other| is_in_order && other.lane == claimed.lane) {
                let passed = is_claimable(other, at) && urgency(other) < urgency(claimed);
                // A run tries each entry once, and where none of `on_due` is open, so it is left to the next.
                let is_tried = || {
                    self.logs.iter().chain(&self.new_logs).any(|log| {
                        log.entry == other.entry
                            && log.status != LogStatus::NotSent
                            && self.ran(log.execution).is_some_and(|run| !run.on_due)
                    })
                };
                must(5, !passed || is_tried(), || format!("{claimed:?} passed over {other:?} at {at}"))?;
            }
        }
        Ok(())
    }
}

pub(super) fn is_sending(row: &Row) -> bool {
    row.status == EntryStatus::Publishing && row.owner.is_some() && row.asks == Asks::Nothing
}

/// So long an attempt holds a shared slot.
const OLD_AFTER: u64 = 2 * SECOND;

/// One that outlived several nodes goes out beside the others, one at a time.
fn is_claimable(row: &Row, at: Timestamp) -> bool {
    row.status == EntryStatus::Pending && !row.held && is_in_time(row, at) && row.recoveries < SUSPECT_AFTER
}

fn urgency(row: &Row) -> (i32, Timestamp, i64) {
    (row.priority, row.due_at, row.entry.0)
}

/// One transaction may end an attempt and begin the next.
fn follows(was: &Row, is: &Row, cause: Cause, given_up: bool, revived: bool) -> bool {
    use EntryStatus::{Failed, Pending, Publishing, Uncertain};
    if given_up {
        let end = if is.unproven { Uncertain } else { Failed };
        // What another entry's end brings back in the same cycle may be too late by then.
        let from = matches!(was.status, Pending | Publishing) || was.status == Failed && revived;
        return from && is.status == end && is.attempt == was.attempt + 1;
    }
    let may = |from: EntryStatus, to: EntryStatus| from == to || may_follow(from, to);
    let by_a_person = matches!(
        cause,
        Cause::Person(
            Act::Retry(_)
                | Act::PublishNow(_)
                | Act::SayTryAgain(_)
                | Act::SayGiveUp(_)
                | Act::SayPublished(..)
                | Act::Cancel(_)
        )
    );
    if is.status == Publishing && is.attempt > was.attempt {
        // The platform works on it, and it is claimed again to ask; else it was pending before.
        let to_ask = was.status == Publishing && is.asks != Asks::Nothing;
        return is.attempt == was.attempt + 1
            && (to_ask || was.status == Pending || was.status == Publishing);
    }
    // Only a claim, or what a person says, is another attempt.
    (is.attempt == was.attempt || by_a_person) && may(was.status, is.status)
}
