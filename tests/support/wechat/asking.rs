//! A client of the simulator for its own tests: one request on a connection of its own, so that what becomes of the
//! connection is seen.

use super::interface::{Interface, Method};
use crate::support::http_message::{Length, Message, read_message};
use serde_json::Value;
use std::io::{self, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

/// How long any answer may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
const BOUNDARY: &str = "a-boundary-of-these-tests";

pub enum Body<'a> {
    None,
    Json(Value),
    /// As it is, with no type.
    Raw(&'a str),
    /// A form with a file.
    File {
        field: &'a str,
        name: Option<&'a str>,
        bytes: &'a [u8],
    },
}

#[derive(Debug)]
pub struct Answered {
    pub status: u16,
    pub body: Vec<u8>,
}

impl Answered {
    /// `null` where it is no JSON.
    pub fn json(self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// Asks an interface with a token; gives the JSON of its answer.
///
/// # Errors
/// Where there is none: `ConnectionReset`, or `UnexpectedEof` where the connection ended.
pub fn call(url: &str, interface: Interface, query: &str, body: Body<'_>) -> io::Result<Value> {
    let method = match interface.method() {
        Method::Get => "GET",
        Method::Post => "POST",
    };
    ask(url, &format!("{}?{query}", interface.path()), method, body).map(Answered::json)
}

/// Asks anything.
///
/// # Errors
/// As [`call`] has.
pub fn ask(url: &str, target: &str, method: &str, body: Body<'_>) -> io::Result<Answered> {
    let host = url.strip_prefix("http://").ok_or_else(|| io::Error::other("no address of a simulator"))?;
    let (content_type, body) = written(body);
    let mut head = format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
    if let Some(content_type) = content_type {
        head.push_str(&format!("Content-Type: {content_type}\r\n"));
    }
    head.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
    let mut stream = TcpStream::connect(host)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(&[head.as_bytes(), &body].concat())?;
    let answer = read_message(&mut BufReader::new(stream), Length::ToTheEnd)?;
    let Message { start, body, .. } = answer.ok_or(io::ErrorKind::UnexpectedEof)?;
    let status = start.split(' ').nth(1).and_then(|status| status.parse().ok());
    Ok(Answered { status: status.ok_or_else(|| io::Error::other(start))?, body })
}

fn written(body: Body<'_>) -> (Option<String>, Vec<u8>) {
    match body {
        Body::None => (None, Vec::new()),
        Body::Json(value) => (Some("application/json".to_owned()), value.to_string().into_bytes()),
        Body::Raw(text) => (None, text.as_bytes().to_owned()),
        Body::File { field, name, bytes } => {
            let name = name.map(|name| format!("; filename=\"{name}\"")).unwrap_or_default();
            let head = format!(
                "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{field}\"{name}\r\n\
                 Content-Type: application/octet-stream\r\n\r\n"
            );
            let end = format!("\r\n--{BOUNDARY}--\r\n");
            let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
            (Some(content_type), [head.as_bytes(), bytes, end.as_bytes()].concat())
        }
    }
}
