//! One file of the web, bounded in time and bytes, and given on as it comes. It is fetched through the same client as posts leave by: each address
//! that a name has is judged before it is dialled, anew for every redirect. Nothing that a reader could see comes of it.

use super::record::Record;
use super::{address, client_for, out_of_time, seen_of};
use crate::domain::kept::message::KeptMessage;
use crate::domain::outcome::{Problem, Seen};
use crate::platforms::outbound::Outbound;
use actix_web::web::Bytes;
use awc::error::PayloadError;
use futures_util::StreamExt;
use futures_util::stream::LocalBoxStream;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use url::Url;

/// How often an address may lead to another.
const REDIRECTS_MAX: usize = 5;

/// How much of a file is fetched, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::platforms) struct FetchLimits {
    /// Of the file: one more byte, and it is given up.
    pub bytes: u64,
    /// For all of it, with its redirects.
    pub time: Duration,
}

/// Why a file was not fetched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchFault {
    #[error("it is no address on the web")]
    NoWebAddress,
    /// What is there is not to be called by this program.
    #[error("{0}")]
    Forbidden(String),
    #[error("{0}")]
    Unanswered(String),
    #[error("it was answered with {0}")]
    Status(u16),
    #[error("it leads from one address to another, more than {REDIRECTS_MAX} times")]
    Redirects,
    #[error("it has more than {most} bytes")]
    TooLarge { most: u64 },
    #[error("it broke off before its end")]
    BrokeOff,
    /// It came whole, as far as that was told, and is no whole picture.
    #[error("it cannot be read to its end: {0}")]
    Unreadable(String),
    #[error("it took longer than {seconds} s")]
    TooSlow { seconds: u64 },
}

impl FetchFault {
    /// Whether the same may go well later.
    pub fn may_pass(&self) -> bool {
        match self {
            FetchFault::Unanswered(_)
            | FetchFault::BrokeOff
            | FetchFault::Unreadable(_)
            | FetchFault::TooSlow { .. } => true,
            FetchFault::Status(status) => matches!(*status, 408 | 425 | 429 | 500..),
            FetchFault::NoWebAddress
            | FetchFault::Forbidden(_)
            | FetchFault::Redirects
            | FetchFault::TooLarge { .. } => false,
        }
    }
}

/// What an address was answered with.
enum Answered {
    File(Fetching),
    Elsewhere(Url),
}

/// A file that comes.
pub(in crate::platforms) struct Fetching {
    parts: LocalBoxStream<'static, Result<Bytes, PayloadError>>,
    until: Instant,
    limits: FetchLimits,
    /// How many bytes there will be, where that was told.
    told: Option<u64>,
    came: u64,
    /// A connection whose request nobody knows of any more is taken for idle, and closed.
    _record: Rc<Record>,
}

impl Fetching {
    /// Its next bytes; none once all of them have come.
    pub async fn next(&mut self) -> Result<Option<Bytes>, FetchFault> {
        let part = timeout_at(self.until, self.parts.next()).await;
        match part.map_err(|_| FetchFault::TooSlow { seconds: self.limits.time.as_secs() })? {
            Some(Ok(part)) => {
                self.came = self.came.saturating_add(u64::try_from(part.len()).unwrap_or(u64::MAX));
                match self.came > self.limits.bytes {
                    true => Err(FetchFault::TooLarge { most: self.limits.bytes }),
                    false => Ok(Some(part)),
                }
            }
            Some(Err(_)) => Err(FetchFault::BrokeOff),
            // awc calls it an end, too, where the connection is gone.
            None if self.told.is_some_and(|told| told != self.came) => Err(FetchFault::BrokeOff),
            None => Ok(None),
        }
    }
}

/// Fetches a file from its address, with `http` or `https`, as far as it has begun to come.
pub(in crate::platforms) async fn fetch(
    outbound: &Arc<Outbound>,
    url: &str,
    limits: FetchLimits,
) -> Result<Fetching, FetchFault> {
    let until = Instant::now() + limits.time;
    let mut url = Url::parse(url.trim()).map_err(|_| FetchFault::NoWebAddress)?;
    for _ in 0..=REDIRECTS_MAX {
        match ask(outbound, &url, until, limits).await? {
            Answered::File(file) => return Ok(file),
            Answered::Elsewhere(next) => url = next,
        }
    }
    Err(FetchFault::Redirects)
}

async fn ask(
    outbound: &Arc<Outbound>,
    url: &Url,
    until: Instant,
    limits: FetchLimits,
) -> Result<Answered, FetchFault> {
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(FetchFault::NoWebAddress);
    }
    let scheme = address(url.as_str()).map_err(|_| FetchFault::NoWebAddress)?;
    let record = Record::of_a_test();
    // Whoever serves pictures is met once: no connection to them is kept.
    let request = client_for(outbound, &scheme).get(scheme.address()).no_decompress().force_close();
    let request = request.insert_header(("accept", "image/png, image/jpeg, image/gif, image/webp"));
    let answer = match timeout_at(until, record.watch(request.send())).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => return Err(unanswered(seen_of(&error, &record))),
        Err(_) => return Err(unanswered(out_of_time(&record, limits.time))),
    };
    let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok());
    match answer.status().as_u16() {
        200 => {}
        status @ (301 | 302 | 303 | 307 | 308) => {
            let next = header("location").and_then(|place| url.join(place).ok());
            return next.map(Answered::Elsewhere).ok_or(FetchFault::Status(status));
        }
        status => return Err(FetchFault::Status(status)),
    }
    let told: Option<u64> = header("content-length").and_then(|length| length.parse().ok());
    if told.is_some_and(|length| length > limits.bytes) {
        return Err(FetchFault::TooLarge { most: limits.bytes });
    }
    let parts = answer.boxed_local();
    Ok(Answered::File(Fetching { parts, until, limits, told, came: 0, _record: record }))
}

/// Whether anything left matters to nobody here.
fn unanswered(seen: Seen) -> FetchFault {
    match seen {
        Seen::AccountBroken { problem: Problem { message, .. }, .. } => match KeptMessage::read(&message) {
            // What a picture's address is has nothing to do with the account's.
            Some(KeptMessage::ThenResume { said }) => FetchFault::Forbidden(said),
            _ => FetchFault::Forbidden(message),
        },
        Seen::NothingLeft(problem) | Seen::EndUnseen { problem, .. } => {
            FetchFault::Unanswered(problem.message)
        }
        other => FetchFault::Unanswered(format!("{other:?}")),
    }
}

#[cfg(test)]
mod tests;
