//! A tree as HTML: no white space between elements, as WeChat makes empty items and lines of it, and the style of each
//! element at the element, as WeChat takes away style sheets and classes.

use super::sheet::Styles;
use super::tree::{Element, Node, NodeId, Tree};
use crate::render::escape;

/// What was written, and how many characters of text it has.
#[derive(Debug, Default)]
pub struct Written {
    pub html: String,
    pub characters: usize,
}

pub fn write(tree: &Tree, styles: &mut Styles<'_>) -> Written {
    let mut written = Written::default();
    node(tree, Tree::ROOT, styles, &mut written);
    written
}

/// Trees have a bound to their depth.
fn node(tree: &Tree, id: NodeId, styles: &mut Styles<'_>, into: &mut Written) {
    let element = match tree.node(id) {
        Node::Text(text) => {
            into.characters += text.chars().count();
            into.html.push_str(&escape(text).replace('\u{a0}', "&nbsp;"));
            return;
        }
        Node::Element(element) => element,
    };
    begin(element, styles.of(tree, id), &mut into.html);
    for child in &element.children {
        node(tree, *child, styles, into);
    }
    if !element.tag.is_void() {
        into.html.push_str("</");
        into.html.push_str(element.tag.name());
        into.html.push('>');
    }
}

/// `style` is escaped already.
fn begin(element: &Element, style: &str, html: &mut String) {
    html.push('<');
    html.push_str(element.tag.name());
    for (attribute, value) in &element.attributes {
        html.push_str(&format!(" {}=\"{}\"", attribute.name(), escape(value)));
    }
    if !style.is_empty() {
        html.push_str(" style=\"");
        html.push_str(style);
        html.push('"');
    }
    html.push('>');
}
