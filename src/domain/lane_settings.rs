//! What an account's user wants of its lane: how far apart its posts are, how many a day, when, in which slots, and for
//! how long they are worth trying. `gates.rs` holds a lane to it.

use super::fault::Fault;
use super::field_error::FieldError;
use super::posting_slots::{MissedSlot, PostingSlots};
use super::windows::Windows;
use std::ops::RangeInclusive;

/// 366 days.
pub const SECONDS_MAX: i32 = 366 * 24 * 3600;
/// The most posts a day that a cap may allow.
pub const DAILY_CAP_MAX: i32 = 1_000_000;
/// The soonest that entries are given up while a platform is down.
pub const GIVE_UP_AFTER_MIN_SECONDS: i32 = 60;
/// A day.
pub const GIVE_UP_AFTER_DEFAULT_SECONDS: i32 = 24 * 3600;

/// Settings that hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaneSettings {
    /// Least time between two posts; 0 where it does not matter.
    pub spacing_seconds: i32,
    /// Posts a day, in the account's zone.
    pub daily_cap: Option<i32>,
    pub windows: Windows,
    /// How long entries wait for a platform that is down.
    pub give_up_after_seconds: i32,
    /// What is later than this is not published any more; none where it is published late.
    pub late_after_seconds: Option<i32>,
    pub slots: PostingSlots,
    pub missed_slot: MissedSlot,
}

impl Default for LaneSettings {
    fn default() -> Self {
        LaneSettings {
            spacing_seconds: 0,
            daily_cap: None,
            windows: Windows::default(),
            give_up_after_seconds: GIVE_UP_AFTER_DEFAULT_SECONDS,
            late_after_seconds: None,
            slots: PostingSlots::default(),
            missed_slot: MissedSlot::Late,
        }
    }
}

/// Settings as a user gives them; what is none stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LaneChanges {
    pub spacing_seconds: Option<i64>,
    /// `Some(None)`: no cap.
    pub daily_cap: Option<Option<i64>>,
    /// All of them, as users write them; empty where it is always open.
    pub windows: Option<Vec<String>>,
    pub give_up_after_seconds: Option<i64>,
    /// `Some(None)`: late ones are published.
    pub late_after_seconds: Option<Option<i64>>,
    /// All of them, as users write them; empty where there are none.
    pub slots: Option<Vec<String>>,
    pub missed_slot: Option<MissedSlot>,
}

impl LaneSettings {
    /// Whether anything of them ever keeps the lane shut.
    pub fn are_gates(&self) -> bool {
        self.spacing_seconds > 0 || self.daily_cap.is_some() || !self.windows.is_always()
    }

    /// The same with changes; all that is wrong with them is told by field.
    pub fn with(self, changes: &LaneChanges) -> Result<LaneSettings, Vec<FieldError>> {
        let mut wrong = Vec::new();
        let mut tell = |error: FieldError| wrong.push(error);
        let mut number = |field: &str, given: Option<i64>, range: RangeInclusive<i32>| {
            let read = given.map(|given| i32::try_from(given).ok().filter(|it| range.contains(it)));
            if read == Some(None) {
                let (least, most) = (i64::from(*range.start()), i64::from(*range.end()));
                let is_a_span = *range.end() == SECONDS_MAX;
                tell(FieldError::new(
                    field,
                    if is_a_span {
                        Fault::YearOfSeconds { least, most }
                    } else {
                        Fault::Range { least, most }
                    },
                ));
            }
            read.flatten()
        };
        let spacing = number("spacing_seconds", changes.spacing_seconds, 0..=SECONDS_MAX);
        let cap = changes.daily_cap.map(|cap| number("daily_cap", cap, 1..=DAILY_CAP_MAX));
        let give_up_range = GIVE_UP_AFTER_MIN_SECONDS..=SECONDS_MAX;
        let give_up = number("give_up_after_seconds", changes.give_up_after_seconds, give_up_range);
        let late = changes.late_after_seconds;
        let late = late.map(|late| number("late_after_seconds", late, 1..=SECONDS_MAX));
        let windows = changes.windows.as_ref().map(|texts| Windows::read(texts)).transpose();
        let windows = windows.unwrap_or_else(|errors| {
            wrong.extend(errors);
            None
        });
        let slots = changes.slots.as_ref().map(|texts| PostingSlots::read(texts)).transpose();
        let slots = slots.unwrap_or_else(|errors| {
            wrong.extend(errors);
            None
        });
        if !wrong.is_empty() {
            return Err(wrong);
        }
        Ok(LaneSettings {
            spacing_seconds: spacing.unwrap_or(self.spacing_seconds),
            daily_cap: cap.unwrap_or(self.daily_cap),
            windows: windows.unwrap_or(self.windows),
            give_up_after_seconds: give_up.unwrap_or(self.give_up_after_seconds),
            late_after_seconds: late.unwrap_or(self.late_after_seconds),
            slots: slots.unwrap_or(self.slots),
            missed_slot: changes.missed_slot.unwrap_or(self.missed_slot),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> LaneChanges {
        LaneChanges {
            spacing_seconds: Some(60),
            daily_cap: Some(Some(5)),
            windows: Some(vec!["MON 08:00-09:00".to_owned()]),
            give_up_after_seconds: Some(3600),
            late_after_seconds: Some(Some(600)),
            slots: Some(vec!["SAT 10:30".to_owned()]),
            missed_slot: Some(MissedSlot::Next),
        }
    }

    #[test]
    fn what_is_given_is_changed_and_the_rest_stays() {
        let set = LaneSettings::default().with(&all()).expect("they hold");
        let expected = LaneSettings {
            spacing_seconds: 60,
            daily_cap: Some(5),
            windows: Windows::read(&["mon 08:00-09:00"]).expect("a window"),
            give_up_after_seconds: 3600,
            late_after_seconds: Some(600),
            slots: PostingSlots::read(&["sat 10:30"]).expect("slots"),
            missed_slot: MissedSlot::Next,
        };
        assert_eq!(set, expected);
        assert_eq!(set.clone().with(&LaneChanges::default()), Ok(set.clone()));
        assert!(!LaneSettings::default().are_gates());
        for change in [
            LaneChanges { spacing_seconds: Some(1), ..LaneChanges::default() },
            LaneChanges { daily_cap: Some(Some(1)), ..LaneChanges::default() },
            LaneChanges { windows: all().windows, ..LaneChanges::default() },
        ] {
            assert!(LaneSettings::default().with(&change).expect("it holds").are_gates(), "{change:?}");
        }
        let cleared = LaneChanges {
            spacing_seconds: Some(0),
            daily_cap: Some(None),
            windows: Some(Vec::new()),
            give_up_after_seconds: Some(86_400),
            late_after_seconds: Some(None),
            slots: Some(Vec::new()),
            missed_slot: Some(MissedSlot::Late),
        };
        assert_eq!(set.with(&cleared), Ok(LaneSettings::default()));
    }

    #[test]
    fn numbers_have_bounds() {
        let max = i64::from(SECONDS_MAX);
        let changes = |field: &str, number: i64| {
            let bare = LaneChanges::default();
            match field {
                "spacing_seconds" => LaneChanges { spacing_seconds: Some(number), ..bare },
                "daily_cap" => LaneChanges { daily_cap: Some(Some(number)), ..bare },
                "give_up_after_seconds" => LaneChanges { give_up_after_seconds: Some(number), ..bare },
                "late_after_seconds" => LaneChanges { late_after_seconds: Some(Some(number)), ..bare },
                other => panic!("there is no {other}"),
            }
        };
        for (field, min, max) in [
            ("spacing_seconds", 0, max),
            ("daily_cap", 1, 1_000_000),
            ("give_up_after_seconds", 60, max),
            ("late_after_seconds", 1, max),
        ] {
            let with = |number: i64| LaneSettings::default().with(&changes(field, number));
            assert!(with(min).is_ok() && with(max).is_ok(), "{field}");
            for wrong in [min - 1, max + 1, i64::MIN, i64::MAX, 1 << 32] {
                let told = with(wrong).expect_err(field);
                assert_eq!(told.len(), 1);
                assert_eq!(told[0].field, field, "{wrong}");
                assert!(told[0].message().starts_with(&format!("must be from {min} to {max}")), "{told:?}");
            }
        }
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let wrong = LaneChanges {
            spacing_seconds: Some(-1),
            daily_cap: Some(Some(0)),
            windows: Some(vec!["08:00-09:00".to_owned(), "soon".to_owned()]),
            give_up_after_seconds: Some(1),
            late_after_seconds: Some(Some(0)),
            slots: Some(vec!["soon".to_owned()]),
            missed_slot: None,
        };
        let told = LaneSettings::default().with(&wrong).expect_err("nothing holds");
        let fields: Vec<&str> = told.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(
            fields,
            [
                "spacing_seconds",
                "daily_cap",
                "give_up_after_seconds",
                "late_after_seconds",
                "windows[1]",
                "slots[0]"
            ]
        );
    }
}
