//! What one Markdown file says: its text, and in its front matter where, how urgently and when it goes out.

use super::front_matter::{self, Parts};
use super::yaml::{self, Field, Value};
use super::{ImportFault, Problem, in_order, shortened};
use crate::domain::account::NAME_MAX_CHARS;
use crate::domain::clock::Timestamp;
use crate::domain::posting_slots::NEXT_SLOT;
use crate::domain::priority::Priority;
use crate::domain::time_input;
use chrono_tz::Tz;
use comrak::nodes::NodeValue;

/// The keys that mean something here. `draft` and `published` say whether the file is imported at all.
static KEYS: [&str; 12] = [
    "title",
    "author",
    "digest",
    "cover",
    "tags",
    "source_url",
    "account",
    "accounts",
    "priority",
    "scheduled_at",
    "draft",
    "published",
];

/// Keys that blogs and note programs write for themselves. They are passed over and told of; any other key that is
/// not ours is refused, so that a slip of the pen is not.
const KEYS_OF_OTHERS: [&str; 38] = [
    "aliases",
    "categories",
    "category",
    "comments",
    "created",
    "cssclasses",
    "date",
    "description",
    "excerpt",
    "featured_image",
    "id",
    "image",
    "images",
    "keywords",
    "lang",
    "language",
    "last_modified_at",
    "lastmod",
    "layout",
    "license",
    "math",
    "menu",
    "modified",
    "params",
    "permalink",
    "pin",
    "redirect_from",
    "series",
    "sidebar",
    "sitemap",
    "slug",
    "subtitle",
    "summary",
    "toc",
    "type",
    "updated",
    "url",
    "weight",
];

/// The name or number of an account, and where the file names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    pub name: String,
    pub line: usize,
}

/// A file that could be read. What is none is not said in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Post {
    /// Else the first `# heading`, else the file's name.
    pub title: String,
    /// Markdown, with `\n` at the end of its lines.
    pub body: String,
    pub digest: Option<String>,
    pub author: Option<String>,
    pub cover: Option<String>,
    pub tags: Vec<String>,
    pub source_url: Option<String>,
    pub accounts: Vec<Named>,
    pub priority: Option<Priority>,
    pub scheduled_at: Option<Timestamp>,
    /// In the place of a time: the next free slot of its account.
    pub next_slot: bool,
    /// Its writer is not done with it.
    pub is_draft: bool,
    /// Keys of other programs that were not used.
    pub passed_over: Vec<String>,
    lines: Vec<(&'static str, usize)>,
}

impl Post {
    /// The line of the file that says this, e.g. `title`.
    pub fn line_of(&self, field: &str) -> Option<usize> {
        self.lines.iter().find(|(name, _)| *name == field).map(|(_, line)| *line)
    }
}

/// Reads a file's text. `name` is the file's, without its ending; times without an offset are in `zone`.
pub(super) fn read(text: &str, name: &str, zone: Tz) -> Result<Post, Vec<Problem>> {
    let text = front_matter::normalized(text);
    if let Some(at) = text.find('\0') {
        let line = text[..at].matches('\n').count() + 1;
        return Err(vec![Problem::at(line, ImportFault::Nul)]);
    }
    if text.trim().is_empty() {
        return Err(vec![Problem::of_the_file(ImportFault::Empty)]);
    }
    let Parts { yaml, body, body_line } = front_matter::split(&text).map_err(|problem| vec![problem])?;
    let fields = yaml.map_or(Ok(vec![]), yaml::parse).map_err(|problem| vec![problem])?;
    let mut reader = Reader { zone, post: Post::default(), problems: vec![] };
    for field in fields {
        reader.take(field);
    }
    let Reader { mut post, mut problems, .. } = reader;
    if !problems.is_empty() {
        in_order(&mut problems);
        return Err(problems);
    }
    if post.title.is_empty() {
        let heading = heading(body).map(|(title, line)| (title, line + body_line - 1));
        let (title, line) = heading.unwrap_or_else(|| (name.to_owned(), 1));
        post.title = title;
        post.lines.retain(|(field, _)| *field != "title");
        post.lines.push(("title", line));
    }
    post.lines.push(("body", body_line));
    body.clone_into(&mut post.body);
    Ok(post)
}

/// The first heading of the first level that has text, and its line.
fn heading(body: &str) -> Option<(String, usize)> {
    let arena = comrak::Arena::new();
    let root = comrak::parse_document(&arena, body, &comrak::Options::default());
    root.children().find_map(|node| {
        let (level, line) = match node.data().value {
            NodeValue::Heading(heading) => (heading.level, node.data().sourcepos.start.line),
            _ => return None,
        };
        let text = node.collect_text();
        (level == 1 && !text.trim().is_empty()).then(|| (text.trim().to_owned(), line))
    })
}

/// Goes through the keys and collects everything that is wrong with them.
struct Reader {
    zone: Tz,
    post: Post,
    problems: Vec<Problem>,
}

impl Reader {
    fn take(&mut self, field: Field) {
        let key = field.key.as_str();
        if let Some(known) = KEYS.into_iter().find(|known| *known == key) {
            self.post.lines.push((known, field.line));
        }
        match key {
            "title" => self.post.title = self.text(&field).unwrap_or_default(),
            "author" => self.post.author = self.text(&field),
            "digest" => self.post.digest = self.text(&field),
            "cover" => self.post.cover = self.text(&field),
            "source_url" => self.post.source_url = self.text(&field),
            "tags" => self.post.tags = self.tags(&field),
            "account" | "accounts" => self.accounts(&field),
            "priority" => self.post.priority = self.priority(&field),
            "scheduled_at" => self.post.scheduled_at = self.scheduled_at(&field),
            "draft" => match truth(&field.value) {
                Some(is_draft) => self.post.is_draft |= is_draft,
                None => self.wrong(field.line, ImportFault::Draft),
            },
            // Some write a date here, which says nothing to us.
            "published" if truth(&field.value) == Some(false) => self.post.is_draft = true,
            "published" => self.post.passed_over.push(field.key),
            other if KEYS_OF_OTHERS.contains(&other) => self.post.passed_over.push(field.key),
            other => {
                let fault = ImportFault::UnknownKey { given: shortened(other), known: &KEYS };
                self.wrong(field.key_line, fault);
            }
        }
    }

    fn wrong(&mut self, line: usize, fault: impl Into<ImportFault>) {
        self.problems.push(Problem::at(line, fault));
    }

    /// A text that may be missing; an empty one is none.
    fn text(&mut self, field: &Field) -> Option<String> {
        match &field.value {
            Value::Nothing => None,
            Value::Text(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
            Value::List(_) | Value::Table => {
                self.wrong(field.line, ImportFault::NotText { key: field.key.clone() });
                None
            }
        }
    }

    /// The texts of a list with their lines, or of one text alone.
    fn texts(&mut self, field: &Field) -> Vec<Named> {
        let one = [(field.value.clone(), field.line)];
        let items = match &field.value {
            Value::List(items) => items.as_slice(),
            Value::Nothing | Value::Text(_) | Value::Table => &one,
        };
        let mut texts = Vec::new();
        for (item, line) in items {
            match item {
                Value::Nothing => {}
                Value::Text(text) => texts.push(Named { name: text.trim().to_owned(), line: *line }),
                Value::List(_) | Value::Table => {
                    self.wrong(*line, ImportFault::NotTexts { key: field.key.clone() });
                }
            }
        }
        texts.retain(|text| !text.name.is_empty());
        texts
    }

    fn tags(&mut self, field: &Field) -> Vec<String> {
        let texts = self.texts(field);
        if let Value::Text(text) = &field.value {
            let parts = text.split([',', '，']).map(str::trim).filter(|tag| !tag.is_empty());
            return parts.map(str::to_owned).collect();
        }
        texts.into_iter().map(|tag| tag.name).collect()
    }

    fn accounts(&mut self, field: &Field) {
        for account in self.texts(field) {
            if account.name.chars().count() > NAME_MAX_CHARS || account.name.contains(char::is_control) {
                self.wrong(account.line, ImportFault::NoName(shortened(&account.name)));
            } else if !self.post.accounts.iter().any(|known| known.name == account.name) {
                self.post.accounts.push(account);
            }
        }
    }

    fn priority(&mut self, field: &Field) -> Option<Priority> {
        let text = self.text(field)?;
        let priority = text.parse().ok().and_then(|number: i32| Priority::try_from(number).ok());
        if priority.is_none() {
            self.wrong(field.line, ImportFault::Priority(shortened(&text)));
        }
        priority
    }

    fn scheduled_at(&mut self, field: &Field) -> Option<Timestamp> {
        let text = self.text(field)?;
        if text == NEXT_SLOT {
            self.post.next_slot = true;
            return None;
        }
        match time_input::parse(&shortened(&text), self.zone) {
            Ok(instant) => Some(instant),
            Err(error) => {
                self.wrong(field.line, error);
                None
            }
        }
    }
}

fn truth(value: &Value) -> Option<bool> {
    let Value::Text(text) = value else { return None };
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" => Some(true),
        "false" | "no" | "off" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
