//! `contenthub bench`.

use super::output::Output;
use super::progress::Progress;
use super::usage::UsageError;
use super::{Done, Failure};
use crate::bench::{self, Plan, hostile as beset, lanes, rendering, tasks as many_tasks};
use crate::config::Settings;
use crate::words::{Message, message};
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
    /// Measure the scheduler with so many enabled tasks: what they cost a node that starts, that idles and that fires one
    /// of them; when 1000 that are due in the same second all run; how late those run that fire every second
    #[arg(
        long,
        value_name = "N",
        group = "timed",
        conflicts_with_all = ["accounts", "entries", "lanes", "lateness", "waiting"]
    )]
    tasks: Option<usize>,
    /// Measure how fast others are answered by a server beset by slow clients, idle ones, endless bodies and bombs, and
    /// how much memory it takes
    #[arg(
        long,
        group = "timed",
        conflicts_with_all = ["accounts", "entries", "lanes", "lateness", "waiting"]
    )]
    hostile: bool,
    /// Measure how long an article takes to render that is as long as WeChat takes it
    #[arg(
        long,
        conflicts_with_all = ["accounts", "entries", "hostile", "lanes", "lateness", "tasks", "waiting"]
    )]
    render: bool,
    /// With --hostile: idle connections; a twentieth of them is slow
    #[arg(long, default_value_t = 10_000, value_name = "N", requires = "hostile")]
    connections: usize,
    /// With --tasks: how long it idles; it ticks for twice as long. With --hostile: how long each part takes
    #[arg(long, default_value_t = 10, value_name = "N", requires = "timed")]
    seconds: u64,
}

/// Uses `postgres` (`--database-url`) for a database of its own, never the configured one.
pub fn run(
    arguments: &Arguments,
    postgres: Option<String>,
    settings: Settings,
    out: &Output,
) -> Result<Done, Failure> {
    let Arguments {
        entries,
        accounts,
        waiting,
        lateness,
        lanes,
        tasks,
        hostile,
        render,
        connections,
        seconds,
    } = *arguments;
    if entries == 0 || accounts == 0 || tasks == Some(0) || connections == 0 || seconds == 0 {
        return Err(UsageError::BenchNumbers.into());
    }
    let mut progress = Progress::new(&message("bench-starting").into(), super::language());
    let told = &mut |part: Message, done, of| {
        progress.next(&part.into());
        progress.set(u64::try_from(done).unwrap_or(0), u64::try_from(of).unwrap_or(0));
    };
    let measured = if let Some(tasks) = tasks {
        many_tasks::run(&many_tasks::Plan { tasks, seconds, postgres }, settings, told)?
    } else if hostile {
        beset::run(&beset::Plan { seconds, connections, postgres }, settings, told)?
    } else if render {
        rendering::run(told)?
    } else if lanes {
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
