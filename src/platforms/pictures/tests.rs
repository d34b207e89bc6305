//! What is fetched goes on as it comes.

use super::*;
use crate::domain::outbound::OutboundAllow;
use parking_lot::Mutex;
use std::io::{Read, Write};
use std::net::TcpListener;

/// In bytes, of the picture that is fetched.
const FILE: usize = 5 * 1024 * 1024;
/// In bytes: no more comes over a connection at once.
const READ_MAX: usize = 256 * 1024;

/// A shelf that is empty, and notes how long each part of a picture is.
#[derive(Clone, Default)]
struct Noting(Arc<Mutex<Vec<usize>>>);

impl Coming for Noting {
    fn add(
        self: Box<Self>,
        part: Vec<u8>,
    ) -> LocalBoxFuture<'static, Result<(Box<dyn Coming>, Vec<u8>), NotReady>> {
        self.0.lock().push(part.len());
        std::future::ready(Ok((self as Box<dyn Coming>, part))).boxed_local()
    }

    fn end(self: Box<Self>) -> LocalBoxFuture<'static, Result<MediaFacts, NotReady>> {
        Nothing::at_hand()
    }
}

impl Shelf for Noting {
    fn known(&self, place: String) -> LocalBoxFuture<'static, Result<Vec<Known>, NotReady>> {
        Nothing.known(place)
    }

    fn find(&self, source: String) -> LocalBoxFuture<'static, Result<Option<MediaFacts>, NotReady>> {
        Nothing.find(source)
    }

    fn begin(&self, _: String) -> LocalBoxFuture<'static, Result<Box<dyn Coming>, NotReady>> {
        std::future::ready(Ok(Box::new(self.clone()) as Box<dyn Coming>)).boxed_local()
    }

    fn has(&self, source: String, facts: MediaFacts) -> LocalBoxFuture<'static, Result<(), NotReady>> {
        Nothing.has(source, facts)
    }

    fn fitted(
        &self,
        source: String,
        facts: MediaFacts,
        limits: MediaLimits,
    ) -> LocalBoxFuture<'static, Result<PictureFile, NotReady>> {
        Nothing.fitted(source, facts, limits)
    }

    fn uploaded(&self, of: Upload) -> LocalBoxFuture<'static, Result<Option<UploadAnswer>, NotReady>> {
        Nothing.uploaded(of)
    }

    fn note(
        &self,
        of: Upload,
        answer: Option<UploadAnswer>,
    ) -> LocalBoxFuture<'static, Result<(), NotReady>> {
        Nothing.note(of, answer)
    }
}

/// Answers one request with a large file.
fn server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let _ = stream.read(&mut [0; 4096]).expect("a request");
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {FILE}\r\n\r\n");
        stream.write_all(head.as_bytes()).expect("written");
        stream.write_all(&vec![7; FILE]).expect("written");
    });
    port
}

/// All accounts fetch at the same time: a picture of each of them, whole, would be more than there is.
#[test]
fn of_a_picture_that_is_fetched_only_a_part_is_in_memory() {
    crate::platforms::install_crypto_provider();
    let source = format!("http://127.0.0.1:{}/a.png", server());
    let parts = Noting::default();
    let pictures = Pictures::on(Arc::new(parts.clone()));
    let outbound = Outbound::new(OutboundAllow::loopback());
    let fetched = actix_rt::System::new().block_on(pictures.of(&outbound, &source, FETCH_MAX));
    assert!(matches!(fetched, Err(NotReady::NotAtHand(_))), "it came to its end: {fetched:?}");
    let parts = parts.0.lock();
    assert_eq!(parts.iter().sum::<usize>(), FILE);
    let longest = parts.iter().max().copied().unwrap_or_default();
    assert!(longest <= PART_BYTES + READ_MAX, "{longest} bytes at once");
}
