//! Entries that a person wants out now, published by a node of its own in this process.

use crate::actors::tries;
use crate::app::App;
use crate::db::entries::EntryRow;
use crate::domain::ids::EntryId;
use crate::operations::OperationError;
use crate::operations::cycle::ClaimScope;
use crate::operations::publish_now::{GetEntries, PublishNow};
use crate::own_node::{self, Heed, Worked};
use crate::signals::StopSignal;

/// What became of them.
pub enum Outcome {
    /// Each was tried, or needs no try any more.
    Tried(Vec<EntryRow>),
    /// A signal ended the node in order: what was not tried is left to a server.
    Stopped(StopSignal),
    /// A second signal: as after a crash, the next node finds out what was on the wire.
    EndedAtOnce(StopSignal),
}

/// Publishes entries on a node of its own, and waits until each was tried. `told` hears how many were.
pub(crate) fn run(
    app: &App,
    ids: Vec<EntryId>,
    by: String,
    mut told: impl FnMut(usize, usize) + Send,
) -> Result<Outcome, OperationError> {
    let asked = app.change(PublishNow { ids, by })?;
    let worked = own_node::work(app, ClaimScope::Demands, Heed::Signals, async |node| {
        let count = asked.len();
        tries::wait(&node.db, &**app.clock(), &asked, None, |tried| {
            told(tried, count);
            node.wake();
        })
        .await
    })?;
    Ok(match worked {
        Worked::Came(rows) => Outcome::Tried(rows),
        Worked::Stopped(signal) => {
            let rows = app.run(GetEntries(asked.iter().map(|row| row.id).collect()))?;
            if tries::count(&asked, &rows) == rows.len() {
                Outcome::Tried(rows)
            } else {
                Outcome::Stopped(signal)
            }
        }
        Worked::EndedAtOnce(signal) => Outcome::EndedAtOnce(signal),
    })
}
