//! What the engine asks a platform without sending anything new: whether a post whose end was not seen is there, and
//! what became of one that it accepted and works on. Both need no run, and go on while publishing is paused.

use super::breaker::Sign;
use super::clock::Timestamp;
use super::delivery_class::DeliveryClass;
use super::entry::EntryStatus;
use super::kept::message::KeptMessage;
use super::outcome::{Problem, Receipt, Rules};
use super::retry::{self, Jitter};
use super::settlement::{LogStatus, Settlement, Standing, end};
use std::time::Duration;

/// A look-up that finds nothing is no proof by itself: this many in a row are.
pub const LOOK_UPS_NEEDED: i32 = 2;
/// What a platform works on for longer is a person's to look at, unless a setting says otherwise.
pub const SUBMITTED_MAX_DEFAULT: Duration = Duration::from_secs(24 * 3600);
/// A platform is never asked more often, nor less, whatever it says.
const ASK_PAUSE_MIN: Duration = Duration::from_secs(5);
const ASK_PAUSE_MAX: Duration = Duration::from_secs(3600);

/// How long until a platform is asked that wants to be asked after `wish`.
pub(super) fn ask_pause(wish: Duration) -> Duration {
    wish.clamp(ASK_PAUSE_MIN, ASK_PAUSE_MAX)
}

/// What is asked, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// Whether it is there, though the end of its attempt was not seen. `found_nothing`: look-ups in a row so far.
    LookUp { at: Timestamp, found_nothing: i32 },
    /// What became of it. `since`: when the platform accepted it.
    Ask { at: Timestamp, since: Timestamp },
}

impl Question {
    /// When it is asked.
    pub fn due(self) -> Timestamp {
        match self {
            Question::LookUp { at, .. } | Question::Ask { at, .. } => at,
        }
    }

    /// The same question, at another time.
    pub fn put_off_to(self, at: Timestamp) -> Self {
        match self {
            Question::LookUp { found_nothing, .. } => Question::LookUp { at, found_nothing },
            Question::Ask { since, .. } => Question::Ask { at, since },
        }
    }
}

/// What a platform says of a post that may be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LookedUp {
    There(Receipt),
    NotThere,
    /// It could not be found out.
    Unknown {
        problem: Problem,
        retry_after: Option<Duration>,
    },
    /// It never will be: a person is asked.
    CannotTell(Problem),
    AccountBroken {
        problem: Problem,
        until: Option<Timestamp>,
    },
}

/// What a platform says of a post that it accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    Published(Receipt),
    /// It works on it still, and wants to be asked after this long.
    Working {
        ask_after: Duration,
    },
    /// It will not be published.
    Refused(Problem),
    /// It could not be found out.
    Unknown {
        problem: Problem,
        retry_after: Option<Duration>,
    },
    AccountBroken {
        problem: Problem,
        until: Option<Timestamp>,
    },
}

/// What becomes of an entry that was looked up at `now`.
pub fn settle_look_up(
    answer: LookedUp,
    found_nothing: i32,
    standing: Standing,
    rules: Rules,
    now: Timestamp,
    jitter: Jitter,
) -> Settlement {
    let later = |pause: Duration, found_nothing| Some(Question::LookUp { at: now + pause, found_nothing });
    let waits = Settlement { log: LogStatus::NotSent, unproven: true, ..Settlement::unchanged(standing) };
    match answer {
        LookedUp::There(receipt) => {
            Settlement { sign: Sign::Answered, ..Settlement::published(standing, receipt) }
        }
        LookedUp::NotThere if found_nothing + 1 < LOOK_UPS_NEEDED => Settlement {
            problem: Some(Problem::new("not_there", KeptMessage::LookedUpOnce)),
            question: later(rules.settle_time / 4, found_nothing + 1),
            sign: Sign::Answered,
            ..waits
        },
        LookedUp::NotThere => not_there(standing),
        LookedUp::Unknown { problem, retry_after } => Settlement {
            problem: Some(problem),
            question: later(retry::platform_pause(rules.platform_pause, retry_after, jitter), found_nothing),
            ..waits
        },
        LookedUp::CannotTell(problem) => {
            Settlement { sign: Sign::Answered, ..Settlement::uncertain(standing, problem) }
        }
        LookedUp::AccountBroken { problem, until } => Settlement {
            log: LogStatus::NotSent,
            question: later(ASK_PAUSE_MIN, found_nothing),
            ..Settlement::broken_account(Standing { unproven: true, ..standing }, problem, until)
        },
    }
}

/// It is proven that no attempt has published it.
fn not_there(standing: Standing) -> Settlement {
    let proven = Settlement {
        unproven: false,
        log: LogStatus::NotSent,
        problem: Some(Problem::new("not_there", KeptMessage::LookedUpTwice)),
        sign: Sign::Answered,
        ..Settlement::unchanged(standing)
    };
    if standing.retry_count <= standing.max_retries {
        return proven;
    }
    let problem = Problem::new("not_there", KeptMessage::LookedUpNoTryLeft);
    end(Settlement {
        retry_count: standing.max_retries,
        log: LogStatus::Failed,
        problem: Some(problem),
        ..proven
    })
}

/// What becomes of an entry whose platform was asked at `now`. `since`: when it had accepted it.
pub fn settle_progress(
    answer: Progress,
    since: Timestamp,
    standing: Standing,
    rules: Rules,
    now: Timestamp,
    jitter: Jitter,
) -> Settlement {
    let may_be_out_twice = standing.unproven && rules.class == DeliveryClass::Blind;
    let asked_again = |pause: Duration, problem: Option<Problem>| {
        if now.since(since) >= rules.submitted_max {
            let hours = rules.submitted_max.as_secs() / 3600;
            let message = KeptMessage::SubmittedTooLong { hours };
            return Settlement::uncertain(standing, Problem::new("submitted_too_long", message));
        }
        Settlement {
            status: EntryStatus::Publishing,
            log: LogStatus::Submitted,
            problem,
            question: Some(Question::Ask { at: now + ask_pause(pause), since }),
            ..Settlement::unchanged(standing)
        }
    };
    match answer {
        Progress::Published(receipt) => {
            Settlement { sign: Sign::Answered, ..Settlement::published(standing, receipt) }
        }
        Progress::Working { ask_after } => {
            Settlement { sign: Sign::Answered, ..asked_again(ask_after, None) }
        }
        // A definite word on all that was sent under one key; a platform that knows no keys speaks of this attempt alone.
        Progress::Refused(problem) => Settlement {
            problem: Some(problem),
            forgets_steps: true,
            sign: Sign::Answered,
            ..end(Settlement { unproven: may_be_out_twice, ..Settlement::unchanged(standing) })
        },
        Progress::Unknown { problem, retry_after } => {
            asked_again(retry::platform_pause(rules.platform_pause, retry_after, jitter), Some(problem))
        }
        Progress::AccountBroken { problem, until } => Settlement {
            lane: super::settlement::LaneEffect::Suspend { until },
            ..asked_again(Duration::ZERO, Some(problem))
        },
    }
}

#[cfg(test)]
mod tests;
