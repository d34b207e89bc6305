//! The actors: they hold who is in flight, timers and connections. Rules are in `domain` and `engine`, truth is in the
//! database.

pub mod checkpoints;
pub mod crew;
pub mod db;
pub mod event_tail;
pub mod executor;
pub mod in_flight;
pub mod job_runner;
pub mod jobs;
pub mod old_texts;
pub mod pictures;
pub mod pool_counts;
pub mod presence;
pub mod publisher;
pub mod scheduler;
pub mod shared_reads;
pub mod shutdown;
pub mod system_clock;
pub mod timekeeper;
pub mod token_shelf;
pub mod token_uses;
pub mod tries;
pub mod watchdog;
