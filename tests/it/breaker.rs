//! A platform that is down: its lane waits, one entry at a time tries it, and nobody pays for it.

use crate::support::app::*;
use crate::support::on_both;
use crate::support::played::{Played, What};
use crate::support::stage::{Stage, problem, state};
use contenthub::domain::delivery_class::DeliveryClass;
use contenthub::domain::outcome::{Receipt, Seen};
use contenthub::{EntryId, EntryStatus, Settings};
use futures_util::FutureExt;
use futures_util::future::ready;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How a platform is; each entry may have its own way.
#[derive(Default)]
struct Weather {
    all: Mutex<Option<Seen>>,
    of: Mutex<HashMap<String, Seen>>,
}

impl Weather {
    fn turns(&self, seen: Option<Seen>) {
        *self.all.lock().expect("nobody panics with it") = seen;
    }

    fn always(&self, title: &str, seen: Seen) {
        self.of.lock().expect("nobody panics with it").insert(title.to_owned(), seen);
    }

    fn seen(&self, title: &str) -> Seen {
        let own = self.of.lock().expect("nobody panics with it").get(title).cloned();
        let all = self.all.lock().expect("nobody panics with it").clone();
        own.or(all).unwrap_or_else(|| Seen::Accepted(Receipt::default()))
    }
}

fn weathered(class: DeliveryClass) -> (Arc<Weather>, Played) {
    let weather = Arc::<Weather>::default();
    let shared = weather.clone();
    (weather, Played::new(class, move |call| ready(shared.seen(&call.article.title)).boxed_local()))
}

/// So that what is on the wire when something fails is known.
fn one_at_a_time(settings: Settings) -> Settings {
    Settings { concurrency: 1, ..settings }
}

fn refused() -> Seen {
    Seen::NothingLeft(problem("refused"))
}

fn unseen() -> Seen {
    Seen::EndUnseen { problem: problem("reset"), retry_after: None }
}

fn add_all(stage: &Stage, count: usize) -> Vec<EntryId> {
    (0..count).map(|n| add(&stage.app, &format!("post {n}"), stage.account)).collect()
}

/// In two leaps: a cycle that was on its way to the database when the clock leapt by more than a claim is trusted for would
/// claim the probe and not send it. The first run, while the lane is shut, waits for that one.
fn runs_after(stage: &Stage, seconds: u64) {
    stage.later(seconds - 1);
    stage.run();
    stage.later(1);
    stage.run();
}

/// Entries that were sent, in the order in which they were.
fn sent(stage: &Stage) -> Vec<EntryId> {
    stage.calls.all().iter().filter(|asked| asked.what == What::Publish).map(|asked| asked.entry).collect()
}

#[test]
fn an_outage_costs_no_entry_a_retry_and_all_go_out_in_order_after_it() {
    on_both(|url, dir| {
        let (weather, played) = weathered(DeliveryClass::Keyed);
        let stage = Stage::with(url, dir, played, one_at_a_time);
        weather.turns(Some(refused()));
        let ids = add_all(&stage, 12);
        assert_eq!(stage.run().data.failed_count, 3, "three in a row trip it");
        assert_eq!(sent(&stage), ids[..3]);
        let waits = stage.entry(ids[7]).waiting_for.unwrap_or_default();
        assert!(waits.contains("has not answered since") && waits.contains("next try"), "{waits}");
        // One at a time, another each time, ever later.
        for (pause, probed) in [(30, 3), (60, 4), (120, 5), (240, 6), (300, 7), (300, 8)] {
            stage.later(pause - 1);
            let before = sent(&stage).len();
            stage.run();
            assert_eq!(sent(&stage).len(), before, "not before {pause} s");
            stage.later(1);
            stage.run();
            assert_eq!(sent(&stage)[3..].last(), Some(&ids[probed]), "after {pause} s");
        }
        let before = sent(&stage).len();
        // An hour of it.
        for _ in 0..12 {
            runs_after(&stage, 300);
        }
        assert_eq!(sent(&stage).len(), before + 12, "one each time");
        for id in &ids {
            assert_eq!(state(&stage.entry(*id)), (EntryStatus::Pending, false, 0), "it cost nothing");
        }
        weather.turns(None);
        let before = sent(&stage).len();
        runs_after(&stage, 300);
        // What the breaker had put off is due again at once.
        stage.run();
        let after: Vec<EntryId> = sent(&stage)[before..].to_vec();
        let mut in_order = after[1..].to_vec();
        in_order.sort_unstable();
        assert_eq!(after.len(), ids.len(), "{after:?}");
        assert_eq!(after[1..], in_order, "in order, but for the one that found it up");
        for id in ids {
            assert_eq!(state(&stage.entry(id)), (EntryStatus::Published, false, 0));
        }
    });
}

#[test]
fn what_may_be_out_on_a_blind_lane_is_what_was_on_the_wire_and_the_probes() {
    on_both(|url, dir| {
        let (weather, played) = weathered(DeliveryClass::Blind);
        let stage = Stage::with(url, dir, played, one_at_a_time);
        weather.turns(Some(unseen()));
        let ids = add_all(&stage, 9);
        stage.run();
        for pause in [30, 60] {
            runs_after(&stage, pause);
        }
        weather.turns(None);
        runs_after(&stage, 120);
        stage.run();
        let uncertain = ids.iter().filter(|id| stage.entry(**id).status == EntryStatus::Uncertain).count();
        let published = ids.iter().filter(|id| stage.entry(**id).status == EntryStatus::Published).count();
        assert_eq!((uncertain, published), (5, 4), "three on the wire and two probes");
    });
}

#[test]
fn an_entry_that_fails_whatever_the_platform_does_holds_up_nobody() {
    on_both(|url, dir| {
        let (weather, played) = weathered(DeliveryClass::Keyed);
        let stage = Stage::with(url, dir, played, one_at_a_time);
        weather.always("poison", unseen());
        let poison = add(&stage.app, "poison", stage.account);
        stage.run();
        assert_eq!(state(&stage.entry(poison)), (EntryStatus::Pending, true, 0), "nobody can tell yet");
        let mut tries = 1;
        for round in 0..5 {
            // Another one gets through meanwhile, so the next failure is the entry's own.
            stage.later(1);
            let other = add(&stage.app, &format!("other {round}"), stage.account);
            stage.run();
            assert_eq!(stage.entry(other).status, EntryStatus::Published);
            // Its next try is later than the other's answer.
            stage.later(3600);
            stage.run();
            let now = stage.calls.of(poison).len();
            tries = now.max(tries);
        }
        let given_up = stage.entry(poison);
        assert_eq!(
            state(&given_up),
            (EntryStatus::Uncertain, true, 3),
            "it may be out, so it has not failed"
        );
        assert_eq!(tries, 1 + 1 + 3, "one that accused the platform, and 1 + max_retries that did not");
    });
}

#[test]
fn two_that_always_fail_keep_no_lane_shut() {
    on_both(|url, dir| {
        let (weather, played) = weathered(DeliveryClass::Keyed);
        let stage = Stage::with(url, dir, played, one_at_a_time);
        weather.turns(Some(unseen()));
        for title in ["poison a", "poison b"] {
            weather.always(title, unseen());
        }
        let ids = add_all(&stage, 5);
        for title in ["poison a", "poison b"] {
            let id = add(&stage.app, title, stage.account);
            stage.sql(url, &format!("UPDATE publish_pool SET priority = 1 WHERE id = {id}"));
        }
        stage.run();
        for pause in [30, 60, 120] {
            runs_after(&stage, pause);
        }
        // It is up again, and only the two do not get through.
        weather.turns(None);
        for pause in [240, 300, 300] {
            runs_after(&stage, pause);
        }
        stage.run();
        for id in ids {
            assert_eq!(stage.entry(id).status, EntryStatus::Published);
        }
    });
}

#[test]
fn who_asks_to_wait_is_left_alone_until_then() {
    on_both(|url, dir| {
        let (weather, played) = weathered(DeliveryClass::Keyed);
        let stage = Stage::with(url, dir, played, one_at_a_time);
        let wait = |seconds| Seen::AskedToWait {
            problem: problem("busy"),
            retry_after: Some(Duration::from_secs(seconds)),
        };
        weather.turns(Some(wait(100)));
        let ids = add_all(&stage, 6);
        stage.run();
        assert_eq!(sent(&stage), ids[..1]);
        let waits = stage.entry(ids[5]).waiting_for.unwrap_or_default();
        assert!(waits.contains("the platform asks to wait"), "{waits}");
        stage.later(99);
        assert_eq!(stage.run().data.skipped[0].count, 5);
        assert_eq!(sent(&stage), ids[..1], "nobody else is sent");
        weather.turns(None);
        stage.later(1);
        stage.run();
        stage.run();
        for id in ids {
            assert_eq!(state(&stage.entry(id)), (EntryStatus::Published, false, 0));
        }
    });
}
