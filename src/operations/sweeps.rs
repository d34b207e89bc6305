//! Entries that nobody waits for any longer, which needs no run: those that are too late, and those whose platform has
//! been away for too long. And those that missed their slot, where their account wants them in the next one. Whatever keeps their lane shut, and whatever task is disabled, they end in time.

use super::cycle::{Cycle, CycleDone};
use super::{Context, OperationError};
use crate::db::connection::DbConnection;
use crate::db::lateness::{self, Ahead, Away, Overdue};
use crate::db::{accounts, due, lanes, transitions};
use crate::domain::clock::Timestamp;
use crate::domain::ids::AccountId;
use parking_lot::Mutex;
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

/// Entries that one cycle ends; where there are more, another follows at once.
const BATCH: i64 = 500;
/// A lane whose platform is away is looked through again after this at the latest. What this process does itself is seen
/// in time; this is for what others do, and for content that was approved long after its time.
const LOOK_THROUGH_EVERY: Duration = Duration::from_secs(300);

/// Ends what nobody waits for any longer, and sees to it that the next cycle comes in time.
pub(super) fn sweep(
    cycle: &Cycle,
    ahead: Ahead,
    conn: &mut DbConnection,
    cx: &Context,
    now: Timestamp,
    done: &mut CycleDone,
) -> Result<(), OperationError> {
    let mut next = ahead.next_late;
    if next.is_some_and(|at| at <= now) {
        // What gets another slot is not too late.
        done.again |= super::slots::missed::sweep(conn, now)?;
        let late = lateness::late(conn, now, BATCH)?;
        end(late, conn, cx, now, done)?;
        next = lateness::next_in_time(conn)?;
    }
    // What comes back from the wire may have been wanted for long enough.
    cx.away.forget(cycle.ended.iter().map(|one| one.account));
    for lane in ahead.away {
        let at = match cx.away.next(lane, now) {
            at if at <= now => look_through(lane, conn, cx, now, done)?,
            at => at,
        };
        next = [next, Some(at)].into_iter().flatten().min();
    }
    done.look_again = [done.look_again, next].into_iter().flatten().min();
    Ok(())
}

/// When this process has to sweep next; in the past where it has to now.
pub(super) fn next(
    conn: &mut DbConnection,
    cx: &Context,
    now: Timestamp,
) -> Result<Option<Timestamp>, OperationError> {
    let ahead = lateness::ahead(conn)?;
    let away = ahead.away.into_iter().map(|lane| cx.away.next(lane, now));
    Ok(away.chain(ahead.next_late).min())
}

/// Gives up what a lane has waited with for long enough; says when to look at it next.
fn look_through(
    lane: Away,
    conn: &mut DbConnection,
    cx: &Context,
    now: Timestamp,
    done: &mut CycleDone,
) -> Result<Timestamp, OperationError> {
    let given_up = lateness::given_up(conn, lane, now, BATCH)?;
    if !given_up.is_empty() {
        // Not noted: should this not be committed, they are there still.
        done.again = true;
        end(given_up, conn, cx, now, done)?;
        return Ok(now + LOOK_THROUGH_EVERY);
    }
    // No later than what is wanted from now on could be given up, or nobody would look in time.
    let latest = now + LOOK_THROUGH_EVERY.min(lane.patience);
    let next = lateness::next_given_up(conn, lane, latest)?.map_or(latest, |at| at.min(latest));
    cx.away.note(lane, now, next);
    Ok(next)
}

fn end(
    overdue: Vec<Overdue>,
    conn: &mut DbConnection,
    cx: &Context,
    now: Timestamp,
    done: &mut CycleDone,
) -> Result<(), OperationError> {
    if overdue.is_empty() {
        return Ok(());
    }
    let ids: BTreeSet<AccountId> = overdue.iter().map(|one| one.account).collect();
    let ids: Vec<AccountId> = ids.into_iter().collect();
    let known = lanes::all(conn)?;
    let mut shut = HashMap::new();
    for account in accounts::by_ids(conn, &ids)? {
        let reason = due::why_shut(&account, known.get(&account.id), now, cx.can_decrypt());
        shut.extend(reason.map(|reason| (account.id, reason)));
    }
    let all: Vec<(Overdue, String)> = overdue
        .into_iter()
        .map(|one| {
            let said = one.missed.message(shut.get(&one.account).map(String::as_str));
            (one, said.to_string())
        })
        .collect();
    transitions::give_up(conn, &all, now)?;
    done.missed.extend(all.iter().map(|(one, _)| (one.account, one.missed.why)));
    done.again |= i64::try_from(all.len()).is_ok_and(|count| count >= BATCH);
    log::warn!("{} entries end without having gone out in time; the first: {}", all.len(), all[0].1);
    Ok(())
}

/// When lanes whose platform is away have to be looked through: to know that costs a look at all their entries, so it is
/// kept. Nothing is lost with it.
#[derive(Debug, Default)]
pub struct AwayLanes(Mutex<HashMap<AccountId, Known>>);

#[derive(Debug, Clone, Copy)]
struct Known {
    of: Away,
    looked_at: Timestamp,
    next: Timestamp,
}

impl AwayLanes {
    /// When the lane is to be looked through. It is known only of the lane as it is, and while the clock goes on.
    fn next(&self, lane: Away, now: Timestamp) -> Timestamp {
        let until = lane.patient_until();
        let known = self.0.lock().get(&lane.account).copied();
        match known.filter(|known| known.of == lane && known.looked_at <= now) {
            Some(known) if until <= now => known.next,
            Some(_) | None => until,
        }
    }

    fn note(&self, lane: Away, looked_at: Timestamp, next: Timestamp) {
        self.0.lock().insert(lane.account, Known { of: lane, looked_at, next });
    }

    fn forget(&self, lanes: impl Iterator<Item = AccountId>) {
        let mut known = self.0.lock();
        if !known.is_empty() {
            for lane in lanes {
                known.remove(&lane);
            }
        }
    }
}
