//! What time does to an entry happens by a timer that was set to that very instant. On a clock where nothing moves but by
//! the test's hand nothing else can bring it about, and a timer that is set a moment too late, or by nobody, shows.

use crate::support::app::*;
use crate::support::clock::SteppedClock;
use crate::support::node::TestNode;
use crate::support::on_both;
use crate::support::played::{Calls, Played, What, answers};
use crate::support::stage::problem;
use contenthub::actors::executor::Tick;
use contenthub::db::connection::connect;
use contenthub::db::database_url::DatabaseUrl;
use contenthub::domain::delivery_class::DeliveryClass;
use contenthub::domain::execution::Trigger;
use contenthub::domain::outcome::{Receipt, Seen};
use contenthub::domain::question::LookedUp;
use contenthub::operations::cycle::ClaimScope;
use contenthub::operations::execution::TriggerTask;
use contenthub::platforms::registry::Registry;
use contenthub::{AccountId, Addition, App, EntryId, EntryStatus, Settings, TaskId, Timestamp};
use diesel::connection::SimpleConnection;
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Shorter than anybody sleeps at the longest, so that a timer is set to the instant itself.
const SPAN: Duration = Duration::from_secs(10);
const MOMENT: Duration = Duration::from_micros(1);

/// Who works: a server, or a command, which has no scheduler to wake its executor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Server,
    Command,
}

/// An app on a clock by hand, and no task that publishes by itself.
struct Hand {
    app: Arc<App>,
    clock: Arc<SteppedClock>,
    calls: Arc<Calls>,
    lane: AccountId,
    task: TaskId,
    who: Who,
}

impl Hand {
    fn open(url: &DatabaseUrl, dir: &Path, who: Who) -> Self {
        // What may be out is looked up, and found.
        let played = Played::new(DeliveryClass::Detects, |call| {
            let unseen = Seen::EndUnseen { problem: problem("cut"), retry_after: None };
            let is_cut = call.article.title == "cut";
            let seen = if is_cut { unseen } else { Seen::Accepted(Receipt::default()) };
            Box::pin(std::future::ready(seen))
        });
        let played = played.looked_up(answers([LookedUp::There(Receipt::default())]));
        let (clock, calls) = (Arc::new(SteppedClock::by_hand()), played.calls());
        let registry = Registry::default().with(Arc::new(played));
        let settings = Settings { lease_seconds: 60, ..settings(url, dir) };
        let app = Arc::new(App::open_with(settings, registry, clock.clone()).expect("opened"));
        let task = task(&app, "by hand");
        for one in [first_task(&app), task] {
            app.disable_task(one).expect("disabled");
        }
        let lane = account(&app, "lane", "played", json!({}));
        Hand { app, clock, calls, lane, task, who }
    }

    fn start(&self) -> TestNode {
        let scope = match self.who {
            Who::Server => ClaimScope::Everything,
            Who::Command => ClaimScope::Task(self.task),
        };
        TestNode::of(&self.app, scope)
    }

    /// Two of them, the second wanted a moment later.
    fn two(&self, title: &str, change: impl Fn(Addition) -> Addition) -> [EntryId; 2] {
        [(), ()].map(|()| {
            let id = add_as(&self.app, title, self.lane, &change);
            self.clock.forward(MOMENT);
            id
        })
    }

    #[track_caller]
    fn timers(&self, at: Timestamp, at_least: usize) {
        eventually(&format!("{at_least} timers are set to {at}"), || {
            (self.clock.timers_at(at) >= at_least).then_some(())
        });
    }

    /// At `at` the first comes to its end, a moment later the second, and neither before. For the first, so many timers
    /// are set: one by each who has to know of it where the other does nothing.
    #[track_caller]
    fn end_in_time(&self, ids: [EntryId; 2], at: Timestamp, timers: usize, status: EntryStatus) {
        // In two leaps: who sleeps for longer than anybody may looks again on the way.
        self.clock.forward(at.since(self.app.now() + SPAN));
        for (id, at, timers) in [(ids[0], at, timers), (ids[1], at + MOMENT, 1)] {
            self.timers(at, timers);
            assert_eq!(entry(&self.app, id).status, EntryStatus::Pending, "before its time");
            self.clock.forward(at.since(self.app.now()));
            let what = || format!("{:?} ends at {at}: {:?}", self.who, attempts(&self.app, id));
            eventually(&what(), || (entry(&self.app, id).status == status).then_some(()));
            let row = attempts(&self.app, id).pop().expect("a row says so");
            assert_eq!(row.finished_at, at);
        }
    }
}

fn sql(url: &DatabaseUrl, text: &str) {
    connect(url).expect("connected").batch_execute(text).expect(text);
}

fn on_each(all: &[Who], test: impl Fn(&Hand, &DatabaseUrl)) {
    for who in all {
        on_both(|url, dir| test(&Hand::open(url, dir, *who), url));
    }
}

/// The scheduler's and the executor's, or the executor's alone.
fn own_timers(who: Who) -> usize {
    if who == Who::Server { 2 } else { 1 }
}

#[test]
fn what_is_too_late_ends_at_that_very_instant() {
    on_each(&[Who::Server, Who::Command], |hand, _| {
        let start = hand.app.now();
        let ids = hand.two("late", |it| Addition { late_after_seconds: Some(10), ..it });
        let _node = hand.start();
        hand.end_in_time(ids, start + SPAN, own_timers(hand.who), EntryStatus::Failed);
        assert_eq!(hand.calls.all(), []);
    });
}

#[test]
fn what_waits_too_long_for_its_platform_is_given_up_at_that_very_instant() {
    on_each(&[Who::Server, Who::Command], |hand, url| {
        let (lane, start) = (hand.lane, hand.app.now());
        let row = format!("({lane}, {}, {})", start.micros(), (start + SPAN * 600).micros());
        sql(url, &format!("INSERT INTO lanes (account_id, tripped_at, probe_at) VALUES {row}"));
        sql(url, "UPDATE accounts SET give_up_after_seconds = 60, opens_at = 0, gated = TRUE");
        let ids = hand.two("away", |it| it);
        let _node = hand.start();
        hand.end_in_time(ids, start + SPAN * 6, own_timers(hand.who), EntryStatus::Failed);
        assert_eq!(hand.calls.all(), []);
    });
}

/// Nothing else happens between the attempt and its look-up: the cycle that writes the one knows of the other.
#[test]
fn what_may_be_out_is_looked_up_at_that_very_instant() {
    on_each(&[Who::Server, Who::Command], |hand, _| {
        let node = hand.start();
        let start = hand.app.now();
        let ids = [(), ()].map(|()| {
            let id = add(&hand.app, "cut", hand.lane);
            let run = node.perform(TriggerTask { task: hand.task, by: Trigger::Api }).expect("triggered");
            let _ = node.crew.executor().try_send(Tick);
            eventually("the run has ended", || {
                runs(&hand.app, hand.task).into_iter().find(|it| it.id == run)?.report
            });
            hand.clock.forward(MOMENT);
            id
        });
        hand.end_in_time(ids, start + SPAN * 6, own_timers(hand.who), EntryStatus::Published);
        for id in ids {
            assert_eq!(hand.calls.of(id), [What::Publish, What::LookUp]);
        }
    });
}

/// By the task that publishes what is due: the scheduler alone knows when, as no run is open.
#[test]
fn what_falls_due_goes_out_at_that_very_instant() {
    on_each(&[Who::Server], |hand, _| {
        let at = hand.app.now() + SPAN;
        let ids = [at, at + MOMENT].map(|at| add_at(&hand.app, "due", hand.lane, at));
        hand.app.enable_task(first_task(&hand.app)).expect("enabled");
        let _node = hand.start();
        hand.end_in_time(ids, at, 1, EntryStatus::Published);
    });
}
