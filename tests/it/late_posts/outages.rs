//! A platform that is away for too long: its lane gives up entry by entry, and only while it is away.

use super::*;
use contenthub::db::transitions::Ended;
use contenthub::domain::breaker::Sign;
use contenthub::domain::ids::NodeId;
use contenthub::domain::outcome::Outcome;
use contenthub::domain::retry::Jitter;
use contenthub::domain::settlement::settle;
use contenthub::domain::turns::Room;
use contenthub::operations::cycle::{ClaimScope, Cycle};

/// How many entries go back to their time when their platform answers.
fn put_off(url: &DatabaseUrl) -> i64 {
    use contenthub::db::schema::publish_pool::dsl;
    let put_off = dsl::publish_pool.filter(dsl::pushed_from.is_not_null()).count();
    put_off.get_result(&mut connect(url).expect("connected")).expect("a number")
}

/// A breaker that has tripped now, on what is put off by half a minute at most.
fn trip(stage: &Stage) -> Vec<EntryId> {
    let ids: Vec<EntryId> = (0..TRIPS_AFTER).map(|_| add(&stage.app, "trips", stage.account)).collect();
    stage.run();
    for id in &ids {
        stage.asked(*id, &[Publish]);
    }
    are_pending(&stage.app, &ids);
    ids
}

#[test]
fn a_platform_that_is_away_too_long_is_given_up_entry_by_entry() {
    on_both(|url, dir| {
        let stage = Stage::open(url, dir, keyed([away()]));
        let (app, lane) = (&stage.app, stage.account);
        let start = app.now();
        set(url, lane, &format!("give_up_after_seconds = {}", 2 * MINUTE));
        let waits = add_at(app, "planned", lane, start + seconds(10 * MINUTE));
        let tripping = trip(&stage);
        let [unproven, held, asked] = ["unproven", "held", "asked"].map(|title| add(app, title, lane));
        sql(url, &format!("UPDATE publish_pool SET unproven = TRUE WHERE id = {unproven}"));
        sql(url, &format!("UPDATE publish_pool SET held = TRUE WHERE id IN ({held}, {asked})"));
        let far = (start + seconds(90 * MINUTE)).micros();
        sql(url, &format!("UPDATE publish_pool SET look_up_at = {far} WHERE id = {asked}"));
        sweep_after(&stage, MINUTE);
        let newer = add(app, "newer", lane);
        sweep_after(&stage, MINUTE - 1);
        are_pending(app, &[&tripping[..], &[waits, unproven, held, asked, newer]].concat());
        stage.later(1);
        for id in &tripping {
            let said = ended(app, *id, EntryStatus::Failed, "gave_up");
            assert!(said.contains(&format!("not answered since {start}")), "{said}");
            assert!(said.contains("120 s; its last attempt: away, on purpose"), "{said}");
        }
        ended(app, unproven, EntryStatus::Uncertain, "gave_up");
        assert_eq!(put_off(url), 0, "what has ended is not to be brought back");
        sweep_after(&stage, MINUTE - 1);
        are_pending(app, &[waits, held, asked, newer]);
        stage.later(1);
        ended(app, newer, EntryStatus::Failed, "gave_up");
        // What a person wants again has its time again; what is planned counts from its time.
        app.run(RetryEntry { id: newer, by: "ann".to_owned() }).expect("retried");
        sweep_after(&stage, 2 * MINUTE - 1);
        are_pending(app, &[waits, held, asked, newer]);
        stage.later(1);
        let said = ended(app, newer, EntryStatus::Failed, "gave_up");
        assert!(!said.contains("last attempt"), "it was never tried: {said}");
        sweep_after(&stage, 7 * MINUTE - 1);
        are_pending(app, &[waits, held, asked]);
        stage.later(1);
        ended(app, waits, EntryStatus::Failed, "gave_up");
        assert_eq!(stage.calls.count(Publish), tripping.len());
    });
}

#[test]
fn patience_counts_only_while_the_platform_is_away_and_anew_each_time() {
    on_both(|url, dir| {
        let stage = Stage::open(url, dir, keyed([away(), away(), away(), accepted(), away()]));
        let (app, lane) = (&stage.app, stage.account);
        set(url, lane, &format!("give_up_after_seconds = {}", 2 * MINUTE));
        let first = trip(&stage);
        sweep_after(&stage, MINUTE);
        // The platform is back for a moment.
        assert_eq!(stage.run().data.success_count, 1);
        let left: Vec<EntryId> =
            first.into_iter().filter(|id| entry(app, *id).status == EntryStatus::Pending).collect();
        assert_eq!(left.len(), 2);
        sweep_after(&stage, 24 * 60 * MINUTE);
        are_pending(app, &left);
        // Away again: those that wait trip it, with one more.
        let third = add(app, "third", lane);
        let all = [left[0], left[1], third];
        stage.run();
        sweep_after(&stage, 2 * MINUTE - 1);
        are_pending(app, &all);
        stage.later(1);
        for id in all {
            ended(app, id, EntryStatus::Failed, "gave_up");
        }
    });
}

/// One attempt that hangs until it is let go, on a platform that is away. No lease runs out meanwhile.
fn hanging_beside(url: &DatabaseUrl, dir: &Path) -> (Stage, Arc<Notify>, EntryId, Vec<EntryId>) {
    let told = Arc::new(Notify::new());
    let waited = told.clone();
    let played = Played::new(DeliveryClass::Keyed, move |call| {
        let waited = waited.clone();
        async move {
            if call.article.title == "hangs" {
                waited.notified().await;
            }
            away()
        }
        .boxed_local()
    });
    let stage = Stage::with(url, dir, played, |it| Settings { lease_seconds: 600, ..it });
    set(url, stage.account, &format!("give_up_after_seconds = {}", 2 * MINUTE));
    let hangs = add(&stage.app, "hangs", stage.account);
    let trips: Vec<EntryId> = (0..TRIPS_AFTER).map(|_| add(&stage.app, "trips", stage.account)).collect();
    stage.node.perform(TriggerTask { task: stage.task, by: Trigger::Api }).expect("triggered");
    let _ = stage.node.crew.executor().try_send(Tick);
    for id in &trips {
        stage.asked(*id, &[Publish]);
    }
    eventually("it is on the wire", || (stage.calls.of(hangs) == [Publish]).then_some(()));
    (stage, told, hangs, trips)
}

/// It was not there when the lane was looked through.
#[test]
fn what_comes_back_from_the_wire_is_given_up_instead_of_another_try_where_it_was_wanted_for_long_enough() {
    on_both(|url, dir| {
        let (stage, told, hangs, trips) = hanging_beside(url, dir);
        sweep_after(&stage, 2 * MINUTE);
        for id in trips {
            ended(&stage.app, id, EntryStatus::Failed, "gave_up");
        }
        sweep_after(&stage, 10);
        told.notify_one();
        eventually("it has come back", || {
            (entry(&stage.app, hangs).status == EntryStatus::Pending).then_some(())
        });
        // When it would be tried again.
        sweep_after(&stage, 30);
        ended(&stage.app, hangs, EntryStatus::Failed, "gave_up");
    });
}

/// What the platform's answer would bring back is not brought back from another time that a person gave it.
#[test]
fn a_new_time_outlives_the_outage() {
    on_both(|url, dir| {
        let stage = Stage::open(url, dir, keyed([away(), away(), away(), accepted()]));
        let (app, tomorrow) = (&stage.app, stage.app.now() + seconds(24 * 3600));
        let ids = trip(&stage);
        let later = UpdateEntry { scheduled_at: Some(Some(tomorrow)), ..UpdateEntry::of(ids[0]) };
        app.run(later).expect("changed");
        app.run(CancelEntry(ids[1])).expect("cancelled");
        sql(
            url,
            &format!("UPDATE publish_pool SET scheduled_at = {} WHERE id = {}", tomorrow.micros(), ids[1]),
        );
        app.run(RetryEntry { id: ids[1], by: "ann".to_owned() }).expect("retried");
        assert_eq!(put_off(url), 1);
        sql(url, &format!("UPDATE publish_pool SET unproven = TRUE WHERE id = {}", ids[2]));
        let resolve = ResolveEntry { id: ids[2], resolution: Resolution::TryAgain, by: "ann".to_owned() };
        app.run(resolve).expect("resolved");
        assert_eq!(put_off(url), 0, "what a person wants now is wanted from now on");
        stage.later(60);
        assert_eq!(stage.run().data.success_count, 1);
        assert_eq!([ids[0], ids[1]].map(|id| entry(app, id).due_at), [tomorrow; 2]);
        assert_eq!(stage.run().data.total_count, 0);
    });
}

/// The cycle that hears of the answer sees the lane as it is then: nothing is given up for an outage that is over, and what
/// waited goes out at once.
#[test]
fn the_answer_that_ends_an_outage_gives_up_nothing() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let hook = webhook(&app, "hook", "http://127.0.0.1:9/");
        let (probe, waits) = (add(&app, "probe", hook), add(&app, "waits", hook));
        let task = task(&app, "run");
        app.run(TriggerTask { task, by: Trigger::Api }).expect("triggered");
        let turn = |ended: Vec<Ended>, shared: usize| {
            let cycle = Cycle {
                node: NodeId("n1".to_owned()),
                lease: SOON,
                scope: ClaimScope::Task(task),
                ended: Arc::new(ended),
                room: Room { shared, ..Room::default() },
                read_back: None,
                clock_is_right: true,
            };
            app.run(cycle).expect("a cycle")
        };
        let claim = turn(vec![], 1).claims.remove(0);
        assert_eq!(claim.attempt.entry, probe);
        // An hour of outage, of which the account waits a minute.
        let (now, hour) = (app.now().micros(), 3_600_000_000_i64);
        sql(
            url,
            &format!(
                "INSERT INTO lanes (account_id, failures, tripped_at, probe_at, probes, probed_entry) \
                   VALUES ({hook}, 3, {tripped}, {now}, 9, {probe}); \
                 UPDATE accounts SET gated = TRUE, awaits_answer = TRUE, give_up_after_seconds = 60; \
                 UPDATE publish_pool SET added_at = {added} WHERE id = {waits}",
                tripped = now - hour,
                added = now - 2 * hour,
            ),
        );
        let mut published =
            settle(Outcome::Published(Receipt::default()), claim.standing, app.now(), Jitter::from_random(0));
        published.sign = Sign::Answered;
        let ended = Ended {
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
            settlement: published,
            has_steps: false,
        };
        let done = turn(vec![ended], 1);
        assert_eq!(entry(&app, probe).status, EntryStatus::Published);
        let claimed: Vec<EntryId> = done.claims.iter().map(|claim| claim.attempt.entry).collect();
        assert_eq!(claimed, [waits], "{:?}", attempts(&app, waits));
    });
}
