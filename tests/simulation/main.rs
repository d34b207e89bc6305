//! The engine in a world of chance: the real machines and the real decisions, in virtual time, with nodes that die,
//! stand still and have wrong clocks, databases that refuse, and platforms that do whatever platforms do. A judge that
//! knows nothing of the engine looks at the tables and at the ledgers of the platforms after each step:
//!
//! 1. At most one post per entry, unless the account or a person asked for more.
//! 2. `published` means out, under that name; what is out is never `failed`, and at rest only `uncertain` may be.
//! 3. Only the transitions of the table; one row of the log per attempt, never changed but by a proof.
//! 4. No more on the wire than node and lane may have; nothing goes out before its time, nor on a lane that is shut.
//! 5. A claim passes over nothing of its lane that is more urgent.
//! 6. No more retries than there are; a broken account and a stopped node cost none.
//! 7. A task never overlaps itself, and each fire is one run.
//! 8. A step that is done is not done again, and none that cannot be taken back begins before that is kept.
//! 9. Once faults stop, everything settles in bounded time.
//! 10. Nothing is sent that is held, nor another revision than the one that is approved, or that may be out already.
//! 11. What is too late, or given up, ends as that in the first cycle that may; and nothing else does.
//! 12. No node claims by a clock that is far off, or that has just leapt ahead.
//!
//! A seed that fails joins `seeds.txt`, which always runs.

#[path = "../support/mod.rs"]
mod support;

mod attempt;
mod chance;
mod faults;
mod invariants;
mod model;
mod nodes;
mod outages;
mod people;
mod platform;
mod runs;
mod sabotage;
mod sql;
mod store;
mod time;
mod world;
