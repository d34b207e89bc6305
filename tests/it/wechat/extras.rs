//! Several contents as one draft of several articles: one entry, one claim, one key, one outcome.

use super::*;
use crate::support::on_both;
use crate::support::wechat::faults::Effect::{Done, NotDone};
use crate::support::wechat::faults::Fault;
use crate::support::wechat::refusal::Refusal;
use contenthub::domain::content::ReviewStatus;
use contenthub::operations::OperationError;
use contenthub::operations::content::{DeleteContent, ReviewContent, ReviewStep, UpdateContent};
use contenthub::operations::entry::{CancelEntry, Resolution, ResolveEntry, RetryEntry, UpdateEntry};
use contenthub::operations::explain::ExplainEntry;
use contenthub::{ContentId, LogStatus};
use std::sync::Barrier;

impl Room {
    fn contents<const N: usize>(&self, titles: [&str; N]) -> [ContentId; N] {
        titles.map(|title| self.app.create_content(self.content(title)).expect("a content").id)
    }

    fn addition(&self, content: ContentId, extras: &[ContentId]) -> Addition {
        Addition { account: Some(self.account), extras: extras.to_vec(), ..Addition::of(content) }
    }

    #[track_caller]
    fn together(&self, content: ContentId, extras: &[ContentId]) -> EntryId {
        self.app.add_to_pool(self.addition(content, extras)).expect("an entry").id
    }

    #[track_caller]
    fn is_refused(&self, content: ContentId, extras: &[ContentId]) -> OperationError {
        self.app.add_to_pool(self.addition(content, extras)).expect_err("refused")
    }

    fn titles_of_drafts(&self) -> Vec<Vec<String>> {
        let titles = |articles: &[crate::support::wechat::articles::Article]| {
            articles.iter().map(|article| article.title.clone()).collect()
        };
        self.wechat.drafts(APPID).iter().map(|draft| titles(&draft.articles)).collect()
    }

    #[track_caller]
    fn rename(&self, content: ContentId, title: &str) {
        let edit = UpdateContent { title: Some(title.to_owned()), ..UpdateContent::new(content) };
        self.app.change(edit).expect("changed");
    }
}

#[test]
fn several_contents_are_one_draft_of_several_articles() {
    on_both(|url, dir| {
        let room = Room::open(url, dir, json!({}));
        let [a, b, c] = room.contents(["a", "b", "c"]);
        let picture = room.web.url("/b.png");
        let body = Some(format!("![b]({picture})"));
        room.app.change(UpdateContent { body, ..UpdateContent::new(b) }).expect("changed");
        let id = room.together(a, &[c, b]);
        assert_eq!(entry(&room.app, id).extra_content_ids, [c, b]);
        let report = room.run();
        assert_eq!((report.data.total_count, report.data.success_count), (1, 1), "{:#?}", room.log(id));
        assert_eq!(room.titles_of_drafts(), [["a", "c", "b"]]);
        let draft = &room.wechat.drafts(APPID)[0];
        assert_eq!(draft.articles[2].content.matches("mmbiz.qpic.cn").count(), 1);
        let marks: Vec<&str> = draft
            .articles
            .iter()
            .filter_map(|article| Some(article.content_source_url.split_once("#ch-")?.1))
            .collect();
        assert!(marks.len() == 3 && marks.iter().all(|mark| *mark == marks[0]), "one key: {marks:?}");
        let [row] = &room.log(id)[..] else { panic!("one attempt") };
        assert_eq!((row.status, row.media_id.as_ref()), (LogStatus::Published, Some(&draft.media_id)));
        assert_eq!(room.asked(Interface::AddMaterial), 1, "they have one cover");
        // Each of them is out there, for good.
        for content in [a, b, c] {
            let error = room.is_refused(content, &[]);
            assert!(
                matches!(error, OperationError::AlreadyPublished { content: told, .. } if told == content),
                "{error:?}"
            );
        }
        let again = Addition { again: true, ..room.addition(c, &[]) };
        room.app.add_to_pool(again).expect("on purpose");
    });
}

#[test]
fn readers_see_each_article_of_a_post_once() {
    on_both(|url, dir| {
        let room = Room::open(url, dir, json!({"mode": "publish"}));
        let [a, b, c, d] = room.contents(["a", "b", "c", "d"]);
        let fine = room.together(a, &[b]);
        assert_eq!(room.until_out(fine).status, EntryStatus::Published);
        // Nobody sees whether it is submitted.
        room.wechat.plan(Interface::PublishSubmit, 1, Fault::reset(Done));
        let unseen = room.together(c, &[d]);
        room.run();
        room.later(SETTLES);
        assert_eq!(room.after(unseen, 2).status, EntryStatus::Published);
        let visible = room.wechat.visible_by_title();
        assert!(visible.len() == 4 && visible.values().all(|times| *times == 1), "{visible:?}");
        assert_eq!((room.asked(Interface::DraftAdd), room.asked(Interface::PublishSubmit)), (2, 2));
        let error = room.is_refused(d, &[]);
        assert!(matches!(error, OperationError::AlreadyPublished { .. }), "{error:?}");
    });
}

#[test]
fn a_content_waits_once_for_an_account_by_itself_or_beside_another() {
    on_both(|url, dir| {
        let room = Room::open(url, dir, json!({}));
        let [a, b, c, d] = room.contents(["a", "b", "c", "d"]);
        let first = room.together(a, &[b]);
        for (content, extras) in [(b, vec![]), (c, vec![b]), (c, vec![a]), (b, vec![c]), (a, vec![c])] {
            let error = room.is_refused(content, &extras);
            assert!(
                matches!(error, OperationError::AlreadyInPool { entry, .. } if entry == first),
                "{content} {extras:?}: {error:?}"
            );
        }
        // Ended, it waits no longer; and comes back only where none of its contents waits elsewhere.
        room.app.run(CancelEntry(first)).expect("cancelled");
        let alone = room.together(b, &[]);
        let retry = || room.app.run(RetryEntry { id: first, by: "ann".to_owned() });
        let error = retry().expect_err("it waits elsewhere");
        assert!(
            matches!(error, OperationError::AlreadyInPool { entry, content, .. } if (entry, content) == (alone, b)),
            "{error:?}"
        );
        room.run();
        let error = retry().expect_err("it is out");
        assert!(
            matches!(error, OperationError::AlreadyPublished { content, .. } if content == b),
            "{error:?}"
        );
        room.together(c, &[d]);
    });
}

#[test]
fn what_cannot_go_out_together_is_refused_by_its_place() {
    on_both(|url, dir| {
        let room = Room::open(url, dir, json!({}));
        let eight = room.contents(["1", "2", "3", "4", "5", "6", "7", "8"]);
        let [a, rest @ ..] = eight;
        let [nine] = room.contents(["9"]);
        let mut bare = room.content("bare");
        (bare.text.cover, bare.text.author) = (None, Some("x".repeat(17)));
        let bare = room.app.create_content(bare).expect("a content").id;
        let told = |extras: &[ContentId]| room.is_refused(a, extras).to_string();
        let has_eight = [&rest[..], &[nine]].concat();
        assert_eq!(
            told(&has_eight),
            "extra_content_ids: names 8 contents, 1 more than one post may have beside its own (at most 7)"
        );
        assert_eq!(told(&[nine, nine]), format!("extra_content_ids: names content {nine} twice"));
        assert_eq!(told(&[a]), format!("extra_content_ids: names content {a} twice"));
        let wrong = told(&[nine, bare]);
        assert!(wrong.contains("extra_content_ids[1].cover: is missing"), "{wrong}");
        assert!(wrong.contains("extra_content_ids[1].author: has 17 characters"), "{wrong}");
        let gone = room.is_refused(a, &[ContentId(999)]);
        assert!(matches!(&gone, OperationError::NotFound { id, .. } if id == "999"), "{gone:?}");
        // Nothing of all that waits.
        let id = room.together(a, &rest);
        room.run();
        assert_eq!(room.settled(id).status, EntryStatus::Published);
        assert_eq!(room.titles_of_drafts(), [["1", "2", "3", "4", "5", "6", "7", "8"]]);
    });
}

#[test]
fn an_entry_waits_until_all_of_its_contents_are_approved() {
    on_both(|url, dir| {
        let room = Room::reviewed(url, dir);
        let [a, b, c] = room.contents(["a", "b", "c"]);
        let review = |id, step| room.app.run(ReviewContent { id, step }).expect("reviewed").review_status;
        let id = room.together(a, &[b, c]);
        for (content, published) in [(b, 0), (a, 0), (c, 1)] {
            assert_eq!(room.run().data.success_count, 0);
            assert_eq!(review(content, ReviewStep::Approve), ReviewStatus::Approved);
            assert_eq!(room.run().data.success_count, published, "{content}: {:#?}", room.log(id));
        }
        // One that is changed is to be approved anew, beside which content soever it stands.
        let [d, e] = room.contents(["d", "e"]);
        let id = room.together(d, &[e]);
        for content in [d, e] {
            review(content, ReviewStep::Approve);
        }
        room.rename(e, "e2");
        assert_eq!(room.run().data.success_count, 0);
        let facts = room.app.run(ExplainEntry(id)).expect("facts");
        let view = contenthub::views::ExplanationView::new(&facts, None);
        let answer = view.answers.iter().find(|answer| answer.code == "not_approved").expect("why it waits");
        assert!(answer.message.contains(&format!("Content {e} beside it is not approved")), "{answer:?}");
        let approves =
            view.actions.iter().any(|action| action.command.ends_with(&format!("content approve {e}")));
        assert!(approves, "{:?}", view.actions);
        review(e, ReviewStep::Approve);
        room.run();
        assert_eq!(room.settled(id).status, EntryStatus::Published);
        assert_eq!(room.titles_of_drafts(), [vec!["a", "b", "c"], vec!["d", "e2"]]);
    });
}

/// Approved at the same moment by two: neither sees the other's approval before it is through.
#[test]
fn contents_that_are_approved_at_the_same_moment_let_their_entry_go() {
    on_both(|url, dir| {
        let room = Room::reviewed(url, dir);
        for round in 0..20 {
            let titles = [format!("a{round}"), format!("b{round}")];
            let [a, b] = room.contents(titles.each_ref().map(String::as_str));
            room.together(a, &[b]);
            let barrier = Barrier::new(2);
            std::thread::scope(|scope| {
                for id in [a, b] {
                    let (app, barrier) = (&room.app, &barrier);
                    scope.spawn(move || {
                        barrier.wait();
                        app.run(ReviewContent { id, step: ReviewStep::Approve }).expect("approved");
                    });
                }
            });
        }
        assert_eq!(room.run().data.success_count, 20);
    });
}

#[test]
fn a_content_that_is_changed_while_it_waits_goes_out_changed_and_what_may_be_out_does_not() {
    on_both(|url, dir| {
        let room = Room::open(url, dir, json!({}));
        let [a, b, c, d] = room.contents(["a", "b", "c", "d"]);
        let waits = room.together(a, &[b]);
        room.rename(b, "b2");
        room.run();
        assert_eq!(room.settled(waits).status, EntryStatus::Published);
        room.wechat.plan(Interface::DraftAdd, 1, Fault::reset(Done));
        let unseen = room.together(c, &[d]);
        room.run();
        assert!(room.settled(unseen).unproven);
        room.rename(d, "d2");
        assert_eq!(room.until_out(unseen).status, EntryStatus::Published);
        assert_eq!(room.titles_of_drafts(), [["a", "b2"], ["c", "d"]]);
        assert_eq!(room.asked(Interface::DraftAdd), 2);
    });
}

/// The draft of an attempt that was refused afterwards is of no use where one of its texts has changed since.
#[test]
fn a_draft_of_other_texts_is_not_submitted() {
    on_both(|url, dir| {
        let room = Room::open(url, dir, json!({"mode": "publish"}));
        let refused = || Fault::refusal(Refusal::new(53503, "no"));
        let again = |id| room.app.run(RetryEntry { id, by: "ann".to_owned() }).expect("again");
        let [a, b] = room.contents(["a", "b"]);
        room.wechat.plan(Interface::PublishSubmit, 1, refused());
        let id = room.together(a, &[b]);
        room.run();
        assert_eq!((room.settled(id).status, room.settled(id).unproven), (EntryStatus::Failed, false));
        room.rename(b, "b2");
        again(id);
        assert_eq!(room.until_out(id).status, EntryStatus::Published);
        let visible = room.wechat.visible_by_title();
        assert_eq!(visible.keys().collect::<Vec<_>>(), ["a", "b2"], "{:#?}", room.log(id));
        assert_eq!(room.titles_of_drafts(), [["a", "b"]], "the orphan");
        // With the same texts it is used.
        let [c, d] = room.contents(["c", "d"]);
        room.wechat.plan(Interface::PublishSubmit, 1, refused());
        let id = room.together(c, &[d]);
        room.run();
        again(id);
        assert_eq!(room.until_out(id).status, EntryStatus::Published);
        assert_eq!(room.asked(Interface::DraftAdd), 3);
        // As long as it may be out it is repeated as it was.
        let [e, f] = room.contents(["e", "f"]);
        room.wechat.plan(Interface::PublishSubmit, 1, Fault::busy());
        let id = room.together(e, &[f]);
        room.run();
        assert!(room.settled(id).unproven);
        room.rename(f, "f2");
        room.later(60);
        assert_eq!(room.until_out(id).status, EntryStatus::Published);
        assert_eq!((room.asked(Interface::DraftAdd), room.wechat.visible_by_title()["f"]), (4, 1));
    });
}

#[test]
fn what_stands_beside_a_content_can_be_changed_while_it_waits() {
    on_both(|url, dir| {
        let room = Room::open(url, dir, json!({}));
        let [a, b, c, d] = room.contents(["a", "b", "c", "d"]);
        let id = room.together(a, &[b]);
        let change = |extras: &[ContentId]| {
            room.app.change(UpdateEntry { extras: Some(extras.to_vec()), ..UpdateEntry::of(id) })
        };
        assert_eq!(change(&[c, b]).expect("changed").extras.ids(), [c, b]);
        let other = room.together(d, &[]);
        let error = change(&[d]).expect_err("it waits by itself");
        assert!(matches!(error, OperationError::AlreadyInPool { entry, .. } if entry == other), "{error:?}");
        let error = change(&[c, c]).expect_err("twice");
        assert!(error.to_string().starts_with("extra_content_ids: names content"), "{error}");
        assert_eq!(change(&[c]).expect("changed").extras.ids(), [c]);
        room.run();
        assert_eq!(room.titles_of_drafts(), [vec!["a", "c"], vec!["d"]]);
        let error = change(&[]).expect_err("it is out");
        assert!(matches!(error, OperationError::WrongState { .. }), "{error:?}");
        // What may be out keeps its contents.
        room.wechat.plan(Interface::DraftAdd, 1, Fault::reset(NotDone));
        let [e, f] = room.contents(["e", "f"]);
        let doubt = room.together(e, &[f]);
        room.run();
        let error = room.app.change(UpdateEntry { extras: Some(vec![]), ..UpdateEntry::of(doubt) });
        assert!(matches!(error, Err(OperationError::MaybePublished { .. })), "{error:?}");
        room.together(b, &[]);
    });
}

#[test]
fn a_content_that_waits_beside_another_is_not_deleted() {
    on_both(|url, dir| {
        let room = Room::open(url, dir, json!({}));
        let [a, b, c, d] = room.contents(["a", "b", "c", "d"]);
        let id = room.together(a, &[b]);
        let error = room.app.run(DeleteContent(b)).expect_err("it waits");
        assert!(matches!(&error, OperationError::InUse { entries, .. } if *entries == [id]), "{error:?}");
        let cancelled = room.together(c, &[d]);
        room.app.run(CancelEntry(cancelled)).expect("cancelled");
        room.app.run(DeleteContent(d)).expect("deleted");
        let gone = room.app.run(contenthub::operations::pool::GetEntry(cancelled));
        assert!(
            matches!(gone, Err(OperationError::NotFound { .. })),
            "it cannot go out as it was meant: {gone:?}"
        );
        room.run();
        room.app.run(DeleteContent(b)).expect("deleted, once it is out");
    });
}

#[test]
fn a_persons_word_is_about_all_of_them() {
    on_both(|url, dir| {
        let room = Room::open(url, dir, json!({"mode": "publish"}));
        room.wechat.plan(Interface::PublishSubmit, 1, Fault::reset(Done));
        let bare = ["a", "b"].map(|title| {
            let mut content = room.content(title);
            content.text.source_url = None;
            room.app.create_content(content).expect("a content").id
        });
        let id = room.together(bare[0], &bare[1..]);
        room.run();
        room.later(SETTLES);
        assert_eq!(room.after(id, 2).status, EntryStatus::Uncertain);
        let resolution = Resolution::Published { url: None, media_id: None };
        room.app.run(ResolveEntry { id, resolution, by: "ann".to_owned() }).expect("resolved");
        for content in bare {
            let error = room.is_refused(content, &[]);
            assert!(matches!(error, OperationError::AlreadyPublished { .. }), "{error:?}");
        }
    });
}

/// Two who add the same content at the same moment, one of them beside another one: one of the two waits.
#[test]
fn of_two_additions_at_the_same_moment_the_second_finds_the_first() {
    on_both(|url, dir| {
        let room = Room::open(url, dir, json!({}));
        for round in 0..20 {
            let titles = [format!("a{round}"), format!("b{round}"), format!("c{round}")];
            let [a, b, c] = room.contents(titles.each_ref().map(String::as_str));
            let additions = [room.addition(b, &[]), room.addition(a, &[b]), room.addition(c, &[b])];
            let barrier = Barrier::new(additions.len());
            let taken: usize = std::thread::scope(|scope| {
                let adding: Vec<_> = additions
                    .into_iter()
                    .map(|addition| {
                        let (app, barrier) = (&room.app, &barrier);
                        scope.spawn(move || {
                            barrier.wait();
                            match app.add_to_pool(addition) {
                                Ok(_) => 1,
                                Err(OperationError::AlreadyInPool { content, .. }) if content == b => 0,
                                Err(error) => panic!("{error:?}"),
                            }
                        })
                    })
                    .collect();
                adding.into_iter().map(|one| one.join().expect("it ends")).sum()
            });
            assert_eq!(taken, 1, "round {round}");
        }
    });
}
