//! Attempts of a node: begun, carried on, ended, and cut off, as `actors/publisher.rs` and `actors/in_flight.rs` do it.

use super::{Flying, NodeEvent, Statement};
use crate::attempt::{Answer, Flight, Job, Request};
use crate::invariants::Verdict;
use crate::platform::{Call, Fate};
use crate::sabotage::Sabotage;
use crate::store::{Account, KeepStep, Step};
use crate::time::{MILLISECOND, SECOND, micros};
use crate::world::{self, World};
use contenthub::db::claim::Claim;
use contenthub::db::transitions::Ended;
use contenthub::domain::clock::Clock;
use contenthub::domain::ids::AttemptId;
use contenthub::domain::outcome::Seen;
use contenthub::domain::settlement::Settlement;
use contenthub::domain::steps::{Reached, conclude_after};
use contenthub::domain::trust::{Trust, TrustWindow};
use contenthub::engine::dispatch;
use std::sync::Arc;
use std::time::Duration;

impl World<'_> {
    /// A publisher takes it up, where the node does not stop.
    pub(super) fn begin(&mut self, n: usize, attempt: AttemptId) -> Verdict {
        let closing = self.nodes[n].closing;
        let Some(flying) = self.nodes[n].flights.get_mut(&attempt) else { return Ok(()) };
        let Some(job) = flying.job.take() else { return Ok(()) };
        if closing {
            return self.end(n, attempt, (None, Seen::NotSent));
        }
        flying.flight = Some(Flight::begin(job));
        self.go_on(n, attempt)
    }

    pub(super) fn answered(&mut self, n: usize, attempt: AttemptId, number: u32, answer: Answer) -> Verdict {
        let Some(flying) = self.nodes[n].flights.get_mut(&attempt) else { return Ok(()) };
        let Some(flight) = &flying.flight else { return Ok(()) };
        if !flight.wire.answer(number, answer) {
            return Ok(());
        }
        self.go_on(n, attempt)
    }

    /// As far as it can, until it asks for something or has ended.
    fn go_on(&mut self, n: usize, attempt: AttemptId) -> Verdict {
        let Some(flying) = self.nodes[n].flights.get_mut(&attempt) else { return Ok(()) };
        let claimed_at = flying.claimed_at;
        let (key, revision) = (flying.claim.key.0.clone(), flying.claim.article.revision);
        let Some(flight) = &mut flying.flight else { return Ok(()) };
        if let Some(ended) = flight.poll() {
            self.nodes[n].flights.remove(&attempt);
            return self.ended(n, ended);
        }
        flight.left = true;
        let Some((request, number)) = flight.wire.request() else { return Ok(()) };
        let life = self.nodes[n].life;
        match request {
            Request::Call { call, time } => {
                if let Call::Step(step) = call {
                    self.judge.step_leaves((attempt.entry, revision), step, claimed_at)?;
                }
                if matches!(call, Call::Publish | Call::Step(_)) {
                    self.judge.sends_revision(attempt, revision)?;
                }
                if matches!(call, Call::Publish | Call::Step(Step::Send)) {
                    self.judge.leaves(attempt, self.time.micros())?;
                }
                let fate = Fate::Accepted;
                self.send(world::Request { node: n, life, attempt, number, call, key, fate }, micros(time));
            }
            Request::Keep { step, mark } => {
                let node = self.nodes[n].id.clone();
                let step = KeepStep { node, attempt, revision, step, mark };
                self.state(n, Statement::Keep { number, step });
            }
        }
        Ok(())
    }

    fn ended(&mut self, n: usize, mut ended: Ended) -> Verdict {
        if self.sabotage == Some(Sabotage::UnprovenMark) {
            ended.settlement.unproven = false;
            if let Some(instead) = &mut ended.settlement.if_others_get_through {
                instead.unproven = false;
            }
        }
        self.note_of(n, || {
            let Ended { attempt, settlement, .. } = &ended;
            let problem = settlement.problem.as_ref().map_or("", |problem| problem.code.as_str());
            format!("{attempt} ended: {} {:?} {problem}", settlement.status, settlement.question)
        });
        self.dispatch(n, dispatch::Event::AttemptEnded(ended))
    }

    /// Ends it from outside: due at once, because it is the node's doing.
    fn end(&mut self, n: usize, attempt: AttemptId, (reached, seen): (Option<Reached>, Seen)) -> Verdict {
        let now = self.nodes[n].clock.now();
        let Some(flying) = self.nodes[n].flights.remove(&attempt) else { return Ok(()) };
        let finished_at = now.max(flying.since);
        let settlement = match flying.claim.question {
            Some(question) => {
                Settlement::asked_again(question.put_off_to(finished_at), flying.claim.standing)
            }
            None => {
                let Flying { account, claim, .. } = &flying;
                let (rules, standing, jitter) = (account.rules, claim.standing, self.jitter.draw());
                let settlement = conclude_after(reached, seen, rules, standing, finished_at, jitter);
                settlement.through_no_fault(finished_at)
            }
        };
        let claim = flying.claim;
        self.ended(
            n,
            Ended {
                attempt,
                content: claim.article.content_id,
                revision: claim.article.revision,
                extras: Vec::new(),
                account: claim.account,
                account_version: flying.account.version,
                counted: claim.counted,
                execution: claim.execution,
                on_demand: claim.is_on_demand(),
                started_at: flying.since,
                finished_at,
                settlement,
                has_steps: flying.account.in_steps,
            },
        )
    }

    /// It is told to stop: it claims no more, and gives what is on the wire a while.
    pub(super) fn drain(&mut self, n: usize) -> Verdict {
        if self.nodes[n].closing {
            return Ok(());
        }
        self.note_of(n, || "stops".to_owned());
        self.nodes[n].closing = true;
        let grace = Duration::from_micros(self.chance.between(MILLISECOND, 30 * SECOND));
        self.every(n, grace, NodeEvent::Cut);
        self.dispatch(n, dispatch::Event::Drain)
    }

    pub(super) fn cut(&mut self, n: usize) -> Verdict {
        let all: Vec<AttemptId> = self.nodes[n].flights.keys().copied().collect();
        for attempt in all {
            let seen = match self.nodes[n].flights.get(&attempt).and_then(|flying| flying.flight.as_ref()) {
                Some(flight) => flight.seen_at_the_end(),
                None => (None, Seen::NotSent),
            };
            self.end(n, attempt, seen)?;
        }
        Ok(())
    }
}

/// Everything of a node that an attempt needs.
pub(super) fn job(world: &World<'_>, n: usize, claim: &Claim, account: Account, window: TrustWindow) -> Job {
    let clock = world.nodes[n].clock.clone();
    let window = match world.sabotage {
        Some(Sabotage::TrustWindow) => TrustWindow::begin(&*clock, Duration::from_secs(1_000_000)),
        _ => window,
    };
    Job {
        claim: claim.clone(),
        account,
        trust: Trust::new(window, clock.clone()),
        clock,
        wire: Arc::default(),
        jitter: world.jitter.clone(),
        sabotage: world.sabotage,
    }
}
