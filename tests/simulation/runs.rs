//! The runs: which seeds, on what, for how long.

use crate::chance::Chance;
use crate::faults::{Death, Plan};
use crate::model::Model;
use crate::sabotage::Sabotage;
use crate::world::{Ran, World};
use std::time::{Duration, Instant};

/// Without a commit to take seeds from.
const FALLBACK_SEED: u64 = 20_270_115;
/// Lines of a trace that are shown.
const TRACE_LINES: usize = 400;

/// One seed on the model.
fn on_model(seed: u64, sabotage: Option<Sabotage>, traced: bool) -> Ran {
    let mut chance = Chance::new(seed);
    let mut plan = Plan::of(&mut chance, None::<Death>);
    if let Some(sabotage) = sabotage {
        sabotage.aim(&mut plan);
    }
    let mut model = Model::new(&plan, sabotage);
    World::new(seed, plan, chance, &mut model, sabotage, traced).run()
}

/// Tells all that is needed to understand a failure, and to have it again.
fn fail(seed: u64, ran: &Ran, traced: impl FnOnce() -> Ran) -> ! {
    let violation = ran.verdict.as_ref().expect_err("it failed");
    let traced = traced();
    let from = traced.trace.len().saturating_sub(TRACE_LINES);
    for line in &traced.trace[from..] {
        eprintln!("{line}");
    }
    panic!(
        "seed {seed}, step {}: invariant {} is violated: {}\nreplay it with: CONTENTHUB_SEED={seed} cargo test --test simulation \
         one_seed -- --nocapture\nand add it to tests/simulation/seeds.txt",
        ran.steps, violation.invariant, violation.what
    );
}

fn must_hold(seed: u64) -> u64 {
    let ran = on_model(seed, None, false);
    if ran.verdict.is_err() {
        fail(seed, &ran, || on_model(seed, None, true));
    }
    ran.steps
}

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.replace('_', "").parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

/// The commit's hash, so that each commit is tried with seeds of its own, and anew with the same ones.
fn first_seed() -> u64 {
    let hash = std::process::Command::new("git").args(["rev-parse", "HEAD"]).output().ok();
    let text = hash.filter(|out| out.status.success()).map(|out| String::from_utf8_lossy(&out.stdout).into_owned());
    text.and_then(|text| u64::from_str_radix(text.get(..12)?, 16).ok()).unwrap_or(FALLBACK_SEED)
}

#[test]
fn one_seed() {
    if let Some(seed) = number("CONTENTHUB_SEED") {
        let ran = on_model(seed, None, true);
        ran.trace.iter().for_each(|line| println!("{line}"));
        println!("seed {seed}: {} steps, {:?}", ran.steps, ran.verdict);
        assert_eq!(ran.verdict, Ok(()));
    }
}

#[test]
fn seeds_of_this_commit_hold() {
    let steps_wanted = number("CONTENTHUB_SIM_STEPS").unwrap_or(u64::MAX);
    let span = if steps_wanted == u64::MAX { Duration::from_secs(20) } else { Duration::MAX };
    let (began, first) = (Instant::now(), first_seed());
    let (mut seeds, mut steps) = (0, 0);
    while steps < steps_wanted && began.elapsed() < span {
        steps += must_hold(first.wrapping_add(seeds));
        seeds += 1;
    }
    println!("{steps} steps of {seeds} seeds from {first} in {:.1} s: no violation", began.elapsed().as_secs_f64());
}

/// Seeds of which one has to show what is missing.
const SEEDS_PER_SABOTAGE: u64 = 400;

/// With a mechanism switched off, the judge finds that out, and by the right sign.
#[test]
fn without_its_guards_the_engine_is_found_guilty() {
    for sabotage in Sabotage::ALL {
        let found = (0..SEEDS_PER_SABOTAGE).find_map(|seed| {
            let violation = on_model(seed, Some(sabotage), false).verdict.err()?;
            Some((seed, violation))
        });
        let Some((seed, violation)) = found else {
            panic!("{sabotage:?} is off, and {SEEDS_PER_SABOTAGE} seeds do not show it");
        };
        assert!(sabotage.breaks().contains(&violation.invariant), "{sabotage:?}, seed {seed}: {violation:?}");
        println!("{sabotage:?}: seed {seed}: invariant {}: {}", violation.invariant, violation.what);
    }
}

#[test]
fn zz_survey() {
    let first = number("FIRST").unwrap_or(1);
    let count = number("COUNT").unwrap_or(1000);
    let sabotage = std::env::var("SABOTAGE").ok().map(|n| Sabotage::ALL[n.parse::<usize>().unwrap()]);
    let began = Instant::now();
    let mut steps = 0;
    let mut found: std::collections::BTreeMap<u8, Vec<(u64, String)>> = Default::default();
    for seed in first..first + count {
        let ran = on_model(seed, sabotage, false);
        steps += ran.steps;
        if let Err(v) = ran.verdict { found.entry(v.invariant).or_default().push((seed, v.what)); }
    }
    println!("{steps} steps {count} seeds {:?}", began.elapsed());
    for (inv, all) in found { println!("INV {inv}: {}", all.len()); for (seed, what) in all.iter().take(4) { println!("   {seed}: {}", &what[..what.len().min(330)]); } }
}
