//! The part of a cycle that claims what a person wants out now: over schedule, window and spacing, and without a run.

use super::cycle::{Cycle, CycleDone};
use super::{Context, OperationError};
use crate::db::claim::{self, Lane};
use crate::db::connection::DbConnection;
use crate::db::demands::{self, Demanded};
use crate::db::{lanes, pause};
use crate::domain::clock::Timestamp;
use crate::domain::gates::Passage;
use crate::domain::ids::*;
use crate::domain::turns::Room;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// Entries that one cycle looks at.
const LOOKED_AT: i64 = 256;
/// A lane that is full, or that another node has locked at this moment, is looked at again after this long.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(200);

/// Claims what is wanted now and has a place. Gives back the lanes that it took something of.
pub(super) fn take(
    cycle: &Cycle,
    conn: &mut DbConnection,
    cx: &Context,
    now: Timestamp,
    done: &mut CycleDone,
) -> Result<Vec<Lane>, OperationError> {
    demands::forget_ended(conn)?;
    if pause::hold(conn)?.is_some() {
        return Ok(Vec::new());
    }
    let wanted = demands::due(conn, now, cx.can_decrypt(), LOOKED_AT)?;
    let mut ids: Vec<AccountId> = wanted.iter().map(|one| one.candidate.account).collect();
    ids.sort_unstable();
    ids.dedup();
    let free = claim::free_lanes(conn, &ids)?;
    let lanes = lanes::pass_on_demand(conn, free, now, cx.platform_pause)?;
    let mut places: BTreeMap<AccountId, Places> =
        lanes.iter().map(|lane| (lane.account, Places::of(lane))).collect();
    let mut room = cycle.room.clone();
    let mut chosen = Vec::new();
    for one in &wanted {
        let place = places.get_mut(&one.candidate.account);
        if place.is_some_and(|place| place.gives_one(one, &room)) {
            room = room.less(&[one.candidate.account], one.candidate.suspect);
            chosen.push((one.candidate.entry, None));
        }
    }
    done.look_again = [done.look_again, next_look(conn, cx, &lanes, chosen.len() < wanted.len(), now)?]
        .into_iter()
        .flatten()
        .min();
    let mut claims = claim::take(conn, cycle.claimant(now), &chosen)?;
    let suspects: HashMap<EntryId, bool> =
        wanted.iter().map(|one| (one.candidate.entry, one.candidate.suspect)).collect();
    for claim in &mut claims {
        claim.suspect = suspects.get(&claim.attempt.entry).copied().unwrap_or(false);
    }
    let used = |lane: &Lane| claims.iter().any(|claim| claim.account == lane.account);
    let lanes = lanes.into_iter().filter(used).collect();
    done.claims.extend(claims);
    Ok(lanes)
}

/// When something that is wanted may go: in its time, or when a gate opens of which that is known.
fn next_look(
    conn: &mut DbConnection,
    cx: &Context,
    lanes: &[Lane],
    some_wait: bool,
    now: Timestamp,
) -> Result<Option<Timestamp>, OperationError> {
    if !some_wait {
        return Ok(demands::next(conn, cx.can_decrypt())?.filter(|at| *at > now));
    }
    let opens = |lane: &Lane| match lane.gated.as_ref().map(|gated| gated.passage) {
        Some(Passage::Shut(shut)) => shut.until,
        _ => Some(now + LOOK_AGAIN_AFTER),
    };
    // Of a lane that another node has locked nothing is known.
    let first = lanes.iter().filter_map(opens).min().unwrap_or(now + LOOK_AGAIN_AFTER);
    Ok(Some(first.max(now + LOOK_AGAIN_AFTER)))
}

/// How many more a lane may take.
struct Places {
    concurrency: i32,
    more: i32,
    /// Also of what no attempt may have published.
    proven: bool,
}

impl Places {
    fn of(lane: &Lane) -> Self {
        let shut = Places { concurrency: 0, more: 0, proven: false };
        let Some(gated) = &lane.gated else { return shut };
        let left = |concurrency: i32| (concurrency - gated.busy).max(0);
        match gated.passage {
            Passage::Open { concurrency, more } => {
                Places { concurrency, more: more.min(left(concurrency)), proven: true }
            }
            Passage::OnlyUnproven { concurrency } => {
                Places { concurrency, more: left(concurrency), proven: false }
            }
            Passage::Probe { proven } => Places { concurrency: lane.concurrency, more: 1, proven },
            Passage::Shut(_) => shut,
        }
    }

    /// Takes one of them, where the node has room for it too.
    fn gives_one(&mut self, one: &Demanded, room: &Room) -> bool {
        let lane = one.candidate.account;
        let has_room = !room.fills(lane, self.concurrency)
            && room.places(lane) > 0
            && (room.a_suspect || !one.candidate.suspect);
        let may = has_room && self.more > 0 && (self.proven || one.unproven);
        self.more -= i32::from(may);
        may
    }
}
