//! Links, and the notes at the end that tell where they lead.

use super::address::{self, Target};
use super::builder::By;
use super::notes::Note;
use super::tree::{Attribute, Tag};
use super::typography::{is_ideograph, is_wide_mark};
use super::walk::Walk;
use super::{Links, Warning};
use comrak::nodes::{Node, NodeLink};

impl<'a> Walk<'a, '_> {
    pub(super) fn link(&mut self, node: Node<'a>, link: &NodeLink) {
        let text = node.collect_text();
        let is_bare = link.url == text || link.url.split_once("://").is_some_and(|(_, rest)| rest == text);
        if is_bare && self.hidden.is_none() {
            return self.bare_link(node, &text, &link.url);
        }
        let label = if link.title.trim().is_empty() { &text } else { &link.title };
        self.open_link(&link.url, label, By::Markdown);
    }

    /// An element for a link, where it is one that an article can have.
    pub(super) fn open_link(&mut self, written: &str, label: &str, by: By) {
        match (address::target(written), self.options.links) {
            (Target::Article(address), _) | (Target::Outside(address), Links::Kept) => {
                self.builder.open_as(by, Tag::A, "", vec![(Attribute::Href, address)], None);
            }
            (Target::Outside(address), Links::Footnotes) => {
                let number = self.notes.link(&address, label);
                self.builder.open_as(by, Tag::Span, "link", Vec::new(), Some(number));
            }
            (Target::Within, _) => {}
            (Target::Nowhere, _) => self.warn(Warning::LinkLeftOut { address: written.to_owned() }),
        }
    }

    /// An address that stands in the text needs no note. It ends where Chinese begins, which Markdown does not know.
    fn bare_link(&mut self, node: Node<'a>, text: &str, written: &str) {
        self.skipped = Some(node);
        // Its end is not seen any more.
        self.levels.pop();
        let is_over =
            |letter: char| is_ideograph(letter) || is_wide_mark(letter) || "“”‘’…—".contains(letter);
        let (shown, rest) = text.split_at(text.find(is_over).unwrap_or(text.len()));
        let address = &written[..written.len() - rest.len()];
        let before = self.builder.level();
        self.builder.thing();
        match (address::target(address), self.options.links) {
            (Target::Article(address), _) | (Target::Outside(address), Links::Kept) => {
                let address = vec![(Attribute::Href, address)];
                self.builder.open_as(By::Markdown, Tag::A, "url", address, None);
            }
            _ => self.builder.open(Tag::Span, "url"),
        }
        self.builder.say_raw(shown);
        self.builder.close_to(before);
        self.builder.say(rest);
    }

    /// A note may name others, which then come behind it.
    pub(super) fn write_notes(&mut self) {
        if self.notes.get(1).is_none() {
            return;
        }
        self.hidden = None;
        let before = self.builder.level();
        let title = if self.builder.has_chinese() { "注释与链接" } else { "Notes and links" };
        self.builder.open(Tag::Section, "notes");
        let inside = self.builder.level();
        self.builder.open(Tag::P, "notes-title");
        self.builder.say_raw(title);
        self.builder.close_to(inside);
        let mut number = 1;
        while let Some(note) = self.notes.get(number) {
            self.builder.open(Tag::Section, "note");
            self.levels.push(self.builder.level());
            self.builder.open(Tag::Span, "number");
            self.builder.say_raw(&format!("[{number}]"));
            self.builder.close_to(self.level());
            self.note(note);
            self.levels.pop();
            self.builder.close_to(inside);
            number += 1;
        }
        self.builder.close_to(before);
    }

    fn note(&mut self, note: Note<'a>) {
        match note {
            Note::Foot(definition) => self.children_of(definition),
            Note::Link { address, label } => {
                if !label.is_empty() && label != address {
                    self.builder.say(&label);
                    self.builder.say_raw(if self.builder.has_chinese() { "：" } else { ": " });
                }
                self.builder.thing_as_is(Tag::Span, "url", &address);
            }
        }
    }
}
