//! One OPTIONS, bounded in time: whether anybody answers at an address. By HTTP's own rules it changes nothing over there
//! (RFC 9110, section 9.2.1), so no receiver takes it for a post.

use super::record::Record;
use super::{address, client_for, out_of_time, seen_of};
use crate::domain::kept::message::KeptMessage;
use crate::domain::outcome::Seen;
use crate::domain::tested::Tested;
use crate::platforms::outbound::Outbound;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// The status that it is answered with, or why there is no answer.
pub(in crate::platforms) async fn options(
    outbound: &Arc<Outbound>,
    url: &str,
    time: Duration,
) -> Result<u16, Tested> {
    let scheme = address(url).map_err(|message| Tested::failed("bad_url", message))?;
    let until = Instant::now() + time;
    let record = Record::of_a_test();
    // No connection is left for a post: what a receiver does with one after this, nobody has promised.
    let client = client_for(outbound, &scheme);
    let request = client.options(scheme.address()).no_decompress().force_close();
    match timeout_at(until, record.watch(request.send())).await {
        Ok(Ok(response)) => Ok(response.status().as_u16()),
        Ok(Err(error)) => Err(tested(seen_of(&error, &record))),
        Err(_) => Err(tested(out_of_time(&record, time))),
    }
}

/// Whether anything left matters to nobody here.
fn tested(seen: Seen) -> Tested {
    match seen {
        Seen::NothingLeft(problem) | Seen::EndUnseen { problem, .. } => Tested::PlatformFailed(problem),
        Seen::AccountBroken { problem, until } => Tested::AccountBroken { problem, until },
        other => Tested::failed("no_answer", KeptMessage::NoAnswerSeen { seen: format!("{other:?}") }),
    }
}
