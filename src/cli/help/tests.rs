//! Every text of the command line has its translation, each translation is of something, and clap is understood.

use super::translated::{argument_ids, command_id, is_command_line, value_ids};
use super::*;
use crate::cli::Arguments;
use std::collections::{BTreeMap, BTreeSet};

fn words() -> &'static Translations {
    Translations::of_help(Language::Zh).expect("Chinese")
}

fn built() -> Command {
    let mut command = crate::cli::command();
    command.build();
    command
}

/// What English has, by the id of its translation; and what has none.
#[derive(Default)]
struct Seen {
    english: BTreeMap<String, BTreeSet<String>>,
    wrong: Vec<String>,
}

impl Seen {
    /// One of these ids has the translation.
    fn text(&mut self, ids: impl IntoIterator<Item = String>, english: Option<String>) {
        let Some(english) = english else { return };
        let ids: Vec<String> = ids.into_iter().collect();
        match ids.iter().find(|id| words().text(id).is_some()) {
            Some(id) => drop(self.english.entry(id.clone()).or_default().insert(english)),
            None => self.wrong.push(format!("{} has no translation: {english}", ids[0])),
        }
    }

    fn part(&mut self, id: &str, name: &str, english: Option<String>) {
        if words().part(id, name).is_some() != english.is_some() {
            self.wrong.push(format!("{id}, .{name}: {english:?} in English"));
        }
    }

    fn command(&mut self, command: &Command, path: &[&str]) {
        let id = command_id(path);
        self.text([id.clone()], command.get_about().map(ToString::to_string));
        if path.contains(&"help") {
            return;
        }
        self.part(&id, "long", command.get_long_about().map(ToString::to_string));
        let below = command.get_after_help().or(command.get_after_long_help()).map(ToString::to_string);
        self.part(&id, "after", below.clone().filter(|below| has_prose(below)));
        self.command_lines(&id, &below.unwrap_or_default());
        for argument in
            command.get_arguments().filter(|it| !["help", "version"].contains(&it.get_id().as_str()))
        {
            let name = argument.get_id().as_str();
            self.text(argument_ids(path, name), argument.get_help().map(ToString::to_string));
            assert!(
                argument.get_long_help().is_none(),
                "{id}, {name}: a long text has no place in the files yet"
            );
            for value in argument.get_possible_values() {
                self.text(value_ids(path, name, value.get_name()), value.get_help().map(ToString::to_string));
            }
            let heading = argument.get_help_heading();
            self.text(heading.map(heading_id), heading.map(str::to_owned));
        }
        for inner in command.get_subcommands().filter(|it| !it.is_hide_set()) {
            self.command(inner, &[path, &[inner.get_name()]].concat());
        }
    }

    /// Each stands there once, as it is.
    fn command_lines(&mut self, id: &str, english: &str) {
        let ours = words().part(id, "after").unwrap_or_default();
        let count = ours.lines().filter(|line| line.trim_start().starts_with('$')).count();
        if !ours.is_empty() && count != english.lines().filter(|line| is_command_line(line)).count() {
            self.wrong.push(format!("{id}, .after: {count} command lines"));
        }
    }
}

/// Whether there is more than examples.
fn has_prose(below: &str) -> bool {
    below.lines().any(|line| {
        let line = line.trim();
        !line.is_empty() && line != EXAMPLES && (!is_command_line(line) || line.contains("# "))
    })
}

#[test]
fn every_text_is_translated_and_every_translation_is_of_a_text() {
    let mut seen = Seen::default();
    seen.command(&built(), &[]);
    let mut wrong = seen.wrong;
    for (id, english) in seen.english.iter().filter(|(_, english)| english.len() > 1) {
        wrong.push(format!("{id} is the translation of several texts: {english:?}"));
    }
    let of_commands = |id: &&str| id.starts_with("help") || id.starts_with("heading-");
    for id in words().ids().into_iter().filter(of_commands).filter(|id| !seen.english.contains_key(*id)) {
        wrong.push(format!("{id} is the translation of nothing"));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen.english.len() > 180, "{} texts", seen.english.len());
}

#[test]
fn clap_tells_which_help_it_shows() {
    use Length::{Long, Short};
    for (args, path, length) in [
        ("", "", Short),
        ("-h", "", Short),
        ("--help", "", Long),
        ("help", "", Long),
        ("publish-pool", "publish-pool", Short),
        ("publish-pool add -h", "publish-pool add", Short),
        ("publish-pool add 1 --priority 3 --help", "publish-pool add", Long),
        ("--output json publish-pool --help", "publish-pool", Long),
        ("help publish-pool add", "publish-pool add", Long),
        ("publish-pool help add", "publish-pool add", Long),
        ("help help", "help", Short),
    ] {
        let words: Vec<OsString> =
            ["contenthub"].into_iter().chain(args.split_whitespace()).map(OsString::from).collect();
        let asked = asked::<Arguments>(&words).map(|(path, length)| (path.join(" "), length));
        assert_eq!(asked, Some((path.to_owned(), length)), "{args}");
    }
    assert_eq!(asked::<Arguments>(&["contenthub", "status"].map(OsString::from)), None);
}

/// A part is built of what clap would build, and it shows the same; nor is there a command whose long help is its short one,
/// which clap would lay out as such.
#[test]
fn what_is_built_along_the_way_to_a_command_is_all_of_it() {
    let whole = built();
    let mut waiting: Vec<(Vec<String>, &Command)> = vec![(Vec::new(), &whole)];
    let mut seen = 0;
    while let Some((path, command)) = waiting.pop() {
        for length in [Length::Short, Length::Long] {
            let page =
                |command: &Command| page_of(command, &path, length, words()).expect("a page").to_string();
            assert_eq!(page(&built_along(Arguments::command(), &path)), page(&whole), "{path:?}");
        }
        let help = command.get_arguments().find(|it| it.get_id() == "help").expect("--help");
        assert!(help.get_long_help().is_some(), "{path:?}");
        seen += 1;
        let inner = command.get_subcommands().filter(|it| !it.is_hide_set() && it.get_name() != "help");
        waiting.extend(inner.map(|it| ([&path[..], &[it.get_name().to_owned()]].concat(), it)));
    }
    assert!(seen > 60, "{seen} commands");
}

#[test]
fn what_is_said_behind_a_command_line_is_translated_and_the_line_is_not() {
    let backup = built();
    let backup = backup.find_subcommand("db").and_then(|db| db.find_subcommand("backup")).expect("db backup");
    let shown = translated(backup.clone(), &["db", "backup"], words());
    let below = shown.get_after_long_help().expect("examples").to_string();
    assert!(
        below.contains("    contenthub db backup --keep 14            # 并只保留其中最近的 14 份"),
        "{below}"
    );
    assert!(below.ends_with("\n    contenthub db backup --to copy.db"), "{below}");
}
