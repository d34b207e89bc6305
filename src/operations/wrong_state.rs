//! What something is that it must not be for what was asked, and what is needed instead.

use crate::domain::clock::Timestamp;
use crate::domain::content::ReviewStatus;
use crate::domain::entry::EntryStatus;
use crate::domain::execution::ExecutionStatus;
use crate::domain::ids::TaskId;
use std::fmt;

/// As what a thing was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    Entry(EntryStatus),
    Review(ReviewStatus),
    Execution(ExecutionStatus),
    /// An entry whose content is not approved.
    Held,
    Paused {
        since: Timestamp,
        by: String,
    },
    /// An account that these tasks name.
    NamedBy(Vec<(TaskId, String)>),
    InNoSlot,
    SlotPassed,
    InFirstSlot,
    /// A task that was never found in one state.
    Restless,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            State::Entry(status) => status.fmt(f),
            State::Review(status) => status.fmt(f),
            State::Execution(status) => status.fmt(f),
            State::Held => f.write_str("held"),
            State::Paused { since, by } => {
                write!(f, "waiting, because publishing is paused since {since} by {by}")
            }
            State::NamedBy(tasks) => {
                let named: Vec<String> =
                    tasks.iter().map(|(id, name)| format!("task {id} “{name}”")).collect();
                write!(f, "named by {}", named.join(", "))
            }
            State::InNoSlot => f.write_str("in no slot"),
            State::SlotPassed => f.write_str("in a slot that has passed"),
            State::InFirstSlot => f.write_str("in the first slot already"),
            State::Restless => f.write_str("opening and closing runs all the time"),
        }
    }
}

/// What is needed in its place, or why nothing helps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needed {
    ReviewSteps,
    TakenFromTasks,
    PendingToChange,
    PendingToCancel,
    PendingToMove,
    PendingToPublishNow,
    EndedToRetry,
    OpenToCancel,
    Removable,
    /// It is on the wire.
    ItsEnd,
    NoWordYet,
    NoWordAnyMore,
    RetriedFirst,
    Approval,
    Resumption,
    ASlot,
    NothingAsItGoesOut,
    NothingAsItIsFirst,
    AMoment,
    AReport,
}

impl fmt::Display for Needed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Needed::ReviewSteps => "submit a draft, then approve or reject it",
            Needed::TakenFromTasks => "take it from their account_ids first, or delete them",
            Needed::PendingToChange => "only a pending entry can be changed",
            Needed::PendingToCancel => "only a pending entry can be cancelled",
            Needed::PendingToMove => "only a pending entry can be moved",
            Needed::PendingToPublishNow => "only a pending entry can be published now",
            Needed::EndedToRetry => "only a failed or cancelled entry can be tried again",
            Needed::OpenToCancel => "only one that is queued or running can be cancelled",
            Needed::Removable => "it cannot be removed now",
            Needed::ItsEnd => {
                "it is on the wire, and its end will say what became of it; where its server died, the next one finds out"
            }
            Needed::NoWordYet => "nothing of it is out; only what may be needs a person's word",
            Needed::NoWordAnyMore => "what became of it is known; only what may be out needs a person's word",
            Needed::RetriedFirst => "bring it back with `retry` first",
            Needed::Approval => "its content has to be approved first",
            Needed::Resumption => "resume publishing first",
            Needed::ASlot => "only what sits in a slot can change places",
            Needed::NothingAsItGoesOut => "it goes out as soon as it can, and nothing is before it",
            Needed::NothingAsItIsFirst => "nothing can be moved before it",
            Needed::AMoment => "try again in a moment",
            Needed::AReport => "it ended without a report",
        })
    }
}
