//! What waits when the clock is set back waits as long as it was to, and not for the step too.

use super::{HOUR, House};
use crate::support::app::*;
use crate::support::clock::SteppedClock;
use crate::support::node::TestNode;
use crate::support::receiver::Answer;
use crate::support::{knows_better, on_both};
use contenthub::actors::executor::{MEND_AGAIN_AFTER, Tick};
use contenthub::db::connection::connect;
use contenthub::db::schema::publish_pool::dsl;
use contenthub::operations::clock_steps::MendTimes;
use contenthub::operations::status::GetStatus;
use contenthub::{EntryId, EntryStatus, Timestamp};
use diesel::prelude::*;
use std::time::Duration;

/// Nearly: what is added takes a moment.
fn is_about(at: Timestamp, from: Timestamp, seconds: u64) -> bool {
    let wait = at.since(from);
    (Duration::from_secs(seconds) - Duration::from_secs(30)..=Duration::from_secs(seconds)).contains(&wait)
}

fn due(house: &House, id: EntryId) -> Timestamp {
    entry(&house.app, id).due_at
}

/// By one whose clock was right already, before anybody had looked.
#[test]
fn what_was_added_ahead_is_due_now_also_where_others_were_added_since() {
    on_both(|url, dir| {
        let house = House::open(url, dir);
        let ahead = ["a", "b"].map(|title| add(&house.app, title, house.hook));
        house.clock.set_by(-HOUR);
        let since = add(&house.app, "c", house.hook);
        house.app.run(MendTimes).expect("mended");
        for id in ahead.into_iter().chain([since]) {
            assert!(due(&house, id) <= house.app.now(), "{id}");
        }
    });
}

/// A command read the clock, waited for its turn, and wrote after everybody had looked.
#[test]
fn what_is_written_late_by_the_clock_as_it_was_is_found_too() {
    on_both(|url, dir| {
        let house = House::with(url, dir, SteppedClock::by_hand());
        let late = add_at(&house.app, "late", house.hook, house.app.now() + Duration::from_secs(12 * 3600));
        let node = TestNode::start(&house.app);
        let before = house.app.now();
        house.clock.set_by(-HOUR);
        // Timers go by the hand, which was not set.
        let again = before + Duration::from_secs(1) + MEND_AGAIN_AFTER;
        house.clock.forward(Duration::from_secs(1));
        eventually("the step was seen", || (house.clock.timers_at(again) == 1).then_some(()));
        let ahead = house.app.now().micros() + HOUR * 1_000_000;
        let written = format!(
            "UPDATE publish_pool SET scheduled_at = NULL, due_at = {ahead}, added_at = {ahead} WHERE id = {late}"
        );
        knows_better(url, &written);
        house.clock.forward(MEND_AGAIN_AFTER);
        eventually("it goes out", || (house.status(late) == EntryStatus::Published).then_some(()));
        drop(node);
    });
}

#[test]
fn a_platform_that_asked_for_time_gets_that_and_no_more() {
    on_both(|url, dir| {
        let house = House::open(url, dir);
        house.receiver.on_any([Answer::status(429).header("retry-after", "600"), Answer::status(200)]);
        let node = TestNode::start(&house.app);
        let told = add(&house.app, "told", house.hook);
        eventually("it was told to wait", || attempts(&house.app, told).pop());
        assert!(is_about(due(&house, told), house.app.now(), 600), "{}", due(&house, told));
        house.clock.set_by(-HOUR);
        let until = eventually("the lane opens as it was told", || {
            let lane = house.app.run(GetStatus).expect("a status").lanes.pop().expect("a lane");
            lane.shut?.until.filter(|until| is_about(*until, house.app.now(), 600))
        });
        assert!(is_about(until, house.app.now(), 600));
        eventually("so does the entry", || is_about(due(&house, told), house.app.now(), 600).then_some(()));
        assert_eq!(node.crew.hold(), None);
        let later = add(&house.app, "later", house.hook);
        house.clock.forward(Duration::from_secs(300));
        house.clock.forward(Duration::from_secs(301));
        for id in [told, later] {
            eventually("it is out", || {
                let _ = node.crew.executor().try_send(Tick);
                (house.status(id) == EntryStatus::Published).then_some(())
            });
        }
    });
}

/// An entry that failed by itself waits for its backoff.
#[test]
fn a_backoff_is_as_long_as_it_was_to_be() {
    on_both(|url, dir| {
        let house = House::open(url, dir);
        house.receiver.on_any([Answer::status(500)]);
        let node = TestNode::start(&house.app);
        let failed = add(&house.app, "failed", house.hook);
        let asked_for = house.app.now() + Duration::from_secs(600);
        let at_its_time = add_at(&house.app, "at its time", house.hook, asked_for);
        eventually("it was tried", || attempts(&house.app, failed).pop());
        let wait = due(&house, failed).since(house.app.now());
        house.clock.set_by(-HOUR);
        eventually("it waits by the new time", || {
            (due(&house, failed) <= house.app.now() + wait).then_some(())
        });
        assert!(due(&house, failed) > house.app.now(), "and it does wait");
        assert_eq!(due(&house, at_its_time), asked_for, "what a person said stands");
        drop(node);
    });
}

/// What is looked up, or asked about, once its platform has had its time.
#[test]
fn a_question_is_asked_when_it_was_to_be() {
    on_both(|url, dir| {
        let house = House::open(url, dir);
        let ids = ["looked up", "asked"].map(|title| add(&house.app, title, house.hook));
        let (now, ahead) = (house.app.now().micros(), house.app.now().micros() + HOUR * 1_000_000);
        let [later, since] = [ahead + 30_000_000, ahead - 1_000_000];
        for (id, question) in ids.iter().zip([
            format!("status = 'pending', held = TRUE, look_up_at = {later}"),
            format!("status = 'publishing', check_at = {later}, submitted_at = {since}"),
        ]) {
            let written = format!(
                "UPDATE publish_pool SET attempt = 1, updated_at = {ahead}, {question} WHERE id = {id}"
            );
            knows_better(url, &written);
        }
        house.app.run(MendTimes).expect("mended");
        let mut conn = connect(url).expect("connected");
        let asked: Vec<(Option<i64>, Option<i64>, Option<i64>)> = dsl::publish_pool
            .select((dsl::look_up_at, dsl::check_at, dsl::submitted_at))
            .order(dsl::id)
            .load(&mut conn)
            .expect("read");
        let is_soon =
            |at: Option<i64>| at.is_some_and(|at| (now + 30_000_000..now + 60_000_000).contains(&at));
        let [(looked_up, ..), (_, checked, since)] = asked[..] else { panic!("two: {asked:?}") };
        assert!(is_soon(looked_up) && is_soon(checked), "{asked:?}");
        assert!(since.is_some_and(|since| since < now + 30_000_000), "{asked:?}");
        house.app.run(MendTimes).expect("mended");
        let again: Vec<Option<i64>> =
            dsl::publish_pool.select(dsl::look_up_at).order(dsl::id).load(&mut conn).expect("read");
        assert_eq!(again[0], looked_up, "once");
    });
}
