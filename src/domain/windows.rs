//! Windows: the local times of a week at which a lane is open.
//!
//! The wall clock of the account's zone alone decides. So where clocks go back, a time that comes twice is open both
//! times, and where they go forward, what would start in the gap opens at the first instant after it.

use super::clock::Timestamp;
use super::fault::AccountFault;
use super::field_error::FieldError;
use super::json_input::short;
use chrono::{Offset, TimeZone};
use chrono_tz::Tz;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// The most windows that an account may have.
pub const WINDOWS_MAX: usize = 64;
/// How far ahead an opening is looked for, in days.
const SEARCH_DAYS: i64 = 400;

pub(super) const DAY_MINUTES: i64 = 24 * 60;
const WEEK_MINUTES: i64 = 7 * DAY_MINUTES;
const MINUTE_MICROS: i64 = 60_000_000;
const SECOND_MICROS: i64 = 1_000_000;
/// As a week begins, and as it is written.
pub const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
/// The epoch was a Thursday: minutes from the Monday before it.
const EPOCH_IN_WEEK_MINUTES: i64 = 3 * DAY_MINUTES;

/// When a lane is open. None at all: always.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Windows(Vec<Window>);

impl Windows {
    /// Reads them as users write them; what is wrong is told by its place in the list.
    pub fn read<S: AsRef<str>>(texts: &[S]) -> Result<Windows, Vec<FieldError>> {
        if texts.len() > WINDOWS_MAX {
            let fault = AccountFault::TooManyWindows { has: texts.len(), most: WINDOWS_MAX };
            return Err(vec![FieldError::new("windows", fault)]);
        }
        let (mut windows, mut wrong) = (Vec::new(), Vec::new());
        for (index, text) in texts.iter().enumerate() {
            match text.as_ref().parse::<Window>() {
                Ok(window) => windows.push(window),
                Err(error) => wrong.push(FieldError::new(format!("windows[{index}]"), error)),
            }
        }
        if wrong.is_empty() { Ok(Windows(windows)) } else { Err(wrong) }
    }

    /// No time is outside of it.
    pub fn is_always(&self) -> bool {
        self.0.is_empty()
    }

    pub fn is_open(&self, at: Timestamp, zone: Tz) -> bool {
        self.opens_in_minutes(local(at, offset_micros(at, zone))) == Some(0)
    }

    /// The first instant at which it is open, `at` or later; none where the next 400 days have none.
    pub fn opens_at(&self, at: Timestamp, zone: Tz) -> Option<Timestamp> {
        let last = at.micros().saturating_add(SEARCH_DAYS * DAY_MINUTES * MINUTE_MICROS);
        let mut from = at;
        // Each turn is a stretch of time in which the wall clock runs evenly.
        while from.micros() <= last {
            let local = local(from, offset_micros(from, zone));
            let next = match self.opens_in_minutes(local)? {
                0 => return Some(from),
                minutes => {
                    let minute_began = from.micros() - local.rem_euclid(MINUTE_MICROS);
                    Timestamp::from_micros(minute_began.saturating_add(minutes * MINUTE_MICROS))
                }
            };
            match clock_change(zone, from, next) {
                Some(change) => from = change,
                None => return Some(next),
            }
        }
        None
    }

    /// Minutes of an even wall clock from the one at `local` to the next open one; none only where none is open ever.
    fn opens_in_minutes(&self, local: i64) -> Option<i64> {
        let minute = (local.div_euclid(MINUTE_MICROS) + EPOCH_IN_WEEK_MINUTES).rem_euclid(WEEK_MINUTES);
        if self.0.is_empty() {
            return Some(0);
        }
        self.0.iter().filter_map(|window| window.opens_in_minutes(minute)).min()
    }
}

/// The wall clock, in microseconds from its own midnight of 1970-01-01.
fn local(at: Timestamp, offset_micros: i64) -> i64 {
    at.micros().saturating_add(offset_micros)
}

fn offset_micros(at: Timestamp, zone: Tz) -> i64 {
    let offset = zone.offset_from_utc_datetime(&at.to_utc().naive_utc()).fix();
    i64::from(offset.local_minus_utc()) * SECOND_MICROS
}

/// The first instant later than `after`, and no later than `until`, from which the zone's offset is another.
fn clock_change(zone: Tz, after: Timestamp, until: Timestamp) -> Option<Timestamp> {
    // Since 1970 no zone has changed its clocks twice in less than a week, so none does within a day.
    let day = SECOND_MICROS * 24 * 3600;
    let offset = |micros: i64| offset_micros(Timestamp::from_micros(micros), zone);
    let mut low = after.micros();
    let before = offset(low);
    while low < until.micros() {
        let mut high = low.saturating_add(day).min(until.micros());
        if offset(high) == before {
            low = high;
            continue;
        }
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if offset(middle) == before { low = middle } else { high = middle }
        }
        return Some(Timestamp::from_micros(high));
    }
    None
}

/// Kept and shown as a list of how each is written.
impl Serialize for Windows {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(Window::to_string))
    }
}

impl<'de> Deserialize<'de> for Windows {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        Windows::read(&texts).map_err(|wrong| {
            let told: Vec<String> = wrong.iter().map(FieldError::to_string).collect();
            serde::de::Error::custom(told.join("; "))
        })
    }
}

/// A stretch of each of its weekdays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    days: Weekdays,
    /// From the midnight that its day begins with.
    start_minute: i64,
    /// More than 0 and at most a day: one that goes over midnight belongs to the day it starts on.
    minutes: i64,
}

impl Window {
    /// Minutes from one of the week to the next that it holds.
    fn opens_in_minutes(self, minute: i64) -> Option<i64> {
        let until_open = |day: i64| {
            let since_start = (minute - day * DAY_MINUTES - self.start_minute).rem_euclid(WEEK_MINUTES);
            if since_start < self.minutes { 0 } else { WEEK_MINUTES - since_start }
        };
        self.days.iter().map(until_open).min()
    }
}

/// Why a text is no window.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "“{given}” is no window: {reason}. Write it like 08:00-23:00, mon-fri 08:00-23:00, or sat,sun 22:00-02:00 (over \
     midnight)"
)]
pub struct WindowError {
    pub given: String,
    pub reason: WrongTimes,
}

/// What of a window, or of a line of slots, cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WrongTimes {
    #[error("its times are not two with a - between them")]
    NotTwo,
    #[error("24:00 can only be its end")]
    StartsAtMidnight,
    #[error("it ends when it starts. A whole day is 00:00-24:00; to be always open takes no window at all")]
    Empty,
    #[error("“{0}” is no time from 00:00 to 24:00")]
    NoTime(String),
    #[error("“{0}” is none of the weekdays {list}", list = WEEKDAYS.join(", "))]
    NoWeekday(String),
    #[error("it names no time")]
    TimesMissing,
    #[error("a day's last minute is 23:59; write 00:00 of the next day")]
    EndOfDay,
}

impl FromStr for Window {
    type Err = WindowError;

    fn from_str(text: &str) -> Result<Self, WindowError> {
        read(text).map_err(|reason| WindowError { given: short(text), reason })
    }
}

fn read(text: &str) -> Result<Window, WrongTimes> {
    let first_digit = text.find(|c: char| c.is_ascii_digit()).unwrap_or(text.len());
    let (days, times) = text.split_at(first_digit);
    let days = if days.trim().is_empty() { Weekdays::ALL } else { Weekdays::read(days)? };
    let (start, end) = times.split_once('-').ok_or(WrongTimes::NotTwo)?;
    let (start_minute, end_minute) = (minute_of_day(start)?, minute_of_day(end)?);
    if start_minute == DAY_MINUTES {
        return Err(WrongTimes::StartsAtMidnight);
    }
    if start_minute == end_minute {
        return Err(WrongTimes::Empty);
    }
    let over_midnight = if end_minute < start_minute { DAY_MINUTES } else { 0 };
    Ok(Window { days, start_minute, minutes: end_minute + over_midnight - start_minute })
}

/// A time of the day, in minutes from its midnight; 24:00 is one too.
pub(super) fn minute_of_day(text: &str) -> Result<i64, WrongTimes> {
    let text = text.trim();
    let two_digits = |part: &str| {
        let is_one = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse::<i64>().ok().filter(|_| is_one)
    };
    let read = text.split_once(':').and_then(|(hour, minute)| Some((two_digits(hour)?, two_digits(minute)?)));
    match read {
        Some((hour @ 0..24, minute @ 0..60)) => Ok(hour * 60 + minute),
        Some((24, 0)) => Ok(DAY_MINUTES),
        _ => Err(WrongTimes::NoTime(short(text))),
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.days != Weekdays::ALL {
            write!(f, "{} ", self.days)?;
        }
        let end = self.start_minute + self.minutes;
        let end = if end > DAY_MINUTES { end - DAY_MINUTES } else { end };
        let clock = |minute: i64| format!("{:02}:{:02}", minute / 60, minute % 60);
        write!(f, "{}-{}", clock(self.start_minute), clock(end))
    }
}

/// Some days of the week, a bit each, Monday's the lowest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Weekdays(u8);

impl Weekdays {
    pub(super) const ALL: Weekdays = Weekdays(0x7f);

    /// Names and ranges of names, the latter also over the week's end.
    pub(super) fn read(text: &str) -> Result<Weekdays, WrongTimes> {
        let mut days = Weekdays(0);
        for part in text.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last) = (weekday(first)?, weekday(last)?);
            let count = (last + 7 - first) % 7 + 1;
            (first..first + count).for_each(|day| days.0 |= 1 << (day % 7));
        }
        Ok(days)
    }

    fn has(self, day: usize) -> bool {
        self.0 & (1 << (day % 7)) != 0
    }

    pub(super) fn iter(self) -> impl Iterator<Item = i64> {
        (0..7).filter(move |day| self.0 & (1 << day) != 0)
    }
}

fn weekday(text: &str) -> Result<usize, WrongTimes> {
    let name = text.trim();
    let found = WEEKDAYS.iter().position(|weekday| weekday.eq_ignore_ascii_case(name));
    found.ok_or_else(|| WrongTimes::NoWeekday(short(name)))
}

/// Three days and more in a row are a range, also over the week's end.
impl fmt::Display for Weekdays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        for first in (0..7).filter(|&day| self.has(day) && !self.has(day + 6)) {
            let run: Vec<&str> =
                (first..first + 7).take_while(|&day| self.has(day)).map(|day| WEEKDAYS[day % 7]).collect();
            match run[..] {
                [first, _, .., last] => parts.push(format!("{first}-{last}")),
                _ => parts.extend(run.iter().map(|&day| day.to_owned())),
            }
        }
        f.write_str(&parts.join(","))
    }
}

#[cfg(test)]
mod tests;
