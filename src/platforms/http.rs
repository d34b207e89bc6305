//! One request, bounded in time and bytes, and what was seen of it. awc's errors are read here and nowhere else.
//!
//! Whether anything of a request left is not guessed from awc's errors: `wire.rs`, below awc, notes it in the request's
//! record.

mod answer_head;
mod fetch;
mod gate;
mod line;
mod options;
mod parts;
mod record;
mod retry_after;
mod wire;

use super::outbound::{NoAddress, Outbound};
use super::platform::LAST_LOOK;
use crate::domain::kept::message::{Answered, KeptMessage};
use crate::domain::outcome::{Problem, Seen};
use crate::domain::trust::Trust;
use actix_web::error::ParseError;
use actix_web::web::Bytes;
use awc::error::{ConnectError, SendRequestError};
use awc::http::Method;
pub use fetch::FetchFault;
pub(super) use fetch::{FetchLimits, fetch};
use futures_util::StreamExt;
pub(super) use options::options;
use parts::Parts;
use record::{Record, Stage};
use retry_after::retry_after;
use rustls::ClientConfig;
use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout, timeout_at};
use url::Url;
use wire::Dial;

/// How much of an answer is read by those that need no more, in bytes; the rest is left.
pub(super) const ANSWER_MAX_BYTES: usize = 64 * 1024;
/// How long the rest of an answer may be silent after its head, which has said what counts.
const BODY_SILENCE_MAX: Duration = Duration::from_secs(5);
/// How long connecting may take, of the whole: looking up the name, TCP and TLS.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Connections to all receivers together; more than the engine ever has in flight.
const CONNECTIONS: usize = 2048;
/// How long an idle connection is kept. Shorter than common servers keep theirs (2 s and more): a request that meets a
/// connection which is just being closed ends unseen.
const KEPT_FOR: Duration = Duration::from_secs(1);

/// So many programs within this one, each with its own rules of where requests may go, keep their connections.
const CLIENTS_MAX: usize = 4;

thread_local! {
    /// awc's client cannot leave its thread.
    static CLIENTS: RefCell<Vec<Clients>> = const { RefCell::new(Vec::new()) };
}

/// The clients of one set of rules: no connection that was made by one is used by another.
struct Clients {
    outbound: Arc<Outbound>,
    plain: OnceCell<awc::Client>,
    secure: OnceCell<awc::Client>,
}

fn client_for(outbound: &Arc<Outbound>, scheme: &Scheme<'_>) -> awc::Client {
    CLIENTS.with_borrow_mut(|all| {
        let known = all.iter().position(|clients| Arc::ptr_eq(&clients.outbound, outbound));
        let place = known.unwrap_or_else(|| {
            if all.len() == CLIENTS_MAX {
                all.remove(0);
            }
            let (plain, secure) = (OnceCell::new(), OnceCell::new());
            all.push(Clients { outbound: outbound.clone(), plain, secure });
            all.len() - 1
        });
        let Clients { outbound, plain, secure } = &all[place];
        let made = match scheme {
            Scheme::Plain(_) => plain.get_or_init(|| client(Dial::plain(outbound.clone()))),
            Scheme::Secure(_) => secure.get_or_init(|| client(Dial::secure(outbound.clone(), tls()))),
        };
        made.clone()
    })
}

fn client(dial: Dial) -> awc::Client {
    awc::Client::builder()
        .disable_redirects()
        .disable_timeout()
        .add_default_header(("user-agent", concat!("ContentHub/", env!("CARGO_PKG_VERSION"))))
        .connector(
            awc::Connector::new()
                .connector(dial)
                .timeout(CONNECT_TIMEOUT)
                .limit(CONNECTIONS)
                .conn_keep_alive(KEPT_FOR),
        )
        .finish()
}

fn tls() -> ClientConfig {
    let roots = actix_tls::connect::rustls_0_23::webpki_roots_cert_store();
    let mut config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config
}

/// rustls has no cipher suites until somebody chooses some. Harmless when called again.
pub fn install_crypto_provider() {
    // An error says that one is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// An answer with a status that the platform reads further: 2xx, 3xx or 4xx.
#[derive(Debug)]
pub(super) struct Answer {
    pub status: u16,
    /// No more than was asked for; what could not be read of it is not there.
    pub body: Vec<u8>,
}

/// A request to be sent once.
pub(super) struct Request<'a> {
    pub url: &'a str,
    pub headers: Vec<(&'static str, String)>,
    pub body: Bytes,
    /// For everything together: connecting, sending, the answer.
    pub time: Duration,
    /// Until when anything of it may leave; none of what is no post, and may leave late.
    pub trust: Option<Trust>,
    /// Now, for `Retry-After` as a date.
    pub unix_seconds: i64,
    /// How much of the answer is read, in bytes.
    pub answer_max: usize,
}

/// Sends it with POST. What is the same for every platform comes back as `Err(Seen)`.
pub(super) async fn post(outbound: &Arc<Outbound>, request: Request<'_>) -> Result<Answer, Seen> {
    send(outbound, Method::POST, request).await
}

/// The same with GET.
pub(super) async fn get(outbound: &Arc<Outbound>, request: Request<'_>) -> Result<Answer, Seen> {
    send(outbound, Method::GET, request).await
}

async fn send(outbound: &Arc<Outbound>, method: Method, request: Request<'_>) -> Result<Answer, Seen> {
    let scheme = address(request.url).map_err(|message| nothing_left("bad_url", message))?;
    let builder = client_for(outbound, &scheme).request(method, scheme.address());
    exchange(request, builder).await
}

async fn exchange(request: Request<'_>, builder: awc::ClientRequest) -> Result<Answer, Seen> {
    let (until, answer_max) = (Instant::now() + request.time, request.answer_max);
    let record = request.trust.map_or_else(Record::of_a_test, Record::new);
    let mut builder = builder.no_decompress();
    for (name, value) in request.headers {
        builder = builder.insert_header((name, value));
    }
    let mut sending = pin!(record.watch(builder.send_body(Parts::of(request.body))));
    let mut ended = timeout_at(until, &mut sending).await;
    if ended.is_err() {
        ended = timeout(LAST_LOOK, &mut sending).await;
    }
    let mut response = match ended {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => return Err(seen_of(&error, &record)),
        Err(_) => return Err(out_of_time(&record, request.time)),
    };
    let status = response.status().as_u16();
    if let Some(seen) = common(status, retry_after(response.headers(), request.unix_seconds)) {
        return Err(seen);
    }
    let mut body = Vec::new();
    // The status has said what counts: where the rest does not come, or is cut short, that is lost and no more.
    let _ = timeout_at(until, async {
        while let Ok(Some(Ok(chunk))) = timeout(BODY_SILENCE_MAX, response.next()).await {
            let room = answer_max - body.len();
            body.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if body.len() == answer_max {
                break;
            }
        }
    })
    .await;
    Ok(Answer { status, body })
}

enum Scheme<'a> {
    Plain(Cow<'a, str>),
    Secure(Cow<'a, str>),
}

impl Scheme<'_> {
    fn address(&self) -> &str {
        match self {
            Scheme::Plain(address) | Scheme::Secure(address) => address,
        }
    }
}

/// The address as awc is given it: as `http` in any case, because TLS is done below awc.
fn address(url: &str) -> Result<Scheme<'_>, KeptMessage> {
    if url.starts_with("http://") && url.bytes().all(needs_no_encoding) {
        return Ok(Scheme::Plain(url.into())); // read once, by awc
    }
    let no_address =
        |error: url::ParseError| KeptMessage::NoAddress { url: url.to_owned(), why: error.to_string() };
    let mut parsed = Url::parse(url).map_err(no_address)?;
    if parsed.scheme() != "https" {
        return Ok(Scheme::Plain(parsed.to_string().into()));
    }
    let port = parsed.port_or_known_default();
    let is_set = parsed.set_scheme("http").and_then(|()| parsed.set_port(port));
    is_set.map_err(|()| KeptMessage::Uncallable { url: url.to_owned() })?;
    Ok(Scheme::Secure(parsed.to_string().into()))
}

/// Whether awc takes a byte of an address as it is. A space, or a letter of most languages, has to be encoded first.
fn needs_no_encoding(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b":/?[]@!$&'()*+,;=-._~%".contains(&byte)
}

/// Statuses that mean the same everywhere.
fn common(status: u16, retry_after: Option<Duration>) -> Option<Seen> {
    let problem = |meaning| Problem::new(format!("http_{status}"), KeptMessage::Answered { status, meaning });
    match status {
        429 => Some(Seen::AskedToWait { problem: problem(Answered::TooMany), retry_after }),
        503 if retry_after.is_some() => {
            Some(Seen::AskedToWait { problem: problem(Answered::AsksToWait), retry_after })
        }
        502..=504 => Some(Seen::EndUnseen { problem: problem(Answered::NobodyBehind), retry_after }),
        // What is out of range counts as 5xx (RFC 9110, section 15).
        408 | 425 | 500.. => Some(Seen::ServerFault { problem: problem(Answered::FailedThere), retry_after }),
        ..200 => Some(Seen::EndUnseen { problem: problem(Answered::NoAnswer), retry_after }),
        200..=499 => None,
    }
}

fn unseen(code: &str, message: KeptMessage) -> Seen {
    Seen::EndUnseen { problem: Problem::new(code, message), retry_after: None }
}

fn nothing_left(code: &str, message: KeptMessage) -> Seen {
    Seen::NothingLeft(Problem::new(code, message))
}

/// What it means that the time is over.
fn out_of_time(record: &Record, time: Duration) -> Seen {
    let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
    match record.stage() {
        Stage::Waiting => nothing_left("no_free_connection", KeptMessage::NoFreeConnection { seconds }),
        Stage::Connecting => nothing_left("connect_timeout", KeptMessage::NoConnectionWithin { seconds }),
        Stage::Securing => nothing_left("connect_timeout", KeptMessage::NoTlsWithin { seconds }),
        Stage::Ready => nothing_left("timeout", KeptMessage::NothingSentWithin { seconds }),
        Stage::Left => unseen("timeout", KeptMessage::NoAnswerWithin { seconds }),
    }
}

/// What an error of awc's means, by what is known of the request.
fn seen_of(error: &SendRequestError, record: &Record) -> Seen {
    match (record.stage(), error) {
        // So awc calls it that the receiver closed after it had the request.
        (Stage::Left, SendRequestError::Connect(ConnectError::Disconnected)) => {
            unseen("connection_lost", KeptMessage::ClosedEarly)
        }
        (Stage::Left, SendRequestError::Response(ParseError::Io(error))) => {
            unseen("connection_lost", KeptMessage::LostInAnswer { why: error.to_string() })
        }
        (Stage::Left, SendRequestError::Response(error)) => {
            unseen("bad_answer", KeptMessage::NoHttp { why: error.to_string() })
        }
        (Stage::Left, error) => {
            unseen("connection_lost", KeptMessage::LostBeforeAnswer { why: error.to_string() })
        }
        (Stage::Ready, _) if record.came_too_late() => Seen::NotSent,
        (stage, SendRequestError::Connect(ConnectError::Timeout)) if stage < Stage::Ready => {
            out_of_time(record, CONNECT_TIMEOUT)
        }
        (Stage::Securing, error) => nothing_left("tls", KeptMessage::NoTls { why: error.to_string() }),
        (_, SendRequestError::Url(error)) => {
            nothing_left("bad_url", KeptMessage::AddressUseless { why: error.to_string() })
        }
        (Stage::Connecting, SendRequestError::Connect(error)) => unconnected(error),
        (Stage::Waiting | Stage::Connecting | Stage::Ready, error) => {
            nothing_left("not_sent", KeptMessage::NothingSent { why: error.to_string() })
        }
    }
}

fn unconnected(error: &ConnectError) -> Seen {
    match error {
        ConnectError::Resolver(error) => match error.downcast_ref() {
            // Nothing can go out on this account before a person acts, who may read here what to do.
            Some(NoAddress::Refused(refused)) => Seen::AccountBroken {
                problem: Problem::new(
                    "address_refused",
                    KeptMessage::ThenResume { said: refused.to_string() },
                ),
                until: None,
            },
            _ => Seen::NothingLeft(Problem::new("dns", error)),
        },
        ConnectError::NoRecords | ConnectError::Unresolved => {
            nothing_left("dns", KeptMessage::NameWithoutAddress)
        }
        ConnectError::Io(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
            nothing_left("refused", KeptMessage::ConnectionRefused)
        }
        other => nothing_left("connect", KeptMessage::NoConnection { why: other.to_string() }),
    }
}

#[cfg(test)]
mod tests;
