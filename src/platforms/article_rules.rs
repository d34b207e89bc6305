//! What an article would be refused for by a platform, told before anything is sent: the platform's limits, held against
//! the article as it would be rendered.

use super::platform::{Article, FieldError};
use crate::domain::article_limits::{BodySize, WECHAT};
use crate::render::wechat::{Options, characters, render};

/// By WeChat's limits, on an account whose articles are rendered with these options. Takes as long as rendering, at most.
pub fn wechat(article: &Article, options: &Options<'_>) -> Vec<FieldError> {
    let characters = characters(&article.body, options);
    // A text that is too long anyway is not rendered to the end: it may be a hundred times too long.
    let bytes = if characters > WECHAT.body_chars { 0 } else { render(&article.body, options).html.len() };
    WECHAT.check(article, BodySize { characters, bytes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::ContentId;

    fn told(body: String) -> Vec<String> {
        let article = Article {
            content_id: ContentId(1),
            revision: 1,
            title: "a".to_owned(),
            body,
            digest: None,
            author: None,
            cover: None,
            tags: Vec::new(),
            source_url: None,
        };
        wechat(&article, &Options::default()).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_readers_see_counts_and_not_how_it_is_written() {
        // Markup, and addresses of pictures, are no characters.
        let most = format!("**{}** ![](https://a.example/{})", "字".repeat(19_998), "x".repeat(900));
        assert_eq!(told(most.clone()), Vec::<String>::new());
        let over = "body: has 20001 characters, 2 more than wechat takes (at most 19999)";
        assert_eq!(told("字".repeat(20_001)), [over]);
    }

    #[test]
    fn markup_counts_in_bytes() {
        let told = told("|a".repeat(15_000) + "|\n" + &"|-".repeat(15_000) + "|");
        assert!(matches!(&told[..], [one] if one.contains("bytes")), "{told:?}");
    }
}
