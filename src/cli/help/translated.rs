//! A command with its texts in another language. What it is called, takes and does stays as it is, and so do the command
//! lines of its examples.

use crate::words::{Translations, fixed};
use clap::builder::{PossibleValue, PossibleValuesParser, StyledStr};
use clap::{Arg, Command};

/// Above examples, in English.
pub const EXAMPLES: &str = "Examples:";
/// Stands for a command line of the English help.
const LINE: char = '$';

/// A built command whose path below the program is `path`, with what its own help shows.
pub fn translated(command: Command, path: &[&str], words: &Translations) -> Command {
    let id = command_id(path);
    with_abouts(command, &id, words).mut_args(|argument| with_help(argument, path, words)).mut_subcommands(
        |inner| {
            let id = command_id(&[path, &[inner.get_name()]].concat());
            with_abouts(inner, &id, words)
        },
    )
}

/// The id of a command's texts: `help-publish-pool-add`. What stands below `help` is the command of that name.
pub fn command_id(path: &[&str]) -> String {
    if path.last() == Some(&"help") {
        return "help-help".to_owned();
    }
    let names = path.iter().filter(|name| **name != "help");
    names.fold("help".to_owned(), |id, name| format!("{id}-{name}"))
}

/// Where the text of an argument may stand: at its command, or, once for several of them, at a command above.
pub fn argument_ids(path: &[&str], argument: &str) -> impl Iterator<Item = String> {
    let name = slug(argument);
    (0..=path.len()).rev().map(move |depth| format!("{}--{name}", command_id(&path[..depth])))
}

/// Where the text of one of an argument's values may stand.
pub fn value_ids(path: &[&str], argument: &str, value: &str) -> impl Iterator<Item = String> {
    argument_ids(path, argument).map(move |id| format!("{id}--{}", slug(value)))
}

pub fn heading_id(heading: &str) -> String {
    format!("heading-{}", slug(heading))
}

fn slug(text: &str) -> String {
    text.to_lowercase().replace([' ', '_'], "-")
}

/// A line that a reader may copy.
pub fn is_command_line(line: &str) -> bool {
    line.trim_start().starts_with("contenthub ")
}

fn with_abouts(mut command: Command, id: &str, words: &Translations) -> Command {
    let about = words.text(id).or_else(|| plain(command.get_about()));
    if let Some(about) = about {
        if command.get_long_about().is_some() {
            let rest = words.part(id, "long").map(|rest| format!("\n\n{rest}")).unwrap_or_default();
            command = command.long_about(format!("{about}{rest}"));
        }
        command = command.about(about);
    }
    if let Some(english) = plain(command.get_after_help()) {
        command = command.after_help(after(&english, id, words));
    }
    if let Some(english) = plain(command.get_after_long_help()) {
        command = command.after_long_help(after(&english, id, words));
    }
    command
}

/// What stands below the options. Where that is examples alone, only what stands above them has words.
fn after(english: &str, id: &str, words: &Translations) -> String {
    let Some(ours) = words.part(id, "after") else {
        return english.replacen(EXAMPLES, &words.say(fixed("layout-examples"), &[]), 1);
    };
    let mut command_lines = english.lines().filter(|line| is_command_line(line));
    let lines = ours.lines().map(|line| match line.trim_start().strip_prefix(LINE) {
        Some(remark) => with_remark(command_lines.next().unwrap_or_default(), remark.trim_start()),
        None => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A command line with what is said behind it.
fn with_remark(line: &str, remark: &str) -> String {
    match line.find("# ").filter(|_| !remark.is_empty()) {
        Some(at) => format!("{}{remark}", &line[..at]),
        None => line.to_owned(),
    }
}

fn with_help(mut argument: Arg, path: &[&str], words: &Translations) -> Arg {
    let say = |id| words.say(id, &[]);
    match (argument.get_id().as_str(), argument.get_long_help().is_some()) {
        ("help", false) => return argument.help(say(fixed("layout-help"))),
        ("help", true) => {
            return argument.help(say(fixed("layout-help-more"))).long_help(say(fixed("layout-help-less")));
        }
        ("version", _) => return argument.help(say(fixed("layout-version"))),
        _ => {}
    }
    let values = argument.get_possible_values();
    if values.iter().any(|value| value.get_help().is_some()) {
        let values = values.into_iter().map(|value| with_meaning(value, &argument, path, words));
        let values: Vec<PossibleValue> = values.collect();
        argument = argument.value_parser(PossibleValuesParser::new(values));
    }
    let text = argument_ids(path, argument.get_id().as_str()).find_map(|id| words.text(&id));
    match text {
        Some(text) if argument.get_help().is_some() => argument.help(text),
        _ => argument,
    }
}

fn with_meaning(value: PossibleValue, of: &Arg, path: &[&str], words: &Translations) -> PossibleValue {
    let text = value_ids(path, of.get_id().as_str(), value.get_name()).find_map(|id| words.text(&id));
    match text {
        Some(text) => value.help(text),
        None => value,
    }
}

fn plain(text: Option<&StyledStr>) -> Option<String> {
    text.map(ToString::to_string)
}
