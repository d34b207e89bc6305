//! Connections: a thread for each. What goes wrong on a wire is done here, on the bare socket.

use super::control;
use super::request::Request;
use super::world::{Reply, World};
use crate::support::clock::SteppedClock;
use crate::support::http_message::{Length, Message, read_message};
use contenthub::Timestamp;
use contenthub::domain::clock::Clock;
use std::collections::HashMap;
use std::io::{self, BufReader, Write};
use std::net::{IpAddr, Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

pub struct Shared {
    pub clock: Arc<SteppedClock>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
pub struct State {
    pub world: World,
    pub hanging: usize,
    releases: u64,
    connections: HashMap<u64, TcpStream>,
    stopped: bool,
}

impl Shared {
    pub fn new(clock: Arc<SteppedClock>) -> Self {
        Shared { clock, state: Mutex::default(), changed: Condvar::new() }
    }

    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no thread of the simulator panics")
    }

    /// Does something to the world as it is now, or reads it.
    pub fn now<T>(&self, act: impl FnOnce(&mut World, Timestamp) -> T) -> T {
        let mut state = self.lock();
        let now = self.clock.now();
        state.world.settle(now);
        act(&mut state.world, now)
    }

    /// Waits until the state is as wanted; false where it is not within `limit`.
    pub fn wait(&self, limit: Duration, is_so: impl Fn(&State) -> bool) -> bool {
        let waited = self.changed.wait_timeout_while(self.lock(), limit, |state| !is_so(state));
        !waited.expect("no thread of the simulator panics").1.timed_out()
    }

    /// Lets those go that hang now.
    pub fn release(&self) {
        self.lock().releases += 1;
        self.changed.notify_all();
    }

    pub fn stop(&self) {
        let mut state = self.lock();
        state.stopped = true;
        for connection in state.connections.values() {
            let _ = connection.shutdown(Shutdown::Both);
        }
        drop(state);
        self.changed.notify_all();
    }

    fn reply(&self, message: Message, peer: IpAddr) -> Reply {
        let request = Request::read(message, peer);
        let reply = self.now(|world, now| match request {
            Ok(request) => world.reply(&request, now),
            Err(refusal) => world.refuse(refusal),
        });
        self.changed.notify_all();
        reply
    }

    /// So late are all answers. Ends early where the simulator does.
    fn take_time(&self) {
        let latency = self.lock().world.behaviour.latency;
        if !latency.is_zero() {
            self.wait(latency, |state| state.stopped);
        }
    }

    fn hang(&self) {
        let mut state = self.lock();
        state.hanging += 1;
        let releases = state.releases;
        self.changed.notify_all();
        let waiting = |state: &mut State| state.releases == releases && !state.stopped;
        let mut state = self.changed.wait_while(state, waiting).expect("no thread of the simulator panics");
        state.hanging -= 1;
        drop(state);
        self.changed.notify_all();
    }
}

/// Takes connections until the simulator stops.
pub fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for (number, stream) in listener.incoming().enumerate() {
        let mut state = shared.lock();
        if state.stopped {
            return;
        }
        let Ok(stream) = stream else { continue };
        let number = number as u64;
        state.connections.extend(stream.try_clone().map(|handle| (number, handle)));
        drop(state);
        let shared = Arc::clone(shared);
        thread::spawn(move || {
            // A peer that goes away ends its connection, no more.
            let _ = serve(stream, number, &shared);
            shared.lock().connections.remove(&number);
        });
    }
}

fn serve(stream: TcpStream, number: u64, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let peer = stream.peer_addr()?.ip();
    let mut reader = BufReader::new(stream);
    while let Some(message) = read_message(&mut reader, Length::Announced)? {
        let is_last = message.headers.get("connection").is_some_and(|it| it.eq_ignore_ascii_case("close"));
        let reply = match control::answer(&message, shared) {
            Some(answer) => Reply::Json(answer),
            None => {
                let reply = shared.reply(message, peer);
                shared.take_time();
                reply
            }
        };
        match reply {
            // WeChat's own words for its type.
            Reply::Json(answer) => {
                write(reader.get_mut(), "200 OK", "application/json; encoding=utf-8", &answer.to_string())?;
            }
            Reply::BadGateway => {
                let page = "<html><body><h1>502 Bad Gateway</h1></body></html>";
                write(reader.get_mut(), "502 Bad Gateway", "text/html", page)?;
            }
            Reply::Hang => {
                shared.hang();
                break;
            }
            Reply::Reset => return reset(reader.into_inner(), number, shared),
        }
        if is_last {
            break;
        }
    }
    reader.get_mut().shutdown(Shutdown::Both)
}

fn write(stream: &mut TcpStream, status: &str, content_type: &str, body: &str) -> io::Result<()> {
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n");
    stream.write_all(format!("{head}{body}").as_bytes())
}

/// A socket that does not linger ends with a reset once nobody holds it.
fn reset(stream: TcpStream, number: u64, shared: &Shared) -> io::Result<()> {
    rustix::net::sockopt::set_socket_linger(&stream, Some(Duration::ZERO))?;
    shared.lock().connections.remove(&number);
    drop(stream);
    Ok(())
}
