//! One of the pool that does the publishing: runs each attempt in a task of its own, so that a panic, a hang or an
//! unreadable answer is that attempt's outcome and nothing else.

use super::in_flight::Flight;
use crate::db::claim::Claim;
use crate::db::transitions::Ended;
use crate::domain::clock::Clock;
use crate::domain::ids::AttemptId;
use crate::domain::outcome::{Outcome, Problem, Seen, judge, settle};
use crate::domain::retry::Jitter;
use crate::operations::ready::Ready;
use crate::platforms::platform::PublishCall;
use crate::secrets;
use actix::prelude::*;
use std::sync::Arc;
use std::time::Duration;

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
    /// Monotonic time by which it must be over, or it is not begun.
    pub trusted_until: Duration,
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
        let clock = self.clock.clone();
        let Publish { claim, ready, trusted_until, flight } = command;
        actix_rt::spawn(async move {
            let ended = tokio::select! {
                ended = attempt(claim, ready, trusted_until, &flight, clock) => Some(ended),
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
    trusted_until: Duration,
    flight: &Flight,
    clock: Arc<dyn Clock>,
) -> Ended {
    let started_at = clock.now();
    let title = claim.article.title.clone();
    let (content, revision) = (claim.article.content_id, claim.article.revision);
    let (standing, attempt, execution) = (claim.standing, claim.attempt, Some(claim.execution));
    let time_left = trusted_until.saturating_sub(clock.monotonic());
    let seen = if time_left.is_zero() || !flight.leaves(time_left + LAST_WORD) {
        Seen::NotSent
    } else {
        call_platform(claim, &ready, time_left, started_at.micros() / 1_000_000, &*clock).await
    };
    let outcome = judge(seen, ready.class, ready.on_unknown);
    let account = &ready.destination.account_name;
    tell(attempt, &title, account, &outcome);
    let finished_at = clock.now().max(started_at);
    let settlement = settle(outcome, standing, finished_at, Jitter::from_random(secrets::random_u64()));
    Ended {
        attempt,
        content,
        revision,
        account: ready.destination.account_id,
        account_version: ready.version,
        execution,
        started_at,
        finished_at,
        settlement,
    }
}

async fn call_platform(
    claim: Claim,
    ready: &Ready,
    time_left: Duration,
    unix_seconds: i64,
    clock: &dyn Clock,
) -> Seen {
    let call = PublishCall {
        entry: claim.attempt.entry,
        attempt: claim.attempt.number,
        key: claim.key,
        article: claim.article,
        destination: ready.destination.clone(),
        time_left,
        unix_seconds,
    };
    let platform = ready.platform.clone();
    // The call itself may panic before there is a future, so both happen inside the task.
    let task = actix_rt::spawn(async move { platform.publish(call).await });
    // However this ends, the request ends with it.
    let _request = EndWithMe(task.abort_handle());
    tokio::select! {
        end = task => end.unwrap_or_else(|end| {
            let message = match end.try_into_panic() {
                Ok(panic) => format!("the platform's code panicked: {}", super::db::panic_text(&*panic)),
                Err(_) => "the platform's code was cancelled".to_owned(),
            };
            Seen::Broke { problem: Problem::new("panic", message), may_have_left: true }
        }),
        () = clock.sleep(time_left + LAST_WORD) => {
            let problem = Problem::new("timeout", format!("no end within {} s", time_left.as_secs()));
            Seen::EndUnseen { problem, retry_after: None }
        }
    }
}

/// A task that does not outlive this value.
struct EndWithMe(tokio::task::AbortHandle);

impl Drop for EndWithMe {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn tell(attempt: AttemptId, title: &str, account: &str, outcome: &Outcome) {
    match outcome {
        Outcome::Published(receipt) => {
            let place = receipt.url.as_deref().or(receipt.media_id.as_deref()).unwrap_or("");
            log::info!(target: PUBLISHED, "published entry {} “{title}” on {account}: {place}", attempt.entry);
        }
        Outcome::NotSent => log::info!("{attempt} on {account} was not sent"),
        Outcome::Retry { problem, .. }
        | Outcome::Uncertain(problem)
        | Outcome::Rejected(problem)
        | Outcome::AccountBroken { problem, .. }
        | Outcome::WrongAddress(problem)
        | Outcome::Broke { problem, .. } => {
            log::info!("{attempt} on {account} failed: {}: {}", problem.code, problem.message);
        }
    }
}
