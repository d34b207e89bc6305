//! The receiver, in the place of a platform: it counts what arrives, by key and by content, in order and with the time,
//! and takes nobody's word for anything. It runs in the harness, which no crash touches.

use crate::judge::{POST, SUBMIT};
use crate::platforms::{FINISHED, THERE};
use crate::support::http_message::{Length, Message, read_message};
use serde_json::Value;
use std::io::{self, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

/// Answers come up to this late, so that at any moment something is on the wire.
const SLOWEST: u64 = 25;
/// One in so many answers is slower still.
const DAWDLERS: u64 = 50;
const DAWDLING: Duration = Duration::from_millis(150);

/// Connections that nobody has taken yet: more than all nodes together make at once.
const WAITING_MAX: i32 = 4096;

/// A post is not found at once by whoever asks for it.
const HIDDEN: Duration = Duration::from_millis(200);
/// What was submitted is worked on for this long, and some of it longer.
const WORK: Duration = Duration::from_millis(700);
const LONG_WORK: Duration = Duration::from_millis(1500);

/// One request as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// What was asked for: the request's path.
    pub step: String,
    pub key: String,
    pub content: i64,
    pub attempt: i64,
    pub at: Instant,
}

/// Listens until the program ends.
pub struct Receiver {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    arrived: Mutex<Vec<Arrival>>,
    changed: Condvar,
}

impl Receiver {
    pub fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        // Where there is no room for one more connection, the system drops what was sent on it, and sends it again by
        // itself after a while: it would arrive long after it was sent, whatever has become of the sender.
        rustix::net::listen(&listener, WAITING_MAX).expect("a longer queue");
        let address = listener.local_addr().expect("the address just bound");
        let shared = Arc::<Shared>::default();
        let ledger = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let ledger = Arc::clone(&ledger);
                // A peer that is killed ends its connection, no more.
                thread::spawn(move || serve(stream, &ledger));
            }
        });
        Receiver { address, shared }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn count(&self) -> usize {
        self.shared.lock().len()
    }

    /// Everything that arrived, in order.
    pub fn arrivals(&self) -> Vec<Arrival> {
        self.shared.lock().clone()
    }

    /// When the first request after the first `count` arrived; none where none does within `limit`.
    pub fn first_after(&self, count: usize, limit: Duration) -> Option<Instant> {
        let waiting = |arrived: &mut Vec<Arrival>| arrived.len() <= count;
        let waited = self.shared.changed.wait_timeout_while(self.shared.lock(), limit, waiting);
        let (arrived, _) = waited.expect("no thread of the receiver panics");
        arrived.get(count).map(|arrival| arrival.at)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Vec<Arrival>> {
        self.arrived.lock().expect("no thread of the receiver panics")
    }
}

fn serve(mut stream: TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    while let Some(message) = read_message(&mut reader, Length::Announced)? {
        let Some(arrival) = read(&message) else {
            let status = answer(&message.start, &shared.lock());
            stream.write_all(format!("HTTP/1.1 {status} Told\r\ncontent-length: 0\r\n\r\n").as_bytes())?;
            continue;
        };
        let delay = delay(&arrival);
        // In the ledger before anything of the answer leaves.
        shared.lock().push(arrival);
        shared.changed.notify_all();
        thread::sleep(delay);
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")?;
    }
    Ok(())
}

fn read(message: &Message) -> Option<Arrival> {
    let body: Value = serde_json::from_slice(&message.body).ok()?;
    Some(Arrival {
        step: message.start.split(' ').nth(1)?.to_owned(),
        key: message.headers.get("webhook-id")?.clone(),
        content: body.pointer("/data/content_id")?.as_i64()?,
        attempt: body.pointer("/data/attempt")?.as_i64()?,
        at: Instant::now(),
    })
}

/// Answers a question about a key.
fn answer(start: &str, arrived: &[Arrival]) -> u16 {
    let path = start.split(' ').nth(1).unwrap_or_default();
    let age = |step: &str, key: &str| {
        arrived.iter().rev().find(|one| one.key == key && one.step == step).map(|one| one.at.elapsed())
    };
    if let Some(key) = path.strip_prefix(THERE) {
        return if age(POST, key).is_some_and(|age| age >= HIDDEN) { 200 } else { 404 };
    }
    let Some(key) = path.strip_prefix(FINISHED) else { return 400 };
    let takes = if key.ends_with(['0', '1', '2', '3']) { LONG_WORK } else { WORK };
    match age(SUBMIT, key) {
        None => 404,
        Some(age) if age < takes => 202,
        Some(_) => 200,
    }
}

/// The same for the same request in every run.
fn delay(arrival: &Arrival) -> Duration {
    let sum = arrival
        .key
        .bytes()
        .fold(arrival.attempt.unsigned_abs(), |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
    if sum % DAWDLERS == 0 { DAWDLING } else { Duration::from_millis(sum % SLOWEST) }
}
