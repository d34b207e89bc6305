//! Accounts, which are the lanes.

mod listing;

pub use listing::{Filter, page};

use super::connection::{DbConnection, DbError};
use super::events::{self, About};
use super::schema::accounts::dsl;
use crate::domain::account::{OnSimilar, OnUnknown};
use crate::domain::clock::Timestamp;
use crate::domain::event::EventKind;
use crate::domain::ids::*;
use crate::domain::lane_settings::LaneSettings;
use crate::domain::posting_slots::MissedSlot;
use diesel::prelude::*;

/// An account as it is kept. `credentials` is sealed.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = super::schema::accounts)]
pub struct AccountRow {
    pub id: AccountId,
    pub name: String,
    pub platform: String,
    pub settings: String,
    pub credentials: Option<String>,
    pub credential_names: String,
    pub enabled: bool,
    pub timezone: String,
    pub concurrency: i32,
    pub on_unknown: OnUnknown,
    pub suspended_reason: Option<String>,
    pub suspended_until: Option<Timestamp>,
    pub suspended_by_machine: bool,
    pub wrong_address_entry: Option<EntryId>,
    /// Grows with every change of settings or credentials.
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub spacing_seconds: i32,
    pub daily_cap: Option<i32>,
    /// JSON: see [`Windows`](crate::domain::windows::Windows).
    pub windows: String,
    pub give_up_after_seconds: i32,
    /// None where what is late is published late.
    pub late_after_seconds: Option<i32>,
    /// JSON: see [`PostingSlots`](crate::domain::posting_slots::PostingSlots).
    pub slots: String,
    pub missed_slot: MissedSlot,
    pub on_similar: OnSimilar,
}

impl AccountRow {
    /// What its user wants of its lane. Windows and slots that cannot be read, which nobody can have set,
    /// are none.
    pub fn lane_settings(&self) -> LaneSettings {
        LaneSettings {
            spacing_seconds: self.spacing_seconds,
            daily_cap: self.daily_cap,
            windows: serde_json::from_str(&self.windows).unwrap_or_default(),
            give_up_after_seconds: self.give_up_after_seconds,
            late_after_seconds: self.late_after_seconds,
            slots: serde_json::from_str(&self.slots).unwrap_or_default(),
            missed_slot: self.missed_slot,
        }
    }

    pub fn set_lane_settings(&mut self, lane: &LaneSettings) {
        self.spacing_seconds = lane.spacing_seconds;
        self.daily_cap = lane.daily_cap;
        self.windows = as_text(&lane.windows);
        self.give_up_after_seconds = lane.give_up_after_seconds;
        self.late_after_seconds = lane.late_after_seconds;
        self.slots = as_text(&lane.slots);
        self.missed_slot = lane.missed_slot;
    }
}

fn as_text(list: &impl serde::Serialize) -> String {
    serde_json::json!(list).to_string()
}

/// An account to be made. Its credentials follow by `set_credentials`, once its id is known.
#[derive(Debug, Clone)]
pub struct NewAccount<'a> {
    pub name: &'a str,
    pub platform: &'a str,
    pub settings: &'a str,
    pub enabled: bool,
    pub timezone: &'a str,
    pub concurrency: i32,
    pub on_unknown: OnUnknown,
    pub on_similar: OnSimilar,
    pub lane: &'a LaneSettings,
}

pub fn get(conn: &mut DbConnection, id: AccountId) -> Result<Option<AccountRow>, DbError> {
    Ok(dsl::accounts.filter(dsl::id.eq(id.0)).select(AccountRow::as_select()).first(conn).optional()?)
}

pub fn exists(conn: &mut DbConnection, id: AccountId) -> Result<bool, DbError> {
    let found: Option<AccountId> =
        dsl::accounts.filter(dsl::id.eq(id.0)).select(dsl::id).first(conn).optional()?;
    Ok(found.is_some())
}

/// What an account makes of texts that it had lately; none where there is no such account.
pub fn on_similar(conn: &mut DbConnection, id: AccountId) -> Result<Option<OnSimilar>, DbError> {
    Ok(dsl::accounts.filter(dsl::id.eq(id.0)).select(dsl::on_similar).first(conn).optional()?)
}

pub fn by_name(conn: &mut DbConnection, name: &str) -> Result<Option<AccountRow>, DbError> {
    Ok(dsl::accounts.filter(dsl::name.eq(name)).select(AccountRow::as_select()).first(conn).optional()?)
}

pub fn list(conn: &mut DbConnection) -> Result<Vec<AccountRow>, DbError> {
    Ok(dsl::accounts.order(dsl::id).select(AccountRow::as_select()).load(conn)?)
}

pub fn by_ids(conn: &mut DbConnection, ids: &[AccountId]) -> Result<Vec<AccountRow>, DbError> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    Ok(dsl::accounts.filter(dsl::id.eq_any(ids)).select(AccountRow::as_select()).load(conn)?)
}

/// Keeps claims away to the end of the caller's transaction, as they lock their lanes first. Who changes many entries
/// at once does this before, or the two could each wait for the other.
pub fn lock_lanes(conn: &mut DbConnection) -> Result<(), DbError> {
    // SQLite has one writer anyway.
    if let DbConnection::Postgres(inner) = conn {
        diesel::sql_query("SELECT id FROM accounts ORDER BY id FOR NO KEY UPDATE").execute(inner)?;
    }
    Ok(())
}

pub fn insert(conn: &mut DbConnection, new: NewAccount<'_>, now: Timestamp) -> Result<AccountId, DbError> {
    Ok(diesel::insert_into(dsl::accounts)
        .values((
            dsl::name.eq(new.name),
            dsl::platform.eq(new.platform),
            dsl::settings.eq(new.settings),
            dsl::enabled.eq(new.enabled),
            dsl::timezone.eq(new.timezone),
            dsl::concurrency.eq(new.concurrency),
            dsl::on_unknown.eq(new.on_unknown.as_str()),
            dsl::on_similar.eq(new.on_similar.as_str()),
            dsl::spacing_seconds.eq(new.lane.spacing_seconds),
            dsl::daily_cap.eq(new.lane.daily_cap),
            dsl::windows.eq(as_text(&new.lane.windows)),
            dsl::give_up_after_seconds.eq(new.lane.give_up_after_seconds),
            dsl::late_after_seconds.eq(new.lane.late_after_seconds),
            dsl::slots.eq(as_text(&new.lane.slots)),
            dsl::missed_slot.eq(new.lane.missed_slot.as_str()),
            dsl::gated.eq(new.lane.are_gates()),
            dsl::created_at.eq(now.micros()),
            dsl::updated_at.eq(now.micros()),
        ))
        .returning(dsl::id)
        .get_result(conn)?)
}

/// Writes a changed account whole; credentials and suspension have their own functions.
pub fn update(conn: &mut DbConnection, account: &AccountRow, now: Timestamp) -> Result<(), DbError> {
    diesel::update(dsl::accounts.filter(dsl::id.eq(account.id.0)))
        .set((
            dsl::name.eq(&account.name),
            dsl::settings.eq(&account.settings),
            dsl::enabled.eq(account.enabled),
            dsl::timezone.eq(&account.timezone),
            dsl::concurrency.eq(account.concurrency),
            dsl::on_unknown.eq(account.on_unknown.as_str()),
            dsl::on_similar.eq(account.on_similar.as_str()),
            dsl::spacing_seconds.eq(account.spacing_seconds),
            dsl::daily_cap.eq(account.daily_cap),
            dsl::windows.eq(&account.windows),
            dsl::give_up_after_seconds.eq(account.give_up_after_seconds),
            dsl::late_after_seconds.eq(account.late_after_seconds),
            dsl::slots.eq(&account.slots),
            dsl::missed_slot.eq(account.missed_slot.as_str()),
            // Its gates are looked at anew.
            (dsl::opens_at.eq(0), dsl::gated.eq(true)),
            dsl::version.eq(dsl::version + 1),
            dsl::updated_at.eq(now.micros()),
        ))
        .execute(conn)?;
    Ok(())
}

/// Replaces the sealed credentials; `names` is a JSON list of what is set.
pub fn set_credentials(
    conn: &mut DbConnection,
    id: AccountId,
    sealed: Option<&str>,
    names: &str,
) -> Result<(), DbError> {
    diesel::update(dsl::accounts.filter(dsl::id.eq(id.0)))
        .set((
            dsl::credentials.eq(sealed),
            dsl::credential_names.eq(names),
            dsl::version.eq(dsl::version + 1),
        ))
        .execute(conn)?;
    Ok(())
}

/// Accounts with credentials, in order, from the one after `after`: at most `limit`, each with what is sealed.
pub fn sealed_after(
    conn: &mut DbConnection,
    after: AccountId,
    limit: i64,
) -> Result<Vec<(AccountId, String)>, DbError> {
    Ok(dsl::accounts
        .filter(dsl::id.gt(after.0))
        .filter(dsl::credentials.is_not_null())
        .select((dsl::id, dsl::credentials.assume_not_null()))
        .order(dsl::id)
        .limit(limit)
        .load(conn)?)
}

/// Puts the same credentials, sealed with another key, in their place. It is the same account still: its version stays.
pub fn seal_anew(conn: &mut DbConnection, id: AccountId, sealed: &str) -> Result<(), DbError> {
    diesel::update(dsl::accounts.filter(dsl::id.eq(id.0))).set(dsl::credentials.eq(sealed)).execute(conn)?;
    Ok(())
}

/// A person shuts the lane (a reason), or opens it (none).
pub fn set_suspension(
    conn: &mut DbConnection,
    id: AccountId,
    reason: Option<&str>,
    until: Option<Timestamp>,
    now: Timestamp,
) -> Result<bool, DbError> {
    let changed = diesel::update(dsl::accounts.filter(dsl::id.eq(id.0)))
        .set((
            dsl::suspended_reason.eq(reason),
            dsl::suspended_until.eq(until.map(|at| at.micros())),
            dsl::suspended_by_machine.eq(false),
            dsl::wrong_address_entry.eq(None::<i64>),
            dsl::updated_at.eq(now.micros()),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// The machine shuts the lane, unless somebody changed or suspended the account since the claim. A suspension that had
/// run out by `now` is none any more.
pub fn suspend_if_unchanged(
    conn: &mut DbConnection,
    (id, version): (AccountId, i64),
    reason: &str,
    until: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), DbError> {
    let has_run_out = dsl::suspended_until.assume_not_null().le(now.micros());
    let is_open = dsl::suspended_reason.is_null().or(dsl::suspended_until.is_not_null().and(has_run_out));
    let changed = diesel::update(
        dsl::accounts.filter(dsl::id.eq(id.0)).filter(dsl::version.eq(version)).filter(is_open),
    )
    .set((
        dsl::suspended_reason.eq(reason),
        dsl::suspended_until.eq(until.map(|at| at.micros())),
        dsl::suspended_by_machine.eq(true),
        dsl::wrong_address_entry.eq(None::<i64>),
    ))
    .execute(conn)?;
    if changed == 1 {
        tell_suspended(conn, id, reason, now)?;
    }
    Ok(())
}

fn tell_suspended(
    conn: &mut DbConnection,
    id: AccountId,
    reason: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    log::warn!("account {id} is suspended: {reason}");
    let about = About { account: Some(id), said: Some(reason), ..About::default() };
    events::tell(conn, EventKind::AccountSuspended, about, now)
}

/// The machine shuts a lane that it cannot use as it is.
pub fn suspend_for_good(
    conn: &mut DbConnection,
    id: AccountId,
    reason: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    diesel::update(dsl::accounts.filter(dsl::id.eq(id.0)))
        .set((
            dsl::suspended_reason.eq(reason),
            dsl::suspended_until.eq(None::<i64>),
            dsl::suspended_by_machine.eq(true),
        ))
        .execute(conn)?;
    tell_suspended(conn, id, reason, now)
}

/// Notes that `entry` found no taker; gives back the entry that was noted before, if any.
pub fn note_wrong_address(
    conn: &mut DbConnection,
    id: AccountId,
    entry: EntryId,
) -> Result<Option<EntryId>, DbError> {
    let before: Option<Option<EntryId>> =
        dsl::accounts.filter(dsl::id.eq(id.0)).select(dsl::wrong_address_entry).first(conn).optional()?;
    let before = before.flatten();
    if before.is_none() {
        diesel::update(dsl::accounts.filter(dsl::id.eq(id.0)))
            .set(dsl::wrong_address_entry.eq(Some(entry.0)))
            .execute(conn)?;
    }
    Ok(before)
}

/// True where there was one.
pub fn delete(conn: &mut DbConnection, id: AccountId) -> Result<bool, DbError> {
    Ok(diesel::delete(dsl::accounts.filter(dsl::id.eq(id.0))).execute(conn)? == 1)
}

/// Has the next cycle look at every lane: what was known of when they open is not true any more.
pub fn look_at_all(conn: &mut DbConnection) -> Result<(), DbError> {
    diesel::update(dsl::accounts).set(dsl::opens_at.eq(0)).execute(conn)?;
    Ok(())
}
