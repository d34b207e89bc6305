//! `/readyz`: says that a server can work, or which part of it cannot, and why. That the database is away is shown in
//! `database_faults`, that the key is the wrong one in `wrong_key`, and a clock that cannot be trusted in `clock_steps`.

use crate::support::app::*;
use crate::support::clock::SteppedClock;
use crate::support::in_process::Answered;
use crate::support::node::{THREAD, TestNode};
use crate::support::on_both;
use crate::support::postgres::fresh_database;
use crate::support::product::*;
use contenthub::actors::executor::Tick;
use contenthub::db::connection::connect;
use contenthub::db::database_url::DatabaseUrl;
use contenthub::platforms::registry::Registry;
use contenthub::{App, Settings};
use diesel::connection::SimpleConnection;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

const CHECKS: [&str; 5] = ["database", "secret_key", "clock", "ticks", "actors"];

/// The names of the checks that failed; each says why, and those that did not say nothing.
#[track_caller]
pub fn failed(body: &Value) -> Vec<&str> {
    let checks = body["checks"].as_array().unwrap_or_else(|| panic!("no checks in {body:#}"));
    let name = |check: &'_ Value| check["name"].as_str().map(str::to_owned).expect("a name");
    assert_eq!(checks.iter().map(name).collect::<Vec<_>>(), CHECKS);
    for check in checks {
        assert_eq!(check["ok"] == json!(true), check["why"].is_null(), "{check}");
    }
    let failed = checks.iter().filter(|check| check["ok"] == json!(false));
    failed.filter_map(|check| check["name"].as_str()).collect()
}

/// Why a check failed.
pub fn why<'a>(body: &'a Value, name: &str) -> &'a str {
    let checks = body["checks"].as_array().expect("checks").iter();
    let why = checks.filter(|check| check["name"] == name).find_map(|check| check["why"].as_str());
    why.unwrap_or_else(|| panic!("{name} did not fail: {body:#}"))
}

fn app(url: &DatabaseUrl, dir: &Path) -> (Arc<App>, Arc<SteppedClock>) {
    let clock = Arc::new(SteppedClock::new());
    // None of it is to run out.
    let settings = Settings { lease_seconds: 3600, ..settings(url, dir) };
    let registry = Registry::builtin(&dir.join("data/sites"));
    (Arc::new(App::open_with(settings, registry, clock.clone()).expect("opened")), clock)
}

#[test]
fn a_server_that_is_well_says_of_each_check_that_it_is() {
    on_both(|url, dir| {
        let product = Product::start(url, dir);
        // By anybody.
        let answer = product.server.send("GET", "/readyz", &[("authorization", "")], b"");
        let ready = answer.expect_status(200).body;
        has_fields(&ready, "status, checks");
        assert_eq!((&ready["status"], failed(&ready)), (&json!("ready"), vec![]));
    });
}

/// Somebody holds what is read of it, and nobody says so.
#[test]
fn a_database_that_does_not_answer_is_not_waited_for() {
    let dir = tempfile::tempdir().expect("a folder");
    let url = fresh_database();
    let (app, _) = app(&url, dir.path());
    let node = TestNode::start(&app);
    let ask = || node.get(&app, "/readyz", "");
    assert_eq!(ask().status, 200);
    let mut conn = connect(&url).expect("connected");
    const LOCK: &str =
        "SET idle_in_transaction_session_timeout = 0; BEGIN; LOCK TABLE meta IN ACCESS EXCLUSIVE MODE";
    conn.batch_execute(LOCK).expect("locked");
    let asked = Instant::now();
    let answer = ask();
    assert!(asked.elapsed() < Duration::from_secs(8), "{:?}", asked.elapsed());
    assert_eq!((answer.status, &answer.body["code"]), (503, &json!("database_unavailable")));
    assert_eq!(failed(&answer.body), ["database"]);
    assert_eq!(why(&answer.body, "database"), "the database has not answered within 3 s");
    conn.batch_execute("ROLLBACK").expect("let go");
    eventually("it answers again", || (ask().status == 200).then_some(()));
}

#[test]
fn a_server_whose_scheduler_does_not_look_any_more_is_not_ready() {
    on_both(|url, dir| {
        let (app, clock) = app(url, dir);
        let node = TestNode::start(&app);
        let ask = || node.get(&app, "/readyz", "");
        eventually("it ticks", || (node.crew.metrics().ticks.last().is_some()).then_some(()));
        assert_eq!((ask().status, failed(&ask().body)), (200, vec![]));
        node.while_busy(|| {
            // It sleeps for 15 s where nothing is due, and may be busy.
            clock.forward(Duration::from_secs(40));
            assert_eq!(ask().status, 200);
            let answer = missed(&clock, &ask);
            let body = &answer.body;
            assert_eq!((answer.status, &body["code"]), (503, &json!("ticks_stopped")), "{body:#}");
            assert_eq!(failed(body), ["ticks"]);
            assert!(why(body, "ticks").starts_with("the scheduler has not looked"), "{body:#}");
            assert!(answer.headers.contains_key("retry-after"));
        });
        eventually("it ticks again", || (ask().status == 200).then_some(()));
    });
}

/// A minute later, and a second; for a tick whose answer was on its way may come after the first look, once more.
fn missed(clock: &SteppedClock, ask: &dyn Fn() -> Answered) -> Answered {
    let mut answer = ask();
    for _ in 0..3 {
        clock.forward(Duration::from_secs(61));
        answer = ask();
        if answer.status != 200 {
            break;
        }
    }
    answer
}

#[test]
fn a_server_whose_parts_break_down_again_and_again_is_not_ready() {
    on_both(|url, dir| {
        let (app, clock) = app(url, dir);
        let node = TestNode::start(&app);
        let ask = || node.get(&app, "/readyz", "");
        // Once is not often, and a successor helps.
        eventually("what broke has a successor", || {
            // The watchdog may be the one who meets it.
            if !clock.is_to_break() {
                clock.break_on(THREAD);
                let _ = node.crew.executor().try_send(Tick);
            }
            (node.restarts().total() > 0).then_some(())
        });
        clock.mend();
        assert_eq!((ask().status, failed(&ask().body)), (200, vec![]));

        clock.break_for_good_on(THREAD);
        let body = eventually("it is seen of all", || {
            let answer = ask();
            let seen = |part: &str| {
                failed(&answer.body).contains(&"actors") && why(&answer.body, "actors").contains(part)
            };
            (answer.status == 503 && seen("the executor") && seen("the scheduler")).then_some(answer.body)
        });
        assert_eq!((&body["code"], failed(&body)), (&json!("part_down"), vec!["actors"]), "{body:#}");
        assert!(!why(&body, "actors").contains("publishers"), "they are well: {body:#}");
        clock.mend();
        eventually("they stay up", || (ask().status == 200).then_some(()));
    });
}
