//! The drafts as a whole: added, looked up, changed, counted, deleted.

use super::{Desk, is_refused};
use crate::support::wechat::APPID;
use crate::support::wechat::asking::Body;
use crate::support::wechat::interface::Interface;
use serde_json::{Value, json};
use std::time::Duration;

impl Desk {
    fn page(&self, offset: usize, count: usize) -> Value {
        self.ask(Interface::DraftBatchGet, json!({"offset": offset, "count": count}))
    }

    fn titles(&self, offset: usize, count: usize) -> Vec<String> {
        let page = self.page(offset, count);
        let items = page["item"].as_array().expect("a list").iter();
        items
            .map(|item| item["content"]["news_item"][0]["title"].as_str().expect("a title").to_owned())
            .collect()
    }
}

#[test]
fn drafts_are_listed_from_the_newest_page_by_page() {
    let desk = Desk::open();
    for n in 1..=23 {
        desk.draft(&format!("Title {n}"));
        desk.forward(1);
    }
    let page = desk.page(0, 20);
    assert_eq!((&page["total_count"], &page["item_count"]), (&json!(23), &json!(20)));
    let item = &page["item"][0];
    assert_eq!(item["content"]["news_item"][0]["content"], "<p>Words.</p>");
    assert!(item["media_id"].is_string() && item["update_time"].is_i64(), "{item}");
    assert_eq!(desk.titles(0, 2), ["Title 23", "Title 22"]);
    assert_eq!(desk.titles(20, 20), ["Title 3", "Title 2", "Title 1"]);
    assert_eq!(desk.titles(23, 20), [""; 0]);
    let without = desk.ask(Interface::DraftBatchGet, json!({"offset": 0, "count": 1, "no_content": 1}));
    let article = &without["item"][0]["content"]["news_item"][0];
    assert!(article["content"].is_null() && article["content_source_url"].is_string(), "{article}");
}

#[test]
fn a_page_has_one_to_twenty() {
    let desk = Desk::open();
    for (offset, count) in
        [(json!(0), json!(0)), (json!(0), json!(21)), (json!(-1), json!(1)), (json!("0"), json!(1))]
    {
        let body = json!({"offset": offset, "count": count});
        is_refused(&desk.ask(Interface::DraftBatchGet, body.clone()), 40097, "invalid args");
        is_refused(&desk.ask(Interface::PublishBatchGet, body), 40097, "invalid args");
    }
}

#[test]
fn an_article_of_a_draft_is_replaced() {
    let desk = Desk::open();
    let media_id = desk.draft_of(&[desk.article("One"), desk.article("Two")]);
    desk.draft("Later");
    desk.forward(1);
    let update = |media_id: &str, index: Value, title: &str| {
        let body = json!({"media_id": media_id, "index": index, "articles": desk.article(title)});
        desk.ask(Interface::DraftUpdate, body)
    };
    assert_eq!(update(&media_id, json!(1), "Three"), json!({"errcode": 0, "errmsg": "ok"}));
    let draft = desk.ask(Interface::DraftGet, json!({ "media_id": media_id }));
    let titles = [&draft["news_item"][0]["title"], &draft["news_item"][1]["title"]];
    assert_eq!(titles, ["One", "Three"]);
    assert_eq!(desk.titles(0, 2), ["One", "Later"], "what was changed comes first");
    is_refused(&update(&media_id, json!(2), "Four"), 40114, "invalid index value");
    is_refused(&update(&media_id, json!("1"), "Four"), 40114, "invalid index value");
    is_refused(&update("nothing", json!(0), "Four"), 40007, "invalid media_id");
    is_refused(&update(&media_id, json!(0), &"x".repeat(33)), 45003, "title size out of limit");
}

#[test]
fn a_draft_that_is_deleted_is_gone() {
    let desk = Desk::open();
    let (kept, gone) = (desk.draft("Kept"), desk.draft("Gone"));
    let count = || desk.try_ask(Interface::DraftCount, Body::None).expect("an answer");
    assert_eq!(count(), json!({"total_count": 2}));
    let delete = || desk.ask(Interface::DraftDelete, json!({ "media_id": gone }));
    assert_eq!(delete(), json!({"errcode": 0, "errmsg": "ok"}));
    assert_eq!(count(), json!({"total_count": 1}));
    is_refused(&delete(), 40007, "invalid media_id");
    is_refused(&desk.ask(Interface::DraftGet, json!({ "media_id": gone })), 40007, "invalid media_id");
    assert_eq!(desk.wechat.drafts(APPID)[0].media_id, kept);
}

#[test]
fn lists_may_be_late() {
    let desk = Desk::open();
    desk.wechat.behave(|behaviour| behaviour.listed_after = Duration::from_secs(10));
    let media_id = desk.draft("Title");
    assert_eq!(desk.page(0, 20)["total_count"], 0);
    assert!(desk.ask(Interface::DraftGet, json!({ "media_id": media_id }))["news_item"].is_array());
    desk.forward(9);
    assert_eq!(desk.page(0, 20)["total_count"], 0);
    desk.forward(1);
    assert_eq!(desk.page(0, 20)["total_count"], 1);
    let listed =
        || desk.ask(Interface::PublishBatchGet, json!({"offset": 0, "count": 20}))["total_count"].clone();
    desk.publish(&media_id);
    assert_eq!(listed(), 0);
    desk.forward(10);
    assert_eq!(listed(), 1);
}
