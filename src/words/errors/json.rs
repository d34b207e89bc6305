//! What is wrong with JSON.

use super::{InChinese, chinese, listed, meant, quoted};
use crate::domain::fault::{Given, JsonFault, Wanted};
use crate::words::Sentence;

impl InChinese for JsonFault {
    fn in_chinese(&self) -> Sentence {
        match self {
            JsonFault::Unknown { known, near: _ } if known.is_empty() => chinese("json-unknown"),
            JsonFault::Unknown { known, near } => {
                chinese("json-unknown-of").with("known", listed(known)).with("meant", meant(near.as_deref()))
            }
            JsonFault::Kind { wanted, given } => {
                chinese("json-kind").with("wanted", wanted.in_chinese()).with("given", given.in_chinese())
            }
            JsonFault::Said(said) => quoted(said),
        }
    }
}

impl InChinese for Wanted {
    fn in_chinese(&self) -> Sentence {
        match self {
            Wanted::SmallNumber => chinese("json-small-number"),
            Wanted::WholeNumber => chinese("json-whole-number"),
            Wanted::Number => chinese("json-number"),
            Wanted::Text => chinese("json-text"),
            Wanted::Truth => chinese("json-truth"),
            Wanted::List => chinese("json-list"),
            Wanted::Null => chinese("json-null"),
            Wanted::Object => chinese("json-object"),
        }
    }
}

impl InChinese for Given {
    fn in_chinese(&self) -> Sentence {
        match self {
            Given::Quoted(text) => chinese("json-given-text").with("text", text.as_str()),
            Given::Value(text) => chinese("json-given-value").with("value", text.as_str()),
            Given::Text => chinese("json-text"),
            Given::List => chinese("json-list"),
            Given::Object => chinese("json-object"),
            Given::Null => chinese("json-null"),
            Given::Number => chinese("json-number"),
            Given::AnotherKind => chinese("json-another-kind"),
        }
    }
}
