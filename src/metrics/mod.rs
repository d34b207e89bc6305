//! What a node counts of what it does: atomics that whoever does the work adds to, and that nobody waits for. `api/metrics`
//! shows them.

pub mod accounts;
pub mod histogram;
mod ticks;

use accounts::Accounts;
use histogram::{Histogram, OF_THE_DATABASE};
use std::sync::atomic::{AtomicU64, Ordering};
pub use ticks::Ticks;

/// Goes up, and never down.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    pub fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What a node has counted since it started.
#[derive(Debug, Default)]
pub struct Metrics {
    pub accounts: Accounts,
    pub ticks: Ticks,
    /// Entries of dead nodes that this one brought back into work.
    pub recovered: Counter,
    /// Posts that may be out twice.
    pub possible_duplicates: Counter,
    /// Attempts that no publisher had room for.
    pub refused_by_publishers: Counter,
}

/// What a group of the database's threads has done.
#[derive(Debug)]
pub struct DatabaseLoad {
    /// From the moment at which a thread began with an operation to its end.
    pub turns: Histogram,
    /// Operations that found no permit, or waited too long for a thread.
    pub refused: Counter,
}

impl Default for DatabaseLoad {
    fn default() -> Self {
        DatabaseLoad { turns: Histogram::new(&OF_THE_DATABASE), refused: Counter::default() }
    }
}
