//! One line per event to stderr, with UTC time. `RUST_LOG` overrides what is shown. A progress bar on the same terminal
//! steps aside for each line.

use crate::actors::publisher::PUBLISHED;
use env_logger::Target;
use indicatif::ProgressBar;
use log::LevelFilter;
use parking_lot::Mutex;
use std::io::{self, Write};

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
    builder.target(Target::Pipe(Box::new(BesideTheBar)));
    // A second start in one process keeps the first one's settings.
    let _ = builder.try_init();
}

/// The bar that is on the terminal. Without it a line would begin where the bar ends, and half of the bar stay for good.
static BAR: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// From now on lines are written above this bar; none: there is none any more.
pub fn beside(bar: Option<ProgressBar>) {
    *BAR.lock() = bar;
}

/// Stderr, but for the bar.
struct BesideTheBar;

impl Write for BesideTheBar {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let bar = BAR.lock().clone();
        match bar {
            Some(bar) => bar.suspend(|| io::stderr().write_all(line))?,
            None => io::stderr().write_all(line)?,
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
