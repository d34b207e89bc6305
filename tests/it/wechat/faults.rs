//! What WeChat says instead of doing what it was asked: what the entry, its account and the platform come to by it.

use super::*;
use crate::support::on_both;
use crate::support::wechat::faults::Fault;
use crate::support::wechat::refusal::Refusal;
use contenthub::operations::account::{GetAccount, ResumeAccount};
use contenthub::words::Language;
use contenthub::words::errors::kept_in;

impl Room {
    /// A post whose draft WeChat answers so.
    fn with_fault(&self, title: &str, interface: Interface, fault: Fault) -> EntryId {
        self.wechat.plan(interface, 1, fault);
        let id = self.add(title, |content| content);
        self.run();
        id
    }

    /// Why its account is suspended, and for how many seconds yet.
    fn suspended(&self) -> (Option<String>, Option<u64>) {
        let account = self.app.run(GetAccount(self.account)).expect("an account");
        (account.suspended_reason, account.suspended_until.map(|until| until.since(self.app.now()).as_secs()))
    }
}

#[test]
fn too_many_in_a_minute_waits_a_minute_and_costs_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    let room = Room::open(&DatabaseUrl::in_data_dir(dir.path()), dir.path(), json!({}));
    let id = room.with_fault("x", Interface::DraftAdd, Fault::busy());
    let seen = room.settled(id);
    assert_eq!((seen.status, seen.unproven, seen.retry_count), (EntryStatus::Pending, false, 0));
    // The lane is shut meanwhile: no other entry goes out either.
    let other = room.add("y", |content| content);
    room.later(59);
    assert_eq!(room.run().data.results, []);
    room.later(1);
    assert_eq!(room.run().data.success_count, 2);
    assert_eq!([id, other].map(|id| room.settled(id).status), [EntryStatus::Published; 2]);
    assert_eq!(room.wechat.drafts(APPID).len(), 2);
}

#[test]
fn a_quota_that_is_used_up_suspends_its_account_until_the_next_day_in_china() {
    on_both(|url, dir| {
        let room = Room::open(url, dir, json!({}));
        room.wechat.add_account(
            "wx00000000000000aa",
            SECRET,
            crate::support::wechat::account::Rights::Drafts,
        );
        let spared = open_account(&room.app, &room.wechat, "spared", json!({"appid": "wx00000000000000aa"}));
        room.wechat.limit_a_day(APPID, Interface::DraftAdd, 1);
        let ids = ["a", "b", "c"].map(|title| room.add(title, |content| content));
        let other = room.add_to(spared, "d", |content| content);
        room.run();
        let (reason, seconds) = room.suspended();
        let (reason, seconds) = (reason.expect("suspended"), seconds.expect("until then"));
        assert!(reason.contains("45009") && reason.contains("midnight in China"), "{reason}");
        assert!(seconds <= 24 * 3600 + 300, "{seconds}");
        let out = |ids: &[EntryId]| {
            ids.iter().filter(|id| room.settled(**id).status == EntryStatus::Published).count()
        };
        assert_eq!((out(&ids), out(&[other])), (1, 1), "the other account goes on");
        assert!(ids.iter().all(|id| room.settled(*id).retry_count == 0));
        room.later(seconds - 1);
        assert_eq!(room.run().data.results, []);
        // The next day, by itself.
        room.wechat.limit_a_day(APPID, Interface::DraftAdd, 100);
        room.later(2);
        room.run();
        assert_eq!(out(&ids), 3);
        assert_eq!(room.wechat.drafts(APPID).len(), 3);
    });
}

#[test]
fn an_address_that_is_not_on_the_whitelist_is_named_in_both_languages() {
    on_both(|url, dir| {
        let room = Room::open(url, dir, json!({}));
        let id = room.with_fault("x", Interface::StableToken, Fault::not_in_whitelist());
        let (reason, until) = room.suspended();
        let reason = reason.expect("suspended");
        assert_eq!(until, None, "before a person has done it");
        assert!(reason.contains("add this server's address 127.0.0.1 to the IP whitelist"), "{reason}");
        let chinese = kept_in(&reason, Language::Zh).expect("words of ours").say(Language::Zh);
        assert!(chinese.contains("把本服务器的地址 127.0.0.1 加入账号的 IP 白名单"), "{chinese}");
        let seen = room.settled(id);
        assert_eq!((seen.status, seen.unproven, seen.retry_count), (EntryStatus::Pending, false, 0));
        room.app.run(ResumeAccount(room.account)).expect("resumed");
        room.run();
        assert_eq!(room.settled(id).status, EntryStatus::Published);
    });
}

/// What WeChat says for good is said of the entry; the draft that is left of it is named.
#[test]
fn content_that_is_refused_has_failed_and_the_next_goes_out() {
    let dir = tempfile::tempdir().expect("a folder");
    let room = Room::open(&DatabaseUrl::in_data_dir(dir.path()), dir.path(), json!({"mode": "publish"}));
    for (interface, code, names_draft) in
        [(Interface::DraftAdd, 45166, false), (Interface::PublishSubmit, 53503, true)]
    {
        let id = room.with_fault(&code.to_string(), interface, Fault::refusal(Refusal::new(code, "no")));
        let seen = room.settled(id);
        assert_eq!((seen.status, seen.unproven), (EntryStatus::Failed, false), "{code}");
        let row = room.log(id).pop().expect("a row");
        assert_eq!(row.error_code, Some(format!("wechat_{code}")));
        let draft = room.wechat.drafts(APPID).pop().map(|draft| draft.media_id);
        let said = row.error_message.expect("words");
        assert_eq!(draft.is_some_and(|draft| said.contains(&draft)), names_draft, "{said}");
    }
    let next = room.add("next", |content| content);
    assert_eq!(room.until_out(next).status, EntryStatus::Published);
    assert_eq!(room.wechat.visible().len(), 1);
}

#[test]
fn an_account_that_may_not_publish_is_told_what_it_may_do() {
    let dir = tempfile::tempdir().expect("a folder");
    let room = Room::open(&DatabaseUrl::in_data_dir(dir.path()), dir.path(), json!({}));
    let appid = "wx00000000000000bb";
    room.wechat.add_account(appid, SECRET, crate::support::wechat::account::Rights::Drafts);
    let settings = json!({"appid": appid, "mode": "publish"});
    let narrow = open_account(&room.app, &room.wechat, "narrow", settings);
    let id = room.add_to(narrow, "x", |content| content);
    room.run();
    assert_eq!(room.settled(id).status, EntryStatus::Pending);
    let account = room.app.run(GetAccount(narrow)).expect("an account");
    let reason = account.suspended_reason.expect("suspended");
    assert!(reason.contains("48001") && reason.contains("mode to draft"), "{reason}");
}
