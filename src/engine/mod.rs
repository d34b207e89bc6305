//! The decisions of the engine as plain machines: an event goes in, effects come out. No actors, SQL, HTTP or clocks, so
//! that tests can drive the real decisions.

pub mod clock_watch;
pub mod dispatch;
pub mod good_since;
mod refused;
pub mod slots;
pub mod ticking;
