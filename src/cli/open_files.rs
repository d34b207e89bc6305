//! How many files and connections a process may have open.

use crate::words::{Sentence, message};

/// A connection for each attempt, each client and each database thread is more than the usual 1,024.
pub fn raise_limit() {
    const ENOUGH: u64 = 65_536;
    if let Err(error) = rlimit::increase_nofile_limit(ENOUGH) {
        let what = Sentence::new(message("warning-open-files")).with("error", error.to_string());
        eprintln!("{}", Sentence::new(message("warning")).with("what", what).say(super::language()));
    }
}
