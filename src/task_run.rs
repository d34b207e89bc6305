//! A run of a task from its beginning to its end, published by a node of its own in this process.

use crate::app::App;
use crate::db::connection::Patience;
use crate::db::executions::ExecutionRow;
use crate::domain::execution::{ExecutionStatus, Trigger};
use crate::domain::ids::{ExecutionId, TaskId};
use crate::domain::report::Report;
use crate::node::Node;
use crate::operations::OperationError;
use crate::operations::cycle::ClaimScope;
use crate::operations::error::ErrorKind;
use crate::operations::execution::{GetExecution, GetProgress, RunProgress, TriggerTask};
use crate::signals::{StopSignal, StopSignals};
use std::future::pending;
use std::time::Duration;

/// How often something is looked at that is waited for: often at first, then less.
pub(crate) const FIRST_LOOK: Duration = Duration::from_millis(2);
pub(crate) const LATER_LOOKS: Duration = Duration::from_millis(100);
/// How often whoever listens is told how far a run is: counting costs something.
const BETWEEN_WORDS: Duration = Duration::from_millis(500);

/// Who is told how far a run is.
pub(crate) type Listener<'a> = &'a mut (dyn FnMut(RunProgress) + Send);

/// Whether SIGTERM and Ctrl-C end the run in order. A library leaves signals to the program that it is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heed {
    Nothing,
    Signals,
}

/// What became of a run.
pub enum Ran {
    Whole(Report),
    /// A signal ended the node in order: nothing of it is on the wire. The run is open still.
    Stopped {
        signal: StopSignal,
        execution: ExecutionId,
    },
    /// A second signal: as after a crash, the next node finds out what was on the wire.
    EndedAtOnce(StopSignal),
}

pub(crate) fn run(
    app: &App,
    task: TaskId,
    told: Option<Listener<'_>>,
    heed: Heed,
) -> Result<Ran, OperationError> {
    let execution = app.run(TriggerTask { task, by: Trigger::Cli })?;
    // On a thread of its own, because the caller's may have a runtime already.
    let run = || {
        let system = actix_rt::System::new();
        let ran = system.block_on(work_on(app, task, execution, told, heed));
        if matches!(ran, Ok(Ran::EndedAtOnce(_))) {
            // Nobody waits for what still runs on its threads.
            std::mem::forget(system);
        }
        ran
    };
    std::thread::scope(|threads| threads.spawn(run).join())
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

async fn work_on(
    app: &App,
    task: TaskId,
    execution: ExecutionId,
    mut told: Option<Listener<'_>>,
    heed: Heed,
) -> Result<Ran, OperationError> {
    let mut signals =
        match heed {
            Heed::Nothing => None,
            Heed::Signals => Some(StopSignals::listen().map_err(|error| {
                OperationError::Internal(format!("signals cannot be listened to: {error}"))
            })?),
        };
    let node = app.start_node(ClaimScope::Task(task)).await?;
    let (followed, first_signal) = tokio::select! {
        row = follow(app, &node, execution, &mut told) => (row.map(Some), None),
        signal = next(&mut signals) => (Ok(None), Some(signal)),
    };
    // Also where it could not be followed: what it has on the wire has not gone away.
    let mut stopping = Box::pin(node.stop(app.grace()));
    tokio::select! {
        _ = &mut stopping => {}
        signal = next(&mut signals) => {
            if first_signal.is_some() {
                // To the very end of the process this node is alive: its lock goes when the kernel takes it.
                std::mem::forget(stopping);
                return Ok(Ran::EndedAtOnce(signal));
            }
            stopping.await;
        }
    }
    let row = match followed? {
        Some(row) => row,
        None => app.run(GetExecution(execution))?,
    };
    match first_signal {
        Some(signal) if !has_ended(&row) => return Ok(Ran::Stopped { signal, execution }),
        Some(_) | None => {}
    }
    if let Some(told) = &mut told {
        told(app.run(GetProgress(execution))?);
    }
    report_of(&row).map(Ran::Whole)
}

/// Waits for the end of a run, and tells how far it is.
async fn follow(
    app: &App,
    node: &Node,
    execution: ExecutionId,
    told: &mut Option<Listener<'_>>,
) -> Result<ExecutionRow, OperationError> {
    let clock = app.clock();
    let (mut next_word, mut last_answer) = (clock.monotonic(), clock.monotonic());
    let mut pause = FIRST_LOOK;
    loop {
        if let Some(told) = told.as_mut()
            && clock.monotonic() >= next_word
        {
            // Where it cannot be counted now, the next word says it.
            if let Ok(progress) = node.db.perform(GetProgress(execution)).await {
                told(progress);
            }
            next_word = clock.monotonic() + BETWEEN_WORDS;
        }
        match node.db.perform(GetExecution(execution)).await {
            Ok(row) if has_ended(&row) => return Ok(row),
            Ok(_) => last_answer = clock.monotonic(),
            Err(error)
                if error.kind() == ErrorKind::Unavailable
                    && clock.monotonic() - last_answer < Patience::Command.span() =>
            {
                log::debug!("the run cannot be looked at: {error}");
            }
            Err(error) => return Err(error),
        }
        clock.sleep(pause).await;
        pause = (pause * 2).min(LATER_LOOKS);
        if pause >= LATER_LOOKS {
            node.wake();
        }
    }
}

async fn next(signals: &mut Option<StopSignals>) -> StopSignal {
    match signals {
        Some(signals) => signals.next().await,
        None => pending().await,
    }
}

fn has_ended(row: &ExecutionRow) -> bool {
    !matches!(row.status, ExecutionStatus::Queued | ExecutionStatus::Running)
}

fn report_of(row: &ExecutionRow) -> Result<Report, OperationError> {
    match row.report.as_deref().map(serde_json::from_str::<Report>) {
        Some(Ok(report)) => Ok(report),
        Some(Err(error)) => Err(OperationError::Internal(format!("the report cannot be read: {error}"))),
        None => Err(OperationError::WrongState {
            what: format!("execution {}", row.id),
            state: row.status.to_string(),
            wanted: "it ended without a report",
        }),
    }
}
