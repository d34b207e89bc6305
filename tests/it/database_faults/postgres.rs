//! PostgreSQL that is stopped, cut off, silent, or not heard when it has committed.

use super::*;
use crate::support::postgres::{OwnPostgres, Stop, fresh_database};
use crate::support::receiver::Post;
use crate::support::tcp_cut::{ENGINE, LISTENER, TcpCut};
use contenthub::db::connection::{DbConnection, connect};
use contenthub::domain::settlement::LogStatus;
use contenthub::{LogFilter, Paging};
use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::sql_types::Text;
use std::io::{Write, stderr};

/// How long somebody may wait on a connection that went silent, on a busy machine.
const SILENCE_MAX: Duration = Duration::from_secs(25);

/// Cases on one server, which goes on from each to the next.
fn through_a_wire(cases: impl FnOnce(&mut World, &TcpCut, &mut OwnPostgres)) {
    let dir = tempfile::tempdir().expect("a folder");
    let mut postgres = OwnPostgres::start();
    let wire = TcpCut::to(postgres.address());
    let mut world = World::start(&postgres.url(), &wire.url(&postgres.url()), dir.path());
    cases(&mut world, &wire, &mut postgres);
}

#[test]
fn a_run_outlives_a_postgresql_that_is_stopped_or_cut_off() {
    through_a_wire(|world, wire, postgres| {
        stopped(world, postgres);
        cut(world, wire);
        answers_lost(world, wire);
        commits_late(world, wire);
    });
}

#[test]
fn what_is_known_too_late_is_not_sent() {
    through_a_wire(|world, wire, _| answers_late(world, wire));
}

#[test]
fn a_run_outlives_connections_that_go_silent() {
    through_a_wire(|world, wire, _| silent(world, wire));
}

/// Shorter than a lease, and longer: nobody else is there to take what this node holds, and its outcomes still count.
/// A database that is set up for programs which try every transaction again.
#[test]
fn our_transactions_are_what_they_were_written_for_whatever_the_databases_default() {
    let url = fresh_database();
    let set = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_isolation = serializable', \
        current_database()); END $$";
    connect(&url).expect("connected").batch_execute(set).expect("set");
    let mut conn = connect(&url).expect("connected");
    let DbConnection::Postgres(inner) = &mut conn else { panic!("it is PostgreSQL") };
    let level = sql::<Text>("SELECT current_setting('transaction_isolation')").get_result::<String>(inner);
    assert_eq!(level.expect("a level"), "read committed");
}

fn stopped(world: &mut World, postgres: &mut OwnPostgres) {
    for (how, down) in [(Stop::Fast, LEASE / 3), (Stop::Immediate, LEASE * 3 / 2)] {
        let run = world.run_over(40);
        world.hold_the_wire();
        postgres.stop(how);
        world.nothing_leaves(|| {
            let since = Instant::now();
            while since.elapsed() < down {
                world.nobody_is_served();
            }
            world.server().get("/healthz").expect_status(200);
            world.is_not_ready();
            // Nobody knows whose the token is.
            is_told_to_come_again(&world.server().get("/metrics"));
        });
        postgres.start_again();
        // Nobody pays for the connections that were lost.
        for _ in 0..WIDTH {
            world.server().get("/api/v1/publish-pool/stats").expect_status(200);
            write(world.server()).expect_status(201);
        }
        world.ends(run, 40);
        world.is_whole();
        world.is_ready_again();
    }
}

fn cut(world: &mut World, wire: &TcpCut) {
    const CUTS: usize = 6;
    let run = world.run_over(200);
    let begun = world.receiver().posts().len();
    for number in 1..=CUTS {
        world.receiver().wait_for(begun + number * 200 / (CUTS + 2), PATIENCE);
        wire.cut();
    }
    world.ends(run, 200);
    world.is_whole();
    let run = world.run_over(40);
    world.hold_the_wire();
    wire.unplug();
    world.nothing_leaves(|| world.nobody_is_served());
    wire.mend();
    world.ends(run, 40);
    world.is_whole();
}

/// Each cycle's claims and outcomes are in the database, and the node is told that they are not.
fn answers_lost(world: &mut World, wire: &TcpCut) {
    const LOST: usize = 8;
    wire.lose_commits(LOST, ENGINE);
    let run = world.run_over(100);
    world.eventually("all of them are lost", || wire.lost_commits() == LOST);
    world.ends(run, 100);
    world.is_whole();
}

/// Each comes after the node has looked for what its lost cycle did.
fn commits_late(world: &mut World, wire: &TcpCut) {
    for late in 1..=3 {
        let run = world.run_over(24);
        world.hold_the_wire();
        wire.delay_commits(1, ENGINE);
        world.let_go();
        world.eventually("it has come", || wire.delayed_commits() == late);
        world.ends(run, 24);
        world.is_whole();
    }
}

/// By the time that a claim is known, it is too old to be acted on.
fn answers_late(world: &mut World, wire: &TcpCut) {
    let not_sent = |world: &World| {
        let filter = LogFilter { status: Some(LogStatus::NotSent), ..LogFilter::default() };
        let page = world.app.publish_log(filter, Paging::new(None, Some(200)).expect("a page"));
        page.expect("a log").items
    };
    let before = not_sent(world).len();
    // More than a claim is trusted, and less than a lease.
    wire.slow_commits(LEASE * 5 / 6, ENGINE);
    let run = world.run_over(20);
    world.eventually("claims go back", || not_sent(world).len() > before);
    wire.slow_commits(Duration::ZERO, ENGINE);
    world.ends(run, 20);
    world.is_whole();
    for row in not_sent(world) {
        let is_it = |post: &Post| {
            post.body["data"]["pool_id"] == json!(row.pool_id) && post.body["data"]["attempt"] == row.attempt
        };
        assert!(!world.receiver().posts().iter().any(is_it), "it was sent: {row:?}");
    }
}

/// Half-open: nothing comes and nothing goes, and nobody says so.
fn silent(world: &mut World, wire: &TcpCut) {
    let run = world.run_over(40);
    world.hold_the_wire();
    assert!(wire.silence("") >= 3, "readers, engine, and the listener");
    world.let_go();
    let (since, server) = (Instant::now(), world.server());
    let asked = thread::scope(|threads| {
        let reads = [0; 3].map(|_| threads.spawn(|| server.get("/api/v1/publish-pool/stats")));
        let mut asked = vec![write(server)];
        asked.extend(reads.map(|read| read.join().expect("an answer")));
        asked
    });
    assert!(since.elapsed() < SILENCE_MAX, "told after {:?}", since.elapsed());
    // Who was the first to find it out has paid for it; the others may meet fresh connections by then.
    let (told, served): (Vec<_>, Vec<_>) = asked.into_iter().partition(|answer| answer.status == 503);
    told.iter().for_each(is_told_to_come_again);
    assert!(!told.is_empty() && served.iter().all(|answer| answer.status < 300), "{served:?}");
    world.ends(run, 40);
    world.is_whole();
    // Who listens for changes hears again, too.
    world.product.post("/scheduler/tasks/1/enable", &json!({}), 200);
    world.eventually("another listens", || wire.are_open(LISTENER) > 0);
    world.add(1);
    let added = Instant::now();
    world.receiver().wait_for(world.added, PATIENCE);
    assert!(added.elapsed() < Duration::from_secs(5), "it was found by a poll: {:?}", added.elapsed());
    world.eventually("it is written", || world.verdict().stuck == 0);
    world.is_whole();
}

/// Stops without a word, again and again, while thousands go out. `CONTENTHUB_POSTGRES_STOPS` and
/// `CONTENTHUB_POSTGRES_ENTRIES` say how many.
#[test]
fn postgresql_is_stopped_again_and_again() {
    let asked = |name: &str, default: usize| match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")),
        Err(_) => default,
    };
    let (stops, entries) = (asked("CONTENTHUB_POSTGRES_STOPS", 2), asked("CONTENTHUB_POSTGRES_ENTRIES", 500));
    let dir = tempfile::tempdir().expect("a folder");
    let mut postgres = OwnPostgres::start();
    let url = postgres.url();
    let mut world = World::of_width(&url, &url, dir.path(), 64);
    let begun = Instant::now();
    let run = world.run_over(entries);
    // At once, soon, and after the leases of what was on the wire.
    let pauses = [Duration::ZERO, LEASE / 6, LEASE * 4 / 3, LEASE / 30];
    let mut caught = 0;
    for number in 1..=stops {
        world.receiver().wait_for(number * entries / (stops + 1), PATIENCE);
        postgres.stop(Stop::Immediate);
        sleep(pauses[number % pauses.len()]);
        postgres.start_again();
        caught += world.app.stats().expect("numbers").publishing;
    }
    world.ends(run, entries);
    let verdict = world.verdict();
    // Past the capture of the test's output: these are figures to be quoted.
    let _ = writeln!(
        stderr(),
        "{stops} immediate stops of PostgreSQL during a run of {entries} ({:.1} s): {} lost, {} double, {} stuck; {caught} \
         were on the wire at the stops",
        begun.elapsed().as_secs_f64(),
        verdict.lost,
        verdict.double,
        verdict.stuck
    );
    world.is_whole();
}
