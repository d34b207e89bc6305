//! What stands at the end of an article: footnotes, and the addresses of links, under one row of numbers.

use comrak::nodes::Node;
use std::collections::HashMap;

/// One of them.
#[derive(Clone)]
pub enum Note<'a> {
    /// A footnote's definition.
    Foot(Node<'a>),
    Link {
        address: String,
        /// What the link says, where it says something.
        label: String,
    },
}

/// Numbered from 1, in the order in which they are first named.
#[derive(Default)]
pub struct Notes<'a> {
    notes: Vec<Note<'a>>,
    numbers: HashMap<String, usize>,
    definitions: HashMap<String, Node<'a>>,
}

impl<'a> Notes<'a> {
    pub fn define(&mut self, name: &str, definition: Node<'a>) {
        self.definitions.entry(key(name)).or_insert(definition);
    }

    /// The number of a footnote; none: nobody has defined it.
    pub fn footnote(&mut self, name: &str) -> Option<usize> {
        let definition = *self.definitions.get(&key(name))?;
        Some(self.numbered(format!("^{}", key(name)), Note::Foot(definition)))
    }

    /// The number of an address; the same has one number, however often it is named.
    pub fn link(&mut self, address: &str, label: &str) -> usize {
        let label = label.trim().to_owned();
        self.numbered(address.to_owned(), Note::Link { address: address.to_owned(), label })
    }

    fn numbered(&mut self, key: String, note: Note<'a>) -> usize {
        let next = self.notes.len() + 1;
        let number = *self.numbers.entry(key).or_insert(next);
        if number == next {
            self.notes.push(note);
        }
        number
    }

    /// By its number.
    pub fn get(&self, number: usize) -> Option<Note<'a>> {
        self.notes.get(number.checked_sub(1)?).cloned()
    }
}

/// Names differ by more than their case.
fn key(name: &str) -> String {
    name.to_lowercase()
}
