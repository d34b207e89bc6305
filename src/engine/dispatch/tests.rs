//! The machine that keeps the wire full, step by step.

use super::super::slots::OLD_AFTER;
use super::*;
use crate::domain::ids::{AccountId, EntryId};

#[derive(Debug, PartialEq, Eq)]
struct Done(i64);

impl HasAttempt for Done {
    fn attempt(&self) -> AttemptId {
        id(self.0)
    }
}

fn id(entry: i64) -> AttemptId {
    AttemptId { entry: EntryId(entry), number: 1 }
}

fn taken(entry: i64, account: i64) -> Taken {
    Taken { attempt: id(entry), account: AccountId(account), kind: AttemptKind::Send }
}

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

fn claimed(entries: &[i64]) -> Event<Done> {
    Event::CycleDone {
        claimed: entries.iter().map(|entry| taken(*entry, 1)).collect(),
        left_out: false,
        open: 1,
        again: false,
        look_again: None,
        looked_at: at(0),
        refused: vec![],
    }
}

fn nothing(again: bool, next_due: i64, looked_at: i64) -> Event<Done> {
    let (look_again, looked_at) = (Some(at(next_due)), at(looked_at));
    Event::CycleDone {
        claimed: vec![],
        left_out: false,
        open: 1,
        again,
        look_again,
        looked_at,
        refused: vec![],
    }
}

fn cycle(effects: Vec<Effect<Done>>) -> (Vec<Done>, usize) {
    match effects.into_iter().next() {
        Some(Effect::RunCycle { ended, room, .. }) => (ended, room.shared),
        other => panic!("expected a cycle, got {other:?}"),
    }
}

#[test]
fn one_cycle_is_out_at_a_time_and_what_comes_meanwhile_is_gathered() {
    let mut dispatch = Dispatch::new(4);
    assert_eq!(cycle(dispatch.on(Event::Woken, at(0))), (vec![], 4));
    assert_eq!(dispatch.on(Event::Woken, at(0)), vec![]);
    assert_eq!(cycle(dispatch.on(claimed(&[1, 2, 3]), at(1))), (vec![], 1));
    assert_eq!(dispatch.on(Event::AttemptEnded(Done(1)), at(2)), vec![]);
    assert_eq!(dispatch.on(Event::AttemptEnded(Done(2)), at(2)), vec![]);
    assert_eq!(cycle(dispatch.on(claimed(&[]), at(3))), (vec![Done(1), Done(2)], 3));
}

#[test]
fn outcomes_survive_a_failed_cycle_in_order() {
    let mut dispatch = Dispatch::new(2);
    dispatch.on(Event::Woken, at(0));
    dispatch.on(claimed(&[1, 2]), at(0));
    let (ended, _) = cycle(dispatch.on(Event::AttemptEnded(Done(1)), at(1)));
    dispatch.on(Event::AttemptEnded(Done(2)), at(2));
    assert_eq!(
        dispatch.on(Event::CycleFailed { ended }, at(3)),
        vec![Effect::WakeAt(at(3) + RETRY_AFTER_FAILURE)]
    );
    match dispatch.on(Event::Woken, at(9)).pop() {
        Some(Effect::RunCycle { ended, read_back, .. }) => {
            assert_eq!(ended, vec![Done(1), Done(2)]);
            let mut known = read_back.expect("what an unknown commit may have claimed is read back");
            known.sort_unstable();
            assert_eq!(known, [id(1), id(2)], "what came back from the wire was sent");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_the_database_took_nothing_of_is_known_and_written_again_and_stands_in_nobodys_way() {
    let mut dispatch = Dispatch::new(2);
    dispatch.on(Event::Woken, at(0));
    dispatch.on(claimed(&[1, 2]), at(0));
    let (refused, _) = cycle(dispatch.on(Event::AttemptEnded(Done(1)), at(1)));
    let done = Event::CycleDone {
        claimed: vec![],
        left_out: false,
        open: 0,
        again: false,
        look_again: None,
        looked_at: at(1),
        refused,
    };
    let again_at = at(1) + Duration::from_secs(1);
    assert_eq!(dispatch.on(done, at(1)), [Effect::WakeAt(again_at)], "not at once");
    let mut known = dispatch.attempts();
    known.sort_unstable();
    assert_eq!(known, [id(1), id(2)], "it was sent, and is ours");
    dispatch.on(Event::Drain, at(2));
    let (others, _) = cycle(dispatch.on(Event::AttemptEnded(Done(2)), at(3)));
    assert_eq!(others, [Done(2)]);
    assert_eq!(dispatch.on(claimed(&[]), at(4)), [Effect::WakeAt(again_at)], "not all is written");
    assert_eq!(cycle(dispatch.on(Event::Woken, again_at)).0, [Done(1)]);
    assert_eq!(dispatch.on(claimed(&[]), again_at), [Effect::Drained]);
}

#[test]
fn what_was_claimed_and_cannot_be_sent_is_read_back() {
    let mut dispatch = Dispatch::new(4);
    dispatch.on(Event::Woken, at(0));
    let done = |left_out| match claimed(&[1]) {
        Event::CycleDone { claimed, open, again, look_again, looked_at, .. } => {
            Event::CycleDone { claimed, left_out, open, again, look_again, looked_at, refused: vec![] }
        }
        other => other,
    };
    assert_eq!(dispatch.on(done(true), at(1)), [Effect::WakeAt(at(1) + RETRY_AFTER_FAILURE)]);
    match dispatch.on(Event::Woken, at(9)).pop() {
        Some(Effect::RunCycle { read_back, .. }) => assert_eq!(read_back, Some(vec![id(1)])),
        other => panic!("{other:?}"),
    }
    assert_eq!(dispatch.on(done(false), at(9)), []);
}

#[test]
fn a_due_entry_that_cannot_be_claimed_never_makes_it_spin() {
    let mut dispatch: Dispatch<Done> = Dispatch::new(2);
    dispatch.on(Event::Woken, at(0));
    assert_eq!(dispatch.on(nothing(false, 5, 9), at(10)), vec![Effect::WakeAt(at(10) + PATIENCE)]);
}

#[test]
fn what_falls_due_while_the_answer_is_under_way_is_not_made_to_wait() {
    let mut dispatch: Dispatch<Done> = Dispatch::new(2);
    dispatch.on(Event::Woken, at(0));
    assert_eq!(dispatch.on(nothing(false, 5, 4), at(10)), vec![Effect::WakeAt(at(5))]);
}

#[test]
fn a_run_that_began_in_a_cycle_gets_the_next_one_at_once() {
    let mut dispatch: Dispatch<Done> = Dispatch::new(2);
    dispatch.on(Event::Woken, at(0));
    let effects = dispatch.on(nothing(true, 5, 9), at(10));
    assert!(matches!(effects.last(), Some(Effect::RunCycle { .. })), "{effects:?}");
}

#[test]
fn one_that_takes_the_place_of_another_writes_what_came_back_and_knows_what_is_out() {
    let flights = vec![(taken(1, 1), at(0)), (taken(2, 1), at(0))];
    let mut dispatch = Dispatch::resuming(4, flights, vec![Done(1)]);
    match dispatch.on(Event::Drain, at(0)).pop() {
        Some(Effect::RunCycle { ended, read_back, room }) => {
            let mut known = read_back.expect("what the one before claimed last is read back");
            known.sort_unstable();
            assert_eq!((ended, known, room.shared), (vec![Done(1)], vec![id(1), id(2)], 0));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(dispatch.attempts(), [id(2)]);
}

#[test]
fn draining_claims_nothing_and_ends_when_all_is_written() {
    let mut dispatch = Dispatch::new(2);
    dispatch.on(Event::Woken, at(0));
    dispatch.on(claimed(&[1]), at(0));
    assert_eq!(dispatch.on(Event::Drain, at(1)), vec![]);
    assert_eq!(cycle(dispatch.on(Event::AttemptEnded(Done(1)), at(2))), (vec![Done(1)], 0));
    assert_eq!(dispatch.on(claimed(&[]), at(3)), vec![Effect::Drained]);
}

#[test]
fn where_all_slots_are_held_it_looks_in_a_lull_and_when_the_oldest_turns_old() {
    let mut dispatch = Dispatch::new(2);
    dispatch.on(Event::Woken, at(0));
    assert_eq!(dispatch.on(claimed(&[1, 2]), at(5)), [Effect::WakeAt(at(5) + LULL)]);
    let in_lull = at(5) + LULL;
    match dispatch.on(Event::Woken, in_lull).pop() {
        Some(Effect::RunCycle { room, .. }) => {
            assert_eq!((room.shared, room.firsts), (0, true));
            assert!(room.may_first(AccountId(2)) && !room.may_first(AccountId(1)));
        }
        other => panic!("{other:?}"),
    }
    // Nothing moved: there is no second lull, and it sleeps until a slot is freed or another lane has work.
    let old = at(5) + OLD_AFTER;
    assert_eq!(dispatch.on(claimed(&[]), in_lull), [Effect::WakeAt(old)]);
    dispatch.on(Event::Woken, in_lull);
    assert_eq!(dispatch.on(nothing(false, 900_000, 0), in_lull), [Effect::WakeAt(at(900_000))]);
    assert_eq!(cycle(dispatch.on(Event::Woken, old)), (vec![], 2));
    assert_eq!(dispatch.on(claimed(&[]), old), [], "there was room, and nothing to claim");
}

#[test]
fn slots_that_are_freed_while_a_cycle_is_out_are_for_the_next_one() {
    let mut dispatch: Dispatch<Done> = Dispatch::new(1);
    dispatch.on(Event::Woken, at(0));
    dispatch.on(claimed(&[1]), at(0));
    let old = at(0) + OLD_AFTER;
    assert_eq!(cycle(dispatch.on(Event::Woken, at(1))), (vec![], 0));
    assert_eq!(cycle(dispatch.on(claimed(&[]), old)), (vec![], 1));
    assert_eq!(dispatch.on(claimed(&[]), old), [], "once");
}

#[test]
fn where_no_run_is_open_nobody_is_woken_for_a_slot() {
    let mut dispatch = Dispatch::resuming(1, vec![(taken(1, 1), at(0))], vec![]);
    dispatch.on(Event::Woken, at(0));
    let closed = |effect| match effect {
        Event::CycleDone { claimed, left_out, again, look_again, looked_at, .. } => {
            Event::CycleDone { claimed, left_out, open: 0, again, look_again, looked_at, refused: vec![] }
        }
        other => other,
    };
    assert_eq!(dispatch.on(closed(claimed(&[])), at(1)), []);
}

#[test]
fn what_the_one_before_sent_long_ago_is_old_for_its_successor_too() {
    let flights = vec![(taken(1, 1), at(0)), (taken(2, 1), at(1_500_000))];
    let mut dispatch: Dispatch<Done> = Dispatch::resuming(2, flights, vec![]);
    assert_eq!(cycle(dispatch.on(Event::Woken, at(0) + OLD_AFTER)), (vec![], 1));
}
