//! A loopback HTTP receiver in the place of a platform: a script says how it answers, a ledger keeps what arrived.
//!
//! A thread per connection; 200 of them at once with thousands of requests a second are no trouble.

use super::http_message::{Length, Message, read_message};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::io::{self, BufReader, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Post {
    pub method: String,
    pub path: String,
    /// The names in lower case.
    pub headers: BTreeMap<String, String>,
    /// `null` where the body is not JSON.
    pub body: Value,
    pub raw_body: Vec<u8>,
    pub arrived: Instant,
    /// The status that the script answers with; none where it closes before it answers.
    pub status: Option<u16>,
}

impl Post {
    /// The content's title, as the webhook sends it.
    pub fn title(&self) -> Option<&str> {
        self.body.pointer("/data/title").and_then(Value::as_str)
    }

    pub fn webhook_id(&self) -> Option<&str> {
        self.headers.get("webhook-id").map(String::as_str)
    }
}

/// One answer of the script.
#[derive(Debug, Clone)]
pub struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    delay: Duration,
    held: bool,
    ending: Ending,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Whole,
    Cut,
    Close,
}

impl Answer {
    pub fn status(status: u16) -> Self {
        let (headers, body) = (Vec::new(), Vec::new());
        Answer { status, headers, body, delay: Duration::ZERO, held: false, ending: Ending::Whole }
    }

    /// 200 with a body that names what was published.
    pub fn published(media_id: &str, url: &str) -> Self {
        Answer::status(200).json(&serde_json::json!({ "media_id": media_id, "url": url }))
    }

    /// Closes the connection once the request has arrived whole, without an answer.
    pub fn close() -> Self {
        Answer { ending: Ending::Close, ..Answer::status(200) }
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json").body(body.to_string())
    }

    /// Answers this much later.
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Answers only when `Receiver::release` is called: a hanging platform, or an attempt to be caught on the wire.
    pub fn held(mut self) -> Self {
        self.held = true;
        self
    }

    /// Closes the connection before the end of the body that the head has announced.
    pub fn cut(mut self) -> Self {
        self.ending = Ending::Cut;
        self
    }
}

/// Whether a rule has its say on a request; given the ones that arrived before, oldest first.
type Rule = Box<dyn FnMut(&Post, &[Post]) -> Option<Answer> + Send>;

pub struct Receiver {
    address: SocketAddr,
    shared: Arc<Shared>,
    listening: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    posts: Vec<Post>,
    rules: Vec<Rule>,
    /// Counts the calls of `release`.
    releases: u64,
    connections: HashMap<u64, TcpStream>,
    in_hand: usize,
    most_in_hand: usize,
    stopped: bool,
}

impl Receiver {
    /// Answers everything with an empty 200 until a script says otherwise.
    pub fn start() -> Self {
        Self::start_on(0)
    }

    /// On a port of the caller's choice: a platform that comes back where it was.
    pub fn start_on(port: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .unwrap_or_else(|error| panic!("the receiver cannot listen on 127.0.0.1:{port}: {error}"));
        // Where there is no room for one more connection, the system drops it, and tries again a second later.
        rustix::net::listen(&listener, 4096).expect("a longer queue");
        let address = listener.local_addr().expect("the address just bound");
        let shared = Arc::new(Shared::default());
        let listening = thread::spawn({
            let shared = Arc::clone(&shared);
            move || accept(&listener, &shared)
        });
        Receiver { address, shared, listening: Some(listening) }
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Requests to this path get these answers one after another, the last one for ever. Later rules are asked first.
    pub fn on_path(&self, path: &str, answers: impl Into<Vec<Answer>>) {
        let (path, mut next) = (path.to_owned(), in_turn(answers.into()));
        self.rule(move |post, _| (post.path == path).then(&mut next));
    }

    /// The same by the title of the content that is published.
    pub fn on_title(&self, title: &str, answers: impl Into<Vec<Answer>>) {
        let (title, mut next) = (title.to_owned(), in_turn(answers.into()));
        self.rule(move |post, _| (post.title() == Some(&title)).then(&mut next));
    }

    /// The same for every request.
    pub fn on_any(&self, answers: impl Into<Vec<Answer>>) {
        let mut next = in_turn(answers.into());
        self.rule(move |_, _| Some(next()));
    }

    /// Any rule at all: it sees the request and what arrived before it, and may leave the answer to the other rules.
    pub fn rule(&self, rule: impl FnMut(&Post, &[Post]) -> Option<Answer> + Send + 'static) {
        self.shared.lock().rules.push(Box::new(rule));
    }

    /// Lets the requests go that are held now.
    pub fn release(&self) {
        self.shared.lock().releases += 1;
        self.shared.changed.notify_all();
    }

    /// Everything that arrived, in order.
    pub fn posts(&self) -> Vec<Post> {
        self.shared.lock().posts.clone()
    }

    /// How often each `webhook-id` arrived; requests without one are left out.
    pub fn by_webhook_id(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for id in self.shared.lock().posts.iter().filter_map(Post::webhook_id) {
            *counts.entry(id.to_owned()).or_insert(0) += 1;
        }
        counts
    }

    /// The most requests that were being answered at one moment.
    pub fn most_at_once(&self) -> usize {
        self.shared.lock().most_in_hand
    }

    /// Waits until at least `n` requests have arrived, and gives all that have; panics after `deadline`.
    pub fn wait_for(&self, n: usize, deadline: Duration) -> Vec<Post> {
        let (state, waited) = self
            .shared
            .changed
            .wait_timeout_while(self.shared.lock(), deadline, |state| state.posts.len() < n)
            .expect("no receiver thread panics");
        let posts = state.posts.clone();
        // A panic with the lock held would be a second one when the receiver is dropped, and end the program.
        drop(state);
        let arrived = posts.len();
        assert!(!waited.timed_out(), "{arrived} of {n} requests arrived within {deadline:?}");
        posts
    }
}

impl Drop for Receiver {
    /// Frees the port and cuts the connections; requests that are held are not answered.
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.stopped = true;
        for connection in state.connections.values() {
            let _ = connection.shutdown(Shutdown::Both);
        }
        drop(state);
        self.shared.changed.notify_all();
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.listening.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|_| panic!("a rule of the receiver's script panicked"))
    }
}

fn in_turn(answers: Vec<Answer>) -> impl FnMut() -> Answer {
    assert!(!answers.is_empty(), "a rule needs at least one answer");
    let mut next = 0;
    move || {
        let answer = answers[next.min(answers.len() - 1)].clone();
        next += 1;
        answer
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
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
            let _ = serve(stream, &shared);
            shared.lock().connections.remove(&number);
        });
    }
}

fn serve(mut stream: TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    while let Some(message) = read_message(&mut reader, Length::Announced)? {
        let last = message.headers.get("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        let (answer, releases) = record(message, shared);
        let answered = wait_and_answer(&mut stream, &answer, releases, shared);
        shared.lock().in_hand -= 1;
        answered?;
        if last || answer.ending != Ending::Whole {
            break;
        }
    }
    stream.shutdown(Shutdown::Both)
}

/// Puts the request into the ledger before anything of the answer leaves.
fn record(message: Message, shared: &Shared) -> (Answer, u64) {
    let mut words = message.start.split(' ').map(str::to_owned);
    let mut post = Post {
        method: words.next().unwrap_or_default(),
        path: words.next().unwrap_or_default(),
        headers: message.headers,
        body: serde_json::from_slice(&message.body).unwrap_or_default(),
        raw_body: message.body,
        arrived: Instant::now(),
        status: None,
    };
    let mut guard = shared.lock();
    let state = &mut *guard;
    let answer = state.rules.iter_mut().rev().find_map(|rule| rule(&post, &state.posts));
    let answer = answer.unwrap_or_else(|| Answer::status(200));
    post.status = (answer.ending != Ending::Close).then_some(answer.status);
    state.posts.push(post);
    state.in_hand += 1;
    state.most_in_hand = state.most_in_hand.max(state.in_hand);
    let releases = state.releases;
    drop(guard);
    shared.changed.notify_all();
    (answer, releases)
}

fn wait_and_answer(
    stream: &mut TcpStream,
    answer: &Answer,
    releases: u64,
    shared: &Shared,
) -> io::Result<()> {
    let poisoned = |_| io::Error::other("a rule panicked");
    if answer.held {
        let waiting = |state: &mut State| state.releases == releases && !state.stopped;
        drop(shared.changed.wait_while(shared.lock(), waiting).map_err(poisoned)?);
    }
    if !answer.delay.is_zero() {
        let waited = shared.changed.wait_timeout_while(shared.lock(), answer.delay, |state| !state.stopped);
        drop(waited.map_err(|_| io::Error::other("a rule panicked"))?);
    }
    let announced = match answer.ending {
        Ending::Close => return Ok(()),
        Ending::Cut => answer.body.len() + 64,
        Ending::Whole => answer.body.len(),
    };
    let mut bytes = format!("HTTP/1.1 {} Scripted\r\n", answer.status);
    for (name, value) in &answer.headers {
        bytes.push_str(&format!("{name}: {value}\r\n"));
    }
    // These two have no body, and must not announce one.
    if !matches!(answer.status, 204 | 304) {
        bytes.push_str(&format!("content-length: {announced}\r\n"));
    }
    bytes.push_str("\r\n");
    let mut bytes = bytes.into_bytes();
    bytes.extend_from_slice(&answer.body);
    stream.write_all(&bytes)
}
