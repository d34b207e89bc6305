//! Cron expressions: minute, hour, day of the month, month and weekday, with seconds before them if there are six.
//!
//! `reading` reads what a person wrote, and tells what is wrong with it; the library (croner) is given the same in plain
//! numbers, and finds the local times that it names, in a calendar without a zone. What these are in a zone whose
//! clocks change is `zoned`'s.

mod error;
mod fields;
mod guess;
mod reading;
mod zoned;

pub use error::{CronError, GoesWith, Wrong};
pub use fields::{DayRule, Field, Fields, Item, Kind};

use super::clock::Timestamp;
use chrono::{NaiveDateTime, TimeZone, Utc};
use chrono_tz::Tz;
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use std::str::FromStr;

/// Longer than anybody writes one; each character costs time whenever it is read.
pub const CHARS_MAX: usize = 200;

/// An expression that can be read, and that some day fulfils.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CronExpression {
    fields: Fields,
    calendar: Cron,
}

/// A fire, and whether it stands in for a local time that a clock change skips.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fire {
    pub at: Timestamp,
    pub shifted: bool,
}

impl FromStr for CronExpression {
    type Err = CronError;

    fn from_str(text: &str) -> Result<Self, CronError> {
        if text.chars().count() > CHARS_MAX {
            return Err(CronError::TooLong);
        }
        let fields = reading::read(text)?;
        let both = fields.day_rule() == DayRule::Both;
        let parser =
            CronParser::builder().seconds(Seconds::Required).year(Year::Disallowed).dom_and_dow(both).build();
        let calendar = parser.parse(&fields.plain());
        let calendar = calendar
            .map_err(|error| CronError::Unforeseen { given: text.to_owned(), why: error.to_string() })?;
        Ok(CronExpression { fields, calendar })
    }
}

impl CronExpression {
    /// What each field names.
    pub fn fields(&self) -> &Fields {
        &self.fields
    }

    /// The first fire after `now`; none where there is none in thousands of years.
    pub fn next_after(&self, now: Timestamp, zone: Tz) -> Option<Timestamp> {
        self.next_fire(now, zone).map(|fire| fire.at)
    }

    /// The same, with what a clock change does to it. Where hour and minute are fixed, each local time that they name is
    /// one fire: skipped by the clocks, at the first instant after the gap; repeated, at the first of the two. All else
    /// fires whenever the clocks show a time that it names, so it follows real time through both halves of a repeat, and
    /// has nothing in a gap.
    pub fn next_fire(&self, now: Timestamp, zone: Tz) -> Option<Fire> {
        if self.fields.is_fixed() { zoned::fixed(self, now, zone) } else { zoned::rhythm(self, now, zone) }
    }

    /// The first local time after `local` that it names, by a calendar in which every day has 24 hours.
    fn next_local(&self, local: NaiveDateTime) -> Option<NaiveDateTime> {
        let next = self.calendar.find_next_occurrence(&Utc.from_utc_datetime(&local), false).ok()?;
        Some(next.naive_utc())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time_input;
    use chrono_tz::{America, Asia, Australia, Europe, UTC};
    use std::time::{Duration, Instant};

    fn at(text: &str) -> Timestamp {
        time_input::parse(text, UTC).expect(text)
    }

    fn read(text: &str) -> CronExpression {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn it_fires_at_the_next_local_time_that_it_names() {
        // 2026-02-06 is a Friday.
        for (text, zone, now, next) in [
            ("0 9 * * 1-5", UTC, "2026-02-06 08:59:59.999999", "2026-02-06 09:00:00"),
            ("0 9 * * 1-5", UTC, "2026-02-06 09:00:00", "2026-02-09 09:00:00"),
            ("0 9 * * 1-5", UTC, "2026-02-06 09:00:00.000001", "2026-02-09 09:00:00"),
            ("0 9 * * MON-FRI", Asia::Shanghai, "2026-02-06 00:00:00", "2026-02-06 01:00:00"),
            ("0 9 * * *", America::New_York, "2026-02-06 12:00:00", "2026-02-06 14:00:00"),
            ("*/5 * * * *", UTC, "2026-02-06 10:02:00", "2026-02-06 10:05:00"),
            ("*/10 * * * * *", UTC, "2026-02-06 10:02:09.5", "2026-02-06 10:02:10"),
            ("15,45 8-10 * * *", UTC, "2026-02-06 10:45:00", "2026-02-07 08:15:00"),
            ("0 0 1 jan *", UTC, "2026-02-06 00:00:00", "2027-01-01 00:00:00"),
            ("0 0 29 2 *", UTC, "2026-02-06 00:00:00", "2028-02-29 00:00:00"),
            ("0 12 L * *", UTC, "2026-02-06 00:00:00", "2026-02-28 12:00:00"),
            ("0 12 * * 5#2", UTC, "2026-02-06 12:00:00", "2026-02-13 12:00:00"),
            // Either day field, where both are narrowed: as cron has always done.
            ("0 0 13 * 5", UTC, "2026-02-06 00:00:00", "2026-02-13 00:00:00"),
            ("0 0 10 * 5", UTC, "2026-02-06 00:00:00", "2026-02-10 00:00:00"),
        ] {
            assert_eq!(read(text).next_after(at(now), zone), Some(at(next)), "{text} in {zone} after {now}");
        }
    }

    #[test]
    fn the_next_fire_is_always_later_also_where_clocks_change() {
        for zone in [UTC, Europe::Berlin, America::New_York, Australia::Lord_Howe] {
            for text in ["30 2 * * *", "*/20 * * * *", "17 1-3 * * *", "0 0 * * *", "30 59 1 * * *"] {
                let cron = read(text);
                for day in
                    ["2026-03-07", "2026-03-28", "2026-04-04", "2026-10-03", "2026-10-24", "2026-10-31"]
                {
                    let mut now = at(&format!("{day} 00:00:00"));
                    for _ in 0..40 {
                        let next = cron.next_after(now, zone).expect("it fires every day");
                        assert!(next > now, "{text} in {zone}: {next} after {now}");
                        assert!(
                            next.since(now) < Duration::from_secs(26 * 3600),
                            "{text} in {zone} after {now}"
                        );
                        // From half a second past it, and again from it: what was fired is never fired again.
                        let past = next + Duration::from_micros(500_000);
                        assert!(cron.next_after(past, zone).is_some_and(|later| later > past));
                        now = next;
                    }
                }
            }
        }
    }

    #[test]
    fn what_never_fires_is_refused_and_so_is_what_fires_on_both_of_two_days_that_never_meet() {
        for text in ["0 0 30 2 *", "0 0 31 4,6,9,11 *", "* * * 31 6 *", "0 0 0 31 2 *", "0 0 31W 2 *"] {
            let told = text.parse::<CronExpression>().expect_err(text).to_string();
            assert!(told.contains("never fires"), "{text}: {told}");
        }
        for text in ["0 0 29 2 *", "0 0 31 2,3 *", "0 0 31 2 1", "0 0 L 2 *", "0 0 LW 2 *"] {
            assert!(read(text).next_after(at("2026-02-06 12:00:00"), UTC).is_some(), "{text}");
        }
        // Days 1 and 31 are never in a third week.
        let never = read("0 0 */30 * 1#3");
        let began = Instant::now();
        assert_eq!(never.next_after(at("2026-02-06 12:00:00"), Europe::Berlin), None);
        assert!(began.elapsed() < Duration::from_secs(2), "it took {:?}", began.elapsed());
    }

    #[test]
    fn nicknames_names_and_question_marks_are_what_they_stand_for() {
        for (text, same) in [
            ("@hourly", "0 * * * *"),
            ("@daily", "0 0 * * *"),
            ("@midnight", "0 0 * * *"),
            ("@weekly", "0 0 * * 0"),
            ("@monthly", "0 0 1 * *"),
            ("@yearly", "0 0 1 1 *"),
            (" @ANNUALLY ", "0 0 1 1 *"),
            ("0 9 ? * mon-FRI", "0 9 * * 1-5"),
            ("0 9 1 Jan-mar ?", "0 9 1 1-3 *"),
            ("0 9 * * SUN", "0 9 * * 7"),
            ("0 9 * * fri-sun", "0 9 * * 5,6,0"),
            ("0 9 * * sun-tue", "0 9 * * 0-2"),
            ("0 9 * * friL", "0 9 * * 5L"),
            ("0 9 * * fri#2", "0 9 * * 5#2"),
            ("0\t9  *  *\n1", "0 9 * * 1"),
            ("0 0 9 * * *", "0 9 * * *"),
        ] {
            let (one, other) = (read(text), read(same));
            let mut now = at("2026-02-06 12:00:00");
            for _ in 0..20 {
                let next = one.next_after(now, UTC);
                assert_eq!(next, other.next_after(now, UTC), "{text} and {same} after {now}");
                now = next.expect("it fires");
            }
        }
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_field_its_column_and_what_was_probably_meant() {
        for (text, says) in [
            (
                "",
                "“” is no cron expression: it has 0 fields, and 5 are needed (minute, hour, day of the month, month, weekday), or 6 with seconds before them; did you mean 0 9 * * 1-5?",
            ),
            (
                "* * * *",
                "it has 4 fields, and 5 are needed (minute, hour, day of the month, month, weekday), or 6 with seconds before them; did you mean * * * * *?",
            ),
            (
                "hello",
                "it has 1 field, and 5 are needed (minute, hour, day of the month, month, weekday), or 6 with seconds before them; did you mean 0 9 * * 1-5?",
            ),
            ("every day", "did you mean 0 9 * * 1-5?"),
            (
                "0 0 12 1 1 * 2030",
                "it has 7 fields, and 5 are needed (minute, hour, day of the month, month, weekday), or 6 with seconds before them; years cannot be named; did you mean 0 0 12 1 1 *?",
            ),
            ("0 0 12 * * ? *", "did you mean 0 0 12 * * ??"),
            (
                "60 * * * *",
                "minute (column 1 of “60 * * * *”): 60 is not from 0 to 59; did you mean 0 * * * *?",
            ),
            (
                "61 * * * *",
                "minute (column 1 of “61 * * * *”): 61 is not from 0 to 59; did you mean 59 * * * *?",
            ),
            (
                "0 24 * * *",
                "hour (column 3 of “0 24 * * *”): 24 is not from 0 to 23; did you mean 0 0 * * *?",
            ),
            (
                "0 25 * * *",
                "hour (column 3 of “0 25 * * *”): 25 is not from 0 to 23; did you mean 25 0 * * *, or 0 23 * * *?",
            ),
            (
                "  0  9,25 * * *",
                "hour (column 8 of “  0  9,25 * * *”): 25 is not from 0 to 23; did you mean 9,25 0 * * *, or 0 9,23 * * *?",
            ),
            (
                "0 9 0 * *",
                "day of the month (column 5 of “0 9 0 * *”): 0 is not from 1 to 31; did you mean 0 9 1 * *?",
            ),
            ("0 9 32 * *", "32 is not from 1 to 31; did you mean 0 9 L * *?"),
            (
                "0 9 1 13 *",
                "month (column 7 of “0 9 1 13 *”): 13 is not from 1 to 12; did you mean 0 9 1 12 *?",
            ),
            ("0 9 * * 8", "weekday (column 9 of “0 9 * * 8”): 8 is not from 0 to 7; did you mean 0 9 * * 7?"),
            (
                "0 9 * * 1-9",
                "weekday (column 11 of “0 9 * * 1-9”): 9 is not from 0 to 7; did you mean 0 9 * * 1-7?",
            ),
            ("99999999999999999999 * * * *", "99999999999999999999 is not from 0 to 59"),
            (
                "-5 * * * *",
                "minute (column 1 of “-5 * * * *”): -5 is not from 0 to 59; did you mean 0 * * * *, or 5 * * * *?",
            ),
            ("0 -1 * * *", "hour (column 3 of “0 -1 * * *”): -1 is not from 0 to 23"),
            ("0 9,-1-5 * * *", "hour (column 5 of “0 9,-1-5 * * *”): -1 is not from 0 to 23"),
            ("5-1 * * * *", "the range 5-1 runs backwards; did you mean 5-59,0-1 * * * *, or 1-5 * * * *?"),
            (
                "0 22-2 * * *",
                "hour (column 3 of “0 22-2 * * *”): the range 22-2 runs backwards; did you mean 0 22-23,0-2 * * *, or 0 2-22 * * *?",
            ),
            (
                "0 9 * * fri-mon",
                "weekday (column 9 of “0 9 * * fri-mon”): the range fri-mon runs backwards; did you mean 0 9 * * fri-sun,mon, or 0 9 * * mon-fri?",
            ),
            ("0 9 * * 6-2", "did you mean 0 9 * * 6-7,1-2, or 0 9 * * 2-6?"),
            ("0 9 * nov-feb *", "did you mean 0 9 * nov-dec,jan-feb *, or 0 9 * feb-nov *?"),
            ("0 9 * dec-jan *", "did you mean 0 9 * dec,jan *, or 0 9 * jan-dec *?"),
            (
                "*/0 * * * *",
                "minute (column 3 of “*/0 * * * *”): a step of 0 leads nowhere; did you mean * * * * *?",
            ),
            (
                "*/60 * * * *",
                "minute (column 3 of “*/60 * * * *”): a step of 60 among 60 values reaches only the first",
            ),
            ("*/90 * * * *", "did you mean 0 * * * *?"),
            ("0 */24 * * *", "did you mean 0 0 * * *?"),
            ("10-20/30 * * * *", "minute (column 7 of “10-20/30 * * * *”): a step of 30 among 11 values"),
            (
                "5/15 * * * *",
                "5/15 has a step, but not the range that it goes through; did you mean 5-59/15 * * * *?",
            ),
            ("/15 * * * *", "did you mean */15 * * * *?"),
            (
                "*/x * * * *",
                "minute (column 3 of “*/x * * * *”): “x” cannot be read; did you mean * * * * *?",
            ),
            ("*/ * * * *", "minute (column 3 of “*/ * * * *”): a value is missing; did you mean * * * * *?"),
            (
                "0 9 * * monday",
                "weekday (column 9 of “0 9 * * monday”): there is no “monday”; did you mean 0 9 * * mon?",
            ),
            ("0 9 * * FUN", "there is no “FUN”; did you mean 0 9 * * sun?"),
            (
                "0 9 * * mon-fry",
                "weekday (column 13 of “0 9 * * mon-fry”): there is no “fry”; did you mean 0 9 * * mon-fri?",
            ),
            ("0 9 * * mno,tue", "there is no “mno”; did you mean 0 9 * * mon,tue?"),
            ("0 9 * sept *", "there is no “sept”; did you mean 0 9 * sep *?"),
            ("0 9 * * qqqqqq", "there is no “qqqqqq”; did you mean 0 9 * * 1-5?"),
            (
                "0 9 mon * *",
                "day of the month (column 5 of “0 9 mon * *”): “mon” belongs to another field, the weekday; did you mean 0 9 * * mon?",
            ),
            ("0 9 * * jan", "“jan” belongs to another field, the month; did you mean 0 9 * jan *?"),
            ("0 0 9 fri * *", "“fri” belongs to another field, the weekday; did you mean 0 0 9 * * fri?"),
            (
                "1,,2 * * * *",
                "minute (column 3 of “1,,2 * * * *”): a value is missing; did you mean 1,2 * * * *?",
            ),
            ("1, * * * *", "did you mean 1 * * * *?"),
            (
                "L * * * *",
                "“L” goes only with the day of the month and the weekday; did you mean 59 * * * *?",
            ),
            ("? * * * *", "“?” goes only with a whole day of the month or weekday; did you mean * * * * *?"),
            ("0 9 ?/2 * *", "“?” goes only with a whole day"),
            (
                "0 9 * * L",
                "L needs a weekday before it, as in 5L, the last Friday of the month; did you mean 0 9 * * 5L?",
            ),
            ("0 9 5L * *", "“5L” goes only with the weekday; did you mean 0 9 L * *?"),
            ("0 9 L-3 * *", "“L-3” cannot be read; did you mean 0 9 L * *, or 0 9 28 * *?"),
            (
                "0 9 * * 5#6",
                "weekday (column 11 of “0 9 * * 5#6”): “5#6” is not a weekday, #, and a number from 1 to 5; did you mean 0 9 * * 5L?",
            ),
            ("0 9 * * 1-5#2", "“1-5#2” is not a weekday, #"),
            ("0 9 5#2 * *", "“5#2” goes only with the weekday"),
            ("0 9 W * *", "“W” cannot be read; did you mean 0 9 LW * *, or 0 9 15W * *?"),
            ("0 9 * * 5W", "“5W” goes only with the day of the month"),
            ("0 9 L,LW * *", "“L,LW” cannot be read"),
            ("0 9 *,5 * *", "“*,5” adds nothing to *, which is everything; did you mean 0 9 * * *?"),
            (
                "0 9 * * +1",
                "weekday (column 9 of “0 9 * * +1”): the character “+” means nothing here; did you mean 0 9 * * 1?",
            ),
            ("0 9 * * １", "the character “１” means nothing here"),
            (
                "0 9: * * *",
                "hour (column 4 of “0 9: * * *”): the character “:” means nothing here; did you mean 0 9 * * *?",
            ),
            (
                "0 9 31 2 *",
                "day of the month (column 5 of “0 9 31 2 *”): it never fires: none of its months has a day 31; did you mean 0 9 L 2 *?",
            ),
            (
                "@dayly",
                "“@dayly” is no nickname of a cron expression (column 1); there are @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly; did you mean @daily?",
            ),
            ("@reboot", "“@reboot” is no nickname"),
        ] {
            let told = text.parse::<CronExpression>().expect_err(text).to_string();
            assert!(told.contains(says), "{text}:\n  says {told}\n  not  {says}");
            let proposed =
                told.split_once("; did you mean ").map(|(_, them)| them.strip_suffix('?').unwrap_or(them));
            for proposal in proposed.into_iter().flat_map(|them| them.split(", or ")) {
                assert!(proposal.parse::<CronExpression>().is_ok(), "{text}: {told}");
            }
        }
        assert_eq!("1,".repeat(200).parse::<CronExpression>(), Err(CronError::TooLong));
    }

    #[test]
    fn nothing_that_is_read_is_refused_by_the_library() {
        let parts = [
            "*", "0", "5", "31", "1-5", "*/2", "2-10/3", "L", "LW", "15W", "5L", "5#2", "?", "mon", "jan",
            "7", "0-7",
        ];
        let mut read = 0;
        for day in parts {
            for month in parts {
                for weekday in parts {
                    for time in ["0 9", "*/5 *", "0 */5 8-10"] {
                        let text = format!("{time} {day} {month} {weekday}");
                        match text.parse::<CronExpression>() {
                            Ok(_) => read += 1,
                            Err(error) => {
                                assert!(!matches!(error, CronError::Unforeseen { .. }), "{text}: {error}")
                            }
                        }
                    }
                }
            }
        }
        assert!(read > 1000, "{read}");
    }
}
