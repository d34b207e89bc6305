//! A private PostgreSQL for the test binary, started by the first test that needs one.
//!
//! It belongs to this process: a shell holds a pipe from us and, when that closes, however we ended, stops PostgreSQL
//! and removes its files. Nothing survives a test run, and no installed cluster is ever touched.

use diesel::{Connection, PgConnection, RunQueryDsl, sql_query};
use std::ffi::OsString;
use std::fs;
use std::io::Read;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread::sleep;
use std::time::{Duration, Instant};

const START_LIMIT: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(10);

/// `$1` is the directory, the rest the command. Ends when PostgreSQL does, which the end of the pipe brings about.
const WATCHDOG: &str = r#"
    dir=$1; shift
    exec 3<&0
    "$@" </dev/null >"$dir/log" 2>&1 3<&- &
    postgres=$!
    { cat <&3 >/dev/null; kill -QUIT "$postgres"; } 2>/dev/null &
    exec 3<&-
    wait "$postgres"
    tail -n 20 "$dir/log" >&2
    cd /; rm -rf "$dir"
"#;

/// Makes an empty database with a random name and gives its URL.
pub fn fresh_database() -> String {
    let server = server();
    let mut random = [0; 8];
    getrandom::fill(&mut random).expect("random bytes from the system");
    let name = format!("test_{:016x}", u64::from_ne_bytes(random));
    // Not template1: it cannot be copied while anybody is connected to it.
    server.administer(&format!("CREATE DATABASE {name} TEMPLATE template0"));
    format!("{}/{name}", server.url)
}

/// Removes a database that `fresh_database` made, with whoever is still connected. Each takes 8 MB of disk, so a
/// long test run should not pile them up.
pub fn drop_database(database_url: &str) {
    let name = database_url.rsplit('/').next().unwrap_or_default();
    assert!(name.starts_with("test_"), "{database_url} was not made by fresh_database()");
    server().administer(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
}

struct Server {
    /// Without the name of a database.
    url: String,
    /// Holds the pipe; its end is PostgreSQL's end.
    _watchdog: Child,
}

impl Server {
    fn administer(&self, sql: &str) {
        let mut conn = PgConnection::establish(&format!("{}/postgres", self.url))
            .unwrap_or_else(|error| panic!("cannot connect to the tests' own PostgreSQL: {error}"));
        sql_query(sql).execute(&mut conn).unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
}

fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        let programs = find_programs().unwrap_or_else(|| {
            panic!(
                "these tests start a PostgreSQL of their own, but no initdb is in PATH or /usr/lib/postgresql/*/bin: \
                 install the Debian package `postgresql` (apt-get install postgresql), or run tests/run as root"
            )
        });
        start(&programs)
    })
}

/// The directory that holds initdb and postgres: from PATH, else the newest that Debian installed.
fn find_programs() -> Option<PathBuf> {
    let in_path = std::env::var_os("PATH").unwrap_or_default();
    let mut candidates: Vec<PathBuf> = std::env::split_paths(&in_path).collect();
    let mut installed: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .map(|versions| versions.flatten().map(|version| version.path().join("bin")).collect())
        .unwrap_or_default();
    installed.sort_by_key(|bin| std::cmp::Reverse(version_of(bin)));
    candidates.extend(installed);
    candidates
        .into_iter()
        // A link to initdb alone will not do: it looks for postgres beside the real file.
        .filter_map(|dir| fs::canonicalize(dir.join("initdb")).ok()?.parent().map(Path::to_owned))
        .find(|dir| dir.join("postgres").is_file())
}

fn version_of(bin: &Path) -> u32 {
    let version = bin.parent().and_then(Path::file_name).and_then(|name| name.to_str());
    version.and_then(|name| name.parse().ok()).unwrap_or(0)
}

/// PostgreSQL refuses to run as root: who it runs as then.
#[derive(Clone, Copy)]
struct Owner {
    uid: u32,
    gid: u32,
}

fn owner() -> Option<Owner> {
    let we_are_root = fs::metadata("/proc/self").is_ok_and(|it| it.uid() == 0);
    if !we_are_root {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").expect("reading /etc/passwd");
    let line = users.lines().find(|line| line.starts_with("postgres:")).unwrap_or_else(|| {
        panic!(
            "PostgreSQL does not run as root, and there is no user `postgres` to run it as: install the Debian \
             package `postgresql`, or run the tests as another user"
        )
    });
    let id = |field: usize| line.split(':').nth(field).and_then(|id| id.parse().ok());
    let (Some(uid), Some(gid)) = (id(2), id(3)) else { panic!("/etc/passwd: cannot read the ids in “{line}”") };
    Some(Owner { uid, gid })
}

fn command(program: impl Into<OsString>, dir: &Path, owner: Option<Owner>) -> Command {
    let mut command = Command::new(program.into());
    command.current_dir(dir).env("LC_ALL", "C.UTF-8").env("TZ", "UTC");
    for variable in ["PGDATA", "PGHOST", "PGPORT", "PGUSER", "PGOPTIONS"] {
        command.env_remove(variable);
    }
    if let Some(Owner { uid, gid }) = owner {
        command.uid(uid).gid(gid);
    }
    command
}

fn start(programs: &Path) -> Server {
    let owner = owner();
    let dir = tempfile::Builder::new()
        .prefix("contenthub-postgres-")
        .tempdir()
        .expect("a temporary directory for PostgreSQL");
    if let Some(Owner { uid, gid }) = owner {
        chown(dir.path(), Some(uid), Some(gid)).expect("giving PostgreSQL its directory");
    }
    let made = command(programs.join("initdb"), dir.path(), owner)
        .args(["--pgdata", "data", "--username", "postgres", "--auth", "trust"])
        .args(["--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"])
        .output()
        .expect("running initdb");
    assert!(made.status.success(), "initdb failed: {}", String::from_utf8_lossy(&made.stderr));

    // Somebody may take the port between our look and PostgreSQL's start: then another one.
    let mut trouble = String::new();
    let dir = dir.keep();
    for _ in 0..5 {
        match start_on(free_port(), programs, &dir, owner) {
            Ok(server) => return server,
            Err(said) if said.contains("could not bind") => trouble = said,
            Err(said) => panic!("PostgreSQL did not start: {said}"),
        }
    }
    panic!("PostgreSQL found no free port: {trouble}");
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port on 127.0.0.1");
    listener.local_addr().expect("the port just bound").port()
}

/// Starts PostgreSQL under its watchdog and waits until it answers; the error is what it said before it ended.
fn start_on(port: u16, programs: &Path, dir: &Path, owner: Option<Owner>) -> Result<Server, String> {
    let mut watchdog = command("sh", dir, owner);
    watchdog.args(["-c", WATCHDOG, "watchdog"]).arg(dir).arg(programs.join("postgres")).args(["-D", "data"]);
    for setting in [
        "listen_addresses=127.0.0.1",
        &format!("port={port}"),
        "unix_socket_directories=",
        "max_connections=300",
        "fsync=off",
        "full_page_writes=off",
    ] {
        watchdog.args(["-c", setting]);
    }
    // A group of its own: Ctrl-C must reach the tests only, or nobody is left to remove the files.
    let mut watchdog = watchdog
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("sh: {error}"))?;

    let url = format!("postgres://postgres@127.0.0.1:{port}");
    let deadline = Instant::now() + START_LIMIT;
    loop {
        let answer = PgConnection::establish(&format!("{url}/postgres"));
        if watchdog.try_wait().map_err(|error| error.to_string())?.is_some() {
            let mut said = String::new();
            let _ = watchdog.stderr.take().map(|mut pipe| pipe.read_to_string(&mut said));
            return Err(said);
        }
        match answer {
            Ok(_) => return Ok(Server { url, _watchdog: watchdog }),
            Err(error) if Instant::now() > deadline => {
                return Err(format!("no answer on port {port} within {START_LIMIT:?}: {error}"));
            }
            Err(_) => sleep(POLL),
        }
    }
}
