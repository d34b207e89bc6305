//! A private PostgreSQL for the test program: started by the first test that needs it, gone with the program.

use contenthub::db::database_url::DatabaseUrl;
use std::net::{TcpListener, TcpStream};
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
    let done = Command::new(server.programs.join("createdb"))
        .args(["-h", "127.0.0.1", "-U", "postgres", "-p", &server.port.to_string(), &name])
        .output()
        .expect("createdb runs");
    assert!(done.status.success(), "createdb: {}", String::from_utf8_lossy(&done.stderr));
    // On a machine that is busy with something else, a connection may well take longer than the product's 5 s.
    let url = format!("postgres://postgres@127.0.0.1:{}/{name}?connect_timeout=60", server.port);
    url.parse().expect("an address")
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
    let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
    let data = dir.join("data");
    let as_owner = owner(&dir);
    let mut init = as_owner.command(&programs.join("initdb"));
    init.args(["-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8", "--locale", "C", "-D"]).arg(&data);
    let done = init.current_dir(&dir).output().expect("initdb runs");
    assert!(done.status.success(), "initdb: {}", String::from_utf8_lossy(&done.stderr));
    let server = format!(
        "{} '{}' -D '{}' -p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off \
         -c full_page_writes=off -c synchronous_commit=off -c max_connections=400",
        as_owner.prefix(),
        programs.join("postgres").display(),
        data.display()
    );
    let script = format!(
        "( {server} ) >'{0}/log' 2>&1 & p=$!; cat >/dev/null; kill -INT $p; wait $p; rm -rf '{0}'",
        dir.display()
    );
    let watchdog = Command::new("sh")
        .args(["-c", &script])
        .current_dir(&dir)
        .stdin(Stdio::piped())
        .spawn()
        .expect("sh runs");
    wait_for(port, &dir);
    Server { programs, port, _watchdog: watchdog }
}

fn wait_for(port: u16, dir: &Path) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        let log = || std::fs::read_to_string(dir.join("log")).unwrap_or_default();
        assert!(Instant::now() < deadline, "PostgreSQL did not start: {}", log());
        std::thread::sleep(Duration::from_millis(20));
    }
    // It listens before it serves.
    let ready = || std::fs::read_to_string(dir.join("log")).is_ok_and(|log| log.contains("ready to accept"));
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
