//! Servers that answer as they should, and as they should not.

use super::*;
use crate::domain::outbound::OutboundAllow;
use std::io::{Read, Write};
use std::net::TcpListener;

const SOON: Duration = Duration::from_secs(20);
const MOST: u64 = 1000;

/// Answers each request by its path.
fn server(answer: impl Fn(&str) -> Vec<u8> + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let (mut asked, mut part) = (Vec::new(), [0; 1024]);
            while !asked.ends_with(b"\r\n\r\n") {
                match stream.read(&mut part) {
                    Ok(read) if read > 0 => asked.extend_from_slice(&part[..read]),
                    _ => break,
                }
            }
            let asked = String::from_utf8_lossy(&asked).into_owned();
            let _ = stream.write_all(&answer(asked.split(' ').nth(1).unwrap_or_default()));
        }
    });
    port
}

fn whole(body: &[u8]) -> Vec<u8> {
    [format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len()).as_bytes(), body].concat()
}

fn moved(to: &str) -> Vec<u8> {
    format!("HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n").into_bytes()
}

fn fetched(allow: OutboundAllow, url: &str) -> Result<Vec<u8>, FetchFault> {
    crate::platforms::install_crypto_provider();
    let outbound = Outbound::new(allow);
    let limits = FetchLimits { bytes: MOST, time: SOON };
    actix_rt::System::new().block_on(async {
        let mut file = fetch(&outbound, url, limits).await?;
        let mut came = Vec::new();
        while let Some(part) = file.next().await? {
            came.extend_from_slice(&part);
        }
        Ok(came)
    })
}

#[test]
fn a_file_is_fetched_also_where_its_address_leads_elsewhere() {
    let port = server(|path| match path {
        "/here" => moved("/there/./it%20is"),
        "/there/it%20is" => whole(b"bytes"),
        // Without a length it ends with the connection.
        "/endless" => b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nbytes".to_vec(),
        other => whole(format!("no {other}").as_bytes()),
    });
    for path in ["/here", "/there/it is", "/endless"] {
        let got = fetched(OutboundAllow::loopback(), &format!("http://127.0.0.1:{port}{path}"));
        assert_eq!(got, Ok(b"bytes".to_vec()), "{path}");
    }
}

#[test]
fn what_goes_wrong_is_told_with_whether_it_may_pass() {
    let port = server(|path| match path {
        "/round" => moved("/round"),
        "/nowhere" => b"HTTP/1.1 302 Found\r\ncontent-length: 0\r\n\r\n".to_vec(),
        "/file" => moved("file:///etc/passwd"),
        "/gone" => b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".to_vec(),
        "/busy" => b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n".to_vec(),
        "/large" => b"HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n".to_vec(),
        "/swells" => [&b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n"[..], &[b'x'; 1001]].concat(),
        "/most" => whole(&[b'x'; 1000]),
        "/cut" => b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nbytes".to_vec(),
        _ => Vec::new(),
    });
    let of = |path: &str| fetched(OutboundAllow::loopback(), &format!("http://127.0.0.1:{port}{path}"));
    assert_eq!(of("/most").map(|bytes| bytes.len()), Ok(1000));
    for (path, fault, may_pass) in [
        ("/round", FetchFault::Redirects, false),
        ("/nowhere", FetchFault::Status(302), false),
        ("/file", FetchFault::NoWebAddress, false),
        ("/gone", FetchFault::Status(404), false),
        ("/busy", FetchFault::Status(503), true),
        ("/large", FetchFault::TooLarge { most: MOST }, false),
        ("/swells", FetchFault::TooLarge { most: MOST }, false),
        ("/cut", FetchFault::BrokeOff, true),
    ] {
        assert_eq!(of(path), Err(fault.clone()), "{path}");
        assert_eq!(fault.may_pass(), may_pass, "{path}");
    }
    let closed = of("/closes").expect_err("no answer");
    assert!(matches!(closed, FetchFault::Unanswered(_)) && closed.may_pass(), "{closed:?}");
    for none in ["a.png", "ftp://127.0.0.1/a.png", "data:image/png;base64,x", "http://"] {
        assert_eq!(fetched(OutboundAllow::loopback(), none), Err(FetchFault::NoWebAddress), "{none}");
    }
}

/// Whoever writes a text must not have this program look into the network that it stands in: not by the address itself, and
/// not by one that leads there.
#[test]
fn a_private_address_is_never_called() {
    let port = server(|_| whole(b"secrets"));
    let url = format!("http://127.0.0.1:{port}/");
    let refused = fetched(OutboundAllow::default(), &url).expect_err("refused");
    assert!(matches!(&refused, FetchFault::Forbidden(why) if why.contains("127.0.0.1")), "{refused:?}");
    assert!(!refused.may_pass() && !refused.to_string().contains("account"), "{refused}");
    let leads = server(|_| moved("http://169.254.169.254/latest/meta-data"));
    let refused =
        fetched(OutboundAllow::loopback(), &format!("http://127.0.0.1:{leads}/")).expect_err("refused");
    assert!(matches!(&refused, FetchFault::Forbidden(why) if why.contains("169.254.169.254")), "{refused:?}");
}
