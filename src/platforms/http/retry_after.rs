//! `Retry-After`: how long a receiver asks to be left alone (RFC 9110, section 10.2.3).

use crate::domain::retry::RETRY_AFTER_MAX;
use awc::http::header::{HeaderMap, RETRY_AFTER};
use chrono::{Datelike, NaiveDateTime};
use std::time::Duration;

/// The three forms of a date that section 5.6.7 asks recipients to read, without the day of the week in front, which
/// says nothing.
const DATE_FORMS: [&str; 3] = ["%d %b %Y %H:%M:%S GMT", "%d-%b-%y %H:%M:%S GMT", "%b %e %H:%M:%S %Y"];

/// The wait that is asked for, a day at most; the longest, where several are. None where none can be read.
pub(super) fn retry_after(headers: &HeaderMap, unix_seconds: i64) -> Option<Duration> {
    let texts = headers.get_all(RETRY_AFTER).filter_map(|value| value.to_str().ok());
    let waits = texts.filter_map(|text| seconds(text.trim(), unix_seconds));
    Some(Duration::from_secs(waits.max()?).min(RETRY_AFTER_MAX))
}

fn seconds(text: &str, now: i64) -> Option<u64> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(text.parse().unwrap_or(u64::MAX)); // more digits than fit
    }
    let wait = date(text, now)?.saturating_sub(now);
    Some(u64::try_from(wait).unwrap_or(0)) // over already
}

/// In seconds since 1970.
fn date(text: &str, now: i64) -> Option<i64> {
    let (_, rest) = text.split_once(' ')?;
    let date = DATE_FORMS.iter().find_map(|form| NaiveDateTime::parse_from_str(rest, form).ok())?;
    let seconds = date.and_utc().timestamp();
    let has_two_digits = rest.contains('-');
    if !has_two_digits {
        return Some(seconds);
    }
    // A year of two digits is never more than 50 years ahead.
    let this_year = chrono::DateTime::from_timestamp(now, 0)?.year();
    let (century, year) = (this_year - this_year % 100, date.year() % 100);
    let near = if century + year > this_year + 50 { century + year - 100 } else { century + year };
    Some(date.with_year(near)?.and_utc().timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use awc::http::header::HeaderValue;

    fn asked(values: &[&str], now: i64) -> Option<u64> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(RETRY_AFTER, HeaderValue::from_str(value).expect("a value"));
        }
        retry_after(&headers, now).map(|wait| wait.as_secs())
    }

    #[test]
    fn seconds_and_all_three_forms_of_a_date_are_read_and_bounded() {
        const DAY: u64 = 24 * 3600;
        let cases = [
            ("120", Some(120)),
            ("0", Some(0)),
            ("Thu, 01 Jan 1970 00:17:40 GMT", Some(60)),
            ("Thursday, 01-Jan-70 00:17:40 GMT", Some(60)),
            ("Thu Jan  1 00:17:40 1970", Some(60)),
            ("Mon, 01 Jan 1970 00:17:40 GMT", Some(60)), // it was a Thursday
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(DAY)),
            ("99999999999", Some(DAY)),
            ("99999999999999999999999999999999", Some(DAY)),
            ("-5", None),
            ("+5", None),
            ("1.5", None),
            ("0x10", None),
            ("soon", None),
            ("in a minute", None),
            ("Thu, 32 Jan 1970 00:17:40 GMT", None),
            ("", None),
        ];
        for (text, right) in cases {
            assert_eq!(asked(&[text], 1_000), right, "{text}");
        }
    }

    #[test]
    fn a_year_of_two_digits_is_near() {
        let now = 1_800_000_000; // 15 January 2027, 08:00:00
        assert_eq!(asked(&["Friday, 15-Jan-27 08:01:00 GMT"], now), Some(60));
        assert_eq!(asked(&["Friday, 15-Jan-76 08:01:00 GMT"], now), Some(24 * 3600));
        assert_eq!(asked(&["Friday, 15-Jan-78 08:01:00 GMT"], now), Some(0), "1978");
    }

    #[test]
    fn of_several_headers_the_longest_wait_counts() {
        assert_eq!(asked(&["5", "90", "soon"], 0), Some(90));
        assert_eq!(asked(&["soon", "-1"], 0), None);
        assert_eq!(asked(&[], 0), None);
    }
}
