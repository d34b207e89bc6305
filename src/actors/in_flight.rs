//! What this node has on the wire, kept outside the actors: whichever of them dies, its successor knows what is under
//! way, and what has come back and is not written yet.
//!
//! A claim gets a [`Flight`] before it is handed to a publisher. It goes where the attempt goes, and whoever lets go of
//! it has ended the attempt: a message that nobody took was not sent; a task that panicked, or whose thread is gone, may
//! have sent something. So each attempt has an end, and one that is not written is never forgotten.

use super::publisher::AttemptEnded;
use crate::db::claim::Claim;
use crate::db::transitions::Ended;
use crate::domain::clock::{Clock, Timestamp};
use crate::domain::ids::*;
use crate::domain::kept::message::KeptMessage;
use crate::domain::outcome::{Problem, Rules, Seen};
use crate::domain::question::Question;
use crate::domain::retry::JitterSource;
use crate::domain::settlement::{Settlement, Standing};
use crate::domain::steps::{Reached, conclude_after};
use crate::domain::trust::Trust;
use crate::engine::slots::{AttemptKind, Taken};
use crate::metrics::Metrics;
use crate::metrics::accounts::AccountMeter;
use crate::operations::ready::Ready;
use crate::platforms::journal::{Journal, repeated};
use actix::prelude::*;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// An attempt is given up by the watchdog when it was found overdue as often as this in a row. By looks and not by time,
/// because neither a clock that was stepped nor a process that stood still says anything about an attempt.
const OVERDUE_LOOKS: u32 = 15;

/// The attempts of a node.
pub struct InFlight {
    clock: Arc<dyn Clock>,
    jitter: Arc<JitterSource>,
    pub metrics: Arc<Metrics>,
    state: Mutex<State>,
    /// Why the last cycle was not committed.
    unwritten_because: Mutex<Option<String>>,
    /// True once those on the wire are to end, whatever they are at.
    cut: watch::Sender<bool>,
}

#[derive(Default)]
struct State {
    attempts: HashMap<AttemptId, Attempt>,
    /// The executor that is at work; none before the first.
    executor: Option<Recipient<AttemptEnded>>,
    /// The node stops: nothing leaves any more.
    closing: bool,
}

struct Attempt {
    facts: Facts,
    /// Something of it may have left.
    left: bool,
    /// Of a publish in steps: says whether anything of it may be out.
    journal: Option<Journal>,
    /// Monotonic time at which it has to be over.
    over_at: Duration,
    overdue: u32,
    /// How it ended; kept until that is written.
    ended: Option<Ended>,
}

/// What an end is made of, where the attempt itself cannot say.
#[derive(Debug, Clone, Copy)]
struct Facts {
    content: ContentId,
    revision: i32,
    account: AccountId,
    account_version: i64,
    counted: bool,
    execution: Option<ExecutionId>,
    on_demand: bool,
    kind: AttemptKind,
    question: Option<Question>,
    standing: Standing,
    rules: Rules,
    since: Timestamp,
}

/// When an entry that nobody saw the end of may be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    /// As after any such end.
    AsJudged,
    /// At once, as after a crash: it was our doing.
    AtOnce,
}

impl InFlight {
    pub fn new(clock: Arc<dyn Clock>, jitter: Arc<JitterSource>, metrics: Arc<Metrics>) -> Arc<Self> {
        Arc::new(InFlight {
            clock,
            jitter,
            metrics,
            state: Mutex::default(),
            unwritten_because: Mutex::default(),
            cut: watch::Sender::new(false),
        })
    }

    /// A claim that is about to be handed to a publisher, which has to begin it while it is trusted.
    pub fn add(self: &Arc<Self>, claim: &Claim, kind: AttemptKind, ready: &Ready, trust: &Trust) -> Flight {
        let facts = Facts {
            content: claim.article.content_id,
            revision: claim.article.revision,
            account: claim.account,
            account_version: ready.version,
            counted: claim.counted,
            execution: claim.execution,
            on_demand: claim.is_on_demand(),
            kind,
            question: claim.question,
            standing: claim.standing,
            rules: ready.rules,
            since: self.clock.now(),
        };
        let over_at = self.clock.monotonic() + trust.left();
        let attempt = Attempt { facts, left: false, journal: None, over_at, overdue: 0, ended: None };
        self.state.lock().attempts.insert(claim.attempt, attempt);
        let meter = self.metrics.accounts.of(claim.account);
        Flight { attempt: claim.attempt, all: self.clone(), meter, has_ended: false }
    }

    /// From now on `executor` hears of ends. It is given what is on the wire, and what has ended and is not written.
    pub fn take_over(&self, executor: Recipient<AttemptEnded>) -> (Vec<(Taken, Timestamp)>, Vec<Ended>) {
        let mut state = self.state.lock();
        state.executor = Some(executor);
        let taken = |(id, attempt): (&AttemptId, &Attempt)| {
            let Facts { account, kind, since, .. } = attempt.facts;
            (Taken { attempt: *id, account, kind }, since)
        };
        let on_the_wire = state.attempts.iter().map(taken).collect();
        (on_the_wire, state.attempts.values().filter_map(|attempt| attempt.ended.clone()).collect())
    }

    /// The ends of these are in the database, or never will be.
    pub fn written<'a>(&self, attempts: impl Iterator<Item = &'a AttemptId>) {
        let mut state = self.state.lock();
        for attempt in attempts {
            state.attempts.remove(attempt);
        }
    }

    /// How many attempts have not ended.
    pub fn count(&self) -> usize {
        self.state.lock().attempts.values().filter(|attempt| attempt.ended.is_none()).count()
    }

    /// How many attempts there are whose end is not written.
    pub fn unwritten(&self) -> usize {
        self.state.lock().attempts.len()
    }

    /// Why the database takes neither ends nor claims, by the last cycle.
    pub fn unwritten_because(&self) -> Option<String> {
        self.unwritten_because.lock().clone()
    }

    /// What became of a cycle.
    pub fn has_written(&self, written: Result<(), String>) {
        *self.unwritten_because.lock() = written.err();
    }

    /// Nothing leaves any more: what is claimed and not sent goes back.
    pub fn close(&self) {
        self.state.lock().closing = true;
    }

    /// Whether something may still be claimed and sent.
    pub fn is_open(&self) -> bool {
        !self.state.lock().closing
    }

    /// Ends what is on the wire: requests are dropped, and what became of them nobody can tell.
    pub fn cut(&self) {
        self.close();
        self.cut.send_replace(true);
    }

    /// Ends what did not hear of [`InFlight::cut`], because its thread is blocked.
    pub fn cut_the_deaf(&self) {
        self.end_where(Due::AtOnce, |_| true, stopped);
    }

    /// Takes back what nobody has begun with; another publisher will.
    pub fn recall(&self) {
        self.end_where(Due::AsJudged, |attempt| !attempt.left, || Seen::NotSent);
    }

    /// Looks for attempts that ought to be over and have not ended, and ends those that stay so.
    pub fn end_overdue(&self) {
        let now = self.clock.monotonic();
        let is_overdue = |attempt: &mut Attempt| {
            attempt.overdue = if now > attempt.over_at { attempt.overdue + 1 } else { 0 };
            attempt.overdue >= OVERDUE_LOOKS
        };
        self.end_where(Due::AsJudged, is_overdue, || broke("hung", KeptMessage::Hung));
    }

    fn end_where(&self, due: Due, mut which: impl FnMut(&mut Attempt) -> bool, seen: impl Fn() -> Seen) {
        let mut state = self.state.lock();
        let mut all = Vec::new();
        for (id, attempt) in state.attempts.iter_mut().filter(|(_, attempt)| attempt.ended.is_none()) {
            if which(attempt) {
                let ended = attempt.end(*id, seen(), due, self.clock.now(), &self.jitter);
                log::warn!("{id} was given up: {:?}", ended.settlement.log);
                all.push(ended);
            }
        }
        let executor = state.executor.clone();
        drop(state);
        all.into_iter().for_each(|ended| tell(executor.as_ref(), ended));
    }

    /// The attempt says how it ended, or whoever had its flight let go of it.
    fn ended(&self, ended: Ended) {
        let kept = ended.clone();
        let mut state = self.state.lock();
        if let Some(attempt) = state.attempts.get_mut(&ended.attempt)
            && attempt.ended.is_none()
        {
            attempt.ended = Some(kept);
        }
        let executor = state.executor.clone();
        drop(state);
        // One that was given up before is told too: what it came to may settle what was left open.
        tell(executor.as_ref(), ended);
    }

    fn let_go(&self, id: AttemptId, seen: Seen, due: Due) {
        let now = self.clock.now();
        let mut state = self.state.lock();
        let State { attempts, executor, .. } = &mut *state;
        let Some(attempt) = attempts.get_mut(&id).filter(|attempt| attempt.ended.is_none()) else { return };
        let ended = attempt.end(id, seen, due, now, &self.jitter);
        let executor = executor.clone();
        drop(state);
        tell(executor.as_ref(), ended);
    }
}

impl Attempt {
    fn end(&mut self, id: AttemptId, seen: Seen, due: Due, now: Timestamp, jitter: &JitterSource) -> Ended {
        let facts = self.facts;
        let finished_at = now.max(facts.since);
        let settlement = match facts.question {
            // Asking changes nothing over there.
            Some(question) => Settlement::asked_again(question.put_off_to(finished_at), facts.standing),
            None => self.settled(seen, due, finished_at, jitter),
        };
        let ended = Ended {
            attempt: id,
            content: facts.content,
            revision: facts.revision,
            account: facts.account,
            account_version: facts.account_version,
            counted: facts.counted,
            execution: facts.execution,
            on_demand: facts.on_demand,
            started_at: facts.since,
            finished_at,
            settlement,
            has_steps: self.journal.is_some(),
        };
        self.ended = Some(ended.clone());
        ended
    }

    fn settled(&self, seen: Seen, due: Due, finished_at: Timestamp, jitter: &JitterSource) -> Settlement {
        let reached = self.journal.as_ref().filter(|_| self.left).map(Journal::reached);
        let seen = match reached {
            _ if !self.left => Seen::NotSent,
            Some(Reached::Nothing | Reached::Done) => repeated(seen),
            Some(Reached::InDoubt) | None => seen,
        };
        let Facts { rules, standing, .. } = self.facts;
        let settlement = conclude_after(reached, seen, rules, standing, finished_at, jitter.draw());
        match due {
            Due::AsJudged => settlement,
            Due::AtOnce => settlement.through_no_fault(finished_at),
        }
    }
}

/// Bounded by the attempts there are; one that is lost with a dead executor is found by the next. Told without the lock
/// on what is in flight: waking a thread takes a while, and the thread would want that lock first of all.
#[expect(clippy::disallowed_methods, reason = "what is told here is kept until it is written")]
fn tell(executor: Option<&Recipient<AttemptEnded>>, ended: Ended) {
    if let Some(executor) = executor {
        executor.do_send(AttemptEnded(ended));
    }
}

fn broke(code: &str, message: KeptMessage) -> Seen {
    Seen::Broke { problem: Problem::new(code, message), may_have_left: true }
}

fn stopped() -> Seen {
    let problem = Problem::new("stopped", KeptMessage::NodeStopped);
    Seen::EndUnseen { problem, retry_after: None }
}

/// One attempt's place among those in flight. Letting go of it ends the attempt.
pub struct Flight {
    attempt: AttemptId,
    all: Arc<InFlight>,
    /// Of its account.
    pub meter: Arc<AccountMeter>,
    has_ended: bool,
}

impl Flight {
    /// Asked right before anything is sent, which has to be over within `time`. False where it must not be: the node
    /// stops, or somebody has given the attempt up.
    pub fn leaves(&self, time: Duration) -> bool {
        let over_at = self.all.clock.monotonic() + time;
        let mut state = self.all.state.lock();
        let may_leave = !state.closing;
        match state.attempts.get_mut(&self.attempt) {
            Some(attempt) if may_leave && attempt.ended.is_none() => {
                attempt.left = true;
                attempt.over_at = over_at;
                true
            }
            _ => false,
        }
    }

    /// From now on its end is judged by what this journal says.
    pub fn has_steps(&self, journal: &Journal) {
        if let Some(attempt) = self.all.state.lock().attempts.get_mut(&self.attempt) {
            attempt.journal = Some(journal.clone());
        }
    }

    /// Waits until the attempt is to end, whatever it is at.
    pub async fn is_cut(&self) {
        // The sender is as old as this value's `all`, so it does not end first.
        let _ = self.all.cut.subscribe().wait_for(|cut| *cut).await;
    }

    /// It ended of itself.
    pub fn ended(mut self, ended: Ended) {
        self.has_ended = true;
        self.all.ended(ended);
    }

    /// It was cut off: what it sent, if anything, has no known end.
    pub fn was_cut(mut self) {
        self.has_ended = true;
        self.all.let_go(self.attempt, stopped(), Due::AtOnce);
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        if !self.has_ended {
            let seen = broke("lost", KeptMessage::Lost);
            self.all.let_go(self.attempt, seen, Due::AsJudged);
        }
    }
}
