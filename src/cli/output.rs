//! Results as a table, as JSON or as CSV; sentences in the reader's language.

pub mod lines;
pub mod moment;
mod table;
pub mod terminal;

pub use table::harmless;

use super::{Done, Failure};
use crate::config::Settings;
use crate::operations::Page;
use crate::words::errors::kept_in;
use crate::words::{Language, Sentence, Translations, message};
use moment::Moment;
use serde_json::{Value, json};
use std::io::Write;
use std::time::Duration;

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    Table,
    Json,
    Csv,
}

/// Where and how results are written.
pub struct Output {
    format: Format,
    /// How tables and sentences tell instants.
    moment: Moment,
    language: Language,
}

/// The fields that hold what was kept, or is told as such: our own words, and within them those of others.
const KEPT: [&str; 5] = ["error_message", "last_error", "said", "suspended_reason", "waiting_for"];

/// A list or a thing as a table: what each column is called, and which field it shows.
pub type Columns = [(&'static str, &'static str)];

impl Output {
    /// Tells instants in UTC; see [`Output::in_zone`].
    pub fn new(format: Format, language: Language) -> Self {
        Output { format, moment: Moment::new(chrono_tz::Tz::UTC, language), language }
    }

    pub fn in_zone(self, zone: chrono_tz::Tz) -> Self {
        Output { moment: Moment::new(zone, self.language), ..self }
    }

    /// Rows. As JSON: `whole` as the API answers it.
    pub fn list(&self, columns: &Columns, rows: &[Value], whole: &Value) -> Result<Done, Failure> {
        let text = match self.format {
            Format::Json => format!("{whole:#}\n"),
            Format::Csv => csv(columns, rows),
            Format::Table => self.table(columns, rows),
        };
        write(&text)
    }

    /// A page of a list. As JSON: the page as the API answers it. Whoever reads a table is told that there are more.
    pub fn page(&self, columns: &Columns, rows: &[Value], page: &Page<Value>) -> Result<Done, Failure> {
        let whole =
            json!({"items": page.items, "total": page.total, "page": page.page, "page_size": page.page_size});
        let done = self.list(columns, rows, &whole)?;
        if self.is_table() {
            self.tell_more(page);
        }
        Ok(done)
    }

    /// Tells whoever reads a page that there are more.
    pub fn tell_more(&self, page: &Page<Value>) {
        let Page { items, total, page, page_size } = page;
        if !items.is_empty() && page.saturating_mul(*page_size) < *total {
            let first = (page - 1) * page_size + 1;
            let said = Sentence::new(message("list-more"))
                .with("first", first.to_string())
                .with("last", (page * page_size).to_string())
                .with("total", total.to_string())
                .with("next", (page + 1).to_string());
            eprintln!("{}", self.words(&said));
        }
    }

    /// One thing. As a table: a line a field.
    pub fn one(&self, thing: &Value) -> Result<Done, Failure> {
        let text = match self.format {
            Format::Json => format!("{thing:#}\n"),
            Format::Csv | Format::Table => {
                let fields = thing.as_object().into_iter().flatten();
                let shown = |name: &String, value: &Value| match value {
                    Value::String(text) if self.is_table() && KEPT.contains(&name.as_str()) => {
                        json!({"field": name, "value": self.kept(text)})
                    }
                    value => json!({"field": name, "value": value}),
                };
                let rows: Vec<Value> = fields.map(|(name, value)| shown(name, value)).collect();
                let columns = [("FIELD", "field"), ("VALUE", "value")];
                if self.format == Format::Csv { csv(&columns, &rows) } else { self.table(&columns, &rows) }
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

    /// The same, in the reader's language.
    pub fn tell(&self, sentence: &Sentence, thing: &Value) -> Result<Done, Failure> {
        self.say(&self.words(sentence), thing)
    }

    pub fn language(&self) -> Language {
        self.language
    }

    /// A table as text, as wide as the terminal at most.
    pub fn table(&self, columns: &Columns, rows: &[Value]) -> String {
        let heads = columns.iter().map(|(name, _)| self.head(name)).collect();
        let rows: Vec<Value> = rows.iter().map(|row| self.told(row)).collect();
        table::headed(heads, columns, &rows, &self.moment)
    }

    /// A row with what was kept in our words told in the reader's language.
    fn told(&self, row: &Value) -> Value {
        let mut row = row.clone();
        for field in KEPT {
            if let Some(Value::String(text)) = row.get_mut(field) {
                *text = self.kept(text);
            }
        }
        row
    }

    /// What was kept, of which our own words are told in the reader's language.
    pub fn kept(&self, text: &str) -> String {
        kept_in(text, self.language).map_or_else(|| text.to_owned(), |said| self.words(&said))
    }

    /// What a column is called in the reader's language.
    fn head(&self, name: &str) -> String {
        let id = format!("head-{}", name.to_lowercase().replace(' ', "-"));
        let words = Translations::of_heads(self.language);
        words.and_then(|words| words.text(&id)).unwrap_or_else(|| name.to_owned())
    }

    /// Rows without a header, as wide as the terminal at most.
    pub fn lines(&self, rows: Vec<Vec<String>>) -> String {
        table::headless(rows)
    }

    /// Text in lines as wide as the terminal at most, the first of them indented by `first`, the others by `rest`.
    pub fn paragraph(&self, first: usize, rest: usize, text: &str) -> String {
        lines::broken(&harmless(text), first, rest, terminal::width().map(usize::from))
    }

    /// A sentence in the reader's language, with instants in their zone.
    pub fn words(&self, sentence: &Sentence) -> String {
        sentence.tell(self.language, |at| self.moment.tell(at))
    }

    /// One sentence after another.
    pub fn both(&self, first: String, next: String) -> String {
        self.words(&Sentence::new(message("said-next")).with("first", first).with("next", next))
    }

    /// Text in which instants are told as a program reads them, told for a person.
    pub fn with_moments(&self, text: &str) -> String {
        self.moment.within(text)
    }

    /// What was kept, told for a person: in their language, with instants in their zone.
    pub fn kept_with_moments(&self, text: &str) -> String {
        match kept_in(text, self.language) {
            Some(said) => self.words(&said),
            None => self.with_moments(text),
        }
    }

    /// How long, in the reader's language.
    pub fn span(&self, span: Duration) -> String {
        crate::words::span(self.language, span)
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

/// `config show`.
pub fn settings(out: &Output, settings: &Settings) -> Result<Done, Failure> {
    let rows: Vec<Value> = settings
        .described
        .iter()
        .map(|(key, value, origin)| json!({"key": key, "value": value, "from": origin.to_string()}))
        .collect();
    out.list(&[("KEY", "key"), ("VALUE", "value"), ("FROM", "from")], &rows, &json!(rows))
}
