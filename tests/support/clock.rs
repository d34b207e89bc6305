//! The machine's clock, with a hand that tests turn forward.

use contenthub::Timestamp;
use contenthub::actors::system_clock::SystemClock;
use contenthub::domain::clock::Clock;
use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Goes on as the system's does, or stands still; [`SteppedClock::forward`] makes it later by a span.
#[derive(Debug, Default)]
pub struct SteppedClock {
    system: SystemClock,
    ahead_micros: AtomicU64,
    stands_at: Option<Timestamp>,
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

    /// A wait that nobody has to sit through.
    pub fn forward(&self, span: Duration) {
        let micros = u64::try_from(span.as_micros()).expect("a span that a test may wait");
        self.ahead_micros.fetch_add(micros, Ordering::SeqCst);
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
        self.stands_at.unwrap_or_else(|| self.system.now()) + self.ahead()
    }

    fn monotonic(&self) -> Duration {
        self.system.monotonic() + self.ahead()
    }

    fn sleep(&self, span: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.system.sleep(span)
    }
}
