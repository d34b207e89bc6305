//! What a test of an account came to: whether its platform can be reached and would take something, as far as that can be
//! told without publishing anything.

use super::clock::Timestamp;
use super::outcome::{Problem, Seen};
use std::time::Duration;

/// A test has so much time in all.
pub const TEST_MAX: Duration = Duration::from_secs(30);

/// What a test came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tested {
    Fine {
        /// What was looked at, as a sentence.
        checked: String,
        /// What may be wrong all the same; only a post would tell.
        warning: Option<Problem>,
    },
    /// Nothing can go out on this account before a person acts; the message says what to do.
    AccountBroken { problem: Problem, until: Option<Timestamp> },
    /// The platform cannot be reached, or cannot take anything now.
    PlatformFailed(Problem),
    /// Only a post shows whether this account works.
    Untestable,
}

impl Tested {
    pub fn failed(code: &str, message: impl Into<String>) -> Self {
        Tested::PlatformFailed(Problem::new(code, message))
    }

    pub fn is_fine(&self) -> bool {
        matches!(self, Tested::Fine { .. })
    }

    /// What it means for a post that waits for it: none where the post may go out. Nothing of it has left.
    pub fn keeps_back(self) -> Option<Seen> {
        match self {
            Tested::Fine { .. } | Tested::Untestable => None,
            Tested::AccountBroken { problem, until } => Some(Seen::AccountBroken { problem, until }),
            Tested::PlatformFailed(problem) => Some(Seen::NothingLeft(problem)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_failed_keeps_a_post_back_and_then_nothing_of_it_has_left() {
        let problem = || Problem::new("code", "message");
        let fine = |warning| Tested::Fine { checked: "all".to_owned(), warning };
        for (tested, is_fine, seen) in [
            (fine(None), true, None),
            (fine(Some(problem())), true, None),
            (Tested::Untestable, false, None),
            (Tested::PlatformFailed(problem()), false, Some(Seen::NothingLeft(problem()))),
            (
                Tested::AccountBroken { problem: problem(), until: None },
                false,
                Some(Seen::AccountBroken { problem: problem(), until: None }),
            ),
        ] {
            assert_eq!(tested.is_fine(), is_fine, "{tested:?}");
            assert_eq!(tested.clone().keeps_back(), seen, "{tested:?}");
            assert!(seen.is_none_or(|seen| seen.is_certainly_not_out()));
        }
    }
}
