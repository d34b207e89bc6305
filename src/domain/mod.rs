//! Values and rules. Pure: nothing here knows of actors, SQL or HTTP, and no function reads a clock.

mod text_enum;
pub use text_enum::UnknownWord;
pub(crate) use text_enum::text_enum;

pub mod account;
pub mod alarms;
pub mod breaker;
pub mod clock;
pub mod content;
pub mod cron;
pub mod delivery_class;
pub mod entry;
pub mod execution;
pub mod field_error;
pub mod gates;
pub mod ids;
pub mod json_input;
pub mod lane_look;
pub mod lane_settings;
pub mod lateness;
pub mod misfire;
pub mod outcome;
pub mod pause;
pub mod pool_stats;
pub mod priority;
pub mod question;
pub mod report;
pub mod retry;
pub mod role;
pub mod schedule;
pub mod settlement;
pub mod steps;
pub mod tested;
pub mod time_input;
pub mod trust;
pub mod turns;
pub mod windows;
