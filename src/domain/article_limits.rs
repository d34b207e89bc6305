//! What a platform takes of an article at the most. Tighter than what every content may hold (`content.rs`), and the
//! platform's own to say.

use super::content::Article;
use super::fault::{LimitFault, Unit};
use super::field_error::FieldError;

/// The limits of one platform. A field that is as long as its limit is still taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArticleLimits {
    /// Who has them, as users write it.
    pub platform: &'static str,
    /// In characters, as those below.
    pub title_chars: usize,
    pub digest_chars: usize,
    pub author_chars: usize,
    /// Of the text that readers see.
    pub body_chars: usize,
    /// In bytes, of the text with its markup.
    pub body_bytes: usize,
    /// In bytes.
    pub source_url_bytes: usize,
}

/// Of WeChat's `draft/add`, which wants less than 20,000 characters and less than 1 MB of text:
/// <https://developers.weixin.qq.com/doc/offiaccount/Draft_Box/Add_draft.html>.
pub const WECHAT: ArticleLimits = ArticleLimits {
    platform: "wechat",
    title_chars: 32,
    digest_chars: 128,
    author_chars: 16,
    body_chars: 19_999,
    body_bytes: 1024 * 1024 - 1,
    source_url_bytes: 1024,
};

/// How large a text is as a platform is given it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodySize {
    /// Of what readers see.
    pub characters: usize,
    /// With all markup.
    pub bytes: usize,
}

impl ArticleLimits {
    /// Every field that is too long, and by how much.
    pub fn check(&self, article: &Article, body: BodySize) -> Vec<FieldError> {
        let characters = |text: &str| text.chars().count();
        let of = |text: &Option<String>, size: fn(&str) -> usize| text.as_deref().map_or(0, size);
        [
            ("title", characters(&article.title), self.title_chars, Unit::Characters),
            ("digest", of(&article.digest, |text| text.chars().count()), self.digest_chars, Unit::Characters),
            ("author", of(&article.author, |text| text.chars().count()), self.author_chars, Unit::Characters),
            ("body", body.characters, self.body_chars, Unit::Characters),
            ("body", body.bytes, self.body_bytes, Unit::Bytes),
            ("source_url", of(&article.source_url, str::len), self.source_url_bytes, Unit::Bytes),
        ]
        .into_iter()
        .filter(|(_, has, most, _)| has > most)
        .map(|(field, has, most, unit)| {
            FieldError::new(field, LimitFault { has, most, unit, platform: self.platform })
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::ContentId;

    fn article(title: usize, digest: usize, author: usize, source_url: usize) -> Article {
        // Three bytes each: characters count, not bytes.
        let text = |length: usize| "文".repeat(length);
        Article {
            content_id: ContentId(1),
            revision: 1,
            title: text(title),
            body: String::new(),
            digest: Some(text(digest)),
            author: Some(text(author)),
            cover: None,
            tags: Vec::new(),
            source_url: Some("u".repeat(source_url)),
        }
    }

    fn told(article: &Article, characters: usize, bytes: usize) -> Vec<String> {
        WECHAT.check(article, BodySize { characters, bytes }).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_just_fits_is_taken() {
        assert_eq!(told(&article(32, 128, 16, 1024), 19_999, 1_048_575), Vec::<String>::new());
        let bare = Article { digest: None, author: None, source_url: None, ..article(1, 0, 0, 0) };
        assert_eq!(told(&bare, 0, 0), Vec::<String>::new());
    }

    #[test]
    fn each_field_that_is_too_long_is_named_with_its_excess() {
        let over = |field: &str, has: &str, unit: &str, excess: &str, most: &str| {
            format!("{field}: has {has} {unit}, {excess} more than wechat takes (at most {most})")
        };
        assert_eq!(
            told(&article(33, 130, 19, 1028), 20_004, 1_048_580),
            [
                over("title", "33", "characters", "1", "32"),
                over("digest", "130", "characters", "2", "128"),
                over("author", "19", "characters", "3", "16"),
                over("body", "20004", "characters", "5", "19999"),
                over("body", "1048580", "bytes", "5", "1048575"),
                over("source_url", "1028", "bytes", "4", "1024"),
            ]
        );
    }
}
