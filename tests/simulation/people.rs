//! What people do: mostly what they are asked to, now and then what comes to their mind.

use crate::invariants::{Cause, Verdict};
use crate::model::BY_HAND;
use crate::nodes::NodeEvent;
use crate::store::{Act, Row};
use crate::time::{MILLISECOND, MINUTE};
use crate::world::{What, World};
use contenthub::domain::ids::{AccountId, ContentId};
use contenthub::{EntryStatus, Timestamp};
use std::time::Duration;

/// Whoever is to say whether a post is out waits until nothing of it can be under way.
const BEFORE_A_WORD: u64 = 2 * MINUTE;

impl World<'_> {
    /// One of the things that people may do.
    pub fn people_act(&mut self) -> Verdict {
        let lanes = self.plan.lanes.len() as u64;
        let place = self.chance.below(self.plan.entries.len() as u64) as usize;
        let row = self.judge.rows()[place];
        let lane = AccountId(self.chance.below(lanes) as i64 + 1);
        let content = ContentId(row.entry.0);
        let act = match self.chance.below(14) {
            0 => Act::Cancel(row.entry),
            2 if row.status == EntryStatus::Pending => Act::PublishNow(row.entry),
            1 | 2 => Act::Retry(row.entry),
            3 => Act::Trigger(BY_HAND),
            4 => Act::Suspend(lane),
            5 => Act::Resume(lane),
            6 | 7 => Act::Edit(content),
            8 => Act::Approve(content),
            9 | 10 => Act::Reschedule(row.entry, self.a_time()),
            11 => Act::Delete(row.entry),
            _ => return self.say_something(),
        };
        self.do_it(act)
    }

    /// Now, or soon, or some time ago.
    fn a_time(&mut self) -> Option<Timestamp> {
        let now = self.time.now();
        match self.chance.below(4) {
            0 => None,
            1 => Some(now - Duration::from_micros(self.chance.below(5 * MINUTE))),
            _ => Some(now + Duration::from_micros(self.chance.below(5 * MINUTE))),
        }
    }

    /// A word on one entry that waits for it.
    fn say_something(&mut self) -> Verdict {
        let now = self.now();
        let waits = |row: &&Row| {
            row.status == EntryStatus::Uncertain || (row.status == EntryStatus::Pending && row.unproven)
        };
        let quiet = |row: &&Row| self.judge.quiet_for(row.entry, now) >= BEFORE_A_WORD;
        let Some(row) = self.judge.rows().iter().filter(waits).find(quiet).copied() else { return Ok(()) };
        let (mut out, mut is_coming) = (None, false);
        for post in self.platforms.of(row.entry) {
            out = out.or(post.is_out(now).then_some(post.number));
            is_coming |= !post.refused;
        }
        let act = match out {
            Some(number) => Act::SayPublished(row.entry, number),
            // Of one submission or another it is on its way.
            None if is_coming => return Ok(()),
            None if self.chance.happens(500) => Act::SayTryAgain(row.entry),
            None => Act::SayGiveUp(row.entry),
        };
        self.do_it(act)
    }

    fn do_it(&mut self, act: Act) -> Verdict {
        let now = self.time.now();
        let done = self.store.act(act, now);
        self.note(|| format!("a person: {act:?}: {done}"));
        if !done {
            return Ok(());
        }
        self.look(Cause::Person(act))?;
        self.notify();
        Ok(())
    }

    /// Servers hear of what other processes change, soon or never.
    pub fn notify(&mut self) {
        for node in 0..self.nodes.len() {
            if self.nodes[node].is_server() && !self.chance.happens(self.faults.notice_lost) {
                let after = self.chance.between(1, 200 * MILLISECOND);
                let life = self.nodes[node].life;
                self.after(after, What::Node { node, life, event: NodeEvent::Changed });
            }
        }
    }

    /// They look after accounts that are shut, and approve what waits for that.
    pub fn people_help(&mut self) -> Verdict {
        for lane in 0..self.plan.lanes.len() {
            let lane = AccountId(lane as i64 + 1);
            self.do_it(Act::Resume(lane))?;
        }
        for place in 0..self.plan.entries.len() {
            if !self.judge.contents()[place].approved {
                self.do_it(Act::Approve(ContentId(place as i64 + 1)))?;
            }
        }
        self.again_later();
        Ok(())
    }

    /// A command that runs a task beside the servers.
    pub fn command_runs(&mut self) -> Verdict {
        self.do_it(Act::Trigger(BY_HAND))?;
        let node = self.add_command(BY_HAND);
        self.start(node)
    }
}
