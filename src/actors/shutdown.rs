//! Stopping without losing anything: no more claims, then a grace for what is on the wire, then its outcomes written.

use super::executor::{Drain, PublishingExecutorActor};
use actix::prelude::*;
use std::time::Duration;
use tokio::sync::oneshot;

/// Drains the executor. False where something was still on the wire when the grace was over: its lease runs out, and
/// the next node to look takes it back.
pub async fn drain(executor: &Addr<PublishingExecutorActor>, grace: Duration) -> bool {
    let (done, wait) = oneshot::channel();
    if executor.send(Drain(done)).await.is_err() {
        return false;
    }
    matches!(tokio::time::timeout(grace, wait).await, Ok(Ok(())))
}
