//! The machine's clock, with a hand that tests turn.

use contenthub::Timestamp;
use contenthub::actors::system_clock::SystemClock;
use contenthub::domain::clock::Clock;
use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

/// Goes on as the system's does, or stands still. [`SteppedClock::forward`] lets a span pass, as if everybody had waited
/// or slept for it; [`SteppedClock::set_by`] sets the date, while no time passes.
#[derive(Debug, Default)]
pub struct SteppedClock {
    system: SystemClock,
    ahead_micros: AtomicU64,
    set_by_micros: AtomicI64,
    stands_at: Option<Timestamp>,
    /// Others may be told by it: it is the machine's but for being set.
    is_comparable: bool,
    breaks_on: Mutex<Option<&'static str>>,
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

    /// One that is wrong where it differs from the database's.
    pub fn comparable() -> Self {
        SteppedClock { is_comparable: true, ..SteppedClock::default() }
    }

    /// A wait that nobody has to sit through.
    pub fn forward(&self, span: Duration) {
        let micros = u64::try_from(span.as_micros()).expect("a span that a test may wait");
        self.ahead_micros.fetch_add(micros, Ordering::SeqCst);
    }

    /// Somebody sets the date so many seconds forward, or back.
    pub fn set_by(&self, seconds: i64) {
        self.set_by_micros.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }

    /// Whoever asks for the date next on a thread whose name begins so is answered with a panic.
    pub fn break_on(&self, thread: &'static str) {
        *self.breaks_on.lock().expect("nobody panics with it") = Some(thread);
    }

    fn break_if_told(&self) {
        let mut breaks_on = self.breaks_on.lock().expect("nobody panics with it");
        let name = std::thread::current().name().unwrap_or_default().to_owned();
        if breaks_on.is_some_and(|thread| name.starts_with(thread)) {
            *breaks_on = None;
            drop(breaks_on);
            panic!("the clock broke, on purpose");
        }
    }

    fn ahead(&self) -> Duration {
        Duration::from_micros(self.ahead_micros.load(Ordering::SeqCst))
    }
}

impl Clock for SteppedClock {
    fn now(&self) -> Timestamp {
        self.break_if_told();
        let date = self.stands_at.unwrap_or_else(|| self.system.now()) + self.ahead();
        Timestamp::from_micros(date.micros() + self.set_by_micros.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Duration {
        self.system.monotonic() + self.ahead()
    }

    fn is_comparable(&self) -> bool {
        self.is_comparable
    }

    fn sleep(&self, span: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.system.sleep(span)
    }
}
