//! Publications: how they go on, how they end, and what readers see of them.

use super::{Desk, is_refused, stable_token, text};
use crate::support::wechat::account::Rights;
use crate::support::wechat::behaviour::{DraftLeaves, Resubmission};
use crate::support::wechat::interface::Interface;
use crate::support::wechat::publications::End;
use crate::support::wechat::{APPID, SECRET};
use serde_json::{Value, json};
use std::time::Duration;

impl Desk {
    fn published(&self) -> Value {
        self.ask(Interface::PublishBatchGet, json!({"offset": 0, "count": 20}))
    }

    fn has_draft(&self, media_id: &str) -> bool {
        self.ask(Interface::DraftGet, json!({ "media_id": media_id }))["news_item"].is_array()
    }
}

#[test]
fn readers_see_an_article_when_its_publication_is_over() {
    let desk = Desk::open();
    let media_id = desk.draft_of(&[desk.article("One"), desk.article("Two")]);
    let submitted = desk.ask(Interface::PublishSubmit, json!({ "media_id": media_id }));
    assert_eq!((&submitted["errcode"], &submitted["errmsg"]), (&json!(0), &json!("ok")));
    assert!(submitted["msg_data_id"].is_string(), "{submitted}");
    let publish_id = text(&submitted, "publish_id");
    desk.forward(4);
    let under_way = json!({"publish_id": publish_id, "publish_status": 1, "fail_idx": []});
    assert_eq!(desk.status(&publish_id), under_way);
    assert_eq!((desk.wechat.visible().len(), desk.has_draft(&media_id)), (0, true));
    desk.forward(1);
    assert_eq!(desk.wechat.visible().len(), 2, "without anybody having asked");
    let status = desk.status(&publish_id);
    let article_id = text(&status, "article_id");
    let visible = desk.wechat.visible();
    assert_eq!(
        status,
        json!({
            "publish_id": publish_id,
            "publish_status": 0,
            "fail_idx": [],
            "article_id": article_id,
            "article_detail": {"count": 2, "item": [
                {"idx": 1, "article_url": visible[0].url},
                {"idx": 2, "article_url": visible[1].url},
            ]},
        })
    );
    assert!(!desk.has_draft(&media_id), "it is no draft any more");
    is_refused(
        &desk.ask(Interface::PublishSubmit, json!({ "media_id": media_id })),
        40007,
        "invalid media_id",
    );
    assert_eq!((&*visible[1].title, visible[1].index, &*visible[1].article_id), ("Two", 2, &*article_id));
    assert_eq!(visible[0].content_source_url, "https://example.com/One#ch-1");
}

#[test]
fn what_was_published_is_listed() {
    let desk = Desk::open();
    let first = desk.publish(&desk.draft("One"));
    let second = desk.publish(&desk.draft("Two"));
    let listed = desk.published();
    assert_eq!((&listed["total_count"], &listed["item_count"]), (&json!(2), &json!(2)));
    assert_eq!(
        (&listed["item"][0]["article_id"], &listed["item"][1]["article_id"]),
        (&json!(second), &json!(first))
    );
    let item = &listed["item"][1]["content"]["news_item"][0];
    assert_eq!(item["content_source_url"], "https://example.com/One#ch-1");
    assert_eq!(item["is_deleted"], false);
    assert!(listed["item"][1]["update_time"].is_i64());
    let article = desk.ask(Interface::PublishGetArticle, json!({ "article_id": first }));
    assert_eq!(article["news_item"][0], *item);
    let without = desk.ask(Interface::PublishBatchGet, json!({"offset": 1, "count": 1, "no_content": 1}));
    assert!(without["item"][0]["content"]["news_item"][0]["content"].is_null(), "{without}");
}

#[test]
fn a_publication_may_end_otherwise() {
    let desk = Desk::open();
    for (end, code) in [(End::OriginalityRefused, 2), (End::Failed, 3), (End::AuditRefused, 4)] {
        let media_id = desk.draft("Title");
        desk.wechat.end_next(1, end);
        let publish_id = desk.submit(&media_id);
        assert_eq!(desk.status(&publish_id)["publish_status"], 1);
        desk.forward(5);
        let ended = json!({"publish_id": publish_id, "publish_status": code, "fail_idx": [1]});
        assert_eq!(desk.status(&publish_id), ended);
        assert!(desk.has_draft(&media_id));
    }
    assert_eq!((desk.wechat.visible().len(), &desk.published()["total_count"]), (0, &json!(0)));
    desk.publish(&desk.draft("Title"));
    assert_eq!(desk.wechat.visible().len(), 1, "the next ones are well again");
}

#[test]
fn a_draft_that_is_submitted_twice_is_seen_twice_or_refused() {
    let desk = Desk::open();
    let media_id = desk.draft("Twice");
    let publications = [desk.submit(&media_id), desk.submit(&media_id)];
    desk.forward(5);
    let ids = publications.map(|publish_id| text(&desk.status(&publish_id), "article_id"));
    assert_ne!(ids[0], ids[1]);
    assert_eq!(desk.wechat.visible_by_title()["Twice"], 2);
    assert_eq!(desk.wechat.visible_by_source_url()["https://example.com/Twice#ch-1"], 2);
    let by_article = desk.wechat.visible_by_article();
    assert_eq!(by_article[&format!("{APPID} {} 1", ids[0])], 1);

    desk.wechat.behave(|behaviour| behaviour.resubmission = Resubmission::Refused);
    let media_id = desk.draft("Once");
    desk.submit(&media_id);
    let again = desk.ask(Interface::PublishSubmit, json!({ "media_id": media_id }));
    is_refused(&again, 53503, "draft does not pass the publish check");
    desk.forward(5);
    assert_eq!(desk.wechat.visible_by_title()["Once"], 1);
}

#[test]
fn a_draft_leaves_when_it_is_published_or_when_it_is_submitted() {
    let desk = Desk::open();
    desk.wechat.behave(|behaviour| behaviour.draft_leaves = DraftLeaves::WhenSubmitted);
    desk.wechat.end_next(1, End::AuditRefused);
    let media_id = desk.draft("Title");
    desk.submit(&media_id);
    assert!(!desk.has_draft(&media_id));
    let again = desk.ask(Interface::PublishSubmit, json!({ "media_id": media_id }));
    is_refused(&again, 40007, "invalid media_id");
    desk.forward(5);
    assert!(desk.has_draft(&media_id), "it was refused, and is there again");
    desk.publish(&media_id);
    assert!(!desk.has_draft(&media_id));
}

#[test]
fn an_article_is_deleted_and_was_visible_all_the_same() {
    let desk = Desk::open();
    let media_id = desk.draft_of(&[desk.article("One"), desk.article("Two")]);
    let publish_id = desk.submit(&media_id);
    desk.forward(5);
    let article_id = text(&desk.status(&publish_id), "article_id");
    let delete =
        |index: Value| desk.ask(Interface::PublishDelete, json!({"article_id": article_id, "index": index}));
    is_refused(&delete(json!(3)), 40060, "invalid article idx");
    assert_eq!(delete(json!(2)), json!({"errcode": 0, "errmsg": "ok"}));
    let items = desk.published()["item"][0]["content"]["news_item"].clone();
    assert_eq!((&items[0]["is_deleted"], &items[1]["is_deleted"]), (&json!(false), &json!(true)));
    assert_eq!(desk.status(&publish_id)["publish_status"], 0);
    delete(json!(0));
    let gone = json!({"publish_id": publish_id, "publish_status": 5, "fail_idx": []});
    assert_eq!(desk.status(&publish_id), gone);
    assert_eq!(desk.published()["total_count"], 0);
    is_refused(&delete(json!(0)), 53600, "invalid article_id");
    let article = desk.ask(Interface::PublishGetArticle, json!({ "article_id": article_id }));
    is_refused(&article, 53600, "invalid article_id");
    assert_eq!(desk.wechat.visible().len(), 2);
}

#[test]
fn wechat_takes_an_article_away() {
    let desk = Desk::open();
    let publish_id = desk.submit(&desk.draft("Title"));
    assert!(!desk.wechat.ban(APPID, "nothing"));
    desk.forward(5);
    assert!(desk.wechat.ban(APPID, &text(&desk.status(&publish_id), "article_id")));
    assert_eq!(desk.status(&publish_id)["publish_status"], 6);
    assert_eq!(desk.published()["total_count"], 0);
}

#[test]
fn a_publication_that_is_none_has_no_status() {
    let desk = Desk::open();
    is_refused(&desk.status("100"), 40097, "invalid args");
    let publish_id = desk.submit(&desk.draft("Title"));
    let number: u64 = publish_id.parse().expect("a number");
    let status = desk.ask(Interface::PublishGet, json!({ "publish_id": number }));
    assert_eq!(status["publish_status"], 1, "as a number too");
}

#[test]
fn publication_takes_as_long_as_a_test_says() {
    let desk = Desk::open();
    desk.wechat.behave(|behaviour| behaviour.publication_takes = Duration::from_secs(3600));
    let publish_id = desk.submit(&desk.draft("Title"));
    desk.forward(3599);
    assert_eq!(desk.status(&publish_id)["publish_status"], 1);
    desk.forward(1);
    assert_eq!(desk.status(&publish_id)["publish_status"], 0);
}

#[test]
fn only_some_accounts_may_publish() {
    let desk = Desk::open();
    desk.wechat.add_account("wx2", SECRET, Rights::Drafts);
    let token = text(&stable_token(&desk.wechat, "wx2", false), "access_token");
    let desk = Desk { token, ..desk };
    let media_id = desk.draft("Title");
    for (interface, body) in [
        (Interface::PublishSubmit, json!({ "media_id": media_id })),
        (Interface::PublishGet, json!({"publish_id": "1"})),
        (Interface::PublishBatchGet, json!({"offset": 0, "count": 1})),
        (Interface::PublishGetArticle, json!({"article_id": "x"})),
        (Interface::PublishDelete, json!({"article_id": "x"})),
    ] {
        is_refused(&desk.ask(interface, body), 48001, "api unauthorized");
    }
    assert_eq!(desk.wechat.drafts("wx2").len(), 1);
}
