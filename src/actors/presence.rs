//! Has a node's row in the database say that it runs, and how it is.
//!
//! On PostgreSQL the row is renewed as often as leases are, for the other machines. On SQLite, where a lock tells whether a
//! node lives, it is written when it says something new, and else once in a lease: a database that takes no writes is found
//! out so before there is anything to publish.

use super::crew::Crew;
use super::db::DbHandle;
use crate::db::node_locks::NodeLocks;
use crate::db::nodes::NodeRow;
use crate::domain::ids::NodeId;
use crate::operations::nodes::{ForgetNodes, ListNodes, SHOWN_WHEN_DEAD, TellNode};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

/// How often it is looked whether there is something new.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A node that stops does not wait longer for a database that is away.
const LAST_WORD: Duration = Duration::from_secs(1);

/// At work until it is dropped.
pub struct Presence {
    telling: JoinHandle<()>,
    news: Arc<Notify>,
    db: DbHandle,
    node: NodeId,
}

impl Presence {
    /// On the current actix system.
    pub fn start(crew: Arc<Crew>, db: DbHandle, locks: Option<Arc<NodeLocks>>) -> Self {
        let (news, node) = (Arc::new(Notify::new()), crew.row().id);
        let telling = actix_rt::spawn(tell(crew, db.clone(), locks, news.clone()));
        Presence { telling, news, db, node }
    }

    /// There is something new to be told.
    pub fn changed(&self) {
        self.news.notify_one();
    }

    /// The node ends, in order.
    pub async fn end(self) {
        self.telling.abort();
        let forget = self.db.perform(ForgetNodes(vec![self.node.clone()]));
        if !matches!(timeout(LAST_WORD, forget).await, Ok(Ok(()))) {
            log::debug!("the row of node {} stays; it is known to have ended all the same", self.node);
        }
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.telling.abort();
    }
}

async fn tell(crew: Arc<Crew>, db: DbHandle, locks: Option<Arc<NodeLocks>>, news: Arc<Notify>) {
    if let Some(locks) = locks.clone() {
        forget_the_dead(&db, locks, &crew).await;
    }
    let every = if locks.is_some() { crew.lease() } else { crew.lease() / 3 };
    let mut told = None;
    loop {
        let row = crew.row();
        // Not by the node's clock: what is told is that the process runs.
        let is_new = |(said, at): &(NodeRow, Instant)| *said != row || at.elapsed() >= every;
        if told.as_ref().is_none_or(is_new) {
            let written = db.perform(TellNode(row.clone())).await;
            if let Err(error) = &written {
                log::debug!("the node's row could not be written: {error}");
            }
            told = written.is_ok().then(|| (row, Instant::now()));
            crew.has_written(written.map_err(|error| error.to_string()));
        }
        tokio::select! {
            () = sleep(LOOK_EVERY.min(every)) => {}
            () = news.notified() => {}
        }
    }
}

/// On SQLite nobody else does.
async fn forget_the_dead(db: &DbHandle, locks: Arc<NodeLocks>, crew: &Crew) {
    let Ok(rows) = db.perform(ListNodes).await else { return };
    let before = crew.row().started_at - SHOWN_WHEN_DEAD;
    let old: Vec<NodeId> = rows.into_iter().filter(|row| row.seen_at < before).map(|row| row.id).collect();
    if old.is_empty() {
        return;
    }
    let Ok(gone) = actix_rt::task::spawn_blocking(move || locks.gone(old)).await else { return };
    if let Err(error) = db.perform(ForgetNodes(gone)).await {
        log::debug!("rows of dead nodes could not be removed: {error}");
    }
}
