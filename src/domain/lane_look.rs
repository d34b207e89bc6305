//! How a lane looks to whoever watches: open, or what keeps it shut and until when, and how its platform is.

use super::account::shut_reason;
use super::clock::Timestamp;
use super::gates::{self, Gate, Passage, Rules, State};
use super::text_enum;

text_enum! {
    /// What is known of a lane's platform.
    BreakerState {
        /// It is taken to be up.
        Closed = "closed",
        /// It is taken to be down; nothing is tried before the next probe.
        Tripped = "tripped",
        /// It is taken to be down, and is being tried, or may be.
        HalfOpen = "half_open",
    }
}

/// What keeps a lane shut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShutLane {
    pub words: String,
    pub why: Why,
    /// None where nobody knows.
    pub until: Option<Timestamp>,
    /// It does not open by itself.
    pub needs_a_person: bool,
}

/// The same as `words`, to be told in any language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    Disabled,
    Suspended {
        reason: String,
        until: Option<Timestamp>,
    },
    /// This process cannot open its credentials.
    Locked,
    Gate(Gate),
}

/// What an account's user, or the machine, has said of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word<'a> {
    pub enabled: bool,
    pub suspended_reason: Option<&'a str>,
    pub suspended_until: Option<Timestamp>,
    /// This process cannot open its credentials.
    pub is_locked: bool,
}

/// What keeps a lane shut at `now`, if anything. `busy`: what it has in flight.
pub fn shut(word: Word<'_>, rules: &Rules, state: &State, busy: i32, now: Timestamp) -> Option<ShutLane> {
    let Word { enabled, suspended_reason, suspended_until, is_locked } = word;
    if let Some(closed) = shut_reason(enabled, suspended_reason, suspended_until, now) {
        let words = closed.to_string();
        let until = if enabled { suspended_until } else { None };
        let why = match enabled {
            true => Why::Suspended { reason: suspended_reason.unwrap_or_default().to_owned(), until },
            false => Why::Disabled,
        };
        // Who disables an account wants it so.
        return Some(ShutLane { words, why, until, needs_a_person: enabled && until.is_none() });
    }
    if is_locked {
        let words = "its credentials were sealed with another key than this process has".to_owned();
        return Some(ShutLane { words, why: Why::Locked, until: None, needs_a_person: true });
    }
    match gates::passage(rules, state, busy, now) {
        Passage::Open { .. } => None,
        Passage::Probe { .. } => {
            let since = state.health.tripped.map_or(now, |tripped| tripped.since);
            let gate = Gate::Breaker { since };
            Some(ShutLane {
                words: gate.to_string(),
                why: Why::Gate(gate),
                until: None,
                needs_a_person: false,
            })
        }
        Passage::OnlyUnproven { .. } => gates::shut_gate(rules, state, now).map(in_words),
        Passage::Shut(shut) => Some(in_words(shut)),
    }
}

fn in_words(shut: gates::Shut) -> ShutLane {
    ShutLane {
        words: shut.gate.to_string(),
        why: Why::Gate(shut.gate),
        until: shut.until,
        needs_a_person: shut.until.is_none(),
    }
}

/// How the breaker stands. `probe_is_out`: the entry that tries the platform is on the wire.
pub fn breaker(state: &State, probe_is_out: bool, now: Timestamp) -> BreakerState {
    match state.health.tripped {
        None => BreakerState::Closed,
        Some(tripped) if probe_is_out || tripped.probe_at <= now => BreakerState::HalfOpen,
        Some(_) => BreakerState::Tripped,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::breaker::{Health, Tripped};
    use crate::domain::windows::Windows;
    use std::time::Duration;

    const OPEN: Word<'static> =
        Word { enabled: true, suspended_reason: None, suspended_until: None, is_locked: false };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn rules() -> Rules {
        Rules {
            concurrency: 1,
            timezone: chrono_tz::Tz::UTC,
            windows: Windows::default(),
            spacing: Duration::ZERO,
            daily_cap: None,
        }
    }

    fn tripped(probe_at: i64) -> State {
        let tripped = Tripped { since: at(50), probe_at: at(probe_at), probes: 1, probed: None };
        State { health: Health { tripped: Some(tripped), ..Health::default() }, ..State::default() }
    }

    #[test]
    fn a_lane_is_shut_by_what_a_person_said_first() {
        let suspended = Word { suspended_reason: Some("quota"), ..OPEN };
        let for_now = Word { suspended_until: Some(at(200)), ..suspended };
        let none = State::default();
        for (word, state, words, until, needs_a_person) in [
            (Word { enabled: false, ..suspended }, none, "account disabled", None, false),
            (suspended, tripped(130), "account suspended: quota", None, true),
            (for_now, none, "account suspended until", Some(at(200)), false),
            (Word { is_locked: true, ..OPEN }, none, "another key", None, true),
            (OPEN, tripped(130), "has not answered since", Some(at(130)), false),
            (OPEN, tripped(90), "has not answered since", None, false),
        ] {
            let shut = shut(word, &rules(), &state, 0, at(100)).expect("shut");
            assert!(shut.words.contains(words), "{}", shut.words);
            assert_eq!((shut.until, shut.needs_a_person), (until, needs_a_person), "{words}");
        }
        assert_eq!(shut(OPEN, &rules(), &none, 1, at(100)), None, "one that is full is open");
        assert_eq!(shut(for_now, &rules(), &none, 0, at(200)), None);
    }

    #[test]
    fn a_breaker_is_half_open_while_the_platform_is_tried() {
        assert_eq!(breaker(&State::default(), false, at(100)), BreakerState::Closed);
        assert_eq!(breaker(&tripped(130), false, at(100)), BreakerState::Tripped);
        assert_eq!(breaker(&tripped(130), true, at(100)), BreakerState::HalfOpen);
        assert_eq!(breaker(&tripped(100), false, at(100)), BreakerState::HalfOpen);
    }
}
