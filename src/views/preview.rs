//! What a schedule will do.

use crate::domain::clock::Timestamp;
use crate::domain::cron::Fire;
use crate::domain::schedule::Schedule;
use crate::domain::time_input;
use crate::words::{self, Language};
use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::Serialize;

/// The coming fires of a schedule, in UTC and on the clocks of its zone.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Preview")]
pub struct PreviewView {
    pub in_words: String,
    pub timezone: String,
    pub fires: Vec<Timestamp>,
    pub details: Vec<FireView>,
}

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Fire")]
pub struct FireView {
    pub utc: Timestamp,
    /// To the second, with the offset in force.
    pub local: String,
    /// Whether the clocks skip the time that was asked for, so that the first instant after it stands in.
    pub shifted: bool,
}

impl PreviewView {
    pub fn new(schedule: &Schedule, zone: Tz, fires: &[Fire], language: Language) -> Self {
        let detail = |fire: &Fire| FireView {
            utc: fire.at,
            local: time_input::in_zone(fire.at, zone),
            shifted: fire.shifted,
        };
        PreviewView {
            in_words: words::schedule::in_words(schedule, zone, language),
            timezone: zone.to_string(),
            fires: fires.iter().map(|fire| fire.at).collect(),
            details: fires.iter().map(detail).collect(),
        }
    }
}
