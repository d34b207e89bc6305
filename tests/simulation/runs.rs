//! The runs: which seeds, on what, for how long.

use crate::chance::Chance;
use crate::faults::{Death, Plan};
use crate::model::Model;
use crate::sabotage::Sabotage;
use crate::sql::Database;
use crate::support::postgres::fresh_database;
use crate::world::{Ran, World};
use contenthub::db::database_url::DatabaseUrl;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Without a commit to take seeds from.
const FALLBACK_SEED: u64 = 20_270_115;
/// Lines of a trace that are shown.
const TRACE_LINES: usize = 400;
/// Seeds that once failed.
const FAILED: &str = include_str!("seeds.txt");
/// So long are the seeds of a commit tried.
const ON_MODEL: Duration = Duration::from_secs(25);
const ON_SQLITE: Duration = Duration::from_secs(12);
const ON_POSTGRES: Duration = Duration::from_secs(12);
/// On which the model is tried at once.
const THREADS: usize = 2;
/// Seeds of which one has to show what is missing.
const SEEDS_PER_SABOTAGE: u64 = 400;

/// On what a seed runs.
enum On {
    Model,
    /// By name, as it is asked for.
    Real(&'static str, Box<Database>),
}

impl On {
    fn sqlite(dir: &std::path::Path) -> Self {
        let url = DatabaseUrl::Sqlite(dir.join("simulation.db"));
        On::Real("sqlite", Box::new(Database::open(&url)))
    }

    fn postgres() -> Self {
        On::Real("postgres", Box::new(Database::open(&fresh_database())))
    }

    fn name(&self) -> &'static str {
        match self {
            On::Model => "model",
            On::Real(name, _) => name,
        }
    }

    fn run(&mut self, seed: u64, traced: bool) -> Ran {
        let mut chance = Chance::new(seed);
        match self {
            On::Model => {
                let plan = Plan::of(&mut chance, None);
                let mut model = Model::new(&plan, None);
                World::new(seed, plan, chance, &mut model, None, traced).run()
            }
            On::Real(name, database) => {
                let death = if *name == "sqlite" { Death::LockFreed } else { Death::LeaseExpired };
                let plan = Plan::of(&mut chance, Some(death));
                let mut sql = database.set_out(&plan);
                World::new(seed, plan, chance, &mut sql, None, traced).run()
            }
        }
    }

    /// Gives back the steps that it took.
    fn must_hold(&mut self, seed: u64) -> u64 {
        let ran = self.run(seed, false);
        let Err(violation) = &ran.verdict else { return ran.steps };
        let (name, traced) = (self.name(), self.run(seed, true));
        let from = traced.trace.len().saturating_sub(TRACE_LINES);
        traced.trace[from..].iter().for_each(|line| eprintln!("{line}"));
        panic!(
            "seed {seed} on the {name}, step {}: invariant {} is violated: {}\n\
             replay it: CONTENTHUB_SEED={seed} CONTENTHUB_SIM_ON={name} cargo test --test simulation one_seed -- --nocapture\n\
             and add it to tests/simulation/seeds.txt",
            ran.steps, violation.invariant, violation.what
        );
    }

    /// One seed after another, until there are steps enough, or the time is over.
    fn hold(&mut self, span: Duration) {
        let steps_wanted = number("CONTENTHUB_SIM_STEPS_SQL");
        for seed in failed_seeds() {
            self.must_hold(seed);
        }
        let tried = Tried::begin();
        tried.go_on(self, steps_wanted, span);
        tried.tell(self.name());
    }
}

/// Seeds that are tried one after another, by one thread or by several.
struct Tried {
    began: Instant,
    first: u64,
    seeds: AtomicU64,
    steps: AtomicU64,
}

impl Tried {
    fn begin() -> Self {
        let [seeds, steps] = [(); 2].map(|()| AtomicU64::new(0));
        Tried { began: Instant::now(), first: first_seed(), seeds, steps }
    }

    fn go_on(&self, on: &mut On, steps_wanted: Option<u64>, span: Duration) {
        let is_wanted = || match steps_wanted {
            Some(wanted) => self.steps.load(Ordering::Relaxed) < wanted,
            None => self.began.elapsed() < span,
        };
        while is_wanted() {
            let seed = self.first.wrapping_add(self.seeds.fetch_add(1, Ordering::Relaxed));
            self.steps.fetch_add(on.must_hold(seed), Ordering::Relaxed);
        }
    }

    fn tell(&self, name: &str) {
        let [seeds, steps] = [&self.seeds, &self.steps].map(|count| count.load(Ordering::Relaxed));
        let took = self.began.elapsed().as_secs_f64();
        let rate = seeds as f64 / took;
        let first = self.first;
        println!(
            "{name}: {steps} steps of {seeds} seeds from {first} in {took:.1} s ({rate:.0} seeds a second), and no violation"
        );
        assert!(steps > 0);
    }
}

fn failed_seeds() -> impl Iterator<Item = u64> {
    let lines = FAILED.lines().filter_map(|line| line.split('#').next());
    lines.filter(|line| !line.trim().is_empty()).map(|line| line.trim().parse().expect("a seed a line"))
}

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.replace('_', "").parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

/// The commit's hash, so that each commit is tried with seeds of its own, and anew with the same ones.
fn first_seed() -> u64 {
    let hash = std::process::Command::new("git").args(["rev-parse", "HEAD"]).output().ok();
    let text =
        hash.filter(|out| out.status.success()).map(|out| String::from_utf8_lossy(&out.stdout).into_owned());
    text.and_then(|text| u64::from_str_radix(text.get(..12)?, 16).ok()).unwrap_or(FALLBACK_SEED)
}

/// `CONTENTHUB_SEED=7 CONTENTHUB_SIM_ON=sqlite` replays one seed, with all that happens.
#[test]
fn one_seed() {
    let Some(seed) = number("CONTENTHUB_SEED") else { return };
    let dir = tempfile::tempdir().expect("a folder");
    let mut on = match std::env::var("CONTENTHUB_SIM_ON").as_deref() {
        Ok("sqlite") => On::sqlite(dir.path()),
        Ok("postgres") => On::postgres(),
        Ok("model") | Err(_) => On::Model,
        Ok(other) => panic!("CONTENTHUB_SIM_ON is model, sqlite or postgres, not {other}"),
    };
    let ran = on.run(seed, true);
    ran.trace.iter().for_each(|line| println!("{line}"));
    println!("seed {seed}: {} steps, {:?}", ran.steps, ran.verdict);
    assert_eq!(ran.verdict, Ok(()));
}

/// `CONTENTHUB_SIM_STEPS=10000000` goes on for so many steps.
#[test]
fn it_holds_on_the_model() {
    for seed in failed_seeds() {
        On::Model.must_hold(seed);
    }
    let tried = Tried::begin();
    let steps_wanted = number("CONTENTHUB_SIM_STEPS");
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| tried.go_on(&mut On::Model, steps_wanted, ON_MODEL));
        }
    });
    tried.tell("model");
}

#[test]
fn it_holds_on_sqlite() {
    let dir = tempfile::tempdir().expect("a folder");
    On::sqlite(dir.path()).hold(ON_SQLITE);
}

#[test]
fn it_holds_on_postgresql() {
    On::postgres().hold(ON_POSTGRES);
}

/// With a mechanism switched off, the judge finds that out, and by the right sign.
#[test]
fn without_its_guards_the_engine_is_found_guilty() {
    let run = |seed, sabotage: Sabotage, is_off: bool| {
        let mut chance = Chance::new(seed);
        let mut plan = Plan::of(&mut chance, None);
        sabotage.aim(&mut plan);
        let off = is_off.then_some(sabotage);
        let mut model = Model::new(&plan, off);
        World::new(seed, plan, chance, &mut model, off, false).run()
    };
    for sabotage in Sabotage::ALL {
        let found = (0..SEEDS_PER_SABOTAGE).find_map(|seed| {
            let violation = run(seed, sabotage, true).verdict.err()?;
            Some((seed, violation))
        });
        let Some((seed, violation)) = found else {
            panic!("{sabotage:?} is off, and {SEEDS_PER_SABOTAGE} seeds do not show it");
        };
        assert!(sabotage.breaks().contains(&violation.invariant), "{sabotage:?}, seed {seed}: {violation:?}");
        assert_eq!(run(seed, sabotage, false).verdict, Ok(()), "seed {seed} with {sabotage:?} on");
        println!("{sabotage:?}: seed {seed}: invariant {}: {}", violation.invariant, violation.what);
    }
}

/// The same seed is the same run.
#[test]
fn a_seed_decides_everything() {
    for seed in 0..20 {
        let [one, other] = [(); 2].map(|()| On::Model.run(seed, true));
        assert_eq!((one.steps, one.trace), (other.steps, other.trace));
    }
}
