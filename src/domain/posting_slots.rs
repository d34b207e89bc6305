//! Posting slots: the local times of a week at which an account posts, one post each.
//!
//! A slot is an instant. Where clocks go forward, one in the gap is the first valid instant after it, and those that
//! would fall on the same instant are one; where they go back, a slot in the hour that comes twice is the first of both.

use super::clock::Timestamp;
use super::fault::AccountFault;
use super::field_error::FieldError;
use super::json_input::short;
use super::text_enum;
use super::time_input;
use super::windows::{DAY_MINUTES, Weekdays, WrongTimes, minute_of_day};
use chrono::{Datelike, NaiveDate};
use chrono_tz::Tz;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// The most lines of slots that an account may have.
pub const SLOTS_MAX: usize = 64;
/// The most slots of a week: one every quarter of an hour.
pub const A_WEEK_MAX: usize = 672;
/// No slot further ahead than this is given to anybody: five years.
pub const AHEAD_MAX: Duration = Duration::from_secs(1830 * 24 * 3600);
/// A post that was not sent within this of its slot has missed it.
pub const MISSED_AFTER: Duration = Duration::from_secs(300);
/// In the place of a time: the next free slot.
pub const NEXT_SLOT: &str = "next_slot";

text_enum! {
    /// What becomes of a post that missed its slot.
    MissedSlot {
        /// It goes out late, as soon as it can (default).
        Late = "late",
        /// It sits in the next free slot.
        Next = "next",
    }
}

/// When an account posts. None at all: only at the times that its posts are given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PostingSlots {
    lines: Vec<SlotLine>,
    /// Minutes from midnight in order, Monday's first.
    by_weekday: [Vec<i64>; 7],
}

impl PostingSlots {
    /// Reads them as users write them; what is wrong is told by its place in the list.
    pub fn read<S: AsRef<str>>(texts: &[S]) -> Result<PostingSlots, Vec<FieldError>> {
        if texts.len() > SLOTS_MAX {
            let fault = AccountFault::TooManyLinesOfSlots { has: texts.len(), most: SLOTS_MAX };
            return Err(vec![FieldError::new("slots", fault)]);
        }
        let (mut lines, mut wrong) = (Vec::new(), Vec::new());
        for (index, text) in texts.iter().enumerate() {
            match text.as_ref().parse::<SlotLine>() {
                Ok(line) => lines.push(line),
                Err(error) => wrong.push(FieldError::new(format!("slots[{index}]"), error)),
            }
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let by_weekday = by_weekday(&lines);
        let count: usize = by_weekday.iter().map(Vec::len).sum();
        if count > A_WEEK_MAX {
            let fault = AccountFault::TooManySlots { has: count, most: A_WEEK_MAX };
            return Err(vec![FieldError::new("slots", fault)]);
        }
        Ok(PostingSlots { lines, by_weekday })
    }

    /// There are none.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The slots later than `after`, in order, for five years and no further than the year 9999.
    pub fn coming(&self, after: Timestamp, zone: Tz) -> impl Iterator<Item = Timestamp> {
        // What falls into a gap comes later than its date says.
        let local = after.to_utc().with_timezone(&zone).date_naive();
        let day = if self.is_empty() { None } else { Some(local.pred_opt().unwrap_or(local)) };
        let until = (after + AHEAD_MAX).min(Timestamp::MAX);
        Coming { slots: self, zone, day, place: 0, last: after, until }
    }

    /// Whether this very instant is one.
    pub fn has(&self, at: Timestamp, zone: Tz) -> bool {
        self.coming(at - Duration::from_micros(1), zone).next() == Some(at)
    }
}

fn by_weekday(lines: &[SlotLine]) -> [Vec<i64>; 7] {
    let mut all: [Vec<i64>; 7] = Default::default();
    for line in lines {
        for day in line.days.iter() {
            if let Some(times) = usize::try_from(day).ok().and_then(|day| all.get_mut(day)) {
                times.extend(&line.minutes);
            }
        }
    }
    for times in &mut all {
        times.sort_unstable();
        times.dedup();
    }
    all
}

struct Coming<'a> {
    slots: &'a PostingSlots,
    zone: Tz,
    /// The local date that is looked at; none when that is over.
    day: Option<NaiveDate>,
    /// Of its times, the next one.
    place: usize,
    last: Timestamp,
    until: Timestamp,
}

impl Iterator for Coming<'_> {
    type Item = Timestamp;

    fn next(&mut self) -> Option<Timestamp> {
        loop {
            let day = self.day?;
            let times = usize::try_from(day.weekday().num_days_from_monday()).ok();
            let minute = times.and_then(|day| self.slots.by_weekday.get(day)?.get(self.place));
            let Some(&minute) = minute else {
                (self.day, self.place) = (day.succ_opt(), 0);
                continue;
            };
            self.place += 1;
            match instant(day, minute, self.zone) {
                Some(at) if at > self.until => self.day = None,
                Some(at) if at > self.last => {
                    self.last = at;
                    return Some(at);
                }
                // Past, or the same instant as the one before: both lay in one gap.
                Some(_) | None => {}
            }
        }
    }
}

fn instant(day: NaiveDate, minute: i64, zone: Tz) -> Option<Timestamp> {
    let (hour, minute) = (u32::try_from(minute / 60).ok()?, u32::try_from(minute % 60).ok()?);
    time_input::resolve(day.and_hms_opt(hour, minute, 0)?, zone)
}

/// Kept and shown as a list of how each line is written.
impl Serialize for PostingSlots {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.lines.iter().map(SlotLine::to_string))
    }
}

impl<'de> Deserialize<'de> for PostingSlots {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        PostingSlots::read(&texts).map_err(|wrong| {
            let told: Vec<String> = wrong.iter().map(FieldError::to_string).collect();
            serde::de::Error::custom(told.join("; "))
        })
    }
}

/// The same times on some days of the week.
#[derive(Debug, Clone, PartialEq, Eq)]
struct SlotLine {
    days: Weekdays,
    /// From midnight, in order, each once; at least one.
    minutes: Vec<i64>,
}

/// Why a text is no line of slots.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{given}” is no slot: {reason}. Write it like 09:00, mon-fri 09:00,18:00, or sat,sun 10:30")]
pub struct SlotError {
    pub given: String,
    pub reason: WrongTimes,
}

impl FromStr for SlotLine {
    type Err = SlotError;

    fn from_str(text: &str) -> Result<Self, SlotError> {
        read(text).map_err(|reason| SlotError { given: short(text), reason })
    }
}

fn read(text: &str) -> Result<SlotLine, WrongTimes> {
    let first_digit = text.find(|c: char| c.is_ascii_digit()).ok_or(WrongTimes::TimesMissing)?;
    let (days, times) = text.split_at(first_digit);
    let days = if days.trim().is_empty() { Weekdays::ALL } else { Weekdays::read(days)? };
    let mut minutes = Vec::new();
    for time in times.split(',') {
        match minute_of_day(time)? {
            DAY_MINUTES => return Err(WrongTimes::EndOfDay),
            minute => minutes.push(minute),
        }
    }
    minutes.sort_unstable();
    minutes.dedup();
    Ok(SlotLine { days, minutes })
}

impl fmt::Display for SlotLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.days != Weekdays::ALL {
            write!(f, "{} ", self.days)?;
        }
        let times: Vec<String> =
            self.minutes.iter().map(|minute| format!("{:02}:{:02}", minute / 60, minute % 60)).collect();
        f.write_str(&times.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::{America, Asia, Australia, Europe, Pacific, UTC};

    fn slots(texts: &[&str]) -> PostingSlots {
        PostingSlots::read(texts).expect("slots")
    }

    fn at(text: &str) -> Timestamp {
        time_input::parse(text, UTC).expect(text)
    }

    /// The slots after an instant, in UTC, are these.
    #[track_caller]
    fn check(texts: &[&str], zone: Tz, after: &str, expected: &[&str]) {
        let found: Vec<Timestamp> = slots(texts).coming(at(after), zone).take(expected.len()).collect();
        let expected: Vec<Timestamp> = expected.iter().map(|text| at(text)).collect();
        assert_eq!(found, expected, "{texts:?} in {zone} after {after}");
        for slot in found {
            assert!(slots(texts).has(slot, zone), "{slot}");
            assert!(!slots(texts).has(slot + Duration::from_micros(1), zone), "{slot}");
        }
    }

    #[test]
    fn they_come_in_the_order_of_the_week_in_the_zone() {
        // 2026-02-06 is a Friday.
        let both = ["mon-fri 09:00,18:00", "sat 10:30"];
        check(
            &both,
            UTC,
            "2026-02-06 09:00:00",
            &["2026-02-06 18:00", "2026-02-07 10:30", "2026-02-09 09:00", "2026-02-09 18:00"],
        );
        check(&both, UTC, "2026-02-06 08:59:59.999999", &["2026-02-06 09:00", "2026-02-06 18:00"]);
        check(
            &both,
            Asia::Shanghai,
            "2026-02-06 00:00",
            &["2026-02-06 01:00", "2026-02-06 10:00", "2026-02-07 02:30"],
        );
        check(
            &["sun 23:30"],
            America::New_York,
            "2026-02-06 00:00",
            &["2026-02-09 04:30", "2026-02-16 04:30"],
        );
        // Twice the same is one.
        check(
            &["09:00", "fri 09:00,09:00"],
            UTC,
            "2026-02-05 12:00",
            &["2026-02-06 09:00", "2026-02-07 09:00"],
        );
        assert_eq!(PostingSlots::default().coming(at("2026-02-06 09:00"), UTC).next(), None);
    }

    #[test]
    fn one_in_a_gap_is_the_first_instant_after_it() {
        let berlin = Europe::Berlin;
        check(&["02:30"], berlin, "2026-03-28 12:00", &["2026-03-29 01:00", "2026-03-30 00:30"]);
        // Two in one gap, and one at its end, are one instant, and so one slot.
        check(
            &["02:00,02:30,03:00,03:01"],
            berlin,
            "2026-03-29 00:30",
            &["2026-03-29 01:00", "2026-03-29 01:01", "2026-03-30 00:00"],
        );
        check(
            &["02:15"],
            Australia::Lord_Howe,
            "2026-10-03 00:00",
            &["2026-10-03 15:30", "2026-10-04 15:15"],
        );
        // Samoa had no 30th of December.
        check(
            &["09:00"],
            Pacific::Apia,
            "2011-12-29 12:00",
            &["2011-12-29 19:00", "2011-12-30 10:00", "2011-12-30 19:00"],
        );
    }

    #[test]
    fn one_in_an_hour_that_comes_twice_is_the_first() {
        check(&["02:30"], Europe::Berlin, "2026-10-24 12:00", &["2026-10-25 00:30", "2026-10-26 01:30"]);
        // Between the two it is over, and so is what comes before it on the wall.
        check(&["02:00,02:30"], Europe::Berlin, "2026-10-25 00:30", &["2026-10-26 01:00"]);
        check(&["01:30"], America::New_York, "2026-11-01 00:00", &["2026-11-01 05:30", "2026-11-02 06:30"]);
    }

    #[test]
    fn over_a_year_of_changes_each_day_has_each_slot_once_and_in_order() {
        for zone in [Europe::Berlin, America::New_York, Australia::Lord_Howe, Asia::Kolkata, UTC] {
            let all: Vec<Timestamp> =
                slots(&["00:00,12:00"]).coming(at("2026-01-01 12:30"), zone).take(730).collect();
            assert!(all.windows(2).all(|pair| pair[0] < pair[1]), "{zone}");
            let days = all[729].since(all[0]).as_secs_f64() / 86_400.0;
            assert!((days - 364.5).abs() < 0.1, "{zone}: {days}");
        }
    }

    #[test]
    fn they_end_after_five_years_and_with_the_calendar() {
        let daily = slots(&["09:00"]);
        assert_eq!(daily.coming(at("2026-01-01 09:00"), UTC).count(), 1830);
        assert_eq!(daily.coming(at("9999-12-30 09:00"), UTC).count(), 1);
        assert_eq!(daily.coming(Timestamp::MAX, UTC).count(), 0);
    }

    #[test]
    fn they_are_written_as_they_are_read() {
        for (given, written) in [
            ("09:00", "09:00"),
            ("MON-FRI 18:00, 09:00", "mon-fri 09:00,18:00"),
            ("sat,sun 10:30,10:30", "sat,sun 10:30"),
            ("mon-sun 00:00,23:59", "00:00,23:59"),
            ("Fri-Mon 08:15", "fri-mon 08:15"),
        ] {
            let line: SlotLine = given.parse().expect(given);
            assert_eq!(line.to_string().parse(), Ok(line.clone()), "{given}");
            assert_eq!(line.to_string(), written);
        }
        let both = slots(&["mon-fri 09:00,18:00", "sat 10:30"]);
        let text = serde_json::to_string(&both).expect("written");
        assert_eq!(text, "[\"mon-fri 09:00,18:00\",\"sat 10:30\"]");
        assert_eq!(serde_json::from_str::<PostingSlots>(&text).expect("read"), both);
    }

    #[test]
    fn what_is_wrong_is_told_by_its_place() {
        for (text, says) in [
            ("", "it names no time"),
            ("monday", "it names no time"),
            ("monday 09:00", "“monday” is none of the weekdays"),
            ("9:00", "“9:00” is no time"),
            ("mon 09:00-18:00", "“09:00-18:00” is no time"),
            ("mon 09:00,", "“” is no time"),
            ("mon 24:00", "23:59"),
            ("mon 25:00", "“25:00” is no time"),
        ] {
            let told = PostingSlots::read(&["09:00", text]).expect_err(text);
            assert_eq!((told.len(), told[0].field.as_str()), (1, "slots[1]"), "{text}");
            assert!(told[0].message().contains(says), "{text}: {}", told[0].message());
            assert!(
                told[0].message().ends_with("mon-fri 09:00,18:00, or sat,sun 10:30"),
                "{}",
                told[0].message()
            );
        }
        let told = PostingSlots::read(&vec!["09:00"; 65]).expect_err("too many");
        assert_eq!(told[0].to_string(), "slots: holds 65 lines of slots; 64 at most");
        let line = |hour: i64| {
            let times: Vec<String> = (0..60).map(|minute| format!("{hour:02}:{minute:02}")).collect();
            times.join(",")
        };
        let told = PostingSlots::read(&[line(1), line(2)]).expect_err("too many");
        assert_eq!(told[0].to_string(), "slots: are 840 slots a week; 672 at most");
    }
}
