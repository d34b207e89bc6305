//! What accounts, tasks and tokens may be called.

use super::fault::{NameFault, Unprintable};
use super::field_error::FieldError;

/// Commands take a number for an id: whoever were called so could not be told from another's number.
pub fn is_no_number(name: &str) -> Result<(), FieldError> {
    match name.trim().parse::<i128>() {
        Err(_) => Ok(()),
        Ok(_) => Err(FieldError::new("name", NameFault::Number)),
    }
}

/// What is wrong with a name that is not one line of characters that show.
pub fn unprintable(name: &str) -> Option<FieldError> {
    let is_wrong = |it: char| it.is_control() || matches!(it, '\u{2028}' | '\u{2029}');
    let (at, wrong) = name.chars().enumerate().find(|(_, it)| is_wrong(*it))?;
    let what = match wrong {
        '\n' | '\r' | '\u{2028}' | '\u{2029}' => Unprintable::LineBreak,
        '\t' => Unprintable::Tab,
        other => Unprintable::Control(other),
    };
    Some(FieldError::new("name", NameFault::NotOneLine { place: at + 1, what }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_no_name() {
        for name in ["1", " 007 ", "-3", "+3"] {
            assert!(is_no_number(name).is_err(), "{name}");
        }
        for name in ["blog", "2nd", "1.5", "2026-11-29", "一"] {
            assert!(is_no_number(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn a_name_is_one_line_that_shows() {
        for (name, says) in [
            ("my blog", None),
            ("我的博客 🎉", None),
            ("two\nlines", Some("character 4 is a line break")),
            ("a\tb", Some("character 2 is a tab")),
            ("\u{1b}[31mred", Some("character 1 is the control character U+001B")),
            ("博\u{2028}客", Some("character 2 is a line break")),
        ] {
            let told = unprintable(name);
            assert_eq!(told.is_some(), says.is_some(), "{name:?}");
            let is_told =
                told.is_none_or(|told| told.field == "name" && told.message().ends_with(says.unwrap_or("")));
            assert!(is_told, "{name:?}");
        }
    }
}
