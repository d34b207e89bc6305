//! Our own words that are kept: in the publish log, in the reports of runs, at a suspended account. They are kept in
//! English, which the API and JSON tell as it is; each is one template, by which it is written, and read back where a
//! person reads it in another language.
//!
//! What platforms, the operating system and libraries said stands in them as it was said.

pub mod database;
pub mod failure;
pub mod import;
pub mod message;
pub mod shut;
mod template;
pub mod waiting;
pub mod wechat;

use failure::KeptFailure;
use message::KeptMessage;
use shut::KeptShut;
use std::fmt;
use waiting::Waiting;

/// A text of ours, whoever keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    Message(KeptMessage),
    Shut(KeptShut),
    Failure(KeptFailure),
    Waiting(Waiting),
}

impl Kept {
    /// None where it is no text of ours.
    pub fn read(text: &str) -> Option<Kept> {
        KeptMessage::read(text)
            .map(Kept::Message)
            .or_else(|| KeptShut::read(text).map(Kept::Shut))
            .or_else(|| KeptFailure::read(text).map(Kept::Failure))
            .or_else(|| Waiting::read(text).map(Kept::Waiting))
    }
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kept::Message(message) => message.fmt(f),
            Kept::Shut(shut) => shut.fmt(f),
            Kept::Failure(failure) => failure.fmt(f),
            Kept::Waiting(waiting) => waiting.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests;
