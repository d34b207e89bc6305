//! `contenthub bench --lanes`: what a good lane loses to lanes beside it that are suspended, spaced or hang, and what many
//! lanes lose to one.
//!
//! Each of the three is measured in the same way, on a database of its own: the good lanes are opened at one moment, when
//! all else stands still, and go as fast as they can; then entries fall due on them at exact times. Alone is measured before
//! the crowd and after it, because a machine is not as fast in one minute as in the next.

mod crowd;
mod measuring;

use super::interruption::Interruption;
use super::{BenchError, Measured, Told, backend};
use crate::config::Settings;
use crate::words::{Message, message};
use measuring::{Course, Seen, measure};
use serde_json::json;

/// Good lanes, where many are measured.
const MANY: usize = 100;

/// What is measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Of the good lane; the others hold as many in proportion.
    pub entries: usize,
    /// Where databases of its own are made; none: SQLite files in throw-away directories.
    pub postgres: Option<String>,
}

/// The bench, as its parts need it.
struct Bench<'a> {
    plan: &'a Plan,
    settings: Settings,
    interruption: Interruption,
    told: &'a mut Told<'a>,
}

impl Bench<'_> {
    /// Tells how far a part of it is, and may end it.
    fn tell(&mut self, part: Message, done: usize, of: usize) -> Result<(), BenchError> {
        (self.told)(part, done, of);
        self.interruption.check()
    }
}

/// Runs it. Whatever it made is gone afterwards, also where a signal ends it.
pub fn run<'a>(plan: &'a Plan, settings: Settings, told: &'a mut Told<'a>) -> Result<Measured, BenchError> {
    let interruption = Interruption::listen()?;
    let mut bench = Bench { plan, settings, interruption, told };
    let exact = plan.entries.div_ceil(2);
    let alone = Course {
        filling: message("bench-alone-filling"),
        waiting: message("bench-alone-starting"),
        publishing: message("bench-alone-publishing"),
        exact_times: message("bench-alone-exact"),
        lanes: 1,
        exact,
        crowded: false,
    };
    let crowded = Course {
        filling: message("bench-crowded-filling"),
        waiting: message("bench-crowded-waiting"),
        publishing: message("bench-crowded-publishing"),
        exact_times: message("bench-crowded-exact"),
        crowded: true,
        ..alone
    };
    let many = Course {
        filling: message("bench-many-filling"),
        waiting: message("bench-many-starting"),
        publishing: message("bench-many-publishing"),
        lanes: MANY,
        exact: 0,
        ..alone
    };
    let before = measure(&alone, &mut bench)?;
    let crowded = measure(&crowded, &mut bench)?;
    let after = measure(&alone, &mut bench)?;
    let many = measure(&many, &mut bench)?;
    let alone = before.halfway_to(after);
    let shown = |seen: &Seen| json!({"entries_per_second": seen.rate, "lateness_p99_ms": seen.late_p99_ms});
    let figures = json!({
        "entries": plan.entries,
        "database": backend(plan.postgres.as_deref()),
        "alone": shown(&alone),
        "crowded": shown(&crowded),
        "rate_ratio": ratio(crowded.rate, alone.rate),
        "lateness_p99_ratio": ratio(crowded.late_p99_ms, alone.late_p99_ms),
        "many_lanes": {"lanes": MANY, "entries_per_second": many.rate},
        "many_lanes_rate_ratio": ratio(many.rate, alone.rate),
    });
    Ok(Measured { figures, is_right: [alone, crowded, many].iter().all(|seen| seen.is_right) })
}

fn ratio(one: f64, other: f64) -> f64 {
    if other > 0.0 { one / other } else { 0.0 }
}
