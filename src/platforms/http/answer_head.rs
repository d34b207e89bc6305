//! The heads of answers, seen before awc sees them, for three things that it gets wrong.
//!
//! - It takes an interim answer (`100 Continue`, `103 Early Hints`) for the answer, and gives the connection to the next
//!   request, which then reads the answer that was meant for this one. Interim answers are left out here.
//! - It takes an answer without a length for one without a body. Its body goes to the end of the connection (RFC 9112,
//!   section 6.3), as an HTTP/1.0 answer's does, which awc reads rightly: so it is shown as one.
//! - It keeps the connection of an HTTP/1.0 server, which closes it.

use std::mem;
use tokio::io::ReadBuf;

/// The longest head; awc refuses what is longer.
const HEAD_MAX_BYTES: usize = 128 * 1024;
/// Where the status line has the digit after `HTTP/1.`.
const MINOR_VERSION_AT: usize = 7;

/// Reads along on one connection, from the request's first byte to its answer's last.
pub(super) struct Heads {
    stage: Stage,
    /// Whether the answer has an end of its own, after which the next one may come.
    has_an_end: bool,
}

enum Stage {
    /// The head of the answer is awaited; this is what has come of it, and how much of that was searched for its end.
    Awaited { got: Vec<u8>, searched: usize },
    /// The head is there, and these bytes are not passed on yet.
    PassingOn { got: Vec<u8>, given: usize },
    /// What comes now is the body.
    Over,
}

/// What a reader of the connection does next.
pub(super) enum Next {
    /// The buffer was filled.
    Given,
    /// It reads from the socket.
    Read,
}

impl Default for Heads {
    fn default() -> Self {
        Heads { stage: Stage::Awaited { got: Vec::new(), searched: 0 }, has_an_end: false }
    }
}

impl Heads {
    /// Whether the connection may take another request when this one's answer was read.
    pub fn leave_it_open(&self) -> bool {
        self.has_an_end
    }

    /// Gives what was held back, if there is any.
    pub fn next(&mut self, buf: &mut ReadBuf<'_>) -> Next {
        let Stage::PassingOn { got, given } = &mut self.stage else { return Next::Read };
        let rest = &got[*given..];
        let fits = rest.len().min(buf.remaining());
        buf.put_slice(&rest[..fits]);
        *given += fits;
        if *given == got.len() {
            self.stage = Stage::Over;
        }
        Next::Given
    }

    /// Looks at what was read into `buf` after its first `before` bytes. False where it was held back, for `next`.
    pub fn pass(&mut self, buf: &mut ReadBuf<'_>, before: usize) -> bool {
        let Stage::Awaited { got, searched } = &mut self.stage else { return true };
        let new = &mut buf.filled_mut()[before..];
        if got.is_empty() {
            // Nearly always the head comes whole and is the last one: nothing is copied then.
            match find(new, 0) {
                _ if new.is_empty() => {
                    self.stage = Stage::Over;
                    return true;
                }
                Found::Last(head) => {
                    self.has_an_end = head.has_an_end;
                    head.show_its_length(new);
                    self.stage = Stage::Over;
                    return true;
                }
                Found::Interim { .. } | Found::NotYet => {}
            }
        }
        let ended = new.is_empty();
        got.extend_from_slice(new);
        buf.set_filled(before);
        loop {
            match find(got, *searched) {
                Found::Interim { length } => {
                    got.drain(..length);
                    *searched = 0;
                }
                Found::NotYet if !ended && got.len() < HEAD_MAX_BYTES => {
                    *searched = got.len();
                    return false;
                }
                Found::NotYet => break,
                Found::Last(head) => {
                    self.has_an_end = head.has_an_end;
                    head.show_its_length(got);
                    break;
                }
            }
        }
        self.stage = Stage::PassingOn { got: mem::take(got), given: 0 };
        false
    }
}

enum Found {
    /// A whole interim head of this length is in front.
    Interim {
        length: usize,
    },
    Last(Head),
    /// The head goes on.
    NotYet,
}

/// What counts of a head.
#[derive(Default)]
struct Head {
    has_an_end: bool,
    /// An HTTP/1.1 answer whose body ends with the connection.
    ends_with_connection: bool,
}

impl Head {
    fn show_its_length(&self, answer: &mut [u8]) {
        if self.ends_with_connection {
            answer[MINOR_VERSION_AT] = b'0';
        }
    }
}

/// The head in front of `answer`, whose first `searched` bytes hold no end of it.
fn find(answer: &[u8], searched: usize) -> Found {
    const BEGIN: &[u8] = b"HTTP/1.";
    let begins = answer.len().min(BEGIN.len());
    if answer[..begins] != BEGIN[..begins] {
        return Found::Last(Head::default()); // no HTTP/1; awc says so
    }
    let Some(length) = end_of_head(answer, searched) else { return Found::NotYet };
    let head = &answer[..length];
    let status = head.get(8..12).and_then(|text| std::str::from_utf8(text).ok());
    let Some(status) = status.and_then(|text| text.strip_prefix(' ')?.parse::<u16>().ok()) else {
        return Found::Last(Head::default());
    };
    match status {
        // After 101 it is HTTP no more.
        100 | 102..=199 => Found::Interim { length },
        _ => Found::Last(read(head, status)),
    }
}

/// How long the head is, with the empty line behind it.
fn end_of_head(answer: &[u8], searched: usize) -> Option<usize> {
    let from = searched.saturating_sub(2);
    let lines = answer[from..].iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    lines.map(|(at, _)| from + at + 1).find_map(|next_line| match &answer[next_line..] {
        [b'\n', ..] => Some(next_line + 1),
        [b'\r', b'\n', ..] => Some(next_line + 2),
        _ => None,
    })
}

fn read(head: &[u8], status: u16) -> Head {
    let (mut has_length, mut is_chunked, mut closes, mut keeps) = (false, false, false, false);
    for line in head.split(|byte| *byte == b'\n').skip(1) {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let (name, value) = (line[..colon].trim_ascii(), line[colon + 1..].trim_ascii());
        if name.eq_ignore_ascii_case(b"content-length") {
            has_length = true;
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            is_chunked |= value.to_ascii_lowercase().ends_with(b"chunked");
        } else if name.eq_ignore_ascii_case(b"connection") {
            closes |= value.eq_ignore_ascii_case(b"close");
            keeps |= value.eq_ignore_ascii_case(b"keep-alive");
        }
    }
    let is_1_1 = head[MINOR_VERSION_AT] == b'1';
    let has_no_body = matches!(status, 204 | 304);
    let is_delimited = has_length || is_1_1 && (is_chunked || has_no_body);
    Head {
        has_an_end: is_delimited && !closes && (is_1_1 || keeps),
        ends_with_connection: is_1_1 && !is_delimited,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What awc is given of an answer that comes in parts of this size, and whether its connection is kept.
    fn given(answer: &str, part: usize) -> (String, bool) {
        let (mut heads, mut given) = (Heads::default(), Vec::new());
        let mut parts = answer.as_bytes().chunks(part);
        loop {
            let mut space = [0; 64];
            let mut buf = ReadBuf::new(&mut space);
            buf.put_slice(b"before");
            loop {
                if matches!(heads.next(&mut buf), Next::Given) {
                    break;
                }
                let before = buf.filled().len();
                buf.put_slice(parts.next().unwrap_or_default());
                if heads.pass(&mut buf, before) {
                    break;
                }
            }
            if buf.filled().len() == b"before".len() {
                return (String::from_utf8(given).expect("text"), heads.leave_it_open());
            }
            given.extend_from_slice(&buf.filled()[b"before".len()..]);
        }
    }

    #[test]
    fn an_answer_is_passed_on_as_awc_can_read_it() {
        let lasting = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        let endless = "HTTP/1.0 200 OK\r\nx: y\r\n\r\nto the end";
        let interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n";
        let cases = [
            (lasting.to_owned(), lasting, true),
            (format!("{interim}{lasting}"), lasting, true),
            ("HTTP/1.1 102 Processing\n\n".to_owned() + lasting, lasting, true),
            (endless.replace("1.0", "1.1"), endless, false),
            (format!("{interim}{}", endless.replace("1.0", "1.1")), endless, false),
            (endless.to_owned(), endless, false),
            ("HTTP/1.1 204 No\r\n\r\n".into(), "HTTP/1.1 204 No\r\n\r\n", true),
            ("HTTP/1.1 101 X\r\n\r\nraw".into(), "HTTP/1.0 101 X\r\n\r\nraw", false),
            (format!("{interim}HTTP/1.1 20"), "HTTP/1.1 20", false),
            ("SMTP ready\r\n\r\n".into(), "SMTP ready\r\n\r\n", false),
            ("HTTP/1.1 2x0\r\n\r\n".into(), "HTTP/1.1 2x0\r\n\r\n", false),
            (String::new(), "", false),
        ];
        for (answer, right, stays_open) in cases {
            for part in [1, 2, 3, 7, 20, 58] {
                assert_eq!(given(&answer, part), (right.to_owned(), stays_open), "{answer:?} by {part}");
            }
        }
    }

    #[test]
    fn a_connection_is_kept_only_where_the_answer_has_an_end_and_nobody_closes() {
        for (head, stays_open) in [
            ("1.1 200 OK\r\ncontent-length : 0", true),
            ("1.1 200 OK\r\nTransfer-Encoding: Chunked", true),
            ("1.1 200 OK\r\nTransfer-Encoding: identity", false),
            ("1.1 200 OK\r\nContent-Length: 0\r\nConnection: Close", false),
            ("1.0 200 OK\r\nContent-Length: 0", false),
            ("1.0 200 OK\r\nContent-Length: 0\r\nConnection: Keep-Alive", true),
            ("1.0 200 OK\r\nConnection: keep-alive", false),
        ] {
            let (_, open) = given(&format!("HTTP/{head}\r\n\r\n"), 58);
            assert_eq!(open, stays_open, "{head}");
        }
    }

    #[test]
    fn a_head_without_end_is_given_up() {
        let (mut heads, mut held) = (Heads::default(), 0);
        let line = format!("HTTP/1.1 200 OK, and so on{}", "x".repeat(4000));
        while !matches!(heads.stage, Stage::PassingOn { .. }) {
            assert!(held < HEAD_MAX_BYTES, "{held} bytes are held");
            let mut space = [0; 4096];
            let mut buf = ReadBuf::new(&mut space);
            buf.put_slice(line.as_bytes());
            assert!(!heads.pass(&mut buf, 0), "it is held back");
            held += line.len();
        }
    }
}
