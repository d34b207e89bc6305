//! A clock that somebody sets, forward and back, on one node and between two: nothing goes out early, nothing twice, and
//! nothing sleeps for long.

mod pauses;
mod two_nodes;

use crate::readiness::failed;
use crate::support::app::*;
use crate::support::clock::SteppedClock;
use crate::support::node::TestNode;
use crate::support::on_both;
use crate::support::postgres::fresh_database;
use crate::support::receiver::{Answer, Receiver};
use contenthub::actors::executor::Tick;
use contenthub::db::connection::connect;
use contenthub::db::database_url::DatabaseUrl;
use contenthub::domain::execution::Trigger;
use contenthub::domain::role::Role;
use contenthub::domain::settlement::LogStatus;
use contenthub::engine::clock_watch::Hold;
use contenthub::operations::cancelling::CancelExecution;
use contenthub::operations::clock_steps::MendTimes;
use contenthub::operations::execution::{GetExecution, TriggerTask};
use contenthub::operations::firing::FireDue;
use contenthub::operations::status::GetStatus;
use contenthub::operations::token::CreateToken;
use contenthub::platforms::registry::Registry;
use contenthub::views::StatusView;
use contenthub::{
    AccountId, Addition, App, CreateTask, EntryId, EntryStatus, ExecutionId, ExecutionStatus, Settings,
    TaskId, TaskView, Timestamp,
};
use diesel::connection::SimpleConnection;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const HOUR: i64 = 3600;
const MINUTE: Duration = Duration::from_secs(60);
/// Longer than any test, also where it lets an hour pass.
const LEASE_SECONDS: u64 = 3600;

/// An app whose clock a test sets, with an account whose receiver takes all.
struct House {
    app: Arc<App>,
    clock: Arc<SteppedClock>,
    receiver: Receiver,
    hook: AccountId,
}

impl House {
    fn open(url: &DatabaseUrl, dir: &Path) -> Self {
        House::with(url, dir, SteppedClock::new())
    }

    fn with(url: &DatabaseUrl, dir: &Path, clock: SteppedClock) -> Self {
        let clock = Arc::new(clock);
        let settings = Settings { lease_seconds: LEASE_SECONDS, ..settings(url, dir) };
        let registry = Registry::builtin(&dir.join("data/sites"));
        let app = Arc::new(App::open_with(settings, registry, clock.clone()).expect("opened"));
        let receiver = Receiver::start();
        let hook = webhook(&app, "hook", &receiver.url("/"));
        House { app, clock, receiver, hook }
    }

    /// Three entries that are due in half an hour.
    fn later(&self) -> [EntryId; 3] {
        let at = self.app.now() + 30 * MINUTE;
        ["a", "b", "c"].map(|title| add_at(&self.app, title, self.hook, at))
    }

    /// All of these are out, each once.
    #[track_caller]
    fn are_out(&self, ids: &[EntryId]) {
        for id in ids {
            eventually("it is out", || (self.status(*id) == EntryStatus::Published).then_some(()));
        }
        let arrived = self.receiver.by_webhook_id();
        assert_eq!((arrived.len(), arrived.values().max()), (ids.len(), Some(&1)));
    }

    fn status(&self, id: EntryId) -> EntryStatus {
        entry(&self.app, id).status
    }

    fn task(&self, id: TaskId) -> TaskView {
        self.app.tasks().expect("tasks").into_iter().find(|task| task.id == id).expect("the task")
    }

    /// The task fires within its five minutes.
    fn fires_soon(&self, id: TaskId) -> Option<Timestamp> {
        let next = self.task(id).next_run.expect("it fires");
        (next.micros() - self.app.now().micros() <= 300_000_000).then_some(next)
    }

    fn run(&self, id: ExecutionId) -> ExecutionStatus {
        self.app.run(GetExecution(id)).expect("a run").status
    }
}

/// A post that is on the wire until the test has it answered. Then its outcome is written by a cycle, which would have
/// claimed what was due in the same transaction.
struct Witness {
    receiver: Receiver,
    entry: EntryId,
}

impl Witness {
    fn new(house: &House, name: &str) -> Self {
        let receiver = Receiver::start();
        receiver.on_any([Answer::status(200).held()]);
        let account = webhook(&house.app, name, &receiver.url("/"));
        Witness { entry: add(&house.app, name, account), receiver }
    }

    fn is_on_the_wire(&self) {
        self.receiver.wait_for(1, SOON);
    }

    #[track_caller]
    fn a_cycle_has_run(&self, house: &House) {
        self.receiver.release();
        eventually("its outcome is written", || {
            (house.status(self.entry) == EntryStatus::Published).then_some(())
        });
    }
}

fn hold(node: &TestNode) -> Option<Hold> {
    node.crew.hold()
}

fn trigger(app: &App, task: TaskId) -> ExecutionId {
    app.run(TriggerTask { task, by: Trigger::Api }).expect("triggered")
}

#[test]
fn an_hour_forward_publishes_nothing_for_a_minute_and_then_what_is_due() {
    on_both(|url, dir| {
        let house = House::open(url, dir);
        let witnesses = ["first", "second"].map(|name| Witness::new(&house, name));
        let later = house.later();
        // By the new time it is too late, which nobody is to judge by a clock that may be wrong.
        let half_an_hour = Some(1800);
        let wanted = add_as(&house.app, "wanted", house.hook, |it| Addition {
            scheduled_at: Some(house.app.now() + MINUTE),
            late_after_seconds: half_an_hour,
            ..it
        });
        let hourly = house.app.create_task(CreateTask::every("half-hourly", 1800)).expect("a task").id;
        let node = TestNode::start(&house.app);
        witnesses.iter().for_each(Witness::is_on_the_wire);
        assert_eq!(readyz(&house, &node).0, 200);

        house.clock.set_by(HOUR);
        let asked = trigger(&house.app, hourly);
        witnesses[0].a_cycle_has_run(&house);
        assert!(matches!(hold(&node), Some(Hold::Stepped { .. })), "{:?}", hold(&node));
        let (status, body) = readyz(&house, &node);
        assert_eq!((status, &body["code"]), (503, &json!("clock_held")));
        assert_eq!(failed(&body), ["clock"]);
        assert!(body["detail"].as_str().is_some_and(|text| text.contains("3600 s")), "{body}");
        let (_, token) = house.app.run(CreateToken::new("operator", Role::Viewer)).expect("a token");
        let told = node.get(&house.app, "/api/v1/scheduler/status", &token).body;
        assert_eq!(
            (&told["ok"], &told["problems"][0]["code"]),
            (&json!(false), &json!("clock_held")),
            "{told:#}"
        );
        // The same for whoever reads the database, and for whoever asks about a post.
        let shown = eventually("it is told", || {
            let status = house.app.run(GetStatus).expect("a status").find_the_living(url).expect("looked");
            let view = StatusView::new(&status, None);
            view.problems.iter().any(|it| it.code == "clock_held").then_some(view)
        });
        assert!(shown.nodes[0].held.as_deref().is_some_and(|why| why.contains("3600 s")), "{shown:?}");
        let due = add(&house.app, "due", house.hook);
        let why = format!("/api/v1/publish-pool/{due}");
        let over_http = node.get(&house.app, &why, &token).body["waiting_for"].clone();
        for why in [over_http, json!(entry(&house.app, due).waiting_for)] {
            assert!(why.as_str().is_some_and(|why| why.starts_with("the clock: ")), "{why}");
        }
        house.clock.forward(MINUTE / 2);
        witnesses[1].a_cycle_has_run(&house);
        assert_eq!(house.receiver.posts().len(), 0);
        for id in later.iter().chain([&wanted, &due]) {
            assert_eq!(house.status(*id), EntryStatus::Pending, "{id}");
            assert_eq!(attempts(&house.app, *id).len(), 0, "nothing was claimed, nor given up");
        }
        assert_eq!(
            runs(&house.app, hourly).len(),
            1,
            "what somebody asks for is there, and nothing has fired"
        );
        assert_eq!(house.run(asked), ExecutionStatus::Running, "it waits");

        house.clock.forward(MINUTE);
        house.are_out(&[later.as_slice(), &[due]].concat());
        eventually("it is too late", || (house.status(wanted) == EntryStatus::Failed).then_some(()));
        assert_eq!(hold(&node), None);
        assert_eq!(readyz(&house, &node).0, 200);
        eventually("it has fired by the new time", || (runs(&house.app, hourly).len() == 2).then_some(()));
        eventually("the run has ended", || (house.run(asked) == ExecutionStatus::Succeeded).then_some(()));
    });
}

/// Asks the server that has this node whether it is ready.
fn readyz(house: &House, node: &TestNode) -> (u16, Value) {
    let answered = node.get(&house.app, "/readyz", "");
    (answered.status, answered.body)
}

/// A machine that slept finds both clocks further on.
#[test]
fn a_step_that_is_taken_back_was_none_and_sleep_is_none_either() {
    on_both(|url, dir| {
        let house = House::open(url, dir);
        let witnesses = ["first", "second"].map(|name| Witness::new(&house, name));
        let later = house.later();
        let node = TestNode::start(&house.app);
        witnesses.iter().for_each(Witness::is_on_the_wire);
        house.clock.set_by(HOUR);
        witnesses[0].a_cycle_has_run(&house);
        assert!(hold(&node).is_some());
        house.clock.set_by(-HOUR);
        assert_eq!(hold(&node), None, "at once");
        witnesses[1].a_cycle_has_run(&house);
        assert_eq!(house.receiver.posts().len(), 0, "they have their time yet");

        // Sooner than a hold would end.
        house.clock.forward(8 * 60 * MINUTE);
        assert_eq!(hold(&node), None);
        house.are_out(&later);
    });
}

#[test]
fn what_a_clock_claims_that_is_stepped_right_before_goes_back_unsent() {
    on_both(|url, dir| {
        let house = House::open(url, dir);
        let witness = Witness::new(&house, "open");
        let node = TestNode::start(&house.app);
        witness.is_on_the_wire();
        let [early, ..] = house.later();
        node.while_busy(|| {
            // The tick is handled when this is answered: a cycle waits for the thread.
            let executor = node.crew.executor();
            actix_rt::System::new().block_on(executor.send(Tick)).expect("handled");
            // Less than the claim is trusted for: that is not what holds it back.
            house.clock.set_by(HOUR * 2 / 3);
        });
        let row = eventually("it was claimed, and went back", || attempts(&house.app, early).pop());
        assert_eq!((row.status, house.status(early)), (LogStatus::NotSent, EntryStatus::Pending));
        assert_eq!(house.receiver.posts().len(), 0);
        assert_eq!(entry(&house.app, early).retry_count, 0);
    });
}

#[test]
fn an_hour_back_repeats_nothing_and_nothing_sleeps_for_it() {
    on_both(|url, dir| {
        let house = House::open(url, dir);
        let interval = house.app.create_task(CreateTask::every("interval", 300)).expect("a task").id;
        let cron = house.app.create_task(CreateTask::cron("cron", "*/5 * * * *")).expect("a task").id;
        let spacing = "UPDATE accounts SET spacing_seconds = 60, gated = true, opens_at = 0";
        connect(url).expect("connected").batch_execute(spacing).expect("spaced");
        let [first, second] = ["first", "second"].map(|title| add(&house.app, title, house.hook));
        let node = TestNode::start(&house.app);
        house.are_out(&[first]);

        house.clock.set_by(-HOUR);
        for task in [interval, cron] {
            eventually("the task fires within its period", || house.fires_soon(task));
        }
        assert_eq!(hold(&node), None);
        let before = [interval, cron].map(|task| runs(&house.app, task).len());
        house.clock.forward(MINUTE + Duration::from_secs(1));
        house.are_out(&[first, second]);
        house.clock.forward(5 * MINUTE);
        for (task, before) in [interval, cron].into_iter().zip(before) {
            eventually("it has fired", || (runs(&house.app, task).len() > before).then_some(()));
        }
        house.are_out(&[first, second]);
    });
}

#[test]
fn a_run_that_is_open_when_the_clock_is_set_back_does_not_wait_for_what_is_due_later() {
    on_both(|url, dir| {
        let house = House::open(url, dir);
        house.app.disable_task(first_task(&house.app)).expect("disabled");
        let by_hand = task(&house.app, "by hand");
        let witness = Witness::new(&house, "open");
        let node = TestNode::start(&house.app);
        let run = trigger(&house.app, by_hand);
        let _ = node.crew.executor().try_send(Tick);
        witness.is_on_the_wire();
        house.clock.set_by(-HOUR);
        let later = house.later();
        let started = || house.app.run(GetExecution(run)).expect("a run").started_at;
        eventually("it began now at the latest", || (started() <= Some(house.app.now())).then_some(()));
        witness.a_cycle_has_run(&house);
        eventually("the run has ended", || (house.run(run) == ExecutionStatus::Succeeded).then_some(()));
        assert!(later.iter().all(|id| house.status(*id) == EntryStatus::Pending));
    });
}

/// A fire time that comes around again is no error, and stops neither its task nor the others.
#[test]
fn fires_that_come_around_again_go_on_and_the_last_of_them_is_not_repeated() {
    on_both(|url, dir| {
        let house = House::open(url, dir);
        let app = &house.app;
        app.disable_task(first_task(app)).expect("disabled");
        let begin = app.now() + Duration::from_secs(10);
        let minutely = CreateTask { next_run: Some(begin.into()), ..CreateTask::every("minutely", 60) };
        let task = app.create_task(minutely).expect("a task").id;
        // What has fired at the time of each fire; its run ends at once.
        let fire = || {
            house.clock.forward(MINUTE);
            let fired = app.run(FireDue).expect("it fires").executions;
            for run in &fired {
                app.run(CancelExecution(*run)).expect("ended");
            }
            fired.len()
        };
        assert_eq!([fire(), fire(), fire()], [1, 1, 1]);
        house.clock.set_by(-180);
        assert_eq!(app.run(MendTimes).expect("mended"), 1);
        assert_eq!(house.task(task).next_run, Some(begin));
        assert_eq!(app.run(MendTimes).expect("mended"), 0, "there is nothing left to mend");
        assert_eq!([fire(), fire()], [1, 1], "as real time goes");
        let last_run = house.task(task).last_run;
        assert_eq!(fire(), 0, "this one was just run");
        assert_eq!(house.task(task).last_run, last_run);
        assert_eq!([fire(), fire()], [1, 1]);
        let mut times: Vec<_> = runs(app, task).into_iter().map(|run| run.id).collect();
        times.dedup();
        assert_eq!(times.len(), 7);
    });
}

#[test]
fn a_node_that_starts_behind_all_that_is_known_has_its_tasks_fire() {
    on_both(|url, dir| {
        let house = House::open(url, dir);
        let app = &house.app;
        // For a year the clock was wrong.
        house.clock.set_by(365 * 24 * HOUR);
        let interval = app.create_task(CreateTask::every("interval", 300)).expect("a task").id;
        let cron = app.create_task(CreateTask::cron("cron", "*/5 * * * *")).expect("a task").id;
        let asked = app.now() + Duration::from_secs(3600);
        let asked_for = CreateTask { next_run: Some(asked.into()), ..CreateTask::every("asked for", 300) };
        let asked_for = app.create_task(asked_for).expect("a task").id;
        house.clock.set_by(-365 * 24 * HOUR);

        let _node = TestNode::start(app);
        for round in 1..=2 {
            for task in [interval, cron] {
                eventually("it fires within its period", || house.fires_soon(task));
            }
            house.clock.forward(5 * MINUTE);
            for task in [interval, cron] {
                eventually("it has fired", || (runs(app, task).len() >= round).then_some(()));
            }
        }
        assert_eq!(house.task(asked_for).next_run, Some(asked), "a person's time stands");
    });
}
