//! The actors of a node: who is at work, and how each of them is made, so that one that broke can be made again.

mod parts;

use super::db::DbHandle;
use super::executor::{ExecutorSettings, PublishingExecutorActor, Wire};
use super::in_flight::InFlight;
use super::job_runner::{JobRunnerActor, RunnerSettings};
use super::jobs::Jobs;
use super::publisher::{Publish, PublisherActor};
use super::scheduler::{SchedulerActor, TickTo};
use super::timekeeper::Timekeeper;
use crate::db::database_url::DatabaseUrl;
use crate::db::node_locks::NodeLocks;
use crate::db::nodes::NodeRow;
use crate::domain::clock::{Clock, Timestamp};
use crate::domain::retry::JitterSource;
use crate::engine::clock_watch::Hold;
use crate::engine::ticking::LONGEST_SLEEP;
use crate::metrics::Metrics;
use crate::views::NodeStatusView;
use actix::prelude::*;
use parking_lot::Mutex;
use parts::{Found, Parts};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// PublisherActors of a node. They share threads: HTTP is not the bottleneck (see docs/decisions).
const PUBLISHERS: usize = 4;
/// A publishers' thread is given up when it has left a sign unanswered for so many looks in a row. By looks and not by
/// time: a process that stood still is not deaf.
const DEAF_LOOKS: u32 = 25;
/// A scheduler that has not looked for so many of its longest sleeps does not look any more.
const SLEEPS_MISSED: u32 = 4;

/// What actors are made of.
pub struct Plan {
    pub executor: ExecutorSettings,
    pub database: DatabaseUrl,
    pub clock: Arc<dyn Clock>,
    pub time: Arc<Timekeeper>,
    pub metrics: Arc<Metrics>,
    pub jitter: Arc<JitterSource>,
    pub db: DbHandle,
    pub locks: Option<Arc<NodeLocks>>,
    /// False for a command, which fires no task.
    pub fires: bool,
    pub jobs: Arc<Jobs>,
}

/// The actors at work.
pub struct Crew {
    plan: Plan,
    pub in_flight: Arc<InFlight>,
    parts: Parts,
    started_at: Timestamp,
    at_work: Mutex<AtWork>,
    /// Why the database did not take what this node last had to say of itself.
    unwritten: Mutex<Option<String>>,
}

struct AtWork {
    executor: Addr<PublishingExecutorActor>,
    scheduler: Option<Addr<SchedulerActor>>,
    runner: Addr<JobRunnerActor>,
    threads: Vec<Thread>,
}

/// A thread, and the publishers on it.
struct Thread {
    arbiter: Arbiter,
    publishers: Vec<Addr<PublisherActor>>,
    /// Set by the thread itself when it comes to it.
    answered: Arc<AtomicBool>,
    unanswered: u32,
}

impl Crew {
    /// Starts all of them on the current actix system.
    pub fn start(plan: Plan) -> std::io::Result<Arc<Self>> {
        let in_flight = InFlight::new(plan.clock.clone(), plan.jitter.clone(), plan.metrics.clone());
        plan.metrics.ticks.need_not_tick(plan.clock.monotonic());
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let count = (cores / 2).clamp(1, PUBLISHERS);
        let shares = (0..count).map(|place| PUBLISHERS / count + usize::from(place < PUBLISHERS % count));
        let at_work = AtWork {
            executor: start_executor(&plan, &in_flight),
            scheduler: plan.fires.then(|| start_scheduler(&plan)),
            runner: start_runner(&plan),
            threads: shares.map(|publishers| Thread::start(publishers, &plan)).collect::<Result<_, _>>()?,
        };
        at_work.introduce(&plan.db);
        let (parts, started_at) = (Parts::default(), plan.clock.now());
        let at_work = Mutex::new(at_work);
        Ok(Arc::new(Crew { plan, in_flight, parts, started_at, at_work, unwritten: Mutex::default() }))
    }

    /// What people are told of it.
    pub fn status(&self) -> NodeStatusView {
        NodeStatusView {
            node: self.plan.executor.node.clone(),
            stopping: !self.in_flight.is_open(),
            in_flight: self.in_flight.count(),
            concurrency: self.plan.executor.slots,
            restarts: (&self.parts).into(),
        }
    }

    /// The same for whoever reads the database. Seen when it is written.
    pub fn row(&self) -> NodeRow {
        let NodeStatusView { node, stopping, concurrency, restarts, in_flight: _ } = self.status();
        let lease = self.lease().as_millis().div_ceil(1000);
        NodeRow {
            id: node,
            host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
            pid: i64::from(std::process::id()),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            fires: self.plan.fires,
            concurrency: i32::try_from(concurrency).unwrap_or(i32::MAX),
            lease_seconds: i32::try_from(lease).unwrap_or(i32::MAX),
            stopping,
            restarts: serde_json::to_string(&restarts).unwrap_or_default(),
            started_at: self.started_at,
            seen_at: self.started_at,
            held: self.plan.time.last_hold().map(|hold| hold.to_string()),
        }
    }

    pub fn lease(&self) -> Duration {
        self.plan.executor.lease
    }

    pub fn database(&self) -> &DatabaseUrl {
        &self.plan.database
    }

    /// What keeps this node from publishing now, whatever is due.
    pub fn hold(&self) -> Option<Hold> {
        self.plan.time.look()
    }

    /// Why the database takes no writes, by the last that was tried.
    pub fn unwritten(&self) -> Option<String> {
        self.unwritten.lock().clone().or_else(|| self.in_flight.unwritten_because())
    }

    /// What became of a write that only says that this node lives.
    pub fn has_written(&self, written: Result<(), String>) {
        *self.unwritten.lock() = written.err();
    }

    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.plan.metrics
    }

    pub fn started_at(&self) -> Timestamp {
        self.started_at
    }

    /// For how long the scheduler has not looked what is due, where it ought to have.
    pub fn ticks_missing(&self) -> Option<Duration> {
        let silent = self.plan.metrics.ticks.silent_for(self.plan.clock.monotonic());
        (self.plan.fires && silent > LONGEST_SLEEP * SLEEPS_MISSED).then_some(silent)
    }

    /// Parts that break down again and again, or cannot be made anew.
    pub fn down(&self) -> Vec<&'static str> {
        self.parts.down()
    }

    /// Whether the last look came to its end.
    pub fn has_looked(&self, to_its_end: bool) {
        self.parts.watchdog.has_been_looked_at(Found { cannot_be_made: !to_its_end, ..Found::default() });
    }

    /// The executor that is at work now.
    pub fn executor(&self) -> Addr<PublishingExecutorActor> {
        self.at_work.lock().executor.clone()
    }

    pub fn runner(&self) -> Addr<JobRunnerActor> {
        self.at_work.lock().runner.clone()
    }

    pub fn jobs(&self) -> &Jobs {
        &self.plan.jobs
    }

    /// Looks at each of them, and makes anew what has gone or is deaf. On the thread that started them.
    pub fn look(&self) {
        let mut at_work = self.at_work.lock();
        let died = self.plan.db.mend();
        let publishers = at_work.mend_publishers(&self.plan, &self.in_flight);
        let executor_is_gone = !at_work.executor.connected();
        let scheduler_is_gone = at_work.scheduler.as_ref().is_some_and(|it| !it.connected());
        let runner_is_gone = !at_work.runner.connected();
        if runner_is_gone {
            at_work.runner = start_runner(&self.plan);
        }
        if executor_is_gone {
            at_work.executor = start_executor(&self.plan, &self.in_flight);
        }
        if scheduler_is_gone {
            at_work.scheduler = Some(start_scheduler(&self.plan));
        }
        let anew = |made_anew: u64| Found { made_anew, cannot_be_made: false };
        let all = [
            (&self.parts.database, anew(died), "a thread of the database"),
            (&self.parts.publisher, publishers, "a publisher"),
            (&self.parts.executor, anew(executor_is_gone.into()), "the executor"),
            (&self.parts.scheduler, anew(scheduler_is_gone.into()), "the scheduler"),
            (&self.parts.job_runner, anew(runner_is_gone.into()), "the job runner"),
        ];
        for (part, found, who) in all {
            part.has_been_looked_at(found);
            if found.made_anew > 0 {
                log::error!("{who} broke down and was started anew ({} of them)", found.made_anew);
            }
        }
        if publishers.made_anew > 0 || executor_is_gone || scheduler_is_gone || runner_is_gone {
            at_work.introduce(&self.plan.db);
        }
        drop(at_work);
        self.in_flight.end_overdue();
    }

    /// Ends the publishers' threads; nothing is on the wire any more, or it is given up.
    pub fn dismiss(&self) {
        for thread in &self.at_work.lock().threads {
            thread.arbiter.stop();
        }
    }
}

impl AtWork {
    /// Tells each of them who the others are.
    fn introduce(&self, db: &DbHandle) {
        let publishers = self.threads.iter().flat_map(|thread| &thread.publishers);
        let publishers = publishers.map(|publisher| publisher.clone().recipient::<Publish>()).collect();
        let scheduler = self.scheduler.as_ref().map(|scheduler| scheduler.clone().recipient());
        if let Some(scheduler) = &scheduler {
            db.tell_changes_to(scheduler.clone());
        }
        // Who does not take it is gone already, and is found so at the next look.
        let _ = self.executor.try_send(Wire { publishers, scheduler });
        if let Some(scheduler) = &self.scheduler {
            let executor = self.executor.clone().recipient();
            let _ = scheduler.try_send(TickTo { executor, runner: self.runner.clone().recipient() });
        }
    }

    /// Makes publishers anew that are gone or deaf.
    fn mend_publishers(&mut self, plan: &Plan, in_flight: &InFlight) -> Found {
        let (mut gone, mut cannot_be_made) = (0, false);
        for thread in &mut self.threads {
            let is_deaf = thread.is_deaf();
            if !thread.arbiter.alive() || is_deaf {
                match Thread::start(thread.publishers.len(), plan) {
                    Ok(new) => {
                        gone += new.publishers.len();
                        std::mem::replace(thread, new).retire(plan);
                    }
                    // The next look tries again.
                    Err(error) => {
                        cannot_be_made = true;
                        log::error!("no thread can be started for publishers: {error}");
                    }
                }
                if is_deaf {
                    in_flight.recall();
                }
                continue;
            }
            for publisher in thread.publishers.iter_mut().filter(|publisher| !publisher.connected()) {
                *publisher = start_publisher(&thread.arbiter, plan);
                gone += 1;
            }
        }
        Found { made_anew: u64::try_from(gone).unwrap_or(u64::MAX), cannot_be_made }
    }
}

impl Thread {
    fn start(publishers: usize, plan: &Plan) -> std::io::Result<Self> {
        let arbiter = Arbiter::try_with_tokio_rt(|| {
            tokio::runtime::Builder::new_current_thread().enable_all().build()
        })?;
        let publishers = (0..publishers).map(|_| start_publisher(&arbiter, plan)).collect();
        Ok(Thread { arbiter, publishers, answered: Arc::new(AtomicBool::new(true)), unanswered: 0 })
    }

    /// Asks for a sign, once the last one was given.
    fn is_deaf(&mut self) -> bool {
        if self.answered.swap(false, Ordering::AcqRel) {
            self.unanswered = 0;
            let answered = self.answered.clone();
            self.arbiter.spawn_fn(move || answered.store(true, Ordering::Release));
        } else {
            self.unanswered += 1;
        }
        self.unanswered >= DEAF_LOOKS
    }

    /// What it still has on the wire may end, should it ever come to it; then it ends too.
    fn retire(self, plan: &Plan) {
        let (clock, lease) = (plan.clock.clone(), plan.executor.lease);
        self.arbiter.spawn(async move {
            clock.sleep(lease).await;
            Arbiter::current().stop();
        });
    }
}

fn start_executor(plan: &Plan, in_flight: &Arc<InFlight>) -> Addr<PublishingExecutorActor> {
    let executor = PublishingExecutorActor::new(
        plan.executor.clone(),
        plan.clock.clone(),
        plan.time.clone(),
        plan.db.clone(),
        in_flight.clone(),
        plan.locks.clone(),
    );
    Supervisor::start(move |_| executor)
}

fn start_scheduler(plan: &Plan) -> Addr<SchedulerActor> {
    let scheduler = SchedulerActor::new(
        plan.clock.clone(),
        plan.time.clone(),
        plan.metrics.clone(),
        plan.db.clone(),
        plan.database.clone(),
    );
    Supervisor::start(move |_| scheduler)
}

fn start_runner(plan: &Plan) -> Addr<JobRunnerActor> {
    let ExecutorSettings { node, lease, scope, .. } = &plan.executor;
    let settings = RunnerSettings { node: node.clone(), lease: *lease, task: scope.task() };
    let runner = JobRunnerActor::new(settings, plan.db.clone(), plan.jobs.clone());
    Supervisor::start(move |_| runner)
}

fn start_publisher(arbiter: &Arbiter, plan: &Plan) -> Addr<PublisherActor> {
    let publisher = PublisherActor {
        clock: plan.clock.clone(),
        jitter: plan.jitter.clone(),
        db: plan.db.clone(),
        node: plan.executor.node.clone(),
    };
    Supervisor::start_in_arbiter(&arbiter.handle(), move |_| publisher)
}
