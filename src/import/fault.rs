//! What can be wrong with a file of a folder that is imported.

use crate::domain::fault::{Fault, MediaFault};
use crate::domain::field_error::FieldError;
use crate::domain::time_input::TimeInputError;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportFault {
    #[error("its path is not UTF-8")]
    PathNotUtf8,
    #[error("is not UTF-8")]
    NotUtf8,
    #[error("is not a regular file")]
    NotAFile,
    #[error("is larger than {most} bytes")]
    TooLarge { most: usize },
    #[error("a link to nothing: {0}")]
    LinkToNothing(String),
    #[error("a link that leads out of the folder, to {0}")]
    LinkOut(String),
    /// In the words of the operating system.
    #[error("{0}")]
    Unreadable(String),
    #[error("the picture “{0}” is not there")]
    NoPicture(String),
    #[error("the picture “{0}” is outside the folder")]
    PictureOut(String),
    /// In the words of the operating system.
    #[error("the picture “{picture}” cannot be read: {why}")]
    PictureUnreadable { picture: String, why: String },
    #[error(transparent)]
    Picture(#[from] MediaFault),
    #[error("is empty")]
    Empty,
    #[error("holds the character U+0000, which cannot be kept")]
    Nul,
    #[error("the front matter that begins here has no end: a line of --- alone")]
    NoEnd,
    #[error("front matter: {0}")]
    FrontMatter(#[from] YamlFault),
    #[error("draft must be true or false")]
    Draft,
    #[error("there is no key “{given}”; the keys are {}", known.join(", "))]
    UnknownKey { given: String, known: &'static [&'static str] },
    #[error("{key} must be a text")]
    NotText { key: String },
    #[error("{key} must be a text or a list of texts")]
    NotTexts { key: String },
    #[error("“{0}” is no name of an account")]
    NoName(String),
    #[error("priority must be from 1 (first) to 10 (last), not “{0}”")]
    Priority(String),
    #[error("scheduled_at: {0}")]
    Time(#[from] TimeInputError),
    /// Of what its content would be.
    #[error("{} {}", .0.field, .0.fault)]
    Content(FieldError),
    #[error("there is no account “{0}”")]
    NoAccount(String),
    #[error(
        "scheduled_at: account “{0}” has no posting slots; set them with `contenthub account update {0} --slots \
         \"mon-fri 09:00,18:00\"`"
    )]
    NoSlots(String),
    /// It names no account, and none can be taken.
    #[error("account: {0}")]
    Account(Fault),
}

/// What keeps front matter from being read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum YamlFault {
    #[error("the key “{0}” is there twice")]
    Twice(String),
    #[error("it is not made of lines of “key: value”")]
    NoLines,
    /// By far the most usual slip: `title: Rust: an introduction`. With the words of the library.
    #[error("{0}; a text with a colon in it must stand in quotes")]
    Colon(String),
    /// In the words of the library that reads it.
    #[error("{0}")]
    Said(String),
}
