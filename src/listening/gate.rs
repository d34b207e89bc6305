//! How many connections there may be at once.

use super::answers;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Files that stay for the database, for publishing, and for whoever is being turned away.
const OTHER_FILES: usize = 2048;
/// How many are told at once that there is no place for them; the others are just closed.
const TOLD_AT_ONCE: usize = 128;
/// How long whoever is turned away may take to hear it.
const HEARING_MAX: Duration = Duration::from_secs(1);
/// How often the log says that somebody was turned away.
const SAID_EVERY: Duration = Duration::from_secs(60);

/// Counts the connections of all threads.
pub struct Gate {
    most: usize,
    inside: AtomicUsize,
    being_told: AtomicUsize,
    said: Mutex<Option<Instant>>,
}

/// A connection's place, until it is dropped.
pub struct Taken(Arc<Gate>);

impl Gate {
    /// For so many, or for as many as the limit on open files leaves room for.
    pub fn new(asked: usize) -> Arc<Self> {
        let files = rlimit::getrlimit(rlimit::Resource::NOFILE).map_or(u64::MAX, |(soft, _)| soft);
        let most = fitting(asked, usize::try_from(files).unwrap_or(usize::MAX));
        if most < asked {
            log::warn!(
                "connections_max is {asked}, but the limit on open files ({files}) leaves room for {most}: raise it \
                 (ulimit -n, LimitNOFILE=)"
            );
        }
        Arc::new(Gate {
            most,
            inside: AtomicUsize::new(0),
            being_told: AtomicUsize::new(0),
            said: Mutex::new(None),
        })
    }

    /// A place; none where all are taken.
    pub fn enter(self: &Arc<Self>) -> Option<Taken> {
        let more = |inside: usize| (inside < self.most).then_some(inside + 1);
        self.inside.fetch_update(Ordering::SeqCst, Ordering::SeqCst, more).ok()?;
        Some(Taken(self.clone()))
    }

    /// Says so to whoever can hear it without a handshake, and closes the connection.
    pub async fn turn_away(&self, io: TcpStream, is_secure: bool) {
        self.say();
        if is_secure {
            return;
        }
        if self.being_told.fetch_add(1, Ordering::SeqCst) < TOLD_AT_ONCE {
            // Whoever goes before has not asked for long.
            let _ = timeout(HEARING_MAX, tell(io)).await;
        }
        self.being_told.fetch_sub(1, Ordering::SeqCst);
    }

    fn say(&self) {
        let mut said = self.said.lock();
        if said.is_none_or(|last| last.elapsed() >= SAID_EVERY) {
            *said = Some(Instant::now());
            log::warn!("all {} connections are taken (connections_max): others are turned away", self.most);
        }
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.0.inside.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn tell(mut io: TcpStream) -> std::io::Result<()> {
    io.write_all(answers::too_many_connections().as_bytes()).await?;
    io.shutdown().await?;
    // What is unread when a socket is closed resets the connection, and the answer is lost with it.
    let mut unread = [0; 1024];
    while io.read(&mut unread).await? > 0 {}
    Ok(())
}

/// At least half of the files are for connections, however few there are.
fn fitting(asked: usize, files: usize) -> usize {
    asked.min(files.saturating_sub(OTHER_FILES).max(files / 2)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_for_other_files() {
        for (asked, files, most) in
            [(16_000, 65_536, 16_000), (16_000, 10_000, 7_952), (16_000, 1024, 512), (5, 1024, 5), (5, 0, 1)]
        {
            assert_eq!(fitting(asked, files), most, "{asked} of {files}");
        }
    }

    #[test]
    fn a_place_that_is_left_is_free_again() {
        let gate = Gate::new(2);
        let (first, second) = (gate.enter(), gate.enter());
        assert!(first.is_some() && second.is_some() && gate.enter().is_none());
        drop(first);
        assert!(gate.enter().is_some());
    }
}
