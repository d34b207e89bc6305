//! A publish of several steps: what each came to is kept, so that the next attempt goes on where this one ended.

use crate::domain::kept::message::KeptMessage;
use crate::domain::outcome::{Problem, Scope, Seen};
use crate::domain::steps::Reached;
use crate::domain::trust::Trust;
use fail::fail_point;
use futures_util::future::LocalBoxFuture;
use parking_lot::Mutex;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

/// How far a step has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mark {
    /// An irreversible step is about to begin. Without a result it may have happened.
    Intent,
    /// It is done, and need not be done again.
    Result(Value),
    /// It certainly did not happen.
    Withdrawn,
}

/// Why a mark is not kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotKept {
    #[error("{}", KeptMessage::ClaimLost)]
    ClaimLost,
    /// The reason is for people.
    #[error("{0}")]
    Failed(String),
}

/// Where marks are kept, durably, and only while the attempt's claim holds.
pub trait Keeper: Send + Sync {
    fn keep(&self, step: &'static str, mark: Mark) -> LocalBoxFuture<'static, Result<(), NotKept>>;
}

/// A step that was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// It must not be done twice.
    pub irreversible: bool,
    /// None where its end was not seen.
    pub result: Option<Value>,
}

/// What earlier attempts came to, step by step.
pub type Steps = BTreeMap<String, Begun>;

/// The steps of one publish.
#[derive(Clone)]
pub struct Journal {
    steps: Arc<Mutex<Steps>>,
    keeper: Arc<dyn Keeper>,
    trust: Trust,
}

impl Journal {
    pub fn new(steps: Steps, keeper: Arc<dyn Keeper>, trust: Trust) -> Self {
        Journal { steps: Arc::new(Mutex::new(steps)), keeper, trust }
    }

    /// What its steps say about what may be out.
    pub fn reached(&self) -> Reached {
        let steps = self.steps.lock();
        Reached::of(steps.values().filter(|step| step.irreversible).map(|step| step.result.is_some()))
    }

    /// Whether a step was begun that cannot be taken back, and its end was not seen.
    pub fn has_open_intent(&self) -> bool {
        self.reached() == Reached::InDoubt
    }

    /// What a step came to, if it is done.
    pub fn result(&self, step: &str) -> Option<Value> {
        self.steps.lock().get(step)?.result.clone()
    }

    /// Does a step that may be done twice, unless it is done; after a crash it is done again.
    pub async fn repeatable<Doing>(
        &self,
        step: &'static str,
        doing: impl FnOnce() -> Doing,
    ) -> Result<Value, Seen>
    where
        Doing: Future<Output = Result<Value, Seen>>,
    {
        if let Some(done) = self.result(step) {
            return Ok(done);
        }
        self.may_go_on()?;
        let result = doing().await.map_err(repeated)?;
        let kept = self.keep(step, Mark::Result(result.clone())).await;
        kept.map_err(|reason| step_not_kept(step, &reason, false))?;
        Ok(result)
    }

    /// Does a step that must not be done twice, unless it is done. That it begins is durable before it does. Begun by an
    /// earlier attempt without an end, it is done again: whoever let this attempt begin knew that it may be.
    pub async fn irreversible<Doing>(
        &self,
        step: &'static str,
        doing: impl FnOnce() -> Doing,
    ) -> Result<Value, Seen>
    where
        Doing: Future<Output = Result<Value, Seen>>,
    {
        if let Some(done) = self.result(step) {
            return Ok(done);
        }
        self.may_go_on()?;
        let was_begun = self.steps.lock().contains_key(step);
        self.keep(step, Mark::Intent).await.map_err(|why| not_begun(step, why))?;
        // Committing takes time too.
        if let Err(seen) = self.may_go_on() {
            return Err(if was_begun { seen } else { self.withdraw(step, seen).await });
        }
        let result = match doing().await {
            Ok(result) => result,
            // That it did not happen now says nothing of the time before.
            Err(seen) if seen.is_certainly_not_out() && !was_begun => {
                return Err(self.withdraw(step, seen).await);
            }
            // One step says nothing of the whole.
            Err(Seen::AcceptedUnread(problem)) => {
                return Err(Seen::ServerFault { problem, retry_after: None });
            }
            Err(seen) => return Err(seen),
        };
        let kept = self.keep(step, Mark::Result(result.clone())).await;
        kept.map_err(|reason| step_not_kept(step, &reason, true))?;
        Ok(result)
    }

    /// Keeps what an irreversible step came to whose end was not seen, where it was found out since: it is not done again.
    ///
    /// # Errors
    /// Where the claim is lost, or the mark could not be kept. Then the step stays in doubt.
    pub async fn found(&self, step: &'static str, result: Value) -> Result<(), NotKept> {
        self.keep(step, Mark::Result(result)).await
    }

    /// What a step made is gone: it is done again by whoever wants it next.
    ///
    /// # Errors
    /// Where the claim is lost, or the mark could not be kept. Then it counts as done.
    pub async fn is_gone(&self, step: &'static str) -> Result<(), NotKept> {
        self.keep(step, Mark::Withdrawn).await
    }

    /// Whether an irreversible step was begun, and its end was not seen.
    pub fn is_open(&self, step: &str) -> bool {
        self.steps.lock().get(step).is_some_and(|begun| begun.irreversible && begun.result.is_none())
    }

    /// Whether anything may be sent still.
    ///
    /// # Errors
    /// Where the claim can no longer be trusted.
    pub fn may_go_on(&self) -> Result<(), Seen> {
        if self.trust.may_send() { Ok(()) } else { Err(Seen::NotSent) }
    }

    /// An intent that cannot be withdrawn stays, and the entry is in doubt: that is the safe side.
    async fn withdraw(&self, step: &'static str, seen: Seen) -> Seen {
        match self.keep(step, Mark::Withdrawn).await {
            Ok(()) => seen,
            Err(reason) => {
                let (step, reason) = (step.to_owned(), reason.to_string());
                not_kept(KeptMessage::StepNotWithdrawn { step, reason }, true)
            }
        }
    }

    async fn keep(&self, step: &'static str, mark: Mark) -> Result<(), NotKept> {
        self.keeper.keep(step, mark.clone()).await?;
        fail_point!("step kept");
        let mut steps = self.steps.lock();
        match mark {
            Mark::Intent => {
                steps.insert(step.to_owned(), Begun { irreversible: true, result: None });
            }
            Mark::Result(result) => {
                // Only one that must not be done twice has begun with a word.
                let irreversible = steps.get(step).is_some_and(|begun| begun.irreversible);
                steps.insert(step.to_owned(), Begun { irreversible, result: Some(result) });
            }
            Mark::Withdrawn => {
                steps.remove(step);
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Journal({:?})", self.steps.lock().keys())
    }
}

/// Of a step that was not begun, because that could not be kept.
pub fn not_begun(step: &str, why: NotKept) -> Seen {
    match why {
        NotKept::ClaimLost => Seen::NotSent,
        NotKept::Failed(reason) => {
            not_kept(KeptMessage::StepNotBegun { step: step.to_owned(), reason }, false)
        }
    }
}

fn step_not_kept(step: &str, reason: &NotKept, may_be_out: bool) -> Seen {
    not_kept(KeptMessage::StepNotKept { step: step.to_owned(), reason: reason.to_string() }, may_be_out)
}

/// Our own database failed: that says nothing of the platform.
fn not_kept(message: KeptMessage, may_be_out: bool) -> Seen {
    Seen::NotKept { problem: Problem::new("checkpoint_not_kept", message), may_be_out }
}

/// What a step that may be done again came to can never put the post in doubt.
pub fn repeated(seen: Seen) -> Seen {
    match seen {
        Seen::ServerFault { problem, retry_after } => {
            Seen::StepFailed { problem, scope: Scope::Entry, retry_after }
        }
        Seen::EndUnseen { problem, retry_after } => {
            Seen::StepFailed { problem, scope: Scope::Platform, retry_after }
        }
        Seen::AcceptedUnread(problem) => Seen::StepFailed { problem, scope: Scope::Entry, retry_after: None },
        Seen::NotKept { problem, .. } => Seen::NotKept { problem, may_be_out: false },
        Seen::Broke { problem, may_have_left: true } => Seen::Broke { problem, may_have_left: false },
        other => other,
    }
}
