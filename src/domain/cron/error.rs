//! What cannot be read as an expression, in our own words: where, what, and what was probably meant.

use super::CHARS_MAX;
use super::fields::Kind;
use std::fmt;

/// Why a text is no cron expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CronError {
    #[error("is longer than {CHARS_MAX} characters")]
    TooLong,
    #[error(
        "“{given}” is no cron expression: it has {count} {}, and 5 are needed (minute, hour, day of the month, month, \
         weekday), or 6 with seconds before them{}{}",
        if *count == 1 { "field" } else { "fields" },
        if *has_year { "; years cannot be named" } else { "" },
        meant(instead)
    )]
    FieldCount { given: String, count: usize, has_year: bool, instead: Vec<String> },
    #[error("“{given}” is no nickname of a cron expression (column 1); there are {}{}", known.join(", "), meant(instead))]
    Nickname { given: String, known: Vec<&'static str>, instead: Vec<String> },
    #[error("{kind} (column {column} of “{given}”): {wrong}{}", meant(instead))]
    Field {
        given: String,
        kind: Kind,
        /// Where it stands in the text, in characters, from 1.
        column: usize,
        wrong: Wrong,
        /// Whole expressions, of which one may have been meant.
        instead: Vec<String>,
    },
    /// What the library refuses although we do not: none is known.
    #[error("“{given}” is no cron expression: {why}")]
    Unforeseen { given: String, why: String },
}

/// What is wrong with a part of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrong {
    OutOfRange { value: String, min: u8, max: u8 },
    Backwards { range: String },
    StepZero,
    StepBeyond { step: String, size: u8 },
    StepOfOne { text: String },
    UnknownName { text: String },
    OtherField { text: String, kind: Kind },
    Character { character: char },
    NothingThere,
    NotHere { text: String, only: GoesWith },
    LastOfWhat,
    Nth { text: String },
    BesideStar { text: String },
    Unclear { text: String },
    NoSuchDay { day: u8 },
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Wrong::OutOfRange { value, min, max } => write!(f, "{value} is not from {min} to {max}"),
            Wrong::Backwards { range } => write!(f, "the range {range} runs backwards"),
            Wrong::StepZero => f.write_str("a step of 0 leads nowhere"),
            Wrong::StepBeyond { step, size } => {
                write!(
                    f,
                    "a step of {step} among {size} values reaches only the first; a period that divides no hour, \
                           day or month evenly is an interval, not a cron expression"
                )
            }
            Wrong::StepOfOne { text } => {
                write!(f, "{text} has a step, but not the range that it goes through")
            }
            Wrong::UnknownName { text } => write!(f, "there is no “{text}”"),
            Wrong::OtherField { text, kind } => write!(f, "“{text}” belongs to another field, the {kind}"),
            Wrong::Character { character } => write!(f, "the character “{character}” means nothing here"),
            Wrong::NothingThere => f.write_str("a value is missing"),
            Wrong::NotHere { text, only } => write!(f, "“{text}” goes only with {only}"),
            Wrong::LastOfWhat => {
                f.write_str("L needs a weekday before it, as in 5L, the last Friday of the month")
            }
            Wrong::Nth { text } => {
                write!(f, "“{text}” is not a weekday, #, and a number from 1 to 5")
            }
            Wrong::BesideStar { text } => write!(f, "“{text}” adds nothing to *, which is everything"),
            Wrong::Unclear { text } => write!(f, "“{text}” cannot be read"),
            Wrong::NoSuchDay { day } => write!(f, "it never fires: none of its months has a day {day}"),
        }
    }
}

/// What a sign goes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GoesWith {
    WholeDayOrWeekday,
    Weekday,
    Day,
    DayAndWeekday,
}

impl fmt::Display for GoesWith {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            GoesWith::WholeDayOrWeekday => "a whole day of the month or weekday",
            GoesWith::Weekday => "the weekday",
            GoesWith::Day => "the day of the month",
            GoesWith::DayAndWeekday => "the day of the month and the weekday",
        })
    }
}

/// The examples at the end of a message.
fn meant(instead: &[String]) -> String {
    match instead {
        [] => String::new(),
        all => format!("; did you mean {}?", all.join(", or ")),
    }
}
