//! Who goes first: strictly by urgency inside a lane; between lanes by priority, and at equal priority the lane with
//! the fewest in flight. A lane with nothing on the wire may always send one, so that one lane's backlog never holds up
//! another.

use super::clock::Timestamp;
use super::ids::{AccountId, EntryId};
use super::priority::Priority;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};

/// How much may be claimed; nothing at all by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Room {
    /// Attempts more that may publish, on whatever lane.
    pub shared: usize,
    /// Whether a lane that is not among `own` may have an attempt beyond the shared ones.
    pub firsts: bool,
    /// How many attempts that publish this node has in flight, of lanes that have any.
    pub own: HashMap<AccountId, usize>,
    /// Whether one of them may be a suspect.
    pub a_suspect: bool,
    /// Questions more that may be asked.
    pub questions: usize,
}

impl Room {
    /// Whether this lane may have an attempt even where no shared slot is left.
    pub fn may_first(&self, lane: AccountId) -> bool {
        self.firsts && !self.own.contains_key(&lane)
    }

    /// Whether this node's attempts alone are all that a lane may have.
    pub fn fills(&self, lane: AccountId, concurrency: i32) -> bool {
        let own = self.own.get(&lane).copied().unwrap_or(0);
        usize::try_from(concurrency).is_ok_and(|concurrency| own >= concurrency)
    }

    /// What is left of it once an entry of each of these lanes was claimed, one of them a suspect, maybe.
    pub fn less(&self, taken: &[AccountId], a_suspect: bool) -> Room {
        let mut left = Room {
            shared: self.shared.saturating_sub(taken.len()),
            a_suspect: self.a_suspect && !a_suspect,
            ..self.clone()
        };
        for lane in taken {
            *left.own.entry(*lane).or_default() += 1;
        }
        left
    }

    /// How many attempts more this lane may have, if no other takes any.
    pub fn places(&self, lane: AccountId) -> usize {
        self.shared.max(usize::from(self.may_first(lane)))
    }
}

/// A due entry that could be claimed now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    pub entry: EntryId,
    pub account: AccountId,
    pub priority: Priority,
    pub due_at: Timestamp,
    /// How often it was tried.
    pub attempt: i32,
    /// It outlived several nodes, and may be what ended them.
    pub suspect: bool,
}

impl Candidate {
    /// Least goes first.
    pub fn urgency(&self) -> (Priority, Timestamp, EntryId) {
        (self.priority, self.due_at, self.entry)
    }
}

/// Picks of `candidates` what there is `room` for. `in_flight` counts what each lane has on the wire, on whatever node.
pub fn choose(
    mut candidates: Vec<Candidate>,
    in_flight: &HashMap<AccountId, usize>,
    room: &Room,
) -> Vec<Candidate> {
    // They come so but for a suspect; then this is one look at each.
    candidates.sort_by_key(|one| (one.account, one.urgency()));
    let mut lanes: Vec<Offer<'_>> = candidates
        .chunk_by(|one, other| one.account == other.account)
        .map(|waiting| Offer::new(waiting, in_flight))
        .collect();
    let mut queue: BinaryHeap<_> =
        lanes.iter().enumerate().filter_map(|(place, lane)| Some(Reverse((lane.turn()?, place)))).collect();
    let mut shared = room.shared;
    let mut chosen = Vec::new();
    while let Some(Reverse((_, place))) = queue.pop() {
        let lane = &mut lanes[place];
        let Some(first) = lane.waiting.first() else { continue };
        if shared == 0 && (lane.has_one || !room.may_first(first.account)) {
            // Its turn does not come again: no slot is freed here.
            continue;
        }
        shared = shared.saturating_sub(1);
        chosen.push(*first);
        lane.sends_first();
        queue.extend(lane.turn().map(|turn| Reverse((turn, place))));
    }
    chosen
}

/// Where there are fewer lanes, each is asked for all that it could be chosen of.
const FEW_LANES: usize = 16;

/// How many candidates to ask each lane for at first; [`used_up`] says of which lanes that was not enough.
pub fn first_look(slots: usize, lanes: usize) -> usize {
    if lanes <= FEW_LANES { slots } else { (2 * slots.div_ceil(lanes) + 2).min(slots) }
}

/// Lanes of which everything was chosen that a look of `part` each showed: there may be more of them that would have
/// been chosen before others. Of all other lanes nothing more would have been, whatever else they have.
pub fn used_up(chosen: &[Candidate], part: usize) -> HashSet<AccountId> {
    let mut counts: HashMap<AccountId, usize> = HashMap::new();
    for candidate in chosen.iter().filter(|one| !one.suspect) {
        *counts.entry(candidate.account).or_default() += 1;
    }
    counts.into_iter().filter(|(_, count)| *count >= part).map(|(account, _)| account).collect()
}

/// What a lane offers.
struct Offer<'a> {
    /// Not chosen yet, most urgent first.
    waiting: &'a [Candidate],
    has_one: bool,
    in_flight: usize,
}

impl<'a> Offer<'a> {
    fn new(waiting: &'a [Candidate], in_flight: &HashMap<AccountId, usize>) -> Self {
        let in_flight = waiting.first().and_then(|first| in_flight.get(&first.account)).copied().unwrap_or(0);
        Offer { waiting, has_one: false, in_flight }
    }

    /// Least goes first.
    fn turn(&self) -> Option<(Priority, usize, Timestamp, EntryId)> {
        let first = self.waiting.first()?;
        Some((first.priority, self.in_flight, first.due_at, first.entry))
    }

    fn sends_first(&mut self) {
        self.waiting = self.waiting.get(1..).unwrap_or_default();
        self.has_one = true;
        self.in_flight += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(entry: i64, account: i64, priority: i32, due: i64) -> Candidate {
        Candidate {
            entry: EntryId(entry),
            account: AccountId(account),
            priority: Priority::try_from(priority).expect("in range"),
            due_at: Timestamp::from_micros(due),
            attempt: 0,
            suspect: false,
        }
    }

    /// Where no lane has more than the shared slots.
    fn order(candidates: Vec<Candidate>, in_flight: &[(i64, usize)], shared: usize) -> Vec<i64> {
        order_in(candidates, in_flight, &Room { shared, ..Room::default() })
    }

    fn order_in(candidates: Vec<Candidate>, in_flight: &[(i64, usize)], room: &Room) -> Vec<i64> {
        let in_flight = in_flight.iter().map(|(account, count)| (AccountId(*account), *count)).collect();
        choose(candidates, &in_flight, room).iter().map(|candidate| candidate.entry.0).collect()
    }

    fn room(shared: usize, own: &[i64]) -> Room {
        Room {
            shared,
            firsts: true,
            own: own.iter().map(|lane| (AccountId(*lane), 1)).collect(),
            ..Room::default()
        }
    }

    #[test]
    fn inside_a_lane_urgency_decides_alone() {
        let lane = vec![
            candidate(4, 1, 5, 10),
            candidate(3, 1, 5, 10),
            candidate(2, 1, 1, 99),
            candidate(1, 1, 5, 9),
        ];
        assert_eq!(order(lane.clone(), &[], 9), [2, 1, 3, 4]);
        assert_eq!(order(lane, &[(1, 60)], 2), [2, 1]);
    }

    #[test]
    fn between_lanes_priority_decides_first() {
        let lanes = vec![candidate(1, 1, 2, 0), candidate(2, 2, 1, 50), candidate(3, 2, 3, 0)];
        assert_eq!(order(lanes, &[], 3), [2, 1, 3]);
    }

    #[test]
    fn at_equal_priority_lanes_take_turns() {
        let lanes =
            vec![candidate(1, 1, 5, 0), candidate(2, 1, 5, 1), candidate(3, 1, 5, 2), candidate(4, 2, 5, 9)];
        assert_eq!(order(lanes.clone(), &[], 3), [1, 4, 2]);
        assert_eq!(order(lanes, &[(1, 8)], 1), [4], "the lane with the fewest in flight goes first");
    }

    #[test]
    fn no_more_than_the_slots_are_chosen() {
        assert_eq!(order(vec![candidate(1, 1, 5, 0)], &[], 0), [0i64; 0]);
        assert_eq!(order(vec![], &[], 5), [0i64; 0]);
    }

    #[test]
    fn a_lane_with_nothing_on_the_wire_sends_one_where_no_slot_is_left() {
        let lanes = || {
            (0..4)
                .flat_map(|lane| (0..3).map(move |turn| candidate(10 * lane + turn, lane, 5, turn)))
                .collect::<Vec<_>>()
        };
        assert_eq!(order_in(lanes(), &[], &room(0, &[1, 2])), [0, 30], "one each, and none for the others");
        assert_eq!(order_in(lanes(), &[], &room(0, &[0, 1, 2, 3])), [0i64; 0]);
        assert_eq!(order_in(lanes(), &[], &room(1, &[1, 2])), [0, 30], "the first ones take what is left");
        let busy = [(0, 9), (3, 9)];
        assert_eq!(
            order_in(lanes(), &busy, &room(1, &[1, 2])),
            [10, 0, 30],
            "those of others count in turns"
        );
        assert_eq!(order_in(lanes(), &[], &room(5, &[1])), [0, 10, 20, 30, 1]);
        assert_eq!(order(lanes(), &[], 0), [0i64; 0], "where it is allowed");
    }

    #[test]
    fn the_first_one_of_a_lane_is_not_kept_from_it_by_urgent_ones_of_another() {
        let mut lanes: Vec<_> = (1..9).map(|entry| candidate(entry, 1, 1, 0)).collect();
        lanes.extend([candidate(20, 2, 10, 99), candidate(21, 2, 10, 99)]);
        assert_eq!(order_in(lanes, &[(1, 62)], &room(2, &[1])), [1, 2, 20]);
    }

    #[test]
    fn what_comes_out_of_order_is_put_in_order() {
        let lanes = vec![candidate(1, 1, 5, 3), candidate(2, 2, 5, 4), candidate(3, 1, 5, 1)];
        assert_eq!(order(lanes, &[], 3), [3, 2, 1]);
    }

    #[test]
    fn a_lane_is_filled_by_as_many_as_it_may_have() {
        let own = HashMap::from([(AccountId(1), 2)]);
        let room = Room { own, ..room(9, &[]) };
        assert_eq!([1, 2, 3].map(|concurrency| room.fills(AccountId(1), concurrency)), [true, true, false]);
        assert!(!room.fills(AccountId(2), 1));
    }

    #[test]
    fn how_many_places_a_lane_has() {
        let places = |room: &Room| [1, 2].map(|lane| room.places(AccountId(lane)));
        assert_eq!(places(&room(3, &[1])), [3, 3]);
        assert_eq!(places(&room(0, &[1])), [0, 1]);
        assert_eq!(places(&Room::default()), [0, 0]);
    }

    /// A small linear generator: the same lanes in every run.
    fn some_lanes(seed: u64) -> Vec<Candidate> {
        let mut state = seed;
        let mut below = |most: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % most
        };
        let mut all = Vec::new();
        for lane in 0..20 {
            // Some are more urgent as a whole.
            let most_urgent = 1 + below(4);
            for _ in 0..below(30) {
                let entry = i64::try_from(all.len()).expect("few");
                let (priority, due) = (most_urgent + below(2), below(9));
                all.push(candidate(
                    entry,
                    lane,
                    i32::try_from(priority).expect("small"),
                    i64::try_from(due).expect("small"),
                ));
            }
        }
        all.sort_by_key(|one| (one.account, one.urgency()));
        all
    }

    #[test]
    fn two_looks_choose_what_one_would() {
        let mut twice = 0;
        for seed in 0..300 {
            let (all, slots) = (some_lanes(seed), 30);
            let part = first_look(slots, 20);
            let of = |wanted: &dyn Fn(AccountId) -> usize| -> Vec<Candidate> {
                let lanes = all.chunk_by(|one, other| one.account == other.account);
                lanes.flat_map(|lane| lane.iter().take(wanted(lane[0].account)).copied()).collect()
            };
            let room = room(slots, &[1, 2, 3]);
            let in_flight = HashMap::from([(AccountId(1), 2)]);
            let first = choose(of(&|_| part), &in_flight, &room);
            let used_up = used_up(&first, part);
            twice += usize::from(!used_up.is_empty());
            let second = of(&|lane| if used_up.contains(&lane) { slots } else { part });
            assert_eq!(
                choose(second, &in_flight, &room),
                choose(of(&|_| slots), &in_flight, &room),
                "{seed}"
            );
        }
        assert!((1..300).contains(&twice), "some need it, and some do not: {twice}");
    }

    #[test]
    fn few_lanes_are_asked_for_all_and_many_for_a_part() {
        assert_eq!([1, 16, 17, 100, 1000].map(|lanes| first_look(64, lanes)), [64, 64, 10, 4, 4]);
        assert_eq!([17, 1000].map(|lanes| first_look(1, lanes)), [1, 1]);
    }
}
