//! The one table of error codes: the docs print it, and what the program answers is in it. (That an answer has a code of
//! the table, with a status that it may have, is asserted where answers are made, in every test that gets one.)

use crate::tidy::source::{Strings, code, in_brackets, places};
use contenthub::error_codes::{ERROR_CODES, find, markdown};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The texts of all source files below these folders or files of `src`, but the table's.
fn sources(of: &[&str]) -> Vec<String> {
    let mut open: Vec<PathBuf> = of.iter().map(|name| root().join("src").join(name)).collect();
    let mut texts = Vec::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(path).expect("a folder").map(|it| it.expect("an entry").path()));
        } else if path.extension().is_some_and(|it| it == "rs") {
            texts.push(code(&std::fs::read_to_string(path).expect("text"), Strings::Kept));
        }
    }
    texts
}

/// The words in quotes that look like a code.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let is_code = |word: &&str| {
        word.len() > 3 && word.chars().all(|c| c.is_ascii_lowercase() || c == '_') && !word.starts_with('_')
    };
    text.split('"').skip(1).step_by(2).filter(is_code)
}

#[test]
fn the_docs_have_the_table_as_it_is() {
    let path = root().join("docs/errors.md");
    let text = std::fs::read_to_string(&path).expect("docs/errors.md");
    let (before, rest) = text.split_once("| `code` |").expect("a table");
    let after = rest.split_once("\n\n").map_or("", |(_, after)| after);
    let new = format!("{before}{}\n{after}", markdown());
    let new = new.trim_end().to_owned() + "\n";
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, &new).expect("written");
        return;
    }
    assert_eq!(text, new, "docs/errors.md: UPDATE_SNAPSHOTS=1 writes it anew");
}

#[test]
fn every_code_that_is_answered_has_a_row_and_every_row_is_answered() {
    let codes: Vec<&str> = ERROR_CODES.iter().map(|row| row.code).collect();
    assert_eq!(codes.len(), codes.iter().collect::<BTreeSet<_>>().len(), "a code twice");
    let mut answered = BTreeSet::new();
    for text in sources(&["api", "listening"]) {
        for at in places(&text, "Problem::new(").chain(places(&text, "problem(")) {
            let call = in_brackets(&text[at + text[at..].find('(').expect("a call")..]);
            // The code is the first word of the call that looks like one.
            answered.extend(words(call).next().map(str::to_owned));
        }
    }
    let errors = sources(&["operations/error.rs"]).concat();
    let of_operations = &errors[errors.find("fn code(").expect("the codes of operations")..];
    let of_operations = &of_operations[..of_operations.find("\n    }\n").expect("its end")];
    answered.extend(words(of_operations).map(str::to_owned));
    let unknown: Vec<&String> = answered.iter().filter(|code| find(code).is_none()).collect();
    assert!(unknown.is_empty(), "these codes are not in src/error_codes.rs: {unknown:?}");
    let unused: Vec<&&str> = codes.iter().filter(|code| !answered.contains(**code)).collect();
    assert!(unused.is_empty(), "nothing answers these codes of src/error_codes.rs: {unused:?}");
}

#[test]
fn a_row_is_a_row_of_a_table() {
    for row in ERROR_CODES {
        let cells = [row.means, row.todo];
        assert!(cells.iter().all(|it| it.ends_with('.') && !it.contains(['|', '\n'])), "{}", row.code);
        assert!(row.status.iter().all(|status| (400..600).contains(status)) && !row.status.is_empty());
    }
    assert!(Path::new(&root()).join("docs/errors.md").exists());
}
