//! Posts that nobody waits for any longer: not out in time, or their platform was away for too long. What is said of
//! them, and how late a user may let a post be.

use super::clock::Timestamp;
use super::entry::EntryStatus;
use super::fault::Fault;
use super::kept::message::KeptMessage;
use std::time::Duration;

/// The longest that a post may be late, unless it may be so for ever: 366 days.
pub const LATE_AFTER_MAX_SECONDS: i64 = 366 * 24 * 3600;

/// The code of a post that was not out in time.
pub const TOO_LATE: &str = "too_late";
/// The code of a post whose platform was away for too long.
pub const GAVE_UP: &str = "gave_up";

/// How late a post may go out, as a user says it; otherwise what is wrong with that.
pub fn late_after(seconds: i64) -> Result<i32, Fault> {
    let fits = i32::try_from(seconds).ok().filter(|_| (1..=LATE_AFTER_MAX_SECONDS).contains(&seconds));
    fits.ok_or(Fault::YearOfSeconds { least: 1, most: LATE_AFTER_MAX_SECONDS })
}

/// Why an entry is tried no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It had to be out by then.
    TooLate { late_at: Timestamp },
    /// The platform has not answered since, and its account waits for so long.
    GaveUp { away_since: Timestamp, patience: Duration },
}

impl Why {
    pub fn code(self) -> &'static str {
        match self {
            Why::TooLate { .. } => TOO_LATE,
            Why::GaveUp { .. } => GAVE_UP,
        }
    }
}

/// A pending entry that is tried no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missed {
    pub why: Why,
    /// The latest of its schedule, its adding, and the last wish of a person to have it tried.
    pub wanted_at: Timestamp,
    /// An earlier attempt may have published it.
    pub unproven: bool,
    /// Its content is not approved.
    pub held: bool,
    /// What its last attempt said, if that failed.
    pub last_error: Option<String>,
}

impl Missed {
    /// What may be out is never called failed.
    pub fn becomes(&self) -> EntryStatus {
        if self.unproven { EntryStatus::Uncertain } else { EntryStatus::Failed }
    }

    /// In words for a person. `shut`: what keeps its lane shut, if anything does.
    pub fn message(&self, shut: Option<&str>) -> KeptMessage {
        let wanted = self.wanted_at;
        let mut said = match self.why {
            Why::TooLate { late_at: late } => match (self.held, shut, &self.last_error) {
                (true, _, _) => KeptMessage::TooLateNotApproved { wanted, late },
                (false, Some(shut), _) => KeptMessage::TooLateShut { wanted, late, shut: shut.to_owned() },
                (false, None, Some(_)) => KeptMessage::TooLate { wanted, late },
                (false, None, None) => KeptMessage::TooLateNoRun { wanted, late },
            },
            Why::GaveUp { away_since, patience } => {
                KeptMessage::GaveUp { since: away_since, patience: patience.as_secs() }
            }
        };
        if let Some(error) = &self.last_error {
            said = KeptMessage::LastAttempt { said: Box::new(said), error: error.clone() };
        }
        if self.unproven {
            said = KeptMessage::MaybeOut { said: said.to_string() };
        }
        said
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn how_late_has_bounds() {
        assert_eq!(late_after(1), Ok(1));
        assert_eq!(late_after(LATE_AFTER_MAX_SECONDS), Ok(31_622_400));
        for wrong in [0, -1, LATE_AFTER_MAX_SECONDS + 1, i64::MAX, i64::MIN, 1 << 32 | 1] {
            let told = late_after(wrong).expect_err("out of bounds");
            assert_eq!(told.to_string(), "must be from 1 to 31622400 (366 days)", "{wrong}");
        }
    }

    #[test]
    fn it_is_said_what_kept_it() {
        let late = Missed {
            why: Why::TooLate { late_at: at(60) },
            wanted_at: at(0),
            unproven: false,
            held: false,
            last_error: None,
        };
        let failed = Some("refused".to_owned());
        let away = Why::GaveUp { away_since: at(30), patience: Duration::from_secs(90) };
        let head = "it was wanted 1970-01-01T00:00:00.000000Z, and not out by 1970-01-01T00:01:00.000000Z";
        let gone = "its platform has not answered since 1970-01-01T00:00:30.000000Z, and its account gives up after 90 s";
        let maybe = " (an earlier attempt may have published it)";
        let cases = [
            (
                late.clone(),
                None,
                format!(
                    "{head}: no run took it, as its turn had not come, or no enabled task publishes what is due"
                ),
            ),
            (late.clone(), Some("account disabled"), format!("{head}: account disabled")),
            (
                Missed { held: true, ..late.clone() },
                Some("account disabled"),
                format!("{head}: its content was not approved"),
            ),
            (
                Missed { last_error: failed.clone(), ..late.clone() },
                None,
                format!("{head}; its last attempt: refused"),
            ),
            (
                Missed { last_error: failed, unproven: true, ..late.clone() },
                Some("closed"),
                format!("{head}: closed; its last attempt: refused{maybe}"),
            ),
            (Missed { why: away, ..late }, Some("closed"), gone.to_owned()),
        ];
        for (missed, shut, said) in cases {
            assert_eq!(missed.message(shut).to_string(), said);
            let uncertain = missed.becomes() == EntryStatus::Uncertain;
            assert_eq!(uncertain, missed.unproven);
        }
    }
}
