//! Platforms whose own code ends its thread, keeps it busy or breaks: nobody else pays for it.

use super::{LEASE, SLOTS, are_out, breakable, builtin, trigger};
use crate::support::app::*;
use crate::support::in_process::InProcess;
use crate::support::node::TestNode;
use crate::support::on_both;
use crate::support::played::Played;
use crate::support::receiver::Receiver;
use contenthub::db::database_url::DatabaseUrl;
use contenthub::domain::delivery_class::DeliveryClass;
use contenthub::domain::outcome::{Receipt, Seen};
use contenthub::domain::role::Role;
use contenthub::operations::account::GetAccount;
use contenthub::operations::token::CreateToken;
use contenthub::platforms::platform::{Credentials, FieldError, Platform, PublishCall, SecretField};
use contenthub::platforms::registry::Registry;
use contenthub::{Addition, App, CreateAccount, EntryId, EntryStatus, LogStatus, Priority};
use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, pending, ready};
use serde_json::{Value, json};
use std::sync::mpsc::{Receiver as Heard, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A platform that ends its thread, one that keeps it busy, and one that is well.
fn rude(unblock: Heard<()>) -> Registry {
    let unblock = Mutex::new(unblock);
    let play = move |call: PublishCall| -> LocalBoxFuture<'static, Seen> {
        match call.article.title.as_str() {
            "ends its thread" => {
                actix_rt::Arbiter::current().stop();
                pending().boxed_local()
            }
            "keeps its thread" => {
                let _ = unblock.lock().expect("one at a time").recv();
                ready(Seen::Accepted(Receipt::default())).boxed_local()
            }
            "hangs" => pending().boxed_local(),
            _ => ready(Seen::Accepted(Receipt::default())).boxed_local(),
        }
    };
    Registry::default().with(Arc::new(Played::new(DeliveryClass::Keyed, play)))
}

#[test]
fn a_thread_of_publishers_that_ends_takes_nobody_with_it() {
    on_both(|url, dir| {
        let (_unblock, heard) = channel();
        let (app, _) = breakable(url, dir, rude(heard));
        let place = account(&app, "played", "played", json!({}));
        let node = TestNode::start(&app);
        let beside: Vec<EntryId> = (1..SLOTS).map(|_| add(&app, "hangs", place)).collect();
        trigger(&app);
        eventually("they are on the wire", || (node.status().in_flight == SLOTS - 1).then_some(()));
        let killer =
            add_as(&app, "ends its thread", place, |it| Addition { priority: Priority::FIRST, ..it });
        let behind: Vec<EntryId> = (0..SLOTS).map(|_| add(&app, "well", place)).collect();
        trigger(&app);
        eventually("publishers were made anew", || (node.restarts().publisher > 0).then_some(()));
        for id in beside.into_iter().chain([killer]) {
            let entry = eventually("it has an end", || {
                Some(entry(&app, id)).filter(|entry| entry.status == EntryStatus::Pending)
            });
            assert_eq!((entry.unproven, entry.retry_count), (true, 1), "{entry:?}");
            let log = &attempts(&app, id)[0];
            assert_eq!((log.status, log.error_code.as_deref()), (LogStatus::Error, Some("lost")));
        }
        are_out(&app, &behind);
        // While there was no publisher, nothing was claimed only to be given back.
        let tries: usize = behind.iter().map(|id| attempts(&app, *id).len()).sum();
        assert!(tries <= 2 * behind.len(), "{tries} claims");
    });
}

#[test]
fn a_platform_that_keeps_its_thread_busy_holds_up_nobody_for_long() {
    let dir = tempfile::tempdir().expect("a folder");
    let url = DatabaseUrl::in_data_dir(dir.path());
    let (unblock, heard) = channel();
    let (app, clock) = breakable(&url, dir.path(), rude(heard));
    let place = account(&app, "played", "played", json!({}));
    let busy = add(&app, "keeps its thread", place);
    let node = TestNode::start(&app);
    trigger(&app);
    eventually("it is on the wire", || (node.status().in_flight == 1).then_some(()));
    let began = Instant::now();
    let behind = ["b", "c", "d", "e", "f", "g"].map(|title| add(&app, title, place));
    trigger(&app);
    eventually("others took the thread's place", || (node.restarts().publisher > 0).then_some(()));
    // The run that claimed them may be one that does not owe them another try.
    trigger(&app);
    are_out(&app, &behind);
    assert!(began.elapsed() < LEASE * 3 / 4, "nobody waited until they were overdue: {:?}", began.elapsed());
    let taken_back = behind.iter().flat_map(|id| attempts(&app, *id));
    let taken_back = taken_back.filter(|attempt| attempt.status == LogStatus::NotSent).count();
    assert!(taken_back >= 1, "nothing was taken back from the busy thread");
    assert_eq!(node.status().in_flight, 1, "nobody is given up before his time");
    clock.forward(LEASE + Duration::from_secs(1));
    let given_up = eventually("it is given up", || {
        Some(entry(&app, busy)).filter(|entry| entry.status == EntryStatus::Pending)
    });
    assert!(given_up.unproven, "{given_up:?}");
    let log = &attempts(&app, busy)[0];
    assert_eq!((log.status, log.error_code.as_deref()), (LogStatus::Error, Some("hung")));
    unblock.send(()).expect("it waits");
    eventually("nothing is on the wire", || (app.stats().ok()?.publishing == 0).then_some(()));
}

/// A platform whose every answer about itself is a panic, while it is told to.
struct Fragile;

static BREAKS: Mutex<bool> = Mutex::new(false);

fn break_if_told() {
    let breaks = *BREAKS.lock().expect("nobody panics with it");
    assert!(!breaks, "on purpose");
}

impl Platform for Fragile {
    fn name(&self) -> &'static str {
        "fragile"
    }

    fn about(&self) -> &'static str {
        "Breaks."
    }

    fn settings_schema(&self) -> Value {
        json!({})
    }

    fn secret_fields(&self) -> &'static [SecretField] {
        &[]
    }

    fn delivery_class(&self, _: &Value) -> DeliveryClass {
        break_if_told();
        DeliveryClass::Keyed
    }

    fn check(&self, _: &Value, _: &Credentials) -> Result<(), Vec<FieldError>> {
        break_if_told();
        Ok(())
    }

    fn concurrency(&self) -> i32 {
        break_if_told();
        1
    }

    fn publish(&self, _: PublishCall) -> LocalBoxFuture<'static, Seen> {
        ready(Seen::Accepted(Receipt::default())).boxed_local()
    }
}

/// Asked in the engine's cycle, it stopped every lane for good.
#[test]
fn a_platform_that_breaks_when_it_is_asked_about_itself_shuts_its_own_lane_alone() {
    on_both(|url, dir| {
        let registry = builtin(dir).with(Arc::new(Fragile));
        let (app, _) = breakable(url, dir, registry);
        let receiver = Receiver::start();
        let hook = webhook(&app, "hook", &receiver.url("/"));
        let fragile = account(&app, "fragile", "fragile", json!({}));
        *BREAKS.lock().expect("free") = true;
        let (lost, well) = (add(&app, "lost", fragile), add(&app, "well", hook));
        let report = report_of(&app, first_task(&app));
        assert_eq!((report.data.success_count, report.data.skipped_count), (1, 1), "{report:?}");
        assert_eq!(entry(&app, well).status, EntryStatus::Published);
        assert_eq!((entry(&app, lost).status, entry(&app, lost).retry_count), (EntryStatus::Pending, 0));
        let shut = app.run(GetAccount(fragile)).expect("an account").suspended_reason;
        assert!(shut.as_deref().is_some_and(|reason| reason.contains("own code broke")), "{shut:?}");
        let node = TestNode::start(&app);
        let refused = node.perform(CreateAccount::new("another", "fragile")).expect_err("it panics");
        assert_eq!(refused.code(), "internal_error");
        assert!(refused.to_string().contains("own code broke"), "{refused}");
        let told = CreateAccount { concurrency: Some(1), ..CreateAccount::new("another", "fragile") };
        let refused = node.perform(told).expect_err("its settings cannot be checked");
        assert!(refused.to_string().contains("own code broke"), "{refused}");
        assert_eq!(node.restarts().database, 0);
        let (status, body) = asked_for_platforms(&app);
        assert_eq!((status, &body["code"]), (500, &json!("internal_error")), "{body}");
        *BREAKS.lock().expect("free") = false;
        assert_eq!(asked_for_platforms(&app).0, 200);
    });
}

/// `GET /platforms`, whose handler asks each platform about itself.
fn asked_for_platforms(app: &Arc<App>) -> (u16, Value) {
    let token = app.run(CreateToken::new("a", Role::Viewer)).expect("a token").1;
    let answered = InProcess::start(app, 1).get("/api/v1/platforms", &token, "127.0.0.1");
    (answered.status, answered.body)
}
