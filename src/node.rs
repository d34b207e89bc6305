//! One node: its actors, in the order in which they start and stop.

use crate::actors::crew::{Crew, Plan};
use crate::actors::db::DbHandle;
use crate::actors::executor::{ExecutorSettings, Tick};
use crate::actors::job_runner::LookForJobs;
use crate::actors::jobs::Jobs;
use crate::actors::presence::Presence;
use crate::actors::shutdown::{self, Ending};
use crate::actors::timekeeper::Timekeeper;
use crate::actors::watchdog::Watchdog;
use crate::db::connection::{DbError, Patience};
use crate::db::database_url::DatabaseUrl;
use crate::db::kept::pool;
use crate::db::node_locks::NodeLocks;
use crate::db::unusable::Unusable;
use crate::domain::clock::Clock;
use crate::domain::ids::NodeId;
use crate::metrics::Metrics;
use crate::operations::Context;
use crate::operations::cycle::ClaimScope;
use crate::operations::run_leases::TakeOverRuns;
use crate::operations::task_type::Places;
use crate::platforms;
use crate::secrets;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// What a node needs to be told.
#[derive(Debug, Clone)]
pub struct NodeSettings {
    pub data_dir: PathBuf,
    pub database: DatabaseUrl,
    /// Attempts on the wire at once.
    pub slots: usize,
    pub lease: Duration,
    pub scope: ClaimScope,
}

/// A running node. Dropping it without [`Node::stop`] is like killing it.
pub struct Node {
    pub db: DbHandle,
    pub crew: Arc<Crew>,
    presence: Presence,
    _watchdog: Watchdog,
    _locks: Option<Arc<NodeLocks>>,
}

impl Node {
    /// Starts the actors on the current actix system. The database is migrated before.
    pub async fn start(
        settings: NodeSettings,
        cx: Arc<Context>,
        clock: Arc<dyn Clock>,
    ) -> Result<Node, DbError> {
        platforms::install_crypto_provider();
        let id = NodeId(format!("n{}", secrets::random_hex(8)));
        let locks = match &settings.database {
            DatabaseUrl::Sqlite(path) => Some(Arc::new(NodeLocks::take(path, &id)?)),
            DatabaseUrl::Postgres(_) => None,
        };
        let one_writer = locks.is_some();
        let (patience, fires) = match settings.scope {
            ClaimScope::Everything => (Patience::Server, true),
            // A command fires no task.
            ClaimScope::Task(_) | ClaimScope::Demands => (Patience::Command, false),
        };
        let pool = pool(&settings.database, DbHandle::CONNECTIONS, patience);
        let (jitter, media) = (cx.jitter.clone(), cx.media.clone());
        let places = Places { data_dir: settings.data_dir.clone(), database: settings.database.clone() };
        let jobs = Jobs::new(cx.clone(), places, clock.clone());
        let db = DbHandle::start(pool, cx, clock.clone(), one_writer);
        let time = Arc::new(match &locks {
            Some(_) => Timekeeper::alone(clock.clone()),
            None => Timekeeper::beside_a_database(clock.clone()),
        });
        // Before anybody works by it, and before anybody works on them.
        time.begin(&db).await;
        take_over_runs(&db, &settings).await;
        let executor = ExecutorSettings {
            node: id,
            slots: settings.slots,
            lease: settings.lease,
            scope: settings.scope,
        };
        let (database, locks_of_node) = (settings.database, locks.clone());
        let metrics = Arc::<Metrics>::default();
        let plan = Plan {
            executor,
            database,
            clock,
            time,
            metrics,
            jitter,
            db: db.clone(),
            media,
            locks,
            fires,
            jobs,
        };
        let crew = Crew::start(plan)
            .map_err(|error| DbError::Unusable(Unusable::NoPublisherThread(error.to_string())))?;
        let watchdog = Watchdog::start(crew.clone());
        let presence = Presence::start(crew.clone(), db.clone(), locks_of_node.clone());
        Ok(Node { db, crew, presence, _watchdog: watchdog, _locks: locks_of_node })
    }

    /// Has the executor look for work now.
    pub fn wake(&self) {
        // A full mailbox holds such messages already.
        let _ = self.crew.executor().try_send(Tick);
        let _ = self.crew.runner().try_send(LookForJobs);
    }

    /// Sends nothing new, waits at most `grace` for what is on the wire, and ends. What has no answer then is written as
    /// unproven, or as uncertain where only a person can tell.
    pub async fn stop(self, grace: Duration) -> Ending {
        self.crew.in_flight.close();
        self.presence.changed();
        self.crew.jobs().close();
        let end = Instant::now() + grace;
        let drained = shutdown::drain(&self.crew, grace).await;
        if !self.crew.jobs().all_ended(end).await {
            log::warn!("jobs that do not stop are left behind: {:?}", self.crew.jobs().ids());
        }
        self.presence.end().await;
        self.crew.dismiss();
        drained
    }
}

async fn take_over_runs(db: &DbHandle, settings: &NodeSettings) {
    match db.perform(TakeOverRuns { scope: settings.scope, lease: settings.lease }).await {
        Ok(interrupted) => {
            for (execution, report) in interrupted {
                log::warn!("nobody works on execution {execution} any more: {}", report.message);
            }
        }
        // A busy database is no reason not to start.
        Err(error) => log::warn!("runs that were left could not be looked for, and go on: {error}"),
    }
}
