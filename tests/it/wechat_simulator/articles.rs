//! Articles: their limits, and what WeChat makes of them.

use super::{Desk, JPEG, code, is_refused, text};
use crate::support::wechat::APPID;
use crate::support::wechat::asking::Body;
use crate::support::wechat::behaviour::Counted;
use crate::support::wechat::interface::Interface;
use serde_json::{Value, json};

impl Desk {
    /// Adds a draft of one article that differs so from a right one.
    fn add_with(&self, field: &str, value: Value) -> Value {
        let mut article = self.article("Title");
        article[field] = value;
        self.ask(Interface::DraftAdd, json!({ "articles": [article] }))
    }

    /// What WeChat shows again of an article.
    fn shown_with(&self, field: &str, value: Value) -> Value {
        let media_id = text(&self.add_with(field, value), "media_id");
        self.ask(Interface::DraftGet, json!({ "media_id": media_id }))["news_item"][0].clone()
    }
}

#[test]
fn each_text_has_its_length_in_characters() {
    let desk = Desk::open();
    for (field, most, code, message) in [
        ("title", 32, 45003, "title size out of limit"),
        ("author", 16, 45110, "author size out of limit"),
        ("digest", 128, 45004, "description size out of limit"),
        ("content", 19_999, 45002, "content size out of limit"),
    ] {
        for character in ["a", "字", "🎈"] {
            let taken = desk.add_with(field, json!(character.repeat(most)));
            assert!(taken["media_id"].is_string(), "{field}: {taken}");
            is_refused(&desk.add_with(field, json!(character.repeat(most + 1))), code, message);
        }
    }
    let url = |length: usize| json!(format!("https://example.com/{}", "a".repeat(length - 20)));
    assert!(desk.add_with("content_source_url", url(1024))["media_id"].is_string());
    is_refused(&desk.add_with("content_source_url", url(1025)), 45005, "url size out of limit");
}

#[test]
fn content_is_counted_with_its_tags_or_without_them() {
    let desk = Desk::open();
    let html = format!("<p style=\"{}\">{}</p>", "x".repeat(10_000), "字".repeat(10_000));
    is_refused(&desk.add_with("content", json!(html)), 45002, "content size out of limit");
    desk.wechat.behave(|behaviour| behaviour.counted = Counted::Text);
    assert!(desk.add_with("content", json!(html))["media_id"].is_string());
    is_refused(&desk.add_with("content", json!("字".repeat(20_000))), 45002, "content size out of limit");
    let of_bytes = |bytes: usize| json!(format!("<p style=\"{}\">x</p>", "x".repeat(bytes - 17)));
    assert!(desk.add_with("content", of_bytes(1024 * 1024 - 1))["media_id"].is_string());
    is_refused(&desk.add_with("content", of_bytes(1024 * 1024)), 45002, "content size out of limit");
}

#[test]
fn an_article_has_what_it_needs() {
    let desk = Desk::open();
    is_refused(&desk.add_with("title", json!(" ")), 40227, "title is empty");
    is_refused(&desk.add_with("content", json!("")), 44004, "empty content");
    is_refused(&desk.add_with("thumb_media_id", json!("nothing")), 40007, "invalid media_id");
    is_refused(&desk.add_with("thumb_media_id", Value::Null), 40007, "invalid media_id");
    is_refused(&desk.add_with("need_open_comment", json!(2)), 40097, "invalid args");
    is_refused(&desk.add_with("only_fans_can_comment", json!("1")), 40097, "invalid args");
    is_refused(&desk.add_with("author", json!(7)), 40097, "invalid args");
    is_refused(&desk.add_with("article_type", json!("video")), 40097, "invalid args");
    assert_eq!(desk.wechat.drafts(APPID).len(), 0);
    let add = |articles: Value| desk.ask(Interface::DraftAdd, json!({ "articles": articles }));
    is_refused(&add(json!([])), 44003, "empty news data");
    is_refused(&add(Value::Null), 44003, "empty news data");
    let articles: Vec<Value> = (0..9).map(|n| desk.article(&format!("Title {n}"))).collect();
    is_refused(&add(json!(articles)), 45008, "article size out of limit");
    assert!(add(json!(articles[..8]))["media_id"].is_string());
}

#[test]
fn readers_see_no_scripts_and_no_pictures_from_elsewhere() {
    let desk = Desk::open();
    let ours = text(&desk.upload("in article", JPEG), "url");
    let content = format!(
        "<p>One<img src=\"{ours}\"></p><script>alert(1)</script><img alt=x src='https://example.com/a.png'/><p>Two</p>\
         <img src=http://mmbiz.qpic.cn.example.com/a.png><SCRIPT src=\"x\">never ends"
    );
    let shown = desk.shown_with("content", json!(content));
    assert_eq!(shown["content"], json!(format!("<p>One<img src=\"{ours}\"></p><p>Two</p>")));
    let drafts = desk.wechat.drafts(APPID);
    assert_eq!(
        drafts[0].articles[0].stripped,
        [
            "<script>alert(1)</script>",
            "<img alt=x src='https://example.com/a.png'/>",
            "<img src=http://mmbiz.qpic.cn.example.com/a.png>",
            "<SCRIPT src=\"x\">never ends",
        ]
    );
}

#[test]
fn escapes_are_shown_as_they_are() {
    let desk = Desk::open();
    let body = format!(
        r#"{{"articles": [{{"title": "\u4f5c 作 \\u4f5c \"", "content": "x", "thumb_media_id": "{}"}}]}}"#,
        desk.cover()
    );
    let media_id = text(&desk.try_ask(Interface::DraftAdd, Body::Raw(&body)).expect("an answer"), "media_id");
    let shown = desk.ask(Interface::DraftGet, json!({ "media_id": media_id }));
    assert_eq!(shown["news_item"][0]["title"], r#"\u4f5c 作 \u4f5c ""#);
}

#[test]
fn a_digest_is_taken_from_the_body_where_there_is_none() {
    let desk = Desk::open();
    let body = format!("<p><b>{}</b>{}</p>", "一".repeat(50), "二".repeat(50));
    let shown = desk.shown_with("content", json!(body));
    assert_eq!(shown["digest"], json!(format!("{}{}", "一".repeat(50), "二".repeat(4))));
    assert_eq!(desk.shown_with("digest", json!("Mine"))["digest"], "Mine");
}

#[test]
fn all_that_was_said_is_shown_again() {
    let desk = Desk::open();
    let mut article = desk.article("Title");
    for (field, value) in [
        ("author", json!("Author")),
        ("digest", json!("Digest")),
        ("need_open_comment", json!(1)),
        ("only_fans_can_comment", json!(1)),
    ] {
        article[field] = value;
    }
    let media_id = desk.draft_of(std::slice::from_ref(&article));
    let shown = desk.ask(Interface::DraftGet, json!({ "media_id": media_id }))["news_item"][0].clone();
    for (field, value) in article.as_object().expect("an object") {
        assert_eq!(&shown[field], value, "{field}");
    }
    assert_eq!((&shown["article_type"], &shown["show_cover_pic"]), (&json!("news"), &json!(0)));
}

#[test]
fn a_post_of_pictures_has_up_to_twenty() {
    let desk = Desk::open();
    let add = |pictures: &[String]| {
        let list: Vec<Value> = pictures.iter().map(|id| json!({"image_media_id": id})).collect();
        let info = json!({ "image_list": list });
        let article =
            json!({"article_type": "newspic", "title": "Title", "content": "Words", "image_info": info});
        desk.ask(Interface::DraftAdd, json!({ "articles": [article] }))
    };
    let pictures: Vec<String> = (0..21).map(|_| text(&desk.upload("image", JPEG), "media_id")).collect();
    let media_id = text(&add(&pictures[..20]), "media_id");
    let shown = desk.ask(Interface::DraftGet, json!({ "media_id": media_id }))["news_item"][0].clone();
    assert_eq!(shown["article_type"], "newspic");
    assert_eq!(shown["image_info"]["image_list"][19]["image_media_id"], json!(pictures[19]));
    is_refused(&add(&pictures), 45008, "article size out of limit");
    assert_eq!(code(&add(&[])), 40007);
    assert_eq!(code(&add(&["nothing".to_owned()])), 40007);
}
