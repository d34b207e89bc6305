//! One line per event to stderr, with UTC time. `RUST_LOG` overrides what is shown.

use crate::actors::publisher::PUBLISHED;
use log::LevelFilter;

/// Whether each publication is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Publications {
    Told,
    Quiet,
}

/// Starts logging. `level` is that of our own lines; libraries speak from `warn`.
pub fn init(level: LevelFilter, publications: Publications) {
    let mut builder = env_logger::Builder::new();
    builder.filter_level(LevelFilter::Warn).filter_module("contenthub", level).format_timestamp_millis();
    let publications = match publications {
        Publications::Told => LevelFilter::Info,
        Publications::Quiet => LevelFilter::Warn,
    };
    builder.filter_module(PUBLISHED, publications).parse_default_env();
    // A second start in one process keeps the first one's settings.
    let _ = builder.try_init();
}
