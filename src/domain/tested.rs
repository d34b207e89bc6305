//! What a test of an account came to: whether its platform can be reached and would take something, as far as that can be
//! told without publishing anything.

use super::clock::Timestamp;
use super::outcome::{Problem, Seen};
use std::fmt;
use std::time::Duration;

/// A test has so much time in all.
pub const TEST_MAX: Duration = Duration::from_secs(30);

/// What was looked at where nothing was found to be wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checked {
    /// A receiver, which answered the question whether it is there.
    Answers { host: String, status: u16 },
    /// A folder.
    Writable { folder: String },
    /// WeChat, which gave this server a token; how many drafts are there, and whether the account may publish.
    WeChat { drafts: u64, may_publish: bool },
    /// In a platform's own words.
    Told(String),
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Checked::Answers { host, status } => write!(
                f,
                "{host} is there: it answered OPTIONS with {status}. Only a post shows that it takes posts"
            ),
            Checked::Writable { folder } => write!(f, "{folder} can be written"),
            Checked::WeChat { drafts, may_publish } => {
                let may = if *may_publish { "publish too" } else { "not publish" };
                write!(
                    f,
                    "WeChat knows the account and this server's address. It may make drafts ({drafts} are there now), \
                     and {may}"
                )
            }
            Checked::Told(words) => f.write_str(words),
        }
    }
}

impl From<&str> for Checked {
    fn from(words: &str) -> Self {
        Checked::Told(words.to_owned())
    }
}

/// What a test came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tested {
    Fine {
        checked: Checked,
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
    pub fn failed(code: &str, message: impl fmt::Display) -> Self {
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
        let fine = |warning| Tested::Fine { checked: "all".into(), warning };
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
