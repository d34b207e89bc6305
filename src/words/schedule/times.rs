//! The hours, minutes and seconds of a cron expression in words.

use super::{Language, all_of, any_of, message, runs};
use crate::domain::cron::{Field, Fields, Item, Kind};

/// More times than this are not told one by one.
const TIMES_MAX: usize = 8;

/// What is said of the time of day.
pub(super) struct Times {
    pub text: String,
    /// Single times of the day, at which a day is to be named.
    pub is_list: bool,
    /// A rhythm without a beginning, which the zone does not change.
    pub is_the_same_everywhere: bool,
}

pub(super) fn said(fields: &Fields, language: Language) -> Times {
    let seconds = fields.second.values();
    if let Some(text) = rhythm(fields, language) {
        return Times { text, is_list: false, is_the_same_everywhere: true };
    }
    if !fields.hour.is_open() && !fields.minute.is_open() && !fields.second.is_open() {
        let all = of_day(&fields.hour.values(), &fields.minute.values(), &seconds);
        if all.len() <= TIMES_MAX {
            let times = all_of(&all, language);
            let text = language.say(message("schedule-at-times"), &[("times", (&times).into())]);
            return Times { text, is_list: true, is_the_same_everywhere: false };
        }
    }
    let text = match &seconds[..] {
        [0] => within_hours(fields, language),
        _ => None,
    };
    let text = text.unwrap_or_else(|| field_by_field(fields, language));
    Times { text, is_list: false, is_the_same_everywhere: false }
}

fn of_day(hours: &[u8], minutes: &[u8], seconds: &[u8]) -> Vec<String> {
    let with_seconds = seconds != [0];
    let mut all = Vec::new();
    for hour in hours {
        for minute in minutes {
            for second in seconds {
                all.push(match with_seconds {
                    true => format!("{hour:02}:{minute:02}:{second:02}"),
                    false => format!("{hour:02}:{minute:02}"),
                });
            }
        }
    }
    all
}

/// The step of a field that goes through all of it and fits in a whole number of times; 1 where it is open.
fn even_step(field: &Field, size: u8) -> Option<u8> {
    match field.items[..] {
        [Item::Every] => Some(1),
        [Item::Step { by, whole: true, .. }] if size.is_multiple_of(by) => Some(by),
        _ => None,
    }
}

/// “Every 5 minutes”: nothing but a step, through all hours.
fn rhythm(fields: &Fields, language: Language) -> Option<String> {
    let hours = fields.hour.is_open();
    let (second, minute) = (even_step(&fields.second, 60), even_step(&fields.minute, 60));
    let (id, step) = match (second, minute, &fields.second.values()[..]) {
        (Some(step), Some(1), _) if hours => (message("schedule-every-seconds"), step),
        (_, Some(step), [0]) if hours => (message("schedule-every-minutes"), step),
        _ => return None,
    };
    Some(language.say(id, &[("count", i64::from(step).into())]))
}

/// What repeats by the minute in some hours, or by the hour at some minutes; at second 0.
fn within_hours(fields: &Fields, language: Language) -> Option<String> {
    let (hours, minutes) = (fields.hour.values(), fields.minute.values());
    let clock = |hour: u8, minute: u8| format!("{hour:02}:{minute:02}");
    if fields.hour.is_open() {
        return Some(every_hour_at(&minutes, language));
    }
    if let ([minute], Some(step)) = (&minutes[..], even_step(&fields.hour, 24)) {
        let from = clock(0, *minute);
        let values = [("count", i64::from(step).into()), ("from", (&from).into())];
        return Some(language.say(message("schedule-every-hours-from"), &values));
    }
    let [(first, last)] = runs(&hours)[..] else { return None };
    let step = even_step(&fields.minute, 60);
    let (id, count, from, to) = match (&minutes[..], step) {
        ([minute], _) => (message("schedule-every-hours-between"), 1, *minute, *minute),
        (_, Some(step)) => (message("schedule-every-minutes-between"), step, 0, 60 - step),
        _ => return None,
    };
    let (from, to) = (clock(first, from), clock(last, to));
    let values = [("count", i64::from(count).into()), ("from", (&from).into()), ("to", (&to).into())];
    Some(language.say(id, &values))
}

fn every_hour_at(minutes: &[u8], language: Language) -> String {
    if minutes == [0] {
        return language.say(message("schedule-on-the-hour"), &[]);
    }
    let listed = all_of(&spans(minutes, language), language);
    let count = i64::try_from(minutes.len()).unwrap_or(i64::MAX);
    language.say(message("schedule-every-hour-at"), &[("count", count.into()), ("minutes", (&listed).into())])
}

/// Values, with those that follow each other as from–to.
fn spans(values: &[u8], language: Language) -> Vec<String> {
    let span = |(from, to): (u8, u8)| {
        if from == to {
            return from.to_string();
        }
        language.say(
            message("list-span"),
            &[("from", (&from.to_string()).into()), ("to", (&to.to_string()).into())],
        )
    };
    runs(values).into_iter().map(span).collect()
}

/// What holds for any expression.
fn field_by_field(fields: &Fields, language: Language) -> String {
    let parts = [
        (&fields.hour, message("schedule-field-hour")),
        (&fields.minute, message("schedule-field-minute")),
        (&fields.second, message("schedule-field-second")),
    ];
    let whole_minutes = fields.second.values() == [0];
    let told = parts.into_iter().filter(|(field, _)| {
        let says_nothing = whole_minutes && field.kind == Kind::Second;
        !field.is_open() && !says_nothing
    });
    let told = told.map(|(field, id)| {
        let values = any_of(&spans(&field.values(), language), language);
        language.say(id, &[("values", (&values).into())])
    });
    let next = |first: String, rest: String| {
        language.say(message("schedule-field-next"), &[("first", (&first).into()), ("rest", (&rest).into())])
    };
    let together = told.into_iter().reduce(next).unwrap_or_default();
    // Where the last field is open, what the others say lasts.
    let id = if fields.second.is_open() {
        message("schedule-every-second-while")
    } else if whole_minutes && fields.minute.is_open() {
        message("schedule-every-minute-while")
    } else {
        message("schedule-when-the-clock-shows")
    };
    language.say(id, &[("fields", (&together).into())])
}
