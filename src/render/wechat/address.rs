//! Where links and pictures lead, and which of that an article may hold.

use url::Url;

/// A link, as it is dealt with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// An article of an Official Account, which WeChat lets readers follow.
    Article(String),
    /// Anything else that can be written down for readers.
    Outside(String),
    /// A place in the same text; WeChat takes these away.
    Within,
    /// It would run something, or leads nowhere outside its own site.
    Nowhere,
}

/// WeChat lets links to its articles be, and no others:
/// <https://developers.weixin.qq.com/doc/offiaccount/Draft_Box/Add_draft.html>.
const ARTICLES_AT: &str = "mp.weixin.qq.com";
/// In bytes: a longer one is no address for readers.
const ADDRESS_MAX_BYTES: usize = 2000;

pub fn target(written: &str) -> Target {
    let written = written.trim();
    if written.starts_with('#') {
        return Target::Within;
    }
    if written.len() > ADDRESS_MAX_BYTES {
        return Target::Nowhere;
    }
    let Ok(url) = Url::parse(written) else { return Target::Nowhere };
    match url.scheme() {
        "http" | "https" if url.host_str() == Some(ARTICLES_AT) => Target::Article(url.into()),
        // As it was written: escaped Chinese is not for readers.
        "http" | "https" if url.has_host() => Target::Outside(written.to_owned()),
        "mailto" | "tel" => Target::Outside(written.to_owned()),
        _ => Target::Nowhere,
    }
}

/// Pictures that are kept here are named so.
const KEPT: &str = "media:";

/// Whether a picture may be shown from here as it was written: from the web, from a path beside the text, or kept here.
pub fn may_show(source: &str) -> bool {
    match Url::parse(source) {
        Ok(url) => is_web(&url) || source.starts_with(KEPT),
        Err(_) => !source.starts_with("//") && !source.contains(['\\', ':']),
    }
}

/// Whether an address that a platform gave can be an article's.
pub fn is_web_address(address: &str) -> bool {
    Url::parse(address).is_ok_and(|url| is_web(&url))
}

fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && url.has_host()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_what_they_are() {
        let outside = |written: &str| Target::Outside(written.to_owned());
        for (written, wanted) in [
            ("https://mp.weixin.qq.com/s/abc", Target::Article("https://mp.weixin.qq.com/s/abc".into())),
            ("https://mp.weixin.qq.com.evil.example/s", outside("https://mp.weixin.qq.com.evil.example/s")),
            ("https://例子.测试/中文?a=1", outside("https://例子.测试/中文?a=1")),
            ("mailto:a@example.com", outside("mailto:a@example.com")),
            ("#part", Target::Within),
            ("javascript:alert(1)", Target::Nowhere),
            (" JaVaScRiPt:alert(1)", Target::Nowhere),
            ("java\nscript:alert(1)", Target::Nowhere),
            ("data:text/html,x", Target::Nowhere),
            ("vbscript:x", Target::Nowhere),
            ("file:///etc/passwd", Target::Nowhere),
            ("other.md", Target::Nowhere),
            ("//evil.example", Target::Nowhere),
            ("", Target::Nowhere),
        ] {
            assert_eq!(target(written), wanted, "{written}");
        }
    }

    #[test]
    fn pictures_come_from_the_web_or_from_beside_the_text() {
        for shown in
            ["https://a.example/b.png", "pictures/图.png", "../a.png", "/a.png", "media:0123456789ab"]
        {
            assert!(may_show(shown), "{shown}");
        }
        for hidden in
            ["data:image/svg+xml,x", "javascript:x", "file:///a.png", "//a.example/b.png", "a\\b.png"]
        {
            assert!(!may_show(hidden), "{hidden}");
        }
    }
}
