//! What kept a lane shut.

use super::super::{InChinese, chinese};
use super::kept;
use crate::domain::kept::shut::KeptShut;
use crate::words::Sentence;

impl InChinese for KeptShut {
    fn in_chinese(&self) -> Sentence {
        match self {
            KeptShut::PausedBecause { since, by, reason } => chinese("kept-paused-because")
                .with("since", *since)
                .with("by", by.as_str())
                .with("reason", kept(reason)),
            KeptShut::Paused { since, by } => {
                chinese("kept-paused").with("since", *since).with("by", by.as_str())
            }
            KeptShut::Disabled => chinese("kept-disabled"),
            KeptShut::SuspendedUntil { until, reason } => {
                chinese("kept-suspended-until").with("until", *until).with("reason", kept(reason))
            }
            KeptShut::Suspended { reason } => chinese("kept-suspended").with("reason", kept(reason)),
            KeptShut::OtherKey => chinese("kept-other-key"),
            KeptShut::Down { since, until } => {
                chinese("kept-down").with("since", *since).with("until", *until)
            }
            KeptShut::Tried { since } => chinese("kept-tried").with("since", *since),
            KeptShut::AskedToWait { until } => chinese("kept-asked-to-wait").with("until", *until),
            KeptShut::Window { until } => chinese("kept-window").with("until", *until),
            KeptShut::WindowNever => chinese("kept-window-never"),
            KeptShut::DailyCap { cap, until } => {
                chinese("kept-daily-cap").with("cap", cap.to_string()).with("until", *until)
            }
            KeptShut::Spacing { seconds, until } => {
                chinese("kept-spacing").with("seconds", seconds.to_string()).with("until", *until)
            }
        }
    }
}
