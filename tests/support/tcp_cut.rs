//! A wire to PostgreSQL that can be cut, can go silent without being closed (half-open), and can lose exactly the
//! answer to a commit: the server has it, and nobody hears of it.
//!
//! Connections are told apart by what was said on them: the engine's by how it plans, the listener's by `LISTEN`.

use contenthub::db::database_url::DatabaseUrl;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle, sleep};
use std::time::Duration;

/// Said on the engine's connection, and on no other.
pub const ENGINE: &str = "enable_seqscan";
/// Said on the connection that hears of changes.
pub const LISTENER: &str = "LISTEN ";
/// How PostgreSQL answers a commit: CommandComplete, its length, and the word.
const COMMITTED: &[u8] = b"C\0\0\0\x0bCOMMIT\0";
/// How it is asked for one.
const COMMIT: &[u8] = b"COMMIT\0";
/// How late a commit comes that is delayed: when whoever asked for it has long been told that its connection is gone.
const LATE: Duration = Duration::from_millis(1500);

pub struct TcpCut {
    address: SocketAddr,
    shared: Arc<Shared>,
    listening: Option<JoinHandle<()>>,
}

struct Shared {
    server: SocketAddr,
    state: Mutex<State>,
}

struct State {
    /// New connections are closed at once.
    unplugged: bool,
    wires: Vec<Arc<Wire>>,
    /// Answers to commits that are still to be lost, on connections on which this was said.
    lose_commits: (usize, &'static str),
    lost_commits: usize,
    /// Commits that are still to come late, in the same way.
    delay_commits: (usize, &'static str),
    delayed_commits: usize,
    /// Answers to commits come this much later, on connections on which this was said.
    slow_commits: (Duration, &'static str),
    stopped: bool,
}

/// One connection through here.
struct Wire {
    client: TcpStream,
    server: TcpStream,
    state: Mutex<WireState>,
}

#[derive(Default)]
struct WireState {
    /// What the client has said: its beginning, which is enough to know it by.
    said: Vec<u8>,
    silent: bool,
    cut: bool,
}

/// As much of what a client says as is kept.
const SAID_MAX: usize = 16 * 1024;

impl TcpCut {
    /// A wire to this server.
    pub fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = listener.local_addr().expect("the address just bound");
        let state = State {
            unplugged: false,
            wires: Vec::new(),
            lose_commits: (0, ""),
            lost_commits: 0,
            delay_commits: (0, ""),
            delayed_commits: 0,
            slow_commits: (Duration::ZERO, ""),
            stopped: false,
        };
        let shared = Arc::new(Shared { server, state: Mutex::new(state) });
        let listening = thread::spawn({
            let shared = shared.clone();
            move || accept(&listener, &shared)
        });
        TcpCut { address, shared, listening: Some(listening) }
    }

    /// The same database, through here.
    pub fn url(&self, database: &DatabaseUrl) -> DatabaseUrl {
        let DatabaseUrl::Postgres(url) = database else { panic!("it is on PostgreSQL") };
        let (start, rest) = url.split_once("127.0.0.1:").expect("its address");
        let (_, path) = rest.split_once('/').expect("its name");
        let (name, _) = path.split_once('?').unwrap_or((path, ""));
        format!("{start}{}/{name}", self.address).parse().expect("an address")
    }

    /// Cuts every connection; the next ones go through.
    pub fn cut(&self) {
        self.shared.lock().wires.drain(..).for_each(|wire| wire.cut());
    }

    /// Cuts every connection, and takes no other until `mend`.
    pub fn unplug(&self) {
        self.shared.lock().unplugged = true;
        self.cut();
    }

    /// Swallows everything both ways on connections on which this was said (on all of them where it is empty), without
    /// closing them. Those that are made later go through.
    pub fn silence(&self, said: &str) -> usize {
        let state = self.shared.lock();
        let meant = state.wires.iter().filter(|wire| wire.heard(said));
        meant.map(|wire| wire.lock().silent = true).count()
    }

    /// Connections on which this was said that are open and not silent.
    pub fn are_open(&self, said: &str) -> usize {
        let state = self.shared.lock();
        let is_open = |wire: &WireState| !wire.silent && !wire.cut;
        state.wires.iter().filter(|wire| wire.heard(said) && is_open(&wire.lock())).count()
    }

    /// New connections go through again.
    pub fn mend(&self) {
        self.shared.lock().unplugged = false;
    }

    /// The next `count` commits on connections on which this was said reach the server, whose answer is lost with its
    /// connection.
    pub fn lose_commits(&self, count: usize, said: &'static str) {
        self.shared.lock().lose_commits = (count, said);
    }

    /// The next `count` commits on connections on which this was said are on the way when their connections are cut, and
    /// reach the server later.
    pub fn delay_commits(&self, count: usize, said: &'static str) {
        self.shared.lock().delay_commits = (count, said);
    }

    /// How many commits were delayed, and have come.
    pub fn delayed_commits(&self) -> usize {
        self.shared.lock().delayed_commits
    }

    /// From now on commits are answered this much later, on connections on which this was said.
    pub fn slow_commits(&self, by: Duration, said: &'static str) {
        self.shared.lock().slow_commits = (by, said);
    }

    /// How many answers to commits were lost.
    pub fn lost_commits(&self) -> usize {
        self.shared.lock().lost_commits
    }
}

impl Drop for TcpCut {
    fn drop(&mut self) {
        self.shared.lock().stopped = true;
        self.cut();
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.listening.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no thread of the wire panics")
    }

    /// Whether this answer to a commit is to be lost.
    fn loses_commit(&self, wire: &Wire) -> bool {
        let mut state = self.lock();
        let (left, said) = state.lose_commits;
        if left == 0 || !wire.heard(said) {
            return false;
        }
        state.lose_commits.0 -= 1;
        state.lost_commits += 1;
        true
    }

    /// Whether this commit is to come late.
    fn delays_commit(&self, wire: &Wire) -> bool {
        let mut state = self.lock();
        let (left, said) = state.delay_commits;
        if left == 0 || !wire.heard(said) {
            return false;
        }
        state.delay_commits.0 -= 1;
        true
    }
}

impl Wire {
    fn lock(&self) -> MutexGuard<'_, WireState> {
        self.state.lock().expect("no thread of the wire panics")
    }

    fn heard(&self, said: &str) -> bool {
        said.is_empty() || contains(&self.lock().said, said.as_bytes())
    }

    fn cut(&self) {
        self.lock().cut = true;
        let _ = self.client.shutdown(Shutdown::Both);
        let _ = self.server.shutdown(Shutdown::Both);
    }
}

fn contains(bytes: &[u8], sign: &[u8]) -> bool {
    bytes.windows(sign.len()).any(|window| window == sign)
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for client in listener.incoming() {
        let (unplugged, stopped) = {
            let state = shared.lock();
            (state.unplugged, state.stopped)
        };
        if stopped {
            return;
        }
        let Ok(client) = client else { continue };
        if unplugged {
            continue;
        }
        // A server that is away closes its end: so do we.
        let Ok(server) = TcpStream::connect(shared.server) else { continue };
        let _ = (client.set_nodelay(true), server.set_nodelay(true));
        let wire = Arc::new(Wire { client, server, state: Mutex::default() });
        shared.lock().wires.push(wire.clone());
        for up in [true, false] {
            let (wire, shared) = (wire.clone(), shared.clone());
            thread::spawn(move || {
                let _ = if up { pass_up(&wire, &shared) } else { pass_down(&wire, &shared) };
                // An end is passed on, but not by a wire that is silent.
                if !wire.lock().silent {
                    wire.cut();
                }
            });
        }
    }
}

/// From the client to the server.
fn pass_up(wire: &Wire, shared: &Shared) -> io::Result<()> {
    let mut buffer = [0; 16 * 1024];
    loop {
        let read = (&wire.client).read(&mut buffer)?;
        if read == 0 {
            return Ok(());
        }
        let mut state = wire.lock();
        let room = SAID_MAX - state.said.len();
        state.said.extend_from_slice(&buffer[..read.min(room)]);
        if state.silent {
            continue;
        }
        drop(state);
        if contains(&buffer[..read], COMMIT) && shared.delays_commit(wire) {
            wire.lock().silent = true;
            wire.client.shutdown(Shutdown::Both)?;
            sleep(LATE);
            // The server may have ended the session by then.
            let written = (&wire.server).write_all(&buffer[..read]);
            shared.lock().delayed_commits += 1;
            // Not undone because its connection ends.
            sleep(LATE / 5);
            wire.cut();
            return written;
        }
        (&wire.server).write_all(&buffer[..read])?;
    }
}

/// From the server to the client.
fn pass_down(wire: &Wire, shared: &Shared) -> io::Result<()> {
    let mut buffer = [0; 16 * 1024];
    loop {
        let read = (&wire.server).read(&mut buffer)?;
        if read == 0 {
            return Ok(());
        }
        if wire.lock().silent {
            continue;
        }
        if contains(&buffer[..read], COMMITTED) {
            if shared.loses_commit(wire) {
                return Ok(());
            }
            let (by, said) = shared.lock().slow_commits;
            if wire.heard(said) {
                sleep(by);
            }
        }
        (&wire.client).write_all(&buffer[..read])?;
    }
}
