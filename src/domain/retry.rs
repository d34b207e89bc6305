//! How long to wait before the next try.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Wait after the first failure.
pub const BACKOFF_FIRST: Duration = Duration::from_secs(30);
/// The longest wait that we choose ourselves.
pub const BACKOFF_MAX: Duration = Duration::from_secs(3600);
/// How often an entry may be tried again, at most.
pub const MAX_RETRIES_LIMIT: i32 = 1000;
/// How often it is, unless the user says otherwise.
pub const MAX_RETRIES_DEFAULT: i32 = 3;
/// Wait after a failure that accuses the platform.
pub const PLATFORM_PAUSE: Duration = Duration::from_secs(30);
/// Wait after a failure of our own database.
pub const OUR_PAUSE: Duration = Duration::from_secs(5);
/// The shortest wait after a platform asked for one: without it, `Retry-After: 0` is a loop at full speed.
pub const RETRY_AFTER_MIN: Duration = Duration::from_secs(1);
/// The longest wait that a platform may ask for.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(24 * 3600);

/// Spreads retries so that what failed together does not come back together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Jitter(f64);

impl Jitter {
    /// From a random number; only its top 32 bits count.
    pub fn from_random(random: u64) -> Self {
        Jitter((random >> 32) as f64 / f64::from(u32::MAX))
    }

    /// 50 to 100 % of `span`.
    fn apply(self, span: Duration) -> Duration {
        span.mul_f64(0.5 + 0.5 * self.0)
    }
}

/// Where jitter comes from. What it gives follows from its seed alone, so that whoever knows that can tell the time of the
/// next try.
#[derive(Debug)]
pub struct JitterSource(AtomicU64);

impl JitterSource {
    pub fn seeded(seed: u64) -> Self {
        JitterSource(AtomicU64::new(seed))
    }

    /// Begins anew, as if it had been made with this seed.
    pub fn reseed(&self, seed: u64) {
        self.0.store(seed, Ordering::Relaxed);
    }

    /// The next one: SplitMix64, whose state is a counter, so that threads need not wait for each other.
    pub fn draw(&self) -> Jitter {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut mixed = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Jitter::from_random(mixed ^ (mixed >> 31))
    }
}

/// 30 s × 4ⁿ after `retries_before` retries, at most 1 h, 50-100 % of it; `retry_after` where that is longer.
pub fn backoff(retries_before: i32, retry_after: Option<Duration>, jitter: Jitter) -> Duration {
    let exponent = u32::try_from(retries_before).unwrap_or(0).min(16);
    let span = BACKOFF_FIRST.saturating_mul(4u32.saturating_pow(exponent)).min(BACKOFF_MAX);
    jitter.apply(span).max(capped(retry_after))
}

/// The pause of one entry after a failure that accuses its platform; `usual` where the platform asks for none.
pub fn platform_pause(usual: Duration, retry_after: Option<Duration>, jitter: Jitter) -> Duration {
    retry_after.map_or_else(|| jitter.apply(usual), asked_pause)
}

/// The pause of one entry after a failure that is our own.
pub fn our_pause(jitter: Jitter) -> Duration {
    jitter.apply(OUR_PAUSE)
}

/// The pause that a platform gets when it asks for one.
pub fn asked_pause(asked: Duration) -> Duration {
    asked.clamp(RETRY_AFTER_MIN, RETRY_AFTER_MAX)
}

pub(super) fn capped(retry_after: Option<Duration>) -> Duration {
    retry_after.unwrap_or(Duration::ZERO).min(RETRY_AFTER_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: Jitter = Jitter(0.0);
    const MOST: Jitter = Jitter(1.0);

    #[test]
    fn waits_grow_fourfold_to_an_hour() {
        let longest: Vec<u64> = (0..6).map(|n| backoff(n, None, MOST).as_secs()).collect();
        assert_eq!(longest, [30, 120, 480, 1920, 3600, 3600]);
        let shortest: Vec<u64> = (0..6).map(|n| backoff(n, None, LEAST).as_secs()).collect();
        assert_eq!(shortest, [15, 60, 240, 960, 1800, 1800]);
        assert_eq!(backoff(i32::MAX, None, MOST), BACKOFF_MAX);
    }

    #[test]
    fn a_platform_may_ask_for_longer_but_not_for_ever() {
        let asked = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(backoff(0, asked(90), MOST).as_secs(), 90);
        assert_eq!(backoff(0, asked(1), MOST).as_secs(), 30);
        assert_eq!(backoff(0, asked(u64::MAX), MOST), RETRY_AFTER_MAX);
        assert_eq!(platform_pause(PLATFORM_PAUSE, asked(7), MOST).as_secs(), 7);
        assert_eq!(platform_pause(PLATFORM_PAUSE, asked(0), LEAST).as_secs(), 1);
        assert_eq!(platform_pause(PLATFORM_PAUSE, asked(u64::MAX), MOST), RETRY_AFTER_MAX);
        assert_eq!(platform_pause(PLATFORM_PAUSE, None, LEAST).as_secs(), 15);
        assert_eq!(platform_pause(PLATFORM_PAUSE, None, MOST).as_secs(), 30);
    }

    #[test]
    fn a_seed_tells_all_jitter_and_another_seed_other() {
        let drawn = |seed| {
            let source = JitterSource::seeded(seed);
            (0..100).map(|_| source.draw().0).collect::<Vec<_>>()
        };
        assert_eq!(drawn(7), drawn(7));
        assert_ne!(drawn(7), drawn(8));
        let all = drawn(7);
        assert!(all.iter().all(|one| (0.0..=1.0).contains(one)), "{all:?}");
        let mean = all.iter().sum::<f64>() / 100.0;
        assert!((0.35..0.65).contains(&mean), "{mean}: they are not spread");
    }

    #[test]
    fn jitter_stays_within_half_and_whole() {
        for random in [0, 1, u64::MAX / 3, u64::MAX / 2, u64::MAX] {
            let wait = backoff(0, None, Jitter::from_random(random));
            assert!((BACKOFF_FIRST / 2..=BACKOFF_FIRST).contains(&wait), "{wait:?}");
        }
    }
}
