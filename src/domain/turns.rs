//! Who goes first: strictly by urgency inside a lane; between lanes by priority, and at equal priority the lane with
//! the fewest in flight, so that one lane's backlog never holds up another.

use super::clock::Timestamp;
use super::ids::{AccountId, EntryId};
use super::priority::Priority;
use std::collections::{HashMap, VecDeque};

/// How much may be claimed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Room {
    /// Attempts more that may publish.
    pub slots: usize,
    /// Whether one of them may be a suspect.
    pub a_suspect: bool,
    /// Questions more that may be asked.
    pub questions: usize,
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

/// Picks at most `slots` of `candidates`. `in_flight` counts what each lane has on the wire.
pub fn choose(
    mut candidates: Vec<Candidate>,
    in_flight: &HashMap<AccountId, usize>,
    slots: usize,
) -> Vec<Candidate> {
    candidates.sort_by_key(Candidate::urgency);
    let mut lanes: HashMap<AccountId, VecDeque<Candidate>> = HashMap::new();
    for candidate in candidates {
        lanes.entry(candidate.account).or_default().push_back(candidate);
    }
    if lanes.len() == 1 {
        return lanes.into_values().flatten().take(slots).collect();
    }
    let mut load: HashMap<AccountId, usize> = in_flight.clone();
    let mut chosen = Vec::new();
    while chosen.len() < slots {
        let next = lanes
            .iter()
            .filter_map(|(account, waiting)| Some((account, waiting.front()?)))
            .min_by_key(|(account, first)| {
                (first.priority, load.get(account).copied().unwrap_or(0), first.due_at, first.entry)
            })
            .map(|(account, _)| *account);
        let Some(account) = next else { break };
        chosen.extend(lanes.get_mut(&account).and_then(VecDeque::pop_front));
        *load.entry(account).or_default() += 1;
    }
    chosen
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

    fn order(candidates: Vec<Candidate>, in_flight: &[(i64, usize)], slots: usize) -> Vec<i64> {
        let in_flight = in_flight.iter().map(|(account, count)| (AccountId(*account), *count)).collect();
        choose(candidates, &in_flight, slots).iter().map(|candidate| candidate.entry.0).collect()
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
}
