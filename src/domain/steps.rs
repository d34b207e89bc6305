//! What the steps of a publish say about whether anything of it may be out.

use super::clock::Timestamp;
use super::outcome::{Rules, Seen};
use super::retry::Jitter;
use super::settlement::{Settlement, Standing, conclude};

/// How far a publish of several steps has come, where that matters for what may be out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reached {
    /// No step was begun that cannot be taken back: nothing is out.
    Nothing,
    /// Some are done, and of none that was begun is the end unknown: it may be out, and what is done is not done again.
    Done,
    /// One was begun whose end was not seen.
    InDoubt,
}

impl Reached {
    /// Of the steps that cannot be taken back: for each that was begun, whether it is done.
    pub fn of(mut steps: impl Iterator<Item = bool>) -> Self {
        let Some(first) = steps.next() else { return Reached::Nothing };
        if first && steps.all(|done| done) { Reached::Done } else { Reached::InDoubt }
    }

    /// How the entry stands when its attempt saw this. What may be out is never called proven: from the first step that
    /// cannot be taken back until it is published, or refused with no step's end unknown.
    pub fn standing(self, standing: Standing, seen: &Seen) -> Standing {
        let unproven = match (self, seen) {
            // Its status says that it may be out.
            (_, Seen::Submitted { .. }) | (Reached::Nothing, _) => standing.unproven,
            (Reached::Done, Seen::Refused(_)) => false,
            (Reached::Done | Reached::InDoubt, _) => true,
        };
        Standing { unproven, ..standing }
    }
}

/// [`conclude`] for an attempt that was begun in steps (`Some`), or not.
pub fn conclude_after(
    reached: Option<Reached>,
    seen: Seen,
    rules: Rules,
    standing: Standing,
    now: Timestamp,
    jitter: Jitter,
) -> Settlement {
    let Some(reached) = reached else { return conclude(seen, rules, standing, now, jitter) };
    let standing = reached.standing(standing, &seen);
    let ended = |settlement| Settlement { withdraws_intents: reached != Reached::InDoubt, ..settlement };
    let settlement = conclude(seen, rules, standing, now, jitter);
    let instead = settlement.if_others_get_through.as_deref().cloned();
    Settlement { if_others_get_through: instead.map(ended).map(Box::new), ..ended(settlement) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::outcome::{Problem, Receipt};

    #[test]
    fn one_step_in_doubt_puts_the_whole_in_doubt() {
        for (steps, reached) in [
            (&[][..], Reached::Nothing),
            (&[true], Reached::Done),
            (&[true, true], Reached::Done),
            (&[false], Reached::InDoubt),
            (&[true, false], Reached::InDoubt),
            (&[false, true], Reached::InDoubt),
        ] {
            assert_eq!(Reached::of(steps.iter().copied()), reached, "{steps:?}");
        }
    }

    #[test]
    fn what_may_be_out_is_unproven_until_it_is_refused() {
        let problem = || Problem::new("code", "message");
        let submitted = Seen::Submitted { ask_after: std::time::Duration::ZERO };
        for seen in [
            Seen::NotSent,
            Seen::NothingLeft(problem()),
            Seen::AccountBroken { problem: problem(), until: None },
            Seen::NotKept { problem: problem(), may_be_out: false },
            Seen::Refused(problem()),
            submitted.clone(),
            Seen::Accepted(Receipt::default()),
        ] {
            for was in [false, true] {
                let standing = Standing { retry_count: 1, max_retries: 3, unproven: was };
                let [nothing, done, in_doubt] = [Reached::Nothing, Reached::Done, Reached::InDoubt]
                    .map(|reached| reached.standing(standing, &seen).unproven);
                assert_eq!(nothing, was, "{seen:?}");
                let is_refused = matches!(seen, Seen::Refused(_));
                if seen != submitted {
                    assert_eq!((done, in_doubt), (!is_refused, true), "{seen:?}");
                }
            }
        }
    }
}
