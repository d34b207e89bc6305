//! The gates of lanes, as anybody can see them from outside: windows, spacing, cap, platforms that ask to wait, and those
//! that do not answer.

use super::tables::is_sending;
use super::{Judge, Verdict, must};
use crate::faults::Kind;
use crate::platform::Post;
use crate::store::{Asks, Code, LogRow, Row};
use crate::time::{MIDNIGHT, MINUTE, SECOND, micros, since_start};
use contenthub::domain::ids::AttemptId;
use contenthub::{LogStatus, Timestamp};
use std::time::Duration;

/// Failures in a row that make a platform one that is down.
const TRIPS_AFTER: u32 = 3;

/// What the judge knows of a lane.
#[derive(Debug, Clone, Default)]
pub(super) struct LaneKnown {
    /// Nothing goes out before: the platform asked to wait.
    wait_until: Option<Timestamp>,
    /// Attempts in a row that did not reach the platform, with no answer between.
    unreached: u32,
    /// The look at which they became too many.
    down_since: Option<u64>,
    /// How often entries were claimed to be sent.
    pub(super) claims: usize,
    /// The last request that went out, for which attempt, and whether a person wanted that now.
    last: Option<(AttemptId, u64, bool)>,
    /// When it was last heard to have taken a post.
    published_at: u64,
    /// Posts that it has accepted, before midnight and in all.
    before_midnight: i32,
    posts: i32,
}

impl LaneKnown {
    fn hear(&mut self, log: &LogRow, now: u64) {
        if log.status == LogStatus::Published {
            self.published_at = now;
        }
        match (log.code, log.status) {
            (Code::Unreached, _) => {
                self.unreached += 1;
            }
            (Code::Wait(seconds), LogStatus::Failed)
                if (log.execution.is_some() || log.on_demand) && seconds > 0 =>
            {
                self.wait_until = self.wait_until.max(Some(log.finished_at + Duration::from_secs(seconds)));
            }
            (Code::Wait(_) | Code::Unseen | Code::Silent | Code::TooLate | Code::GaveUp, _)
            | (Code::None, LogStatus::NotSent) => {}
            (Code::None | Code::AccountBroken | Code::WrongAddress | Code::Other, _) => self.answered(),
        }
    }

    fn answered(&mut self) {
        (self.unreached, self.down_since) = (0, None);
    }
}

impl Judge {
    /// Whether all clocks are right.
    pub(super) fn is_on_time(&self) -> bool {
        self.plan.faults.skew == 0
    }

    /// What this step wrote of attempts. Where some of it came late, a platform may have been heard of beside the log.
    pub(super) fn lanes_hear(&mut self, late: bool, now: u64) {
        let mut new = self.new_logs.clone();
        new.sort_by_key(|log| log.finished_at);
        for log in new.iter().filter(|log| !log.said_by_a_person) {
            let lane = self.rows[log.entry.0 as usize - 1].lane;
            self.gates[lane.0 as usize - 1].hear(log, now);
        }
        for lane in &mut self.gates {
            if late {
                lane.answered();
            }
            if lane.unreached >= TRIPS_AFTER {
                lane.down_since.get_or_insert(self.looks);
            }
        }
    }

    /// Of a platform that is down at most one entry at a time finds out whether it is up again.
    pub(super) fn breakers_hold(&self, after: &[Row]) -> Verdict {
        for (place, lane) in self.gates.iter().enumerate() {
            let Some(since) = lane.down_since else { continue };
            let of_lane = |row: &Row| row.lane.0 as usize == place + 1 && is_sending(row);
            let was_claimed = |row: &Row| {
                let is_new = row.attempt > self.rows[row.entry.0 as usize - 1].attempt;
                is_new || self.known[row.entry.0 as usize - 1].claimed_in > since
            };
            let probes = after.iter().filter(|row| of_lane(row) && was_claimed(row)).count();
            must(4, probes <= 1, || {
                format!("{probes} go out at once to a platform that is down, on lane {}", place + 1)
            })?;
        }
        Ok(())
    }

    pub(super) fn may_be_probed(&self, row: &Row) -> bool {
        self.plan.faults.may_trip()
            || self.lane_of(row).outage.is_some()
            || self.plan.entries.iter().any(|entry| entry.poison)
    }

    /// An entry was claimed at `at` by its node's clock.
    pub(super) fn pass_gates(&self, claimed: &Row, at: Timestamp) -> Verdict {
        let lane = &self.gates[claimed.lane.0 as usize - 1];
        let wait_until = lane.wait_until.unwrap_or(Timestamp::MIN);
        // By one clock: what is over by that of one node is still to come by another's.
        must(4, wait_until <= at || !self.is_on_time(), || {
            format!("claimed at {at}, and the platform wants rest until {wait_until}: {claimed:?}")
        })?;
        if self.lane_of(claimed).windowed && !self.is_wanted_now(claimed.entry) {
            let since = since_start(at);
            let is_open = (MINUTE..5 * MINUTE).contains(&since) || since >= 7 * MINUTE;
            must(4, is_open, || format!("claimed at {at}, outside its windows: {claimed:?}"))?;
        }
        Ok(())
    }

    /// An entry was given up because its platform is away. What is told by a node that stood still, or by a clock that is
    /// wrong, may have been long in coming.
    pub(super) fn platform_was_away(&self, row: &Row, now: u64) -> Verdict {
        if !self.is_on_time() || self.plan.faults.pause > 0 {
            return Ok(());
        }
        let patience = self.lane_of(row).give_up_after * SECOND;
        let on_the_way = 3 * micros(self.plan.lease) + 30 * SECOND;
        let answered = self.gates[row.lane.0 as usize - 1].published_at;
        must(11, now + on_the_way >= answered + patience && now >= patience, || {
            format!("given up, and its platform took a post {} µs ago: {row:?}", now - answered)
        })
    }

    /// A request that publishes leaves.
    pub fn leaves(&mut self, attempt: AttemptId, now: u64) -> Verdict {
        let row = self.rows[attempt.entry.0 as usize - 1];
        let spacing = self.lane_of(&row).spacing * SECOND;
        let wanted_now = self.is_wanted_now(attempt.entry);
        let lane = &mut self.gates[row.lane.0 as usize - 1];
        let last = lane.last.replace((attempt, now, wanted_now));
        let Some((other, at, other_wanted_now)) = last.filter(|(other, ..)| *other != attempt) else {
            return Ok(());
        };
        let is_far_enough = wanted_now || other_wanted_now || !self.is_on_time() || now - at >= spacing;
        must(4, is_far_enough, || {
            format!("{attempt} leaves {} µs after {other}, on lane {}", now - at, row.lane)
        })
    }

    /// A platform has taken a post.
    pub(super) fn posted_on_lane(&mut self, post: &Post) -> Verdict {
        let asked: u32 = self.known.iter().map(|known| known.asked).sum();
        let is_on_time = self.is_on_time();
        let plan = self.plan.lanes[post.lane.0 as usize - 1];
        let lane = &mut self.gates[post.lane.0 as usize - 1];
        lane.posts += 1;
        lane.before_midnight += i32::from(post.accepted_at < MIDNIGHT);
        let is_exact = plan.kind != Kind::BlindRetry && asked == 0;
        let Some(cap) = plan.cap.filter(|_| is_exact) else { return Ok(()) };
        must(4, lane.posts <= 2 * cap, || {
            format!("{} posts in two days, on lane {}", lane.posts, post.lane)
        })?;
        let is_kept = !is_on_time || lane.before_midnight <= cap;
        must(4, is_kept, || format!("{} posts on the first day, on lane {}", lane.before_midnight, post.lane))
    }

    /// Whether a pending entry may wait for another day.
    pub(super) fn cap_keeps(&self, row: &Row) -> bool {
        let Some(cap) = self.lane_of(row).cap else { return false };
        // What may be out passes the cap, but for one whose platform is down too; and platforms are asked whatever it says.
        if row.asks != Asks::Nothing || (row.unproven && !self.may_be_probed(row)) {
            return false;
        }
        let claims = self.gates[row.lane.0 as usize - 1].claims;
        // What is on the wire at midnight counts for both days.
        claims >= usize::try_from(cap).unwrap_or(0)
    }
}
