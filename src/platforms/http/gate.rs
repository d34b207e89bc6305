//! The last thing before the system: whether bytes may leave is asked right before each is handed over, below TLS, which
//! takes its time. A process may be stopped at any moment, and go on when its claim is somebody else's; what lies between
//! the question and the system's call is all that nobody can close.

use super::record::Record;
use actix_rt::net::{ActixStream, Ready, TcpStream};
use rustix::net::{SendFlags, send};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};

/// A socket that sends nothing of a post which is too late.
pub(super) struct Gate(TcpStream);

impl Gate {
    pub fn new(socket: TcpStream) -> Self {
        Gate(socket)
    }
}

impl AsyncRead for Gate {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Gate {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let record = Record::current();
        loop {
            ready!(TcpStream::poll_write_ready(&self.0, cx))?;
            let sent = self.0.try_io(Interest::WRITABLE, || {
                // What belongs to no request is TLS saying good-bye.
                record.as_ref().map_or(Ok(()), |record| record.allows_a_write())?;
                Ok(send(&self.0, data, SendFlags::NOSIGNAL)?)
            });
            match sent {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                done => return Poll::Ready(done),
            }
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

impl ActixStream for Gate {
    fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        ActixStream::poll_read_ready(&self.0, cx)
    }

    fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        ActixStream::poll_write_ready(&self.0, cx)
    }
}
