//! `contenthub bench`.

use super::output::Output;
use super::progress::Progress;
use super::{Done, Failure};
use crate::bench::{self, Plan, lanes};
use crate::config::Settings;
use serde_json::{Value, json};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  contenthub bench --entries 1000 --accounts 4")]
pub struct Arguments {
    /// How many entries are published
    #[arg(long, default_value_t = 20_000, value_name = "N")]
    entries: usize,
    /// Over how many accounts
    #[arg(long, default_value_t = 1, value_name = "N")]
    accounts: usize,
    /// How many more entries wait on these accounts, due in a year: what they cost the others
    #[arg(long, default_value_t = 0, value_name = "N")]
    waiting: usize,
    /// Let entries fall due at exact times over 20 s, and measure how late they arrive
    #[arg(long)]
    lateness: bool,
    /// Measure what one lane loses to suspended, spaced and hanging ones beside it, and what 100 lanes lose to one. The
    /// other lanes hold entries in proportion: 100,000, 10,000 and 8 times 128 beside 20,000
    #[arg(long, conflicts_with_all = ["accounts", "lateness", "waiting"])]
    lanes: bool,
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
    let Arguments { entries, accounts, waiting, lateness, lanes } = *arguments;
    let mut progress = Progress::new("starting", None);
    let told = &mut |part, done, of| {
        progress.next(part);
        progress.set(u64::try_from(done).unwrap_or(0), u64::try_from(of).unwrap_or(0));
    };
    let measured = if lanes {
        lanes::run(&lanes::Plan { entries, postgres }, settings, told)?
    } else {
        bench::run(&Plan { entries, accounts, waiting, postgres, lateness }, settings, told)?
    };
    drop(progress);
    show(&measured.figures, out)?;
    if measured.is_right { Ok(Done::Well) } else { Err(Failure::Bench(bench::BenchError::Wrong)) }
}

fn show(figures: &Value, out: &Output) -> Result<Done, Failure> {
    if !out.is_table() {
        return out.one(figures);
    }
    out.one(&rounded(figures))
}

/// Two digits are enough for a person.
fn rounded(figures: &Value) -> Value {
    match figures {
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(name, value)| (name.clone(), rounded(value))).collect())
        }
        Value::Number(number) if number.is_f64() => {
            number.as_f64().map_or(Value::Null, |number| json!((number * 100.0).round() / 100.0))
        }
        other => other.clone(),
    }
}
