//! A person lets entries change places: two swap their slots, or one goes forward and those before it make room. One
//! transaction, with the account's row locked, so that nothing of it is claimed or given a slot meanwhile.

use super::{Rule, locked_rule};
use crate::db::connection::DbConnection;
use crate::db::entries::{self, EntryRow, Placing};
use crate::db::publish_log;
use crate::db::slots::{self, Seat};
use crate::domain::clock::Timestamp;
use crate::domain::entry::EntryStatus;
use crate::domain::fault::PoolFault;
use crate::domain::ids::*;
use crate::domain::kept::message::KeptMessage;
use crate::domain::settlement::LogStatus;
use crate::domain::thing::Thing;
use crate::operations::entry::{refusal, saying};
use crate::operations::pool::entry;
use crate::operations::wrong_state::{Needed, State};
use crate::operations::{Access, Context, Operation, OperationError};
use std::collections::{BTreeMap, BTreeSet};

/// Where an entry goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    /// It and another entry of its account swap their slots.
    SwapWith(EntryId),
    /// Into the very next slot. Who sits there goes to the slot after it, and so on, to the first free slot.
    First,
    /// Into the slot before its own; who sits there swaps with it.
    Up,
    /// The same with the slot after its own.
    Down,
}

/// Moves a pending entry to another slot. Gives back all that have other slots now, the entry itself first.
#[derive(Debug, Clone)]
pub struct MoveEntry {
    pub id: EntryId,
    pub to: Move,
    pub by: String,
}

/// The code of the row in the log.
const MOVED: &str = "moved";
/// The most entries that one move reads.
const SEATS_MAX: i64 = 10_000;

/// An entry and the slot that it gets.
type Step = (EntryId, Timestamp);

impl Operation for MoveEntry {
    type Output = Vec<EntryRow>;
    const ACCESS: Access = Access::Write;

    fn run(
        self,
        conn: &mut DbConnection,
        _: &Context,
        now: Timestamp,
    ) -> Result<Vec<EntryRow>, OperationError> {
        let account = entry(conn, self.id)?.account_id;
        let rule = locked_rule(conn, account)?;
        let row = movable(conn, self.id)?;
        let steps = match self.to {
            Move::SwapWith(other) => swap(conn, &row, other)?,
            Move::First => to_the_front(conn, &rule, &row, now)?,
            Move::Up => up(conn, &rule, &row, now)?,
            Move::Down => down(conn, &rule, &row, now)?,
        };
        let ids: Vec<EntryId> = steps.iter().map(|(id, _)| *id).collect();
        let rows = ids.iter().map(|id| entry(conn, *id)).collect::<Result<Vec<_>, _>>()?;
        // Somebody changed one of them since it was looked at.
        if entries::leave_slots(conn, &ids)? != ids.len() {
            return Err(OperationError::Raced);
        }
        for (row, (_, at)) in rows.iter().zip(&steps) {
            put(conn, row, *at, &self.by, now)?;
        }
        ids.into_iter().map(|id| entry(conn, id)).collect()
    }
}

fn movable(conn: &mut DbConnection, id: EntryId) -> Result<EntryRow, OperationError> {
    let row = entry(conn, id)?;
    if row.status == EntryStatus::Pending && !row.unproven {
        Ok(row)
    } else {
        Err(refusal(conn, id, Needed::PendingToMove))
    }
}

fn put(
    conn: &mut DbConnection,
    row: &EntryRow,
    at: Timestamp,
    by: &str,
    now: Timestamp,
) -> Result<(), OperationError> {
    let placing = Placing { entry: row.id, at, missed: None, number: row.attempt + 1 };
    if !entries::put_in_slot(conn, placing, now)? {
        return Err(OperationError::Raced);
    }
    let message = match row.slot.0 {
        Some(from) => KeptMessage::MovedFrom { from, to: at },
        None => KeptMessage::Moved { to: at },
    };
    publish_log::insert_saying(conn, &saying(row, LogStatus::NotSent, Some((MOVED, message)), by), now)?;
    Ok(())
}

fn slot_of(row: &EntryRow) -> Result<Timestamp, OperationError> {
    row.slot.0.ok_or_else(|| wrong(row, State::InNoSlot, Needed::ASlot))
}

fn wrong(row: &EntryRow, state: State, wanted: Needed) -> OperationError {
    OperationError::WrongState { thing: Thing::Entry, id: row.id.0, state, wanted }
}

fn swap(conn: &mut DbConnection, row: &EntryRow, with: EntryId) -> Result<Vec<Step>, OperationError> {
    if with == row.id {
        return Err(OperationError::invalid("swap_with", PoolFault::SwapWithItself));
    }
    let other = entry(conn, with)?;
    if other.account_id != row.account_id {
        let fault =
            PoolFault::SwapWithOthers { theirs: other.account_id, entry: row.id, account: row.account_id };
        return Err(OperationError::invalid("swap_with", fault));
    }
    let other = movable(conn, with)?;
    let (own, others) = (slot_of(row)?, slot_of(&other)?);
    Ok(vec![(row.id, others), (other.id, own)])
}

/// An entry whose slot has passed goes out at once anyway.
fn not_passed(row: &EntryRow, now: Timestamp) -> Result<(), OperationError> {
    match row.slot.0 {
        Some(slot) if slot <= now => Err(wrong(row, State::SlotPassed, Needed::NothingAsItGoesOut)),
        Some(_) | None => Ok(()),
    }
}

fn to_the_front(
    conn: &mut DbConnection,
    rule: &Rule,
    row: &EntryRow,
    now: Timestamp,
) -> Result<Vec<Step>, OperationError> {
    not_passed(row, now)?;
    let until = row.slot.0.unwrap_or(Timestamp::MAX);
    let places = Places::read(conn, rule, now, until)?;
    let mut steps = Vec::new();
    // Who needs a place, and does not have one yet.
    let mut homeless = row.id;
    for at in places.all {
        match places.seats.get(&at) {
            Some(seat) if seat.entry == row.id => {
                if homeless == row.id {
                    return Err(wrong(row, State::InFirstSlot, Needed::NothingAsItIsFirst));
                }
                steps.push((homeless, at));
                return Ok(steps);
            }
            Some(seat) if !seat.is_movable() => {}
            Some(seat) => {
                steps.push((homeless, at));
                homeless = seat.entry;
            }
            None => {
                steps.push((homeless, at));
                return Ok(steps);
            }
        }
    }
    Err(rule.has_none())
}

fn up(
    conn: &mut DbConnection,
    rule: &Rule,
    row: &EntryRow,
    now: Timestamp,
) -> Result<Vec<Step>, OperationError> {
    not_passed(row, now)?;
    let own = slot_of(row)?;
    let places = Places::read(conn, rule, now, own)?;
    let before = places.all.iter().rev().filter(|at| **at < own).find(|at| places.may_be_had(**at));
    let Some(&before) = before else {
        return Err(wrong(row, State::InFirstSlot, Needed::NothingAsItIsFirst));
    };
    Ok(places.exchange(row, own, before))
}

fn down(
    conn: &mut DbConnection,
    rule: &Rule,
    row: &EntryRow,
    now: Timestamp,
) -> Result<Vec<Step>, OperationError> {
    let own = slot_of(row)?;
    let places = Places::read(conn, rule, own.max(now), Timestamp::MAX)?;
    let after = places.all.iter().find(|at| places.may_be_had(**at));
    let Some(&after) = after else { return Err(rule.has_none()) };
    Ok(places.exchange(row, own, after))
}

/// The slots of an account in order, with who sits in them: those that it has, and those that it had and that somebody
/// sits in still. Behind the last that is taken there is one more.
struct Places {
    all: BTreeSet<Timestamp>,
    seats: BTreeMap<Timestamp, Seat>,
}

impl Places {
    /// Those later than `after`, and no later than `until`.
    fn read(
        conn: &mut DbConnection,
        rule: &Rule,
        after: Timestamp,
        until: Timestamp,
    ) -> Result<Places, OperationError> {
        let seats = slots::seats(conn, rule.account, after, until, SEATS_MAX)?;
        let seats: BTreeMap<Timestamp, Seat> = seats.into_iter().map(|seat| (seat.at, seat)).collect();
        let coming = rule.coming(after).take_while(|at| *at <= until);
        // Where there is no end, one of so many is free.
        let size = if until == Timestamp::MAX { seats.len() + 1 } else { usize::MAX };
        let all = coming.take(size).chain(seats.keys().copied()).collect();
        Ok(Places { all, seats })
    }

    fn may_be_had(&self, at: Timestamp) -> bool {
        self.seats.get(&at).is_none_or(Seat::is_movable)
    }

    fn exchange(&self, row: &EntryRow, own: Timestamp, place: Timestamp) -> Vec<Step> {
        let other = self.seats.get(&place).map(|seat| (seat.entry, own));
        [Some((row.id, place)), other].into_iter().flatten().collect()
    }
}
