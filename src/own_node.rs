//! A node of its own for a command: it works until what the command waits for has come, and ends in order.

use crate::app::App;
use crate::node::Node;
use crate::operations::OperationError;
use crate::operations::broken::Broken;
use crate::operations::cycle::ClaimScope;
use crate::signals::{StopSignal, StopSignals};
use std::future::pending;
use std::time::Duration;

/// How often something is looked at that is waited for: often at first, then less.
pub(crate) const FIRST_LOOK: Duration = Duration::from_millis(2);
pub(crate) const LATER_LOOKS: Duration = Duration::from_millis(100);

/// Whether SIGTERM and Ctrl-C end the work in order. A library leaves signals to the program that it is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heed {
    Nothing,
    Signals,
}

/// What became of the wait.
pub(crate) enum Worked<T> {
    /// What was waited for.
    Came(T),
    /// A signal ended the node in order: nothing of it is on the wire.
    Stopped(StopSignal),
    /// A second signal: as after a crash, the next node finds out what was on the wire.
    EndedAtOnce(StopSignal),
}

/// Runs a node of this scope for as long as `wait` takes. On a thread of its own, because the caller's may have a runtime
/// already.
pub(crate) fn work<T: Send>(
    app: &App,
    scope: ClaimScope,
    heed: Heed,
    wait: impl AsyncFnOnce(&Node) -> Result<T, OperationError> + Send,
) -> Result<Worked<T>, OperationError> {
    let run = || {
        let system = actix_rt::System::new();
        let worked = system.block_on(work_on(app, scope, heed, wait));
        if matches!(worked, Ok(Worked::EndedAtOnce(_))) {
            // Nobody waits for what still runs on its threads.
            std::mem::forget(system);
        }
        worked
    };
    std::thread::scope(|threads| threads.spawn(run).join())
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

async fn work_on<T>(
    app: &App,
    scope: ClaimScope,
    heed: Heed,
    wait: impl AsyncFnOnce(&Node) -> Result<T, OperationError>,
) -> Result<Worked<T>, OperationError> {
    let mut signals = match heed {
        Heed::Nothing => None,
        Heed::Signals => Some(StopSignals::listen().map_err(Broken::Signals)?),
    };
    let node = app.start_node(scope).await?;
    let (came, first_signal) = tokio::select! {
        came = wait(&node) => (Some(came), None),
        signal = next(&mut signals) => (None, Some(signal)),
    };
    if let Some(signal) = first_signal {
        node.crew.in_flight.close();
        let grace = app.grace().as_secs();
        log::warn!("{signal}: nothing new is sent; what is on the wire has {grace} s. Again to end at once");
    }
    // Also where it could not be waited for: what it has on the wire has not gone away.
    let mut stopping = Box::pin(node.stop(app.grace()));
    tokio::select! {
        _ = &mut stopping => {}
        signal = next(&mut signals) => {
            if first_signal.is_some() {
                // To the very end of the process this node is alive: its lock goes when the kernel takes it.
                std::mem::forget(stopping);
                return Ok(Worked::EndedAtOnce(signal));
            }
            stopping.await;
        }
    }
    match (came, first_signal) {
        (Some(came), _) => came.map(Worked::Came),
        (None, Some(signal)) => Ok(Worked::Stopped(signal)),
        (None, None) => Err(Broken::EndlessWait.into()),
    }
}

async fn next(signals: &mut Option<StopSignals>) -> StopSignal {
    match signals {
        Some(signals) => signals.next().await,
        None => pending().await,
    }
}
