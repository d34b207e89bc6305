//! What clap says is wrong with the arguments, in another language: the same facts in the same order, with what was
//! perhaps meant, the usage, and where there is more. What our own readers of values say has its Chinese where all errors do.

use super::{listed, page, styled};
use crate::cli::usage::WrongValue;
use crate::domain::UnknownWord;
use crate::words::errors::InChinese;
use crate::words::{Arg, Fixed, Language, Sentence, Translations, fixed};
use clap::builder::{StyledStr, Styles, styling::Style};
use clap::error::{ContextKind, ContextValue, Error, ErrorKind};
use std::error::Error as _;
use std::num::{IntErrorKind, ParseIntError};

/// An error of usage as a text of several lines.
pub fn told(error: &Error, words: &Translations) -> StyledStr {
    let told = Told { error, words, styles: Styles::styled() };
    let heading = styled(told.styles.get_error(), &words.say(fixed("usage-error"), &[]));
    let what = told.what().unwrap_or_else(|| error.kind().to_string());
    let mut parts = vec![format!("{heading}{what}")];
    let heading = styled(told.styles.get_valid(), &words.say(fixed("usage-tip"), &[]));
    let tips: Vec<String> = told.tips().iter().map(|tip| format!("  {heading}{tip}")).collect();
    parts.extend((!tips.is_empty()).then(|| tips.join("\n")));
    if let Some(ContextValue::StyledStr(usage)) = error.get(ContextKind::Usage) {
        parts.push(page::in_words(usage, words));
    }
    let flag = styled(told.styles.get_literal(), "--help");
    parts.push(words.say(fixed("usage-more"), &[("flag", Arg::Text(&flag))]));
    StyledStr::from(format!("{}\n", parts.join("\n\n")))
}

/// What our own readers of values say.
fn of_ours(source: &(dyn std::error::Error + 'static)) -> Option<Sentence> {
    let word = source.downcast_ref::<UnknownWord>().map(InChinese::in_chinese);
    word.or_else(|| source.downcast_ref::<WrongValue>().map(InChinese::in_chinese))
}

struct Told<'a> {
    error: &'a Error,
    words: &'a Translations,
    styles: Styles,
}

impl Told<'_> {
    /// None where clap knows no more than the kind.
    fn what(&self) -> Option<String> {
        match self.error.kind() {
            ErrorKind::ArgumentConflict => self.conflict(),
            ErrorKind::NoEquals => self.of_argument(fixed("usage-no-equals")),
            ErrorKind::InvalidValue => self.invalid_value(),
            ErrorKind::ValueValidation => self.refused_value(),
            ErrorKind::InvalidSubcommand => {
                let name = self.text(ContextKind::InvalidSubcommand)?;
                Some(self.say(fixed("usage-unknown-subcommand"), &[("name", self.wrong(name))]))
            }
            ErrorKind::MissingRequiredArgument => self.missing(),
            ErrorKind::MissingSubcommand => self.missing_subcommand(),
            ErrorKind::InvalidUtf8 => Some(self.say(fixed("usage-invalid-utf8"), &[])),
            ErrorKind::TooManyValues => self.of_value(fixed("usage-too-many-values")),
            ErrorKind::TooFewValues => self.of_counts(fixed("usage-too-few-values"), ContextKind::MinValues),
            ErrorKind::WrongNumberOfValues => {
                self.of_counts(fixed("usage-wrong-number-of-values"), ContextKind::ExpectedNumValues)
            }
            ErrorKind::UnknownArgument => self.of_argument(fixed("usage-unknown-argument")),
            _ => None,
        }
    }

    fn conflict(&self) -> Option<String> {
        let argument =
            self.text(ContextKind::InvalidArg).or_else(|| self.text(ContextKind::InvalidSubcommand))?;
        let shown = ("argument", self.wrong(argument));
        Some(match self.error.get(ContextKind::PriorArg) {
            Some(ContextValue::String(other)) if other == argument => {
                self.say(fixed("usage-repeated"), &[shown])
            }
            Some(ContextValue::String(other)) => {
                self.say(fixed("usage-conflict"), &[shown, ("other", self.wrong(other))])
            }
            Some(ContextValue::Strings(others)) => {
                self.say(fixed("usage-conflict-several"), &[shown])
                    + &self.lines(others, self.styles.get_invalid())
            }
            _ => self.say(fixed("usage-conflict-unnamed"), &[shown]),
        })
    }

    fn invalid_value(&self) -> Option<String> {
        let said = match self.text(ContextKind::InvalidValue)? {
            "" => self.of_argument(fixed("usage-no-value")),
            _ => self.of_value(fixed("usage-invalid-value")),
        };
        Some(said? + &self.choice(fixed("layout-values"), ContextKind::ValidValue))
    }

    fn refused_value(&self) -> Option<String> {
        let argument = ("argument", self.literal(self.text(ContextKind::InvalidArg)?));
        let value = ("value", self.wrong(self.text(ContextKind::InvalidValue)?));
        let Some(why) = self.why() else {
            return Some(self.say(fixed("usage-invalid-value"), &[argument, value]));
        };
        Some(self.say(fixed("usage-invalid-value-because"), &[argument, value, ("why", why)]))
    }

    /// Why a value was refused. Numbers are read by others than us, who have English alone.
    fn why(&self) -> Option<String> {
        let source = self.error.source()?;
        if let Some(ours) = of_ours(source) {
            return Some(ours.say(Language::Zh));
        }
        let id = match source.downcast_ref::<ParseIntError>().map(ParseIntError::kind) {
            Some(IntErrorKind::Empty) => fixed("usage-empty-number"),
            Some(IntErrorKind::PosOverflow) => fixed("usage-number-too-large"),
            Some(IntErrorKind::NegOverflow) => fixed("usage-number-too-small"),
            Some(_) => fixed("usage-no-number"),
            None => {
                let said = source.to_string();
                let range = said.split_once(" is not in ").map(|(_, range)| range.to_owned());
                return Some(
                    range.map_or(said, |range| self.say(fixed("usage-out-of-range"), &[("range", range)])),
                );
            }
        };
        Some(self.say(id, &[]))
    }

    fn missing(&self) -> Option<String> {
        let Some(ContextValue::Strings(missing)) = self.error.get(ContextKind::InvalidArg) else {
            return None;
        };
        Some(self.say(fixed("usage-missing"), &[]) + &self.lines(missing, self.styles.get_valid()))
    }

    fn missing_subcommand(&self) -> Option<String> {
        let name = self.wrong(self.text(ContextKind::InvalidSubcommand)?);
        let said = self.say(fixed("usage-missing-subcommand"), &[("name", name)]);
        Some(said + &self.choice(fixed("usage-subcommands"), ContextKind::ValidSubcommand))
    }

    fn of_argument(&self, id: Fixed) -> Option<String> {
        Some(self.say(id, &[("argument", self.wrong(self.text(ContextKind::InvalidArg)?))]))
    }

    fn of_value(&self, id: Fixed) -> Option<String> {
        let argument = self.literal(self.text(ContextKind::InvalidArg)?);
        let value = self.wrong(self.text(ContextKind::InvalidValue)?);
        Some(self.say(id, &[("argument", argument), ("value", value)]))
    }

    fn of_counts(&self, id: Fixed, wanted: ContextKind) -> Option<String> {
        let count = |kind| match self.error.get(kind) {
            Some(ContextValue::Number(count)) => Some(count.to_string()),
            _ => None,
        };
        let argument = self.literal(self.text(ContextKind::InvalidArg)?);
        let (wanted, given) = (count(wanted)?, count(ContextKind::ActualNumValues)?);
        Some(self.say(id, &[("argument", argument), ("wanted", wanted), ("given", given)]))
    }

    /// What was perhaps meant.
    fn tips(&self) -> Vec<String> {
        let similar = [
            (ContextKind::SuggestedSubcommand, fixed("usage-similar-subcommand")),
            (ContextKind::SuggestedArg, fixed("usage-similar-argument")),
            (ContextKind::SuggestedValue, fixed("usage-similar-value")),
        ];
        let mut tips = Vec::new();
        for (kind, id) in similar {
            let names = match self.error.get(kind) {
                Some(ContextValue::String(name)) => std::slice::from_ref(name),
                Some(ContextValue::Strings(names)) => names,
                _ => continue,
            };
            let names: Vec<String> = names.iter().map(|name| self.right(name)).collect();
            if !names.is_empty() {
                let names = listed(names.iter().map(String::as_str), self.words);
                tips.push(self.say(id, &[("names", names)]));
            }
        }
        if let Some(ContextValue::StyledStrs(more)) = self.error.get(ContextKind::Suggested) {
            tips.extend(more.iter().map(|tip| self.tip(&tip.to_string())));
        }
        tips
    }

    /// A tip that clap has as a sentence, whose words in quotes are what it is about.
    fn tip(&self, english: &str) -> String {
        let parts: Vec<&str> = english.split('\'').collect();
        match parts[..] {
            ["to pass ", argument, " as a value, use ", written, ""] => self.say(
                fixed("usage-as-value"),
                &[("argument", self.wrong(argument)), ("written", self.right(written))],
            ),
            ["", written, " exists"] => {
                self.say(fixed("usage-elsewhere"), &[("written", self.right(written))])
            }
            ["subcommand ", name, ..] => {
                self.say(fixed("usage-without-dashes"), &[("name", self.right(name))])
            }
            _ => english.to_owned(),
        }
    }

    /// What there is to choose from, on a line of its own.
    fn choice(&self, id: Fixed, kind: ContextKind) -> String {
        let Some(ContextValue::Strings(names)) = self.error.get(kind) else { return String::new() };
        if names.is_empty() {
            return String::new();
        }
        let names: Vec<String> = names.iter().map(|name| styled(self.styles.get_valid(), name)).collect();
        let names = listed(names.iter().map(String::as_str), self.words);
        format!("\n  {}", self.say(id, &[("names", names)]))
    }

    fn lines(&self, names: &[String], style: &Style) -> String {
        names.iter().map(|name| format!("\n  {}", styled(style, name))).collect()
    }

    fn text(&self, kind: ContextKind) -> Option<&str> {
        match self.error.get(kind) {
            Some(ContextValue::String(text)) => Some(text),
            _ => None,
        }
    }

    fn say(&self, id: Fixed, values: &[(&'static str, String)]) -> String {
        let values: Vec<(&'static str, Arg<'_>)> =
            values.iter().map(|(name, text)| (*name, Arg::Text(text))).collect();
        self.words.say(id, &values)
    }

    fn wrong(&self, text: &str) -> String {
        self.quoted(&styled(self.styles.get_invalid(), text))
    }

    fn right(&self, text: &str) -> String {
        self.quoted(&styled(self.styles.get_valid(), text))
    }

    fn literal(&self, text: &str) -> String {
        self.quoted(&styled(self.styles.get_literal(), text))
    }

    fn quoted(&self, text: &str) -> String {
        self.words.say(fixed("usage-quoted"), &[("what", Arg::Text(text))])
    }
}
