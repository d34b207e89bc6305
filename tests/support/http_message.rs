//! Reading one HTTP/1.1 message, as the receiver and the client of the tests need it; no more of HTTP than that.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Read};

/// An HTTP/1.1 request or response.
pub struct Message {
    /// The first line, without its end.
    pub start: String,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

/// Where a body ends whose head announces no length.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// There is none: a request.
    Announced,
    /// Where the connection ends: a response.
    ToTheEnd,
}

/// The next message; none where the connection ended before it.
pub fn read_message(reader: &mut impl BufRead, length: Length) -> io::Result<Option<Message>> {
    let start = read_line(reader)?;
    if start.is_empty() {
        return Ok(None);
    }
    let mut headers = BTreeMap::new();
    loop {
        let line = read_line(reader)?;
        let Some((name, value)) = line.split_once(':') else { break };
        headers.insert(name.trim().to_lowercase(), value.trim().to_owned());
    }
    let mut body = Vec::new();
    if headers.get("transfer-encoding").is_some_and(|value| value.contains("chunked")) {
        loop {
            let size = usize::from_str_radix(read_line(reader)?.trim(), 16).map_err(io::Error::other)?;
            read_exactly(reader, size, &mut body)?;
            read_line(reader)?;
            if size == 0 {
                break;
            }
        }
    } else if let Some(size) = headers.get("content-length") {
        read_exactly(reader, size.parse().map_err(io::Error::other)?, &mut body)?;
    } else if length == Length::ToTheEnd {
        reader.read_to_end(&mut body)?;
    }
    Ok(Some(Message { start, headers, body }))
}

fn read_line(reader: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    Ok(line.trim_end().to_owned())
}

fn read_exactly(reader: &mut impl BufRead, size: usize, body: &mut Vec<u8>) -> io::Result<()> {
    let read = reader.take(size as u64).read_to_end(body)?;
    if read < size { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
}
