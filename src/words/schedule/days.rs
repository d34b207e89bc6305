//! The days and months of a cron expression in words.

use super::{Language, all_of, message, runs};
use crate::domain::cron::{DayRule, Field, Fields, Item};

/// None where every day is meant, and `name_every_day` does not ask to say so.
pub(super) fn said(fields: &Fields, name_every_day: bool, language: Language) -> Option<String> {
    let months = months(&fields.month, language);
    let of = match &months {
        None => language.say(message("schedule-of-the-month"), &[]),
        Some(months) => {
            let count = i64::try_from(fields.month.values().len()).unwrap_or(i64::MAX);
            language.say(message("schedule-of-months"), &[("count", count.into()), ("months", months.into())])
        }
    };
    let (all_days, all_weekdays) = (fields.day.values().len() == 31, fields.weekday.values().len() == 7);
    match fields.day_rule() {
        DayRule::Days if !all_days => return Some(month_days(&fields.day, &of, language)),
        DayRule::Weekdays if !all_weekdays => {
            return Some(weekdays(&fields.weekday, &of, months.as_deref(), language));
        }
        DayRule::Either if !all_days && !all_weekdays => {
            let days = month_days(&fields.day, &of, language);
            let weekdays = weekdays(&fields.weekday, &of, months.as_deref(), language);
            let values = [("days", (&days).into()), ("weekdays", (&weekdays).into())];
            return Some(language.say(message("schedule-either-day"), &values));
        }
        DayRule::Both => return Some(both(fields, &of, months.as_deref(), language)),
        DayRule::Every | DayRule::Days | DayRule::Weekdays | DayRule::Either => {}
    }
    match months {
        Some(months) if name_every_day => {
            Some(language.say(message("schedule-every-day-in-months"), &[("months", (&months).into())]))
        }
        Some(months) => Some(language.say(message("schedule-in-months"), &[("months", (&months).into())])),
        None => name_every_day.then(|| language.say(message("schedule-every-day"), &[])),
    }
}

/// A day that both fields name; a field that names all days does not count.
fn both(fields: &Fields, of: &str, months: Option<&str>, language: Language) -> String {
    let days = month_days(&fields.day, of, language);
    if fields.weekday.values().len() == 7 {
        return days;
    }
    let weekdays = weekdays(&fields.weekday, of, months, language);
    if fields.day.values().len() == 31 {
        return weekdays;
    }
    language.say(message("schedule-both-days"), &[("days", (&days).into()), ("weekdays", (&weekdays).into())])
}

/// None where all months are meant.
fn months(field: &Field, language: Language) -> Option<String> {
    let values = field.values();
    if values.len() == 12 {
        return None;
    }
    let name = |month: u8| language.say(message("month-name"), &[("month", i64::from(month).into())]);
    Some(all_of(&named_spans(&values, name, language), language))
}

fn named_spans(values: &[u8], name: impl Fn(u8) -> String, language: Language) -> Vec<String> {
    let span = |(from, to): (u8, u8)| {
        if from == to {
            return name(from);
        }
        language.say(message("list-span"), &[("from", (&name(from)).into()), ("to", (&name(to)).into())])
    };
    runs(values).into_iter().map(span).collect()
}

/// “On the 1st and 15th of the month”; `of` is of which months.
fn month_days(field: &Field, of: &str, language: Language) -> String {
    if let [Item::Step { by, whole: true, .. }] = field.items[..]
        && by > 1
    {
        let values = [("step", i64::from(by).into()), ("of", of.into())];
        return language.say(message("schedule-every-nth-day"), &values);
    }
    let ordinal = |day: u8| language.say(message("day-ordinal"), &[("day", i64::from(day).into())]);
    let mut things = named_spans(&field.values(), ordinal, language);
    things.extend(field.items.iter().filter_map(|item| match item {
        Item::LastDay => Some(language.say(message("last-day"), &[])),
        Item::LastWorkday => Some(language.say(message("last-workday"), &[])),
        Item::NearestWorkday(day) => {
            Some(language.say(message("nearest-workday"), &[("day", (&ordinal(*day)).into())]))
        }
        Item::Every
        | Item::Value(_)
        | Item::Range { .. }
        | Item::Step { .. }
        | Item::LastWeekday(_)
        | Item::NthWeekday { .. } => None,
    }));
    let days = all_of(&things, language);
    language.say(message("schedule-on-month-days"), &[("days", (&days).into()), ("of", of.into())])
}

/// “On Mondays”; “on the second Friday of the month”, `of` which months; in which months, if not in all.
fn weekdays(field: &Field, of: &str, months: Option<&str>, language: Language) -> String {
    let mut plain = plain_weekdays(&field.values(), language);
    if let (Some(said), Some(months)) = (&plain, months) {
        let values = [("days", said.into()), ("months", months.into())];
        plain = Some(language.say(message("schedule-weekdays-in-months"), &values));
    }
    let name = |weekday: u8| language.say(message("weekday-name"), &[("day", i64::from(weekday % 7).into())]);
    let placed: Vec<String> = field
        .items
        .iter()
        .filter_map(|item| match item {
            Item::NthWeekday { weekday, nth } => {
                let day = name(*weekday);
                let values = [("nth", i64::from(*nth).into()), ("day", (&day).into())];
                Some(language.say(message("nth-weekday"), &values))
            }
            Item::LastWeekday(weekday) => {
                Some(language.say(message("last-weekday"), &[("day", (&name(*weekday)).into())]))
            }
            Item::Every
            | Item::Value(_)
            | Item::Range { .. }
            | Item::Step { .. }
            | Item::LastDay
            | Item::LastWorkday
            | Item::NearestWorkday(_) => None,
        })
        .collect();
    if placed.is_empty() {
        return plain.unwrap_or_default();
    }
    let days = all_of(&placed, language);
    let placed =
        language.say(message("schedule-on-placed-weekdays"), &[("days", (&days).into()), ("of", of.into())]);
    all_of(&plain.into_iter().chain([placed]).collect::<Vec<_>>(), language)
}

fn plain_weekdays(values: &[u8], language: Language) -> Option<String> {
    // The week begins with Monday here: Sunday is its seventh day.
    let mut days: Vec<u8> = values.iter().map(|day| if *day == 0 { 7 } else { *day }).collect();
    days.sort_unstable();
    match (&days[..], &runs(&days)[..]) {
        ([], _) => None,
        ([1, 2, 3, 4, 5], _) => Some(language.say(message("schedule-on-workdays"), &[])),
        ([6, 7], _) => Some(language.say(message("schedule-on-weekends"), &[])),
        (_, [(from, to)]) if from != to => {
            let name = |day: u8| language.say(message("weekday-name"), &[("day", i64::from(day % 7).into())]);
            let (from, to) = (name(*from), name(*to));
            Some(
                language.say(
                    message("schedule-from-to-weekday"),
                    &[("from", (&from).into()), ("to", (&to).into())],
                ),
            )
        }
        _ => {
            let each =
                |day: &u8| language.say(message("each-weekday"), &[("day", i64::from(day % 7).into())]);
            let listed = all_of(&days.iter().map(each).collect::<Vec<_>>(), language);
            Some(language.say(message("schedule-on-weekdays"), &[("days", (&listed).into())]))
        }
    }
}
