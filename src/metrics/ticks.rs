//! When the scheduler last looked for what is due.

use crate::domain::clock::Timestamp;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

/// The last tick, by both clocks.
#[derive(Debug, Default)]
pub struct Ticks {
    monotonic_micros: AtomicU64,
    /// None is 0.
    wall_micros: AtomicI64,
}

impl Ticks {
    /// The database was asked what is due, and answered.
    pub fn ticked(&self, monotonic: Duration, now: Timestamp) {
        self.wall_micros.store(now.micros(), Ordering::Relaxed);
        self.need_not_tick(monotonic);
    }

    /// No tick was owed until now: the scheduler has just begun, or nothing fires by a clock that may be wrong.
    pub fn need_not_tick(&self, monotonic: Duration) {
        let micros = u64::try_from(monotonic.as_micros()).unwrap_or(u64::MAX);
        self.monotonic_micros.store(micros, Ordering::Relaxed);
    }

    /// How long a tick has been owed.
    pub fn silent_for(&self, monotonic: Duration) -> Duration {
        monotonic.saturating_sub(Duration::from_micros(self.monotonic_micros.load(Ordering::Relaxed)))
    }

    pub fn last(&self) -> Option<Timestamp> {
        let micros = self.wall_micros.load(Ordering::Relaxed);
        (micros != 0).then_some(Timestamp::from_micros(micros))
    }
}
