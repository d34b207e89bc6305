//! What style sheets say of an element: the theme's rules first, then those of the account's own, so that these win.

use super::css::{Declaration, OwnCss, Rule};
use super::themes::Theme;
use super::tree::{NodeId, Tree};
use crate::render::escape;
use simplecss::{AttributeOperator, Element as Styled, PseudoClass};
use std::collections::HashMap;

/// Says the style of one element after another, parents before children. What looks alike is asked once.
pub struct Styles<'a> {
    rules: Vec<&'a Rule<'a>>,
    /// Some rule asks for what stands before an element.
    looks_back: bool,
    looks: HashMap<Look, usize>,
    /// By the look's number: the style, as it may stand between quotes.
    styles: Vec<String>,
    /// The look of each element so far.
    known: HashMap<NodeId, usize>,
}

/// All that a rule may ask of an element. Two with the same look have the same style.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Look {
    name: &'static str,
    class: &'static str,
    parent: Option<usize>,
    /// Where rules look back: the look of the element before.
    before: Option<usize>,
}

impl<'a> Styles<'a> {
    /// `own`: the rules of [`OwnCss`].
    pub fn new(theme: Theme, own: &'a [Rule<'a>]) -> Self {
        let theme: &'a [Rule<'a>] = theme.rules();
        let rules: Vec<&Rule<'a>> = theme.iter().chain(own).collect();
        Styles {
            looks_back: rules.iter().any(|rule| rule.looks_back),
            rules,
            looks: HashMap::new(),
            styles: Vec::new(),
            known: HashMap::new(),
        }
    }

    /// The style of an element whose parent's was asked before; empty: it has none.
    pub fn of(&mut self, tree: &Tree, id: NodeId) -> &str {
        let Some(element) = tree.element(id) else { return "" };
        let seen = |id: Option<NodeId>| id.and_then(|id| self.known.get(&id).copied());
        let look = Look {
            name: element.tag.name(),
            class: element.class,
            parent: seen(element.parent),
            before: if self.looks_back { seen(element.before) } else { None },
        };
        let number = match self.looks.get(&look) {
            Some(number) => *number,
            None => {
                let style = self.computed(&Place { tree, id });
                self.styles.push(style);
                self.looks.insert(look, self.styles.len() - 1);
                self.styles.len() - 1
            }
        };
        self.known.insert(id, number);
        &self.styles[number]
    }

    fn computed(&self, place: &Place<'_>) -> String {
        let mut said: Vec<&Declaration<'_>> = Vec::new();
        for rule in self.rules.iter().filter(|rule| rule.selector.matches(place)) {
            for next in rule.declarations.iter() {
                let earlier = said.iter().position(|it| it.name == next.name);
                if earlier.is_some_and(|at| said[at].is_important && !next.is_important) {
                    continue;
                }
                // It goes behind what it may have to overrule: `margin` behind `margin-top`.
                if let Some(at) = earlier {
                    said.remove(at);
                }
                said.push(next);
            }
        }
        let each: Vec<String> = said.iter().map(|it| format!("{}:{}", it.name, it.value)).collect();
        escape(&each.join(";"))
    }
}

/// An element where it stands, as selectors look at it. Beside classes they are told of no attribute.
#[derive(Debug, Clone, Copy)]
struct Place<'t> {
    tree: &'t Tree,
    id: NodeId,
}

impl Place<'_> {
    fn at(&self, id: Option<NodeId>) -> Option<Self> {
        id.map(|id| Place { id, ..*self })
    }
}

impl Styled for Place<'_> {
    fn parent_element(&self) -> Option<Self> {
        self.at(self.tree.element(self.id)?.parent)
    }

    fn prev_sibling_element(&self) -> Option<Self> {
        self.at(self.tree.element(self.id)?.before)
    }

    fn has_local_name(&self, name: &str) -> bool {
        self.tree.element(self.id).is_some_and(|element| element.tag.name() == name)
    }

    fn attribute_matches(&self, name: &str, operator: AttributeOperator<'_>) -> bool {
        name == "class" && self.tree.element(self.id).is_some_and(|element| operator.matches(element.class))
    }

    fn pseudo_class_matches(&self, class: PseudoClass<'_>) -> bool {
        class == PseudoClass::FirstChild
            && self.tree.element(self.id).is_some_and(|element| element.before.is_none())
    }
}

/// The rules of a style sheet of one's own; without one there are none.
pub fn own_rules(own: Option<&OwnCss>) -> Vec<Rule<'_>> {
    own.map(|own| own.rules().0).unwrap_or_default()
}
