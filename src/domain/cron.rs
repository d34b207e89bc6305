//! Cron expressions: minute, hour, day of the month, month and weekday, with seconds before them if there are six.

use super::clock::Timestamp;
use chrono_tz::Tz;
use croner::Cron;
use croner::parser::{CronParser, Year};
use std::str::FromStr;

/// Longer than anybody writes one; each character costs time whenever it is read.
const CHARS_MAX: usize = 200;

/// An expression that can be read. Whether it ever fires is another question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CronExpression(Cron);

/// What cannot be read as one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CronError {
    #[error(
        "“{given}” is no cron expression: {reason}. Write it like 0 9 * * 1-5 (minute, hour, day, month, weekday; with \
         seconds before them if there are six)"
    )]
    Unreadable { given: String, reason: String },
    #[error("is longer than {CHARS_MAX} characters")]
    TooLong,
}

impl FromStr for CronExpression {
    type Err = CronError;

    fn from_str(text: &str) -> Result<Self, CronError> {
        if text.chars().count() > CHARS_MAX {
            return Err(CronError::TooLong);
        }
        let parser = CronParser::builder().year(Year::Disallowed).build();
        parser.parse(text).map(CronExpression).map_err(|error| {
            let reason = reason(error);
            CronError::Unreadable { given: text.to_owned(), reason: reason.trim_end_matches('.').to_owned() }
        })
    }
}

/// The library's reason, without its own name for the kind of error.
fn reason(error: croner::errors::CronError) -> String {
    use croner::errors::CronError::{ComponentError, IllegalCharacters, InvalidPattern};
    match error {
        InvalidPattern(reason) | IllegalCharacters(reason) | ComponentError(reason) => reason,
        other => other.to_string(),
    }
}

impl CronExpression {
    /// The first local time of `zone` that it names after `now`; none where it names none.
    pub fn next_after(&self, now: Timestamp, zone: Tz) -> Option<Timestamp> {
        let local = now.to_utc().with_timezone(&zone);
        let next = self.0.find_next_occurrence(&local, false).ok()?;
        Some(Timestamp::from_utc(next.to_utc()))
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
    fn what_never_fires_is_found_out_soon() {
        for text in ["0 0 30 2 *", "0 0 31 4,6,9,11 *", "* * * 31 6 *", "0 0 0 31 2 *"] {
            let began = Instant::now();
            assert_eq!(read(text).next_after(at("2026-02-06 12:00:00"), Europe::Berlin), None, "{text}");
            assert!(began.elapsed() < Duration::from_secs(2), "{text} took {:?}", began.elapsed());
        }
    }

    #[test]
    fn what_is_none_is_refused_with_the_reason_and_an_example() {
        for (text, says) in [
            ("", "empty"),
            ("* * * *", "5 or 6 fields"),
            ("0 0 0 1 1 * 2030", "5 or 6 fields"),
            ("61 * * * *", "out of bounds"),
            ("0 25 * * *", "out of bounds"),
            ("0 9 * * FUN", "'F'"),
            ("every day", "5 or 6 fields"),
            ("5-1 * * * *", "5-1"),
            ("*/0 * * * *", "step"),
        ] {
            let told = text.parse::<CronExpression>().expect_err(text).to_string();
            assert!(told.to_lowercase().contains(&says.to_lowercase()), "{text}: {told}");
            assert!(told.contains("0 9 * * 1-5"), "{text}: {told}");
        }
        assert_eq!("1,".repeat(200).parse::<CronExpression>(), Err(CronError::TooLong));
    }
}
