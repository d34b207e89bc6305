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
pub mod tokens;
pub mod webhook;
pub mod wechat;

pub use http::install_crypto_provider;
