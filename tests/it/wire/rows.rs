//! What can happen on a wire, row by row, each with a peer that does exactly that.

mod answers;
mod unanswered;

use super::table::{Becomes, Group};
use crate::support::peer::{Peer, Visit};
use answers::{statuses, strange, waits};
use std::any::Any;
use std::io;
use std::ops::RangeInclusive;
use std::sync::mpsc::Receiver;
use std::time::Duration;
use unanswered::{end_unseen, nothing_left};

/// Where a row's posts go, and what has to be there meanwhile.
pub struct Scene {
    pub url: String,
    /// Where the crowd goes.
    pub crowded_url: Option<String>,
    /// Tells that the peer has closed the connection, where the next post waits for that.
    pub closed: Option<Receiver<()>>,
    /// Tells how many bytes of its answer the peer could send, where that counts.
    pub taken: Option<Receiver<usize>>,
    _kept: Vec<Box<dyn Any>>,
}

pub struct Row {
    /// As the guide says it.
    pub what: &'static str,
    /// In the log; empty where nothing went wrong.
    pub code: &'static str,
    pub becomes: Becomes,
    /// What the receiver calls the post, where it is not our key.
    pub media: Option<&'static str>,
    pub timeout_seconds: u64,
    /// How long it may take, and must.
    pub takes: RangeInclusive<Duration>,
    pub body_bytes: usize,
    /// How often it is posted; what becomes of the last one counts, and the others go well.
    pub posts: usize,
    /// How many other posts are under way.
    pub crowd: usize,
    pub scene: Box<dyn Fn() -> Scene + Send + Sync>,
}

impl Default for Row {
    fn default() -> Self {
        Row {
            what: "",
            code: "",
            becomes: Becomes::Published,
            media: None,
            timeout_seconds: 20,
            takes: Duration::ZERO..=Duration::from_secs(19),
            body_bytes: 100,
            posts: 1,
            crowd: 0,
            scene: Box::new(|| at("http://127.0.0.1/".to_owned())),
        }
    }
}

impl Row {
    fn named(what: &'static str, code: &'static str, becomes: Becomes) -> Self {
        Row { what, code, becomes, ..Row::default() }
    }

    /// At a peer that does this with each connection.
    fn peer(self, script: impl Fn(Visit) -> io::Result<()> + Clone + Send + Sync + 'static) -> Self {
        self.scene(move || {
            let peer = Peer::start(script.clone());
            at(peer.url()).keeping(peer)
        })
    }

    /// At a peer that answers so.
    fn answer(self, answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        self.scene(move || {
            let peer = Peer::answering(answer.clone());
            at(peer.url()).keeping(peer)
        })
    }

    /// At a peer that does this with each connection, asked over TLS.
    fn tls(self, script: impl Fn(Visit) -> io::Result<()> + Clone + Send + Sync + 'static) -> Self {
        self.scene(move || {
            let peer = Peer::start(script.clone());
            at(format!("https://localhost:{}/hook", peer.port())).keeping(peer)
        })
    }

    fn scene(self, scene: impl Fn() -> Scene + Send + Sync + 'static) -> Self {
        Row { scene: Box::new(scene), ..self }
    }

    /// Is given up after this many seconds, and not much later.
    fn timeout(self, seconds: u64) -> Self {
        Row { timeout_seconds: seconds, ..self.takes(seconds) }
    }

    /// Ends after this many seconds, and not much later.
    fn takes(self, seconds: u64) -> Self {
        Row { takes: Duration::from_secs(seconds)..=Duration::from_secs(seconds + 4), ..self }
    }
}

fn at(url: String) -> Scene {
    Scene { url, crowded_url: None, closed: None, taken: None, _kept: Vec::new() }
}

impl Scene {
    fn keeping(mut self, what: impl Any) -> Self {
        self._kept.push(Box::new(what));
        self
    }
}

pub fn all() -> Vec<Group> {
    vec![
        Group { title: "Nothing of the post was sent", rows: nothing_left() },
        Group { title: "It was sent, and no answer was seen", rows: end_unseen() },
        Group { title: "An answer came, of a strange kind", rows: strange() },
        Group { title: "An answer came: what each status means", rows: statuses() },
        Group { title: "The receiver asks to wait", rows: waits() },
    ]
}
