//! Where the front matter of a Markdown file ends and its body begins.

use super::{ImportFault, Problem};

/// A file's two parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parts<'a> {
    /// The YAML between the two `---` lines. It begins with the end of the first of them, so that a line of it has the
    /// number that it has in the file. None where the file has no front matter.
    pub yaml: Option<&'a str>,
    /// The Markdown after it, without empty lines at its head.
    pub body: &'a str,
    /// Which line of the file the body begins on.
    pub body_line: usize,
}

/// What every file is brought to before it is read: no byte order mark, and `\n` at the end of each line.
pub(super) fn normalized(text: &str) -> String {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    text.replace("\r\n", "\n").replace('\r', "\n")
}

/// Takes a normalized file apart.
pub(super) fn split(text: &str) -> Result<Parts<'_>, Problem> {
    let first = text.split('\n').next().unwrap_or_default();
    if !is_fence(first) {
        return Ok(with_body(text, None, 0));
    }
    let mut at = first.len();
    while let Some(rest) = text.get(at + 1..) {
        let line = rest.split('\n').next().unwrap_or_default();
        let next = at + 1 + line.len();
        if is_fence(line) {
            return Ok(with_body(text, Some(&text[first.len()..=at]), next));
        }
        at = next;
    }
    Err(Problem::at(1, ImportFault::NoEnd))
}

fn is_fence(line: &str) -> bool {
    line.trim_end() == "---"
}

fn with_body<'a>(text: &'a str, yaml: Option<&'a str>, from: usize) -> Parts<'a> {
    let rest = &text[from..];
    let blank: usize =
        rest.split_inclusive('\n').take_while(|line| line.trim().is_empty()).map(str::len).sum();
    let start = from + blank;
    Parts { yaml, body: &text[start..], body_line: text[..start].matches('\n').count() + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn front_matter_and_body_are_told_apart() {
        for (text, yaml, body, line) in [
            ("# Hi\n\nText", None, "# Hi\n\nText", 1),
            ("", None, "", 1),
            ("\n\nText", None, "Text", 3),
            ("---\na: 1\n---\nText", Some("\na: 1\n"), "Text", 4),
            ("---  \na: 1\n---\t\n\n  \n    code\n", Some("\na: 1\n"), "    code\n", 6),
            ("---\n---\nText", Some("\n"), "Text", 3),
            ("---\na: 1\n---", Some("\na: 1\n"), "", 3),
            ("---\na: |\n  ---\n---\n---\nx", Some("\na: |\n  ---\n"), "---\nx", 5),
            ("----\nx", None, "----\nx", 1),
            ("text\n---\na: 1\n---\n", None, "text\n---\na: 1\n---\n", 1),
        ] {
            let expected = Parts { yaml, body, body_line: line };
            assert_eq!(split(text), Ok(expected), "{text:?}");
        }
    }

    #[test]
    fn front_matter_without_an_end_is_told_at_its_beginning() {
        for text in ["---\n", "---", "---\ntitle: x\n\n# Text\n", "---\n ---\n"] {
            assert_eq!(split(text).expect_err(text).line, Some(1), "{text:?}");
        }
    }

    #[test]
    fn files_of_other_systems_become_alike() {
        assert_eq!(normalized("\u{feff}---\r\na: 1\r\n---\r\nx\ry"), "---\na: 1\n---\nx\ny");
    }
}
