//! One POST, bounded in time and bytes, and what was seen of it. awc's errors are read here and nowhere else.
//!
//! Only what is certain to have happened before the first byte left is called `NothingLeft`. awc shows a server that
//! closed after the request was sent as `Connect(Disconnected)`, so that is not certain.

use crate::domain::outcome::{Problem, Seen};
use crate::domain::retry::RETRY_AFTER_MAX;
use awc::error::{ConnectError, SendRequestError};
use awc::http::header::{HeaderMap, RETRY_AFTER};
use chrono::DateTime;
use futures_util::StreamExt;
use std::time::Duration;

/// How much of an answer is read; the rest is left.
const ANSWER_MAX_BYTES: usize = 64 * 1024;
/// How long connecting may take, of the whole.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Connections to all receivers together; more than the engine ever has in flight.
const CONNECTIONS: usize = 2048;

thread_local! {
    /// awc's client cannot leave its thread.
    static CLIENT: awc::Client = awc::Client::builder()
        .disable_redirects()
        .disable_timeout()
        .add_default_header(("user-agent", concat!("ContentHub/", env!("CARGO_PKG_VERSION"))))
        .connector(awc::Connector::new().timeout(CONNECT_TIMEOUT).limit(CONNECTIONS))
        .finish();
}

/// rustls has no cipher suites until somebody chooses some. Harmless when called again.
pub fn install_crypto_provider() {
    // An error says that one is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// An answer with status 2xx, 3xx or 4xx that the platform reads further.
#[derive(Debug)]
pub(super) struct Answer {
    pub status: u16,
    /// At most 64 KiB; empty where it could not be read.
    pub body: Vec<u8>,
}

/// A request to be sent once.
pub(super) struct Post<'a> {
    pub url: &'a str,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
    /// For everything together: connecting, sending, the answer.
    pub time: Duration,
    /// Now, for `Retry-After` as a date.
    pub unix_seconds: i64,
}

/// Sends it. What is the same for every platform comes back as `Err(Seen)`.
pub(super) async fn post(request: Post<'_>) -> Result<Answer, Seen> {
    let time = request.time;
    match tokio::time::timeout(time, exchange(request)).await {
        Ok(result) => result,
        Err(_) => Err(unseen("timeout", format!("no answer within {} s", time.as_secs_f64().ceil()))),
    }
}

async fn exchange(request: Post<'_>) -> Result<Answer, Seen> {
    let client = CLIENT.with(Clone::clone);
    let mut builder = client.post(request.url).no_decompress();
    for (name, value) in request.headers {
        builder = builder.insert_header((name, value));
    }
    let mut response = builder.send_body(request.body).await.map_err(|error| seen_of(&error))?;
    let status = response.status().as_u16();
    let retry_after = retry_after(response.headers(), request.unix_seconds);
    if let Some(seen) = common(status, retry_after) {
        return Err(seen);
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.next().await {
        match chunk {
            Ok(chunk) => body.extend_from_slice(&chunk),
            // The status has said what matters; what the body would have said is lost.
            Err(_) => break,
        }
        if body.len() > ANSWER_MAX_BYTES {
            body.truncate(ANSWER_MAX_BYTES);
            break;
        }
    }
    Ok(Answer { status, body })
}

/// Statuses that mean the same everywhere.
fn common(status: u16, retry_after: Option<Duration>) -> Option<Seen> {
    let problem = |words: &str| {
        Problem::new(format!("http_{status}"), format!("the receiver answered {status}: {words}"))
    };
    match status {
        429 => Some(Seen::AskedToWait { problem: problem("too many requests"), retry_after }),
        503 if retry_after.is_some() => {
            Some(Seen::AskedToWait { problem: problem("it asks to wait"), retry_after })
        }
        502..=504 => Some(Seen::EndUnseen { problem: problem("nobody behind it answered"), retry_after }),
        408 | 425 | 500..=599 => Some(Seen::ServerFault { problem: problem("it failed there"), retry_after }),
        _ => None,
    }
}

fn unseen(code: &str, message: String) -> Seen {
    Seen::EndUnseen { problem: Problem::new(code, message), retry_after: None }
}

fn seen_of(error: &SendRequestError) -> Seen {
    let nothing = |code: &str, message: String| Seen::NothingLeft(Problem::new(code, message));
    match error {
        SendRequestError::Url(error) => nothing("bad_url", format!("the address cannot be used: {error}")),
        SendRequestError::Connect(error) => match error {
            ConnectError::Resolver(error) => nothing("dns", format!("the name was not found: {error}")),
            ConnectError::NoRecords | ConnectError::Unresolved => {
                nothing("dns", "the name has no address".to_owned())
            }
            ConnectError::SslIsNotSupported => nothing("tls", "TLS is not possible".to_owned()),
            ConnectError::Timeout => {
                nothing("connect_timeout", format!("no connection within {} s", CONNECT_TIMEOUT.as_secs()))
            }
            ConnectError::Io(error) => match error.kind() {
                std::io::ErrorKind::ConnectionRefused => {
                    nothing("refused", "the connection was refused".to_owned())
                }
                _ => nothing("connect", format!("no connection: {error}")),
            },
            // Also what a server gives that closed after it had the request.
            other => {
                unseen("connection_lost", format!("the connection was lost before an answer came: {other}"))
            }
        },
        SendRequestError::Timeout => unseen("timeout", "no answer in time".to_owned()),
        SendRequestError::Response(error) => unseen("bad_answer", format!("the answer was no HTTP: {error}")),
        other => unseen("connection_lost", format!("the connection was lost: {other}")),
    }
}

/// Seconds or a date (RFC 9110, section 10.2.3); none where it is neither. Never more than a day.
fn retry_after(headers: &HeaderMap, unix_seconds: i64) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let seconds = match text.parse::<u64>() {
        Ok(seconds) => seconds,
        Err(_) => {
            let date = DateTime::parse_from_rfc2822(text).ok()?;
            u64::try_from(date.timestamp().saturating_sub(unix_seconds)).unwrap_or(0)
        }
    };
    Some(Duration::from_secs(seconds).min(RETRY_AFTER_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use awc::http::header::HeaderValue;
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};

    /// A server of one connection that does as told after it has read the whole request.
    fn server(behaviour: impl FnOnce(TcpStream) + Send + 'static) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a connection");
            let mut got = Vec::new();
            let mut part = [0; 4096];
            while !got.windows(4).any(|window| window == b"tail") {
                let read = stream.read(&mut part).expect("a request");
                got.extend_from_slice(&part[..read]);
            }
            behaviour(stream);
        });
        url
    }

    fn send(url: &str, time: Duration) -> Result<Answer, Seen> {
        install_crypto_provider();
        actix_rt::System::new().block_on(post(Post {
            url,
            headers: vec![("content-type", "application/json".to_owned())],
            body: "{} tail".to_owned(),
            time,
            unix_seconds: 1_000,
        }))
    }

    fn answering(text: &'static str) -> Result<Answer, Seen> {
        let url = server(move |mut stream| stream.write_all(text.as_bytes()).expect("written"));
        send(&url, Duration::from_secs(5))
    }

    #[test]
    fn a_server_that_closes_after_the_request_may_have_taken_it() {
        let url = server(drop);
        let seen = send(&url, Duration::from_secs(5));
        assert!(matches!(seen, Err(Seen::EndUnseen { .. })), "{seen:?}");
    }

    #[test]
    fn a_refused_connection_took_nothing() {
        let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
        let seen = send(&format!("http://127.0.0.1:{port}/"), Duration::from_secs(5));
        assert!(matches!(seen, Err(Seen::NothingLeft(_))), "{seen:?}");
    }

    #[test]
    fn a_server_that_hangs_is_given_up_in_time() {
        let url = server(|stream| {
            // Holds the connection until the client lets go of it.
            let _ = (&stream).read(&mut [0]);
        });
        let seen = send(&url, Duration::from_millis(200));
        assert!(
            matches!(seen, Err(Seen::EndUnseen { ref problem, .. }) if problem.code == "timeout"),
            "{seen:?}"
        );
    }

    #[test]
    fn an_answer_that_is_no_http_or_cut_short_is_an_unseen_end() {
        for text in ["SMTP ready\r\n\r\n", "HTTP/1.1 2"] {
            let seen = answering(text);
            assert!(matches!(seen, Err(Seen::EndUnseen { .. })), "{text:?} → {seen:?}");
        }
    }

    #[test]
    fn a_huge_answer_is_cut_off() {
        let url = server(|mut stream| {
            let head = "HTTP/1.1 200 OK\r\nContent-Length: 10485760\r\n\r\n";
            let _ = stream.write_all(head.as_bytes());
            let block = vec![b'x'; 1 << 20];
            for _ in 0..10 {
                if stream.write_all(&block).is_err() {
                    return; // the client has seen enough
                }
            }
        });
        let answer = send(&url, Duration::from_secs(5)).expect("an answer");
        assert_eq!((answer.status, answer.body.len()), (200, ANSWER_MAX_BYTES));
    }

    #[test]
    fn a_redirect_is_an_answer_and_is_not_followed() {
        let answer =
            answering("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(answer.expect("an answer").status, 302);
    }

    #[test]
    fn each_status_is_what_the_table_says() {
        for status in 100..=599 {
            let seen = common(status, None);
            let right = match status {
                429 => matches!(seen, Some(Seen::AskedToWait { .. })),
                502..=504 => matches!(seen, Some(Seen::EndUnseen { .. })),
                408 | 425 | 500..=599 => matches!(seen, Some(Seen::ServerFault { .. })),
                _ => seen.is_none(),
            };
            assert!(right, "{status}");
        }
        let waits = common(503, Some(Duration::from_secs(3)));
        assert!(matches!(waits, Some(Seen::AskedToWait { .. })), "{waits:?}");
    }

    #[test]
    fn retry_after_is_read_in_both_forms_and_bounded() {
        let cases = [
            ("120", Some(120)),
            ("0", Some(0)),
            ("Thu, 01 Jan 1970 00:17:40 GMT", Some(60)),
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("99999999999", Some(24 * 3600)),
            ("-5", None),
            ("soon", None),
            ("", None),
        ];
        for (text, seconds) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_static(text));
            assert_eq!(retry_after(&headers, 1_000), seconds.map(Duration::from_secs), "{text}");
        }
    }
}
