//! The crash harness: nodes are killed, again and again, while they publish; then entries in the database and requests
//! at the receiver are counted. Nothing may be lost, come twice, or be stuck.
//!
//!     cargo test --test crash                          every case, about ten kills each, and sixty in WeChat
//!     cargo test --test crash -- postgres              cases with “postgres” in their names
//!     cargo test --test crash -- sqlite-keyed --kills 200 --seed 7
//!
//! `CONTENTHUB_CRASH_KILLS` and `CONTENTHUB_CRASH_SEED` say the same. A seed repeats every choice of this program, but
//! not the machine's: the same moment may catch other entries on the wire.

#[path = "../support/mod.rs"]
mod support;

mod cases;
mod fires;
mod judge;
mod node;
mod platforms;
mod process;
mod receiver;
mod seeds;
mod wechat;
mod world;

use cases::{Crew, Figures, POINTS, STEPS};
use judge::{Class, Verdict};
use seeds::Rng;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use world::{Database, Program, World};

const KILLS: usize = 10;
/// So many faults of a case are told in words.
const FAULTS_TOLD: usize = 8;

/// How nodes die in a case.
#[derive(Debug, Clone, Copy)]
enum Death {
    Random(Crew),
    Points(&'static [cases::Point]),
    Stops,
    /// While tasks fire.
    Fires,
}

/// One case: its name and what it is made of.
type Case = (&'static str, Database, Class, Program, Death);

const CASES: &[Case] = {
    use Class::{Blind, Detects, Keyed, Steps};
    use Crew::*;
    use Database::*;
    use Death::*;
    use Program::*;
    &[
        ("sqlite-keyed", Sqlite, Keyed, Product, Random(OneServer)),
        ("sqlite-blind", Sqlite, Blind, Product, Random(OneServer)),
        ("sqlite-detects", Sqlite, Detects, Ours, Random(OneServer)),
        ("sqlite-steps", Sqlite, Steps, Ours, Random(OneServer)),
        ("commands-keyed", Sqlite, Keyed, Product, Random(ServerAndCommand)),
        ("commands-blind", Sqlite, Blind, Product, Random(ServerAndCommand)),
        ("commands-detects", Sqlite, Detects, Ours, Random(ServerAndCommand)),
        ("postgres-keyed", Postgres, Keyed, Product, Random(TwoServers)),
        ("postgres-blind", Postgres, Blind, Product, Random(TwoServers)),
        ("postgres-detects", Postgres, Detects, Ours, Random(TwoServers)),
        ("postgres-steps", Postgres, Steps, Ours, Random(TwoServers)),
        ("points-sqlite-keyed", Sqlite, Keyed, Ours, Points(POINTS)),
        ("points-sqlite-blind", Sqlite, Blind, Ours, Points(POINTS)),
        ("points-sqlite-detects", Sqlite, Detects, Ours, Points(POINTS)),
        ("points-sqlite-steps", Sqlite, Steps, Ours, Points(STEPS)),
        ("points-postgres-keyed", Postgres, Keyed, Ours, Points(POINTS)),
        ("points-postgres-blind", Postgres, Blind, Ours, Points(POINTS)),
        ("points-postgres-steps", Postgres, Steps, Ours, Points(STEPS)),
        ("stops-postgres-keyed", Postgres, Keyed, Ours, Stops),
        ("stops-postgres-blind", Postgres, Blind, Ours, Stops),
        ("fires-sqlite", Sqlite, Keyed, Ours, Fires),
        ("fires-postgres", Postgres, Keyed, Ours, Fires),
    ]
};

/// What a case came to.
struct Row {
    name: &'static str,
    added: usize,
    figures: Figures,
    verdict: Verdict,
    took: Duration,
}

impl Row {
    fn is_good(&self) -> bool {
        let Verdict { lost, doubled, stuck, faults, .. } = &self.verdict;
        (lost + doubled + stuck, faults.len()) == (0, 0)
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some((first, rest)) = arguments.split_first()
        && first == node::ARGUMENT
    {
        node::run(rest);
    }
    judge::check_the_judge();
    let asked = Asked::read(&arguments);
    let cases: Vec<&Case> = CASES.iter().filter(|case| case.0.contains(&asked.filter)).collect();
    let of_wechat = wechat::CASES.iter().filter(|case| case.0.contains(&asked.filter));
    if asked.list {
        cases.iter().for_each(|case| println!("{}: test", case.0));
        of_wechat.for_each(|case| println!("{}: test", case.0));
        return ExitCode::SUCCESS;
    }
    println!("seed {}, {} kills a case", asked.seed, asked.kills);
    let rows: Vec<Row> = cases.into_iter().map(|case| run(case, &asked)).collect();
    if !rows.is_empty() {
        print_table(&rows);
    }
    let mut bad: Vec<&str> = rows.iter().filter(|row| !row.is_good()).map(|row| row.name).collect();
    for (name, database) in of_wechat {
        match wechat::run(*database, Rng::new(asked.seed, name), asked.given.unwrap_or(wechat::KILLS)) {
            Ok(told) => println!("{name}: good: {told}"),
            Err(told) => {
                println!("{name}: BAD: {told}");
                bad.push(name);
            }
        }
    }
    for name in &bad {
        let kills = asked.given.map(|kills| format!(" --kills {kills}")).unwrap_or_default();
        println!("again: cargo test --test crash -- {name}{kills} --seed {}", asked.seed);
    }
    if bad.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What the command line and the environment ask for.
struct Asked {
    filter: String,
    kills: usize,
    /// The same where somebody has said it.
    given: Option<usize>,
    seed: u64,
    list: bool,
}

impl Asked {
    fn read(arguments: &[String]) -> Self {
        let number = |flag: &str, variable: &str| -> Option<u64> {
            let at = arguments.iter().position(|argument| argument == flag);
            let given = at.and_then(|at| arguments.get(at + 1).cloned());
            let text = given.or_else(|| std::env::var(variable).ok())?;
            Some(text.parse().unwrap_or_else(|_| panic!("{flag} {text}: not a number")))
        };
        // `cargo test` may hand flags of the usual test programs to this one.
        let takes_value = |argument: &str| matches!(argument, "--kills" | "--seed" | "--test-threads");
        let is_value = |at: usize| at > 0 && takes_value(&arguments[at - 1]);
        let filter = arguments
            .iter()
            .enumerate()
            .find(|(at, argument)| !argument.starts_with('-') && !is_value(*at))
            .map(|(_, argument)| argument.clone());
        let given = number("--kills", "CONTENTHUB_CRASH_KILLS");
        let given = given.map(|kills| usize::try_from(kills).expect("a number of kills"));
        Asked {
            filter: filter.unwrap_or_default(),
            kills: given.unwrap_or(KILLS),
            given,
            seed: number("--seed", "CONTENTHUB_CRASH_SEED").unwrap_or_else(seeds::fresh),
            list: arguments.iter().any(|argument| argument == "--list"),
        }
    }
}

fn run(case: &Case, asked: &Asked) -> Row {
    let (name, database, class, program, death) = *case;
    let began = Instant::now();
    let mut world = World::new(database, class, program, Rng::new(asked.seed, name));
    let ended = match death {
        Death::Random(crew) => cases::random(&mut world, crew, asked.kills),
        Death::Points(points) => cases::points(&mut world, points, asked.kills),
        // Each takes longer than a lease.
        Death::Stops => cases::stops(&mut world, asked.kills / 3),
        Death::Fires => fires::fires(&mut world, asked.kills),
    };
    let mut verdict = world.judge();
    let figures = ended.unwrap_or_else(|error| {
        // Doubled ones first: what is open still is no wonder then.
        verdict.faults.sort();
        verdict.faults.insert(0, error);
        Figures::default()
    });
    if figures.caught == 0 && verdict.faults.is_empty() {
        verdict.faults.push("nothing was under way at any kill: this proved nothing".to_owned());
    }
    let row = Row { name, added: world.added(), figures, verdict, took: began.elapsed() };
    println!("{name}: {} in {:.1} s", if row.is_good() { "good" } else { "BAD" }, row.took.as_secs_f64());
    if !row.is_good() {
        row.verdict.faults.iter().take(FAULTS_TOLD).for_each(|fault| println!("  {fault}"));
        println!(
            "  {} faults; logs and database are in {}",
            row.verdict.faults.len(),
            world.keep().display()
        );
    }
    row
}

fn print_table(rows: &[Row]) {
    println!(
        "\n{:<22} {:>6} {:>7} {:>8} {:>10} {:>5} {:>8} {:>6} {:>7} {:>10} {:>9} {:>8} {:>7}",
        "case",
        "kills",
        "caught",
        "entries",
        "published",
        "lost",
        "doubled",
        "stuck",
        "resent",
        "uncertain",
        "first ms",
        "back ms",
        "took s"
    );
    for Row { name, added, figures, verdict, took } in rows {
        println!(
            "{:<22} {:>6} {:>7} {:>8} {:>10} {:>5} {:>8} {:>6} {:>7} {:>10} {:>9} {:>8} {:>7.1}",
            name,
            figures.kills,
            figures.caught,
            added,
            verdict.published,
            verdict.lost,
            verdict.doubled,
            verdict.stuck,
            verdict.resent,
            verdict.uncertain,
            figures.first.as_millis(),
            figures.back.as_millis(),
            took.as_secs_f64()
        );
    }
    println!(
        "caught: on the wire when killed, or a fire that was still to come; resent: came again under the same key; first: from a restart with everybody \
         dead and work waiting to the first arrival;\nback: until all that was caught was back in work or settled, from the restart; \
         where another node lived on PostgreSQL, from the kill"
    );
}
