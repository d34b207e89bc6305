//! Accounts: made, changed, suspended, removed. Secrets go in and never come out.

mod listing;

pub use listing::*;

use super::broken::Broken;
use super::wrong_state::{Needed, State};
use super::{Access, Context, Operation, OperationError, credentials};
use crate::db::accounts::{self, AccountRow, NewAccount};
use crate::db::connection::DbConnection;
use crate::db::{entries, lanes, lateness, slots, tasks};
use crate::domain::account::{CONCURRENCY_MAX, NAME_MAX_CHARS, OnSimilar, OnUnknown};
use crate::domain::clock::Timestamp;
use crate::domain::fault::{AccountFault, Fault, NoneOf};
use crate::domain::field_error::FieldError;
use crate::domain::ids::AccountId;
use crate::domain::lane_settings::{LaneChanges, LaneSettings};
use crate::domain::naming::{is_no_number, unprintable};
use crate::domain::near::no_zone;
use crate::domain::thing::Thing;
use crate::platforms::guarded;
use crate::platforms::platform::{Credentials, Platform};
use serde_json::Value;
use std::sync::Arc;

/// An account as a user describes it; what is none gets its default.
#[derive(Debug, Clone)]
pub struct CreateAccount {
    pub name: String,
    pub platform: String,
    pub settings: Value,
    pub credentials: Credentials,
    pub enabled: bool,
    pub timezone: Option<String>,
    pub concurrency: Option<i32>,
    /// What its lane's settings have other than their defaults.
    pub lane: LaneChanges,
    pub on_unknown: OnUnknown,
    pub on_similar: OnSimilar,
}

impl CreateAccount {
    pub fn new(name: impl Into<String>, platform: impl Into<String>) -> Self {
        CreateAccount {
            name: name.into(),
            platform: platform.into(),
            settings: Value::Object(serde_json::Map::new()),
            credentials: Credentials::default(),
            enabled: true,
            timezone: None,
            concurrency: None,
            lane: LaneChanges::default(),
            on_unknown: OnUnknown::Ask,
            on_similar: OnSimilar::Warn,
        }
    }
}

impl Operation for CreateAccount {
    type Output = AccountRow;
    const ACCESS: Access = Access::Write;

    fn run(
        self,
        conn: &mut DbConnection,
        cx: &Context,
        now: Timestamp,
    ) -> Result<AccountRow, OperationError> {
        let platform = platform(cx, &self.platform)?;
        let timezone = self.timezone.unwrap_or_else(|| cx.timezone.to_string());
        let of_the_platform = || guarded::concurrency(&*platform);
        let concurrency = self.concurrency.map_or_else(of_the_platform, Ok).map_err(Broken::Platform)?;
        let mut wrong = check(&self.name, &timezone, concurrency);
        wrong.extend(unprintable(&self.name));
        let lane = told(LaneSettings::default().with(&self.lane), &mut wrong);
        wrong.extend(check_platform(&platform, &self.settings, &self.credentials)?);
        refuse(wrong)?;
        if accounts::by_name(conn, &self.name)?.is_some() {
            return Err(OperationError::NameTaken { thing: Thing::Account, name: self.name });
        }
        let new = NewAccount {
            name: &self.name,
            platform: &self.platform,
            settings: &self.settings.to_string(),
            enabled: self.enabled,
            timezone: &timezone,
            concurrency,
            on_unknown: self.on_unknown,
            on_similar: self.on_similar,
            lane: &lane.unwrap_or_default(),
        };
        let id = accounts::insert(conn, new, now)?;
        credentials::seal(conn, cx, id, &self.credentials)?;
        get(conn, id)
    }
}

fn platform(cx: &Context, name: &str) -> Result<Arc<dyn Platform>, OperationError> {
    cx.registry.get(name).cloned().ok_or_else(|| {
        let known = cx.registry.all().map(|platform| platform.name());
        OperationError::invalid("platform", NoneOf::new(name, known))
    })
}

fn check(name: &str, timezone: &str, concurrency: i32) -> Vec<FieldError> {
    let mut wrong = Vec::new();
    if name.trim().is_empty() || name.chars().count() > NAME_MAX_CHARS || name.contains('\0') {
        wrong.push(FieldError::new("name", Fault::Length { most: NAME_MAX_CHARS }));
    }
    wrong.extend(is_no_number(name).err());
    if timezone.parse::<chrono_tz::Tz>().is_err() {
        wrong.push(FieldError::new("timezone", no_zone(timezone)));
    }
    if !(1..=CONCURRENCY_MAX).contains(&concurrency) {
        wrong.push(FieldError::new("concurrency", Fault::Range { least: 1, most: CONCURRENCY_MAX.into() }));
    }
    wrong
}

fn check_platform(
    platform: &Arc<dyn Platform>,
    settings: &Value,
    credentials: &Credentials,
) -> Result<Vec<FieldError>, OperationError> {
    let mut wrong = Vec::new();
    for given in credentials.0.keys() {
        if !platform.secret_fields().iter().any(|field| field.name == given) {
            let known: Vec<String> =
                platform.secret_fields().iter().map(|field| field.name.to_owned()).collect();
            let of = platform.name().to_owned();
            let fault = match &known[..] {
                [] => AccountFault::NoSecrets { platform: of },
                _ => AccountFault::NoSuchSecret { platform: of, known },
            };
            // Where a name was forgotten, the secret itself stands in its place.
            let is_a_name =
                given.len() <= 20 && given.bytes().all(|it| it.is_ascii_lowercase() || it == b'_');
            let field = if is_a_name { format!("credentials.{given}") } else { "credentials".to_owned() };
            wrong.push(FieldError::new(field, fault));
        }
    }
    if let Err(fields) = guarded::check(&**platform, settings, credentials).map_err(Broken::Platform)? {
        wrong.extend(fields);
    }
    Ok(wrong)
}

/// What was read; what is wrong with it joins the rest.
fn told<T>(read: Result<T, Vec<FieldError>>, wrong: &mut Vec<FieldError>) -> Option<T> {
    read.map_err(|errors| wrong.extend(errors)).ok()
}

fn refuse(wrong: Vec<FieldError>) -> Result<(), OperationError> {
    if wrong.is_empty() { Ok(()) } else { Err(OperationError::Invalid(wrong)) }
}

fn get(conn: &mut DbConnection, id: AccountId) -> Result<AccountRow, OperationError> {
    accounts::get(conn, id)?.ok_or_else(|| OperationError::not_found(Thing::Account, id))
}

/// The same, and it stays so until the caller's transaction ends: what is not changed is written back as it was read.
fn locked(conn: &mut DbConnection, id: AccountId) -> Result<AccountRow, OperationError> {
    slots::lock_account(conn, id)?.ok_or_else(|| OperationError::not_found(Thing::Account, id))
}

#[derive(Debug, Clone, Copy)]
pub struct GetAccount(pub AccountId);

impl Operation for GetAccount {
    type Output = AccountRow;
    const ACCESS: Access = Access::Read;

    fn run(self, conn: &mut DbConnection, _: &Context, _: Timestamp) -> Result<AccountRow, OperationError> {
        get(conn, self.0)
    }
}

/// Changes an account; what is none stays. `settings` and `credentials` are replaced whole.
#[derive(Debug, Clone)]
pub struct UpdateAccount {
    pub id: AccountId,
    pub name: Option<String>,
    pub settings: Option<Value>,
    pub credentials: Option<Credentials>,
    pub enabled: Option<bool>,
    pub timezone: Option<String>,
    pub concurrency: Option<i32>,
    pub lane: LaneChanges,
    pub on_unknown: Option<OnUnknown>,
    pub on_similar: Option<OnSimilar>,
}

impl UpdateAccount {
    pub fn new(id: AccountId) -> Self {
        UpdateAccount {
            id,
            name: None,
            settings: None,
            credentials: None,
            enabled: None,
            timezone: None,
            concurrency: None,
            lane: LaneChanges::default(),
            on_unknown: None,
            on_similar: None,
        }
    }
}

impl Operation for UpdateAccount {
    type Output = AccountRow;
    const ACCESS: Access = Access::Write;

    fn run(
        self,
        conn: &mut DbConnection,
        cx: &Context,
        now: Timestamp,
    ) -> Result<AccountRow, OperationError> {
        let mut row = locked(conn, self.id)?;
        let platform = platform(cx, &row.platform)?;
        let machine_may_be_wrong = self.settings.is_some() || self.credentials.is_some();
        if let Some(settings) = &self.settings {
            row.settings = settings.to_string();
        }
        let of_name = self.name.as_deref().and_then(unprintable);
        let day_before = row.daily_cap.is_some().then(|| row.timezone.clone());
        row.name = self.name.unwrap_or(row.name);
        row.enabled = self.enabled.unwrap_or(row.enabled);
        row.timezone = self.timezone.unwrap_or(row.timezone);
        row.concurrency = self.concurrency.unwrap_or(row.concurrency);
        row.on_unknown = self.on_unknown.unwrap_or(row.on_unknown);
        row.on_similar = self.on_similar.unwrap_or(row.on_similar);
        let (late_after_before, missed_slot_before) = (row.late_after_seconds, row.missed_slot);
        let mut wrong = check(&row.name, &row.timezone, row.concurrency);
        wrong.extend(of_name);
        if let Some(lane) = told(row.lane_settings().with(&self.lane), &mut wrong) {
            row.set_lane_settings(&lane);
        }
        // The rest needs no key: an account whose credentials cannot be opened can still be renamed or disabled.
        if machine_may_be_wrong {
            let settings: Value = serde_json::from_str(&row.settings).unwrap_or_default();
            let credentials = match (&self.credentials, &row.credentials) {
                (Some(given), _) => given.clone(),
                (None, Some(sealed)) => credentials::open(cx, row.id, sealed)?,
                (None, None) => Credentials::default(),
            };
            wrong.extend(check_platform(&platform, &settings, &credentials)?);
        }
        refuse(wrong)?;
        if accounts::by_name(conn, &row.name)?.is_some_and(|other| other.id != row.id) {
            return Err(OperationError::NameTaken { thing: Thing::Account, name: row.name });
        }
        accounts::update(conn, &row, now)?;
        if row.daily_cap.is_some() && day_before.as_ref() != Some(&row.timezone) {
            lanes::count_today(conn, row.id, now)?;
        }
        if row.late_after_seconds != late_after_before {
            lateness::recompute_late(conn, row.id)?;
        }
        if row.missed_slot != missed_slot_before {
            entries::watch_all(conn, row.id)?;
        }
        if let Some(credentials) = &self.credentials {
            credentials::seal(conn, cx, row.id, credentials)?;
        }
        if machine_may_be_wrong && row.suspended_by_machine {
            accounts::set_suspension(conn, row.id, None, None, now)?;
        }
        get(conn, self.id)
    }
}

/// Shuts a lane until a person resumes it, or until an instant.
#[derive(Debug, Clone)]
pub struct SuspendAccount {
    pub id: AccountId,
    pub reason: String,
    pub until: Option<Timestamp>,
}

impl Operation for SuspendAccount {
    type Output = AccountRow;
    const ACCESS: Access = Access::Write;

    fn run(self, conn: &mut DbConnection, _: &Context, now: Timestamp) -> Result<AccountRow, OperationError> {
        if self.reason.trim().is_empty() || self.reason.contains('\0') {
            return Err(OperationError::invalid("reason", AccountFault::NoReason));
        }
        if let Some(until) = self.until.filter(|until| *until <= now) {
            return Err(OperationError::invalid("until", AccountFault::UntilPast { until }));
        }
        if !accounts::set_suspension(conn, self.id, Some(&self.reason), self.until, now)? {
            return Err(OperationError::not_found(Thing::Account, self.id));
        }
        get(conn, self.id)
    }
}

/// Opens a suspended lane.
#[derive(Debug, Clone, Copy)]
pub struct ResumeAccount(pub AccountId);

impl Operation for ResumeAccount {
    type Output = AccountRow;
    const ACCESS: Access = Access::Write;

    fn run(self, conn: &mut DbConnection, _: &Context, now: Timestamp) -> Result<AccountRow, OperationError> {
        if !accounts::set_suspension(conn, self.0, None, None, now)? {
            return Err(OperationError::not_found(Thing::Account, self.0));
        }
        get(conn, self.0)
    }
}

/// Removes an account on which nothing is open. Its closed entries go with it; their log stays.
#[derive(Debug, Clone, Copy)]
pub struct DeleteAccount(pub AccountId);

impl Operation for DeleteAccount {
    type Output = ();
    const ACCESS: Access = Access::Write;

    fn run(self, conn: &mut DbConnection, _: &Context, now: Timestamp) -> Result<(), OperationError> {
        get(conn, self.0)?;
        let entries = entries::open_of_account(conn, self.0, 10)?;
        if !entries.is_empty() {
            return Err(OperationError::InUse { thing: Thing::Account, id: self.0.0, entries });
        }
        let naming = tasks::naming_account(conn, self.0)?;
        if !naming.is_empty() {
            return Err(OperationError::WrongState {
                thing: Thing::Account,
                id: self.0.0,
                state: State::NamedBy(naming),
                wanted: Needed::TakenFromTasks,
            });
        }
        entries::delete_of_account(conn, self.0)?;
        crate::db::contents::forget_account(conn, self.0, now)?;
        accounts::delete(conn, self.0)?;
        Ok(())
    }
}
