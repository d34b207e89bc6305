//! Each gate, and several at once.

use super::super::breaker::Tripped;
use super::*;
use crate::domain::time_input;

const ZONE: Tz = chrono_tz::Asia::Shanghai;

fn at(text: &str) -> Timestamp {
    time_input::parse(text, ZONE).expect("a time")
}

fn rules() -> Rules {
    Rules {
        concurrency: 64,
        timezone: ZONE,
        windows: Windows::default(),
        spacing: Duration::ZERO,
        daily_cap: None,
    }
}

fn windows(texts: &[&str]) -> Rules {
    Rules { windows: Windows::read(texts).expect("windows"), ..rules() }
}

fn spaced(seconds: u64) -> Rules {
    Rules { spacing: Duration::from_secs(seconds), ..rules() }
}

fn capped(cap: i32) -> Rules {
    Rules { daily_cap: Some(cap), ..rules() }
}

fn tripped(probe_at: Timestamp) -> State {
    let tripped = Tripped { since: at("2026-03-02 09:00:00"), probe_at, probes: 0, probed: None };
    State { health: Health { tripped: Some(tripped), ..Health::default() }, ..State::default() }
}

const OPEN: Passage = Passage::Open { concurrency: 64, more: i32::MAX };

#[test]
fn a_lane_without_rules_is_open() {
    assert_eq!(passage(&rules(), &State::default(), 0, at("2026-03-02 03:00:00")), OPEN);
    assert!(!are_any(&rules(), &State::default(), at("2026-03-02 03:00:00")));
}

#[test]
fn outside_its_windows_it_is_shut_until_the_next_one() {
    let rules = windows(&["mon-fri 08:00-23:00"]);
    let shut = |now| match passage(&rules, &State::default(), 0, at(now)) {
        Passage::Shut(shut) => Some((shut.gate, shut.until)),
        _ => None,
    };
    assert_eq!(shut("2026-03-02 08:00:00"), None, "a Monday");
    let next = Some((Gate::Window, Some(at("2026-03-03 08:00:00"))));
    assert_eq!(shut("2026-03-02 23:00:00"), next);
    assert_eq!(shut("2026-03-06 23:30:00"), Some((Gate::Window, Some(at("2026-03-09 08:00:00")))));
    assert!(are_any(&rules, &State::default(), at("2026-03-02 08:00:00")));
}

#[test]
fn sends_are_spaced_from_the_end_of_the_last_one_and_go_alone() {
    let rules = spaced(60);
    let mut state = State::default();
    let now = at("2026-03-02 10:00:00");
    assert_eq!(passage(&rules, &state, 0, now), Passage::Open { concurrency: 1, more: i32::MAX });
    state.sent(&rules, 1, 0, now);
    let until = |state: &State| shut_gate(&rules, state, now).and_then(|shut| shut.until);
    assert_eq!(until(&state), Some(at("2026-03-02 10:01:00")));
    state.ended(&rules, at("2026-03-02 10:00:07"), true, true);
    assert_eq!(until(&state), Some(at("2026-03-02 10:01:07")));
    state.ended(&rules, at("2026-03-02 10:00:20"), false, false);
    assert_eq!(until(&state), Some(at("2026-03-02 10:01:07")), "what was not sent takes no room");
    assert!(shut_gate(&rules, &state, at("2026-03-02 10:01:07")).is_none(), "it opens at its instant");
}

#[test]
fn a_cap_counts_by_the_accounts_day_what_is_out_or_may_be() {
    let rules = capped(3);
    let mut state = State::default();
    let noon = at("2026-03-02 12:00:00");
    let more = |state: &State, busy, now: Timestamp| match passage(&rules, state, busy, now) {
        Passage::Open { more, .. } => more,
        _ => 0,
    };
    assert_eq!(more(&state, 0, noon), 3);
    state.sent(&rules, 2, 0, noon);
    assert_eq!(more(&state, 2, noon), 1);
    state.ended(&rules, noon, true, false);
    assert_eq!(more(&state, 1, noon), 2, "what is certainly not out gives its place back");
    state.ended(&rules, noon, true, true);
    assert_eq!(more(&state, 0, noon), 2, "what is out, or may be, keeps it");
    state.sent(&rules, 2, 0, noon);
    let until = at("2026-03-03 00:00:00");
    let shut = Shut { gate: Gate::DailyCap(3), until: Some(until) };
    assert_eq!(shut_gate(&rules, &state, noon), Some(shut));
    assert_eq!(passage(&rules, &state, 2, noon), Passage::OnlyUnproven { concurrency: 64 });
    assert_eq!(more(&state, 2, until), 1, "what is on the wire at midnight may arrive in the new day");
    assert_eq!(more(&state, 0, until), 3);
    state.ended(&rules, until, true, false);
    state.sent(&rules, 1, 0, until);
    assert_eq!(more(&state, 1, until), 2, "yesterday's places are not today's");
    assert_eq!(more(&state, 0, noon), 2, "a clock that steps back over midnight begins no day anew");
    let mut over_midnight = State::default();
    over_midnight.sent(&rules, 2, 0, noon);
    over_midnight.sent(&rules, 1, 2, until);
    assert_eq!(more(&over_midnight, 3, until), 0, "two of yesterday are on the wire");
    over_midnight.ended(&rules, until, true, false);
    assert_eq!(more(&over_midnight, 2, until), 1, "one of them is certainly not out");
}

#[test]
fn where_its_platform_is_down_one_entry_may_try_it() {
    let now = at("2026-03-02 10:00:00");
    let state = tripped(at("2026-03-02 10:00:30"));
    let shut = shut_gate(&rules(), &state, now).expect("shut");
    assert_eq!(shut.until, Some(at("2026-03-02 10:00:30")));
    assert!(
        shut.to_string().starts_with("the platform has not answered since 2026-03-02T01:00:00"),
        "{shut}"
    );
    let probed = |rules: &Rules, busy| passage(rules, &state, busy, at("2026-03-02 10:00:30"));
    assert_eq!(probed(&rules(), 63), Passage::Probe { proven: true });
    assert_eq!(probed(&spaced(5), 0), Passage::Probe { proven: true });
    for (rules, busy) in [(rules(), 64), (spaced(5), 1)] {
        let Passage::Shut(shut) = probed(&rules, busy) else { panic!("there is no place: {rules:?}") };
        assert!(matches!(shut.gate, Gate::Breaker { .. }), "{shut}");
        assert_eq!(shut.until, Some(at("2026-03-02 10:00:31")));
    }
}

#[test]
fn of_several_gates_the_longest_is_told_and_the_windows_are_asked_at_its_end() {
    let now = at("2026-03-02 22:59:00");
    let rules = Rules { windows: Windows::read(&["08:00-23:00"]).expect("windows"), ..spaced(600) };
    let mut state = State::default();
    state.sent(&rules, 1, 0, now);
    let shut = shut_gate(&rules, &state, now).expect("shut");
    assert_eq!((shut.gate, shut.until), (Gate::Window, Some(at("2026-03-03 08:00:00"))));
    state.health.wait_until = Some(at("2026-03-03 09:00:00"));
    let shut = shut_gate(&rules, &state, now).expect("shut");
    assert_eq!((shut.gate, shut.until), (Gate::AskedToWait, Some(at("2026-03-03 09:00:00"))));
}

#[test]
fn a_cap_lets_what_may_be_out_go_again_unless_another_gate_is_shut() {
    let now = at("2026-03-02 12:00:00");
    let mut state =
        State { counted: Some(Counted { day: day_start(now, ZONE), posts: 1 }), ..State::default() };
    assert_eq!(passage(&capped(1), &state, 0, now), Passage::OnlyUnproven { concurrency: 64 });
    let spaced = Rules { spacing: Duration::from_secs(5), ..capped(1) };
    assert_eq!(passage(&spaced, &state, 0, now), Passage::OnlyUnproven { concurrency: 1 });
    let down = State { counted: state.counted, ..tripped(now) };
    assert_eq!(passage(&capped(1), &down, 0, now), Passage::Probe { proven: false });
    state.health.wait_until = Some(at("2026-03-02 12:00:10"));
    assert!(matches!(passage(&capped(1), &state, 0, now), Passage::Shut(_)));
}

#[test]
fn a_day_begins_where_midnight_is_skipped_with_its_first_instant() {
    // In 2026 Lebanon's clocks go forward at midnight.
    let zone = chrono_tz::Asia::Beirut;
    let noon = time_input::parse("2026-03-29 12:00:00", zone).expect("a time");
    assert_eq!(day_start(noon, zone).to_string(), "2026-03-28T22:00:00.000000Z");
    assert_eq!(day_end(noon, zone).since(day_start(noon, zone)), Duration::from_secs(23 * 3600));
}

#[test]
fn a_clock_that_was_stepped_back_makes_nobody_wait_longer_than_the_spacing() {
    let rules = spaced(60);
    let mut state = State { sent_at: Some(at("2026-03-02 11:00:00")), ..State::default() };
    let now = at("2026-03-02 10:00:00");
    state.mend(now, Duration::from_secs(30));
    assert_eq!(shut_gate(&rules, &state, now).and_then(|shut| shut.until), Some(at("2026-03-02 10:01:00")));
}
