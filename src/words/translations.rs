//! Texts whose English stands in the code: help, usage errors, manual pages, and heads of columns. The other languages
//! have theirs in files, each of which is read when the first of its texts is needed.

use super::{Arg, Bundle, Language, format, parse};
use std::sync::OnceLock;

/// The id of a text that the code names; made by [`fixed`] alone, so that a test finds all that are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fixed(&'static str);

/// The text with this id, which every language but English has.
pub const fn fixed(id: &'static str) -> Fixed {
    Fixed(id)
}

const HELP_ZH: &str = concat!(
    include_str!("zh/help/layout.ftl"),
    include_str!("zh/help/program.ftl"),
    include_str!("zh/help/settings.ftl"),
    include_str!("zh/help/publish-pool.ftl"),
    include_str!("zh/help/account.ftl"),
    include_str!("zh/help/scheduler.ftl"),
    include_str!("zh/help/content.ftl"),
    include_str!("zh/help/media.ftl"),
    include_str!("zh/help/db.ftl"),
);
const HEADS_ZH: &str = include_str!("zh/heads.ftl");

/// Texts of one language.
pub struct Translations {
    bundle: Bundle,
    #[cfg(test)]
    file: &'static str,
}

impl Translations {
    /// What `--help`, usage errors and manual pages say; none where the code has it.
    pub fn of_help(language: Language) -> Option<&'static Translations> {
        static ZH: OnceLock<Translations> = OnceLock::new();
        match language {
            Language::En => None,
            Language::Zh => Some(ZH.get_or_init(|| Translations::read(language, HELP_ZH))),
        }
    }

    /// What columns are called; none where the code has it.
    pub fn of_heads(language: Language) -> Option<&'static Translations> {
        static ZH: OnceLock<Translations> = OnceLock::new();
        match language {
            Language::En => None,
            Language::Zh => Some(ZH.get_or_init(|| Translations::read(language, HEADS_ZH))),
        }
    }

    fn read(language: Language, file: &'static str) -> Self {
        Translations {
            bundle: parse(language, file),
            #[cfg(test)]
            file,
        }
    }

    /// The text of this id.
    pub fn text(&self, id: &str) -> Option<String> {
        format(&self.bundle, id, None, &[])
    }

    /// Another text of the same thing, written below it as `.name`.
    pub fn part(&self, id: &str, name: &str) -> Option<String> {
        format(&self.bundle, id, Some(name), &[])
    }

    /// A text with values. One that the file lacks, which a test rules out, is shown by its id.
    pub fn say(&self, Fixed(id): Fixed, values: &[(&'static str, Arg<'_>)]) -> String {
        format(&self.bundle, id, None, values).unwrap_or_else(|| id.to_owned())
    }

    /// Every id, in the order of the files.
    #[cfg(test)]
    pub fn ids(&self) -> Vec<&'static str> {
        let begin = |line: &&str| line.starts_with(|c: char| c.is_ascii_alphabetic());
        self.file
            .lines()
            .filter(begin)
            .map(|line| line.split('=').next().unwrap_or_default().trim())
            .collect()
    }

    #[cfg(test)]
    pub fn file(&self) -> &'static str {
        self.file
    }
}
