//! Single cycles of the engine, each at an instant that the test chooses: what one of them sees, which elsewhere the next
//! would mend a moment later, or something before it hides.

use crate::support::app::*;
use crate::support::on_both;
use crate::transitions::{Stage, problem};
use contenthub::db::connection::connect;
use contenthub::db::database_url::DatabaseUrl;
use contenthub::db::transitions::Ended;
use contenthub::domain::breaker::Sign;
use contenthub::domain::execution::Trigger;
use contenthub::domain::outcome::{Doubt, Outcome, Receipt, Scope};
use contenthub::domain::turns::Room;
use contenthub::operations::Operation;
use contenthub::operations::account::{GetAccount, UpdateAccount};
use contenthub::operations::cycle::{ClaimScope, Cycle, CycleDone};
use contenthub::operations::execution::TriggerTask;
use contenthub::{AccountId, EntryId, EntryStatus, LaneChanges, Timestamp};
use diesel::connection::SimpleConnection;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);

fn sql(url: &DatabaseUrl, text: &str) {
    connect(url).expect("connected").batch_execute(text).expect(text);
}

/// A run that claims whatever is due.
fn trigger(stage: &Stage, name: &str) {
    let task = task(&stage.app, name);
    stage.app.run(TriggerTask { task, by: Trigger::Api }).expect("triggered");
}

fn cycle(stage: &mut Stage, ended: &[Ended], now: Timestamp) -> CycleDone {
    cycle_by(stage, ended, now, true)
}

fn cycle_by(stage: &mut Stage, ended: &[Ended], now: Timestamp, clock_is_right: bool) -> CycleDone {
    let cycle = Cycle {
        node: stage.node.clone(),
        lease: 24 * HOUR,
        scope: ClaimScope::Everything,
        ended: Arc::new(ended.to_vec()),
        room: Room { shared: 64, questions: 64, a_suspect: true, ..Room::default() },
        read_back: None,
        clock_is_right,
    };
    let Stage { app, conn, .. } = stage;
    cycle.run(conn, app.context(), now).expect("a cycle")
}

fn claimed(done: &CycleDone) -> Vec<EntryId> {
    let mut ids: Vec<EntryId> = done.claims.iter().map(|claim| claim.attempt.entry).collect();
    ids.sort_unstable();
    ids
}

/// Its platform is taken to be down, and may be tried now.
fn trip(url: &DatabaseUrl, lane: AccountId, now: Timestamp) {
    let at = (now - HOUR).micros();
    let row = format!("INSERT INTO lanes (account_id, tripped_at, probe_at) VALUES ({lane}, {at}, {at})");
    let lane = format!("UPDATE accounts SET gated = TRUE, awaits_answer = TRUE WHERE id = {lane}");
    sql(url, &format!("{row}; {lane}"));
}

/// A sweep ends what is too late, but only so much at once, and nothing of what somebody has locked. The claim that
/// follows has to know by itself.
#[test]
fn what_is_too_late_is_not_claimed_whoever_has_not_swept_it() {
    on_both(|url, dir| {
        let mut stage = Stage::new(url, dir);
        let now = stage.app.now();
        let [suspected, away] =
            ["suspected", "away"].map(|name| account(&stage.app, name, "folder", json!({})));
        let usual = stage.pending();
        let [suspect, probe] = [suspected, away].map(|lane| add(&stage.app, "x", lane));
        trip(url, away, now);
        let late_at = now + HOUR;
        sql(url, &format!("UPDATE publish_pool SET late_at = {}", late_at.micros()));
        sql(url, &format!("UPDATE publish_pool SET recoveries = 3 WHERE id = {suspect}"));
        trigger(&stage, "run");
        assert_eq!(claimed(&cycle_by(&mut stage, &[], late_at, false)), []);
        let in_time = cycle_by(&mut stage, &[], late_at - Duration::from_micros(1), false);
        assert_eq!(claimed(&in_time), [usual, suspect, probe]);
    });
}

#[test]
fn the_cycle_that_hears_the_answer_claims_what_the_outage_had_put_off() {
    on_both(|url, dir| {
        let mut stage = Stage::new(url, dir);
        let probe = stage.pending();
        let claim = stage.claimed(probe);
        let waits = [stage.pending(), stage.pending()];
        let now = stage.app.now();
        trip(url, stage.account, now);
        let later = (now + HOUR).micros();
        sql(url, &format!("UPDATE lanes SET probed_entry = {probe}, probe_at = {later}"));
        sql(url, &format!("UPDATE accounts SET opens_at = {later} WHERE id = {}", stage.account));
        let put_off = "UPDATE publish_pool SET pushed_from = due_at, due_at = due_at + 7200000000";
        sql(url, &format!("{put_off} WHERE id <> {probe}"));
        trigger(&stage, "run");
        assert_eq!(claimed(&cycle(&mut stage, &[], now)), []);
        let mut out = stage.ended(&claim, Outcome::Published(Receipt::default()));
        out.settlement.sign = Sign::Answered;
        assert_eq!(claimed(&cycle(&mut stage, &[out], now)), waits);
    });
}

#[test]
fn the_cycle_that_hears_of_a_broken_account_claims_nothing_on_it() {
    on_both(|url, dir| {
        let mut stage = Stage::new(url, dir);
        let broken = stage.pending();
        let claim = stage.claimed(broken);
        let waits = stage.pending();
        trigger(&stage, "run");
        let version = stage.app.run(GetAccount(stage.account)).expect("the account").version;
        let broken = stage.ended(&claim, Outcome::AccountBroken { problem: problem(), until: None });
        let now = stage.app.now();
        let done = cycle(&mut stage, &[Ended { account_version: version, ..broken }], now);
        assert_eq!(claimed(&done), []);
        assert_eq!(stage.status(waits), EntryStatus::Pending);
    });
}

/// The account changed its mind while the attempt was on the wire: the cycle that brings the entry back knows when it is
/// too late, and where it is so already, ends it.
#[test]
fn what_comes_back_from_the_wire_is_too_late_by_what_its_account_says_now() {
    for late_after in [600, 1] {
        on_both(|url, dir| {
            let mut stage = Stage::new(url, dir);
            let id = stage.pending();
            let claim = stage.claimed(id);
            let lane = LaneChanges { late_after_seconds: Some(Some(late_after)), ..LaneChanges::default() };
            let change = UpdateAccount { lane, ..UpdateAccount::new(stage.account) };
            stage.app.run(change).expect("changed");
            let unreached = Outcome::Retry {
                scope: Scope::Platform,
                doubt: Doubt::None,
                problem: problem(),
                retry_after: None,
            };
            let ended = stage.ended(&claim, unreached);
            let added_at = entry(&stage.app, id).added_at;
            let done = cycle(&mut stage, &[ended], added_at + Duration::from_secs(300));
            if late_after == 600 {
                assert_eq!(done.look_again, Some(added_at + Duration::from_secs(600)));
                assert_eq!(stage.status(id), EntryStatus::Pending);
            } else {
                assert_eq!(stage.status(id), EntryStatus::Failed);
                let row = attempts(&stage.app, id).pop().expect("a row");
                assert_eq!(row.error_code.as_deref(), Some("too_late"));
            }
        });
    }
}

/// The cycle that writes what may be out knows when that is to be looked up: should nothing else happen, nobody else does.
#[test]
fn the_cycle_that_brings_a_question_knows_when_it_is_to_be_asked() {
    on_both(|url, dir| {
        let mut stage = Stage::new(url, dir);
        let id = stage.pending();
        let claim = stage.claimed(id);
        let unseen = Outcome::Retry {
            scope: Scope::Platform,
            doubt: Doubt::LookUp { after: HOUR },
            problem: problem(),
            retry_after: None,
        };
        let ended = stage.ended(&claim, unseen);
        let at = ended.settlement.question.expect("it is looked up").due();
        assert_eq!(at, ended.finished_at + HOUR);
        let done = cycle(&mut stage, &[ended], at - Duration::from_micros(1));
        assert_eq!((claimed(&done), done.look_again), (vec![], Some(at)));
        let asking = cycle(&mut stage, &[], at);
        assert_eq!((claimed(&asking), asking.claims[0].question.is_some()), (vec![id], true));
    });
}

/// One at a time, also where the one that is out takes longer to come back than the pause to the next.
#[test]
fn while_a_probe_is_on_the_wire_there_is_no_other() {
    on_both(|url, dir| {
        let mut stage = Stage::new(url, dir);
        let ids = [stage.pending(), stage.pending()];
        let now = stage.app.now();
        trip(url, stage.account, now);
        trigger(&stage, "run");
        let probing = cycle(&mut stage, &[], now);
        assert_eq!((claimed(&probing), probing.claims[0].is_probe), (vec![ids[0]], true));
        let later = now + Duration::from_secs(600);
        let meanwhile = cycle(&mut stage, &[], later);
        assert_eq!((claimed(&meanwhile), meanwhile.look_again.map(|at| at > later)), (vec![], Some(true)));
        let mut unheard = stage.ended(&probing.claims[0], Outcome::NotSent);
        unheard.settlement.sign = Sign::Silent;
        // The run before has nothing more to try.
        trigger(&stage, "another run");
        let after = cycle(&mut stage, &[unheard], later + Duration::from_secs(60));
        assert_eq!((claimed(&after).len(), after.claims[0].is_probe), (1, true));
    });
}
