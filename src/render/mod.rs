//! Markdown to HTML. Safe by construction: raw HTML is left out, and so are links that could run something. What WeChat
//! is given is made in `wechat`.

pub mod wechat;

use comrak::nodes::NodeValue;
use comrak::{Arena, Options, parse_document};
use std::sync::LazyLock;

static OPTIONS: LazyLock<Options<'static>> = LazyLock::new(|| {
    let mut options = Options::default();
    options.extension.strikethrough = true;
    options.extension.table = true;
    options.extension.tasklist = true;
    options.extension.footnotes = true;
    options.extension.autolink = true;
    options
});

/// The HTML of a Markdown text, without a document around it.
pub fn html(markdown: &str) -> String {
    comrak::markdown_to_html(markdown, &OPTIONS)
}

/// What a Markdown text says, without its marks: what is read, code, HTML as it stands, and where links and images lead.
pub fn words(markdown: &str) -> String {
    let arena = Arena::new();
    let mut words = String::with_capacity(markdown.len());
    for node in parse_document(&arena, markdown, &OPTIONS).descendants() {
        match &node.data.borrow().value {
            NodeValue::Text(text) => words.push_str(text),
            NodeValue::Code(code) => words.push_str(&code.literal),
            NodeValue::HtmlInline(html) => words.push_str(html),
            NodeValue::CodeBlock(block) => words.extend([" ", block.literal.as_str()]),
            NodeValue::HtmlBlock(block) => words.extend([" ", block.literal.as_str()]),
            NodeValue::Link(link) | NodeValue::Image(link) => words.extend([" ", link.url.as_str(), " "]),
            // They stand within a word, too.
            NodeValue::Emph | NodeValue::Strong | NodeValue::Strikethrough => {}
            _ => words.push(' '),
        }
    }
    words
}

/// Text as it may stand in HTML and XML, also between quotes.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // XML 1.0 has no place for other control characters, nor for these two.
            '\t' | '\n' | '\r' => escaped.push(character),
            '\u{fffe}' | '\u{ffff}' => {}
            other if other.is_control() => {}
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_becomes_html() {
        assert_eq!(html("# 标题\n\n**bold**"), "<h1>标题</h1>\n<p><strong>bold</strong></p>\n");
        assert!(html("|a|b|\n|-|-|\n|1|2|").contains("<table>"));
    }

    #[test]
    fn the_words_of_a_text_are_without_its_marks() {
        let plain = |markdown: &str| words(markdown).split_whitespace().collect::<Vec<_>>().join(" ");
        for (markdown, expected) in [
            ("# Hello\n\n**wor**ld, *you*", "Hello world, you"),
            ("- one\n- two\n\n1. three", "one two three"),
            ("> said\n> so", "said so"),
            ("|a|b|\n|-|-|\n|1|2|", "a b 1 2"),
            ("a `b` c\n\n```rust\nd();\n```", "a b c d();"),
            ("~~a~~ &amp; b\\*", "a & b*"),
            ("[here](https://a.example/1)", "https://a.example/1 here"),
            ("![cat](/cat.png)", "/cat.png cat"),
            ("<b>a</b>", "<b>a</b>"),
            ("<div>\na\n</div>", "<div> a </div>"),
        ] {
            assert_eq!(plain(markdown), expected, "{markdown}");
        }
    }

    #[test]
    fn hostile_markdown_becomes_harmless() {
        for hostile in [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "[x](javascript:alert(1))",
            "<a href=\"javascript:alert(1)\">x</a>",
            "![x](data:text/html;base64,PHNjcmlwdD4=)",
            "<iframe src=//evil></iframe>",
        ] {
            let out = html(hostile).to_lowercase();
            for danger in ["<script", "onerror", "javascript:", "data:text", "<iframe"] {
                assert!(!out.contains(danger), "{hostile} → {out}");
            }
        }
    }

    #[test]
    fn escaped_text_holds_no_markup() {
        assert_eq!(escape("<a b=\"c\">'&\u{1}\u{ffff}"), "&lt;a b=&quot;c&quot;&gt;&#39;&amp;");
    }
}
