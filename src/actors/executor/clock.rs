//! The executor's part that looks at the clocks when nobody else does, and does what a step asks for.

use super::PublishingExecutorActor;
use crate::operations::clock_steps::MendTimes;
use actix::prelude::*;
use std::time::Duration;

/// A step is noticed within this, also where there is nothing to do.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What was computed by the clock as it was may be written for a while yet, by a command that waits for its turn. Longer than
/// any waits.
pub const MEND_AGAIN_AFTER: Duration = Duration::from_secs(40);

impl PublishingExecutorActor {
    pub(super) fn look_at_clock(&mut self, ctx: &mut Context<Self>) {
        self.time.look();
        if self.time.take_stepped() {
            // Which compares it with the database's clock.
            self.recover(ctx);
        }
        if self.time.take_stepped_back() {
            self.mend_times(ctx);
            let later = self.clock.sleep(MEND_AGAIN_AFTER).into_actor(self);
            ctx.spawn(later.map(|(), me, ctx| me.mend_times(ctx)));
        }
        // What waits for an alarm waits for a time that may lie behind, or be long in coming.
        if self.time.take_freed() {
            self.look_for_work(ctx);
        }
    }

    fn mend_times(&mut self, ctx: &mut Context<Self>) {
        let (db, time) = (self.db.clone(), self.time.clone());
        ctx.spawn(async move { db.perform(MendTimes).await }.into_actor(self).map(move |result, me, ctx| {
            match result {
                Ok(sooner) => {
                    log::info!("{sooner} tasks fire sooner than they would have by the clock as it was");
                    me.look_for_work(ctx);
                }
                Err(error) => {
                    time.still_stepped_back();
                    log::warn!("times could not be brought in line with the clock, and are again: {error}");
                }
            }
        }));
    }

    /// The clock was stepped between the look before a claim and the claim. Nothing of it was sent: it goes back.
    pub(super) fn claimed_by_a_wrong_clock(&self) -> bool {
        let hold = self.time.look();
        if let Some(hold) = hold {
            log::warn!("what was just claimed goes back: {hold}");
        }
        hold.is_some()
    }
}
