//! Code with colours. What a word of it is becomes a class; which colour that has is the style sheet's to say.
//!
//! A scanner of our own, as those that follow a grammar take a tenth of a millisecond a line, and an article has five
//! milliseconds in all ([docs/decisions/0008](../../../docs/decisions/0008-articles-by-construction.md)). It looks at each
//! character once, whatever the code is.

use super::languages::{Language, Shape, language};

/// Calls `each` with every piece of a code, and the class that it has or “”. The end of a line is a piece of its own,
/// `\n`, but for that of the last.
pub fn pieces<'a>(code: &'a str, named: &str, mut each: impl FnMut(&'a str, &'static str)) {
    let code = code.trim_end_matches('\n');
    let mut scanner = Scanner { code, at: 0, language: language(named), in_tag: false };
    let mut open = (0, "");
    while scanner.at < code.len() {
        let from = scanner.at;
        let class = scanner.next();
        // White space has no colour: it goes with what is before it in its line.
        let piece = &code[from..scanner.at];
        if class != open.1 && (piece == "\n" || !piece.trim().is_empty()) {
            by_line(&code[open.0..from], open.1, &mut each);
            open = (from, class);
        }
    }
    by_line(&code[open.0..], open.1, &mut each);
}

fn by_line<'a>(text: &'a str, class: &'static str, each: &mut impl FnMut(&'a str, &'static str)) {
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            each("\n", "");
        }
        if !line.is_empty() {
            each(line, class);
        }
    }
}

struct Scanner<'a> {
    code: &'a str,
    /// Always between two characters.
    at: usize,
    language: Option<&'static Language>,
    /// Of markup: between a tag's name and its end.
    in_tag: bool,
}

impl<'a> Scanner<'a> {
    fn rest(&self) -> &'a str {
        &self.code[self.at..]
    }

    /// Goes on to the end of the next piece, and says what it is.
    fn next(&mut self) -> &'static str {
        let Some(language) = self.language else { return self.take(self.rest().len(), "") };
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return "" };
        if language.shape == Shape::Changes {
            return self.change();
        }
        if let Some((open, close)) = language.block_comment
            && let Some(inside) = rest.strip_prefix(open)
        {
            let length = inside.find(close).map_or(rest.len(), |end| open.len() + end + close.len());
            return self.take(length, "tok-comment");
        }
        if language.line_comments.iter().any(|mark| rest.starts_with(mark)) && self.may_comment(first) {
            return self.take(rest.find('\n').unwrap_or(rest.len()), "tok-comment");
        }
        if language.shape == Shape::Markup {
            return self.markup(first, language);
        }
        if language.quotes.contains(first) {
            return self.quoted(first, language);
        }
        if first.is_ascii_digit() {
            let is_digit = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '.' | '%');
            return self.take(span(rest, is_digit), "tok-number");
        }
        if is_word(first) || matches!(first, '#' | '@' | '$') {
            return self.word(first, language);
        }
        self.take(first.len_utf8(), "")
    }

    fn take(&mut self, length: usize, class: &'static str) -> &'static str {
        self.at += length;
        class
    }

    /// In a shell `$#` is none, and `a#b` neither.
    fn may_comment(&self, first: char) -> bool {
        first != '#' || self.code[..self.at].chars().next_back().is_none_or(char::is_whitespace)
    }

    /// A line that came, one that went, and where they are.
    fn change(&mut self) -> &'static str {
        let line = self.rest().split_inclusive('\n').next().unwrap_or_default();
        let class = match line.as_bytes().first() {
            Some(b'+') => "tok-string",
            Some(b'-') => "tok-tag",
            Some(b'@') => "tok-keyword",
            _ => "",
        };
        self.take(line.len(), class)
    }

    /// A text between quotes, or the one that begins here and ends with its line.
    fn quoted(&mut self, quote: char, language: &Language) -> &'static str {
        let rest = self.rest();
        let tripled = [quote; 3].iter().collect::<String>();
        if rest.starts_with(&tripled) && matches!(quote, '"' | '\'') {
            let length = rest[3..].find(&tripled).map_or(rest.len(), |end| end + 6);
            return self.take(length, "tok-string");
        }
        let (mut letters, mut length) = (rest.char_indices().skip(1), rest.len());
        while let Some((at, letter)) = letters.next() {
            if letter == '\\' {
                letters.next();
            } else if letter == quote {
                length = at + 1;
                break;
            } else if letter == '\n' && !language.long_quotes.contains(quote) {
                length = at;
                break;
            }
        }
        let is_closed = length > 1 && rest[..length].ends_with(quote);
        if quote == '\'' && (!is_closed || (language.has_lifetimes && !is_character(rest))) {
            return self.take(1, "");
        }
        let is_key = language.shape == Shape::Pairs && rest[length..].trim_start().starts_with(':');
        self.take(length, if is_key { "tok-attribute" } else { "tok-string" })
    }

    fn word(&mut self, first: char, language: &Language) -> &'static str {
        let rest = self.rest();
        let may_have_hyphens = language.shape == Shape::Pairs;
        let is_in =
            |letter: char| is_word(letter) || letter.is_numeric() || (may_have_hyphens && letter == '-');
        let length = first.len_utf8() + span(&rest[first.len_utf8()..], is_in);
        let (word, behind) = rest.split_at(length);
        let is_among = |words: &[&str]| match language.any_case {
            true => words.contains(&word.to_ascii_lowercase().as_str()),
            false => words.contains(&word),
        };
        let behind = behind.trim_start_matches([' ', '\t']);
        let class = if is_among(language.keywords) {
            "tok-keyword"
        } else if is_among(language.constants) {
            "tok-constant"
        } else if matches!(first, '#' | '@' | '$') {
            if length > 1 { "tok-attribute" } else { "" }
        } else if language.shape == Shape::Pairs {
            if behind.starts_with([':', '=']) { "tok-attribute" } else { "" }
        } else if behind.starts_with('(') || behind.starts_with("!(") {
            "tok-function"
        } else if language.shape == Shape::Statements && !language.any_case && is_type(word) {
            "tok-type"
        } else {
            ""
        };
        self.take(length, class)
    }

    fn markup(&mut self, first: char, language: &Language) -> &'static str {
        let rest = self.rest();
        let is_name =
            |letter: char| is_word(letter) || letter.is_numeric() || matches!(letter, '-' | ':' | '.');
        if first == '<'
            && rest[1..].starts_with(|next: char| is_word(next) || matches!(next, '/' | '!' | '?'))
        {
            self.in_tag = true;
            let name = rest[1..].trim_start_matches(['/', '!', '?']);
            return self.take(rest.len() - name.len() + span(name, is_name), "tok-tag");
        }
        match first {
            '>' if self.in_tag => {
                self.in_tag = false;
                self.take(1, "tok-tag")
            }
            '"' | '\'' if self.in_tag => self.quoted(first, language),
            first if self.in_tag && is_word(first) => self.take(span(rest, is_name), "tok-attribute"),
            first => self.take(first.len_utf8(), ""),
        }
    }
}

/// How many bytes these characters go on for.
fn span(text: &str, goes_on: impl Fn(char) -> bool) -> usize {
    text.find(|letter| !goes_on(letter)).unwrap_or(text.len())
}

fn is_word(letter: char) -> bool {
    letter.is_alphabetic() || letter == '_'
}

/// One character between two quotes, and no lifetime.
fn is_character(text: &str) -> bool {
    let mut letters = text.chars().skip(1);
    match letters.next() {
        Some('\\') => true,
        Some(_) => letters.next() == Some('\''),
        None => false,
    }
}

/// A capital, and not capitals alone.
fn is_type(word: &str) -> bool {
    word.starts_with(char::is_uppercase) && word.chars().any(char::is_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(code: &str, language: &str) -> Vec<(String, &'static str)> {
        let mut told = Vec::new();
        pieces(code, language, |piece, class| told.push((piece.to_owned(), class)));
        told
    }

    /// Each of these pieces has this class; and no character is lost.
    #[track_caller]
    fn check(language: &str, code: &str, wanted: &[(&str, &str)]) {
        let told = told(code, language);
        let joined: String = told.iter().map(|(piece, _)| piece.as_str()).collect();
        assert_eq!(joined, code);
        for (piece, class) in wanted {
            assert!(told.iter().any(|(it, is)| it.trim() == *piece && is == class), "{piece}: {told:?}");
        }
    }

    #[test]
    fn words_have_their_classes() {
        let (key, text, note) = ("tok-keyword", "tok-string", "tok-comment");
        check(
            "rust",
            "// 说明\nfn f(x: &'a Vec<u8>) {\n    let y = 'z'; // 1\n    g!(\"a\\\"b\", 0x1f)\n}",
            &[
                ("// 说明", note),
                ("fn", key),
                ("f", "tok-function"),
                ("Vec", "tok-type"),
                ("'z'", text),
                ("g", "tok-function"),
                ("\"a\\\"b\"", text),
                ("0x1f", "tok-number"),
            ],
        );
        check(
            "Python",
            "@cache\ndef f(x):\n    \"\"\"a\n    b\"\"\"\n    return None # c",
            &[
                ("@cache", "tok-attribute"),
                ("def", key),
                ("\"\"\"a", text),
                ("None", "tok-constant"),
                ("# c", note),
            ],
        );
        check(
            "ts",
            "const a = `x\ny`; /* b\nc */ new Map()",
            &[("const", key), ("y`", text), ("c */", note), ("new", key)],
        );
        check(
            "sh",
            "for x in $HOME $#; do echo \"a\" # b\ndone",
            &[("for", key), ("$HOME", "tok-attribute"), ("# b", note)],
        );
        check(
            "sql",
            "SELECT count(*) FROM t -- a\nwhere b = 'c'",
            &[("SELECT", key), ("count", "tok-function"), ("where", key)],
        );
        check(
            "json",
            "{\"a\": \"b\", \"c\": [1, true]}",
            &[("\"a\"", "tok-attribute"), ("\"b\"", text), ("true", "tok-constant")],
        );
        check("yaml", "a-b: 1 # c\nd: 'e'", &[("a-b", "tok-attribute"), ("# c", note), ("'e'", text)]);
        check(
            "html",
            "<!-- a --><p class=\"b\">c's</p>",
            &[("<!-- a -->", note), ("<p", "tok-tag"), ("class", "tok-attribute")],
        );
        check("diff", "+a\n-b\n c", &[("+a", text), ("-b", "tok-tag"), ("c", "")]);
    }

    #[test]
    fn what_nobody_knows_is_plain() {
        for language in ["", "no-such", "rust\0"] {
            assert_eq!(told("a\nb\n", language), [("a".into(), ""), ("\n".into(), ""), ("b".into(), "")]);
        }
    }

    #[test]
    fn no_text_breaks_the_scanner() {
        for code in [
            "'",
            "\"",
            "\"\\",
            "'''",
            "<",
            "</",
            "<!",
            "<é",
            "/*",
            "$",
            "#",
            "@中",
            "é'中'",
            "`",
            "1.",
            "\u{0}",
            "--[[",
            "\t \n\n x",
        ] {
            for language in
                ["rust", "python", "go", "sh", "sql", "lua", "json", "yaml", "html", "diff", "css", "php"]
            {
                check(language, code, &[]);
            }
        }
    }
}
