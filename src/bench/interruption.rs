//! Ctrl-C and SIGTERM while the bench runs: heard, so that what it has made is taken away before it ends.

use super::BenchError;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::mpsc;
use tokio::signal::unix::{SignalKind, signal};

/// Whether a signal came. From the moment that this is made, the first one does not end the process by itself.
#[derive(Debug)]
pub struct Interruption {
    /// The signal's number, or 0.
    heard: Arc<AtomicI32>,
}

impl Interruption {
    pub fn listen() -> io::Result<Self> {
        let heard = Arc::new(AtomicI32::new(0));
        let (told, listening) = mpsc::channel();
        let noted = heard.clone();
        std::thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || actix_rt::System::new().block_on(note(&noted, &told)))?;
        listening.recv().map_err(io::Error::other)??;
        Ok(Interruption { heard })
    }

    /// An error as soon as a signal has come.
    pub fn check(&self) -> Result<(), BenchError> {
        match self.heard.load(Ordering::Relaxed) {
            0 => Ok(()),
            signal => Err(BenchError::Interrupted { signal }),
        }
    }
}

/// Notes the first signal. Whoever sends a second one does not want to wait for the tidying.
async fn note(heard: &AtomicI32, told: &mpsc::Sender<io::Result<()>>) {
    let (interrupt, terminate) = (SignalKind::interrupt(), SignalKind::terminate());
    let both = signal(interrupt).and_then(|first| Ok((first, signal(terminate)?)));
    let (mut interrupts, mut terminates) = match both {
        Ok(both) => both,
        Err(error) => {
            // Whoever started this waits for the answer, so it is heard.
            let _ = told.send(Err(error));
            return;
        }
    };
    let _ = told.send(Ok(()));
    loop {
        let came = tokio::select! {
            _ = interrupts.recv() => interrupt,
            _ = terminates.recv() => terminate,
        };
        let number = came.as_raw_value();
        if heard.swap(number, Ordering::Relaxed) != 0 {
            std::process::exit(128 + number);
        }
    }
}
