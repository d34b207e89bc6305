//! `contenthub bench`: how fast the real executor is on this machine, and whether each entry arrived once and on time.
//!
//! It fills a fresh database with due entries, publishes them to a sink in a second process, and counts there.

mod database;
mod figures;
pub mod hostile;
mod interruption;
pub mod lanes;
pub mod rendering;
pub mod sink;
pub mod tasks;
mod waiting;

use crate::actors::db::DbHandle;
use crate::app::{App, OpenError};
use crate::config::Settings;
use crate::db::connection::DbError;
use crate::domain::clock::Timestamp;
use crate::domain::ids::AccountId;
use crate::domain::outbound::OutboundAllow;
use crate::operations::OperationError;
use crate::operations::cycle::ClaimScope;
use crate::words::{Message, message};
use figures::{Attempts, cpu_seconds, peak_rss_mb, percentile};
use interruption::Interruption;
use serde_json::{Value, json};
use sink::Sink;
use std::collections::HashMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// In bytes: what each post's body has.
const BODY_BYTES: usize = 1024;
/// Entries with exact times fall due over this long.
const LATENESS_SPAN: Duration = Duration::from_secs(20);
/// How long adding one entry takes at the most: a few round trips to PostgreSQL.
const ADDING_ONE: Duration = Duration::from_micros(750);
/// When the first of them does, after the last was added.
const LATENESS_LEAD: Duration = Duration::from_secs(3);
/// Without any progress for this long the run has failed.
const STUCK: Duration = Duration::from_secs(60);

/// What is measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub entries: usize,
    pub accounts: usize,
    /// Entries of years to come that wait on the same accounts: what a claim has to pass over.
    pub waiting: usize,
    /// Where a database of its own is made; none: a SQLite file in a throw-away directory.
    pub postgres: Option<String>,
    /// Entries fall due at exact times over 20 s, instead of being due at once.
    pub lateness: bool,
}

/// Why there are no figures.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    #[error("the bench needs a PostgreSQL server as --database-url, or none for SQLite")]
    NotPostgres,
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Db(#[from] DbError),
    #[error(transparent)]
    Operation(#[from] OperationError),
    #[error("the bench's own files or its sink: {0}")]
    Io(#[from] std::io::Error),
    #[error("deliveries or runs were missing, doubled or early")]
    Wrong,
    #[error("nothing moved for a minute; {0} of the entries had arrived")]
    Stuck(usize),
    #[error("{0} was not seen for a minute")]
    NotSeen(Awaited),
    #[error("the hanging lanes took no more for a minute; {0} of their entries were on the wire")]
    NotFull(usize),
    #[error("interrupted; what the bench had made is gone")]
    Interrupted { signal: i32 },
}

/// What a bench waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Awaited {
    #[error("the scheduler's timer")]
    Timer,
    #[error("the last of the runs")]
    LastRun,
    #[error("the end of the runs")]
    EndOfRuns,
}

/// Figures, and whether each entry arrived once and none early.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    pub figures: Value,
    pub is_right: bool,
}

/// Hears which part of the work is on, how much of it is done, and how much there is.
pub type Told<'a> = dyn FnMut(Message, usize, usize) + 'a;

/// A data directory and a database of the bench's own; both are gone with this value.
struct Place {
    settings: Settings,
    _made: database::Made,
    _directory: Directory,
}

impl Place {
    fn new(postgres: Option<&str>, settings: Settings) -> Result<Self, BenchError> {
        let directory = tempdir()?;
        let made = database::make(postgres, &directory.0)?;
        let settings = Settings {
            data_dir: directory.0.clone(),
            database: made.url().clone(),
            secret_key: None,
            // The sink is on this machine.
            outbound_allow: OutboundAllow::loopback(),
            ..settings
        };
        Ok(Place { settings, _made: made, _directory: directory })
    }
}

/// What a measurement of publishing works on; all of it is gone with this value.
struct Rig {
    sink: Sink,
    app: App,
    _place: Place,
}

impl Rig {
    fn new(postgres: Option<&str>, settings: Settings) -> Result<Self, BenchError> {
        let place = Place::new(postgres, settings)?;
        let app = App::open(place.settings.clone())?;
        Ok(Rig { sink: Sink::start()?, app, _place: place })
    }
}

/// Runs it. Whatever it made is gone afterwards, also where a signal ends it.
pub fn run(plan: &Plan, settings: Settings, told: &mut Told<'_>) -> Result<Measured, BenchError> {
    // Before there is anything, which nobody would take away if a signal ended the process.
    let interruption = Interruption::listen()?;
    let rig = Rig::new(plan.postgres.as_deref(), settings)?;
    let mut tell = |part, done, of| {
        told(part, done, of);
        interruption.check()
    };
    let all = plan.waiting + plan.entries;
    let first_after = plan.lateness.then(|| LATENESS_LEAD + ADDING_ONE.mul_f64(plan.entries as f64));
    let url = rig.sink.url();
    database::fill(&rig.app, plan, url, first_after, &mut |done| tell(message("bench-filling"), done, all))?;
    let before = cpu_seconds(std::process::id());
    let began = Instant::now();
    publish_all(&rig.app, plan, &mut |done| tell(message("bench-publishing"), done, plan.entries))?;
    let elapsed = began.elapsed().as_secs_f64();
    let cpu = cpu_seconds(std::process::id()) - before;
    let sink_cpu = cpu_seconds(rig.sink.pid());
    let arrivals = rig.sink.stop()?;
    judge(&rig.app, plan, &arrivals, elapsed, (cpu, sink_cpu))
}

fn publish_all(
    app: &App,
    plan: &Plan,
    tell: &mut dyn FnMut(usize) -> Result<(), BenchError>,
) -> Result<(), BenchError> {
    let goal = Goal { account: None, attempts_before: 0, published: plan.entries, more: plan.entries };
    actix_rt::System::new().block_on(async {
        let node = app.start_node(ClaimScope::Everything).await?;
        let done = until_published(app, &goal, &node.db, tell).await;
        // However it ended: nobody may write into a directory that is being removed.
        node.stop(Duration::from_secs(5)).await;
        done
    })
}

/// What has to be published.
struct Goal {
    /// None: on all accounts.
    account: Option<AccountId>,
    /// Attempts that the log had when this began.
    attempts_before: usize,
    /// In all.
    published: usize,
    /// Since this began.
    more: usize,
}

/// `tell` hears again and again how many are, and may end it.
async fn until_published(
    app: &App,
    goal: &Goal,
    db: &DbHandle,
    tell: &mut dyn FnMut(usize) -> Result<(), BenchError>,
) -> Result<(), BenchError> {
    let (mut done, mut since) = (0, Instant::now());
    loop {
        // Counting the pool would cost what is measured; the last row of the log costs next to nothing.
        let attempts = db.perform(database::AttemptsLogged).await?.saturating_sub(goal.attempts_before);
        let is_through = attempts >= goal.more
            && db.perform(database::PublishedLogged { account: goal.account }).await? >= goal.published;
        tell(attempts.min(goal.more))?;
        if is_through {
            return Ok(());
        }
        if attempts > done {
            (done, since) = (attempts, Instant::now());
        }
        if since.elapsed() > STUCK {
            return Err(BenchError::Stuck(done));
        }
        app.clock().sleep(Duration::from_millis(20)).await;
    }
}

fn judge(
    app: &App,
    plan: &Plan,
    arrivals: &[(String, Timestamp)],
    elapsed: f64,
    (cpu, sink_cpu): (f64, f64),
) -> Result<Measured, BenchError> {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for (key, _) in arrivals {
        *seen.entry(key).or_default() += 1;
    }
    let duplicates = arrivals.len() - seen.len();
    // What was sent years too early is missed in it, and is one arrival too many.
    let due = database::due_by_key(app)?;
    let mut late: Vec<f64> = Vec::with_capacity(arrivals.len());
    let mut early = 0;
    for (key, arrived) in arrivals {
        let Some(due) = due.get(key) else { continue };
        let micros = arrived.micros() - due.at.micros();
        early += usize::from(micros < 0);
        late.push(micros as f64 / 1000.0);
    }
    let right = seen.len() == plan.entries && duplicates == 0 && early == 0;
    let mut figures = json!({
        "entries": plan.entries,
        "accounts": plan.accounts,
        "waiting": plan.waiting,
        "database": backend(plan.postgres.as_deref()),
        "deliveries": arrivals.len(),
        "duplicates": duplicates,
        "cpu_seconds": {"contenthub": cpu, "sink": sink_cpu},
        "peak_rss_mb": peak_rss_mb(),
    });
    if plan.lateness {
        late.sort_by(f64::total_cmp);
        figures["lateness_p50_ms"] = percentile(&late, 50.0).into();
        figures["lateness_p99_ms"] = percentile(&late, 99.0).into();
        figures["lateness_max_ms"] = percentile(&late, 100.0).into();
        figures["early"] = early.into();
    } else {
        let attempts = Attempts::read(app, |_, _| true)?;
        figures["entries_per_second"] =
            (plan.entries as f64 / attempts.span_seconds().unwrap_or(elapsed)).into();
        figures["publish_p50_ms"] = attempts.percentile(50.0).into();
        figures["publish_p99_ms"] = attempts.percentile(99.0).into();
        figures["publish_max_ms"] = attempts.percentile(100.0).into();
    }
    Ok(Measured { figures, is_right: right })
}

/// By the name that figures give it.
fn backend(postgres: Option<&str>) -> &'static str {
    if postgres.is_some() { "postgresql" } else { "sqlite" }
}

struct Directory(PathBuf);

fn tempdir() -> std::io::Result<Directory> {
    let path = std::env::temp_dir().join(format!("contenthub-bench-{}", crate::secrets::random_hex(6)));
    std::fs::create_dir(&path)?;
    Ok(Directory(path))
}

impl Drop for Directory {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            log::warn!("{} could not be removed: {error}", self.0.display());
        }
    }
}
