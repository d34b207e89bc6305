//! What is counted of attempts, of entries that were missed, and of what broke down: in a node inside this process, on a
//! platform and with a clock that do as they are told.

use super::{token, told_of};
use crate::support::app::{add, add_as, attempts, eventually, task};
use crate::support::clock::SteppedClock;
use crate::support::metrics::Told;
use crate::support::node::THREAD;
use crate::support::on_both;
use crate::support::played::{Played, What};
use crate::support::stage::{Stage, problem};
use actix::prelude::*;
use contenthub::actors::executor::{Tick, Wire};
use contenthub::actors::publisher::Publish;
use contenthub::db::database_url::DatabaseUrl;
use contenthub::domain::delivery_class::DeliveryClass;
use contenthub::domain::execution::Trigger;
use contenthub::domain::ids::NodeId;
use contenthub::domain::lane_settings::LaneChanges;
use contenthub::domain::outcome::{Receipt, Seen};
use contenthub::domain::settlement::LogStatus;
use contenthub::operations::account::UpdateAccount;
use contenthub::operations::execution::TriggerTask;
use contenthub::operations::publish_now::PublishNow;
use contenthub::operations::recovery::{Dead, Recover};
use contenthub::{Addition, EntryStatus};
use futures_util::FutureExt;
use std::path::Path;
use std::sync::{Arc, OnceLock, mpsc};
use std::time::Duration;
use tokio::sync::watch;

/// Opens a gate before which posts wait.
type Gate = watch::Sender<bool>;

/// Does to each post what its title says. A slow one takes three seconds, and what is held waits for the gate.
fn open(url: &DatabaseUrl, dir: &Path) -> (Stage, String, Gate) {
    let (clock, gate) = (Arc::<OnceLock<Arc<SteppedClock>>>::default(), Gate::new(false));
    let (hand, closed) = (clock.clone(), gate.subscribe());
    let play = move |title: &str| match title {
        "refused" | "held, and refused" => Seen::Refused(problem("refused")),
        "fault" => Seen::ServerFault { problem: problem("fault"), retry_after: None },
        "down" => Seen::NothingLeft(problem("down")),
        "unseen" => Seen::EndUnseen { problem: problem("unseen"), retry_after: None },
        "broken account" => Seen::AccountBroken { problem: problem("quota"), until: None },
        "submitted" => Seen::Submitted { ask_after: Duration::from_secs(3600) },
        "panics" => panic!("on purpose"),
        "slow" => {
            hand.get().expect("set").forward(Duration::from_secs(3));
            Seen::Accepted(Receipt::default())
        }
        _ => Seen::Accepted(Receipt::default()),
    };
    let played = Played::new(DeliveryClass::Keyed, move |call| {
        let (seen, mut closed) = (play(&call.article.title), closed.clone());
        let is_held = call.article.title.starts_with("held");
        let wait = async move {
            // A gate that is gone is open.
            let _ = closed.wait_for(|is_open| *is_open || !is_held).await;
            seen
        };
        wait.boxed_local()
    });
    let stage = Stage::open(url, dir, played);
    clock.set(stage.clock.clone()).expect("once");
    let token = token(&stage.app);
    (stage, token, gate)
}

const ATTEMPTS: &str = "contenthub_attempts_total";

/// How many attempts came to each.
fn outcomes<'a>(told: &Told, kinds: &[&'a str]) -> Vec<(&'a str, f64)> {
    kinds.iter().map(|kind| (*kind, told.of(ATTEMPTS, &[("outcome", *kind)]))).collect()
}

#[test]
fn attempts_are_counted_by_what_they_came_to() {
    on_both(|url, dir| {
        let (stage, token, _gate) = open(url, dir);
        let ends = |title: &str, kind: &str, count: f64| {
            add_as(&stage.app, title, stage.account, |addition| Addition { max_retries: 1, ..addition });
            stage.run();
            eventually(&format!("{title} is {kind}"), || {
                let told = told_of(&stage.app, &stage.node, &token);
                (told.of(ATTEMPTS, &[("outcome", kind)]) == count).then_some(())
            });
        };
        ends("well", "published", 1.0);
        ends("refused", "failed", 1.0);
        ends("fault", "retry", 1.0);
        ends("panics", "error", 1.0);
        ends("submitted", "submitted", 1.0);
        ends("down", "retry", 2.0);
        ends("broken account", "account_broken", 1.0);
        let told = told_of(&stage.app, &stage.node, &token);
        assert_eq!(told.of(ATTEMPTS, &[]), 7.0, "each once:\n{}", told.text);
        assert_eq!(told.of("contenthub_publish_seconds_count", &[]), 7.0);
        assert_eq!(told.of("contenthub_lane_needs_person", &[]), 1.0);
    });
}

/// A failure that is the platform's at first sight is the entry's where others get through: then it was its last.
#[test]
fn an_entry_that_fails_alone_is_counted_as_what_became_of_it() {
    on_both(|url, dir| {
        let (stage, token, _gate) = open(url, dir);
        let last_try = |addition| Addition { max_retries: 0, ..addition };
        let poison = add_as(&stage.app, "unseen", stage.account, last_try);
        stage.run();
        stage.clock.forward(Duration::from_secs(1));
        add(&stage.app, "well", stage.account);
        stage.run();
        stage.later(60);
        stage.run();
        assert_eq!(stage.entry(poison).status, EntryStatus::Uncertain);
        eventually("both tries are counted", || {
            let told = told_of(&stage.app, &stage.node, &token);
            let counted = outcomes(&told, &["retry", "published", "uncertain"]);
            (counted == [("retry", 1.0), ("published", 1.0), ("uncertain", 1.0)]).then_some(())
        });
        assert_eq!(told_of(&stage.app, &stage.node, &token).of("contenthub_uncertain_entries", &[]), 1.0);
    });
}

#[test]
fn the_time_on_the_wire_and_the_time_before_it_are_told_apart() {
    on_both(|url, dir| {
        let (stage, token, _gate) = open(url, dir);
        let slow = add(&stage.app, "slow", stage.account);
        stage.clock.forward(Duration::from_secs(120));
        stage.run();
        assert_eq!(stage.entry(slow).status, EntryStatus::Published);
        let told = told_of(&stage.app, &stage.node, &token);
        for (name, sum, none, all) in [
            ("contenthub_publish_seconds", 3.0, "2.5", "5"),
            ("contenthub_lateness_seconds", 120.0, "60", "300"),
        ] {
            assert_eq!(told.of(&format!("{name}_sum"), &[]), sum, "{}", told.text);
            let bucket = |le: &str| told.of(&format!("{name}_bucket"), &[("le", le)]);
            assert_eq!((bucket(none), bucket(all), bucket("+Inf")), (0.0, 1.0, 1.0), "{name}\n{}", told.text);
        }
        // What somebody wants out now has a time to come, or none.
        let tomorrow = stage.app.now() + Duration::from_secs(86_400);
        let wanted = |addition| Addition { scheduled_at: Some(tomorrow), ..addition };
        let now = add_as(&stage.app, "slow", stage.account, wanted);
        stage.node.perform(PublishNow { ids: vec![now], by: "a test".to_owned() }).expect("wanted");
        stage.later(0);
        eventually("it is out, and counted", || {
            let told = told_of(&stage.app, &stage.node, &token);
            let count = |name: &str| told.of(&format!("{name}_count"), &[]);
            let counts = (count("contenthub_publish_seconds"), count("contenthub_lateness_seconds"));
            (counts == (2.0, 1.0) && told.of(ATTEMPTS, &[("outcome", "published")]) == 2.0).then_some(())
        });
    });
}

#[test]
fn what_nobody_waits_for_any_longer_is_counted() {
    on_both(|url, dir| {
        let (stage, token, _gate) = open(url, dir);
        let minute = |addition| Addition { late_after_seconds: Some(60), ..addition };
        add_as(&stage.app, "too late", stage.account, minute);
        stage.later(61);
        let missed = |reason: &str, count: f64| {
            eventually(reason, || {
                let told = told_of(&stage.app, &stage.node, &token);
                let labels = [("reason", reason), ("account", "stage")];
                (told.of("contenthub_entries_missed_total", &labels) == count).then_some(told)
            })
        };
        missed("too_late", 1.0);
        let patience = LaneChanges { give_up_after_seconds: Some(60), ..LaneChanges::default() };
        let impatient = UpdateAccount { lane: patience, ..UpdateAccount::new(stage.account) };
        stage.node.perform(impatient).expect("changed");
        for _ in 0..3 {
            add(&stage.app, "down", stage.account);
        }
        stage.run();
        // Three in a row: the breaker is tripped, and its entries wait for a minute at the most.
        let told = told_of(&stage.app, &stage.node, &token);
        assert_eq!(told.of("contenthub_breaker_state", &[]), 2.0, "{}", told.text);
        assert_eq!(told.of("contenthub_lanes", &[("state", "breaker")]), 1.0);
        stage.later(61);
        let told = missed("gave_up", 3.0);
        assert_eq!(told.of(ATTEMPTS, &[("outcome", "retry")]), 3.0, "nothing was tried:\n{}", told.text);
    });
}

/// Its claim was taken back, as of a node that was thought to be dead, and another attempt was begun.
#[test]
fn what_comes_of_a_claim_that_was_lost_is_counted_as_such() {
    on_both(|url, dir| {
        let (stage, token, gate) = open(url, dir);
        for title in ["held", "held, and refused"] {
            add(&stage.app, title, stage.account);
        }
        let other = task(&stage.app, "other");
        let trigger = |task| {
            stage.node.perform(TriggerTask { task, by: Trigger::Api }).expect("triggered");
        };
        let sent = |count: usize| {
            eventually("they are on the wire", || (stage.calls.count(What::Publish) == count).then_some(()));
        };
        trigger(stage.task);
        sent(2);
        let dead = Dead::Nodes(vec![stage.node.status().node]);
        let recover = Recover { by: NodeId("another".to_owned()), dead };
        assert_eq!(stage.app.run(recover).expect("recovered").entries, 2);
        trigger(other);
        sent(4);
        // What they come to is another end than that which was written for them.
        stage.clock.forward(Duration::from_secs(1));
        gate.send_replace(true);
        eventually("all four are counted", || {
            let told = told_of(&stage.app, &stage.node, &token);
            let counted = outcomes(&told, &["published", "lease_lost", "uncertain"]);
            let doubles = told.of("contenthub_possible_duplicates_total", &[]);
            let expected = [("published", 2.0), ("lease_lost", 1.0), ("uncertain", 1.0)];
            (counted == expected && doubles == 1.0).then_some(())
        });
    });
}

#[test]
fn what_broke_down_is_counted() {
    on_both(|url, dir| {
        let (stage, token, _gate) = open(url, dir);
        eventually("something has a successor", || {
            // The watchdog may be the one who meets it.
            if !stage.clock.is_to_break() {
                stage.clock.break_on(THREAD);
                let _ = stage.node.crew.executor().try_send(Tick);
            }
            (stage.node.restarts().total() > 0).then_some(())
        });
        stage.clock.mend();
        let told = told_of(&stage.app, &stage.node, &token);
        let restarts = stage.node.restarts();
        for (part, count) in
            [("executor", restarts.executor), ("scheduler", restarts.scheduler), ("database", 0)]
        {
            let shown = told.of("contenthub_restarts_total", &[("part", part)]);
            // One may have broken down since.
            assert!(shown <= count as f64, "{part}: {shown} of {count}");
        }
        assert!(told.of("contenthub_restarts_total", &[]) >= 1.0, "{}", told.text);
    });
}

/// A publisher that has room for one attempt, and never gets to it.
struct Busy {
    begun: mpsc::Sender<()>,
    until: mpsc::Receiver<()>,
}

impl Actor for Busy {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(1);
        self.begun.send(()).expect("somebody waits");
        let _ = self.until.recv();
    }
}

impl Handler<Publish> for Busy {
    type Result = ();

    fn handle(&mut self, _: Publish, _: &mut Self::Context) {}
}

#[test]
fn what_no_publisher_takes_is_counted_and_waits() {
    on_both(|url, dir| {
        let (stage, token, _gate) = open(url, dir);
        let refused = || {
            let told = told_of(&stage.app, &stage.node, &token);
            told.of("contenthub_refusals_total", &[("mailbox", "publishers")])
        };
        assert_eq!(refused(), 0.0);
        let thread = Arbiter::new();
        let ((begun, is_busy), (go_on, until)) = (mpsc::channel(), mpsc::channel());
        let busy = Busy::start_in_arbiter(&thread.handle(), |_| Busy { begun, until });
        is_busy.recv().expect("it begins");
        let only = Wire { publishers: vec![busy.recipient()], scheduler: None };
        stage.node.crew.executor().try_send(only).expect("there is room");
        let entries = ["first", "second", "third"].map(|title| add(&stage.app, title, stage.account));
        stage.node.perform(TriggerTask { task: stage.task, by: Trigger::Api }).expect("triggered");
        eventually("some are turned away", || (refused() >= 1.0).then_some(()));
        eventually("they are given back at no cost", || {
            let given_back = entries.iter().flat_map(|id| attempts(&stage.app, *id));
            given_back.into_iter().any(|attempt| attempt.status == LogStatus::NotSent).then_some(())
        });
        assert!(entries.iter().all(|id| stage.entry(*id).retry_count == 0));
        drop(go_on);
        thread.stop();
    });
}
