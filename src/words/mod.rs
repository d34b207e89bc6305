//! What is said to people, in their language: English and Chinese, from the message files `en.ftl` and `zh.ftl`,
//! and those in the folders `en` and `zh`.
//!
//! # To add a message
//!
//! 1. Write it into both files under the same id, with the same `$variables`; the syntax is
//!    [Fluent's](https://projectfluent.org/fluent/guide/). Begin the id with the part of the product that says it:
//!    `pool-empty`, `doctor-disk-full`.
//! 2. Say it: `language.say(message("pool-empty"), &[])`, or with values
//!    `language.say(message("pool-waiting"), &[("count", 3.into())])`.
//! 3. Write the id as a literal inside `message("…")`. A test looks at all of these in `src`: an id that either file
//!    lacks, one that nobody says, and variables that differ between the languages fail it.
//!
//! Errors are an exception: their English is their own Display, so their messages are in Chinese alone, and are said by
//! [`errors::chinese`]. A test holds these to the Chinese files, and their values to the variables of their messages.
//!
//! What clap or a table has in English already (help, usage errors, heads of columns) stands in [`translations`] alone.
//!
//! The CLI speaks by [`Language::of_environment`], the API by [`Language::of_request`]. A file is read when the first
//! message of its language is said, and never before, so a command that says nothing pays nothing.

pub mod errors;
mod language;
pub mod schedule;
mod sentence;
mod spans;
mod translations;

pub use language::Language;
pub use sentence::{Sentence, Value};
pub use spans::{relative, span};
pub use translations::{Fixed, Translations, fixed};

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use std::sync::OnceLock;

/// The id of a message; made by [`message`] alone, so that a test finds all that are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message(&'static str);

/// The message with this id, which both files have.
pub const fn message(id: &'static str) -> Message {
    Message(id)
}

/// A value in a message.
#[derive(Debug, Clone, PartialEq)]
pub enum Arg<'a> {
    /// A number, by which a message may choose its form. It is written without separators.
    Number(i64),
    Text(&'a str),
}

impl From<i64> for Arg<'_> {
    fn from(number: i64) -> Self {
        Arg::Number(number)
    }
}

impl<'a> From<&'a str> for Arg<'a> {
    fn from(text: &'a str) -> Self {
        Arg::Text(text)
    }
}

impl<'a> From<&'a String> for Arg<'a> {
    fn from(text: &'a String) -> Self {
        Arg::Text(text)
    }
}

type Bundle = FluentBundle<FluentResource>;

impl Language {
    /// A message in this language. One that the file lacks, which a test rules out, is shown by its id.
    pub fn say(self, message: Message, values: &[(&'static str, Arg<'_>)]) -> String {
        format(self.bundle(), message.0, None, values).unwrap_or_else(|| message.0.to_owned())
    }

    fn file(self) -> &'static str {
        match self {
            Language::En => concat!(
                include_str!("en.ftl"),
                include_str!("en/cli.ftl"),
                include_str!("en/results.ftl"),
                include_str!("en/explain.ftl"),
                include_str!("en/doctor.ftl"),
                include_str!("en/status.ftl")
            ),
            Language::Zh => concat!(
                include_str!("zh.ftl"),
                include_str!("zh/cli.ftl"),
                include_str!("zh/results.ftl"),
                include_str!("zh/explain.ftl"),
                include_str!("zh/doctor.ftl"),
                include_str!("zh/status.ftl"),
                include_str!("zh/errors.ftl"),
                include_str!("zh/failures.ftl"),
                include_str!("zh/kept.ftl"),
                include_str!("zh/wechat.ftl")
            ),
        }
    }

    /// Read once a process and language.
    fn bundle(self) -> &'static Bundle {
        static EN: OnceLock<Bundle> = OnceLock::new();
        static ZH: OnceLock<Bundle> = OnceLock::new();
        let kept = match self {
            Language::En => &EN,
            Language::Zh => &ZH,
        };
        kept.get_or_init(|| parse(self, self.file()))
    }
}

/// What cannot be read of a file is left out; a test sees to it that nothing is.
fn parse(language: Language, file: &str) -> Bundle {
    let resource = match FluentResource::try_new(file.to_owned()) {
        Ok(whole) => whole,
        Err((readable, _)) => readable,
    };
    let mut bundle = Bundle::new_concurrent(language.tag().parse().into_iter().collect());
    // The marks around values are for text of mixed directions; on a terminal they are rubbish.
    bundle.set_use_isolating(false);
    bundle.add_resource_overriding(resource);
    bundle
}

/// The text of an id, or that part of it which stands below it as `.part`.
fn format(
    bundle: &Bundle,
    id: &str,
    part: Option<&str>,
    values: &[(&'static str, Arg<'_>)],
) -> Option<String> {
    let message = bundle.get_message(id)?;
    let pattern = match part {
        None => message.value()?,
        Some(name) => message.get_attribute(name)?.value(),
    };
    let mut args = FluentArgs::with_capacity(values.len());
    for (name, value) in values {
        let value = match value {
            Arg::Number(number) => FluentValue::from(*number),
            Arg::Text(text) => FluentValue::from(*text),
        };
        args.set(*name, value);
    }
    let mut errors = Vec::new();
    let said = bundle.format_pattern(pattern, Some(&args), &mut errors).into_owned();
    debug_assert!(errors.is_empty(), "{id}: {errors:?}");
    Some(said)
}

#[cfg(test)]
mod tests;
