//! The posting slots of an account, and what sits in them.

use crate::db::slots::Seat;
use crate::domain::clock::Timestamp;
use crate::domain::entry::EntryStatus;
use crate::domain::ids::*;
use crate::domain::time_input::in_zone;
use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::Serialize;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Calendar")]
pub struct CalendarView {
    pub account_id: AccountId,
    pub account: String,
    /// The zone of its local times.
    pub timezone: String,
    pub items: Vec<SlotView>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Slot")]
pub struct SlotView {
    pub at: Timestamp,
    /// The same by the account's clock, with its offset.
    pub local: String,
    /// Nobody sits in it.
    pub free: bool,
    /// False where the account no longer has this slot, and somebody sits in it still.
    pub kept: bool,
    pub entry_id: Option<EntryId>,
    pub content_id: Option<ContentId>,
    pub title: Option<String>,
    pub status: Option<EntryStatus>,
}

impl SlotView {
    pub fn new(at: Timestamp, zone: Tz, kept: bool, seat: Option<Seat>) -> Self {
        SlotView {
            at,
            local: in_zone(at, zone),
            free: seat.is_none(),
            kept,
            entry_id: seat.as_ref().map(|seat| seat.entry),
            content_id: seat.as_ref().map(|seat| seat.content),
            status: seat.as_ref().map(|seat| seat.status),
            title: seat.map(|seat| seat.title),
        }
    }
}
