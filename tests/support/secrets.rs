//! Secrets are found wherever the program has written one: in all that its processes print, in every answer of its
//! servers, and in the files of a data directory. Each test that runs the program looks, whatever it is about.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// The webhook secret of most tests.
pub const WEBHOOK_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// What begins secrets, and how many characters of their kind follow at least: `whsec_…` in a help text is none.
const BEGINNINGS: [(&str, usize); 2] = [("whsec_", 12), ("cht_", 20)];

/// Whether tokens may be there: whoever has just made one is told it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tokens {
    Told,
    Never,
}

/// The first thing in a text that only a secret looks like, cut short. Secrets of webhooks are known by their
/// beginning, or as what follows it in those of the tests; tokens by theirs.
pub fn found_in(text: &str, tokens: Tokens) -> Option<String> {
    let bare = WEBHOOK_SECRET.trim_start_matches("whsec_");
    let is_of_one = |c: char| c.is_ascii_alphanumeric() || "+/_-".contains(c);
    let beginnings =
        BEGINNINGS.iter().filter(|(beginning, _)| tokens == Tokens::Never || *beginning != "cht_");
    let begun = beginnings.flat_map(|(beginning, least)| {
        text.match_indices(beginning).filter(move |(at, _)| {
            let rest = &text[at + beginning.len()..];
            rest.chars().take_while(|&c| is_of_one(c)).count() >= *least
        })
    });
    let place = begun.map(|(at, _)| at).chain(text.find(bare)).min()?;
    let from = text[..place].char_indices().rev().nth(60).map_or(0, |(at, _)| at);
    Some(text[from..].chars().take(80).collect())
}

/// Fails where `text` holds a secret. `what`: whose words it is.
#[track_caller]
pub fn none_in(what: &str, text: &str, tokens: Tokens) {
    if let Some(found) = found_in(text, tokens) {
        // One panic is enough, and a second one would end the whole test program.
        assert!(std::thread::panicking(), "{what} has a secret in it: …{found}…");
    }
}

/// Fails where a file below `dir` holds a secret; keys are where they belong.
#[track_caller]
pub fn none_in_files(dir: &Path) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            none_in_files(&path);
        } else if let Some(bytes) = read_elsewhere(&path) {
            none_in(&path.display().to_string(), &String::from_utf8_lossy(&bytes), Tokens::Never);
        }
    }
}

/// What a file holds; none where it is gone by now. Read by another process: whoever closes a file of a SQLite database
/// lets go of the locks that connections of his own process have on it (https://sqlite.org/howtocorrupt.html, 2.2).
pub fn read_elsewhere(path: &Path) -> Option<Vec<u8>> {
    let read = Command::new("cat").arg(path).stderr(Stdio::null()).output().expect("cat runs");
    read.status.success().then_some(read.stdout)
}

/// Fails where `text` holds a key: those that a process was given in its variables, or those of a key file.
#[track_caller]
pub fn no_key_in<'a>(what: &str, text: &str, keys: impl IntoIterator<Item = &'a str>) {
    let words = keys.into_iter().flat_map(|keys| keys.split([',', ' ', '\n'])).map(str::trim);
    for key in words.filter(|key| key.len() >= 32) {
        let is_there = text.contains(key);
        assert!(
            !is_there || std::thread::panicking(),
            "{what} has the key in it that credentials are sealed with"
        );
    }
}
