//! What becomes of an entry when its attempt has ended, or when the platform has answered a question about it.

use super::breaker::Sign;
use super::clock::Timestamp;
use super::entry::EntryStatus;
use super::kept::message::KeptMessage;
use super::outcome::{Doubt, Outcome, Problem, Receipt, Rules, Scope, Seen, judge, storable};
use super::question::{Question, ask_pause};
use super::retry::{self, Jitter};
use super::text_enum;
use std::time::Duration;

text_enum! {
    /// How an attempt ended, as its row in the publish log says it.
    LogStatus {
        Published = "published",
        /// Not published; `failed` for good or to be tried again.
        Failed = "failed",
        /// Our own processing broke.
        Error = "error",
        Uncertain = "uncertain",
        /// Accepted by the platform, which has not finished yet.
        Submitted = "submitted",
        /// Nothing was sent: its node stopped before, it was looked up, or a person asked for another try.
        NotSent = "not_sent",
    }
}

/// What a settlement needs to know of the entry. None of it can change while the entry is `publishing`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub retry_count: i32,
    pub max_retries: i32,
    /// An earlier attempt may have published it.
    pub unproven: bool,
}

/// What becomes of an entry, and what its attempt's log row says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    pub status: EntryStatus,
    /// When it may next be tried, where it is pending again and not at its old instant.
    pub due_at: Option<Timestamp>,
    pub retry_count: i32,
    pub unproven: bool,
    pub log: LogStatus,
    pub problem: Option<Problem>,
    pub receipt: Receipt,
    pub lane: LaneEffect,
    /// What the platform is asked later on; until then nothing is sent.
    pub question: Option<Question>,
    /// What the steps of a long publish came to is of no use any more: it is out, or what was submitted was refused.
    pub forgets_steps: bool,
    /// Whatever the database has of steps without an end: none was begun whose end is not known.
    pub withdraws_intents: bool,
    /// What it says about the lane's platform.
    pub sign: Sign,
    /// It was put off because its platform failed, and is due again at once when that answers.
    pub put_off: bool,
    /// Taken in the place of this one where others of the lane got through since the entry's last try: then the failure
    /// is the entry's, and costs a retry.
    pub if_others_get_through: Option<Box<Settlement>>,
}

impl Settlement {
    /// When it will be tried again, as far as is known: not before the account's suspension ends, where the attempt
    /// found that broken.
    pub fn retry_at(&self) -> Option<Timestamp> {
        match (self.status, &self.lane) {
            (EntryStatus::Pending, LaneEffect::Suspend { until }) => *until,
            (EntryStatus::Pending, LaneEffect::None | LaneEffect::WrongAddress) => {
                self.due_at.max(self.question.map(Question::due))
            }
            (_, _) => None,
        }
    }

    /// What the log says of the failure. One that is neither final nor has a time for the next try says what it waits
    /// for.
    pub fn error_message(&self) -> Option<String> {
        let said = self.problem.as_ref()?.message.clone();
        let waits = self.status == EntryStatus::Pending && self.lane == LaneEffect::Suspend { until: None };
        Some(if waits { KeptMessage::WaitsForAccount { said }.to_string() } else { said })
    }

    /// The same where it was our own doing: it is due at once, and its lane hears nothing of it.
    pub fn through_no_fault(self, now: Timestamp) -> Settlement {
        Settlement {
            due_at: self.due_at.map(|_| now),
            sign: Sign::Silent,
            put_off: false,
            if_others_get_through: None,
            ..self
        }
    }

    /// Whether the post is out, or may be.
    pub fn is_out_or_may_be(&self) -> bool {
        match self.status {
            EntryStatus::Published | EntryStatus::Publishing | EntryStatus::Uncertain => true,
            EntryStatus::Pending | EntryStatus::Failed | EntryStatus::Cancelled => self.unproven,
        }
    }

    /// The same end without the words of the platform, for a database that does not take those. What may be out needs
    /// a person then: nobody can see any more where it is.
    pub fn unrecorded(self) -> Settlement {
        let plain = Settlement {
            log: LogStatus::Error,
            problem: Some(Problem::new("not_recorded", KeptMessage::NotRecorded)),
            receipt: Receipt::default(),
            ..self
        };
        match plain.status {
            EntryStatus::Published | EntryStatus::Uncertain => Settlement {
                status: EntryStatus::Uncertain,
                unproven: true,
                log: LogStatus::Uncertain,
                ..plain
            },
            EntryStatus::Pending | EntryStatus::Publishing | EntryStatus::Failed | EntryStatus::Cancelled => {
                plain
            }
        }
    }
}

/// What an attempt's end means for its whole lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LaneEffect {
    None,
    /// Suspend the account, if it is as it was at the claim.
    Suspend {
        until: Option<Timestamp>,
    },
    /// Nothing takes posts at this address: a second entry that says so suspends the account.
    WrongAddress,
}

impl Settlement {
    /// Pending again, with nothing else changed.
    pub(super) fn unchanged(standing: Standing) -> Self {
        Settlement {
            status: EntryStatus::Pending,
            due_at: None,
            retry_count: standing.retry_count,
            unproven: standing.unproven,
            log: LogStatus::Failed,
            problem: None,
            receipt: Receipt::default(),
            lane: LaneEffect::None,
            question: None,
            forgets_steps: false,
            withdraws_intents: false,
            sign: Sign::Silent,
            put_off: false,
            if_others_get_through: None,
        }
    }

    pub(super) fn published(standing: Standing, receipt: Receipt) -> Self {
        Settlement {
            status: EntryStatus::Published,
            forgets_steps: true,
            unproven: false,
            log: LogStatus::Published,
            receipt: Receipt {
                media_id: receipt.media_id.as_deref().map(storable),
                url: receipt.url.as_deref().map(storable),
            },
            ..Settlement::unchanged(standing)
        }
    }

    pub(super) fn uncertain(standing: Standing, problem: Problem) -> Self {
        Settlement {
            status: EntryStatus::Uncertain,
            unproven: true,
            log: LogStatus::Uncertain,
            problem: Some(problem),
            ..Settlement::unchanged(standing)
        }
    }

    pub(super) fn broken_account(standing: Standing, problem: Problem, until: Option<Timestamp>) -> Self {
        Settlement {
            problem: Some(problem),
            lane: LaneEffect::Suspend { until },
            ..Settlement::unchanged(standing)
        }
    }

    /// The same question once more: what was asked changed nothing.
    pub fn asked_again(question: Question, standing: Standing) -> Self {
        let unchanged = Settlement { question: Some(question), ..Settlement::unchanged(standing) };
        match question {
            Question::LookUp { .. } => Settlement { log: LogStatus::NotSent, unproven: true, ..unchanged },
            Question::Ask { .. } => {
                Settlement { status: EntryStatus::Publishing, log: LogStatus::Submitted, ..unchanged }
            }
        }
    }

    fn in_doubt(self, doubt: Doubt, retry_after: Option<Duration>, now: Timestamp) -> Self {
        let question = match doubt {
            Doubt::None | Doubt::SendAgain => None,
            Doubt::LookUp { after } => {
                let pause = after.max(retry::capped(retry_after));
                Some(Question::LookUp { at: now + pause, found_nothing: 0 })
            }
        };
        Settlement { unproven: self.unproven || doubt != Doubt::None, question, ..self }
    }
}

/// What becomes of an entry whose attempt saw this. `now` is when it ended.
pub fn conclude(seen: Seen, rules: Rules, standing: Standing, now: Timestamp, jitter: Jitter) -> Settlement {
    let sign = Sign::of(&seen, now);
    let outcome = judge(seen, rules);
    let as_the_entrys = match (&outcome, sign) {
        (
            Outcome::Retry { scope: Scope::Platform, doubt, problem, retry_after },
            Sign::Failed { unseen: true, .. },
        ) => Some(Outcome::Retry {
            scope: Scope::Entry,
            doubt: *doubt,
            problem: problem.clone(),
            retry_after: *retry_after,
        }),
        _ => None,
    };
    let settle =
        |outcome| Settlement { sign, ..settle_after(outcome, standing, rules.platform_pause, now, jitter) };
    Settlement { if_others_get_through: as_the_entrys.map(settle).map(Box::new), ..settle(outcome) }
}

/// Turns an outcome into what is written. `now` is when the attempt ended.
pub fn settle(outcome: Outcome, standing: Standing, now: Timestamp, jitter: Jitter) -> Settlement {
    settle_after(outcome, standing, retry::PLATFORM_PAUSE, now, jitter)
}

fn settle_after(
    outcome: Outcome,
    standing: Standing,
    platform_pause: Duration,
    now: Timestamp,
    jitter: Jitter,
) -> Settlement {
    let plain = Settlement::unchanged(standing);
    match outcome {
        Outcome::Published(receipt) => Settlement::published(standing, receipt),
        Outcome::Retry { scope: Scope::Platform, doubt, problem, retry_after } => Settlement {
            due_at: Some(now + retry::platform_pause(platform_pause, retry_after, jitter)),
            put_off: retry_after.is_none(),
            problem: Some(problem),
            ..plain.in_doubt(doubt, retry_after, now)
        },
        Outcome::Retry { scope: Scope::Ours, doubt, problem, retry_after } => Settlement {
            due_at: Some(now + retry::our_pause(jitter)),
            problem: Some(problem),
            ..plain.in_doubt(doubt, retry_after, now)
        },
        Outcome::Retry { scope: Scope::Entry, doubt, problem, retry_after } => {
            let plain = Settlement { problem: Some(problem), ..plain.in_doubt(doubt, retry_after, now) };
            retry_or_end(plain, standing, now, retry_after, jitter)
        }
        Outcome::WrongAddress(problem) => {
            let plain = Settlement { problem: Some(problem), lane: LaneEffect::WrongAddress, ..plain };
            retry_or_end(plain, standing, now, None, jitter)
        }
        Outcome::Broke { problem, doubt } => {
            let plain = Settlement {
                log: LogStatus::Error,
                problem: Some(problem),
                ..plain.in_doubt(doubt, None, now)
            };
            retry_or_end(plain, standing, now, None, jitter)
        }
        Outcome::Uncertain(problem) => Settlement::uncertain(standing, problem),
        Outcome::Rejected(problem) => end(Settlement { problem: Some(problem), ..plain }),
        Outcome::AccountBroken { problem, until } => Settlement::broken_account(standing, problem, until),
        Outcome::Submitted { ask_after } => Settlement {
            status: EntryStatus::Publishing,
            log: LogStatus::Submitted,
            question: Some(Question::Ask { at: now + ask_pause(ask_after), since: now }),
            ..plain
        },
        Outcome::NotSent => Settlement { log: LogStatus::NotSent, ..plain },
    }
}

fn retry_or_end(
    plain: Settlement,
    standing: Standing,
    now: Timestamp,
    retry_after: Option<Duration>,
    jitter: Jitter,
) -> Settlement {
    if standing.retry_count < standing.max_retries {
        return Settlement {
            due_at: Some(now + retry::backoff(standing.retry_count, retry_after, jitter)),
            retry_count: standing.retry_count + 1,
            ..plain
        };
    }
    if plain.question.is_some() {
        // Whether the last try failed is what the look-up will say; one more than there are tells it so.
        return Settlement { retry_count: standing.max_retries + 1, ..plain };
    }
    end(plain)
}

/// What may be out is never called failed.
pub(super) fn end(plain: Settlement) -> Settlement {
    if plain.unproven {
        Settlement { status: EntryStatus::Uncertain, log: LogStatus::Uncertain, question: None, ..plain }
    } else {
        Settlement { status: EntryStatus::Failed, question: None, ..plain }
    }
}
