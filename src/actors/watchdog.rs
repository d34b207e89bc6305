//! Looks at the actors again and again, because actix does not: one that panicked is gone, and its address is merely
//! not connected any more.

use super::crew::Crew;
use super::db::panic_text;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

/// How long what broke may stay so.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// At work until it is dropped.
pub struct Watchdog(JoinHandle<()>);

impl Watchdog {
    /// On the thread that the crew was started on.
    pub fn start(crew: Arc<Crew>) -> Self {
        Watchdog(actix_rt::spawn(async move {
            loop {
                // Not by the node's clock: what is looked for is the machine's doing, not time's.
                tokio::time::sleep(LOOK_EVERY).await;
                let looked = catch_unwind(AssertUnwindSafe(|| crew.look()));
                crew.has_looked(looked.is_ok());
                if let Err(panic) = looked {
                    log::error!("looking after the actors panicked: {}", panic_text(&*panic));
                }
            }
        }))
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.0.abort();
    }
}
