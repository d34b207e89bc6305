//! A restore from its beginning to its end: nobody else at the database, a copy that fits, the guard, and only then the
//! copy in its place.

use crate::app::{OpenError, make_data_dir};
use crate::config::Settings;
use crate::db::connection::{DbConnection, DbError, connect};
use crate::db::database_url::DatabaseUrl;
use crate::db::migrations::migrate;
use crate::db::restore::{RestoreError, Staged, keep_servers_out, stage};
use crate::db::{leases, meta, nodes};
use crate::domain::actor::{Actor, Place};
use crate::domain::clock::{Clock, Timestamp};
use crate::operations::acting::As;
use crate::operations::restored::{GuardRestored, Guarded, TakeBackAll};
use crate::operations::{Context, OperationError, perform};
use crate::os_user;
use crate::platforms::registry::Registry;
use crate::secrets::Keyring;
use crate::tasks;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Why a restore was not done. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Restore(#[from] RestoreError),
    #[error(transparent)]
    Operation(#[from] OperationError),
    #[error(
        "its credentials were sealed with a key that is not here: put the secret.key of that installation into {}, or \
         set CONTENTHUB_SECRET_KEY",
        .0.display()
    )]
    NoKey(PathBuf),
    #[error(
        "its credentials were sealed with another key (fingerprint {theirs}) than that of this installation ({ours}): use \
         the secret.key of the installation that the copy is of; or, if the key was changed since with `key rotate`, add the \
         key that is in secret.key.{theirs} as a second line to secret.key"
    )]
    OtherKey { theirs: String, ours: String },
    #[error("a copy of a PostgreSQL database is put back by PostgreSQL's own pg_restore")]
    ByPgRestore,
    #[error("node {id} (pid {pid} on {host}) was seen {seconds} s ago")]
    NodeAlive { id: String, pid: i64, host: String, seconds: u64 },
}

impl From<DbError> for Refused {
    fn from(error: DbError) -> Self {
        Refused::Operation(error.into())
    }
}

/// What a restore did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// Where the database that was there is kept; none where there was none.
    pub kept: Option<PathBuf>,
    /// Schema versions that were run on the copy.
    pub migrated: Vec<String>,
    pub guarded: Guarded,
}

/// Puts a copy in the place of the SQLite database. `by`: who does it, for the log.
pub fn from_file(
    settings: &Settings,
    registry: Registry,
    clock: &dyn Clock,
    copy: &Path,
    by: String,
) -> Result<Restored, Refused> {
    let DatabaseUrl::Sqlite(named) = &settings.database else { return Err(Refused::ByPgRestore) };
    make_data_dir(settings)?;
    // A link stays, and what it leads to is replaced.
    let database = fs::canonicalize(named).unwrap_or_else(|_| named.clone());
    let _no_server = keep_servers_out(&database)?;
    let mut staged = stage(copy, &database)?;
    let now = clock.now();
    match guard(settings, registry, &mut staged.conn, by, now) {
        Ok(guarded) => put_in_place(staged, guarded, now),
        Err(refused) => {
            staged.give_up();
            Err(refused)
        }
    }
}

fn put_in_place(staged: Staged, guarded: Guarded, now: Timestamp) -> Result<Restored, Refused> {
    let migrated = staged.migrated.clone();
    let kept = staged.take_place(now)?;
    Ok(Restored { kept, migrated, guarded })
}

/// The guard alone, on a database that somebody has put back by other means, before the first server starts on it.
pub fn after_other_means(
    settings: &Settings,
    registry: Registry,
    clock: &dyn Clock,
    by: String,
) -> Result<Restored, Refused> {
    let _no_server = match &settings.database {
        DatabaseUrl::Sqlite(path) => keep_servers_out(path)?,
        DatabaseUrl::Postgres(_) => None,
    };
    let mut conn = connect(&settings.database)?;
    let now = clock.now();
    if let DatabaseUrl::Postgres(_) = settings.database {
        nobody_alive(&mut conn, now)?;
    }
    let migrated = migrate(&settings.database)?.run;
    let guarded = guard(settings, registry, &mut conn, by, now)?;
    Ok(Restored { kept: None, migrated, guarded })
}

/// Refused while a node has been seen within its own lease, by the database's clock: it may send at any moment.
fn nobody_alive(conn: &mut DbConnection, now: Timestamp) -> Result<(), Refused> {
    if crate::db::migrations::schema_state(conn)?.missing.iter().any(|it| it.as_str() <= NODES_SINCE) {
        // A schema from before nodes were noted: none of ours can be running on it.
        return Ok(());
    }
    let at = leases::lease_clock(conn, now)?;
    for node in nodes::list(conn)? {
        let lease = Duration::from_secs(u64::try_from(node.lease_seconds).unwrap_or(0));
        let seen = at.since(node.seen_at);
        if seen <= lease {
            let (id, pid, host) = (node.id.to_string(), node.pid, node.host);
            return Err(Refused::NodeAlive { id, pid, host, seconds: seen.as_secs() });
        }
    }
    Ok(())
}

/// The schema version that has the table of nodes.
const NODES_SINCE: &str = "20261124180000";

fn guard(
    settings: &Settings,
    registry: Registry,
    conn: &mut DbConnection,
    by: String,
    now: Timestamp,
) -> Result<Guarded, Refused> {
    let keys = keys_of(settings, conn)?;
    let cx = Context::new(registry, keys, tasks::builtin(), settings.review_required, settings.timezone);
    perform(TakeBackAll, conn, &cx, now)?;
    let actor = Actor::here(os_user::name(), Place::CommandLine);
    Ok(perform(As { actor, change: GuardRestored { by } }, conn, &cx, now)?)
}

/// The keys of this installation, among which must be the one that the database's credentials were sealed with.
fn keys_of(settings: &Settings, conn: &mut DbConnection) -> Result<Keyring, Refused> {
    let theirs = meta::get(conn, meta::SECRET_KEY_FINGERPRINT)?;
    let file = settings.data_dir.join("secret.key");
    let keys = match &settings.secret_key {
        Some(text) => Keyring::given(&text.0).map_err(OpenError::KeySetting)?,
        // A new one would be of no use.
        None if theirs.is_some() && !file.exists() => return Err(Refused::NoKey(settings.data_dir.clone())),
        None => Keyring::of_file(&file).map_err(OpenError::KeyFile)?,
    };
    match theirs {
        Some(theirs) if keys.get(&theirs).is_none() => {
            Err(Refused::OtherKey { theirs, ours: keys.first().fingerprint().to_owned() })
        }
        Some(_) | None => Ok(keys),
    }
}
