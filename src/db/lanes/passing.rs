//! Lanes whose gates are open are passed; what goes through is counted.

use super::{Gated, in_flight, lock, read_all, save};
use crate::db::claim::{Claim, Lane};
use crate::db::connection::{DbConnection, DbError};
use crate::db::schema::publish_pool::dsl as pool;
use crate::domain::clock::Timestamp;
use crate::domain::gates::{self, Gate, PROBE_PATIENCE, Passage, Rules, Shut, State};
use crate::domain::ids::*;
use diesel::dsl::{exists, sql};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use std::time::Duration;

/// Of lanes that nothing but their gates may shut, those that may be passed now, with how.
pub(in crate::db) fn pass(
    conn: &mut DbConnection,
    lanes: Vec<Lane>,
    now: Timestamp,
    pause: Duration,
) -> Result<Vec<Lane>, DbError> {
    let gated: Vec<AccountId> = lanes.iter().filter(|lane| lane.is_gated).map(|lane| lane.account).collect();
    if gated.is_empty() {
        return Ok(lanes);
    }
    let mut known = lock(conn, &gated)?;
    let busy = in_flight(conn, &gated)?;
    let mut open = Vec::with_capacity(lanes.len());
    for mut lane in lanes {
        if let Some((rules, mut state)) = known.remove(&lane.account) {
            state.mend(now, pause);
            let busy = busy.get(&lane.account).copied().unwrap_or(0);
            let Some(passage) = passage(conn, lane.account, &rules, &state, busy, now)? else { continue };
            lane.gated = Some(Box::new(Gated { rules, state, busy, passage }));
        }
        open.push(lane);
    }
    Ok(open)
}

/// The same of lanes on which a person wants something out now, over window and spacing. Those that are shut all the same
/// are among them, so that it is known until when.
pub fn pass_on_demand(
    conn: &mut DbConnection,
    mut lanes: Vec<Lane>,
    now: Timestamp,
    pause: Duration,
) -> Result<Vec<Lane>, DbError> {
    let ids: Vec<AccountId> = lanes.iter().map(|lane| lane.account).collect();
    let mut known = read_all(conn, &ids)?;
    let busy = in_flight(conn, &ids)?;
    for lane in &mut lanes {
        let Some((rules, mut state)) = known.remove(&lane.account) else { continue };
        state.mend(now, pause);
        let busy = busy.get(&lane.account).copied().unwrap_or(0);
        let passage = match gates::passage_on_demand(&rules, &state, busy, now) {
            Passage::Probe { .. } if probe_is_out(conn, &state)? => {
                let since = state.health.tripped.map_or(now, |tripped| tripped.since);
                Passage::Shut(Shut { gate: Gate::Breaker { since }, until: Some(now + PROBE_PATIENCE) })
            }
            passage => passage,
        };
        lane.gated = Some(Box::new(Gated { rules, state, busy, passage }));
    }
    Ok(lanes)
}

/// None where the lane is shut; then it is not looked at again before it may open.
fn passage(
    conn: &mut DbConnection,
    id: AccountId,
    rules: &Rules,
    state: &State,
    busy: i32,
    now: Timestamp,
) -> Result<Option<Passage>, DbError> {
    let passage = gates::passage(rules, state, busy, now);
    let opens_at = match passage {
        Passage::Open { .. } => None,
        Passage::Probe { .. } if probe_is_out(conn, state)? => Some(now + PROBE_PATIENCE),
        Passage::Probe { proven: true } => None,
        // Until something is due that passes the cap.
        Passage::Probe { proven: false } | Passage::OnlyUnproven { .. } => {
            let until = gates::shut_gate(rules, state, now).map(|shut| shut.until.unwrap_or(Timestamp::MAX));
            before_unproven(conn, id, rules, state, until, now)?.filter(|at| *at > now)
        }
        Passage::Shut(shut) => Some(shut.until.unwrap_or(Timestamp::MAX)),
    };
    match opens_at {
        Some(_) => {
            save(conn, id, rules, state, opens_at, now)?;
            Ok(None)
        }
        None => {
            if !gates::are_any(rules, state, now) {
                save(conn, id, rules, state, None, now)?;
            }
            Ok(Some(passage))
        }
    }
}

fn probe_is_out(conn: &mut DbConnection, state: &State) -> Result<bool, DbError> {
    let Some(probed) = state.health.tripped.and_then(|tripped| tripped.probed) else { return Ok(false) };
    let on_the_wire = pool::publish_pool
        .filter(pool::id.eq(probed.0))
        .filter(pool::claimed_by.is_not_null())
        .filter(pool::look_up_at.is_null())
        .filter(pool::check_at.is_null());
    Ok(diesel::select(exists(on_the_wire)).get_result(conn)?)
}

/// What may be out already passes the cap, so that the lane is looked at when the first of that is due.
pub(super) fn before_unproven(
    conn: &mut DbConnection,
    id: AccountId,
    rules: &Rules,
    state: &State,
    opens_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<Option<Timestamp>, DbError> {
    let Some(at) = opens_at.filter(|_| rules.daily_cap.is_some()) else { return Ok(opens_at) };
    let without_cap = gates::shut_gate(&Rules { daily_cap: None, ..rules.clone() }, state, now);
    const UNPROVEN: &str =
        "publish_pool.status = 'pending' AND NOT publish_pool.held AND publish_pool.unproven";
    let due: Option<Timestamp> = pool::publish_pool
        .filter(pool::account_id.eq(id.0))
        .filter(sql::<Bool>(UNPROVEN))
        .select(diesel::dsl::min(pool::due_at))
        .first(conn)?;
    let Some(due) = due else { return Ok(opens_at) };
    let opens = without_cap.map_or(now, |shut| shut.until.unwrap_or(Timestamp::MAX));
    Ok(Some(at.min(due.max(opens))))
}

/// Entries of `lanes` were claimed.
pub fn claimed(
    conn: &mut DbConnection,
    lanes: &[Lane],
    claims: &mut [Claim],
    now: Timestamp,
    pause: Duration,
) -> Result<(), DbError> {
    for lane in lanes {
        let Some(gated) = &lane.gated else { continue };
        let Gated { rules, mut state, busy, passage } = (**gated).clone();
        let (mut sent, mut new) = (0, 0);
        for claim in claims.iter_mut().filter(|claim| claim.account == lane.account) {
            claim.counted = !rules.spacing.is_zero() || rules.daily_cap.is_some();
            sent += 1;
            new += i32::from(!claim.standing.unproven);
            if matches!(passage, Passage::Probe { .. }) {
                state.health.probing(claim.attempt.entry, now, pause);
                claim.is_probe = true;
            }
        }
        if sent == 0 || !gates::are_any(&rules, &state, now) {
            continue;
        }
        state.sent(&rules, new, busy, now);
        let opens_at = gates::shut_gate(&rules, &state, now).map(|shut| shut.until.unwrap_or(Timestamp::MAX));
        let opens_at = before_unproven(conn, lane.account, &rules, &state, opens_at, now)?;
        save(conn, lane.account, &rules, &state, opens_at, now)?;
    }
    Ok(())
}
