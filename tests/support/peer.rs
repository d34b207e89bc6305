//! A peer that need not keep to HTTP, nor to any manners: each connection is a script over the bare socket.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Listens until it is dropped.
pub struct Peer {
    address: SocketAddr,
    stopped: Arc<AtomicBool>,
    listening: Option<JoinHandle<()>>,
}

/// One connection.
pub struct Visit {
    pub stream: TcpStream,
    /// 1 for the first one.
    pub number: usize,
}

impl Peer {
    /// Plays this script on each connection, in a thread of its own. An error ends that connection, no more.
    pub fn start(script: impl Fn(Visit) -> io::Result<()> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = listener.local_addr().expect("the address just bound");
        let (stopped, script) = (Arc::new(AtomicBool::new(false)), Arc::new(script));
        let listening = thread::spawn({
            let stopped = stopped.clone();
            move || {
                for (number, stream) in (1..).zip(listener.incoming()) {
                    if stopped.load(Ordering::SeqCst) {
                        return;
                    }
                    let (stream, script) = (stream.expect("a connection"), script.clone());
                    thread::spawn(move || script(Visit { stream, number }));
                }
            }
        });
        Peer { address, stopped, listening: Some(listening) }
    }

    /// Answers each request of each connection with this text.
    pub fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Peer::start(move |mut visit| {
            loop {
                visit.request()?;
                visit.say(&answer)?;
            }
        })
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.listening.take() {
            let _ = thread.join();
        }
    }
}

impl Visit {
    /// Reads one whole request.
    pub fn request(&mut self) -> io::Result<Vec<u8>> {
        self.request_but(0)
    }

    /// Reads one request, and leaves so many of its last bytes where they are.
    pub fn request_but(&mut self, unread: usize) -> io::Result<Vec<u8>> {
        let mut got = Vec::new();
        while !got.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            self.stream.read_exact(&mut byte)?;
            got.push(byte[0]);
        }
        let head = String::from_utf8_lossy(&got).to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
        let wanted: usize = length.ok_or_else(|| io::Error::other("a request without a length"))?;
        let mut body = vec![0; wanted - unread];
        self.stream.read_exact(&mut body)?;
        got.extend(body);
        Ok(got)
    }

    pub fn say(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.stream.write_all(bytes.as_ref())
    }

    /// Says it a byte at a time.
    pub fn drip(&mut self, text: &str, pause: Duration) -> io::Result<()> {
        for byte in text.bytes() {
            self.say([byte])?;
            thread::sleep(pause);
        }
        Ok(())
    }

    /// Does nothing until the other side goes away.
    pub fn hold(mut self) -> io::Result<()> {
        io::copy(&mut self.stream, &mut io::sink()).map(drop)
    }

    /// Ends the connection with a reset: what a system sends when something unread is thrown away. So there has to be
    /// something that is not read yet.
    pub fn reset(self) -> io::Result<()> {
        self.stream.peek(&mut [0]).map(drop)
    }
}

/// An address where connections are neither made nor refused: those that may wait there are there already.
pub struct Nowhere {
    address: SocketAddr,
    _listener: TcpListener,
    _waiting: Vec<TcpStream>,
}

impl Nowhere {
    pub fn new() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = listener.local_addr().expect("the address just bound");
        let mut waiting = Vec::new();
        while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(100)) {
            waiting.push(stream);
            assert!(waiting.len() < 5000, "this system lets any number wait");
        }
        Nowhere { address, _listener: listener, _waiting: waiting }
    }

    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }
}

/// A port where nobody listens.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.local_addr().expect("the address just bound").port()
}
