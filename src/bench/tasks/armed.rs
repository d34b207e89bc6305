//! A clock that tells when somebody goes to sleep until an instant: when the scheduler has armed its timer.

use crate::actors::system_clock::SystemClock;
use crate::domain::clock::{Clock, Timestamp};
use parking_lot::Mutex;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// Between the look at the clock and the sleep that follows, a thread may have waited for a core. No other timer of a node
/// that has nothing to do ends so near to the instant that is watched.
const NEAR: Duration = Duration::from_millis(250);

/// The machine's clock.
pub struct WatchedClock {
    system: SystemClock,
    watched: Mutex<Watched>,
}

#[derive(Clone, Copy)]
struct Watched {
    until: Timestamp,
    /// By the monotonic clock.
    armed_at: Option<Duration>,
}

impl WatchedClock {
    pub fn new() -> Self {
        let watched = Watched { until: Timestamp::MAX, armed_at: None };
        WatchedClock { system: SystemClock::new(), watched: Mutex::new(watched) }
    }

    /// From now on the first sleep that ends at this instant is told.
    pub fn watch(&self, until: Timestamp) {
        *self.watched.lock() = Watched { until, armed_at: None };
    }

    /// When it began, by the monotonic clock.
    pub fn armed_at(&self) -> Option<Duration> {
        self.watched.lock().armed_at
    }
}

impl Clock for WatchedClock {
    fn now(&self) -> Timestamp {
        self.system.now()
    }

    fn monotonic(&self) -> Duration {
        self.system.monotonic()
    }

    fn sleep(&self, span: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let mut watched = self.watched.lock();
        let end = self.now() + span;
        if watched.armed_at.is_none() && end >= watched.until && end.since(watched.until) < NEAR {
            watched.armed_at = Some(self.monotonic());
        }
        drop(watched);
        self.system.sleep(span)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_sleep_until_the_instant_is_told() {
        // Sleeps belong to a runtime.
        actix_rt::System::new().block_on(async {
            let clock = WatchedClock::new();
            let until = clock.now() + Duration::from_secs(10);
            clock.watch(until);
            for seconds in [1, 9, 11, 15] {
                drop(clock.sleep(Duration::from_secs(seconds)));
                assert_eq!(clock.armed_at(), None, "{seconds} s");
            }
            drop(clock.sleep(Duration::from_secs(10)));
            let armed_at = clock.armed_at().expect("told");
            assert!(armed_at <= clock.monotonic());
        });
    }
}
