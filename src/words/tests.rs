//! Both files say the same things, and nobody says what they lack.

use super::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Ids, each with the variables of its message.
fn messages(language: Language) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut id = String::new();
    for line in language.file().lines().filter(|line| !line.starts_with('#')) {
        if line.starts_with(|c: char| c.is_ascii_alphabetic()) {
            id = line.split('=').next().unwrap_or_default().trim().to_owned();
            assert!(!found.contains_key(&id), "{id} is in {}.ftl twice", language.tag());
        }
        let variables = line.split('$').skip(1).map(|rest| {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_');
            rest[..end.unwrap_or(rest.len())].to_owned()
        });
        if !id.is_empty() {
            found.entry(id.clone()).or_default().extend(variables);
        }
    }
    found
}

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of src") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|it| it == "rs") && path != Path::new(file!()) {
            into.push(path);
        }
    }
}

/// The code of `src`, file by file, outside of comments and of the tests of this module.
fn code() -> Vec<String> {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    files.retain(|file| !file.ends_with("words/tests.rs"));
    let read = |file: PathBuf| {
        let text = fs::read_to_string(file).expect("a source file");
        let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        code.join("\n")
    };
    files.into_iter().map(read).collect()
}

/// What stands behind each `call("…"`: its literal, and the rest of the file.
fn literals<'a>(code: &'a str, call: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
    let found = code.match_indices(call).map(move |(at, _)| code[at + call.len()..].trim_start());
    found.filter_map(|rest| rest.strip_prefix('"')?.split_once('"'))
}

/// Every id that stands in a `message("…")`.
fn said() -> BTreeSet<String> {
    named_by("message(")
}

fn named_by(maker: &str) -> BTreeSet<String> {
    let ids = |code: &String| literals(code, maker).map(|(id, _)| id.to_owned()).collect::<Vec<_>>();
    code().iter().flat_map(ids).collect()
}

/// Every id that stands in a `chinese("…")`, with the names of the values that its sentence is given there.
fn said_in_chinese() -> Vec<(String, BTreeSet<String>)> {
    let found = |code: &String| {
        let each = literals(code, "chinese(").map(|(id, rest)| (id.to_owned(), given(rest)));
        each.collect::<Vec<_>>()
    };
    code().iter().flat_map(found).collect()
}

/// The names of the values that are given behind `chinese("…"`.
fn given(rest: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut rest = rest.trim_start().strip_prefix(')').unwrap_or(rest).trim_start();
    while let Some(call) = rest.strip_prefix(".with(") {
        names.extend(
            call.trim_start().strip_prefix('"').and_then(|it| it.split('"').next()).map(str::to_owned),
        );
        rest = after_bracket(call).trim_start();
    }
    names
}

/// What follows the bracket that closes the one before.
fn after_bracket(code: &str) -> &str {
    let (mut depth, mut is_text) = (1, false);
    for (at, sign) in code.char_indices() {
        match sign {
            '"' => is_text = !is_text,
            '(' if !is_text => depth += 1,
            ')' if !is_text => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &code[at + 1..];
        }
    }
    ""
}

#[test]
fn both_files_can_be_read_and_have_the_same_messages_with_the_same_variables() {
    for language in Language::ALL {
        let read = FluentResource::try_new(language.file().to_owned());
        assert!(read.is_ok(), "{}.ftl: {:?}", language.tag(), read.err().map(|(_, errors)| errors));
    }
    let (en, zh) = (messages(Language::En), messages(Language::Zh));
    assert!(!en.is_empty());
    for (id, variables) in &en {
        assert_eq!(Some(variables), zh.get(id), "{id}: its variables in en.ftl and in zh.ftl");
    }
    // The English of errors is in their types.
    let of_errors: BTreeSet<String> = said_in_chinese().into_iter().map(|(id, _)| id).collect();
    let lacking: Vec<&String> =
        zh.keys().filter(|id| !en.contains_key(*id) && !of_errors.contains(*id)).collect();
    assert!(lacking.is_empty(), "en.ftl lacks {lacking:?}");
}

#[test]
fn what_is_said_is_in_the_files_and_what_is_in_the_files_is_said() {
    let (said, known) = (said(), messages(Language::En));
    let unknown: Vec<&String> = said.iter().filter(|id| !known.contains_key(*id)).collect();
    assert!(unknown.is_empty(), "said, but in no file: {unknown:?}");
    let unsaid: Vec<&String> = known.keys().filter(|id| !said.contains(*id)).collect();
    assert!(unsaid.is_empty(), "in the files, but never said: {unsaid:?}");
}

/// Every error has its sentence by an exhaustive `match`; here each of these sentences is in the Chinese files, and alone
/// there, with the variables that it is given.
#[test]
fn what_is_said_of_errors_is_in_chinese_with_the_variables_that_are_given() {
    let (en, zh) = (messages(Language::En), messages(Language::Zh));
    let said = said_in_chinese();
    assert!(said.len() > 200, "only {} sentences of errors", said.len());
    for (id, given) in &said {
        assert!(!en.contains_key(id), "{id}: the English of an error is its Display");
        let Some(wanted) = zh.get(id) else { panic!("said of an error, but in no Chinese file: {id}") };
        assert_eq!(given, wanted, "{id}: the values that are given, and the variables of the message");
    }
    let unsaid: Vec<&String> =
        zh.keys().filter(|id| !en.contains_key(*id) && !said.iter().any(|(it, _)| it == *id)).collect();
    assert!(unsaid.is_empty(), "in the Chinese files, but never said: {unsaid:?}");
}

#[test]
fn every_message_can_be_said() {
    for language in Language::ALL {
        for id in messages(language).keys() {
            let pattern = language.bundle().get_message(id).and_then(|message| message.value().map(drop));
            assert!(pattern.is_some(), "{id} has no text in {}.ftl", language.tag());
        }
    }
}

#[test]
fn a_message_that_no_file_has_is_shown_by_its_id() {
    assert_eq!(Language::Zh.say(Message("no-such-message"), &[]), "no-such-message");
}

#[test]
fn translations_can_be_read_and_no_id_is_there_twice() {
    for words in [Translations::of_help(Language::Zh), Translations::of_heads(Language::Zh)] {
        let words = words.expect("Chinese is a translation");
        let read = FluentResource::try_new(words.file().to_owned());
        assert!(read.is_ok(), "{:?}", read.err().map(|(_, errors)| errors));
        let ids: BTreeSet<&str> = words.ids().into_iter().collect();
        assert_eq!(ids.len(), words.ids().len(), "an id is there twice");
    }
    assert!(Translations::of_help(Language::En).is_none() && Translations::of_heads(Language::En).is_none());
}

/// What help says of commands and their arguments is looked at where commands are known: `cli/help/tests.rs`.
#[test]
fn texts_that_the_code_names_are_translated_and_no_others_are_there() {
    let words = Translations::of_help(Language::Zh).expect("Chinese");
    let kinds = ["layout-", "usage-", "man-"];
    let known: BTreeSet<String> = words
        .ids()
        .into_iter()
        .filter(|id| kinds.iter().any(|kind| id.starts_with(kind)))
        .map(str::to_owned)
        .collect();
    assert_eq!(known, named_by("fixed("));
}

/// Every `("HEAD", "field")` of the command line.
#[test]
fn heads_of_columns_are_translated_and_no_others_are_there() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli"), &mut files);
    let mut heads = BTreeSet::new();
    for file in files {
        let text = fs::read_to_string(file).expect("a source file");
        for rest in text.split("(\"").skip(1) {
            let Some((head, after)) = rest.split_once('"') else { continue };
            let is_head = head.chars().any(char::is_alphabetic)
                && head.chars().all(|it| it.is_ascii_uppercase() || it == ' ');
            if is_head && after.starts_with(", \"") {
                heads.insert(format!("head-{}", head.to_lowercase().replace(' ', "-")));
            }
        }
    }
    let words = Translations::of_heads(Language::Zh).expect("Chinese");
    let known: BTreeSet<String> = words.ids().into_iter().map(str::to_owned).collect();
    assert_eq!(known, heads);
}
