//! SIGTERM and Ctrl-C: the first asks for an end in order, the second for one at once.

use actix_rt::SystemRunner;
use std::fmt;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// A signal that asks a process to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopSignal {
    Terminate,
    Interrupt,
}

impl StopSignal {
    /// How a process ends that was ended by it, as shells tell it.
    pub fn exit_code(self) -> u8 {
        match self {
            StopSignal::Terminate => 128 + 15,
            StopSignal::Interrupt => 128 + 2,
        }
    }
}

impl fmt::Display for StopSignal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            StopSignal::Terminate => "SIGTERM",
            StopSignal::Interrupt => "Ctrl-C",
        })
    }
}

/// Ends a process that writes beyond the size that its files may have, unless it has asked to hear of it.
const SIGXFSZ: i32 = 25;

/// An actix system that has heard of SIGTERM and Ctrl-C from the moment that this is made: neither ends the process by
/// itself any more.
pub struct Stop {
    pub system: SystemRunner,
    pub signals: StopSignals,
}

impl Stop {
    pub fn listen() -> std::io::Result<Self> {
        let system = actix_rt::System::new();
        let signals = system.block_on(async { StopSignals::listen() })?;
        // Once heard of, for good: a file that may not grow is then an error like any full disk.
        drop(system.block_on(async { signal(SignalKind::from_raw(SIGXFSZ)) })?);
        Ok(Stop { system, signals })
    }
}

/// Those that came and were not asked for yet.
pub struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    /// On the current actix system.
    pub fn listen() -> std::io::Result<Self> {
        Ok(StopSignals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for the next one.
    pub async fn next(&mut self) -> StopSignal {
        tokio::select! {
            _ = self.terminate.recv() => StopSignal::Terminate,
            _ = self.interrupt.recv() => StopSignal::Interrupt,
        }
    }
}

/// SIGHUP, which asks for files to be read again. Once it is listened for, it ends nothing any more.
pub struct Hangup(Signal);

impl Hangup {
    /// On the current actix system.
    pub fn listen() -> std::io::Result<Self> {
        signal(SignalKind::hangup()).map(Hangup)
    }

    /// Waits for the next one; false where none can come.
    pub async fn next(&mut self) -> bool {
        self.0.recv().await.is_some()
    }
}
