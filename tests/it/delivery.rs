//! What a receiver does, end to end: what becomes of the entry, its account and the next attempt.

use crate::support::app::*;
use crate::support::clock::SteppedClock;
use crate::support::on_both;
use crate::support::played::Played;
use crate::support::receiver::{Answer, Receiver};
use contenthub::db::accounts::AccountRow;
use contenthub::domain::delivery_class::DeliveryClass;
use contenthub::domain::outcome::{Problem, Receipt, Seen};
use contenthub::operations::account::SuspendAccount;
use contenthub::operations::account::{GetAccount, UpdateAccount};
use contenthub::operations::entry::{ClearPublished, Resolution, ResolveEntry};
use contenthub::operations::pool::AddToPool;
use contenthub::platforms::registry::Registry;
use contenthub::{
    AccountId, Addition, App, EntryId, EntryStatus, LogStatus, OperationError, Report, ResultStatus,
    Timestamp,
};
use futures_util::FutureExt;
use futures_util::future::ready;
use serde_json::json;
use std::fs;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Longer than any pause after a failure that accuses the platform, or after a first failure.
const PAUSE: Duration = Duration::from_secs(31);

fn lane(app: &App, id: AccountId) -> AccountRow {
    app.run(GetAccount(id)).expect("an account")
}

/// How many entries of an account a run left alone.
fn skipped_on(report: &Report, account: AccountId) -> i64 {
    report.data.skipped.iter().filter(|lane| lane.account_id == account).map(|lane| lane.count).sum()
}

/// It waits as if nothing had been tried.
#[track_caller]
fn waits_at_no_cost(app: &App, id: EntryId) {
    let entry = entry(app, id);
    let told = (entry.status, entry.retry_count, entry.unproven, entry.due_at <= app.now());
    assert_eq!(told, (EntryStatus::Pending, 0, false, true), "{entry:?}");
}

/// A result that is neither final nor has a time for the next try says what its entry waits for.
#[track_caller]
fn waits_for_account(report: &Report, place: usize) {
    let result = &report.data.results[place];
    assert_eq!((result.status, result.retry_at), (ResultStatus::Failed, None), "{result:?}");
    let error = result.error.as_deref().unwrap_or_default();
    assert!(error.contains("not final") && error.contains("until its account is put right"), "{error}");
}

#[test]
fn a_second_entry_that_finds_nobody_suspends_the_account() {
    on_both(|url, dir| {
        let (app, clock) = by_hand(url, dir);
        let task = task(&app, "run");
        for status in [403, 404, 302] {
            let receiver = Receiver::start();
            receiver.on_any([Answer::status(status)]);
            let account = one_by_one(&app, &format!("gives {status}"), json!({"url": receiver.url("/")}));
            let ids = ["first", "second", "third"].map(|title| add(&app, title, account));
            let report = report_of(&app, task);
            assert_eq!((report.data.failed_count, skipped_on(&report, account)), (2, 1), "{report:?}");
            assert_eq!(receiver.posts().len(), 2, "nobody asks a third time, or follows a redirect");
            waits_for_account(&report, 1);
            for id in ids {
                waits_at_no_cost(&app, id);
            }
            let shut = lane(&app, account);
            let reason = shut.suspended_reason.unwrap_or_default();
            assert!(shut.suspended_by_machine && reason.contains(&status.to_string()), "{reason}");

            // The right address, and all of them go out, with the keys of their first attempts.
            receiver.on_path("/hook", [Answer::status(200)]);
            let settings = Some(json!({"url": receiver.url("/hook")}));
            app.run(UpdateAccount { settings, ..UpdateAccount::new(account) }).expect("updated");
            assert_eq!(lane(&app, account).suspended_reason, None);
            assert_eq!(report_of(&app, task).data.success_count, 3);
            let keys = receiver.by_webhook_id();
            assert_eq!(keys.values().sum::<usize>(), 5, "{keys:?}");
            assert_eq!(keys.len(), 3);
        }
        // One entry alone, again and again, accuses itself: it uses up its tries.
        let receiver = Receiver::start();
        receiver.on_title("odd", [Answer::status(404)]);
        let account = one_by_one(&app, "fine", json!({"url": receiver.url("/")}));
        let odd = add_as(&app, "odd", account, |addition| Addition { max_retries: 1, ..addition });
        for _ in 0..2 {
            report_of(&app, task);
            clock.forward(PAUSE);
        }
        assert_eq!((entry(&app, odd).status, entry(&app, odd).attempt), (EntryStatus::Failed, 2));
        let said: Vec<bool> = attempts(&app, odd)
            .iter()
            .flat_map(|it| &it.error_message)
            .map(|it| it.contains("final"))
            .collect();
        assert_eq!(said, [false, true], "the last of its tries says that it was the last");
        assert_eq!(lane(&app, account).suspended_reason, None);
    });
}

#[test]
fn a_success_between_two_wrong_addresses_keeps_the_account_open() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let receiver = Receiver::start();
        receiver.on_title("odd", [Answer::status(404)]);
        receiver.on_title("strange", [Answer::status(404)]);
        let account = one_by_one(&app, "hook", json!({"url": receiver.url("/")}));
        let ids = ["odd", "well", "strange"].map(|title| add(&app, title, account));
        report_of(&app, task(&app, "run"));
        assert_eq!(lane(&app, account).suspended_reason, None);
        assert_eq!(ids.map(|id| entry(&app, id).retry_count), [1, 0, 1]);
    });
}

#[test]
fn an_account_that_is_refused_is_suspended_at_once() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let task = task(&app, "run");
        for status in [401, 410] {
            let receiver = Receiver::start();
            receiver.on_any([Answer::status(status)]);
            let account = one_by_one(&app, &format!("gives {status}"), json!({"url": receiver.url("/")}));
            let ids = ["first", "second"].map(|title| add(&app, title, account));
            let report = report_of(&app, task);
            assert_eq!((report.data.failed_count, skipped_on(&report, account)), (1, 1), "{report:?}");
            assert_eq!(receiver.posts().len(), 1);
            for id in ids {
                waits_at_no_cost(&app, id);
            }
            let shut = lane(&app, account);
            let reason = shut.suspended_reason.unwrap_or_default();
            assert!(shut.suspended_by_machine && reason.contains(&status.to_string()), "{reason}");
            assert!(!reason.contains("not final"), "that is said of the entry: {reason}");
            waits_for_account(&report, 0);
            let code = attempts(&app, ids[0])[0].error_code.clone();
            assert_eq!(code, Some(format!("http_{status}")));
        }
    });
}

/// A suspension that has run out is no reason not to suspend again: the receiver would be asked without a pause.
#[test]
fn an_account_whose_suspension_ran_out_is_suspended_anew() {
    on_both(|url, dir| {
        let (app, clock) = by_hand(url, dir);
        let task = task(&app, "run");
        let receiver = Receiver::start();
        receiver.on_any([Answer::status(401)]);
        let account = one_by_one(&app, "shut for a while", json!({"url": receiver.url("/")}));
        let until = Some(app.now() + Duration::from_secs(60));
        app.run(SuspendAccount { id: account, reason: "a pause".to_owned(), until }).expect("suspended");
        let id = add(&app, "first", account);
        report_of(&app, task);
        assert_eq!(receiver.posts().len(), 0);
        clock.forward(Duration::from_secs(61));
        report_of(&app, task);
        waits_at_no_cost(&app, id);
        let shut = lane(&app, account);
        assert!(
            shut.suspended_reason.is_some_and(|reason| reason.contains("401")) && shut.suspended_by_machine
        );
        assert_eq!(shut.suspended_until, None);
        report_of(&app, task);
        assert_eq!(receiver.posts().len(), 1, "nothing is sent to an account that is shut");
    });
}

#[test]
fn a_quota_says_when_the_entry_is_tried_again() {
    const HOUR: Duration = Duration::from_secs(3600);
    on_both(|url, dir| {
        let begins_anew = Arc::new(OnceLock::new());
        let until = begins_anew.clone();
        let played = Played::new(DeliveryClass::Blind, move |call| {
            let now = Timestamp::from_micros(call.unix_seconds * 1_000_000);
            let seen = match *until.get_or_init(|| now + HOUR) {
                until if now < until => Seen::AccountBroken {
                    problem: Problem::new("quota", "no more posts today"),
                    until: Some(until),
                },
                _ => Seen::Accepted(Receipt::default()),
            };
            ready(seen).boxed_local()
        });
        let clock = Arc::new(SteppedClock::new());
        let registry = Registry::default().with(Arc::new(played));
        let app = App::open_with(settings(url, dir), registry, clock.clone()).expect("opened");
        app.disable_task(first_task(&app)).expect("disabled");
        let account = account(&app, "full", "played", json!({}));
        let id = add(&app, "x", account);
        let task = task(&app, "run");
        let result = report_of(&app, task).data.results.remove(0);
        let told = (result.status, result.retry_at, result.error.as_deref());
        assert_eq!(told, (ResultStatus::Failed, begins_anew.get().copied(), Some("no more posts today")));
        assert_eq!(lane(&app, account).suspended_until, result.retry_at);
        // Its own time is not moved: somebody may resume the account before.
        waits_at_no_cost(&app, id);
        clock.forward(HOUR);
        assert_eq!(report_of(&app, task).data.success_count, 1);
    });
}

#[test]
fn a_receiver_that_asks_to_wait_is_given_its_time_at_no_cost() {
    on_both(|url, dir| {
        let (app, clock) = by_hand(url, dir);
        let task = task(&app, "run");
        for (status, asked, wait) in [(429, "70", 70), (503, "70", 70), (429, "0", 1)] {
            let receiver = Receiver::start();
            let busy = Answer::status(status).header("Retry-After", asked);
            receiver.on_any([busy, Answer::status(200)]);
            let account = webhook(&app, &format!("gives {status} {asked}"), &receiver.url("/"));
            let id = add(&app, "x", account);
            let before = app.now();
            let report = report_of(&app, task);
            assert_eq!(report.data.results[0].status, ResultStatus::Failed);
            let waiting = entry(&app, id);
            assert_eq!(
                (waiting.status, waiting.retry_count, waiting.unproven),
                (EntryStatus::Pending, 0, false)
            );
            let asked = Duration::from_secs(wait);
            let due = waiting.due_at;
            assert!(due >= before + asked && due <= app.now() + asked, "{due}, asked at {before}");
            assert_eq!(report.data.results[0].retry_at, Some(due));
            clock.forward(asked);
            assert_eq!(report_of(&app, task).data.success_count, 1);
            assert_eq!(receiver.by_webhook_id().values().collect::<Vec<_>>(), [&2]);
        }
    });
}

#[test]
fn a_keyed_receiver_that_closes_is_sent_the_same_again() {
    on_both(|url, dir| {
        let (app, clock) = by_hand(url, dir);
        let receiver = Receiver::start();
        receiver.on_any([Answer::close(), Answer::published("m1", "https://x.example/1")]);
        let id = add(&app, "before", webhook(&app, "hook", &receiver.url("/")));
        let task = task(&app, "run");
        report_of(&app, task);
        let unproven = entry(&app, id);
        assert_eq!((unproven.status, unproven.unproven), (EntryStatus::Pending, true));
        // It may be out: what it says must not change, though the content may.
        let edit = contenthub::operations::content::UpdateContent {
            title: Some("after".to_owned()),
            ..contenthub::operations::content::UpdateContent::new(unproven.content_id)
        };
        app.run(edit).expect("edited");
        clock.forward(PAUSE);
        report_of(&app, task);
        let out = entry(&app, id);
        assert_eq!((out.status, out.unproven, out.attempt), (EntryStatus::Published, false, 2));
        assert_eq!((out.media_id.as_deref(), out.url.as_deref()), (Some("m1"), Some("https://x.example/1")));
        let posts = receiver.posts();
        assert_eq!(posts[0].webhook_id(), posts[1].webhook_id());
        assert_eq!([posts[0].title(), posts[1].title()], [Some("before"); 2], "the same revision");
        assert_eq!(attempts(&app, id).iter().map(|row| row.revision).collect::<Vec<_>>(), [1, 1]);
    });
}

#[test]
fn a_blind_receiver_that_closes_is_never_sent_it_again_unasked() {
    on_both(|url, dir| {
        let (app, clock) = by_hand(url, dir);
        let task = task(&app, "run");
        let receiver = Receiver::start();
        receiver.on_any([Answer::close(), Answer::close(), Answer::close(), Answer::status(200)]);
        let account =
            account(&app, "blind", "webhook", json!({"url": receiver.url("/"), "deduplicates": false}));
        let ids = ["out", "again", "over"].map(|title| add(&app, title, account));
        let report = report_of(&app, task);
        assert_eq!((report.data.uncertain_count, report.data.failed_count), (3, 0));
        assert_eq!(report.message, "Publishing completed: 0 succeeded, 0 failed, 3 uncertain");
        for pause in [PAUSE, Duration::from_secs(24 * 3600)] {
            clock.forward(pause);
            assert_eq!(report_of(&app, task).data.total_count, 0);
        }
        assert_eq!(receiver.posts().len(), 3, "nothing was sent again");

        let resolve = |id, resolution| app.run(ResolveEntry { id, resolution, by: "ann".to_owned() });
        let url = Some("https://x.example/1".to_owned());
        let out = Resolution::Published { url: url.clone(), media_id: None };
        let row = resolve(ids[0], out.clone()).expect("resolved");
        assert_eq!((row.status, row.unproven, row.url), (EntryStatus::Published, false, url));
        assert!(row.published_at.is_some());
        let row = resolve(ids[1], Resolution::TryAgain).expect("resolved");
        assert_eq!((row.status, row.unproven), (EntryStatus::Pending, false));
        let row = resolve(ids[2], Resolution::GiveUp).expect("resolved");
        assert_eq!((row.status, row.unproven), (EntryStatus::Failed, false));
        for id in ids {
            let log = attempts(&app, id);
            assert_eq!(log.iter().map(|row| row.attempt).collect::<Vec<_>>(), [1, 2], "one row more");
            assert_eq!((log[0].status, log[0].said_by.as_deref()), (LogStatus::Uncertain, None));
            assert_eq!(log[1].said_by.as_deref(), Some("ann"));
            let twice = resolve(id, out.clone()).expect_err("it is certain now");
            assert!(matches!(twice, OperationError::WrongState { .. }), "{twice}");
        }
        // Only the one that a person wanted sent again is.
        let report = report_of(&app, task);
        assert_eq!((report.data.total_count, report.data.success_count), (1, 1));
        assert_eq!((entry(&app, ids[1]).status, entry(&app, ids[1]).attempt), (EntryStatus::Published, 3));
        let again = Addition { account: Some(account), ..Addition::of(entry(&app, ids[0]).content_id) };
        let known = app.run(AddToPool(again)).expect_err("a person said that it is out");
        assert!(matches!(known, OperationError::AlreadyPublished { .. }), "{known}");
    });
}

#[test]
fn a_folder_becomes_a_site_and_a_repeat_changes_nothing() {
    on_both(|url, dir| {
        let (app, clock) = by_hand(url, dir);
        let task = task(&app, "run");
        let settings = json!({"site": "news", "title": "消息"});
        let account = account(&app, "news", "folder", settings);
        let sites = dir.join("data/sites");
        let site = sites.join("news");
        // Nothing can be written where a file is in the way; when it is gone, the next try goes well.
        fs::create_dir_all(&sites).expect("a folder");
        fs::write(&site, "in the way").expect("a file");
        let first = add(&app, "第一篇 <b>", account);
        let report = report_of(&app, task);
        assert_eq!(report.data.results[0].status, ResultStatus::Error, "{report:?}");
        let failed = entry(&app, first);
        assert_eq!((failed.status, failed.unproven), (EntryStatus::Pending, false), "it is not out, surely");
        fs::remove_file(&site).expect("removed");
        clock.forward(PAUSE);
        let second = add(&app, "Second", account);
        assert_eq!(report_of(&app, task).data.success_count, 2);

        let read = |name: &str| fs::read_to_string(site.join(name)).expect(name);
        let (index, feed) = (read("index.html"), read("feed.xml"));
        assert!(index.contains("<title>消息</title>"), "{index}");
        for id in [first, second] {
            let key = entry(&app, id).media_id.expect("a key");
            assert_eq!(entry(&app, id).url, Some(format!("/demo/news/{key}.html")));
            assert!(index.contains(&format!("{key}.html")) && feed.contains(&key));
            assert!(read(&format!("{key}.html")).contains("<h1>x</h1>"));
        }
        assert!(index.contains("第一篇 &lt;b&gt;") && !index.contains("<b>"));
        let files = || {
            let mut names: Vec<_> = fs::read_dir(&site).expect("a site").flatten().collect();
            names.sort_by_key(fs::DirEntry::file_name);
            names.iter().map(|it| (it.file_name(), fs::read(it.path()).expect("a file"))).collect::<Vec<_>>()
        };
        assert!(
            !files().iter().any(|(name, _)| name.to_string_lossy().ends_with(".tmp")),
            "nothing half done"
        );

        // The pool forgets; the site does not.
        let before = files();
        assert_eq!(app.run(ClearPublished).expect("cleared"), 2);
        contenthub::platforms::folder::heal(&sites);
        assert!(before == files(), "healing a whole site changes nothing");
        fs::remove_file(site.join("index.html")).expect("removed");
        fs::write(site.join("feed.xml"), "<broken").expect("written");
        contenthub::platforms::folder::heal(&sites);
        assert!(before == files(), "what a crash took is back");
    });
}
