//! The stream of events: what happened, and how far somebody has heard of it.

use std::fmt;
use std::str::FromStr;

super::text_enum! {
    /// What happened that has no row of its own in the publish log or in the audit.
    EventKind {
        /// The machine suspended an account.
        AccountSuspended = "account.suspended",
        /// A platform is taken to be down.
        LaneDown = "lane.down",
        /// It answers again.
        LaneUp = "lane.up",
        /// A run ended that had found something to do.
        RunEnded = "run.ended",
        /// An attempt whose end nobody knew has published its post after all: its row in the log says so now.
        AttemptProven = "attempt.proven",
    }
}

/// Attempts are told of as `attempt.` and the status of their row in the log.
pub const OF_ATTEMPTS: &str = "attempt";
/// What people change is told of as `change.` and what the audit calls it.
pub const OF_CHANGES: &str = "change";

/// How far the stream was heard: the last row of the publish log, of the audit, and of what happens by itself. Each of the
/// three is told in its order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Place {
    pub log: i64,
    pub change: i64,
    pub other: i64,
}

impl Place {
    /// Of each, whichever is later.
    pub fn max(self, other: Place) -> Place {
        Place {
            log: self.log.max(other.log),
            change: self.change.max(other.change),
            other: self.other.max(other.other),
        }
    }

    /// Whether something lies between here and `until`.
    pub fn is_before(self, until: Place) -> bool {
        self.log < until.log || self.change < until.change || self.other < until.other
    }

    /// Whether it speaks of rows that there never were: those of another database, or of one that was put back to an older
    /// state. Where a table is empty, all of it may have been removed since.
    pub fn is_beyond(self, newest: Place) -> bool {
        let beyond = |heard: i64, newest: i64| newest > 0 && heard > newest;
        beyond(self.log, newest.log) || beyond(self.change, newest.change) || beyond(self.other, newest.other)
    }
}

/// `12.7.3`.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.log, self.change, self.other)
    }
}

/// The `id` of an event, or `0` for the beginning.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is no id of an event, such as 12.7.3, and not 0")]
pub struct NoPlace(String);

impl FromStr for Place {
    type Err = NoPlace;

    fn from_str(text: &str) -> Result<Self, NoPlace> {
        if text == "0" {
            return Ok(Place::default());
        }
        let number = |part: Option<&str>| part?.parse::<i64>().ok().filter(|number| *number >= 0);
        let mut parts = text.split('.');
        match (number(parts.next()), number(parts.next()), number(parts.next()), parts.next()) {
            (Some(log), Some(change), Some(other), None) => Ok(Place { log, change, other }),
            _ => Err(NoPlace(text.to_owned())),
        }
    }
}

/// Which types of events somebody wants: none for all; `attempt` for all that begin so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Types(Vec<String>);

impl Types {
    /// From a list with commas.
    pub fn read(text: &str) -> Self {
        Types(text.split(',').map(|word| word.trim().to_owned()).filter(|word| !word.is_empty()).collect())
    }

    pub fn want(&self, kind: &str) -> bool {
        let fits = |wanted: &String| {
            kind.strip_prefix(wanted.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        self.0.is_empty() || self.0.iter().any(fits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(log: i64, change: i64, other: i64) -> Place {
        Place { log, change, other }
    }

    #[test]
    fn a_place_is_read_as_it_is_written() {
        for place in [at(0, 0, 0), at(1, 2, 3), at(i64::MAX, 0, 5)] {
            assert_eq!(place.to_string().parse(), Ok(place));
        }
        assert_eq!("0".parse(), Ok(Place::default()));
        for text in ["", "1", "1.2", "1.2.3.4", "-1.2.3", "a.b.c", "1..3", "1.2.99999999999999999999"] {
            assert_eq!(text.parse::<Place>(), Err(NoPlace(text.to_owned())));
        }
    }

    #[test]
    fn places_are_compared_source_by_source() {
        assert!(at(1, 2, 3).is_before(at(1, 2, 4)) && at(9, 0, 0).is_before(at(0, 1, 0)));
        assert!(!at(1, 2, 3).is_before(at(1, 2, 3)));
        assert!(at(2, 0, 0).is_beyond(at(1, 5, 5)) && !at(1, 5, 5).is_beyond(at(1, 5, 5)));
        assert!(!at(7, 0, 0).is_beyond(at(0, 5, 5)), "all of the log may have been removed");
        assert_eq!(at(1, 9, 3).max(at(4, 2, 3)), at(4, 9, 3));
    }

    #[test]
    fn types_are_wanted_whole_or_by_how_they_begin() {
        for (wanted, kind, expected) in [
            ("", "lane.up", true),
            ("lane", "lane.up", true),
            ("lane.up, run", "lane.up", true),
            ("lane.down,run", "lane.up", false),
            ("la", "lane.up", false),
            ("lane.up.x", "lane.up", false),
        ] {
            assert_eq!(Types::read(wanted).want(kind), expected, "{wanted} {kind}");
        }
    }
}
