//! What can be wrong with JSON, in words for a person: serde's own name our types.

use crate::domain::near::asked;
use std::fmt;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonFault {
    #[error("is not known here{}{}", there_are(known), asked(near.as_deref()))]
    Unknown { known: Vec<String>, near: Option<String> },
    #[error("must be {wanted}, not {given}")]
    Kind { wanted: Wanted, given: Given },
    /// In the words of the library that reads it.
    #[error("{0}")]
    Said(String),
}

fn there_are(known: &[String]) -> String {
    if known.is_empty() { String::new() } else { format!("; there are {}", known.join(", ")) }
}

/// The kind of value that would fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Of 32 bits.
    SmallNumber,
    WholeNumber,
    Number,
    Text,
    Truth,
    List,
    Null,
    Object,
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Wanted::SmallNumber => "a whole number from -2147483648 to 2147483647",
            Wanted::WholeNumber => "a whole number",
            Wanted::Number => "a number",
            Wanted::Text => "text",
            Wanted::Truth => "true or false",
            Wanted::List => "a list",
            Wanted::Null => "null",
            Wanted::Object => "an object",
        })
    }
}

/// What was given in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// A text as it was given, shortened.
    Quoted(String),
    /// Any other value as it was given, shortened.
    Value(String),
    // Kinds alone: what was given may be a secret.
    Text,
    List,
    Object,
    Null,
    Number,
    AnotherKind,
}

impl fmt::Display for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Given::Quoted(text) => write!(f, "“{text}”"),
            Given::Value(text) => f.write_str(text),
            Given::Text => f.write_str("text"),
            Given::List => f.write_str("a list"),
            Given::Object => f.write_str("an object"),
            Given::Null => f.write_str("null"),
            Given::Number => f.write_str("a number"),
            Given::AnotherKind => f.write_str("another kind"),
        }
    }
}
