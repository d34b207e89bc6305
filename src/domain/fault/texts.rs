//! What can be wrong with the text of a content, and with names.

use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextFault {
    #[error("has {has} characters; at most {most} are possible")]
    TooManyCharacters { has: usize, most: usize },
    #[error("has {has} bytes; at most {most} are possible")]
    TooManyBytes { has: usize, most: usize },
    #[error("is longer than {most} characters")]
    LineTooLong { most: usize },
    #[error("are {has}; at most {most} are possible")]
    TooManyTags { has: usize, most: usize },
    #[error("must each have 1 to {most} characters")]
    TagLength { most: usize },
}

/// Of an account or a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameFault {
    #[error("must not be a number, which commands read as an id")]
    Number,
    #[error("must be one line without control characters; character {place} is {what}")]
    NotOneLine {
        /// From 1.
        place: usize,
        what: Unprintable,
    },
}

/// A character that does not show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unprintable {
    LineBreak,
    Tab,
    Control(char),
}

impl fmt::Display for Unprintable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unprintable::LineBreak => f.write_str("a line break"),
            Unprintable::Tab => f.write_str("a tab"),
            Unprintable::Control(control) => write!(f, "the control character U+{:04X}", u32::from(*control)),
        }
    }
}
