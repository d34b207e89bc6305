//! HTML within Markdown, on its way into the tree.

use super::Warning;
use super::builder::By;
use super::html::{self, Known};
use super::tree::{Attribute, Tag};
use super::walk::Walk;
use html5gum::emitters::default::DefaultEmitter;
use html5gum::{StartTag, Token, Tokenizer};

/// Of cells, in columns and rows.
const SPAN_MAX: u32 = 100;

impl Walk<'_, '_> {
    pub(super) fn html_inline(&mut self, html: &str) {
        self.html(html);
    }

    /// What it hides ends with it; what it opens may go on in the Markdown behind it.
    pub(super) fn html_block(&mut self, html: &str) {
        self.html(html);
        self.hidden = None;
    }

    fn html(&mut self, html: &str) {
        let mut emitter = DefaultEmitter::default();
        // Then the text of a script is one text, whatever tags it seems to hold.
        emitter.naively_switch_states(true);
        for Ok(token) in Tokenizer::new_with_emitter(html, emitter) {
            match token {
                Token::StartTag(tag) => self.start_tag(&tag),
                Token::EndTag(tag) => self.end_tag(&String::from_utf8_lossy(&tag.name)),
                Token::String(text) => self.html_text(&String::from_utf8_lossy(&text.value)),
                Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => {}
            }
        }
    }

    fn html_text(&mut self, text: &str) {
        if self.hidden.is_some() {
            return;
        }
        if self.builder.is_within(Tag::Pre) {
            return self.builder.say_as_is(text);
        }
        for (index, word) in text.split(|letter: char| letter.is_ascii_whitespace()).enumerate() {
            if index > 0 {
                self.builder.line_ended();
            }
            self.builder.say(word);
        }
    }

    fn start_tag(&mut self, tag: &StartTag<()>) {
        if self.hidden.is_some() {
            return;
        }
        let name = String::from_utf8_lossy(&tag.name).into_owned();
        match html::known(&name) {
            Known::Element(Tag::Img, _) => {
                let (source, alt) = (attribute(tag, "src"), attribute(tag, "alt"));
                self.image(source.trim(), &alt, "", false);
            }
            Known::Element(kind, class) if kind.is_void() => {
                self.builder.void(kind, class, Vec::new());
            }
            Known::Element(Tag::A, _) => self.html_link(&attribute(tag, "href")),
            Known::Element(kind, class) => self.html_element(kind, class, tag),
            Known::Through => {}
            Known::Nothing => self.warn(Warning::HtmlLeftOut { tag: name }),
            Known::Hidden => {
                self.warn(Warning::HtmlLeftOut { tag: name.clone() });
                if !tag.self_closing {
                    self.hidden = Some(name);
                }
            }
        }
    }

    fn html_element(&mut self, kind: Tag, class: &'static str, tag: &StartTag<()>) {
        let level = self.level();
        while let Some((open, true)) = self.builder.block_since(level)
            && html::closes(kind).contains(&open)
        {
            self.builder.close_html(open, level);
        }
        let parent = self.builder.block_since(level).map(|(parent, _)| parent);
        let fits = html::parent_of(kind).is_none_or(|wanted| parent.is_some_and(|it| wanted.contains(&it)));
        if !fits {
            return;
        }
        self.builder.open_as(By::Html, kind, class, spans(kind, tag), None);
    }

    /// A link in a link is none.
    fn html_link(&mut self, address: &str) {
        if !self.builder.is_within(Tag::A) && !self.builder.is_marked() {
            self.open_link(address, "", By::Html);
        }
    }

    fn end_tag(&mut self, name: &str) {
        if let Some(hidden) = &self.hidden {
            if hidden == name {
                self.hidden = None;
            }
            return;
        }
        match html::known(name) {
            // A browser takes `</br>` for `<br>`, and `</p>` without a beginning for a paragraph.
            Known::Element(kind, _) if kind.is_void() => {}
            Known::Element(Tag::A, _) => self.builder.close_html_link(self.level()),
            Known::Element(kind, _) => self.builder.close_html(kind, self.level()),
            Known::Through | Known::Hidden | Known::Nothing => {}
        }
    }
}

/// Empty: it has none.
fn attribute(tag: &StartTag<()>, name: &str) -> String {
    let found = tag.attributes.get(name.as_bytes());
    found.map(|value| String::from_utf8_lossy(&value.value).into_owned()).unwrap_or_default()
}

/// Over how many columns and rows a cell goes.
fn spans(kind: Tag, tag: &StartTag<()>) -> Vec<(Attribute, String)> {
    if !matches!(kind, Tag::Td | Tag::Th) {
        return Vec::new();
    }
    let span = |(name, known): (&str, Attribute)| {
        let span: u32 = attribute(tag, name).trim().parse().ok()?;
        (2..=SPAN_MAX).contains(&span).then(|| (known, span.to_string()))
    };
    [("colspan", Attribute::Colspan), ("rowspan", Attribute::Rowspan)].into_iter().filter_map(span).collect()
}
