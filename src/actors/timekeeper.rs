//! The clocks of a node, looked at by all its actors together (`engine/clock_watch.rs`): what one of them has seen holds
//! for all, and for their successors.

use super::db::DbHandle;
use crate::domain::clock::{Clock, Timestamp};
use crate::engine::clock_watch::{ClockWatch, Fact, Hold, Reading};
use crate::operations::OperationError;
use crate::operations::clock_steps::{MendTimes, NewestInstant};
use crate::operations::recovery::TellLeaseClock;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A clock that is behind the newest known instant by more than this is told to a person.
const BEHIND_TOLD: Duration = Duration::from_secs(3600);
/// Both clocks have to be read within this, or they are read again,
const READ_WITHIN: Duration = Duration::from_millis(50);
/// so often at the most.
const READINGS_MAX: usize = 20;

/// Knows whether this node may publish by its clock.
pub struct Timekeeper {
    clock: Arc<dyn Clock>,
    watch: Mutex<ClockWatch>,
    /// It was stepped, and nobody has compared it with the database's since.
    stepped: AtomicBool,
    /// What was computed by a clock that was since stepped back is not mended yet.
    stepped_back: AtomicBool,
    /// A hold has ended, and nobody has looked for work since.
    freed: AtomicBool,
}

impl Timekeeper {
    /// Of a node that has the machine for itself.
    pub fn alone(clock: Arc<dyn Clock>) -> Self {
        Timekeeper::new(clock, ClockWatch::alone())
    }

    /// Of one of several nodes on a database, which all have to agree with its clock.
    pub fn beside_a_database(clock: Arc<dyn Clock>) -> Self {
        let watch = if clock.is_comparable() { ClockWatch::beside_a_database() } else { ClockWatch::alone() };
        Timekeeper::new(clock, watch)
    }

    fn new(clock: Arc<dyn Clock>, watch: ClockWatch) -> Self {
        let [stepped, stepped_back, freed] = [(); 3].map(|()| AtomicBool::new(false));
        Timekeeper { clock, watch: Mutex::new(watch), stepped, stepped_back, freed }
    }

    /// Before anybody works: compares the clock with all that is known, and mends what was computed by one that has been
    /// stepped back while nobody looked.
    pub async fn begin(&self, db: &DbHandle) {
        self.look();
        let asked = self.clock.monotonic();
        match db.perform(TellLeaseClock).await {
            Ok(database) => self.compare(asked, database),
            // Until somebody can, nothing is published.
            Err(error) => log::warn!("the clock could not be compared with the database's: {error}"),
        }
        if let Err(error) = self.compare_with_the_past(db).await {
            log::warn!("the clock could not be compared with what is in the database: {error}");
        }
    }

    async fn compare_with_the_past(&self, db: &DbHandle) -> Result<(), OperationError> {
        let (newest, now) = (db.perform(NewestInstant).await?, self.clock.now());
        let Some(behind) = newest.map(|newest| newest.since(now)) else { return Ok(()) };
        if behind > BEHIND_TOLD {
            log::warn!(
                "this machine's clock says {now}, but the database knows of something that happened {} s later: one of \
                 them was wrong. Set the clock right if it is this one",
                behind.as_secs()
            );
        }
        if behind > Duration::from_secs(1) {
            self.still_stepped_back();
        }
        if self.take_stepped_back() {
            db.perform(MendTimes).await.inspect_err(|_| self.still_stepped_back())?;
        }
        Ok(())
    }

    /// Looks at the clocks, and says what keeps this node from publishing now.
    pub fn look(&self) -> Option<Hold> {
        let reading = self.read();
        let mut watch = self.watch.lock();
        let fact = watch.look(reading);
        let hold = watch.hold();
        drop(watch);
        self.heed(fact);
        hold
    }

    /// What kept this node from publishing when somebody last looked, which is a moment ago.
    pub fn last_hold(&self) -> Option<Hold> {
        self.watch.lock().hold()
    }

    /// The database's clock said this, at some time since it was asked at `asked` by the monotonic clock.
    pub fn compare(&self, asked: Duration, database: Timestamp) {
        let reading = self.read();
        let fact = self.watch.lock().compared(reading, reading.boot.saturating_sub(asked), database);
        self.heed(fact);
    }

    fn heed(&self, fact: Option<Fact>) {
        let Some(fact) = fact else { return };
        match fact {
            Fact::SteppedForward { .. } | Fact::DiffersTooMuch(_) => log::error!("{fact}"),
            Fact::SteppedBack { .. } | Fact::Stands | Fact::DiffersSome(_) | Fact::Agrees { again: true } => {
                log::warn!("{fact}");
            }
            Fact::Agrees { again: false } => log::debug!("{fact}"),
        }
        if matches!(fact, Fact::SteppedBack { .. }) {
            self.stepped_back.store(true, Ordering::SeqCst);
        }
        if matches!(fact, Fact::SteppedBack { .. } | Fact::SteppedForward { .. }) {
            self.stepped.store(true, Ordering::SeqCst);
        }
        if fact.frees() {
            self.freed.store(true, Ordering::SeqCst);
        }
    }

    /// True once after a hold has ended.
    pub fn take_freed(&self) -> bool {
        self.freed.swap(false, Ordering::SeqCst)
    }

    /// True once after a step either way.
    pub fn take_stepped(&self) -> bool {
        self.stepped.swap(false, Ordering::SeqCst)
    }

    /// True once after a step back, when the clock may be gone by. Who cannot mend what that has done says so.
    pub fn take_stepped_back(&self) -> bool {
        self.watch.lock().hold().is_none() && self.stepped_back.swap(false, Ordering::SeqCst)
    }

    /// It could not be mended.
    pub fn still_stepped_back(&self) {
        self.stepped_back.store(true, Ordering::SeqCst);
    }

    /// Both clocks at one moment: who is stopped between the two would see a step that was none.
    fn read(&self) -> Reading {
        let mut before = self.clock.monotonic();
        let mut wall = self.clock.now();
        for _ in 0..READINGS_MAX {
            let after = self.clock.monotonic();
            if after.saturating_sub(before) <= READ_WITHIN {
                break;
            }
            before = after;
            wall = self.clock.now();
        }
        Reading { wall, boot: before }
    }
}
