//! A run of a task from its beginning to its end, published by a node of its own in this process.

use crate::app::App;
use crate::db::connection::Patience;
use crate::db::executions::ExecutionRow;
use crate::domain::execution::{ExecutionStatus, Trigger};
use crate::domain::ids::{ExecutionId, TaskId};
use crate::domain::report::Report;
use crate::domain::thing::Thing;
use crate::node::Node;
use crate::operations::OperationError;
use crate::operations::broken::Broken;
use crate::operations::cycle::ClaimScope;
use crate::operations::error::ErrorKind;
use crate::operations::execution::{GetExecution, GetProgress, RunProgress, TriggerTask};
use crate::operations::wrong_state::{Needed, State};
use crate::own_node::{self, FIRST_LOOK, Heed, LATER_LOOKS, Worked};
use crate::signals::StopSignal;
use std::time::Duration;

/// How often whoever listens is told how far a run is: counting costs something.
const BETWEEN_WORDS: Duration = Duration::from_millis(500);

/// Who is told how far a run is.
pub(crate) type Listener<'a> = &'a mut (dyn FnMut(RunProgress) + Send);

/// What became of a run.
pub enum Ran {
    /// A person may have cancelled it: then something may be left.
    Whole { report: Report, was_cancelled: bool },
    /// A signal ended the node in order: nothing of it is on the wire. The run is open still.
    Stopped { signal: StopSignal, execution: ExecutionId },
    /// A second signal: as after a crash, the next node finds out what was on the wire.
    EndedAtOnce(StopSignal),
}

pub(crate) fn run(
    app: &App,
    task: TaskId,
    mut told: Option<Listener<'_>>,
    heed: Heed,
) -> Result<Ran, OperationError> {
    let execution = app.change(TriggerTask { task, by: Trigger::Cli })?;
    let scope = ClaimScope::Task(task);
    let worked =
        own_node::work(app, scope, heed, async |node| follow(app, node, execution, &mut told).await)?;
    let row = match worked {
        Worked::Came(row) => row,
        Worked::EndedAtOnce(signal) => return Ok(Ran::EndedAtOnce(signal)),
        // It may have ended with what the node had on the wire.
        Worked::Stopped(signal) => match app.run(GetExecution(execution))? {
            row if has_ended(&row) => row,
            _ => return Ok(Ran::Stopped { signal, execution }),
        },
    };
    if let Some(told) = &mut told {
        told(app.run(GetProgress(execution))?);
    }
    let was_cancelled = row.status == ExecutionStatus::Cancelled;
    report_of(&row).map(|report| Ran::Whole { report, was_cancelled })
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

fn has_ended(row: &ExecutionRow) -> bool {
    !matches!(row.status, ExecutionStatus::Queued | ExecutionStatus::Running)
}

fn report_of(row: &ExecutionRow) -> Result<Report, OperationError> {
    match row.report.as_deref().map(serde_json::from_str::<Report>) {
        Some(Ok(report)) => Ok(report),
        Some(Err(error)) => Err(Broken::Report(error).into()),
        None => Err(OperationError::WrongState {
            thing: Thing::Execution,
            id: row.id.0,
            state: State::Execution(row.status),
            wanted: Needed::AReport,
        }),
    }
}
