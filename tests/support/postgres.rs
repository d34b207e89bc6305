//! A private PostgreSQL for the test program: started by the first test that needs it, gone with the program. And one of
//! its own for a test that stops it.

use contenthub::db::connection::{DbConnection, connect};
use contenthub::db::database_url::DatabaseUrl;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

struct Server {
    programs: PathBuf,
    port: u16,
    /// Ends the server when its input closes, which happens however this program ends.
    _watchdog: Child,
}

static SERVER: OnceLock<Server> = OnceLock::new();
static MADE: AtomicU32 = AtomicU32::new(0);

/// A new, empty database.
pub fn fresh_database() -> DatabaseUrl {
    let server = SERVER.get_or_init(start);
    let name = format!("test_{}", MADE.fetch_add(1, Ordering::Relaxed));
    create_database(&server.programs, server.port, &name);
    // On a machine that is busy with something else, a connection may well take longer than the product's 5 s.
    let url = format!("postgres://postgres@127.0.0.1:{}/{name}?connect_timeout=60", server.port);
    url.parse().expect("an address")
}

fn create_database(programs: &Path, port: u16, name: &str) {
    let done = Command::new(programs.join("createdb"))
        .args(["-h", "127.0.0.1", "-U", "postgres", "-p", &port.to_string(), name])
        .output()
        .expect("createdb runs");
    assert!(done.status.success(), "createdb: {}", String::from_utf8_lossy(&done.stderr));
}

/// How many connections to a database wait for a lock. None on SQLite, where there is one writer at a time.
pub fn waiting_for_locks(url: &DatabaseUrl) -> i64 {
    const SQL: &str = "(SELECT count(*) FROM pg_stat_activity \
        WHERE datname = current_database() AND wait_event_type = 'Lock')";
    let mut conn = connect(url).expect("connected");
    let DbConnection::Postgres(inner) = &mut conn else { return 0 };
    diesel::select(sql::<BigInt>(SQL)).get_result(inner).expect("counted")
}

fn programs() -> PathBuf {
    let mut places: Vec<PathBuf> =
        std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect();
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        places.extend(versions.flatten().map(|version| version.path().join("bin")));
    }
    let found = places
        .into_iter()
        .find(|place| ["initdb", "postgres", "createdb"].iter().all(|name| place.join(name).exists()));
    found.expect("PostgreSQL's server programs are missing: install the Debian package postgresql")
}

fn start() -> Server {
    let programs = programs();
    let dir = tempfile::Builder::new().prefix("contenthub-pg-").tempdir().expect("a folder").keep();
    let port = make_cluster(&programs, &dir);
    let log = dir.join("log");
    let remove = format!("rm -rf '{}'", dir.display());
    let watchdog = run_server(&programs, &dir, port, "-c synchronous_commit=off", &log, &remove);
    wait_for(port, &log);
    Server { programs, port, _watchdog: watchdog }
}

/// Makes an empty cluster in `dir`, and finds it a port.
fn make_cluster(programs: &Path, dir: &Path) -> u16 {
    let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
    let mut init = owner(dir).command(&programs.join("initdb"));
    init.args(["-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8", "--locale", "C", "-D"]);
    let done = init.arg(dir.join("data")).current_dir(dir).output().expect("initdb runs");
    assert!(done.status.success(), "initdb: {}", String::from_utf8_lossy(&done.stderr));
    port
}

/// Runs the server below a shell, which prints its pid, ends it when its own input closes, waits for its end, and then
/// does `last`.
fn run_server(programs: &Path, dir: &Path, port: u16, settings: &str, log: &Path, last: &str) -> Child {
    let server = format!(
        "{} '{}' -D '{}' -p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off \
         -c full_page_writes=off -c max_connections=400 {settings}",
        owner(dir).prefix(),
        programs.join("postgres").display(),
        dir.join("data").display()
    );
    let script = format!(
        "( {server} ) >'{}' 2>&1 & p=$!; echo $p; cat >/dev/null; kill -INT $p 2>/dev/null; wait $p; {last}",
        log.display()
    );
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]).current_dir(dir).stdin(Stdio::piped()).stdout(Stdio::piped());
    shell.spawn().expect("sh runs")
}

/// How PostgreSQL is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Transactions are undone, everybody is told, and the end is written down.
    Fast,
    /// As good as killed: the next start recovers.
    Immediate,
}

/// A PostgreSQL that its test may stop and start. What it said to be committed is so after any stop.
pub struct OwnPostgres {
    programs: PathBuf,
    dir: tempfile::TempDir,
    port: u16,
    starts: u32,
    running: Option<(Child, u32)>,
}

impl OwnPostgres {
    /// Started, with an empty database.
    pub fn start() -> Self {
        let dir = tempfile::Builder::new().prefix("contenthub-pg-").tempdir().expect("a folder");
        let programs = programs();
        let port = make_cluster(&programs, dir.path());
        let mut own = OwnPostgres { programs, dir, port, starts: 0, running: None };
        own.start_again();
        create_database(&own.programs, port, "own");
        own
    }

    pub fn url(&self) -> DatabaseUrl {
        format!("postgres://postgres@127.0.0.1:{}/own", self.port).parse().expect("an address")
    }

    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }

    pub fn start_again(&mut self) {
        self.starts += 1;
        let log = self.dir.path().join(format!("log.{}", self.starts));
        let mut shell = run_server(&self.programs, self.dir.path(), self.port, "", &log, "true");
        let mut told = String::new();
        let stdout = shell.stdout.take().expect("stdout is piped");
        BufReader::new(stdout).read_line(&mut told).expect("the shell tells its pid");
        self.running = Some((shell, told.trim().parse().expect("a pid")));
        wait_for(self.port, &log);
    }

    /// Ends it; it has gone when this returns.
    pub fn stop(&mut self, how: Stop) {
        let (mut shell, pid) = self.running.take().expect("it runs");
        let signal = match how {
            Stop::Fast => "INT",
            Stop::Immediate => "QUIT",
        };
        let sent = Command::new("kill").args(["-s", signal, &pid.to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()), "cannot send SIG{signal}");
        drop(shell.stdin.take());
        shell.wait().expect("the shell ends");
    }
}

impl Drop for OwnPostgres {
    fn drop(&mut self) {
        if self.running.is_some() {
            self.stop(Stop::Immediate);
        }
    }
}

fn wait_for(port: u16, log: &Path) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        let said = || std::fs::read_to_string(log).unwrap_or_default();
        assert!(Instant::now() < deadline, "PostgreSQL did not start: {}", said());
        std::thread::sleep(Duration::from_millis(20));
    }
    // It listens before it serves.
    let ready = || std::fs::read_to_string(log).is_ok_and(|said| said.contains("ready to accept"));
    while !ready() {
        assert!(Instant::now() < deadline, "PostgreSQL did not get ready");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// PostgreSQL refuses to run as root.
struct Owner {
    is_root: bool,
}

fn owner(dir: &Path) -> Owner {
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|out| out.stdout.starts_with(b"0\n"));
    if is_root {
        let done = Command::new("chown").arg("postgres").arg(dir).status();
        assert!(done.is_ok_and(|status| status.success()), "there is no user postgres");
    }
    Owner { is_root }
}

impl Owner {
    fn command(&self, program: &Path) -> Command {
        if !self.is_root {
            return Command::new(program);
        }
        let mut command = Command::new("setpriv");
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
        command
    }

    /// The same for a shell, which becomes the server.
    fn prefix(&self) -> &'static str {
        if self.is_root { "exec setpriv --reuid=postgres --regid=postgres --clear-groups" } else { "exec" }
    }
}
