//! What is known of each lane, and its gates: read and written with the account's row locked, so that spacing, cap and
//! breaker hold on all nodes.
//!
//! Most lanes have nothing to know, and cost nothing: `accounts.gated` says where there is something.

mod hearing;
mod passing;

pub(super) use hearing::{answered, bring_back, hear};
pub(super) use passing::pass;
pub use passing::{claimed, pass_on_demand};

use super::connection::{DbConnection, DbError};
use super::publish_log;
use super::schema::accounts::dsl as accounts;
use super::schema::lanes::dsl;
use super::schema::publish_pool::dsl as pool;
use super::statement::statement;
use crate::domain::breaker::{Health, Tripped};
use crate::domain::clock::Timestamp;
use crate::domain::entry::EntryStatus;
use crate::domain::gates::{self, Counted, Passage, Rules, State};
use crate::domain::ids::*;
use crate::domain::windows::Windows;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// The columns of a lane's gates, as any query may read them beside others.
pub type Columns = (
    (i32, String, String, i32, Option<i32>, bool, Option<Timestamp>),
    Option<BreakerColumns>,
    Option<(Option<Timestamp>, Option<Timestamp>, i32)>,
);

type BreakerColumns =
    (i32, Option<Timestamp>, Option<Timestamp>, Option<Timestamp>, Option<Timestamp>, i32, Option<EntryId>);

/// What selects [`Columns`] where accounts are left-joined with lanes.
macro_rules! lane_columns {
    () => {{
        use $crate::db::schema::{accounts, lanes};
        (
            (
                accounts::concurrency,
                accounts::timezone,
                accounts::windows,
                accounts::spacing_seconds,
                accounts::daily_cap,
                accounts::awaits_answer,
                accounts::answered_at,
            ),
            (
                lanes::failures,
                lanes::wait_until,
                lanes::told_at,
                lanes::tripped_at,
                lanes::probe_at,
                lanes::probes,
                lanes::probed_entry,
            )
                .nullable(),
            (lanes::sent_at, lanes::cap_day, lanes::cap_count).nullable(),
        )
    }};
}
pub(super) use lane_columns;

/// A lane's rules and what is known of it. What an older or newer program wrote, and this one cannot read, is no gate.
pub fn read((of_account, breaker, counts): Columns) -> (Rules, State) {
    let (concurrency, timezone, windows, spacing, daily_cap, awaits_answer, answered_at) = of_account;
    let rules = Rules {
        concurrency,
        timezone: timezone.parse().unwrap_or(chrono_tz::Tz::UTC),
        windows: serde_json::from_str::<Windows>(&windows).unwrap_or_default(),
        spacing: Duration::from_secs(u64::try_from(spacing).unwrap_or(0)),
        daily_cap,
    };
    let (failures, wait_until, told_at, tripped_at, probe_at, probes, probed) = breaker.unwrap_or_default();
    let tripped =
        tripped_at.map(|since| Tripped { since, probe_at: probe_at.unwrap_or(since), probes, probed });
    let (sent_at, cap_day, posts) = counts.unwrap_or_default();
    let health = Health { failures, awaits_answer, answered_at, wait_until, told_at, tripped };
    (rules, State { health, sent_at, counted: cap_day.map(|day| Counted { day, posts }) })
}

/// A lane that has gates, with its row locked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gated {
    pub rules: Rules,
    pub state: State,
    /// What it has in flight.
    pub busy: i32,
    pub passage: Passage,
}

/// Locks the lanes and reads them; in order of their ids, as claims do.
fn lock(conn: &mut DbConnection, ids: &[AccountId]) -> Result<BTreeMap<AccountId, (Rules, State)>, DbError> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    if let DbConnection::Postgres(inner) = conn {
        const LOCK: &str = "SELECT id FROM accounts WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE";
        statement::<BigInt>(LOCK).bind::<diesel::pg::sql_types::Array<BigInt>, _>(&ids).load::<i64>(inner)?;
    }
    read_all_of(conn, ids)
}

fn read_all(
    conn: &mut DbConnection,
    ids: &[AccountId],
) -> Result<BTreeMap<AccountId, (Rules, State)>, DbError> {
    read_all_of(conn, ids.iter().map(|id| id.0).collect())
}

fn read_all_of(
    conn: &mut DbConnection,
    ids: Vec<i64>,
) -> Result<BTreeMap<AccountId, (Rules, State)>, DbError> {
    let rows: Vec<(AccountId, Columns)> = super::schema::accounts::table
        .left_join(super::schema::lanes::table)
        .filter(accounts::id.eq_any(ids))
        .select((accounts::id, lane_columns!()))
        .load(conn)?;
    Ok(rows.into_iter().map(|(id, columns)| (id, read(columns))).collect())
}

fn save(
    conn: &mut DbConnection,
    id: AccountId,
    rules: &Rules,
    state: &State,
    opens_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), DbError> {
    let health = &state.health;
    diesel::update(accounts::accounts.filter(accounts::id.eq(id.0)))
        .set((
            accounts::opens_at.eq(opens_at.map_or(0, Timestamp::micros)),
            accounts::gated.eq(gates::are_any(rules, state, now)),
            accounts::awaits_answer.eq(health.awaits_answer),
            accounts::answered_at.eq(health.answered_at.map(Timestamp::micros)),
        ))
        .execute(conn)?;
    let tripped = health.tripped;
    let values = (
        dsl::failures.eq(health.failures),
        dsl::wait_until.eq(health.wait_until.map(Timestamp::micros)),
        dsl::told_at.eq(health.told_at.map(Timestamp::micros)),
        dsl::tripped_at.eq(tripped.map(|it| it.since.micros())),
        dsl::probe_at.eq(tripped.map(|it| it.probe_at.micros())),
        dsl::probes.eq(tripped.map_or(0, |it| it.probes)),
        dsl::probed_entry.eq(tripped.and_then(|it| it.probed).map(|entry| entry.0)),
        dsl::sent_at.eq(state.sent_at.map(Timestamp::micros)),
        dsl::cap_day.eq(state.counted.map(|counted| counted.day.micros())),
        dsl::cap_count.eq(state.counted.map_or(0, |counted| counted.posts)),
    );
    let changed = diesel::update(dsl::lanes.filter(dsl::account_id.eq(id.0))).set(values).execute(conn)?;
    if changed == 0 {
        // Nobody else makes it meanwhile: the account's row is locked.
        diesel::insert_into(dsl::lanes).values((dsl::account_id.eq(id.0), values)).execute(conn)?;
    }
    Ok(())
}

/// The rules of each lane, and what is known of it.
pub fn all(conn: &mut DbConnection) -> Result<HashMap<AccountId, (Rules, State)>, DbError> {
    let rows: Vec<(AccountId, Columns)> = super::schema::accounts::table
        .left_join(super::schema::lanes::table)
        .select((accounts::id, lane_columns!()))
        .load(conn)?;
    Ok(rows.into_iter().map(|(id, columns)| (id, read(columns))).collect())
}

/// What lanes have in flight.
pub fn in_flight(conn: &mut DbConnection, ids: &[AccountId]) -> Result<HashMap<AccountId, i32>, DbError> {
    const SENDING: &str = "publish_pool.status = 'publishing' AND publish_pool.claimed_by IS NOT NULL \
        AND publish_pool.look_up_at IS NULL AND publish_pool.check_at IS NULL";
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let rows: Vec<(AccountId, i64)> = pool::publish_pool
        .filter(pool::account_id.eq_any(ids))
        .filter(sql::<Bool>(SENDING))
        .group_by(pool::account_id)
        .select((pool::account_id, diesel::dsl::count_star()))
        .load(conn)?;
    Ok(rows.into_iter().map(|(id, count)| (id, i32::try_from(count).unwrap_or(i32::MAX))).collect())
}

/// What lanes count from instants that lie ahead, such as a pause, they count from now: the clock was stepped back. Their rows
/// are locked by [`look_anew`].
pub fn count_from(conn: &mut DbConnection, now: Timestamp, pause: Duration) -> Result<(), DbError> {
    for (id, (rules, state)) in all(conn)? {
        let mut mended = state;
        mended.mend(now, pause);
        if mended != state {
            save(conn, id, &rules, &mended, None, now)?;
        }
    }
    Ok(())
}

/// The cap of a lane is new, or its day, or somebody said what is not out: what went out there today is in it, as if it had
/// been counted from the day's beginning. What is on the wire, or may be out, counts as out. The lane is looked at anew.
pub fn count_today(conn: &mut DbConnection, id: AccountId, now: Timestamp) -> Result<(), DbError> {
    let Some((rules, mut state)) = lock(conn, &[id])?.remove(&id) else { return Ok(()) };
    if rules.daily_cap.is_none() {
        return Ok(());
    }
    let day = gates::day_start(now, rules.timezone);
    let on_the_way: i64 = pool::publish_pool
        .filter(pool::account_id.eq(id.0))
        .filter(pool::status.eq(EntryStatus::Publishing.as_str()))
        .count()
        .get_result(conn)?;
    let posts = publish_log::sent_since(conn, id, day)? + on_the_way;
    state.counted = Some(Counted { day, posts: i32::try_from(posts).unwrap_or(i32::MAX) });
    save(conn, id, &rules, &state, None, now)
}

/// The settings of a lane changed, or the clock did: it is looked at anew.
pub fn look_anew(conn: &mut DbConnection, id: Option<AccountId>) -> Result<(), DbError> {
    let anew = (accounts::opens_at.eq(0), accounts::gated.eq(true));
    if let (DbConnection::Postgres(inner), None) = (&mut *conn, id) {
        // In the order in which claims lock them, so that neither waits for the other.
        statement::<()>("SELECT id FROM accounts ORDER BY id FOR NO KEY UPDATE").execute(inner)?;
    }
    match id {
        Some(id) => {
            diesel::update(accounts::accounts.filter(accounts::id.eq(id.0))).set(anew).execute(conn)?
        }
        None => diesel::update(accounts::accounts).set(anew).execute(conn)?,
    };
    Ok(())
}
