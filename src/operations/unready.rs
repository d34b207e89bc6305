//! Why an account cannot be used for an attempt.

use crate::domain::account::ClosedByWord;
use crate::domain::gates::Shut;
use crate::domain::kept::message::KeptMessage;
use crate::platforms::guarded::Panicked;
use crate::secrets::SecretError;

#[derive(Debug, thiserror::Error)]
pub enum Unready {
    #[error("{}", no_platform(.0))]
    NoPlatform(String),
    #[error("{}", settings_unread(.0))]
    Settings(#[source] serde_json::Error),
    #[error(transparent)]
    Panicked(#[from] Panicked),
    /// They were opened, and are none. What cannot be read may be a secret, and is not repeated.
    #[error("{}", KeptMessage::CredentialsUnreadable)]
    CredentialsUnreadable,
    #[error("{}", credentials_closed(.0))]
    CredentialsClosed(#[source] SecretError),
    #[error("{0}")]
    Shut(ClosedByWord),
    #[error("{0}")]
    Gate(Shut),
}

fn no_platform(name: &str) -> KeptMessage {
    KeptMessage::NoPlatform { name: name.to_owned() }
}

fn settings_unread(error: &serde_json::Error) -> KeptMessage {
    KeptMessage::SettingsUnread { why: error.to_string() }
}

fn credentials_closed(error: &SecretError) -> KeptMessage {
    KeptMessage::CredentialsClosed { why: error.to_string() }
}
