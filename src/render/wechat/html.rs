//! HTML within Markdown: what of it an article may have. Tags are read as a browser would read them, by `html5gum`;
//! those named here become elements of the tree, without their attributes but for a few, and all others go.

use super::tree::Tag;

/// What becomes of a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    Element(Tag, &'static str),
    /// It goes, and what it holds stays.
    Through,
    /// It goes, with all it holds.
    Hidden,
    /// It goes, and holds nothing.
    Nothing,
}

/// By the name of a tag, in small letters.
pub fn known(name: &str) -> Known {
    let element = |tag| Known::Element(tag, "");
    match name {
        "a" => element(Tag::A),
        "b" | "strong" => element(Tag::Strong),
        "big" | "center" | "font" | "span" | "tbody" | "thead" | "tfoot" | "abbr" | "time" | "label" => {
            Known::Through
        }
        "blockquote" => element(Tag::Blockquote),
        "br" => element(Tag::Br),
        "code" | "kbd" | "samp" | "tt" => element(Tag::Code),
        "del" | "s" | "strike" => element(Tag::Del),
        "article" | "aside" | "details" | "div" | "footer" | "header" | "main" | "nav" | "section" => {
            element(Tag::Section)
        }
        "em" | "i" | "cite" | "dfn" | "var" => element(Tag::Em),
        "figure" => Known::Element(Tag::Section, "figure"),
        "figcaption" => Known::Element(Tag::P, "caption"),
        "h1" => element(Tag::H1),
        "h2" => element(Tag::H2),
        "h3" => element(Tag::H3),
        "h4" => element(Tag::H4),
        "h5" => element(Tag::H5),
        "h6" => element(Tag::H6),
        "hr" => element(Tag::Hr),
        "img" => element(Tag::Img),
        "ins" | "u" => element(Tag::U),
        "li" => element(Tag::Li),
        "mark" => element(Tag::Strong),
        "ol" => element(Tag::Ol),
        "p" | "summary" | "address" | "dd" | "dt" => element(Tag::P),
        "pre" => Known::Element(Tag::Pre, "code"),
        "small" => Known::Element(Tag::Span, "small"),
        "sub" => element(Tag::Sub),
        "sup" => element(Tag::Sup),
        "table" => element(Tag::Table),
        "td" => element(Tag::Td),
        "th" => element(Tag::Th),
        "tr" => element(Tag::Tr),
        "ul" => element(Tag::Ul),
        "area" | "base" | "col" | "embed" | "input" | "link" | "meta" | "param" | "source" | "track"
        | "wbr" => Known::Nothing,
        "applet" | "audio" | "button" | "canvas" | "frameset" | "head" | "iframe" | "map" | "math"
        | "noembed" | "noframes" | "noscript" | "object" | "script" | "select" | "style" | "svg"
        | "template" | "textarea" | "title" | "video" | "xmp" | "plaintext" => Known::Hidden,
        _ => Known::Through,
    }
}

/// Where an element may stand by its kind: a cell in a row, an item in a list. Elsewhere its text stands alone.
pub fn parent_of(tag: Tag) -> Option<&'static [Tag]> {
    match tag {
        Tag::Li => Some(&[Tag::Ul, Tag::Ol]),
        Tag::Tr => Some(&[Tag::Table, Tag::Tbody]),
        Tag::Td | Tag::Th => Some(&[Tag::Tr]),
        _ => None,
    }
}

/// What a new element of this kind closes where it stands right within it, as HTML has these without their ends.
pub fn closes(tag: Tag) -> &'static [Tag] {
    match tag {
        Tag::Li => &[Tag::Li, Tag::P],
        Tag::Tr => &[Tag::Tr, Tag::Td, Tag::Th, Tag::P],
        Tag::Td | Tag::Th => &[Tag::Td, Tag::Th, Tag::P],
        tag if tag.is_inline() => &[],
        _ => &[Tag::P],
    }
}
