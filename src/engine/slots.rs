//! Who is on the wire, and who may still go there: shared slots, and beside them one attempt for each lane.

use crate::domain::clock::Timestamp;
use crate::domain::ids::{AccountId, AttemptId};
use crate::domain::turns::Room;
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

/// An attempt that has been on the wire for this long holds no shared slot any more: what hangs must not use them up.
pub const OLD_AFTER: Duration = Duration::from_secs(2);
/// Attempts that publish at once, of whatever age. Only a lane's first one goes beyond it.
pub const IN_FLIGHT_MAX: usize = 1024;
/// Questions that a node asks at once.
const QUESTIONS_MAX: usize = 32;

/// What an attempt in flight is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptKind {
    /// Publishes, in a slot.
    Send,
    /// The same, of an entry that may be what ends nodes.
    Suspect,
    /// Asks a platform something; needs no slot.
    Question,
}

/// An attempt that goes to the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    pub attempt: AttemptId,
    pub account: AccountId,
    pub kind: AttemptKind,
}

/// What a node has on the wire.
#[derive(Debug)]
pub struct Slots {
    shared: usize,
    in_flight: HashMap<AttemptId, (Taken, Timestamp)>,
    /// Sends that hold a shared slot, oldest first. What has turned old is taken out when somebody looks.
    young: BTreeSet<(Timestamp, AttemptId)>,
    /// Sends by lane; a lane without any is not in it.
    lanes: HashMap<AccountId, usize>,
    suspects: usize,
    questions: usize,
}

impl Slots {
    pub fn new(shared: usize) -> Self {
        Slots {
            shared,
            in_flight: HashMap::new(),
            young: BTreeSet::new(),
            lanes: HashMap::new(),
            suspects: 0,
            questions: 0,
        }
    }

    /// It is on the wire since `since`.
    pub fn add(&mut self, taken: Taken, since: Timestamp) {
        self.remove(&taken.attempt);
        self.in_flight.insert(taken.attempt, (taken, since));
        match taken.kind {
            AttemptKind::Question => {
                self.questions += 1;
                return;
            }
            AttemptKind::Suspect => self.suspects += 1,
            AttemptKind::Send => {}
        }
        self.young.insert((since, taken.attempt));
        *self.lanes.entry(taken.account).or_default() += 1;
    }

    /// It has ended.
    pub fn remove(&mut self, attempt: &AttemptId) {
        let Some((taken, since)) = self.in_flight.remove(attempt) else { return };
        match taken.kind {
            AttemptKind::Question => {
                self.questions -= 1;
                return;
            }
            AttemptKind::Suspect => self.suspects -= 1,
            AttemptKind::Send => {}
        }
        self.young.remove(&(since, *attempt));
        if let Some(of_lane) = self.lanes.get_mut(&taken.account) {
            *of_lane -= 1;
            if *of_lane == 0 {
                self.lanes.remove(&taken.account);
            }
        }
    }

    /// What may still be claimed.
    pub fn room(&mut self, now: Timestamp) -> Room {
        Room {
            shared: self.shared_left(now),
            firsts: true,
            own: self.lanes.clone(),
            a_suspect: self.suspects == 0,
            questions: QUESTIONS_MAX.saturating_sub(self.questions),
        }
    }

    /// Shared slots that nobody holds. A lane's first attempt holds one too while it is young, also where it had to take
    /// one that was not there.
    pub fn shared_left(&mut self, now: Timestamp) -> usize {
        self.forget_old(now);
        self.shared.saturating_sub(self.young.len()).min(self.total_left())
    }

    /// When an attempt's age frees the next shared slot, should nothing end before. None where age frees none.
    pub fn frees_at(&mut self, now: Timestamp) -> Option<Timestamp> {
        self.forget_old(now);
        // Those that had to take more slots than there are turn old without freeing one.
        let surplus = self.young.len().saturating_sub(self.shared);
        let (since, _) = self.young.iter().nth(surplus).filter(|_| self.total_left() > 0)?;
        Some(*since + OLD_AFTER)
    }

    fn total_left(&self) -> usize {
        IN_FLIGHT_MAX.saturating_sub(self.in_flight.len() - self.questions)
    }

    fn forget_old(&mut self, now: Timestamp) {
        // The clock was stepped back: what seems to begin in the future began now at the latest.
        while let Some((since, attempt)) = self.young.last().copied().filter(|(since, _)| *since > now) {
            self.young.remove(&(since, attempt));
            self.young.insert((now, attempt));
            if let Some(of_attempt) = self.in_flight.get_mut(&attempt) {
                of_attempt.1 = now;
            }
        }
        while self.young.first().is_some_and(|(since, _)| *since + OLD_AFTER <= now) {
            self.young.pop_first();
        }
    }

    /// Every attempt on the wire.
    pub fn attempts(&self) -> impl Iterator<Item = AttemptId> {
        self.in_flight.keys().copied()
    }

    pub fn contains(&self, attempt: &AttemptId) -> bool {
        self.in_flight.contains_key(attempt)
    }

    /// How many attempts are on the wire.
    pub fn len(&self) -> usize {
        self.in_flight.len()
    }

    pub fn is_empty(&self) -> bool {
        self.in_flight.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::EntryId;

    const SECOND: i64 = 1_000_000;

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros)
    }

    fn taken(entry: i64, account: i64, kind: AttemptKind) -> Taken {
        let attempt = AttemptId { entry: EntryId(entry), number: 1 };
        Taken { attempt, account: AccountId(account), kind }
    }

    fn sends(slots: &mut Slots, entries: std::ops::Range<i64>, account: i64, since: i64) {
        entries.for_each(|entry| slots.add(taken(entry, account, AttemptKind::Send), at(since)));
    }

    #[test]
    fn a_send_holds_a_slot_until_it_ends_and_a_question_none() {
        let mut slots = Slots::new(3);
        slots.add(taken(1, 1, AttemptKind::Send), at(0));
        slots.add(taken(2, 1, AttemptKind::Suspect), at(0));
        slots.add(taken(3, 2, AttemptKind::Question), at(0));
        let room = slots.room(at(0));
        assert_eq!((room.shared, room.a_suspect, room.questions), (1, false, QUESTIONS_MAX - 1));
        assert!(!room.may_first(AccountId(1)) && room.may_first(AccountId(2)), "a question is no send");
        for entry in [1, 2, 3, 4] {
            slots.remove(&AttemptId { entry: EntryId(entry), number: 1 });
        }
        let room = slots.room(at(0));
        assert_eq!((room.shared, room.a_suspect, room.questions), (3, true, QUESTIONS_MAX));
        assert!(room.may_first(AccountId(1)) && slots.is_empty());
    }

    #[test]
    fn what_is_old_holds_no_shared_slot() {
        let mut slots = Slots::new(2);
        sends(&mut slots, 0..1, 1, 0);
        sends(&mut slots, 1..2, 1, 5);
        assert_eq!(slots.frees_at(at(6)), Some(at(2 * SECOND)));
        assert_eq!(slots.shared_left(at(2 * SECOND - 1)), 0);
        assert_eq!(slots.shared_left(at(2 * SECOND)), 1);
        assert_eq!(slots.frees_at(at(2 * SECOND)), Some(at(2 * SECOND + 5)));
        assert_eq!(slots.room(at(3 * SECOND)).shared, 2);
        assert!(!slots.room(at(3 * SECOND)).may_first(AccountId(1)), "it is on the wire still");
        assert_eq!(slots.frees_at(at(3 * SECOND)), None);
        assert_eq!(slots.len(), 2);
    }

    #[test]
    fn a_slot_that_was_not_there_is_not_freed_by_age() {
        let mut slots = Slots::new(2);
        for lane in 0..4 {
            sends(&mut slots, lane..lane + 1, lane, lane);
        }
        assert_eq!(slots.shared_left(at(9)), 0);
        assert_eq!(slots.frees_at(at(9)), Some(at(2 * SECOND + 2)));
        assert_eq!(slots.shared_left(at(2 * SECOND + 1)), 0);
        assert_eq!(slots.shared_left(at(2 * SECOND + 2)), 1);
    }

    #[test]
    fn however_old_they_are_there_is_a_most_of_them_all() {
        let most = i64::try_from(IN_FLIGHT_MAX).expect("small");
        let mut slots = Slots::new(64);
        sends(&mut slots, 0..most - 2, 1, 0);
        assert_eq!(slots.shared_left(at(9 * SECOND)), 2);
        sends(&mut slots, most - 2..most + 1, 2, 9 * SECOND);
        let room = slots.room(at(9 * SECOND));
        assert_eq!(room.shared, 0);
        assert!(room.may_first(AccountId(3)), "a lane's first attempt is never refused");
        assert_eq!(slots.frees_at(at(9 * SECOND)), None, "age frees nothing here");
        slots.add(taken(-1, 1, AttemptKind::Question), at(9 * SECOND));
        (0..3).for_each(|entry| slots.remove(&AttemptId { entry: EntryId(entry), number: 1 }));
        assert_eq!(slots.shared_left(at(9 * SECOND)), 2, "a question is not counted");
    }

    #[test]
    fn a_clock_that_is_stepped_back_keeps_no_slot_for_long() {
        let mut slots = Slots::new(1);
        sends(&mut slots, 0..1, 1, 3600 * SECOND);
        assert_eq!(slots.shared_left(at(SECOND)), 0);
        assert_eq!(slots.frees_at(at(SECOND)), Some(at(3 * SECOND)));
        assert_eq!(slots.shared_left(at(3 * SECOND)), 1);
        slots.remove(&AttemptId { entry: EntryId(0), number: 1 });
        assert!(slots.is_empty() && slots.room(at(SECOND)).may_first(AccountId(1)));
    }
}
