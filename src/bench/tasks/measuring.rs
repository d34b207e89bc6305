//! What is measured, with the node that a server has.

use super::armed::WatchedClock;
use super::making::{self, CreateMany};
use super::{Bench, FAR};
use crate::app::App;
use crate::bench::Awaited;
use crate::bench::figures::{cpu_seconds, percentile};
use crate::bench::{BenchError, STUCK};
use crate::db::connection::DbConnection;
use crate::domain::clock::{Clock, Timestamp};
use crate::domain::ids::TaskId;
use crate::operations::cancelling::CancelExecution;
use crate::operations::firing::FireDue;
use crate::operations::task::{CreateTask, DeleteTask, UpdateTask};
use crate::operations::{Access, Context, Operation, OperationError};
use crate::platforms::registry::Registry;
use crate::words::{Message, message};
use diesel::prelude::*;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often something is measured of which the middle counts.
const TIMES: usize = 5;
const TICKS: u64 = 101;
/// The scheduler's first timer ends so much later than a node is started; less than the span after which it would look
/// anyway.
const FIRST_FIRE: Duration = Duration::from_secs(12);
/// A node that has just begun has other things to do, for so many seconds at the most.
const SETTLING: u64 = 2;
/// How long adding one task takes at the most.
const ADDING_ONE: Duration = Duration::from_millis(3);
const LEAD: Duration = Duration::from_secs(2);
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// As long as nobody can see that a signal came.
const NAP: Duration = Duration::from_millis(100);

/// Opens the database, and starts a node, until its scheduler has armed its timer: the middle of several, in ms. `next` is
/// the task that it is armed for.
pub fn start_up(bench: &mut Bench<'_>, part: Message, next: TaskId) -> Result<f64, BenchError> {
    let mut took = Vec::with_capacity(TIMES);
    for time in 0..TIMES {
        bench.tell(part, time, TIMES)?;
        let clock = Arc::new(WatchedClock::new());
        let until = clock.now() + FIRST_FIRE;
        bench.app.run(UpdateTask { run_at: Some(until.into()), ..UpdateTask::new(next) })?;
        clock.watch(until);
        let began = clock.monotonic();
        let app = open(bench, clock.clone())?;
        let node = app.start()?;
        let armed_at = seen(bench, Awaited::Timer, || Ok(clock.armed_at()))?;
        took.push(armed_at.saturating_sub(began).as_secs_f64() * 1000.0);
        let _ = node.stop();
    }
    // It waits as long as the others from now on.
    let far = bench.app.now() + FAR;
    bench.app.run(UpdateTask { run_at: Some(far.into()), ..UpdateTask::new(next) })?;
    Ok(median(took))
}

fn open(bench: &Bench<'_>, clock: Arc<dyn Clock>) -> Result<App, BenchError> {
    let settings = bench.place.settings.clone();
    let registry = Registry::builtin(&settings.data_dir.join("sites"));
    Ok(App::open_with(settings, registry, clock)?)
}

fn settling(bench: &Bench<'_>) -> Duration {
    Duration::from_secs(SETTLING.min(bench.plan.seconds))
}

/// How much of a core a node takes that has nothing to do, in percent.
pub fn idle_percent(bench: &mut Bench<'_>) -> Result<f64, BenchError> {
    const PART: Message = message("bench-idling");
    let node = bench.app.start()?;
    nap(bench, PART, settling(bench))?;
    let (before, began) = (cpu_seconds(std::process::id()), Instant::now());
    nap(bench, PART, Duration::from_secs(bench.plan.seconds))?;
    let (spent, elapsed) = (cpu_seconds(std::process::id()) - before, began.elapsed());
    let _ = node.stop();
    Ok(100.0 * spent / elapsed.as_secs_f64())
}

/// What it costs the scheduler to fire one task, while nothing else is due: the middle of many, in ms.
pub fn tick(bench: &mut Bench<'_>, part: Message) -> Result<f64, BenchError> {
    let app = bench.app.clone();
    // All of it passed before now: what happened later than that would be the work of a clock that was set back.
    let first = app.now() - Duration::from_secs(TICKS);
    let every = CreateTask { next_run: Some(first.into()), ..CreateTask::every("tick", 1) };
    let task = app.create_task(every)?.id;
    let mut took = Vec::new();
    for number in 0..TICKS {
        took.push(app.run(Tick { at: first + Duration::from_secs(number) })?.as_secs_f64() * 1000.0);
    }
    app.run(DeleteTask(task))?;
    bench.tell(part, 1, 1)?;
    Ok(median(took))
}

/// The scheduler looks at what is due then; whatever begins is ended, which costs nothing here.
struct Tick {
    at: Timestamp,
}

impl Operation for Tick {
    type Output = Duration;
    const ACCESS: Access = Access::Engine;

    fn run(self, conn: &mut DbConnection, cx: &Context, _: Timestamp) -> Result<Duration, OperationError> {
        let began = Instant::now();
        let fired = FireDue.run(conn, cx, self.at)?;
        let took = began.elapsed();
        for execution in fired.executions {
            conn.write(|conn| CancelExecution(execution).run(conn, cx, self.at))?;
        }
        Ok(took)
    }
}

/// How long after the second in which many tasks are due the last of them runs, and has ended.
pub fn burst(bench: &mut Bench<'_>, count: usize) -> Result<Burst, BenchError> {
    const PART: Message = message("bench-burst");
    let app = bench.app.clone();
    let node = app.start()?;
    let lead = LEAD + ADDING_ONE * u32::try_from(count).unwrap_or(u32::MAX);
    let at = whole_second(app.now() + lead);
    let before = app.run(LastRun)?;
    app.run(CreateMany((0..count).map(|number| making::due_at(number, at)).collect()))?;
    let too_late = app.now() >= at;
    nap(bench, PART, at.since(app.now()))?;
    let look = || app.run(CountRuns { after: before }).map_err(BenchError::from);
    let when = |is_so: bool| is_so.then(|| app.now());
    let begun = seen(bench, Awaited::LastRun, || Ok(when(look()?.begun >= count)))?;
    let ended = seen(bench, Awaited::EndOfRuns, || Ok(when(look()?.ended >= count)))?;
    let is_right = !too_late && look()?.begun == count;
    let _ = node.stop();
    let ms = |instant: Timestamp| instant.since(at).as_secs_f64() * 1000.0;
    Ok(Burst { tasks: count, all_begun_ms: ms(begun), all_ended_ms: ms(ended), is_right })
}

/// What is seen from outside: a run is there once it is committed.
pub struct Burst {
    pub tasks: usize,
    pub all_begun_ms: f64,
    pub all_ended_ms: f64,
    /// Each task ran once.
    pub is_right: bool,
}

/// How late tasks that fire every second begin to run.
pub fn lateness(bench: &mut Bench<'_>) -> Result<Lateness, BenchError> {
    const PART: Message = message("bench-ticking");
    let app = bench.app.clone();
    let node = app.start()?;
    let from = app.now() + settling(bench);
    let tasks = app.run(CreateMany(making::ticking(from)))?;
    nap(bench, PART, settling(bench) + Duration::from_secs(2 * bench.plan.seconds))?;
    let _ = node.stop();
    let mut late = Vec::new();
    let mut early = 0;
    for (fire_time, started_at) in app.run(Fires { tasks, from })? {
        let micros = started_at.micros() - fire_time.micros();
        early += usize::from(micros < 0);
        late.push(micros as f64 / 1000.0);
    }
    late.sort_by(f64::total_cmp);
    let [p50_ms, p99_ms, max_ms] = [50.0, 99.0, 100.0].map(|percent| percentile(&late, percent));
    Ok(Lateness { fires: late.len(), early, p50_ms, p99_ms, max_ms })
}

pub struct Lateness {
    pub fires: usize,
    pub early: usize,
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub max_ms: f64,
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    percentile(&values, 50.0)
}

fn whole_second(after: Timestamp) -> Timestamp {
    const SECOND: i64 = 1_000_000;
    Timestamp::from_micros((after.micros() / SECOND + 1) * SECOND)
}

/// Waits for so long, unless a signal comes.
fn nap(bench: &mut Bench<'_>, part: Message, span: Duration) -> Result<(), BenchError> {
    let until = Instant::now() + span;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        bench.tell(part, 0, 0)?;
        if left.is_zero() {
            return Ok(());
        }
        std::thread::sleep(left.min(NAP));
    }
}

/// Looks until it finds what it waits for.
fn seen<T>(
    bench: &Bench<'_>,
    what: Awaited,
    mut look: impl FnMut() -> Result<Option<T>, BenchError>,
) -> Result<T, BenchError> {
    let since = Instant::now();
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        bench.interruption.check()?;
        if since.elapsed() > STUCK {
            return Err(BenchError::NotSeen(what));
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

/// The newest run.
struct LastRun;

impl Operation for LastRun {
    type Output = i64;
    const ACCESS: Access = Access::Read;

    fn run(self, conn: &mut DbConnection, _: &Context, _: Timestamp) -> Result<i64, OperationError> {
        use crate::db::schema::executions::dsl;
        let last: Option<i64> = dsl::executions.select(diesel::dsl::max(dsl::id)).first(conn)?;
        Ok(last.unwrap_or(0))
    }
}

/// Counts the runs that are newer than one.
struct CountRuns {
    after: i64,
}

struct Runs {
    begun: usize,
    ended: usize,
}

impl Operation for CountRuns {
    type Output = Runs;
    const ACCESS: Access = Access::Read;

    fn run(self, conn: &mut DbConnection, _: &Context, _: Timestamp) -> Result<Runs, OperationError> {
        use crate::db::schema::executions::dsl;
        use diesel::dsl::count;
        let (begun, ended): (i64, i64) = dsl::executions
            .filter(dsl::id.gt(self.after))
            .select((count(dsl::started_at), count(dsl::finished_at)))
            .first(conn)?;
        let whole = |count: i64| usize::try_from(count).unwrap_or(0);
        Ok(Runs { begun: whole(begun), ended: whole(ended) })
    }
}

/// What tasks fired for, from an instant on, and when those runs began.
struct Fires {
    tasks: Vec<TaskId>,
    from: Timestamp,
}

impl Operation for Fires {
    type Output = Vec<(Timestamp, Timestamp)>;
    const ACCESS: Access = Access::Read;

    fn run(self, conn: &mut DbConnection, _: &Context, _: Timestamp) -> Result<Self::Output, OperationError> {
        use crate::db::schema::executions::dsl;
        Ok(dsl::executions
            .filter(dsl::task_id.eq_any(self.tasks.iter().map(|task| task.0)))
            .filter(dsl::fire_time.ge(self.from.micros()))
            .filter(dsl::started_at.is_not_null())
            .select((dsl::fire_time.assume_not_null(), dsl::started_at.assume_not_null()))
            .load(conn)?)
    }
}
