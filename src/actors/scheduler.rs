//! Sends ticks: rings when something is due, has the database fire it, and tells the executor. Decides nothing
//! (`engine/ticking.rs`).

use super::db::{Changed, DbHandle, panic_text};
use super::executor::Tick;
use super::job_runner::LookForJobs;
use super::timekeeper::Timekeeper;
use crate::db::change_feed::ChangeFeed;
use crate::db::connection::DbError;
use crate::db::database_url::DatabaseUrl;
use crate::domain::clock::{Clock, Timestamp};
use crate::engine::ticking::{Effect, Event, Ticking};
use crate::metrics::Metrics;
use crate::operations::firing::FireDue;
use actix::prelude::*;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// How often it asks whether another process wrote.
const LISTEN_EVERY: Duration = Duration::from_millis(100);
/// After this it tries to listen again; a slow poll finds what it misses meanwhile.
const LISTEN_AGAIN: Duration = Duration::from_secs(2);
/// Each so many times it listens, it makes sure that it would hear.
const PROBE_EACH: u32 = 30;
/// How often it is looked whether the listener still listens; after so many looks without a sign there is a new one.
const LOOK_AFTER_LISTENER: Duration = Duration::from_secs(3);
const SILENT_LOOKS: u32 = 3;

/// Command: who is told that there is a run to work on, and that there is a job to take. Sent also when one of them was
/// started anew.
#[derive(Message)]
#[rtype(result = "()")]
pub struct TickTo {
    pub executor: Recipient<Tick>,
    pub runner: Recipient<LookForJobs>,
}

/// Fires tasks.
pub struct SchedulerActor {
    ticking: Ticking,
    clock: Arc<dyn Clock>,
    time: Arc<Timekeeper>,
    metrics: Arc<Metrics>,
    db: DbHandle,
    /// None until it is told.
    executor: Option<Recipient<Tick>>,
    runner: Option<Recipient<LookForJobs>>,
    url: DatabaseUrl,
    alarm: Option<SpawnHandle>,
    listener: Listener,
}

/// A thread that listens, seen from outside: a connection that went silent may keep it for ever.
#[derive(Default)]
struct Listener {
    signs: Arc<Signs>,
    seen: u64,
    silent_looks: u32,
}

#[derive(Default)]
struct Signs {
    count: AtomicU64,
    left_behind: AtomicBool,
}

impl Listener {
    fn is_silent(&mut self) -> bool {
        let count = self.signs.count.load(Ordering::Relaxed);
        self.silent_looks = if count == self.seen { self.silent_looks + 1 } else { 0 };
        self.seen = count;
        self.silent_looks >= SILENT_LOOKS
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.signs.left_behind.store(true, Ordering::Relaxed);
    }
}

/// Who wants to hear, and how he knows that somebody listens.
struct Hearer {
    recipient: Recipient<Changed>,
    signs: Arc<Signs>,
}

impl Hearer {
    /// Gives a sign, too.
    fn still_hears(&self) -> bool {
        self.signs.count.fetch_add(1, Ordering::Relaxed);
        self.recipient.connected() && !self.signs.left_behind.load(Ordering::Relaxed)
    }

    fn tell(&self) {
        // A full mailbox holds such a notice already.
        let _ = self.recipient.try_send(Changed);
    }
}

impl SchedulerActor {
    pub fn new(
        clock: Arc<dyn Clock>,
        time: Arc<Timekeeper>,
        metrics: Arc<Metrics>,
        db: DbHandle,
        url: DatabaseUrl,
    ) -> Self {
        SchedulerActor {
            ticking: Ticking::default(),
            clock,
            time,
            metrics,
            db,
            executor: None,
            runner: None,
            url,
            alarm: None,
            listener: Listener::default(),
        }
    }

    fn apply(&mut self, event: Event, ctx: &mut Context<Self>) {
        for effect in self.ticking.on(event, self.clock.now()) {
            match effect {
                Effect::FireDue if self.time.look().is_some() => {
                    self.metrics.ticks.need_not_tick(self.clock.monotonic());
                    self.apply(Event::Held, ctx);
                }
                Effect::FireDue => self.fire_due(ctx),
                Effect::Tick => {
                    if self.executor.as_ref().is_some_and(|executor| executor.try_send(Tick).is_err()) {
                        log::warn!("the executor did not take a tick; it looks by itself soon");
                    }
                }
                Effect::RingAt(at) => self.ring_at(at, ctx),
            }
        }
    }

    fn fire_due(&mut self, ctx: &mut Context<Self>) {
        let db = self.db.clone();
        ctx.spawn(async move { db.perform(FireDue).await }.into_actor(self).map(|result, me, ctx| {
            let event = match result {
                Ok(fired) => {
                    me.metrics.ticks.ticked(me.clock.monotonic(), me.clock.now());
                    for execution in &fired.executions {
                        log::debug!("execution {execution} was fired");
                    }
                    if let Some(runner) = me.runner.as_ref().filter(|_| fired.jobs_wait) {
                        // It looks by itself, too.
                        let _ = runner.try_send(LookForJobs);
                    }
                    let any = !fired.executions.is_empty();
                    Event::Fired { any, executor_is_wanted: fired.executor_is_wanted, next: fired.next }
                }
                Err(error) => {
                    log::warn!("tasks could not be fired, and are tried again: {error}");
                    Event::Failed
                }
            };
            me.apply(event, ctx);
        }));
    }

    fn ring_at(&mut self, at: Timestamp, ctx: &mut Context<Self>) {
        let span = at.since(self.clock.now());
        let sleep = self.clock.sleep(span).into_actor(self);
        let alarm = ctx.spawn(sleep.map(|(), me, ctx| {
            me.alarm = None;
            // Should the timer be early by the wall clock, the database finds nothing due and says when.
            me.apply(Event::Rang, ctx);
        }));
        if let Some(earlier) = self.alarm.replace(alarm) {
            ctx.cancel_future(earlier);
        }
    }

    /// Listens on a thread of its own, for as long as this actor lives.
    fn listen(&mut self, ctx: &mut Context<Self>) {
        self.listener = Listener::default();
        let (url, signs) = (self.url.clone(), self.listener.signs.clone());
        let hearer = Hearer { recipient: ctx.address().recipient(), signs };
        let listening = move || {
            while hearer.still_hears() {
                let broke = catch_unwind(AssertUnwindSafe(|| listen_until_it_breaks(&url, &hearer)));
                match broke {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => log::debug!("listening for changes broke, and is tried again: {error}"),
                    Err(panic) => log::error!("listening for changes panicked: {}", panic_text(&*panic)),
                }
                pause(LISTEN_AGAIN, &hearer);
            }
        };
        let spawned = std::thread::Builder::new().name("change-feed".to_owned()).spawn(listening);
        if let Err(error) = spawned {
            log::warn!("cannot listen for changes of other processes; a slow poll finds them: {error}");
        }
    }

    fn look_after_listener(&mut self, ctx: &mut Context<Self>) {
        if self.listener.is_silent() {
            log::warn!("the connection that listens for changes went silent; another takes its place");
            self.listen(ctx);
        }
    }
}

/// Returns only when nobody wants to hear any more, or with the error that ended it.
fn listen_until_it_breaks(url: &DatabaseUrl, hearer: &Hearer) -> Result<(), DbError> {
    let mut feed = ChangeFeed::open(url)?;
    // What was announced while nobody listened was not heard.
    hearer.tell();
    let mut times = 0_u32;
    while hearer.still_hears() {
        if feed.changed()? {
            hearer.tell();
        }
        times = times.wrapping_add(1);
        if times.is_multiple_of(PROBE_EACH) {
            feed.probe()?;
        }
        std::thread::sleep(LISTEN_EVERY);
    }
    Ok(())
}

/// In small pieces, so that the thread does not outlive who listens by much.
fn pause(span: Duration, hearer: &Hearer) {
    for _ in 0..span.div_duration_f64(LISTEN_EVERY) as u32 {
        if !hearer.still_hears() {
            return;
        }
        std::thread::sleep(LISTEN_EVERY);
    }
}

impl Actor for SchedulerActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.listen(ctx);
        ctx.run_interval(LOOK_AFTER_LISTENER, Self::look_after_listener);
        self.apply(Event::Rang, ctx);
    }
}

impl Supervised for SchedulerActor {}

impl Handler<Changed> for SchedulerActor {
    type Result = ();

    fn handle(&mut self, _: Changed, ctx: &mut Self::Context) {
        self.apply(Event::Changed, ctx);
    }
}

impl Handler<TickTo> for SchedulerActor {
    type Result = ();

    fn handle(&mut self, command: TickTo, ctx: &mut Self::Context) {
        (self.executor, self.runner) = (Some(command.executor), Some(command.runner));
        // What was fired meanwhile nobody was told of.
        self.apply(Event::Changed, ctx);
    }
}
