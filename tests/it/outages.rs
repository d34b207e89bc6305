//! While nobody can reach the database all leases run out. Whoever is back first waits for what the others have to say,
//! also where it had nothing to do itself.

use crate::support::app::*;
use crate::support::clock::SteppedClock;
use crate::support::node::TestNode;
use crate::support::on_both;
use crate::support::postgres::fresh_database;
use crate::support::receiver::{Answer, Receiver};
use contenthub::db::claim::Claimant;
use contenthub::db::connection::{DbConnection, connect};
use contenthub::db::database_url::DatabaseUrl;
use contenthub::db::leases;
use contenthub::domain::ids::NodeId;
use contenthub::domain::trust::lease_of_claims;
use contenthub::operations::recovery::{Dead, NodesWithClaims, Recover};
use contenthub::platforms::registry::Registry;
use contenthub::{AccountId, App, EntryId, EntryStatus, LogStatus, Settings, Timestamp};
use diesel::connection::SimpleConnection;
use std::path::Path;
use std::sync::Arc;
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

fn sql(url: &DatabaseUrl, text: &str) {
    connect(url).expect("connected").batch_execute(text).expect(text);
}

/// All leases run out in this moment, as they do while nobody can renew them.
const RUN_OUT: &str = "UPDATE publish_pool \
    SET lease_expires_at = (extract(epoch FROM clock_timestamp()) * 1000000)::bigint - 1 WHERE claimed_by IS NOT NULL";

/// A node's own way to a database: a role that may be kept out, and nobody else with it.
struct Line {
    all: DatabaseUrl,
    url: DatabaseUrl,
    role: String,
}

impl Line {
    fn to(all: &DatabaseUrl, name: &str) -> Self {
        let DatabaseUrl::Postgres(address) = all else { panic!("PostgreSQL") };
        let database = address.rsplit('/').next().and_then(|rest| rest.split('?').next()).expect("a name");
        let role = format!("{name}_{database}");
        sql(all, &format!("CREATE ROLE {role} SUPERUSER LOGIN"));
        let own = address.replacen("//postgres@", &format!("//{role}@"), 1);
        assert_ne!(*address, own);
        Line { all: all.clone(), url: DatabaseUrl::Postgres(own), role }
    }

    fn cut(&self) {
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename =";
        sql(&self.all, &format!("ALTER ROLE {} NOLOGIN", self.role));
        sql(&self.all, &format!("{end} '{}'", self.role));
    }

    fn mend(&self) {
        sql(&self.all, &format!("ALTER ROLE {} LOGIN", self.role));
    }

    fn node(&self, dir: &Path, lease: Duration) -> RealNode {
        let clock = Arc::new(SteppedClock::new());
        let settings = Settings {
            lease_seconds: lease.as_secs(),
            concurrency: 1,
            ..settings(&self.url, &dir.join(&self.role))
        };
        let registry = Registry::builtin(&dir.join("sites"));
        let app = Arc::new(App::open_with(settings, registry, clock.clone()).expect("opened"));
        let node = TestNode::start(&app);
        RealNode { node, clock }
    }
}

struct RealNode {
    node: TestNode,
    clock: Arc<SteppedClock>,
}

impl RealNode {
    /// Waits until it has noticed that the database is away. Of what its engine asks from now on the first may have begun
    /// before, and what came of the second is known to it by the end of the third.
    fn notices(&self) {
        let asked = || self.node.db.loads()[2].1.turns.read().count;
        let before = asked();
        eventually("it notices", || (asked() >= before + 3).then_some(()));
    }
}

fn holders(conn: &mut DbConnection) -> Vec<(EntryId, NodeId)> {
    leases::held(conn).expect("read").into_iter().map(|held| (held.entry, held.node)).collect()
}

/// Two nodes with an attempt each on the wire lose the database; what came of the attempts they hear meanwhile. One of
/// them is back before the other.
#[test]
fn of_two_nodes_neither_robs_the_other_and_both_write_what_they_held() {
    const LEASE: Duration = Duration::from_secs(8);
    /// More than a node lets pass between two looks for dead nodes.
    const LOOKED: Duration = Duration::from_millis(2500);
    let dir = tempfile::tempdir().expect("a folder");
    let all = fresh_database();
    let (app, _) = by_hand(&all, dir.path());
    let receiver = Receiver::start();
    receiver.on_any([Answer::status(200).held()]);
    let hook = wide(&app, "hook", &receiver.url("/"));
    let lines = ["one", "two"].map(|name| Line::to(&all, name));
    let nodes = lines.each_ref().map(|line| line.node(dir.path(), LEASE));
    app.enable_task(first_task(&app)).expect("enabled");
    let mut conn = connect(&all).expect("connected");
    for (round, first) in (1..).zip([0, 1]) {
        // The database has been good for so long that each would take back at once what it finds.
        nodes.iter().for_each(|node| node.clock.forward(LEASE));
        let ids = ["a", "b"].map(|title| add(&app, &format!("{title}{first}"), hook));
        receiver.wait_for(2 * round, SOON);
        let held = holders(&mut conn);
        let of = |place: usize| nodes[place].node.status().node;
        let by = |held: &[(EntryId, NodeId)], node: &NodeId| -> EntryId {
            held.iter().find(|(_, holder)| holder == node).expect("each holds one").0
        };
        let [own, others] = [of(first), of(1 - first)].map(|node| by(&held, &node));

        lines.iter().for_each(Line::cut);
        receiver.release();
        sql(&all, RUN_OUT);
        nodes[first].notices();
        lines[first].mend();
        eventually("what it held is written", || {
            (entry(&app, own).status == EntryStatus::Published).then_some(())
        });
        sleep(LOOKED);
        assert_eq!(holders(&mut conn), [(others, of(1 - first))], "it waits for the other");
        lines[1 - first].mend();
        for id in ids {
            eventually("it is written", || (entry(&app, id).status == EntryStatus::Published).then_some(()));
            let log: Vec<_> = attempts(&app, id).iter().map(|row| row.status).collect();
            assert_eq!(log, [LogStatus::Published], "one attempt, by whoever held it");
        }
        assert_eq!(receiver.posts().len(), 2 * round, "nothing is sent twice");
    }
}

/// How a node without any work comes to hear of an outage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outage {
    /// Its own look for dead nodes fails.
    Seen,
    /// Something else fails, and the look waits until there is a connection again: nothing of its own fails.
    WaitedOut,
    /// No connection is lost; the database stands still for a while.
    Standstill,
}

/// Of these nodes.
const IDLE_LEASE: Duration = Duration::from_secs(3);
/// Longer than from one look for dead nodes to the next and as long as it may wait, and not as long as a connection is
/// waited for.
const AWAY: Duration = Duration::from_millis(2800);

/// A claim of a node that is there but has not come back yet.
fn played_claim(url: &DatabaseUrl, app: &App, account: AccountId, title: &str) -> EntryId {
    let id = add(app, title, account);
    let mut conn = connect(url).expect("connected");
    let (node, lease) = (NodeId("other".to_owned()), Duration::from_secs(3600));
    let who = Claimant { node: &node, now: app.now(), lease };
    assert_eq!(played_claims(&mut conn, who, id).len(), 1);
    id
}

#[track_caller]
fn taken_back(app: &App, id: EntryId) -> Instant {
    eventually("it is taken back", || (entry(app, id).status != EntryStatus::Publishing).then(Instant::now))
}

fn idle_node_gives_others_a_lease(outage: Outage) {
    let dir = tempfile::tempdir().expect("a folder");
    let all = fresh_database();
    let (app, _) = by_hand(&all, dir.path());
    let hook = wide(&app, "hook", "http://127.0.0.1:9/");
    let line = Line::to(&all, "idle");
    let idle = line.node(dir.path(), IDLE_LEASE);
    let dead = played_claim(&all, &app, hook, "of a dead node");
    sql(&all, RUN_OUT);
    let started = Instant::now();
    taken_back(&app, dead);
    let [dead, others] = ["dead too", "of another node"].map(|title| played_claim(&all, &app, hook, title));
    sql(&all, &format!("{RUN_OUT} AND id = {dead}"));
    let asked = Instant::now();
    let soon = taken_back(&app, dead) - asked;
    assert!(soon < IDLE_LEASE / 2, "from now on it takes back at once: {soon:?} {:?}", started.elapsed());

    let back = match outage {
        Outage::Seen | Outage::WaitedOut => {
            line.cut();
            if outage == Outage::WaitedOut {
                // Whoever is first at a connection that was cut loses it.
                let lost = idle.node.perform(NodesWithClaims { by: NodeId("nobody".to_owned()) });
                assert!(lost.is_err(), "{lost:?}");
            }
            sleep(AWAY);
            sql(&all, RUN_OUT);
            let back = Instant::now();
            line.mend();
            back
        }
        Outage::Standstill => {
            let mut lock = connect(&all).expect("connected");
            lock.batch_execute("SET idle_in_transaction_session_timeout = 0").expect("set");
            lock.batch_execute("BEGIN; LOCK TABLE publish_pool IN ACCESS EXCLUSIVE MODE").expect("locked");
            sleep(AWAY);
            lock.batch_execute(RUN_OUT).expect("none was renewed");
            let back = Instant::now();
            lock.batch_execute("COMMIT").expect("let go");
            back
        }
    };
    let waited = taken_back(&app, others) - back;
    assert!(waited >= lease_of_claims(IDLE_LEASE.as_secs()), "{outage:?}: robbed after {waited:?}");
    drop(idle);
}

#[test]
fn a_node_without_any_work_hears_of_an_outage_and_of_its_end() {
    scope(|threads| {
        for outage in [Outage::Seen, Outage::WaitedOut, Outage::Standstill] {
            threads.spawn(move || idle_node_gives_others_a_lease(outage));
        }
    });
}

/// Between the question what time it is and the look for dead nodes there may be any time.
#[test]
fn what_ran_out_after_the_time_was_told_is_not_judged() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let hook = wide(&app, "hook", "http://127.0.0.1:9/");
        let id = played_claim(url, &app, hook, "x");
        sql(url, "UPDATE publish_pool SET lease_expires_at = 1000");
        for (told, entries) in [(1000, 0), (1001, 1)] {
            let dead = Dead::LeaseExpiredBy(Timestamp::from_micros(told));
            let recover = Recover { by: NodeId("n9".to_owned()), dead };
            assert_eq!(app.run(recover).expect("looked for").entries, entries, "told {told}");
        }
        assert_eq!(entry(&app, id).status, EntryStatus::Pending);
    });
}
