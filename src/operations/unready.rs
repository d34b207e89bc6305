//! Why an account cannot be used for an attempt.

use crate::domain::account::ClosedByWord;
use crate::domain::gates::Shut;
use crate::platforms::guarded::Panicked;
use crate::secrets::SecretError;

#[derive(Debug, thiserror::Error)]
pub enum Unready {
    #[error("this program has no platform named {0}")]
    NoPlatform(String),
    #[error("settings cannot be read: {0}")]
    Settings(#[source] serde_json::Error),
    #[error(transparent)]
    Panicked(#[from] Panicked),
    /// They were opened, and are none. What cannot be read may be a secret, and is not repeated.
    #[error("its credentials cannot be read: set them anew")]
    CredentialsUnreadable,
    #[error("its credentials cannot be read: {0}")]
    CredentialsClosed(#[source] SecretError),
    #[error("{0}")]
    Shut(ClosedByWord),
    #[error("{0}")]
    Gate(Shut),
}
