//! An account: one destination on one platform. What keeps its lane shut, and what its fields may hold.

use super::clock::Timestamp;
use super::text_enum;

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

/// Why a lane is shut, in words for a person; none where it is open.
///
/// A suspension ends by itself at `suspended_until`.
pub fn shut_reason(
    enabled: bool,
    suspended_reason: Option<&str>,
    suspended_until: Option<Timestamp>,
    now: Timestamp,
) -> Option<String> {
    if !enabled {
        return Some("account disabled".to_owned());
    }
    let reason = suspended_reason?;
    match suspended_until {
        Some(until) if until <= now => None,
        Some(until) => Some(format!("account suspended until {until}: {reason}")),
        None => Some(format!("account suspended: {reason}")),
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
        assert_eq!(shut_reason(false, None, None, now).as_deref(), Some("account disabled"));
        assert_eq!(shut_reason(true, Some("quota"), None, now).as_deref(), Some("account suspended: quota"));
        assert!(shut_reason(true, Some("quota"), Some(later), now).is_some());
        assert_eq!(shut_reason(true, Some("quota"), Some(now), now), None, "it ends at its instant");
    }
}
