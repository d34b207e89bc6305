//! What stdout is: a terminal of so many columns, with colours or without.

use std::io::IsTerminal;

/// The columns of the terminal that stdout is; none where it is a pipe or a file, whose lines may be of any length.
pub fn width() -> Option<u16> {
    terminal_size::terminal_size_of(std::io::stdout()).map(|(width, _)| width.0)
}

/// Colours are for terminals, unless somebody says otherwise (<https://no-color.org>, <https://bixense.com/clicolors>).
pub fn has_colours() -> bool {
    let word = |name: &str| std::env::var(name).unwrap_or_default();
    let is_dumb = word("TERM") == "dumb";
    colours(
        &word("NO_COLOR"),
        &word("CLICOLOR_FORCE"),
        &word("CLICOLOR"),
        std::io::stdout().is_terminal() && !is_dumb,
    )
}

/// Text as it is seen: without what colours it.
pub fn unstyled(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let plain = parts.next().unwrap_or_default().to_owned();
    parts.fold(plain, |seen, part| seen + part.split_once('m').map_or("", |(_, after)| after))
}

fn colours(no_color: &str, force: &str, clicolor: &str, is_terminal: bool) -> bool {
    if !no_color.is_empty() {
        return false;
    }
    let is_forced = !force.is_empty() && force != "0";
    is_forced || (is_terminal && clicolor != "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_not_seen() {
        assert_eq!(unstyled("\u{1b}[1m ID \u{1b}[0mmm \u{1b}[38;5;14m x"), " ID mm  x");
        assert_eq!(unstyled("mine"), "mine");
    }

    #[test]
    fn colours_are_for_terminals_unless_somebody_says_otherwise() {
        for (no_color, force, clicolor, is_terminal, expected) in [
            ("", "", "", true, true),
            ("", "", "", false, false),
            ("1", "", "", true, false),
            ("1", "1", "1", true, false),
            ("", "", "0", true, false),
            ("", "", "1", false, false),
            ("", "1", "", false, true),
            ("", "0", "", false, false),
        ] {
            let given = (no_color, force, clicolor, is_terminal);
            assert_eq!(colours(no_color, force, clicolor, is_terminal), expected, "{given:?}");
        }
    }
}
