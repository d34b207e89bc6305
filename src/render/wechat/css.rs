//! A style sheet of an account's own, as text: its comments, rules and declarations, and what of them may stand in an
//! article. Nothing may that loads, runs or leaves its place. Selectors are read by `simplecss`.

use simplecss::Selector;
use std::sync::Arc;

/// In bytes: what a style sheet may have.
pub const CSS_MAX_BYTES: usize = 64 * 1024;
/// In bytes: a longer selector or declaration is left out.
const PART_MAX_BYTES: usize = 1000;

/// What is wrong with a style sheet as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CssFault {
    #[error("the style sheet has {has} bytes; at most {CSS_MAX_BYTES} are possible")]
    TooLarge { has: usize },
    #[error("line {line} of the style sheet opens what is never closed")]
    NotClosed {
        /// From 1.
        line: usize,
    },
}

/// What an article cannot have of a style sheet, as it was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CssLeftOut {
    #[error("“{0}” cannot be inlined: no selector of elements, classes and their order")]
    Selector(String),
    #[error("“{0}” is not taken over: it cannot be read, or would load, run or move something")]
    Declaration(String),
    #[error("“{0}” is not taken over: rules that begin with @ cannot be inlined")]
    AtRule(String),
}

/// A style sheet that can be read, without its comments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnCss(String);

impl OwnCss {
    pub fn new(text: &str) -> Result<OwnCss, CssFault> {
        if text.len() > CSS_MAX_BYTES {
            return Err(CssFault::TooLarge { has: text.len() });
        }
        let own = OwnCss(without_comments(text)?);
        read(&own.0)?;
        Ok(own)
    }

    /// What of it an article will not have.
    pub fn left_out(&self) -> Vec<CssLeftOut> {
        self.rules().1
    }

    pub(super) fn rules(&self) -> (Vec<Rule<'_>>, Vec<CssLeftOut>) {
        // It was read when it was made.
        read(&self.0).unwrap_or_default()
    }
}

/// One selector with what it says.
#[derive(Debug, Clone)]
pub(super) struct Rule<'a> {
    pub selector: Selector<'a>,
    pub declarations: Arc<[Declaration<'a>]>,
    /// The selector asks for what stands before an element.
    pub looks_back: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Declaration<'a> {
    /// In small letters.
    pub name: String,
    pub value: &'a str,
    pub is_important: bool,
}

/// Rules in the order in which they count, the last the most. The text has no comments.
pub(super) fn read(text: &str) -> Result<(Vec<Rule<'_>>, Vec<CssLeftOut>), CssFault> {
    let (mut rules, mut left_out) = (Vec::new(), Vec::new());
    let not_closed = |rest: &str| CssFault::NotClosed { line: line_of(text, rest) };
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (end, stop) = find(rest, &['{', ';']).ok_or_else(|| not_closed(rest))?;
        let head = rest[..end].trim();
        if stop == ';' {
            left_out.push(match head.starts_with('@') {
                true => CssLeftOut::AtRule(shown(head)),
                false => CssLeftOut::Selector(shown(head)),
            });
            rest = rest[end + 1..].trim_start();
            continue;
        }
        let length = block(&rest[end..]).ok_or_else(|| not_closed(rest))?;
        let body = &rest[end + 1..end + length - 1];
        if head.starts_with('@') {
            left_out.push(CssLeftOut::AtRule(shown(head)));
        } else {
            let declarations: Arc<[Declaration<'_>]> = declarations(body, &mut left_out).into();
            for part in head.split(',') {
                match selector(part.trim()) {
                    Some(selector) => rules.push(Rule {
                        selector,
                        declarations: declarations.clone(),
                        looks_back: part.contains(['+', ':']),
                    }),
                    None => left_out.push(CssLeftOut::Selector(shown(part.trim()))),
                }
            }
        }
        rest = rest[end + length..].trim_start();
    }
    rules.sort_by_key(|rule| rule.selector.specificity());
    Ok((rules, left_out))
}

/// Looked at before it is parsed: what the library cannot parse it writes into the log.
fn selector(text: &str) -> Option<Selector<'_>> {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || " \t\r\n.*>+:-_".contains(letter);
    let is_word = |word: &str| word.starts_with(|first: char| first.is_ascii_alphabetic());
    let is_known = |part: &str| {
        let (element, place) = part.split_once(':').unwrap_or((part, "first-child"));
        let mut words = element.split('.');
        let first = words.next().unwrap_or_default();
        place == "first-child"
            && (matches!(first, "" | "*") || is_word(first))
            && words.all(is_word)
            && !part.is_empty()
    };
    let mut parts = text.split(['>', '+']);
    let is_whole = parts.all(|part| !part.trim().is_empty() && part.split_whitespace().all(is_known));
    (text.len() <= PART_MAX_BYTES && text.chars().all(fits) && is_whole)
        .then(|| Selector::parse(text))
        .flatten()
}

fn declarations<'a>(body: &'a str, left_out: &mut Vec<CssLeftOut>) -> Vec<Declaration<'a>> {
    let mut found = Vec::new();
    let mut rest = body;
    while !rest.is_empty() {
        let end = find(rest, &[';']).map_or(rest.len(), |(end, _)| end);
        let part = rest[..end].trim();
        rest = rest.get(end + 1..).unwrap_or_default();
        match declaration(part) {
            Some(declaration) => found.push(declaration),
            None if part.is_empty() => {}
            None => left_out.push(CssLeftOut::Declaration(shown(part))),
        }
    }
    found
}

/// Functions of a value that compute or name a colour. All others are left out, as some load.
const FUNCTIONS: &[&str] =
    &["calc", "clamp", "hsl", "hsla", "linear-gradient", "max", "min", "radial-gradient", "rgb", "rgba"];

fn declaration(part: &str) -> Option<Declaration<'_>> {
    let (name, value) = part.split_once(':')?;
    let name = name.trim_end().to_ascii_lowercase();
    let (value, is_important) = match value.rsplit_once('!') {
        Some((value, word)) if word.trim().eq_ignore_ascii_case("important") => (value.trim(), true),
        _ => (value.trim(), false),
    };
    let is_name = !name.is_empty() && name.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-');
    // WeChat takes `position` away; `behavior`, `content` and bindings run or write.
    let is_ours = !name.starts_with("--")
        && !matches!(name.as_str(), "position" | "behavior" | "content")
        && !name.ends_with("-binding");
    let is_plain = !value.is_empty()
        && part.len() <= PART_MAX_BYTES
        && !value.contains(['\\', '<', '>', '{', '}', '@', '!', '&', ':'])
        && !value.chars().any(char::is_control)
        && functions(value).all(|function| FUNCTIONS.contains(&function.to_ascii_lowercase().as_str()));
    (is_name && is_ours && is_plain).then_some(Declaration { name, value, is_important })
}

/// The words that stand right before a bracket.
fn functions(value: &str) -> impl Iterator<Item = &str> {
    value.match_indices('(').map(|(at, _)| {
        let before = &value[..at];
        let is_word = |letter: char| letter.is_alphanumeric() || letter == '-' || letter == '_';
        &before[before.trim_end_matches(is_word).len()..]
    })
}

/// The first of these characters that stands in no text and no bracket.
fn find(text: &str, wanted: &[char]) -> Option<(usize, char)> {
    let (mut quote, mut depth) = (None, 0_usize);
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match (quote, letter) {
            (_, '\\') => {
                letters.next();
            }
            (Some(open), letter) if open == letter || letter == '\n' => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(letter),
            (None, letter) if depth == 0 && wanted.contains(&letter) => return Some((at, letter)),
            (None, '(' | '[') => depth += 1,
            (None, ')' | ']') => depth = depth.saturating_sub(1),
            (None, _) => {}
        }
    }
    None
}

/// How long the block is that begins here with its brace, both braces with it.
fn block(text: &str) -> Option<usize> {
    let (mut at, mut depth) = (0, 0_usize);
    loop {
        let (found, brace) = find(&text[at..], &['{', '}'])?;
        at += found + 1;
        depth = if brace == '{' { depth + 1 } else { depth - 1 };
        if depth == 0 {
            return Some(at);
        }
    }
}

/// A comment is as good as a space; lines stay where they are.
fn without_comments(text: &str) -> Result<String, CssFault> {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = comment(rest) {
        kept.push_str(&rest[..at]);
        let length = rest[at + 2..]
            .find("*/")
            .ok_or_else(|| CssFault::NotClosed { line: line_of(text, &rest[at..]) })?;
        kept.push(' ');
        kept.extend(rest[at..at + 2 + length].chars().filter(|letter| *letter == '\n'));
        rest = &rest[at + length + 4..];
    }
    kept.push_str(rest);
    Ok(kept)
}

/// Where the first comment begins that is not within a text.
fn comment(text: &str) -> Option<usize> {
    let (mut quote, bytes) = (None, text.as_bytes());
    let mut at = 0;
    while at < bytes.len() {
        match (quote, bytes[at]) {
            (_, b'\\') => at += 1,
            (Some(open), byte) if open == byte || byte == b'\n' => quote = None,
            (Some(_), _) => {}
            (None, byte @ (b'"' | b'\'')) => quote = Some(byte),
            (None, b'/') if bytes.get(at + 1) == Some(&b'*') => return Some(at),
            (None, _) => {}
        }
        at += 1;
    }
    None
}

/// Where the end of a text begins, from 1.
fn line_of(text: &str, end: &str) -> usize {
    let before = text.len().saturating_sub(end.len());
    text.as_bytes()[..before].iter().filter(|byte| **byte == b'\n').count() + 1
}

/// Enough of it to find it by.
fn shown(part: &str) -> String {
    const MAX: usize = 80;
    let words: Vec<&str> = part.split_whitespace().collect();
    let line = words.join(" ");
    if line.chars().count() <= MAX {
        return line;
    }
    line.chars().take(MAX - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(text: &str) -> OwnCss {
        OwnCss::new(text).unwrap_or_else(|fault| panic!("{text}: {fault}"))
    }

    /// Selectors with their declarations, in the order in which they count.
    fn rules(text: &str) -> Vec<String> {
        let own = own(text);
        let (rules, _) = own.rules();
        let told = |rule: &Rule<'_>| {
            let each = rule
                .declarations
                .iter()
                .map(|it| format!("{}:{}{}", it.name, it.value, if it.is_important { "!" } else { "" }));
            format!("{} {{{}}}", rule.selector, each.collect::<Vec<_>>().join(";"))
        };
        rules.iter().map(told).collect()
    }

    #[test]
    fn rules_are_read_and_sorted_by_what_they_name() {
        let text = "/* a; } */ .note, h1 > em { COLOR : red ; font: 14px/1.5 \"A; B\" , serif !important }\np{margin:0}";
        let said = "{color:red;font:14px/1.5 \"A; B\" , serif!}";
        let wanted =
            ["p {margin:0}".to_owned(), format!("h1 > em {said}"), format!("*[class~='note'] {said}")];
        assert_eq!(rules(text), wanted);
    }

    #[test]
    fn what_loads_runs_or_moves_is_left_out_and_told() {
        for hostile in [
            "background: url(http://evil.example/x)",
            "background: URL (x)",
            "background: u\\72l(x)",
            "background: image-set('x' 1x)",
            "width: expression(alert(1))",
            "behavior: x",
            "-moz-binding: x",
            "position: fixed",
            "color: red><script>",
            "font-family: '\"><script>'",
            "color: javascript:alert(1)",
            "content: 'x'",
            "--x: 1",
            "src: (x)",
            "color",
        ] {
            let own = own(&format!("p {{ color: blue; {hostile}; margin: 0 }}"));
            let (rules, left_out) = own.rules();
            let names: Vec<&str> = rules[0].declarations.iter().map(|it| it.name.as_str()).collect();
            assert_eq!(names, ["color", "margin"], "{hostile}");
            assert!(matches!(&left_out[..], [CssLeftOut::Declaration(_)]), "{hostile}: {left_out:?}");
        }
        let own =
            own("@import 'x.css'; @media (x) { p { color: red } } a:hover::before, p ~ p, p { color: red }");
        assert_eq!(own.rules().0.len(), 1);
        assert_eq!(own.left_out().len(), 4, "{:?}", own.left_out());
    }

    #[test]
    fn what_is_not_closed_is_told_by_its_line() {
        let fault = |text: &str| OwnCss::new(text).err();
        assert_eq!(fault("p { color: red }\n\nh1 {"), Some(CssFault::NotClosed { line: 3 }));
        assert_eq!(fault("p {}\n/* x"), Some(CssFault::NotClosed { line: 2 }));
        let has = CSS_MAX_BYTES + 1;
        assert_eq!(fault(&" ".repeat(has)), Some(CssFault::TooLarge { has }));
    }

    #[test]
    fn no_text_breaks_the_reader() {
        for text in [
            "{",
            "}",
            "}}{{",
            "a{}}",
            "@",
            "@x",
            "'",
            "a{'}",
            ":",
            ",{a:b}",
            ".",
            "a{b:c",
            "é{ü:ß}",
            "\\",
            "a{\\}",
        ] {
            if let Ok(own) = OwnCss::new(text) {
                own.left_out();
            }
        }
    }
}
