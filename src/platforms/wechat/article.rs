//! An article as `draft/add` takes it, and the marker by which it is found again.

use super::settings::{Comments, Settings, read_by_people};
use crate::domain::article_limits::WECHAT;
use crate::domain::content::Article;
use crate::domain::ids::IdempotencyKey;
use serde::Serialize;

/// Stands before an entry's key at the end of an address.
const MARK: &str = "ch-";

/// What `content_source_url` is: where “read the original” leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    /// It ends with the entry's marker.
    Marked(String),
    /// There is no room for one.
    Plain(String),
    None,
}

impl Source {
    /// The content's own address, or else the account's.
    pub fn of(article: &Article, settings: &Settings, key: &IdempotencyKey) -> Source {
        let is_followed = |text: &&str| read_by_people(text).is_ok();
        let own = article.source_url.as_deref().filter(is_followed);
        let Some(address) = own.or(settings.marker_url.as_deref().filter(is_followed)) else {
            return Source::None;
        };
        // What stands behind # already stays there: readers are led to the same page.
        let joint = if address.contains('#') { '&' } else { '#' };
        let marked = format!("{address}{joint}{}", marker(key));
        match marked.len() <= WECHAT.source_url_bytes {
            true => Source::Marked(marked),
            false => Source::Plain(address.to_owned()),
        }
    }

    pub fn is_marked(&self) -> bool {
        matches!(self, Source::Marked(_))
    }

    fn into_address(self) -> Option<String> {
        match self {
            Source::Marked(address) | Source::Plain(address) => Some(address),
            Source::None => None,
        }
    }
}

/// By which an entry's article is known again: every attempt has the same.
pub(super) fn marker(key: &IdempotencyKey) -> String {
    format!("{MARK}{}", key.0)
}

/// One article of `draft/add`. Its JSON has every letter as it is: WeChat shows `\uXXXX` to readers.
#[derive(Debug, Serialize)]
pub(super) struct News {
    article_type: &'static str,
    title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<String>,
    /// Where there is none, WeChat takes the first 54 characters of the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    content: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_source_url: Option<String>,
    thumb_media_id: String,
    need_open_comment: u8,
    only_fans_can_comment: u8,
}

impl News {
    /// `html` is what was rendered of it, and `cover` the name of its uploaded cover.
    pub fn new(article: &Article, settings: &Settings, source: Source, html: &str, cover: String) -> Self {
        let (need_open_comment, only_fans_can_comment) = match settings.comments {
            Comments::Closed => (0, 0),
            Comments::Everyone => (1, 0),
            Comments::Followers => (1, 1),
        };
        News {
            article_type: "news",
            title: written(&article.title),
            author: article.author.as_deref().map(written),
            digest: article.digest.as_deref().map(written),
            content: written(html),
            content_source_url: source.into_address(),
            thumb_media_id: cover,
            need_open_comment,
            only_fans_can_comment,
        }
    }
}

/// Without the control characters that JSON can hold as `\uXXXX` alone.
fn written(text: &str) -> String {
    let has_a_form = |it: &char| !it.is_control() || matches!(it, '\n' | '\r' | '\t');
    text.chars().filter(has_a_form).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::ContentId;
    use serde_json::{Value, json};

    fn article(source_url: Option<&str>) -> Article {
        Article {
            content_id: ContentId(1),
            revision: 1,
            title: "标题\u{7}".to_owned(),
            body: String::new(),
            digest: None,
            author: Some("作者".to_owned()),
            cover: None,
            tags: Vec::new(),
            source_url: source_url.map(str::to_owned),
        }
    }

    fn settings(more: Value) -> Settings {
        let mut all = json!({"appid": "wx0123456789abcdef"});
        more.as_object().into_iter().flatten().for_each(|(name, value)| all[name] = value.clone());
        serde_json::from_value(all).expect("settings")
    }

    fn source(own: Option<&str>, marker_url: Option<&str>) -> Source {
        let settings = settings(json!({ "marker_url": marker_url }));
        Source::of(&article(own), &settings, &IdempotencyKey("k1".to_owned()))
    }

    #[test]
    fn an_article_is_marked_by_its_own_address_or_the_accounts() {
        let marked = |address: &str| Source::Marked(address.to_owned());
        let page = Some("https://a.example/");
        assert_eq!(source(Some("https://b.example/x?y=1"), page), marked("https://b.example/x?y=1#ch-k1"));
        assert_eq!(source(None, page), marked("https://a.example/#ch-k1"));
        assert_eq!(source(Some("https://b.example/#part"), None), marked("https://b.example/#part&ch-k1"));
        assert_eq!(source(Some("no address"), page), marked("https://a.example/#ch-k1"));
        assert_eq!(source(Some("no address"), None), Source::None);
        let long = format!("https://b.example/{}", "x".repeat(1005));
        assert_eq!(source(Some(&long), None), Source::Plain(long.clone()));
        assert_eq!(source(Some(&long[..1018]), None), marked(&format!("{}#ch-k1", &long[..1018])));
    }

    #[test]
    fn an_article_is_written_with_every_letter_as_it_is() {
        let (source, settings) = (source(None, None), settings(json!({"comments": "followers"})));
        let news =
            News::new(&article(None), &settings, source.clone(), "<p>“正文”</p>\n", "cover-1".to_owned());
        let written = serde_json::to_string(&news).expect("JSON");
        assert!(written.contains("“正文”") && !written.contains("\\u"), "{written}");
        assert_eq!(
            serde_json::from_str::<Value>(&written).expect("JSON"),
            json!({
                "article_type": "news", "title": "标题", "author": "作者", "content": "<p>“正文”</p>\n",
                "thumb_media_id": "cover-1", "need_open_comment": 1, "only_fans_can_comment": 1,
            })
        );
        let open = |comments: &str| {
            let settings = self::settings(json!({ "comments": comments }));
            let news = News::new(&article(None), &settings, source.clone(), "x", "c".to_owned());
            (news.need_open_comment, news.only_fans_can_comment)
        };
        assert_eq!((open("closed"), open("everyone")), ((0, 0), (1, 0)));
    }
}
