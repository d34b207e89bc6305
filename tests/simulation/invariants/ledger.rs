//! What is really out, beside what the tables say.

use super::{Judge, Verdict, must};
use crate::faults::Kind;
use crate::platform::{Platforms, Post};
use crate::store::LogRow;
use contenthub::{EntryStatus, LogStatus};

impl Judge {
    /// A post is out from now on.
    pub fn posted(&mut self, post: &Post, now: u64) -> Verdict {
        let kind = self.plan.lanes[post.lane.0 as usize - 1].kind;
        let known = self.known(post.entry);
        known.posts += 1;
        let allowed = 1 + known.asked;
        let posts = known.posts;
        must(1, posts <= allowed || kind == Kind::BlindRetry, || {
            format!("entry {} is out {posts} times, the last by attempt {}", post.entry, post.attempt)
        })?;
        self.posted_on_lane(post)?;
        self.compare_with_ledger(now)
    }

    /// What is out is never called failed or cancelled, and what is not out never published.
    pub(super) fn compare_with_ledger(&self, _: u64) -> Verdict {
        for (row, known) in self.rows.iter().zip(&self.known) {
            let is_right = match row.status {
                EntryStatus::Published => known.posts > 0,
                EntryStatus::Failed | EntryStatus::Cancelled => known.posts == 0,
                EntryStatus::Pending | EntryStatus::Publishing | EntryStatus::Uncertain => true,
            };
            must(2, is_right, || {
                format!("entry {} is {}, and out {} times", row.entry, row.status, known.posts)
            })?;
        }
        Ok(())
    }

    /// The same with the names that posts have, and nothing on the wire any more.
    pub(super) fn compare_at_rest(&self, platforms: &Platforms, now: u64) -> Verdict {
        for (row, known) in self.rows.iter().zip(&self.known) {
            let is_right = match row.status {
                EntryStatus::Published => known.posts > 0,
                EntryStatus::Uncertain => true,
                EntryStatus::Failed | EntryStatus::Cancelled => known.posts == 0,
                EntryStatus::Pending => known.posts == 0 || row.unproven,
                EntryStatus::Publishing => false,
            };
            must(2, is_right, || format!("{} at rest, and out {} times: {row:?}", row.status, known.posts))?;
        }
        let published = self.logs.iter().filter(|log| log.status == LogStatus::Published);
        for log in published.filter(|log| log.media.is_some()) {
            let is_so = platforms.of(log.entry).any(|post| names(log, post) && post.is_out(now));
            must(2, is_so, || format!("the log names a post that is not out: {log:?}"))?;
        }
        Ok(())
    }
}

fn names(log: &LogRow, post: &Post) -> bool {
    log.media == Some(post.number)
}
