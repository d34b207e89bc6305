//! One article of a draft: what may be in it, what WeChat leaves of it, and how it is shown again.

use super::behaviour::Counted;
use super::pictures::PICTURE_HOST;
use super::refusal::{
    ARTICLE_COUNT, AUTHOR_SIZE, CONTENT_SIZE, DESCRIPTION_SIZE, EMPTY_CONTENT, EMPTY_TITLE, INVALID_ARGS,
    INVALID_MEDIA_ID, Refusal, TITLE_SIZE, URL_SIZE,
};
use regex_lite::Regex;
use serde_json::{Value, json};
use std::sync::LazyLock;

const TITLE_MAX_CHARS: usize = 32;
const AUTHOR_MAX_CHARS: usize = 16;
const DIGEST_MAX_CHARS: usize = 128;
/// Content has to stay below both.
const CONTENT_CHARS: usize = 20_000;
const CONTENT_BYTES: usize = 1024 * 1024;
const SOURCE_URL_MAX_BYTES: usize = 1024;
const PICTURES_MAX: usize = 20;
/// So much of the body is the digest where there is none.
const DIGEST_OF_BODY_CHARS: usize = 54;

static SOURCE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"(?is)\ssrc\s*=\s*["']?([^"'\s>]*)"#).expect("a pattern"));

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    News,
    /// A post of pictures.
    NewsPic,
}

#[derive(Debug, Clone)]
pub struct Article {
    pub kind: Kind,
    pub title: String,
    pub author: String,
    pub digest: String,
    pub content: String,
    pub content_source_url: String,
    pub thumb_media_id: String,
    /// The media_ids of a post of pictures.
    pub pictures: Vec<String>,
    pub need_open_comment: bool,
    pub only_fans_can_comment: bool,
    /// What was in the content, and readers do not get to see.
    pub stripped: Vec<String>,
}

impl Article {
    /// Reads one, and holds it to the limits. `is_material` knows the account's permanent pictures.
    ///
    /// # Errors
    /// The first thing that WeChat would not take.
    pub fn read(
        given: &Value,
        counted: Counted,
        is_material: impl Fn(&str) -> bool,
    ) -> Result<Self, Refusal> {
        let text = |name: &str| match given.get(name) {
            None | Some(Value::Null) => Ok(String::new()),
            Some(Value::String(text)) => Ok(text.clone()),
            Some(_) => Err(INVALID_ARGS),
        };
        let kind = match &*text("article_type")? {
            "" | "news" => Kind::News,
            "newspic" => Kind::NewsPic,
            _ => return Err(INVALID_ARGS),
        };
        let (content, stripped) = strip(&text("content")?);
        let mut article = Article {
            kind,
            title: text("title")?,
            author: text("author")?,
            digest: text("digest")?,
            content: text("content")?,
            content_source_url: text("content_source_url")?,
            thumb_media_id: text("thumb_media_id")?,
            pictures: pictures(given)?,
            need_open_comment: flag(given, "need_open_comment")?,
            only_fans_can_comment: flag(given, "only_fans_can_comment")?,
            stripped,
        };
        article.check(counted, is_material)?;
        article.content = content;
        if article.digest.is_empty() {
            let text = text_of(&article.content).skip_while(|c| c.is_whitespace());
            article.digest = text.take(DIGEST_OF_BODY_CHARS).collect();
        }
        Ok(article)
    }

    fn check(&self, counted: Counted, is_material: impl Fn(&str) -> bool) -> Result<(), Refusal> {
        let content_chars = match counted {
            Counted::Html => self.content.chars().count(),
            Counted::Text => text_of(&self.content).count(),
        };
        let longer = |text: &str, max: usize| text.chars().count() > max;
        let refusals = [
            (self.title.trim().is_empty(), EMPTY_TITLE),
            (longer(&self.title, TITLE_MAX_CHARS), TITLE_SIZE),
            (longer(&self.author, AUTHOR_MAX_CHARS), AUTHOR_SIZE),
            (longer(&self.digest, DIGEST_MAX_CHARS), DESCRIPTION_SIZE),
            (self.content.trim().is_empty(), EMPTY_CONTENT),
            (content_chars >= CONTENT_CHARS, CONTENT_SIZE),
            (self.content.len() >= CONTENT_BYTES, CONTENT_SIZE),
            (self.content_source_url.len() > SOURCE_URL_MAX_BYTES, URL_SIZE),
            (self.kind == Kind::News && !is_material(&self.thumb_media_id), INVALID_MEDIA_ID),
            (self.kind == Kind::NewsPic && self.pictures.is_empty(), INVALID_MEDIA_ID),
            (self.pictures.len() > PICTURES_MAX, ARTICLE_COUNT),
            (self.pictures.iter().any(|id| !is_material(id)), INVALID_MEDIA_ID),
        ];
        refusals.into_iter().find(|(is_so, _)| *is_so).map_or(Ok(()), |(_, refusal)| Err(refusal))
    }

    /// As it is shown, at this address.
    pub fn view(&self, url: &str, content: Content) -> Value {
        let mut view = json!({
            "article_type": match self.kind { Kind::News => "news", Kind::NewsPic => "newspic" },
            "title": self.title,
            "author": self.author,
            "digest": self.digest,
            "content_source_url": self.content_source_url,
            "thumb_media_id": self.thumb_media_id,
            "show_cover_pic": 0,
            "need_open_comment": i32::from(self.need_open_comment),
            "only_fans_can_comment": i32::from(self.only_fans_can_comment),
            "url": url,
        });
        if content == Content::Shown {
            view["content"] = json!(self.content);
        }
        if self.kind == Kind::NewsPic {
            let list: Vec<Value> = self.pictures.iter().map(|id| json!({"image_media_id": id})).collect();
            view["image_info"] = json!({ "image_list": list });
        }
        view
    }
}

/// `no_content` of the lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    Shown,
    LeftOut,
}

fn pictures(given: &Value) -> Result<Vec<String>, Refusal> {
    let Some(list) = given.pointer("/image_info/image_list") else { return Ok(Vec::new()) };
    let id = |image: &Value| image["image_media_id"].as_str().map(str::to_owned).ok_or(INVALID_MEDIA_ID);
    list.as_array().ok_or(INVALID_ARGS)?.iter().map(id).collect()
}

fn flag(given: &Value, name: &str) -> Result<bool, Refusal> {
    match given.get(name).map_or(Some(0), Value::as_i64) {
        Some(0) => Ok(false),
        Some(1) => Ok(true),
        _ => Err(INVALID_ARGS),
    }
}

/// What stands between the tags.
fn text_of(html: &str) -> impl Iterator<Item = char> {
    let mut is_in_tag = false;
    html.chars().filter(move |c| {
        let is_text = !is_in_tag && *c != '<';
        is_in_tag = *c == '<' || is_in_tag && *c != '>';
        is_text
    })
}

/// Scripts go, and so do pictures from elsewhere.
fn strip(content: &str) -> (String, Vec<String>) {
    let lower = content.to_ascii_lowercase();
    let (mut kept, mut stripped) = (String::with_capacity(content.len()), Vec::new());
    let mut at = 0;
    while let Some(found) = lower[at..].find('<') {
        let begin = at + found;
        kept.push_str(&content[at..begin]);
        let end = element_end(&lower, begin);
        let element = &content[begin..end];
        let goes = match Element::at(&lower[begin..]) {
            Element::Script => true,
            Element::Image => !is_from_here(element),
            Element::Other => false,
        };
        if goes {
            stripped.push(element.to_owned());
        } else {
            kept.push_str(element);
        }
        at = end;
    }
    kept.push_str(&content[at..]);
    (kept, stripped)
}

enum Element {
    Script,
    Image,
    Other,
}

impl Element {
    fn at(lower: &str) -> Self {
        let is = |name: &str| {
            lower.strip_prefix(name).is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()))
        };
        match () {
            () if is("<script") => Element::Script,
            () if is("<img") => Element::Image,
            () => Element::Other,
        }
    }
}

/// Where the tag ends, or the script with its end; the end of the text where it does not.
fn element_end(lower: &str, begin: usize) -> usize {
    let after = |from: usize| lower[from..].find('>').map_or(lower.len(), |end| from + end + 1);
    match Element::at(&lower[begin..]) {
        Element::Script => lower[begin..].find("</script").map_or(lower.len(), |end| after(begin + end)),
        Element::Image => after(begin),
        Element::Other => begin + 1,
    }
}

fn is_from_here(image: &str) -> bool {
    let source = SOURCE.captures(image).map(|source| source[1].to_owned()).unwrap_or_default();
    ["http://", "https://"].iter().any(|scheme| source.starts_with(&format!("{scheme}{PICTURE_HOST}/")))
}
