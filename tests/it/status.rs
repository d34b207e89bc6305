//! `/scheduler/status` and `contenthub status`: nodes, lanes, and first of all what is wrong.

use crate::support::app::{eventually, settings, webhook};
use crate::support::command::{Cli, Server};
use crate::support::node::TestNode;
use crate::support::postgres::fresh_database;
use crate::support::product::*;
use crate::support::receiver::Answer;
use crate::support::{knows_better, on_both};
use contenthub::db::database_url::DatabaseUrl;
use contenthub::db::status::Status;
use contenthub::domain::clock::Timestamp;
use contenthub::operations::nodes::ListNodes;
use contenthub::operations::status::GetStatus;
use contenthub::views::StatusView;
use contenthub::{App, Settings};
use serde_json::{Value, json};
use std::sync::Arc;

const STATUS: &str = "ok, problems, needs_a_person, at, node, stopping, in_flight, concurrency, open_executions, restarts, \
    paused, due_now, due_now_capped, oldest_due_seconds, suspended_accounts, uncertain_entries, possible_duplicates, nodes, lanes";
const NODE: &str = "id, kind, host, pid, version, alive, stopping, started_at, last_seen_at, in_flight, concurrency, restarts, held";
const LANE: &str = "account_id, name, platform, open, gate, until, needs_a_person, in_flight, concurrency, due_now, \
    due_now_capped, oldest_due_seconds, breaker, daily_cap";

fn codes(status: &Value) -> Vec<&str> {
    let problems = status["problems"].as_array().expect("problems");
    problems.iter().map(|problem| problem["code"].as_str().expect("a code")).collect()
}

fn lane<'a>(status: &'a Value, name: &str) -> &'a Value {
    let lanes = status["lanes"].as_array().expect("lanes");
    lanes.iter().find(|lane| lane["name"] == name).unwrap_or_else(|| panic!("no lane {name} in {status:#}"))
}

/// What two looks at the same thing may differ in.
fn without_time(mut status: Value) -> Value {
    for field in ["at", "node", "oldest_due_seconds"] {
        status[field] = Value::Null;
    }
    for part in ["nodes", "lanes"] {
        for one in status[part].as_array_mut().expect("a list") {
            let fields = one.as_object_mut().expect("an object");
            fields.remove("last_seen_at");
            fields.remove("oldest_due_seconds");
        }
    }
    status
}

fn write(url: &DatabaseUrl, sql: &str) {
    knows_better(url, sql);
}

#[test]
fn the_route_and_the_command_say_the_same_of_a_server_at_work() {
    on_both(|url, dir| {
        let product = Product::start_with(Cli::on(dir, url).env("CONTENTHUB_CONCURRENCY", "7"));
        product.receiver.on_any([Answer::status(200).held()]);
        let (blog, shut) = (product.account("blog"), product.account_with("shut", json!({"concurrency": 3})));
        product.add(json!({"content_id": product.content("a"), "account_id": blog}));
        product.receiver.wait_for(1, SOON);
        product.post(&format!("/accounts/{shut}/suspend"), &json!({"reason": "on holiday"}), 200);
        product.add(json!({"content_id": product.content("b"), "account_id": shut}));

        // The row of a node is written while it begins.
        let status = product.until("/scheduler/status", |status| status["nodes"][0]["in_flight"] == 1);
        has_fields(&status, STATUS);
        has_fields(&status["nodes"][0], NODE);
        has_fields(&status["lanes"][0], LANE);
        has_fields(&status["lanes"][0]["breaker"], "state, failures, since, next_probe_at, probes");
        assert_eq!((&status["in_flight"], &status["concurrency"]), (&json!(1), &json!(7)));
        let node = &status["nodes"][0];
        assert_eq!((&node["pid"], &node["kind"]), (&json!(product.server.pid()), &json!("server")));
        assert_eq!((&node["alive"], &node["id"]), (&json!(true), &status["node"]));
        let (open, shut) = (lane(&status, "blog"), lane(&status, "shut"));
        assert_eq!(
            (&open["open"], &open["in_flight"], &open["due_now"]),
            (&json!(true), &json!(1), &json!(0))
        );
        assert_eq!((&shut["open"], &shut["due_now"]), (&json!(false), &json!(1)));
        assert_eq!(shut["gate"], "account suspended: on holiday");
        // What waits on a lane that is shut is no alarm of itself: that the lane is, is one.
        assert_eq!((&status["oldest_due_seconds"], &status["due_now"]), (&Value::Null, &json!(1)));
        assert_eq!((codes(&status), &status["ok"]), (vec!["account_shut"], &json!(false)));

        eventually_told(&product.cli, 1);
        let said = product.cli.json(&["status"]);
        assert_eq!(without_time(said), without_time(status));
        let table = product.cli.ok(&["status"]);
        assert!(
            table.starts_with("1 problem: 1 node, 1 on the wire, 1 due\n  an account is shut"),
            "{table}"
        );
        for word in ["server", "1/7", "blog", "0/3", "account suspended: on holiday"] {
            assert!(table.contains(word), "{word}:\n{table}");
        }
        let csv = product.cli.ok(&["status", "--output", "csv"]);
        assert!(
            csv.starts_with("name,platform,wire,due,oldest,today,state,gate\nblog,webhook,1/64,0,,,open,\n"),
            "{csv}"
        );
        product.receiver.release();
    });
}

/// Until so many rows of nodes are in the database.
#[track_caller]
fn eventually_told(cli: &Cli, nodes: usize) -> Value {
    crate::support::app::eventually("the nodes are told", || {
        let status = cli.json(&["status"]);
        (status["nodes"].as_array().map(Vec::len) == Some(nodes)).then_some(status)
    })
}

#[test]
fn where_nothing_is_all_is_not_said_to_be_well() {
    let dir = tempfile::tempdir().expect("a folder");
    let elsewhere = dir.path().join("mistyped");
    let path = elsewhere.to_str().expect("UTF-8");
    let told = Cli::in_dir(dir.path()).run(&["--data-dir", path, "status"]).expect_code(1);
    assert!(
        told.stderr.contains("there is no database at") && told.stderr.contains("--data-dir"),
        "{}",
        told.stderr
    );
    assert!(!elsewhere.exists(), "looking makes none");
}

#[test]
fn a_node_that_ended_in_order_is_gone_and_one_that_died_is_told() {
    on_both(|url, dir| {
        let product = Product::start_with(Cli::on(dir, url).env("CONTENTHUB_LEASE_SECONDS", "2"));
        product.receiver.on_any([Answer::status(200).held()]);
        let blog = product.account("blog");
        product.add(json!({"content_id": product.content("a"), "account_id": blog}));
        product.receiver.wait_for(1, SOON);
        let first = eventually_told(&product.cli, 1)["nodes"][0].clone();
        product.server.signal("STOP");
        product.server.kill();
        let status = crate::support::app::eventually("its end is seen", || {
            let status = product.cli.json(&["status"]);
            (status["nodes"][0]["alive"] == false).then_some(status)
        });
        assert_eq!((codes(&status), &status["concurrency"]), (vec!["node_gone"], &json!(0)));
        assert_eq!((&status["nodes"][0]["id"], &status["in_flight"]), (&first["id"], &json!(1)));
        assert!(product.cli.ok(&["status"]).contains("gone for "));

        // The next one takes back what it had, and ends in order; of the dead one is told for a day.
        let server = Server::start_as_admin(&product.cli, &[]);
        let status = eventually_told(&product.cli, 2);
        assert_eq!(status["nodes"][1]["alive"], true);
        product.receiver.wait_for(2, SOON);
        product.receiver.on_any([Answer::status(200)]);
        product.receiver.release();
        crate::support::app::eventually("it is out", || {
            (server.get("/api/v1/publish-pool/stats").body["published"] == 1).then_some(())
        });
        server.terminate(SOON);
        let status = product.cli.json(&["status"]);
        assert_eq!(status["nodes"].as_array().map(Vec::len), Some(1), "{status:#}");
        assert_eq!((&status["nodes"][0]["id"], &status["ok"]), (&first["id"], &json!(true)));

        // The day is over when the next one starts.
        write(url, "UPDATE nodes SET seen_at = seen_at - 90000000000");
        let server = Server::start_as_admin(&product.cli, &[]);
        crate::support::app::eventually("it is forgotten", || {
            let nodes = &product.cli.json(&["status"])["nodes"];
            (nodes.as_array().map(Vec::len) == Some(1) && nodes[0]["id"] != first["id"]).then_some(())
        });
        server.terminate(SOON);
    });
}

#[test]
fn what_is_wrong_stands_first() {
    on_both(|url, dir| {
        let product = Product::start(url, dir).by_hand();
        let blog = product.account_with("blog", json!({}));
        let entry = product.add(json!({"content_id": product.content("a"), "account_id": blog}));
        product.server.terminate(SOON);
        let cli = &product.cli;
        cli.ok(&["scheduler", "enable", "1"]);
        let said = cli.ok(&["status"]);
        assert!(said.contains("something is due and no node runs"), "{said}");
        assert!(said.starts_with("1 problem: no node runs, 0 on the wire, 1 due, the oldest for "), "{said}");
        let old = "UPDATE publish_pool SET due_at = due_at - 700000000";
        let far = "253402300799999999";
        let lanes = |columns: &str, values: &str| {
            format!("DELETE FROM lanes; INSERT INTO lanes (account_id, {columns}) VALUES ({blog}, {values})")
        };
        let tripped = |probe_at: &str| {
            lanes(
                "failures, tripped_at, probe_at, probes, probed_entry",
                &format!("3, 0, {probe_at}, 1, {entry}"),
            )
        };
        let wait = lanes("wait_until", far);
        let cap = format!(
            "UPDATE accounts SET daily_cap = 5; {}",
            lanes("cap_day, cap_count", &format!("{far}, 5"))
        );
        let double = format!(
            "INSERT INTO publish_logs (pool_id, content_id, revision, account_id, attempt, status, error_code, \
             started_at, finished_at) SELECT {entry}, 1, 1, {blog}, 1, 'published', 'possible_duplicate', 0, added_at \
             FROM publish_pool"
        );
        let uncertain = "UPDATE publish_pool SET status = 'uncertain'".to_owned();
        for (change, expected, gate, state) in [
            (old.to_owned(), vec!["nobody_publishes", "late"], None, "closed"),
            (tripped(far), vec!["platform_down"], Some("the platform has not answered since"), "tripped"),
            (tripped("0"), vec!["platform_down"], Some("the platform has not answered since"), "half_open"),
            (wait, vec![], Some("the platform asks to wait"), "closed"),
            (cap, vec![], Some("the account's daily cap of 5 is reached"), "closed"),
            (double, vec!["possible_duplicates"], Some("the account's daily cap of 5 is reached"), "closed"),
            (uncertain, vec!["uncertain", "possible_duplicates"], None, "closed"),
        ] {
            if gate.is_none() {
                write(url, "DELETE FROM lanes; UPDATE accounts SET daily_cap = NULL");
            }
            write(url, &change);
            let status = cli.json(&["status"]);
            assert_eq!(codes(&status), expected, "{change}");
            assert_eq!(status["ok"], expected.is_empty());
            let lane = lane(&status, "blog");
            assert_eq!(lane["open"], gate.is_none(), "{change}");
            assert!(
                gate.is_none_or(|gate| lane["gate"].as_str().is_some_and(|it| it.starts_with(gate))),
                "{lane}"
            );
            assert_eq!(lane["breaker"]["state"], state, "{change}");
            if change.contains("daily_cap = 5") {
                assert_eq!(lane["daily_cap"], json!({"used": 5, "cap": 5}));
            }
        }
        assert_eq!(cli.json(&["status"])["uncertain_entries"], 1);
    });
}

/// Each sees the other, and what it has on the wire.
#[test]
fn servers_on_two_machines_see_each_other() {
    let dir = tempfile::tempdir().expect("a folder");
    let url = fresh_database();
    let product = Product::start_with(Cli::on(dir.path(), &url).env("CONTENTHUB_CONCURRENCY", "7"));
    let second = Server::start_as_admin(&product.cli, &[]);
    product.receiver.on_any([Answer::status(200).held()]);
    let blog = product.account("blog");
    product.add(json!({"content_id": product.content("a"), "account_id": blog}));
    product.receiver.wait_for(1, SOON);
    for server in [&product.server, &second] {
        let status = crate::support::app::eventually("both are told", || {
            let status = server.get("/api/v1/scheduler/status").body;
            (status["nodes"].as_array().map(Vec::len) == Some(2)).then_some(status)
        });
        let nodes = status["nodes"].as_array().expect("nodes");
        let own = nodes.iter().find(|node| node["id"] == status["node"]).expect("its own");
        assert_eq!(own["pid"], server.pid());
        assert!(nodes.iter().all(|node| node["alive"] == true), "{status:#}");
        assert_eq!((&status["in_flight"], &status["concurrency"]), (&json!(1), &json!(14)));
        let of_nodes: i64 = nodes.iter().filter_map(|node| node["in_flight"].as_i64()).sum();
        assert_eq!(of_nodes, 1);
    }
    product.receiver.release();
}

/// A command that somebody has put aside (Ctrl-Z) lives, and nobody takes over what it holds on SQLite: that is told.
#[test]
fn a_node_that_stands_still_with_posts_on_the_wire_is_told() {
    on_both(|url, dir| {
        let product = Product::start_with(Cli::on(dir, url).env("CONTENTHUB_LEASE_SECONDS", "2"));
        product.receiver.on_any([Answer::status(200).held()]);
        let blog = product.account("blog");
        product.add(json!({"content_id": product.content("a"), "account_id": blog}));
        product.receiver.wait_for(1, SOON);
        eventually_told(&product.cli, 1);
        product.server.stop();
        // On PostgreSQL it is not known to live: others take over.
        let expected = if matches!(url, DatabaseUrl::Sqlite(_)) { "node_silent" } else { "node_gone" };
        let status = crate::support::app::eventually("it is told", || {
            let status = product.cli.json(&["status"]);
            codes(&status).contains(&expected).then_some(status)
        });
        assert_eq!(codes(&status), [expected], "{status:#}");
        product.server.signal("CONT");
        product.receiver.release();
        crate::support::app::eventually("all is well again", || {
            (product.cli.json(&["status"])["ok"] == true).then_some(())
        });
    });
}

/// Whoever asks only reads, and nothing else would tell.
#[test]
fn a_database_that_nobody_can_write_to_is_told() {
    let dir = tempfile::tempdir().expect("a folder");
    let url = fresh_database();
    let cli = Cli::on(dir.path(), &url);
    assert_eq!(cli.json(&["status"])["ok"], true);
    let read_only = |set: &str| {
        let this =
            "EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = %s', current_database()";
        write(
            &url,
            &format!("SET default_transaction_read_only = off; DO $$ BEGIN {this}, '{set}'); END $$"),
        );
    };
    read_only("on");
    let status = cli.json(&["status"]);
    assert_eq!((codes(&status), &status["ok"]), (vec!["cannot_write"], &json!(false)), "{status:#}");
    let message = status["problems"][0]["message"].as_str().expect("a message");
    assert!(message.ends_with("it is read-only"), "{message}");
}

/// By a clock that leapt everything is late, and the clock is what keeps it.
#[test]
fn nothing_is_late_by_a_clock_that_is_held() {
    let dir = tempfile::tempdir().expect("a folder");
    let url = DatabaseUrl::in_data_dir(dir.path());
    let app = Arc::new(App::open(settings(&url, dir.path())).expect("opened"));
    webhook(&app, "blog", "http://127.0.0.1:9/");
    let node = TestNode::start(&app);
    eventually("its row is written", || (app.run(ListNodes).expect("nodes").len() == 1).then_some(()));
    let mut status = app.run(GetStatus).expect("a status").find_the_living(&url).expect("looked");
    status.lanes[0].oldest_due_at = Some(Timestamp::from_micros(status.at.micros() - 3_600_000_000));
    let told = |status: &Status| -> Vec<_> {
        StatusView::new(status, None).problems.iter().map(|problem| problem.code).collect()
    };
    assert_eq!(told(&status), ["late"]);
    status.nodes[0].row.held = Some("its clock leapt".to_owned());
    assert_eq!(told(&status), ["clock_held"]);
    drop(node);
}

/// On SQLite a lock says that it lives, and its row when it last could write.
#[test]
fn a_server_that_lives_and_does_not_write_is_told() {
    let dir = tempfile::tempdir().expect("a folder");
    let url = DatabaseUrl::in_data_dir(dir.path());
    // It does not write again while this is looked at.
    let settings = Settings { lease_seconds: 3600, ..settings(&url, dir.path()) };
    let app = Arc::new(App::open(settings).expect("opened"));
    let node = TestNode::start(&app);
    let told = || {
        let status = app.run(GetStatus).expect("a status").find_the_living(&url).expect("looked");
        StatusView::new(&status, None).problems
    };
    eventually("its row is written", || (app.run(ListNodes).expect("nodes").len() == 1).then_some(()));
    assert_eq!(told(), []);
    let since = |hours: i64| app.now().micros() - hours * 3_600_000_000;
    write(&url, &format!("UPDATE nodes SET seen_at = {}", since(2)));
    assert_eq!(told(), []);
    write(&url, &format!("UPDATE nodes SET seen_at = {}", since(4)));
    let [alarm] = &told()[..] else { panic!("one: {:?}", told()) };
    assert!(alarm.code == "node_silent" && alarm.needs_a_person, "{alarm:?}");
    assert!(alarm.message.contains("has written nothing for 4 h"), "{}", alarm.message);
    drop(node);
}
