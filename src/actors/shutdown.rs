//! Stopping without losing anything: nothing new is sent, what is on the wire gets a grace, and whatever has no answer
//! then is written as what it is: nobody knows.

use super::crew::Crew;
use super::executor::Drain;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// Of the grace, kept for cutting off what has no answer, and for writing that.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// How long a thread that is at something else has to hear that it is over.
const HEARING: Duration = Duration::from_millis(200);
/// Beyond the grace, for a database that is slow to take it. Where it takes nothing, the next start finds the claims.
const WRITING: Duration = Duration::from_secs(3);
/// A dead executor has a successor soon.
const ASK_AGAIN: Duration = Duration::from_millis(50);

/// How a node has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Everything had an answer, and it is written.
    Whole,
    /// Something had no answer when the grace was over; that is written.
    CutOff,
    /// The database did not take what became of so many attempts. The next start finds it out.
    Unwritten(usize),
}

/// Drains a node.
pub async fn drain(crew: &Crew, grace: Duration) -> Ending {
    crew.in_flight.close();
    let end = Instant::now() + (grace - LAST_WORDS.min(grace / 10));
    if drained_by(crew, end).await {
        return Ending::Whole;
    }
    let left = crew.in_flight.count();
    log::warn!("{left} attempts have no answer yet and are cut off: what became of them is not known");
    crew.in_flight.cut();
    if !drained_by(crew, Instant::now() + HEARING).await {
        crew.in_flight.cut_the_deaf();
        if !drained_by(crew, Instant::now() + WRITING).await {
            let unwritten = crew.in_flight.unwritten();
            if unwritten == 0 {
                return Ending::CutOff;
            }
            log::warn!("the database does not take what became of {unwritten}; the next start finds it out");
            return Ending::Unwritten(unwritten);
        }
    }
    Ending::CutOff
}

/// Whether everything had ended and was written by then.
async fn drained_by(crew: &Crew, end: Instant) -> bool {
    let drained = async {
        loop {
            let (done, wait) = oneshot::channel();
            if crew.executor().send(Drain(done)).await.is_ok() && wait.await.is_ok() {
                return;
            }
            tokio::time::sleep(ASK_AGAIN).await;
        }
    };
    tokio::time::timeout_at(end, drained).await.is_ok()
}
