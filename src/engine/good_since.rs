//! Whether claims of others may be taken back by a clock. While nobody can reach the database all leases run out, and
//! their nodes may be about to renew them and to write what came of their attempts. They get one lease for it.

use std::time::Duration;

/// Since when the database answers. All times are monotonic.
#[derive(Debug)]
pub struct GoodSince {
    lease: Duration,
    /// When the first statement succeeded since the start, or since the last sign of an outage.
    since: Option<Duration>,
}

impl GoodSince {
    pub fn new(lease: Duration) -> Self {
        GoodSince { lease, since: None }
    }

    /// What was asked at `asked` is answered. One that waited for half a lease may have waited an outage out: then others
    /// could not renew either, whether or not anything of ours has failed. Leases are renewed when a third of them is
    /// over, so that nobody's ran out in a shorter one; a database that is merely slow puts nothing off.
    pub fn answered(&mut self, asked: Duration, now: Duration) {
        let was_away = now.saturating_sub(asked) > self.lease / 2;
        if was_away || self.since.is_none() {
            self.since = Some(now);
        }
    }

    pub fn failed(&mut self) {
        self.since = None;
    }

    /// How long the others have still; none while there is an outage.
    pub fn left(&self, now: Duration) -> Option<Duration> {
        let good_for = now.saturating_sub(self.since?);
        Some(self.lease.saturating_sub(good_for))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn others_get_one_lease_from_the_first_good_statement() {
        let mut good = GoodSince::new(at(30));
        assert_eq!(good.left(at(100)), None, "nothing is known yet");
        good.answered(at(100), at(101));
        assert_eq!(good.left(at(101)), Some(at(30)));
        good.answered(at(111), at(121));
        assert_eq!(good.left(at(121)), Some(at(10)), "later ones change nothing");
        assert_eq!(good.left(at(200)), Some(at(0)));
        good.failed();
        assert_eq!(good.left(at(201)), None);
        good.answered(at(202), at(202));
        assert_eq!(good.left(at(212)), Some(at(20)));
    }

    #[test]
    fn an_answer_that_had_to_be_waited_for_is_the_end_of_an_outage() {
        let mut good = GoodSince::new(at(30));
        good.answered(at(0), at(0));
        good.answered(at(50), at(65));
        assert_eq!(good.left(at(65)), Some(at(0)), "it was slow");
        good.answered(at(70), at(86));
        assert_eq!(good.left(at(86)), Some(at(30)));
    }
}
