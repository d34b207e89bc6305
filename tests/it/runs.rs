//! Runs and their reports: one bad publish never stops the others, and the report says what became of each.

use crate::support::app::*;
use crate::support::clock::SteppedClock;
use crate::support::command::Cli;
use crate::support::on_both;
use crate::support::played::Played;
use crate::support::receiver::{Answer, Receiver};
use contenthub::db::claim::Claim;
use contenthub::db::database_url::DatabaseUrl;
use contenthub::db::transitions::Ended;
use contenthub::domain::delivery_class::DeliveryClass;
use contenthub::domain::execution::Trigger;
use contenthub::domain::ids::NodeId;
use contenthub::domain::outcome::{Outcome, Problem, Receipt, Seen};
use contenthub::domain::retry::Jitter;
use contenthub::domain::settlement::settle;
use contenthub::domain::turns::Room;
use contenthub::operations::account::SuspendAccount;
use contenthub::operations::cycle::{ClaimScope, Cycle};
use contenthub::operations::execution::TriggerTask;
use contenthub::platforms::platform::PublishCall;
use contenthub::platforms::registry::Registry;
use contenthub::{AccountId, App, EntryStatus, LogStatus, Report, ResultStatus, Settings};
use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, pending, ready};
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// What becomes of an entry, and what the report and the log say of it.
struct Fate {
    title: &'static str,
    result: ResultStatus,
    code: Option<&'static str>,
    status: EntryStatus,
    unproven: bool,
    retry_count: i32,
}

const fn fate(title: &'static str, result: ResultStatus, code: &'static str, status: EntryStatus) -> Fate {
    Fate { title, result, code: Some(code), status, unproven: false, retry_count: 0 }
}

/// An app on which no time-out is over too soon, and no backoff at all, though the machine is busy with something else.
fn patient(url: &DatabaseUrl, dir: &Path, registry: Registry) -> App {
    let settings = Settings { lease_seconds: 6, ..settings(url, dir) };
    let app = App::open_with(settings, registry, Arc::new(SteppedClock::standing())).expect("opened");
    app.disable_task(first_task(&app)).expect("disabled");
    app
}

/// Ten entries, three of them with fates of their own; one run; the other seven are out.
fn run_of_ten(app: &App, account: AccountId, hanging: AccountId, fates: [Fate; 3]) {
    let well = ["a", "b", "c", "d", "e", "f", "g"]
        .map(|title| Fate { code: None, ..fate(title, ResultStatus::Published, "", EntryStatus::Published) });
    // The bad ones first: nobody waits behind them.
    let all: Vec<Fate> = fates.into_iter().chain(well).collect();
    let place = |fate: &Fate| if fate.title == "hangs" { hanging } else { account };
    let ids: Vec<_> = all.iter().map(|fate| add(app, fate.title, place(fate))).collect();
    let task = task(app, "run of ten");

    let report = report_of(app, task);
    let log: Vec<_> = ids
        .iter()
        .flat_map(|id| attempts(app, *id))
        .map(|it| (it.pool_id, it.status, it.error_code))
        .collect();
    assert_eq!(report.data.total_count, 10, "{log:?}");
    check_counts(&report);
    for (fate, id) in all.iter().zip(&ids) {
        let entry = entry(app, *id);
        let told = (fate.title, entry.status, entry.unproven, entry.retry_count);
        assert_eq!(told, (fate.title, fate.status, fate.unproven, fate.retry_count), "{entry:?}");
        // On a machine that is busy with something else, a claim may come too late to be sent: that was no attempt.
        let mut sent = attempts(app, *id);
        sent.retain(|attempt| attempt.status != LogStatus::NotSent);
        let [attempt] = &sent[..] else { panic!("{}: not one attempt", fate.title) };
        assert_eq!(attempt.error_code.as_deref(), fate.code, "{attempt:?}");
        let result = report.data.results.iter().find(|result| result.pool_id == *id).expect(fate.title);
        assert_eq!((result.status, result.log_id), (fate.result, Some(attempt.id)), "{result:?}");
        assert_eq!(result.error, attempt.error_message, "{result:?}");
        let retry_at = (entry.status == EntryStatus::Pending).then_some(entry.due_at);
        assert_eq!(result.retry_at, retry_at, "{result:?}");
        assert!(retry_at.is_none_or(|at| at > attempt.finished_at), "it is not due at once: {entry:?}");
    }
    nothing_is_publishing(app);
    let runs = runs(app, task);
    assert_eq!(runs.len(), 1);
    assert_eq!(runs[0].report.as_ref(), Some(&report), "the report is kept with the run");
    let again = report_of(app, task);
    assert_eq!(again.message, "No pending entries to publish", "nobody waits for a backoff");
}

fn check_counts(report: &Report) {
    let data = &report.data;
    assert!(report.success, "failed entries are not a failed run");
    assert_eq!(report.message, "Publishing completed: 7 succeeded, 3 failed", "{report:?}");
    assert_eq!((data.total_count, data.success_count, data.failed_count), (10, 7, 3));
    assert_eq!((data.uncertain_count, data.in_progress_count, data.skipped_count), (0, 0, 0));
    assert_eq!(data.results.len(), 10);
    assert!((report.metadata.average_time_per_item - report.duration / 10.0).abs() < 1e-9);
}

fn play(call: PublishCall) -> LocalBoxFuture<'static, Seen> {
    match call.article.title.as_str() {
        "refused" => ready(Seen::Refused(Problem::new("too_rude", "not here"))).boxed_local(),
        "panics" => async { panic!("on purpose") }.boxed_local(),
        "panics before it begins" => panic!("on purpose"),
        "hangs" => pending().boxed_local(),
        "says odd things" => ready(Seen::Refused(Problem::new("odd", "a\0b"))).boxed_local(),
        "has an odd name" => {
            let odd = Some("m\0".to_owned());
            ready(Seen::Accepted(Receipt { media_id: odd.clone(), url: odd })).boxed_local()
        }
        _ => ready(Seen::Accepted(Receipt::default())).boxed_local(),
    }
}

#[test]
fn one_failing_one_panicking_and_one_hanging_publish_stop_nobody() {
    use EntryStatus::{Failed, Pending};
    on_both(|url, dir| {
        let played = Arc::new(Played::new(DeliveryClass::Keyed, play));
        let app = patient(url, dir, Registry::default().with(played));
        let account = account(&app, "played", "played", json!({}));
        let panics = |title| Fate {
            unproven: true,
            retry_count: 1,
            ..fate(title, ResultStatus::Error, "panic", Pending)
        };
        let hangs = Fate { unproven: true, ..fate("hangs", ResultStatus::Failed, "timeout", Pending) };
        let refused = fate("refused", ResultStatus::Failed, "too_rude", Failed);
        run_of_ten(&app, account, account, [hangs, panics("panics"), refused]);

        // One by one, because each would be able to keep the run from ending.
        let alone = task(&app, "alone");
        let log_of = |title| {
            let id = add(&app, title, account);
            let report = report_of(&app, alone);
            assert_eq!(report.data.total_count, 1, "{report:?}");
            let mut sent = attempts(&app, id);
            sent.retain(|attempt| attempt.status != LogStatus::NotSent);
            sent.remove(0)
        };
        let early = log_of("panics before it begins");
        assert_eq!((early.status, early.error_code.as_deref()), (LogStatus::Error, Some("panic")));
        let said = log_of("says odd things").error_message;
        assert_eq!(said.as_deref(), Some("a\u{fffd}b"), "U+0000 cannot be kept");
        let named = log_of("has an odd name");
        assert_eq!((named.media_id.as_deref(), named.url.as_deref()), (Some("m\u{fffd}"), Some("m\u{fffd}")));
    });
}

#[test]
fn one_refusing_one_closing_and_one_hanging_receiver_stop_nobody() {
    use EntryStatus::{Failed, Pending};
    on_both(|url, dir| {
        let app = patient(url, dir, Registry::builtin(&dir.join("data/sites")));
        let receiver = Receiver::start();
        receiver.on_title("refused", [Answer::status(422).body("too long")]);
        receiver.on_title("closes", [Answer::close()]);
        receiver.on_title("hangs", [Answer::status(200).held()]);
        let hanging =
            account(&app, "hanging", "webhook", json!({"url": receiver.url("/"), "timeout_seconds": 1}));
        let account = webhook(&app, "hook", &receiver.url("/"));
        let lost = |title, code| Fate { unproven: true, ..fate(title, ResultStatus::Failed, code, Pending) };
        let refused = fate("refused", ResultStatus::Failed, "http_422", Failed);
        run_of_ten(
            &app,
            account,
            hanging,
            [lost("hangs", "timeout"), lost("closes", "connection_lost"), refused],
        );
        assert_eq!(receiver.posts().len(), 10, "each was sent once");
    });
}

#[test]
fn whoever_listens_is_told_how_far_a_run_is() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let receiver = Receiver::start();
        receiver.on_any([Answer::status(200).held()]);
        let hook = one_by_one(&app, "hook", json!({"url": receiver.url("/")}));
        let shut = webhook(&app, "shut", &receiver.url("/"));
        for title in ["a", "b", "c"] {
            add(&app, title, hook);
            add(&app, title, shut);
        }
        let (reason, until) = ("lunch".to_owned(), None);
        app.run(SuspendAccount { id: shut, reason, until }).expect("suspended");
        let mut told = Vec::new();
        let report = app.run_task_telling(task(&app, "run"), |so_far| {
            told.push((so_far.done, so_far.total));
            receiver.on_any([Answer::status(200)]);
            receiver.release();
        });
        assert_eq!(report.expect("a report").data.success_count, 3);
        assert_eq!((told.first(), told.last()), (Some(&(0, 3)), Some(&(3, 3))), "{told:?}");
    });
}

#[test]
fn long_work_says_how_far_it_is_also_without_a_terminal() {
    const COUNT: usize = 1000;
    let dir = tempfile::tempdir().expect("a folder");
    let url = DatabaseUrl::in_data_dir(&dir.path().join("data"));
    let (app, _) = by_hand(&url, dir.path());
    let receiver = Receiver::start();
    let account = wide(&app, "hook", &receiver.url("/"));
    app.run(AddMany { count: COUNT, account, at: None }).expect("added");
    let id = task(&app, "run").to_string();
    let cli = Cli::on(dir.path(), &url);
    let ran = cli.run(&["scheduler", "trigger", &id]).expect_code(0);
    assert!(ran.stderr.contains("publishing: 1000 of 1000 (1000 published, 0 failed)\n"), "{}", ran.stderr);
    assert!(!ran.stdout.contains("publishing: "), "the report alone is on stdout");
    let measured =
        Cli::in_dir(dir.path()).run(&["bench", "--entries", "1000", "--output", "json"]).expect_code(0);
    for line in ["filling the pool: 1000 of 1000\n", "publishing: 1000 of 1000\n"] {
        assert!(measured.stderr.contains(line), "{line}: {}", measured.stderr);
    }
    assert_eq!(measured.json()["deliveries"], 1000);
}

/// Nodes' clocks differ a little, and a cycle may have waited for the database since before the run was there.
#[test]
fn a_run_is_not_over_before_it_began() {
    on_both(|url, dir| {
        let clock = Arc::new(SteppedClock::standing());
        let registry = Registry::builtin(&dir.join("sites"));
        let app = App::open_with(settings(url, dir), registry, clock.clone()).expect("opened");
        let hook = webhook(&app, "hook", "http://127.0.0.1:9/");
        app.disable_task(first_task(&app)).expect("disabled");
        add(&app, "x", hook);
        let (reason, until) = ("lunch".to_owned(), Some(app.now() + Duration::from_secs(1)));
        app.run(SuspendAccount { id: hook, reason, until }).expect("suspended");
        clock.set_by(2);
        let task = task(&app, "run");
        let execution = app.run(TriggerTask { task, by: Trigger::Api }).expect("triggered");
        let began = app.now();
        let turn = || {
            let cycle = Cycle {
                node: NodeId("n1".to_owned()),
                lease: SOON,
                scope: ClaimScope::Task(task),
                ended: Arc::new(vec![]),
                room: Room { shared: 4, ..Room::default() },
                read_back: None,
                clock_is_right: true,
            };
            app.run(cycle).expect("a cycle")
        };
        clock.set_by(-2);
        let behind = turn();
        assert_eq!((behind.claims.len(), behind.closed.len(), behind.open), (0, 0, 1), "it is not over");
        assert!(
            behind.look_again.is_some_and(|at| at <= began),
            "nobody sleeps over it: {:?}",
            behind.look_again
        );
        clock.set_by(2);
        assert_eq!(turn().claims.remove(0).execution, Some(execution));
    });
}

/// A claim whose node was stopped, or too slow for its lease, before it sent anything: the run still owes it a try.
#[test]
fn what_was_claimed_and_not_sent_is_tried_in_the_same_run() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let hook = webhook(&app, "hook", "http://127.0.0.1:9/");
        let id = add(&app, "x", hook);
        let task = task(&app, "run");
        let execution = app.run(TriggerTask { task, by: Trigger::Api }).expect("triggered");
        let turn = |ended: Vec<Ended>| {
            let cycle = Cycle {
                node: NodeId("n1".to_owned()),
                lease: SOON,
                scope: ClaimScope::Task(task),
                ended: Arc::new(ended),
                room: Room { shared: 4, ..Room::default() },
                read_back: None,
                clock_is_right: true,
            };
            app.run(cycle).expect("a cycle")
        };
        let ended = |claim: &Claim, outcome: Outcome| Ended {
            attempt: claim.attempt,
            content: claim.article.content_id,
            revision: claim.article.revision,
            extras: Vec::new(),
            account: claim.account,
            account_version: 1,
            counted: false,
            execution: claim.execution,
            on_demand: claim.is_on_demand(),
            started_at: app.now(),
            finished_at: app.now(),
            settlement: settle(outcome, claim.standing, app.now(), Jitter::from_random(0)),
            has_steps: false,
        };
        let first = turn(vec![]).claims.remove(0);
        // All that it wants is on the wire; it claims nothing that falls due from now on.
        assert_eq!(turn(vec![]).open, 1);
        let mut again = turn(vec![ended(&first, Outcome::NotSent)]);
        assert_eq!((again.closed.len(), again.open), (0, 1), "the run is not over");
        if again.claims.is_empty() {
            // What a cycle brings back to its lane may be for the next one to see.
            again = turn(vec![]);
        }
        let second = again.claims.remove(0);
        assert_eq!((second.execution, second.attempt.number), (Some(execution), 2));
        let over = turn(vec![ended(&second, Outcome::Published(Receipt::default()))]);
        let [(closed, report)] = &over.closed[..] else { panic!("{} were closed", over.closed.len()) };
        assert_eq!((*closed, report.data.total_count, report.data.success_count), (execution, 1, 1));
        let statuses: Vec<_> = attempts(&app, id).iter().map(|attempt| attempt.status).collect();
        assert_eq!(statuses, [LogStatus::NotSent, LogStatus::Published]);

        // Behind a lane that was shut meanwhile it is skipped, and said to be.
        let id = add(&app, "y", hook);
        app.run(TriggerTask { task, by: Trigger::Api }).expect("triggered");
        let first = turn(vec![]).claims.remove(0);
        let (reason, until) = ("lunch".to_owned(), None);
        app.run(SuspendAccount { id: hook, reason, until }).expect("suspended");
        let over = turn(vec![ended(&first, Outcome::NotSent)]);
        let report = &over.closed[0].1;
        assert_eq!((report.data.total_count, report.data.skipped_count), (1, 1), "{report:?}");
        assert_eq!(entry(&app, id).status, EntryStatus::Pending);
    });
}

#[test]
fn what_waits_behind_a_shut_lane_is_told_by_lane_and_reason() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let receiver = Receiver::start();
        let open = webhook(&app, "open", &receiver.url("/"));
        let shut = webhook(&app, "shut", &receiver.url("/"));
        add(&app, "goes", open);
        let waits = [add(&app, "waits", shut), add(&app, "waits too", shut)];
        let (reason, until) = ("holidays".to_owned(), None);
        app.run(SuspendAccount { id: shut, reason, until }).expect("suspended");

        let report = report_of(&app, task(&app, "run"));
        assert_eq!(report.message, "Publishing completed: 1 succeeded, 0 failed, 2 skipped");
        assert_eq!((report.data.total_count, report.data.results.len()), (3, 1));
        let [lane] = &report.data.skipped[..] else { panic!("{report:?}") };
        let told = (lane.account_id, lane.count, lane.reason.as_str());
        assert_eq!(told, (shut, 2, "account suspended: holidays"));
        for id in waits {
            let entry = entry(&app, id);
            assert_eq!((entry.status, entry.attempt), (EntryStatus::Pending, 0));
            assert_eq!(entry.waiting_for.as_deref(), Some("account suspended: holidays"));
        }
    });
}
