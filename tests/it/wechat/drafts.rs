//! Drafts: what is in them, and what keeps one from being made.

use super::*;
use crate::support::on_both;
use contenthub::operations::OperationError;
use contenthub::operations::account::GetAccount;
use contenthub::operations::entry::RetryEntry;
use contenthub::{LogStatus, ResultStatus};

#[test]
fn a_post_becomes_a_draft_with_its_pictures() {
    on_both(|url, dir| {
        let room = Room::open(url, dir, json!({"comments": "followers", "theme": "azure"}));
        assert_eq!(room.app.run(GetAccount(room.account)).expect("it").concurrency, 1);
        let (a, b) = (room.web.url("/a.png"), room.web.url("/b.png"));
        let id = room.add("标题", |mut content| {
            content.text.body = format!("# 一\n\n![a]({a})\n\n**强调** ![b]({b}) ![a]({a})\n");
            (content.text.author, content.text.digest) = (Some("作者".to_owned()), Some("摘要".to_owned()));
            content
        });
        let report = room.run();
        assert_eq!(report.data.success_count, 1, "{:#?}", room.log(id));
        let drafts = room.wechat.drafts(APPID);
        let [draft] = &drafts[..] else { panic!("{drafts:#?}") };
        let [article] = &draft.articles[..] else { panic!("{draft:#?}") };
        let (result, row) = (&report.data.results[0], &room.log(id)[0]);
        assert_eq!(
            (result.status, result.media_id.as_ref()),
            (ResultStatus::Published, Some(&draft.media_id))
        );
        assert_eq!((row.status, row.media_id.as_ref()), (LogStatus::Published, Some(&draft.media_id)));
        assert_eq!((&*article.title, &*article.author, &*article.digest), ("标题", "作者", "摘要"));
        assert!(article.content_source_url.starts_with("https://blog.example/标题#ch-"), "{article:?}");
        assert_eq!((article.need_open_comment, article.only_fans_can_comment), (true, true));
        assert_eq!(article.stripped, [""; 0], "nothing that WeChat takes away");
        assert_eq!(article.content.matches("mmbiz.qpic.cn").count(), 3, "{}", article.content);
        // Two pictures and a cover, each once.
        let uploads = room.wechat.uploads_by_sha256(APPID);
        assert_eq!((uploads.len(), uploads.values().sum::<usize>()), (3, 3), "{uploads:?}");
        assert_eq!(room.wechat.visible(), [], "a draft is nobody's to read");
    });
}

#[test]
fn an_article_without_a_cover_or_with_a_bad_address_is_refused_before_it_waits() {
    on_both(|url, dir| {
        let room = Room::open(url, dir, json!({}));
        let mut bare = room.content("x");
        bare.text.cover = None;
        bare.text.source_url = Some("no address".to_owned());
        let content = room.app.create_content(bare).expect("a content").id;
        let addition = Addition { account: Some(room.account), ..Addition::of(content) };
        let Err(OperationError::Invalid(wrong)) = room.app.add_to_pool(addition) else { panic!("refused") };
        let fields: Vec<&str> = wrong.iter().map(|error| &*error.field).collect();
        assert_eq!(fields, ["cover", "source_url"], "{wrong:?}");
    });
}

/// Of an entry that has failed for good: the code and the words.
#[track_caller]
fn failed(room: &Room, id: EntryId) -> (String, String) {
    room.run();
    let seen = room.settled(id);
    assert_eq!((seen.status, seen.unproven), (EntryStatus::Failed, false), "{:#?}", room.log(id));
    let row = room.log(id).pop().expect("a row");
    (row.error_code.expect("a code"), row.error_message.expect("words"))
}

#[test]
fn a_picture_that_wechat_would_not_take_is_named_and_no_draft_is_made() {
    let dir = tempfile::tempdir().expect("a folder");
    let room = Room::open(&DatabaseUrl::in_data_dir(dir.path()), dir.path(), json!({}));
    let large = [PNG, &vec![0; 1024 * 1024]].concat();
    room.web.on_path("/large.png", [Answer::status(200).body(large)]);
    room.web.on_path("/no.gif", [Answer::status(200).body("GIF89a")]);
    room.web.on_path("/page", [Answer::status(200).body("<html>")]);
    for (picture, words) in [
        ("/gone.jpg", "its server answered 404"),
        ("/large.png", "1048575 bytes"),
        ("/no.gif", "JPEG, PNG"),
        ("/page", "JPEG, PNG"),
    ] {
        let source = room.web.url(picture);
        let id = room.add(&picture[1..], |mut content| {
            content.text.body = format!("![x]({source})");
            content
        });
        let (code, said) = failed(&room, id);
        assert_eq!(code, "picture", "{said}");
        assert!(said.contains(&source) && said.contains(words), "{said}");
    }
    let id = room.add("beside", |mut content| {
        content.text.cover = Some("beside.png".to_owned());
        content
    });
    let (code, said) = failed(&room, id);
    assert!(code == "picture" && said.contains("beside.png") && said.contains("http"), "{said}");
    assert_eq!((room.asked(Interface::DraftAdd), room.wechat.drafts(APPID).len()), (0, 0));
}

#[test]
fn a_picture_whose_server_is_down_is_tried_again_and_costs_the_entry_its_retries() {
    let dir = tempfile::tempdir().expect("a folder");
    let room = Room::open(&DatabaseUrl::in_data_dir(dir.path()), dir.path(), json!({}));
    room.web.on_path("/cover.jpg", [Answer::status(503), Answer::status(200).body(JPEG)]);
    let id = room.add("x", |content| content);
    room.run();
    let seen = room.settled(id);
    assert_eq!((seen.status, seen.unproven, seen.retry_count), (EntryStatus::Pending, false, 1));
    assert!(seen.last_error.is_some_and(|said| said.contains("/cover.jpg")));
    room.later(60);
    room.run();
    assert_eq!(room.settled(id).status, EntryStatus::Published);
}

/// Somebody deleted it at WeChat while its upload was remembered.
#[test]
fn a_cover_that_is_gone_is_uploaded_again_by_the_next_try() {
    let dir = tempfile::tempdir().expect("a folder");
    let room = Room::open(&DatabaseUrl::in_data_dir(dir.path()), dir.path(), json!({}));
    let gone = crate::support::wechat::refusal::INVALID_MEDIA_ID;
    room.wechat.plan(Interface::DraftAdd, 1, crate::support::wechat::faults::Fault::refusal(gone));
    let id = room.add("x", |content| content);
    let (code, said) = failed(&room, id);
    assert!(code == "wechat_40007" && said.contains("Retry the entry"), "{code}: {said}");
    room.app.run(RetryEntry { id, by: "ann".to_owned() }).expect("again");
    room.run();
    assert_eq!(room.settled(id).status, EntryStatus::Published);
    assert_eq!(room.asked(Interface::AddMaterial), 2);
}
