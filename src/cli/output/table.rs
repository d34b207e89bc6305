//! Tables: as wide as the terminal at most, plain where they go elsewhere.

use super::moment::Moment;
use super::{Columns, shown, terminal};
use comfy_table::{Attribute, Cell, Color, ColumnConstraint, ContentArrangement, Table, Width, presets};
use serde_json::Value;
use unicode_width::UnicodeWidthStr;

/// Between two columns.
const GAP: usize = 2;

/// A row a line, under a header.
pub fn headed(head: Vec<String>, columns: &Columns, rows: &[Value], moment: &Moment) -> String {
    let cells = |row: &Value| columns.iter().map(|(_, field)| text(&row[*field], moment)).collect();
    lay_out(Some(head), rows.iter().map(cells).collect())
}

/// Rows without a header.
pub fn headless(rows: Vec<Vec<String>>) -> String {
    lay_out(None, rows.into_iter().map(|row| row.iter().map(|cell| harmless(cell)).collect()).collect())
}

fn text(value: &Value, moment: &Moment) -> String {
    let text = shown(value);
    harmless(&moment.cell(&text).unwrap_or(text))
}

fn lay_out(head: Option<Vec<String>>, rows: Vec<Vec<String>>) -> String {
    let mut widths: Vec<usize> = Vec::new();
    for row in head.iter().chain(&rows) {
        widths.resize(row.len(), 0);
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.lines().map(UnicodeWidthStr::width).fold(*width, usize::max);
        }
    }
    let whole = 1 + widths.iter().map(|width| width + GAP).sum::<usize>();
    let has_lines = rows.iter().flatten().any(|cell| cell.contains('\n'));
    let fits = terminal::width().is_none_or(|columns| whole <= usize::from(columns) + GAP);
    let laid = if fits && !has_lines { padded(head, &rows, &widths) } else { broken(&head, &rows) };
    // What must not be broken was held together.
    laid.replace(TIE, " ")
}

/// Holds words together.
const TIE: char = '\u{a0}';

/// Cells are broken so that the table fits: what is held together, only where there is no room for it; and then at its ties.
fn broken(head: &Option<Vec<String>>, rows: &[Vec<String>]) -> String {
    let untied = |rows: &[Vec<String>]| -> Vec<Vec<String>> {
        rows.iter().map(|row| row.iter().map(|cell| cell.replace(TIE, " ")).collect()).collect()
    };
    let held = least(rows, |cell| cell.split(' ').map(UnicodeWidthStr::width).max());
    if held.is_empty() {
        return wrapped(head, rows, &held);
    }
    let heads = head.iter().flatten().map(|name| name.width());
    let whole_heads: Vec<usize> =
        heads.enumerate().map(|(column, width)| width.max(held.get(column).copied().unwrap_or(0))).collect();
    for least in [whole_heads, held] {
        let laid = wrapped(head, rows, &least);
        if has_room(&laid) {
            return laid;
        }
    }
    let words = least(rows, |cell| cell.split([' ', TIE]).map(UnicodeWidthStr::width).max());
    let laid = wrapped(head, &untied(rows), &words);
    if has_room(&laid) { laid } else { wrapped(head, &untied(rows), &[]) }
}

/// How wide each column must be at the least, where one of its cells is held together; empty where none is.
fn least(rows: &[Vec<String>], width: impl Fn(&str) -> Option<usize>) -> Vec<usize> {
    let mut least: Vec<usize> = Vec::new();
    for row in rows {
        for (column, cell) in row.iter().enumerate().filter(|(_, cell)| cell.contains(TIE)) {
            least.resize(least.len().max(column + 1), 0);
            least[column] = least[column].max(width(cell).unwrap_or(0));
        }
    }
    least
}

fn has_room(laid: &str) -> bool {
    let widest = laid.lines().map(|line| terminal::unstyled(line).width()).max().unwrap_or(0);
    terminal::width().is_none_or(|columns| widest <= usize::from(columns))
}

/// Nothing has to be broken: the usual case, and a list of thousands is quick.
fn padded(head: Option<Vec<String>>, rows: &[Vec<String>], widths: &[usize]) -> String {
    let has_colours = terminal::has_colours();
    let mut text = String::new();
    let mut line = |row: &[String], style: &dyn Fn(&str) -> Option<&'static str>| {
        let start = text.len();
        text.push(' ');
        for (cell, width) in row.iter().zip(widths) {
            match style(cell).filter(|_| has_colours && !cell.is_empty()) {
                Some(code) => text.push_str(&format!("\u{1b}[{code}m{cell}\u{1b}[0m")),
                None => text.push_str(cell),
            }
            text.extend(std::iter::repeat_n(' ', width - cell.width() + GAP));
        }
        text.truncate(start + text[start..].trim_end().len());
        text.push('\n');
    };
    if let Some(head) = &head {
        line(head, &|_| Some("1"));
    }
    rows.iter().for_each(|row| line(row, &|cell| colour(cell).map(|(_, code)| code)));
    text
}

/// Cells are broken so that the table fits.
fn wrapped(head: &Option<Vec<String>>, rows: &[Vec<String>], least: &[usize]) -> String {
    let mut table = Table::new();
    // Width and colours are ours to say: a table looks at the wrong stream.
    table.load_preset(presets::NOTHING).force_no_tty();
    if terminal::has_colours() {
        table.enforce_styling();
    }
    if let Some(width) = terminal::width() {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    if let Some(head) = head {
        table.set_header(head.iter().map(|name| Cell::new(name).add_attribute(Attribute::Bold)));
    }
    for row in rows {
        table.add_row(row.iter().map(|text| match colour(text) {
            Some((colour, _)) => Cell::new(text).fg(colour),
            None => Cell::new(text),
        }));
    }
    for (column, width) in table.column_iter_mut().zip(least).filter(|(_, width)| **width > 0) {
        // With the space on either side.
        let width = u16::try_from(width + GAP).unwrap_or(u16::MAX);
        column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(width)));
    }
    let lines = table.to_string();
    lines.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// Words that tell how something stands, as comfy-table and as a terminal names their colour.
fn colour(word: &str) -> Option<(Color, &'static str)> {
    match word {
        "published" | "succeeded" | "ok" | "open" | "approved" => Some((Color::Green, "32")),
        "failed" | "error" | "fail" | "rejected" => Some((Color::Red, "31")),
        "uncertain" | "warn" | "wait" | "shut" | "interrupted" => Some((Color::Yellow, "33")),
        "publishing" | "running" | "submitted" => Some((Color::Cyan, "36")),
        _ => None,
    }
}

/// Text for a terminal, which obeys control characters: a title must not be able to move the cursor.
pub fn harmless(text: &str) -> String {
    text.chars().map(|it| if it.is_control() && it != '\n' { '\u{fffd}' } else { it }).collect()
}
