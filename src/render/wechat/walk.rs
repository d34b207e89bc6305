//! From Markdown to the tree of an article.

use super::address;
use super::builder::{Builder, By, Level};
use super::code;
use super::notes::Notes;
use super::tree::{Attribute, Tag, Tree};
use super::{ImageSource, Images, Options, Warning};
use comrak::arena_tree::NodeEdge;
use comrak::nodes::{ListType, Node, NodeCodeBlock, NodeList, NodeValue, TableAlignment};
use std::collections::HashSet;

/// How many warnings are told of one article.
const WARNINGS_MAX: usize = 50;

/// An article on its way to become a tree.
pub(super) struct Walk<'a, 'o> {
    pub(super) builder: Builder,
    pub(super) options: &'o Options<'o>,
    pub(super) notes: Notes<'a>,
    found: Found,
    /// Those of `found` once more: a text of 2 MiB may name hundreds of thousands.
    seen: HashSet<ImageSource>,
    /// The last paragraph that holds pictures alone. None of them looks at all the others to find that out.
    figure: Option<Node<'a>>,
    /// Cells of the row so far. None of them counts those before it.
    column: usize,
    /// Where the elements of Markdown began that are open.
    pub(super) levels: Vec<Level>,
    /// Of a link or picture that has been dealt with as a whole.
    pub(super) skipped: Option<Node<'a>>,
    /// HTML that hides what it holds, up to its end: the name of its tag.
    pub(super) hidden: Option<String>,
    formulas: usize,
}

/// What was seen on the way.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Each once.
    pub images: Vec<ImageSource>,
    /// Those without an address.
    pub missing: Vec<ImageSource>,
    pub warnings: Vec<Warning>,
}

/// Reads what comrak has parsed.
pub(super) fn tree(root: Node<'_>, options: &Options<'_>) -> (Tree, Found) {
    let mut walk = Walk {
        builder: Builder::new(options.spacing),
        options,
        notes: Notes::default(),
        found: Found::default(),
        seen: HashSet::new(),
        figure: None,
        column: 0,
        levels: Vec::new(),
        skipped: None,
        hidden: None,
        formulas: 0,
    };
    for node in root.children() {
        if let NodeValue::FootnoteDefinition(definition) = &node.data().value {
            walk.notes.define(&definition.name, node);
        }
    }
    walk.children_of(root);
    walk.write_notes();
    if walk.formulas > 0 {
        walk.warn(Warning::Maths { formulas: walk.formulas });
    }
    (walk.builder.finish(), walk.found)
}

impl<'a> Walk<'a, '_> {
    pub(super) fn warn(&mut self, warning: Warning) {
        if self.found.warnings.len() < WARNINGS_MAX && !self.found.warnings.contains(&warning) {
            self.found.warnings.push(warning);
        }
    }

    /// Whatever depth Markdown nests to, this goes no deeper itself.
    pub(super) fn children_of(&mut self, parent: Node<'a>) {
        for edge in parent.traverse() {
            match edge {
                NodeEdge::Start(node) if self.skipped.is_none() && !node.same_node(parent) => {
                    self.begin(node)
                }
                NodeEdge::End(node) if self.skipped.is_some_and(|skipped| skipped.same_node(node)) => {
                    self.skipped = None;
                }
                NodeEdge::End(node) if self.skipped.is_none() && !node.same_node(parent) => self.end(node),
                NodeEdge::Start(_) | NodeEdge::End(_) => {}
            }
        }
    }

    /// Since when what HTML opened may be closed by HTML here.
    pub(super) fn level(&self) -> Level {
        self.levels.last().copied().unwrap_or_default()
    }

    fn begin(&mut self, node: Node<'a>) {
        let data = node.data();
        match &data.value {
            NodeValue::FootnoteDefinition(_) => self.skipped = Some(node),
            NodeValue::Text(text) if self.hidden.is_none() => self.builder.say(text),
            NodeValue::SoftBreak => self.builder.line_ended(),
            NodeValue::LineBreak => {
                self.builder.void(Tag::Br, "", Vec::new());
            }
            NodeValue::Code(code) if self.hidden.is_none() => {
                self.builder.thing_as_is(Tag::Code, "", &code.literal);
            }
            NodeValue::HtmlInline(html) => self.html_inline(html),
            NodeValue::HtmlBlock(block) => self.html_block(&block.literal),
            NodeValue::Math(math) if self.hidden.is_none() => {
                let mark = if math.display_math { "$$" } else { "$" };
                self.formulas += 1;
                self.builder.thing_as_is(Tag::Span, "math", &format!("{mark}{}{mark}", math.literal));
            }
            NodeValue::CodeBlock(block) if self.hidden.is_none() => self.code_block(block),
            NodeValue::ThematicBreak => {
                self.builder.void(Tag::Hr, "", Vec::new());
            }
            NodeValue::FootnoteReference(reference) => {
                if let Some(number) = self.notes.footnote(&reference.name) {
                    self.builder.number(number);
                }
            }
            NodeValue::Image(link) => {
                self.skipped = Some(node);
                if self.hidden.is_none() {
                    let around = self.figure.zip(node.parent());
                    let is_alone = around.is_some_and(|(figure, parent)| figure.same_node(parent));
                    self.image(&link.url, &node.collect_text(), link.title.trim(), is_alone);
                }
            }
            value if is_container(value) => {
                self.levels.push(self.builder.level());
                self.open(node, value);
            }
            _ => {}
        }
    }

    fn end(&mut self, node: Node<'a>) {
        if is_container(&node.data().value)
            && let Some(level) = self.levels.pop()
        {
            self.builder.close_to(level);
            // What hides within a line hides no more than its block.
            if matches!(
                node.data().value,
                NodeValue::Paragraph | NodeValue::Heading(_) | NodeValue::TableCell
            ) {
                self.hidden = None;
            }
        }
    }

    fn open(&mut self, node: Node<'a>, value: &NodeValue) {
        match value {
            NodeValue::BlockQuote => self.builder.open(Tag::Blockquote, ""),
            NodeValue::List(list) => self.list(list),
            NodeValue::Item(_) => self.builder.open(Tag::Li, ""),
            NodeValue::TaskItem(task) => {
                self.builder.open(Tag::Li, "task");
                let inside = self.builder.level();
                self.builder.open(Tag::Span, "box");
                self.builder.say_raw(if task.symbol.is_some() { "☑" } else { "☐" });
                self.builder.close_to(inside);
            }
            NodeValue::Paragraph if is_tight(node) => {}
            NodeValue::Paragraph if is_figure(node) => {
                self.figure = Some(node);
                self.builder.open(Tag::Section, "figure");
            }
            NodeValue::Paragraph => self.builder.open(Tag::P, ""),
            NodeValue::Heading(heading) => self.builder.open(Tag::heading(heading.level), ""),
            NodeValue::Table(_) => {
                self.builder.open(Tag::Section, "scroll");
                self.builder.open(Tag::Table, "");
                self.builder.open(Tag::Tbody, "");
            }
            NodeValue::TableRow(is_head) => {
                self.column = 0;
                self.builder.open(Tag::Tr, if *is_head { "head" } else { "" });
            }
            NodeValue::TableCell => self.cell(node),
            NodeValue::Emph => self.builder.open(Tag::Em, ""),
            NodeValue::Strong => self.builder.open(Tag::Strong, ""),
            NodeValue::Strikethrough => self.builder.open(Tag::Del, ""),
            NodeValue::Link(link) => self.link(node, link),
            _ => {}
        }
    }

    fn list(&mut self, list: &NodeList) {
        match list.list_type {
            ListType::Bullet => self.builder.open(Tag::Ul, if list.is_task_list { "tasks" } else { "" }),
            ListType::Ordered => {
                let class = if list.is_task_list { "tasks" } else { "" };
                let start = (list.start != 1).then(|| (Attribute::Start, list.start.to_string()));
                self.builder.open_as(By::Markdown, Tag::Ol, class, start.into_iter().collect(), None);
            }
        }
    }

    fn cell(&mut self, cell: Node<'a>) {
        let row = cell.parent();
        let is_head = row.is_some_and(|row| matches!(row.data().value, NodeValue::TableRow(true)));
        let column = self.column;
        self.column += 1;
        let alignment = row.and_then(|row| row.parent()).and_then(|table| match &table.data().value {
            NodeValue::Table(table) => table.alignments.get(column).copied(),
            _ => None,
        });
        let class = match alignment {
            Some(TableAlignment::Left) => "left",
            Some(TableAlignment::Center) => "center",
            Some(TableAlignment::Right) => "right",
            Some(TableAlignment::None) | None => "",
        };
        self.builder.open(if is_head { Tag::Th } else { Tag::Td }, class);
    }

    fn code_block(&mut self, block: &NodeCodeBlock) {
        let before = self.builder.level();
        self.builder.open(Tag::Pre, "code");
        self.builder.open(Tag::Code, "");
        let language = block.info.split([' ', ',', '{', '\t']).next().unwrap_or_default();
        if language == "math" {
            self.formulas += 1;
        }
        let builder = &mut self.builder;
        code::pieces(&block.literal, language, |piece, class| builder.piece(class, piece));
        self.builder.close_to(before);
    }

    /// A picture, or a word where it cannot be shown.
    pub(super) fn image(&mut self, source: &str, alt: &str, caption: &str, is_figure: bool) {
        let wanted = ImageSource(source.to_owned());
        let address = match self.options.images {
            Images::AsWritten => address::may_show(source).then(|| source.to_owned()),
            Images::Uploaded(known) => {
                known.get(&wanted).filter(|known| address::is_web_address(known)).cloned()
            }
        };
        if !source.is_empty() && address::may_show(source) {
            if self.seen.insert(wanted.clone()) {
                if address.is_none() {
                    self.found.missing.push(wanted.clone());
                }
                self.found.images.push(wanted);
            }
        } else {
            self.warn(Warning::ImageLeftOut { picture: source.to_owned() });
        }
        match address.filter(|_| !source.is_empty()) {
            Some(address) => {
                let attributes = vec![(Attribute::Src, address), (Attribute::Alt, alt.to_owned())];
                self.builder.void(Tag::Img, "", attributes);
            }
            None => {
                let shown = if alt.trim().is_empty() { "…" } else { alt };
                self.builder.thing_as_is(Tag::Span, "missing", &format!("[{shown}]"));
            }
        }
        if is_figure && !caption.is_empty() {
            let before = self.builder.level();
            self.builder.open(Tag::P, "caption");
            self.builder.say(caption);
            self.builder.close_to(before);
        }
    }
}

/// What holds others.
fn is_container(value: &NodeValue) -> bool {
    matches!(
        value,
        NodeValue::BlockQuote
            | NodeValue::List(_)
            | NodeValue::Item(_)
            | NodeValue::TaskItem(_)
            | NodeValue::Paragraph
            | NodeValue::Heading(_)
            | NodeValue::Table(_)
            | NodeValue::TableRow(_)
            | NodeValue::TableCell
            | NodeValue::Emph
            | NodeValue::Strong
            | NodeValue::Strikethrough
            | NodeValue::Link(_)
    )
}

/// A paragraph, not of a tight list, that holds pictures alone.
fn is_figure<'a>(paragraph: Node<'a>) -> bool {
    let is_picture = |node: Node<'a>| matches!(node.data().value, NodeValue::Image(_));
    let is_break = |node: Node<'a>| matches!(node.data().value, NodeValue::SoftBreak | NodeValue::LineBreak);
    paragraph.children().any(is_picture)
        && paragraph.children().all(|node| is_picture(node) || is_break(node))
}

/// The text of an item that has no paragraphs, or of a footnote that is one paragraph.
fn is_tight(paragraph: Node<'_>) -> bool {
    let Some(parent) = paragraph.parent() else { return false };
    match &parent.data().value {
        NodeValue::FootnoteDefinition(_) => {
            paragraph.next_sibling().is_none() && paragraph.previous_sibling().is_none()
        }
        _ => parent
            .parent()
            .is_some_and(|list| matches!(&list.data().value, NodeValue::List(list) if list.tight)),
    }
}
