//! One command's help, laid out as clap lays it out. Clap itself breaks lines at spaces alone and takes each character for
//! one column, so it cannot lay out a script that writes no spaces, and whose characters are two columns wide.

use super::translated::{heading_id, is_command_line};
use super::{Length, WIDTH_MAX, listed, styled};
use crate::cli::output::lines;
use crate::words::{Arg as Given, Fixed, Translations, fixed};
use clap::builder::{StyledStr, Styles};
use clap::{Arg, Command};
use unicode_width::UnicodeWidthStr;

/// Before the name of what is listed, and behind it.
const GAP: usize = 2;
/// Before what is said of something where that stands below its name.
const INDENT: usize = 10;

/// The help of a command whose texts are translated.
pub fn page(mut command: Command, length: Length, words: &Translations) -> StyledStr {
    let usage = command.render_usage();
    let page = Page { words, length, styles: command.get_styles(), width: width() };
    let (about, below) = match length {
        Length::Short => (command.get_about(), command.get_after_help()),
        Length::Long => (
            command.get_long_about().or(command.get_about()),
            command.get_after_long_help().or(command.get_after_help()),
        ),
    };
    let mut parts: Vec<String> = about.map(|text| page.paragraphs(&text.to_string())).into_iter().collect();
    parts.push(in_words(&usage, words));
    parts.extend(page.commands(&command));
    parts.extend(page.arguments(&command));
    parts.extend(below.map(|text| page.paragraphs(&text.to_string())));
    let parts: Vec<&str> = parts.iter().map(|part| part.trim_end()).collect();
    StyledStr::from(format!("{}\n", parts.join("\n\n")))
}

/// A line of usage, of which clap writes the heading and two placeholders.
pub fn in_words(usage: &StyledStr, words: &Translations) -> String {
    let command = words.say(fixed("layout-command"), &[]);
    usage
        .ansi()
        .to_string()
        .replacen("Usage:", &words.say(fixed("layout-usage"), &[]), 1)
        // The heading has a colon that takes the room of a space itself.
        .replacen(' ', "", 1)
        .replace("[OPTIONS]", &words.say(fixed("layout-options"), &[]))
        .replace("<COMMAND>", &format!("<{command}>"))
        .replace("[COMMAND]", &format!("[{command}]"))
}

/// Of the terminal; where there is none, what is usual.
fn width() -> usize {
    let terminal = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    let told = || std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    terminal.or_else(told).unwrap_or(WIDTH_MAX).min(WIDTH_MAX)
}

struct Page<'a> {
    words: &'a Translations,
    length: Length,
    styles: &'a Styles,
    width: usize,
}

/// Something in a list, and what is said of it.
struct Row {
    /// With its style.
    name: String,
    columns: usize,
    /// Each on lines of its own where there is room.
    said: Vec<String>,
}

/// Where what is said of something stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Layout {
    Beside,
    Below,
    /// Below, with an empty line between one and the next.
    Apart,
}

impl Page<'_> {
    fn commands(&self, command: &Command) -> Option<String> {
        let mut inner: Vec<&Command> = command.get_subcommands().filter(|it| !it.is_hide_set()).collect();
        inner.sort_by_key(|it| (it.get_display_order(), it.get_name()));
        let rows: Vec<Row> = inner.into_iter().map(|it| self.command_row(it)).collect();
        let layout = self.layout_of(&rows);
        let heading = self.words.say(fixed("layout-commands-heading"), &[]);
        (!rows.is_empty()).then(|| self.list(&heading, &rows, layout))
    }

    fn command_row(&self, command: &Command) -> Row {
        let about = command.get_about().map(ToString::to_string);
        let columns = command.get_name().width();
        Row { name: self.literal(command.get_name()), columns, said: about.into_iter().collect() }
    }

    /// Arguments by their place, then options, then what has a heading of its own.
    fn arguments(&self, command: &Command) -> Vec<String> {
        let shown: Vec<&Arg> = command.get_arguments().filter(|it| self.is_shown(it)).collect();
        let mut headings: Vec<&str> = Vec::new();
        for heading in shown.iter().filter_map(|it| it.get_help_heading()) {
            if !headings.contains(&heading) {
                headings.push(heading);
            }
        }
        let (placed, flags): (Vec<&Arg>, Vec<&Arg>) = shown
            .iter()
            .copied()
            .filter(|it| it.get_help_heading().is_none())
            .partition(|it| it.is_positional());
        let heading = |id| self.words.say(id, &[]);
        let mut lists = vec![
            (heading(fixed("layout-arguments-heading")), placed),
            (heading(fixed("layout-options-heading")), flags),
        ];
        for english in headings {
            let name = self.words.text(&heading_id(english)).unwrap_or_else(|| english.to_owned());
            let heading = self.words.say(fixed("layout-heading"), &[("heading", Given::Text(&name))]);
            let under = |it: &&Arg| it.get_help_heading() == Some(english);
            lists.push((heading, shown.iter().copied().filter(under).collect()));
        }
        lists.retain(|(_, arguments)| !arguments.is_empty());
        lists.into_iter().map(|(heading, arguments)| self.argument_list(&heading, arguments)).collect()
    }

    fn is_shown(&self, argument: &Arg) -> bool {
        let is_left_out = match self.length {
            Length::Short => argument.is_hide_short_help_set(),
            Length::Long => argument.is_hide_long_help_set(),
        };
        !argument.is_hide_set() && !is_left_out
    }

    fn argument_list(&self, heading: &str, mut arguments: Vec<&Arg>) -> String {
        arguments.sort_by_key(|it| match it.get_index() {
            Some(index) => (index, String::new()),
            None => (it.get_display_order(), it.get_long().unwrap_or_default().to_owned()),
        });
        let rows: Vec<Row> = arguments.into_iter().map(|it| self.argument_row(it)).collect();
        let layout = match self.length {
            Length::Long => Layout::Apart,
            Length::Short => self.layout_of(&rows),
        };
        self.list(heading, &rows, layout)
    }

    fn argument_row(&self, argument: &Arg) -> Row {
        let shown = argument.to_string();
        let with_style = |rest: &str| styled(self.styles.get_placeholder(), rest);
        let name = match argument.get_long().map(|long| format!("--{long}")) {
            None => with_style(&shown),
            Some(long) => {
                let short = argument.get_short().map(|short| self.literal(&format!("-{short}")) + ", ");
                let value = with_style(shown.strip_prefix(&long).unwrap_or_default());
                format!("{}{}{value}", short.unwrap_or_else(|| " ".repeat(4)), self.literal(&long))
            }
        };
        let columns = shown.width() + if argument.is_positional() { 0 } else { 4 };
        Row { name, columns, said: self.said_of(argument) }
    }

    /// What it is for, what its values mean, and what it is where it is not given.
    fn said_of(&self, argument: &Arg) -> Vec<String> {
        let mut said = Vec::new();
        let help = match self.length {
            Length::Short => argument.get_help().or(argument.get_long_help()),
            Length::Long => argument.get_long_help().or(argument.get_help()),
        };
        said.extend(help.map(ToString::to_string));
        let has_meanings = argument.get_possible_values().iter().any(|value| value.get_help().is_some());
        if self.length == Length::Long && has_meanings {
            said.push(self.meanings(argument));
        }
        let facts = [
            self.variable(argument),
            self.default(argument),
            self.aliases(argument),
            if self.length == Length::Long && has_meanings { None } else { self.values(argument) },
        ];
        let facts: Vec<String> = facts.into_iter().flatten().collect();
        if !facts.is_empty() {
            said.push(facts.join(if self.length == Length::Long { "\n" } else { " " }));
        }
        said
    }

    fn meanings(&self, argument: &Arg) -> String {
        let values = argument.get_possible_values();
        let line = |value: &clap::builder::PossibleValue| {
            let about = value.get_help().map(ToString::to_string).unwrap_or_default();
            let given = [("name", Given::Text(value.get_name())), ("about", Given::Text(&about))];
            format!("\n- {}", self.words.say(fixed("layout-value"), &given))
        };
        let lines = values.iter().filter(|value| !value.is_hide_set()).map(line);
        self.words.say(fixed("layout-values-heading"), &[]) + &lines.collect::<String>()
    }

    fn variable(&self, argument: &Arg) -> Option<String> {
        let name = argument.get_env().filter(|_| !argument.is_hide_env_set())?;
        let value = std::env::var_os(name).unwrap_or_default();
        let mut shown = name.to_string_lossy().into_owned();
        if !argument.is_hide_env_values_set() {
            shown.push_str(&format!("={}", value.to_string_lossy()));
        }
        Some(self.words.say(fixed("layout-env"), &[("variable", Given::Text(&shown))]))
    }

    fn default(&self, argument: &Arg) -> Option<String> {
        let takes_value = argument.get_num_args().is_some_and(|count| count.takes_values());
        let values = argument.get_default_values();
        if values.is_empty() || !takes_value || argument.is_hide_default_value_set() {
            return None;
        }
        let values: Vec<_> = values.iter().map(|value| value.to_string_lossy()).collect();
        Some(self.words.say(fixed("layout-default"), &[("values", Given::Text(&values.join(" ")))]))
    }

    fn aliases(&self, argument: &Arg) -> Option<String> {
        let names: Vec<String> =
            argument.get_visible_aliases()?.iter().map(|name| format!("--{name}")).collect();
        self.fact(fixed("layout-aliases"), names.iter().map(String::as_str))
    }

    fn values(&self, argument: &Arg) -> Option<String> {
        if argument.is_hide_possible_values_set() {
            return None;
        }
        let values = argument.get_possible_values();
        self.fact(
            fixed("layout-values"),
            values.iter().filter(|it| !it.is_hide_set()).map(|it| it.get_name()),
        )
    }

    fn fact<'n>(&self, id: Fixed, names: impl Iterator<Item = &'n str>) -> Option<String> {
        let names = listed(names, self.words);
        (!names.is_empty()).then(|| self.words.say(id, &[("names", Given::Text(&names))]))
    }

    /// Beside the names, unless these take so much of the line that what is said would be a narrow column.
    fn layout_of(&self, rows: &[Row]) -> Layout {
        let taken = longest(rows) + 2 * GAP;
        let is_much = taken * 5 > self.width * 2;
        let fits = |row: &Row| row.said.join(" ").width() <= self.width.saturating_sub(taken);
        if is_much && !rows.iter().all(fits) { Layout::Below } else { Layout::Beside }
    }

    fn list(&self, heading: &str, rows: &[Row], layout: Layout) -> String {
        let longest = longest(rows);
        let heading = styled(self.styles.get_header(), heading);
        let between = if layout == Layout::Apart { "\n" } else { "" };
        let rows: Vec<String> = rows.iter().map(|row| self.row(row, longest, layout)).collect();
        format!("{heading}\n{}", rows.join(between))
    }

    fn row(&self, row: &Row, longest: usize, layout: Layout) -> String {
        let name = format!("{:GAP$}{}", "", row.name);
        if row.said.is_empty() {
            return name + "\n";
        }
        if layout == Layout::Beside {
            let indent = longest + 2 * GAP;
            let text = lines::broken(&row.said.join(" "), indent, indent, Some(self.width));
            return format!("{name}{:pad$}{}", "", text.trim_start(), pad = longest - row.columns + GAP);
        }
        let said = row.said.iter().map(|text| self.indented(text, INDENT));
        let between = if layout == Layout::Apart { "\n" } else { "" };
        format!("{name}\n{}", said.collect::<Vec<_>>().join(between))
    }

    fn paragraphs(&self, text: &str) -> String {
        self.indented(text, 0)
    }

    /// Each line is broken by itself, and keeps what it is indented by. What can be copied is not broken.
    fn indented(&self, text: &str, indent: usize) -> String {
        let broken = |line: &str| {
            let indent = indent + line.len() - line.trim_start().len();
            let width = (!is_command_line(line)).then_some(self.width);
            lines::broken(line.trim_start(), indent, indent, width)
        };
        text.lines().map(broken).collect()
    }

    fn literal(&self, text: &str) -> String {
        styled(self.styles.get_literal(), text)
    }
}

fn longest(rows: &[Row]) -> usize {
    rows.iter().map(|row| row.columns).max().unwrap_or(0)
}
