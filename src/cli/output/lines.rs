//! Text in lines: broken at spaces, and between characters of scripts that write none.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// What no line begins with.
const CLOSING: &str = "，。、；：？！）》”’";
/// What no line ends with.
const OPENING: &str = "（《“‘";
/// Room for text, however narrow the terminal is.
const ROOM_MIN: usize = 10;

/// Lines of at most `width` columns, each with its end; the first is indented by `first`, the others by `rest`. What has no
/// place to break is longer.
pub fn broken(text: &str, first: usize, rest: usize, width: Option<usize>) -> String {
    let mut lines = String::new();
    let (mut line, mut indent) = (String::new(), first);
    let text = text.replace('\n', " ");
    let narrowest = width.map_or(usize::MAX, |width| width.saturating_sub(first.max(rest)).max(ROOM_MIN));
    for piece in pieces(&text, narrowest) {
        let room = width.map_or(usize::MAX, |width| width.saturating_sub(indent).max(ROOM_MIN));
        if !line.is_empty() && line.width() + piece.trim_end().width() > room {
            push(&mut lines, indent, &line);
            (line, indent) = (String::new(), rest);
        }
        line.push_str(piece);
    }
    push(&mut lines, indent, &line);
    lines
}

fn push(lines: &mut String, indent: usize, line: &str) {
    let text = format!("{:indent$}{}", "", line.trim_end());
    lines.push_str(text.trim_end());
    lines.push('\n');
}

/// What is not to be broken, each with the spaces after it: not between the wide characters of what stands in brackets
/// either, unless that has no room.
fn pieces(text: &str, room: usize) -> Vec<&str> {
    let held = split(text, |before, after, in_brackets| {
        may_break(before, after) && !(in_brackets && (is_wide(before) || is_wide(after)))
    });
    let in_parts = |piece| match str::trim_end(piece).width() > room {
        true => split(piece, |before, after, _| may_break(before, after) && before != '[' && after != ']'),
        false => vec![piece],
    };
    held.into_iter().flat_map(in_parts).collect()
}

fn split(text: &str, may_break: impl Fn(char, char, bool) -> bool) -> Vec<&str> {
    let mut pieces = Vec::new();
    let (mut start, mut before, mut in_brackets) = (0, None, false);
    for (at, character) in text.char_indices() {
        if before.is_some_and(|before| may_break(before, character, in_brackets)) {
            pieces.push(&text[start..at]);
            start = at;
        }
        in_brackets = character == '[' || (in_brackets && character != ']');
        before = Some(character);
    }
    pieces.push(&text[start..]);
    pieces
}

fn may_break(before: char, after: char) -> bool {
    if after == ' ' || CLOSING.contains(after) || OPENING.contains(before) {
        return false;
    }
    before == ' ' || is_wide(before) || is_wide(after) || CLOSING.contains(before)
}

fn is_wide(character: char) -> bool {
    character.width().unwrap_or(0) > 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_spaces_and_between_wide_characters() {
        for (text, width, lines) in [
            ("a line that is short", None, "  a line that is short\n"),
            ("one two  three four", Some(14), "  one two\n    three four\n"),
            (
                "a_word_that_is_longer_than_any_line b",
                Some(14),
                "  a_word_that_is_longer_than_any_line\n    b\n",
            ),
            ("发布到期的内容，全部", Some(14), "  发布到期的内\n    容，全部\n"),
            ("发布到期的容，全部", Some(14), "  发布到期的\n    容，全部\n"),
            ("同时 [默认：64] 或", Some(14), "  同时\n    [默认：64]\n    或\n"),
            ("值 [可选值：table、json、csv]", Some(22), "  值 [可选值：table、\n    json、csv]\n"),
            ("a: [1, 2, 3, 4]", Some(12), "  a: [1, 2,\n    3, 4]\n"),
            ("", Some(20), "\n"),
        ] {
            assert_eq!(broken(text, 2, 4, width), lines, "{text}");
        }
    }
}
