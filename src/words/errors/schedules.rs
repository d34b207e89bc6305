//! What is no time, no zone and no cron expression.

use super::{InChinese, chinese, listed, meant, quoted};
use crate::domain::cron::{CHARS_MAX, CronError, GoesWith, Kind, Wrong};
use crate::domain::near::NoZone;
use crate::domain::time_input::TimeInputError;
use crate::words::Sentence;

impl InChinese for NoZone {
    fn in_chinese(&self) -> Sentence {
        chinese("zone-wrong").with("given", self.given.as_str()).with("meant", meant(self.near))
    }
}

impl InChinese for TimeInputError {
    fn in_chinese(&self) -> Sentence {
        match self {
            TimeInputError::Unreadable(given, zone) => {
                chinese("time-unreadable").with("given", given.as_str()).with("zone", zone.to_string())
            }
            TimeInputError::OutOfRange(given) => chinese("time-out-of-range").with("given", given.as_str()),
            TimeInputError::NoSpan(given) => chinese("time-no-span").with("given", given.as_str()),
        }
    }
}

impl InChinese for CronError {
    fn in_chinese(&self) -> Sentence {
        match self {
            CronError::TooLong => chinese("cron-too-long").with("most", CHARS_MAX.to_string()),
            CronError::FieldCount { given, count, has_year: true, instead } => chinese("cron-years")
                .with("given", given.as_str())
                .with("count", *count)
                .with("meant", any_meant(instead)),
            CronError::FieldCount { given, count, has_year: false, instead } => chinese("cron-field-count")
                .with("given", given.as_str())
                .with("count", *count)
                .with("meant", any_meant(instead)),
            CronError::Nickname { given, known, instead } => chinese("cron-nickname")
                .with("given", given.as_str())
                .with("known", listed(known))
                .with("meant", any_meant(instead)),
            CronError::Field { given, kind, column, wrong, instead } => chinese("cron-field")
                .with("given", given.as_str())
                .with("kind", kind.in_chinese())
                .with("column", column.to_string())
                .with("wrong", wrong.in_chinese())
                .with("meant", any_meant(instead)),
            CronError::Unforeseen { given, why } => {
                chinese("cron-unforeseen").with("given", given.as_str()).with("why", why.as_str())
            }
        }
    }
}

/// Whole expressions, of which one may have been meant.
fn any_meant(instead: &[String]) -> Sentence {
    if instead.is_empty() {
        return quoted("");
    }
    chinese("cron-meant").with("instead", instead.join(" 或 "))
}

impl InChinese for Kind {
    fn in_chinese(&self) -> Sentence {
        match self {
            Kind::Second => chinese("cron-second"),
            Kind::Minute => chinese("cron-minute"),
            Kind::Hour => chinese("cron-hour"),
            Kind::Day => chinese("cron-day"),
            Kind::Month => chinese("cron-month"),
            Kind::Weekday => chinese("cron-weekday"),
        }
    }
}

impl InChinese for GoesWith {
    fn in_chinese(&self) -> Sentence {
        match self {
            GoesWith::WholeDayOrWeekday => chinese("cron-whole-day-or-weekday"),
            GoesWith::Weekday => chinese("cron-weekday"),
            GoesWith::Day => chinese("cron-day"),
            GoesWith::DayAndWeekday => chinese("cron-day-and-weekday"),
        }
    }
}

impl InChinese for Wrong {
    fn in_chinese(&self) -> Sentence {
        match self {
            Wrong::OutOfRange { value, min, max } => chinese("cron-out-of-range")
                .with("value", value.as_str())
                .with("min", min.to_string())
                .with("max", max.to_string()),
            Wrong::Backwards { range } => chinese("cron-backwards").with("text", range.as_str()),
            Wrong::StepZero => chinese("cron-step-zero"),
            Wrong::StepBeyond { step, size } => {
                chinese("cron-step-beyond").with("step", step.as_str()).with("size", size.to_string())
            }
            Wrong::StepOfOne { text } => chinese("cron-step-of-one").with("text", text.as_str()),
            Wrong::UnknownName { text } => chinese("cron-unknown-name").with("text", text.as_str()),
            Wrong::OtherField { text, kind } => {
                chinese("cron-other-field").with("kind", kind.in_chinese()).with("text", text.as_str())
            }
            Wrong::Character { character } => chinese("cron-character").with("text", character.to_string()),
            Wrong::NothingThere => chinese("cron-nothing-there"),
            Wrong::NotHere { text, only } => {
                chinese("cron-not-here").with("only", only.in_chinese()).with("text", text.as_str())
            }
            Wrong::LastOfWhat => chinese("cron-last-of-what"),
            Wrong::Nth { text } => chinese("cron-nth").with("text", text.as_str()),
            Wrong::BesideStar { text } => chinese("cron-beside-star").with("text", text.as_str()),
            Wrong::Unclear { text } => chinese("cron-unclear").with("text", text.as_str()),
            Wrong::NoSuchDay { day } => chinese("cron-no-such-day").with("day", day.to_string()),
        }
    }
}
