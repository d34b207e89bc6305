//! Spans of time, counted by how long they were.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const BUCKETS: usize = 12;

/// The longest span of each bucket, in microseconds.
pub type Bounds = [u64; BUCKETS];

/// From 5 ms to 30 s, which is what a request may take.
pub const OF_REQUESTS: Bounds = [
    5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000,
    30_000_000,
];
/// From 10 ms to a day.
pub const OF_LATENESS: Bounds = [
    10_000,
    50_000,
    250_000,
    1_000_000,
    5_000_000,
    15_000_000,
    60_000_000,
    300_000_000,
    900_000_000,
    3_600_000_000,
    21_600_000_000,
    86_400_000_000,
];
/// From half a millisecond to 5 s.
pub const OF_THE_DATABASE: Bounds =
    [500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 5_000_000];

/// Counts spans. Nobody waits for anybody: a span costs two additions.
#[derive(Debug)]
pub struct Histogram {
    bounds: &'static Bounds,
    counts: [AtomicU64; BUCKETS],
    /// Spans that are longer than the last bound.
    longer: AtomicU64,
    sum_micros: AtomicU64,
}

/// What a histogram has counted.
#[derive(Debug, Clone, PartialEq)]
pub struct Counted {
    /// The longest span of each bucket in seconds, and how many are in it and in none before.
    pub buckets: Vec<(f64, u64)>,
    /// All of them.
    pub count: u64,
    pub sum_seconds: f64,
}

impl Histogram {
    pub fn new(bounds: &'static Bounds) -> Self {
        Histogram {
            bounds,
            counts: Default::default(),
            longer: AtomicU64::new(0),
            sum_micros: AtomicU64::new(0),
        }
    }

    pub fn note(&self, span: Duration) {
        let micros = u64::try_from(span.as_micros()).unwrap_or(u64::MAX);
        let place = self.bounds.iter().position(|bound| micros <= *bound);
        place.map_or(&self.longer, |place| &self.counts[place]).fetch_add(1, Ordering::Relaxed);
        self.sum_micros.fetch_add(micros, Ordering::Relaxed);
    }

    pub fn read(&self) -> Counted {
        let counts = self.counts.iter().map(|count| count.load(Ordering::Relaxed));
        let buckets: Vec<(f64, u64)> = self.bounds.iter().map(|bound| seconds(*bound)).zip(counts).collect();
        // Of the very numbers that are shown, so that they add up.
        let count = buckets.iter().map(|(_, count)| count).sum::<u64>() + self.longer.load(Ordering::Relaxed);
        Counted { buckets, count, sum_seconds: seconds(self.sum_micros.load(Ordering::Relaxed)) }
    }
}

fn seconds(micros: u64) -> f64 {
    micros as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_in_the_first_bucket_that_it_fits() {
        let histogram = Histogram::new(&OF_REQUESTS);
        for millis in [0, 5, 6, 30_000, 30_001] {
            histogram.note(Duration::from_millis(millis));
        }
        let read = histogram.read();
        let filled: Vec<_> = read.buckets.iter().filter(|(_, count)| *count > 0).collect();
        assert_eq!(filled, [&(0.005, 2), &(0.01, 1), &(30.0, 1)]);
        assert_eq!((read.count, read.sum_seconds), (5, 60.012));
    }

    #[test]
    fn bounds_rise() {
        for bounds in [OF_REQUESTS, OF_LATENESS, OF_THE_DATABASE] {
            assert!(bounds.is_sorted_by(|a, b| a < b), "{bounds:?}");
        }
    }
}
