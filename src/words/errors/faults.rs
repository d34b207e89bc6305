//! What is wrong with a value.

use super::{InChinese, chinese, listed, meant, quoted};
use crate::domain::UnknownWord;
use crate::domain::fault::{Fault, NoneOf};
use crate::domain::near::nearest;
use crate::domain::priority::PriorityOutOfRange;
use crate::words::Sentence;

impl InChinese for Fault {
    fn in_chinese(&self) -> Sentence {
        match self {
            Fault::Missing => chinese("fault-missing"),
            Fault::GivenTwice => chinese("fault-given-twice"),
            Fault::Empty => chinese("fault-empty"),
            Fault::Length { most } => chinese("fault-length").with("most", most.to_string()),
            Fault::Range { least, most } => chinese("fault-range").with("least", *least).with("most", *most),
            Fault::YearOfSeconds { least, most } => {
                chinese("fault-year-of-seconds").with("least", *least).with("most", *most)
            }
            Fault::OutOfRange { least, most, given } => {
                chinese("fault-out-of-range").with("given", *given).with("least", *least).with("most", *most)
            }
            Fault::Count { most, given } => {
                chinese("fault-out-of-range").with("given", *given).with("least", 1_i64).with("most", *most)
            }
            Fault::NoNumberWithin { least, most } => {
                chinese("fault-no-number-within").with("least", *least).with("most", *most)
            }
            Fault::NotWhole => chinese("fault-not-whole"),
            Fault::NotFuture => chinese("fault-not-future"),
            Fault::Past(at) => chinese("fault-past").with("at", *at),
            Fault::Nul => chinese("fault-nul"),
            Fault::NulInQuery => chinese("fault-nul-in-query"),
            Fault::NoSuch { thing, id } => {
                chinese("fault-no-such").with("thing", thing.in_chinese()).with("id", *id)
            }
            Fault::NoneOf(fault) => fault.in_chinese(),
            Fault::Priority(fault) => fault.in_chinese(),
            Fault::Zone(fault) => fault.in_chinese(),
            Fault::Time(fault) => fault.in_chinese(),
            Fault::Cron(fault) => fault.in_chinese(),
            Fault::Window(fault) => fault.in_chinese(),
            Fault::Slot(fault) => fault.in_chinese(),
            Fault::Outbound(fault) => fault.in_chinese(),
            Fault::Json(fault) => fault.in_chinese(),
            Fault::Name(fault) => fault.in_chinese(),
            Fault::Text(fault) => fault.in_chinese(),
            Fault::Limit(fault) => fault.in_chinese(),
            Fault::Media(fault) => fault.in_chinese(),
            Fault::Task(fault) => fault.in_chinese(),
            Fault::Pool(fault) => fault.in_chinese(),
            Fault::Account(fault) => fault.in_chinese(),
            Fault::Request(fault) => fault.in_chinese(),
            Fault::Said(said) => quoted(said),
        }
    }
}

fn none_of(given: &str, known: String, near: Option<&str>) -> Sentence {
    chinese("fault-none-of").with("given", given).with("known", known).with("meant", meant(near))
}

impl InChinese for NoneOf {
    fn in_chinese(&self) -> Sentence {
        none_of(&self.given, listed(&self.known), self.near.as_deref())
    }
}

impl InChinese for UnknownWord {
    fn in_chinese(&self) -> Sentence {
        let near = nearest(&self.given, self.known.iter().copied());
        none_of(&self.given, listed(self.known), near)
    }
}

impl InChinese for PriorityOutOfRange {
    fn in_chinese(&self) -> Sentence {
        chinese("fault-priority").with("given", self.0)
    }
}
