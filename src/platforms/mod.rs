//! Where posts go. A platform knows its protocol and says what it saw; it never sees SQL, actors or HTTP handlers.

pub mod article_rules;
pub mod folder;
pub mod guarded;
mod http;
pub mod journal;
pub mod outbound;
pub mod pictures;
pub mod platform;
pub mod registry;
pub mod webhook;

pub use http::install_crypto_provider;
