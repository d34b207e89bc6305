//! Whether claims of others may be taken back by a clock. While nobody can reach the database all leases run out, and
//! their nodes may be about to renew them and to write what came of their attempts. They get one lease for it.

use std::time::Duration;

/// Since when the database answers. All times are monotonic.
#[derive(Debug)]
pub struct GoodSince {
    lease: Duration,
    /// When the first statement succeeded since the start, or since the last sign of an outage.
    since: Option<Duration>,
    /// There was a sign of one since the start.
    saw_outage: bool,
}

impl GoodSince {
    pub fn new(lease: Duration) -> Self {
        GoodSince { lease, since: None, saw_outage: false }
    }

    /// What was asked at `asked` is answered. One that waited for half a lease may have waited an outage out: then others
    /// could not renew either, whether or not anything of ours has failed. Leases are renewed when a third of them is
    /// over, so that nobody's ran out in a shorter one; a database that is merely slow puts nothing off.
    pub fn answered(&mut self, asked: Duration, now: Duration) {
        let was_away = now.saturating_sub(asked) > self.lease / 2;
        self.saw_outage |= was_away;
        if was_away || self.since.is_none() {
            self.since = Some(now);
        }
    }

    /// The database answered somebody else `ago`, by its own clock. Who has just come knows nothing of the time before, and
    /// takes their word for it: what may lie between the two is no longer than what may lie within an answer.
    pub fn others_were_answered(&mut self, ago: Duration, now: Duration) {
        if !self.saw_outage && ago <= self.lease / 2 {
            self.since = self.since.map(|since| since.min(now.saturating_sub(ago)));
        }
    }

    pub fn failed(&mut self) {
        self.since = None;
        self.saw_outage = true;
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
    fn who_has_just_come_goes_by_what_others_heard_shortly_before() {
        let mut good = GoodSince::new(at(30));
        good.answered(at(100), at(100));
        good.others_were_answered(at(16), at(100));
        assert_eq!(good.left(at(100)), Some(at(30)), "too long ago to say that there was no outage");
        good.others_were_answered(at(15), at(100));
        assert_eq!(good.left(at(100)), Some(at(15)));
        good.others_were_answered(at(5), at(110));
        assert_eq!(good.left(at(110)), Some(at(5)), "what others hear later changes nothing");
        good.failed();
        good.others_were_answered(at(5), at(111));
        assert_eq!(good.left(at(111)), None, "it knows better");
        good.answered(at(112), at(112));
        good.others_were_answered(at(5), at(112));
        assert_eq!(good.left(at(112)), Some(at(30)));

        let mut good = GoodSince::new(at(30));
        good.answered(at(84), at(100));
        good.others_were_answered(at(10), at(100));
        assert_eq!(good.left(at(100)), Some(at(30)), "that answer itself waited an outage out");
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
