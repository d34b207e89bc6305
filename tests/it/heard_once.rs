//! Ends of attempts that are written together, and what a later one says of an earlier: each is heard once, in the order
//! in which they came, and what has ended otherwise meanwhile stays so. The simulation found what these keep mended.

use crate::support::app::*;
use crate::support::on_both;
use crate::transitions::{Stage, problem};
use contenthub::db::lanes;
use contenthub::db::transitions::Ended;
use contenthub::domain::breaker::Sign;
use contenthub::domain::outcome::{Doubt, Outcome, Receipt, Scope};
use contenthub::domain::settlement::LaneEffect;
use contenthub::operations::entry::{RetryEntry, UpdateEntry};
use contenthub::{Addition, EntryId, EntryStatus};
use std::time::Duration;

fn failed(scope: Scope) -> Outcome {
    Outcome::Retry { scope, doubt: Doubt::None, problem: problem(), retry_after: None }
}

/// Writes one attempt's end, which found nobody at its account's address.
fn finds_nobody(stage: &mut Stage, id: EntryId, outcome: Outcome) {
    ends(stage, id, outcome, LaneEffect::WrongAddress);
}

fn ends(stage: &mut Stage, id: EntryId, outcome: Outcome, lane: LaneEffect) {
    let claim = stage.claimed(id);
    let mut ended = stage.ended(&claim, outcome);
    (ended.settlement.lane, ended.settlement.sign) = (lane, Sign::Answered);
    let node = stage.node.clone();
    stage.write(&node, &[ended]);
}

#[test]
fn an_answer_is_not_heard_again_after_the_failures_that_followed_it() {
    on_both(|url, dir| {
        let mut stage = Stage::new(url, dir);
        let all: Vec<Ended> = (0..4)
            .map(|place| {
                let id = stage.pending();
                let claim = stage.claimed(id);
                let answers = place == 0;
                let outcome =
                    if answers { Outcome::Published(Receipt::default()) } else { failed(Scope::Platform) };
                let mut ended = stage.ended(&claim, outcome);
                ended.settlement.sign =
                    if answers { Sign::Answered } else { Sign::Failed { unseen: false, wait_until: None } };
                ended.finished_at = ended.finished_at + Duration::from_secs(place);
                ended
            })
            .collect();
        let node = stage.node.clone();
        stage.write(&node, &all);
        let health = lanes::all(&mut stage.conn).expect("read")[&stage.account].1.health;
        assert!(health.tripped.is_some(), "three in a row since it answered: {health:?}");
    });
}

#[test]
fn what_failed_otherwise_meanwhile_is_not_tried_again_for_a_wrong_address() {
    on_both(|url, dir| {
        let mut stage = Stage::new(url, dir);
        let [first, second] = [stage.pending(), stage.pending()];
        finds_nobody(&mut stage, first, Outcome::Rejected(problem()));
        stage.app.run(RetryEntry { id: first, by: "ann".to_owned() }).expect("retried");
        ends(&mut stage, first, Outcome::Rejected(problem()), LaneEffect::None);
        finds_nobody(&mut stage, second, Outcome::Rejected(problem()));
        assert_eq!([first, second].map(|id| stage.status(id)), [EntryStatus::Failed, EntryStatus::Pending]);
    });
}

#[test]
fn a_wrong_address_brings_nothing_out_before_the_time_it_was_given() {
    on_both(|url, dir| {
        let mut stage = Stage::new(url, dir);
        let first = add_as(&stage.app, "first", stage.account, |it| Addition { max_retries: 3, ..it });
        let second = stage.pending();
        finds_nobody(&mut stage, first, failed(Scope::Entry));
        let later = stage.app.now() + Duration::from_secs(3600);
        let plan = UpdateEntry { scheduled_at: Some(Some(later)), ..UpdateEntry::of(first) };
        stage.app.run(plan).expect("changed");
        finds_nobody(&mut stage, second, Outcome::Rejected(problem()));
        let shown = entry(&stage.app, first);
        assert_eq!((shown.retry_count, shown.due_at), (0, later));
    });
}
