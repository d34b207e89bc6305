//! Publications: submitted, asked for until their end, and what it was.

use super::*;
use crate::support::on_both;
use crate::support::wechat::publications::End;
use contenthub::db::claim::next_question;
use contenthub::db::connection::connect;
use contenthub::operations::entry::RetryEntry;
use contenthub::{LogStatus, ResultStatus};

#[test]
fn an_article_is_published_and_its_address_is_known() {
    on_both(|url, dir| {
        let room = Room::open(url, dir, json!({"mode": "publish"}));
        let id = room.add("x", |content| content);
        let report = room.run();
        assert_eq!(report.data.in_progress_count, 1, "{:#?}", room.log(id));
        assert_eq!(report.data.results[0].status, ResultStatus::Publishing);
        assert_eq!(room.wechat.visible(), []);
        room.later(5);
        let out = room.after(id, 2);
        assert_eq!((out.status, out.unproven), (EntryStatus::Published, false));
        let visible = room.wechat.visible();
        let [article] = &visible[..] else { panic!("{visible:?}") };
        assert_eq!(
            (out.media_id.as_ref(), out.url.as_ref()),
            (Some(&article.article_id), Some(&article.url))
        );
        let rows: Vec<_> = room.log(id).into_iter().map(|row| (row.status, row.url)).collect();
        assert_eq!(rows, [(LogStatus::Submitted, None), (LogStatus::Published, Some(article.url.clone()))]);
        assert_eq!(room.wechat.drafts(APPID).len(), 0);
        room.nothing_is_visible_twice();
    });
}

#[test]
fn the_longer_wechat_works_the_seldomer_it_is_asked() {
    let dir = tempfile::tempdir().expect("a folder");
    let url = DatabaseUrl::in_data_dir(dir.path());
    let room = Room::open(&url, dir.path(), json!({"mode": "publish"}));
    room.wechat.behave(|behaviour| behaviour.publication_takes = Duration::from_secs(3600));
    let id = room.add("x", |content| content);
    room.run();
    let mut waits = Vec::new();
    while room.settled(id).status == EntryStatus::Publishing {
        let next = next_question(&mut connect(&url).expect("connected"), true).expect("looked");
        let wait = next.expect("a question").since(room.app.now());
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        room.later(seconds);
        room.after(id, waits.len() + 2);
        waits.push(seconds);
        assert!(waits.len() < 30, "{waits:?}");
    }
    assert_eq!(room.settled(id).status, EntryStatus::Published);
    assert!(waits.is_sorted() && waits[0] == 5 && waits.last() == Some(&600), "{waits:?}");
    room.nothing_is_visible_twice();
}

/// By a clock that is set back it was accepted in the future. It was asked for every 5 s, until the clock was there again.
#[test]
fn a_clock_that_is_set_back_does_not_have_wechat_asked_without_end() {
    let dir = tempfile::tempdir().expect("a folder");
    let url = DatabaseUrl::in_data_dir(dir.path());
    let room = Room::open(&url, dir.path(), json!({"mode": "publish"}));
    room.wechat.behave(|behaviour| behaviour.publication_takes = Duration::from_secs(3600));
    let id = room.add("x", |content| content);
    room.run();
    let next = || next_question(&mut connect(&url).expect("connected"), true).expect("looked");
    let wait = || next().map(|at| at.since(room.app.now()).as_secs());
    room.clock.set_by(-24 * 3600);
    eventually("the pause is counted by the clock as it is now", || wait().filter(|wait| *wait <= 5));
    let mut waits = Vec::new();
    for asked in 0..8 {
        let wait = next().expect("a question").since(room.app.now());
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        room.later(seconds);
        assert_eq!(room.after(id, asked + 2).status, EntryStatus::Publishing);
        waits.push(seconds);
    }
    assert!(waits.is_sorted() && waits.iter().sum::<u64>() > 60, "{waits:?}");
}

#[test]
fn what_wechat_does_not_publish_has_failed_with_its_reason_and_its_draft() {
    on_both(|url, dir| {
        let room = Room::open(url, dir, json!({"mode": "publish"}));
        for (end, code, words) in [
            (End::OriginalityRefused, "wechat_originality", "original"),
            (End::Failed, "wechat_publish_failed", "failed at WeChat"),
            (End::AuditRefused, "wechat_audit", "audit"),
        ] {
            room.wechat.end_next(1, end);
            let id = room.add(code, |content| content);
            room.run();
            room.later(5);
            let seen = room.after(id, 2);
            assert_eq!((seen.status, seen.unproven), (EntryStatus::Failed, false), "{code}");
            let row = room.log(id).pop().expect("a row");
            let said = row.error_message.expect("words");
            assert_eq!(row.error_code.as_deref(), Some(code), "{said}");
            let draft = room.wechat.drafts(APPID).pop().expect("it stays").media_id;
            assert!(said.contains(words) && said.contains(&draft), "{said}");
            // Whoever wants it tried again gets another draft, and one article.
            room.app.run(RetryEntry { id, by: "ann".to_owned() }).expect("again");
            room.run();
            room.later(5);
            assert_eq!(room.after(id, 4).status, EntryStatus::Published, "{code}");
        }
        assert_eq!(room.wechat.visible().len(), 3);
        room.nothing_is_visible_twice();
    });
}

#[test]
fn a_draft_that_was_deleted_before_it_was_submitted_is_made_again_by_the_next_try() {
    let dir = tempfile::tempdir().expect("a folder");
    let room = Room::open(&DatabaseUrl::in_data_dir(dir.path()), dir.path(), json!({"mode": "publish"}));
    let gone = crate::support::wechat::refusal::INVALID_MEDIA_ID;
    room.wechat.plan(Interface::PublishSubmit, 1, crate::support::wechat::faults::Fault::refusal(gone));
    let id = room.add("x", |content| content);
    room.run();
    let seen = room.settled(id);
    assert_eq!((seen.status, seen.unproven), (EntryStatus::Failed, false), "{:#?}", room.log(id));
    room.app.run(RetryEntry { id, by: "ann".to_owned() }).expect("again");
    assert_eq!(room.until_out(id).status, EntryStatus::Published);
    assert_eq!(room.asked(Interface::DraftAdd), 2);
    room.nothing_is_visible_twice();
}
