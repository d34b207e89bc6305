//! A node on a thread of its own, whose inside a test can reach: what broke, what is on the wire.

use super::in_process::{Answered, ask};
use actix_web::test::TestRequest;
use contenthub::actors::crew::Crew;
use contenthub::actors::db::DbHandle;
use contenthub::actors::shutdown::Ending;
use contenthub::db::connection::DbConnection;
use contenthub::operations::cycle::ClaimScope;
use contenthub::operations::{Access, Context, Operation, OperationError};
use contenthub::views::{NodeStatusView, RestartsView};
use contenthub::{App, Timestamp};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tokio::sync::oneshot;

/// The name of its thread; those of its publishers begin with `actix-rt`.
pub const THREAD: &str = "node under test";
pub const PUBLISHERS: &str = "actix-rt";

/// Stopped when it is dropped, and then without any grace.
pub struct TestNode {
    pub crew: Arc<Crew>,
    pub db: DbHandle,
    stop: Option<oneshot::Sender<Duration>>,
    thread: Option<JoinHandle<bool>>,
}

impl TestNode {
    pub fn start(app: &Arc<App>) -> Self {
        TestNode::of(app, ClaimScope::Everything)
    }

    /// A server's node, or that of a command, which fires no task.
    pub fn of(app: &Arc<App>, scope: ClaimScope) -> Self {
        let (stop, stopped) = oneshot::channel();
        let (told, started) = mpsc::channel();
        let app = Arc::clone(app);
        let work = async move {
            let node = app.start_node(scope).await.expect("a node");
            told.send((Arc::clone(&node.crew), node.db.clone())).expect("somebody waits");
            node.stop(stopped.await.unwrap_or_default()).await == Ending::Whole
        };
        let thread = thread::Builder::new()
            .name(THREAD.to_owned())
            .spawn(move || actix_rt::System::new().block_on(work))
            .expect("a thread");
        let (crew, db) = started.recv().expect("the node starts");
        TestNode { crew, db, stop: Some(stop), thread: Some(thread) }
    }

    pub fn status(&self) -> NodeStatusView {
        self.crew.status()
    }

    pub fn restarts(&self) -> RestartsView {
        self.status().restarts
    }

    /// Sends an operation to the node's own database threads.
    pub fn perform<O: Operation>(&self, operation: O) -> Result<O::Output, OperationError> {
        actix_rt::System::new().block_on(self.db.perform(operation))
    }

    /// Does it while the engine's thread is busy with something else.
    pub fn while_busy<T>(&self, does: impl FnOnce() -> T) -> T {
        thread::scope(|scope| {
            let ((go_on, waits), (begins, has_begun)) = (mpsc::channel(), mpsc::channel());
            scope.spawn(move || self.perform(Busy(begins, waits)).expect("told"));
            has_begun.recv().expect("it has the thread");
            let done = does();
            go_on.send(()).expect("it waits");
            done
        })
    }

    /// `GET` of a server that runs it.
    pub fn get(&self, app: &App, path: &str, token: &str) -> Answered {
        let peer = "127.0.0.1:40000".parse().expect("an address");
        let bearer = ("authorization", format!("Bearer {token}"));
        let request = TestRequest::get().uri(path).peer_addr(peer).insert_header(bearer);
        ask(app, &self.crew, &self.db, request)
    }

    /// Asks it to stop; its answer comes from `end`.
    pub fn ask_to_stop(&mut self, grace: Duration) {
        let stop = self.stop.take().expect("it was not asked before");
        stop.send(grace).expect("the node lives");
    }

    /// True where nothing was left on the wire.
    pub fn end(mut self) -> bool {
        self.thread.take().expect("it was not ended before").join().expect("the node's thread ends well")
    }
}

/// Keeps the engine's thread busy from when it says so until it is told to go on, or nobody can tell it any more.
struct Busy(mpsc::Sender<()>, mpsc::Receiver<()>);

impl Operation for Busy {
    type Output = ();
    const ACCESS: Access = Access::Engine;

    fn run(self, _: &mut DbConnection, _: &Context, _: Timestamp) -> Result<(), OperationError> {
        let _ = self.0.send(());
        let _ = self.1.recv();
        Ok(())
    }
}

impl Drop for TestNode {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || thread::panicking(), "the node's thread panicked");
        }
    }
}
