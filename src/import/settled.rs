//! Whether somebody seems to write a file at this moment: then it may not be whole, and is left for later.

use crate::domain::clock::Timestamp;
use std::fs;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

/// A file that was changed so short a time ago may not be whole yet.
pub const UNSETTLED_FOR: Duration = Duration::from_secs(2);

/// What tells whether somebody writes a file: its size, and when it was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Settled {
    /// Whatever is wrong with it is told by reading it.
    Unseen,
    Since {
        micros: i64,
        bytes: u64,
    },
    JustNow,
}

impl Settled {
    pub(super) fn of(place: &Path, now: Timestamp) -> Self {
        let Ok(kind) = fs::metadata(place) else { return Settled::Unseen };
        let since_epoch = kind.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        let Some(micros) = since_epoch.and_then(|span| i64::try_from(span.as_micros()).ok()) else {
            return Settled::Unseen;
        };
        let changed = Timestamp::from_micros(micros);
        // A time to come is that of another machine's clock, and says nothing unless it is near.
        let is_near = now.since(changed) < UNSETTLED_FOR && changed.since(now) < UNSETTLED_FOR;
        if is_near { Settled::JustNow } else { Settled::Since { micros, bytes: kind.len() } }
    }

    pub(super) fn is_settled(self) -> bool {
        match self {
            Settled::Unseen | Settled::Since { .. } => true,
            Settled::JustNow => false,
        }
    }
}
