//! A client that speaks TLS, and trusts one certificate only.

use super::http_message::{Length, Message, read_message};
use super::raw::PATIENCE;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::io::{self, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;

pub struct TlsClient(BufReader<StreamOwned<ClientConnection, TcpStream>>);

impl TlsClient {
    /// Fails where the server shows another certificate than the one in this file.
    pub fn connect(address: SocketAddr, trusted: &Path) -> io::Result<Self> {
        let mut roots = RootCertStore::empty();
        let certificate = CertificateDer::from_pem_file(trusted).map_err(io::Error::other)?;
        roots.add(certificate).map_err(io::Error::other)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = "localhost".try_into().map_err(io::Error::other)?;
        let session = ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut client = TlsClient(BufReader::new(StreamOwned::new(session, stream)));
        // The handshake, so that a certificate that is not trusted is told here.
        client.0.get_mut().flush()?;
        while client.0.get_ref().conn.is_handshaking() {
            let stream = client.0.get_mut();
            stream.conn.complete_io(&mut stream.sock)?;
        }
        Ok(client)
    }

    /// Asks for a path on this connection.
    pub fn get(&mut self, path: &str) -> io::Result<Message> {
        let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
        self.0.get_mut().write_all(request.as_bytes())?;
        read_message(&mut self.0, Length::ToTheEnd)?.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}
