//! Posting slots of accounts: which is the next free one, and what sits in those to come. Who gives slots away holds the
//! account's row, so that no two get the same; `moving.rs` lets a person change places, `missed.rs` moves what missed
//! its slot.

pub(super) mod missed;
mod moving;

pub use moving::{Move, MoveEntry};

use super::{Access, Context, Operation, OperationError};
use crate::db::accounts::{self, AccountRow};
use crate::db::connection::DbConnection;
use crate::db::slots::{self, Seat};
use crate::domain::clock::Timestamp;
use crate::domain::fault::{Fault, PoolFault};
use crate::domain::ids::AccountId;
use crate::domain::posting_slots::{AHEAD_MAX, PostingSlots};
use crate::domain::thing::Thing;
use chrono_tz::Tz;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

/// When an account posts.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    account: AccountId,
    name: String,
    slots: PostingSlots,
    zone: Tz,
}

impl Rule {
    fn of(row: &AccountRow) -> Self {
        Rule {
            account: row.id,
            name: row.name.clone(),
            slots: row.lane_settings().slots,
            // Checked when it was set.
            zone: row.timezone.parse().unwrap_or(Tz::UTC),
        }
    }

    fn coming(&self, after: Timestamp) -> impl Iterator<Item = Timestamp> {
        self.slots.coming(after, self.zone)
    }

    /// Why it has no slot for an entry.
    fn has_none(&self) -> OperationError {
        let (account, name) = (self.account, self.name.clone());
        if self.slots.is_empty() {
            return OperationError::invalid("scheduled_at", PoolFault::NoSlots { account, name });
        }
        OperationError::invalid("scheduled_at", PoolFault::NoFreeSlot { account, name })
    }
}

fn locked_rule(conn: &mut DbConnection, account: AccountId) -> Result<Rule, OperationError> {
    let row = slots::lock_account(conn, account)?;
    row.as_ref().map(Rule::of).ok_or_else(|| OperationError::not_found(Thing::Account, account))
}

/// The free slots of accounts, handed out in order within one transaction: what was read of an account is read once,
/// however many entries it gets.
#[derive(Debug, Default)]
pub(super) struct SlotBook {
    has_any: Option<bool>,
    rules: HashMap<AccountId, Rule>,
    queues: HashMap<AccountId, Queue>,
}

/// The next free slots of an account whose row is locked.
#[derive(Debug)]
struct Queue {
    rule: Rule,
    free: VecDeque<Timestamp>,
    /// All slots until then were looked at.
    read_to: Timestamp,
    /// How many are looked at next.
    chunk: usize,
    until: Timestamp,
}

/// A short queue is read at once, and a long one in few steps.
const CHUNK_MIN: usize = 16;
const CHUNK_MAX: usize = 1024;

impl SlotBook {
    /// The next free slot of an account, which nobody else is given; 422 where it has none.
    pub(super) fn next(
        &mut self,
        conn: &mut DbConnection,
        account: AccountId,
        now: Timestamp,
    ) -> Result<Timestamp, OperationError> {
        let queue = self.queue(conn, account, now)?;
        let next = queue.next(conn)?;
        next.ok_or_else(|| queue.rule.has_none())
    }

    /// Locks the account; nothing of it has to be read again in this transaction.
    pub(super) fn hold(
        &mut self,
        conn: &mut DbConnection,
        account: AccountId,
        now: Timestamp,
    ) -> Result<(), OperationError> {
        self.queue(conn, account, now).map(drop)
    }

    fn queue(
        &mut self,
        conn: &mut DbConnection,
        account: AccountId,
        now: Timestamp,
    ) -> Result<&mut Queue, OperationError> {
        Ok(match self.queues.entry(account) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => {
                let rule = locked_rule(conn, account)?;
                let until = now + AHEAD_MAX;
                unknown.insert(Queue { rule, free: VecDeque::new(), read_to: now, chunk: CHUNK_MIN, until })
            }
        })
    }

    /// Gives back the slot that was handed out last, and was not used.
    pub(super) fn give_back(&mut self, account: AccountId, slot: Timestamp) {
        if let Some(queue) = self.queues.get_mut(&account) {
            queue.free.push_front(slot);
        }
    }

    /// Whether any account has slots. Most have none, and nothing more is asked then.
    pub(super) fn has_any(&mut self, conn: &mut DbConnection) -> Result<bool, OperationError> {
        match self.has_any {
            Some(known) => Ok(known),
            None => Ok(*self.has_any.insert(slots::are_there_any(conn)?)),
        }
    }

    /// Whether a time is that of a slot of the account.
    pub(super) fn is_slot(
        &mut self,
        conn: &mut DbConnection,
        account: AccountId,
        at: Timestamp,
    ) -> Result<bool, OperationError> {
        let rule = match self.rules.entry(account) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => {
                let row = accounts::get(conn, account)?;
                let row = row.ok_or_else(|| OperationError::not_found(Thing::Account, account))?;
                unknown.insert(Rule::of(&row))
            }
        };
        Ok(rule.slots.has(at, rule.zone))
    }

    /// Whether nobody sits in a slot of an account that is held. It is not handed out any more.
    pub(super) fn is_free(
        &mut self,
        conn: &mut DbConnection,
        account: AccountId,
        at: Timestamp,
    ) -> Result<bool, OperationError> {
        if let Some(queue) = self.queues.get_mut(&account) {
            queue.free.retain(|slot| *slot != at);
        }
        Ok(slots::taken(conn, account, at, at)?.is_empty())
    }

    /// Whether a time that a person gives is that of a slot to come in which nobody sits. Only where it is one, the
    /// account is locked: before anything else is.
    pub(super) fn is_free_slot(
        &mut self,
        conn: &mut DbConnection,
        account: AccountId,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<bool, OperationError> {
        if at <= now || !self.is_slot(conn, account, at)? {
            return Ok(false);
        }
        self.hold(conn, account, now)?;
        self.is_free(conn, account, at)
    }
}

impl Queue {
    fn next(&mut self, conn: &mut DbConnection) -> Result<Option<Timestamp>, OperationError> {
        while self.free.is_empty() {
            let coming: Vec<Timestamp> = {
                let coming = self.rule.coming(self.read_to).take_while(|at| *at <= self.until);
                coming.take(self.chunk).collect()
            };
            let (Some(&first), Some(&last)) = (coming.first(), coming.last()) else { return Ok(None) };
            let taken: HashSet<Timestamp> =
                slots::taken(conn, self.rule.account, first, last)?.into_iter().collect();
            self.free.extend(coming.into_iter().filter(|at| !taken.contains(at)));
            self.read_to = last;
            self.chunk = (self.chunk * 2).min(CHUNK_MAX);
        }
        Ok(self.free.pop_front())
    }
}

/// One slot of an account's calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarSlot {
    pub at: Timestamp,
    /// The account still has this slot; false where somebody sits in one that it had before.
    pub is_kept: bool,
    pub seat: Option<Seat>,
}

/// The coming slots of an account, and who sits in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    pub account: AccountId,
    pub name: String,
    pub zone: Tz,
    pub slots: Vec<CalendarSlot>,
}

/// Shows the slots of an account later than an instant (none: now), and who sits in them.
#[derive(Debug, Clone, Copy)]
pub struct ListSlots {
    pub account: AccountId,
    pub from: Option<Timestamp>,
    /// 1 to [`ListSlots::COUNT_MAX`]; none: 20.
    pub count: Option<i64>,
}

impl ListSlots {
    pub const COUNT_MAX: i64 = 200;
    const COUNT_DEFAULT: i64 = 20;
}

impl Operation for ListSlots {
    type Output = Calendar;
    const ACCESS: Access = Access::Read;

    fn run(self, conn: &mut DbConnection, _: &Context, now: Timestamp) -> Result<Calendar, OperationError> {
        let count = self.count.unwrap_or(Self::COUNT_DEFAULT);
        if !(1..=Self::COUNT_MAX).contains(&count) {
            return Err(OperationError::invalid("count", Fault::Range { least: 1, most: Self::COUNT_MAX }));
        }
        let row = accounts::get(conn, self.account)?;
        let rule = row
            .as_ref()
            .map(Rule::of)
            .ok_or_else(|| OperationError::not_found(Thing::Account, self.account))?;
        // One at that very instant is shown too.
        let after = self.from.unwrap_or(now) - Duration::from_micros(1);
        let size = usize::try_from(count).unwrap_or(0);
        let coming: Vec<Timestamp> = rule.coming(after).take(size).collect();
        let seats = slots::seats(conn, self.account, after, Timestamp::MAX, count)?;
        let slots = merged(&coming, seats).into_iter().take(size).collect();
        Ok(Calendar { account: rule.account, name: rule.name, zone: rule.zone, slots })
    }
}

/// Slots and seats, both in order, as one list.
fn merged(coming: &[Timestamp], seats: Vec<Seat>) -> Vec<CalendarSlot> {
    let mut slots: Vec<CalendarSlot> =
        coming.iter().map(|&at| CalendarSlot { at, is_kept: true, seat: None }).collect();
    for seat in seats {
        match slots.binary_search_by_key(&seat.at, |slot| slot.at) {
            Ok(place) => slots[place].seat = Some(seat),
            Err(place) => slots.insert(place, CalendarSlot { at: seat.at, is_kept: false, seat: Some(seat) }),
        }
    }
    slots
}
