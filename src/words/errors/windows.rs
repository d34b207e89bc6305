//! What is no window and no slot.

use super::{InChinese, chinese, listed};
use crate::domain::posting_slots::SlotError;
use crate::domain::windows::{WEEKDAYS, WindowError, WrongTimes};
use crate::words::Sentence;

impl InChinese for WindowError {
    fn in_chinese(&self) -> Sentence {
        chinese("window-wrong").with("given", self.given.as_str()).with("reason", self.reason.in_chinese())
    }
}

impl InChinese for SlotError {
    fn in_chinese(&self) -> Sentence {
        chinese("slot-wrong").with("given", self.given.as_str()).with("reason", self.reason.in_chinese())
    }
}

impl InChinese for WrongTimes {
    fn in_chinese(&self) -> Sentence {
        match self {
            WrongTimes::NotTwo => chinese("times-not-two"),
            WrongTimes::StartsAtMidnight => chinese("times-start-at-midnight"),
            WrongTimes::Empty => chinese("times-empty"),
            WrongTimes::NoTime(given) => chinese("times-no-time").with("given", given.as_str()),
            WrongTimes::NoWeekday(given) => {
                chinese("times-no-weekday").with("given", given.as_str()).with("known", listed(WEEKDAYS))
            }
            WrongTimes::TimesMissing => chinese("times-missing"),
            WrongTimes::EndOfDay => chinese("times-end-of-day"),
        }
    }
}
