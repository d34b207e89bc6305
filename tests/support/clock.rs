//! The machine's clock, with a hand that tests turn.

use contenthub::Timestamp;
use contenthub::actors::system_clock::SystemClock;
use contenthub::domain::clock::Clock;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;

/// Goes on as the system's does, or stands still. [`SteppedClock::forward`] lets a span pass, as if everybody had waited
/// or slept for it; [`SteppedClock::set_by`] sets the date, while no time passes.
#[derive(Debug, Default)]
pub struct SteppedClock {
    system: SystemClock,
    /// How far the hand was turned.
    ahead: watch::Sender<Duration>,
    set_by_micros: AtomicI64,
    stands_at: Option<Timestamp>,
    /// No time passes but what the hand is turned by, for timers neither.
    is_by_hand: bool,
    timers: Arc<Timers>,
    /// Others may be told by it: it is the machine's but for being set.
    is_comparable: bool,
    breaks_on: Mutex<Option<(&'static str, Breaks)>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Breaks {
    Once,
    ForGood,
}

impl SteppedClock {
    pub fn new() -> Self {
        SteppedClock::default()
    }

    /// Its date does not move by itself, so that no backoff is over because the machine was slow. Time-outs go on.
    pub fn standing() -> Self {
        let system = SystemClock::new();
        SteppedClock { stands_at: Some(system.now()), system, ..SteppedClock::default() }
    }

    /// Nothing of it moves by itself. A timer ends when the hand is turned to its instant, and not before, so that
    /// what happens then happened by it.
    pub fn by_hand() -> Self {
        SteppedClock { is_by_hand: true, ..SteppedClock::standing() }
    }

    /// How many timers of a clock by hand wait for this very instant.
    pub fn timers_at(&self, at: Timestamp) -> usize {
        let stands_at = self.stands_at.expect("a clock by hand");
        let waiting = self.timers.0.lock().expect("nobody panics with it");
        waiting.iter().filter(|until| stands_at + **until == at).count()
    }

    /// One that is wrong where it differs from the database's.
    pub fn comparable() -> Self {
        SteppedClock { is_comparable: true, ..SteppedClock::default() }
    }

    /// A wait that nobody has to sit through.
    pub fn forward(&self, span: Duration) {
        self.ahead.send_modify(|ahead| *ahead += span);
    }

    /// Somebody sets the date so many seconds forward, or back.
    pub fn set_by(&self, seconds: i64) {
        self.set_by_micros.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }

    /// Whoever asks for the date next on a thread whose name begins so is answered with a panic.
    pub fn break_on(&self, thread: &'static str) {
        self.set_break(Some((thread, Breaks::Once)));
    }

    /// The same of everybody who does so, until it is mended.
    pub fn break_for_good_on(&self, thread: &'static str) {
        self.set_break(Some((thread, Breaks::ForGood)));
    }

    pub fn mend(&self) {
        self.set_break(None);
    }

    /// Nobody has met it yet.
    pub fn is_to_break(&self) -> bool {
        self.breaks_on.lock().expect("nobody panics with it").is_some()
    }

    fn set_break(&self, breaks: Option<(&'static str, Breaks)>) {
        *self.breaks_on.lock().expect("nobody panics with it") = breaks;
    }

    fn break_if_told(&self) {
        let mut breaks_on = self.breaks_on.lock().expect("nobody panics with it");
        let name = std::thread::current().name().unwrap_or_default().to_owned();
        let Some((_, breaks)) = breaks_on.filter(|(thread, _)| name.starts_with(thread)) else { return };
        if breaks == Breaks::Once {
            *breaks_on = None;
        }
        drop(breaks_on);
        panic!("the clock broke, on purpose");
    }

    fn ahead(&self) -> Duration {
        *self.ahead.borrow()
    }
}

/// Those that wait for the hand, by how far it has to be turned.
#[derive(Debug, Default)]
struct Timers(Mutex<Vec<Duration>>);

/// Waits as long as it lives.
struct Timer {
    all: Arc<Timers>,
    until: Duration,
}

impl Timer {
    fn set(all: &Arc<Timers>, until: Duration) -> Self {
        all.0.lock().expect("nobody panics with it").push(until);
        Timer { all: all.clone(), until }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        let mut all = self.all.0.lock().expect("nobody panics with it");
        let place = all.iter().position(|until| *until == self.until);
        all.swap_remove(place.expect("it was set"));
    }
}

impl Clock for SteppedClock {
    fn now(&self) -> Timestamp {
        self.break_if_told();
        let date = self.stands_at.unwrap_or_else(|| self.system.now()) + self.ahead();
        Timestamp::from_micros(date.micros() + self.set_by_micros.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Duration {
        if self.is_by_hand { self.ahead() } else { self.system.monotonic() + self.ahead() }
    }

    fn is_comparable(&self) -> bool {
        self.is_comparable
    }

    fn sleep(&self, span: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        if !self.is_by_hand {
            return self.system.sleep(span);
        }
        let until = self.ahead() + span;
        let (timer, mut hand) = (Timer::set(&self.timers, until), self.ahead.subscribe());
        Box::pin(async move {
            let _timer = timer;
            // A clock that is gone lets nobody wait.
            let _ = hand.wait_for(|ahead| *ahead >= until).await;
        })
    }
}
