//! Certificate and key: read at start, and anew when asked, without a connection being dropped.

use crate::config::TlsFiles;
use parking_lot::RwLock;
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// Why a certificate and its key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("{key} ({path}) cannot be read: {source}")]
    Unreadable { key: &'static str, path: PathBuf, source: io::Error },
    #[error("{key} ({path}) has no {what} in PEM: {}", what.hint())]
    NotThere { key: &'static str, path: PathBuf, what: Pem },
    #[error("{key} ({path}) is not PEM: {reason}")]
    Broken { key: &'static str, path: PathBuf, reason: String },
    #[error("tls_key ({key}) is not the key of the certificate in tls_cert ({cert})")]
    Mismatch { cert: PathBuf, key: PathBuf },
    #[error("the certificate in tls_cert ({cert}) cannot be used with tls_key ({key}): {reason}")]
    Unusable { cert: PathBuf, key: PathBuf, reason: String },
}

/// What a file in PEM holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pem {
    Certificate,
    PrivateKey,
}

impl Pem {
    /// How it looks.
    fn hint(self) -> &'static str {
        match self {
            Pem::Certificate => "it begins with -----BEGIN CERTIFICATE-----",
            Pem::PrivateKey => "it begins with -----BEGIN PRIVATE KEY-----, and has no password",
        }
    }
}

impl fmt::Display for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Pem::Certificate => "certificate",
            Pem::PrivateKey => "private key",
        })
    }
}

/// TLS for connections that come in.
pub struct Tls {
    files: TlsFiles,
    shown: Arc<Shown>,
    acceptor: TlsAcceptor,
}

impl Tls {
    pub fn load(files: &TlsFiles) -> Result<Tls, TlsError> {
        let shown = Arc::new(Shown(RwLock::new(read(files)?)));
        let config = rustls::ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| unusable(files, error))?;
        let mut config = config.with_no_client_auth().with_cert_resolver(shown.clone());
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Tls { files: files.clone(), shown, acceptor: TlsAcceptor::from(Arc::new(config)) })
    }

    /// Reads both files again: new connections get what is in them. What cannot be used changes nothing.
    pub fn reload(&self) -> Result<(), TlsError> {
        let read = read(&self.files)?;
        *self.shown.0.write() = read;
        Ok(())
    }

    pub async fn accept(&self, io: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        self.acceptor.accept(io).await
    }
}

/// What new connections are shown.
struct Shown(RwLock<Arc<CertifiedKey>>);

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shown")
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.read().clone())
    }
}

fn read(files: &TlsFiles) -> Result<Arc<CertifiedKey>, TlsError> {
    let chain = certificates(&files.cert)?;
    let key = PrivateKeyDer::from_pem_slice(&bytes("tls_key", &files.key)?)
        .map_err(|error| explained("tls_key", &files.key, Pem::PrivateKey, &error))?;
    let pair = CertifiedKey::from_der(chain, key, &ring::default_provider());
    let pair = pair.map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => {
            TlsError::Mismatch { cert: files.cert.clone(), key: files.key.clone() }
        }
        other => unusable(files, other),
    })?;
    Ok(Arc::new(pair))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let wrong = |error: pem::Error| explained("tls_cert", path, Pem::Certificate, &error);
    let text = bytes("tls_cert", path)?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let chain = chain.map_err(wrong)?;
    if chain.is_empty() {
        return Err(wrong(pem::Error::NoItemsFound));
    }
    Ok(chain)
}

fn bytes(key: &'static str, path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|source| TlsError::Unreadable { key, path: path.to_owned(), source })
}

fn explained(key: &'static str, path: &Path, what: Pem, error: &pem::Error) -> TlsError {
    let path = path.to_owned();
    match error {
        pem::Error::NoItemsFound => TlsError::NotThere { key, path, what },
        other => TlsError::Broken { key, path, reason: other.to_string() },
    }
}

fn unusable(files: &TlsFiles, error: rustls::Error) -> TlsError {
    TlsError::Unusable { cert: files.cert.clone(), key: files.key.clone(), reason: error.to_string() }
}
