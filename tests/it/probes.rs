//! On a blind lane a post that is sent into an outage needs a person. So where the platform can be tested, that is done
//! before a probe, and nothing of the post leaves before it went well.

use crate::support::app::*;
use crate::support::on_both;
use crate::support::played::{Played, What, answers};
use crate::support::postgres::fresh_database;
use crate::support::stage::{Stage, problem, state};
use What::{Publish, Test};
use contenthub::EntryStatus;
use contenthub::db::database_url::DatabaseUrl;
use contenthub::domain::delivery_class::DeliveryClass;
use contenthub::domain::execution::Trigger;
use contenthub::domain::ids::NodeId;
use contenthub::domain::outcome::{Receipt, Seen};
use contenthub::domain::tested::Tested;
use contenthub::operations::account::{GetAccount, ResumeAccount, UpdateAccount};
use contenthub::operations::execution::TriggerTask;
use contenthub::operations::recovery::{Dead, Recover};
use futures_util::FutureExt;
use futures_util::future::pending;
use std::collections::VecDeque;
use std::sync::Mutex;

/// One after the other; the last for ever.
#[derive(Clone)]
enum TestPlay {
    Ends(Tested),
    Panics,
    Hangs,
}

fn down() -> Seen {
    Seen::NothingLeft(problem("down"))
}

fn fine() -> Tested {
    Tested::Fine { checked: "it is there".into(), warning: None }
}

fn tested(played: Played, plays: impl Into<VecDeque<TestPlay>>) -> Played {
    let left = Mutex::new(plays.into());
    played.tested(move |_| {
        let mut left = left.lock().expect("nobody panics with it");
        let play = if left.len() > 1 { left.pop_front() } else { left.front().cloned() };
        drop(left);
        match play.expect("a play") {
            TestPlay::Ends(tested) => std::future::ready(tested).boxed_local(),
            TestPlay::Panics => panic!("on purpose"),
            TestPlay::Hangs => pending().boxed_local(),
        }
    })
}

/// Fails three times, which trips the breaker, and then would take anything.
fn played(class: DeliveryClass) -> Played {
    Played::new(class, answers([down(), down(), down(), Seen::Accepted(Receipt::default())]))
}

/// A lane whose breaker has just tripped, and an entry that waits on it.
fn tripped(stage: &Stage) -> contenthub::EntryId {
    let one = UpdateAccount { concurrency: Some(1), ..UpdateAccount::new(stage.account) };
    stage.app.run(one).expect("narrowed");
    let id = add(&stage.app, "waits", stage.account);
    for tries in 1..=3 {
        stage.run();
        eventually("it was tried", || (stage.calls.count(Publish) == tries).then_some(()));
        eventually("that is written", || (attempts(&stage.app, id).len() == tries).then_some(()));
        // Or it would claim once more while the clock is turned.
        eventually("the run has ended", || {
            runs(&stage.app, stage.task).iter().all(|run| run.finished_at.is_some()).then_some(())
        });
        stage.clock.forward(std::time::Duration::from_secs(30));
    }
    id
}

/// Has a probe go out, and waits for what comes of it to be written.
fn probe(stage: &Stage, id: contenthub::EntryId, attempt: usize) {
    // In two parts: a look between the two hands of the clock would take more than five minutes for a step of it.
    stage.clock.forward(std::time::Duration::from_secs(151));
    stage.clock.forward(std::time::Duration::from_secs(151));
    stage.run();
    eventually("the probe's end is written", || (attempts(&stage.app, id).len() == attempt).then_some(()));
}

#[test]
fn a_blind_lane_is_tested_before_a_probe_and_nothing_leaves_before_that_went_well() {
    on_both(|url, dir| {
        let broken = Tested::AccountBroken { problem: problem("blocked"), until: None };
        let plays = [
            TestPlay::Ends(Tested::PlatformFailed(problem("still_down"))),
            TestPlay::Panics,
            TestPlay::Ends(broken),
            TestPlay::Ends(fine()),
        ];
        let stage = Stage::open(url, dir, tested(played(DeliveryClass::Blind), plays));
        let id = tripped(&stage);
        let calls = || stage.calls.all().iter().map(|asked| asked.what).collect::<Vec<_>>();
        let mut expected = vec![Publish; 3];
        assert_eq!(calls(), expected, "what is no probe is not tested");
        for (attempt, code) in [(4, "still_down"), (5, "panic"), (6, "blocked")] {
            probe(&stage, id, attempt);
            expected.push(Test);
            assert_eq!(calls(), expected, "nothing of it left");
            let entry = stage.entry(id);
            assert_eq!(state(&entry), (EntryStatus::Pending, false, 0), "{code}");
            let log = attempts(&stage.app, id).pop().expect("a row");
            assert_eq!(log.error_code.as_deref(), Some(code));
        }
        let account = stage.app.run(GetAccount(stage.account)).expect("the account");
        assert!(account.suspended_reason.is_some_and(|reason| reason.contains("blocked")));
        stage.app.run(ResumeAccount(stage.account)).expect("resumed");
        // An account that is at fault is a platform that answers: the breaker is closed, and this is no probe any more.
        probe(&stage, id, 7);
        expected.push(Publish);
        assert_eq!(calls(), expected);
        assert_eq!(stage.entry(id).status, EntryStatus::Published);
    });
}

#[test]
fn what_went_well_lets_the_probe_out() {
    on_both(|url, dir| {
        let plays = [TestPlay::Ends(fine())];
        let stage = Stage::open(url, dir, tested(played(DeliveryClass::Blind), plays));
        let id = tripped(&stage);
        probe(&stage, id, 4);
        let calls: Vec<_> = stage.calls.all().iter().map(|asked| asked.what).collect();
        assert_eq!(calls, [Publish, Publish, Publish, Test, Publish]);
        assert_eq!(stage.entry(id).status, EntryStatus::Published);
    });
}

/// Neither one that cannot be tested, nor one on which a repeat is harmless.
#[test]
fn other_lanes_are_probed_with_the_post_itself() {
    let never_asked = || [TestPlay::Ends(Tested::PlatformFailed(problem("never_asked")))];
    for with_test in [false, true] {
        on_both(|url, dir| {
            let played = match with_test {
                false => played(DeliveryClass::Blind),
                true => tested(played(DeliveryClass::Keyed), never_asked()),
            };
            let stage = Stage::open(url, dir, played);
            let id = tripped(&stage);
            probe(&stage, id, 4);
            let calls: Vec<_> = stage.calls.all().iter().map(|asked| asked.what).collect();
            assert_eq!(calls, [Publish; 4]);
            assert_eq!(stage.entry(id).status, EntryStatus::Published);
        });
    }
}

/// A node that is stopped while it tests gives the entry back: nothing of it left.
#[test]
fn a_test_that_hangs_when_the_node_stops_leaves_no_doubt() {
    on_both(|url, dir| {
        let stage = Stage::open(url, dir, tested(played(DeliveryClass::Blind), [TestPlay::Hangs]));
        let id = tripped(&stage);
        stage.later(301);
        let task = stage.task;
        let trigger = TriggerTask { task, by: Trigger::Api };
        stage.node.perform(trigger).expect("triggered");
        eventually("it is tested", || (stage.calls.count(Test) == 1).then_some(()));
        let app = stage.app.clone();
        drop(stage);
        assert_eq!(state(&entry(&app, id)), (EntryStatus::Pending, false, 0));
    });
}

/// Another node takes back what this one holds, as if it were dead.
fn taken_back(stage: &Stage, id: contenthub::EntryId) -> contenthub::EntryView {
    let dead = Dead::Nodes(vec![stage.node.status().node]);
    let recovered = stage.app.run(Recover { by: NodeId("another".to_owned()), dead }).expect("recovered");
    assert_eq!(recovered.entries, 1);
    stage.entry(id)
}

/// A node that dies while it tests has sent nothing; one that dies later, nobody knows.
#[test]
fn a_node_that_dies_before_a_probe_has_left_leaves_no_doubt() {
    on_both(|url, dir| {
        for (plays, what, expected) in [
            (TestPlay::Hangs, Test, (EntryStatus::Pending, false, 0)),
            (TestPlay::Ends(fine()), Publish, (EntryStatus::Uncertain, true, 0)),
        ] {
            let dir = tempfile::tempdir_in(dir).expect("a folder");
            let url = &match url {
                DatabaseUrl::Sqlite(_) => DatabaseUrl::Sqlite(dir.path().join("own.db")),
                DatabaseUrl::Postgres(_) => fresh_database(),
            };
            let failures = Mutex::new(3);
            let played = Played::new(DeliveryClass::Blind, move |_| {
                let mut left = failures.lock().expect("nobody panics with it");
                *left -= 1;
                if *left >= 0 { std::future::ready(down()).boxed_local() } else { pending().boxed_local() }
            });
            let stage = Stage::open(url, dir.path(), tested(played, [plays]));
            let id = tripped(&stage);
            stage.later(301);
            let trigger = TriggerTask { task: stage.task, by: Trigger::Api };
            stage.node.perform(trigger).expect("triggered");
            let count = if what == Test { 1 } else { 4 };
            eventually("it is at it", || (stage.calls.count(what) == count).then_some(()));
            assert_eq!(state(&taken_back(&stage, id)), expected, "{what:?}");
        }
    });
}
