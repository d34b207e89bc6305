//! Two nodes whose clocks do not agree: who does not agree with the database waits for the other.

use super::*;

/// On PostgreSQL, where each node has a clock of its own: who does not agree with the database waits for the others.
#[test]
fn of_two_nodes_whose_clocks_are_an_hour_apart_only_the_right_one_publishes() {
    let dir = tempfile::tempdir().expect("a folder");
    let url = fresh_database();
    let house = House::with(&url, dir.path(), SteppedClock::comparable());
    let wrong = Arc::new(SteppedClock::comparable());
    wrong.set_by(HOUR);
    let settings = Settings { lease_seconds: 2, ..settings(&url, dir.path()) };
    let registry = Registry::builtin(&dir.path().join("data/sites"));
    let wrong_app = Arc::new(App::open_with(settings, registry, wrong.clone()).expect("opened"));
    let later = house.later();

    let wrong_node = TestNode::start(&wrong_app);
    let text = hold(&wrong_node).expect("it holds from its start on").to_string();
    assert!(text.contains("3600 s ahead of the database's"), "{text}");
    let hourly = house.app.create_task(CreateTask::every("half-hourly", 1800)).expect("a task").id;
    let right_node = TestNode::start(&house.app);
    assert_eq!(hold(&right_node), None);
    let mut out: Vec<EntryId> = (0..20).map(|n| add(&house.app, &format!("{n}"), house.hook)).collect();
    house.are_out(&out);

    // Set right, it works; set back, it does not.
    wrong.set_by(-HOUR);
    eventually("it agrees", || hold(&wrong_node).is_none().then_some(()));
    assert!(right_node_stops(right_node));
    out.push(add(&house.app, "by the other", house.hook));
    house.are_out(&out);
    wrong.set_by(-HOUR);
    eventually("it is found out", || matches!(hold(&wrong_node), Some(Hold::Differs(_))).then_some(()));
    let late = add(&house.app, "not by the other", house.hook);
    let right_node = TestNode::start(&house.app);
    out.push(late);
    house.are_out(&out);
    assert!(right_node_stops(right_node));

    assert!(later.iter().all(|id| house.status(*id) == EntryStatus::Pending), "nothing is early");
    assert_eq!(runs(&house.app, hourly).len(), 0, "nor has anything fired");
}

fn right_node_stops(mut node: TestNode) -> bool {
    node.ask_to_stop(SOON);
    node.end()
}
