//! One of the pool that does the publishing: runs each attempt in a task of its own, so that a panic, a hang or an
//! unreadable answer is that attempt's outcome and nothing else.

mod calls;
mod probing;

use super::db::DbHandle;
use super::in_flight::Flight;
use crate::db::checkpoints::Checkpoint;
use crate::db::claim::Claim;
use crate::db::transitions::Ended;
use crate::domain::clock::Clock;
use crate::domain::ids::{AttemptId, NodeId};
use crate::domain::kept::message::KeptMessage;
use crate::domain::outcome::{Doubt, Outcome, Problem, Seen, judge};
use crate::domain::question::{LookedUp, Progress, Question, settle_look_up, settle_progress};
use crate::domain::retry::JitterSource;
use crate::domain::settlement::{Settlement, conclude};
use crate::domain::steps::conclude_after;
use crate::domain::trust::Trust;
use crate::media::Store;
use crate::operations::ready::Ready;
use crate::platforms::journal::{Journal, repeated};
use crate::platforms::platform::{LAST_LOOK, PublishCall};
use actix::prelude::*;
use calls::{Means, publish_call};
use fail::fail_point;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// Log target of one line per publication; the demo shows it.
pub const PUBLISHED: &str = "published";
/// Attempts that may wait for a publisher to begin with them; the executor's slots are the real bound.
const MAILBOX: usize = 4096;
/// A platform gets this much longer than its time to notice that it is over.
const LAST_WORD: Duration = Duration::from_millis(500);

/// Command: publish what was claimed, and tell `AttemptEnded`.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Publish {
    pub claim: Claim,
    pub ready: Ready,
    /// Until when it must be over, or it is not begun.
    pub trust: Trust,
    /// Says to the executor how it ended, also where this message is lost.
    pub flight: Flight,
}

/// Fact: an attempt ended. A panic and a full publisher are ends too.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct AttemptEnded(pub Ended);

/// Runs attempts. Holds nothing that a crash may not take.
pub struct PublisherActor {
    pub clock: Arc<dyn Clock>,
    pub jitter: Arc<JitterSource>,
    /// Where steps of long publishes are kept.
    pub db: DbHandle,
    pub node: NodeId,
    /// The files of pictures.
    pub media: Store,
}

impl Actor for PublisherActor {
    type Context = actix::Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(MAILBOX);
    }
}

impl Supervised for PublisherActor {}

impl Handler<Publish> for PublisherActor {
    type Result = ();

    fn handle(&mut self, command: Publish, _: &mut Self::Context) {
        let (clock, jitter) = (self.clock.clone(), self.jitter.clone());
        let Publish { claim, ready, trust, flight } = command;
        let means = self.means(&claim, ready.destination.account_id);
        actix_rt::spawn(async move {
            let ended = tokio::select! {
                ended = attempt(claim, ready, trust, &flight, clock, &jitter, means) => Some(ended),
                () = flight.is_cut() => None,
            };
            match ended {
                Some(ended) => flight.ended(ended),
                None => flight.was_cut(),
            }
        });
    }
}

async fn attempt(
    claim: Claim,
    ready: Ready,
    trust: Trust,
    flight: &Flight,
    clock: Arc<dyn Clock>,
    jitter: &JitterSource,
    means: Means,
) -> Ended {
    fail_point!("sending");
    let started_at = clock.now();
    let (attempt, execution, question, counted) =
        (claim.attempt, claim.execution, claim.question, claim.counted);
    let (on_demand, due_at) = (claim.is_on_demand(), claim.due_at);
    let (content, revision) = (claim.article.content_id, claim.article.revision);
    let extras = claim.extras.iter().map(|article| article.content_id).collect();
    let is_tested = question.is_none() && claim.is_probe && probing::is_tested(&ready);
    let kept_back = match question {
        None if would_be_repeated(&claim, &ready) => Some(not_repeated()),
        None if is_tested => {
            probing::keeps_back(&ready, &trust, &*clock, attempt.number, means.keeper()).await
        }
        None | Some(_) => None,
    };
    let time_left = trust.left();
    let standing = claim.standing;
    let title = claim.article.title.clone();
    let asked = publish_call(claim, &ready, &trust, means, started_at);
    let journal = ready.in_steps.then(|| asked.journal.clone());
    if let Some(journal) = &journal {
        flight.has_steps(journal);
    }
    let call = Call {
        attempt,
        title,
        journal: journal.clone(),
        time_left: asked.time_left,
        ready: &ready,
        clock: &*clock,
    };
    let may_begin = kept_back.is_none() && !time_left.is_zero() && flight.leaves(time_left + LAST_WORD);
    let is_sent = may_begin && question.is_none();
    // What a person wants out now has no time to be late for.
    if is_sent && !on_demand {
        flight.meter.lateness.note(started_at.since(due_at));
    }
    let end = match question {
        _ if !may_begin => call.not_begun(kept_back),
        None => End::Attempt(call.publish(asked).await),
        Some(Question::LookUp { .. }) => End::LookedUp(call.look_up(asked).await),
        Some(Question::Ask { .. }) => End::Progress(call.ask(asked).await),
    };
    fail_point!("sent");
    let finished_at = clock.now().max(started_at);
    if is_sent {
        flight.meter.publishing.note(finished_at.since(started_at));
    }
    let settlement = match (end, question) {
        (End::Attempt(seen), None) => {
            let reached = journal.filter(|_| may_begin).map(|journal| journal.reached());
            conclude_after(reached, seen, ready.rules, standing, finished_at, jitter.draw())
        }
        (End::LookedUp(answer), Some(Question::LookUp { found_nothing, .. })) => {
            settle_look_up(answer, found_nothing, standing, ready.rules, finished_at, jitter.draw())
        }
        (End::Progress(answer), Some(Question::Ask { since, .. })) => {
            settle_progress(answer, since, standing, ready.rules, finished_at, jitter.draw())
        }
        (End::Attempt(_) | End::LookedUp(_) | End::Progress(_), Some(question)) => {
            Settlement::asked_again(question, standing)
        }
        (End::LookedUp(_) | End::Progress(_), None) => {
            conclude(Seen::NotSent, ready.rules, standing, finished_at, jitter.draw())
        }
    };
    Ended {
        attempt,
        content,
        revision,
        extras,
        account: ready.destination.account_id,
        account_version: ready.version,
        counted,
        execution,
        on_demand,
        started_at,
        finished_at,
        settlement,
        has_steps: ready.in_steps || is_tested,
    }
}

/// How a call ended.
enum End {
    /// Also of a question that was not asked, because its claim was too old.
    Attempt(Seen),
    LookedUp(LookedUp),
    Progress(Progress),
}

/// One call of a platform.
struct Call<'a> {
    attempt: AttemptId,
    title: String,
    /// Of a publish in steps.
    journal: Option<Journal>,
    time_left: Duration,
    ready: &'a Ready,
    clock: &'a dyn Clock,
}

impl Call<'_> {
    /// Its platform is known to be down, or the claim is too old to be acted on: by the time it was known, or since the
    /// process was stopped.
    fn not_begun(&self, kept_back: Option<Seen>) -> End {
        let seen = kept_back.unwrap_or(Seen::NotSent);
        self.tell(&judge(seen.clone(), self.ready.rules));
        End::Attempt(seen)
    }

    async fn publish(self, call: PublishCall) -> Seen {
        let platform = self.ready.platform.clone();
        let seen = match self.bounded(async move { platform.publish(call).await }).await {
            Ok(seen) => seen,
            Err(broken) => self.after_break(broken),
        };
        self.tell(&judge(seen.clone(), self.ready.rules));
        seen
    }

    /// A publish in steps says in its journal whether anything may be out.
    fn after_break(&self, broken: Broken) -> Seen {
        let may_have_left = self.journal.as_ref().is_none_or(Journal::has_open_intent);
        match broken {
            Broken::Panic(problem) => Seen::Broke { problem, may_have_left },
            Broken::TimeOut(problem) => {
                let seen = Seen::EndUnseen { problem, retry_after: None };
                if may_have_left { seen } else { repeated(seen) }
            }
        }
    }

    async fn look_up(self, call: PublishCall) -> LookedUp {
        let platform = self.ready.platform.clone();
        let answer = self
            .bounded(async move { platform.look_up(call).await })
            .await
            .unwrap_or_else(|broken| LookedUp::Unknown { problem: broken.problem(), retry_after: None });
        let (entry, account) = (self.attempt.entry, &self.ready.destination.account_name);
        log::info!("entry {entry} was looked up on {account}: {}", in_words(&answer));
        answer
    }

    async fn ask(self, call: PublishCall) -> Progress {
        let platform = self.ready.platform.clone();
        let answer = self
            .bounded(async move { platform.ask(call).await })
            .await
            .unwrap_or_else(|broken| Progress::Unknown { problem: broken.problem(), retry_after: None });
        if let Progress::Published(receipt) = &answer {
            self.tell(&Outcome::Published(receipt.clone()));
        }
        answer
    }

    fn tell(&self, outcome: &Outcome) {
        let (attempt, title, account) = (self.attempt, &self.title, &self.ready.destination.account_name);
        match outcome {
            Outcome::Published(receipt) => {
                let place = receipt.url.as_deref().or(receipt.media_id.as_deref()).unwrap_or("");
                log::info!(target: PUBLISHED, "published entry {} “{title}” on {account}: {place}", attempt.entry);
            }
            Outcome::NotSent => log::info!("{attempt} on {account} was not sent"),
            Outcome::Submitted { ask_after } => {
                log::info!(
                    "{attempt} on {account} was submitted; it is asked for in {} s",
                    ask_after.as_secs()
                );
            }
            Outcome::Uncertain(problem)
            | Outcome::Retry { problem, doubt: Doubt::SendAgain | Doubt::LookUp { .. }, .. }
            | Outcome::Broke { problem, doubt: Doubt::SendAgain | Doubt::LookUp { .. } } => {
                let Problem { code, message } = problem;
                log::info!("{attempt} on {account} has no known end, and may be out: {code}: {message}");
            }
            Outcome::Retry { problem, doubt: Doubt::None, .. }
            | Outcome::Rejected(problem)
            | Outcome::AccountBroken { problem, .. }
            | Outcome::WrongAddress(problem)
            | Outcome::Broke { problem, doubt: Doubt::None } => {
                log::info!("{attempt} on {account} failed: {}: {}", problem.code, problem.message);
            }
        }
    }

    async fn bounded<T: 'static>(&self, asked: impl Future<Output = T> + 'static) -> Result<T, Broken> {
        bounded(self.clock, self.time_left, asked).await
    }
}

/// Whether nobody would know it again, and it may be out. Of a publish in steps what is done is not done again, so only where
/// one that cannot be taken back was begun, and its end was not seen.
fn would_be_repeated(claim: &Claim, ready: &Ready) -> bool {
    let is_open = |step: &Checkpoint| step.irreversible && step.result.is_none();
    let is_in_doubt = !ready.in_steps || claim.steps.iter().any(is_open);
    claim.standing.unproven && is_in_doubt && ready.rules.doubt().is_none()
}

/// It may be out by an attempt of the time when the account's repeats were known again, or wanted in any case.
fn not_repeated() -> Seen {
    Seen::NotRepeated(Problem::new("not_repeated", KeptMessage::NotRepeated))
}

/// Waits for the platform no longer than it may take. The call itself may panic before there is a future, so both
/// happen inside a task.
async fn bounded<T: 'static>(
    clock: &dyn Clock,
    time_left: Duration,
    asked: impl Future<Output = T> + 'static,
) -> Result<T, Broken> {
    let mut task = actix_rt::spawn(asked);
    // However this ends, the request ends with it.
    let _request = EndWithMe(task.abort_handle());
    let ended = tokio::select! {
        end = &mut task => Some(end),
        // Where the process stood still, the call has not looked yet whether it has an answer.
        () = clock.sleep(time_left + LAST_WORD) => timeout(LAST_LOOK * 2, task).await.ok(),
    };
    let Some(end) = ended else {
        let seconds = time_left.as_secs();
        return Err(Broken::TimeOut(Problem::new("timeout", KeptMessage::NoEnd { seconds })));
    };
    end.map_err(|end| {
        let message = match end.try_into_panic() {
            Ok(panic) => KeptMessage::Panicked { panic: super::db::panic_text(&*panic).to_owned() },
            Err(_) => KeptMessage::Cancelled,
        };
        Broken::Panic(Problem::new("panic", message))
    })
}

/// A task that does not outlive this value.
struct EndWithMe(tokio::task::AbortHandle);

impl Drop for EndWithMe {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// How a call ends that says nothing.
enum Broken {
    Panic(Problem),
    TimeOut(Problem),
}

impl Broken {
    fn problem(self) -> Problem {
        match self {
            Broken::Panic(problem) | Broken::TimeOut(problem) => problem,
        }
    }
}

fn in_words(answer: &LookedUp) -> String {
    match answer {
        LookedUp::There(receipt) => {
            format!("it is there ({})", receipt.url.as_deref().unwrap_or("no address"))
        }
        LookedUp::NotThere => "it is not there".to_owned(),
        LookedUp::Unknown { problem, .. }
        | LookedUp::CannotTell(problem)
        | LookedUp::AccountBroken { problem, .. } => {
            format!("{}: {}", problem.code, problem.message)
        }
    }
}
