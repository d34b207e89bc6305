//! `contenthub bench`.

use super::output::Output;
use super::progress::Progress;
use super::{Done, Failure};
use crate::bench::{self, Plan};
use crate::config::Settings;
use serde_json::{Value, json};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// How many entries are published
    #[arg(long, default_value_t = 20_000, value_name = "N")]
    entries: usize,
    /// Over how many accounts
    #[arg(long, default_value_t = 1, value_name = "N")]
    accounts: usize,
    /// Let entries fall due at exact times over 20 s, and measure how late they arrive
    #[arg(long)]
    lateness: bool,
}

/// Uses `postgres` (`--database-url`) for a database of its own, never the configured one.
pub fn run(
    arguments: &Arguments,
    postgres: Option<String>,
    settings: Settings,
    out: &Output,
) -> Result<Done, Failure> {
    if arguments.entries == 0 || arguments.accounts == 0 {
        return Err(Failure::Usage("--entries and --accounts must be 1 or more".to_owned()));
    }
    let plan = Plan {
        entries: arguments.entries,
        accounts: arguments.accounts,
        postgres,
        lateness: arguments.lateness,
    };
    let mut progress = Progress::new("starting", None);
    let measured = bench::run(&plan, settings, &mut |part, done| {
        progress.next(part);
        progress.set(u64::try_from(done).unwrap_or(0), u64::try_from(plan.entries).unwrap_or(0));
    })?;
    drop(progress);
    show(&measured.figures, out)?;
    if measured.is_right { Ok(Done::Well) } else { Err(Failure::Bench(bench::BenchError::Wrong)) }
}

fn show(figures: &Value, out: &Output) -> Result<Done, Failure> {
    if !out.is_table() {
        return out.one(figures);
    }
    let rounded = figures.as_object().into_iter().flatten().map(|(name, value)| match value.as_f64() {
        Some(number) if value.is_f64() => (name.clone(), json!((number * 100.0).round() / 100.0)),
        _ => (name.clone(), value.clone()),
    });
    out.one(&Value::Object(rounded.collect()))
}
