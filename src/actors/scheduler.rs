//! Sends ticks: rings when something is due, has the database fire it, and tells the executor. Decides nothing
//! (`engine/ticking.rs`).

use super::db::{Changed, DbHandle, panic_text};
use super::executor::Tick;
use super::timekeeper::Timekeeper;
use crate::db::change_feed::ChangeFeed;
use crate::db::connection::DbError;
use crate::db::database_url::DatabaseUrl;
use crate::domain::clock::{Clock, Timestamp};
use crate::engine::ticking::{Effect, Event, Ticking};
use crate::operations::firing::FireDue;
use actix::prelude::*;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

/// How often it asks whether another process wrote.
const LISTEN_EVERY: Duration = Duration::from_millis(100);
/// After this it tries to listen again; a slow poll finds what it misses meanwhile.
const LISTEN_AGAIN: Duration = Duration::from_secs(2);

/// Command: who is told that there is a run to work on. Sent also when that one was started anew.
#[derive(Message)]
#[rtype(result = "()")]
pub struct TickTo(pub Recipient<Tick>);

/// Fires tasks.
pub struct SchedulerActor {
    ticking: Ticking,
    clock: Arc<dyn Clock>,
    time: Arc<Timekeeper>,
    db: DbHandle,
    /// None until it is told.
    executor: Option<Recipient<Tick>>,
    url: DatabaseUrl,
    alarm: Option<SpawnHandle>,
}

impl SchedulerActor {
    pub fn new(clock: Arc<dyn Clock>, time: Arc<Timekeeper>, db: DbHandle, url: DatabaseUrl) -> Self {
        SchedulerActor { ticking: Ticking::default(), clock, time, db, executor: None, url, alarm: None }
    }

    fn apply(&mut self, event: Event, ctx: &mut Context<Self>) {
        for effect in self.ticking.on(event, self.clock.now()) {
            match effect {
                Effect::FireDue if self.time.look().is_some() => self.apply(Event::Held, ctx),
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
                    for execution in &fired.executions {
                        log::debug!("execution {execution} was fired");
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
    fn listen(&self, ctx: &mut Context<Self>) {
        let (url, recipient) = (self.url.clone(), ctx.address().recipient::<Changed>());
        let listening = move || {
            while recipient.connected() {
                let broke = catch_unwind(AssertUnwindSafe(|| listen_until_it_breaks(&url, &recipient)));
                match broke {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => log::debug!("listening for changes broke, and is tried again: {error}"),
                    Err(panic) => log::error!("listening for changes panicked: {}", panic_text(&*panic)),
                }
                pause(LISTEN_AGAIN, &recipient);
            }
        };
        let spawned = std::thread::Builder::new().name("change-feed".to_owned()).spawn(listening);
        if let Err(error) = spawned {
            log::warn!("cannot listen for changes of other processes; a slow poll finds them: {error}");
        }
    }
}

/// Returns only when nobody wants to hear any more, or with the error that ended it.
fn listen_until_it_breaks(url: &DatabaseUrl, recipient: &Recipient<Changed>) -> Result<(), DbError> {
    let mut feed = ChangeFeed::open(url)?;
    // What was announced while nobody listened was not heard. A full mailbox holds such a notice already.
    let _ = recipient.try_send(Changed);
    while recipient.connected() {
        if feed.changed()? {
            let _ = recipient.try_send(Changed);
        }
        std::thread::sleep(LISTEN_EVERY);
    }
    Ok(())
}

/// In small pieces, so that the thread does not outlive who listens by much.
fn pause(span: Duration, recipient: &Recipient<Changed>) {
    for _ in 0..span.div_duration_f64(LISTEN_EVERY) as u32 {
        if !recipient.connected() {
            return;
        }
        std::thread::sleep(LISTEN_EVERY);
    }
}

impl Actor for SchedulerActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.listen(ctx);
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
        self.executor = Some(command.0);
        // What was fired meanwhile nobody was told of.
        self.apply(Event::Changed, ctx);
    }
}
