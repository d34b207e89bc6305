//! What an attempt came to, in one word: for counting.

use super::entry::EntryStatus;
use super::settlement::{LaneEffect, LogStatus, Settlement};
use super::text_enum;

text_enum! {
    /// What an attempt came to.
    EndedAs {
        Published = "published",
        /// The platform has it, and works on it.
        Submitted = "submitted",
        /// It did not go out, or nobody knows: the entry is tried again, or looked up.
        Retry = "retry",
        /// It was the account's fault: the entry waits until somebody has seen to that.
        AccountBroken = "account_broken",
        /// The entry is not tried any more.
        Failed = "failed",
        /// Only a person can tell.
        Uncertain = "uncertain",
        /// Our own processing broke.
        Error = "error",
        /// Nothing was sent: its node stopped before, or the platform was merely asked.
        NotSent = "not_sent",
        /// Its claim was lost meanwhile, and it proved nothing.
        LeaseLost = "lease_lost",
    }
}

impl EndedAs {
    /// Of what was written of it.
    pub fn of(settlement: &Settlement) -> Self {
        match settlement.log {
            LogStatus::Published => EndedAs::Published,
            LogStatus::Submitted => EndedAs::Submitted,
            LogStatus::Uncertain => EndedAs::Uncertain,
            LogStatus::Error => EndedAs::Error,
            LogStatus::NotSent => EndedAs::NotSent,
            LogStatus::Failed => match (&settlement.lane, settlement.status) {
                (LaneEffect::Suspend { .. }, _) => EndedAs::AccountBroken,
                (LaneEffect::None | LaneEffect::WrongAddress, EntryStatus::Failed) => EndedAs::Failed,
                (
                    LaneEffect::None | LaneEffect::WrongAddress,
                    EntryStatus::Pending
                    | EntryStatus::Publishing
                    | EntryStatus::Published
                    | EntryStatus::Uncertain
                    | EntryStatus::Cancelled,
                ) => EndedAs::Retry,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::Timestamp;
    use crate::domain::kept::message::KeptMessage;
    use crate::domain::outcome::{Doubt, Outcome, Problem, Receipt, Scope};
    use crate::domain::retry::Jitter;
    use crate::domain::settlement::{Standing, settle};
    use std::time::Duration;

    fn ended(outcome: Outcome, retry_count: i32) -> EndedAs {
        let standing = Standing { retry_count, max_retries: 1, unproven: false };
        EndedAs::of(&settle(outcome, standing, Timestamp::MIN, Jitter::from_random(0)))
    }

    #[test]
    fn each_outcome_has_its_word() {
        let problem = || Problem::new("x", KeptMessage::Lost);
        let retry = |scope, doubt| Outcome::Retry { scope, doubt, problem: problem(), retry_after: None };
        for (outcome, first, last) in [
            (Outcome::Published(Receipt::default()), EndedAs::Published, EndedAs::Published),
            (Outcome::Submitted { ask_after: Duration::ZERO }, EndedAs::Submitted, EndedAs::Submitted),
            (retry(Scope::Entry, Doubt::None), EndedAs::Retry, EndedAs::Failed),
            (retry(Scope::Entry, Doubt::SendAgain), EndedAs::Retry, EndedAs::Uncertain),
            (retry(Scope::Platform, Doubt::None), EndedAs::Retry, EndedAs::Retry),
            (Outcome::WrongAddress(problem()), EndedAs::Retry, EndedAs::Failed),
            (Outcome::Rejected(problem()), EndedAs::Failed, EndedAs::Failed),
            (
                Outcome::AccountBroken { problem: problem(), until: None },
                EndedAs::AccountBroken,
                EndedAs::AccountBroken,
            ),
            (Outcome::Uncertain(problem()), EndedAs::Uncertain, EndedAs::Uncertain),
            (Outcome::Broke { problem: problem(), doubt: Doubt::None }, EndedAs::Error, EndedAs::Error),
            (Outcome::NotSent, EndedAs::NotSent, EndedAs::NotSent),
        ] {
            assert_eq!((ended(outcome.clone(), 0), ended(outcome.clone(), 1)), (first, last), "{outcome:?}");
        }
    }
}
