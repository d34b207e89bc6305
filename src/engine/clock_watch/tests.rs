//! What a node's clocks may do, and what it makes of that.

use super::*;

const HOUR: i64 = 3600;

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The clocks after so many seconds since boot, the wall clock ahead of where it began by `ahead` s.
fn after(boot: u64, ahead: i64) -> Reading {
    let wall = 1_000_000 + i64::try_from(boot).expect("small") + ahead;
    Reading { wall: Timestamp::from_micros(wall * 1_000_000), boot: secs(boot) }
}

/// A node that has looked at its clocks as they are at these moments, and whether it held publishing after each.
#[track_caller]
fn held(looks: &[(u64, i64)]) -> Vec<bool> {
    let mut watch = ClockWatch::alone();
    let mut held = Vec::new();
    for (boot, ahead) in looks {
        watch.look(after(*boot, *ahead));
        held.push(watch.hold().is_some());
    }
    held
}

#[test]
fn a_leap_forward_is_waited_for_and_a_small_one_is_not() {
    assert_eq!(held(&[(0, 0), (1, 300)]), [false, false], "five minutes are nothing");
    assert_eq!(held(&[(0, 0), (1, 301), (60, 301), (61, 301), (62, 301)]), [false, true, true, false, false]);
    assert_eq!(held(&[(0, HOUR), (1, HOUR)]), [false, false], "it is what it was");
    assert_eq!(held(&[(0, 0), (1, 200), (2, 400)]), [false; 3], "each of them is small");
}

#[test]
fn who_sleeps_or_stands_still_has_not_been_stepped() {
    // The clock since boot went on as well.
    assert_eq!(held(&[(0, 0), (8 * 3600, 0)]), [false, false]);
    assert_eq!(
        held(&[(0, 0), (1, HOUR), (30_000, HOUR)]),
        [false, true, false],
        "the wait is over on waking"
    );
}

#[test]
fn a_step_that_is_taken_back_was_none() {
    assert_eq!(held(&[(0, 0), (1, HOUR), (30, 0), (31, 0)]), [false, true, false, false]);
    assert_eq!(held(&[(0, 0), (1, HOUR), (30, 200)]), [false, true, false], "nearly");
    let mut watch = ClockWatch::alone();
    assert_eq!(watch.look(after(0, 0)), None);
    assert_eq!(watch.look(after(1, HOUR)), Some(Fact::SteppedForward { by: secs(3600) }));
    assert_eq!(watch.hold(), Some(Hold::Stepped { by: secs(3600), left: HOLD }));
    assert_eq!(watch.look(after(9, 0)), Some(Fact::SteppedBack { by: secs(3600), frees: true }));
    assert_eq!(watch.look(after(70, 0)), None, "nothing is left of it");
}

#[test]
fn a_step_that_is_changed_has_to_stand_from_then_on() {
    let more = held(&[(0, 0), (1, HOUR), (50, 2 * HOUR), (70, 2 * HOUR), (110, 2 * HOUR)]);
    assert_eq!(more, [false, true, true, true, false]);
    let less = held(&[(0, 0), (1, 2 * HOUR), (50, HOUR), (70, HOUR), (110, HOUR)]);
    assert_eq!(less, [false, true, true, true, false]);
    let slewed = held(&[(0, 0), (1, HOUR), (50, HOUR + 1), (61, HOUR + 1)]);
    assert_eq!(slewed, [false, true, true, false]);
}

#[test]
fn a_step_back_is_told_and_holds_nothing() {
    let mut watch = ClockWatch::alone();
    watch.look(after(0, 0));
    assert_eq!(watch.look(after(1, -1)), None);
    let fact = watch.look(after(2, -HOUR)).expect("told");
    assert_eq!(fact, Fact::SteppedBack { by: secs(3599), frees: false });
    assert_eq!(watch.hold(), None);
    // A clock that is set right after that is one that was stepped forward, which nobody can tell from a wrong one.
    assert_eq!(watch.look(after(3, 0)), Some(Fact::SteppedForward { by: secs(3600) }));
}

#[test]
fn a_look_that_was_overtaken_says_nothing() {
    let mut watch = ClockWatch::alone();
    watch.look(after(0, 0));
    watch.look(after(10, 0));
    assert_eq!(watch.look(after(9, HOUR)), None);
    assert_eq!(watch.look(after(11, 0)), None);
}

/// A node whose clock is ahead of the database's by each of these in turn, each answer after so many seconds.
fn compared(answers: &[(i64, u64)]) -> Vec<(bool, Option<&'static str>)> {
    let mut watch = ClockWatch::beside_a_database();
    let told = |(ahead, round_trip): &(i64, u64)| {
        let half = i64::try_from(round_trip / 2).expect("small");
        let (answered, database) = (after(1000, *ahead), after(1000, -half).wall);
        let fact = watch.compared(answered, secs(*round_trip), database);
        let name = fact.map(|fact| match fact {
            Fact::DiffersTooMuch(_) => "too far",
            Fact::DiffersSome(_) => "some",
            Fact::Agrees { again: true } => "again",
            Fact::Agrees { again: false } => "agrees",
            other => panic!("{other:?}"),
        });
        (watch.hold().is_some(), name)
    };
    answers.iter().map(told).collect()
}

#[test]
fn a_node_publishes_once_its_clock_agrees_with_the_databases() {
    assert_eq!(ClockWatch::beside_a_database().hold(), Some(Hold::NotCompared));
    assert_eq!(compared(&[(0, 0), (2, 0)]), [(false, Some("agrees")), (false, None)]);
    for way in [1, -1] {
        let some = compared(&[(3 * way, 0), (4 * way, 0), (10 * way, 0), (0, 0)]);
        assert_eq!(some, [(false, Some("some")), (false, None), (false, None), (false, Some("again"))]);
        let far = compared(&[(0, 0), (11 * way, 0), (HOUR * way, 0), (9 * way, 0), (0, 0)]);
        let told = [Some("agrees"), Some("too far"), None, Some("some"), Some("again")];
        assert_eq!(far, [false, true, true, false, false].into_iter().zip(told).collect::<Vec<_>>());
        assert_eq!(compared(&[(HOUR * way, 0), (0, 0)]), [(true, Some("too far")), (false, Some("again"))]);
    }
}

#[test]
fn a_step_is_compared_anew_before_anything_is_published_or_mended_by_it() {
    for to in [HOUR, -HOUR, 2, -2] {
        let mut watch = ClockWatch::beside_a_database();
        watch.look(after(0, 0));
        watch.compared(after(0, 0), secs(0), after(0, 0).wall);
        assert_eq!(watch.hold(), None);
        watch.look(after(1, to));
        assert!(watch.hold().is_some());
        watch.compared(after(1, to), secs(0), after(1, 0).wall);
        watch.look(after(100, to));
        assert_eq!(watch.hold().is_some(), to.abs() == HOUR);
        watch.look(after(101, 0));
        assert!(watch.hold().is_some());
        watch.compared(after(101, 0), secs(0), after(101, 0).wall);
        watch.look(after(200, 0));
        assert_eq!(watch.hold(), None);
    }
}

#[test]
fn an_answer_that_was_long_in_coming_proves_nothing() {
    assert_eq!(compared(&[(0, 8), (5, 8)]), [(false, Some("agrees")), (false, None)], "5 s, give or take 4");
    assert_eq!(compared(&[(20, 30), (26, 30)]), [(true, None), (true, Some("too far"))]);
    assert_eq!(compared(&[(HOUR, 0), (0, 700)]), [(true, Some("too far")), (true, None)]);
}

#[test]
fn a_node_beside_none_agrees_with_itself() {
    let mut watch = ClockWatch::alone();
    assert_eq!(watch.compared(after(0, HOUR), secs(0), after(0, 0).wall), None);
    assert_eq!(watch.hold(), None);
}

#[test]
fn it_says_what_is_the_matter_and_what_to_do() {
    let mut watch = ClockWatch::beside_a_database();
    assert!(watch.hold().expect("not compared").to_string().contains("could not be compared"));
    let ahead = watch.compared(after(0, HOUR), secs(0), after(0, 0).wall).expect("told").to_string();
    assert!(ahead.contains("3600 s ahead of the database's") && ahead.contains("NTP"), "{ahead}");
    let behind = watch.compared(after(0, -HOUR), secs(0), after(0, 0).wall);
    assert_eq!(behind, None, "it was told");
    let hold = watch.hold().expect("held").to_string();
    assert!(hold.contains("3600 s behind the database's"), "{hold}");
    let mut watch = ClockWatch::alone();
    watch.look(after(0, 0));
    let stepped = watch.look(after(1, HOUR)).expect("told").to_string();
    assert!(stepped.contains("forward by 3600 s") && stepped.contains("for 60 s more"), "{stepped}");
}
