//! An account: one destination on one platform. What keeps its lane shut, and what its fields may hold.

use super::clock::Timestamp;
use super::text_enum;
use std::fmt;

/// Attempts that a lane may have in flight, unless its account says otherwise.
pub const CONCURRENCY_DEFAULT: i32 = 64;
/// The most that an account may ask for.
pub const CONCURRENCY_MAX: i32 = 1024;
/// The longest name, in characters.
pub const NAME_MAX_CHARS: usize = 100;

text_enum! {
    /// What a blind account wants after an attempt whose end nobody saw.
    OnUnknown {
        /// A person decides (default).
        Ask = "ask",
        /// At-least-once: it is sent again.
        Retry = "retry",
    }
}

text_enum! {
    /// What becomes of an addition whose text was published on the account lately, or waits for it.
    OnSimilar {
        /// It is added, and the answer says so (default).
        Warn = "warn",
        /// It is refused, unless it says that it is meant.
        Refuse = "refuse",
    }
}

/// How somebody, or the machine, has closed a lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClosedByWord {
    Disabled,
    Suspended {
        reason: String,
        /// None: until a person resumes it.
        until: Option<Timestamp>,
    },
}

impl fmt::Display for ClosedByWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClosedByWord::Disabled => f.write_str("account disabled"),
            ClosedByWord::Suspended { reason, until: Some(until) } => {
                write!(f, "account suspended until {until}: {reason}")
            }
            ClosedByWord::Suspended { reason, until: None } => write!(f, "account suspended: {reason}"),
        }
    }
}

/// Why a lane is shut; none where it is open.
///
/// A suspension ends by itself at `suspended_until`.
pub fn shut_reason(
    enabled: bool,
    suspended_reason: Option<&str>,
    suspended_until: Option<Timestamp>,
    now: Timestamp,
) -> Option<ClosedByWord> {
    if !enabled {
        return Some(ClosedByWord::Disabled);
    }
    let reason = suspended_reason?;
    match suspended_until {
        Some(until) if until <= now => None,
        until => Some(ClosedByWord::Suspended { reason: reason.to_owned(), until }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_is_shut_while_disabled_or_suspended() {
        let now = Timestamp::from_micros(1_000_000);
        let later = Timestamp::from_micros(2_000_000);
        assert_eq!(shut_reason(true, None, None, now), None);
        let told = |shut: Option<ClosedByWord>| shut.map(|shut| shut.to_string());
        assert_eq!(told(shut_reason(false, None, None, now)).as_deref(), Some("account disabled"));
        assert_eq!(
            told(shut_reason(true, Some("quota"), None, now)).as_deref(),
            Some("account suspended: quota")
        );
        assert!(shut_reason(true, Some("quota"), Some(later), now).is_some());
        assert_eq!(shut_reason(true, Some("quota"), Some(now), now), None, "it ends at its instant");
    }
}
