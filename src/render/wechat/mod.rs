//! Markdown as an article of a WeChat Official Account: HTML that keeps its looks where style sheets, classes, scripts,
//! outside links and outside pictures are taken away.
//!
//! Harmless by construction: what Markdown and HTML say is read into a [`tree`] of elements and attributes that this
//! module names, and only that is written. Rendering takes time and blocks: on an async thread it belongs into
//! `spawn_blocking`.

mod address;
mod builder;
mod code;
mod css;
mod html;
mod languages;
mod links;
mod notes;
mod raw;
mod sheet;
#[cfg(test)]
mod tests;
mod themes;
mod tree;
mod typography;
mod walk;
mod write;

pub use css::{CSS_MAX_BYTES, CssFault, CssLeftOut, OwnCss};
pub use themes::{NoTheme, Theme};
pub use typography::Spacing;

use comrak::Arena;
use sheet::{Styles, own_rules};
use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;
use walk::Found;

/// A picture as the text names it: an address, or a path beside the text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ImageSource(pub String);

impl fmt::Display for ImageSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where pictures are.
#[derive(Debug, Clone, Copy, Default)]
pub enum Images<'a> {
    /// Where the text says: to look at it, not to publish it.
    #[default]
    AsWritten,
    /// At the addresses that uploads were given. A picture without one is [`Rendered::missing`].
    Uploaded(&'a HashMap<ImageSource, String>),
}

/// What becomes of links that lead out of WeChat.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Links {
    /// A number behind the words, and the address at the end of the article.
    #[default]
    Footnotes,
    /// They stay links, for accounts whose links WeChat lets be.
    Kept,
}

/// How an article is rendered.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options<'a> {
    pub theme: Theme,
    /// Its rules win over those of the theme.
    pub css: Option<&'a OwnCss>,
    pub links: Links,
    pub spacing: Spacing,
    pub images: Images<'a>,
}

/// An article as WeChat takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    pub html: String,
    /// What readers see of it, in characters: markup does not count.
    pub characters: usize,
    /// The pictures that the text needs, each once, in order.
    pub images: Vec<ImageSource>,
    /// Those of them that had no address: in their place stands what they show, in words.
    pub missing: Vec<ImageSource>,
    pub warnings: Vec<Warning>,
}

/// What an article lacks of its text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    #[error("{}: WeChat shows no mathematics", unset(*formulas))]
    Maths { formulas: usize },
    #[error("the link to “{address}” is left out: readers could not follow it")]
    LinkLeftOut { address: String },
    #[error("the picture “{picture}” is left out: it is neither on the web nor a file beside the text")]
    ImageLeftOut { picture: String },
    #[error("<{tag}> is left out: an article cannot hold it")]
    HtmlLeftOut { tag: String },
}

fn unset(formulas: usize) -> String {
    match formulas {
        1 => "a formula stays as it was written".to_owned(),
        many => format!("{many} formulas stay as they were written"),
    }
}

static SYNTAX: LazyLock<comrak::Options<'static>> = LazyLock::new(|| {
    let mut options = super::OPTIONS.clone();
    options.extension.math_dollars = true;
    // **“强调”**之后 is bold, too, though no space follows.
    options.extension.cjk_friendly_emphasis = true;
    options
});

/// Renders an article. The same text with the same options is the same article.
pub fn render(markdown: &str, options: &Options<'_>) -> Rendered {
    let arena = Arena::new();
    let root = comrak::parse_document(&arena, markdown, &SYNTAX);
    let (tree, found) = walk::tree(root, options);
    let own = own_rules(options.css);
    let html = write::write(&tree, &mut Styles::new(options.theme, &own));
    let Found { images, missing, warnings } = found;
    Rendered { html, characters: tree.characters(), images, missing, warnings }
}

/// The pictures that a text needs, each once, in order: what is to be uploaded before it is rendered.
pub fn images(markdown: &str) -> Vec<ImageSource> {
    let arena = Arena::new();
    let root = comrak::parse_document(&arena, markdown, &SYNTAX);
    walk::tree(root, &Options::default()).1.images
}

/// How many characters readers would see, as in [`Rendered::characters`], found sooner than by rendering.
pub fn characters(markdown: &str, options: &Options<'_>) -> usize {
    let arena = Arena::new();
    let root = comrak::parse_document(&arena, markdown, &SYNTAX);
    walk::tree(root, options).0.characters()
}

/// A page around an article, to look at it in a browser at the width of a phone.
pub fn page(title: &str, article: &str) -> String {
    let title = super::escape(title);
    format!(
        "<!doctype html>\n<html lang=\"zh-CN\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n</head>\n<body style=\"margin:0 \
         auto;padding:20px 16px;max-width:677px;background:#fff\">\n<h1 style=\"margin:0 0 14px;font:500 22px/1.4 \
         -apple-system,'PingFang SC','Noto Sans CJK SC','Microsoft YaHei',sans-serif;color:#1d2125\">{title}</h1>\n\
         {article}\n</body>\n</html>\n"
    )
}
