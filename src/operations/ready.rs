//! Accounts made ready for attempts: settings parsed, credentials opened, platform found. Kept between cycles, because
//! an account seldom changes and is used with every claim.

use super::unready::Unready;
use super::{Context, OperationError, credentials};
use crate::db::accounts::{self, AccountRow};
use crate::db::claim::Lane;
use crate::db::connection::DbConnection;
use crate::domain::account::OnUnknown;
use crate::domain::delivery_class::DeliveryClass;
use crate::domain::ids::AccountId;
use crate::domain::outcome::{OnUnknownEnd, Rules};
use crate::platforms::guarded::{self, Panicked};
use crate::platforms::platform::{Credentials, Destination, Platform, SETTLE_TIME_DEFAULT};
use parking_lot::Mutex;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// An account made ready for attempts.
#[derive(Clone)]
pub struct Ready {
    pub destination: Arc<Destination>,
    pub platform: Arc<dyn Platform>,
    pub rules: Rules,
    /// It is published in several steps, each of which is kept.
    pub in_steps: bool,
    /// One post may have several contents.
    pub takes_extras: bool,
    /// Of the account's row: another version is another account to us.
    pub version: i64,
}

/// Those that were used last. Holds no more than there are open lanes.
#[derive(Default)]
pub struct ReadyAccounts(Mutex<HashMap<AccountId, Ready>>);

impl std::fmt::Debug for ReadyAccounts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ReadyAccounts({})", self.0.lock().len())
    }
}

impl ReadyAccounts {
    /// Those of `wanted`, as they are at the versions of `lanes`. One that cannot be made ready is an error that names
    /// it.
    pub(super) fn of(
        &self,
        wanted: &HashSet<AccountId>,
        lanes: &[Lane],
        conn: &mut DbConnection,
        cx: &Context,
    ) -> Result<HashMap<AccountId, Ready>, OperationError> {
        let mut kept = self.0.lock();
        let lanes = lanes.iter().filter(|lane| wanted.contains(&lane.account));
        let is_known =
            |lane: &&Lane| kept.get(&lane.account).is_some_and(|ready| ready.version == lane.version);
        let stale: Vec<AccountId> = lanes.filter(|lane| !is_known(lane)).map(|lane| lane.account).collect();
        if !stale.is_empty() {
            for row in accounts::by_ids(conn, &stale)? {
                kept.insert(row.id, make_ready(row, cx)?);
            }
        }
        Ok(wanted.iter().filter_map(|id| Some((*id, kept.get(id)?.clone()))).collect())
    }

    /// Lets go of all but the lanes that are open: a suspended or deleted account's secrets do not stay in memory.
    pub(super) fn keep_only(&self, lanes: &[Lane]) {
        let mut kept = self.0.lock();
        if kept.len() > lanes.len() {
            let open: HashSet<AccountId> = lanes.iter().map(|lane| lane.account).collect();
            kept.retain(|id, _| open.contains(id));
        }
    }
}

/// Accounts as they are now, whether or not their lanes have something due.
pub(super) fn read_anew(
    wanted: &HashSet<AccountId>,
    conn: &mut DbConnection,
    cx: &Context,
) -> Result<HashMap<AccountId, Ready>, OperationError> {
    let ids: Vec<AccountId> = wanted.iter().copied().collect();
    accounts::by_ids(conn, &ids)?.into_iter().map(|row| Ok((row.id, make_ready(row, cx)?))).collect()
}

fn make_ready(row: AccountRow, cx: &Context) -> Result<Ready, OperationError> {
    let unready = |reason: Unready| OperationError::LaneUnready { account: row.id, reason };
    let platform = cx
        .registry
        .get(&row.platform)
        .cloned()
        .ok_or_else(|| unready(Unready::NoPlatform(row.platform.clone())))?;
    let settings = serde_json::from_str(&row.settings).map_err(|error| unready(Unready::Settings(error)))?;
    let credentials = match &row.credentials {
        Some(sealed) => credentials::open(cx, row.id, sealed)?,
        None => Credentials::default(),
    };
    Ok(Ready {
        rules: rules(&*platform, &settings, row.on_unknown, cx)
            .map_err(|panicked| unready(panicked.into()))?,
        in_steps: guarded::has_steps(&*platform).map_err(|panicked| unready(panicked.into()))?,
        takes_extras: guarded::articles_max(&*platform).map_err(|panicked| unready(panicked.into()))? > 1,
        version: row.version,
        destination: Arc::new(Destination {
            account_id: row.id,
            account_name: row.name,
            settings,
            credentials,
        }),
        platform,
    })
}

/// By what an account's outcomes are judged.
fn rules(
    platform: &dyn Platform,
    settings: &serde_json::Value,
    wish: OnUnknown,
    cx: &Context,
) -> Result<Rules, Panicked> {
    let on_unknown = match wish {
        OnUnknown::Ask => OnUnknownEnd::AskAPerson,
        OnUnknown::Retry => OnUnknownEnd::TryAgain,
    };
    Ok(Rules {
        class: guarded::delivery_class(platform, settings)?,
        on_unknown,
        settle_time: guarded::settle_time(platform, settings)?,
        submitted_max: cx.submitted_max,
        platform_pause: cx.platform_pause,
    })
}

/// The same where an attempt has been made already. Of a platform that cannot say, or that this program does not know,
/// only a person can tell.
pub(super) fn rules_of(
    platform: Option<&Arc<dyn Platform>>,
    settings: &serde_json::Value,
    wish: OnUnknown,
    cx: &Context,
) -> Rules {
    let told = platform.and_then(|platform| rules(&**platform, settings, wish, cx).ok());
    told.unwrap_or(Rules {
        class: DeliveryClass::Blind,
        on_unknown: OnUnknownEnd::AskAPerson,
        settle_time: SETTLE_TIME_DEFAULT,
        submitted_max: cx.submitted_max,
        platform_pause: cx.platform_pause,
    })
}
