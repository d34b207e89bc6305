//! What may be out on a platform that can be asked: it is looked up before anything is sent again.

use crate::support::app::*;
use crate::support::on_both;
use crate::support::played::{Played, What, answers};
use crate::support::product::PLATFORMS_ARE_UP;
use crate::support::stage::{Stage, problem, state};
use What::{LookUp, Publish};
use contenthub::db::connection::connect;
use contenthub::db::database_url::DatabaseUrl;
use contenthub::domain::delivery_class::DeliveryClass;
use contenthub::domain::execution::Trigger;
use contenthub::domain::outcome::{Receipt, Seen};
use contenthub::domain::question::LookedUp;
use contenthub::operations::OperationError;
use contenthub::operations::account::{
    DeleteAccount, GetAccount, ResumeAccount, SuspendAccount, UpdateAccount,
};
use contenthub::operations::content::DeleteContent;
use contenthub::operations::entry::{CancelEntry, DeleteEntry, Resolution, ResolveEntry, UpdateEntry};
use contenthub::operations::execution::TriggerTask;
use contenthub::operations::pool::AddToPool;
use contenthub::{Addition, EntryId, EntryStatus, EntryView, LogStatus, Settings, Timestamp};
use diesel::connection::SimpleConnection;
use futures_util::FutureExt;
use futures_util::future::{pending, ready};
use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What the trait says of platforms that say nothing: so long until the first look-up, and a quarter of it to the second.
const SETTLE: u64 = 60;
const AGAIN: u64 = SETTLE / 4;

fn unseen() -> Seen {
    Seen::EndUnseen { problem: problem("cut"), retry_after: None }
}

fn fault() -> Seen {
    Seen::ServerFault { problem: problem("fault"), retry_after: None }
}

fn there() -> LookedUp {
    let url = Some("https://x.example/1".to_owned());
    LookedUp::There(Receipt { media_id: Some("m1".to_owned()), url })
}

fn unknown() -> LookedUp {
    LookedUp::Unknown { problem: problem("busy"), retry_after: None }
}

fn accepted() -> Seen {
    Seen::Accepted(Receipt::default())
}

fn detecting(seen: impl Into<Vec<Seen>>, looked_up: impl Into<Vec<LookedUp>>) -> Played {
    Played::new(DeliveryClass::Detects, answers(seen)).looked_up(answers(looked_up))
}

fn sql(url: &DatabaseUrl, text: &str) {
    connect(url).expect("connected").batch_execute(text).expect(text);
}

/// An entry whose attempt ended unseen.
#[track_caller]
fn in_doubt(stage: &Stage, title: &str) -> EntryId {
    let id = add(&stage.app, title, stage.account);
    stage.run();
    let doubted = stage.asked(id, &[Publish]);
    assert_eq!(state(&doubted), (EntryStatus::Pending, true, 0));
    id
}

/// Pending, proven, and with so many failures that count.
#[track_caller]
fn is_proven(stage: &Stage, id: EntryId, retry_count: i32) -> EntryView {
    eventually("it is proven not to be there", || (!stage.entry(id).unproven).then_some(()));
    let entry = stage.entry(id);
    assert_eq!(state(&entry), (EntryStatus::Pending, false, retry_count));
    entry
}

#[test]
fn what_is_found_is_published_with_its_address_and_never_sent_again() {
    on_both(|url, dir| {
        let stage = Stage::open(url, dir, detecting([unseen()], [there()]));
        let id = in_doubt(&stage, "x");
        // Neither a run nor time sends it again, and it is not looked up before it is certain to be found.
        let at = stage.app.now() + Duration::from_secs(SETTLE);
        assert_eq!(stage.run().data.total_count, 0);
        stage.later(SETTLE - 1);
        assert_eq!(stage.run().data.total_count, 0);
        let waiting = stage.entry(id);
        assert_eq!((waiting.attempt, stage.calls.of(id)), (1, vec![Publish]));
        let said = waiting.waiting_for.unwrap_or_default();
        assert!(said.contains("look-up") && said.contains(&at.to_string()), "{said}");

        stage.later(1);
        let found = stage.asked(id, &[Publish, LookUp]);
        assert_eq!(state(&found), (EntryStatus::Published, false, 0));
        assert_eq!(found.url.as_deref(), Some("https://x.example/1"));
        assert_eq!((found.media_id.as_deref(), found.waiting_for), (Some("m1"), None));
        assert_eq!(attempts(&stage.app, id)[1].execution_id, None, "no run was needed");
        let again = Addition { account: Some(stage.account), ..Addition::of(found.content_id) };
        let known = stage.app.run(AddToPool(again)).expect_err("it is remembered");
        assert!(matches!(known, OperationError::AlreadyPublished { .. }), "{known}");
        stage.later(24 * 3600);
        stage.run();
        assert_eq!(stage.calls.of(id), [Publish, LookUp]);
    });
}

#[test]
fn what_is_not_found_is_looked_up_twice_and_only_then_sent_again() {
    on_both(|url, dir| {
        let stage = Stage::open(url, dir, detecting([unseen(), accepted()], [LookedUp::NotThere]));
        let id = in_doubt(&stage, "x");
        stage.later(SETTLE);
        let once = stage.asked(id, &[Publish, LookUp]);
        assert_eq!(state(&once), (EntryStatus::Pending, true, 0));
        let said = once.waiting_for.unwrap_or_default();
        assert!(said.contains("look-up") && said.contains("second"), "{said}");
        stage.later(AGAIN - 1);
        assert_eq!(stage.run().data.total_count, 0);
        assert_eq!(stage.entry(id).attempt, 2, "found nothing once, and that is no proof");
        stage.later(1);
        stage.asked(id, &[Publish, LookUp, LookUp]);
        is_proven(&stage, id, 0);
        // A new send needs a run.
        assert_eq!(stage.calls.count(Publish), 1);
        assert_eq!(stage.run().data.success_count, 1);
        let out = stage.asked(id, &[Publish, LookUp, LookUp, Publish]);
        assert_eq!(state(&out), (EntryStatus::Published, false, 0));
        let calls = stage.calls.all();
        assert!(calls.iter().all(|call| (&call.key, call.revision) == (&calls[0].key, 1)), "{calls:?}");
        let log = attempts(&stage.app, id);
        let said: Vec<_> = log.iter().map(|row| row.status).collect();
        assert_eq!(said, [LogStatus::Failed, LogStatus::NotSent, LogStatus::NotSent, LogStatus::Published]);
    });
}

#[test]
fn a_look_up_that_says_nothing_is_asked_again_and_counts_for_nothing() {
    on_both(|url, dir| {
        let asked = AtomicUsize::new(0);
        let played = Played::new(DeliveryClass::Detects, answers([unseen()])).looked_up(move |_| match asked
            .fetch_add(1, Ordering::SeqCst)
        {
            0 => panic!("the look-up broke, on purpose"),
            1 | 3 => ready(unknown()).boxed_local(),
            2 => ready(LookedUp::NotThere).boxed_local(),
            4 => async { panic!("and once more, later") }.boxed_local(),
            _ => ready(there()).boxed_local(),
        });
        let stage = Stage::open(url, dir, played);
        let id = in_doubt(&stage, "x");
        let mut calls = vec![Publish];
        for answer in ["panic", "busy", "not_there", "busy", "panic"] {
            stage.later(SETTLE);
            calls.push(LookUp);
            let still = stage.asked(id, &calls);
            assert_eq!(state(&still), (EntryStatus::Pending, true, 0), "after {answer}");
            let log = attempts(&stage.app, id).pop().expect("a row");
            assert_eq!((log.status, log.error_code.as_deref()), (LogStatus::NotSent, Some(answer)));
        }
        stage.later(SETTLE);
        calls.push(LookUp);
        assert_eq!(stage.asked(id, &calls).status, EntryStatus::Published);
    });
}

#[test]
fn the_last_try_has_failed_only_when_look_ups_say_so() {
    on_both(|url, dir| {
        // A fault of the entry costs the last try; what is the platform's costs none.
        let stage = Stage::open(url, dir, detecting([fault(), unseen()], [LookedUp::NotThere]));
        let last_try = |addition| Addition { max_retries: 0, ..addition };
        let failing = add_as(&stage.app, "failing", stage.account, last_try);
        stage.run();
        let waiting = add_as(&stage.app, "waiting", stage.account, last_try);
        stage.run();
        for id in [failing, waiting] {
            let doubted = stage.asked(id, &[Publish]);
            assert_eq!((doubted.status, doubted.unproven), (EntryStatus::Pending, true));
        }
        stage.later(SETTLE);
        for id in [failing, waiting] {
            let once = stage.asked(id, &[Publish, LookUp]);
            assert_eq!((once.status, once.unproven), (EntryStatus::Pending, true));
        }
        stage.later(AGAIN);
        let failed = stage.asked(failing, &[Publish, LookUp, LookUp]);
        assert_eq!(state(&failed), (EntryStatus::Failed, false, 0));
        stage.asked(waiting, &[Publish, LookUp, LookUp]);
        is_proven(&stage, waiting, 0);
    });
}

#[test]
fn an_account_that_is_shut_is_not_asked_until_it_is_opened() {
    const HOUR: u64 = 3600;
    on_both(|url, dir| {
        let asked = AtomicUsize::new(0);
        let played = Played::new(DeliveryClass::Detects, answers([unseen()])).looked_up(move |call| {
            let now = Timestamp::from_micros(call.unix_seconds * 1_000_000);
            let until = Some(now + Duration::from_secs(HOUR));
            let all =
                [LookedUp::NotThere, LookedUp::AccountBroken { problem: problem("quota"), until }, there()];
            ready(all[asked.fetch_add(1, Ordering::SeqCst)].clone()).boxed_local()
        });
        let stage = Stage::open(url, dir, played);
        let id = in_doubt(&stage, "x");
        let (app, account) = (&stage.app, stage.account);
        let stays = |attempt: i32, seconds: u64, said: &str| {
            stage.later(seconds);
            stage.run();
            let entry = stage.entry(id);
            assert_eq!((entry.attempt, entry.unproven), (attempt, true));
            let waits = entry.waiting_for.unwrap_or_default();
            assert!(waits.contains("look-up") && waits.contains(said), "{waits}");
        };
        let enable = |enabled| UpdateAccount { enabled: Some(enabled), ..UpdateAccount::new(account) };
        app.run(enable(false)).expect("disabled");
        stays(1, 2 * SETTLE, "account disabled");
        // Opening it is heard of, though no run is on and no task enabled.
        app.run(enable(true)).expect("enabled");
        stage.asked(id, &[Publish, LookUp]);
        let suspend = SuspendAccount { id: account, reason: "on leave".to_owned(), until: None };
        app.run(suspend).expect("suspended");
        stays(2, 2 * SETTLE, "on leave");
        app.run(ResumeAccount(account)).expect("resumed");
        stage.asked(id, &[Publish, LookUp, LookUp]);
        // Now the look-up itself said that the account cannot be used, and until when.
        assert!(app.run(GetAccount(account)).expect("an account").suspended_until.is_some());
        stays(3, HOUR - 60, "quota");
        stage.later(61);
        let found = stage.asked(id, &[Publish, LookUp, LookUp, LookUp]);
        assert_eq!(state(&found), (EntryStatus::Published, false, 0));
    });
}

#[test]
fn what_may_be_out_is_nobodys_to_change_but_a_persons_to_settle() {
    on_both(|url, dir| {
        let stage = Stage::open(url, dir, detecting([unseen()], [unknown()]));
        let app = &stage.app;
        let ids = ["published", "again", "given up", "left"].map(|title| {
            let id = add(app, title, stage.account);
            sql(url, PLATFORMS_ARE_UP);
            stage.run();
            stage.asked(id, &[Publish]);
            id
        });
        let left = stage.entry(ids[3]);
        let refused = [
            app.run(UpdateEntry { max_retries: Some(1), ..UpdateEntry::of(left.id) }).map(drop),
            app.run(CancelEntry(left.id)).map(drop),
            app.run(DeleteEntry(left.id)),
        ];
        for refused in refused {
            let refused = refused.expect_err("it may be out");
            assert!(matches!(refused, OperationError::MaybePublished { .. }), "{refused}");
        }
        for refused in [app.run(DeleteContent(left.content_id)), app.run(DeleteAccount(stage.account))] {
            let refused = refused.expect_err("it is needed");
            assert!(matches!(refused, OperationError::InUse { .. }), "{refused}");
        }
        let resolve = |id, resolution| {
            app.run(ResolveEntry { id, resolution, by: "ann".to_owned() }).expect("resolved");
            state(&stage.entry(id))
        };
        let out = Resolution::Published { url: None, media_id: None };
        assert_eq!(resolve(ids[0], out), (EntryStatus::Published, false, 0));
        assert_eq!(resolve(ids[1], Resolution::TryAgain), (EntryStatus::Pending, false, 0));
        assert_eq!(resolve(ids[2], Resolution::GiveUp), (EntryStatus::Failed, false, 0));
        // Nobody asks about them any more; only what a person wants again is sent again.
        stage.later(SETTLE);
        stage.asked(ids[3], &[Publish, LookUp]);
        sql(url, PLATFORMS_ARE_UP);
        assert_eq!(stage.run().data.total_count, 1);
        let asked = ids.map(|id| stage.calls.of(id));
        assert_eq!(asked, [vec![Publish], vec![Publish, Publish], vec![Publish], vec![Publish, LookUp]]);
    });
}

/// A look-up that hangs holds up nobody, and hanging requests hold up no look-up, though the account and the node have one
/// place each.
#[test]
fn neither_takes_the_place_of_the_other() {
    on_both(|url, dir| {
        let (hangs, finds) = (Arc::new(Mutex::new(HashSet::new())), Arc::new(Mutex::new(false)));
        let (hanging, finding) = (hangs.clone(), finds.clone());
        let played = Played::new(DeliveryClass::Detects, move |call| {
            let hangs = hanging.lock().expect("nobody panics with it").contains(&call.article.title);
            if hangs { pending().boxed_local() } else { ready(unseen()).boxed_local() }
        });
        let played = played.looked_up(move |_| {
            let finds = *finding.lock().expect("nobody panics with it");
            if finds { ready(there()).boxed_local() } else { pending().boxed_local() }
        });
        let one_slot = |settings| Settings { concurrency: 1, grace_seconds: 0, ..settings };
        let stage = Stage::with(url, dir, played, one_slot);
        let narrow = UpdateAccount { concurrency: Some(1), ..UpdateAccount::new(stage.account) };
        stage.app.run(narrow).expect("narrowed");
        let ids = ["a", "b"].map(|title| {
            let id = add(&stage.app, title, stage.account);
            stage.run();
            stage.asked(id, &[Publish]);
            id
        });
        stage.later(SETTLE);
        for id in ids {
            eventually("it is looked up", || (stage.calls.of(id) == [Publish, LookUp]).then_some(()));
        }
        let third = add(&stage.app, "c", stage.account);
        stage.run();
        stage.asked(third, &[Publish]);
        assert_eq!(ids.map(|id| attempts(&stage.app, id).len()), [1, 1], "they hang still");
        // And the other way round.
        sql(url, PLATFORMS_ARE_UP);
        hangs.lock().expect("nobody panics with it").insert("d".to_owned());
        let fourth = add(&stage.app, "d", stage.account);
        stage.node.perform(TriggerTask { task: stage.task, by: Trigger::Api }).expect("triggered");
        eventually("it is on the wire", || (stage.calls.of(fourth) == [Publish]).then_some(()));
        *finds.lock().expect("nobody panics with it") = true;
        // Its claim, too, would end with its lease.
        stage.clock.forward(Duration::from_secs(1));
        sql(url, &format!("UPDATE publish_pool SET look_up_at = 1 WHERE id = {third}"));
        stage.later(0);
        let found = stage.asked(third, &[Publish, LookUp]);
        assert_eq!(found.status, EntryStatus::Published);
        assert_eq!(stage.entry(fourth).status, EntryStatus::Publishing);
    });
}
