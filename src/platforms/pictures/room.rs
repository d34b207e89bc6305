//! How much of pictures may be in memory at once, in a process: its publishes share it, however many there are.

use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

/// In KB: of files that wait for their turn to be uploaded. Whoever gets no room makes its file once more then.
const HELD_KB: usize = 8 * 1024;
/// In KB: of large files on their way out. One of them always has room.
const LARGE_KB: usize = 20 * 1024;
/// In bytes: what is smaller goes without asking, so that nothing small waits for an upload that hangs.
const SMALL_BYTES: u64 = 1024 * 1024;

static HELD: Semaphore = Semaphore::const_new(HELD_KB);
static LARGE: Semaphore = Semaphore::const_new(LARGE_KB);

/// Room that is taken, until it is dropped. What is small takes none.
#[derive(Debug, Default)]
pub struct Room(#[expect(dead_code, reason = "held until it is dropped")] Option<SemaphorePermit<'static>>);

impl Room {
    /// For a file that waits; none where others have it all.
    pub fn to_wait(bytes: usize) -> Option<Room> {
        let permits = u32::try_from(bytes.div_ceil(1024)).ok()?;
        HELD.try_acquire_many(permits).ok().map(|room| Room(Some(room)))
    }

    /// For a file that is read and uploaded, once those before it are through; none where that takes longer than this. Whoever
    /// has such room asks for no other.
    pub async fn to_go(bytes: u64, patience: Duration) -> Option<Room> {
        if bytes < SMALL_BYTES {
            return Some(Room::default());
        }
        let most = u32::try_from(LARGE_KB).unwrap_or(u32::MAX);
        let permits = u32::try_from(bytes.div_ceil(1024)).map_or(most, |wanted| wanted.min(most));
        timeout(patience, LARGE.acquire_many(permits)).await.ok()?.ok().map(|room| Room(Some(room)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    const MB: u64 = 1024 * 1024;
    /// Whoever finds no room at once has none.
    const AT_ONCE: Duration = Duration::ZERO;

    #[actix_rt::test]
    async fn what_is_large_waits_for_what_is_large_and_small_files_for_nothing() {
        let first = Room::to_go(15 * MB, AT_ONCE).await.expect("room");
        assert!(Room::to_go(10 * MB, AT_ONCE).await.is_none(), "25 MB are too much");
        assert!(Room::to_go(MB - 1, Duration::ZERO).await.is_some(), "a small one");
        let mut waits = Box::pin(Room::to_go(10 * MB, Duration::from_secs(60)));
        assert!(waits.as_mut().now_or_never().is_none());
        drop(first);
        let second = waits.await.expect("room");
        drop(second);
        assert!(Room::to_go(100 * MB, AT_ONCE).await.is_some(), "alone, whatever has room");
    }

    #[test]
    fn who_gets_no_room_is_told_at_once() {
        let kept: Vec<Room> = (0..8).map_while(|_| Room::to_wait(1024 * 1024)).collect();
        assert_eq!(kept.len(), 8);
        assert!(Room::to_wait(1).is_none());
        drop(kept);
        assert!(Room::to_wait(1).is_some());
    }
}
