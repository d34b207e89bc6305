//! One OPTIONS, bounded in time: whether anybody answers at an address. By HTTP's own rules it changes nothing over there
//! (RFC 9110, section 9.2.1), so no receiver takes it for a post.

use super::record::Record;
use super::{PLAIN, SECURE, Scheme, address, out_of_time, seen_of};
use crate::domain::outcome::{Problem, Seen};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// The status that it is answered with, or why there is no answer.
pub(in crate::platforms) async fn options(url: &str, time: Duration) -> Result<u16, Problem> {
    let (address, key) = match address(url) {
        Ok(Scheme::Plain(address)) => (address, &PLAIN),
        Ok(Scheme::Secure(address)) => (address, &SECURE),
        Err(message) => return Err(Problem::new("bad_url", message)),
    };
    let until = Instant::now() + time;
    let record = Record::of_a_test();
    // No connection is left for a post: what a receiver does with one after this, nobody has promised.
    let request = key.with(Clone::clone).options(address.as_ref()).no_decompress().force_close();
    match timeout_at(until, record.watch(request.send())).await {
        Ok(Ok(response)) => Ok(response.status().as_u16()),
        Ok(Err(error)) => Err(problem(seen_of(&error, &record))),
        Err(_) => Err(problem(out_of_time(&record, time))),
    }
}

/// Whether anything left matters to nobody here.
fn problem(seen: Seen) -> Problem {
    match seen {
        Seen::NothingLeft(problem) | Seen::EndUnseen { problem, .. } => problem,
        other => Problem::new("no_answer", format!("there was no answer ({other:?})")),
    }
}
