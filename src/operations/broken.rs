//! What breaks here though nobody who asked is at fault.

use crate::media::StoreError;
use crate::platforms::guarded::Panicked;
use crate::secrets::SecretError;

#[derive(Debug, thiserror::Error)]
pub enum Broken {
    #[error("an operation broke; the log says more")]
    Operation,
    #[error("the run was stopped by a signal")]
    StoppedBySignal,
    #[error("nothing ended the wait")]
    EndlessWait,
    #[error("a request without a caller")]
    NoCaller,
    #[error("signals cannot be listened to: {0}")]
    Signals(#[source] std::io::Error),
    #[error("the report cannot be read: {0}")]
    Report(#[source] serde_json::Error),
    #[error("credentials cannot be sealed: {0}")]
    Sealing(#[source] SecretError),
    #[error("the answer kept for an Idempotency-Key: {0}")]
    KeptAnswer(#[source] SecretError),
    #[error("an answer could not be kept: {0}")]
    AnswerUnwritable(#[source] serde_json::Error),
    #[error("an answer could not be kept: {0}")]
    AnswerUnsealed(#[source] SecretError),
    #[error("the files of pictures: {0}")]
    Store(#[source] StoreError),
    #[error(transparent)]
    Platform(#[from] Panicked),
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// What a thread or a library said.
    #[error("{0}")]
    Said(String),
}
