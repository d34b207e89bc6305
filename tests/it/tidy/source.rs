//! Rust text as the tidy checks need it: comments out, string literals out or kept, and the few shapes they look for.

/// Whether the text of string literals is kept.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Strings {
    Kept,
    Blanked,
}

/// The code without comments. Lines stay where they are, so that a place in it is a place in the file.
pub fn code(text: &str, strings: Strings) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let (end, keep) = match literal_end(&chars, at) {
            Some((end, Token::Comment)) => (end, false),
            Some((end, Token::Text)) => (end, strings == Strings::Kept),
            Some((end, Token::Char)) => (end, true),
            None => (at + 1, true),
        };
        out.extend(chars[at..end].iter().map(|&c| if keep || c == '\n' { c } else { ' ' }));
        at = end;
    }
    out
}

enum Token {
    Comment,
    Text,
    Char,
}

/// Where the comment or literal ends that begins at `at`, if one does.
fn literal_end(chars: &[char], at: usize) -> Option<(usize, Token)> {
    let rest = &chars[at..];
    let word_before = at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_');
    match rest {
        ['/', '/', ..] => {
            Some((at + rest.iter().position(|&c| c == '\n').unwrap_or(rest.len()), Token::Comment))
        }
        ['/', '*', ..] => Some((at + block_comment(rest), Token::Comment)),
        ['"', ..] => Some((at + 1 + quoted(&rest[1..], '"'), Token::Text)),
        ['r', '"' | '#', ..] if !word_before => Some((at + raw_string(rest)?, Token::Text)),
        ['b', 'r', '"' | '#', ..] if !word_before => Some((at + 1 + raw_string(&rest[1..])?, Token::Text)),
        // 'x' and '\n' are characters; 'a without a second quote is a lifetime.
        ['\'', '\\', ..] => Some((at + 1 + quoted(&rest[1..], '\''), Token::Char)),
        ['\'', _, '\'', ..] => Some((at + 3, Token::Char)),
        _ => None,
    }
}

fn block_comment(rest: &[char]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        match rest[at..] {
            ['/', '*', ..] => (depth, at) = (depth + 1, at + 2),
            ['*', '/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

fn quoted(rest: &[char], quote: char) -> usize {
    let mut at = 0;
    while at < rest.len() && rest[at] != quote {
        at += if rest[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(rest.len())
}

fn raw_string(rest: &[char]) -> Option<usize> {
    let hashes = rest[1..].iter().take_while(|&&c| c == '#').count();
    if rest.get(1 + hashes) != Some(&'"') {
        return None;
    }
    let end = [&['"'][..], &vec!['#'; hashes]].concat();
    let body = &rest[2 + hashes..];
    let length = body.windows(end.len()).position(|it| it == end).map_or(body.len(), |at| at + end.len());
    Some(2 + hashes + length)
}

/// What stands between the opening bracket at the start of `text` and the one that closes it.
pub fn in_brackets(text: &str) -> &str {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '(' | '{' | '[' => depth += 1,
            ')' | '}' | ']' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return text.get(1..at).unwrap_or_default();
        }
    }
    text.get(1..).unwrap_or_default()
}

/// The items of a list at its own level: `a::{b, c}, d` has two.
pub fn items(list: &str) -> Vec<&str> {
    let (mut found, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, c) in list.char_indices() {
        match c {
            '(' | '{' | '[' => depth += 1,
            ')' | '}' | ']' => depth -= 1,
            ',' if depth == 0 => {
                found.push(list[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(list[start..].trim());
    found.retain(|item| !item.is_empty());
    found
}

/// The identifier that `text` begins with, if any.
pub fn word(text: &str) -> &str {
    let text = text.trim_start();
    &text[..text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len())]
}

/// Where `needle` stands as a word, or as words: not inside a longer identifier.
pub fn places<'a>(text: &'a str, needle: &'a str) -> impl Iterator<Item = usize> + 'a {
    let in_word = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(needle).map(|(at, _)| at).filter(move |&at| {
        let before = text[..at].chars().next_back().is_some_and(in_word);
        let ends_in_word = needle.chars().next_back().is_some_and(in_word);
        let after = text[at + needle.len()..].chars().next().is_some_and(in_word);
        !(before || ends_in_word && after)
    })
}

pub fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

#[test]
fn comments_and_strings_are_told_apart() {
    let text = r##"a /* b /* c */ d */ "e // f" 'g' '"' h<'i>() r#"j " k"# '\'' // l"##;
    let kept = code(text, Strings::Kept);
    let blanked = code(text, Strings::Blanked);
    for (letter, in_kept, in_blanked) in [
        ("a", true, true),
        ("b", false, false),
        ("d", false, false),
        ("f", true, false),
        ("g", true, true),
        ("h", true, true),
        ("i", true, true),
        ("k", true, false),
        ("l", false, false),
    ] {
        assert_eq!((kept.contains(letter), blanked.contains(letter)), (in_kept, in_blanked), "{letter}");
    }
}
