//! Secrets: the key that seals credentials, and random numbers that nobody can guess.

mod key_file;
mod keyring;

pub use key_file::KeyFile;
pub use keyring::Keyring;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use sha2::{Digest, Sha256};
use std::fmt;
use std::io;
use std::path::PathBuf;

/// In bytes, as chacha20poly1305 wants it.
const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 12;

/// What can go wrong with a key or with what it sealed.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    #[error("a secret key is 32 bytes, written as 64 hex digits or as base64")]
    Malformed,
    #[error("{path} holds no secret key: a key is 32 bytes, written as 64 hex digits or as base64")]
    MalformedFile { path: PathBuf },
    #[error("the secret key file {path}: {source}")]
    File { path: PathBuf, source: io::Error },
    #[error("it was sealed with another key")]
    WrongKey,
    #[error("what was sealed is damaged, or belongs elsewhere")]
    Damaged,
}

/// Seals and opens. Never printed.
#[derive(Clone)]
pub struct SecretKey {
    key: Key,
    fingerprint: String,
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey({})", self.fingerprint())
    }
}

impl SecretKey {
    /// Reads 64 hex digits, or base64 of 32 bytes.
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        let text = text.trim();
        let bytes = match from_hex(text) {
            Some(bytes) => bytes,
            None => BASE64.decode(text).map_err(|_| SecretError::Malformed)?,
        };
        let bytes: [u8; KEY_BYTES] = bytes.try_into().map_err(|_| SecretError::Malformed)?;
        Ok(SecretKey::of(bytes))
    }

    /// A new one that nobody has seen.
    pub fn generate() -> Self {
        SecretKey::of(random())
    }

    fn of(bytes: [u8; KEY_BYTES]) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"contenthub key fingerprint\0");
        hash.update(bytes);
        SecretKey { key: bytes.into(), fingerprint: hex(&hash.finalize()[..8]) }
    }

    /// Names the key without telling anything of it.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The key itself, for its file.
    fn written(&self) -> String {
        hex(&self.key)
    }

    /// Seals `plain` for `identity`, e.g. `account:7`: it opens nowhere else.
    pub fn seal(&self, plain: &[u8], identity: &str) -> Result<String, SecretError> {
        let nonce: [u8; NONCE_BYTES] = random();
        let id = self.fingerprint();
        let aad = bound_to(id, identity);
        let payload = Payload { msg: plain, aad: aad.as_bytes() };
        let sealed = ChaCha20Poly1305::new(&self.key)
            .encrypt(Nonce::from_slice(&nonce), payload)
            .map_err(|_| SecretError::Damaged)?;
        let bytes: Vec<u8> = nonce.into_iter().chain(sealed).collect();
        Ok(format!("v1.{id}.{}", BASE64.encode(bytes)))
    }

    /// Opens what [`SecretKey::seal`] made for the same identity.
    pub fn open(&self, sealed: &str, identity: &str) -> Result<Vec<u8>, SecretError> {
        let (id, body) = parts_of(sealed)?;
        if id != self.fingerprint() {
            return Err(SecretError::WrongKey);
        }
        let bytes = BASE64.decode(body).map_err(|_| SecretError::Damaged)?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE_BYTES).ok_or(SecretError::Damaged)?;
        let aad = bound_to(id, identity);
        ChaCha20Poly1305::new(&self.key)
            .decrypt(Nonce::from_slice(nonce), Payload { msg: sealed, aad: aad.as_bytes() })
            .map_err(|_| SecretError::Damaged)
    }
}

/// The fingerprint of the key that sealed it, and what is sealed.
fn parts_of(sealed: &str) -> Result<(&str, &str), SecretError> {
    let mut parts = sealed.splitn(3, '.');
    match (parts.next(), parts.next(), parts.next()) {
        (Some("v1"), Some(id), Some(body)) => Ok((id, body)),
        _ => Err(SecretError::Damaged),
    }
}

fn bound_to(key_id: &str, identity: &str) -> String {
    format!("contenthub\0{key_id}\0{identity}")
}

/// Bytes from the system's generator. It cannot fail on a system that has booted; a process without it must not go on.
fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    #[expect(clippy::expect_used, reason = "there is nothing safe to do without random numbers")]
    getrandom::fill(&mut bytes).expect("the system has a random number generator");
    bytes
}

/// `bytes` random bytes in hex, at most 64.
pub fn random_hex(bytes: usize) -> String {
    let pool: [u8; 64] = random();
    hex(&pool[..bytes.min(64)])
}

/// A seed for jitter.
pub fn random_u64() -> u64 {
    u64::from_le_bytes(random())
}

/// SHA-256 in hex.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    if text.len() != 2 * KEY_BYTES || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_only_with_its_key_and_where_it_belongs() {
        let (ours, theirs) = (SecretKey::parse(&"ab".repeat(32)), SecretKey::parse(&"cd".repeat(32)));
        let (ours, theirs) = (ours.expect("a key"), theirs.expect("a key"));
        let sealed = ours.seal(b"hush", "account:7").expect("sealed");
        assert_eq!(ours.open(&sealed, "account:7").expect("ours"), b"hush");
        assert!(matches!(theirs.open(&sealed, "account:7"), Err(SecretError::WrongKey)));
        assert!(matches!(ours.open(&sealed, "account:8"), Err(SecretError::Damaged)));
        let mut tampered = sealed.clone();
        tampered.replace_range(
            sealed.len() - 6..sealed.len() - 5,
            if &sealed[sealed.len() - 6..sealed.len() - 5] == "A" { "B" } else { "A" },
        );
        assert!(matches!(ours.open(&tampered, "account:7"), Err(SecretError::Damaged)));
        assert!(!sealed.contains("hush"));
    }

    #[test]
    fn a_key_is_64_hex_digits_or_base64_and_nothing_else() {
        let hex = SecretKey::parse(&"00".repeat(32)).expect("hex");
        let base64 = SecretKey::parse(&BASE64.encode([0u8; 32])).expect("base64");
        assert_eq!(hex.fingerprint(), base64.fingerprint());
        for wrong in ["", "00", "zz", &"0".repeat(63), &BASE64.encode([0u8; 31])] {
            assert!(SecretKey::parse(wrong).is_err(), "{wrong}");
        }
        assert!(!format!("{hex:?}").contains("0000"), "the key itself is never shown");
    }
}
