//! Lanes hear of attempts that ended: what that says of the platform, and whom a failure accuses.

use super::passing::before_unproven;
use super::{lock, save};
use crate::db::connection::{DbConnection, DbError};
use crate::db::events::{self, About};
use crate::db::publish_log;
use crate::db::schema::publish_pool::dsl as pool;
use crate::db::transitions::Ended;
use crate::domain::breaker::{Heard, Sign, Verdict};
use crate::domain::clock::Timestamp;
use crate::domain::entry::EntryStatus;
use crate::domain::event::EventKind;
use crate::domain::gates::{self, Rules, State};
use crate::domain::ids::*;
use crate::domain::settlement::LogStatus;
use diesel::prelude::*;
use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

/// What attempts that ended come to, once their lanes have heard of them.
pub(in crate::db) struct Told<'a> {
    pub ended: Cow<'a, [Ended]>,
    /// Places of those whose settlement was exchanged, because others got through.
    pub the_entrys_fault: Vec<usize>,
    /// Lanes whose breaker closed: `bring_back` is due once the outcomes are written.
    pub closed: Vec<AccountId>,
    /// Lanes that have heard of all their ends, answers too, in the order in which they came.
    pub heard: Vec<AccountId>,
}

/// Lets the lanes hear of attempts that ended. Where all is well nothing is read or written.
pub(in crate::db) fn hear<'a>(
    conn: &mut DbConnection,
    node: &NodeId,
    ended: &'a [Ended],
    pause: Duration,
) -> Result<Told<'a>, DbError> {
    let matters = |one: &&Ended| one.counted || matches!(one.settlement.sign, Sign::Failed { .. });
    let ids: BTreeSet<AccountId> = ended.iter().filter(matters).map(|one| one.account).collect();
    // What comes back to wait is too late by what its account says, which nobody is to change meanwhile.
    let waits = |one: &&Ended| one.settlement.status == EntryStatus::Pending;
    let to_lock: BTreeSet<AccountId> =
        ended.iter().filter(|one| matters(one) || waits(one)).map(|one| one.account).collect();
    let mut told = Told {
        ended: Cow::Borrowed(ended),
        the_entrys_fault: Vec::new(),
        closed: Vec::new(),
        heard: Vec::new(),
    };
    if to_lock.is_empty() {
        return Ok(told);
    }
    let to_lock: Vec<AccountId> = to_lock.into_iter().collect();
    let mut lanes = lock(conn, &to_lock)?;
    lanes.retain(|id, _| ids.contains(id));
    if lanes.is_empty() {
        return Ok(told);
    }
    let held = held(conn, node, ended)?;
    let counts = |one: &Ended| lanes.contains_key(&one.account) && held.contains(&one.attempt);
    let mut order: Vec<usize> = (0..ended.len()).filter(|at| counts(&ended[*at])).collect();
    order.sort_by_key(|at| ended[*at].finished_at);
    let Some(last) = order.last().map(|at| ended[*at].finished_at) else { return Ok(told) };
    for at in order {
        let one = &ended[at];
        let Some((rules, state)) = lanes.get_mut(&one.account) else { continue };
        let was_up = state.health.tripped.is_none();
        let verdict = hear_one(conn, one, rules, state, pause)?;
        if was_up {
            tell_if_tripped(conn, one.account, state, one.finished_at)?;
        }
        match verdict {
            Verdict::Entry => {
                if let Some(instead) = &one.settlement.if_others_get_through {
                    told.ended.to_mut()[at].settlement = (**instead).clone();
                    told.the_entrys_fault.push(at);
                }
            }
            Verdict::Closed => told.closed.push(one.account),
            Verdict::Nothing | Verdict::Platform => {}
        }
    }
    for (id, (rules, state)) in &mut lanes {
        state.mend(last, pause);
        let opens_at = gates::shut_gate(rules, state, last).map(|shut| shut.until.unwrap_or(Timestamp::MAX));
        let opens_at = before_unproven(conn, *id, rules, state, opens_at, last)?;
        save(conn, *id, rules, state, opens_at, last)?;
        told.heard.push(*id);
    }
    Ok(told)
}

/// Those whose claim is still the node's: an outcome that was written before, or came too late, is not heard again.
fn held(conn: &mut DbConnection, node: &NodeId, ended: &[Ended]) -> Result<HashSet<AttemptId>, DbError> {
    let ids: Vec<i64> = ended.iter().map(|one| one.attempt.entry.0).collect();
    let rows: Vec<(EntryId, i32)> = pool::publish_pool
        .filter(pool::id.eq_any(ids))
        .filter(pool::claimed_by.eq(&node.0))
        .select((pool::id, pool::attempt))
        .load(conn)?;
    Ok(rows.into_iter().map(|(entry, number)| AttemptId { entry, number }).collect())
}

fn tell_if_tripped(
    conn: &mut DbConnection,
    id: AccountId,
    state: &State,
    now: Timestamp,
) -> Result<(), DbError> {
    let Some(tripped) = state.health.tripped else { return Ok(()) };
    log::warn!(
        "the platform of account {id} is taken to be down: its entries wait, and one is tried at {}",
        tripped.probe_at
    );
    events::tell(conn, EventKind::LaneDown, About { account: Some(id), ..About::default() }, now)
}

fn hear_one(
    conn: &mut DbConnection,
    one: &Ended,
    rules: &Rules,
    state: &mut State,
    pause: Duration,
) -> Result<Verdict, DbError> {
    let (entry, settlement) = (one.attempt.entry, &one.settlement);
    let last_try = match settlement.sign {
        Sign::Failed { unseen: true, .. } => publish_log::last_try_before(conn, one.attempt)?,
        Sign::Failed { .. } | Sign::Answered | Sign::Silent => None,
    };
    if one.counted {
        let was_sent = settlement.log != LogStatus::NotSent;
        state.ended(rules, one.finished_at, was_sent, settlement.is_out_or_may_be());
    }
    Ok(state.health.hear(Heard { entry, sign: settlement.sign, at: one.finished_at, last_try }, pause))
}

/// A platform answered that had failed: what was counted in a row is none any more. Gives back the lanes of `answered`
/// whose breaker closed.
pub(in crate::db) fn answered(
    conn: &mut DbConnection,
    answered: &[AccountId],
    now: Timestamp,
    pause: Duration,
) -> Result<Vec<AccountId>, DbError> {
    let mut closed = Vec::new();
    for (id, (rules, mut state)) in lock(conn, answered)? {
        let heard = Heard { entry: EntryId(0), sign: Sign::Answered, at: now, last_try: None };
        if state.health.hear(heard, pause) == Verdict::Closed {
            closed.push(id);
        }
        let opens_at = gates::shut_gate(&rules, &state, now).map(|shut| shut.until.unwrap_or(Timestamp::MAX));
        save(conn, id, &rules, &state, opens_at, now)?;
    }
    Ok(closed)
}

/// What a breaker had put off is due again as it was before, and so in order.
pub(in crate::db) fn bring_back(
    conn: &mut DbConnection,
    closed: &[AccountId],
    now: Timestamp,
) -> Result<(), DbError> {
    for id in closed {
        log::warn!("the platform of account {id} answers again");
        events::tell(conn, EventKind::LaneUp, About { account: Some(*id), ..About::default() }, now)?;
        diesel::update(
            pool::publish_pool
                .filter(pool::account_id.eq(id.0))
                .filter(pool::pushed_from.is_not_null())
                .filter(pool::status.eq(EntryStatus::Pending.as_str())),
        )
        .set((pool::due_at.eq(pool::pushed_from.assume_not_null()), pool::pushed_from.eq(None::<i64>)))
        .execute(conn)?;
    }
    Ok(())
}
