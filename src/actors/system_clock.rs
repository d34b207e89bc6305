//! The machine's own clocks and timers.

use crate::domain::clock::{Clock, Timestamp};
use chrono::Utc;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// Goes on while the machine sleeps, where the system has such a clock; `Instant` stands still then.
#[cfg(any(target_os = "linux", target_os = "android"))]
const SINCE_BOOT: rustix::time::ClockId = rustix::time::ClockId::Boottime;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const SINCE_BOOT: rustix::time::ClockId = rustix::time::ClockId::Monotonic;

/// The real clock: the only place that reads it.
#[derive(Debug)]
pub struct SystemClock {
    started: Duration,
}

impl SystemClock {
    pub fn new() -> Self {
        SystemClock { started: since_boot() }
    }
}

fn since_boot() -> Duration {
    // A system whose uptime is negative has other troubles.
    Duration::try_from(rustix::time::clock_gettime(SINCE_BOOT)).unwrap_or_default()
}

impl Default for SystemClock {
    fn default() -> Self {
        SystemClock::new()
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is where the time comes from")]
    fn now(&self) -> Timestamp {
        Timestamp::from_utc(Utc::now())
    }

    fn monotonic(&self) -> Duration {
        since_boot().saturating_sub(self.started)
    }

    fn sleep(&self, span: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(tokio::time::sleep(span))
    }
}
