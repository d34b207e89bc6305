//! How far the stream of events may be told: up to where nothing can come before it any more. One look serves all who
//! listen, and nobody looks while nobody listens.

use super::db::DbHandle;
use crate::db::events::Newest;
use crate::domain::clock::Clock;
use crate::domain::event::Place;
use crate::operations::OperationError;
use crate::operations::events::NewestEvents;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// From one look to the next.
pub const LOOKS_APART: Duration = Duration::from_millis(200);
/// Listeners at once; each keeps a connection, and asks now and then.
const LISTENERS_MAX: usize = 256;

/// Cheap to clone.
#[derive(Clone)]
pub struct EventTail {
    db: DbHandle,
    clock: Arc<dyn Clock>,
    tail: Arc<Mutex<Tail>>,
    places: Arc<Semaphore>,
}

/// What the looks have shown.
#[derive(Debug, Default)]
struct Tail {
    looked_at: Option<Duration>,
    settled: Place,
    /// Seen, while transactions were open that may have taken earlier ids. All of those are before this number.
    seen: Option<(Place, i64)>,
}

impl Tail {
    fn see(&mut self, newest: Newest) {
        let Some(snapshot) = newest.snapshot else {
            self.settled = self.settled.max(newest.place);
            return;
        };
        if let Some((place, open_from)) = self.seen
            && snapshot.over_before >= open_from
        {
            self.settled = self.settled.max(place);
            self.seen = None;
        }
        self.seen.get_or_insert((newest.place, snapshot.open_from));
    }
}

impl EventTail {
    pub fn new(db: DbHandle, clock: Arc<dyn Clock>) -> Self {
        EventTail { db, clock, tail: Arc::default(), places: Arc::new(Semaphore::new(LISTENERS_MAX)) }
    }

    /// A place among those who listen, for as long as it is kept.
    pub fn listen(&self) -> Result<OwnedSemaphorePermit, OperationError> {
        self.places.clone().try_acquire_owned().map_err(|_| OperationError::Overloaded)
    }

    /// How far it may be told. Looks, unless somebody has done so just now.
    pub async fn settled(&self) -> Result<Place, OperationError> {
        let now = self.clock.monotonic();
        {
            let mut tail = self.tail.lock();
            if tail.looked_at.is_some_and(|at| now.saturating_sub(at) < LOOKS_APART) {
                return Ok(tail.settled);
            }
            tail.looked_at = Some(now);
        }
        self.look().await?;
        Ok(self.tail.lock().settled)
    }

    /// Where who comes now begins. What was committed before is not told again, but where others were not done then.
    pub async fn now(&self) -> Result<(Place, Place), OperationError> {
        // What was seen long ago is settled by the first, and what was there at this moment by the second.
        self.look().await?;
        let newest = self.look().await?;
        Ok((self.tail.lock().settled, newest.place))
    }

    async fn look(&self) -> Result<Newest, OperationError> {
        let newest = self.db.perform(NewestEvents).await?;
        self.tail.lock().see(newest);
        Ok(newest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::events::Snapshot;

    fn seen(log: i64, over_before: i64, open_from: i64) -> Newest {
        let place = Place { log, ..Place::default() };
        Newest { place, snapshot: Some(Snapshot { over_before, open_from }) }
    }

    #[test]
    fn what_is_seen_is_told_once_all_that_were_open_then_are_over() {
        let mut tail = Tail::default();
        let mut after = |newest| {
            tail.see(newest);
            tail.settled.log
        };
        assert_eq!(after(seen(5, 90, 100)), 0, "a transaction may have taken 4, and not be over");
        assert_eq!(after(seen(8, 95, 110)), 0);
        assert_eq!(after(seen(9, 100, 120)), 5);
        assert_eq!(after(seen(9, 119, 130)), 5, "those that were open when 9 was seen are not over");
        assert_eq!(after(seen(12, 120, 130)), 9);
    }

    #[test]
    fn where_one_writes_after_the_other_what_is_seen_is_settled() {
        let mut tail = Tail::default();
        let place = Place { log: 3, change: 2, other: 1 };
        tail.see(Newest { place, snapshot: None });
        assert_eq!(tail.settled, place);
    }
}
