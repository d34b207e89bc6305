//! What a platform was seen to do, and what that means: the table of outcomes by delivery class.
//!
//! Reading order: [`Seen`] (facts, told by a platform) → [`judge`] (the table) → `settlement.rs` (what becomes of the
//! entry).

use super::clock::Timestamp;
use super::delivery_class::DeliveryClass;
use std::fmt;
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
    pub fn new(code: impl Into<String>, message: impl fmt::Display) -> Self {
        let message = message.to_string();
        Problem { code: code.into(), message: storable(&message).chars().take(MESSAGE_MAX_CHARS).collect() }
    }
}

/// The longest message that is kept.
const MESSAGE_MAX_CHARS: usize = 2000;

/// Text as any database keeps it: PostgreSQL refuses U+0000, and with it the whole outcome.
pub(super) fn storable(text: &str) -> String {
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
    /// 408, 425, 500 and the other 5xx: it failed over there, perhaps after taking it. Also a step of a publish whose answer
    /// cannot be read.
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
    /// A step that may be done again did not end well (`Journal` of a publish of several steps): nothing came of it.
    StepFailed { problem: Problem, scope: Scope, retry_after: Option<Duration> },
    /// Our own database did not keep how far a publish of several steps has come. `may_be_out`: of a step that cannot be
    /// taken back.
    NotKept { problem: Problem, may_be_out: bool },
    /// Accepted, and not finished yet: the platform wants to be asked after this long.
    Submitted { ask_after: Duration },
    /// It may be out by an earlier attempt, and as its account is set by now, nobody would know a repeat again: not sent.
    NotRepeated(Problem),
    /// The node was stopping, or its claim could no longer be trusted: not sent.
    NotSent,
}

impl Seen {
    /// Whether it is certain that nothing came of the request.
    pub fn is_certainly_not_out(&self) -> bool {
        match self {
            Seen::NothingLeft(_)
            | Seen::AskedToWait { .. }
            | Seen::Refused(_)
            | Seen::WrongAddress(_)
            | Seen::AccountBroken { .. }
            | Seen::Broke { may_have_left: false, .. }
            | Seen::StepFailed { .. }
            | Seen::NotKept { may_be_out: false, .. }
            | Seen::NotSent => true,
            Seen::Accepted(_)
            | Seen::AcceptedUnread(_)
            | Seen::ServerFault { .. }
            | Seen::EndUnseen { .. }
            | Seen::Broke { may_have_left: true, .. }
            | Seen::NotKept { may_be_out: true, .. }
            | Seen::NotRepeated(_)
            | Seen::Submitted { .. } => false,
        }
    }
}

/// Whom a failure accuses: the entry (it costs a retry), the platform (it costs none), or nobody but ourselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    Entry,
    Platform,
    /// Costs no retry either, and is over soon.
    Ours,
}

/// Whether an attempt that did not succeed may have published all the same, and what is done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// It is certain that it did not.
    None,
    /// It may have: the next attempt repeats its key and revision.
    SendAgain,
    /// It may have: this long after, the platform is asked whether it is there, before anything is sent again.
    LookUp { after: Duration },
}

/// What an attempt came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Published(Receipt),
    /// To be tried again.
    Retry {
        scope: Scope,
        doubt: Doubt,
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
        doubt: Doubt,
    },
    /// The platform works on it, and is asked after this long.
    Submitted {
        ask_after: Duration,
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

/// By what an account's outcomes are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    pub class: DeliveryClass,
    pub on_unknown: OnUnknownEnd,
    /// So long after a request whatever it made is certain to be found by a look-up.
    pub settle_time: Duration,
    /// So long a platform may work on what it accepted; then a person is asked.
    pub submitted_max: Duration,
    /// After a failure that accuses the platform nothing is tried for so long.
    pub platform_pause: Duration,
}

impl Rules {
    /// What is done about an attempt that may have published; none where only a person can tell.
    pub fn doubt(&self) -> Option<Doubt> {
        match (self.class, self.on_unknown) {
            (DeliveryClass::Keyed, _) | (DeliveryClass::Blind, OnUnknownEnd::TryAgain) => {
                Some(Doubt::SendAgain)
            }
            (DeliveryClass::Detects, _) => Some(Doubt::LookUp { after: self.settle_time }),
            (DeliveryClass::Blind, OnUnknownEnd::AskAPerson) => None,
        }
    }
}

/// The table: what was seen × delivery class → outcome.
pub fn judge(seen: Seen, rules: Rules) -> Outcome {
    let unknown_end = |scope, problem, retry_after| match rules.doubt() {
        Some(doubt) => Outcome::Retry { scope, doubt, problem, retry_after },
        None => Outcome::Uncertain(problem),
    };
    let not_out =
        |scope, problem, retry_after| Outcome::Retry { scope, doubt: Doubt::None, problem, retry_after };
    match seen {
        Seen::Accepted(receipt) => Outcome::Published(receipt),
        Seen::AcceptedUnread(problem) => match rules.class {
            DeliveryClass::Keyed | DeliveryClass::Blind => Outcome::Published(Receipt::default()),
            DeliveryClass::Detects => unknown_end(Scope::Entry, problem, None),
        },
        Seen::NothingLeft(problem) => not_out(Scope::Platform, problem, None),
        Seen::AskedToWait { problem, retry_after } => not_out(Scope::Platform, problem, retry_after),
        Seen::ServerFault { problem, retry_after } => unknown_end(Scope::Entry, problem, retry_after),
        Seen::EndUnseen { problem, retry_after } => unknown_end(Scope::Platform, problem, retry_after),
        Seen::Refused(problem) => Outcome::Rejected(problem),
        Seen::WrongAddress(problem) => Outcome::WrongAddress(problem),
        Seen::AccountBroken { problem, until } => Outcome::AccountBroken { problem, until },
        Seen::Broke { problem, may_have_left: false } => Outcome::Broke { problem, doubt: Doubt::None },
        Seen::Broke { problem, may_have_left: true } => match rules.doubt() {
            Some(doubt) => Outcome::Broke { problem, doubt },
            None => Outcome::Uncertain(problem),
        },
        Seen::StepFailed { problem, scope, retry_after } => not_out(scope, problem, retry_after),
        Seen::NotKept { problem, may_be_out: false } => not_out(Scope::Ours, problem, None),
        Seen::NotKept { problem, may_be_out: true } => unknown_end(Scope::Ours, problem, None),
        Seen::Submitted { ask_after } => Outcome::Submitted { ask_after },
        Seen::NotRepeated(problem) => unknown_end(Scope::Ours, problem, None),
        Seen::NotSent => Outcome::NotSent,
    }
}

#[cfg(test)]
mod tests;
