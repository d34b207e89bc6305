//! Builds an article's tree from what Markdown and HTML open and close. Whatever they leave open is closed, and what
//! would nest too deep is put where there is room: the tree is whole, whoever wrote the text.

use super::tree::{Attribute, NodeId, Tag, Tree};
use super::typography::{Spacing, Typesetter};

/// Of elements within each other. What is deeper stands side by side.
const DEPTH_MAX: usize = 60;

/// Who opened an element. HTML may close what HTML opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    Markdown,
    Html,
}

#[derive(Debug)]
struct Open {
    id: NodeId,
    tag: Tag,
    by: By,
    /// The number of the note that stands behind it.
    mark: Option<usize>,
}

/// How far a tree was open, to come back to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Level(usize);

#[derive(Debug)]
pub struct Builder {
    tree: Tree,
    open: Vec<Open>,
    text: Typesetter,
}

impl Builder {
    pub fn new(spacing: Spacing) -> Self {
        Builder { tree: Tree::new(Tag::Section, "article"), open: Vec::new(), text: Typesetter::new(spacing) }
    }

    pub fn finish(mut self) -> Tree {
        self.close_to(Level(0));
        self.tree
    }

    pub fn level(&self) -> Level {
        Level(self.open.len())
    }

    /// Whether any text so far is Chinese.
    pub fn has_chinese(&self) -> bool {
        self.text.has_chinese()
    }

    pub fn is_within(&self, tag: Tag) -> bool {
        self.open.iter().any(|open| open.tag == tag)
    }

    fn here(&self) -> NodeId {
        self.open.last().map_or(Tree::ROOT, |open| open.id)
    }

    /// What comes next stands within it.
    pub fn open(&mut self, tag: Tag, class: &'static str) {
        self.open_as(By::Markdown, tag, class, Vec::new(), None);
    }

    /// The same with attributes, and with the number of a note that is to stand behind it.
    pub fn open_as(
        &mut self,
        by: By,
        tag: Tag,
        class: &'static str,
        attributes: Vec<(Attribute, String)>,
        mark: Option<usize>,
    ) {
        if self.open.len() >= DEPTH_MAX {
            return mark.into_iter().for_each(|number| self.number(number));
        }
        if !tag.is_inline() {
            self.text.begin();
        }
        let id = self.tree.add(self.here(), tag, class);
        attributes.into_iter().for_each(|(attribute, value)| self.tree.set(id, attribute, value));
        self.open.push(Open { id, tag, by, mark });
    }

    /// Closes all that was opened since.
    pub fn close_to(&mut self, level: Level) {
        while self.open.len() > level.0
            && let Some(closed) = self.open.pop()
        {
            if !closed.tag.is_inline() {
                self.text.begin();
            }
            if let Some(number) = closed.mark {
                self.number(number);
            }
        }
    }

    /// Closes what HTML opened last with this tag, and all within it, if that was since `level`.
    pub fn close_html(&mut self, tag: Tag, level: Level) {
        self.close_last(level, |open| open.tag == tag);
    }

    /// The same of a link, whatever became of it.
    pub fn close_html_link(&mut self, level: Level) {
        self.close_last(level, |open| open.tag == Tag::A || open.mark.is_some());
    }

    fn close_last(&mut self, level: Level, is_it: impl Fn(&Open) -> bool) {
        let found = self.open.iter().rposition(|open| open.by == By::Html && is_it(open));
        if let Some(at) = found.filter(|at| *at >= level.0) {
            self.close_to(Level(at));
        }
    }

    /// Whether it stands within what will have a note's number.
    pub fn is_marked(&self) -> bool {
        self.open.iter().any(|open| open.mark.is_some())
    }

    /// The innermost element that is none within a line, of those that were opened since `level`; and whether HTML may
    /// close it.
    pub fn block_since(&self, level: Level) -> Option<(Tag, bool)> {
        let since = self.open.get(level.0..)?;
        since.iter().rev().find(|open| !open.tag.is_inline()).map(|open| (open.tag, open.by == By::Html))
    }

    /// The number of a note.
    pub fn number(&mut self, number: usize) {
        let mark = self.tree.add(self.here(), Tag::Sup, "mark");
        self.tree.say(mark, &format!("[{number}]"));
        self.text.before_thing();
    }

    /// The author's text.
    pub fn say(&mut self, text: &str) {
        let set = self.text.set(text);
        self.tree.say(self.here(), &set);
    }

    /// A line of the source ended.
    pub fn line_ended(&mut self) {
        self.text.line_ended();
    }

    /// Text that is no prose, character by character: spaces and ends of lines stay as they are.
    pub fn say_as_is(&mut self, text: &str) {
        for (index, line) in text.split('\n').enumerate() {
            if index > 0 {
                self.tree.add(self.here(), Tag::Br, "");
            }
            self.tree.say(self.here(), &kept_apart(line));
        }
    }

    /// Words of our own, or of a kind that has no typography.
    pub fn say_raw(&mut self, text: &str) {
        self.tree.say(self.here(), text);
    }

    /// An element without content.
    pub fn void(&mut self, tag: Tag, class: &'static str, attributes: Vec<(Attribute, String)>) {
        match tag {
            Tag::Br | Tag::Hr => self.text.begin(),
            _ => self.thing(),
        }
        let id = self.tree.add(self.here(), tag, class);
        attributes.into_iter().for_each(|(attribute, value)| self.tree.set(id, attribute, value));
    }

    /// What comes next in the line is no text of the author's.
    pub fn thing(&mut self) {
        let space = self.text.before_thing();
        self.tree.say(self.here(), space);
    }

    /// Text of a kind of its own within the line.
    pub fn thing_as_is(&mut self, tag: Tag, class: &'static str, text: &str) {
        self.thing();
        let id = self.tree.add(self.here(), tag, class);
        self.tree.say(id, text);
    }

    /// The same among what is kept as it is.
    pub fn piece(&mut self, class: &'static str, text: &str) {
        match (class, text) {
            (_, "\n") => {
                self.tree.add(self.here(), Tag::Br, "");
            }
            ("", text) => self.tree.say(self.here(), &kept_apart(text)),
            (class, text) => {
                let id = self.tree.add(self.here(), Tag::Span, class);
                self.tree.say(id, &kept_apart(text));
            }
        }
    }
}

/// Spaces that stand at the beginning or beside others would be one, or none.
fn kept_apart(line: &str) -> String {
    let mut kept = String::with_capacity(line.len());
    let mut after_space = true;
    for letter in line.replace('\t', "    ").chars() {
        let is_space = letter == ' ';
        kept.push(if is_space && after_space { '\u{a0}' } else { letter });
        after_space = is_space;
    }
    kept
}
