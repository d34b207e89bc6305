//! `contenthub bench --tasks N`: what many tasks cost a node that starts, that has nothing to do, and that fires one of
//! them; how soon all run that are due in the same second; and how late those begin that fire every second.

mod armed;
mod making;
mod measuring;

use super::interruption::Interruption;
use super::{BenchError, Measured, Place, Told, backend};
use crate::app::App;
use crate::config::Settings;
use crate::operations::task::CreateTask;
use crate::words::{Message, message};
use making::CreateMany;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// Of the tasks that are due in the same second.
const BURST: usize = 1000;
/// In one transaction.
const AT_ONCE: usize = 500;
/// Longer than any bench.
const FAR: Duration = Duration::from_secs(60 * 24 * 3600);

/// What is measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Enabled tasks that wait for a time far ahead.
    pub tasks: usize,
    /// How long a node idles; ticks are measured for twice as long.
    pub seconds: u64,
    /// Where a database of its own is made; none: a SQLite file in a throw-away directory.
    pub postgres: Option<String>,
}

/// The bench, as its parts need it. The database goes last.
struct Bench<'a> {
    plan: &'a Plan,
    interruption: Interruption,
    told: &'a mut Told<'a>,
    app: Arc<App>,
    place: Place,
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
    let place = Place::new(plan.postgres.as_deref(), settings)?;
    let app = Arc::new(App::open(place.settings.clone())?);
    let mut bench = Bench { plan, interruption, told, app, place };
    let next = bench.app.create_task(CreateTask::once("next", bench.app.now() + FAR))?.id;
    let start_one = measuring::start_up(&mut bench, message("bench-start-one"), next)?;
    let tick_one = measuring::tick(&mut bench, message("bench-tick-one"))?;
    fill(&mut bench)?;
    let start_all = measuring::start_up(&mut bench, message("bench-start-all"), next)?;
    let idle = measuring::idle_percent(&mut bench)?;
    let tick_all = measuring::tick(&mut bench, message("bench-tick-all"))?;
    let burst = measuring::burst(&mut bench, plan.tasks.min(BURST))?;
    let late = measuring::lateness(&mut bench)?;
    let figures = json!({
        "tasks": plan.tasks,
        "database": backend(plan.postgres.as_deref()),
        "start_one_ms": start_one,
        "start_all_ms": start_all,
        "start_more_ms": start_all - start_one,
        "idle_cpu_percent": idle,
        "tick_one_ms": tick_one,
        "tick_all_ms": tick_all,
        "burst_tasks": burst.tasks,
        "burst_all_begun_ms": burst.all_begun_ms,
        "burst_all_ended_ms": burst.all_ended_ms,
        "fires": late.fires,
        "lateness_p50_ms": late.p50_ms,
        "lateness_p99_ms": late.p99_ms,
        "lateness_max_ms": late.max_ms,
        "early": late.early,
    });
    Ok(Measured { figures, is_right: burst.is_right && late.early == 0 && late.fires > 0 })
}

/// All tasks but the one that is there.
fn fill(bench: &mut Bench<'_>) -> Result<(), BenchError> {
    const PART: Message = message("bench-making-tasks");
    let numbers: Vec<usize> = (1..bench.plan.tasks).collect();
    let now = bench.app.now();
    let mut made = 1;
    for some in numbers.chunks(AT_ONCE) {
        let tasks = some.iter().map(|number| making::waiting(*number, now)).collect();
        made += bench.app.run(CreateMany(tasks))?.len();
        bench.tell(PART, made, bench.plan.tasks)?;
    }
    Ok(())
}
