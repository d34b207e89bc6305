//! What was kept in English, in the reader's language: our own words, with those of platforms as they are within them.

mod database;
mod failure;
mod import;
mod message;
mod shut;
#[cfg(test)]
mod tests;
mod waiting;
mod wechat;

use super::InChinese;
use crate::domain::kept::Kept;
use crate::domain::kept::import::KeptImport;
use crate::words::{Language, Sentence, Value};

/// Within a sentence. What is not ours is told as it is.
pub fn kept(text: &str) -> Value {
    match Kept::read(text) {
        Some(read) => Value::Either { english: text.to_owned(), chinese: Box::new(read.in_chinese()) },
        None => text.into(),
    }
}

/// Alone; none where there is nothing to tell otherwise than it was kept.
pub fn kept_in(text: &str, language: Language) -> Option<Sentence> {
    match language {
        Language::En => None,
        Language::Zh => Kept::read(text).map(|read| read.in_chinese()),
    }
}

/// The same of what was wrong with a file of a folder.
pub fn kept_of_a_file(text: &str, language: Language) -> Option<Sentence> {
    match language {
        Language::En => None,
        Language::Zh => KeptImport::read(text).map(|read| read.in_chinese()),
    }
}

impl InChinese for Kept {
    fn in_chinese(&self) -> Sentence {
        match self {
            Kept::Message(message) => message.in_chinese(),
            Kept::Shut(shut) => shut.in_chinese(),
            Kept::Failure(failure) => failure.in_chinese(),
            Kept::Waiting(waiting) => waiting.in_chinese(),
        }
    }
}
