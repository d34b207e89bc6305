//! How long a claim may be acted on. The fence guards our rows, not the wire: what a stopped process sends after its
//! lease has ended, nobody can take back.

use super::clock::{Clock, Timestamp};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// How long claims last, where what a dead node held has to be back in work within `lease_seconds`: that less what finding
/// and taking it back may need, a tenth of it, a second at most.
pub fn lease_of_claims(lease_seconds: u64) -> Duration {
    let promised = Duration::from_secs(lease_seconds);
    promised - (promised / 10).min(Duration::from_secs(1))
}

/// From when the claim was *sent* to the lease's end less a margin, in the larger of elapsed boot time and elapsed wall
/// time: the first goes on while a machine sleeps, the second while a virtual machine is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrustWindow {
    sent_monotonic: Duration,
    sent_wall: Timestamp,
    length: Duration,
}

impl TrustWindow {
    /// Taken before the statement that claims is sent.
    pub fn begin(clock: &dyn Clock, lease: Duration) -> Self {
        let length = lease.saturating_sub(margin(lease));
        TrustWindow { sent_monotonic: clock.monotonic(), sent_wall: clock.now(), length }
    }

    /// How much of it is left.
    pub fn left(&self, clock: &dyn Clock) -> Duration {
        let by_boot = clock.monotonic().saturating_sub(self.sent_monotonic);
        let by_wall = clock.now().since(self.sent_wall);
        self.length.saturating_sub(by_boot.max(by_wall))
    }
}

/// A lease is trusted until this much before its end.
fn margin(lease: Duration) -> Duration {
    (lease / 10).max(Duration::from_millis(500))
}

/// A window with the clock that it is read by.
#[derive(Clone)]
pub struct Trust {
    window: TrustWindow,
    clock: Arc<dyn Clock>,
}

impl Trust {
    pub fn new(window: TrustWindow, clock: Arc<dyn Clock>) -> Self {
        Trust { window, clock }
    }

    /// How long the attempt may go on.
    pub fn left(&self) -> Duration {
        self.window.left(&*self.clock)
    }

    /// Whether a request may leave now.
    pub fn may_send(&self) -> bool {
        !self.left().is_zero()
    }
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Trust({:?} left)", self.left())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parking_lot::Mutex;
    use std::future::Future;
    use std::pin::Pin;

    struct Set(Mutex<(Duration, Timestamp)>);

    impl Clock for Set {
        fn now(&self) -> Timestamp {
            self.0.lock().1
        }

        fn monotonic(&self) -> Duration {
            self.0.lock().0
        }

        fn sleep(&self, _: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
            Box::pin(std::future::ready(()))
        }
    }

    /// What is left of a lease of 60 s, of which 54 are trusted, after so many seconds by each clock.
    fn left_after(boot: u64, wall: i64) -> u64 {
        let clock = Set(Mutex::new((Duration::from_secs(1000), Timestamp::from_micros(0))));
        let window = TrustWindow::begin(&clock, Duration::from_secs(60));
        *clock.0.lock() = (Duration::from_secs(1000 + boot), Timestamp::from_micros(wall * 1_000_000));
        window.left(&clock).as_secs()
    }

    #[test]
    fn the_clock_that_went_further_counts() {
        assert_eq!(left_after(0, 0), 54);
        assert_eq!(left_after(10, 10), 44);
        assert_eq!(left_after(10, 50), 4, "a virtual machine that was stopped");
        assert_eq!(left_after(50, 10), 4, "a wall clock that was set back");
        assert_eq!(left_after(10, -3600), 44, "set back by an hour");
        assert_eq!((left_after(54, 0), left_after(0, 54), left_after(99, 99)), (0, 0, 0));
    }

    #[test]
    fn claims_end_early_enough_to_be_taken_back_within_the_lease_that_was_set() {
        for (set, millis) in [(2, 1_800), (3, 2_700), (10, 9_000), (60, 59_000), (3_600, 3_599_000)] {
            assert_eq!(lease_of_claims(set), Duration::from_millis(millis), "{set} s");
        }
    }

    #[test]
    fn a_short_lease_keeps_half_a_second() {
        let clock = Set(Mutex::new((Duration::ZERO, Timestamp::from_micros(0))));
        let window = TrustWindow::begin(&clock, Duration::from_secs(2));
        assert_eq!(window.left(&clock), Duration::from_millis(1500));
    }
}
