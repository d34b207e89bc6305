//! What the command line says of itself, in the reader's language: help, and what is wrong with the arguments. In English
//! clap says it; in another language the same is told here, on the stream and with the exit code that clap has for it.
//! Nothing of this is read where arguments are right.

mod errors;
mod page;
mod translated;

pub use translated::{EXAMPLES, heading_id, translated};

use crate::words::{Arg, Language, Translations, fixed};
use clap::builder::{StyledStr, styling::Style};
use clap::error::{ContextKind, ContextValue, Error, ErrorFormatter, ErrorKind};
use clap::{Command, CommandFactory, Parser};
use std::ffi::OsString;

/// Lines of help are no longer than this, however wide the terminal is.
pub const WIDTH_MAX: usize = 100;

/// How much of a command's help is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Length {
    /// `-h`
    Short,
    /// `--help`
    Long,
}

/// The arguments of this process. Where they are no command, or ask for help, it ends here.
pub fn read_arguments<A: Parser>(language: Language) -> A {
    A::try_parse().unwrap_or_else(|error| {
        let told = Translations::of_help(language).and_then(|words| tell::<A>(&error, words));
        told.map_or_else(|| error.exit(), |told| told.exit())
    })
}

/// What clap has said in English; none where that is no sentence.
fn tell<A: CommandFactory>(error: &Error, words: &Translations) -> Option<Error<Written>> {
    let text = match error.kind() {
        ErrorKind::DisplayVersion => return None,
        ErrorKind::DisplayHelp | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let args: Vec<OsString> = std::env::args_os().collect();
            let (path, length) = asked::<A>(&args)?;
            page_of(&built_along(A::command(), &path), &path, length, words)?
        }
        _ => errors::told(error, words),
    };
    let mut told = Error::new(error.kind()).with_cmd(&A::command());
    told.insert(ContextKind::Custom, ContextValue::StyledStr(text));
    Some(told)
}

/// Shows a text that is whole already.
struct Written;

impl ErrorFormatter for Written {
    fn format_error(error: &Error<Self>) -> StyledStr {
        match error.get(ContextKind::Custom) {
            Some(ContextValue::StyledStr(text)) => text.clone(),
            _ => StyledStr::new(),
        }
    }
}

/// The help of the command at this path.
fn page_of(command: &Command, path: &[String], length: Length, words: &Translations) -> Option<StyledStr> {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let found = path.iter().try_fold(command, |command, name| command.find_subcommand(name))?;
    Some(page::page(translated(found.clone(), &path, words), length, words))
}

/// What can be asked of the command at this path. All commands together would take longer than everything else here.
fn built_along(mut command: Command, path: &[String]) -> Command {
    // The command that shows help is no step on a way.
    if path.last().is_some_and(|name| name == "help") {
        return whole(command);
    }
    let name = command.get_name().to_owned();
    let way = [&[name], path, &["-h".to_owned()]].concat();
    let shown = command.try_get_matches_from_mut(way);
    debug_assert!(shown.is_err_and(|it| it.kind() == ErrorKind::DisplayHelp), "no way to {path:?}");
    command
}

fn whole(mut command: Command) -> Command {
    command.build();
    command
}

/// Which command's help clap shows, and how much of it. Clap does not tell: it is asked to show the help of commands whose
/// help is nothing but their name.
fn asked<A: CommandFactory>(args: &[OsString]) -> Option<(Vec<String>, Length)> {
    let answer = |command| named(command, "").try_get_matches_from(args).err();
    // The command that shows help has no name before all are built.
    read_name(answer(A::command())?).or_else(|| read_name(answer(whole(A::command()))?))
}

fn read_name(answer: Error) -> Option<(Vec<String>, Length)> {
    let shown = answer.render().to_string();
    let mut parts = shown.trim().split('/').map(str::to_owned);
    let length = match parts.next()?.as_str() {
        SHORT => Length::Short,
        LONG => Length::Long,
        _ => return None,
    };
    Some((parts.collect(), length))
}

const SHORT: &str = "short";
const LONG: &str = "long";

fn named(command: Command, path: &str) -> Command {
    command
        .help_template("{about}")
        .about(format!("{SHORT}{path}"))
        .long_about(format!("{LONG}{path}"))
        .mut_subcommands(|inner| {
            let path = format!("{path}/{}", inner.get_name());
            named(inner, &path)
        })
}

/// Names as a list, as the language writes one.
fn listed<'a>(names: impl IntoIterator<Item = &'a str>, words: &Translations) -> String {
    let next = |first: String, rest: &str| {
        words.say(fixed("usage-list"), &[("first", Arg::Text(&first)), ("rest", Arg::Text(rest))])
    };
    let mut names = names.into_iter();
    let first = names.next().unwrap_or_default().to_owned();
    names.fold(first, next)
}

fn styled(style: &Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

#[cfg(test)]
mod tests;
