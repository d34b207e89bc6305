//! A client that need not keep to HTTP: bytes go out as they are given, and answers are read as they come.

use super::http_message::{Length, Message, read_message};
use std::io::{self, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long any answer may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// One connection.
pub struct Raw {
    reader: BufReader<TcpStream>,
}

impl Raw {
    pub fn connect(address: SocketAddr) -> Self {
        Self::try_connect(address).expect("a connection")
    }

    pub fn try_connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Raw { reader: BufReader::new(stream) })
    }

    pub fn say(&mut self, bytes: impl AsRef<[u8]>) {
        self.try_say(bytes).expect("sent");
    }

    pub fn try_say(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.reader.get_mut().write_all(bytes.as_ref())
    }

    /// The next answer; none where the connection ended before it.
    pub fn answer(&mut self) -> io::Result<Option<Message>> {
        read_message(&mut self.reader, Length::ToTheEnd)
    }

    /// The status of the next answer, which must come.
    #[track_caller]
    pub fn status(&mut self) -> u16 {
        status(&self.answer().expect("an answer").expect("an answer before the end"))
    }

    /// What comes until the connection ends, whatever it is.
    pub fn rest(mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        // A reset is an end too.
        let _ = self.reader.read_to_end(&mut rest);
        rest
    }

    /// Waits until the other side ends the connection; panics where it does not, or says something.
    #[track_caller]
    pub fn ends(mut self) {
        let mut byte = [0];
        let mut said = self.reader.read(&mut byte);
        while said.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::Interrupted) {
            said = self.reader.read(&mut byte);
        }
        match said {
            Ok(0) => {}
            Ok(_) => panic!("it said {byte:?} and more"),
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::ConnectionReset, "{error}"),
        }
    }
}

pub fn status(message: &Message) -> u16 {
    let status = message.start.split(' ').nth(1).and_then(|status| status.parse().ok());
    status.unwrap_or_else(|| panic!("no HTTP: {}", message.start))
}

/// A GET without a body, with more header lines, each with its end.
pub fn get(path: &str, more: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: x\r\n{more}\r\n")
}
