//! Articles, from Markdown to what WeChat is given.

use super::*;
use std::collections::BTreeSet;

fn rendered(markdown: &str) -> Rendered {
    render(markdown, &Options::default())
}

/// The HTML without styles, and without the section around it.
fn bare(markdown: &str) -> String {
    bare_with(markdown, &Options::default())
}

fn bare_with(markdown: &str, options: &Options<'_>) -> String {
    let html = without_styles(&render(markdown, options).html);
    let inner = html.strip_prefix("<section>").and_then(|html| html.strip_suffix("</section>"));
    inner.expect("a section around it all").to_owned()
}

fn without_styles(html: &str) -> String {
    let mut parts = html.split(" style=\"");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |bare, part| bare + part.split_once('"').expect("the end of a style").1)
}

#[track_caller]
fn check(markdown: &str, html: &str) {
    assert_eq!(bare(markdown), html, "{markdown}");
}

#[test]
fn markdown_becomes_html_without_space_between_elements() {
    check(
        "# 标题\n\n正文 **粗** *斜* ~~删~~ `code`\n",
        "<h1>标题</h1><p>正文 <strong>粗</strong> <em>斜</em> <del>删</del> <code>code</code></p>",
    );
    check("- a\n- b\n  1. c\n", "<ul><li>a</li><li>b<ol><li>c</li></ol></li></ul>");
    check("- a\n\n- b\n", "<ul><li><p>a</p></li><li><p>b</p></li></ul>");
    check("3. a\n4. b\n", "<ol start=\"3\"><li>a</li><li>b</li></ol>");
    check("> a\n>\n> b\n\n---\n", "<blockquote><p>a</p><p>b</p></blockquote><hr>");
    check("a  \nb\nc", "<p>a<br>b c</p>");
    check("- [x] done\n- [ ] open\n", "<ul><li><span>☑</span>done</li><li><span>☐</span>open</li></ul>");
    check(
        "|a|b|\n|:-|-:|\n|1|**2**|\n",
        "<section><table><tbody><tr><th>a</th><th>b</th></tr><tr><td>1</td><td><strong>2</strong></td></tr></tbody>\
         </table></section>",
    );
}

#[test]
fn every_element_has_its_style_and_nothing_else_says_how_it_looks() {
    for theme in Theme::ALL {
        let html = render(
            "# a\n\nb [c](https://a.example) `d`\n\n```rust\nfn e() {}\n```\n\n|f|\n|-|\n|g|",
            &Options { theme, ..Options::default() },
        )
        .html;
        for tag in ["section", "h1", "p", "code", "pre", "th", "td", "span"] {
            assert!(html.contains(&format!("<{tag} style=\"")), "{theme}: {tag}: {html}");
        }
        for foreign in ["<style", "<link", "class=", "<script", "id="] {
            assert!(!html.contains(foreign), "{theme}: {foreign}: {html}");
        }
    }
}

#[test]
fn code_keeps_its_lines_and_spaces_and_has_colours() {
    check(
        "```\na\n  b  c\n\td\n```\n",
        "<pre><code>a<br>&nbsp;&nbsp;b &nbsp;c<br>&nbsp;&nbsp;&nbsp;&nbsp;d</code></pre>",
    );
    let html = rendered("```rust\n// 注\nlet x = 1;\n```\n").html;
    assert!(html.contains("font-style:italic\">// 注</span><br><span style=\"color:"), "{html}");
}

#[test]
fn links_out_of_wechat_are_numbered_notes() {
    let markdown = "[一](https://a.example/1) [二](https://b.example \"二号\") [又](https://a.example/1) 见 \
                    https://c.example/x [文](https://mp.weixin.qq.com/s/x) <https://d.example>";
    let html = bare(markdown);
    let text = "<p><span>一</span><sup>[1]</sup> <span>二</span><sup>[2]</sup> <span>又</span><sup>[1]</sup> 见 \
                <span>https://c.example/x</span> <a href=\"https://mp.weixin.qq.com/s/x\">文</a> \
                <span>https://d.example</span></p>";
    let notes = "<section><p>注释与链接</p><section><span>[1]</span>一：<span>https://a.example/1</span></section>\
                 <section><span>[2]</span>二号：<span>https://b.example</span></section></section>";
    assert_eq!(html, format!("{text}{notes}"));
    let kept =
        bare_with("[a](https://a.example/?b=1&c=%22)", &Options { links: Links::Kept, ..Options::default() });
    assert_eq!(kept, "<p><a href=\"https://a.example/?b=1&amp;c=%22\">a</a></p>");
    let dropped = rendered("[a](javascript:alert(1)) [b](#c) [d](other.md)");
    assert_eq!(without_styles(&dropped.html), "<section><p>a b d</p></section>");
    let addresses: Vec<String> = dropped.warnings.iter().map(ToString::to_string).collect();
    assert!(addresses.len() == 2 && addresses[1].contains("other.md"), "{addresses:?}");
}

#[test]
fn an_address_ends_where_chinese_begins() {
    check("见https://a.example/b，然后说", "<p>见<span>https://a.example/b</span>，然后说</p>");
    check("见 https://a.example/中文", "<p>见 <span>https://a.example/</span>中文</p>");
}

#[test]
fn footnotes_and_links_share_their_numbers() {
    let markdown = "a[^n] [b](https://b.example)[^n] c[^m]\n\n[^n]: first, [x](https://x.example)\n[^m]: second\n\n    more\n";
    let html = bare(markdown);
    let text = "<p>a<sup>[1]</sup> <span>b</span><sup>[2]</sup><sup>[1]</sup> c<sup>[3]</sup></p>";
    assert!(html.starts_with(text), "{html}");
    let notes = "<section><p>Notes and links</p>\
                 <section><span>[1]</span>first, <span>x</span><sup>[4]</sup></section>\
                 <section><span>[2]</span>b: <span>https://b.example</span></section>\
                 <section><span>[3]</span><p>second</p><p>more</p></section>\
                 <section><span>[4]</span>x: <span>https://x.example</span></section></section>";
    assert_eq!(&html[text.len()..], notes);
    check("a[^unknown]", "<p>a[^unknown]</p>");
}

#[test]
fn pictures_are_listed_and_stand_at_the_addresses_that_they_were_given() {
    let markdown = "![一](a.png \"图一\")\n\n文 ![二](https://x.example/b.png) ![一](a.png) <img src=\"c.gif\" alt=\"三\" \
                    onerror=\"x\">\n\n![坏](data:image/png;base64,AA)";
    let source = |text: &str| ImageSource(text.to_owned());
    let wanted = [source("a.png"), source("https://x.example/b.png"), source("c.gif")];
    assert_eq!(images(markdown), wanted);
    let known = HashMap::from([
        (source("a.png"), "https://mmbiz.example/a?x=1&y=2".to_owned()),
        (source("https://x.example/b.png"), "javascript:alert(1)".to_owned()),
    ]);
    let done = render(markdown, &Options { images: Images::Uploaded(&known), ..Options::default() });
    assert_eq!(done.images, wanted);
    assert_eq!(done.missing, wanted[1..]);
    let picture = "<img src=\"https://mmbiz.example/a?x=1&amp;y=2\" alt=\"一\">";
    let html = without_styles(&done.html);
    assert_eq!(
        html,
        format!(
            "<section><section>{picture}<p>图一</p></section><p>文 <span>[二]</span> {picture} <span>[三]</span></p>\
             <section><span>[坏]</span></section></section>"
        )
    );
    assert_eq!(done.warnings.len(), 1, "{:?}", done.warnings);
    assert!(bare(markdown).contains("<img src=\"https://x.example/b.png\" alt=\"二\">"));
}

#[test]
fn mathematics_stays_as_it_was_written_and_is_told() {
    let done = rendered("设 $a<b$ 则\n\n$$\nx^2\n$$\n\n付 $5 或 $10\n\n```math\ny\n```\n");
    let html = without_styles(&done.html);
    assert!(html.contains("<p>设 <span>$a&lt;b$</span> 则</p>") && html.contains("x^2"), "{html}");
    assert!(html.contains("<p>付 $5 或 $10</p>"), "{html}");
    assert_eq!(done.warnings, [Warning::Maths { formulas: 3 }]);
}

#[test]
fn chinese_is_set_as_chinese() {
    check("用Rust写\n的**程序**Go和`x`", "<p>用 Rust 写的<strong>程序</strong> Go 和<code>x</code></p>");
    check("**“重要”**的，**注意：**后面", "<p><strong>“重要”</strong>的，<strong>注意：</strong>后面</p>");
    let as_written = Options { spacing: Spacing::AsWritten, ..Options::default() };
    assert_eq!(bare_with("用Rust", &as_written), "<p>用Rust</p>");
    check(
        "`a中b` 与 [用Rust](https://a.example/用Rust)",
        concat!(
            "<p><code>a中b</code> 与 <span>用 Rust</span><sup>[1]</sup></p>",
            "<section><p>注释与链接</p><section><span>[1]</span>用 Rust：<span>https://a.example/用Rust</span></section></section>"
        ),
    );
}

#[test]
fn html_is_taken_over_where_it_is_harmless() {
    check(
        "a<br>b <u>c</u> <sup>d</sup> H<sub>2</sub>O",
        "<p>a<br>b <u>c</u> <sup>d</sup> H<sub>2</sub>O</p>",
    );
    check(
        "<div class=\"x\" onclick=\"y\">\n\n**a**\n\n</div>\n\nb",
        "<section><p><strong>a</strong></p></section><p>b</p>",
    );
    check("<ul><li>a<li>b<ul><li>c</ul></ul>", "<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>");
    check("<p>a<p>b</b></p></div>", "<p>a</p><p>b</p>");
    check(
        "<table><tr><td colspan=2 rowspan=9999>a<td>b</table>",
        "<table><tr><td colspan=\"2\">a</td><td>b</td></tr></table>",
    );
    check("<td>a</td>", "a");
    check(
        "a <a href=\"https://mp.weixin.qq.com/s/x\">b</a> <b>c",
        "<p>a <a href=\"https://mp.weixin.qq.com/s/x\">b</a> <strong>c</strong></p>",
    );
    check("<!-- a -->b", "b");
    check("a *b <u>c* d</u> e", "<p>a <em>b <u>c</u></em> d e</p>");
    check("a &lt;script&gt; &amp; \\<b>", "<p>a &lt;script&gt; &amp; &lt;b&gt;</p>");
}

#[test]
fn what_html_hides_ends_where_its_block_ends() {
    check("a <script>b\n\nc", "<p>a </p><p>c</p>");
    check("<style>\np { }\n</style>\n\nb", "<p>b</p>");
    check("a <svg>b</svg> c", "<p>a  c</p>");
    check("<svg>\na\n\nb", "<p>b</p>");
    let done = rendered("<iframe src=\"https://evil.example\">x</iframe>");
    assert_eq!(done.warnings, [Warning::HtmlLeftOut { tag: "iframe".to_owned() }]);
}

#[test]
fn an_own_style_sheet_wins_over_the_theme_and_is_inlined() {
    let css = OwnCss::new(".article p { color: #123456; margin: 0 } .article blockquote > p { color: red } p { margin-top: 1px }")
        .expect("a style sheet");
    let html = render("a\n\n> b\n\n`c`", &Options { css: Some(&css), ..Options::default() }).html;
    assert!(html.contains("<p style=\"margin-top:1px;color:#123456;margin:0\">a</p>"), "{html}");
    assert!(html.contains("color:red") && html.matches("#123456").count() >= 2, "{html}");
    let back = OwnCss::new("h2 + p { color: red } p:first-child { color: blue }").expect("a style sheet");
    let html = render("a\n\nb\n\n## c\n\nd\n\ne", &Options { css: Some(&back), ..Options::default() }).html;
    let colour =
        |text: &str| html.split(&format!("\">{text}</p>")).next().and_then(|it| it.rsplit("color:").next());
    assert_eq!((colour("a"), colour("d")), (Some("blue"), Some("red")));
    assert!(!html.contains("red\">e") && !html.contains("blue\">b"), "{html}");
}

#[test]
fn characters_are_those_that_readers_see() {
    assert_eq!(
        rendered("**中文** [a](https://a.example)").characters,
        "中文 a[1]注释与链接[1]a：https://a.example".chars().count()
    );
}

/// The tags of an article, with the names of their attributes; fails where a browser would see anything else.
fn tags(html: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let end = at + rest[at..].find('>').expect("the end of a tag");
        let tag = &rest[at + 1..end];
        rest = &rest[end + 1..];
        let (name, mut attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        found.insert(name.trim_start_matches('/').to_owned());
        while !attributes.is_empty() {
            let (name, value) =
                attributes.trim_start().split_once("=\"").expect("an attribute with its value");
            let (value, more) = value.split_once('"').expect("the end of a value");
            assert!(!value.contains(['<', '>', '\n']), "{value}");
            if matches!(name, "href" | "src") {
                let value = value.to_lowercase();
                assert!(!value.contains(':') || value.starts_with("http"), "{value}");
            }
            found.insert(format!("{name}="));
            attributes = more;
        }
    }
    found
}

/// What attackers write, in Markdown and in HTML.
const HOSTILE: &str = include_str!("hostile.txt");

#[test]
fn hostile_texts_become_harmless_articles() {
    let harmless: BTreeSet<&str> = [
        "a",
        "alt=",
        "blockquote",
        "br",
        "code",
        "colspan=",
        "del",
        "em",
        "h1",
        "h2",
        "hr",
        "href=",
        "img",
        "li",
        "ol",
        "p",
        "pre",
        "rowspan=",
        "section",
        "span",
        "src=",
        "start=",
        "strong",
        "style=",
        "sub",
        "sup",
        "table",
        "tbody",
        "td",
        "th",
        "tr",
        "u",
        "ul",
    ]
    .into();
    let texts: Vec<&str> = HOSTILE.split("\n%%\n").collect();
    assert!(texts.len() > 60, "{}", texts.len());
    let everything = texts.join("\n\n");
    for text in texts.into_iter().chain([everything.as_str()]) {
        for links in [Links::Footnotes, Links::Kept] {
            let html = render(text, &Options { links, ..Options::default() }).html;
            let strange: Vec<String> =
                tags(&html).into_iter().filter(|it| !harmless.contains(it.as_str())).collect();
            assert!(strange.is_empty(), "{text}\n→ {html}\n{strange:?}");
            for danger in ["url(", "expression(", "@import", "position:", "behavior:"] {
                assert!(!styles(&html).any(|style| style.contains(danger)), "{text}\n→ {html}");
            }
        }
    }
}

fn styles(html: &str) -> impl Iterator<Item = &str> {
    html.split(" style=\"").skip(1).filter_map(|part| part.split('"').next())
}

/// None of these takes a stack, a minute or a gigabyte.
#[test]
fn endless_nesting_is_cut_short() {
    let deep = 20_000;
    for text in [
        "> ".repeat(deep) + "a",
        "- ".repeat(deep) + "a",
        "*".repeat(deep) + "a",
        "**a ".repeat(deep),
        "[".repeat(deep) + "a",
        "![".repeat(deep) + "a",
        "<div>".repeat(deep) + "a",
        "a <b>".repeat(deep),
        "<ul><li>".repeat(deep) + "a",
        "<table><tr><td>".repeat(deep) + "a",
        "[a](https://a.example) ".repeat(deep),
    ] {
        let html = render(&text, &Options::default()).html;
        assert!(html.contains('a') && html.starts_with("<section") && html.ends_with("</section>"));
    }
}
