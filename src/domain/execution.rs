//! One run of a task.

use super::text_enum;

text_enum! {
    ExecutionStatus {
        /// Follows the run of the same task that is on now.
        Queued = "queued",
        Running = "running",
        Succeeded = "succeeded",
        /// The run itself could not be done; failed entries do not make it so.
        Failed = "failed",
        /// A person ended it.
        Cancelled = "cancelled",
        /// Those who worked on it are gone.
        Interrupted = "interrupted",
    }
}

text_enum! {
    /// Who started it.
    Trigger {
        Schedule = "schedule",
        Api = "api",
        Cli = "cli",
    }
}

text_enum! {
    /// By which rule it ends, and who goes first where several could claim an entry. Ordered: the first goes first.
    RunRule {
        /// Started by hand: tries all that is due, then ends.
        ByHand = "by_hand",
        /// Fired by the clock: likewise.
        Scheduled = "scheduled",
        /// Fired by a due entry: stays open while work keeps coming.
        OnDue = "on_due",
    }
}

/// An `on_due` execution closes after this long without work.
pub const ON_DUE_IDLE: std::time::Duration = std::time::Duration::from_secs(5);
/// An `on_due` execution is not kept open longer than this.
pub const ON_DUE_MAX: std::time::Duration = std::time::Duration::from_secs(60);
/// Any other execution stops claiming after this.
pub const RUN_MAX: std::time::Duration = std::time::Duration::from_secs(3600);
/// How many results are kept with an execution; the rest is in the publish log.
pub const RESULTS_KEPT: usize = 1000;
