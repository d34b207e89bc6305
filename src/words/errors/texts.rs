//! What is wrong with texts and names.

use super::{InChinese, chinese};
use crate::domain::fault::{LimitFault, MediaFault, NameFault, TextFault, Unit, Unprintable};
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

impl InChinese for MediaFault {
    fn in_chinese(&self) -> Sentence {
        match self {
            MediaFault::Missing { picture } => chinese("media-missing").with("picture", picture.as_str()),
            MediaFault::FileGone { picture } => chinese("media-file-gone").with("picture", picture.as_str()),
            MediaFault::NoAddress { picture } => {
                chinese("media-no-address").with("picture", picture.as_str())
            }
            MediaFault::Ambiguous { picture } => chinese("media-ambiguous").with("picture", picture.as_str()),
            MediaFault::UnknownKind { picture } => {
                chinese("media-unknown-kind").with("picture", picture.as_str())
            }
            MediaFault::Broken { picture, kind, why } => chinese("media-broken")
                .with("picture", picture.as_str())
                .with("kind", kind.as_str())
                .with("why", why.as_str()),
            MediaFault::TooManyBytes { picture, has, most } => chinese("media-too-many-bytes")
                .with("picture", picture.as_str())
                .with("has", has.to_string())
                .with("excess", self.excess().to_string())
                .with("most", most.to_string()),
            MediaFault::TooManyPixels { picture, has, most } => chinese("media-too-many-pixels")
                .with("picture", picture.as_str())
                .with("has", has.to_string())
                .with("excess", self.excess().to_string())
                .with("most", most.to_string()),
            MediaFault::StaysTooLarge { picture, platform, most } => chinese("media-stays-too-large")
                .with("picture", picture.as_str())
                .with("platform", *platform)
                .with("most", most.to_string()),
        }
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
