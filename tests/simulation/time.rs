//! Virtual time, and the clocks of nodes, which may be wrong.

use contenthub::Timestamp;
use contenthub::domain::clock::Clock;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

pub const MILLISECOND: u64 = 1_000;
pub const SECOND: u64 = 1_000_000;
pub const MINUTE: u64 = 60 * SECOND;
pub const HOUR: u64 = 60 * MINUTE;

/// When every run begins: three minutes before a midnight in 2027, so that it sees a day turn.
const EPOCH_MICROS: i64 = 1_799_971_020_000_000;
/// So long after the beginning the next day begins.
pub const MIDNIGHT: u64 = 3 * MINUTE;

/// True time, in microseconds since the run began. Shared with the nodes' clocks.
#[derive(Debug, Clone, Default)]
pub struct TrueTime(Arc<AtomicI64>);

impl TrueTime {
    pub fn set(&self, micros: u64) {
        self.0.store(micros as i64, Ordering::Relaxed);
    }

    pub fn micros(&self) -> u64 {
        self.0.load(Ordering::Relaxed) as u64
    }

    /// What a right clock shows, which the database's is.
    pub fn now(&self) -> Timestamp {
        at(self.micros())
    }
}

/// What a right clock shows so long after the beginning.
pub fn at(micros: u64) -> Timestamp {
    Timestamp::from_micros(EPOCH_MICROS + micros as i64)
}

/// The other way round; the beginning where it lies before that.
pub fn since_start(instant: Timestamp) -> u64 {
    u64::try_from(instant.micros() - EPOCH_MICROS).unwrap_or(0)
}

pub fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

/// The clock of one node: its date may be off, and may step; what it measures is right.
#[derive(Debug)]
pub struct NodeClock {
    time: TrueTime,
    ahead: AtomicI64,
}

impl NodeClock {
    pub fn new(time: TrueTime) -> Arc<Self> {
        Arc::new(NodeClock { time, ahead: AtomicI64::new(0) })
    }

    pub fn put_ahead(&self, micros: i64) {
        self.ahead.store(micros, Ordering::Relaxed);
    }

    pub fn ahead(&self) -> i64 {
        self.ahead.load(Ordering::Relaxed)
    }
}

impl Clock for NodeClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.time.now().micros() + self.ahead())
    }

    fn monotonic(&self) -> Duration {
        Duration::from_micros(self.time.micros())
    }

    /// Nothing in a simulation sleeps: the heap of events wakes it.
    fn sleep(&self, _: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(std::future::pending())
    }
}
