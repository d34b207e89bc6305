//! A tree as HTML: no white space between elements, as WeChat makes empty items and lines of it, and the style of each
//! element at the element, as WeChat takes away style sheets and classes.

use super::sheet::Styles;
use super::tree::{Element, Node, NodeId, Tree};
use crate::render::escape;

pub fn write(tree: &Tree, styles: &mut Styles<'_>) -> String {
    let mut html = String::new();
    node(tree, Tree::ROOT, styles, &mut html);
    html
}

/// Trees have a bound to their depth.
fn node(tree: &Tree, id: NodeId, styles: &mut Styles<'_>, html: &mut String) {
    let element = match tree.node(id) {
        Node::Text(text) => {
            html.push_str(&escape(text).replace('\u{a0}', "&nbsp;"));
            return;
        }
        Node::Element(element) => element,
    };
    begin(element, styles.of(tree, id), html);
    for child in &element.children {
        node(tree, *child, styles, html);
    }
    if !element.tag.is_void() {
        html.push_str("</");
        html.push_str(element.tag.name());
        html.push('>');
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
