//! How long a claim holds, for whom, and by which clock.

mod renewal;
mod trust;

use crate::support::app::*;
use crate::support::clock::SteppedClock;
use crate::support::command::{Cli, Server};
use crate::support::node::TestNode;
use crate::support::on_both;
use crate::support::postgres::fresh_database;
use crate::support::receiver::{Answer, Receiver};
use crate::transitions::Stage;
use contenthub::db::claim::Claimant;
use contenthub::db::connection::{DbConnection, connect};
use contenthub::db::database_url::DatabaseUrl;
use contenthub::db::leases;
use contenthub::domain::clock::Clock;
use contenthub::domain::delivery_class::DeliveryClass;
use contenthub::domain::ids::NodeId;
use contenthub::domain::outcome::{Receipt, Seen};
use contenthub::domain::settlement::LogStatus;
use contenthub::domain::trust::lease_of_claims;
use contenthub::operations::recovery::{Dead, Recover, Recovered, Renew};
use contenthub::platforms::platform::{Credentials, FieldError, Platform, PublishCall, SecretField};
use contenthub::platforms::registry::Registry;
use contenthub::{App, EntryId, EntryStatus, Settings};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::{Duration, Instant};

const HOUR: Duration = Duration::from_secs(3600);
/// More than a lease of these apps, and less than a run may take.
const TOO_LONG: Duration = Duration::from_secs(30);

fn sql(url: &DatabaseUrl, text: &str) {
    connect(url).expect("connected").batch_execute(text).expect(text);
}

fn named(name: &str) -> NodeId {
    NodeId(name.to_owned())
}

/// A claim of a node that is not there, for as long as this by the clock that leases are judged by.
fn played_claim(url: &DatabaseUrl, app: &App, node: &NodeId, id: EntryId, lease: Duration) {
    let mut conn = connect(url).expect("connected");
    let who = Claimant { node, now: app.now(), lease };
    assert_eq!(played_claims(&mut conn, who, id).len(), 1);
}

fn recover(app: &App) -> Recovered {
    app.run(Recover { by: named("n9"), dead: Dead::LeaseExpired }).expect("looked for")
}

fn held_by(conn: &mut DbConnection) -> Vec<(EntryId, NodeId)> {
    leases::held(conn).expect("read").into_iter().map(|held| (held.entry, held.node)).collect()
}

fn arrived(receiver: &Receiver, title: &str) -> Option<Instant> {
    receiver.posts().iter().find(|post| post.title() == Some(title)).map(|post| post.arrived)
}

/// On SQLite a node that is gone is known to be gone. On PostgreSQL a node waits for one lease from its first statement,
/// and not longer; and then for the end of each lease, and not longer.
#[test]
fn what_a_dead_node_held_is_back_to_the_moment() {
    const LEASE_SECONDS: u64 = 3;
    /// A recovery that only looks each quarter of a lease is later than this.
    const LATE: Duration = Duration::from_millis(500);
    let lease = lease_of_claims(LEASE_SECONDS);
    on_both(|url, dir| {
        let settings = Settings { lease_seconds: LEASE_SECONDS, ..settings(url, dir) };
        let app = App::open(settings).expect("opened");
        let receiver = Receiver::start();
        let hook = wide(&app, "hook", &receiver.url("/"));
        let [run_out, running] = ["run out", "running"].map(|title| add(&app, title, hook));
        played_claim(url, &app, &named("dead"), run_out, Duration::ZERO);
        let ends = Instant::now() + lease + Duration::from_millis(1150);
        played_claim(url, &app, &named("dead"), running, lease + Duration::from_millis(1150));
        let before = Instant::now();
        let node = app.start().expect("a node");
        let started = Instant::now();
        let at = |title| eventually("it is back", || arrived(&receiver, title));
        if matches!(url, DatabaseUrl::Sqlite(_)) {
            assert!(at("run out").max(at("running")) < started + lease / 2, "the kernel says who is gone");
        } else {
            let back = at("run out");
            assert!(back >= before + lease, "{:?}", back - before);
            assert!(back < started + lease + LATE, "{:?}", back - started);
            let back = at("running");
            assert!(back >= ends && back < ends + LATE, "{:?}", back - started);
        }
        let _ = node.stop();
    });
}

/// A node that has just come takes the word of who was there before it: the database was there then.
#[test]
fn who_comes_soon_after_another_was_seen_waits_no_lease_of_its_own() {
    const LEASE_SECONDS: u64 = 6;
    const SEEN_BEFORE: Duration = Duration::from_millis(2500);
    let lease = lease_of_claims(LEASE_SECONDS);
    let dir = tempfile::tempdir().expect("a folder");
    let url = fresh_database();
    let app =
        App::open(Settings { lease_seconds: LEASE_SECONDS, ..settings(&url, dir.path()) }).expect("opened");
    let receiver = Receiver::start();
    let hook = wide(&app, "hook", &receiver.url("/"));
    let run_out = add(&app, "run out", hook);
    played_claim(&url, &app, &named("dead"), run_out, Duration::ZERO);
    let micros = SEEN_BEFORE.as_micros();
    sql(
        &url,
        &format!(
            "INSERT INTO nodes (id, host, pid, version, fires, concurrency, lease_seconds, stopping, restarts, started_at, \
               seen_at) VALUES ('dead', 'h', 1, '0', TRUE, 64, 6, FALSE, '{{}}', 0, \
               (extract(epoch FROM clock_timestamp()) * 1000000)::bigint - {micros})"
        ),
    );
    let seen = Instant::now() - SEEN_BEFORE;
    let node = app.start().expect("a node");
    let back = eventually("it is back", || arrived(&receiver, "run out"));
    assert!(back >= seen + lease - Duration::from_millis(50), "it was seen {:?} before", back - seen);
    assert!(back < seen + SEEN_BEFORE + lease, "it waited for a lease of its own: {:?}", back - seen);
    let _ = node.stop();
}

/// What is left of the lease that was set is for taking back what its node held.
#[test]
fn a_claim_ends_before_the_lease_that_was_set() {
    const LEASE_SECONDS: u64 = 60;
    on_both(|url, dir| {
        let app = Arc::new(
            App::open(Settings { lease_seconds: LEASE_SECONDS, ..settings(url, dir) }).expect("opened"),
        );
        let receiver = Receiver::start();
        receiver.on_any([Answer::status(200).held()]);
        let hook = wide(&app, "hook", &receiver.url("/"));
        add(&app, "held", hook);
        app.enable_task(first_task(&app)).expect("enabled");
        let node = TestNode::start(&app);
        receiver.wait_for(1, SOON);
        let mut conn = connect(url).expect("connected");
        let held = leases::held(&mut conn).expect("read");
        let now = leases::lease_clock(&mut conn, app.now()).expect("a clock");
        let [held] = &held[..] else { panic!("one is on the wire: {held:?}") };
        let left = held.lease_expires_at.since(now);
        assert!(left <= lease_of_claims(LEASE_SECONDS), "{left:?}");
        receiver.release();
        drop(node);
    });
}

/// Whose wall clock is an hour off robs nobody, and is not robbed.
#[test]
fn postgresql_judges_leases_by_its_own_clock() {
    for ahead in [true, false] {
        let dir = tempfile::tempdir().expect("a folder");
        let url = fresh_database();
        let (right, _) = by_hand(&url, dir.path());
        let (wrong, clock) = by_hand(&url, dir.path());
        // One of the two is an hour before the other, and the database's goes with either.
        clock.forward(HOUR);
        let (mine, other) = if ahead { (&right, &wrong) } else { (&wrong, &right) };
        let hook = wide(&right, "hook", "http://127.0.0.1:9/");
        let id = add(&right, "x", hook);
        played_claim(&url, mine, &named("n1"), id, Duration::from_secs(60));
        let left = recover(other);
        assert_eq!(left.entries, 0, "a living node is robbed");
        let wait = left.look_again_in.expect("its lease ends some time");
        assert!(wait > Duration::from_secs(50) && wait <= Duration::from_secs(61), "{wait:?}");
        sql(
            &url,
            "UPDATE publish_pool SET lease_expires_at = (extract(epoch FROM now()) * 1000000)::bigint - 1",
        );
        assert_eq!(recover(other).entries, 1, "by the database's clock it is over");
    }
}

#[test]
fn renewal_is_one_statement_and_leaves_out_what_is_lost() {
    on_both(|url, dir| {
        let mut stage = Stage::new(url, dir);
        let ids: Vec<EntryId> = (0..3).map(|_| stage.pending()).collect();
        for (id, node) in ids.iter().zip(["n1", "n1", "n2"]) {
            played_claim(url, &stage.app, &named(node), *id, Duration::from_secs(1));
        }
        let ends = |stage: &mut Stage| -> Vec<_> {
            leases::held(&mut stage.conn).expect("read").iter().map(|held| held.lease_expires_at).collect()
        };
        let before = ends(&mut stage);
        let renew = Renew { node: named("n1"), entries: ids.clone(), lease: HOUR };
        assert_eq!(stage.app.run(renew).expect("renewed"), 2);
        let after = ends(&mut stage);
        assert!(after[0] > before[0] + HOUR / 2 && after[0] == after[1] && after[2] == before[2]);
        if let DbConnection::Postgres(conn) = &mut stage.conn {
            let statements = diesel::dsl::sql::<BigInt>(
                "(SELECT count(DISTINCT (xmin::text, cmin::text)) FROM publish_pool WHERE claimed_by = 'n1')",
            );
            assert_eq!(diesel::select(statements).get_result::<i64>(conn), Ok(1));
        }
    });
}

/// Its lease may be as old as it likes: as long as its process lives, nobody takes what it holds.
#[test]
fn on_sqlite_a_living_command_is_not_robbed() {
    let dir = tempfile::tempdir().expect("a folder");
    let url = DatabaseUrl::in_data_dir(dir.path());
    let (app, _) = by_hand(&url, dir.path());
    app.enable_task(first_task(&app)).expect("enabled");
    let receiver = Receiver::start();
    receiver.on_title("slow", [Answer::status(200).held()]);
    let hook = wide(&app, "hook", &receiver.url("/"));
    let slow = add(&app, "slow", hook);
    let cli = Cli::on(dir.path(), &url);
    let task = task(&app, "run").to_string();
    let mut command = cli.spawn(&["scheduler", "trigger", &task]);
    receiver.wait_for(1, SOON);
    // Standing still in the middle of a write, it would keep SQLite from everybody.
    let mut writer = connect(&url).expect("connected");
    writer.batch_execute("BEGIN IMMEDIATE").expect("nobody else writes");
    command.stop();
    writer.batch_execute("ROLLBACK").expect("let go");
    let dead = add(&app, "of a dead node", hook);
    played_claim(&url, &app, &named("dead"), dead, HOUR);
    sql(&url, &format!("UPDATE publish_pool SET lease_expires_at = 1 WHERE id = {slow}"));
    let server = Server::start(&cli, &[]);
    eventually("the server has looked for dead nodes", || arrived(&receiver, "of a dead node"));
    assert_eq!(entry(&app, slow).status, EntryStatus::Publishing);
    // Beside it no second server is.
    let refused = cli.run(&["serve", "--listen", "127.0.0.1:0"]);
    let pid = format!("(pid {})", server.pid());
    assert!(refused.code != Some(0) && refused.stderr.contains(&pid), "{}", refused.stderr);
    command.signal("CONT");
    receiver.release();
    let ended = command.wait(SOON);
    assert!(
        ended.is_some_and(|status| status.success()),
        "{ended:?} {} {}",
        command.stdout.text(),
        command.stderr.text()
    );
    assert_eq!((attempts(&app, slow).len(), receiver.posts().len()), (1, 2));
    drop(server);
}

/// While nobody can reach the database, all leases run out. Whoever is back first waits for what the others have to say.
#[test]
fn after_an_outage_nobody_is_robbed_before_a_lease_has_passed() {
    let dir = tempfile::tempdir().expect("a folder");
    let url = fresh_database();
    let DatabaseUrl::Postgres(address) = &url else { panic!("PostgreSQL") };
    let (server, rest) = address.rsplit_once('/').expect("an address");
    let (name, options) = rest.split_once('?').expect("options");
    let elsewhere = DatabaseUrl::Postgres(format!("{server}/postgres?{options}"));
    let reach = |yes: bool| {
        sql(&elsewhere, &format!("ALTER DATABASE {name} ALLOW_CONNECTIONS {yes}"));
        if !yes {
            let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname =";
            sql(&elsewhere, &format!("{cut} '{name}'"));
        }
    };
    let lease = lease_of_claims(settings(&url, dir.path()).lease_seconds);
    let (app, _) = by_hand(&url, dir.path());
    let app = Arc::new(app);
    let receiver = Receiver::start();
    receiver.on_any([Answer::status(200).held()]);
    let hook = wide(&app, "hook", &receiver.url("/"));
    let own = add(&app, "own", hook);
    let others = add(&app, "of another node", hook);
    played_claim(&url, &app, &named("other"), others, HOUR);
    app.enable_task(first_task(&app)).expect("enabled");
    let node = TestNode::start(&app);
    receiver.wait_for(1, SOON);
    // So long that by now it would recover what it finds.
    sleep(lease);
    sql(&url, "UPDATE publish_pool SET lease_expires_at = 1 WHERE claimed_by = 'other'; SELECT 1");
    reach(false);
    receiver.release();
    // Longer than it takes to look for dead nodes and to find no database.
    sleep(lease);
    let back = Instant::now();
    reach(true);
    let mut conn = connect(&url).expect("connected");
    eventually("what came meanwhile is written", || {
        let held = held_by(&mut conn);
        (held.iter().all(|(entry, _)| *entry != own)).then_some(held)
    });
    assert_eq!(held_by(&mut conn), [(others, named("other"))], "the other's is not touched before");
    receiver.wait_for(2, SOON);
    let waited = arrived(&receiver, "of another node").expect("it arrived") - back;
    assert!(waited >= lease, "robbed after {waited:?}");
    receiver.release();
    drop(node);
}
