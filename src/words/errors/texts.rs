//! What is wrong with texts and names.

use super::{InChinese, chinese};
use crate::domain::fault::{LimitFault, NameFault, TextFault, Unit, Unprintable};
use crate::words::Sentence;

impl InChinese for TextFault {
    fn in_chinese(&self) -> Sentence {
        match self {
            TextFault::TooManyCharacters { has, most } => {
                chinese("text-too-many-characters").with("has", *has).with("most", *most)
            }
            TextFault::TooManyBytes { has, most } => {
                chinese("text-too-many-bytes").with("has", *has).with("most", *most)
            }
            TextFault::LineTooLong { most } => chinese("text-line-too-long").with("most", most.to_string()),
            TextFault::TooManyTags { has, most } => {
                chinese("text-too-many-tags").with("has", *has).with("most", *most)
            }
            TextFault::TagLength { most } => chinese("text-tag-length").with("most", most.to_string()),
        }
    }
}

impl InChinese for LimitFault {
    fn in_chinese(&self) -> Sentence {
        chinese("limit-exceeded")
            .with("has", self.has.to_string())
            .with("unit", self.unit.in_chinese())
            .with("excess", self.excess().to_string())
            .with("platform", self.platform)
            .with("most", self.most.to_string())
    }
}

impl InChinese for Unit {
    fn in_chinese(&self) -> Sentence {
        match self {
            Unit::Characters => chinese("limit-characters"),
            Unit::Bytes => chinese("limit-bytes"),
        }
    }
}

impl InChinese for NameFault {
    fn in_chinese(&self) -> Sentence {
        match self {
            NameFault::Number => chinese("name-number"),
            NameFault::NotOneLine { place, what } => {
                chinese("name-not-one-line").with("place", place.to_string()).with("what", what.in_chinese())
            }
        }
    }
}

impl InChinese for Unprintable {
    fn in_chinese(&self) -> Sentence {
        match self {
            Unprintable::LineBreak => chinese("name-line-break"),
            Unprintable::Tab => chinese("name-tab"),
            Unprintable::Control(control) => {
                chinese("name-control").with("code", format!("U+{:04X}", u32::from(*control)))
            }
        }
    }
}
