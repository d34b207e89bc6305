//! One node: its actors, in the order in which they start and stop.

use crate::actors::db::DbHandle;
use crate::actors::executor::{ExecutorSettings, PublishingExecutorActor, Tick, Wire};
use crate::actors::in_flight::InFlight;
use crate::actors::publisher::PublisherActor;
use crate::actors::scheduler::SchedulerActor;
use crate::actors::shutdown;
use crate::db::connection::{DbError, Patience, pool};
use crate::db::database_url::DatabaseUrl;
use crate::db::node_locks::NodeLocks;
use crate::domain::clock::Clock;
use crate::domain::ids::NodeId;
use crate::operations::Context;
use crate::operations::cycle::ClaimScope;
use crate::platforms;
use crate::secrets;
use actix::prelude::*;
use std::sync::Arc;
use std::time::Duration;

/// PublisherActors of a node. They share threads: HTTP is not the bottleneck (see docs/decisions).
const PUBLISHERS: usize = 4;

/// What a node needs to be told.
#[derive(Debug, Clone)]
pub struct NodeSettings {
    pub database: DatabaseUrl,
    /// Attempts on the wire at once.
    pub slots: usize,
    pub lease: Duration,
    pub scope: ClaimScope,
}

/// A running node. Dropping it without [`Node::stop`] is like killing it.
pub struct Node {
    pub db: DbHandle,
    executor: Addr<PublishingExecutorActor>,
    arbiters: Vec<Arbiter>,
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
        let patience = match settings.scope {
            ClaimScope::Everything => Patience::Server,
            ClaimScope::Task(_) => Patience::Command,
        };
        let pool = pool(&settings.database, DbHandle::CONNECTIONS, patience);
        let db = DbHandle::start(pool, cx, clock.clone(), one_writer);
        let executor = PublishingExecutorActor::new(
            ExecutorSettings {
                node: id,
                slots: settings.slots,
                lease: settings.lease,
                scope: settings.scope,
            },
            clock.clone(),
            db.clone(),
            InFlight::new(clock.clone()),
            locks.clone(),
        );
        let executor = Supervisor::start(move |_| executor);
        let (arbiters, publishers) = start_publishers(&clock);
        let scheduler = match settings.scope {
            ClaimScope::Everything => {
                let tick = executor.clone().recipient::<Tick>();
                let actor = SchedulerActor::new(clock, db.clone(), tick, settings.database);
                let scheduler = Supervisor::start(move |_| actor).recipient();
                db.tell_changes_to(scheduler.clone());
                Some(scheduler)
            }
            // A command fires no task.
            ClaimScope::Task(_) => None,
        };
        let wired = executor.send(Wire { publishers, scheduler }).await;
        wired.map_err(|error| DbError::Unusable(format!("the executor did not start: {error}")))?;
        Ok(Node { db, executor, arbiters, _locks: locks })
    }

    /// Has the executor look for work now.
    pub fn wake(&self) {
        // A full mailbox holds such a message already.
        let _ = self.executor.try_send(Tick);
    }

    /// Claims no more, waits at most `grace` for what is on the wire, and ends. False where something was left.
    pub async fn stop(self, grace: Duration) -> bool {
        let drained = shutdown::drain(&self.executor, grace).await;
        for arbiter in &self.arbiters {
            arbiter.stop();
        }
        drained
    }
}

fn start_publishers(
    clock: &Arc<dyn Clock>,
) -> (Vec<Arbiter>, Vec<Recipient<crate::actors::publisher::Publish>>) {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let arbiters: Vec<Arbiter> = (0..(cores / 2).clamp(1, PUBLISHERS)).map(|_| Arbiter::new()).collect();
    let publishers = (0..PUBLISHERS)
        .map(|number| {
            let clock = clock.clone();
            let arbiter = arbiters[number % arbiters.len()].handle();
            Supervisor::start_in_arbiter(&arbiter, move |_| PublisherActor { clock }).recipient()
        })
        .collect();
    (arbiters, publishers)
}
