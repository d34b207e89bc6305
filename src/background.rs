//! A node on a thread of its own: publishing goes on while the program that embeds it does something else.

use crate::actors::shutdown::Ending;
use crate::db::connection::DbError;
use crate::db::unusable::Unusable;
use crate::domain::clock::Clock;
use crate::node::{Node, NodeSettings};
use crate::operations::Context;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

/// A node at work; made by [`App::start`](crate::App::start). Dropping it stops it as [`BackgroundNode::stop`] does.
#[derive(Debug)]
#[must_use = "a node stops when it is dropped"]
pub struct BackgroundNode {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<Drained>>,
}

/// What was left when a node stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drained {
    /// Nothing: the outcome of each attempt is written.
    Whole,
    /// Attempts were on the wire when the grace was over. Their leases run out, and another node takes them back.
    LeftSome,
}

impl BackgroundNode {
    /// Gives back a node that has started.
    pub(crate) fn start(
        settings: NodeSettings,
        cx: Arc<Context>,
        clock: Arc<dyn Clock>,
        grace: Duration,
    ) -> Result<Self, DbError> {
        let (stop, stopped) = oneshot::channel();
        let (told, started) = mpsc::channel();
        let work = async move {
            let node = match Node::start(settings, cx, clock).await {
                Ok(node) => node,
                Err(error) => {
                    // Whoever started this waits for the answer, so it is heard.
                    let _ = told.send(Err(error));
                    return Drained::Whole;
                }
            };
            let _ = told.send(Ok(()));
            // An error says that the handle is gone, which means the same.
            let _ = stopped.await;
            if node.stop(grace).await == Ending::Whole { Drained::Whole } else { Drained::LeftSome }
        };
        let thread = std::thread::Builder::new()
            .name("contenthub-node".to_owned())
            .spawn(move || actix_rt::System::new().block_on(work))
            .map_err(|error| DbError::Unusable(Unusable::NoNodeThread(error.to_string())))?;
        match started.recv() {
            Ok(Ok(())) => Ok(BackgroundNode { stop: Some(stop), thread: Some(thread) }),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(DbError::Unusable(Unusable::NodeThreadEnded)),
        }
    }

    /// Claims no more, waits for what is on the wire (20 s at most, unless the settings say otherwise), and ends.
    pub fn stop(mut self) -> Drained {
        self.end()
    }

    fn end(&mut self) -> Drained {
        // Nobody listens where the thread has ended by itself.
        let _ = self.stop.take().map(|stop| stop.send(()));
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(drained)) => drained,
            None => Drained::Whole,
            Some(Err(_)) => {
                log::error!(
                    "the node's thread panicked; what it had on the wire is taken back by another node"
                );
                Drained::LeftSome
            }
        }
    }
}

impl Drop for BackgroundNode {
    fn drop(&mut self) {
        self.end();
    }
}
