//! What kept a lane shut, where that is kept: in the reports of runs, and of entries that were too late.

use super::template::kept_texts;
use crate::domain::clock::Timestamp;

kept_texts! {
    /// As `account.rs`, `gates.rs` and the database's look at lanes say it.
    KeptShut {
        PausedBecause { since: Timestamp, by: String, reason: String } =
            "paused: publishing is paused since {since} by {by}: {reason}",
        Paused { since: Timestamp, by: String } = "paused: publishing is paused since {since} by {by}",
        Disabled = "account disabled",
        SuspendedUntil { until: Timestamp, reason: String } = "account suspended until {until}: {reason}",
        Suspended { reason: String } = "account suspended: {reason}",
        OtherKey = "its credentials were sealed with another key",
        Down { since: Timestamp, until: Timestamp } =
            "the platform has not answered since {since}, and one entry at a time tries it; the next try is at {until}",
        Tried { since: Timestamp } =
            "the platform has not answered since {since}, and one entry at a time tries it",
        AskedToWait { until: Timestamp } = "the platform asks to wait, until {until}",
        Window { until: Timestamp } = "outside the account's windows, until {until}",
        WindowNever = "outside the account's windows, and none of them ever opens",
        DailyCap { cap: i32, until: Timestamp } =
            "the account's daily cap of {cap} is reached, until {until}",
        Spacing { seconds: u64, until: Timestamp } =
            "the account's spacing of {seconds} s, until {until}",
    }
}
