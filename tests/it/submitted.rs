//! What a platform has accepted and works on: it costs nothing but a question now and then, until the platform has said
//! what became of it.

use crate::support::app::*;
use crate::support::on_both;
use crate::support::played::{Played, What, answers};
use crate::support::stage::{Stage, problem, state};
use What::{Ask, Publish};
use contenthub::domain::delivery_class::DeliveryClass;
use contenthub::domain::ids::NodeId;
use contenthub::domain::outcome::{Receipt, Seen};
use contenthub::domain::question::Progress;
use contenthub::operations::OperationError;
use contenthub::operations::account::UpdateAccount;
use contenthub::operations::entry::{CancelEntry, DeleteEntry, Resolution, ResolveEntry, UpdateEntry};
use contenthub::operations::pool::AddToPool;
use contenthub::operations::recovery::{Dead, Recover};
use contenthub::{Addition, EntryId, EntryStatus, ExecutionStatus, LogStatus, ResultStatus};
use std::time::Duration;

const ASK: u64 = 60;

fn submitted() -> Seen {
    Seen::Submitted { ask_after: Duration::from_secs(ASK) }
}

fn working() -> Progress {
    Progress::Working { ask_after: Duration::from_secs(ASK) }
}

fn out() -> Progress {
    let url = Some("https://x.example/1".to_owned());
    Progress::Published(Receipt { media_id: Some("m1".to_owned()), url })
}

fn unknown() -> Progress {
    Progress::Unknown { problem: problem("busy"), retry_after: None }
}

fn played(asked: impl Into<Vec<Progress>>) -> Played {
    Played::new(DeliveryClass::Blind, answers([submitted()])).asked(answers(asked))
}

/// An entry that the platform has accepted.
#[track_caller]
fn accepted(stage: &Stage, title: &str) -> EntryId {
    let id = add(&stage.app, title, stage.account);
    stage.run();
    let entry = stage.asked(id, &[Publish]);
    assert_eq!(state(&entry), (EntryStatus::Publishing, false, 0));
    id
}

#[test]
fn it_gives_back_all_that_it_held_and_is_asked_for_until_it_is_out() {
    on_both(|url, dir| {
        let one_slot = |settings| contenthub::Settings { concurrency: 1, ..settings };
        let stage = Stage::with(url, dir, played([working(), unknown(), out()]), one_slot);
        let narrow = UpdateAccount { concurrency: Some(1), ..UpdateAccount::new(stage.account) };
        stage.app.run(narrow).expect("narrowed");
        // Both go out in one run, though the node has one slot, and the lane one place; and the run ends.
        let ids = ["a", "b"].map(|title| add(&stage.app, title, stage.account));
        let report = stage.run();
        let counts = (report.data.total_count, report.data.in_progress_count, report.data.success_count);
        assert_eq!(counts, (2, 2, 0), "{report:?}");
        assert!(report.data.results.iter().all(|one| one.status == ResultStatus::Publishing), "{report:?}");
        assert_eq!(runs(&stage.app, stage.task)[0].status, ExecutionStatus::Succeeded);

        let stage = stage.restarted();
        let held = Recover { by: NodeId("another".to_owned()), dead: Dead::LeaseExpired };
        stage.clock.forward(Duration::from_secs(1));
        assert_eq!(stage.app.run(held).expect("looked").entries, 0, "nobody holds it, so nobody has lost it");
        let id = ids[0];
        let waits = stage.entry(id);
        assert_eq!((waits.status, waits.attempt), (EntryStatus::Publishing, 1));
        let (said, at) =
            (waits.waiting_for.unwrap_or_default(), stage.app.now() + Duration::from_secs(ASK - 1));
        assert!(said.contains("asked") && said.contains(&at.to_string()), "{said}");
        assert_eq!(stage.run().data.total_count, 0);
        stage.later(ASK - 2);
        stage.run();
        assert_eq!(stage.entry(id).attempt, 1, "it is not asked before its time");

        stage.later(1);
        // One of the two is told `working`, the other that it cannot be found out.
        for id in ids {
            let still = stage.asked(id, &[Publish, Ask]);
            assert_eq!(state(&still), (EntryStatus::Publishing, false, 0));
        }
        stage.later(ASK);
        for id in ids {
            let out = stage.asked(id, &[Publish, Ask, Ask]);
            assert_eq!(state(&out), (EntryStatus::Published, false, 0));
            assert_eq!((out.url.as_deref(), out.waiting_for), (Some("https://x.example/1"), None));
            assert!(out.published_at.is_some());
            let again = Addition { account: Some(stage.account), ..Addition::of(out.content_id) };
            let known = stage.app.run(AddToPool(again)).expect_err("it is remembered");
            assert!(matches!(known, OperationError::AlreadyPublished { .. }), "{known}");
            let log: Vec<_> = attempts(&stage.app, id).iter().map(|row| row.status).collect();
            assert_eq!(log, [LogStatus::Submitted, LogStatus::Submitted, LogStatus::Published]);
        }
        nothing_is_publishing(&stage.app);
    });
}

#[test]
fn what_the_platform_refuses_has_failed_and_a_retry_sends_it_anew() {
    on_both(|url, dir| {
        let stage = Stage::open(url, dir, played([Progress::Refused(problem("policy")), out()]));
        let id = accepted(&stage, "x");
        stage.later(ASK);
        let failed = stage.asked(id, &[Publish, Ask]);
        assert_eq!(state(&failed), (EntryStatus::Failed, false, 0));
        assert_eq!(attempts(&stage.app, id)[1].error_code.as_deref(), Some("policy"));
        let retry = contenthub::operations::entry::RetryEntry { id, by: "ann".to_owned() };
        stage.app.run(retry).expect("again");
        stage.run();
        assert_eq!(stage.calls.of(id), [Publish, Ask, Publish]);
        assert_eq!(stage.entry(id).status, EntryStatus::Publishing);
    });
}

#[test]
fn what_takes_longer_than_a_day_is_uncertain() {
    on_both(|url, dir| {
        let stage = Stage::open(url, dir, played([working()]));
        let id = accepted(&stage, "x");
        stage.later(24 * 3600 - 1);
        assert_eq!(stage.asked(id, &[Publish, Ask]).status, EntryStatus::Publishing);
        stage.later(ASK);
        let late = stage.asked(id, &[Publish, Ask, Ask]);
        assert_eq!(state(&late), (EntryStatus::Uncertain, true, 0));
        let code = attempts(&stage.app, id).pop().and_then(|row| row.error_code);
        assert_eq!(code.as_deref(), Some("submitted_too_long"));
        stage.later(24 * 3600);
        stage.run();
        assert_eq!(stage.calls.of(id), [Publish, Ask, Ask], "nobody is asked any more");
    });
}

/// A platform may say what it likes: it is not asked without end, nor never again.
#[test]
fn a_platform_does_not_choose_freely_when_it_is_asked() {
    on_both(|url, dir| {
        let at = |seconds| Seen::Submitted { ask_after: Duration::from_secs(seconds) };
        let seen = answers([at(0), at(1_000_000_000)]);
        let stage = Stage::open(url, dir, Played::new(DeliveryClass::Blind, seen).asked(answers([out()])));
        let soon = accepted(&stage, "soon");
        stage.run();
        assert_eq!(stage.entry(soon).attempt, 1, "not in the same breath");
        stage.later(5);
        stage.asked(soon, &[Publish, Ask]);
        let never = accepted(&stage, "never");
        stage.later(3600);
        assert_eq!(stage.asked(never, &[Publish, Ask]).status, EntryStatus::Published);
    });
}

#[test]
fn what_is_worked_on_is_nobodys_to_change_but_a_persons_to_settle() {
    on_both(|url, dir| {
        let stage = Stage::open(url, dir, played([working()]));
        let app = &stage.app;
        let ids = ["out", "again", "over"].map(|title| accepted(&stage, title));
        let refused = [
            app.run(UpdateEntry { max_retries: Some(1), ..UpdateEntry::of(ids[0]) }).map(drop),
            app.run(CancelEntry(ids[0])).map(drop),
            app.run(DeleteEntry(ids[0])),
        ];
        for refused in refused {
            let refused = refused.expect_err("it is on its way");
            assert!(matches!(refused, OperationError::WrongState { .. }), "{refused}");
        }
        let resolve = |id, resolution| {
            app.run(ResolveEntry { id, resolution, by: "ann".to_owned() }).expect("resolved");
            state(&stage.entry(id))
        };
        let published = Resolution::Published { url: None, media_id: None };
        assert_eq!(resolve(ids[0], published), (EntryStatus::Published, false, 0));
        assert_eq!(resolve(ids[1], Resolution::TryAgain), (EntryStatus::Pending, false, 0));
        assert_eq!(resolve(ids[2], Resolution::GiveUp), (EntryStatus::Failed, false, 0));
        assert_eq!(stage.run().data.in_progress_count, 1, "only what is wanted again is sent again");
        stage.later(ASK);
        stage.asked(ids[1], &[Publish, Publish, Ask]);
        assert_eq!([ids[0], ids[2]].map(|id| stage.calls.of(id)), [vec![Publish], vec![Publish]]);
    });
}
