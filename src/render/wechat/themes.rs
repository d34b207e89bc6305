//! How articles look where an account has no style sheet of its own, and below it where it has one.

use super::css::{self, Rule};
use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

/// A look that comes with the program.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// Sober: dark grey and a little green, for news and how-to articles.
    #[default]
    Plain,
    /// Warm: serifs and headings in the middle, for essays.
    Paper,
    /// Clear blue, with dark code, for technical articles.
    Azure,
}

impl Theme {
    pub const ALL: [Theme; 3] = [Theme::Plain, Theme::Paper, Theme::Azure];

    pub const fn as_str(self) -> &'static str {
        match self {
            Theme::Plain => "plain",
            Theme::Paper => "paper",
            Theme::Azure => "azure",
        }
    }

    const fn css(self) -> &'static str {
        match self {
            Theme::Plain => concat!(include_str!("themes/base.css"), include_str!("themes/plain.css")),
            Theme::Paper => concat!(include_str!("themes/base.css"), include_str!("themes/paper.css")),
            Theme::Azure => concat!(include_str!("themes/base.css"), include_str!("themes/azure.css")),
        }
    }

    pub(super) fn rules(self) -> &'static [Rule<'static>] {
        static READ: LazyLock<Vec<Vec<Rule<'static>>>> =
            LazyLock::new(|| Theme::ALL.iter().map(|theme| read(*theme)).collect());
        READ.get(self as usize).map(Vec::as_slice).unwrap_or_default()
    }
}

fn read(theme: Theme) -> Vec<Rule<'static>> {
    // A test reads them all.
    css::read(theme.css()).unwrap_or_default().0
}

impl fmt::Display for Theme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// There is no such theme.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is no theme; there are plain, paper and azure")]
pub struct NoTheme(pub String);

impl FromStr for Theme {
    type Err = NoTheme;

    fn from_str(text: &str) -> Result<Theme, NoTheme> {
        Theme::ALL.into_iter().find(|theme| theme.as_str() == text).ok_or_else(|| NoTheme(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_theme_is_read_whole() {
        for (index, theme) in Theme::ALL.into_iter().enumerate() {
            assert_eq!(theme as usize, index);
            let (rules, left_out) = css::read(theme.css()).expect("a theme that can be read");
            assert_eq!(left_out, [], "{theme}");
            assert!(rules.len() > 40, "{theme}: {}", rules.len());
            assert_eq!(theme.to_string().parse(), Ok(theme));
            // Then what looks alike is asked once.
            assert!(!rules.iter().any(|rule| rule.looks_back), "{theme}");
        }
        assert_eq!("Plain".parse::<Theme>(), Err(NoTheme("Plain".to_owned())));
    }
}
