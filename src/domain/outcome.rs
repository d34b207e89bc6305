//! What a platform was seen to do, and what that means: the table of outcomes by delivery class.
//!
//! Reading order: [`Seen`] (facts, told by a platform) → [`judge`] (the table) → [`settle`] (what becomes of the entry).

use super::clock::Timestamp;
use super::delivery_class::DeliveryClass;
use super::entry::EntryStatus;
use super::retry::{self, Jitter};
use super::text_enum;
use std::time::Duration;

/// Where a published post is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Receipt {
    /// The platform's name for the post.
    pub media_id: Option<String>,
    /// Where a reader finds it.
    pub url: Option<String>,
}

/// What went wrong: a stable code and a sentence for a person. Never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// In `snake_case`, stable: scripts may compare it.
    pub code: String,
    /// What happened and, where it helps, what to do.
    pub message: String,
}

impl Problem {
    /// What cannot be kept of the message, and what nobody would read, is left out.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        let message: String = message.into();
        Problem { code: code.into(), message: storable(&message).chars().take(MESSAGE_MAX_CHARS).collect() }
    }
}

/// The longest message that is kept.
const MESSAGE_MAX_CHARS: usize = 2000;

/// Said of an entry whose attempt found its account broken.
pub const WAITS_FOR_ACCOUNT: &str =
    " (not final: the entry waits until its account is put right and resumed)";

/// Text as any database keeps it: PostgreSQL refuses U+0000, and with it the whole outcome.
fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// Facts about one attempt, as a platform saw them. It says what it knows; it decides nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// Accepted, and the platform says where the post is (or needs to say nothing).
    Accepted(Receipt),
    /// Accepted, but the answer does not say what the post is called there.
    AcceptedUnread(Problem),
    /// It is certain that nothing of the request left: no address, refused, no TLS, connecting took too long.
    NothingLeft(Problem),
    /// 429, or 503 with `Retry-After`: not taken, and asked to wait.
    AskedToWait { problem: Problem, retry_after: Option<Duration> },
    /// 408, 425, 500 and the other 5xx: it failed over there, perhaps after taking it.
    ServerFault { problem: Problem, retry_after: Option<Duration> },
    /// 502, 503, 504, time-out, reset, an answer cut short, our own crash: the end was not seen.
    EndUnseen { problem: Problem, retry_after: Option<Duration> },
    /// Refused for good: this content will never be taken.
    Refused(Problem),
    /// 403, 404, a redirect: nothing took it, and perhaps nothing there ever will.
    WrongAddress(Problem),
    /// Credentials, quota, address or permission: no entry of this account can go out until a person acts.
    AccountBroken { problem: Problem, until: Option<Timestamp> },
    /// Our own processing broke before anything was sent, or a panic whose moment is not known.
    Broke { problem: Problem, may_have_left: bool },
    /// The node was stopping: not sent.
    NotSent,
}

/// Whom a failure accuses: the entry (it costs a retry) or the platform (it costs none).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    Entry,
    Platform,
}

/// What an attempt came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Published(Receipt),
    /// To be tried again. `unproven`: the post may be out, so the next attempt repeats this one's key and revision.
    Retry {
        scope: Scope,
        unproven: bool,
        problem: Problem,
        retry_after: Option<Duration>,
    },
    /// The post may be out; only a person can tell.
    Uncertain(Problem),
    Rejected(Problem),
    AccountBroken {
        problem: Problem,
        until: Option<Timestamp>,
    },
    /// A retry; a second entry with the same answer suspends the account.
    WrongAddress(Problem),
    /// Our own processing broke.
    Broke {
        problem: Problem,
        unproven: bool,
    },
    NotSent,
}

/// What a blind account wants after an unknown end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnUnknownEnd {
    AskAPerson,
    /// At-least-once: a double post is thought better than a missed one.
    TryAgain,
}

/// The table: what was seen × delivery class → outcome.
///
/// A platform of class *detects* looks the post up before it is sent again; until it can, the entry is unproven.
pub fn judge(seen: Seen, class: DeliveryClass, on_unknown: OnUnknownEnd) -> Outcome {
    let blind = class == DeliveryClass::Blind && on_unknown == OnUnknownEnd::AskAPerson;
    let unknown_end = |scope, problem, retry_after| {
        if blind {
            Outcome::Uncertain(problem)
        } else {
            Outcome::Retry { scope, unproven: true, problem, retry_after }
        }
    };
    match seen {
        Seen::Accepted(receipt) => Outcome::Published(receipt),
        Seen::AcceptedUnread(problem) => match class {
            DeliveryClass::Keyed | DeliveryClass::Blind => Outcome::Published(Receipt::default()),
            DeliveryClass::Detects => unknown_end(Scope::Entry, problem, None),
        },
        Seen::NothingLeft(problem) => {
            Outcome::Retry { scope: Scope::Platform, unproven: false, problem, retry_after: None }
        }
        Seen::AskedToWait { problem, retry_after } => {
            Outcome::Retry { scope: Scope::Platform, unproven: false, problem, retry_after }
        }
        Seen::ServerFault { problem, retry_after } => unknown_end(Scope::Entry, problem, retry_after),
        Seen::EndUnseen { problem, retry_after } => unknown_end(Scope::Platform, problem, retry_after),
        Seen::Refused(problem) => Outcome::Rejected(problem),
        Seen::WrongAddress(problem) => Outcome::WrongAddress(problem),
        Seen::AccountBroken { problem, until } => Outcome::AccountBroken { problem, until },
        Seen::Broke { problem, may_have_left: true } if blind => Outcome::Uncertain(problem),
        Seen::Broke { problem, may_have_left } => Outcome::Broke { problem, unproven: may_have_left },
        Seen::NotSent => Outcome::NotSent,
    }
}

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
        /// Claimed, but the node stopped before it sent anything.
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
}

impl Settlement {
    /// When it will be tried again, as far as is known: not before the account's suspension ends, where the attempt
    /// found that broken.
    pub fn retry_at(&self) -> Option<Timestamp> {
        match (self.status, &self.lane) {
            (EntryStatus::Pending, LaneEffect::Suspend { until }) => *until,
            (EntryStatus::Pending, LaneEffect::None | LaneEffect::WrongAddress) => self.due_at,
            (_, _) => None,
        }
    }

    /// What the log says of the failure. One that is neither final nor has a time for the next try says what it waits
    /// for.
    pub fn error_message(&self) -> Option<String> {
        let message = &self.problem.as_ref()?.message;
        let waits = self.status == EntryStatus::Pending && self.lane == LaneEffect::Suspend { until: None };
        Some(if waits { format!("{message}{WAITS_FOR_ACCOUNT}") } else { message.clone() })
    }

    /// The same end without the words of the platform, for a database that does not take those. What may be out needs
    /// a person then: nobody can see any more where it is.
    pub fn unrecorded(self) -> Settlement {
        let message = "what came of this attempt could not be recorded; the program's log says more";
        let plain = Settlement {
            log: LogStatus::Error,
            problem: Some(Problem::new("not_recorded", message)),
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

/// Turns an outcome into what is written. `now` is when the attempt ended.
pub fn settle(outcome: Outcome, standing: Standing, now: Timestamp, jitter: Jitter) -> Settlement {
    let plain = Settlement {
        status: EntryStatus::Pending,
        due_at: None,
        retry_count: standing.retry_count,
        unproven: standing.unproven,
        log: LogStatus::Failed,
        problem: None,
        receipt: Receipt::default(),
        lane: LaneEffect::None,
    };
    match outcome {
        Outcome::Published(receipt) => Settlement {
            status: EntryStatus::Published,
            unproven: false,
            log: LogStatus::Published,
            receipt: Receipt {
                media_id: receipt.media_id.as_deref().map(storable),
                url: receipt.url.as_deref().map(storable),
            },
            ..plain
        },
        Outcome::Retry { scope: Scope::Platform, unproven, problem, retry_after } => Settlement {
            due_at: Some(now + retry::platform_pause(retry_after, jitter)),
            unproven: plain.unproven || unproven,
            problem: Some(problem),
            ..plain
        },
        Outcome::Retry { scope: Scope::Entry, unproven, problem, retry_after } => {
            let plain = Settlement { unproven: plain.unproven || unproven, problem: Some(problem), ..plain };
            retry_or_end(plain, standing, now, retry_after, jitter)
        }
        Outcome::WrongAddress(problem) => {
            let plain = Settlement { problem: Some(problem), lane: LaneEffect::WrongAddress, ..plain };
            retry_or_end(plain, standing, now, None, jitter)
        }
        Outcome::Broke { problem, unproven } => {
            let plain = Settlement {
                unproven: plain.unproven || unproven,
                log: LogStatus::Error,
                problem: Some(problem),
                ..plain
            };
            retry_or_end(plain, standing, now, None, jitter)
        }
        Outcome::Uncertain(problem) => Settlement {
            status: EntryStatus::Uncertain,
            unproven: true,
            log: LogStatus::Uncertain,
            problem: Some(problem),
            ..plain
        },
        Outcome::Rejected(problem) => end(Settlement { problem: Some(problem), ..plain }),
        Outcome::AccountBroken { problem, until } => {
            Settlement { problem: Some(problem), lane: LaneEffect::Suspend { until }, ..plain }
        }
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
    if standing.retry_count >= standing.max_retries {
        return end(plain);
    }
    Settlement {
        due_at: Some(now + retry::backoff(standing.retry_count, retry_after, jitter)),
        retry_count: standing.retry_count + 1,
        ..plain
    }
}

/// What may be out is never called failed.
fn end(plain: Settlement) -> Settlement {
    if plain.unproven {
        Settlement { status: EntryStatus::Uncertain, log: LogStatus::Uncertain, ..plain }
    } else {
        Settlement { status: EntryStatus::Failed, ..plain }
    }
}

#[cfg(test)]
mod tests;
