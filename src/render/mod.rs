//! Markdown to HTML. Safe by construction: raw HTML is left out, and so are links that could run something. What WeChat
//! is given is made in `wechat`.

pub mod wechat;

use comrak::Options;
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
