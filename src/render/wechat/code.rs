//! Code with colours. What a word of it is becomes a class; which colour that has is the style sheet's to say.
//!
//! The grammars are read when the first code is coloured, and never before: a program that renders nothing does not
//! hold them.

use std::sync::LazyLock;
use syntect::easy::ScopeRegionIterator;
use syntect::parsing::{ParseState, Scope, ScopeStack, SyntaxReference, SyntaxSet};

/// In bytes: of an article's code, so much is coloured; the rest is plain. Grammars are slow where text is hostile.
pub const COLOURED_MAX_BYTES: usize = 64 * 1024;
/// In bytes: a longer line, such as of minified code, is plain.
const LINE_MAX_BYTES: usize = 500;

static GRAMMARS: LazyLock<SyntaxSet> = LazyLock::new(SyntaxSet::load_defaults_newlines);

/// The first that a word's scopes begin with says what it is; the innermost scope is asked first.
const CLASSES: &[(&str, &str)] = &[
    ("comment", "tok-comment"),
    ("string", "tok-string"),
    ("constant.numeric", "tok-number"),
    ("constant", "tok-constant"),
    ("storage", "tok-keyword"),
    ("keyword.operator", ""),
    ("keyword", "tok-keyword"),
    ("variable.language", "tok-keyword"),
    ("entity.name.function", "tok-function"),
    ("support.function", "tok-function"),
    ("variable.function", "tok-function"),
    ("entity.name.tag", "tok-tag"),
    ("entity.other.attribute-name", "tok-attribute"),
    ("entity.name", "tok-type"),
    ("support", "tok-type"),
    ("markup.heading", "tok-keyword"),
    ("markup.inserted", "tok-string"),
    ("markup.deleted", "tok-tag"),
];

static SCOPES: LazyLock<Vec<(Scope, &'static str)>> = LazyLock::new(|| {
    let read = |(name, class): &(&str, &'static str)| Some((Scope::new(name).ok()?, *class));
    CLASSES.iter().filter_map(read).collect()
});

/// Languages that the grammars know by another name, or not at all while a near one serves.
const NEAR: &[(&str, &str)] = &[
    ("cjs", "js"),
    ("console", "sh"),
    ("golang", "go"),
    ("jsonc", "json"),
    ("jsx", "js"),
    ("mjs", "js"),
    ("shell", "sh"),
    ("ts", "js"),
    ("tsx", "js"),
    ("typescript", "js"),
    ("zsh", "sh"),
];

/// Calls `each` with every piece of a code, and the class that it has or “”. The end of a line is a piece of its own,
/// `\n`, but for that of the last. `room` is what may still be coloured, in bytes.
pub fn pieces<'a>(
    code: &'a str,
    language: &str,
    room: &mut usize,
    mut each: impl FnMut(&'a str, &'static str),
) {
    let mut painter = (code.len() <= *room).then(|| Painter::of(language)).flatten();
    if painter.is_some() {
        *room -= code.len();
    }
    for (index, line) in code.split_inclusive('\n').enumerate() {
        if index > 0 {
            each("\n", "");
        }
        let told = painter.as_mut().is_some_and(|painter| painter.paint(line, &mut each));
        if !told {
            each(line.trim_end_matches('\n'), "");
        }
    }
}

/// Reads a code line by line.
struct Painter {
    state: ParseState,
    scopes: ScopeStack,
}

impl Painter {
    /// None: nobody here knows the language.
    fn of(language: &str) -> Option<Painter> {
        let language = language.to_ascii_lowercase();
        let near = NEAR.iter().find(|(known, _)| *known == language).map(|(_, near)| *near);
        let grammar = (!language.is_empty()).then(|| grammar(near.unwrap_or(&language))).flatten()?;
        Some(Painter { state: ParseState::new(grammar), scopes: ScopeStack::new() })
    }

    /// Whether the line was told. A grammar that gives up on a line, or a line that is too long, leaves it plain.
    fn paint<'a>(&mut self, line: &'a str, each: &mut impl FnMut(&'a str, &'static str)) -> bool {
        if line.len() > LINE_MAX_BYTES {
            return false;
        }
        let Ok(steps) = self.state.parse_line(line, &GRAMMARS) else { return false };
        let mut open: Option<(usize, usize, &'static str)> = None;
        let mut at = 0;
        for (piece, step) in ScopeRegionIterator::new(&steps, line) {
            if self.scopes.apply(step).is_err() {
                self.scopes = ScopeStack::new();
            }
            let piece = piece.trim_end_matches('\n');
            let class = if piece.trim().is_empty() { None } else { Some(class(&self.scopes)) };
            let end = at + piece.len();
            open = match (open, class) {
                // White space has no colour: it goes with what is before it.
                (Some((from, _, class)), None) => Some((from, end, class)),
                (Some((from, _, open)), Some(class)) if open == class => Some((from, end, class)),
                (Some((from, to, open)), Some(class)) => {
                    each(&line[from..to], open);
                    Some((at, end, class))
                }
                (None, class) => (end > at).then_some((at, end, class.unwrap_or(""))),
            };
            at = end;
        }
        if let Some((from, to, class)) = open {
            each(&line[from..to], class);
        }
        true
    }
}

fn grammar(language: &str) -> Option<&'static SyntaxReference> {
    GRAMMARS.find_syntax_by_token(language)
}

fn class(scopes: &ScopeStack) -> &'static str {
    let of =
        |scope: &Scope| SCOPES.iter().find(|(known, _)| known.is_prefix_of(*scope)).map(|(_, class)| *class);
    scopes.as_slice().iter().rev().find_map(of).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(code: &str, language: &str) -> Vec<(String, &'static str)> {
        let (mut told, mut room) = (Vec::new(), COLOURED_MAX_BYTES);
        pieces(code, language, &mut room, |piece, class| told.push((piece.to_owned(), class)));
        told
    }

    #[test]
    fn words_have_their_classes_and_no_character_is_lost() {
        let code = "// 说明\nfn main() {\n    let x = \"a\"; // 1\n}\n";
        let told = told(code, "rust");
        let joined: String = told.iter().map(|(piece, _)| piece.as_str()).collect();
        assert_eq!(joined, code.trim_end());
        for (piece, class) in [
            ("// 说明", "tok-comment"),
            ("fn ", "tok-keyword"),
            ("main", "tok-function"),
            ("\"a\"", "tok-string"),
        ] {
            assert!(told.contains(&(piece.to_owned(), class)), "{piece}: {told:?}");
        }
    }

    #[test]
    fn what_nobody_knows_is_plain() {
        for language in ["", "no-such", "rust\0"] {
            assert_eq!(told("a\nb\n", language), [("a".into(), ""), ("\n".into(), ""), ("b".into(), "")]);
        }
    }

    #[test]
    fn long_lines_and_what_is_beyond_the_bound_are_plain() {
        let long = format!("let x = \"{}\";\n", "y".repeat(LINE_MAX_BYTES));
        assert_eq!(told(&long, "rust"), [(long.trim_end().to_owned(), "")]);
        let mut room = 4;
        pieces("let x = 1;", "rust", &mut room, |_, class| assert_eq!(class, ""));
        assert_eq!(room, 4);
    }
}
