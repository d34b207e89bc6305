//! A sentence for a person that is not in words yet: which one, and what it tells. Where it is shown, it is put into the
//! reader's language, and its instants into their zone.

use super::{Arg, Language, Message, message, span};
use crate::domain::clock::Timestamp;
use crate::domain::tested::Checked;
use std::path::Path;
use std::time::Duration;

/// What a sentence tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Text(String),
    Count(i64),
    At(Timestamp),
    Span(Duration),
    /// Another one, within it.
    Said(Box<Sentence>),
    /// What has its English elsewhere, as errors do.
    Either {
        english: String,
        chinese: Box<Sentence>,
    },
}

/// A message with its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    message: Message,
    values: Vec<(&'static str, Value)>,
}

impl Sentence {
    pub fn new(message: Message) -> Self {
        Sentence { message, values: Vec::new() }
    }

    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.values.push((name, value.into()));
        self
    }

    pub fn message(&self) -> Message {
        self.message
    }

    /// In words; its instants in UTC, as JSON has them.
    pub fn say(&self, language: Language) -> String {
        self.tell(language, |at| at.to_string())
    }

    /// The same with its instants written by `at`.
    pub fn tell(&self, language: Language, at: impl Fn(Timestamp) -> String) -> String {
        self.tell_by(language, &at)
    }

    fn tell_by(&self, language: Language, at: &dyn Fn(Timestamp) -> String) -> String {
        let texts = self.values.iter().map(|(_, value)| match value {
            Value::Text(text) => Some(text.clone()),
            Value::Count(_) => None,
            Value::At(instant) => Some(at(*instant)),
            Value::Span(long) => Some(span(language, *long)),
            Value::Said(inner) => Some(inner.tell_by(language, at)),
            Value::Either { english, chinese } => Some(match language {
                Language::En => english.clone(),
                Language::Zh => chinese.tell_by(language, at),
            }),
        });
        let texts: Vec<Option<String>> = texts.collect();
        let values: Vec<(&'static str, Arg<'_>)> = self
            .values
            .iter()
            .zip(&texts)
            .map(|((name, value), text)| match (value, text) {
                (Value::Count(count), _) => (*name, Arg::Number(*count)),
                (_, text) => (*name, Arg::Text(text.as_deref().unwrap_or_default())),
            })
            .collect();
        language.say(self.message, &values)
    }
}

impl From<Message> for Sentence {
    fn from(message: Message) -> Self {
        Sentence::new(message)
    }
}

impl From<Sentence> for Value {
    fn from(sentence: Sentence) -> Self {
        Value::Said(Box::new(sentence))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Text(text)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(text.to_owned())
    }
}

impl From<&Path> for Value {
    fn from(path: &Path) -> Self {
        Value::Text(path.display().to_string())
    }
}

impl From<usize> for Value {
    fn from(count: usize) -> Self {
        Value::Count(i64::try_from(count).unwrap_or(i64::MAX))
    }
}

impl From<i64> for Value {
    fn from(count: i64) -> Self {
        Value::Count(count)
    }
}

impl From<i32> for Value {
    fn from(count: i32) -> Self {
        Value::Count(i64::from(count))
    }
}

impl From<Checked> for Value {
    fn from(checked: Checked) -> Self {
        let said = match checked {
            Checked::Answers { host, status } => Sentence::new(message("tested-answered"))
                .with("host", host)
                .with("status", status.to_string()),
            Checked::Writable { folder } => Sentence::new(message("tested-writable")).with("folder", folder),
            Checked::WeChat { drafts, may_publish: true } => {
                Sentence::new(message("tested-wechat-publishes")).with("drafts", drafts.to_string())
            }
            Checked::WeChat { drafts, may_publish: false } => {
                Sentence::new(message("tested-wechat-drafts")).with("drafts", drafts.to_string())
            }
            Checked::Told(words) => return Value::Text(words),
        };
        said.into()
    }
}

impl From<Timestamp> for Value {
    fn from(at: Timestamp) -> Self {
        Value::At(at)
    }
}

impl From<Duration> for Value {
    fn from(span: Duration) -> Self {
        Value::Span(span)
    }
}
