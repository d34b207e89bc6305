//! Schedules in plain words: “at 09:00 on weekdays (Asia/Shanghai)”. What has no usual way to be said is said field by
//! field, so that what is said is always true.

mod days;
mod times;

use super::{Language, message};
use crate::domain::clock::Timestamp;
use crate::domain::cron::{DayRule, Fields};
use crate::domain::schedule::{Schedule, Written};
use chrono::Timelike;
use chrono_tz::Tz;
use std::time::Duration;

/// What a kept schedule says. One that cannot be read, which none that was saved is, is shown as it was written.
pub fn of_written(written: Written<'_>, language: Language) -> String {
    match (Schedule::read(written), written.timezone.parse()) {
        (Ok(schedule), Ok(zone)) => in_words(&schedule, zone, language),
        _ => written.cron.unwrap_or(written.schedule_type.as_str()).to_owned(),
    }
}

/// What a schedule says; `zone` is that of a single time.
pub fn in_words(schedule: &Schedule, zone: Tz, language: Language) -> String {
    match schedule {
        Schedule::OnDue => language.say(message("schedule-on-due"), &[]),
        Schedule::Interval { every, .. } => interval(*every, language),
        Schedule::Once { at } => once(*at, zone, language),
        Schedule::Cron { expression, zone } => cron(expression.fields(), *zone, language),
    }
}

/// By the largest unit that goes into it.
fn interval(every: Duration, language: Language) -> String {
    let seconds = i64::try_from(every.as_secs()).unwrap_or(i64::MAX);
    let (unit, id) = match seconds {
        // A day may have 23 or 25 hours; an interval of 24 does not heed that.
        _ if seconds % 86_400 == 0 && seconds > 86_400 => (86_400, message("schedule-every-days")),
        _ if seconds % 3600 == 0 => (3600, message("schedule-every-hours")),
        _ if seconds % 60 == 0 => (60, message("schedule-every-minutes")),
        _ => (1, message("schedule-every-seconds")),
    };
    language.say(id, &[("count", (seconds / unit).into())])
}

fn once(at: Timestamp, zone: Tz, language: Language) -> String {
    let local = at.to_utc().with_timezone(&zone);
    let time = match (local.second(), local.nanosecond()) {
        (0, 0) => local.format("%H:%M"),
        _ => local.format("%H:%M:%S%.f"),
    };
    let (date, time, zone) = (local.format("%Y-%m-%d").to_string(), time.to_string(), zone.to_string());
    let values = [("date", (&date).into()), ("time", (&time).into()), ("zone", (&zone).into())];
    language.say(message("schedule-once"), &values)
}

fn cron(fields: &Fields, zone: Tz, language: Language) -> String {
    let times = times::said(fields, language);
    let days = days::said(fields, times.is_list, language);
    let said = match (days, fields.day_rule()) {
        (None, _) => times.text.clone(),
        // “On the first of the month at nine”, but “at nine on weekdays”.
        (Some(days), DayRule::Days) if times.is_list => language.say(
            message("schedule-days-first"),
            &[("days", (&days).into()), ("times", (&times.text).into())],
        ),
        (Some(days), _) => {
            let values = [("days", (&days).into()), ("times", (&times.text).into())];
            language.say(message("schedule-times-first"), &values)
        }
    };
    if times.is_the_same_everywhere && said == times.text {
        return said;
    }
    language
        .say(message("schedule-in-zone"), &[("said", (&said).into()), ("zone", (&zone.to_string()).into())])
}

/// Several things, all of which are meant: “a, b and c”.
fn all_of(things: &[String], language: Language) -> String {
    joined(things, |first, rest, is_last| {
        let id = if is_last { message("list-and-last") } else { message("list-next") };
        language.say(id, &[("first", first.into()), ("rest", rest.into())])
    })
}

/// Several things, any of which is meant: “a, b or c”.
fn any_of(things: &[String], language: Language) -> String {
    joined(things, |first, rest, is_last| {
        let id = if is_last { message("list-or-last") } else { message("list-next") };
        language.say(id, &[("first", first.into()), ("rest", rest.into())])
    })
}

fn joined(things: &[String], join: impl Fn(&str, &str, bool) -> String) -> String {
    let Some((last, before)) = things.split_last() else { return String::new() };
    let mut text = String::new();
    for (index, thing) in before.iter().enumerate() {
        text = if index == 0 { thing.clone() } else { join(&text, thing, false) };
    }
    if before.is_empty() { last.clone() } else { join(&text, last, true) }
}

/// Values in order as runs of values that follow each other: a run of two is two runs of one.
fn runs(values: &[u8]) -> Vec<(u8, u8)> {
    let mut runs: Vec<(u8, u8)> = Vec::new();
    for &value in values {
        match runs.last_mut() {
            Some((_, to)) if *to + 1 == value => *to = value,
            _ => runs.push((value, value)),
        }
    }
    runs.into_iter()
        .flat_map(|(from, to)| if from + 1 == to { vec![(from, from), (to, to)] } else { vec![(from, to)] })
        .collect()
}

#[cfg(test)]
mod tests;
