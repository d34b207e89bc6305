//! Errors in Chinese. Their English is their own Display, which the log, JSON and the API use too. Here each has its
//! Chinese by a `match` that names them all: one that is new does not compile until it has words.
//!
//! The messages are in `zh/errors.ftl` and `zh/failures.ftl`, and nowhere in English. Those of errors that this layer does
//! not know are in `cli/failure_words`.

mod accounts;
mod faults;
mod json;
mod kept;
mod kinds;
mod outbound;
mod pool;
mod schedules;
mod tasks;
mod texts;
mod windows;

pub use kept::{kept, kept_in, kept_of_a_file};

use super::{Language, Message, Sentence, Value};
use crate::domain::field_error::FieldError;
use std::fmt;

/// An error, or a part of one, that can be said in Chinese.
pub trait InChinese: fmt::Display {
    fn in_chinese(&self) -> Sentence;

    /// In the reader's language.
    fn told(&self, language: Language) -> String {
        match language {
            Language::En => self.to_string(),
            Language::Zh => self.in_chinese().say(language),
        }
    }

    /// Within a sentence that is said in either language.
    fn value(&self) -> Value {
        Value::Either { english: self.to_string(), chinese: Box::new(self.in_chinese()) }
    }
}

/// The sentence with this id, which the Chinese files alone have.
pub fn chinese(id: &'static str) -> Sentence {
    Sentence::new(Message(id))
}

/// What a platform, a database, the operating system or a library said, as it was said.
pub fn quoted(said: impl fmt::Display) -> Sentence {
    chinese("error-said").with("said", said.to_string())
}

/// Several that are all wrong.
pub fn all(errors: &[impl InChinese]) -> Sentence {
    let each = errors.iter().map(InChinese::in_chinese);
    let joined = each.reduce(|first, rest| chinese("error-next").with("first", first).with("rest", rest));
    joined.unwrap_or_else(|| quoted(""))
}

/// The end of a sentence that asks whether another word was meant; none: nothing.
pub fn meant(near: Option<&str>) -> Sentence {
    match near {
        Some(near) => chinese("error-meant").with("near", near),
        None => quoted(""),
    }
}

/// Names one after another.
pub fn listed<T: fmt::Display>(names: impl IntoIterator<Item = T>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| name.to_string()).collect();
    names.join("、")
}

impl InChinese for FieldError {
    fn in_chinese(&self) -> Sentence {
        chinese("error-field").with("field", self.field.as_str()).with("what", self.fault.in_chinese())
    }
}
