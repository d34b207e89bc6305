//! Ends that nobody saw: whatever WeChat did or did not do then, readers see the article once, and where nobody can tell,
//! a person is asked.

use super::*;
use crate::support::on_both;
use crate::support::wechat::behaviour::{DraftLeaves, Resubmission};
use crate::support::wechat::faults::Effect::{Done, NotDone};
use crate::support::wechat::faults::{Effect, Fault};
use contenthub::operations::content::UpdateContent;
use contenthub::operations::entry::{Resolution, ResolveEntry};

type MakeFault = fn(Effect) -> Fault;

/// What does not hang: that takes all of an attempt's time.
const FAULTS: [(&str, MakeFault); 3] =
    [("reset", Fault::reset), ("-1", Fault::system_error), ("502", Fault::bad_gateway)];

/// The entry after the end of its attempt was not seen.
#[track_caller]
fn in_doubt(room: &Room, title: &str, interface: Interface, fault: Fault) -> EntryId {
    room.wechat.plan(interface, 1, fault);
    let id = room.add(title, |content| content);
    room.run();
    let seen = room.settled(id);
    assert_eq!(
        (seen.status, seen.unproven, seen.retry_count, room.wechat.faults_left()),
        (EntryStatus::Pending, true, 0, 0),
        "{title}: {:#?}",
        room.log(id)
    );
    id
}

fn on_sqlite(settings: Value, test: impl Fn(&Room)) {
    let dir = tempfile::tempdir().expect("a folder");
    test(&Room::open(&DatabaseUrl::in_data_dir(dir.path()), dir.path(), settings));
}

#[test]
fn a_submission_whose_end_was_not_seen_is_found_or_repeated_and_never_doubled() {
    on_both(|url, dir| {
        let room = Room::open(url, dir, json!({"mode": "publish"}));
        for (name, fault) in FAULTS {
            for effect in [Done, NotDone] {
                let title = format!("{name}-{effect:?}");
                let id = in_doubt(&room, &title, Interface::PublishSubmit, fault(effect));
                // Before its time nobody looks, and no run sends it again.
                let submitted = room.asked(Interface::PublishSubmit);
                room.later(SETTLES - 1);
                assert_eq!(room.run().data.total_count, 0, "{title}");
                assert_eq!(room.asked(Interface::PublishSubmit), submitted, "{title}");
                room.later(1);
                let looked = room.after(id, 2);
                if effect == Done {
                    assert_eq!((looked.status, looked.unproven), (EntryStatus::Published, false), "{title}");
                    assert!(looked.url.is_some() && looked.media_id.is_some(), "{looked:?}");
                } else {
                    assert_eq!((looked.status, looked.unproven), (EntryStatus::Pending, true), "{title}");
                    room.later(LOOKS_AGAIN);
                    assert!(!room.after(id, 3).unproven, "looked up twice: {title}");
                    assert_eq!(room.until_out(id).status, EntryStatus::Published, "{title}");
                    assert_eq!(room.asked(Interface::PublishSubmit), submitted + 1, "{title}");
                }
            }
        }
        assert_eq!(room.wechat.visible().len(), 6);
        room.nothing_is_visible_twice();
        assert_eq!(room.wechat.drafts(APPID).len(), 0, "no orphan");
        assert_eq!(room.asked(Interface::DraftAdd), 6, "no draft was made twice");
    });
}

/// Whatever WeChat does with a draft that is submitted once more.
#[test]
fn a_draft_is_not_submitted_once_more_while_it_may_be_under_way() {
    for resubmission in [Resubmission::PublishesAgain, Resubmission::Refused] {
        on_sqlite(json!({"mode": "publish"}), |room| {
            room.wechat.behave(|behaviour| {
                behaviour.resubmission = resubmission;
                // As long as a publication may take before somebody looks.
                behaviour.publication_takes = Duration::from_secs(SETTLES - 1);
            });
            let id = in_doubt(room, "x", Interface::PublishSubmit, Fault::reset(Done));
            room.later(SETTLES);
            assert_eq!(room.after(id, 2).status, EntryStatus::Published);
            assert_eq!(room.asked(Interface::PublishSubmit), 1);
            room.nothing_is_visible_twice();
        });
    }
}

#[test]
fn an_article_without_a_marker_is_a_persons_to_tell() {
    on_both(|url, dir| {
        let room = Room::open(url, dir, json!({"mode": "publish"}));
        room.wechat.plan(Interface::PublishSubmit, 1, Fault::reset(Done));
        let id = room.add("x", |mut content| {
            content.text.source_url = None;
            content
        });
        room.run();
        room.later(SETTLES);
        let seen = room.after(id, 2);
        assert_eq!((seen.status, seen.unproven), (EntryStatus::Uncertain, true));
        let row = room.log(id).pop().expect("a row");
        assert_eq!(row.error_code.as_deref(), Some("no_marker"));
        assert!(row.error_message.is_some_and(|said| said.contains("marker_url")));
        room.later(24 * 3600);
        assert_eq!(room.run().data.total_count, 0);
        assert_eq!((room.asked(Interface::PublishSubmit), room.wechat.visible().len()), (1, 1));
        let resolution = Resolution::Published { url: None, media_id: None };
        room.app.run(ResolveEntry { id, resolution, by: "ann".to_owned() }).expect("resolved");
    });
}

#[test]
fn the_accounts_own_page_marks_what_has_no_address() {
    on_sqlite(json!({"mode": "publish", "marker_url": "https://blog.example/wechat"}), |room| {
        room.wechat.plan(Interface::PublishSubmit, 1, Fault::reset(Done));
        let id = room.add("x", |mut content| {
            content.text.source_url = None;
            content
        });
        room.run();
        room.later(SETTLES);
        assert_eq!(room.after(id, 2).status, EntryStatus::Published);
        let visible = room.wechat.visible();
        assert!(visible[0].content_source_url.starts_with("https://blog.example/wechat#ch-"), "{visible:?}");
    });
}

/// It left the drafts, and is in no list: it may be out at any moment.
#[test]
fn a_draft_that_is_gone_without_an_article_is_a_persons_to_tell() {
    on_sqlite(json!({"mode": "publish"}), |room| {
        room.wechat.behave(|behaviour| {
            behaviour.draft_leaves = DraftLeaves::WhenSubmitted;
            behaviour.publication_takes = Duration::from_secs(24 * 3600);
        });
        let id = in_doubt(room, "x", Interface::PublishSubmit, Fault::system_error(Done));
        room.later(SETTLES);
        let seen = room.after(id, 2);
        assert_eq!((seen.status, seen.unproven), (EntryStatus::Uncertain, true));
        assert_eq!(room.log(id)[1].error_code.as_deref(), Some("draft_gone"));
        assert_eq!(room.asked(Interface::PublishSubmit), 1);
    });
}

#[test]
fn a_draft_whose_end_was_not_seen_is_found_and_used() {
    for mode in ["draft", "publish"] {
        on_sqlite(json!({ "mode": mode }), |room| {
            for (name, fault) in FAULTS {
                for effect in [Done, NotDone] {
                    let title = format!("{name}-{effect:?}");
                    let before = room.asked(Interface::DraftAdd);
                    let id = in_doubt(room, &title, Interface::DraftAdd, fault(effect));
                    assert_eq!(room.until_out(id).status, EntryStatus::Published, "{mode} {title}");
                    let added = if effect == Done { 1 } else { 2 };
                    assert_eq!(room.asked(Interface::DraftAdd), before + added, "{mode} {title}");
                }
            }
            let (drafts, visible) = if mode == "draft" { (6, 0) } else { (0, 6) };
            assert_eq!((room.wechat.drafts(APPID).len(), room.wechat.visible().len()), (drafts, visible));
            room.nothing_is_visible_twice();
            // They have one cover.
            assert_eq!(room.asked(Interface::AddMaterial), 1, "{mode}");
        });
    }
}

/// Nobody reads it, so it is made again; the first may be left over.
#[test]
fn a_draft_without_a_marker_is_made_again() {
    on_sqlite(json!({}), |room| {
        room.wechat.plan(Interface::DraftAdd, 1, Fault::reset(Done));
        let id = room.add("x", |mut content| {
            content.text.source_url = None;
            content
        });
        assert_eq!(room.until_out(id).status, EntryStatus::Published);
        assert_eq!((room.wechat.drafts(APPID).len(), room.wechat.visible().len()), (2, 0));
    });
}

#[test]
fn an_upload_whose_end_was_not_seen_is_done_again_without_any_doubt() {
    on_sqlite(json!({}), |room| {
        for (name, fault) in FAULTS {
            for interface in [Interface::AddMaterial, Interface::UploadImg] {
                room.wechat.plan(interface, 1, fault(Done));
                let title = format!("{name}-{interface}");
                let picture = room.web.url(&format!("/{}.png", title.replace('/', "-")));
                let id = room.add(&title, |mut content| {
                    // A file that nobody has uploaded.
                    content.text.cover = Some(picture.clone());
                    content.text.body = format!("![a]({picture})");
                    content
                });
                room.run();
                let seen = room.settled(id);
                assert_eq!((seen.status, seen.unproven), (EntryStatus::Pending, false), "{title}");
                assert_eq!(room.until_out(id).status, EntryStatus::Published, "{title}");
            }
        }
        assert_eq!(room.wechat.drafts(APPID).len(), 6);
    });
}

/// An attempt has no more time than its claim, here a second or two.
#[test]
fn what_hangs_is_given_up_in_time_and_looked_up() {
    let dir = tempfile::tempdir().expect("a folder");
    let url = DatabaseUrl::in_data_dir(dir.path());
    let room = Room::with_lease(&url, dir.path(), 4, json!({"mode": "publish"}));
    for (interface, effect) in
        [(Interface::PublishSubmit, Done), (Interface::PublishSubmit, NotDone), (Interface::DraftAdd, Done)]
    {
        let title = format!("{interface}-{effect:?}");
        let id = in_doubt(&room, &title, interface, Fault::hangs(effect));
        room.wechat.release();
        assert_eq!(room.until_out(id).status, EntryStatus::Published, "{title}");
    }
    assert_eq!(room.wechat.visible().len(), 3);
    room.nothing_is_visible_twice();
}

/// A node that stops between submission and answer, or after it, leaves it to the next one.
#[test]
fn another_node_goes_on_where_one_has_ended() {
    on_both(|url, dir| {
        let room = Room::open(url, dir, json!({"mode": "publish"}));
        // Accepted, and nobody has asked since.
        let accepted = room.add("accepted", |content| content);
        room.run();
        // In the middle of its submission.
        room.wechat.plan(Interface::PublishSubmit, 1, Fault::hangs(Done));
        let cut = room.add("cut", |content| content);
        room.node.perform(TriggerTask { task: room.task, by: Trigger::Api }).expect("triggered");
        room.wechat.wait_for_hanging(1, SOON);
        let room = room.restarted();
        room.wechat.release();
        for id in [accepted, cut] {
            assert_eq!(room.until_out(id).status, EntryStatus::Published);
        }
        assert_eq!((room.wechat.visible().len(), room.asked(Interface::PublishSubmit)), (2, 2));
        room.nothing_is_visible_twice();
    });
}

/// What may be out keeps the text that it was sent with.
#[test]
fn what_may_be_published_cannot_be_changed_meanwhile() {
    on_sqlite(json!({"mode": "publish"}), |room| {
        let id = in_doubt(room, "x", Interface::PublishSubmit, Fault::reset(Done));
        let content = entry(&room.app, id).content_id;
        let edit = UpdateContent { title: Some("after".to_owned()), ..UpdateContent::new(content) };
        let _ = room.app.change(edit);
        room.later(SETTLES);
        assert_eq!(room.after(id, 2).status, EntryStatus::Published);
        assert_eq!(room.wechat.visible_by_title().keys().collect::<Vec<_>>(), ["x"]);
    });
}
