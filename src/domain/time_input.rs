//! Times as people write them.

use super::clock::Timestamp;
use chrono::{DateTime, Duration, NaiveDateTime, SecondsFormat, TimeZone, offset::LocalResult};
use chrono_tz::Tz;

/// What cannot be read as a time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimeInputError {
    #[error("“{0}” is no time; write it like 2026-02-06T12:00:00Z, or 2026-02-06 12:00:00 (in {1})")]
    Unreadable(String, Tz),
    #[error("“{0}” lies outside the years 1970 to 9999")]
    OutOfRange(String),
    #[error("“{0}” is no span of time; write it like 30d: a whole number of s, m, h, d or w, at most 3650d")]
    NoSpan(String),
}

/// Forms without an offset.
const LOCAL_FORMS: [&str; 4] =
    ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"];

/// Reads RFC 3339, or a date and time without offset in `zone`. A local time that a clock change skips is the first
/// valid instant after it; one that comes twice is the first of the two.
pub fn parse(text: &str, zone: Tz) -> Result<Timestamp, TimeInputError> {
    let text = text.trim();
    if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
        return in_range(Timestamp::from_utc(instant.to_utc()), text);
    }
    let local = LOCAL_FORMS
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
        .ok_or_else(|| TimeInputError::Unreadable(text.to_owned(), zone))?;
    in_range(resolve(local, zone).ok_or_else(|| TimeInputError::OutOfRange(text.to_owned()))?, text)
}

/// The longest span that can be written: ten years.
const SPAN_MAX_SECONDS: u64 = 3650 * 86_400;

/// Reads a span such as `30d`: a whole number of seconds, minutes, hours, days or weeks, more than 0.
pub fn parse_span(text: &str) -> Result<std::time::Duration, TimeInputError> {
    let wrong = || TimeInputError::NoSpan(text.to_owned());
    let text = text.trim();
    let unit_at = text.char_indices().next_back().map(|(at, _)| at).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(unit_at);
    let unit: u64 = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        "w" => 7 * 86_400,
        _ => return Err(wrong()),
    };
    let number = if number.bytes().all(|byte| byte.is_ascii_digit()) { number } else { "" };
    let seconds = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
    let fitting = seconds.filter(|seconds| (1..=SPAN_MAX_SECONDS).contains(seconds)).ok_or_else(wrong)?;
    Ok(std::time::Duration::from_secs(fitting))
}

/// Whether a text that can be read names a local time that a clock change skips, so that another one is meant.
pub fn is_shifted(text: &str, zone: Tz) -> bool {
    let local = LOCAL_FORMS.iter().find_map(|form| NaiveDateTime::parse_from_str(text.trim(), form).ok());
    local.is_some_and(|local| matches!(zone.from_local_datetime(&local), LocalResult::None))
}

/// A time that somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AskedTime {
    At(Timestamp),
    /// As they wrote it; its zone is known to whoever reads it.
    Written(String),
}

impl AskedTime {
    pub fn read(&self, zone: Tz) -> Result<Timestamp, TimeInputError> {
        match self {
            AskedTime::At(at) => Ok(*at),
            AskedTime::Written(text) => parse(text, zone),
        }
    }
}

impl From<Timestamp> for AskedTime {
    fn from(at: Timestamp) -> Self {
        AskedTime::At(at)
    }
}

fn in_range(instant: Timestamp, text: &str) -> Result<Timestamp, TimeInputError> {
    if (Timestamp::MIN..=Timestamp::MAX).contains(&instant) {
        return Ok(instant);
    }
    Err(TimeInputError::OutOfRange(text.to_owned()))
}

/// The instant of a local time: the first of two, and where there is none, the first after the gap.
pub(super) fn resolve(local: NaiveDateTime, zone: Tz) -> Option<Timestamp> {
    match zone.from_local_datetime(&local) {
        LocalResult::Single(instant) | LocalResult::Ambiguous(instant, _) => {
            Some(Timestamp::from_utc(instant.to_utc()))
        }
        LocalResult::None => end_of_gap(local, zone),
    }
}

/// The first instant after a gap: where the offset changes, found between a valid time before and one after.
fn end_of_gap(local: NaiveDateTime, zone: Tz) -> Option<Timestamp> {
    // No gap is longer than a day and an hour (Samoa skipped one whole day).
    let at = |hours: i64| zone.from_local_datetime(&(local + Duration::hours(hours))).earliest();
    let before = (1..=26).find_map(|hours| at(-hours))?;
    let after = (1..=26).find_map(at)?;
    let change = offset_change(before.timestamp(), after.timestamp(), zone)?;
    Some(Timestamp::from_micros(change.checked_mul(1_000_000)?))
}

/// The first second with another offset than that of `low`, between the two (in seconds since 1970), of which the later
/// one has it.
pub(super) fn offset_change(mut low: i64, mut high: i64, zone: Tz) -> Option<i64> {
    let offset = |instant: i64| {
        use chrono::Offset;
        let utc = DateTime::from_timestamp(instant, 0)?.naive_utc();
        Some(zone.offset_from_utc_datetime(&utc).fix())
    };
    let old = offset(low)?;
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if offset(middle)? == old { low = middle } else { high = middle }
    }
    Some(high)
}

/// The instant in a zone's own time, with its offset, to the second.
pub fn in_zone(instant: Timestamp, zone: Tz) -> String {
    instant.to_utc().with_timezone(&zone).to_rfc3339_opts(SecondsFormat::Secs, false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::{America, Asia, Australia, Europe, Pacific, UTC};

    fn check(text: &str, zone: Tz, utc: &str) {
        let expected = format!("{utc}.000000Z");
        assert_eq!(parse(text, zone).expect(text).to_string(), expected, "{text} in {zone}");
    }

    #[test]
    fn times_with_an_offset_mean_the_same_everywhere() {
        for zone in [UTC, Asia::Shanghai] {
            check("2026-02-06T12:00:00Z", zone, "2026-02-06T12:00:00");
            check(" 2026-02-06T20:00:00+08:00 ", zone, "2026-02-06T12:00:00");
        }
    }

    #[test]
    fn times_without_one_are_read_in_the_zone() {
        check("2026-02-06 12:00:00", UTC, "2026-02-06T12:00:00");
        check("2026-02-06 12:00:00", Asia::Shanghai, "2026-02-06T04:00:00");
        check("2026-02-06T12:00", America::New_York, "2026-02-06T17:00:00");
    }

    #[test]
    fn a_skipped_time_is_the_first_valid_one_after_and_a_repeated_one_the_first() {
        check("2026-03-29 02:30:00", Europe::Berlin, "2026-03-29T01:00:00");
        check("2026-10-25 02:30:00", Europe::Berlin, "2026-10-25T00:30:00");
        check("2026-10-04 02:15:00", Australia::Lord_Howe, "2026-10-03T15:30:00");
        check("2011-12-30 12:00:00", Pacific::Apia, "2011-12-30T10:00:00");
    }

    #[test]
    fn spans_have_a_number_and_a_unit() {
        for (text, seconds) in
            [("1s", 1), ("90m", 5400), ("24h", 86_400), (" 30d ", 2_592_000), ("2w", 1_209_600)]
        {
            assert_eq!(parse_span(text).expect(text).as_secs(), seconds, "{text}");
        }
        for text in ["", "d", "30", "0d", "-1d", "+1d", "1.5h", "1y", "3651d", "99999999999999999999d", "1 d"]
        {
            assert!(parse_span(text).is_err(), "{text}");
        }
    }

    #[test]
    fn nonsense_is_refused_with_an_example() {
        for text in ["", "now", "tomorrow", "2026-02-06", "2026-13-01 00:00", "12:00", "1969-12-31T23:59:59Z"]
        {
            assert!(parse(text, UTC).is_err(), "{text}");
        }
        assert!(parse("soon", UTC).expect_err("no time").to_string().contains("2026-02-06 12:00:00"));
    }
}
