//! One attempt, as a publisher makes it: with the product's own trust, journal, judgement and settlements. What it waits
//! for goes through a [`Wire`], which the simulation answers when virtual time has come to it.

use crate::platform::{Call, Reply, end_unseen, problem};
use crate::sabotage::Sabotage;
use crate::store::{Account, Step};
use crate::time::NodeClock;
use contenthub::db::checkpoints::Checkpoint;
use contenthub::db::claim::Claim;
use contenthub::db::transitions::Ended;
use contenthub::domain::clock::Clock;
use contenthub::domain::outcome::{Receipt, Seen};
use contenthub::domain::question::{LookedUp, Progress, Question, settle_look_up, settle_progress};
use contenthub::domain::retry::JitterSource;
use contenthub::domain::settlement::Settlement;
use contenthub::domain::steps::{Reached, conclude_after};
use contenthub::domain::trust::Trust;
use contenthub::platforms::journal::{Begun, Journal, Keeper, Mark, NotKept, repeated};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use serde_json::Value;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// One request has so long, whatever its claim would allow.
const REQUEST_MAX: Duration = Duration::from_secs(30);

/// What an attempt asks of the world outside.
#[derive(Debug, Clone)]
pub enum Request {
    /// A platform, which has so long to answer.
    Call { call: Call, time: Duration },
    /// The database.
    Keep { step: &'static str, mark: Mark },
}

#[derive(Debug, Clone)]
pub enum Answer {
    Reply(Reply),
    TimedOut,
    /// False where the claim is lost; none where the database failed.
    Kept(Option<bool>),
}

/// Between an attempt and the simulation.
#[derive(Debug, Default)]
pub struct Wire(Mutex<WireState>);

#[derive(Debug, Default)]
struct WireState {
    request: Option<Request>,
    answer: Option<Answer>,
    /// Of the last request: an answer to an earlier one comes too late.
    number: u32,
}

impl Wire {
    fn ask(self: &Arc<Self>, request: Request) -> Asking {
        Asking { wire: self.clone(), request: Some(request) }
    }

    /// What it asks now, with the number that the answer is to bear.
    pub fn request(&self) -> Option<(Request, u32)> {
        let mut state = self.0.lock().expect("nobody panics with it");
        let request = state.request.take()?;
        Some((request, state.number))
    }

    /// False where nobody waits for it any more.
    pub fn answer(&self, number: u32, answer: Answer) -> bool {
        let mut state = self.0.lock().expect("nobody panics with it");
        if state.number != number {
            return false;
        }
        state.number += 1;
        state.answer = Some(answer);
        true
    }
}

struct Asking {
    wire: Arc<Wire>,
    request: Option<Request>,
}

impl Future for Asking {
    type Output = Answer;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Answer> {
        let request = self.request.take();
        let mut state = self.wire.0.lock().expect("nobody panics with it");
        if request.is_some() {
            state.request = request;
            return Poll::Pending;
        }
        state.answer.take().map_or(Poll::Pending, Poll::Ready)
    }
}

/// Marks go through the wire to the database.
struct OverWire {
    wire: Arc<Wire>,
    sabotage: Option<Sabotage>,
}

impl Keeper for OverWire {
    fn keep(&self, step: &'static str, mark: Mark) -> LocalBoxFuture<'static, Result<(), NotKept>> {
        if self.sabotage == Some(Sabotage::Intent) && mark == Mark::Intent {
            return std::future::ready(Ok(())).boxed_local();
        }
        let asked = self.wire.ask(Request::Keep { step, mark });
        async move {
            match asked.await {
                Answer::Kept(Some(true)) => Ok(()),
                Answer::Kept(Some(false)) => Err(NotKept::ClaimLost),
                Answer::Kept(None) | Answer::Reply(_) | Answer::TimedOut => {
                    Err(NotKept::Failed("the database is away".to_owned()))
                }
            }
        }
        .boxed_local()
    }
}

/// All that an attempt is made of.
pub struct Job {
    pub claim: Claim,
    pub account: Account,
    pub trust: Trust,
    pub clock: Arc<NodeClock>,
    pub wire: Arc<Wire>,
    pub jitter: Arc<JitterSource>,
    pub sabotage: Option<Sabotage>,
}

/// An attempt under way.
pub struct Flight {
    future: LocalBoxFuture<'static, Ended>,
    pub wire: Arc<Wire>,
    /// Of a publish in steps.
    journal: Option<Journal>,
    /// Something of it may have left.
    pub left: bool,
}

impl Flight {
    pub fn begin(job: Job) -> Self {
        let journal = job.account.in_steps.then(|| {
            let steps = job.claim.steps.iter();
            let read = |text: &String| serde_json::from_str(text).unwrap_or(Value::Null);
            let begun = |step: &Checkpoint| Begun {
                irreversible: step.irreversible,
                result: step.result.as_ref().map(read),
            };
            let steps = steps.map(|step| (step.step.clone(), begun(step))).collect();
            let keeper = OverWire { wire: job.wire.clone(), sabotage: job.sabotage };
            Journal::new(steps, Arc::new(keeper), job.trust.clone())
        });
        let wire = job.wire.clone();
        Flight { future: attempt(job, journal.clone()).boxed_local(), wire, journal, left: false }
    }

    /// Goes on as far as it can.
    pub fn poll(&mut self) -> Option<Ended> {
        match self.future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(ended) => Some(ended),
            Poll::Pending => None,
        }
    }

    /// What a node that stops makes of it, as `actors/in_flight.rs` does.
    pub fn seen_at_the_end(&self) -> (Option<Reached>, Seen) {
        let reached = self.journal.as_ref().filter(|_| self.left).map(Journal::reached);
        let seen = match reached {
            _ if !self.left => Seen::NotSent,
            Some(Reached::Nothing | Reached::Done) => repeated(end_unseen()),
            Some(Reached::InDoubt) | None => end_unseen(),
        };
        (reached, seen)
    }
}

async fn attempt(job: Job, journal: Option<Journal>) -> Ended {
    let started_at = job.clock.now();
    let standing = job.claim.standing;
    let question = job.claim.question;
    let rules = job.account.rules;
    let may_begin = job.trust.may_send();
    let settlement = match question {
        Some(question) if !may_begin => Settlement::asked_again(question, standing),
        None => {
            let begun = journal.as_ref().filter(|_| may_begin);
            let seen = if may_begin { publish(&job, journal.as_ref()).await } else { Seen::NotSent };
            let reached = begun.map(Journal::reached);
            conclude_after(reached, seen, rules, standing, ended_at(&job, started_at), job.jitter.draw())
        }
        Some(Question::LookUp { found_nothing, .. }) => {
            let answer = look_up(&job).await;
            let at = ended_at(&job, started_at);
            settle_look_up(answer, found_nothing, standing, rules, at, job.jitter.draw())
        }
        Some(Question::Ask { since, .. }) => {
            let answer = ask(&job).await;
            settle_progress(answer, since, standing, rules, ended_at(&job, started_at), job.jitter.draw())
        }
    };
    Ended {
        attempt: job.claim.attempt,
        content: job.claim.article.content_id,
        revision: job.claim.article.revision,
        extras: Vec::new(),
        account: job.account.id,
        account_version: job.account.version,
        counted: job.claim.counted,
        execution: job.claim.execution,
        on_demand: job.claim.is_on_demand(),
        started_at,
        finished_at: ended_at(&job, started_at),
        settlement,
        has_steps: job.account.in_steps,
    }
}

fn ended_at(job: &Job, started_at: contenthub::Timestamp) -> contenthub::Timestamp {
    job.clock.now().max(started_at)
}

async fn publish(job: &Job, journal: Option<&Journal>) -> Seen {
    let Some(journal) = journal else {
        return match call(job, Call::Publish).await {
            Ok(Reply::Seen(seen)) => seen,
            Ok(_) => Seen::Accepted(Receipt::default()),
            Err(seen) => seen,
        };
    };
    match publish_in_steps(job, journal).await {
        Ok(seen) | Err(seen) => seen,
    }
}

/// As a platform of three steps does it: an upload, a draft, and the publication itself.
async fn publish_in_steps(job: &Job, journal: &Journal) -> Result<Seen, Seen> {
    journal.repeatable(Step::Cover.name(), || step(job, Step::Cover)).await?;
    journal.irreversible(Step::Draft.name(), || step(job, Step::Draft)).await?;
    let sent = journal.irreversible(Step::Send.name(), || step(job, Step::Send)).await?;
    // What an earlier attempt has submitted is asked for.
    Ok(match sent.as_str() {
        Some("submitted") => Seen::Submitted { ask_after: Duration::from_secs(20) },
        Some(media_id) => Seen::Accepted(Receipt { media_id: Some(media_id.to_owned()), url: None }),
        None => Seen::Accepted(Receipt::default()),
    })
}

async fn step(job: &Job, step: Step) -> Result<Value, Seen> {
    match call(job, Call::Step(step)).await? {
        Reply::StepDone => Ok(Value::from("done")),
        Reply::Seen(Seen::Accepted(receipt)) => Ok(receipt.media_id.map_or(Value::Null, Value::from)),
        Reply::Seen(Seen::Submitted { .. }) => Ok(Value::from("submitted")),
        Reply::Seen(seen) => Err(seen),
        Reply::LookedUp(_) | Reply::Progress(_) => Err(end_unseen()),
    }
}

/// Nothing leaves once the claim is no longer trusted, nor with a time that outlives it.
async fn call(job: &Job, call: Call) -> Result<Reply, Seen> {
    let time = job.trust.left().min(REQUEST_MAX);
    if time.is_zero() {
        return Err(Seen::NotSent);
    }
    match job.wire.ask(Request::Call { call, time }).await {
        Answer::Reply(reply) => Ok(reply),
        Answer::TimedOut | Answer::Kept(_) => Err(end_unseen()),
    }
}

async fn look_up(job: &Job) -> LookedUp {
    match call(job, Call::LookUp).await {
        Ok(Reply::LookedUp(answer)) => answer,
        Ok(_) | Err(_) => LookedUp::Unknown { problem: problem("unknown"), retry_after: None },
    }
}

async fn ask(job: &Job) -> Progress {
    match call(job, Call::Ask).await {
        Ok(Reply::Progress(answer)) => answer,
        Ok(_) | Err(_) => Progress::Unknown { problem: problem("unknown"), retry_after: None },
    }
}
