//! What hostile clients do.

use super::client::{Connection, get, post};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How long the slow ones wait before the next byte, all of them together.
const DRIP: Duration = Duration::from_millis(500);
/// How long whoever throws bombs waits before the next one: it is not about how much the machine can read.
const BETWEEN_BOMBS: Duration = Duration::from_millis(100);
/// More than any body may be.
const ENDLESS_BYTES: usize = 1 << 30;
const CONTENTS: &str = "/api/v1/contents";

pub enum Attack {
    /// Heads that come byte by byte, half of them after a whole request. Who is cut comes again.
    SlowHeads { count: usize },
    /// The same of bodies.
    SlowBodies { count: usize, token: String },
    /// Connections that have asked once, and stay.
    Idle { count: usize },
    /// One body after the other of which nobody knows an end.
    EndlessBodies { token: String },
    /// Small bodies that would be large in memory, ten a second.
    Bombs { token: String },
}

/// An attack that goes on until it is ended.
pub struct Underway {
    over: Arc<AtomicBool>,
    doing: JoinHandle<usize>,
}

impl Underway {
    /// Once this has returned, it is in full swing.
    pub fn begin(attack: Attack, address: SocketAddr) -> io::Result<Self> {
        let over = Arc::new(AtomicBool::new(false));
        let ended = over.clone();
        let doing = match attack {
            Attack::SlowHeads { count } => {
                let begin = move |number: usize| {
                    let mut connection = Connection::new(address)?;
                    if number.is_multiple_of(2) {
                        connection.say(get("/healthz", "").as_bytes())?;
                        connection.status()?;
                    }
                    connection.say(b"GET /healthz HTTP/1.1\r\nx-slow: ").map(|()| connection)
                };
                drips(count, begin, ended)?
            }
            Attack::SlowBodies { count, token } => {
                let head = post(CONTENTS, &token, "content-length: 100000") + "{\"title\":\"";
                let begin = move |_| {
                    let mut connection = Connection::new(address)?;
                    connection.say(head.as_bytes()).map(|()| connection)
                };
                drips(count, begin, ended)?
            }
            Attack::Idle { count } => {
                let idle: io::Result<Vec<Connection>> = (0..count)
                    .map(|_| {
                        let mut connection = Connection::new(address)?;
                        connection.say(get("/healthz", "").as_bytes())?;
                        connection.status().map(|_| connection)
                    })
                    .collect();
                let idle = idle?;
                thread::spawn(move || {
                    until(&ended, || thread::sleep(DRIP));
                    idle.len()
                })
            }
            Attack::EndlessBodies { token } => thread::spawn(move || {
                until(&ended, || {
                    // That it is cut off is what it is for.
                    let _ = endless(address, &token);
                })
            }),
            Attack::Bombs { token } => {
                let bombs: [(&str, Vec<u8>); 3] = [
                    ("content-encoding: gzip\r\n", vec![0x1f; 10_000]),
                    ("", "[".repeat(10_000).into_bytes()),
                    ("", format!("[{}0]", "{\"\":0},".repeat(1_000_000)).into_bytes()),
                ];
                thread::spawn(move || {
                    let mut next = bombs.iter().cycle();
                    until(&ended, || {
                        if let Some((encoding, bytes)) = next.next() {
                            // Refused, which the others' time shows.
                            let _ = thrown(address, &token, encoding, bytes);
                        }
                        thread::sleep(BETWEEN_BOMBS);
                    })
                })
            }
        };
        Ok(Underway { over, doing })
    }

    /// How many connections it had, or how often it did what it does.
    pub fn end(self) -> usize {
        self.over.store(true, Ordering::Relaxed);
        self.doing.join().unwrap_or(0)
    }
}

fn until(over: &AtomicBool, mut work: impl FnMut()) -> usize {
    let mut times = 0;
    while !over.load(Ordering::Relaxed) {
        work();
        times += 1;
    }
    times
}

/// So many connections, to each of which a byte is said now and then.
fn drips(
    count: usize,
    begin: impl Fn(usize) -> io::Result<Connection> + Send + 'static,
    over: Arc<AtomicBool>,
) -> io::Result<JoinHandle<usize>> {
    let mut slow: Vec<Connection> = (0..count).map(&begin).collect::<io::Result<_>>()?;
    Ok(thread::spawn(move || {
        let mut begun = count;
        until(&over, || {
            thread::sleep(DRIP);
            for (number, connection) in slow.iter_mut().enumerate() {
                if connection.say(b"x").is_err()
                    && let Ok(another) = begin(number)
                {
                    *connection = another;
                    begun += 1;
                }
            }
        });
        begun
    }))
}

fn endless(address: SocketAddr, token: &str) -> io::Result<()> {
    let mut connection = Connection::new(address)?;
    connection.say(post(CONTENTS, token, "transfer-encoding: chunked").as_bytes())?;
    let bytes = vec![b'x'; 1 << 20];
    let chunk = [format!("{:x}\r\n", bytes.len()).as_bytes(), &bytes, b"\r\n"].concat();
    (0..ENDLESS_BYTES / bytes.len()).try_for_each(|_| connection.say(&chunk))
}

fn thrown(address: SocketAddr, token: &str, encoding: &str, bytes: &[u8]) -> io::Result<u16> {
    let mut connection = Connection::new(address)?;
    let length = format!("{encoding}content-length: {}", bytes.len());
    connection.say(post(CONTENTS, token, &length).as_bytes())?;
    connection.say(bytes)?;
    connection.status()
}
