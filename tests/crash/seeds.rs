//! Chance that can be repeated: everything that a run leaves to chance comes from one printed number.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

/// SplitMix64: small, and good enough to choose moments.
#[derive(Debug, Clone)]
pub struct Rng(u64);

impl Rng {
    /// Each case has a stream of its own, so that a filter does not change what a case does.
    pub fn new(seed: u64, case: &str) -> Self {
        let mixed = case.bytes().fold(seed, |mixed, byte| Rng(mixed ^ u64::from(byte)).next());
        Rng(mixed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `end` - 1.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    /// A span shorter than `longest`.
    pub fn span(&mut self, longest: Duration) -> Duration {
        Duration::from_micros(self.below(u64::try_from(longest.as_micros()).unwrap_or(u64::MAX)))
    }

    pub fn happens(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// A seed nobody chose.
pub fn fresh() -> u64 {
    // The standard library seeds its hash tables from the system.
    RandomState::new().build_hasher().finish() % 1_000_000_000
}
