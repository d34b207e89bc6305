//! What becomes of an entry after each answer to a question.

use super::*;
use crate::domain::delivery_class::DeliveryClass;
use crate::domain::outcome::OnUnknownEnd;
use crate::domain::settlement::LaneEffect;

const NOW: Timestamp = Timestamp::from_micros(1_000_000_000_000);
fn rules() -> Rules {
    Rules {
        class: DeliveryClass::Detects,
        on_unknown: OnUnknownEnd::AskAPerson,
        settle_time: Duration::from_secs(60),
        submitted_max: SUBMITTED_MAX_DEFAULT,
        platform_pause: crate::domain::retry::PLATFORM_PAUSE,
    }
}

fn standing(retry_count: i32) -> Standing {
    Standing { retry_count, max_retries: 3, unproven: true }
}

fn why() -> Problem {
    Problem::new("code", "what happened")
}

fn looked_up(answer: LookedUp, found_nothing: i32, retry_count: i32) -> Settlement {
    settle_look_up(answer, found_nothing, standing(retry_count), rules(), NOW, Jitter::from_random(u64::MAX))
}

fn pause(settled: &Settlement) -> Option<u64> {
    settled.question.map(|question| question.due().since(NOW).as_secs())
}

#[test]
fn what_is_there_is_published() {
    let receipt = Receipt { media_id: Some("m".to_owned()), url: None };
    let settled = looked_up(LookedUp::There(receipt.clone()), 1, 1);
    assert_eq!((settled.status, settled.unproven), (EntryStatus::Published, false));
    assert_eq!((settled.receipt, settled.question), (receipt, None));
}

#[test]
fn one_look_that_finds_nothing_proves_nothing() {
    let first = looked_up(LookedUp::NotThere, 0, 1);
    assert_eq!((first.status, first.unproven), (EntryStatus::Pending, true));
    assert_eq!(
        first.question,
        Some(Question::LookUp { at: NOW + Duration::from_secs(15), found_nothing: 1 })
    );
    assert_eq!((first.retry_count, first.log), (1, LogStatus::NotSent));
}

#[test]
fn two_in_a_row_are_a_proof() {
    let second = looked_up(LookedUp::NotThere, 1, 1);
    assert_eq!((second.status, second.unproven, second.question), (EntryStatus::Pending, false, None));
    let last = looked_up(LookedUp::NotThere, 1, 3);
    assert_eq!(last.status, EntryStatus::Pending, "the last retry is still to come");
}

#[test]
fn what_no_look_up_will_find_out_is_a_persons_to_tell() {
    let settled = looked_up(LookedUp::CannotTell(why()), 0, 1);
    assert_eq!((settled.status, settled.unproven), (EntryStatus::Uncertain, true));
    assert_eq!((settled.question, settled.problem), (None, Some(why())));
}

#[test]
fn where_no_try_is_left_the_proof_that_it_is_not_out_is_the_end() {
    let settled = looked_up(LookedUp::NotThere, 1, 4);
    assert_eq!((settled.status, settled.unproven), (EntryStatus::Failed, false));
    assert_eq!((settled.retry_count, settled.log), (3, LogStatus::Failed));
}

#[test]
fn what_could_not_be_found_out_is_asked_again_and_counts_for_nothing() {
    let settled = looked_up(LookedUp::Unknown { problem: why(), retry_after: None }, 1, 1);
    assert_eq!(
        settled.question,
        Some(Question::LookUp { at: NOW + Duration::from_secs(30), found_nothing: 1 })
    );
    assert_eq!((settled.status, settled.unproven), (EntryStatus::Pending, true));
    let asked_to_wait = LookedUp::Unknown { problem: why(), retry_after: Some(Duration::from_secs(90)) };
    assert_eq!(pause(&looked_up(asked_to_wait, 0, 1)), Some(90));
    let broken = looked_up(LookedUp::AccountBroken { problem: why(), until: Some(NOW) }, 1, 1);
    assert_eq!(broken.lane, LaneEffect::Suspend { until: Some(NOW) });
    assert_eq!((broken.unproven, pause(&broken)), (true, Some(5)), "asked soon after the account is mended");
}

fn asked(answer: Progress, since: Timestamp) -> Settlement {
    settle_progress(
        answer,
        since,
        Standing { unproven: false, ..standing(0) },
        rules(),
        NOW,
        Jitter::from_random(u64::MAX),
    )
}

#[test]
fn what_is_worked_on_is_asked_for_again_at_a_bounded_pace() {
    let since = NOW - Duration::from_secs(10);
    for (after, expected) in [(0, 5), (7, 7), (999_999, 3600)] {
        let settled = asked(Progress::Working { ask_after: Duration::from_secs(after) }, since);
        assert_eq!(pause(&settled), Some(expected), "{after}");
        assert_eq!((settled.status, settled.log), (EntryStatus::Publishing, LogStatus::Submitted));
    }
    let unknown = asked(Progress::Unknown { problem: why(), retry_after: None }, since);
    assert_eq!((unknown.status, pause(&unknown)), (EntryStatus::Publishing, Some(30)));
    let broken = asked(Progress::AccountBroken { problem: why(), until: None }, since);
    assert_eq!(broken.lane, LaneEffect::Suspend { until: None });
}

#[test]
fn a_definite_answer_ends_it() {
    let since = NOW - Duration::from_secs(10);
    assert_eq!(asked(Progress::Published(Receipt::default()), since).status, EntryStatus::Published);
    let refused = asked(Progress::Refused(why()), since);
    assert_eq!((refused.status, refused.unproven, refused.question), (EntryStatus::Failed, false, None));
}

#[test]
fn after_a_day_a_person_is_asked() {
    let nearly = NOW - (SUBMITTED_MAX_DEFAULT - Duration::from_secs(1));
    let working = || Progress::Working { ask_after: Duration::from_secs(5) };
    assert_eq!(asked(working(), nearly).status, EntryStatus::Publishing);
    let settled = asked(working(), NOW - SUBMITTED_MAX_DEFAULT);
    assert_eq!((settled.status, settled.unproven, settled.question), (EntryStatus::Uncertain, true, None));
    assert_eq!(settled.problem.map(|problem| problem.code).as_deref(), Some("submitted_too_long"));
    let unknown = asked(Progress::Unknown { problem: why(), retry_after: None }, NOW - SUBMITTED_MAX_DEFAULT);
    assert_eq!(unknown.status, EntryStatus::Uncertain);
}
