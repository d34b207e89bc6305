//! `contenthub audit`: who changed what.

use super::output::{self, Output};
use super::{Done, Failure};
use crate::app::App;
use crate::db::audit::Filter;
use crate::domain::resource::Resource;
use crate::operations::Paging;
use crate::operations::audit::ListAudit;
use crate::views::AuditView;
use serde_json::{Value, json};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  contenthub audit\n  contenthub audit --resource account --id 1\n  contenthub audit --who laptop --from \"2026-11-01 00:00\" --output csv"
)]
pub struct Arguments {
    /// The name of a token, or of a user of this machine
    #[arg(long, value_name = "NAME")]
    who: Option<String>,
    /// account, content, entry, pool, task, execution, publishing, token, import or database
    #[arg(long, value_name = "KIND")]
    resource: Option<Resource>,
    /// One of that kind
    #[arg(long, value_name = "ID", requires = "resource")]
    id: Option<i64>,
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Before this time
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    #[arg(long)]
    page: Option<i64>,
    #[arg(long)]
    page_size: Option<i64>,
}

pub fn run(arguments: Arguments, app: &App, out: &Output) -> Result<Done, Failure> {
    let filter = Filter {
        who: arguments.who,
        resource: arguments.resource,
        resource_id: arguments.id,
        from: super::time(app, arguments.from.as_deref())?,
        to: super::time(app, arguments.to.as_deref())?,
    };
    let paging = Paging::new(arguments.page, arguments.page_size)?;
    let page = app.run(ListAudit { filter, paging })?.map(|row| json!(AuditView::from(row)));
    if !out.is_table() {
        return out.page(&[&ACT[..], &CHANGE].concat(), &page.items, &page);
    }
    let below: Vec<String> = page.items.iter().map(|row| changes(row, out)).collect();
    output::write(&beneath(&out.table(&ACT, &page.items), &below))?;
    out.tell_more(&page);
    Ok(Done::Well)
}

const ACT: [(&str, &str); 7] = [
    ("ID", "id"),
    ("AT", "at"),
    ("WHO", "who"),
    ("FROM", "from"),
    ("ACTION", "action"),
    ("RESOURCE", "resource"),
    ("OF", "resource_id"),
];
const CHANGE: [(&str, &str); 2] = [("BEFORE", "before"), ("AFTER", "after")];

/// Longer values are cut, and to be read as JSON.
const VALUE_CHARS_MAX: usize = 200;
const INDENT: usize = 6;

/// A line for each field that changed: `name: before → after`.
fn changes(row: &Value, out: &Output) -> String {
    let fields = |state: &Value| state.as_object().cloned().unwrap_or_default();
    let (before, after) = (fields(&row["before"]), fields(&row["after"]));
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort();
    names.dedup();
    let line = |name: &&String| {
        let (was, is) = (before.get(*name), after.get(*name));
        let is_nothing = |it: &Value| output::shown(it).is_empty();
        if row["before"].is_null() && is.is_none_or(is_nothing) {
            return String::new();
        }
        let text = match (was.filter(|it| !it.is_null()), is.filter(|it| !it.is_null())) {
            (None, None) => return String::new(),
            (None, Some(is)) if row["before"].is_null() => format!("{name}: {}", value(is, out)),
            (None, Some(is)) => format!("{name}: – → {}", value(is, out)),
            (Some(was), None) => format!("{name}: {} → –", value(was, out)),
            (Some(was), Some(is)) => format!("{name}: {} → {}", value(was, out), value(is, out)),
        };
        out.paragraph(INDENT, INDENT + 2, &text)
    };
    names.iter().map(line).collect()
}

fn value(value: &Value, out: &Output) -> String {
    let text = out.with_moments(&output::shown(value));
    let mut cut: String = text.chars().take(VALUE_CHARS_MAX).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    cut
}

/// A table with something beneath each of its rows. Where a row has several lines, all but the first leave the first column
/// empty.
fn beneath(table: &str, below: &[String]) -> String {
    let mut text = String::new();
    let mut below = below.iter();
    let mut is_head = true;
    let begins = |line: &str| output::terminal::unstyled(line).chars().nth(1).is_some_and(|it| it != ' ');
    let mut lines = table.lines().peekable();
    while let Some(line) = lines.next() {
        text.push_str(line);
        text.push('\n');
        let is_last_of_row = lines.peek().is_none_or(|next| begins(next));
        if is_last_of_row && !std::mem::take(&mut is_head) {
            text.extend(below.next().map(String::as_str));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_stands_beneath_its_row() {
        let table = " ID  ACTION\n     HEAD\n 12  account.\n     update\n 11  x\n";
        let below = ["      a: 1 → 2\n".to_owned(), String::new()];
        let text = " ID  ACTION\n     HEAD\n 12  account.\n     update\n      a: 1 → 2\n 11  x\n";
        assert_eq!(beneath(table, &below), text);
    }
}
