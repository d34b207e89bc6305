//! An article as a tree that has no place for anything harmful: its elements, their classes and their attributes are
//! those named here, and whatever else Markdown or HTML may hold is text.

/// What an element is. There is no script, no frame, no form and no style sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tag {
    A,
    Blockquote,
    Br,
    Code,
    Del,
    Em,
    H1,
    H2,
    H3,
    H4,
    H5,
    H6,
    Hr,
    Img,
    Li,
    Ol,
    P,
    Pre,
    Section,
    Span,
    Strong,
    Sub,
    Sup,
    Table,
    Tbody,
    Td,
    Th,
    Tr,
    U,
    Ul,
}

impl Tag {
    pub const fn name(self) -> &'static str {
        match self {
            Tag::A => "a",
            Tag::Blockquote => "blockquote",
            Tag::Br => "br",
            Tag::Code => "code",
            Tag::Del => "del",
            Tag::Em => "em",
            Tag::H1 => "h1",
            Tag::H2 => "h2",
            Tag::H3 => "h3",
            Tag::H4 => "h4",
            Tag::H5 => "h5",
            Tag::H6 => "h6",
            Tag::Hr => "hr",
            Tag::Img => "img",
            Tag::Li => "li",
            Tag::Ol => "ol",
            Tag::P => "p",
            Tag::Pre => "pre",
            Tag::Section => "section",
            Tag::Span => "span",
            Tag::Strong => "strong",
            Tag::Sub => "sub",
            Tag::Sup => "sup",
            Tag::Table => "table",
            Tag::Tbody => "tbody",
            Tag::Td => "td",
            Tag::Th => "th",
            Tag::Tr => "tr",
            Tag::U => "u",
            Tag::Ul => "ul",
        }
    }

    /// Of a heading of this level; beyond 6 it is 6.
    pub const fn heading(level: u8) -> Tag {
        match level {
            0 | 1 => Tag::H1,
            2 => Tag::H2,
            3 => Tag::H3,
            4 => Tag::H4,
            5 => Tag::H5,
            _ => Tag::H6,
        }
    }

    /// It has no end tag.
    pub const fn is_void(self) -> bool {
        matches!(self, Tag::Br | Tag::Hr | Tag::Img)
    }

    /// It stands within a line.
    pub const fn is_inline(self) -> bool {
        matches!(
            self,
            Tag::A
                | Tag::Br
                | Tag::Code
                | Tag::Del
                | Tag::Em
                | Tag::Img
                | Tag::Span
                | Tag::Strong
                | Tag::Sub
                | Tag::Sup
                | Tag::U
        )
    }
}

/// What an element may have beside its style.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attribute {
    Alt,
    Colspan,
    Href,
    Rowspan,
    Src,
    Start,
}

impl Attribute {
    pub const fn name(self) -> &'static str {
        match self {
            Attribute::Alt => "alt",
            Attribute::Colspan => "colspan",
            Attribute::Href => "href",
            Attribute::Rowspan => "rowspan",
            Attribute::Src => "src",
            Attribute::Start => "start",
        }
    }
}

/// A node's place in its tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NodeId(usize);

#[derive(Debug)]
pub struct Element {
    pub tag: Tag,
    /// Words by which style sheets find it. They are not written.
    pub class: &'static str,
    pub attributes: Vec<(Attribute, String)>,
    pub children: Vec<NodeId>,
    pub parent: Option<NodeId>,
    /// The element before it in its parent, whatever text stands between.
    pub before: Option<NodeId>,
}

#[derive(Debug)]
pub enum Node {
    Element(Element),
    Text(String),
}

/// Never empty: the first node is the root, an element.
#[derive(Debug)]
pub struct Tree(Vec<Node>);

impl Tree {
    pub const ROOT: NodeId = NodeId(0);

    pub fn new(tag: Tag, class: &'static str) -> Self {
        Tree(vec![Node::Element(element(tag, class, None, None))])
    }

    pub fn node(&self, id: NodeId) -> &Node {
        &self.0[id.0]
    }

    /// None: it is text.
    pub fn element(&self, id: NodeId) -> Option<&Element> {
        match self.node(id) {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        }
    }

    /// Of all its text.
    pub fn characters(&self) -> usize {
        let of = |node: &Node| match node {
            Node::Text(text) => text.chars().count(),
            Node::Element(_) => 0,
        };
        self.0.iter().map(of).sum()
    }

    /// A new last child.
    pub fn add(&mut self, parent: NodeId, tag: Tag, class: &'static str) -> NodeId {
        let children = self.element(parent).map(|element| element.children.as_slice()).unwrap_or_default();
        let before = children.iter().rev().copied().find(|child| self.element(*child).is_some());
        self.push(parent, Node::Element(element(tag, class, Some(parent), before)))
    }

    pub fn set(&mut self, id: NodeId, attribute: Attribute, value: String) {
        if let Node::Element(element) = &mut self.0[id.0] {
            element.attributes.push((attribute, value));
        }
    }

    /// Text at the end of an element.
    pub fn say(&mut self, parent: NodeId, text: &str) {
        if text.is_empty() {
            return;
        }
        let last = self.element(parent).and_then(|element| element.children.last().copied());
        if let Some(Node::Text(said)) = last.map(|last| &mut self.0[last.0]) {
            said.push_str(text);
        } else {
            self.push(parent, Node::Text(text.to_owned()));
        }
    }

    fn push(&mut self, parent: NodeId, node: Node) -> NodeId {
        let id = NodeId(self.0.len());
        self.0.push(node);
        if let Node::Element(element) = &mut self.0[parent.0] {
            element.children.push(id);
        }
        id
    }
}

fn element(tag: Tag, class: &'static str, parent: Option<NodeId>, before: Option<NodeId>) -> Element {
    Element { tag, class, attributes: Vec::new(), children: Vec::new(), parent, before }
}
