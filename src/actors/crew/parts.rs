//! The kinds of parts of a node: how often each broke down and was made anew, and whether that helps.

use crate::views::RestartsView;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// A breakdown wears a part for so many looks, and no look beyond so many.
const WORN_BY: u32 = 25;
const WORN_AT_MOST: u32 = 3 * WORN_BY;
/// What is worn by more than two breakdowns does not stay up.
const WORN_OUT: u32 = 2 * WORN_BY;

/// Parts of one kind.
#[derive(Debug, Default)]
pub struct Part {
    restarts: AtomicU64,
    /// How many looks without a breakdown it takes until all are forgotten.
    wear: AtomicU32,
}

/// What a look found of a kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Found {
    /// So many had broken down, and were made anew.
    pub made_anew: u64,
    /// One had, and cannot be made.
    pub cannot_be_made: bool,
}

impl Part {
    /// Only one thread looks.
    pub fn has_been_looked_at(&self, found: Found) {
        self.restarts.fetch_add(found.made_anew, Ordering::Relaxed);
        let wear = self.wear.load(Ordering::Relaxed);
        let wear = match found.made_anew > 0 || found.cannot_be_made {
            true => (wear + WORN_BY).min(WORN_AT_MOST),
            false => wear.saturating_sub(1),
        };
        self.wear.store(wear, Ordering::Relaxed);
    }

    /// It breaks down again and again, or cannot be made anew.
    pub fn stays_down(&self) -> bool {
        self.wear.load(Ordering::Relaxed) > WORN_OUT
    }

    fn restarts(&self) -> u64 {
        self.restarts.load(Ordering::Relaxed)
    }
}

/// All kinds.
#[derive(Debug, Default)]
pub struct Parts {
    pub publisher: Part,
    pub executor: Part,
    pub scheduler: Part,
    pub job_runner: Part,
    pub database: Part,
    /// The looks themselves.
    pub watchdog: Part,
}

impl Parts {
    /// Those that stay down, in words.
    pub fn down(&self) -> Vec<&'static str> {
        let Parts { publisher, executor, scheduler, job_runner, database, watchdog } = self;
        let all = [
            (executor, "the executor"),
            (scheduler, "the scheduler"),
            (publisher, "the publishers"),
            (job_runner, "the job runner"),
            (database, "the threads of the database"),
            (watchdog, "the watchdog"),
        ];
        all.into_iter().filter(|(part, _)| part.stays_down()).map(|(_, name)| name).collect()
    }
}

impl From<&Parts> for RestartsView {
    fn from(parts: &Parts) -> Self {
        RestartsView {
            publisher: parts.publisher.restarts(),
            executor: parts.executor.restarts(),
            scheduler: parts.scheduler.restarts(),
            job_runner: parts.job_runner.restarts(),
            database: parts.database.restarts(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WELL: Found = Found { made_anew: 0, cannot_be_made: false };
    const BROKE: Found = Found { made_anew: 2, cannot_be_made: false };
    const CANNOT: Found = Found { made_anew: 0, cannot_be_made: true };

    fn after(looks: &[(Found, u32)]) -> bool {
        let part = Part::default();
        for (found, times) in looks {
            (0..*times).for_each(|_| part.has_been_looked_at(*found));
        }
        part.stays_down()
    }

    #[test]
    fn what_breaks_now_and_then_does_not_stay_down() {
        assert!(!after(&[(BROKE, 2)]), "twice in a row");
        assert!(after(&[(BROKE, 3)]) && after(&[(CANNOT, 3)]), "three times in a row");
        assert!(!after(&[(BROKE, 1), (WELL, 25), (BROKE, 1), (WELL, 25), (BROKE, 1)]), "now and then");
        assert!(after(&[(BROKE, 1), (WELL, 5), (BROKE, 1), (WELL, 5), (BROKE, 1)]), "it does not hold");
    }

    #[test]
    fn what_has_come_back_is_believed_after_a_while() {
        assert!(after(&[(BROKE, 100), (WELL, 24)]));
        assert!(!after(&[(BROKE, 100), (WELL, 25)]));
    }

    #[test]
    fn those_that_are_down_are_named() {
        let parts = Parts::default();
        (0..3).for_each(|_| parts.scheduler.has_been_looked_at(BROKE));
        assert_eq!(parts.down(), ["the scheduler"]);
        assert_eq!(RestartsView::from(&parts), RestartsView { scheduler: 6, ..RestartsView::default() });
    }
}
