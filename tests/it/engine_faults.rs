//! What once went wrong in the engine, and must not again.

use crate::support::app::*;
use crate::support::on_both;
use crate::support::postgres::fresh_database;
use crate::support::receiver::{Answer, Receiver};
use contenthub::db::connection::{DbConnection, connect};
use contenthub::db::database_url::DatabaseUrl;
use contenthub::domain::execution::Trigger;
use contenthub::domain::ids::NodeId;
use contenthub::domain::turns::Room;
use contenthub::operations::Operation;
use contenthub::operations::cycle::{ClaimScope, Cycle};
use contenthub::operations::execution::TriggerTask;
use contenthub::{Addition, EntryStatus, ExecutionStatus};
use diesel::connection::SimpleConnection;
use serde_json::json;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

#[test]
fn both_entries_that_found_nobody_go_back_also_without_retries_left() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let receiver = Receiver::start();
        receiver.on_any([Answer::status(404)]);
        let account = one_by_one(&app, "hook", json!({"url": receiver.url("/")}));
        let last_try = |addition| Addition { max_retries: 0, ..addition };
        let ids = ["first", "second"].map(|title| add_as(&app, title, account, last_try));
        let report = report_of(&app, task(&app, "run"));
        assert_eq!(ids.map(|id| entry(&app, id).status), [EntryStatus::Pending; 2]);
        // Neither reads as final, wherever it is read.
        let said = ids.map(|id| entry(&app, id).last_error.unwrap_or_default());
        let logged = ids.map(|id| attempts(&app, id).remove(0).error_message.unwrap_or_default());
        let reported: Vec<String> = report.data.results.into_iter().flat_map(|one| one.error).collect();
        assert_eq!((&said, &said[..]), (&logged, &reported[..]));
        assert!(
            said[0].contains("404") && said[0].contains("final, unless the next entry finds the same"),
            "{}",
            said[0]
        );
        assert!(said[1].contains("404") && said[1].contains("not final"), "{}", said[1]);
    });
}

/// The engine could close a run without seeing the one that was queued behind it at that moment, which then waited for
/// ever.
#[test]
fn a_run_that_is_queued_while_the_one_before_it_ends_is_started() {
    on_both(|url, dir| {
        if matches!(url, DatabaseUrl::Sqlite(_)) {
            return; // one writer at a time
        }
        let (app, _) = by_hand(url, dir);
        let task = task(&app, "run");
        let trigger = TriggerTask { task, by: Trigger::Api };
        app.run(trigger).expect("running");
        let cycle = || Cycle {
            node: NodeId("n1".to_owned()),
            lease: Duration::from_secs(60),
            scope: ClaimScope::Everything,
            ended: std::sync::Arc::default(),
            room: Room { shared: 64, ..Room::default() },
            read_back: None,
            clock_is_right: true,
        };
        let (closed, waiting) = mpsc::channel();
        thread::scope(|threads| {
            let mut conn = connect(url).expect("connected");
            let queued: Result<_, contenthub::OperationError> = conn.write(|conn| {
                let id = trigger.run(conn, app.context(), app.now())?;
                let engine = || {
                    let mut conn: DbConnection = connect(url).expect("connected");
                    cycle().run(&mut conn, app.context(), app.now()).expect("a cycle");
                    closed.send(()).expect("somebody waits");
                };
                threads.spawn(engine);
                // It may end first, or wait for us: both are right.
                let _ = waiting.recv_timeout(Duration::from_millis(500));
                Ok(id)
            });
            queued.expect("queued");
        });
        let statuses = || runs(&app, task).iter().map(|run| run.status).collect::<Vec<_>>();
        assert_eq!(statuses(), [ExecutionStatus::Succeeded, ExecutionStatus::Running]);
    });
}

/// Alone in its cycle such an outcome stopped the engine; in company it was dropped, and its entry stayed `publishing`.
#[test]
fn an_outcome_that_the_database_refuses_stops_nobody_and_leaves_nothing_stuck() {
    for others in [0, 3] {
        on_both(|url, dir| {
            let (app, _) = by_hand(url, dir);
            let receiver = Receiver::start();
            let account = webhook(&app, "hook", &receiver.url("/"));
            let cursed = add(&app, "cursed", account);
            for number in 0..others {
                add(&app, &format!("well {number}"), account);
            }
            let mut conn = connect(url).expect("connected");
            let refuse = match url {
                DatabaseUrl::Sqlite(_) => format!(
                    "CREATE TRIGGER curse BEFORE INSERT ON publish_logs WHEN NEW.pool_id = {cursed} \
                     AND NEW.status = 'published' BEGIN SELECT RAISE(ABORT, 'cursed'); END"
                ),
                DatabaseUrl::Postgres(_) => format!(
                    "CREATE FUNCTION curse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
                     IF NEW.pool_id = {cursed} AND NEW.status = 'published' THEN RAISE 'cursed'; END IF; \
                     RETURN NEW; END $$; \
                     CREATE TRIGGER curse BEFORE INSERT ON publish_logs FOR EACH ROW EXECUTE FUNCTION curse()"
                ),
            };
            conn.batch_execute(&refuse).expect("cursed");
            let task = task(&app, "run");
            let node = app.start().expect("a node");
            app.run(TriggerTask { task, by: Trigger::Api }).expect("triggered");
            receiver.wait_for(1 + others, SOON);
            let later = add(&app, "later", account);
            app.run(TriggerTask { task, by: Trigger::Api }).expect("triggered");
            eventually("what came later is out", || {
                (entry(&app, later).status == EntryStatus::Published).then_some(())
            });
            eventually("nothing is stuck", || (app.stats().ok()?.publishing == 0).then_some(()));
            let cursed = entry(&app, cursed);
            assert_eq!((cursed.status, cursed.unproven), (EntryStatus::Uncertain, true), "it may be out");
            let _ = node.stop();
        });
    }
}

/// It was taken for one that was never sent, and so its post went out again.
#[test]
fn an_outcome_of_which_nothing_can_be_written_waits_until_it_can() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let receiver = Receiver::start();
        let blind = json!({"url": receiver.url("/"), "deduplicates": false});
        let account = account(&app, "hook", "webhook", blind);
        let cursed = add(&app, "cursed", account);
        let well = add(&app, "well", account);
        let mut conn = connect(url).expect("connected");
        let (curse, lift) = match url {
            DatabaseUrl::Sqlite(_) => (
                format!(
                    "CREATE TRIGGER curse BEFORE INSERT ON publish_logs WHEN NEW.pool_id = {cursed} \
                     BEGIN SELECT RAISE(ABORT, 'cursed'); END"
                ),
                "DROP TRIGGER curse",
            ),
            // Told as a deadlock is, so it is first tried again at once.
            DatabaseUrl::Postgres(_) => (
                format!(
                    "CREATE FUNCTION curse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
                     IF NEW.pool_id = {cursed} THEN RAISE 'deadlock detected' USING ERRCODE = '40P01'; END IF; \
                     RETURN NEW; END $$; \
                     CREATE TRIGGER curse BEFORE INSERT ON publish_logs FOR EACH ROW EXECUTE FUNCTION curse()"
                ),
                "DROP TRIGGER curse ON publish_logs",
            ),
        };
        conn.batch_execute(&curse).expect("cursed");
        let task = task(&app, "run");
        let node = app.start().expect("a node");
        app.run(TriggerTask { task, by: Trigger::Api }).expect("triggered");
        receiver.wait_for(2, SOON);
        eventually("the other one is written", || {
            (entry(&app, well).status == EntryStatus::Published).then_some(())
        });
        assert_eq!(entry(&app, cursed).status, EntryStatus::Publishing);
        conn.batch_execute(lift).expect("lifted");
        eventually("it is written", || (entry(&app, cursed).status == EntryStatus::Published).then_some(()));
        assert_eq!(receiver.posts().len(), 2, "each went out once");
        let _ = node.stop();
    });
}

/// Two transactions that get in each other's way are no reason to doubt what was seen.
#[test]
fn an_outcome_that_meets_deadlocks_is_written_as_it_is() {
    let dir = tempfile::tempdir().expect("a folder");
    let url = fresh_database();
    let (app, _) = by_hand(&url, dir.path());
    let receiver = Receiver::start();
    let account = webhook(&app, "hook", &receiver.url("/"));
    let ids = ["a", "b", "c"].map(|title| add(&app, title, account));
    let mut conn = connect(&url).expect("connected");
    // What a sequence has given stays given.
    const CURSE: &str = "CREATE SEQUENCE deadlocks; \
        CREATE FUNCTION curse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
        IF nextval('deadlocks') <= 12 THEN RAISE 'deadlock detected' USING ERRCODE = '40P01'; END IF; \
        RETURN NEW; END $$; \
        CREATE TRIGGER curse BEFORE INSERT ON publish_logs FOR EACH ROW EXECUTE FUNCTION curse()";
    conn.batch_execute(CURSE).expect("cursed");
    let task = task(&app, "run");
    let node = app.start().expect("a node");
    app.run(TriggerTask { task, by: Trigger::Api }).expect("triggered");
    for id in ids {
        eventually("it is published", || (entry(&app, id).status == EntryStatus::Published).then_some(()));
        assert_eq!(entry(&app, id).attempt, 1);
    }
    assert_eq!(receiver.posts().len(), 3);
    let _ = node.stop();
}

#[test]
fn a_lane_has_no_more_on_the_wire_than_its_account_allows_on_all_nodes_together() {
    on_both(|url, dir| {
        let (first, _) = by_hand(url, dir);
        let (second, _) = by_hand(url, dir);
        let receiver = Receiver::start();
        receiver.on_any([Answer::status(200).after(Duration::from_millis(100))]);
        let account = one_by_one(&first, "hook", json!({"url": receiver.url("/")}));
        for number in 0..6 {
            add(&first, &format!("Post {number}"), account);
        }
        let tasks = [task(&first, "one"), task(&first, "other")];
        thread::scope(|threads| {
            threads.spawn(|| report_of(&first, tasks[0]));
            threads.spawn(|| report_of(&second, tasks[1]));
        });
        assert_eq!((receiver.posts().len(), receiver.most_at_once()), (6, 1));
    });
}
