//! `contenthub bench --hostile`: how fast others are answered by a server that hostile clients beset, and how much
//! memory it takes.
//!
//! The server is this program once more, in a process of its own. Others ask at a moderate pace: what is measured is
//! what they lose to the hostile ones, not how much the machine can do. Each attack is compared with what they got alone
//! right before and right after it, because a machine is not as fast in one minute as in the next.

mod attacks;
mod client;

use super::figures::{cpu_seconds, percentile};
use super::interruption::Interruption;
use super::{BenchError, Measured, Place, Told, backend};
use crate::app::App;
use crate::config::Settings;
use crate::domain::role::Role;
use crate::operations::account::CreateAccount;
use crate::operations::content::CreateContent;
use crate::operations::pool::{AddToPool, Addition};
use crate::operations::token::CreateToken;
use crate::words::message;
use attacks::{Attack, Underway};
use client::Connection;
use serde_json::{Map, Value, json};
use std::io::{self, BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Those who ask beside the hostile ones.
const OTHERS: usize = 4;
/// How long each of them waits between an answer and the next question.
const PACE: Duration = Duration::from_millis(5);
/// What the list that they ask for shows of.
const ENTRIES: usize = 50;
/// Longer than any bench.
const FAR: Duration = Duration::from_secs(60 * 24 * 3600);

/// What is measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// How long each part takes.
    pub seconds: u64,
    /// Idle connections; other numbers are in proportion.
    pub connections: usize,
    /// Where a database of its own is made; none: a SQLite file in a throw-away directory.
    pub postgres: Option<String>,
}

/// Runs it. Whatever it made is gone afterwards, also where a signal ends it.
pub fn run(plan: &Plan, settings: Settings, told: &mut Told<'_>) -> Result<Measured, BenchError> {
    let interruption = Interruption::listen()?;
    let place = Place::new(plan.postgres.as_deref(), settings)?;
    let token = fill(&App::open(place.settings.clone())?)?;
    let server = Server::start(&place.settings)?;
    let time = Duration::from_secs(plan.seconds);
    let ask = client::get("/api/v1/publish-pool/list", &token);
    let count = |part: usize| (plan.connections / part).max(1);
    let attacks = [
        ("slow_heads", message("bench-slow-heads"), Attack::SlowHeads { count: count(20) }),
        (
            "slow_bodies",
            message("bench-slow-bodies"),
            Attack::SlowBodies { count: count(20), token: token.clone() },
        ),
        ("idle", message("bench-idle-connections"), Attack::Idle { count: plan.connections }),
        ("endless_bodies", message("bench-endless-bodies"), Attack::EndlessBodies { token: token.clone() }),
        ("bombs", message("bench-bombs"), Attack::Bombs { token }),
    ];
    let parts = 2 * attacks.len() + 1;
    told(message("bench-asking-alone"), 0, parts);
    let mut alone = asked(&server, &ask, time, &interruption)?;
    let mut alone_before = alone.clone();
    let mut figures = Map::new();
    let (mut is_right, mut worst) = (true, 0.0_f64);
    for (number, (name, part, attack)) in attacks.into_iter().enumerate() {
        told(part, 2 * number + 1, parts);
        interruption.check()?;
        let before = cpu_seconds(server.child.id());
        let underway = Underway::begin(attack, server.address)?;
        let measured = asked(&server, &ask, time, &interruption)?;
        let mut shown = measured.shown();
        shown["server_cpu_seconds"] = (cpu_seconds(server.child.id()) - before).into();
        shown["server_rss_mb"] = server.memory_mb("VmRSS").into();
        shown["hostile"] = underway.end().into();
        told(message("bench-asking-alone"), 2 * number + 2, parts);
        let alone_after = asked(&server, &ask, time, &interruption)?;
        let normal = alone_before.with(&alone_after);
        let ratio = measured.p99() / normal.p99().max(f64::EPSILON);
        (is_right, worst) = (is_right && measured.failed == 0, worst.max(ratio));
        shown["alone_p99_ms"] = normal.p99().into();
        shown["p99_times_alone"] = ratio.into();
        figures.insert(name.to_owned(), shown);
        alone = alone.with(&alone_after);
        alone_before = alone_after;
    }
    is_right &= alone.failed == 0;
    let mut all = json!({
        "database": backend(plan.postgres.as_deref()),
        "connections": plan.connections,
        "alone": alone.shown(),
        "worst_p99_times_alone": worst,
        "server_peak_rss_mb": server.memory_mb("VmHWM"),
    });
    if let Some(fields) = all.as_object_mut() {
        fields.extend(figures);
    }
    Ok(Measured { figures: all, is_right })
}

/// Entries to be shown, and a token.
fn fill(app: &App) -> Result<String, BenchError> {
    let account = app.run(CreateAccount::new("bench", "folder"))?;
    let far = app.now() + FAR;
    for number in 0..ENTRIES {
        let content = app.run(CreateContent::new(format!("Post {number}"), "# x"))?;
        let addition =
            Addition { account: Some(account.id), scheduled_at: Some(far), ..Addition::of(content.id) };
        app.run(AddToPool(addition))?;
    }
    Ok(app.run(CreateToken::new("bench", Role::Editor))?.1)
}

/// The server under attack; killed when it is dropped.
struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    fn start(settings: &Settings) -> Result<Self, BenchError> {
        let database = match &settings.database {
            crate::db::database_url::DatabaseUrl::Sqlite(path) => format!("sqlite:{}", path.display()),
            crate::db::database_url::DatabaseUrl::Postgres(url) => url.clone(),
        };
        let mut command = Command::new(std::env::current_exe()?);
        // What is set for another server is none of this one's business.
        for (name, _) in
            std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CONTENTHUB_"))
        {
            command.env_remove(name);
        }
        let mut child = command
            .args(["serve", "--listen", "127.0.0.1:0", "--keep-alive-seconds", "600"])
            .env("CONTENTHUB_DATA_DIR", &settings.data_dir)
            .env("CONTENTHUB_DATABASE_URL", database)
            .current_dir(&settings.data_dir)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let out = child.stdout.take().ok_or_else(|| io::Error::other("the server has no output"))?;
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line)?;
        let address = line.trim().rsplit_once("//").and_then(|(_, address)| address.parse().ok());
        match address {
            Some(address) => Ok(Server { child, address }),
            None => {
                child.kill()?;
                child.wait()?;
                Err(io::Error::other(format!("the server said “{}”", line.trim())).into())
            }
        }
    }

    /// By its name in /proc; 0 where it cannot be read.
    fn memory_mb(&self, name: &str) -> f64 {
        super::figures::memory_mb(&format!("/proc/{}/status", self.child.id()), name)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let ended = self.child.kill().and_then(|()| self.child.wait());
        if let Err(error) = ended {
            log::warn!("the server of the bench could not be ended: {error}");
        }
    }
}

/// What the others got.
#[derive(Clone, Default)]
struct Asked {
    sorted_ms: Vec<f64>,
    failed: usize,
}

impl Asked {
    fn with(&self, other: &Asked) -> Asked {
        let mut sorted_ms = [self.sorted_ms.as_slice(), &other.sorted_ms].concat();
        sorted_ms.sort_by(f64::total_cmp);
        Asked { sorted_ms, failed: self.failed + other.failed }
    }

    fn p99(&self) -> f64 {
        percentile(&self.sorted_ms, 99.0)
    }

    fn shown(&self) -> Value {
        json!({
            "asked": self.sorted_ms.len() + self.failed,
            "failed": self.failed,
            "p50_ms": percentile(&self.sorted_ms, 50.0),
            "p99_ms": self.p99(),
            "max_ms": percentile(&self.sorted_ms, 100.0),
        })
    }
}

/// For so long, each on a connection that it keeps.
fn asked(
    server: &Server,
    ask: &str,
    time: Duration,
    interruption: &Interruption,
) -> Result<Asked, BenchError> {
    let over = Arc::new(AtomicBool::new(false));
    let asking: Vec<_> = (0..OTHERS)
        .map(|_| {
            let (over, address, ask) = (over.clone(), server.address, ask.to_owned());
            thread::spawn(move || asks(address, &ask, &over))
        })
        .collect();
    let end = Instant::now() + time;
    let mut interrupted = Ok(());
    while Instant::now() < end && interrupted.is_ok() {
        thread::sleep(Duration::from_millis(50));
        interrupted = interruption.check();
    }
    over.store(true, Ordering::Relaxed);
    let mut all = Asked::default();
    for one in asking {
        let one = one.join().map_err(|_| io::Error::other("one who asked has panicked"))?;
        all.sorted_ms.extend(one.sorted_ms);
        all.failed += one.failed;
    }
    all.sorted_ms.sort_by(f64::total_cmp);
    interrupted.map(|()| all)
}

fn asks(address: SocketAddr, ask: &str, over: &AtomicBool) -> Asked {
    let (mut asked, mut connection) = (Asked::default(), None);
    while !over.load(Ordering::Relaxed) {
        let began = Instant::now();
        let answered = answered(&mut connection, address, ask);
        match answered {
            Ok(200) => asked.sorted_ms.push(began.elapsed().as_secs_f64() * 1000.0),
            Ok(_) | Err(_) => {
                asked.failed += 1;
                connection = None;
            }
        }
        thread::sleep(PACE);
    }
    asked
}

fn answered(connection: &mut Option<Connection>, address: SocketAddr, ask: &str) -> io::Result<u16> {
    let connection = match connection {
        Some(connection) => connection,
        None => connection.insert(Connection::new(address)?),
    };
    connection.say(ask.as_bytes())?;
    connection.status()
}
