//! Results as a table, as JSON or as CSV.

use super::{Done, Failure};
use crate::config::Settings;
use comfy_table::{ContentArrangement, Table, presets};
use serde_json::{Value, json};
use std::io::Write;

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    Table,
    Json,
    Csv,
}

/// Where and how results are written.
pub struct Output {
    format: Format,
}

/// A list or a thing as a table: what each column is called, and which field it shows.
pub type Columns = [(&'static str, &'static str)];

impl Output {
    pub fn new(format: Format) -> Self {
        Output { format }
    }

    /// Rows. As JSON: `whole` as the API answers it.
    pub fn list(&self, columns: &Columns, rows: &[Value], whole: &Value) -> Result<Done, Failure> {
        let text = match self.format {
            Format::Json => format!("{whole:#}\n"),
            Format::Csv => csv(columns, rows),
            Format::Table => table(columns, rows),
        };
        write(&text)
    }

    /// One thing. As a table: a line a field.
    pub fn one(&self, thing: &Value) -> Result<Done, Failure> {
        let text = match self.format {
            Format::Json => format!("{thing:#}\n"),
            Format::Csv | Format::Table => {
                let fields = thing.as_object().into_iter().flatten();
                let rows: Vec<Value> =
                    fields.map(|(name, value)| json!({"field": name, "value": value})).collect();
                let columns = [("FIELD", "field"), ("VALUE", "value")];
                if self.format == Format::Csv { csv(&columns, &rows) } else { table(&columns, &rows) }
            }
        };
        write(&text)
    }

    /// A sentence for a person, or the thing itself for a program.
    pub fn say(&self, sentence: &str, thing: &Value) -> Result<Done, Failure> {
        match self.format {
            Format::Table => write(&format!("{}\n", harmless(sentence))),
            Format::Json | Format::Csv => self.one(thing),
        }
    }

    pub fn is_table(&self) -> bool {
        self.format == Format::Table
    }

    pub fn is_json(&self) -> bool {
        self.format == Format::Json
    }
}

pub fn write(text: &str) -> Result<Done, Failure> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()?;
    Ok(Done::Well)
}

pub fn table(columns: &Columns, rows: &[Value]) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(columns.iter().map(|(name, _)| *name));
    for row in rows {
        table.add_row(columns.iter().map(|(_, field)| harmless(&shown(&row[*field]))));
    }
    let lines = table.to_string();
    lines.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

fn csv(columns: &Columns, rows: &[Value]) -> String {
    let quoted = |text: String| {
        let needs = text.contains([',', '"', '\n', '\r']);
        if needs { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
    };
    let head: Vec<&str> = columns.iter().map(|(_, field)| *field).collect();
    let mut text = head.join(",") + "\n";
    for row in rows {
        let cells: Vec<String> = columns.iter().map(|(_, field)| quoted(shown(&row[*field]))).collect();
        text.push_str(&(cells.join(",") + "\n"));
    }
    text
}

/// A value as a cell shows it.
pub fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}

/// Text for a terminal, which obeys control characters: a title must not be able to move the cursor.
pub fn harmless(text: &str) -> String {
    text.chars().map(|it| if it.is_control() && it != '\n' { '\u{fffd}' } else { it }).collect()
}

/// `config show`.
pub fn settings(out: &Output, settings: &Settings) -> Result<Done, Failure> {
    let rows: Vec<Value> = settings
        .described
        .iter()
        .map(|(key, value, origin)| json!({"key": key, "value": value, "from": origin.to_string()}))
        .collect();
    out.list(&[("KEY", "key"), ("VALUE", "value"), ("FROM", "from")], &rows, &json!(rows))
}
