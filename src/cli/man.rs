//! `contenthub man`: manual pages, made of the same text as `--help`, in the reader's language.

use super::output::Output;
use super::usage::UsageError;
use super::{Done, Failure, help};
use crate::words::{Arg, Sentence, Translations, fixed, message};
use clap::Command;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Writes `contenthub.1`, `contenthub-scheduler.1` and so on into `dir`.
pub fn run(dir: &Path, command: Command, out: &Output) -> Result<Done, Failure> {
    let failed = |path: &Path, source| UsageError::File { path: path.to_owned(), source };
    std::fs::create_dir_all(dir).map_err(|error| failed(dir, error))?;
    let words = Translations::of_help(out.language());
    let mut command = command.disable_help_subcommand(true);
    command.build();
    let mut written: Vec<PathBuf> = Vec::new();
    let mut waiting = vec![(Vec::new(), &command)];
    while let Some((path, command)) = waiting.pop() {
        let visible = command.get_subcommands().filter(|it| !it.is_hide_set());
        waiting.extend(visible.map(|it| ([&path[..], &[it.get_name()]].concat(), it)));
        let name = path.iter().fold("contenthub".to_owned(), |name, part| format!("{name}-{part}"));
        let file = dir.join(format!("{name}.1"));
        let page = page(command, &path, name, words)?;
        std::fs::write(&file, page).map_err(|error| failed(&file, error))?;
        written.push(file);
    }
    let said = Sentence::new(message("done-man"))
        .with("count", written.len().to_string())
        .with("dir", dir.display().to_string());
    out.tell(&said, &json!({"dir": dir.display().to_string(), "pages": written.len()}))
}

/// One page, as `clap_mangen` makes it, with sections as readers of manual pages look for them.
fn page(
    command: &Command,
    path: &[&str],
    name: String,
    words: Option<&Translations>,
) -> Result<String, Failure> {
    let shown = match words {
        Some(words) => help::translated(command.clone(), path, words),
        None => command.clone(),
    };
    let mut page = Vec::new();
    clap_mangen::Man::new(shown).title(name).render(&mut page)?;
    let page = String::from_utf8_lossy(&page);
    Ok(match words {
        Some(words) => {
            in_words(&with_examples(&page, &words.say(fixed("layout-examples"), &[])), command, words)
        }
        None => with_examples(&page, help::EXAMPLES),
    })
}

/// Examples under the name that readers of manual pages look for, and what is said before them under one of its own.
fn with_examples(page: &str, begin: &str) -> String {
    const EXTRA: &str = ".SH EXTRA\n";
    let Some((before, extra)) = page.split_once(EXTRA) else { return page.to_owned() };
    let at =
        if extra.starts_with(begin) { Some(0) } else { extra.find(&format!("\n{begin}")).map(|at| at + 1) };
    match at {
        None => format!("{before}.SH NOTES\n{extra}"),
        Some(0) => format!("{before}.SH EXAMPLES\n{extra}"),
        Some(at) => {
            let (notes, examples) = extra.split_at(at);
            format!("{before}.SH NOTES\n{}\n.SH EXAMPLES\n{examples}", notes.trim_end())
        }
    }
}

/// The words that `clap_mangen` writes itself, which it has in English alone.
fn in_words(page: &str, command: &Command, words: &Translations) -> String {
    let mut sections: Vec<(String, String)> = [
        ("NAME", fixed("man-name")),
        ("SYNOPSIS", fixed("man-synopsis")),
        ("DESCRIPTION", fixed("man-description")),
        ("OPTIONS", fixed("man-options")),
        ("SUBCOMMANDS", fixed("man-commands")),
        ("NOTES", fixed("man-notes")),
        ("EXAMPLES", fixed("man-examples")),
        ("VERSION", fixed("man-version")),
    ]
    .map(|(english, id)| (english.to_owned(), words.say(id, &[])))
    .into();
    let headings = command.get_arguments().filter_map(|argument| argument.get_help_heading());
    sections.extend(headings.filter_map(|it| Some((it.to_uppercase(), words.text(&help::heading_id(it))?))));
    let lines = page.lines().map(|line| {
        let section = line.strip_prefix(".SH ").map(|name| name.trim_matches('"'));
        let known = sections.iter().find(|(english, _)| Some(english.as_str()) == section);
        known.map_or_else(|| sentence(line, words), |(_, ours)| format!(".SH \"{ours}\""))
    });
    lines.map(|line| line + "\n").collect()
}

/// Where a value comes from, which values there are, and what it is where it is not given.
fn sentence(line: &str, words: &Translations) -> String {
    let variable = line.strip_prefix("May also be specified with the ");
    if let Some(variable) = variable.and_then(|rest| rest.strip_suffix(" environment variable. ")) {
        return words.say(fixed("man-env"), &[("variable", Arg::Text(variable))]);
    }
    if let Some((before, values)) = line.split_once(" [default: ") {
        let values = values.trim_end_matches(']');
        return format!("{before} {}", words.say(fixed("layout-default"), &[("values", Arg::Text(values))]));
    }
    line.replace("Possible values:", &words.say(fixed("layout-values-heading"), &[]))
}
